import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from solutions import data
from solutions.data import DataError, RawDigits, embedded_digits, find_digits, prepare, read_npz, write_npz


def few_digits(seed: int = 0) -> RawDigits:
    random = np.random.default_rng(seed)
    return RawDigits(
        x_train=random.integers(0, 256, (12, 28, 28), dtype=np.uint8),
        y_train=random.integers(0, 10, 12, dtype=np.uint8),
        x_test=random.integers(0, 256, (5, 28, 28), dtype=np.uint8),
        y_test=random.integers(0, 10, 5, dtype=np.uint8),
        source="random pixels",
    )


@pytest.fixture
def nothing_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any MNIST; returns its Keras home."""
    monkeypatch.delenv("GRADEASCENT_MNIST", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras" / "datasets").mkdir(parents=True)
    return tmp_path / "keras"


def unreachable() -> None:
    raise AssertionError("the search went on to the download")


# --- the order of the search


def test_a_given_path_comes_before_the_environment(
    nothing_found: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_npz(few_digits(1), tmp_path / "given.npz")
    write_npz(few_digits(2), tmp_path / "environment.npz")
    monkeypatch.setenv("GRADEASCENT_MNIST", str(tmp_path / "environment.npz"))

    found = find_digits(tmp_path / "given.npz")

    np.testing.assert_array_equal(found.x_train, few_digits(1).x_train)
    assert "given.npz" in found.source


def test_the_environment_comes_before_the_keras_cache(
    nothing_found: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_npz(few_digits(1), tmp_path / "environment.npz")
    write_npz(few_digits(2), nothing_found / "datasets" / "mnist.npz")
    monkeypatch.setenv("GRADEASCENT_MNIST", str(tmp_path / "environment.npz"))

    np.testing.assert_array_equal(find_digits().x_train, few_digits(1).x_train)


def test_the_keras_cache_comes_before_a_download(
    nothing_found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_npz(few_digits(2), nothing_found / "datasets" / "mnist.npz")
    monkeypatch.setattr(data, "_download", unreachable)

    found = find_digits()

    np.testing.assert_array_equal(found.x_train, few_digits(2).x_train)
    assert str(nothing_found) not in found.source


def test_the_embedded_digits_come_last_and_are_announced(nothing_found: Path) -> None:
    announced: list[str] = []

    found = find_digits(download=False, announce=announced.append)

    assert found.source == embedded_digits().source
    assert len(announced) == 1
    assert "GRADEASCENT_MNIST" in announced[0]


def test_an_announcement_goes_to_standard_error(
    nothing_found: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    find_digits(download=False)

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1


def test_a_damaged_keras_cache_is_announced_and_passed_over(nothing_found: Path) -> None:
    (nothing_found / "datasets" / "mnist.npz").write_bytes(b"PK\x03\x04 half a download")
    announced: list[str] = []

    found = find_digits(download=False, announce=announced.append)

    assert found.source == embedded_digits().source
    assert "Keras cache" in announced[0]


@pytest.mark.deep
def test_without_a_server_the_download_falls_through(
    nothing_found: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # the discard port: connection refused
    monkeypatch.delenv("no_proxy", raising=False)
    program = "from solutions.data import find_digits; print(find_digits().source)"

    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )

    assert finished.stdout.strip() == embedded_digits().source
    assert "downloading it failed (" in finished.stderr
    assert finished.stderr.count("\n") == 1


@pytest.mark.parametrize("by_environment", [True, False])
def test_a_named_file_that_is_missing_is_never_replaced(
    nothing_found: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_environment: bool
) -> None:
    nowhere = tmp_path / "nowhere.npz"
    if by_environment:
        monkeypatch.setenv("GRADEASCENT_MNIST", str(nowhere))
    with pytest.raises(DataError, match=r"nowhere\.npz: no such file"):
        find_digits(None if by_environment else nowhere)


# --- reading and writing


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    raw = few_digits()
    write_npz(raw, tmp_path / "digits.npz")

    again = read_npz(tmp_path / "digits.npz")

    for name in ("x_train", "y_train", "x_test", "y_test"):
        np.testing.assert_array_equal(getattr(again, name), getattr(raw, name))
        assert getattr(again, name).dtype == np.uint8
    assert [path.name for path in tmp_path.iterdir()] == ["digits.npz"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_test": None}, "no array named y_test"),
        ({"x_train": np.zeros((12, 28, 28), np.float32)}, r"x_train is float32 \(12, 28, 28\)"),
        ({"x_train": np.zeros((12, 784), np.uint8)}, r"x_train is uint8 \(12, 784\)"),
        ({"x_train": np.ones((12, 28, 28), np.uint8)}, "x_train has no value above 1"),
        ({"x_test": np.zeros((0, 28, 28), np.uint8)}, "x_test is empty"),
        ({"y_train": np.zeros(11, np.uint8)}, "12 images in x_train, but 11 labels in y_train"),
        ({"y_train": np.zeros((12, 10), np.uint8)}, r"y_train is uint8 \(12, 10\)"),
        ({"y_train": np.zeros(12, np.float32)}, "y_train is float32"),
        ({"y_test": np.full(5, 10)}, "y_test has values from 10 to 10"),
        ({"y_test": np.full(5, -1)}, "y_test has values from -1 to -1"),
        ({"y_test": np.array([{}] * 5)}, "not a readable .npz archive"),
    ],
)
def test_an_archive_of_anything_else_is_refused_in_one_line(
    tmp_path: Path, change: dict[str, np.ndarray | None], message: str
) -> None:
    raw = few_digits()
    arrays = {name: getattr(raw, name) for name in ("x_train", "y_train", "x_test", "y_test")} | change
    np.savez(tmp_path / "wrong.npz", **{name: array for name, array in arrays.items() if array is not None})

    with pytest.raises(DataError, match=message) as caught:
        read_npz(tmp_path / "wrong.npz")

    assert "\n" not in str(caught.value)
    assert "wrong.npz" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04broken", b"\x93NUMPY"])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(DataError, match=r"mnist\.npz: not a readable"):
        read_npz(tmp_path / "mnist.npz")


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    write_npz(few_digits(), tmp_path / "mnist.npz")
    whole = (tmp_path / "mnist.npz").read_bytes()
    (tmp_path / "mnist.npz").write_bytes(whole[:3000] + bytes(500) + whole[3500:])
    with pytest.raises(DataError):
        read_npz(tmp_path / "mnist.npz")


def test_a_folder_and_a_single_array_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a readable"):
        read_npz(tmp_path)
    np.save(tmp_path / "one.npy", np.zeros(3))
    with pytest.raises(DataError, match="no array named x_train, y_train"):
        read_npz(tmp_path / "one.npy")


# --- what the network gets


def test_prepared_digits_are_scaled_and_one_hot() -> None:
    raw = few_digits()

    dataset = prepare(raw)

    assert dataset.x_train.shape == (12, 28, 28, 1)
    assert dataset.x_train.dtype == dataset.y_train.dtype == np.float32
    np.testing.assert_array_equal(np.rint(dataset.x_train[..., 0] * 255), raw.x_train)
    assert dataset.x_train.min() >= 0
    assert dataset.x_train.max() <= 1
    np.testing.assert_array_equal(dataset.y_test.argmax(axis=1), raw.y_test)
    np.testing.assert_array_equal(dataset.y_test.sum(axis=1), 1)


def test_embedded_digits_look_like_mnist() -> None:
    raw = embedded_digits()

    assert raw.x_train.shape == (6164, 28, 28)
    assert raw.x_test.shape == (1024, 28, 28)
    assert raw.x_train.dtype == raw.y_train.dtype == np.uint8
    assert raw.x_train.max() == 255
    assert not raw.x_train[:, :3].any()  # the border, which a shift may narrow by one pixel
    assert not raw.x_train[:, :, -3:].any()
    assert set(raw.y_train) == set(raw.y_test) == set(range(10))


def test_no_embedded_test_digit_was_trained_on() -> None:
    raw = embedded_digits()

    def centred(images: np.ndarray) -> set[bytes]:
        """Each image at all places within two pixels, so that shifts cannot hide a repetition."""
        shifts = [(rows, columns) for rows in range(-2, 3) for columns in range(-2, 3)]
        return {np.roll(image, shift, axis=(0, 1)).tobytes() for shift in shifts for image in images}

    assert not centred(raw.x_train[:1541]) & {image.tobytes() for image in raw.x_test}


def test_embedded_digits_are_the_same_every_time() -> None:
    np.testing.assert_array_equal(embedded_digits().x_train, embedded_digits().x_train)


def test_data_plots_and_deprocess_do_not_import_tensorflow() -> None:
    program = (
        "import sys, solutions.data, solutions.plots, solutions.deprocess;"
        "solutions.data.embedded_digits(); print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout.split() == ["False", "False"]
