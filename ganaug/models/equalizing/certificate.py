"""What was measured of an equaliser that could do harm, as a dictionary and as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.wording import percent, short
from ganaug.models.equalizing.harm import Moves, OverCorrection, null_move, over_correction
from ganaug.models.equalizing.planted import Planted, planted_signal
from ganaug.seeding import Seeds
from ganaug.transport.chain import WAYS, Chain
from ganaug.transport.choice import Refine, best_chain
from ganaug.transport.design import explained_by
from ganaug.transport.style import Floats, Roles

__all__ = ["Certificate", "certify"]

# what is moved by more where there is no batch effect, and less of a planted change than this left, is said aloud
MOST_NULL, LEAST_KEPT = 0.05, 0.9
# changes that are planted; the one of which the middling share is left is told
PLANTED = 3


def certify(
    X: Floats,
    moved: Floats,
    roles: Roles,
    chain: Chain,
    refine: Refine | None,
    seeds: Seeds,
    *,
    effects: Floats | None = None,
    **told: Any,
) -> Certificate:
    """Measure what a chain may have harmed, by putting other rows through what it was put through.

    Parameters
    ----------
    X, moved : ndarray, shape (n_rows, n_features)
        What it was learned from, and what it makes of them.
    roles, effects
        As it was taught. It is taught again with all rows alike: the reference is their common centre.
    chain : Chain
    refine : callable or None
        The student, if the chain has one.
    seeds : Seeds
    **told
        ``batches``, ``name`` and ``covariates``, see `Certificate.of`.
    """

    def equalize(rows: Floats, batch: NDArray[np.intp]) -> Floats:
        return best_chain(rows, Roles.common(batch), seeds.rng("again"), refine=refine).move(rows, batch)[0]

    def taken(rows: Floats, batch: NDArray[np.intp]) -> Floats:
        same = Roles.common(batch)
        again = Chain.fit(way, rows, same, seeds.rng("again"))
        return (again if refine is None else refine(again, rows, same)).move(rows, batch)[0]

    way = next(name for name in sorted(WAYS, key=len, reverse=True) if chain.way.startswith(name))
    explained = 0.0 if effects is None else np.nan_to_num(explained_by(X, roles.batch, effects))
    rng, plants = seeds.rng("certificate"), PLANTED if refine is None else 1
    return Certificate.of(
        X - explained, moved - explained, roles.batch, equalize, rng, taken=taken, plants=plants, **told
    )


@dataclass(frozen=True)
class Certificate:
    """What was measured of an equaliser on the rows it learned from; None where there were too few rows.

    Parameters
    ----------
    batches : tuple of str
    null : float or None
        See `null_move`.
    planted : Planted or None
    lost : OverCorrection or None
    formula : str
        The design of a test for differences, which belongs on the raw values.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> batch, X = np.repeat([0, 1], 200), rng.normal(size=(400, 4))
    >>> found = Certificate.of(X, X, batch, lambda X, batch: X, rng, batches=["P1", "P2"], covariates=["dose"])
    >>> found.null, round(found.planted.kept, 6), found.formula
    (0.0, 1.0, '~ batch + dose')
    """

    batches: tuple[str, ...]
    null: float | None
    planted: Planted | None
    lost: OverCorrection | None
    formula: str = "~ batch"

    @classmethod
    def of(
        cls,
        before: Floats,
        after: Floats,
        batch: NDArray[np.intp],
        equalize: Moves,
        rng: np.random.Generator,
        *,
        batches: Sequence[str],
        taken: Moves | None = None,
        plants: int = PLANTED,
        name: str = "batch",
        covariates: Sequence[str] = (),
    ) -> Self:
        """Measure everything, given rows as they were and are, and how to equalise others in the same manner.

        Parameters
        ----------
        before, after : ndarray, shape (n_rows, n_features)
        batch : ndarray of int, shape (n_rows,)
        equalize : callable
            Learns from rows of such batches, decides on a way, and returns them equalised. It has to draw the same
            numbers every time.
        rng : numpy.random.Generator
        batches : sequence of str
            What the batches are called.
        taken : callable, optional
            The same with the way that was taken for `after`, which is what a planted change is put through.
        plants : int
            Changes that are planted; `taken` is called twice for each.
        name, covariates
            Columns that the formula names.
        """
        null = null_move(before, batch, equalize, rng)
        tried = [planted_signal(before, batch, taken or equalize, rng) for _ in range(plants)]
        found = sorted(each for each in tried if each is not None)
        planted = found[len(found) // 2] if found else None
        lost = over_correction(before, after, batch, rng)
        formula = " + ".join(each if each.isidentifier() else f"`{each}`" for each in (name, *covariates))
        return cls(tuple(str(each) for each in batches), null, planted, lost, f"~ {formula}")

    def to_dict(self) -> dict[str, Any]:
        """Return texts, numbers and lists, as JSON and an h5ad file can hold them; what is not known is left out."""
        told: dict[str, Any] = {"formula": self.formula, "sentences": self.sentences()}
        if self.null is not None:
            told["null_move"] = self.null
        if self.planted is not None:
            kept, apart, b, n_rows, _ = self.planted
            told |= {"planted_kept": kept, "planted_apart": apart}
            told |= {"planted_batch": self.batches[b], "planted_rows": float(n_rows)}
        if self.lost is not None:
            told |= {key: value.tolist() for key, value in self.lost._asdict().items()}
            told["batches"] = [self.batches[b] for b in self.lost.batches]
        return told

    def sentences(self) -> list[str]:
        """Say what was measured in plain English."""
        return [
            self._null(),
            self._planted(),
            *([] if self.lost is None else self.lost.sentences(self.batches)),
            "Equalised values are for looking, clustering and prediction. Test for differences on the raw values, with "
            f"the batch in the design: {self.formula}",
        ]

    def _null(self) -> str:
        if self.null is None:
            return "No batch has enough rows to see what happens where there is no batch effect."
        size = f"by {short(self.null, 3)} of the distance to a row's 15th neighbour"
        verdict = (
            "which is as good as nothing" if self.null < MOST_NULL else f"more than the {short(MOST_NULL)} allowed"
        )
        return f"Within one batch, dealt into three at random, rows were moved {size}, {verdict}."

    def _planted(self) -> str:
        if self.planted is None:
            return "No state has enough rows in two batches to see whether a change in one of them would be kept."
        kept, apart, b, rows, features = self.planted
        where = f"{rows} rows, a part of one state of the batch {self.batches[b]!r}, in {features} of the features"
        warning = "" if kept >= LEAST_KEPT else " A change in one batch alone is partly taken for its style."
        left = f"{percent(kept)} was left ({percent(apart)} of the difference to this state in other batches)"
        return f"Of a change of one standard deviation, put into {where}, {left}.{warning}"
