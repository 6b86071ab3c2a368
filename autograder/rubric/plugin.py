"""The pytest plugin that gives the checks their fixtures and records their verdicts."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from autograder.errors import RubricError
from autograder.exercise import Exercise
from autograder.measurements import Measurements
from autograder.report import Result, Status
from autograder.rubric.award import Award, NeedsPersonError, NotCheckedError, NothingToCheckError


class RubricPlugin:
    """The fixtures of any exercise for one submission, and the results of the checks on it."""

    def __init__(
        self,
        exercise: Exercise,
        measurements: Measurements,
        thresholds: BaseModel,
        points: Mapping[str, float],
    ) -> None:
        self._exercise = exercise
        self._measurements = measurements
        self._thresholds = thresholds
        self._points = points
        self.results: dict[str, Result] = {}
        self.broken: list[str] = []

    @pytest.fixture
    def measured(self) -> Measurements:
        """Everything that was measured."""
        return self._measurements

    @pytest.fixture
    def thresholds(self) -> BaseModel:
        """The numbers under [thresholds] in gradeascent.toml."""
        return self._thresholds

    @pytest.fixture
    def award(self) -> Award:
        """Records the verdict."""
        return Award()

    def pytest_configure(self, config: pytest.Config) -> None:
        """Keep tracebacks from quoting the source of a check, since pytest parses it for that.

        If another thread parses at the same time, as numpy does to read an array, CPython 3.11 can fail with
        "AST constructor recursion depth mismatch".
        """
        config.option.tbstyle = "native"

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Note a check file that cannot be imported."""
        report = yield
        if report.failed:
            reason = re.sub(r"^E\s+", "", str(report.longrepr).strip().splitlines()[-1])
            self.broken.append(f"{collector.path}: {reason}")
        return report

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Let a check of the course replace the kit's own of the same name: the last one counts."""
        items[:] = {item.name: item for item in items}.values()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, Any, Any]:
        """Turn the end of a check into its result."""
        outcome = yield
        criterion = item.name.removeprefix("test_")
        if criterion not in self._points:
            self.broken.append(
                f"{item.name} has no cell 'check_{criterion}' with points in the source notebook"
            )
        elif call.excinfo is not None:
            self._take_down_exception(criterion, call.excinfo.value)
        elif call.when == "call":
            self._take_down_award(criterion, getattr(item, "funcargs", {}).get("award") or Award())
        return outcome

    def _take_down_award(self, criterion: str, award: Award) -> None:
        status: Status = "pass" if award.share == 1 else "fail" if award.share == 0 else "partial"
        self._take_down(criterion, "review" if award.is_for_review else status, award, is_missing=False)

    def _take_down_exception(self, criterion: str, error: BaseException) -> None:
        if isinstance(error, NeedsPersonError):
            self._take_down(criterion, "review", Award(0.0, str(error), cause=error.cause), is_missing=False)
        elif isinstance(error, NotCheckedError):
            feedback, cause = error.verdict_on(criterion)
            status: Status = "review" if error.needs_person else "fail"
            award = Award(0.0, feedback, cause=cause)
            self._take_down(criterion, status, award, is_missing=not error.needs_person)
        elif isinstance(error, NothingToCheckError):
            self._take_down(criterion, "fail", Award(0.0, str(error), cause=error.cause), is_missing=True)
        elif isinstance(error, AssertionError):
            sentence = str(error).split("\nassert ")[0].strip()
            self._take_down(criterion, "fail", Award(0.0, sentence), is_missing=False)
        else:
            self.broken.append(f"the check of '{criterion}' raised {type(error).__name__}: {error}")

    def _take_down(self, criterion: str, status: Status, award: Award, *, is_missing: bool) -> None:
        status, feedback, cause = self._spare_the_student(criterion, status, award, is_missing=is_missing)
        most = self._points[criterion]
        self.results[criterion] = Result(
            status=status,
            score=round(award.share * most, 2),
            max_score=most,
            feedback=feedback,
            measured=award.measured,
            cause=cause,
        )

    def _spare_the_student(
        self, criterion: str, status: Status, award: Award, *, is_missing: bool
    ) -> tuple[Status, str, str]:
        """Return status, feedback and cause; a likely fault of the kit or installation goes to review."""
        feedback = award.feedback
        if status == "pass":
            return status, feedback, ""
        measurements = self._measurements
        if measurements.unreadable:
            return "fail", f"Nothing could be graded: {measurements.unreadable}.", "no_notebook"
        if measurements.trouble:
            feedback = f"This could not be measured: {measurements.trouble}. A person will look at it."
            return "review", feedback, "not_measured"
        names = ", ".join(self._modules_missed_by(criterion, is_missing=is_missing))
        if names:
            reason = "" if "not installed here" in feedback else f" The module {names} is not installed here."
            return "review", f"{feedback}{reason} A person will look at it.", "missing_module"
        return status, feedback, award.cause

    def _modules_missed_by(self, criterion: str, *, is_missing: bool) -> list[str]:
        """Return the missing modules that may explain why the work for a criterion is missing or not good.

        An error in any other cell than the criterion's own counts only if the work is missing or no training of
        the network came to its end.
        """
        model = self._measurements.model
        is_untrained = criterion == "training" and model is not None and not model.epochs
        return sorted(
            {
                error.missing_module
                for error in self._measurements.errors
                if error.missing_module
                and (
                    is_missing or is_untrained or error.cell in self._exercise.cells_behind.get(criterion, ())
                )
            }
        )

    def complete(self) -> dict[str, Result]:
        """Return the result of every criterion, in the order of the notebook.

        Raises:
            RubricError: a check is broken, or a criterion has no check.
        """
        missing = [f"no check called test_{name}" for name in self._points if name not in self.results]
        if problems := self.broken or missing:
            raise RubricError(f"the rubric is broken: {problems[0]}")
        return {criterion: self.results[criterion] for criterion in self._points}
