"""One ``random_state`` goes down as named, independent streams; nothing is seeded globally."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils import check_random_state

if TYPE_CHECKING:
    import torch

__all__ = ["RandomState", "Seeds"]

RandomState = int | np.random.Generator | np.random.RandomState | None


class Seeds:
    """Independent random streams by name, all derived from one ``random_state``.

    A stream depends on the root and on its name alone, so a stage that is skipped, repeated or
    resumed does not change what the other stages draw.

    Parameters
    ----------
    random_state : int, numpy.random.Generator, numpy.random.RandomState or None
        ``None`` takes fresh entropy from the operating system.

    Examples
    --------
    >>> seeds = Seeds(0)
    >>> seeds.rng("trees").random() == Seeds(0).rng("trees").random()
    True
    >>> seeds.integer("trees") == seeds.integer("judge")
    False
    """

    def __init__(self, random_state: RandomState = None) -> None:
        self.root = _root(random_state)

    def rng(self, *name: str | int) -> np.random.Generator:
        """Return the numpy generator of a stream."""
        return np.random.default_rng(self._sequence(name))

    def integer(self, *name: str | int) -> int:
        """Return a seed below 2**31 for a library that wants a plain integer."""
        return int(self._sequence(name).generate_state(1)[0] >> 1)

    def torch(self, *name: str | int, device: str = "cpu") -> torch.Generator:
        """Return the torch generator of a stream."""
        import torch

        return torch.Generator(device=device).manual_seed(self.integer(*name))

    def _sequence(self, name: tuple[str | int, ...]) -> np.random.SeedSequence:
        return np.random.SeedSequence([self.root, *(zlib.crc32(str(part).encode()) for part in name)])


def _root(random_state: RandomState) -> int:
    if random_state is None:
        return int(np.random.SeedSequence().generate_state(1)[0])
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    if isinstance(random_state, (int, np.integer)) and random_state < 0:
        raise ValueError(f"random_state must be None, a non-negative integer or a numpy generator, not {random_state}")
    if isinstance(random_state, (int, np.integer)):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
