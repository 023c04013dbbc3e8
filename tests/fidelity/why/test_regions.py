from __future__ import annotations

import numpy as np
import pandas as pd

from ganaug.fidelity.evidence.gathering import gather
from ganaug.fidelity.why.regions import differing_regions


def regions(real: pd.DataFrame, synthetic: pd.DataFrame) -> list[dict]:
    evidence = gather([(real, synthetic, None)])
    columns = list(range(len(evidence.names)))
    return differing_regions(evidence, evidence.pooled, evidence.is_real, columns, np.random.default_rng(0))


def people(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"age": rng.integers(18, 80, n), "kind": rng.choice(["ash", "birch", "cedar"], n)})


def matching(table: pd.DataFrame, where: str) -> float:
    """Share of the rows that a sentence about one number and one category describes."""
    kept = np.ones(len(table), bool)
    for condition in where.split(" and "):
        name, rest = condition.split("` ", 1)
        values = table[name.strip("`")]
        if rest.startswith("is not "):
            kept &= (values != rest[7:].strip("`")).to_numpy()
        elif rest.startswith("is "):
            kept &= (values == rest[3:].strip("`")).to_numpy()
        elif rest.startswith("from "):
            low, high = rest[5:].split(" to ")
            kept &= values.between(float(low), float(high)).to_numpy()
        else:
            sign, limit = rest.split()
            kept &= ((values <= float(limit)) if sign == "≤" else (values >= float(limit))).to_numpy()
    return float(kept.mean())


def test_a_hole_is_found_and_the_words_describe_it() -> None:
    real, full = people(3000, 0), people(6000, 1)
    synthetic = full[~((full["age"] < 30) & (full["kind"] == "ash"))].reset_index(drop=True)
    found = regions(real, synthetic)
    assert "`kind` is `ash`" in found[0]["where"]
    assert "`age` ≤ 29" in found[0]["where"]
    assert found[0]["synthetic"] == 0
    for region in found:
        assert abs(matching(real, region["where"]) - region["real"]) < 0.03
        assert abs(matching(synthetic, region["where"]) - region["synthetic"]) < 0.03


def test_equal_tables_have_no_such_regions() -> None:
    assert sum(len(regions(people(500, seed), people(500, 50 + seed))) for seed in range(10)) <= 1


def test_gaps_and_days_are_named() -> None:
    rng = np.random.default_rng(0)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 100, 800), unit="D")
    real = pd.DataFrame({"day": day, "x": rng.standard_normal(800)})
    assert regions(real, real.assign(x=real["x"].mask(rng.random(800) < 0.3)))[0]["where"] == "`x` is missing"
    early = real.assign(day=pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 50, 800), unit="D"))
    assert any("`day` ≥ 2024-02-2" in region["where"] for region in regions(real, early))
