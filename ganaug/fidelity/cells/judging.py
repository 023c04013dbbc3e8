"""All checks of cells beside those of a table."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from ganaug.fidelity.cells.blocks import Blocks, deal_blocks
from ganaug.fidelity.cells.deciding import unmeasured
from ganaug.fidelity.cells.evidence import Cells
from ganaug.fidelity.cells.genes import means, variances, zeros
from ganaug.fidelity.cells.library import library
from ganaug.fidelity.cells.markers import correlations, fold_changes, fold_slope
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.rule import ALPHA, Rule
from ganaug.seeding import Seeds

__all__ = ["CELL_CHECKS", "MARGINS", "NEED_TYPES", "CellCheck", "judge_cells"]


class CellCheck(Protocol):
    """Measure one effect on the counts, and decide by the rule."""

    def __call__(self, cells: Cells, blocks: Blocks, rule: Rule, rng: np.random.Generator) -> CheckResult:
        """Return what was found."""


# in the order in which they are told
CELL_CHECKS: dict[str, CellCheck] = {
    "library": library,
    "means": means,
    "variances": variances,
    "zeros": zeros,
    "correlations": correlations,
    "fold_changes": fold_changes,
    "fold_slope": fold_slope,
}
NEED_TYPES = {"fold_changes", "fold_slope"}

_STANDARD = {
    "library": 0.15,
    "means": 0.02,
    "variances": 0.03,
    "zeros": 0.02,
    "correlations": 0.25,
    "fold_changes": 0.05,
    "fold_slope": 0.20,
}
# what may be lost of the score of fresh real cells, by profile; of "library" a distance, of "fold_slope" one from 1
MARGINS: dict[str, dict[str, float]] = {
    "strict": {name: margin / 2 for name, margin in _STANDARD.items()},
    "standard": _STANDARD,
    "lenient": {name: 2 * margin for name, margin in _STANDARD.items()},
    "share": _STANDARD,
    "augment": _STANDARD,
}


def judge_cells(cells: Cells, profile: str, seeds: Seeds, alpha: float = ALPHA) -> list[CheckResult]:
    """Measure what principal components do not show: library sizes, genes one by one, markers together.

    Parameters
    ----------
    cells : Cells
        With donors, these are the blocks that are halved and left out in turn.
    profile : str
    seeds : Seeds
    alpha : float
    """
    names = [name for name in CELL_CHECKS if name not in NEED_TYPES or cells.real.labels is not None]
    blocks = deal_blocks(len(cells.real), len(cells.synthetic), seeds.rng("blocks"), cells.groups)
    rules: dict[str, Any] = {name: Rule(MARGINS[profile][name], alpha) for name in names}
    if blocks is None:
        why = "it takes four held-out donors and two synthetic ones" if cells.groups else "there are too few cells"
        return [unmeasured(name, rules[name], f"not compared: {why}") for name in names]
    return [CELL_CHECKS[name](cells, blocks, rules[name], seeds.rng(name)) for name in names]
