"""The command line: knows every command, runs one, and turns every error into one line.

What a command needs is imported when it runs: nbgrader and TensorFlow take seconds, and help should not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

# TensorFlow would otherwise greet the user with remarks on the processor.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import typer
from typer.exceptions import TyperException

from autograder.commands import (
    audit,
    check,
    collect,
    demo,
    doctor,
    duplicates,
    exercises,
    export,
    feedback,
    grade,
    grade_one,
    gradescope_bundle,
    init,
    release,
    report_case,
    rescore,
    review,
)
from autograder.commands.corrections import corrected
from autograder.commands.options import say
from autograder.errors import GradeascentError
from autograder.plain.text import plain_text

# The exit status of a command that ^C has stopped, as shells know it.
STOPPED = 130
# In the order in which help lists them.
COMMANDS: dict[str, Callable[..., None]] = {
    "init": init.init_command,
    "exercises": exercises.exercises_command,
    "release": release.release_command,
    "collect": collect.collect_command,
    "grade": grade.grade_command,
    "grade-one": grade_one.grade_one_command,
    "rescore": rescore.rescore_command,
    "audit": audit.audit_command,
    "gradescope-bundle": gradescope_bundle.gradescope_bundle_command,
    "export": export.export_command,
    "duplicates": duplicates.duplicates_command,
    "report-case": report_case.report_case_command,
    "feedback": feedback.feedback_command,
    "review": review.review_command,
    "demo": demo.demo_command,
    "check": check.check_command,
    "doctor": doctor.doctor_command,
}

app = typer.Typer(
    pretty_exceptions_enable=False,
    help="Grade deep-learning exercises: from the instructor's notebook to the verified report.",
)
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)


@app.callback(invoke_without_command=True)
def without_command(
    context: typer.Context,
    show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,  # noqa: FBT002
) -> None:
    """Grade deep-learning exercises: from the instructor's notebook to the verified report."""
    if show:
        say(f"gradeascent {version('gradeascent')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        from autograder.commands.next_step import next_step

        for line in next_step(Path()):
            say(line)


def run(arguments: list[str] | None = None) -> int:
    """Run a command line; return its exit status after printing every error for people as one line."""
    try:
        status = app(arguments, standalone_mode=False)
    except TyperException as error:
        return _complain(f"{corrected(error)} See '{_asked_for(error)} --help'.")
    except OSError as error:
        return _complain(f"{error.strerror or error}: {error.filename}" if error.filename else str(error))
    except (KeyboardInterrupt, typer.Abort):
        status = STOPPED
    except _meant_for_people() as error:
        return _complain(str(error))
    if status == STOPPED:
        print("stopped; run the same command again to continue", file=sys.stderr)  # noqa: T201
    return status if isinstance(status, int) else 0


def _meant_for_people() -> tuple[type[Exception], ...]:
    """Return the errors whose message is one line that says what to do."""
    from solutions.data import DataError

    return GradeascentError, DataError


def _asked_for(error: TyperException) -> str:
    """Return the command that was used wrongly, as far as it was understood."""
    context = getattr(error, "ctx", None)
    name = context.info_name if context is not None and context.parent is not None else None
    return f"gradeascent {name}" if name else "gradeascent"


def _complain(message: str) -> int:
    print(f"gradeascent: {plain_text(' '.join(message.split()))}", file=sys.stderr)  # noqa: T201
    return 2


def main() -> None:
    """Be the program `gradeascent`."""
    sys.exit(run())
