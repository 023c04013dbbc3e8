"""What a run looked like from step to step."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

__all__ = ["History", "Row"]

Row = dict[str, float | None]


@dataclass
class History:
    """The log of a run, one row a logged step.

    A row holds ``step``, ``seconds``, ``critic_loss``, ``generator_loss``, ``real_logit``, ``fake_logit`` (means of a
    batch), ``critic_gradient``, ``generator_gradient`` (norms) and ``score`` (on V, lower is better, or None).

    Examples
    --------
    >>> history = History()
    >>> history.append({"step": 10.0, "score": 0.6})
    >>> history.append({"step": 20.0, "score": 0.7})
    >>> history.best, history.stale
    ({'step': 10.0, 'score': 0.6}, 1)
    >>> history.to_dict()
    {'step': [10.0, 20.0], 'score': [0.6, 0.7]}
    """

    rows: list[Row] = field(default_factory=list)

    def append(self, row: Row) -> None:
        """Add a row."""
        self.rows.append(row)

    def to_dict(self) -> dict[str, list[float | None]]:
        """Return the columns, ready for a data frame."""
        return {name: [row[name] for row in self.rows] for name in (self.rows[0] if self.rows else ())}

    def copy(self) -> History:
        """Return a history that shares nothing with this one."""
        return History(copy.deepcopy(self.rows))

    @property
    def best(self) -> Row | None:
        """The first row with the lowest score; None if nothing is scored."""
        return min(self._scored(), key=lambda row: row["score"] or 0.0, default=None)

    @property
    def stale(self) -> int:
        """Number of scores since the best one."""
        scored = self._scored()
        return len(scored) - 1 - scored.index(self.best) if self.best else 0

    def _scored(self) -> list[Row]:
        return [row for row in self.rows if row["score"] is not None]
