"""Thirteen ways in which synthetic rows go wrong, each with a dose, and the check that is there to find it.

The real rows are drawn from a law that is known, so that everything but the corruption is right: fresh rows of the same
law are corrupted in one column (`length`, `kind` or `mass`), in the relation of two, or as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

Rng = np.random.Generator


def rows(n: int, rng: Rng) -> pd.DataFrame:
    """Four numbers, two categories and a label that hang together; `mass` is missing in a tenth of the rows."""
    kind, shared = rng.choice(4, n, p=[0.5, 0.3, 0.15, 0.05]), rng.standard_normal(n)
    noise = rng.standard_normal((4, n))
    length = shared + 0.5 * noise[0] + 1.5 * (kind == 1)
    width = -shared + 0.7 * noise[1] + 3.0 * (kind == 3)
    mass = 0.5 * length + noise[2]
    return pd.DataFrame(
        {
            "length": length.round(2),
            "width": width.round(2),
            "mass": np.where(rng.random(n) < 0.1, np.nan, mass.round(2)),
            "count": np.rint(10 * np.exp(0.5 * noise[3])).astype(int),
            "kind": np.array(["ash", "birch", "cedar", "elm"])[kind],
            "site": rng.choice(["north", "south"], n),
            "ill": np.where(shared + 0.5 * rng.standard_normal(n) > 0, "yes", "no"),
        }
    )


class Corruption(NamedTuple):
    """What is done to fresh rows, the doses, the checks that are there to find it, and the columns to be named."""

    do: Callable[[pd.DataFrame, pd.DataFrame, float, Rng], pd.DataFrame]
    doses: tuple[float, float, float]
    found_by: tuple[str, ...]
    columns: tuple[str, ...]


def mean(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Shift by so many standard deviations."""
    return fresh.assign(length=(fresh["length"] + dose * fresh["length"].std()).round(2))


def scale(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Stretch about the mean by this factor."""
    middle = fresh["length"].mean()
    return fresh.assign(length=(middle + dose * (fresh["length"] - middle)).round(2))


def tail(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Cut both tails at this many standard deviations."""
    middle, reach = fresh["length"].mean(), dose * fresh["length"].std()
    return fresh.assign(length=fresh["length"].clip(middle - reach, middle + reach).round(2))


def flip(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Reflect a column about its mean in this share of the rows."""
    flipped = (2 * fresh["length"].mean() - fresh["length"]).round(2)
    return fresh.assign(length=fresh["length"].where(rng.random(len(fresh)) >= dose, flipped))


def copula(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Deal the values of a column anew among this share of the rows."""
    length, hit = fresh["length"].to_numpy(copy=True), rng.random(len(fresh)) < dose
    length[hit] = rng.permutation(length[hit])
    return fresh.assign(length=length)


def category(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Write another kind in this share of the rows of a kind."""
    hit = (fresh["kind"] == "cedar") & (rng.random(len(fresh)) < dose)
    return fresh.assign(kind=fresh["kind"].mask(hit, "birch"))


def rare_mode(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Replace this share of the rows of the rarest kind by others."""
    hit = (fresh["kind"] == "elm").to_numpy() & (rng.random(len(fresh)) < dose)
    others = np.flatnonzero(fresh["kind"] != "elm")
    place = np.arange(len(fresh))
    place[hit] = rng.choice(others, hit.sum(), replace=False)
    return fresh.iloc[place].reset_index(drop=True)


def label(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Deal the labels anew among this share of the rows."""
    ill, hit = fresh["ill"].to_numpy(copy=True), rng.random(len(fresh)) < dose
    ill[hit] = rng.permutation(ill[hit])
    return fresh.assign(ill=ill)


def missing(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Lose this share of the values of a column."""
    return fresh.assign(mass=fresh["mass"].mask(rng.random(len(fresh)) < dose))


def copied(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Hand out training rows for this share of the rows."""
    hit = rng.random(len(fresh)) < dose
    again = train.sample(len(fresh), replace=len(fresh) > len(train), random_state=rng).reset_index(drop=True)
    return fresh.where(~pd.Series(hit), again)


def jittered(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Hand out training rows with a little noise on their numbers."""
    again = copied(fresh, train, dose, rng)
    for name in ("length", "width", "mass"):
        again[name] = (again[name] + 0.02 * rng.standard_normal(len(again))).round(2)
    return again


def collapse(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Draw this share of the rows from a tenth of the space: those of one kind with a narrow `length`."""
    narrow = fresh.index[(fresh["kind"] == "ash") & (fresh["length"].abs() < 0.3)]
    hit = rng.random(len(fresh)) < dose
    place = np.where(hit, rng.choice(narrow, len(fresh)), np.arange(len(fresh)))
    crowd = fresh.iloc[place].reset_index(drop=True)
    # no row comes twice: collapse is no copying
    crowd["width"] = (crowd["width"] + 0.1 * hit * rng.standard_normal(len(fresh))).round(2)
    return crowd


def rounding(fresh: pd.DataFrame, train: pd.DataFrame, dose: float, rng: Rng) -> pd.DataFrame:
    """Write a column with this many decimals; the real rows have two."""
    if dose <= 2:
        return fresh.assign(length=fresh["length"].round(int(dose)))
    return fresh.assign(length=(fresh["length"] + 0.005 * rng.standard_normal(len(fresh))).round(int(dose)))


CORRUPTIONS = {
    "mean": Corruption(mean, (0.3, 0.6, 1.2), ("c2st", "marginals"), ("length",)),
    "scale": Corruption(scale, (1.3, 1.7, 3.0), ("c2st", "marginals"), ("length",)),
    "tail": Corruption(tail, (2.0, 1.5, 1.0), ("c2st", "marginals", "coverage"), ("length",)),
    "flip": Corruption(flip, (0.2, 0.5, 1.0), ("c2st", "mmd"), ("length",)),
    "copula": Corruption(copula, (0.3, 0.6, 1.0), ("c2st", "mmd"), ("length",)),
    "category": Corruption(category, (0.3, 0.6, 1.0), ("levels", "c2st", "marginals"), ("kind",)),
    "rare mode": Corruption(rare_mode, (0.5, 0.8, 1.0), ("levels", "coverage"), ("kind", "width")),
    "label": Corruption(label, (0.3, 0.6, 1.0), ("utility", "c2st", "within"), ("ill",)),
    "missing": Corruption(missing, (0.1, 0.3, 0.6), ("missing",), ("mass",)),
    "copied": Corruption(copied, (0.05, 0.2, 0.6), ("copies",), ()),
    "jittered": Corruption(jittered, (0.2, 0.6, 1.0), ("nearness", "membership"), ()),
    "collapse": Corruption(collapse, (0.2, 0.5, 0.9), ("c2st", "coverage", "collapse"), ("length", "kind")),
    "rounding": Corruption(rounding, (1, 3, 4), ("validity",), ("length",)),
}
