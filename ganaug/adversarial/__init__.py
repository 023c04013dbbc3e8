"""The adversarial engine: losses, penalties, objectives, and one loop over any game."""

from ganaug.adversarial.checkpoint import Run
from ganaug.adversarial.config import TrainConfig
from ganaug.adversarial.ema import Average
from ganaug.adversarial.game import Game
from ganaug.adversarial.history import History
from ganaug.adversarial.losses import LOSSES, AdversarialLoss, nonsaturating, relativistic, wasserstein
from ganaug.adversarial.objective import OBJECTIVES, Objective, r3gan, wgan_gp
from ganaug.adversarial.penalties import PENALTIES, Penalty, Round, gradient_penalty, r1, r2
from ganaug.adversarial.trainer import Trained, train

__all__ = [
    "LOSSES",
    "OBJECTIVES",
    "PENALTIES",
    "AdversarialLoss",
    "Average",
    "Game",
    "History",
    "Objective",
    "Penalty",
    "Round",
    "Run",
    "TrainConfig",
    "Trained",
    "gradient_penalty",
    "nonsaturating",
    "r1",
    "r2",
    "r3gan",
    "relativistic",
    "train",
    "wasserstein",
    "wgan_gp",
]
