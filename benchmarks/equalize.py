"""What equalising costs, beside other methods, and what each of its ways does.

    python benchmarks/equalize.py speed               # seconds and memory, at the sizes that are promised
    python benchmarks/equalize.py peers               # beside Harmony, ComBat, Scanorama and scVI, in one run
    python benchmarks/equalize.py ablation            # way by way

`speed` runs what is the default, the certificate of harm included; `peers` leaves it out, as the others have none. The
last two simulate 3,000 cells (--cells), or take yours: --file cells.h5ad --batch donor --label type. With --write
docs/equalizing.md a table is put between the marks of its name, such as ``equalize-speed``. Whatever is not installed
is said to be missing. On a machine that is shared, CPU seconds say more than seconds do.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import anndata
import pandas as pd
from batches import counts, markers, measures
from equalizers import METHODS, Method, ablation
from printing import run_of, show

import ganaug
from ganaug import BatchEqualizer

MIB = 2**20


class Clock(NamedTuple):
    """Seconds, and those that the processor worked for this process."""

    seconds: float
    cpu: float

    @classmethod
    def now(cls) -> Clock:
        """Return the time."""
        return cls(time.perf_counter(), time.process_time())

    def since(self) -> Clock:
        """Return what has passed."""
        now = Clock.now()
        return Clock(now.seconds - self.seconds, now.cpu - self.cpu)


class Size(NamedTuple):
    """Data of one size, how it is run (see `RUNS`), and what is promised."""

    make: Callable[[], anndata.AnnData]
    run: str
    goal: str = ""


SIZES = {
    "96,000 x 20": Size(lambda: markers(96_000), "table", "60 s"),
    "10,000 x 2,000, sparse, in a file": Size(lambda: counts(10_000), "cells"),
    "20,000 x 2,000, sparse, in a file": Size(lambda: counts(20_000), "cells", "300 s"),
    "100,000 x 50, transform alone": Size(lambda: markers(100_000, 50), "later rows", "1.0 s"),
}


def table(adata: anndata.AnnData) -> tuple[Clock, str]:
    """Fit and transform what is in memory."""
    X, batch = adata.X[:], adata.obs["batch"].to_numpy()
    start = Clock.now()
    model = BatchEqualizer(random_state=0).fit(X, batch=batch)
    model.transform(X, batch=batch)
    return start.since(), model.way_


def cells(adata: anndata.AnnData) -> tuple[Clock, str]:
    """Equalise what is in a file, the matrix being described and not written."""
    start = Clock.now()
    ganaug.pp.equalize(adata, "batch")
    return start.since(), adata.uns["ganaug"]["way"]


def later_rows(adata: anndata.AnnData) -> tuple[Clock, str]:
    """Transform all rows, once a tenth of them has been learned from."""
    X, batch = adata.X[:], adata.obs["batch"].to_numpy()
    model = BatchEqualizer(random_state=0).fit(X[::10], batch=batch[::10])
    start = Clock.now()
    model.transform(X, batch=batch)
    return start.since(), model.way_


RUNS = {"table": table, "cells": cells, "later rows": later_rows}


def one(run: str, file: str) -> dict[str, float | str]:
    """Measure one run; memory is the peak of this process."""
    adata = anndata.read_h5ad(file, backed="r")
    before = _peak()
    spent, way = RUNS[run](adata)
    memory = {"before": before, "peak": _peak(), "dense": 8 * adata.n_obs * adata.n_vars}
    return {"way": way} | spent._asdict() | memory


def speed() -> str:
    columns = ["rows x features", "way", "seconds", "CPU seconds", "goal", "rows a second", "memory beyond imports"]
    lines = [f"| {' | '.join(columns)} | the matrix, if dense |", f"|{'---|' * (len(columns) + 1)}"]
    for name, size in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            adata = size.make()
            adata.write_h5ad(file := Path(folder) / "cells.h5ad")
            command = [sys.executable, __file__, "one", "--run", size.run, "--file", str(file)]
            # a process of its own, whose peak is then its own
            found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
        rate, memory = adata.n_obs / found["seconds"], (found["peak"] - found["before"]) / MIB
        times = f"{found['seconds']:.1f} | {found['cpu']:.1f} | {size.goal} | {rate:,.0f}"
        sizes = f"{memory:,.0f} MiB | {found['dense'] / MIB:,.0f} MiB"
        lines.append(f"| {name} | {found['way']} | {times} | {sizes} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def compared(methods: Mapping[str, Method], cells: Mapping[str, anndata.AnnData], batch: str, label: str) -> str:
    """Seconds, mixing and what is left of types, for each method on each set of cells."""
    rows = {
        (name, method): row
        for name, adata in cells.items()
        for method, row in _compared(methods, adata, batch, label).items()
    }
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    lines = [f"| cells | method | {' | '.join(columns)} |", f"|---|---|{'---|' * len(columns)}"]
    return "\n".join(
        [*lines, *(f"| {' | '.join([*key, *(row.get(name, '') for name in columns)])} |" for key, row in rows.items())]
    )


def _compared(
    methods: Mapping[str, Method], adata: anndata.AnnData, batch: str, label: str
) -> dict[str, dict[str, str]]:
    codes, kind = (pd.factorize(adata.obs[key])[0] for key in (batch, label))
    rows: dict[str, dict[str, str]] = {}
    for name, method in methods.items():
        if find_spec(method.package) is None:
            rows[name] = {"seconds": f"missing: no {method.package}"}
            continue
        start = Clock.now()
        with warnings.catch_warnings(), contextlib.redirect_stdout(sys.stderr):
            warnings.simplefilter(
                "default" if method.package == "ganaug" else "ignore"
            )  # theirs are not for us to mend
            z = method.run(adata, batch)
        rows[name] = {
            key.replace("cpu", "CPU seconds"): f"{value:.1f}" for key, value in start.since()._asdict().items()
        }
        rows[name] |= {key: f"{value:.3f}" for key, value in measures(z, codes, kind).items()}
        print(name, rows[name], file=sys.stderr, flush=True)
    return rows


def _peak() -> int:
    """Most memory that this process has had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "peers", "ablation", "one"])
    parser.add_argument(
        "--file", type=Path, nargs="+", help="log-normalised cells, with the columns of --batch and --label"
    )
    parser.add_argument("--batch", default="batch")
    parser.add_argument("--label", default="type")
    parser.add_argument("--cells", type=int, default=3000, help="how many to simulate, without --file")
    parser.add_argument("--run", choices=RUNS, help="of one: which")
    parser.add_argument("--write", type=Path, help="put the table between the marks of this file")
    args = parser.parse_args()
    if args.what == "one":
        print(json.dumps(one(args.run, *args.file)))
        return
    if args.what == "speed":
        text = speed()
    else:
        read = {file.stem: anndata.read_h5ad(file) for file in args.file or []}
        methods = METHODS if args.what == "peers" else ablation()
        text = compared(methods, read or {"simulated": counts(args.cells)}, args.batch, args.label)
    show(f"{text}\n\n{run_of('equalize.py')}.", args.write, f"equalize-{args.what}")


if __name__ == "__main__":
    main()
