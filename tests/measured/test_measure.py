"""How measurements and verdicts are written down: what a stop left is kept, and a person can read the result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from committed import Committed, Source, answers_sha256
from made_reports import make_report
from measure import (
    AUDIT,
    DIGITS,
    hand_in,
    instructions,
    measuring_course,
    missing,
    outcome,
    text_of,
    told,
    with_measured,
)

from autograder.audit.audit import labelled_submissions
from autograder.audit.comparison import compare
from autograder.audit.labelled import LabelledSubmission, parse_labelled
from autograder.course.folder import ASSIGNMENT, Course
from autograder.course.notebooks import grade_id, read_notebook
from autograder.course.submission import Submission
from autograder.evidence import Evidence
from autograder.grading.grader import kit_versions
from autograder.measurements import Measurements
from autograder.pictures import Pictures
from autograder.plain.files import write_whole
from autograder.record.files import (
    write_run,
)
from autograder.report import Result
from autograder.run import Origin, Run
from autograder.verify.identity import verifier_sha256

BEFORE, NOW = Measurements("kernel_died"), Measurements("graded")
OLD, NEW = (Source(f"2026-01-0{day}", f"commit {day}", {"numpy": "2"}, ("avx2",)) for day in (1, 2))


def labelled(name: str, label: str = "") -> LabelledSubmission:
    return parse_labelled(name, f"# /// label\n{label}# ///\n# %% cnn\nmodel = 1\n")


def run_in(course: Course, name: str, verifier: str = "") -> None:
    """Leave what a run leaves that was graded in the quick profile."""
    workspace = Course(course.root / AUDIT / "quick")
    folder = workspace.submission_folder(name)
    write_whole(folder / f"{ASSIGNMENT}.ipynb", "{}")
    origin = Origin(
        submission_sha256=Submission(name, ASSIGNMENT, folder).sha256(),
        profile="quick",
        seed=7,
        dataset="digits",
        sandbox="bwrap",
        versions=kit_versions(),
    )
    run = Run(origin, None, NOW, Pictures(), {}, verifier or verifier_sha256())
    write_run(workspace.result_folder(name), run, Evidence("graded"), name=ASSIGNMENT)


def test_what_was_run_is_written_and_the_rest_stays(tmp_path: Path) -> None:
    course = Course(tmp_path)
    corpus = [labelled(name) for name in ("new", "renewed", "stays", "the_same", "to_be_run")]
    answers = answers_sha256(corpus[0])
    old = {name: Committed("", BEFORE, OLD) for name in ("gone", "renewed", "stays")}
    old["the_same"] = Committed(answers, NOW, OLD)
    for name in ("gone", "new", "renewed", "the_same", "stays"):
        run_in(course, name)
    chosen = [one for one in corpus if one.name != "stays"]

    written = with_measured(old, corpus, chosen, course, NEW)

    measured = Committed(answers, NOW, NEW)
    assert written == {
        "new": measured,
        "renewed": measured,
        "stays": old["stays"],
        "the_same": old["the_same"],
    }


def test_a_run_of_other_answers_is_not_written(tmp_path: Path) -> None:
    run_in(Course(tmp_path), "one")
    folder = Course(tmp_path / AUDIT / "quick").submission_folder("one")
    (folder / f"{ASSIGNMENT}.ipynb").write_text("{ }")

    assert with_measured({}, [labelled("one")], [labelled("one")], Course(tmp_path), NEW) == {}


def test_a_run_that_an_older_verifier_measured_is_not_written(tmp_path: Path) -> None:
    run_in(Course(tmp_path), "one", verifier="an older one")

    assert with_measured({}, [labelled("one")], [labelled("one")], Course(tmp_path), NEW) == {}


@pytest.mark.deep
def test_todays_answers_are_handed_in_before_anything_is_graded(tmp_path: Path) -> None:
    course = measuring_course(tmp_path / "work")
    one = next(one for one in labelled_submissions(None) if one.name == "published_2021")
    workspace = Course(course.root / AUDIT / "quick")
    write_whole(workspace.submission_folder(one.name) / f"{ASSIGNMENT}.ipynb", "{}")

    hand_in(course, [one], "quick")

    handed_in = read_notebook(workspace.submission_folder(one.name) / f"{ASSIGNMENT}.ipynb")
    sources = {grade_id(cell): cell.source for cell in handed_in.cells}
    assert one.answers.items() <= sources.items()


def test_missing_are_those_never_measured_and_those_whose_answers_have_changed() -> None:
    corpus = [labelled(name) for name in ("never", "changed", "measured")]
    committed = {
        "changed": Committed("of other answers", NOW, OLD),
        "measured": Committed(answers_sha256(corpus[2]), NOW, OLD),
    }

    assert [one.name for one in missing(corpus, committed)] == ["never", "changed"]


def test_an_outcome_counts_what_was_measured_when_and_with_what() -> None:
    corpus = [labelled("one"), labelled("two", '# cnn = "fail"\n')]
    passed = Result(status="pass", score=20, max_score=20, feedback="Four.")
    reports = {one.name: make_report(one.name, {"cnn": passed}) for one in corpus}

    found = outcome(corpus, "quick", reports, [OLD, NEW])

    assert (found["dates"], found["commits"]) == ([OLD.date, NEW.date], {OLD.commit: 1, NEW.commit: 1})
    assert (found["submissions"], found["passed_wrong"]) == (2, 1)
    assert found["verdicts"] == {"one": {"cnn": "pass"}, "two": {"cnn": "pass"}}
    assert found["disagreements"] == ["two: cnn should be fail, is pass: Four."]


def test_runs_stay_when_the_same_command_continues(tmp_path: Path) -> None:
    run_in(measuring_course(tmp_path / "work"), "one")

    course = measuring_course(tmp_path / "work")

    assert with_measured({}, [labelled("one")], [labelled("one")], course, NEW)
    assert course.points()
    assert (course.root / DIGITS).is_file()


def test_a_disagreement_is_reported_in_a_line() -> None:
    submission = labelled("one", '# cnn = ["fail", "partial"]\n# [feedback_mentions]\n# cnn = ["four"]\n')
    passed = Result(status="pass", score=10, max_score=10, feedback="Well done.")

    compared = compare("quick", [submission], {"one": make_report("one", {"cnn": passed})})

    assert told(compared) == ["one: cnn should be fail or partial, is pass, and lacks 'four': Well done."]


def test_the_result_has_a_line_for_each_submission() -> None:
    verdicts = {"ada": {"cnn": "pass", "plot": "fail"}, "bob": {"cnn": "pass", "plot": "pass"}}
    result = {"profiles": {"quick": {"disagreements": ["a line"], "verdicts": verdicts}}}

    text = text_of(result)

    assert json.loads(text) == result
    assert '    "ada": { "cnn": "pass", "plot": "fail" },\n' in text


def test_of_a_processor_only_what_decides_about_rounding_is_recorded(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("model name\t: Fast 9000\nflags\t\t: sse4_2 avx2 avx512f avx512_bf16\n")

    assert instructions(cpuinfo) == ["avx2", "avx512f", "avx512_bf16"]
