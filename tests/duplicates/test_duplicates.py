"""The duplicate hint: who shares code, what cannot be compared, and that nothing of it reaches students."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import keras
import pytest
from alike import REPOSITORY, build, copy_of, findings, shown, trained

from autograder.cli import run
from autograder.course.folder import Course
from autograder.course.notebooks import grade_id, read_answers, read_notebook, write_notebook
from autograder.execute.sandbox import Sandbox
from autograder.grading.course import grade_course
from autograder.grading.grader import ready_to_grade
from autograder.progress.bars import show_progress
from autograder.settings import Settings


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return trained()


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
