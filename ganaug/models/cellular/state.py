"""What a fitted CellGAN is, as arrays and JSON, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ganaug.errors import ModelFileError
from ganaug.models.cellular.refiner import CellRefiner
from ganaug.models.cellular.sampler import CellSampler
from ganaug.proposals.factors import CountFactors
from ganaug.proposals.margins import Margins
from ganaug.proposals.proposal import Arrays, Codes

if TYPE_CHECKING:
    from ganaug.models.cells import CellGAN

__all__ = ["KIND", "restored", "state_of"]

KIND = "CellGAN"
SETTINGS = ("n_factors", "refine", "objective", "max_steps", "time_budget")
LEARNED = (
    *("types_", "batches_", "label_key_", "batch_key_", "layer_", "genes_", "dtype_"),
    *("n_learned_", "composition_", "notes_", "seed_"),
)
TABLES = ("stages_", "training_")


def state_of(model: CellGAN) -> tuple[Arrays, dict[str, Any]]:
    """Give all that was learned."""
    sampler = model.sampler_
    arrays = {f"proposal/{name}": array for name, array in sampler.proposal.state().items()}
    if sampler.refiner is not None:
        arrays |= {f"refiner/{name}": array for name, array in sampler.refiner.state().items()}
    if sampler.margins is not None:
        arrays |= {f"margins/{name}": array for name, array in sampler.margins.state().items()}
    if sampler.clusters is not None:
        arrays["clusters"] = sampler.clusters
    meta = {
        "settings": {name: getattr(model, name) for name in SETTINGS},
        "learned": {name: getattr(model, name) for name in LEARNED},
        "tables": {name: list(getattr(model, name)) for name in TABLES},
    }
    return arrays, meta


def restored(kind: type[CellGAN], arrays: Arrays, meta: Mapping[str, Any]) -> CellGAN:
    """Build the model that gave this state; refuses cells of types, batches or genes that do not exist."""
    model = kind(**meta["settings"])
    for name in LEARNED:
        setattr(model, name, meta["learned"][name])
    for name in TABLES:
        setattr(model, name, tuple(meta["tables"][name]))
    model.notes_ = tuple(model.notes_)
    proposal = CountFactors(**{field.name: arrays[f"proposal/{field.name}"] for field in fields(CountFactors)})
    weights, margins = (_of(arrays, part) for part in ("refiner/", "margins/"))
    _check(proposal, model)
    model.sampler_ = CellSampler(
        proposal,
        CellRefiner.from_state(weights, proposal) if weights else None,
        _margins(margins, proposal, arrays.get("clusters")) if margins else None,
        arrays.get("clusters"),
    )
    return model


def _of(arrays: Arrays, part: str) -> Arrays:
    return {name.removeprefix(part): array for name, array in arrays.items() if name.startswith(part)}


def _margins(arrays: Arrays, proposal: CountFactors, clusters: Codes | None) -> Margins:
    margins, damaged = Margins.from_state(arrays), "the model holds distributions of other genes or types"
    group, n_cells = proposal.type if clusters is None else clusters, len(proposal.type)
    if group.dtype.kind != "i" or group.shape != (n_cells,) or group.min() < 0:
        raise ModelFileError(f"{damaged}; it was changed or damaged")
    n_groups, n_genes = int(group.max()) + 1, proposal.offset.shape[1]
    for side in (margins.real, margins.drawn):
        sizes, ends = np.diff(side.start), (0, len(side.values))
        sound = len(side.start) == n_groups * n_genes + 1 and (side.start[0], side.start[-1]) == ends
        if not sound or len(side.n_cells) != n_groups or (sizes < 0).any():
            raise ModelFileError(f"{damaged}; it was changed or damaged")
    return margins


def _check(proposal: CountFactors, model: CellGAN) -> None:
    k, p = proposal.loadings.shape
    shapes = {
        "offset": (len(model.types_), p),
        "shift": (len(model.batches_), p),
        "dispersion": (p,),
        "mean": (len(proposal.type), k),
        "spread": (len(proposal.type), k),
        "batch": (len(proposal.type),),
        "library": (len(proposal.type),),
    }
    wrong = [name for name, shape in shapes.items() if getattr(proposal, name).shape != shape]
    n_types, n_batches = len(model.types_), len(model.batches_)
    of_all = np.bincount(proposal.type, minlength=n_types) if proposal.type.min() >= 0 else np.zeros(n_types)
    if wrong or p != len(model.genes_) or len(of_all) != n_types or not of_all.all():
        raise ModelFileError("the model holds cells of types or genes that do not exist; it was changed or damaged")
    if not ((proposal.batch >= 0) & (proposal.batch < n_batches)).all():
        raise ModelFileError("the model holds cells of batches that do not exist; it was changed or damaged")
