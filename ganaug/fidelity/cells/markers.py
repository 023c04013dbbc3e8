"""What genes tell together: marker genes' correlations within types, and fold changes between types."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_selection import f_classif

from ganaug.fidelity.cells.blocks import Blocks, Compared, block_sums, compare
from ganaug.fidelity.cells.deciding import SILENT, agrees, decided, lost, unmeasured
from ganaug.fidelity.cells.evidence import Cells, Side
from ganaug.fidelity.cells.genes import agreement
from ganaug.fidelity.cells.space import variable_genes
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.wording import short

__all__ = ["correlations", "fold_changes", "fold_slope", "marker_genes"]

Floats = NDArray[np.float64]

N_CORRELATED = 50
FOLD_GENES = 1000
MARKERS_OF_TYPE = 20


def correlations(cells: Cells, blocks: Blocks, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Part of the agreement of marker genes' correlations with each other, within types, that is lost.

    Log-normalised, of at most fifty genes, each less the mean of its type; over pairs of genes. What fresh real cells
    agree to is known from halves of the real ones (`compare`).
    """
    genes = marker_genes(cells)
    if len(genes) < 3:
        return unmeasured("correlations", rule, "fewer than three genes vary: there is nothing to correlate")
    sums = [
        _products(_within(side, genes, cells.types), block)
        for side, block in ((cells.real, blocks.real), (cells.synthetic, blocks.synthetic))
    ]
    compared = compare(sums, blocks.half, partial(_alike, len(genes)), rng)
    names = [cells.genes[j] for j in genes]
    where = "within types, " if cells.types else ""
    return lost("correlations", compared, rule, f"{where}correlations of marker genes", {"genes": names})


def fold_changes(cells: Cells, blocks: Blocks, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Part of the agreement of the markers' log fold changes between types that is lost.

    Log2 of the mean in one type over that in the others, per ten thousand counts and plus 1. The markers are the
    twenty genes that one half of the real cells shows to be most raised in each type, and their fold changes in the
    synthetic cells, and in the other half, are correlated with those.
    """
    if len(cells.types) < 2:
        return unmeasured("fold_changes", rule, "it takes two types with 20 cells or more: no fold change is compared")
    (compared,) = _compared(cells, blocks, ["correlation"], rng)
    return lost("fold_changes", compared, rule, "markers' log fold changes between types", {"types": cells.types})


def fold_slope(cells: Cells, blocks: Blocks, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """How far from 1 the slope of the synthetic cells' log fold changes over the real ones is.

    Least squares would find too small a slope, as fold changes of real cells are noisy too. So one half of the real
    cells serves as an instrument: ``cov(synthetic, half) / cov(other half, half)``, which is 1 for fresh real cells.
    """
    if len(cells.types) < 2:
        return unmeasured("fold_slope", rule, "it takes two types with 20 cells or more: no fold change is compared")
    compared, correlated = _compared(cells, blocks, ["covariance", "correlation"], rng)
    if not agrees(correlated):
        return unmeasured("fold_slope", rule, f"markers' log fold changes between types: {SILENT}")
    slope = compared.synthetic / compared.fresh
    value, low, high = compared.limits(slope, rule.alpha)
    sentence = f"markers' log fold changes are {short(value)} times the real ones"
    towards = np.sign(slope[0] - 1) or 1.0
    details = {"slope": value, "slope_low": low, "slope_high": high}
    return decided("fold_slope", compared, towards * (slope - 1), rule, sentence, "from 1", details)


def marker_genes(cells: Cells, most: int = N_CORRELATED) -> NDArray[np.intp]:
    """Return genes that tell real types apart, the best by analysis of variance; without types, variable ones."""
    if len(cells.types) < 2:
        pooled = [side.logged for side in (cells.real, cells.synthetic)]
        return variable_genes(sparse.vstack(pooled, format="csr"), most)
    labels = cells.labels[0]
    known = np.isin(labels, cells.types)
    expression = cells.real.logged[known]
    seen = np.flatnonzero(np.asarray(expression.getnnz(axis=0)) >= MARKERS_OF_TYPE)
    if not len(seen):
        return seen
    told = np.nan_to_num(f_classif(expression[:, seen], labels[known])[0], nan=0.0, posinf=0.0)
    return np.sort(seen[np.argsort(-told, kind="stable")[:most]])


def _within(side: Side, genes: NDArray[np.intp], types: list[str]) -> Floats:
    """Expression less the mean of the type ``(n_cells, n_genes)``; cells of other types are zero throughout."""
    values = np.asarray(side.logged[:, genes].toarray(), dtype=np.float64)
    if side.labels is None or not types:
        return values
    left = np.zeros_like(values)
    for name in types:
        here = side.labels == name
        left[here] = values[here] - values[here].mean(axis=0)
    return left


def _products(values: Floats, block: NDArray[np.intp]) -> Floats:
    """Sums of the values and of their products in each block ``(n_blocks, 1 + n_genes + n_genes**2)``."""
    products = [(part.T @ part).ravel() for k in range(block.max() + 1) for part in [values[block == k]]]
    return np.column_stack([block_sums(values, block), np.array(products)])


def _alike(n_genes: int, a: Floats, b: Floats) -> Floats:
    pairs = np.triu_indices(n_genes, 1)
    return agreement(*(_correlation(sums, n_genes)[:, pairs[0], pairs[1]] for sums in (a, b)))


def _correlation(sums: Floats, n_genes: int) -> Floats:
    n, mean = sums[:, :1], sums[:, 1 : 1 + n_genes] / sums[:, :1]
    covariance = (sums[:, 1 + n_genes :] / n).reshape(-1, n_genes, n_genes) - mean[:, :, None] * mean[:, None, :]
    spread = np.sqrt(np.maximum(np.einsum("nii->ni", covariance), 0))
    size = spread[:, :, None] * spread[:, None, :]
    return np.asarray(np.divide(covariance, size, out=np.zeros_like(covariance), where=size > 1e-12))


def _compared(cells: Cells, blocks: Blocks, by: Sequence[str], rng: np.random.Generator) -> list[Compared]:
    genes = variable_genes(cells.real.logged, FOLD_GENES)
    sums = [
        _sums_of_types(side, genes, cells.types, block)
        for side, block in ((cells.real, blocks.real), (cells.synthetic, blocks.synthetic))
    ]
    return [compare(sums, blocks.half, partial(_folds_alike, len(cells.types), what), rng) for what in by]


def _sums_of_types(side: Side, genes: NDArray[np.intp], types: list[str], block: NDArray[np.intp]) -> Floats:
    """Cells and sums of each type in each block ``(n_blocks, n_types * (1 + n_genes))``."""
    values, labels, parts = side.logged[:, genes].expm1(), np.asarray(side.labels), []
    for name in types:
        here: NDArray[np.bool_] = np.asarray(np.equal(labels, name), dtype=bool)
        some = block_sums(sparse.diags(here.astype(float)) @ values, block)
        some[:, 0] = np.bincount(block[here & (block >= 0)], minlength=len(some))
        parts.append(some)
    return np.column_stack(parts)


def _folds_alike(n_types: int, what: str, a: Floats, b: Floats) -> Floats:
    reference, other = (_log_folds(sums, n_types) for sums in (a, b))
    n_genes = reference.shape[2]
    top = min(MARKERS_OF_TYPE, n_genes)
    least = np.partition(reference, n_genes - top, axis=2)[:, :, n_genes - top, None]
    chosen = np.any(reference >= least, axis=1, keepdims=True)  # (n, 1, n_genes)
    weight = np.broadcast_to(chosen, reference.shape).reshape(len(a), -1).astype(float)
    weight /= weight.sum(axis=1, keepdims=True)
    x, y = (each.reshape(len(a), -1) for each in (reference, other))
    x, y = (each - (weight * each).sum(axis=1, keepdims=True) for each in (x, y))
    covariance = (weight * x * y).sum(axis=1)
    if what == "covariance":
        return np.asarray(covariance)
    return np.asarray(
        covariance / np.sqrt(np.maximum((weight * x**2).sum(axis=1) * (weight * y**2).sum(axis=1), 1e-24))
    )


def _log_folds(sums: Floats, n_types: int) -> Floats:
    """Log2 fold change of each gene in each type ``(n, n_types, n_genes)``."""
    parts = sums.reshape(len(sums), n_types, -1)
    n, total = parts[:, :, :1], parts[:, :, 1:]
    inside = total / np.maximum(n, 1)
    outside = (total.sum(axis=1, keepdims=True) - total) / np.maximum(n.sum(axis=1, keepdims=True) - n, 1)
    return np.asarray(np.log2((inside + 1) / (outside + 1)))
