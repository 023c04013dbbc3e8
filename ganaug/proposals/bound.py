"""The variational bound that factors of log rates are learned by."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.utils.extmath import randomized_svd
from torch import Tensor

__all__ = ["Bound"]

Floats = NDArray[np.float32]
Codes = NDArray[np.intp]

STEPS = 300
LEARNING_RATE = 0.05
# precision of what is learned of a gene: of a factor's loading, of a type's and a batch's offset
LOADING, OFFSET = 1.0, 4.0
LARGEST = 20.0  # no logarithm of a mean count is believed beyond


class Bound:
    """The variational bound of Chiquet et al. (2018), eq. 8, with a normal prior on loadings and offsets."""

    def __init__(
        self, x: Floats, known: Floats, type_: Codes, batch: Codes, k: int, rng: np.random.Generator, device: str
    ) -> None:
        n, p = x.shape
        k = min(k, n - 1, p)
        self.x, self.known = (torch.as_tensor(part, dtype=torch.float32, device=device) for part in (x, known))
        self.type, self.batch = torch.as_tensor(type_, device=device), torch.as_tensor(batch, device=device)
        expected = np.exp(known)
        residual = np.clip((x - expected) / np.sqrt(expected + 0.1 * expected**2 + 0.05), -5, 5)
        left, size, right = randomized_svd(residual, k, random_state=int(rng.integers(2**31)))
        start = {
            "mean": left * np.sqrt(n),
            "log_spread": np.full((n, k), -1.0),
            "loadings": 0.3 * right * (size / np.sqrt(n))[:, None],
            "offset": np.zeros((int(type_.max()) + 1, p)),
            "shift": np.zeros((int(batch.max()) + 1, p)),
        }
        self.free = {
            name: torch.as_tensor(value, dtype=torch.float32, device=device).requires_grad_()
            for name, value in start.items()
        }

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
            (-self.value(**self.free)).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()

    def value(self, mean: Tensor, log_spread: Tensor, loadings: Tensor, offset: Tensor, shift: Tensor) -> Tensor:
        """Return the bound, but for a constant."""
        variance = torch.exp(2 * log_spread)
        logs = mean @ loadings + self.known + offset[self.type]
        if len(shift) > 1:
            logs = logs + shift[self.batch]
        expected = torch.exp((logs + variance @ (loadings**2) / 2).clamp(max=LARGEST))
        divergence = 0.5 * (variance + mean**2 - 1 - 2 * log_spread).sum()
        prior = 0.5 * (LOADING * (loadings**2).sum() + OFFSET * ((offset**2).sum() + (shift**2).sum()))
        return (self.x * logs - expected).sum() - divergence - prior
