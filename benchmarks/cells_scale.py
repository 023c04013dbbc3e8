"""What CellGAN costs on many cells: memory beyond imports, seconds to learn, cells drawn a second.

    python benchmarks/cells_scale.py [--cells 10000 68000] [--genes 2000] [--draws 20000]

Simulated sparse counts of ten types in a file, opened backed; each size in a process of its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
from printing import run_of
from scipy import sparse

TYPES = 10
CHUNK = 2000


def simulate(n: int, p: int, file: Path) -> None:
    """Write cells of ten types around log-normal rates of five factors; 900 counts each."""
    rng = np.random.default_rng(0)
    base = rng.gamma(0.3, 1.0, (1, p)) * rng.lognormal(0, 0.7, (TYPES, p)) + 1e-4
    loadings, kind, parts = 0.3 * rng.standard_normal((5, p)), rng.integers(TYPES, size=n), []
    for start in range(0, n, CHUNK):
        of = kind[start : start + CHUNK]
        rates = base[of] * np.exp(rng.standard_normal((len(of), 5)) @ loadings)
        means = rng.lognormal(6.7, 0.4, (len(of), 1)) * rates / rates.sum(axis=1, keepdims=True)
        parts.append(sparse.csr_matrix(rng.poisson(means).astype(np.float32)))
    obs = pd.DataFrame({"type": pd.Categorical(kind.astype(str))}, index=[str(i) for i in range(n)])
    anndata.AnnData(sparse.vstack(parts, "csr"), obs=obs).write_h5ad(file)


def measure(file: Path, draws: int) -> None:
    """Learn and draw, and print one line of the table."""
    import ganaug
    import ganaug.models.cells

    before = _mebibytes()
    adata = anndata.read_h5ad(file, backed="r")
    begun = time.perf_counter()
    model = ganaug.CellGAN(random_state=0).fit(adata, "type")
    learned = time.perf_counter() - begun
    memory = _mebibytes() - before
    begun = time.perf_counter()
    model.sample(draws)
    rate = draws / (time.perf_counter() - begun)
    shape = f"{adata.n_obs:,} x {adata.n_vars:,}"
    print(f"| {shape} | {sum(model.n_learned_.values()):,} | {learned:.0f} | {memory:,.0f} | {rate:,.0f} |", flush=True)


def _mebibytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, nargs="*", default=[10_000, 68_000])
    parser.add_argument("--genes", type=int, default=2000)
    parser.add_argument("--draws", type=int, default=20_000)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.file:
        measure(args.file, args.draws)
        return
    print("| cells x genes | learned from | seconds to learn | MiB beyond imports | cells drawn a second |")
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for n in args.cells:
            file = Path(folder) / f"{n}.h5ad"
            # a process begins with the peak of the one that started it: what is simulated must not be in this one
            simulated = multiprocessing.get_context("spawn").Process(target=simulate, args=(n, args.genes, file))
            simulated.start()
            simulated.join()
            subprocess.run([sys.executable, __file__, "--file", file, "--draws", str(args.draws)], check=True)
    print(f"\n{run_of('cells_scale.py')}.")


if __name__ == "__main__":
    main()
