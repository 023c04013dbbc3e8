from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fidelity.cells import simulated

from ganaug.fidelity.cells.evidence import Cells, Side, digest
from ganaug.fidelity.cells.judging import CELL_CHECKS, judge_cells
from ganaug.fidelity.result import CheckResult, Verdict
from ganaug.seeding import Seeds

GENES = [f"gene {j}" for j in range(simulated.N_GENES)]
REAL = simulated.side(400, 0)


def judged(synthetic: Side, real: Side = REAL) -> dict[str, CheckResult]:
    return {check.name: check for check in judge_cells(Cells(real, synthetic, GENES), "standard", Seeds(0))}


def changed(side: Side, values: np.ndarray) -> Side:
    return simulated.made(values, side.labels)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("n", [250, 800])
def test_fresh_cells_do_not_fail(seed: int, n: int) -> None:
    found = judged(simulated.side(n, seed))
    assert list(found) == list(CELL_CHECKS)
    assert not [name for name, check in found.items() if check.verdict is Verdict.FAIL]
    assert all(abs(check.effect) < max(check.margin, 0.1) for check in found.values())
    assert not any(check.blocking for check in found.values())


def test_genes_shuffled_within_types_lose_their_correlations_and_nothing_of_their_own() -> None:
    drawn, rng = simulated.side(400, 1), np.random.default_rng(0)
    values = drawn.counts.toarray()
    for name in drawn.labels:
        values[drawn.labels == name] = rng.permuted(values[drawn.labels == name], axis=0)
    found = judged(changed(drawn, values))
    assert found["correlations"].verdict is Verdict.FAIL
    assert found["correlations"].effect > 0.8
    assert {found[name].verdict for name in ("means", "variances", "zeros", "fold_slope")} == {Verdict.PASS}


def test_thinned_cells_have_other_library_sizes_and_the_same_fold_changes() -> None:
    drawn, rng = simulated.side(400, 1), np.random.default_rng(0)
    found = judged(changed(drawn, rng.binomial(drawn.counts.toarray().astype(int), 0.5)))
    assert found["library"].verdict is Verdict.FAIL
    assert found["means"].verdict is Verdict.FAIL
    assert found["fold_slope"].verdict is not Verdict.FAIL
    assert "medians of real and synthetic cells" in found["library"].reason


def test_poisson_noise_on_every_count_makes_more_zeros() -> None:
    drawn, rng = simulated.side(400, 1), np.random.default_rng(0)
    found = judged(changed(drawn, rng.poisson(drawn.counts.toarray())))
    assert found["zeros"].verdict is Verdict.FAIL
    assert found["library"].verdict is Verdict.PASS


def test_swapped_types_have_other_fold_changes() -> None:
    drawn = simulated.side(400, 1)
    swapped = np.select([drawn.labels == "B", drawn.labels == "T"], ["T", "B"], drawn.labels).astype(object)
    found = judged(replace(drawn, labels=swapped))
    assert {found[name].verdict for name in ("fold_changes", "fold_slope")} == {Verdict.FAIL}
    assert found["means"].verdict is Verdict.PASS


def test_types_drawn_towards_each_other_have_too_small_a_slope() -> None:
    drawn, rng = simulated.side(600, 1), np.random.default_rng(0)
    values = drawn.counts.toarray()
    mixed = np.where(rng.random(values.shape) < 0.4, rng.permuted(values, axis=0), values)
    check = judged(changed(drawn, mixed))["fold_slope"]
    assert check.verdict is Verdict.FAIL
    assert check.details["slope"] < 0.8


def test_types_that_one_side_lacks_are_not_compared_and_one_type_has_no_fold_change() -> None:
    drawn = simulated.side(400, 1)
    kept = np.flatnonzero(drawn.labels == "B")
    found = judged(simulated.made(drawn.counts[kept].toarray(), drawn.labels[kept]))
    assert found["fold_changes"].effect is None
    assert "two types" in found["fold_changes"].reason


def test_without_types_there_are_no_fold_changes() -> None:
    found = judged(replace(simulated.side(300, 1), labels=None), replace(REAL, labels=None))
    assert list(found) == [name for name in CELL_CHECKS if not name.startswith("fold")]


def test_donors_are_the_blocks_and_too_few_are_said_to_be() -> None:
    drawn, rng = simulated.side(400, 1), np.random.default_rng(0)

    def with_donors(side: Side, n: int) -> Side:
        return replace(side, groups=np.array([f"d{k}" for k in rng.integers(n, size=len(side))], dtype=object))

    found = judged(with_donors(drawn, 8), with_donors(REAL, 8))
    assert found["means"].verdict is not Verdict.FAIL
    few = judged(with_donors(drawn, 8), with_donors(REAL, 3))
    assert few["means"].effect is None
    assert "four held-out donors" in few["means"].reason


def test_the_same_seed_gives_the_same_numbers() -> None:
    drawn = simulated.side(300, 1)
    assert judged(drawn) == judged(drawn)


def test_the_digest_sees_a_single_count() -> None:
    values = REAL.counts.toarray()
    values[3, 5] += 1
    assert digest(REAL, GENES) != digest(changed(REAL, values), GENES)
    assert digest(REAL, GENES) != digest(replace(REAL, labels=np.roll(REAL.labels, 1)), GENES)


def test_types_that_do_not_differ_have_no_fold_changes_to_compare() -> None:
    rng, real, drawn = np.random.default_rng(0), simulated.side(400, 0), simulated.side(400, 1)
    real, drawn = (changed(side, side.counts.toarray()) for side in (real, drawn))
    for side in (real, drawn):
        side.labels[:] = rng.choice(["A", "B"], 400)
    found = judged(drawn, real)
    for name in ("fold_changes", "fold_slope"):
        assert found[name].effect is None
        assert "nothing is compared" in found[name].reason
