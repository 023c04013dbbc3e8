"""Whether synthetic cells teach a classifier more about rare types, and whether duplicates would do as well.

    python benchmarks/rare_types.py kang.h5ad embryo.h5ad --label cell_type
    python benchmarks/rare_types.py kang.h5ad --only duplicates,SMOTE --seeds 5 --json out.json

Files hold raw counts in X; types of at least 20 cells are taken. 65 % of the cells of every type are learned from, the
others are held out. The rarest third of the types (two at least, five at most) lose half of the cells that are learned
from. What is left is learned by a random forest: alone, with class weights, and with cells added until every type has
as many as the commonest (the default of `ganaug.pp.augment`), or until the rare ones have as many as before. CellGAN
has its defaults, and no judge looks at what it makes.

The forest sees fifty components of log-normalised counts: there SMOTE is defined, and cells are classified in practice.
Variable genes and components are those of the cells that are learned from; nothing is fitted on a held-out one. With
--write docs/cells.md the table is put between the marks ``rare``.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from cell_peers import Cells, Floats
from cells import read
from printing import run_of, show
from rare_lessons import METHODS, REAL, Task, Way, lessons, parted, rarest
from scipy.stats import norm
from sklearn.ensemble import RandomForestClassifier

from ganaug.data.checks import nearest

RESAMPLES = 1000
LEVEL = 0.95
LEGEND = f"""\
Macro-F1: of the rare types alone, on held-out cells, by a forest that learned all types; mean over the splits.
Difference: to real cells alone, with a {LEVEL:.0%} interval of both the held-out cells (a bootstrap, paired: the same
cells judge every method) and the splits. Helps: "yes" or "hurts" where the interval excludes zero, else "not shown"; of
twenty such intervals one excludes it by chance. Raised to: as many cells of every type as the commonest has, or as many
of the rare types as they had before half of them were hidden. The hidden cells themselves show what real cells in their
place would do."""


def macro_f1(predicted: npt.NDArray[Any], label: npt.NDArray[Any], rare: list[str], weights: Floats) -> Floats:
    """Mean F1 of the rare types in each resample ``(n_resamples,)``, of weights ``(n_resamples, n_cells)``."""
    said, true = (column[:, None] == np.array(rare) for column in (predicted, label))
    found, all_said, all_true = (weights @ part.astype(float) for part in (said & true, said, true))
    return np.asarray((2 * found / np.maximum(all_said + all_true, 1)).mean(axis=1))


def scored(
    cells: Cells, rare: list[str], methods: list[str], args: argparse.Namespace
) -> tuple[dict[Way, Floats], Task]:
    """Scores of each way ``(n_splits, 1 + n_resamples)``, first of the held-out cells as they are; and the last split.

    A cell that is held out in several splits is in a resample of the one as often as in that of the others.
    """
    found: dict[Way, list[Floats]] = {}
    n = len(cells.label)
    drawn = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=RESAMPLES)
    weights = np.concatenate([np.ones((1, n)), drawn])
    for seed in range(args.seeds):
        task = parted(cells, rare, args.genes, seed)
        judges = task.seen(task.held_out)
        for way, lesson in lessons(task, methods, seed):
            forest = RandomForestClassifier(
                args.trees, class_weight=lesson.weights, random_state=seed, n_jobs=args.jobs
            )
            predicted = forest.fit(lesson.z, lesson.label).predict(judges)
            found.setdefault(way, []).append(macro_f1(predicted, task.held_out.label, rare, weights[:, task.rows]))
            _say(f"split {seed}, {' '.join(way)}: {found[way][-1][0]:.4f}")
    return {way: np.stack(scores) for way, scores in found.items()}, task


def beside_real(scores: Floats, of_real: Floats) -> dict[str, Any]:
    """Score of a way ``(n_splits, 1 + n_resamples)``, its difference to real cells alone, and what that shows."""
    apart = scores - of_real
    splits = np.var(apart[:, 0], ddof=1) / len(apart) if len(apart) > 1 else 0.0
    width = norm.ppf((1 + LEVEL) / 2) * np.sqrt(np.var(apart[:, 1:].mean(axis=0), ddof=1) + splits)
    middle = float(apart[:, 0].mean())
    low, high = float(middle - width), float(middle + width)
    shows = "yes" if low > 0 else "hurts" if high < 0 else "not shown"
    return {"f1": float(scores[:, 0].mean()), "difference": middle, "low": low, "high": high, "helps": shows}


def table(results: dict[str, dict[str, Any]]) -> str:
    lines = ["| cells | learned from | raised to | macro-F1 | difference | 95 % interval | helps |", f"|{'---|' * 7}"]
    for file, result in results.items():
        for row in result["ways"]:
            limits = f"{row['low']:+.3f} to {row['high']:+.3f}"
            beside = ["", "", ""] if row["way"] == REAL[0] else [f"{row['difference']:+.3f}", limits, row["helps"]]
            lines.append(" | ".join([f"| {file}", row["way"], row["target"], f"{row['f1']:.3f}", *beside]) + " |")
    return "\n".join(lines)


def rare_types(file: str, sizes: dict[str, list[int]]) -> str:
    """Say which types are rare, and how many cells of them there are."""
    named = ", ".join(
        f"{name} ({left} of {before}; {judges} held out)" for name, (left, before, judges) in sizes.items()
    )
    return f"{file}: {named}."


def compared(cells: Cells, methods: list[str], args: argparse.Namespace) -> dict[str, Any]:
    rare = rarest(cells.label)
    scores, task = scored(cells, rare, methods, args)
    ways = [{"way": way, "target": target} | beside_real(scores[way, target], scores[REAL]) for way, target in scores]
    left, judges = (pd.Series(side.label).value_counts() for side in (task.train, task.held_out))
    return {"ways": ways, "sizes": {name: [int(left[name]), task.before[name], int(judges[name])] for name in rare}}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", help="h5ad, raw counts in X")
    parser.add_argument("--label", default="cell_type")
    parser.add_argument("--only", help=f"some of {','.join(METHODS)}")
    parser.add_argument("--genes", type=int, default=2000)
    parser.add_argument("--trees", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3, help="how many splits")
    parser.add_argument("--json", type=Path, help="keep the numbers here; files it has are not run again")
    parser.add_argument("--write", type=Path, help="put the table between the marks of this page")
    args = parser.parse_args()
    methods = args.only.split(",") if args.only else list(METHODS)
    for name in methods:
        if name not in METHODS:
            parser.error(f"there is no method {name!r}{nearest(name, METHODS)}")
    results: dict[str, dict[str, Any]] = {}
    if args.json and args.json.exists():
        results = json.loads(args.json.read_text())
    for file in (file for file in args.files if file.stem not in results):
        _say(str(file))
        results[file.stem] = compared(read(file, args.label, None, sys.maxsize), methods, args)
        if args.json:
            args.json.write_text(json.dumps(results, indent=2))
    sizes = "\n".join(f"- {rare_types(name, result['sizes'])}" for name, result in results.items())
    said = f"Rare types, and how many of their cells are learned from:\n\n{sizes}"
    show("\n\n".join([table(results), said, LEGEND, f"{run_of('rare_types.py')}."]), args.write, "rare")


if __name__ == "__main__":
    main()
