from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
RUNS = {
    "augment_table.py": ("1", "passed"),
    "pipeline.py": ("1", "balanced: balanced accuracy 0."),
    "judge_anything.py": ("400", "shuffled columns: refused"),
    "own_networks.py": ("600", "after 600 steps: mean "),
    "two_players.py": ("100", "consensus optimisation: (0.000, 0.000)"),
    "divergence.py": ("300", "-log 4 + 2 JS = -1.1635; off by 0."),
    "one_dimension.py": ("300", "largest difference of the two distribution functions: 0."),
    "ring.py": ("300", "of 12 directions each has "),
    "modes.py": ("150", "ring: 8 of 8 modes"),
    "two_days.py": ("300", "equalised: 0."),
    "day_to_day.py": ("300", "the other days stayed as they were: True"),
    "scanpy_equalize.py": (
        "300",
        "after: of the nearest cells of erythroid ones 100% are erythroid; of those of B and T ",
    ),
    "scanpy_augment.py": ("1500", "of the ten genes that set synthetic pDC apart most, 10 are its markers"),
    "digits.py": ("20", "held-out real digits are read by"),
}


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.glob("*.py")))
def test_the_example_runs(name: str, tmp_path: Path) -> None:
    budget, expected = RUNS[name]
    run = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name), budget],
        capture_output=True, text=True, cwd=tmp_path, timeout=300, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert expected in run.stdout
