from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

import ganaug
from ganaug import BatchEqualizer
from ganaug.models.equalizing.student import Settings, Student, _pools
from ganaug.transport import choice
from ganaug.transport.style import Roles

N = 2000


def curved(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two batches and two states; in the second batch one feature is bent, which no shift or scale undoes."""
    rng = np.random.default_rng(seed)
    batch, state, x = rng.integers(0, 2, N), rng.integers(0, 2, N), rng.normal(size=N)
    bent = 0.5 * rng.normal(size=N) + 0.6 * batch * (x**2 - 1)
    return np.column_stack([x, bent, 6 * state + 0.5 * rng.normal(size=N)]), batch


def told(train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]) -> float:
    return float(HistGradientBoostingClassifier(random_state=0, max_iter=60).fit(*train).score(*test))


@pytest.fixture(scope="module")
def student() -> Student:
    z, batch = curved(0)
    return Student.fit(None, z, Roles.common(batch), Settings(closeness=0.02))[0]


def test_a_batch_that_bends_is_unbent_also_for_rows_that_were_not_seen(student: Student) -> None:
    later, more = curved(1), curved(2)
    assert told(later, more) > 0.63
    assert told((student.move(*later), later[1]), (student.move(*more), more[1])) < 0.58


def test_what_it_moves_is_little(student: Student) -> None:
    z, batch = curved(1)
    moved = np.abs(student.move(z, batch) - z).mean(axis=0)
    assert moved[0] < 0.2
    assert moved[1] < 0.4
    assert moved[2] < 0.2


def test_a_student_comes_back_from_its_state(student: Student) -> None:
    z, batch = curved(1)
    assert (Student.from_state(**student.state()).move(z, batch) == student.move(z, batch)).all()


def test_the_same_seed_gives_the_same_student() -> None:
    z, batch = curved(0)
    torch.rand(3)  # the global stream is nothing to it
    one, other = (Student.fit(None, z, Roles.common(batch), Settings(steps=5))[0].move(z, batch) for _ in range(2))
    assert (one == other).all()


def test_rows_of_the_reference_stay_as_they_are() -> None:
    z, batch = curved(0)
    roles = Roles.common(batch)._replace(reference=batch == 1)
    moved = Student.fit(None, z, roles, Settings(steps=20))[0].move(z, batch)
    assert (moved[batch == 1] == z[batch == 1]).all()
    assert (moved[batch == 0] != z[batch == 0]).any()


def test_a_batch_alone_in_a_state_is_set_beside_itself() -> None:
    state = np.repeat([0, 0, 1, 2], 50)
    batch = np.repeat([0, 1, 1, 0], 50)
    pool, chance = _pools(state, Roles.common(batch))
    assert len(np.unique(pool)) == 3
    assert len(np.unique(pool[state == 0])) == 1
    assert chance[state == 0].sum() == pytest.approx(2)


def test_pairs_are_of_one_state_and_batches_count_alike() -> None:
    rng = np.random.default_rng(0)
    batch = rng.choice(2, 2000, p=[0.8, 0.2])
    pool, chance = _pools(np.zeros(2000, dtype=np.intp), Roles.common(batch))
    assert chance[batch == 0].sum() == pytest.approx(chance[batch == 1].sum())
    assert (pool == 0).all()


def test_the_estimator_tries_a_student_and_saves_the_one_it_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "_harmless", lambda refined, before: True)
    monkeypatch.setattr(choice, "HARDLY_TOLD", 2.0)
    X, batch = curved(0)
    X = X @ np.random.default_rng(0).normal(size=(3, 60))  # too many features for quantiles
    model = BatchEqualizer(steps=20, random_state=0).fit(X + 3 * batch[:, None], batch=batch)
    assert model.way_.endswith(", student")
    assert model.way_ in model.guard_
    model.save(tmp_path / "model")
    loaded = ganaug.load(tmp_path / "model")
    assert (loaded.transform(X, batch=batch) == model.transform(X, batch=batch)).all()


def test_without_steps_there_is_no_student() -> None:
    X, batch = curved(0)
    model = BatchEqualizer(steps=0, random_state=0).fit(X + 3 * batch[:, None], batch=batch)
    assert not [way for way in model.guard_ if "student" in way]
