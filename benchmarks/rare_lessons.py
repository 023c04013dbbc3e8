"""What a classifier learns rare types from, once half of their cells are hidden, for `rare_types.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from cell_peers import COMPONENTS, NEIGHBOURS, Cells, Floats, cell_gan
from cells import TRAINED, variable_genes
from imblearn.over_sampling import SMOTE, RandomOverSampler
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from ganaug.data.counts import log_normalized
from ganaug.pp.asked import cells_to_add

REAL = "real cells alone", ""
WEIGHTED = "class weights", ""
BALANCE, BEFORE = "commonest", "before"
HIDDEN = "the hidden cells", BEFORE
METHODS = ("weights", "duplicates", "SMOTE", "CellGAN")

Way = tuple[str, str]  # what is done, and up to which size


class Task(NamedTuple):
    """What is learned from, what was hidden of it, the cells that judge, their places in the file, and components."""

    train: Cells
    hidden: Cells
    held_out: Cells
    rows: npt.NDArray[np.intp]
    space: PCA

    def seen(self, cells: Cells) -> Floats:
        """Components ``(n_cells, n_components)`` of log-normalised counts, as a forest sees cells."""
        return self.space.transform(_logged(cells))

    @property
    def before(self) -> dict[str, int]:
        """How many there were of the rare types before some were hidden."""
        left, hidden = (pd.Series(side.label).value_counts() for side in (self.train, self.hidden))
        return {str(name): int(left[name] + n) for name, n in hidden.items()}

    def added(self) -> dict[str, dict[str, int]]:
        """How many cells are made of each type, by what they are raised to."""
        asked: dict[str, Any] = {BALANCE: "balance", BEFORE: self.before}
        return {target: cells_to_add(self.train.label, counts, force=True) for target, counts in asked.items()}


class Lesson(NamedTuple):
    """Components ``(n_cells, n_components)`` and types that a forest learns, and how it weighs them."""

    z: Floats
    label: npt.NDArray[Any]
    weights: str | None = None


def rarest(label: npt.NDArray[Any]) -> list[str]:
    """The rarest third of the types: two at least, five at most."""
    n = pd.Series(label).value_counts(ascending=True)
    return [str(name) for name in n.index[: int(np.clip(round(len(n) / 3), 2, 5))]]


def parted(cells: Cells, rare: list[str], genes: int, seed: int) -> Task:
    """Split the cells, hide half of those of rare types that would be learned from, and choose genes by the others."""
    everything = np.arange(len(cells.label))
    learned, rows = train_test_split(everything, train_size=TRAINED, stratify=cells.label, random_state=seed)
    rng = np.random.default_rng(seed)
    of_type = [learned[cells.label[learned] == name] for name in rare]
    hidden = np.concatenate([rng.choice(where, len(where) // 2, replace=False) for where in of_type])
    left = np.setdiff1d(learned, hidden)
    columns = variable_genes(cells.counts[left], genes)
    chosen = cells._replace(counts=cells.counts[:, columns])
    full = np.asarray(chosen.counts.sum(axis=1)).ravel() > 0
    left, hidden, rows = (part[full[part]] for part in (left, hidden, rows))
    train, hidden, held_out = map(chosen.take, (left, hidden, rows))
    space = PCA(COMPONENTS, svd_solver="randomized", random_state=seed).fit(_logged(train))
    return Task(train, hidden, held_out, rows, space)


def lessons(task: Task, methods: list[str], seed: int) -> Iterator[tuple[Way, Lesson]]:
    """All that is learned from, one by one."""
    real = Lesson(task.seen(task.train), task.train.label)
    yield REAL, real
    if "weights" in methods:
        yield WEIGHTED, real._replace(weights="balanced")
    added = task.added()
    made = _drawn(task.train, added, seed) if "CellGAN" in methods else None
    for target, more in added.items():
        counts = pd.Series(real.label).value_counts()
        totals = {name: int(counts[name]) + n for name, n in more.items()}
        if "duplicates" in methods:
            again = RandomOverSampler(sampling_strategy=totals, random_state=seed).fit_resample(*real[:2])
            yield ("duplicates", target), Lesson(*again)
        if "SMOTE" in methods:
            between = SMOTE(sampling_strategy=totals, k_neighbors=NEIGHBOURS, random_state=seed)
            yield ("SMOTE", target), Lesson(*between.fit_resample(*real[:2]))
        if made is not None:
            new = made.take(made.like(more, np.random.default_rng(seed)))
            yield ("CellGAN", target), _with(real, task, new)
    yield HIDDEN, _with(real, task, task.hidden)


def _logged(cells: Cells) -> npt.NDArray[np.float32]:
    return log_normalized(cells.counts).toarray()


def _with(real: Lesson, task: Task, new: Cells) -> Lesson:
    return Lesson(np.concatenate([real.z, task.seen(new)]), np.concatenate([real.label, new.label]))


def _drawn(train: Cells, added: dict[str, dict[str, int]], seed: int) -> Cells:
    """Cells of ours, as many of each type as any target wants; the generator learns once."""
    return cell_gan(train, pd.DataFrame(added).max(axis=1).astype(int).to_dict(), seed)
