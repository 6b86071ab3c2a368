"""The rubric of today on what was measured of labelled submissions: no notebook is run, so it takes seconds."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections import Counter
from pathlib import Path

import pytest
from committed import QUICK, answers_sha256, read_committed, rounded, write_committed
from measure import RESULT, WORK, outcome, scored, told

from autograder.audit.audit import labelled_submissions
from autograder.audit.comparison import compare
from autograder.audit.labelled import LabelledSubmission, parse_labelled
from autograder.exercises.activation_maximization.exercise import EXERCISE
from autograder.report import Report

REPOSITORY = Path(__file__).resolve().parents[2]
COMMAND = "python tests/measured/measure.py"
CORPUS = labelled_submissions(None)
COMMITTED = read_committed()
STATUSES = ("pass", "partial", "fail", "review")


@functools.cache
def report_on(name: str) -> Report:
    return scored(name, COMMITTED[name])


@pytest.mark.parametrize("submission", CORPUS, ids=lambda one: one.name)
def test_a_submission_is_measured_as_it_is_today(submission: LabelledSubmission) -> None:
    committed = COMMITTED.get(submission.name)

    assert committed is not None, f"never measured; run: {COMMAND} --only {submission.name}"
    assert committed.answers_sha256 == answers_sha256(submission), f"run: {COMMAND} --only {submission.name}"


@pytest.mark.parametrize("submission", CORPUS, ids=lambda one: one.name)
def test_the_rubric_agrees_with_the_teacher(submission: LabelledSubmission) -> None:
    compared = compare(
        "quick", [submission], {submission.name: report_on(submission.name)}, EXERCISE.general_causes
    )

    assert not compared.disagreements, "\n".join(told(compared))
    assert (compared.failed_correct, compared.passed_wrong) == (0, 0)


def test_what_is_committed_is_of_labelled_submissions_and_small() -> None:
    assert set(COMMITTED) == {one.name for one in CORPUS}
    assert QUICK.stat().st_size < 2_000_000


def test_the_committed_verdicts_are_those_of_todays_rubric() -> None:
    reports = {name: report_on(name) for name in COMMITTED}
    sources = [one.source for one in COMMITTED.values()]

    result = json.loads(RESULT.read_text(encoding="utf-8"))

    assert result["profiles"]["quick"] == outcome(CORPUS, "quick", reports, sources), (
        f"run: {COMMAND} --missing"
    )


def test_the_documentation_states_the_committed_verdicts() -> None:
    reports = [report_on(one.name) for one in CORPUS]
    wrong = Counter(
        one.criterion
        for submission, report in zip(CORPUS, reports, strict=True)
        for one in compare(
            "quick", [submission], {submission.name: report}, EXERCISE.general_causes
        ).disagreements
    )
    agree, given = (
        [f"{len(CORPUS) - wrong[name]}" for name in reports[0].criteria],
        [
            ", ".join(f"{found[status]}" for status in STATUSES)
            for found in map(verdicts, reports[0].criteria)
        ],
    )

    page = (REPOSITORY / "docs/explanation/statistics.md").read_text(encoding="utf-8")

    assert f"the kit's {len(CORPUS)} submissions" in " ".join(page.split())
    assert f"with {len(CORPUS) * len(agree):,} verdicts" in " ".join(page.split())
    assert f"verdicts that agree with the teacher's | {' | '.join(agree)} |" in page
    assert f"of these: {', '.join(STATUSES)} | {' | '.join(given)} |" in page


def verdicts(criterion: str) -> Counter[str]:
    """Count the committed verdicts on a criterion."""
    return Counter(report_on(one.name).criteria[criterion].status for one in CORPUS)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "quick.jsonl"

    write_committed(COMMITTED, file)

    assert file.read_bytes() == QUICK.read_bytes()
    assert all(rounded(one.measurements) == one.measurements for one in COMMITTED.values())


TEXT = "# Says what it does.\n#\n# /// label\n{label}# ///\n\n# %% cnn\nmodel = {model}\n"


@pytest.mark.parametrize(
    ("label", "model", "is_another"),
    [
        ('# cnn = "fail"\n', 1, False),
        ('# [feedback_mentions]\n# cnn = ["four"]\n', 1, False),
        ("", 2, True),
        ('# [cells]\n# delete = ["plot"]\n', 1, True),
    ],
)
def test_a_changed_answer_has_to_be_measured_and_a_changed_label_has_not(
    label: str, model: int, is_another: bool
) -> None:
    before = parse_labelled("one", TEXT.format(label="", model=1))
    after = parse_labelled("one", TEXT.format(label=label, model=model))

    assert (answers_sha256(before) != answers_sha256(after)) is is_another


def test_numbers_are_kept_to_five_digits_and_curves_not_at_all() -> None:
    one = next(
        one.measurements for one in COMMITTED.values() if one.measurements.steps and one.measurements.model
    )
    assert one.model is not None
    assert one.steps is not None
    long = dataclasses.replace(
        one,
        model=dataclasses.replace(one.model, accuracy=0.12345678),
        steps=dataclasses.replace(one.steps, curves=((1.0, 2.0),)),
    )

    short = rounded(long)

    assert short.model is not None
    assert short.steps is not None
    assert short.model.accuracy == 0.12346
    assert short.steps.curves == ()


def test_runs_are_kept_where_git_does_not_look() -> None:
    ignored = (REPOSITORY / ".gitignore").read_text().splitlines()

    assert f"/{WORK.relative_to(REPOSITORY).parts[0]}/" in ignored
