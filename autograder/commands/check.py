"""Runs the self-checks on a notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from autograder.commands.options import Data, say, settings_of


def check_command(
    notebook: Annotated[Path, typer.Argument(metavar="NOTEBOOK", help="The notebook to check.")],
    data: Data = None,
) -> None:
    """Run the public self-checks on a notebook before submitting it."""
    from autograder.commands.self_check import self_check

    for line in self_check(notebook, settings_of(notebook.parent, data=data), announce=say):
        say(line)
