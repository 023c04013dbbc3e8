"""Tools for AnnData: synthetic cells, judged by real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ganaug.counted import read_sides
from ganaug.fidelity.cells.copying import judge_copying, judge_mmd
from ganaug.fidelity.cells.evidence import Cells, Side, digest
from ganaug.fidelity.cells.judging import MARGINS, judge_cells
from ganaug.fidelity.cells.space import Components, pooled_components
from ganaug.fidelity.checker import FidelityChecker
from ganaug.fidelity.checks import CHECKS
from ganaug.fidelity.evidence.gathering import Fold
from ganaug.fidelity.notes import NO_COPYING, said_aloud
from ganaug.fidelity.report import FidelityReport
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.fidelity.verdict import overall
from ganaug.seeding import RandomState, Seeds

if TYPE_CHECKING:
    from anndata import AnnData

__all__ = ["fidelity"]

# of components these say nothing: they are never missing, and have no decimals or range of their own
OF_MEASURED_COLUMNS = {"validity", "missing", "range"}
N_NAMED = 5


def fidelity(
    real: AnnData,
    synthetic: AnnData,
    *,
    label_key: str | None = None,
    group_key: str | None = None,
    layer: str | None = None,
    train: AnnData | None = None,
    profile: str = "standard",
    random_state: RandomState = 0,
) -> FidelityReport:
    """Judge synthetic cells by real ones that their generator has never seen.

    The verdict rests on the checks of `FidelityChecker` on at most fifty principal components of log-normalised,
    variable genes, fitted on the held-out and the synthetic cells together, and on the types. Beside them checks of
    the counts themselves flag what components do not show: ``library``, ``means``, ``variances``, ``zeros``,
    ``correlations`` of marker genes, and with types ``fold_changes`` and ``fold_slope``.

    Parameters
    ----------
    real : AnnData, shape (n_real, n_genes)
        Held-out cells, with raw counts in X or in `layer`.
    synthetic : AnnData, shape (n_synthetic, n_genes)
        The same genes in any order. Two to five times as many cells as are held out make the limits narrower.
    label_key : str, optional
        Column of `obs` with the types.
    group_key : str, optional
        Column of `obs` with the donors: cells of a donor are not independent, so donors are what counts.
    layer : str, optional
        The layer with the counts, instead of X.
    train : AnnData, optional
        The cells that the generator learned from; without them copying is not looked for.
    profile : {"strict", "standard", "lenient", "share", "augment"}
        The margins.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        Same seed, same report.

    Returns
    -------
    FidelityReport
        ``report.verdict``, ``report.headline``, ``report["c2st"]``, ``report.to_html()``, ...

    Raises
    ------
    DataError
        If there are no raw counts, the genes are not the same, or a key is not there.

    Examples
    --------
    >>> import anndata
    >>> rng = np.random.default_rng(0)
    >>> def draw(n):
    ...     return anndata.AnnData(1.0 + rng.poisson(rng.gamma(2.0, size=(n, 1)) * np.linspace(0.1, 3, 40)))
    >>> fidelity(draw(300), draw(300)).verdict
    <Verdict.PASS: 'pass'>
    """
    seeds, genes = Seeds(random_state), [str(name) for name in real.var_names]
    keys = [key for key in (label_key, group_key) if key is not None]
    sides = {"real": real, "synthetic": synthetic} | ({} if train is None else {"train": train})
    read = read_sides(sides, layer=layer, label_key=label_key, group_key=group_key)
    judged, space = _table([read["real"], read["synthetic"]], keys, seeds)
    checker = FidelityChecker(profile=profile, target=label_key, group=group_key, random_state=seeds.root)
    judged_fold: Fold = judged[0], judged[1], None
    report = checker.check(*judged_fold)
    # those that were learned from are looked at below, if there is anything to be said
    notes = tuple(note for note in report.notes if train is None or note != NO_COPYING)
    checks = list(report.checks)
    if report["rows"].verdict is Verdict.PASS:
        mmd = judge_mmd(judged_fold, profile, seeds, target=label_key, group=group_key)
        checks = [mmd if check.name == "mmd" else check for check in checks]
        if train is not None:
            (held_out, drawn, *learned), _ = _table([*read.values()], keys, seeds)
            fold: Fold = held_out, drawn, learned[0]
            evidence, copying = judge_copying(fold, profile, seeds, target=label_key, group=group_key)
            checks = sorted([*checks, *copying], key=lambda check: [*CHECKS].index(check.name))
            notes = said_aloud(evidence, checks, target=label_key)
        checks += judge_cells(Cells(read["real"], read["synthetic"], genes), profile, seeds)
    checks = [check for check in checks if check.name not in OF_MEASURED_COLUMNS or check.verdict is Verdict.FAIL]
    roles = {"real": "held_out"}
    return replace(
        report,
        verdict=overall(checks),
        checks=tuple(checks),
        hashes={roles.get(role, role): digest(side, genes) for role, side in read.items()},
        notes=(*notes, *_said(report, checks, space, genes)),
        provenance={
            "margins": report.provenance["margins"] | MARGINS[profile],
            "folds": 1,
            "genes": len(genes),
            "components": len(space.loadings),
        },
    ).told_of("cells")


def _table(sides: Sequence[Side], keys: Sequence[str], seeds: Seeds) -> tuple[list[pd.DataFrame], Components]:
    """Return components of all sides together, and the columns of `obs`, as one table for each."""
    space = pooled_components([side.logged for side in sides], seeds.integer("components"))
    tables = []
    for points, side in zip(space.parts, sides, strict=True):
        table = pd.DataFrame(points, columns=[f"PC{k + 1}" for k in range(points.shape[1])])
        known = [column for column in (side.labels, side.groups) if column is not None]
        tables.append(table.assign(**{key: pd.Categorical(column) for key, column in zip(keys, known, strict=True)}))
    return tables, space


def _said(report: FidelityReport, checks: Sequence[CheckResult], space: Components, genes: Sequence[str]) -> list[str]:
    said = [
        f"Judged are {len(space.loadings)} principal components of {len(space.genes):,} log-normalised genes, fitted "
        "on the held-out and the synthetic cells together; checks of the counts themselves only flag."
    ]
    column = str(report.why.get("column", ""))
    if column.startswith("PC"):
        weights = np.abs(space.loadings[int(column[2:]) - 1])
        named = ", ".join(f"`{genes[space.genes[j]]}`" for j in np.argsort(-weights, kind="stable")[:N_NAMED])
        said.append(f"`{column}` is made mostly of {named}.")
    return said
