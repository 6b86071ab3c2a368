"""The digits: real MNIST if it can be found, otherwise a bundled replacement of the same shape.

The exercise has to run in a lecture hall without network, so the search for MNIST ends with data that is
always available: scikit-learn's handwritten digits, converted to MNIST's size, range and split. A fallback is
always announced, and a file that the user named is never silently replaced.

Importing TensorFlow or Keras takes seconds, so this module does it only if it has to download something.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

ENVIRONMENT_VARIABLE = "GRADEASCENT_MNIST"
CLASSES = 10
SIDE = 28  # pixels, height and width of an MNIST image
GLYPH_SIDE = 20  # MNIST fits every digit into 20 x 20 pixels and leaves a border of 4
# A server that is silent for this long is down; a slow server may take this long for 11 MB.
SILENCE_SECONDS, DOWNLOAD_SECONDS = 5, 120
TEST_EVERY = 7  # every seventh digit is held out, as MNIST's own split is 6:1
# (rows, columns) in pixels; without them, 1,541 digits are too few for three epochs of training
TRAIN_SHIFTS = ((0, 0), (-1, -1), (0, 1), (1, 0))
TEST_SHIFTS = ((0, 0), (-1, 1), (1, -1), (1, 1))

UInt8Array = npt.NDArray[np.uint8]
Float32Array = npt.NDArray[np.float32]
Announce = Callable[[str], None]


class DataError(ValueError):
    """The digits cannot be used; the message says in one line what is wrong, where, and what to do."""


@dataclass(frozen=True)
class RawDigits:
    """Digits as MNIST stores them: grey levels 0 (background) to 255 (ink) and labels 0 to 9.

    Attributes:
        x_train, x_test: uint8, (N, 28, 28).
        y_train, y_test: uint8, (N,).
        source: where the digits came from, in words that may be shown to anyone.
    """

    x_train: UInt8Array
    y_train: UInt8Array
    x_test: UInt8Array
    y_test: UInt8Array
    source: str

    def sha256(self) -> str:
        """A hash that identifies the digits, whatever file they came from."""
        digest = hashlib.sha256()
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            digest.update(str(array.shape).encode())
            digest.update(array.tobytes())
        return digest.hexdigest()


@dataclass(frozen=True)
class Dataset:
    """Digits in the form that the network needs.

    Attributes:
        x_train, x_test: float32, (N, 28, 28, 1), in [0, 1].
        y_train, y_test: float32, (N, 10), one-hot.
        source: as in `RawDigits`.
    """

    x_train: Float32Array
    y_train: Float32Array
    x_test: Float32Array
    y_test: Float32Array
    source: str


def load_mnist(path: Path | None = None) -> Dataset:
    """Find the digits (`find_digits`) and prepare them for training (`prepare`)."""
    return prepare(find_digits(path))


def prepare(raw: RawDigits) -> Dataset:
    """Scale grey levels to [0, 1], add the channel axis, and turn labels into one-hot rows."""
    return Dataset(
        x_train=_scaled(raw.x_train),
        y_train=_one_hot(raw.y_train),
        x_test=_scaled(raw.x_test),
        y_test=_one_hot(raw.y_test),
        source=raw.source,
    )


def _to_standard_error(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def find_digits(
    path: Path | None = None, *, download: bool = True, announce: Announce = _to_standard_error
) -> RawDigits:
    """Find MNIST, or fall back to the embedded digits and say so.

    The search order is: `path`; the file named by the environment variable GRADEASCENT_MNIST; the Keras cache
    (`$KERAS_HOME/datasets/mnist.npz`, by default under `~/.keras`); a download by Keras into that cache;
    `embedded_digits`.

    Args:
        path: a file in MNIST's `.npz` format, see `read_npz`.
        download: whether the network may be used.
        announce: receives one line if the digits come from an unexpected place.

    Raises:
        DataError: a file named by `path` or by the environment is missing or wrong. The search then stops:
            a user who names a file wants that file.
    """
    named = path or os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return read_npz(Path(named))
    cached = _keras_cache()
    if cached.is_file():
        try:
            return replace(read_npz(cached), source="MNIST from the Keras cache")
        except DataError as error:
            announce(f"Ignoring the Keras cache: {error}")
    reason = ""
    if download:
        try:
            return _download()
        except DataError as error:
            reason = f", and downloading it failed ({error})"
    announce(
        f"MNIST was not found{reason}: using scikit-learn's 1,797 handwritten digits, resampled to 28 x 28, instead. "
        f"For MNIST itself, set {ENVIRONMENT_VARIABLE} to the path of mnist.npz."
    )
    return embedded_digits()


def read_npz(path: Path) -> RawDigits:
    """Read digits from a file in the format of Keras' `mnist.npz`.

    The file must contain the arrays `x_train` and `x_test`, uint8 (N, 28, 28), and `y_train` and `y_test`,
    integers 0 to 9, (N,). Nothing is ever unpickled.

    Raises:
        DataError: the file is missing, unreadable, or contains anything else.
    """
    names = ("x_train", "y_train", "x_test", "y_test")
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            is_archive = isinstance(archive, np.lib.npyio.NpzFile)  # and not a single array
            arrays = {name: archive[name] for name in names if is_archive and name in archive}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; give the path of mnist.npz") from None
    # all exceptions that NumPy, zipfile and zlib raise for a file that is not in its claimed format
    except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path}: not a readable .npz archive ({reason}); give MNIST as mnist.npz") from error
    missing = [name for name in names if name not in arrays]
    if missing:
        raise DataError(f"{path}: no array named {', '.join(missing)}; needed are {', '.join(names)}")
    return _checked(arrays, where=str(path), source=f"the file {path.name}")


def _checked(arrays: Mapping[str, object], *, where: str, source: str) -> RawDigits:
    """Check that the four arrays are digits; if not, raise an error that says why in one line."""
    checked: dict[str, UInt8Array] = {}
    for part in ("train", "test"):
        images = _checked_images(arrays[f"x_{part}"], where=f"{where}: x_{part}")
        labels = _checked_labels(arrays[f"y_{part}"], where=f"{where}: y_{part}")
        if len(images) != len(labels):
            raise DataError(
                f"{where}: {len(images)} images in x_{part}, but {len(labels)} labels in y_{part}; "
                "needed is one label per image"
            )
        checked |= {f"x_{part}": images, f"y_{part}": labels}
    return RawDigits(**checked, source=source)


def _checked_images(images: object, *, where: str) -> UInt8Array:
    needed = f"needed are grey levels 0 to 255, uint8 (N, {SIDE}, {SIDE})"
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE):
        raise DataError(f"{where} is {_description(images)}; {needed}")
    if len(images) == 0:
        raise DataError(f"{where} is empty; {needed}")
    if images.max() <= 1:
        raise DataError(f"{where} has no value above 1, as if scaled before it was stored; {needed}")
    return images


def _checked_labels(labels: object, *, where: str) -> UInt8Array:
    needed = f"needed are the digits 0 to {CLASSES - 1}, integers (N,)"
    if not isinstance(labels, np.ndarray) or labels.dtype.kind not in "iu" or labels.ndim != 1:
        raise DataError(f"{where} is {_description(labels)}; {needed}")
    if len(labels) and (labels.min() < 0 or labels.max() >= CLASSES):
        raise DataError(f"{where} has values from {labels.min()} to {labels.max()}; {needed}")
    return labels.astype(np.uint8)


def _description(value: object) -> str:
    return f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else "not an array"


def write_npz(raw: RawDigits, path: Path) -> None:
    """Write digits under MNIST's own keys, so that `read_npz` and Keras can read them.

    The file appears complete or not at all: it is written to a temporary file beside `path` and then renamed.
    """
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
    try:
        with os.fdopen(descriptor, "wb") as file:
            np.savez_compressed(
                file, x_train=raw.x_train, y_train=raw.y_train, x_test=raw.x_test, y_test=raw.y_test
            )
        Path(partial).chmod(0o644)  # mkstemp's 0o600 would lock out the sandbox's user
        Path(partial).replace(path)
    finally:
        Path(partial).unlink(missing_ok=True)


def embedded_digits() -> RawDigits:
    """The digits bundled with scikit-learn, in MNIST's shape, range and split.

    The source is the test set of UCI's "Optical Recognition of Handwritten Digits": 1,797 digits of 8 x 8
    pixels with values 0 to 16. Each is interpolated to 20 x 20 and centred in 28 x 28, as in MNIST.

    Every seventh digit is held out *first*; only then is each digit repeated at a few shifts of one pixel, so
    no test digit also appears shifted in the training data. That makes 6,164 training and 1,024 test images.
    The arrays begin with all unshifted digits, and are the same on every call.
    """
    from sklearn.datasets import load_digits  # imported here, so users who have MNIST do not wait for it

    bunch = load_digits()
    resampling = _interpolation(bunch.images.shape[-1], GLYPH_SIDE)
    glyphs = resampling @ (bunch.images * (255 / 16)) @ resampling.T  # (1797, 20, 20)
    border = (SIDE - GLYPH_SIDE) // 2
    images = np.pad(glyphs, ((0, 0), (border, border), (border, border)))  # (1797, 28, 28)
    images = np.clip(np.rint(images), 0, 255).astype(np.uint8)
    labels = bunch.target.astype(np.uint8)
    held_out = np.arange(len(images)) % TEST_EVERY == TEST_EVERY - 1
    return RawDigits(
        x_train=_shifted(images[~held_out], TRAIN_SHIFTS),
        y_train=np.tile(labels[~held_out], len(TRAIN_SHIFTS)),
        x_test=_shifted(images[held_out], TEST_SHIFTS),
        y_test=np.tile(labels[held_out], len(TEST_SHIFTS)),
        source="scikit-learn's handwritten digits, resampled from 8 x 8 to 28 x 28 (not MNIST)",
    )


def _interpolation(size: int, target: int) -> npt.NDArray[np.float64]:
    """The matrix (target, size) that resamples a line of pixels by cubic convolution (Keys 1981, a = -1/2).

    Pixels outside the line are background, so rows near the ends may sum to less than one.
    """
    centres = (np.arange(target) + 0.5) * size / target - 0.5  # new pixels' positions among the old
    distance = np.abs(centres[:, np.newaxis] - np.arange(size))
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


def _shifted(images: UInt8Array, shifts: tuple[tuple[int, int], ...]) -> UInt8Array:
    """All images at the first shift, then all at the second, and so on; only border pixels wrap around."""
    return np.concatenate([np.roll(images, shift, axis=(1, 2)) for shift in shifts])


def _scaled(images: UInt8Array) -> Float32Array:
    return (images.astype(np.float32) / np.float32(255))[..., np.newaxis]


def _one_hot(labels: UInt8Array) -> Float32Array:
    return np.eye(CLASSES, dtype=np.float32)[labels]


def _keras_cache() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / "mnist.npz"


def _download() -> RawDigits:
    """MNIST through Keras, which checks the hash and keeps the file in its cache.

    It runs in a separate process: this process then need not import TensorFlow, with its log output, and the
    download can be stopped if name resolution or the server hangs, for which Keras has no timeout.

    Raises:
        DataError: there is no network, no answer, or no space for the file.
    """
    statements = (
        f"import socket; socket.setdefaulttimeout({SILENCE_SECONDS})",
        "import keras; keras.datasets.mnist.load_data()",
    )
    try:
        subprocess.run(
            [sys.executable, "-c", "; ".join(statements)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=DOWNLOAD_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise DataError(f"no end after {DOWNLOAD_SECONDS} seconds") from error
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        raise DataError(lines[-1] if lines else f"exit status {error.returncode}") from error
    except OSError as error:
        raise DataError(str(error)) from error
    return replace(read_npz(_keras_cache()), source="MNIST, downloaded by Keras")
