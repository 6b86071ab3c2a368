"""The recorder of exercises whose results are arrays of numbers, with their own names and shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .candidates import as_array, is_array
from .recorder import Recorder, as_npy

# Numbers in one array, and arrays that are sent after one cell.
MOST_NUMBERS, MOST_ARRAYS = 1 << 16, 24
# Pictures of all panels of a figure, and pixels in height and width of each.
MOST_PICTURES, LARGEST_SIDE = 64, 512


class ArrayRecorder(Recorder):
    """Sends small arrays of the namespace and whole pictures of figures, instead of images of one size."""

    def look_at_images(self, namespace: dict[str, Any]) -> None:
        """Send the arrays that may be results: those with the exercise's names first."""
        expected, sent = list(self.watch["arrays"]), 0
        for name in [*expected, *sorted(namespace.keys() - set(expected))]:
            try:
                array = numbers_in(namespace.get(name), is_expected=name in expected)
            except Exception:  # ragged lists, and objects that only look like an array
                continue
            if array is not None and sent < MOST_ARRAYS:
                self.send({"kind": "array", "variable": name}, as_npy(array))
                sent += 1

    def saw_panels(self, drawn: list[tuple[str, list[Any]]]) -> None:
        """Record panels: the title of each, and its pictures, one after another in one row of numbers."""
        import numpy as np

        panels, pixels, left = [], [], MOST_PICTURES
        for title, arrays in drawn:
            shapes = []
            for array in arrays[:left]:
                if (
                    array.ndim in (2, 3)
                    and max(array.shape[:2]) <= LARGEST_SIDE
                    and array.dtype.kind in "fiub"
                ):
                    shapes.append(list(array.shape))
                    pixels.append(array.astype("float32").ravel())
                    left -= 1
            panels.append({"title": title, "shapes": shapes})
        payload = as_npy(np.concatenate(pixels)) if pixels else b""
        self.send({"kind": "figure", "panels": panels}, payload)


def numbers_in(value: Any, *, is_expected: bool) -> Any:
    """Return an array, or a list or dictionary of arrays, as one array of floats; None for anything else.

    Without the expected name, numbers alone are no result: it has to be an array of at least three axes, or made of
    arrays.
    """
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        if not is_expected and not any(is_array(one) for one in value[:1]):
            return None
        value = [one.numpy() if hasattr(one, "numpy") else one for one in value[:MOST_NUMBERS]]
    array = as_array(value)
    if array is None or array.size > MOST_NUMBERS or not (array.ndim and (is_expected or array.ndim > 2)):
        return None
    return array.astype("float64" if array.dtype == "float64" else "float32")
