"""Each gene on its own: its mean, its variance, and how often it is not seen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ganaug.fidelity.cells.blocks import Blocks, block_sums, compare
from ganaug.fidelity.cells.deciding import lost
from ganaug.fidelity.cells.evidence import Cells
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.rule import Rule

__all__ = ["agreement", "concordance", "means", "variances", "zeros"]

Floats = NDArray[np.float64]

# a gene that hardly any cell has is noise
LEAST_SHARE = 0.01
FEWEST_CELLS = 10


def means(cells: Cells, blocks: Blocks, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Part of the agreement of mean counts, over genes and on the log scale, that is lost.

    Agreement is Lin's concordance (1989, doi:10.2307/2532051): a correlation that a common factor lowers as well.
    What fresh real cells agree to is known from halves of the real ones (`compare`).
    """
    return _check("means", "mean counts of genes", lambda x: x, _log_means, cells, blocks, rule, rng)


def variances(cells: Cells, blocks: Blocks, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Part of the agreement of the genes' variances, on the log scale, that is lost; see `means`."""

    def powers(x: Any) -> Any:
        return sparse.hstack([x, x.multiply(x)], format="csr")

    return _check("variances", "variances of genes", powers, _log_variances, cells, blocks, rule, rng)


def zeros(cells: Cells, blocks: Blocks, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Part of the agreement of shares of cells without a count of a gene, as log odds, that is lost; see `means`."""
    return _check("zeros", "shares of zeros of genes", lambda x: x.sign(), _log_odds, cells, blocks, rule, rng)


def concordance(a: Floats, b: Floats) -> Floats:
    """Lin's concordance of each row of `a` with that of `b` ``(n, p)``: 1 where they are equal.

    Examples
    --------
    >>> a = np.array([[1.0, 2.0, 3.0]])
    >>> concordance(a, a).round(2).tolist(), concordance(a, a + 1).round(2).tolist()
    ([1.0], [0.57])
    """
    return _shared(a, b, (a.mean(axis=-1) - b.mean(axis=-1)) ** 2)


def agreement(a: Floats, b: Floats) -> Floats:
    """Pearson's correlation of each row of `a` with that of `b` ``(n, p)``; 0 for a constant."""
    a, b = (each - each.mean(axis=-1, keepdims=True) for each in (a, b))
    size = np.sqrt((a**2).mean(axis=-1) * (b**2).mean(axis=-1))
    return np.asarray((a * b).mean(axis=-1) / np.maximum(size, 1e-12))


def _shared(a: Floats, b: Floats, apart: Floats) -> Floats:
    covariance = ((a - a.mean(axis=-1, keepdims=True)) * (b - b.mean(axis=-1, keepdims=True))).mean(axis=-1)
    return np.asarray(2 * covariance / np.maximum(a.var(axis=-1) + b.var(axis=-1) + apart, 1e-12))


def _check(
    name: str,
    what: str,
    values_of: Callable[[Any], Any],
    curve: Callable[[Floats], Floats],
    cells: Cells,
    blocks: Blocks,
    rule: Rule,
    rng: np.random.Generator,
) -> CheckResult:
    seen = sum(np.asarray(side.counts.getnnz(axis=0)) for side in (cells.real, cells.synthetic))
    n = len(cells.real) + len(cells.synthetic)
    genes = np.flatnonzero(seen >= max(FEWEST_CELLS, LEAST_SHARE * n))
    sums = [
        block_sums(values_of(side.counts[:, genes].astype(np.float64)), block)
        for side, block in ((cells.real, blocks.real), (cells.synthetic, blocks.synthetic))
    ]
    scores = {score: partial(_score, curve, score) for score in (concordance, agreement)}
    state = rng.bit_generator.state
    compared = compare(sums, blocks.half, scores[concordance], rng)
    rng.bit_generator.state = state  # the same halves
    pearson = compare(sums, blocks.half, scores[agreement], rng)
    found = {"synthetic": float(pearson.synthetic[0]), "fresh": float(pearson.fresh[0])}
    return lost(name, compared, rule, what, {"genes": len(genes), "correlation": found})


def _score(
    curve: Callable[[Floats], Floats], score: Callable[[Floats, Floats], Floats], a: Floats, b: Floats
) -> Floats:
    return score(curve(a), curve(b))


def _log_means(sums: Floats) -> Floats:
    n, total = sums[:, :1], sums[:, 1:]
    return np.asarray(np.log((total + 0.5) / (n + 1)))


def _log_variances(sums: Floats) -> Floats:
    n, (total, squares) = sums[:, :1], np.split(sums[:, 1:], 2, axis=1)
    variance = np.maximum(squares / n - (total / n) ** 2, 0)
    return np.asarray(np.log(variance + 0.5 / n))


def _log_odds(sums: Floats) -> Floats:
    n, seen = sums[:, :1], sums[:, 1:]
    return np.asarray(np.log((n - seen + 0.5) / (seen + 0.5)))
