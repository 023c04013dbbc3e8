"""BatchEqualizer: the rows of every experimental batch in the reference's style."""

from __future__ import annotations

import os
import warnings
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from ganaug.devices import resolve_device
from ganaug.errors import DataError
from ganaug.models.equalizing.batches import (
    Reference,
    check_covariates,
    check_order,
    check_spelling,
    labels_of,
    roles_of,
)
from ganaug.models.equalizing.carrying import BatchCarrier
from ganaug.models.equalizing.certificate import Certificate, certify
from ganaug.models.equalizing.matrix import Matrix, drawn
from ganaug.models.equalizing.state import KIND, state_of
from ganaug.models.equalizing.trust import trust
from ganaug.persistence import save_folder
from ganaug.seeding import RandomState, Seeds
from ganaug.transport.chain import IDENTITY, WAYS, Chain
from ganaug.transport.choice import Refine, best_chain
from ganaug.transport.style import Roles

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BatchEqualizer"]

Floats = NDArray[np.float64]

# equalised rows that are kept for batches that come later, and values of them
KEPT_ROWS, KEPT_VALUES = 3000, 20_000_000
# rows of a new batch of which half are less like any row than this share anything with what is known
LEAST_TRUST = 0.1
# of fewer rows a critic learns each by heart
FEWEST_ROWS = 1000


class Lesson(NamedTuple):
    """What is learned from: some rows ``(n_rows, n_features)``, what each is for, and what covariates say of it."""

    values: Floats
    roles: Roles
    effects: Floats | None


class BatchEqualizer(BatchCarrier):
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
        Columns that have to survive. They are not changed, and what they explain is no batch effect. At most twenty
        numbers, of ten rows each on the whole and each in several batches, are levels, as texts are.
    labels : hashable, optional
        A column with what is known of the rows, such as the type of a cell, which may be missing in some. It is used to
        protect: what labels explain is no batch effect, even where they go with batches. It is not changed, and later
        rows need not have it.
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
        Cramér's V of the batch with each covariate that is no number.
    adapted_ : dict
        What was learned of batches that came later, see `adapt`.
    measured_ : list or None
        The columns of a DataFrame that are equalised, and that later rows must have.
    columns_ : list or None
        All columns of a DataFrame, whatever they are called.
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

    certificate_: Certificate | None

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
        self._begin(labels)
        seeds = Seeds(self.random_state)
        lesson, rng = self._lesson(matrix, labels, table, seeds), seeds.rng("equalize")
        moved, kept = lesson.values, _kept(lesson.values.shape, rng)
        if len(self.batches_) > 1:
            refine = self._refine(lesson, seeds)
            chain = best_chain(lesson.values, lesson.roles, rng, lesson.effects, refine)
            self.chain_, self.way_, self.guard_ = chain, chain.way, dict(chain.kept)
            moved = self._moved(lesson.values, lesson.roles.batch)[0]
            if self.certify:
                self.certificate_ = self._certified(lesson, moved, chain, refine, seeds)
        self.rows_ = moved[kept]
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
        name = labels_of([batch], 1).tolist()[0]
        matrix, seeds = self._new(X_new, name), Seeds(self.random_state)
        group = np.zeros(matrix.shape[0], dtype=np.intp)
        values = matrix.seen(drawn(group, matrix.shape[1], seeds.rng("drawn"))).values
        codes = np.repeat([0, 1], [len(self.rows_), len(values)])
        roles = Roles.common(codes)._replace(reference=codes == 0)
        rows = np.concatenate([self.rows_, values])
        self.adapted_[name] = best_chain(rows, roles, seeds.rng("adapt"))
        z = self.adapted_[name].move(rows, codes)[1]
        if np.median(trust(z[codes == 1], z[codes == 0])) < LEAST_TRUST:
            warnings.warn(
                f"the batch {name!r} holds hardly anything that earlier batches hold, so its style cannot be told "
                "from what is in it; `trust` says which rows have their like",
                UserWarning,
                stacklevel=2,
            )
        return self

    def fit_transform(self, X: Any, y: Any = None, batch: Any = None) -> Any:
        """Learn every batch's style, and return the rows in the reference's."""
        return self.fit(X, y, batch=batch).transform(X, batch=batch)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the model as a folder of safetensors and JSON; `ganaug.load` brings it back.

        The folder holds `rows_`: at most 3,000 equalised rows.
        """
        check_is_fitted(self)
        arrays, meta = state_of(self)
        save_folder(path, arrays, meta, kind=KIND)

    def _check_asked(self) -> None:
        check_covariates(self.covariates)
        if self.labels is not None and self.labels == self.batch:
            raise DataError(f"labels and batch are both {self.batch!r}; labels say what a row is, not where it is from")
        if self.steps < 0 or self.steps != int(self.steps):
            raise DataError(f"steps must be a whole number from 0, not {self.steps!r}")

    def _begin(self, labels: NDArray[Any]) -> None:
        """Forget what was learned earlier, and name the batches; raise `DataError` if one shows no style."""
        self.batches_, n = np.unique(labels, return_counts=True)
        self.chain_, self.way_, self.guard_ = None, IDENTITY, {}
        self.association_, self.adapted_ = {}, {}
        self.certificate_ = None
        few = self.batches_[n < 2].tolist() if len(n) > 1 else []
        if few:
            raise DataError(f"the batch {few[0]!r} has a single row, which shows no style; leave it out or join it")

    def _lesson(self, matrix: Matrix, labels: NDArray[Any], table: pd.DataFrame | None, seeds: Seeds) -> Lesson:
        """Look at all rows once, and keep those that are learned from."""
        codes = np.searchsorted(self.batches_, labels)
        roles, effects = Roles.common(codes), None
        if len(self.batches_) > 1:
            if table is not None:
                check_order(self.reference, table.index)
            roles, effects = roles_of(codes, self.batches_, self.reference), self._effects(codes, table)
        some = drawn(2 * codes + roles.learn, matrix.shape[1], seeds.rng("drawn"))
        values, self.lowest_, self.highest_ = matrix.seen(some)
        return Lesson(values, roles.of(some), None if effects is None else effects[some])

    def _refine(self, lesson: Lesson, seeds: Seeds) -> Refine | None:
        """What lets a student play, unless none is wanted or rows are too few."""
        if not self.steps or lesson.effects is not None or len(lesson.values) < FEWEST_ROWS:
            return None
        from ganaug.models.equalizing.student import Settings, refined  # torch, which nothing else here needs

        device = str(resolve_device(self.device))
        return refined(Settings(self.steps, device=device, random_state=seeds.integer("student")))

    def _certified(
        self, lesson: Lesson, moved: Floats, chain: Chain, refine: Refine | None, seeds: Seeds
    ) -> Certificate:
        return certify(
            lesson.values,
            moved,
            lesson.roles,
            chain,
            None if chain.way in WAYS else refine,
            seeds,
            effects=lesson.effects,
            batches=[str(name) for name in self.batches_],
            name="batch" if self.batch is None else str(self.batch),
            covariates=[str(name) for name in self._protected()],
        )

    def _new(self, X: Any, name: Any) -> Matrix:
        """Rows of one batch that `fit` did not see."""
        seen = self.batches_.tolist() if len(self.batches_) > 1 else []
        if name in seen:
            raise DataError(f"the batch {name!r} is known from fit; give transform its rows")
        check_spelling(name, [*seen, *self.adapted_])
        told = not isinstance(X, Matrix) and self.batch is not None and self.batch in getattr(X, "columns", ())
        n = X.shape[0] if hasattr(X, "shape") else len(X)
        matrix, labels, _ = self._read(X, None if told else np.repeat(name, n), reset=False)
        others = [other for other in np.unique(labels).tolist() if other != name]
        if others:
            raise DataError(f"there are rows of the batch {others[0]!r} among those of {name!r}; adapt takes one")
        if len(labels) < 2:
            raise DataError(f"the batch {name!r} has a single row, which shows no style")
        return matrix


def _kept(shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw the rows that are kept for batches that come later."""
    most = min(KEPT_ROWS, max(KEPT_VALUES // max(shape[1], 1), 1))
    return np.sort(rng.permutation(shape[0])[:most])
