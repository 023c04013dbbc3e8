"""Figures."""

from ganaug.pl.cells import cells
from ganaug.pl.equalization import equalization
from ganaug.pl.training import training

__all__ = ["cells", "equalization", "training"]
