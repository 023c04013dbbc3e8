"""What became of a table whose batches were equalised: the verdict, and everything it rests on."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganaug.fidelity.result import Verdict, plain
from ganaug.fidelity.wording import percent
from ganaug.models.equalizing.certificate import LEAST_KEPT, MOST_NULL
from ganaug.models.equalizing.changes import column_changes, plane
from ganaug.transport.chain import IDENTITY
from ganaug.transport.guard import Kept
from ganaug.transport.style import Floats

__all__ = ["VERSION", "Equalization", "verdict_of"]

VERSION = 1  # of what `to_dict` writes
# a batch of which trees still learn more than this, and a loss of structure beyond this, are flagged
STILL_TOLD, LOST_STRUCTURE = 0.2, 0.05
# below this the batch was hardly there
HARDLY_TOLD = 0.1


@dataclass(frozen=True)
class Equalization:
    """What became of the rows of several batches.

    Attributes
    ----------
    verdict : Verdict
        ``PASS`` (better than before, or no batch to be told), ``WARN`` (better or left alone, with flags), ``FAIL``
        (worse than leaving the rows alone) or ``INCONCLUSIVE`` (too few rows to hold any out).
    batch : str
        What the batches are called together.
    n_rows : int
    way : str
        What was done, see `BatchEqualizer`.
    guard : dict of str to Kept
        What was seen of each way on rows that it was not learned from.
    batches, columns : tuple of dict
        Rows and changes of each; the column that changed most comes first.
    plane : dict
        Some rows before and after, in the plane in which they were spread most.
    notes : tuple of str
        What must be said aloud, one sentence each.
    certificate : dict
        What was tried to see whether harm is done, see `Certificate.to_dict`.
    provenance : dict
        Versions, seeds, settings: whatever the caller adds.
    """

    verdict: Verdict
    batch: str
    n_rows: int
    way: str
    guard: dict[str, Kept]
    batches: tuple[dict[str, Any], ...] = ()
    columns: tuple[dict[str, Any], ...] = ()
    plane: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    certificate: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        before: Floats,
        after: Floats,
        labels: NDArray[Any],
        names: Sequence[Hashable],
        *,
        batch: str,
        way: str,
        guard: Mapping[str, Kept],
        rng: np.random.Generator,
        rows: NDArray[np.intp] | None = None,
        **told: Any,
    ) -> Equalization:
        """Measure how rows changed.

        Parameters
        ----------
        before, after : ndarray, shape (n_shown, n_columns)
        labels : ndarray, shape (n_rows,)
            The batch of every row.
        names : sequence of length n_columns
        rows : ndarray of int, shape (n_shown,), optional
            Which rows are shown, if not all.
        batch, way, guard, **told
            As of the attributes.
        rng : numpy.random.Generator
            Draws the rows of `plane`.
        """
        batches, counts = np.unique(labels, return_counts=True)
        codes = np.searchsorted(batches, labels if rows is None else labels[rows])
        columns, moved = column_changes(before, after, codes, names)
        seen = np.maximum(np.bincount(codes, minlength=len(batches)), 1)
        size = np.sqrt(np.bincount(codes, np.nan_to_num(moved).mean(axis=1), minlength=len(batches)) / seen)
        of_batches = [
            {"batch": str(name), "rows": int(count), "moved": float(each)}
            for name, count, each in zip(batches, counts, size, strict=True)
        ]
        shown = plane(before, after, [str(name) for name in batches], codes, rng)
        verdict = _with_harm(verdict_of(way, guard), told.get("certificate", {}))
        return cls(verdict, batch, len(labels), way, dict(guard), tuple(of_batches), tuple(columns), shown, **told)

    @property
    def changed(self) -> bool:
        """Whether anything was moved: a way that finds no more than chance moves nothing."""
        return self.way != IDENTITY and (not self.columns or any(column["moved"] > 0 for column in self.columns))

    @property
    def headline(self) -> str:
        """The verdict and its reason in one sentence."""
        if self.verdict is Verdict.INCONCLUSIVE:
            return (
                f"undecided: {self.n_rows:,} rows are too few to hold some of every batch out, so nobody can tell "
                "whether equalising them does good"
            )
        none, taken = self.guard[IDENTITY], self.guard[self.way]
        if not self.changed:
            return f"nothing was changed: {_left_alone(none, self.batch, self.way)}"
        refused = self.verdict is Verdict.FAIL and taken.structure < none.structure
        near = "farther apart, which weighs more" if refused else _nearness(taken, none)
        told = (
            f"of what there is to guess of `{self.batch}`, trees guess {percent(1 - taken.untold)} in rows held out "
            f"({percent(1 - none.untold)} before), and rows that were alike across batches are {near}"
        )
        if self.verdict is Verdict.FAIL:
            return f"refused, worse than leaving the rows alone: {told}"
        flags = ["the batch can still be told"] * _still_told(taken) + ["structure was lost"] * _is_lost(taken, none)
        return f"equalised{', but ' * bool(flags)}{' and '.join(flags)}: {told}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types, the headline among them."""
        guard = {way: {**kept._asdict(), "score": kept.score} for way, kept in self.guard.items()}
        values: dict[str, Any] = plain({**asdict(self), "guard": guard})
        return {"version": VERSION, "verdict": values.pop("verdict"), "headline": self.headline, **values}

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=2)

    def to_html(self) -> str:
        """Return the report as one self-contained page: no script, no network."""
        from ganaug.models.equalizing.page import render

        return render(self)


def verdict_of(way: str, guard: Mapping[str, Kept]) -> Verdict:
    """Judge the way that was taken by what the guard saw of it.

    Examples
    --------
    >>> guard = {"identity": Kept(0.1, 0.0, 0.8), "centring": Kept(0.9, 0.95, 0.8), "states": Kept(1.0, 1.0, 0.1)}
    >>> [str(verdict_of(way, guard)) for way in guard]
    ['warn', 'pass', 'fail']
    """
    if not guard:
        return Verdict.INCONCLUSIVE
    none, taken = guard[IDENTITY], guard[way]
    if way != IDENTITY and _worth(taken) <= _worth(none):
        return Verdict.FAIL
    return Verdict.WARN if _still_told(taken) or _is_lost(taken, none) else Verdict.PASS


def _worth(kept: Kept) -> float:
    """What rows are worth handing over: as `Kept.score`, but not cubed, so that lost structure weighs more here."""
    return (kept.mixing + kept.untold) / 2 * max(kept.structure, 0.0) ** 2


def _with_harm(verdict: Verdict, certificate: Mapping[str, Any]) -> Verdict:
    """Warn of rows that move where nothing should, and of a change that is not left."""
    harmed = certificate.get("null_move", 0.0) > MOST_NULL or certificate.get("planted_kept", 1.0) < LEAST_KEPT
    return Verdict.WARN if harmed and verdict is Verdict.PASS else verdict


def _still_told(taken: Kept) -> bool:
    return 1 - taken.untold > STILL_TOLD


def _is_lost(taken: Kept, none: Kept) -> bool:
    return taken.structure < none.structure - LOST_STRUCTURE


def _nearness(taken: Kept, none: Kept) -> str:
    if _is_lost(taken, none):
        return "farther apart"
    return "nearer than they were" if taken.structure > none.structure + LOST_STRUCTURE else "as near as they were"


def _left_alone(none: Kept, batch: str, way: str) -> str:
    told = 1 - none.untold
    if told < HARDLY_TOLD:
        seen = f"trees can hardly tell `{batch}` in rows held out, and"
    else:
        seen = f"trees guess {percent(told)} of what there is to guess of `{batch}` in rows held out, but"
    if way == IDENTITY:
        return f"{seen} no way of equalising was better than leaving the rows alone"
    return f"{seen} no difference between its batches was found beyond chance"
