"""Preprocessing of AnnData: batches in one style, and more cells of rare types."""

from ganaug.pp.augment import augment
from ganaug.pp.equalize import equalize, equalize_new, equalized_matrix

__all__ = ["augment", "equalize", "equalize_new", "equalized_matrix"]
