"""What is left of a fit: a proposal, and the refiner and corrector that V kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ganaug.models.corrector import Corrector
from ganaug.models.refiner import Refiner
from ganaug.proposals.proposal import FREE, Arrays, Codes, Meta, Proposal
from ganaug.proposals.simple import IndependentColumns, Noise
from ganaug.proposals.trees import SequentialTrees

__all__ = ["PROPOSALS", "Sampler"]

PROPOSALS: dict[str, type[Any]] = {"trees": SequentialTrees, "independent": IndependentColumns, "noise": Noise}


@dataclass
class Sampler:
    """Draw codes: propose, refine, correct.

    Attributes
    ----------
    kind : {"trees", "independent", "noise"}
        Which proposal it is.
    proposal : Proposal
    refiner : Refiner or None
    corrector : Corrector or None
    """

    kind: str
    proposal: Proposal
    refiner: Refiner | None = None
    corrector: Corrector | None = None

    def propose(self, n: int, rng: np.random.Generator, given: Codes | None = None) -> Codes:
        """Draw `n` rows ``(n, n_columns)`` without the corrector."""
        rows = self.proposal.sample(n, rng, given)
        return rows if self.refiner is None else self.refiner.move(rows, rng, given)

    def draw(self, n: int, rng: np.random.Generator, given: Codes | None = None) -> Codes:
        """Draw `n` rows ``(n, n_columns)``; where `given` is not `FREE` that value stands."""
        if given is not None and (given == FREE).all():
            given = None
        if self.corrector is None:
            return self.propose(n, rng, given)
        return self.corrector.sample(n, rng, self.propose, given)

    def state(self) -> tuple[Arrays, Meta]:
        """Give all that was learned, as arrays and JSON."""
        arrays: Arrays = {}
        meta: Meta = {"kind": self.kind}
        for name in ("proposal", "refiner", "corrector"):
            if (part := getattr(self, name)) is not None:
                own, meta[name] = part.state()
                arrays |= {f"{name}/{key}": array for key, array in own.items()}
        return arrays, meta

    @classmethod
    def from_state(cls, arrays: Arrays, meta: Meta) -> Sampler:
        """Build the sampler that gave this state."""
        classes: dict[str, Any] = {"proposal": PROPOSALS[meta["kind"]], "refiner": Refiner, "corrector": Corrector}
        parts: dict[str, Any] = {}
        for name, part in classes.items():
            own = {key.split("/", 1)[1]: array for key, array in arrays.items() if key.startswith(f"{name}/")}
            parts[name] = part.from_state(own, meta[name]) if name in meta else None
        return cls(meta["kind"], parts["proposal"], parts["refiner"], parts["corrector"])
