"""`gradeascent audit` as an instructor uses it: real kernels, a rubric that is changed, an exit status."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from command_line import succeed

from autograder.audit.audit import Audit
from autograder.cli import run
from autograder.execute.sandbox import Sandbox
from autograder.settings import SETTINGS_FILE

pytestmark = pytest.mark.deep

# Small enough to be run in seconds: strides and few filters, all of which climb at once.
ANSWERS = """\
# %% cnn
def conv(filters, strides, name):
    return layers.Conv2D(filters, 3, strides=strides, padding="same", activation="elu", name=name)
model = keras.Sequential([layers.Input((28, 28, 1)), conv(8, 2, "conv2d"), conv(16, 1, "conv2d_1"),
    conv(16, 2, "conv2d_2"), conv(8, 1, "conv2d_3"), layers.Flatten(), layers.Dense(10, activation="softmax")])
# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train[:DIGITS], y_train[:DIGITS], epochs=4, verbose=2)
# %% ascent
extractor = keras.Model(model.inputs, model.get_layer("conv2d_3").output)
images = tf.Variable(np.random.rand(8, 28, 28, 1).astype("float32"))
for update in range(UPDATES):
    with tf.GradientTape() as tape:
        loss = tf.linalg.trace(tf.reduce_mean(extractor(images), axis=(1, 2)))
    g = tape.gradient(loss, images)
    images.assign_add(g / (tf.sqrt(tf.reduce_mean(g**2, axis=(1, 2, 3), keepdims=True)) + 1e-7))
visualized_feature = list(images.numpy())
# %% plot
figure, axes = plt.subplots(2, 4)
for i, axis in enumerate(axes.flat):
    axis.imshow(deprocess_image(visualized_feature[i].copy()).squeeze())
    axis.set_title(f"feature {i}")
plt.show()
"""


def answers(*, updates: int = 50, digits: int = 10_000) -> str:
    return ANSWERS.replace("UPDATES", str(updates)).replace("DIGITS", str(digits))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory, digits_file: Path) -> Path:
    """A course on the built-in digits, of which there are fewer."""
    folder = tmp_path_factory.mktemp("course") / "course"
    succeed(["init", str(folder)])
    settings = folder / SETTINGS_FILE
    settings.write_text(settings.read_text().replace('# data = ""', f'data = "{digits_file}"'))
    return folder


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A correct submission, and one with ten steps and hardly any training; both labels are right."""
    folder = tmp_path_factory.mktemp("labelled")
    (folder / "correct.py").write_text("# /// label\n# ///\n" + answers())
    (folder / "ten_steps.py").write_text(
        '# /// label\n# training = "fail"\n# updates = "fail"\n# [feedback_mentions]\n# updates = ["50"]\n# ///\n'
        + answers(updates=10, digits=32)
    )
    return folder


def audit(course: Path, labelled: Path, *more: str) -> tuple[int, Audit]:
    status = run(["audit", str(labelled), "--course", str(course), *more])
    return status, Audit.model_validate_json((course / "audit" / "audit.json").read_text())


@dataclass(frozen=True)
class Outcome:
    status: int
    result: Audit
    said: str


@pytest.fixture(scope="module")
def audited(sandbox: Sandbox, course: Path, labelled: Path) -> Outcome:
    """The one audit that runs notebooks in the quick run of the tests."""
    with redirect_stdout(StringIO()) as said:
        status, result = audit(course, labelled, "--profile", "quick")
    return Outcome(status, result, said.getvalue())


def test_where_rubric_and_teacher_agree_the_status_is_0(audited: Outcome) -> None:
    result = audited.result

    assert [one.disagreements for one in result.comparisons] == [[]]
    assert audited.status == 0
    assert [one.profile for one in result.comparisons] == ["quick"]
    assert result.comparisons[0].matrices["updates"]["fail"]["fail"] == 1
    assert "0 disagreements; 0 correct criteria lost points, 0 wrong criteria passed" in audited.said
    updates = next(one for one in result.margins if one.threshold == "steps_tolerance")
    assert (updates.largest_wrong, updates.smallest_right) == (0.2, 1.0)


def test_a_changed_rubric_is_tested_without_running_a_notebook(
    audited: Outcome, course: Path, labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [file.stat().st_mtime_ns for file in sorted(course.glob("audit/quick/graded/*/*/evidence/*"))]
    settings = course / SETTINGS_FILE
    before = settings.read_text()
    settings.write_text(before.replace("# steps_none = 0.3", "steps_none = 0.1"))
    capsys.readouterr()

    status, result = audit(course, labelled, "--profile", "quick")

    settings.write_text(before)
    said = capsys.readouterr().out
    assert status == 1
    (disagreement,) = result.comparisons[0].disagreements
    assert (disagreement.submission, disagreement.criterion) == ("ten_steps", "updates")
    assert (disagreement.expected, disagreement.given) == (("fail",), "partial")
    assert "ten_steps: updates should be fail and is partial" in said
    assert runs
    assert runs == [
        file.stat().st_mtime_ns for file in sorted(course.glob("audit/quick/graded/*/*/evidence/*"))
    ]


def test_both_profiles_are_audited_unless_one_is_named(
    sandbox: Sandbox, course: Path, labelled: Path
) -> None:
    status, result = audit(course, labelled)

    assert [one.disagreements for one in result.comparisons] == [[], []]
    assert status == 0
    assert [one.profile for one in result.comparisons] == ["quick", "full"]
    assert result.comparisons[0].matrices == result.comparisons[1].matrices


def test_five_copies_of_a_submission_get_the_same_scores(
    sandbox: Sandbox, course: Path, tmp_path: Path
) -> None:
    for number in range(5):
        (tmp_path / f"copy_{number}.py").write_text("# /// label\n# ///\n" + answers())

    audit(course, tmp_path, "--profile", "quick")

    reports = [
        json.loads(file.read_text())["criteria"]
        for file in course.glob("audit/quick/graded/copy_*/*/report.json")
    ]
    assert len(reports) == 5
    assert all(report == reports[0] for report in reports)


def test_a_wrong_folder_is_named(course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audit", str(tmp_path / "nothing"), "--course", str(course)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "nothing" in said


def test_a_criterion_that_is_misspelt_is_named(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "one.py").write_text('# /// label\n# cnnn = "fail"\n# ///\n')

    assert run(["audit", str(tmp_path), "--course", str(course)]) == 2
    assert "one: no criterion 'cnnn'; there are cnn, training" in capsys.readouterr().err
