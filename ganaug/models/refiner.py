"""The refiner: a generator moves proposed rows until a critic no longer tells them from real ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from torch import Tensor, nn

from ganaug.adversarial import OBJECTIVES, History, TrainConfig, train
from ganaug.data.encoder import TableEncoder
from ganaug.nn import AutoencoderCritic, Critic, NoiseGenerator, ResidualGenerator
from ganaug.proposals.proposal import FREE, Arrays, Codes, Meta
from ganaug.seeding import Seeds

__all__ = ["Refiner", "TableGame"]

ROWS = 512  # real and fake rows in a step
POOL = 4  # proposed rows kept for each real one
POOL_FLOATS = 50_000_000  # and at most this many numbers of them
MOVE_ROWS = 65_536
RECONSTRUCTING = {"energy", "began"}  # objectives whose logits are minus a reconstruction error
WIDE = 30  # tensor columns above which the critic gets fewer frequencies: they dominate its first layer


class TableGame:
    """Rows of a table as a game: what is given is a proposed row.

    With a `ResidualGenerator` the proposed row is moved. With a `NoiseGenerator` only its columns `held` are taken
    over, as the condition; all others are made from noise.

    Parameters
    ----------
    real, proposed, unseen : Tensor, shape (n_rows, layout.width)
        Rows to learn from, rows to move, and real rows that only the monitors look at.
    generator, critic : nn.Module
    held : Tensor of bool, shape (layout.width,)
        Tensor columns of the condition of a noise GAN.
    """

    def __init__(
        self, real: Tensor, proposed: Tensor, unseen: Tensor, generator: nn.Module, critic: nn.Module, held: Tensor
    ) -> None:
        self.real, self.proposed, self.unseen, self.held = real, proposed, unseen, held
        self.generator, self.critic = generator, critic

    def draw(self, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw real rows, and as many proposed ones."""
        return some(self.real, rng), some(self.proposed, rng)

    def held_out(self, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Draw real rows that the critic does not learn from, and as many proposed ones."""
        return some(self.unseen, rng), some(self.proposed, rng)

    def fake(self, given: Tensor, rng: torch.Generator) -> Tensor:
        """Move the proposed rows, or make rows that keep their condition."""
        return move(self.generator, given, self.held, rng)

    def judge(self, x: Tensor, given: Tensor) -> Tensor:
        """Logits ``(n_rows,)``; the condition is part of the row."""
        logits: Tensor = self.critic(x)
        return logits

    def terms(self, fake: Tensor, given: Tensor) -> Tensor | None:
        """Nothing besides the critic."""
        return None


def some(rows: Tensor, rng: torch.Generator) -> Tensor:
    """Draw the rows of one step, with replacement."""
    return rows[torch.randint(len(rows), (ROWS,), generator=rng, device=rng.device)]


def move(
    generator: nn.Module, given: Tensor, held: Tensor, rng: torch.Generator, frozen: Tensor | None = None
) -> Tensor:
    """Run the generator on proposed rows ``(n_rows, width)``."""
    noise_dim = generator.noise_dim
    assert isinstance(noise_dim, int)
    z = torch.randn(len(given), noise_dim, generator=rng, device=given.device)
    if isinstance(generator, NoiseGenerator):
        made = generator(z, given[:, held] if held.any() else None, rng=rng)
        return torch.where(held if frozen is None else held | frozen, given, made)
    moved: Tensor = generator(given, z, frozen=frozen)
    return moved


class Settings(NamedTuple):
    """How the game is played."""

    objective: str
    steps: int
    seconds: float | None
    from_noise: bool
    device: str
    random_state: int


class Refiner:
    """A generator for code matrices that starts as the identity on proposed rows, or from noise.

    Parameters
    ----------
    settings : Settings
    encoder : TableEncoder
        Fitted on the training rows.
    held : list of int
        Columns that a noise GAN is given.
    """

    def __init__(self, settings: Settings, encoder: TableEncoder, held: list[int]) -> None:
        self.settings, self.encoder, self.columns_held = settings, encoder, list(held)
        rng = Seeds(settings.random_state).torch("weights")
        self.held = self._mask(np.isin(np.arange(len(encoder.blocks)), held if settings.from_noise else []))
        if settings.from_noise:
            self.generator: nn.Module = NoiseGenerator(encoder.layout, condition_dim=int(self.held.sum()), rng=rng)
        else:
            self.generator = ResidualGenerator(encoder.layout, rng=rng)
        self.generator.to(settings.device)
        self.held = self.held.to(settings.device)

    def fit(
        self,
        real: Codes,
        proposed: Codes,
        unseen: Codes,
        *,
        score: Callable[[Refiner], float],
        on_log: Callable[[int, float], None],
        save: Callable[[Arrays, Meta], None] | None = None,
        resume_from: tuple[Arrays, Meta] | None = None,
    ) -> History:
        """Play with real, proposed and held-out rows; the generator with the lowest `score` is kept."""
        seeds, settings = Seeds(self.settings.random_state), self.settings
        rng = seeds.torch("game", device=settings.device)
        most = max(ROWS, POOL_FLOATS // self.encoder.layout.width)
        learned, moved, watched = (self.encoder.encode(rows[:most], rng) for rows in (real, proposed, unseen))
        critic = self._critic(seeds.torch("critic")).to(settings.device)
        game = TableGame(learned, moved, watched, self.generator, critic, self.held)

        def judged(step: int, generator: nn.Module, history: History) -> float:
            playing, self.generator = self.generator, generator
            value = score(self)
            self.generator = playing
            on_log(step, value)
            return value

        every = max(20, settings.steps // 10)
        config = TrainConfig(steps=settings.steps, seconds=settings.seconds, patience=5, log_every=every, save=save)
        objective = OBJECTIVES[settings.objective]()
        trained = train(game, objective, config, rng=rng, on_log=judged, resume_from=resume_from)
        self.generator = trained.generator
        self.stopped = trained.stopped
        return trained.history

    def move(self, codes: Codes, rng: np.random.Generator, given: Codes | None = None) -> Codes:
        """Move proposed rows ``(n_rows, n_columns)``; where `given` is not `FREE` the value stays."""
        seed = int(rng.integers(2**31))
        torch_rng = torch.Generator(self.settings.device).manual_seed(seed)
        moved = np.empty_like(codes)
        for start in range(0, len(codes), MOVE_ROWS):
            part = slice(start, start + MOVE_ROWS)
            frozen = None if given is None else self._mask(given[part] != FREE).to(self.settings.device)
            with torch.no_grad():
                rows = self.encoder.encode(codes[part], torch_rng)
                moved[part] = self.encoder.decode(move(self.generator, rows, self.held, torch_rng, frozen))
        return moved if given is None else np.where(given == FREE, moved, given).astype(np.int32)

    def state(self) -> tuple[Arrays, Meta]:
        """Give all that was learned, as arrays and JSON."""
        arrays, encoder = self.encoder.state()
        arrays = {f"encoder.{key}": array for key, array in arrays.items()}
        for name, weight in self.generator.state_dict().items():
            arrays[f"generator.{name}"] = weight.cpu().numpy()
        settings = self.settings._asdict() | {"device": "cpu"}
        return arrays, {"encoder": encoder, "settings": settings, "held": self.columns_held}

    @classmethod
    def from_state(cls, arrays: Arrays, meta: Meta) -> Self:
        """Build the refiner that gave this state, on the CPU."""
        parts: dict[str, dict[str, Any]] = {"encoder": {}, "generator": {}}
        for key, array in arrays.items():
            which, name = key.split(".", 1)
            parts[which][name] = array
        encoder = TableEncoder.from_state(parts["encoder"], meta["encoder"])
        new = cls(Settings(**meta["settings"]), encoder, meta["held"])
        new.generator.load_state_dict({name: torch.as_tensor(array) for name, array in parts["generator"].items()})
        return new

    def _critic(self, rng: torch.Generator) -> nn.Module:
        layout = self.encoder.layout
        if self.settings.objective in RECONSTRUCTING:
            return AutoencoderCritic(layout, code=min(8, max(1, layout.width // 2)), rng=rng)
        return Critic(layout, frequencies=8 if layout.width <= WIDE else 2, rng=rng)

    def _mask(self, columns: np.ndarray[Any, Any]) -> Tensor:
        """Columns of codes as columns of the tensor: bool ``(..., n_columns)`` to ``(..., width)``."""
        widths = [sum(block.width for block in blocks) for blocks in self.encoder.blocks]
        return torch.as_tensor(np.repeat(columns, widths, axis=-1))
