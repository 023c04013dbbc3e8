"""The adversarial engine: losses, penalties, objectives, and one loop over any game."""

from ganaug.adversarial.alarms import Alarm, alarms
from ganaug.adversarial.checkpoint import Run
from ganaug.adversarial.conditioning import auxiliary_classifier, mutual_information, wanted_class
from ganaug.adversarial.config import TrainConfig
from ganaug.adversarial.diagnostics import accuracies, duality_gap, effective_modes, mmd2
from ganaug.adversarial.distributed import alone, rank, together
from ganaug.adversarial.ema import Average
from ganaug.adversarial.f_gan import CONJUGATES, Conjugate, alpha_conjugate, f_gan, f_gan_bound
from ganaug.adversarial.game import Game, WatchedGame
from ganaug.adversarial.history import History
from ganaug.adversarial.loss import AdversarialLoss
from ganaug.adversarial.losses import (
    LOSSES,
    began,
    energy,
    hinge,
    least_squares,
    maximum_likelihood,
    minimax,
    nonsaturating,
    relativistic,
    wasserstein,
)
from ganaug.adversarial.noise_game import NoiseGame
from ganaug.adversarial.objective import OBJECTIVES, Objective, r3gan, regularised, wgan, wgan_gp
from ganaug.adversarial.penalties import PENALTIES, Penalty, Round, dragan, feature_matching, gradient_penalty, r1, r2
from ganaug.adversarial.stabilizers import Equilibrium, Noise, Unroll
from ganaug.adversarial.trainer import Trained, train

__all__ = [
    "CONJUGATES",
    "LOSSES",
    "OBJECTIVES",
    "PENALTIES",
    "AdversarialLoss",
    "Alarm",
    "Average",
    "Conjugate",
    "Equilibrium",
    "Game",
    "History",
    "Noise",
    "NoiseGame",
    "Objective",
    "Penalty",
    "Round",
    "Run",
    "TrainConfig",
    "Trained",
    "Unroll",
    "WatchedGame",
    "accuracies",
    "alarms",
    "alone",
    "alpha_conjugate",
    "auxiliary_classifier",
    "began",
    "dragan",
    "duality_gap",
    "effective_modes",
    "energy",
    "f_gan",
    "f_gan_bound",
    "feature_matching",
    "gradient_penalty",
    "hinge",
    "least_squares",
    "maximum_likelihood",
    "minimax",
    "mmd2",
    "mutual_information",
    "nonsaturating",
    "r1",
    "r2",
    "r3gan",
    "rank",
    "regularised",
    "relativistic",
    "together",
    "train",
    "wanted_class",
    "wasserstein",
    "wgan",
    "wgan_gp",
]
