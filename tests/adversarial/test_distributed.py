from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from adversarial import processes
from adversarial.games import stream
from torch import nn
from torchrun import torchrun

from ganaug.adversarial import alone, rank, together
from ganaug.adversarial.distributed import average_gradients, joined, mean, on_first, own_stream, streams

SCRIPT = Path(processes.__file__)
ALL = slice(None)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return torchrun(SCRIPT, tmp_path_factory.mktemp("two"), "everything")


def close(first, second):
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(close(first[name], second[name]) for name in first)
    return np.allclose(first, second, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", ["dealt", "consensus"])
def test_two_processes_play_as_one_with_all_their_rows(found, case):
    whole = getattr(processes, case)(ALL)
    assert found[0][case] == found[1][case]
    assert close(found[0][case], whole)
    assert not close(whole, getattr(processes, case)(slice(processes.BATCH)))


def test_the_averaged_gradient_is_the_closed_one_of_all_rows(found):
    start = processes.Linear(ALL)
    slope = start.generator(start.noise).mean(dim=0) - start.real.mean(dim=0)
    # half the squared length of the critic's weights, which are 1, is the penalty
    expected = 1 - 0.1 * (slope + 1)
    assert close(found[0]["closed"]["critic"]["weight"], [expected.tolist()])


def test_a_weight_that_one_process_did_not_reach_counts_as_zero_there(found):
    assert [each["gradients"] for each in found] == [[[[1.5, 1.5]], [0.0]]] * 2


def test_all_end_with_the_same_networks_and_history(found):
    first, second = (each["plain"] for each in found)
    for what in ("weights", "stopped", "history"):
        assert first[what] == second[what]
    assert first["next"] != second["next"]  # each has drawn rows of its own


def test_the_first_alone_saves_what_all_need(found):
    first, second = (each["plain"] for each in found)
    assert first["saved"]
    assert not second["saved"]
    assert {"rng", "rng/1"} <= set(first["streams"][0])


def test_a_resumed_run_ends_with_the_same_bytes(found):
    for each in found:
        assert each["resumed"]["again"] == each["resumed"]["straight"]


def test_the_clock_of_the_first_ends_the_run_for_all(found):
    assert found[0]["on_time"] == found[1]["on_time"] > 0


def test_all_hear_of_what_diverges_in_one(found):
    assert found[0]["diverging"] == found[1]["diverging"] == 1


def test_all_hear_of_a_score_that_fails(found):
    assert found[0]["failing_score"] == "ZeroDivisionError('division by zero')"
    assert "the first process failed with ZeroDivisionError: division by zero" in found[1]["failing_score"]


def test_a_process_may_play_by_itself(found):
    one = processes.plain()
    assert found[0]["alone"] == json.loads(json.dumps(one))
    assert found[0]["alone"]["next"] == found[1]["alone"]["next"]


def test_one_that_raises_does_not_leave_the_other_waiting(tmp_path):
    first, second = torchrun(SCRIPT, tmp_path, "raising")
    assert first["raised"] in ("RuntimeError", "DistBackendError")
    assert second["raised"] == "ValueError"
    assert first["threads"] == second["threads"] == []


def test_the_group_ends_with_the_game(found):
    assert [each["threads"] for each in found] == [[], []]


def test_without_others_nothing_is_done():
    weight, tensor, rng = nn.Parameter(torch.ones(2)), torch.ones(2), stream()
    weight.grad = gradient = torch.full((2,), 3.0)
    state = rng.get_state()
    with together():
        average_gradients([weight])
        assert weight.grad is gradient
        assert mean(tensor) is tensor
        assert own_stream(rng) is rng
        assert torch.equal(streams(rng)["rng"], state)
        assert (joined(), rank(), on_first(lambda: 7)) == (False, 0, 7)
    with pytest.raises(ZeroDivisionError), alone():
        on_first(lambda: 1 / 0)
