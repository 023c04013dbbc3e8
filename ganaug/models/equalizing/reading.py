"""Which columns of a table are what to an equaliser: the batch, what has to survive, and the numbers to be moved."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import _check_feature_names_in, check_array, check_is_fitted, validate_data

from ganaug.data.checks import nearest, refuse_infinity
from ganaug.errors import DataError
from ganaug.models.equalizing.batches import effects_of, is_amount, labels_of, levels_of
from ganaug.models.equalizing.matrix import Matrix
from ganaug.transport.design import check_design, cramers_v

__all__ = ["BatchReader"]

Floats = NDArray[np.float64]


class BatchReader(BaseEstimator):  # type: ignore[misc]
    """An estimator of rows that come in batches: it reads them, and writes the moved ones as what they came as."""

    batch: Hashable | None
    covariates: Sequence[Hashable] | None
    labels: Hashable | None
    keep_batch: bool
    allow_confounded: bool
    batches_: NDArray[Any]
    association_: dict[Hashable, float]
    n_features_in_: int
    measured_: list[Hashable] | None
    columns_: list[Hashable] | None

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the names of the columns that `transform` returns."""
        check_is_fitted(self)
        known = self._known_columns()
        # scikit-learn keeps no names but texts, and may call other columns x0, x1, ...
        named = known if known and input_features is None else _check_feature_names_in(self, input_features)
        shown = [name for name, column in zip(named, known or named, strict=True) if self._stays(column)]
        return pd.Index(shown, dtype=object, tupleize_cols=False).to_numpy()

    def __sklearn_tags__(self) -> Any:
        """Missing values and sparse matrices are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.sparse = True
        return tags

    def _read(self, X: Any, batch: Any, *, reset: bool) -> tuple[Matrix, NDArray[Any], pd.DataFrame | None]:
        """Give the numbers, the batch of each row, and the table if there is one."""
        if reset:
            self.measured_ = self.columns_ = None
        if isinstance(X, Matrix):
            self._check_features(X, reset=reset)
            matrix, table = X, X.table
        elif isinstance(X, pd.DataFrame):
            matrix, table = Matrix(self._read_table(X, batch, reset=reset)), X
        else:
            matrix, table = Matrix(self._read_array(X, batch, reset=reset)), None
        if batch is None and self.batch is not None and table is not None:
            batch = table[self.batch]
        n = matrix.shape[0]
        if batch is None and not reset and len(self.batches_) > 1:
            raise DataError("fit was told which batch each row is from; tell it of these rows too, as batch=")
        return matrix, np.zeros(n, dtype=int) if batch is None else labels_of(batch, n), table

    def _read_array(self, X: Any, batch: Any, *, reset: bool) -> Any:
        if (self.batch is not None and batch is None) or (self._kept() and reset):
            raise DataError("columns are named, so give a DataFrame; of rows without names, give the batch as batch=")
        if self.measured_ is not None and len(self.measured_) < self.n_features_in_:
            raise DataError(
                f"fit saw {self.n_features_in_} columns and equalised {len(self.measured_)} of them, which an array "
                "does not tell from the others; give a DataFrame"
            )
        return validate_data(self, X, reset=reset, accept_sparse="csr", dtype="numeric", ensure_all_finite="allow-nan")

    def _read_table(self, X: pd.DataFrame, batch: Any, *, reset: bool) -> Floats:
        asked = [self.batch] if batch is None and self.batch is not None else []
        _check_there(X, [*asked, *(self._kept() if reset else [])])
        self._check_names(X, [*self._kept(), *([] if asked else [self.batch])], reset=reset)
        numeric = self._numeric(X)
        _check_there(X, numeric)
        if reset:
            self.measured_, self.columns_ = numeric, list(X.columns)
        numbers = X[numeric]
        for name, dtype in numbers.dtypes.items():
            if not pd.api.types.is_numeric_dtype(dtype):
                raise DataError(f"the column {name!r} holds no numbers; drop it, or name it in covariates")
        values = numbers.to_numpy(dtype=float, na_value=np.nan)
        for j in np.flatnonzero(np.isinf(values).any(axis=0)).tolist():
            refuse_infinity(numbers[numeric[j]])
        return np.asarray(check_array(values, ensure_all_finite="allow-nan", estimator=self))

    def _check_names(self, X: pd.DataFrame, optional: Sequence[Hashable], *, reset: bool) -> None:
        """As scikit-learn does, but later rows may do without some of the columns."""
        known = None if reset else self._known_columns()
        names = list(X.columns) if known is None else known
        absent = [name for name in names if name in optional and name not in X.columns]
        if absent and list(X.columns) == [name for name in names if name not in absent]:
            return
        # of names alone, with those that may be absent, so that nothing is said of them
        named = pd.DataFrame(columns=[*X.columns, *absent]) if absent else X
        validate_data(self, named, reset=reset, skip_check_array=True)

    def _check_features(self, X: Matrix, *, reset: bool) -> None:
        """As scikit-learn does of arrays and tables."""
        if reset:
            self.n_features_in_ = X.shape[1]
            self.__dict__.pop("feature_names_in_", None)
            if X.names is not None:
                self.feature_names_in_ = X.names
        elif X.shape[1] != self.n_features_in_:
            raise DataError(f"there are {X.shape[1]} features, and fit saw {self.n_features_in_}")

    def _numeric(self, X: pd.DataFrame) -> list[Hashable]:
        """Columns that are equalised: those that `fit` found, whatever else later rows hold numbers in."""
        if self.measured_ is not None:
            return self.measured_
        carried = {self.batch, *self._kept(), *X.columns[[pd.api.types.is_bool_dtype(dtype) for dtype in X.dtypes]]}
        return [name for name in X if name not in carried]

    def _known_columns(self) -> list[Hashable] | None:
        """All that `fit` saw; scikit-learn keeps names only if they are texts."""
        names = getattr(self, "columns_", None)
        names = getattr(self, "feature_names_in_", None) if names is None else names
        return None if names is None else list(names)

    def _stays(self, name: Hashable) -> bool:
        """Whether a column is among those that are returned."""
        return bool(self.keep_batch or name != self.batch)

    def _protected(self) -> list[Hashable]:
        """The covariates, which may be given as an array or an index."""
        return [] if self.covariates is None else list(self.covariates)

    def _kept(self) -> list[Hashable]:
        """Columns that are not changed."""
        return [*self._protected(), *([] if self.labels is None else [self.labels])]

    def _effects(self, codes: NDArray[np.intp], table: pd.DataFrame | None) -> Floats | None:
        """Check that covariates can be told from the batches; return them as numbers ``(n_rows, n_effects)``."""
        if table is None or not self._kept():
            return None
        effects = {name: effects_of(table[name], name, codes) for name in self._protected()}
        check_design(codes, effects, allow_confounded=self.allow_confounded)
        if self.labels is not None:
            effects[self.labels] = levels_of(table[self.labels], self.labels)
        for name in self._protected():
            if not is_amount(table[name]):
                self.association_[name] = cramers_v(codes, pd.factorize(table[name])[0])
        return np.hstack(list(effects.values()))

    def _written(self, X: Any, values: Floats) -> Any:
        """The values in place of those that were given, as the same kind."""
        if isinstance(X, pd.DataFrame):
            moved = dict(zip(self._numeric(X), values.T, strict=True))
            kept = [name for name in X if self._stays(name)]
            table = pd.DataFrame({name: _like(X[name], moved.get(name)) for name in kept}, index=X.index)
            if _get_output_config("transform", self)["dense"] == "default" or self._known_columns() is None:
                return table
            # scikit-learn promises the same columns at all times: what these rows came without is missing
            return table.reindex(columns=self.get_feature_names_out())
        written: Any = type(X)(values) if sparse.issparse(X) else values  # type: ignore[call-arg]
        dtype = getattr(X, "dtype", None)
        return written.astype(dtype, copy=False) if getattr(dtype, "kind", None) == "f" else written


def _like(before: pd.Series[Any], moved: Floats | None) -> pd.Series[Any]:
    """A column with its moved values, if it has any, in its own precision; whole numbers become floats."""
    if moved is None:
        return before
    exact = pd.api.types.is_float_dtype(before.dtype)
    late = pd.api.types.is_extension_array_dtype(before.dtype)
    return pd.Series(moved, before.index).astype(before.dtype if exact else "Float64" if late else float)


def _check_there(X: pd.DataFrame, names: Sequence[Hashable]) -> None:
    for name in names:
        if name not in X.columns:
            raise DataError(f"there is no column {name!r}{nearest(name, X.columns)}")
