"""Finds possible results of the exercise in a namespace: sets of 28 x 28 images, and Keras models.

Students keep images in lists, arrays, dictionaries by filter or by layer, tuples together with the loss, or
attributes of their own objects. The verifier decides which of the sets is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

# One image of the exercise has 28 x 28 pixels.
SIDE = 28
PIXELS = SIDE * SIDE
# More than any grid of filters; also keeps the training data from being mistaken for results.
MOST_IMAGES = 512
# How deep to look into containers, such as a dictionary by layer in an attribute of an object.
DEEPEST = 2
MOST_ENTRIES = 64


class ImageSet(NamedTuple):
    """Images that belong together.

    Attributes:
        name: the expression for them in the notebook, such as `visualized_feature` or `results['conv2d_3']`.
        positions: the filter that each image belongs to: its place in the list, or its key.
        images: float32, (n, 28, 28).
    """

    name: str
    positions: list[int]
    images: Any


def as_array(value: Any) -> Any:
    """Return a number array for anything array-like that holds numbers, else None."""
    import numpy as np

    if hasattr(value, "numpy"):  # a tensor or a variable
        value = value.numpy()
    elif hasattr(value, "__array_interface__"):  # a Pillow image
        value = np.asarray(value)
    if not isinstance(value, (np.ndarray, list, tuple)):
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "fiu" and array.size else None


def as_image(value: Any) -> Any:
    """Return `value` as one (28, 28) float32 image, or None if it is not an image."""
    array = as_array(value)
    if array is None:
        return None
    if array.size == 3 * PIXELS and array.shape[-1] == 3:  # a grey image repeated in three colour channels
        array = array[..., :1]
    if array.size != PIXELS:
        return None
    flat = array.shape in ((PIXELS,), (1, PIXELS))
    return array.astype("float32").reshape(SIDE, SIDE) if SIDE in array.shape or flat else None


def image_sets(name: str, value: Any, depth: int = 0) -> Iterator[ImageSet]:
    """Yield the sets of images that `value` is or contains."""
    if is_array(value):
        yield from _sets_of_array(name, value)
    elif isinstance(value, (list, tuple)):
        yield from _sets_of_entries(name, list(enumerate(value)), depth)
    elif isinstance(value, Mapping):
        yield from _sets_of_entries(name, list(value.items()), depth)
    elif is_own_object(value) and depth < DEEPEST:
        for attribute, inner in list(vars(value).items())[:MOST_ENTRIES]:
            yield from image_sets(f"{name}.{attribute}", inner, depth + 1)


def shape_of_entries(value: Any) -> list[int]:
    """Return the shape of an entry of a list, dictionary or array, without axes of length one."""
    entries = list(value.values()) if isinstance(value, Mapping) else value
    if not hasattr(entries, "__len__") or not hasattr(entries, "__getitem__") or not len(entries):
        return []
    first = as_array(entries[0])
    return [] if first is None else [length for length in first.shape if length > 1]


def models(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield (name, model) for the Keras models that `value` is or contains."""
    import keras

    if isinstance(value, keras.Model):
        yield name, value
    elif depth < DEEPEST:
        if isinstance(value, Mapping):
            inside = [(f"{name}[{key!r}]", inner) for key, inner in list(value.items())[:MOST_ENTRIES]]
        elif isinstance(value, (list, tuple)):
            inside = [(f"{name}[{index}]", inner) for index, inner in enumerate(value[:MOST_ENTRIES])]
        elif is_own_object(value):
            inside = [(f"{name}.{key}", inner) for key, inner in list(vars(value).items())[:MOST_ENTRIES]]
        else:
            inside = []
        for inner_name, inner in inside:
            yield from models(inner_name, inner, depth + 1)


def is_array(value: Any) -> bool:
    """Tell whether `value` is an array, a tensor or a variable."""
    return hasattr(value, "shape") and (hasattr(value, "numpy") or hasattr(value, "__array_interface__"))


def is_whole(value: Any) -> bool:
    """Tell whether `value` is an integer of Python or NumPy."""
    import numpy as np

    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_own_object(value: Any) -> bool:
    """Tell whether `value` is an object of a class that the notebook itself defines."""
    return type(value).__module__ == "__main__" and hasattr(value, "__dict__")


def _sets_of_array(name: str, value: Any) -> Iterator[ImageSet]:
    """Yield the sets in an array of images, which may be flattened or stacked on the last axis.

    Axes of length one are ignored.
    """
    import numpy as np

    count = int(np.prod([int(length) for length in value.shape])) / PIXELS
    if count != int(count) or not 2 <= count <= MOST_IMAGES:
        return
    array = as_array(value)
    array = None if array is None else np.squeeze(array)
    if array is None:
        return
    if array.ndim == 4 and array.shape[2:] == (SIDE, SIDE):  # (layers, filters, 28, 28)
        for index, part in enumerate(array):
            yield from _sets_of_array(f"{name}[{index}]", part)
        return
    if array.ndim == 2 and array.shape[1] == PIXELS:
        array = array.reshape(-1, SIDE, SIDE)
    elif array.ndim == 3 and array.shape[:2] == (SIDE, SIDE) and array.shape[1:] != (SIDE, SIDE):
        array = np.moveaxis(array, -1, 0)
    if array.ndim == 3 and array.shape[1:] == (SIDE, SIDE):
        yield ImageSet(name, list(range(len(array))), array.astype("float32"))


def _sets_of_entries(name: str, entries: list[tuple[Any, Any]], depth: int) -> Iterator[ImageSet]:
    """Yield the sets in a list or dictionary with one image, or one set of images, per entry."""
    import numpy as np

    if not 1 <= len(entries) <= MOST_IMAGES:
        return
    positions, images = [], []
    for place, (key, entry) in enumerate(entries):
        image, position = _image_in(entry)
        if image is None:
            continue
        images.append(image)
        positions.append(next((int(number) for number in (position, key) if is_whole(number)), place))
    if images:
        if len(set(positions)) < len(positions) or not all(0 <= place < MOST_IMAGES for place in positions):
            positions = list(range(len(images)))
        yield ImageSet(name, positions, np.stack(images))
    elif depth < DEEPEST:
        for key, entry in entries[:MOST_ENTRIES]:
            yield from image_sets(f"{name}[{key!r}]", entry, depth + 1)


def _image_in(entry: Any) -> tuple[Any, Any]:
    """Return the image that a list entry is or contains, and the filter number stored with it."""
    image = as_image(entry) if is_array(entry) or isinstance(entry, list) else None
    if image is not None:
        return image, None
    if isinstance(entry, Mapping):
        parts = list(entry.values())
    elif isinstance(entry, tuple):
        parts = list(entry)
    elif is_own_object(entry):
        parts = list(vars(entry).values())
    else:
        return None, None
    found = [
        one for one in (as_image(part) for part in parts[:MOST_ENTRIES] if is_array(part)) if one is not None
    ]
    numbers = [part for part in parts if is_whole(part)]
    if not found:
        return None, None
    return found[-1], numbers[0] if len(numbers) == 1 else None
