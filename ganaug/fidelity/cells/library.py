"""How many counts cells have."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from ganaug.fidelity.cells.blocks import Blocks, block_sums, compare
from ganaug.fidelity.cells.deciding import decided
from ganaug.fidelity.cells.evidence import Cells
from ganaug.fidelity.result import CheckResult
from ganaug.fidelity.rule import Rule
from ganaug.fidelity.wording import short

__all__ = ["library"]

Floats = NDArray[np.float64]

LEVELS = 200


def library(cells: Cells, blocks: Blocks, rule: Rule, rng: np.random.Generator) -> CheckResult:
    """Kolmogorov-Smirnov distance of the library sizes, less what fresh real cells would have (`compare`).

    That of each type, as it is, is among the details.
    """
    sizes = cells.real.library, cells.synthetic.library
    edges = np.unique(np.quantile(np.concatenate(sizes), np.linspace(0, 1, LEVELS + 1)[1:-1]))
    both = zip(sizes, (blocks.real, blocks.synthetic), strict=True)
    sums = [block_sums((size[:, None] <= edges).astype(float), block) for size, block in both]
    compared = compare(sums, blocks.half, _distance, rng)
    types = {
        name: float(
            ks_2samp(*(size[labels == name] for size, labels in zip(sizes, cells.labels, strict=True))).statistic
        )
        for name in cells.types
    }
    middle = " and ".join(f"{np.median(size):,.0f}" for size in sizes)
    worst = max(types, key=lambda name: types[name], default=None)
    sentence = (
        f"library sizes (medians of real and synthetic cells: {middle}) are {short(compared.synthetic[0])} of 1 apart, "
        f"those of fresh real cells {short(compared.fresh[0])}"
    )
    if worst is not None and types[worst] > 2 * compared.synthetic[0]:
        sentence += f", of type `{worst}` {short(types[worst])}"
    return decided("library", compared, compared.synthetic - compared.fresh, rule, sentence, "more", {"types": types})


def _distance(a: Floats, b: Floats) -> Floats:
    shares = [sums[:, 1:] / sums[:, :1] for sums in (a, b)]
    return np.asarray(np.abs(shares[0] - shares[1]).max(axis=1))
