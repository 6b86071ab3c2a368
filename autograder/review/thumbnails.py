"""Pictures of feature grids in the sizes that pages need, drawn once and cached up to a size limit."""

from __future__ import annotations

import io
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PIL import Image

from autograder.pages.mosaic import arrange, draw_mosaic
from autograder.pictures import Pictures
from autograder.record.files import (
    PICTURES,
    pictures_if_there,
)

_LOG = logging.getLogger(__name__)

Size = Literal["small", "student", "reference"]
SIZES: dict[str, Size] = {"small": "small", "student": "student", "reference": "reference"}
TYPES: dict[Size, str] = {"small": "image/webp", "student": "image/png", "reference": "image/png"}
# 500 small pictures take about 8 MB.
MOST_BYTES = 64 * 1024 * 1024
_QUALITY = 60


class Thumbnails:
    """Pictures by submission, size and modification time of the file that they are drawn from."""

    def __init__(self, most_images: int, columns: int) -> None:
        self._most_images, self._columns = most_images, columns
        self._kept: OrderedDict[tuple[Path, Size, int], bytes | None] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def picture(self, folder: Path, size: Size) -> bytes | None:
        """Return a picture of the submission in a result folder; None if it has no images."""
        try:
            changed = (folder / PICTURES).stat().st_mtime_ns
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            _LOG.warning("%s cannot be read, so no images are shown: %s", folder / PICTURES, error)
            return None
        key = (folder, size, changed)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        drawn = _DRAW[size](read_pictures(folder, self._most_images), self._columns)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = drawn
                self._bytes += len(drawn or b"")
            while self._bytes > MOST_BYTES:
                _, old = self._kept.popitem(last=False)
                self._bytes -= len(old or b"")
        return drawn


def read_pictures(folder: Path, most_images: int) -> Pictures:
    """Return the images behind the measurements that pages show; without entries if there are none."""
    return pictures_if_there(folder, most_images) or Pictures()


def _small(pictures: Pictures, columns: int) -> bytes | None:
    pixels = arrange(pictures.student, pictures.student_dead, columns)
    if pixels is None:
        return None
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=_QUALITY, method=2)
    return buffer.getvalue()


def _student(pictures: Pictures, columns: int) -> bytes | None:
    return draw_mosaic(pictures.student, pictures.student_dead, columns, enlarged=1)


def _reference(pictures: Pictures, columns: int) -> bytes | None:
    return draw_mosaic(pictures.reference, pictures.dead, columns, enlarged=1)


_DRAW: dict[Size, Callable[[Pictures, int], bytes | None]] = {
    "small": _small,
    "student": _student,
    "reference": _reference,
}
