"""Rows of batches of which something has been learned, carried into the reference's style."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ganaug.errors import DataError
from ganaug.models.equalizing.batches import unseen
from ganaug.models.equalizing.matrix import Matrix
from ganaug.models.equalizing.reading import BatchReader
from ganaug.models.equalizing.trust import trust
from ganaug.transport.chain import IDENTITY, Chain

__all__ = ["BatchCarrier", "Part"]

Floats = NDArray[np.float64]


class Part(NamedTuple):
    """Some rows: which, their batches, their values, and the equalised values and coordinates."""

    rows: slice
    labels: NDArray[Any]
    before: Floats
    values: Floats
    coordinates: Floats


class BatchCarrier(TransformerMixin, BatchReader):  # type: ignore[misc]
    """A reader of batches that knows a way for each, and takes rows along it; `BatchEqualizer` learns the ways."""

    chain_: Chain | None
    way_: str
    adapted_: dict[Any, Chain]
    rows_: Floats
    lowest_: Floats
    highest_: Floats

    def __sklearn_tags__(self) -> Any:
        """Floats keep their precision."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def transform(self, X: Any, batch: Any = None) -> Any:
        """Return rows ``(n_rows, n_features)`` of known batches in the reference's style, as the kind they came in.

        Floats keep their precision, and whole numbers become floats. Missing values stay missing. Values are held
        within the range that `fit` saw, those of later rows of a reference batch as well; where the way is
        ``"identity"`` they are left as they are. A model that was fitted on a single batch knows no other, and returns
        all rows as they are, whatever batch they are said to be from.

        Columns named in `covariates` and `labels` are needed by `fit` alone: where they are there they are handed on as
        they are, and may be left out. After `set_output`, which promises the columns of `get_feature_names_out`, they
        are then missing throughout.

        Raises
        ------
        DataError
            If a row is of a batch of which nothing was learned, or a column that was learned is not there.
        """
        return self._written(X, self.equalized(X, batch)[0])

    def equalized(self, X: Any, batch: Any = None) -> tuple[Any, Floats]:
        """Return the equalised values ``(n_rows, n_numeric)`` and their coordinates ``(n_rows, n_components)``.

        The values are sparse if X is. The coordinates are principal components with the noise shrunk away; with 50
        features or fewer, the features about their means, a missing value being 0. They are not held within the range
        that `fit` saw, as values are. Of a model that was fitted on a single batch they are the values.
        """
        matrix, labels = self._known(X, batch)
        pieces, coordinates = [], []
        whole = np.empty((0, 0) if sparse.issparse(X) else matrix.shape)
        for part in self._parts(matrix, labels):
            coordinates.append(part.coordinates)
            if sparse.issparse(X):
                pieces.append(sparse.csr_array(part.values))
            else:
                whole[part.rows] = part.values
        return sparse.vstack(pieces) if pieces else whole, np.concatenate(coordinates)

    def equalized_parts(self, X: Any, batch: Any = None) -> Iterator[Part]:
        """Go through the rows as `equalized` does, keeping none."""
        yield from self._parts(*self._known(X, batch))

    def trust(self, coordinates: Floats) -> Floats:
        """Say of each row ``(n_rows,)`` whether there is any like it among those of `fit`: 0 none, 1 as for most.

        Parameters
        ----------
        coordinates : ndarray, shape (n_rows, n_components)
            As of `equalized`.
        """
        check_is_fitted(self)
        # of one type with the known ones, or distances to all of them are kept in memory
        return trust(np.asarray(coordinates, dtype=float), self._encoded(self.rows_))

    def unknown(self, labels: NDArray[Any]) -> list[Any]:
        """Batches among these of which nothing has been learned."""
        if self.chain_ is None and not self.adapted_:
            return []
        known = {*self.batches_.tolist(), *self.adapted_}
        return [name for name in np.unique(labels).tolist() if name not in known]

    def _parts(self, matrix: Matrix, labels: NDArray[Any]) -> Iterator[Part]:
        for rows in matrix.chunks():
            values = matrix.read(rows)
            yield Part(rows, labels[rows], values, *self._carried(values, labels[rows]))

    def _known(self, X: Any, batch: Any) -> tuple[Matrix, NDArray[Any]]:
        """The numbers, and the batch of each row, of which something has been learned."""
        check_is_fitted(self)
        matrix, labels, _ = self._read(X, batch, reset=False)
        unknown = self.unknown(labels)
        if unknown:
            raise DataError(unseen(unknown[0], [*self.batches_.tolist(), *self.adapted_]))
        return matrix, labels

    def _carried(self, values: Floats, labels: NDArray[Any]) -> tuple[Floats, Floats]:
        """Values and coordinates of rows of known batches."""
        # name by name: in one array a number would become a text beside another one
        new = np.any([labels == name for name in self.adapted_], axis=0)
        if not new.any():
            return self._moved(values, np.searchsorted(self.batches_, labels))
        moved, z = values.copy(), self._encoded(values).copy()
        moved[~new], z[~new] = self._moved(values[~new], np.searchsorted(self.batches_, labels[~new]))
        for name, chain in self.adapted_.items():
            rows = labels == name
            moved[rows] = self._within(chain.move(values[rows], np.ones(rows.sum(), dtype=np.intp))[0])
            z[rows] = self._encoded(moved[rows])
        return moved, z

    def _moved(self, values: Floats, codes: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Values and coordinates of rows of batches that `fit` saw."""
        if self.chain_ is None or self.way_ == IDENTITY:
            return values, self._encoded(values)
        moved, z = self.chain_.move(values, codes)
        return self._within(moved), z

    def _encoded(self, values: Floats) -> Floats:
        return values if self.chain_ is None else self.chain_.space.encode(self.chain_.rows(values))

    def _within(self, values: Floats) -> Floats:
        """Values within the range that was seen, so that what cannot be negative is not."""
        return np.clip(values, self.lowest_, self.highest_)
