"""The pictures of a report, from the data that were gathered for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ganaug.fidelity.page.bars import draw_marginals
from ganaug.fidelity.page.curves import draw_curve, draw_roc
from ganaug.fidelity.page.ink import Drawing
from ganaug.fidelity.page.maps import draw_embedding, draw_pairs
from ganaug.fidelity.page.training import draw_training

__all__ = ["DRAWN", "drawings"]

# in the order in which they are told
DRAWN: dict[str, Callable[[Any], Drawing | None]] = {
    "roc": draw_roc,
    "curve": draw_curve,
    "marginals": draw_marginals,
    "pairs": draw_pairs,
    "embedding": draw_embedding,
    "training": draw_training,
}


def drawings(pictures: Mapping[str, Any]) -> list[Drawing]:
    """Draw everything of `collect` that is there; the same data give the same bytes.

    Examples
    --------
    >>> column = {"column": "sex", "kind": "category", "distance": 0.25, "missing": [0.0, 0.0]}
    >>> column |= {"levels": ["f", "m"], "real": [0.5, 0.5], "synthetic": [0.75, 0.25]}
    >>> [drawing.title for drawing in drawings({"marginals": [column]})]
    ['On its own, `sex` differs most: distance .25 of 1']
    """
    found = [draw(pictures[name]) for name, draw in DRAWN.items() if pictures.get(name)]
    return [drawing for drawing in found if drawing is not None]
