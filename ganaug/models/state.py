"""What a fitted TabularGAN is, as arrays and JSON, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from ganaug.data.table import TableCodec
from ganaug.layout import Levels
from ganaug.models.sampler import Sampler
from ganaug.proposals.proposal import Arrays, Meta

if TYPE_CHECKING:
    from ganaug.models.tabular import TabularGAN

__all__ = ["restored", "state_of"]

SETTINGS = ("proposal", "refine", "correct", "objective", "time_budget", "max_steps")
CODEC = "codec/"


def state_of(model: TabularGAN) -> tuple[Arrays, Meta]:
    """Give all that was learned; the training codes are among it, as the proposal draws its values from them."""
    arrays, sampler = model.sampler_.state()
    codec_arrays, codec = model.codec_.state()
    arrays = {**arrays, **{f"{CODEC}{key}": array for key, array in codec_arrays.items()}, "codes": model.codes_}
    meta = {
        "sampler": sampler,
        "codec": codec,
        "settings": {name: getattr(model, name) for name in SETTINGS},
        "names": {
            "target": model.target,
            "group": model.group,
            "conditions": model.conditions and list(model.conditions),
        },
        "seed": model.seed_,
        "n_features_in": model.n_features_in_,
        "feature_names_in": list(getattr(model, "feature_names_in_", [])),
        "stages": list(model.stages_),
        "training": list(model.training_),
        "notes": list(model.notes_),
    }
    plain: Meta = json.loads(json.dumps(meta, default=str))
    return arrays, plain


def restored(model: TabularGAN, arrays: Arrays, meta: Meta) -> TabularGAN:
    """Give a new model what another one learned."""
    codec = {key.removeprefix(CODEC): array for key, array in arrays.items() if key.startswith(CODEC)}
    model.codec_ = TableCodec.from_state(codec, meta["codec"])
    model.schema_ = model.codec_.schema
    model.codes_ = arrays["codes"]
    model.levels_ = Levels(model.codec_.cardinality, model.codec_.ordered)
    learned = {key: array for key, array in arrays.items() if not key.startswith(CODEC)}
    model.sampler_ = Sampler.from_state(learned, meta["sampler"])
    model.stages_, model.notes_, model.seed_ = tuple(meta["stages"]), tuple(meta["notes"]), meta["seed"]
    model.training_ = tuple(meta["training"])
    model.n_features_in_ = meta["n_features_in"]
    if meta["feature_names_in"]:
        model.feature_names_in_ = np.array(meta["feature_names_in"], dtype=object)
    return model
