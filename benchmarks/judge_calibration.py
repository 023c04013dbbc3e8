"""Does the judge keep its promises? Real rows against real rows, over and over, and rows that differ by a known law.

    python benchmarks/judge_calibration.py [--splits 1000] [--tables magic.csv.gz] [--write docs/judging.md]
        [--keep rows.csv] [--kept rows.csv]

Where both sides come from one law, a p-value has to be below .05 in 5 % of the splits, and below .01 in 1 %; limits at
95 % have to leave the truth out in 5 %. Where the sides differ by a fixed amount, the truth is what the check measures
on average over the splits of a cell; a margin exactly there must not be passed in more than 5 % of them. Simulated
tables have 2, 20 and 100 columns, and 50, 200 and 1,000 rows a side; of a table of yours columns and rows are drawn,
the same columns in every split of a cell. Tables with mixed columns have one of them as the target.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from printing import run_of, show
from scipy.stats import binom

from ganaug import FidelityChecker
from ganaug.data.files import read_table

Rng = np.random.Generator
Draw = Callable[[int, int, Rng], pd.DataFrame]
COLUMNS, ROWS = (2, 20, 100), (50, 200, 1000)
LEVELS = (0.05, 0.01)
NOTHING = {"c2st": 0.5, "within": 0.5, "membership": 0.5}  # the effect where there is none; elsewhere 0
TARGETS = {"mixed": 1}
NOT_CENTRED = {"validity", "levels", "range", "marginals"}  # largest of many: limits are bounds, not intervals


def gaussian(n: int, d: int, rng: Rng) -> pd.DataFrame:
    """Numbers that all share something."""
    return pd.DataFrame(rng.standard_normal((n, 1)) + rng.standard_normal((n, d)))


def heavy(n: int, d: int, rng: Rng) -> pd.DataFrame:
    """Numbers with tails so heavy that they have no variance."""
    return pd.DataFrame(rng.standard_t(2, (n, 1)) + rng.standard_t(2, (n, d)))


def counts(n: int, d: int, rng: Rng) -> pd.DataFrame:
    """Counts that are zero in two rows of three."""
    rate = rng.gamma(2.0, 1.0, (n, 1)) * np.linspace(0.5, 3, d)
    return pd.DataFrame(rng.poisson(rate) * (rng.random((n, d)) < 0.4))


def mixed(n: int, d: int, rng: Rng) -> pd.DataFrame:
    """Numbers and categories by turns, a tenth of everything missing."""
    numbers = rng.standard_normal((n, 1)) + rng.standard_normal((n, d))
    table = pd.DataFrame(numbers).astype(object)
    for j in range(1, d, 2):
        table[j] = pd.cut(numbers[:, j], [-np.inf, -1, 0, 2, np.inf], labels=list("abcd")).astype(object)
    table = table.mask(rng.random((n, d)) < 0.1)
    return table.astype(dict.fromkeys(range(0, d, 2), float))


def of_table(table: pd.DataFrame) -> Draw:
    """Rows of a table, drawn without replacement, of so many of its columns (all of them if there are not so many)."""
    shuffled = np.random.default_rng(0).permutation(table.shape[1])

    def draw(n: int, d: int, rng: Rng) -> pd.DataFrame:
        columns = sorted(shuffled[:d])  # others in another split would make the truth of a cell another one
        return table.iloc[rng.permutation(len(table))[:n], columns].reset_index(drop=True)

    return draw


class Cell(NamedTuple):
    """One law, at one size; `moved` rows differ from the real ones by a fixed amount."""

    kind: str
    columns: int
    rows: int
    moved: bool


def sides(cell: Cell, draw: Draw, rng: Rng) -> list[pd.DataFrame]:
    """Held-out, synthetic and training rows: three parts of one draw, the synthetic one moved if so asked."""
    pool, n = draw(3 * cell.rows, cell.columns, rng), cell.rows
    real, synthetic, train = (pool[start : start + n].reset_index(drop=True) for start in (0, n, 2 * n))
    if cell.moved:
        # half of the rows lose the first column's relation to the others, and of it a quarter its place
        hit, first = rng.random(len(synthetic)) < 0.5, synthetic.columns[0]
        dealt = synthetic[first].sample(frac=1, random_state=rng).to_numpy()
        synthetic[first] = (
            synthetic[first].where(~hit, dealt).where(rng.random(len(synthetic)) > 0.2, real[first].max())
        )
    return [real, synthetic, train]


def judge(cell: Cell, draw: Draw, seed: int) -> Iterator[dict[str, Any]]:
    rng = np.random.default_rng([seed, *map(ord, cell.kind), cell.columns, cell.rows, cell.moved])
    checker = FidelityChecker(profile="lenient", target=TARGETS.get(cell.kind), random_state=seed)
    report = checker.check(*sides(cell, draw, rng))
    yield {**cell._asdict(), "check": "verdict", "verdict": str(report.verdict)}
    for check in report.checks:
        found = {"check": check.name, "verdict": str(check.verdict), "p": check.details.get("p_equal")}
        yield {**cell._asdict(), **found, "effect": check.effect, "low": check.low, "high": check.high}
        # c2st takes the worse of two: its own limits are wide on purpose, those of each classifier are to be exact
        for name, (low, high) in check.details.get("limits", {}).items():
            auc = check.details["auc"][name]
            yield {**cell._asdict(), "check": f"c2st: {name}", "effect": auc, "low": low, "high": high}


def of_p_values(rows: pd.DataFrame) -> str:
    """How often each p-value rejects rows of one law, by kind of table."""
    lines = ["| p-value of | table | splits | p <= .05 | p <= .01 |", "|---|---|---|---|---|"]
    known = rows[~rows["moved"] & rows["p"].notna()]
    for check, of_check in known.groupby("check", sort=False):
        for kind, part in [("all", of_check), *of_check.groupby("kind", sort=False)]:
            cells = [_share((part["p"] <= level).sum(), len(part), level) for level in LEVELS]
            lines.append(f"| `{check}` | {kind} | {len(part):,} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)


def _share(count: int, n: int, level: float) -> str:
    low, high = binom.interval(0.99, n, level)
    inside = low <= count <= high
    return f"{count / n:.3f}{'' if inside else ' (!)'} [{low / n:.3f}, {high / n:.3f}]"


def of_limits(rows: pd.DataFrame) -> str:
    """How often the limits leave the truth out, where there is no effect and where there is one."""
    lines = [
        "| limits of | rows differ | splits | truth below the lower limit | truth above the upper: false PASS at it |",
        "|---|---|---|---|---|",
    ]
    known = rows[rows["low"].notna() & rows["high"].notna() & ~rows["check"].isin(NOT_CENTRED)]
    for (check, moved), part in known.groupby(["check", "moved"], sort=False):
        truth = _means(part) if moved else pd.Series(NOTHING.get(str(check).split(":")[0], 0.0), part.index)
        below, above = (truth < part["low"]).mean(), (truth > part["high"]).mean()
        lines.append(f"| `{check}` | {'yes' if moved else 'no'} | {len(part):,} | {below:.3f} | {above:.3f} |")
    return "\n".join(lines)


def _means(part: pd.DataFrame) -> pd.Series[float]:
    """What is measured on average in each cell; a split lies nearer to a mean that it is part of, which is undone."""
    by_cell = part.groupby(["kind", "columns", "rows"])["effect"]
    n = by_cell.transform("count")
    return part["effect"] + (by_cell.transform("mean") - part["effect"]) * np.sqrt(n / (n - 1).clip(lower=1))


def of_verdicts(rows: pd.DataFrame) -> str:
    """What is said of real rows in place of synthetic ones."""
    verdicts = rows[(rows["check"] == "verdict") & ~rows["moved"]]
    shares = verdicts.groupby("rows")["verdict"].value_counts(normalize=True).unstack(fill_value=0)
    shares = shares.reindex(columns=["pass", "warn", "inconclusive", "fail"], fill_value=0)
    lines = ["| real rows against real rows, a side | pass | warn | inconclusive | fail |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {n:,} | {' | '.join(f'{s:.3f}' for s in row)} |" for n, row in shares.iterrows())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=1000, help="real-vs-real splits, and as many with moved rows")
    parser.add_argument("--tables", type=Path, nargs="*", default=[])
    parser.add_argument("--rows", type=int, nargs="*", default=list(ROWS))
    parser.add_argument("--columns", type=int, nargs="*", default=list(COLUMNS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="also write what was found in every split, as a CSV file")
    parser.add_argument("--kept", type=Path, nargs="*", default=[], help="print what earlier runs found, judge nothing")
    parser.add_argument("--write", type=Path, help="put the tables between the marks of this file")
    args = parser.parse_args()
    rows = pd.concat(map(pd.read_csv, args.kept)) if args.kept else judged(args)
    if args.keep:
        rows.to_csv(args.keep, index=False)
    text = [of_p_values(rows), of_limits(rows), of_verdicts(rows), f"{run_of('judge_calibration.py')}."]
    show("\n\n".join(text), args.write, "calibration")


def judged(args: argparse.Namespace) -> pd.DataFrame:
    """Judge every split of every cell: a row for each check."""
    laws: dict[str, Draw] = {"gaussian": gaussian, "heavy": heavy, "counts": counts, "mixed": mixed}
    laws |= {path.name.split(".")[0]: of_table(read_table(path)) for path in args.tables}
    cells = [Cell(*cell, moved=False) for cell in itertools.product(laws, args.columns, args.rows)]
    tries = -(-args.splits // len(cells))
    runs = [(cell, seed) for seed in range(tries) for cell in cells]
    runs += [(cell._replace(moved=True), seed) for seed in range(tries) for cell in cells]
    found = Parallel(args.jobs)(
        delayed(lambda c, s: list(judge(c, laws[c.kind], s)))(cell, seed) for cell, seed in runs
    )
    return pd.DataFrame(itertools.chain.from_iterable(found))


if __name__ == "__main__":
    main()
