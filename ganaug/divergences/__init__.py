"""How far apart two distributions are: of tables of probabilities, of Gaussians, of samples.

Everything is in nats unless `base` says otherwise (2: bits).
"""

from ganaug.divergences.generators import GENERATORS
from ganaug.divergences.samples import dual_bound, fisher_information, kl_gaussian, kl_knn
from ganaug.divergences.tables import bayes, conditional, cross_entropy, entropy, f_divergence, js, kl, marginal

__all__ = [
    "GENERATORS",
    "bayes",
    "conditional",
    "cross_entropy",
    "dual_bound",
    "entropy",
    "f_divergence",
    "fisher_information",
    "js",
    "kl",
    "kl_gaussian",
    "kl_knn",
    "marginal",
]
