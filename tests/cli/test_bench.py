from __future__ import annotations

import json
import sys

import pytest

from ganaug_cli.bench import peak_memory

RESULTS = [{"method": "ganaug", "c2st_auc": 0.53, "rows_per_second": 250_000.0}, {"method": "noise", "c2st_auc": 0.9}]


@pytest.fixture
def benchmark(monkeypatch):
    asked = {}

    def fake(frame, **options):
        asked.update(options, n=len(frame))
        return RESULTS

    import ganaug.benchmark  # noqa: F401

    monkeypatch.setattr(sys.modules["ganaug.benchmark"], "benchmark", fake)
    return asked


def test_one_table_for_people(run, data, benchmark):
    result = run("bench", data, "--target", "sex", "--time-budget", "7", "--seed", "3")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert all(word in result.stderr for word in ("ganaug", "0.530", "0.900", "peak memory"))
    benchmark.pop("on_progress")
    assert benchmark == {"n": 60, "target": "sex", "time_budget": 7.0, "random_state": 3}


def test_json(run, data, benchmark):
    printed = json.loads(run("bench", data, "--json").stdout)
    assert printed["results"] == RESULTS
    assert printed["peak_memory_mb"] > 10


def test_memory_is_in_megabytes():
    assert 10 < peak_memory() < 100_000
