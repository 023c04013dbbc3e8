"""BatchEqualizer: the rows of every experimental batch in the reference's style."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from ganaug.data.checks import nearest
from ganaug.errors import DataError
from ganaug.models.batches import Reference, effects_of, labels_of, range_of, roles_of
from ganaug.seeding import RandomState, Seeds
from ganaug.transport.chain import IDENTITY, Chain
from ganaug.transport.choice import best_chain
from ganaug.transport.design import check_design, cramers_v
from ganaug.transport.style import Roles

__all__ = ["BatchEqualizer"]

Floats = NDArray[np.float64]

# rows that are moved at a time
CHUNK = 8192
# equalised rows that are kept for batches that come later
KEPT_ROWS = 3000


class BatchEqualizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Carry the rows of every batch into one style, as full feature values, and leave everything else alone.

    Several closed-form ways are learned from two thirds of the rows; on the others a guard that sees no labels compares
    how well each mixes the batches and how much of what they had in common it keeps. The best one is learned from all
    rows. Where a batch differs no more than by chance, nothing is moved.

    Parameters
    ----------
    batch : hashable, optional
        The column of a DataFrame that says which batch a row is from; or give labels to `fit` and `transform`.
    reference : "common", a batch, a list of batches, or ndarray of bool of shape (n_rows,)
        The centre of all batches; some of them, whose rows then stay as they are; or the rows that are controls in
        every batch, from which alone a batch's style is then learned.
    covariates : list of hashable, optional
        Columns that have to survive. They are not changed, and what they explain is no batch effect.
    keep_batch : bool
        Whether the batch column stays among the columns that are returned.
    allow_confounded : bool
        Whether to go on where a covariate cannot be told from the batches.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None

    Attributes
    ----------
    batches_ : ndarray
        The batches, as they were called.
    chain_ : Chain or None
        What was learned; None with a single batch, where there is nothing to equalise.
    way_ : str
        Which way the guard took: ``"identity"``, ``"quantiles"``, ``"centring"``, ``"states"`` or ``"mixed states"``.
    guard_ : dict of str to Kept
        What it saw of each.
    association_ : dict
        Cramér's V of the batch with each covariate of categories.
    adapted_ : dict
        What was learned of batches that came later, see `adapt`.
    rows_ : ndarray
        At most 3,000 of the equalised rows, which later batches are brought to.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> plate = np.repeat(["P1", "P2"], 100)
    >>> X = rng.normal(size=(200, 4)) + 3 * (plate == "P2")[:, None]
    >>> equalized = BatchEqualizer(random_state=0).fit(X, batch=plate).transform(X, batch=plate)
    >>> bool(abs(equalized[plate == "P1"].mean() - equalized[plate == "P2"].mean()) < 0.1)
    True
    """

    def __init__(
        self,
        *,
        batch: Hashable | None = None,
        reference: Reference = "common",
        covariates: Sequence[Hashable] | None = None,
        keep_batch: bool = False,
        allow_confounded: bool = False,
        random_state: RandomState = None,
    ) -> None:
        self.batch = batch
        self.reference = reference
        self.covariates = covariates
        self.keep_batch = keep_batch
        self.allow_confounded = allow_confounded
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, batch: Any = None) -> Self:
        """Learn every batch's style.

        Parameters
        ----------
        X : DataFrame, ndarray or sparse matrix, shape (n_rows, n_features)
            Numbers, of which some may be missing.
        y : ignored
        batch : array-like of shape (n_rows,), optional
            Which batch each row is from, if no column says so. Without either all rows are of one batch.

        Raises
        ------
        DataError
            If a batch has a single row or no label, a column is not there or holds no numbers, or a covariate cannot be
            told from the batches.
        """
        values, labels, table = self._read(X, batch, reset=True)
        self.batches_, codes = np.unique(labels, return_inverse=True)
        self.chain_: Chain | None = None
        self.association_: dict[Hashable, float] = {}
        self.way_, self.guard_ = IDENTITY, {}
        self.adapted_: dict[Any, Chain] = {}
        self.lowest_, self.highest_ = range_of(values)
        rng = Seeds(self.random_state).rng("equalize")
        rows = np.sort(rng.permutation(len(values))[:KEPT_ROWS])
        if len(self.batches_) < 2:
            self.rows_ = values[rows]
            return self
        few = self.batches_[np.bincount(codes) < 2]
        if len(few):
            name = str(few[0])
            raise DataError(f"the batch {name!r} has a single row, which shows no style; leave it out or join it")
        effects = self._effects(codes, table)
        chain = best_chain(values, roles_of(codes, self.batches_, self.reference), rng, effects)
        self.chain_, self.way_, self.guard_ = chain, chain.way, dict(chain.kept)
        self.rows_ = self._moved(values[rows], codes[rows])[0]
        return self

    def adapt(self, X_new: Any, batch: Any) -> Self:
        """Learn the style of one batch that `fit` did not see; everything that was learned before stays as it is.

        The new rows are brought to those of `rows_`, of which they have to be a fair sample: whether what sets the
        batch apart is biology cannot be seen from one batch.

        Parameters
        ----------
        X_new : as in `fit`, shape (n_new, n_features)
            Rows of the new batch only.
        batch : scalar
            What it is called.

        Raises
        ------
        DataError
            If the batch is known already, or has a single row.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> day, X = np.repeat([1, 2], 100), rng.normal(size=(200, 3))
        >>> model = BatchEqualizer(random_state=0).fit(X + day[:, None], batch=day)
        >>> late = rng.normal(size=(100, 3)) + 7.0
        >>> moved = model.adapt(late, 3).transform(late, batch=np.repeat(3, 100))
        >>> bool(abs(moved.mean() - 1.5) < 0.2)
        True
        """
        check_is_fitted(self)
        name = labels_of([batch], 1)[0]
        if name in self.batches_ and len(self.batches_) > 1:
            raise DataError(f"the batch {str(name)!r} is known from fit; give transform its rows")
        values, _, _ = self._read(X_new, None, reset=False)
        if len(values) < 2:
            raise DataError(f"the batch {str(name)!r} has a single row, which shows no style")
        codes = np.repeat([0, 1], [len(self.rows_), len(values)])
        roles = Roles.common(codes)._replace(reference=codes == 0)
        rng = Seeds(self.random_state).rng("adapt")
        self.adapted_[name] = best_chain(np.concatenate([self.rows_, values]), roles, rng)
        return self

    def transform(self, X: Any, batch: Any = None) -> Any:
        """Return rows ``(n_rows, n_features)`` of known batches in the reference's style, as the kind they came in.

        Missing values stay missing, values stay within the range that `fit` saw, and covariates are not changed.

        Raises
        ------
        DataError
            If a row is of a batch that `fit` did not see.
        """
        return self._written(X, self.equalized(X, batch)[0])

    def fit_transform(self, X: Any, y: Any = None, batch: Any = None) -> Any:
        """Learn every batch's style, and return the rows in the reference's."""
        return self.fit(X, y, batch=batch).transform(X, batch=batch)

    def equalized(self, X: Any, batch: Any = None) -> tuple[Floats, Floats]:
        """Return the equalised values ``(n_rows, n_numeric)`` and their coordinates ``(n_rows, n_components)``.

        The coordinates are principal components with the noise shrunk away; with 50 features or fewer, the features.
        """
        check_is_fitted(self)
        values, labels, _ = self._read(X, batch, reset=False)
        known = np.isin(labels, self.batches_) | (self.chain_ is None and not self.adapted_)
        new = np.isin(labels, list(self.adapted_))
        unknown = sorted({str(label) for label in labels[~known & ~new]})
        if unknown:
            raise DataError(
                f"fit has not seen the batch {unknown[0]!r}, only {[str(b) for b in self.batches_]}; adapt learns it"
            )
        moved, z = values.copy(), self._encoded(values).copy()
        moved[known], z[known] = self._moved(values[known], np.searchsorted(self.batches_, labels[known]))
        for name, chain in self.adapted_.items():
            rows = labels == name
            moved[rows] = self._within(_in_chunks(chain, values[rows], np.ones(rows.sum(), dtype=np.intp))[0])
            z[rows] = self._encoded(moved[rows])
        return moved, z

    def _moved(self, values: Floats, codes: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Values and coordinates of rows of batches that `fit` saw."""
        if self.chain_ is None or self.way_ == IDENTITY:
            return values, self._encoded(values)
        moved, z = _in_chunks(self.chain_, values, codes)
        return self._within(moved), z

    def _encoded(self, values: Floats) -> Floats:
        return values if self.chain_ is None else self.chain_.space.encode(self.chain_.rows(values))

    def _within(self, values: Floats) -> Floats:
        """Values within the range that was seen, so that what cannot be negative is not."""
        return np.clip(values, self.lowest_, self.highest_)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the columns that `transform` returns."""
        check_is_fitted(self)
        names = getattr(self, "feature_names_in_", None)
        if names is None:
            names = [f"x{j}" for j in range(self.n_features_in_)] if input_features is None else input_features
        elif input_features is not None and list(input_features) != list(names):
            raise ValueError("input_features is not equal to feature_names_in_")
        return np.array([name for name in names if self.keep_batch or name != self.batch], dtype=object)

    def __sklearn_tags__(self) -> Any:
        """Missing values and sparse matrices are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.sparse = True
        return tags

    def _read(self, X: Any, batch: Any, *, reset: bool) -> tuple[Floats, NDArray[Any], pd.DataFrame | None]:
        """Give the numbers, the batch of each row, and the table if there is one."""
        if isinstance(X, pd.DataFrame):
            return self._read_table(X, batch, reset=reset)
        if self.batch is not None or self.covariates:
            raise DataError("batch and covariates name columns of a DataFrame; give one, or the labels as batch=")
        rows = validate_data(self, X, reset=reset, accept_sparse="csr", dtype="numeric", ensure_all_finite="allow-nan")
        values = rows.toarray() if sparse.issparse(rows) else rows  # type: ignore[attr-defined]
        labels = np.zeros(len(values), dtype=int) if batch is None else labels_of(batch, len(values))
        return np.asarray(values, dtype=float), labels, None

    def _read_table(self, X: pd.DataFrame, batch: Any, *, reset: bool) -> tuple[Floats, NDArray[Any], pd.DataFrame]:
        validate_data(self, X, reset=reset, skip_check_array=True)
        for name in [*([] if self.batch is None else [self.batch]), *(self.covariates or [])]:
            if name not in X.columns:
                raise DataError(f"there is no column {name!r}{nearest(name, X.columns)}")
        if batch is None and self.batch is not None:
            batch = X[self.batch]
        numbers = X[self._numeric(X)]
        for name, dtype in numbers.dtypes.items():
            if not pd.api.types.is_numeric_dtype(dtype):
                raise DataError(f"the column {name!r} holds no numbers; drop it, or name it in covariates")
        values = check_array(
            numbers.to_numpy(dtype=float, na_value=np.nan), ensure_all_finite="allow-nan", estimator=self
        )
        labels = np.zeros(len(X), dtype=int) if batch is None else labels_of(batch, len(X))
        return values, labels, X

    def _numeric(self, X: pd.DataFrame) -> list[Hashable]:
        return [name for name in X if name != self.batch and name not in (self.covariates or [])]

    def _effects(self, codes: NDArray[np.intp], table: pd.DataFrame | None) -> Floats | None:
        """Check that covariates can be told from the batches; return them as numbers ``(n_rows, n_effects)``."""
        if table is None or not self.covariates:
            return None
        effects = {name: effects_of(table[name], name) for name in self.covariates}
        check_design(codes, effects, allow_confounded=self.allow_confounded)
        for name in self.covariates:
            if not pd.api.types.is_numeric_dtype(table[name].dtype):
                self.association_[name] = cramers_v(codes, pd.factorize(table[name])[0])
        return np.hstack(list(effects.values()))

    def _written(self, X: Any, values: Floats) -> Any:
        """The values in place of those that were given, as the same kind."""
        if isinstance(X, pd.DataFrame):
            moved = pd.DataFrame(values, index=X.index, columns=self._numeric(X))
            kept = [name for name in X if self.keep_batch or name != self.batch]
            return pd.DataFrame({name: moved[name] if name in moved else X[name] for name in kept}, index=X.index)
        return type(X)(values) if sparse.issparse(X) else values  # type: ignore[call-arg]


def _in_chunks(chain: Chain, values: Floats, codes: NDArray[np.intp]) -> tuple[Floats, Floats]:
    parts = np.array_split(np.arange(len(values)), max(1, -(-len(values) // CHUNK)))
    moved, z = zip(*(chain.move(values[rows], codes[rows]) for rows in parts), strict=True)
    return np.concatenate(moved), np.concatenate(z)
