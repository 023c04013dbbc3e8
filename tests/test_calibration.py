"""A short form of the calibration of the judge; the long one is benchmarks/judge_calibration.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_real_rows_against_real_rows_are_not_told_apart(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- calibration -->\n<!-- calibration -->\nafter\n")
    short = ["--splits", "8", "--rows", "100", "--columns", "2", "--jobs", "1", "--write", str(page)]
    run = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "judge_calibration.py"), *short],
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    counted = re.findall(r"^\| `(\w+)` \| all \| 8 \|(.*)$", run.stdout, re.MULTILINE)
    assert {"c2st", "mmd", "collapse", "membership"} <= {name for name, _ in counted}
    assert not [line for line in counted if "(!)" in line[1]]  # within the binomial 99 % band
    (verdicts,) = re.findall(r"^\| 100 \|(.*)\|$", run.stdout, re.MULTILINE)
    assert verdicts.split("|")[-1].strip() == "0.000"  # nothing is refused
    assert page.read_text().startswith("before\n")
    assert "`c2st`" in page.read_text()
