"""Networks for rows of a layout and for images: generators, critics and what they are made of."""

from ganaug.nn.blocks import PeriodicFeatures, ResidualBlock, Trunk, draw_weights, linear, mlp
from ganaug.nn.conditioning import ConditionalNorm, ProjectionHead
from ganaug.nn.critics import AutoencoderCritic, Critic
from ganaug.nn.dropout import Dropout
from ganaug.nn.generators import NoiseGenerator, ResidualGenerator
from ganaug.nn.heads import LevelsHead, straight_through
from ganaug.nn.images import ImageCritic, ImageGenerator
from ganaug.nn.stabilizers import MinibatchDeviation, MinibatchDiscrimination, Packed, spectral

__all__ = [
    "AutoencoderCritic",
    "ConditionalNorm",
    "Critic",
    "Dropout",
    "ImageCritic",
    "ImageGenerator",
    "LevelsHead",
    "MinibatchDeviation",
    "MinibatchDiscrimination",
    "NoiseGenerator",
    "Packed",
    "PeriodicFeatures",
    "ProjectionHead",
    "ResidualBlock",
    "ResidualGenerator",
    "Trunk",
    "draw_weights",
    "linear",
    "mlp",
    "spectral",
    "straight_through",
]
