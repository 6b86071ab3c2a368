"""Any text comes back from nbgrader's gradebook unchanged, and no SQL in it is run."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from attack_names import SQL
from nbgrader.api import Base, Gradebook

Tell = Callable[[str, str], None]


@pytest.fixture(scope="module")
def gradebook_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook with a student, a cell, a comment and a grade for every attack."""
    file = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with pytest.MonkeyPatch.context() as monkeypatch:
        # nbgrader starts `alembic` by name for a new gradebook
        monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
        with Gradebook(f"sqlite:///{file}") as gradebook:
            gradebook.add_assignment("a")
            gradebook.add_notebook("n", "a")
            for attack in SQL.values():
                gradebook.add_grade_cell(attack, "n", "a", max_score=5, cell_type="code")
                gradebook.add_solution_cell(attack, "n", "a")
            for number, attack in enumerate(SQL.values()):
                gradebook.add_student(attack, first_name=attack)
                gradebook.add_submission("a", attack)
                gradebook.find_comment(attack, "n", "a", attack).manual_comment = attack
                gradebook.find_grade(attack, "n", "a", attack).manual_score = number / 8
            gradebook.db.commit()
    return file


def test_no_table_is_lost_to_sql_in_names(gradebook_file: Path, tell: Tell) -> None:
    with contextlib.closing(sqlite3.connect(gradebook_file)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}

    assert set(Base.metadata.tables) <= tables
    tell("DROP TABLE in student ids, cell names and comments of nbgrader's gradebook", "all tables are there")


@pytest.mark.parametrize("what", SQL)
def test_the_gradebook_gives_any_text_back_unchanged(what: str, gradebook_file: Path, tell: Tell) -> None:
    attack = SQL[what]
    with Gradebook(f"sqlite:///{gradebook_file}") as gradebook:
        assert len(gradebook.students) == len(SQL)
        assert gradebook.find_student(attack).first_name == attack
        assert gradebook.find_comment(attack, "n", "a", attack).comment == attack
        assert gradebook.find_grade(attack, "n", "a", attack).score == list(SQL).index(what) / 8
    tell(f"student, cell and comment in nbgrader's gradebook: {what}, and SQL", "read back unchanged")
