"""The variational bound that factors of log rates are learned by."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd
from torch import Tensor
from torch.nn.functional import embedding

__all__ = ["Bound"]

Floats = NDArray[np.floating[Any]]
Codes = NDArray[np.intp]

STEPS = 150
LEARNING_RATE = 0.05
# precision of what is learned of a gene: of a factor's loading, of a type's and a batch's offset
LOADING, OFFSET = 10.0, 4.0
BLOCK = 2**18  # values at a time on a processor, whose memory is slower than its arithmetic
LARGEST = 20.0  # no logarithm of a mean count is believed beyond


class Bound:
    """The variational bound of Chiquet et al. (2018), eq. 8, with a normal prior on loadings and offsets.

    Parameters
    ----------
    x, known : ndarray, shape (n_cells, n_genes)
        Counts, and what is known of the logarithms of their means.
    type_, batch : ndarray, shape (n_cells,)
        Which offset and shift each cell has.
    free, given : dict of str to ndarray
        What is climbed by, and what stays: together ``mean, log_spread`` of cells, ``loadings, offset, shift``.
    """

    def __init__(
        self,
        x: Floats,
        known: Floats,
        type_: Codes,
        batch: Codes,
        free: dict[str, Floats],
        given: dict[str, Floats] | None = None,
        device: str = "cpu",
    ) -> None:
        def tensor(value: Floats) -> Tensor:
            return torch.as_tensor(value, dtype=torch.float32, device=device)

        self.x, self.known = tensor(x), tensor(known)
        self.type, self.batch = torch.as_tensor(type_, device=device), torch.as_tensor(batch, device=device)
        self.free = {name: tensor(value).requires_grad_() for name, value in free.items()}
        self.given = {name: tensor(value) for name, value in (given or {}).items()}

    @classmethod
    def to_learn(
        cls, x: Floats, known: Floats, type_: Codes, batch: Codes, k: int, rng: np.random.Generator, device: str
    ) -> Self:
        """Begin with the first `k` singular vectors of what is not known."""
        n, p = x.shape
        k = min(k, n - 1, p)
        expected = np.exp(known)
        residual = np.clip((x - expected) / np.sqrt(expected + 0.1 * expected**2 + 0.05), -5, 5)
        left, size, right = randomized_svd(residual, k, random_state=int(rng.integers(2**31)))
        free = {
            "mean": left * np.sqrt(n),
            "log_spread": np.full((n, k), -1.0),
            "loadings": 0.3 * right * (size / np.sqrt(n))[:, None],
            "offset": np.zeros((int(type_.max()) + 1, p)),
            "shift": np.zeros((int(batch.max()) + 1, p)),
        }
        return cls(x, known, type_, batch, free, device=device)

    @classmethod
    def to_judge(cls, x: Floats, known: Floats, loadings: Floats, device: str) -> Self:
        """Find where other cells are among factors that were learned before."""
        (n, p), k = x.shape, len(loadings)
        alike, none = np.zeros(n, dtype=np.intp), np.zeros((1, p))
        free = {"mean": np.zeros((n, k)), "log_spread": np.full((n, k), -1.0)}
        return cls(x, known, alike, alike, free, {"loadings": loadings, "offset": none, "shift": none}, device)

    def maximised(self) -> dict[str, Floats]:
        """Climb by Adam; the squared gradients of rare genes are numbers so small that they would cost ten times."""
        torch.set_flush_denormal(True)
        try:
            self._climb()
        finally:
            torch.set_flush_denormal(False)
        return {name: value.detach().cpu().numpy() for name, value in self.free.items()}

    def _climb(self) -> None:
        optimizer = torch.optim.Adam(self.free.values(), lr=LEARNING_RATE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=STEPS)
        for _ in range(STEPS):
            optimizer.zero_grad()
            for rows in self._blocks():
                (-self._of_cells(rows).sum()).backward()  # type: ignore[no-untyped-call]
            if "loadings" in self.free:
                self._prior().backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()

    def of_cells(self) -> Floats:
        """Return the bound of each cell ``(n_cells,)``, but for a constant of its counts."""
        with torch.no_grad():
            return np.concatenate([self._of_cells(rows).cpu().numpy() for rows in self._blocks()])

    def _blocks(self) -> list[slice]:
        n, p = self.x.shape
        step = max(1, BLOCK // p) if self.x.device.type == "cpu" else n
        return [slice(start, start + step) for start in range(0, n, step)]

    def _of_cells(self, rows: slice) -> Tensor:
        every = self.free | self.given
        loadings, offset, shift = (every[name] for name in ("loadings", "offset", "shift"))
        mean, log_spread = every["mean"][rows], every["log_spread"][rows]
        variance = torch.exp(2 * log_spread)
        # gradients of plain indices are added up by several threads in whatever order they come
        logs = mean @ loadings + self.known[rows] + embedding(self.type[rows], offset)
        if len(shift) > 1:
            logs = logs + embedding(self.batch[rows], shift)
        expected = torch.exp((logs + variance @ (loadings**2) / 2).clamp(max=LARGEST))
        divergence = 0.5 * (variance + mean**2 - 1 - 2 * log_spread).sum(dim=1)
        return (self.x[rows] * logs - expected).sum(dim=1) - divergence

    def _prior(self) -> Tensor:
        offsets = (self.free["offset"] ** 2).sum() + (self.free["shift"] ** 2).sum()
        return 0.5 * (LOADING * (self.free["loadings"] ** 2).sum() + OFFSET * offsets)
