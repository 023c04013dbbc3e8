"""BatchEqualizer: the rows of every experimental batch in the reference's style."""

from __future__ import annotations

import os
import warnings
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ganaug.devices import resolve_device
from ganaug.errors import DataError
from ganaug.models.equalizing.batches import Reference, labels_of, roles_of
from ganaug.models.equalizing.certificate import Certificate, certify
from ganaug.models.equalizing.matrix import Matrix, drawn
from ganaug.models.equalizing.reading import BatchReader
from ganaug.models.equalizing.state import KIND, state_of
from ganaug.models.equalizing.trust import trust
from ganaug.persistence import save_folder
from ganaug.seeding import RandomState, Seeds
from ganaug.transport.chain import IDENTITY, WAYS, Chain
from ganaug.transport.choice import Refine, best_chain
from ganaug.transport.style import Roles

__all__ = ["BatchEqualizer"]

Floats = NDArray[np.float64]

# equalised rows that are kept for batches that come later, and values of them
KEPT_ROWS, KEPT_VALUES = 3000, 20_000_000
# rows of a new batch of which half are less like any row than this share anything with what is known
LEAST_TRUST = 0.1
# of fewer rows a critic learns each by heart
FEWEST_ROWS = 1000


class Part(NamedTuple):
    """Some rows: which, their batches, their values, and the equalised values and coordinates."""

    rows: slice
    labels: NDArray[Any]
    before: Floats
    values: Floats
    coordinates: Floats


class BatchEqualizer(TransformerMixin, BatchReader):  # type: ignore[misc]
    """Carry the rows of every batch into one style, as full feature values, and leave everything else alone.

    Several closed-form ways are learned from two thirds of the rows; on the others a guard that sees no labels compares
    how well each mixes the batches and how much of what they had in common it keeps. The best one is learned from all
    rows. Where a batch differs no more than by chance, nothing is moved.

    Parameters
    ----------
    batch : hashable, optional
        The column of a DataFrame that says which batch a row is from; or give labels to `fit` and `transform`.
    reference : "common", a batch, a list of batches, or ndarray of bool of shape (n_rows,)
        The centre of all batches; one, whose rows then stay as they are; the centre of several; or the rows that are
        controls in every batch, from which alone a batch's style is then learned.
    covariates : list of hashable, optional
        Columns that have to survive. They are not changed, and what they explain is no batch effect.
    labels : hashable, optional
        A column with what is known of the rows, such as the type of a cell, which may be missing in some. It is used to
        protect: what labels explain is no batch effect, even where they go with batches. It is not changed.
    keep_batch : bool
        Whether the batch column stays among the columns that are returned.
    allow_confounded : bool
        Whether to go on where a covariate cannot be told from the batches.
    steps : int
        How long the student, a generator that goes on where the closed form ends, plays against its critic; 0 for
        none. It is not tried with fewer than 1,000 rows, nor with covariates, of which its critic knows nothing.
    certify : bool
        Whether `fit` also measures what harm may be done, see `certificate_`; it then takes several times as long.
    device : str
        Where the student plays: ``"auto"``, ``"cpu"``, ``"cuda"``.
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None

    Attributes
    ----------
    batches_ : ndarray
        The batches, as they were called.
    chain_ : Chain or None
        What was learned; None with a single batch, where there is nothing to equalise.
    way_ : str
        Which way the guard took: ``"identity"``, ``"quantiles"``, ``"centring"``, ``"centring within states"``,
        ``"states"`` or ``"mixed states"``, the last four perhaps ``"of directions"``, and ``", student"`` where one was
        kept.
    guard_ : dict of str to Kept
        What it saw of each.
    certificate_ : Certificate or None
        What was measured of harm: how far rows are moved where there is no batch effect, how much of a change that is
        planted is left, and what was lost within batches.
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
        labels: Hashable | None = None,
        keep_batch: bool = False,
        allow_confounded: bool = False,
        steps: int = 400,
        certify: bool = False,
        device: str = "auto",
        random_state: RandomState = None,
    ) -> None:
        self.batch = batch
        self.reference = reference
        self.covariates = covariates
        self.labels = labels
        self.keep_batch = keep_batch
        self.allow_confounded = allow_confounded
        self.steps = steps
        self.certify = certify
        self.device = device
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
        self._check_asked()
        matrix, labels, table = self._read(X, batch, reset=True)
        self.batches_, codes = np.unique(labels, return_inverse=True)
        self.chain_: Chain | None = None
        self.association_: dict[Hashable, float] = {}
        self.way_, self.guard_ = IDENTITY, {}
        self.adapted_: dict[Any, Chain] = {}
        self.certificate_: Certificate | None = None
        several = len(self.batches_) > 1
        few = self.batches_[np.bincount(codes) < 2]
        if several and len(few):
            name = str(few[0])
            raise DataError(f"the batch {name!r} has a single row, which shows no style; leave it out or join it")
        roles = roles_of(codes, self.batches_, self.reference) if several else Roles.common(codes)
        effects = self._effects(codes, table) if several else None
        seeds = Seeds(self.random_state)
        some = drawn(2 * codes + roles.learn, matrix.shape[1], seeds.rng("drawn"))
        values, self.lowest_, self.highest_ = matrix.seen(some)
        codes, rng = codes[some], seeds.rng("equalize")
        most = min(KEPT_ROWS, max(KEPT_VALUES // max(values.shape[1], 1), 1))
        rows = np.sort(rng.permutation(len(values))[:most])
        if not several:
            self.rows_ = values[rows].astype(np.float32)
            return self
        effects = None if effects is None else effects[some]
        refine = self._refine(seeds) if effects is None and len(values) >= FEWEST_ROWS else None
        chain = best_chain(values, roles.of(some), rng, effects, refine)
        self.chain_, self.way_, self.guard_ = chain, chain.way, dict(chain.kept)
        moved = self._moved(values, codes)[0]
        self.rows_ = moved[rows].astype(np.float32)
        if self.certify:
            self.certificate_ = certify(
                values,
                moved,
                roles.of(some),
                chain,
                None if chain.way in WAYS else refine,
                seeds,
                effects=effects,
                batches=[str(name) for name in self.batches_],
                name="batch" if self.batch is None else str(self.batch),
                covariates=[str(name) for name in self.covariates or []],
            )
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

        Warns
        -----
        UserWarning
            If the new rows are like hardly any that are known: then what sets them apart may be what is in them.

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
        told = not isinstance(X_new, Matrix) and self.batch is not None and self.batch in getattr(X_new, "columns", ())
        n = X_new.shape[0] if hasattr(X_new, "shape") else len(X_new)
        matrix, labels, _ = self._read(X_new, None if told else np.repeat(name, n), reset=False)
        others = [other for other in np.unique(labels).tolist() if other != name]
        if others:
            raise DataError(f"there are rows of the batch {others[0]!r} among those of {str(name)!r}; adapt takes one")
        if len(labels) < 2:
            raise DataError(f"the batch {str(name)!r} has a single row, which shows no style")
        seeds = Seeds(self.random_state)
        values = matrix.seen(drawn(np.zeros(len(labels), dtype=np.intp), matrix.shape[1], seeds.rng("drawn"))).values
        codes = np.repeat([0, 1], [len(self.rows_), len(values)])
        roles = Roles.common(codes)._replace(reference=codes == 0)
        rows = np.concatenate([self.rows_.astype(float), values])
        self.adapted_[name] = best_chain(rows, roles, seeds.rng("adapt"))
        z = self.adapted_[name].move(rows, codes)[1]
        if np.median(trust(z[codes == 1], z[codes == 0])) < LEAST_TRUST:
            warnings.warn(
                f"the batch {str(name)!r} holds hardly anything that earlier batches hold, so its style cannot be told "
                "from what is in it; `trust` says which rows have their like",
                UserWarning,
                stacklevel=2,
            )
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

    def equalized(self, X: Any, batch: Any = None) -> tuple[Any, Floats]:
        """Return the equalised values ``(n_rows, n_numeric)`` and their coordinates ``(n_rows, n_components)``.

        The values are sparse if X is. The coordinates are principal components with the noise shrunk away; with 50
        features or fewer, the features.
        """
        matrix, labels = self._known(X, batch)
        parts, coordinates, moved = [], [], np.empty((0, 0) if sparse.issparse(X) else matrix.shape)
        for rows in matrix.chunks():
            values, z = self._carried(matrix.read(rows), labels[rows])
            coordinates.append(z)
            if sparse.issparse(X):
                parts.append(sparse.csr_array(values))
            else:
                moved[rows] = values
        return sparse.vstack(parts) if parts else moved, np.concatenate(coordinates)

    def equalized_parts(self, X: Any, batch: Any = None) -> Iterator[Part]:
        """Go through the rows as `equalized` does, keeping none."""
        matrix, labels = self._known(X, batch)
        for rows in matrix.chunks():
            values = matrix.read(rows)
            yield Part(rows, labels[rows], values, *self._carried(values, labels[rows]))

    def trust(self, coordinates: Floats) -> Floats:
        """Say of each row ``(n_rows,)`` whether there is any like it among those of `fit`: 0 none, 1 as for most.

        Parameters
        ----------
        coordinates : ndarray, shape (n_rows, n_components)
            As of `equalized`.
        """
        check_is_fitted(self)
        # of one type with the known ones, or distances to all of them are kept in memory
        return trust(np.asarray(coordinates, dtype=float), self._encoded(self.rows_.astype(float)))

    def _check_asked(self) -> None:
        if isinstance(self.covariates, str):
            raise DataError(f"covariates is a list of columns: give [{self.covariates!r}]")
        if self.labels is not None and self.labels == self.batch:
            raise DataError(f"labels and batch are both {self.batch!r}; labels say what a row is, not where it is from")
        if self.steps < 0 or self.steps != int(self.steps):
            raise DataError(f"steps must be a whole number from 0, not {self.steps!r}")

    def _refine(self, seeds: Seeds) -> Refine | None:
        """What lets a student play, unless none is wanted."""
        if not self.steps:
            return None
        from ganaug.models.equalizing.student import Settings, refined  # torch, which nothing else here needs

        device = str(resolve_device(self.device))
        return refined(Settings(self.steps, device=device, random_state=seeds.integer("student")))

    def _known(self, X: Any, batch: Any) -> tuple[Matrix, NDArray[Any]]:
        """The numbers, and the batch of each row, of which something has been learned."""
        check_is_fitted(self)
        matrix, labels, _ = self._read(X, batch, reset=False)
        unknown = sorted(map(str, self.unknown(labels)))
        if unknown:
            raise DataError(
                f"fit has not seen the batch {unknown[0]!r}, only {[str(b) for b in self.batches_]}; adapt learns it"
            )
        return matrix, labels

    def unknown(self, labels: NDArray[Any]) -> list[Any]:
        """Batches among these of which nothing has been learned."""
        if self.chain_ is None and not self.adapted_:
            return []
        known = {*self.batches_.tolist(), *self.adapted_}
        return [name for name in np.unique(labels).tolist() if name not in known]

    def _carried(self, values: Floats, labels: NDArray[Any]) -> tuple[Floats, Floats]:
        """Values and coordinates of rows of known batches."""
        new = np.isin(labels, list(self.adapted_))
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

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the model as a folder of safetensors and JSON; `ganaug.load` brings it back.

        The folder holds `rows_`: at most 3,000 equalised rows.
        """
        check_is_fitted(self)
        arrays, meta = state_of(self)
        save_folder(path, arrays, meta, kind=KIND)
