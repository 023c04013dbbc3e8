"""CellGAN beside other ways to make cells, judged by cells that were held out, in one run.

    python benchmarks/cells.py kang.h5ad embryo.h5ad --label cell_type --batch batch
    python benchmarks/cells.py kang.h5ad --only CellGAN,copula --trees 100 --json out.json

Files hold raw counts in X. Of each, the 2,000 most variable genes and the types of at least 20 cells are taken; 65 % of
the cells of every type are learned from, and as many are made as are left, in several draws of which the mean is
taken. The first row is the floor: other real cells, drawn from the training ones (against which nothing here is fitted
before it is judged), and for the copies one half of the held-out cells beside the other. What is not installed is said
and left out. With --write docs/cells.md the table is put between the marks ``cells``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from pathlib import Path

import anndata
import numpy as np
import numpy.typing as npt
import pandas as pd
import scanpy as sc
from cell_measures import COLUMNS, LEGEND, copies, likeness
from cell_peers import METHODS, Cells, Make, missing
from printing import run_of, show
from scipy import sparse
from sklearn.model_selection import train_test_split

from ganaug.data.checks import nearest
from ganaug.data.counts import checked_counts

FEWEST = 20  # cells of a type
TRAINED = 0.65
REAL = "other real cells"

Row = dict[str, float]


def read(file: Path, label: str, batch: str | None, genes: int) -> Cells:
    adata = anndata.read_h5ad(file)
    for key in filter(None, [label, batch]):
        if key not in adata.obs:
            raise SystemExit(f"{file} has no column {key!r} in obs{nearest(key, adata.obs)}")
    kind = adata.obs[label].astype(str)
    adata = adata[kind.map(kind.value_counts()) >= FEWEST]
    counts = checked_counts(adata.X, list(adata.var_names))
    counts = counts[:, variable_genes(counts, genes)]
    cells = Cells(
        counts, adata.obs[label].astype(str).to_numpy(), adata.obs[batch].astype(str).to_numpy() if batch else None
    )
    return cells.take(np.asarray(counts.sum(axis=1)).ravel() > 0)


def variable_genes(counts: sparse.csr_matrix, most: int) -> npt.NDArray[np.intp]:
    """The genes that vary most, in their order; all of them, where they are no more than that."""
    if counts.shape[1] <= most:
        return np.arange(counts.shape[1])
    counted = anndata.AnnData(counts)
    # by Pearson residuals (doi:10.1186/s13059-021-02451-7): of the ways without another package the one for counts
    sc.experimental.pp.highly_variable_genes(counted, n_top_genes=most)
    return np.flatnonzero(counted.var["highly_variable"])


def compared(cells: Cells, methods: dict[str, Make], draws: int, trees: int, jobs: int, seed: int) -> dict[str, Row]:
    """A row for each method, and for real cells."""
    rows = train_test_split(np.arange(len(cells.label)), train_size=TRAINED, stratify=cells.label, random_state=seed)
    train, held_out = (cells.take(part) for part in rows)
    wanted = {str(name): int(n) for name, n in pd.Series(held_out.label).value_counts().items()}
    rng = np.random.default_rng(seed)
    halves = (held_out.take(part) for part in np.array_split(rng.permutation(len(held_out.label)), 2))
    other = train.take(train.like(wanted, rng))
    found = {REAL: likeness(train, held_out, other, trees, jobs, seed) | copies(train, *halves, seed)}
    _say(REAL, found[REAL])
    for name, make in methods.items():
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("default" if name == "CellGAN" else "ignore")  # not ours to mend
            made = make(train, {kind: draws * n for kind, n in wanted.items()}, seed)
        seconds = {"seconds": time.perf_counter() - start}
        rows_of_draws = [
            likeness(train, held_out, draw, trees, jobs, seed + k) | copies(train, held_out, draw, seed + k)
            for k, draw in enumerate(dealt(made, draws))
        ]
        found[name] = pd.DataFrame(rows_of_draws).mean().to_dict() | seconds
        _say(name, found[name])
    return found


def dealt(made: Cells, draws: int) -> list[Cells]:
    """Cells dealt into draws that hold as many of every type each."""
    draw = pd.Series(made.label).groupby(made.label).cumcount() % draws
    return [made.take(np.flatnonzero(draw == k)) for k in range(draws)]


def mean_ranks(rows: dict[str, Row]) -> pd.Series:
    """Rank of each method among the others, over all columns."""
    made = pd.DataFrame(rows).T.drop(index=REAL)
    ranked = {name: made[name].map(column.off) for name, column in COLUMNS.items() if column.off is not None}
    return pd.DataFrame(ranked).rank().mean(axis=1)


def table(results: dict[str, dict[str, Row]]) -> str:
    titles = [column.title for column in COLUMNS.values()]
    lines = [f"| cells | method | {' | '.join(titles)} | mean rank |", f"|---|---|{'---|' * (len(titles) + 1)}"]
    for file, rows in results.items():
        rank = mean_ranks(rows)
        for name, row in rows.items():
            cells = [f"{row[key]:{column.form}}" if key in row else "" for key, column in COLUMNS.items()]
            lines.append(f"| {file} | {name} | {' | '.join(cells)} | {f'{rank[name]:.2f}' if name in rank else ''} |")
    return "\n".join(lines)


def _say(name: str, row: Row) -> None:
    print(name, {key: round(value, 4) for key, value in row.items()}, file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", help="h5ad, raw counts in X")
    parser.add_argument("--label", default="cell_type")
    parser.add_argument("--batch", help="column of the batches, for those who take them")
    parser.add_argument("--only", help=f"some of {','.join(METHODS)}")
    parser.add_argument("--genes", type=int, default=2000)
    parser.add_argument("--draws", type=int, default=3, help="mean of so many")
    parser.add_argument("--trees", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=-1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write the numbers here too")
    parser.add_argument("--write", type=Path, help="put the table between the marks of this file")
    args = parser.parse_args()
    names = args.only.split(",") if args.only else list(METHODS)
    for name in names:
        if name not in METHODS:
            parser.error(f"there is no method {name!r}{nearest(name, METHODS)}")
    left_out = {name: why for name in names if (why := missing(name))}
    methods = {name: METHODS[name] for name in names if name not in left_out}
    results = {}
    for file in args.files:
        print(file, file=sys.stderr, flush=True)
        cells = read(file, args.label, args.batch, args.genes)
        results[file.stem] = compared(cells, methods, args.draws, args.trees, args.jobs, args.seed)
    if args.json:
        args.json.write_text(json.dumps(results, indent=2))
    notes = [f"{name} is left out: {why}." for name, why in left_out.items()]
    show("\n\n".join([table(results), LEGEND, *notes, f"{run_of('cells.py')}."]), args.write, "cells")


if __name__ == "__main__":
    main()
