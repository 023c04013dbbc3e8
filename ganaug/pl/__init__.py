"""Figures."""

from ganaug.pl.equalization import equalization
from ganaug.pl.training import training

__all__ = ["equalization", "training"]
