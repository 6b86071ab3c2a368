"""What student notebooks may import, because the kit's extra `student` installs it, and what they lack here."""

from __future__ import annotations

import re

EXTRA = "gradeascent[student]"
# By the name under which a notebook imports it; what people take for granted in Colab for such work.
OFFERED = (
    "tensorflow",
    "tensorboard",
    "matplotlib",
    "tqdm",
    "scipy",
    "pandas",
    "sklearn",
    "seaborn",
    "PIL",
    "ipywidgets",
)

# Installed everywhere. A module inside of one of these does not lack: that version never had it, or has it no longer.
_ALWAYS = {*OFFERED, "keras", "numpy", "IPython"}

# How Python, and libraries that import others only when they need them, say that a module is missing.
_SAYS_MISSING = tuple(
    re.compile(pattern)
    for pattern in (
        r"No module named '(?P<name>[\w.]+)'",
        r"[Mm]issing optional dependency '(?P<name>[\w.-]+)'",
        r"[Ii]mport '?(?P<name>[\w.-]+)'?`? failed",
        r"^(?P<name>[\w.-]+) is not installed",
        r"[Cc]ould not import (?P<name>[\w-]+)",
        r"^(?P<name>[\w-]+) not found\b.*\b(?:install|update)",
        r"\brequires? (?:that )?(?:the )?(?P<name>[\w-]+)(?: package| module)?[^.]*\b(?:to be|is) installed",
        r"\b[Ii]nstall (?:the )?[`'\"]?(?P<name>[\w-]+)[`'\"]?(?= \(`?pip install| package|\.?$)",
        r"\bpip3? install (?:-\S+ )*[`'\"]?(?P<name>[\w-]+)",
    )
)
# Only such errors are about missing modules; others mention installing, too, as advice.
_KINDS = re.compile(r"ImportError|ModuleNotFoundError|NotInstalled|OptionalDependency")


def missing_module(error_name: str, message: str) -> str:
    """Return the module that an error says is not installed here, in lower or upper case as it says; else ''."""
    if not _KINDS.search(error_name) and "No module named" not in message:
        return ""
    found = (pattern.search(message) for pattern in _SAYS_MISSING)
    name = next((one["name"] for one in found if one), "").strip(".-")
    if "." in name and name.partition(".")[0] in _ALWAYS:
        return ""
    return next((offered for offered in OFFERED if offered.lower() == name.lower()), name)


def how_to_offer(module: str) -> str:
    """Return what an instructor can do about a module that is missing."""
    if module.partition(".")[0] in OFFERED:
        return f"pip install '{EXTRA}' into the Python for notebooks brings it"
    return f"it is not part of '{EXTRA}'; install it into the Python for notebooks if students may use it"
