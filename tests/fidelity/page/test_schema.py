from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, ValidationError

from ganaug.errors import DataError
from ganaug.fidelity import FidelityReport

SCHEMA = json.loads(files("ganaug.fidelity.page").joinpath("report.schema.json").read_text(encoding="utf-8"))
ROOT = Path(__file__).parents[3]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_report_is_as_the_schema_says(report: FidelityReport) -> None:
    Draft202012Validator(SCHEMA).validate(json.loads(report.to_json()))


def test_a_report_comes_back_from_its_json(report: FidelityReport) -> None:
    assert FidelityReport.from_dict(json.loads(report.to_json())).to_json() == report.to_json()


def test_the_schema_notices_what_is_wrong(refused: FidelityReport) -> None:
    for wrong in ({"version": 2}, {"verdict": "fine"}, {"pictures": {"pie": {}}}, {"n_real": None}):
        with pytest.raises(ValidationError):
            Draft202012Validator(SCHEMA).validate(refused.to_dict() | wrong)


def test_another_version_is_refused_by_its_number(refused: FidelityReport) -> None:
    with pytest.raises(DataError, match="of version 2; this ganaug reads version 1"):
        FidelityReport.from_dict(refused.to_dict() | {"version": 2})
