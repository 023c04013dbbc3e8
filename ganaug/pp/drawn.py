"""The cells that are drawn, and the judge's look at them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import anndata
import numpy as np
import pandas as pd
from scipy import sparse

from ganaug.fidelity.report import FidelityReport
from ganaug.models.cells import CellGAN
from ganaug.seeding import Seeds
from ganaug.tl import fidelity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from anndata import AnnData
    from numpy.typing import NDArray

    from ganaug.data.counts import Counts

__all__ = ["Drawn", "Keys", "Sides", "drawn_cells", "judged_cells", "slim"]

# synthetic cells that the judge sees, for each that is held out
SHOWN = 2


class Keys(NamedTuple):
    """Where an AnnData says what: columns of `obs`, and the layer with the counts."""

    label: str
    batch: str | None = None
    group: str | None = None
    layer: str | None = None

    @property
    def columns(self) -> list[str]:
        """The columns of `obs` that were named."""
        return [key for key in (self.label, self.batch, self.group) if key is not None]

    def told(self) -> dict[str, str]:
        """Return those that were named, by the names they have in `ganaug.pp.augment`."""
        names = ("label_key", "batch_key", "group_key", "layer")
        return {name: key for name, key in zip(names, self, strict=True) if key is not None}


class Sides(NamedTuple):
    """Cells that are learned from, and cells that judge."""

    train: AnnData
    held_out: AnnData


class Drawn(NamedTuple):
    """Synthetic cells, and which of them are handed over and which judged ``(n_drawn,)``."""

    counts: Counts
    obs: pd.DataFrame
    handed: NDArray[np.bool_]
    judged: NDArray[np.bool_]


def slim(counts: Counts, obs: pd.DataFrame, genes: pd.Index[str]) -> AnnData:
    """Return counts, annotations and names, and nothing else."""
    return anndata.AnnData(counts, obs=obs, var=pd.DataFrame(index=genes))


def drawn_cells(model: CellGAN, sides: Sides, keys: Keys, added: Mapping[str, int], seeds: Seeds) -> Drawn:
    """Draw what is wanted and what the judge has to see of each type: mostly, these are the same cells."""
    train, real = (side.obs[keys.label] for side in sides)
    shown = {str(name): SHOWN * int(n) for name, n in real[real.isin(set(train))].value_counts().items()}
    n = {name: max(added.get(name, 0), shown.get(name, 0)) for name in sorted({*added, *shown})}
    plans = _by_batch(n, sides.train.obs, keys, seeds.rng("batches"))
    made = [model.sample(plan, batch=batch, random_state=seeds.rng("cells", str(batch))) for batch, plan in plans]
    known = [keys.label] if keys.batch is None else [keys.label, keys.batch]
    obs = pd.concat([part.obs[known].astype(str).astype(object) for part in made], ignore_index=True)
    order = seeds.rng("order").permutation(len(obs))  # of each type the first are taken, from whichever batch
    counts, obs = sparse.vstack([part.X for part in made], "csr")[order], obs.iloc[order].reset_index(drop=True)
    place = obs.groupby(keys.label).cumcount().to_numpy()
    handed, judged = (place < obs[keys.label].map(wanted).fillna(0).to_numpy() for wanted in (added, shown))
    return Drawn(counts, obs, handed, judged)


def judged_cells(drawn: Drawn, sides: Sides, model: CellGAN, keys: Keys, profile: str, seeds: Seeds) -> FidelityReport:
    """Have the judge look at cells in the composition of those held out, and add where they come from."""
    obs = drawn.obs[drawn.judged].rename(index=str)
    if keys.group is not None and keys.group not in obs:  # whose they might be, since the judge counts donors
        obs[keys.group] = seeds.rng("donors").choice(sides.train.obs[keys.group], len(obs))
    real = sides.held_out
    known = real.obs[keys.label].isin(set(obs[keys.label])).to_numpy()
    report = fidelity(
        real if known.all() else real[known].copy(),
        slim(drawn.counts[drawn.judged], obs, real.var_names),
        label_key=keys.label,
        group_key=keys.group,
        train=sides.train,
        profile=profile,
        random_state=seeds.integer("judge"),
    )
    both, training = int((drawn.handed & drawn.judged).sum()), list(model.training_)
    roles = {"learned_from": sides.train.n_obs, "held_out": real.n_obs, "judged_and_handed_over": both}
    return replace(
        report,
        stages=tuple(model.stages_),
        notes=(*_said(drawn, both, keys), *model.notes_, *report.notes),
        provenance={**report.provenance, "seed": seeds.root, **roles},
        pictures={**report.pictures, "training": training} if training else report.pictures,
    )


def _by_batch(
    n: Mapping[str, int], train: pd.DataFrame, keys: Keys, rng: np.random.Generator
) -> list[tuple[str | None, dict[str, int]]]:
    """How many of each type are drawn in each batch: in the shares in which real ones were measured there."""
    if keys.batch is None:
        return [(None, dict(n))]
    real = pd.crosstab(train[keys.batch], train[keys.label])
    plan = pd.DataFrame({name: rng.multinomial(n[name], real[name] / real[name].sum()) for name in n}, real.index)
    rows: Iterator[tuple[str | None, dict[str, int]]]
    rows = ((str(batch), {str(name): int(k) for name, k in row.items() if k}) for batch, row in plan.iterrows())
    return [row for row in rows if row[1]]


def _said(drawn: Drawn, both: int, keys: Keys) -> list[str]:
    said = [
        "Composition was changed on purpose, so the synthetic cells that were judged have the held-out cells' "
        f"composition of types: {both:,} of the {int(drawn.judged.sum()):,} are among those handed over, the others "
        "were drawn from the same model beside them."
    ]
    types = drawn.obs[keys.label]
    if unseen := sorted(set(types[drawn.handed]) - set(types[drawn.judged])):
        said.append(f"No cell of {', '.join(map(repr, unseen))} is held out: synthetic ones were not judged.")
        warnings.warn(said[-1], UserWarning, stacklevel=5)
    return said
