"""Makes folder and file names that are safe to use anywhere from names that anyone may have chosen.

A name can lead elsewhere, reverse the text of a line, start a formula or act as a command option. On some
systems, two names that look different are the same. The names made here keep every letter of every script.
"""

from __future__ import annotations

import re
import unicodedata

# Every file system allows 255 bytes, but nbgrader and the kit append to names, and people read them.
MOST_BYTES = 100
# An extension shorter than this is kept when a name is cut, since it tells what the file is.
MOST_EXTENSION_BYTES = 16

_ALSO_IN_FOLDERS = frozenset("._-@ +")
_NOT_IN_FILES = frozenset("<>:\"'/\\|?*`$")
# At the start of a name they hide the file, act as an option or start a formula.
_NOT_FIRST = frozenset("-=+@~. ")
# Windows treats these as devices, whatever the extension.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE)


def same(name: str) -> str:
    """Return a key that is equal for two names if some file system treats them as the same."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def folder_name(name: str) -> str:
    """Return a student's folder name: letters, digits and `._-@ +`, at most 100 bytes; empty if nothing is left."""
    text = unicodedata.normalize("NFC", name)
    kept = "".join(sign if _is_word(sign) or sign in _ALSO_IN_FOLDERS else "_" for sign in text)
    return _tidy(" ".join(kept.split())) if any(map(_is_word, kept)) else ""


def file_name(name: str) -> str:
    """Return a safe name for a file or folder inside a submission; most names do not change."""
    text = unicodedata.normalize("NFC", name)
    kept = "".join(sign if sign.isprintable() and sign not in _NOT_IN_FILES else "_" for sign in text)
    return _tidy(kept)


def numbered(name: str, number: int | str) -> str:
    """Return the name with a number before its extension, as in `data_2.csv`."""
    stem, extension = _split(name)
    end = f"_{number}{extension}"
    return _cut(stem, MOST_BYTES - len(end.encode())) + end


def with_suffix(folder: str, suffix: str) -> str:
    """Return a folder name that ends in `_suffix`, at most 100 bytes long."""
    return f"{_cut(folder, MOST_BYTES - len(suffix.encode()) - 1)}_{suffix}"


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder of this name is the system's own, or changes how programs start."""
    return name.startswith(".") or is_litter(name)


def is_litter(name: str) -> bool:
    """Tell whether operating systems or Jupyter leave files or folders of this name everywhere."""
    return name.startswith("._") or name.casefold() in ("__macosx", ".ds_store", ".ipynb_checkpoints")


def _is_word(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LMN"


def _tidy(name: str) -> str:
    tidy = name.strip(" ") or "_"
    if tidy[0] in _NOT_FIRST or unicodedata.category(tidy[0])[0] == "M":
        tidy = f"_{tidy[1:]}"
    if _DEVICE.fullmatch(tidy.split(".")[0].rstrip(" ")):
        tidy = f"_{tidy}"
    stem, extension = _split(tidy)
    whole = _cut(stem, MOST_BYTES - len(extension.encode())) + extension
    return whole.rstrip(" .") or "_"


def _split(name: str) -> tuple[str, str]:
    stem, dot, extension = name.rpartition(".")
    is_extension = stem and extension and len(extension.encode()) < MOST_EXTENSION_BYTES
    return (stem, dot + extension) if is_extension else (name, "")


def _cut(text: str, most: int) -> str:
    return text.encode()[: max(most, 0)].decode(errors="ignore")
