"""Networks for rows of a layout: generators, critics and what they are made of."""

from ganaug.nn.blocks import PeriodicFeatures, ResidualBlock, Trunk, linear
from ganaug.nn.critics import Critic
from ganaug.nn.generators import NoiseGenerator, ResidualGenerator
from ganaug.nn.heads import LevelsHead, straight_through

__all__ = [
    "Critic",
    "LevelsHead",
    "NoiseGenerator",
    "PeriodicFeatures",
    "ResidualBlock",
    "ResidualGenerator",
    "Trunk",
    "linear",
    "straight_through",
]
