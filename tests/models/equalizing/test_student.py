from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.ensemble import HistGradientBoostingClassifier

import ganaug
from ganaug import BatchEqualizer, TrainingDiverged
from ganaug.models.equalizing.student import Settings, Student, refined
from ganaug.transport import choice
from ganaug.transport.chain import Chain
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


def test_the_estimator_tries_a_student_and_saves_the_one_it_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choice, "_helps", lambda after, before: True)
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


def test_the_reach_of_a_student_is_that_of_the_batch_that_it_moves_most(student: Student) -> None:
    z, batch = curved(1)
    moves = (((student.move(z, batch) - z) / student.scale) ** 2).mean(axis=1)
    assert student.reach(z, batch) == pytest.approx(max(moves[batch == b].mean() for b in (0, 1)) ** 0.5)
    assert 0 < student.reach(z, batch) < 0.5
    assert np.isnan(student.reach(np.where(np.arange(N)[:, None] == 5, np.nan, z), batch))


@pytest.mark.parametrize(
    ("reach", "said"),
    [(1.5, "moves a batch by 1.5 standard deviations, more than 1"), (np.nan, "moves rows to what is no number")],
)
def test_a_student_that_throws_rows_about_is_left_out(reach: float, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    z, batch = curved(0)
    roles = Roles.common(batch)
    chain = Chain.fit("states", z, roles, np.random.default_rng(0))
    monkeypatch.setattr(Student, "reach", lambda *given: reach)
    with pytest.warns(UserWarning, match=f"the student was left out, and 'states' is kept as it is: it {said}"):
        assert refined(Settings(steps=2))(chain, z, roles) is chain
    monkeypatch.setattr(Student, "reach", lambda *given: 0.1)
    assert refined(Settings(steps=2))(chain, z, roles).way == "states, student"


def test_a_game_that_leaves_the_numbers_leaves_the_closed_form(monkeypatch: pytest.MonkeyPatch) -> None:
    def diverges(*given: object) -> None:
        raise TrainingDiverged("critic_loss is nan at step 7", 7)

    z, batch = curved(0)
    chain = Chain.fit("states", z, Roles.common(batch), np.random.default_rng(0))
    monkeypatch.setattr(Student, "fit", diverges)
    with pytest.warns(UserWarning, match="the student was left out, .* nan at step 7"):
        assert refined(Settings())(chain, z, Roles.common(batch)) is chain


def test_the_estimator_is_told_of_a_student_that_went_wrong_on_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "_helps", lambda after, before: True)
    monkeypatch.setattr(choice, "HARDLY_TOLD", 2.0)
    reach = Student.reach
    monkeypatch.setattr(Student, "reach", lambda *given: 9.0 if len(given[2]) == N else reach(*given))
    X, batch = curved(0)
    X = X @ np.random.default_rng(0).normal(size=(3, 60)) + 3 * batch[:, None]
    with pytest.warns(UserWarning, match="moves a batch by 9 standard deviations"):
        model = BatchEqualizer(steps=3, random_state=0).fit(X, batch=batch)
    assert "student" not in model.way_
    assert model.way_ in model.guard_
    assert np.isfinite(model.transform(X, batch=batch)).all()
