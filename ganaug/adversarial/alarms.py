"""Named warning signs in the history of a run, and what to try.

A sign is looked for in windows of rows, never in one noisy row. The limits were set on some five hundred runs of small
games, healthy and broken, so that no healthy one raises any.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ganaug.adversarial.cycles import cycles
from ganaug.adversarial.history import COLUMNS, History, not_finite

__all__ = ["Alarm", "alarms"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Columns = Mapping[str, Floats]  # NaN where nothing was measured
WARM_UP = 100  # steps that do not count
APART = 10  # steps from one row to the next: closer ones show the same networks
WINDOW = 6  # rows


class Alarm(NamedTuple):
    """A warning sign.

    Attributes
    ----------
    name : str
        ``critic_wins``, ``generator_wins``, ``mode_collapse``, ``oscillation``, ``critic_memorises`` or ``diverged``.
    step : int
        Where it first held.
    why : str
        What was measured.
    fix : str
        What to try.
    """

    name: str
    step: int
    why: str
    fix: str


class Sign(NamedTuple):
    """A warning sign to look for: which windows show it, how to say so, and what to try."""

    name: str
    shows: Callable[[Columns], Bools]
    why: Callable[[Mapping[str, float]], str]
    fix: str


def alarms(history: History) -> tuple[Alarm, ...]:
    """Look for the known ways in which a game fails; the earliest comes first, none comes twice.

    A sign that went away again is told too. The first hundred steps do not count, and less than half a dozen rows after
    them say nothing.

    Parameters
    ----------
    history : History
        Of a run that is over, that goes on, or that broke off (``TrainingDiverged.history``).

    Examples
    --------
    >>> row = {"modes": 0.13, "real_logit": 7.0, "fake_logit": -5.0}
    >>> history = History([{"step": step, **row} for step in range(50, 1000, 50)])
    >>> for alarm in alarms(history):
    ...     print(f"{alarm.name} at step {alarm.step}: {alarm.why}")
    mode_collapse at step 700: the fake rows reach 0.13 of the modes of the real ones
    """
    columns = _comparable(history)
    found = [*_signs(columns), *_oscillation(columns), *_diverged(history)]
    return tuple(sorted(found, key=lambda alarm: alarm.step))


def _comparable(history: History) -> Columns:
    """The rows that count, as columns, with what the signs speak of."""
    kept, last = [], WARM_UP
    for row in history.rows:
        if (row["step"] or 0) >= last + APART and not not_finite(row):
            kept.append([row.get(name) for name in COLUMNS])
            last = int(row["step"] or 0)
    columns = dict(zip(COLUMNS, np.array(kept, float).reshape(-1, len(COLUMNS)).T, strict=True))
    gap = columns["real_logit"] - columns["fake_logit"]
    pull = np.divide(columns["generator_gradient"], np.abs(gap), out=np.full_like(gap, np.nan), where=gap != 0)
    return {**columns, "gap": gap, "pull": pull, "right": (columns["real_accuracy"] + columns["fake_accuracy"]) / 2}


def _signs(columns: Columns) -> Iterator[Alarm]:
    if len(columns["step"]) < WINDOW:
        return
    windows = {name: sliding_window_view(column, WINDOW) for name, column in columns.items()}
    for sign in SIGNS:
        shown = np.flatnonzero(sign.shows(windows))
        if len(shown):
            seen = {name: float(np.median(rows[shown[0]])) for name, rows in windows.items()}
            yield Alarm(sign.name, int(windows["step"][shown[0], -1]), sign.why(seen), sign.fix)


def _critic_wins(rows: Columns) -> Bools:
    """Right on nearly all rows, and its slope no longer reaches the generator.

    A gradient has no scale of its own; while the loss passes it on, it is about as large as the gap of the logits.
    """
    return np.asarray((_level(rows["right"]) > 0.9) & (_level(rows["pull"]) < 0.15))


def _generator_wins(rows: Columns) -> Bools:
    """It takes fake rows for real, which proves that they differ; or it only guesses although they do differ."""
    differ = (rows["mmd"].min(axis=1) > 0.02) | (_level(rows["modes"]) < 0.4)
    return np.asarray((rows["right"].max(axis=1) < 0.4) | ((_level(rows["right"]) < 0.55) & differ))


def _mode_collapse(rows: Columns) -> Bools:
    """Few modes, no more of them than a window before, and rows that do not come nearer: not those on their way."""
    modes, gap = _level(rows["modes"]), _level(rows["gap"])
    stuck = np.zeros(len(modes), bool)
    before, now = slice(None, -WINDOW), slice(WINDOW, None)
    stuck[now] = (modes[before] < 0.4) & (modes[now] < 1.25 * modes[before]) & (gap[now] > 0.97 * gap[before])
    return stuck & (modes < 0.4)


def _critic_memorises(rows: Columns) -> Bools:
    """Tells real from fake, and held-out real rows look more like fake ones, row after row."""
    nearer_to_fake = rows["validation_logit"] < (rows["real_logit"] + rows["fake_logit"]) / 2
    return np.asarray((_level(rows["right"]) > 0.6) & (nearer_to_fake.all(axis=1)))


def _oscillation(columns: Columns) -> Iterator[Alarm]:
    """Say where one frequency stands out.

    The critic's loss is left out, because its penalties come every few steps: a cycle of the log, not of the game.
    """
    found = [
        (at, what, cycle)
        for what, name in (("logit gap", "gap"), ("generator's loss", "generator_loss"), ("share of modes", "modes"))
        for at, cycle in cycles(columns[name])
    ]
    if found:
        at, what, (period, amplitude) = min(found, key=lambda each: each[0])
        steps = period * float(np.median(np.diff(columns["step"])))
        yield Alarm(
            "oscillation",
            int(columns["step"][at]),
            f"the {what} swings up and down by {amplitude:.2g} every {steps:.0f} steps",
            "try lower learning rates, a smaller gamma or penalty_every, or Objective(consensus=...)",
        )


def _diverged(history: History) -> Iterator[Alarm]:
    for row in history.rows:
        if broken := not_finite(row):
            yield Alarm(
                "diverged",
                int(row["step"] or 0),
                f"the game left the finite numbers: {broken}",
                "try lower learning rates, or hold the critic with regularised(loss) or Objective(clip=...)",
            )
            return


def _level(rows: Floats) -> Floats:
    return np.asarray(np.median(rows, axis=1))


def _accuracies(seen: Mapping[str, float]) -> str:
    return f"the critic is right on {seen['real_accuracy']:.0%} of real and {seen['fake_accuracy']:.0%} of fake rows"


def _differences(seen: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {seen[name]:.2g}" for name in ("modes", "mmd") if math.isfinite(seen[name]))


SIGNS = (
    Sign(
        "critic_wins",
        _critic_wins,
        lambda seen: (
            f"{_accuracies(seen)}, and the generator's gradient is but {seen['pull']:.2g} of their logits' gap"
        ),
        "try a loss that does not saturate (nonsaturating, relativistic), regularised(loss), or a lower critic_lr",
    ),
    Sign(
        "generator_wins",
        _generator_wins,
        lambda seen: f"{_accuracies(seen)}, and yet these differ: {_differences(seen)}",
        "try a higher critic_lr, more critic_steps or a wider critic, a lower generator_lr, or a lighter penalty",
    ),
    Sign(
        "mode_collapse",
        _mode_collapse,
        lambda seen: f"the fake rows reach {seen['modes']:.2g} of the modes of the real ones",
        "try r3gan(), regularised(loss) with a larger gamma, Objective(unroll=Unroll()), or Critic(pack=2)",
    ),
    Sign(
        "critic_memorises",
        _critic_memorises,
        lambda seen: (
            f"held-out real rows have a mean logit of {seen['validation_logit']:.2g}, nearer to the "
            f"{seen['fake_logit']:.2g} of fake rows than to the {seen['real_logit']:.2g} of those it learns from"
        ),
        "try more rows, a smaller critic, a larger gamma, Objective(noise=Noise()), or to stop earlier with patience",
    ),
)
