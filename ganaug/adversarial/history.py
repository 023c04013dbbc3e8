"""What a run looked like from step to step."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "Board", "History", "Row", "not_finite"]

Row = dict[str, float | None]
COLUMNS = (
    *("step", "seconds", "critic_loss", "generator_loss", "real_accuracy", "fake_accuracy", "real_logit", "fake_logit"),
    *("critic_gradient", "generator_gradient", "gradient_ratio", "modes", "validation_logit", "mmd", "score"),
)


def not_finite(row: Row) -> str:
    """Name the numbers of a row that are not finite, with their values; empty if there are none.

    Examples
    --------
    >>> not_finite({"step": 7, "critic_loss": float("nan"), "score": None})
    'critic_loss nan'
    """
    return ", ".join(f"{name} {value}" for name, value in row.items() if value is not None and not math.isfinite(value))


@dataclass
class History:
    """The log of a run, one row a logged step; None where something was not measured.

    - ``step``, ``seconds``: steps of the generator, time spent.
    - ``critic_loss``, ``generator_loss``: of the step; the critic's with the penalties that were due.
    - ``real_accuracy``, ``fake_accuracy``: see `accuracies`; .5 and .5 at an equilibrium.
    - ``real_logit``, ``fake_logit``: means over the last batch of the critic.
    - ``critic_gradient``, ``generator_gradient``: norms over all weights.
    - ``gradient_ratio``: the generator's over the critic's.
    - ``modes``: see `effective_modes`; about 1 where none is missing.
    - ``validation_logit``: as far from ``real_logit`` as rows held out are from those learned from (`WatchedGame`).
    - ``mmd``: `mmd2` of rows held out and fake ones (`WatchedGame`).
    - ``score``: on V, lower is better.

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

    def to_frame(self) -> pd.DataFrame:
        """Return a data frame, one row a logged step."""
        import pandas as pd

        frame = pd.DataFrame(self.to_dict())
        # a column that was never measured is one of numbers, too
        return frame.astype({name: float for name in frame.columns if name != "step"})

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


class Board:
    """Writes rows of a history as TensorBoard scalars, or does nothing where there is no folder.

    Parameters
    ----------
    folder : path or None
    step : int
        Last step of what is resumed: rows that an interrupted run wrote after it are dropped, since they come again.

    Raises
    ------
    ModuleNotFoundError
        If TensorBoard is not installed.

    Examples
    --------
    >>> Board(None, step=0).write({"step": 10, "critic_loss": 1.4})
    """

    def __init__(self, folder: str | PathLike[str] | None, step: int) -> None:
        self._writer = None
        if folder is not None:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ModuleNotFoundError as error:
                raise ModuleNotFoundError(
                    "TrainConfig.tensorboard needs the package tensorboard: pip install 'ganaug[tensorboard]'"
                ) from error
            self._writer = SummaryWriter(fspath(folder), purge_step=step + 1)

    def write(self, row: Row) -> None:
        """Write a row; a later one may fail, so it is on disk at once."""
        if self._writer is None:
            return
        for name, value in row.items():
            if name != "step" and value is not None:
                self._writer.add_scalar(name, value, row["step"])
        self._writer.flush()

    def close(self) -> None:
        """Let go of the file."""
        if self._writer is not None:
            self._writer.close()
