"""Why a verdict came out as it did."""

from ganaug.fidelity.why.explanation import explain, explain_class

__all__ = ["explain", "explain_class"]
