"""Conditions that a network has to read back from the rows: penalties for either player, one number a row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from ganaug.adversarial.penalties import Penalty, Round

__all__ = ["auxiliary_classifier", "mutual_information", "wanted_class"]

Read = Callable[[Tensor], Tensor]
Told = Callable[[Any], Tensor]
NARROWEST = 1e-3  # variance of a continuous code that a recogniser may claim, or the bound could grow for ever


def auxiliary_classifier(classify: Read, labels: Told) -> Penalty:
    """Let the critic also name the class of real rows, and call fake ones fake: for `Objective.penalties`.

    It is the auxiliary classifier (AC-GAN, arXiv:1610.09585) with one class more, the last one, for fake rows
    (arXiv:1606.03498): a row that is easy to name but not real gains nothing. Its other half is `wanted_class`.

    Parameters
    ----------
    classify : callable
        ``(n, ...) -> (n, K + 1)`` logits, of a network that the critic module owns: its optimiser trains it.
    labels : callable
        From what the game draws as given to the class of each real row, ``(n,)`` whole numbers below K.

    Returns
    -------
    Penalty
        ``(n,)``: cross-entropy of the real row and that of the fake one.

    Examples
    --------
    >>> rows = torch.zeros(2, 1)
    >>> game = Round(rows, rows, rows[:, 0], rows[:, 0], torch.sum, torch.Generator(), given=torch.tensor([0, 1]))
    >>> fooled = lambda rows: torch.tensor([[99.0, 0.0, 99.0], [0.0, 99.0, 99.0]])  # knows the class, not the fake
    >>> auxiliary_classifier(fooled, labels=lambda given: given)(game)  # 2 log 2
    tensor([1.3863, 1.3863])
    """

    def penalty(game: Round) -> Tensor:
        named = classify(game.fake)  # (n, K + 1)
        fake = torch.full((len(named),), named.shape[1] - 1, device=named.device)
        return _surprise(classify(game.real), labels(game.given)) + _surprise(named, fake)

    return penalty


def wanted_class(classify: Read, labels: Told) -> Penalty:
    """Ask the generator for rows that the classifier puts into the class they were given (arXiv:1610.09585).

    For `Objective.generator_penalties`, beside `auxiliary_classifier` for the critic.

    Parameters
    ----------
    classify, labels : callable
        See `auxiliary_classifier`.

    Returns
    -------
    Penalty
        ``(n,)``: cross-entropy of the fake row.

    Examples
    --------
    >>> rows = torch.zeros(2, 1)
    >>> game = Round(rows, rows, rows[:, 0], rows[:, 0], torch.sum, torch.Generator(), given=torch.tensor([0, 1]))
    >>> wanted_class(lambda rows: torch.zeros(2, 3), labels=lambda given: given)(game)  # log 3
    tensor([1.0986, 1.0986])
    """
    return lambda game: _surprise(classify(game.fake), labels(game.given))


def mutual_information(recognise: Read, codes: Told) -> Penalty:
    """Ask the generator for rows from which its code can be read (InfoGAN, arXiv:1606.03657).

    The penalty is how badly the recogniser reads the code, ``-log q(code | row)``; the code's entropy less its mean is
    a lower bound of the mutual information of code and row. For `Objective.generator_penalties`. Recogniser and
    generator want the same, so the one belongs to the module of the other, whose optimiser trains both.

    Parameters
    ----------
    recognise : callable
        Of a row ``(n, ...)``: for a categorical code logits ``(n, K)``; for c continuous ones their means and then the
        logarithms of their variances, ``(n, 2 * c)``.
    codes : callable
        From what the game draws as given to the code: whole numbers ``(n,)`` if it is categorical, floating ones
        ``(n, c)`` if continuous.

    Returns
    -------
    Penalty
        ``(n,)``, in nats.

    Examples
    --------
    >>> class Coded(torch.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.make, self.recognise = torch.nn.Linear(8 + 3, 2), torch.nn.Linear(2, 3)
    ...
    ...     def forward(self, z, code):
    ...         return self.make(torch.cat([z, F.one_hot(code, 3)], dim=1))
    >>> generator = Coded()  # the game's: the loop trains all its weights, the recogniser's too
    >>> penalty = mutual_information(generator.recognise, codes=lambda given: given)
    >>> code = torch.tensor([0, 1, 2, 0])
    >>> fake = generator(torch.randn(4, 8), code)
    >>> penalty(Round(fake, fake, fake[:, 0], fake[:, 0], torch.sum, torch.Generator(), given=code)).shape
    torch.Size([4])
    """

    def penalty(game: Round) -> Tensor:
        read, code = recognise(game.fake), codes(game.given)
        if not code.is_floating_point():
            return _surprise(read, code)
        mean, log_variance = read.chunk(2, dim=1)
        variance = log_variance.exp()
        return F.gaussian_nll_loss(mean, code, variance, full=True, eps=NARROWEST, reduction="none").sum(dim=1)

    return penalty


def _surprise(logits: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(logits, labels, reduction="none")
