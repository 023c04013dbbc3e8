"""Why a verdict came out as it did."""

from ganaug.fidelity.why.explanation import explain

__all__ = ["explain"]
