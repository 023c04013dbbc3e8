from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from ganaug.models.cellular.refiner import CellRefiner, Settings
from ganaug.proposals.factors import CountFactors

N, GENES = 300, 40


@pytest.fixture(scope="module")
def counts() -> sparse.csr_matrix:
    rng = np.random.default_rng(0)
    logs = rng.standard_normal((N, 1)) * np.repeat([1.0, -1.0], GENES // 2)
    return sparse.csr_matrix(rng.poisson(8 * np.exp(0.6 * logs)).astype(np.float32))


@pytest.fixture(scope="module")
def proposal(counts: sparse.csr_matrix) -> CountFactors:
    none = np.zeros(N, dtype=np.intp)
    return CountFactors.fit(counts, none, none, np.random.default_rng(1), n_factors=1)


def misplaced(proposal: CountFactors) -> CountFactors:
    return replace(proposal, mean=proposal.mean + 1.0)


def played(counts: sparse.csr_matrix, proposal: CountFactors, steps: int) -> CellRefiner:
    truth = float(proposal.mean.mean()) - 1.0

    def score(refiner: CellRefiner) -> float:
        states = proposal.states(np.zeros(1000, dtype=np.intp), np.random.default_rng(2))
        return abs(float(refiner.move(states).factors.mean()) - truth)

    return CellRefiner.fit(counts, proposal, Settings(steps=steps), score=score, on_log=lambda *_: None)[0]


def test_misplaced_states_are_brought_back(counts: sparse.csr_matrix, proposal: CountFactors) -> None:
    wrong = misplaced(proposal)
    refiner = played(counts, wrong, 150)
    states = wrong.states(np.zeros(2000, dtype=np.intp), np.random.default_rng(3))
    before, after = (abs(float(part.factors.mean() - proposal.mean.mean())) for part in (states, refiner.move(states)))
    assert before == pytest.approx(1.0, abs=0.1)
    assert after < 0.6


def test_a_refiner_comes_back_from_its_state(counts: sparse.csr_matrix, proposal: CountFactors) -> None:
    refiner = played(counts, misplaced(proposal), 10)
    again = CellRefiner.from_state(refiner.state(), proposal)
    states = proposal.states(np.zeros(50, dtype=np.intp), np.random.default_rng(4))
    assert np.array_equal(refiner.move(states).factors, again.move(states).factors)
    assert np.array_equal(refiner.refined(proposal).offset, again.refined(proposal).offset)
