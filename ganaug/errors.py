"""Everything ganaug raises on purpose.

::

    GanaugError
    ├── DataError (ValueError)      a table, column or value that cannot be used, and what to do
    │   ├── SchemaError             a schema that does not fit the table
    │   └── ConditionError          a condition the real rows do not support
    ├── FidelityError               the judge refused; carries the report
    ├── TrainingDiverged            the game left the finite numbers; carries step and history
    └── ModelFileError              a model folder that is unknown, truncated or changed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ganaug.adversarial.history import History
    from ganaug.fidelity.report import FidelityReport

__all__ = [
    "ConditionError",
    "DataError",
    "FidelityError",
    "GanaugError",
    "ModelFileError",
    "SchemaError",
    "TrainingDiverged",
]


class GanaugError(Exception):
    """Base of every error that ganaug raises on purpose; its text is one clear line."""


class DataError(GanaugError, ValueError):
    """A table, column or value that cannot be used."""


class SchemaError(DataError):
    """A schema that is malformed or does not fit the table."""


class ConditionError(DataError):
    """A condition that the real rows do not support."""


class FidelityError(GanaugError):
    """The judge did not let the synthetic rows through.

    Attributes
    ----------
    report : FidelityReport
        What was measured, and why it was refused.
    """

    def __init__(self, message: str, report: FidelityReport) -> None:
        super().__init__(message)
        self.report = report


class TrainingDiverged(GanaugError, RuntimeError):
    """The game left the finite numbers.

    Attributes
    ----------
    step : int
        The first step at which a loss or a weight was not finite.
    history : History, optional
        The log up to that step, whose row comes last: ``alarms(error.history)`` says what went before.
    """

    def __init__(self, message: str, step: int, history: History | None = None) -> None:
        super().__init__(message)
        self.step, self.history = step, history


class ModelFileError(GanaugError):
    """A model folder that is of an unknown version, truncated or changed."""
