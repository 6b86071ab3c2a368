"""`report.json` is a format that others may rely on: its schema is published and kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

import autograder.report
from autograder.report import Report

PUBLISHED = Path(autograder.report.__file__).with_name("report.schema.json")


@pytest.fixture
def schema() -> dict[str, Any]:
    return json.loads(PUBLISHED.read_text())


def test_the_published_schema_is_that_of_the_code(schema: dict[str, Any]) -> None:
    # to publish a change: python -c "import json; from autograder.report import Report;
    # print(json.dumps(Report.model_json_schema(), indent=2))" > autograder/report.schema.json
    assert schema == Report.model_json_schema()


def test_a_report_is_valid(report: Report, schema: dict[str, Any]) -> None:
    jsonschema.validate(json.loads(report.model_dump_json()), schema)


def test_a_report_survives_being_written(report: Report) -> None:
    assert Report.model_validate_json(report.model_dump_json()) == report


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.pop("student"),
        lambda content: content.update(extra=1),
        lambda content: content.update(outcome="lost"),
        lambda content: content.update(schema_version=2),
        lambda content: content["criteria"]["cnn"].update(status="good"),
        lambda content: content["criteria"]["cnn"].update(score=-1),
    ],
    ids=["missing", "unknown", "outcome", "version", "status", "score"],
)
def test_anything_else_is_refused_by_schema_and_code(
    spoil: Any, report: Report, schema: dict[str, Any]
) -> None:
    content = json.loads(report.model_dump_json())
    spoil(content)

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema)
    with pytest.raises(ValidationError):
        Report.model_validate(content)
