"""ganaug beside its own stages, SMOTE, CTGAN and TVAE, on any tables, in one run.

    python benchmarks/tabular.py data1.csv:target data2.csv:target --budget 120
    python benchmarks/tabular.py data.csv:target --only ganaug,smote --rows 5000 --seed 0 --json out.json

Needs the extra `bench` (``pip install ".[bench]"``; of it, ctgan is under the Business Source License). Each method
learns four fifths of the rows and draws as many; `judge.py` compares these with the last fifth. Columns that ganaug
does not learn (identifiers, constants, free text) are dropped for all methods.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from judge import score
from peers import Draw, PlainTable, fit_ctgan, fit_smote

from ganaug import TabularGAN
from ganaug.benchmark import METHODS
from ganaug.data.checks import nearest
from ganaug.data.files import read_table
from ganaug.data.schema import Schema
from ganaug.data.split import folds
from ganaug.data.table import TableCodec
from ganaug.errors import DataError, GanaugError

MOST_CLASSES = 20  # a whole number with at most so many values is a class to be predicted
DRAWN = 10_000  # rows at least, to time the drawing
PACKAGES = ("ganaug", "torch", "scikit-learn", "pandas", "numpy", "lightgbm", "imbalanced-learn", "ctgan")
COLUMNS = {
    "auc": ("AUC", ".3f"),
    "auc_on_grid": ("AUC on grid", ".3f"),
    "gap": ("gap", ".3f"),
    "near_train": ("near copies", ".3f"),
    "copies": ("exact copies", ".3f"),
    "coverage": ("coverage", ".3f"),
    "fit_seconds": ("fit s", ".1f"),
    "rows_per_second": ("rows/s", ",.0f"),
    "note": ("note", ""),
}
LEGEND = """\
AUC: LightGBM between held-out real rows and as many synthetic ones, five-fold; .5 is best. On grid: the same after
every number was moved to the nearest one observed. Gap: LightGBM's score on held-out rows (ROC AUC of classes, R² of
numbers) when it learned from real rows, less that when it learned from synthetic ones; 0 is best. Near copies: share
of rows as near to training rows as if they were copies; 0 none, 1 all. Exact copies: share of rows equal to a training
row, less that of held-out rows. Coverage: share of held-out rows with a synthetic row within the distance of their
fifth neighbour. A method has the budget to learn in; note: the stages that were kept, or the epochs it got through."""


class Task:
    """One table, split: what is learned, what is held out, and how rows become numbers."""

    def __init__(self, source: str, rows: int | None, seed: int) -> None:
        path, _, target = source.rpartition(":") if ":" in source else (source, "", "")
        df, self.target, self.name = read_table(path), target or None, Path(path).name
        if self.target is not None and self.target not in df:
            raise DataError(f"{path} has no column {target!r}{nearest(target, df.columns)}")
        if rows is not None and rows < len(df):
            df = df.sample(rows, random_state=seed, ignore_index=True)
        known = Schema.infer(df, target=self.target)
        if self.target is not None and df[self.target].nunique() <= MOST_CLASSES:
            known = known.override({"columns": {target: {"kind": "category"}}})
        self.schema = replace(known, columns=known.learned)
        df = df[self.schema.names]
        held_out = folds(df, 5, target=self.target, random_state=seed) == 0
        self.train, self.held_out = (df[side].reset_index(drop=True) for side in (~held_out, held_out))
        self.codec, self.seed = TableCodec(self.schema).fit(self.train), seed

    @property
    def plain(self) -> PlainTable:
        """The training rows for other packages."""
        return PlainTable(self.codec, self.codec.codes(self.train))


def fit_ganaug(task: Task, budget: float, settings: dict[str, Any]) -> tuple[Draw, str]:
    model = TabularGAN(
        target=task.target, time_budget=budget, schema=task.schema, random_state=task.seed, **settings
    ).fit(task.train)
    kept = [stage["stage"] for stage in model.stages_ if stage.get("kept")]
    return model.sample, "; ".join(kept)


def fit_smote_of(task: Task) -> tuple[Draw, str] | None:
    place = None if task.target is None else task.codec.names.index(task.target)
    return None if place is None or task.codec.ordered[place] else fit_smote(task.plain, place, task.seed)


def methods(budget: float) -> dict[str, Callable[[Task], tuple[Draw, str] | None]]:
    """What is compared, by the names that --only takes; None where a method does not apply."""
    own = {slug(name): lambda task, s=settings: fit_ganaug(task, budget, s) for name, settings in METHODS.items()}
    peers = {
        name.lower(): lambda task, n=name: fit_ctgan(n, task.plain, budget, task.seed) for name in ("CTGAN", "TVAE")
    }
    return {"real-rows-again": lambda task: (lambda n: task.train, ""), **own, "smote": fit_smote_of, **peers}


def slug(name: str) -> str:
    return name.replace(" + ", "+").replace(" ", "-").lower()


def measure(task: Task, name: str, fit: Callable[[Task], tuple[Draw, str] | None]) -> dict[str, Any]:
    """Fit, draw and judge one method; a dash for what cannot be had."""
    begun = time.perf_counter()
    try:
        fitted = fit(task)
    except (GanaugError, ImportError) as error:  # the others are still worth their hours
        return {"method": name, "note": str(error)}
    if fitted is None:
        return {"method": name, "note": "needs classes"}
    draw, note = fitted
    seconds = time.perf_counter() - begun
    begun = time.perf_counter()
    rows = draw(max(DRAWN, len(task.train)))
    drawing = time.perf_counter() - begun
    # SMOTE and the real rows have no generator to draw from: their rows are what they are
    timed = {} if name in {"smote", "real-rows-again"} else {"rows_per_second": len(rows) / drawing}
    shown = rows.sample(min(len(rows), len(task.train)), random_state=task.seed, ignore_index=True)
    scores = score(task.train, task.held_out, shown, task.codec, task.target, task.seed)
    fit_seconds = {} if name == "real-rows-again" else {"fit_seconds": seconds}
    return {"method": name, **scores, **fit_seconds, **timed, "note": note}


def markdown(results: list[dict[str, Any]]) -> str:
    """Write the scores of one table."""
    lines = [
        "| method | " + " | ".join(title for title, _ in COLUMNS.values()) + " |",
        "|---" * (len(COLUMNS) + 1) + "|",
    ]
    for row in results:
        cells = [
            format(row[key], form) if row.get(key) not in (None, "") else "-" for key, (_, form) in COLUMNS.items()
        ]
        lines.append(f"| {row['method']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    installed = {package.name: package.version for package in distributions()}
    versions = {name: installed[name] for name in PACKAGES if name in installed}
    where = {"platform": platform.platform(), "cores": os.cpu_count(), "threads": os.environ.get("OMP_NUM_THREADS")}
    return {"date": date.today().isoformat(), **where, "python": platform.python_version(), **versions}  # noqa: DTZ011


def parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="ganaug beside its stages and other generators, on any tables")
    parser.add_argument("tables", nargs="+", metavar="FILE[:TARGET]", help="a table, and the column to predict")
    parser.add_argument("--budget", type=float, default=120.0, help="seconds to learn in, for each method (120)")
    parser.add_argument("--only", help=f"methods, by comma: {', '.join(methods(0))}")
    parser.add_argument("--rows", type=int, help="rows of each table, drawn at random; all by default")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write everything to this file, too")
    options = parser.parse_args(argv)
    options.methods = [slug(name.strip()) for name in options.only.split(",")] if options.only else list(methods(0))
    if options.json and not options.json.absolute().parent.is_dir():
        parser.error(f"there is no folder {options.json.parent}")
    for name in options.methods:
        if name not in methods(0):
            parser.error(f"there is no method {name!r}{nearest(name, methods(0))}")
    return options


def main(argv: list[str]) -> None:
    options = parse(argv)
    known, about = (
        methods(options.budget),
        {"command": shlex.join(["python", "benchmarks/tabular.py", *argv]), **machine()},
    )
    tables = {}
    for source in options.tables:
        task = Task(source, options.rows, options.seed)
        results = []
        for name in options.methods:
            print(f"{task.name}: {name}", file=sys.stderr, flush=True)
            results.append(measure(task, name, known[name]))
        tables[task.name] = results
        print(f"\n**{task.name}**: {len(task.train):,} rows learned, {len(task.held_out):,} held out,", end=" ")
        print(f"{len(task.codec.names)} columns, target {task.target or 'none'}\n\n{markdown(results)}", flush=True)
    said = ", ".join(f"{key} {value}" for key, value in about.items() if key != "command")
    print(f"\n{LEGEND}\n\n`{about['command']}`\\\n{said}")
    if options.json:
        options.json.write_text(json.dumps({"about": about, "tables": tables}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except GanaugError as error:
        sys.exit(f"error: {error}")
