"""The duplicate hint: who shares weights, images or code, and how much that says; for the instructor alone."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from autograder.cli import run
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import compose, grade_id, read_answers, read_notebook, write_notebook
from autograder.course.submission import Submission
from autograder.evidence import Evidence, Record, digest, write_evidence
from autograder.execute.inside.freezing import freeze, training_facts
from autograder.execute.inside.recorder import as_npy
from autograder.execute.sandbox import Sandbox
from autograder.grading.course import grade_course
from autograder.grading.grader import ready_to_grade
from autograder.measurements import Measurements, ModelMeasurement, measurements_to_json
from autograder.plain.files import write_whole
from autograder.progress.bars import show_progress
from autograder.record.files import (
    EVIDENCE,
    MEASUREMENTS,
    REPORT,
)
from autograder.report import Report
from autograder.settings import Settings
from solutions.data import embedded_digits, prepare

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = REPOSITORY / "tests" / "submissions"

ASCENT = """
extractor = keras.Model(model.inputs, model.get_layer("conv2d_3").output)
visualized_feature = []
for number in range(64):
    picture = tf.Variable(np.random.rand(1, 28, 28, 1).astype("float32"))
    for step in range(50):
        with tf.GradientTape() as tape:
            height = tf.reduce_mean(extractor(picture)[..., number])
        picture.assign_add(normalize(tape.gradient(height, picture)))
    visualized_feature.append(picture.numpy())
"""
RENAMED = """
# my very own solution
part=keras.Model(model.inputs, model.get_layer('conv2d_3').output)

visualized_feature=[ ]
for k in range( 64 ):
    x = tf.Variable(
        np.random.rand(1, 28, 28, 1).astype('float32'),
    )
    for _step in range(50):
        # climb
        with tf.GradientTape() as t:
            how_much = tf.reduce_mean(part(x)[..., k])
        x.assign_add(normalize(t.gradient(how_much, x)))
    visualized_feature.append(x.numpy())
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    root = tmp_path / "course"
    for folder in ("source", "release"):
        shutil.copytree(REPOSITORY / folder / ASSIGNMENT, root / folder / ASSIGNMENT)
    return Course.open(root)


@pytest.fixture
def hand_in(course: Course) -> Callable[..., Path]:
    """Write what a student hands in, from the cells that the student has filled in."""
    released = read_notebook(course.release_folder() / f"{ASSIGNMENT}.ipynb")

    def write(student: str, **answers: str) -> Path:
        file = course.submission_folder(student) / f"{ASSIGNMENT}.ipynb"
        write_notebook(compose(released, answers), file)
        return file

    return write


@pytest.fixture
def store(course: Course, hand_in: Callable[..., Path], report: Report) -> Callable[..., None]:
    """Write what grading stores of a student: the evidence, and what was measured of the network."""

    def write(student: str, evidence: Evidence, *, accuracy: float = 0.97) -> None:
        if student not in course.students():
            hand_in(student)
        folder = course.result_folder(student)
        write_evidence(folder / EVIDENCE, evidence)
        model = ModelMeasurement("model", 4, 0, (28, 28, 1), 10, True, 3, 45, "", 0.001, accuracy, 500)
        write_whole(folder / MEASUREMENTS, measurements_to_json(Measurements("graded", model)))
        submission = Submission(student, ASSIGNMENT, course.submission_folder(student))
        its_own = report.model_copy(update={"student": student, "submission_sha256": submission.sha256()})
        write_whole(folder / REPORT, its_own.model_dump_json())

    return write


@pytest.fixture
def found(course: Course, tmp_path: Path) -> Callable[[], dict[str, Any]]:
    def compare(status: int = 1) -> dict[str, Any]:
        file = tmp_path / "duplicates.json"
        assert run(["duplicates", "--course", str(course.root), "--json", str(file)]) == status
        return json.loads(file.read_text())

    return compare


def findings(result: dict[str, Any]) -> set[tuple[str, str, str, bool]]:
    """Who shares what, how strong that is, and whether only nearly."""
    groups = [one for group in result["groups"] for one in group["findings"]]
    return {
        (one["cell"] or one["kind"], " ".join(one["students"]), one["strength"], one["nearly"])
        for one in groups + result["weak"]
    }


def build(filters: int = 8) -> keras.Model:
    """Like everybody's network under a fixed seed: the same layers start with the same weights."""
    keras.utils.set_random_seed(1)
    layers = keras.layers
    return keras.Sequential(
        [layers.Input((28, 28, 1))]
        + [layers.Conv2D(filters, 3, strides=s, activation="relu", padding="same") for s in (2, 1, 2, 1)]
        + [layers.Flatten(), layers.Dense(10, activation="softmax")]
    )


@functools.cache
def trained(epochs: int = 1, rate: float = 1e-3, filters: int = 8) -> keras.Model:
    digits = prepare(embedded_digits())
    model = build(filters)
    model.compile(keras.optimizers.Adam(rate), "categorical_crossentropy")
    model.fit(digits.x_train, digits.y_train, epochs=epochs, verbose=0)
    return model


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return trained()


@pytest.fixture(scope="module")
def other_network() -> keras.Model:
    return trained(epochs=2)


def copy_of(network: keras.Model, noise: float = 0.0) -> keras.Model:
    """A network with the weights of another, put in from outside and not trained."""
    model = build()
    chance = np.random.default_rng(0)
    model.set_weights([w * (1 + noise * chance.standard_normal(w.shape)) for w in network.get_weights()])
    return model


def shown(*models: keras.Model, images: Any = None) -> Evidence:
    """Evidence of one network, in one state after the other, and of images made with the last."""
    records, payloads = [], {}
    for place, model in enumerate(models):
        graph, facts = freeze(model)
        payloads[digest(graph)] = graph
        facts = {"variable": "model", **training_facts(model), **facts}
        records.append(Record("model", place, facts, digest(graph)))
    if images is not None:
        array = as_npy(np.asarray(images, np.float32).reshape(-1, 28, 28))
        payloads[digest(array)] = array
        records.append(Record("images", len(models), {"variable": "visualized_feature"}, digest(array)))
    return Evidence("graded", (), tuple(records), payloads)


def gratings(seed: int, count: int = 16) -> np.ndarray:
    chance = np.random.default_rng(seed)
    rows, columns = np.mgrid[:28, :28]
    across, down, phase = chance.uniform(-1.5, 1.5, (3, count, 1, 1))
    return 20 * np.sin(across * columns + down * rows + phase) + chance.uniform(size=(count, 28, 28))


def test_names_comments_and_layout_do_not_hide_a_copied_cell(
    hand_in: Callable[..., Path], found: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in("ada", ascent=ASCENT)
    hand_in("bert", ascent=RENAMED)
    hand_in("cleo", ascent=ASCENT.replace("range(50)", "range(40)"))
    hand_in("dora", ascent=ASCENT.replace("reduce_mean", "reduce_max"))
    hand_in("emil", ascent=ASCENT.replace("[..., number]", "[..., step]"))
    assert findings(found()) == {("ascent", "ada bert", "some", False)}
    said = capsys.readouterr().out
    assert "Group 1: ada, bert" in said
    assert "hints for you alone" in said


def test_a_cell_is_known_again_where_the_metadata_were_stripped(
    hand_in: Callable[..., Path], found: Callable[..., Any]
) -> None:
    hand_in("ada", ascent=ASCENT)
    file = hand_in("bert", ascent=RENAMED)
    notebook = read_notebook(file)
    for cell in notebook.cells:
        cell.metadata = {}
    write_notebook(notebook, file)
    assert ("ascent", "ada bert", "some", False) in findings(found())


def test_what_everybody_may_have_written_is_weak(
    hand_in: Callable[..., Path], found: Callable[..., Any], course: Course
) -> None:
    source = read_notebook(course.source_notebook())
    reference = next(cell.source for cell in source.cells if grade_id(cell) == "cnn")
    textbook = read_answers((SAMPLES / "ascents" / "skeleton_filled_in.py").read_text())["cnn"]
    for student in ("ada", "bert", "cleo", "dora"):
        hand_in(student, cnn=textbook, train="results = model.fit(x_train, y_train)")
    for student in ("emil", "fritz"):
        hand_in(student, cnn=reference)
    result = found()
    assert result["groups"] == []
    assert findings(result) == {
        ("cnn", "ada bert cleo dora", "weak", False),
        ("train", "ada bert cleo dora", "weak", False),
        ("cnn", "emil fritz", "weak", False),
    }
    reasons = {(one["cell"], one["students"][0]): one["why"] for one in result["weak"]}
    assert "textbook" in reasons["cnn", "ada"]
    assert "short" in reasons["train", "ada"]
    assert "instructor's own" in reasons["cnn", "emil"]


@pytest.mark.deep
def test_work_that_was_done_alone_forms_no_groups(
    hand_in: Callable[..., Path], found: Callable[..., Any], course: Course
) -> None:
    cells = {grade_id(cell) for cell in read_notebook(course.source_notebook()).cells}
    for sample in SAMPLES.rglob("*.py"):
        answers = read_answers(sample.read_text())
        hand_in(sample.stem, **{name: code for name, code in answers.items() if name in cells})
    result = found()
    assert result["groups"] == []
    assert result["weak"]


def test_unanswered_cells_are_no_duplicates(hand_in: Callable[..., Path], found: Callable[..., Any]) -> None:
    hand_in("ada")
    hand_in("bert")
    result = found()
    assert result["groups"] == result["weak"] == []


@pytest.mark.deep
def test_weights_that_equal_code_explains_say_nothing_more(
    hand_in: Callable[..., Path], store: Callable[..., None], found: Callable[..., Any], network: keras.Model
) -> None:
    for student in ("ada", "bert"):
        hand_in(student, cnn="model = make_it(deep=4)")
        store(student, shown(build(), network))
    hand_in("cleo", cnn="model = make_it(4)")
    store("cleo", shown(build(), network))
    assert ("weights", "ada bert cleo", "some", False) in findings(found(0))
    hand_in("cleo", cnn="mine = make_it(deep=4)  # mine")
    store("cleo", shown(build(), network))
    assert ("weights", "ada bert cleo", "weak", False) in findings(found(0))


def test_weights_that_no_training_made_are_strong(
    hand_in: Callable[..., Path], store: Callable[..., None], found: Callable[..., Any], network: keras.Model
) -> None:
    store("ada", shown(build(), network))
    hand_in("bert", cnn="model = keras.models.load_model('mine.keras')")
    store("bert", shown(copy_of(network)))
    store("cleo", shown(copy_of(network, noise=0.002)))
    assert findings(found(0)) == {
        ("weights", "ada bert", "strong", False),
        ("weights", "ada bert cleo", "strong", True),
    }


def test_a_training_loop_of_ones_own_is_a_training(
    store: Callable[..., None], hand_in: Callable[..., Path], found: Callable[..., Any], network: keras.Model
) -> None:
    for student in ("ada", "bert"):
        hand_in(student, train=f"by_hand({student!r})")
        store(student, shown(build(), copy_of(network)))  # neither is compiled
    assert findings(found(0)) == {("weights", "ada bert", "some", False)}


@pytest.mark.deep
def test_the_same_start_makes_no_two_networks_equal(
    store: Callable[..., None], found: Callable[..., Any], network: keras.Model, other_network: keras.Model
) -> None:
    store("ada", shown(build(), network))
    store("bert", shown(build(), other_network))
    store("cleo", shown(build(), trained(rate=8e-4)))
    store("dora", shown(build()), accuracy=0.1)
    store("emil", shown(build()), accuracy=0.1)
    assert findings(found(0)) == set()


def test_equal_images_from_different_networks_are_strong(
    store: Callable[..., None], found: Callable[..., Any], network: keras.Model, other_network: keras.Model
) -> None:
    images = gratings(0)
    deprocessed = np.clip((images - images.mean((1, 2), keepdims=True)) * 9 + 128, 0, 255).astype(np.uint8)
    store("ada", shown(build(), network, images=images))
    store("bert", shown(build(), other_network, images=deprocessed))
    store("cleo", shown(build(), trained(rate=8e-4), images=gratings(1)))
    assert {one[:3] for one in findings(found(0))} == {("images", "ada bert", "strong")}


def test_equal_images_follow_from_equal_networks(
    store: Callable[..., None],
    hand_in: Callable[..., Path],
    found: Callable[..., Any],
    network: keras.Model,
) -> None:
    for student in ("ada", "bert"):
        hand_in(student, cnn=f"model = made_by({student!r})")
        store(student, shown(build(), network, images=gratings(0)))
    assert findings(found(0)) == {
        ("weights", "ada bert", "some", False),
        ("images", "ada bert", "weak", False),
    }


@pytest.mark.deep
def test_noise_of_the_same_seed_and_digits_are_no_equal_images(
    store: Callable[..., None], found: Callable[..., Any], network: keras.Model, other_network: keras.Model
) -> None:
    noise = np.random.default_rng(1).uniform(size=(64, 28, 28))
    digits = prepare(embedded_digits()).x_train[:64]
    store("ada", shown(build(), network, images=noise))
    store("bert", shown(build(), other_network, images=noise))
    store("cleo", shown(build(), trained(rate=8e-4), images=digits))
    store("dora", shown(build(), trained(rate=5e-4), images=digits))
    assert findings(found(0)) == set()


def test_nothing_of_it_reaches_students(
    store: Callable[..., None], found: Callable[..., Any], course: Course, network: keras.Model
) -> None:
    store("ada", shown(build(), network))
    store("bert", shown(copy_of(network)))
    before = {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()}
    assert found(0)["groups"]
    assert {path: path.read_bytes() for path in course.root.rglob("*") if path.is_file()} == before


HOSTILE = {
    "broken": "def f(:\n    '''",
    "deep": "x = " + "(" * 40_000 + "1" + ")" * 40_000,
    "signs": "x = " + "-" * 90_000 + "1",
    "huge": "x = '" + "a" * 3_000_000 + "'",
    "steep": "\n".join(" " * k + "if x:" for k in range(300)),
    "prompts": ">>> x\n>\n(",
    "zero": "x = 1\0\ny = 2",
    "half a character": "x = 'HALF'",
    "number": "x = " + "9" * 90_000,
    "formatted": "x = f'" + '{f"' * 100,
    "magic": "%matplotlib inline\n!rm -rf /\n?x",
    "names": "a = " + " + ".join(f"v{k}" for k in range(12_000)),
    "targets": "a, b = " * 10_000 + "1, 2",
}


@pytest.mark.deep
def test_hostile_code_is_compared_like_any_other(
    hand_in: Callable[..., Path], found: Callable[..., Any]
) -> None:
    for name, code in HOSTILE.items():
        for student in (f"{name} one", f"{name} two"):
            file = hand_in(student, ascent=code)
            file.write_text(file.read_text().replace("HALF", "\\ud800"))
    pairs = {one[1] for one in findings(found())}
    assert pairs == {f"{name} one {name} two" for name in HOSTILE}


def test_hostile_evidence_costs_nobody_else_the_comparison(
    store: Callable[..., None], found: Callable[..., Any], course: Course, network: keras.Model
) -> None:
    broken = copy_of(network)
    broken.set_weights([np.full_like(w, np.nan) for w in broken.get_weights()])
    huge = copy_of(network)
    huge.set_weights([np.full_like(w, 3e38) * np.sign(w) for w in huge.get_weights()])
    graph, facts = freeze(network)
    half = graph[: len(graph) // 2]
    for number in "12":
        store(f"nan{number}", shown(broken, images=np.full((8, 28, 28), np.nan)))
        store(f"huge{number}", shown(huge, images=1e37 * gratings(int(number))))
        record = Record("model", 0, {"variable": "model", "updates": "many", **facts}, digest(half))
        store(f"half{number}", Evidence("graded", (), (record,), {digest(half): half}))
    store("ada", shown(build(), network))
    store("bert", shown(build(), network))
    (course.result_folder("nan1") / EVIDENCE / "evidence.json").write_text("{")
    result = found()
    assert {one["student"] for one in result["left_out"]} == {"nan1"}
    shared = {one[1] for one in findings(result)}
    assert "ada bert" in shared
    assert not any("nan" in students or "half" in students for students in shared)


def test_what_stops_the_process_that_reads_it_costs_only_its_own_comparison(
    store: Callable[..., None], found: Callable[..., Any], course: Course, network: keras.Model
) -> None:
    (course.root / "gradeascent.toml").write_text("[limits]\nverify_seconds = 0.001\n")
    store("ada", shown(build(), network))
    store("bert", shown(build(), network))
    result = found()
    assert [one["student"] for one in result["left_out"]] == ["ada", "bert"]
    assert all("took more than 0.001 seconds" in one["why"] for one in result["left_out"])


def test_this_process_reads_no_network_and_no_image(
    store: Callable[..., None],
    found: Callable[..., Any],
    network: keras.Model,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(data: bytes) -> None:
        raise AssertionError("read outside the sandbox")

    monkeypatch.setattr("autograder.duplicates.weights.kernels", refuse)
    monkeypatch.setattr("autograder.duplicates.images.read_array", refuse)
    store("ada", shown(build(), network, images=gratings(0)))
    store("bert", shown(copy_of(network), images=gratings(0)))
    assert {one[0] for one in findings(found(0))} == {"weights", "images"}


def test_what_cannot_be_compared_is_said_in_one_line_each(
    hand_in: Callable[..., Path],
    store: Callable[..., None],
    found: Callable[..., Any],
    network: keras.Model,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hand_in("ada\x1b[31m\nbert")
    hand_in("cleo").write_text("no notebook")
    store("dora", shown(build(), network))
    hand_in("dora", cnn="model = another()")
    found()
    said = capsys.readouterr().out
    assert "\x1b" not in said
    left_out = [line for line in said.splitlines() if line.startswith("left out: ")]
    assert len(left_out) == 4
    assert "not graded yet" in left_out[0]
    assert "cleo: code not compared" in left_out[1]
    assert "dora: weights and images not compared: handed in again" in left_out[3]


def test_one_submission_is_nothing_to_compare(
    hand_in: Callable[..., Path], course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    hand_in("ada")
    assert run(["duplicates", "--course", str(course.root)]) == 2
    assert "nothing to compare" in capsys.readouterr().err


@pytest.mark.deep
def test_a_copy_that_was_graded_shares_code_weights_and_images(
    hand_in: Callable[..., Path],
    found: Callable[..., Any],
    course: Course,
    sandbox: Sandbox,
    digits_file: Path,
    correct_cells: Mapping[str, str],
) -> None:
    own = {name: correct_cells[name] for name in ("data", "cnn", "train", "ascent")}
    own["train"] = own["train"].replace("epochs=1", "epochs=20")
    renamed = own | {"ascent": own["ascent"].replace("images", "pictures").replace("rms", "length")}
    hand_in("ada", **own)
    hand_in("bert", **renamed | {"train": own["train"] + "\nprint('trained')"})
    with (
        ready_to_grade(course, Settings(jobs=2, data=str(digits_file)), announce=lambda line: None) as grader,
        show_progress(2) as progress,
    ):
        grade_course(course, course.students(), grader, progress)
    assert {one for one in findings(found(0)) if one[0] not in {"data", "ascent"}} == {
        ("cnn", "ada bert", "some", False),
        ("weights", "ada bert", "some", False),
        ("images", "ada bert", "weak", False),
    }
