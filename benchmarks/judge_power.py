"""What the judge finds: thirteen corruptions in three doses, each by the check that is there for it.

    python benchmarks/judge_power.py [--repeats 20] [--rows 600] [--write docs/judging.md]

Fresh rows of a known law are corrupted and judged by others (profile "standard"). "Found" is a check that is there for
the corruption and fails or flags; "named" is a corrupted column that comes first in the
report's explanation, among the reports that have one (all that do not pass).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from corruptions import CORRUPTIONS, rows
from joblib import Parallel, delayed
from printing import run_of, show

from ganaug import FidelityChecker


def judge(name: str, dose: float, n: int, seed: int) -> dict[str, Any]:
    rng, corruption = np.random.default_rng(seed), CORRUPTIONS[name]
    real, fresh, train = rows(n, rng), rows(2 * n, rng), rows(4 * n, rng)
    checker = FidelityChecker(target="ill", random_state=seed)
    report = checker.check(real, corruption.do(fresh, train, dose, rng), train)
    raised = {check.name for check in report.checks if check.verdict in ("fail", "warn")}
    named = None
    if corruption.columns and "column" in report.why:
        named = report.why["column"] in corruption.columns
    return {
        "corruption": name,
        "dose": dose,
        "verdict": str(report.verdict),
        "found": bool(raised & set(corruption.found_by)),
        "named": named,
        "raised": raised,
    }


def table(found: pd.DataFrame) -> str:
    lines = [
        "| corruption | dose | refused | undecided | found by its check | named first | checks that fail or flag |",
        "|---|---|---|---|---|---|---|",
    ]
    for (name, dose), part in found.groupby(["corruption", "dose"], sort=False):
        often = pd.Series([check for raised in part["raised"] for check in raised]).value_counts() / len(part)
        checks = ", ".join(f"`{check}`" for check in often[often >= 0.5].index)
        named = part["named"].dropna().astype(float)
        shares = [(part["verdict"] == verdict).mean() for verdict in ("fail", "inconclusive")]
        cells = [f"{share:.0%}" for share in (*shares, part["found"].mean())]
        cells.append(f"{named.mean():.0%} of {len(named)}" if len(named) else "-")
        lines.append(f"| {name} | {dose:g} | {' | '.join(cells)} | {checks} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--rows", type=int, default=600, help="held-out rows; twice as many synthetic ones")
    parser.add_argument("--only", nargs="*", default=list(CORRUPTIONS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", type=Path, help="put the table between the marks of this file")
    args = parser.parse_args()
    runs = [
        (name, dose, seed) for name in args.only for dose in CORRUPTIONS[name].doses for seed in range(args.repeats)
    ]
    found = pd.DataFrame(Parallel(args.jobs)(delayed(judge)(name, dose, args.rows, seed) for name, dose, seed in runs))
    said = f"{run_of('judge_power.py')}, {args.repeats} repeats, {args.rows} held-out rows."
    show(f"{table(found)}\n\n{said}", args.write, "power")


if __name__ == "__main__":
    main()
