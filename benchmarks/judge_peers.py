"""The judge beside SDMetrics and mostlyai-qa, on the same thirteen corruptions.

    pip install "ganaug[judges]"
    python benchmarks/judge_peers.py [--repeats 3] [--honest 20] [--rows 600] [--write docs/judging.md]

The others print scores and decide nothing, so they are given the best rule there could be: a score is an alarm when it
is worse than all but one in twenty of those that fresh real rows get. Half of the honest runs set that limit, the other
half try it. ganaug is taken at its word: an alarm is a verdict other than a pass. Strongest dose of each corruption;
seconds are medians.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from corruptions import CORRUPTIONS, rows
from mostlyai import qa
from printing import run_of, show
from sdmetrics.reports.single_table import QualityReport
from sdmetrics.single_table import LogisticDetection, NewRowSynthesis

from ganaug import FidelityChecker

Tables = tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]
Scores = dict[str, float]  # larger is better
NUMBERS = {"length", "width", "mass", "count"}


def of_ganaug(real: pd.DataFrame, synthetic: pd.DataFrame, train: pd.DataFrame) -> Scores:
    verdict = FidelityChecker(target="ill").check(real, synthetic, train).verdict
    return {"ganaug: verdict": float(verdict in ("pass", "warn"))}


def of_sdmetrics(real: pd.DataFrame, synthetic: pd.DataFrame, train: pd.DataFrame) -> Scores:
    kinds = {name: {"sdtype": "numerical" if name in NUMBERS else "categorical"} for name in real}
    known = {"real_data": real, "synthetic_data": synthetic, "metadata": {"columns": kinds}}
    quality = QualityReport()
    quality.generate(real, synthetic, known["metadata"], verbose=False)
    return {
        "SDMetrics: quality": quality.get_score(),
        "SDMetrics: logistic detection": LogisticDetection.compute(**known),
        "SDMetrics: new rows": NewRowSynthesis.compute(**{**known, "real_data": train}),
    }


def of_mostlyai(real: pd.DataFrame, synthetic: pd.DataFrame, train: pd.DataFrame) -> Scores:
    with tempfile.TemporaryDirectory() as folder:
        _, found = qa.report(
            syn_tgt_data=synthetic, trn_tgt_data=train, hol_tgt_data=real, report_path=f"{folder}/report.html"
        )
    return {
        "mostlyai-qa: accuracy": found.accuracy.overall,
        "mostlyai-qa: discriminator": -abs(found.similarity.discriminator_auc_training_synthetic - 0.5),
        "mostlyai-qa: DCR share": -found.distances.dcr_share,
    }


JUDGES: dict[str, Callable[..., Scores]] = {
    "ganaug": of_ganaug,
    "SDMetrics": of_sdmetrics,
    "mostlyai-qa": of_mostlyai,
}


def judged(tables: Tables) -> tuple[Scores, dict[str, float]]:
    """Return the scores of all, and the seconds each of them took."""
    scores, seconds = {}, {}
    for name, judge in JUDGES.items():
        start = time.perf_counter()
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("default" if name == "ganaug" else "ignore")  # not ours to mend
            scores |= judge(*tables)
        seconds[name] = time.perf_counter() - start
    return scores, seconds


def drawn(corruption: str | None, n: int, seed: int) -> Tables:
    rng = np.random.default_rng(seed)
    real, fresh, train = rows(n, rng), rows(2 * n, rng), rows(4 * n, rng)
    if corruption is not None:
        what = CORRUPTIONS[corruption]
        fresh = what.do(fresh, train, what.doses[-1], rng)
    return real, fresh, train


def table(honest: pd.DataFrame, found: pd.DataFrame, seconds: pd.DataFrame) -> str:
    limits, honest = honest[::2].quantile(0.05), honest[1::2]  # learned on one half, tried on the other
    limits["ganaug: verdict"] = 0.5
    lines = [f"| corruption | {' | '.join(honest)} |", f"|---|{'---|' * honest.shape[1]}"]
    for name, part in found.groupby(level=0, sort=False):
        lines.append(f"| {name} | {' | '.join(f'{share:.0%}' for share in (part < limits).mean())} |")
    lines.append(f"| false alarms on fresh rows | {' | '.join(f'{s:.0%}' for s in (honest < limits).mean())} |")
    times = [seconds[name.partition(":")[0]].median() for name in honest]
    lines.append(f"| seconds | {' | '.join(f'{time:.1f}' for time in times)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--honest", type=int, default=20)
    parser.add_argument("--rows", type=int, default=600)
    parser.add_argument("--write", type=Path, help="put the table between the marks of this file")
    args = parser.parse_args()
    runs = [(None, 1000 + seed) for seed in range(args.honest)]
    runs += [(name, seed) for name in CORRUPTIONS for seed in range(args.repeats)]
    results = [judged(drawn(name, args.rows, seed)) for name, seed in runs]
    scores = pd.DataFrame([scores for scores, _ in results], index=[name or "" for name, _ in runs])
    seconds = pd.DataFrame([seconds for _, seconds in results])
    said = f"{run_of('judge_peers.py')}, {args.rows} held-out rows, {args.repeats} runs of each corruption."
    show(f"{table(scores.loc[['']], scores.drop(index=''), seconds)}\n\n{said}", args.write, "peers")


if __name__ == "__main__":
    main()
