"""What the maximum mean discrepancy costs: seconds and peak memory over the rows of either side.

``python benchmarks/mmd.py [rows ...]``; each size runs in a process of its own, on 15 columns: eleven numbers, one of
them with gaps, and four categories. Up to 4,000 rows in all the kernels are exact, above that they are features.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from ganaug.fidelity.checks.mmd import mmd
from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.rule import Rule

SIZES = (2_000, 10_000, 100_000, 1_000_000)


def table(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    shared = rng.standard_normal((n, 3))
    numbers = (shared @ np.random.default_rng(0).standard_normal((3, 11)) + rng.standard_normal((n, 11))).round(3)
    numbers[rng.random(n) < 0.1, 0] = np.nan
    levels = np.digitize(shared[:, [0, 1, 2, 0]] + rng.standard_normal((n, 4)), np.linspace(-2, 2, 7))
    names = np.array([f"level {k}" for k in range(8)])
    return pd.DataFrame(numbers).add_prefix("x").join(pd.DataFrame(names[levels], dtype="category").add_prefix("c"))


def once(n: int) -> None:
    evidence = gather([(table(n, 1), table(n, 2), None)])
    before, start = _peak(), time.perf_counter()
    result = mmd(evidence, Rule(0.25), np.random.default_rng(0))
    seconds = time.perf_counter() - start
    print(f"{n} {seconds:.2f} {before:.2f} {_peak():.2f} {result.verdict} {result.details['p_equal']:.3f}")


def main(sizes: tuple[int, ...]) -> None:
    print(f"{'rows a side':>12} {'seconds':>8} {'ratio':>6} {'GB before':>10} {'GB peak':>8}  verdict, p of equality")
    last = None
    for n in sizes:
        run = subprocess.run([sys.executable, __file__, "--once", str(n)], capture_output=True, text=True, check=True)
        _, seconds, before, peak, verdict, p = run.stdout.split()
        ratio = f"{float(seconds) / last:.1f}" if last else ""
        print(f"{n:>12,} {seconds:>8} {ratio:>6} {before:>10} {peak:>8}  {verdict}, {p}", flush=True)
        last = float(seconds)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    if sys.argv[1:2] == ["--once"]:
        once(int(sys.argv[2]))
    else:
        main(tuple(int(size) for size in sys.argv[1:]) or SIZES)
