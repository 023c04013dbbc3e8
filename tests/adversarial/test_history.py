import subprocess
import sys

import pytest

from ganaug.adversarial import History
from ganaug.adversarial.history import COLUMNS, Board


@pytest.fixture
def history():
    return History([{"step": step, "score": score} for step, score in enumerate([0.9, 0.6, None, 0.7, 0.6])])


def test_the_first_of_the_lowest_scores_is_the_best(history):
    assert history.best == {"step": 1, "score": 0.6}


def test_stale_counts_scores_since_the_best(history):
    assert history.stale == 2


def test_nothing_scored_is_not_stale():
    history = History([{"step": 1, "score": None}])
    assert (history.best, history.stale) == (None, 0)


def test_columns(history):
    assert history.to_dict() == {"step": [0, 1, 2, 3, 4], "score": [0.9, 0.6, None, 0.7, 0.6]}
    assert History().to_dict() == {}


def test_a_copy_shares_nothing(history):
    history.copy().rows[0]["score"] = 0.0
    assert history.rows[0]["score"] == 0.9


def test_a_frame_has_a_row_for_each_logged_step(history):
    frame = history.to_frame()
    assert frame["step"].tolist() == [0, 1, 2, 3, 4]
    assert frame["score"].isna().tolist() == [False, False, True, False, False]
    assert History().to_frame().empty


def test_what_was_never_measured_is_a_column_of_numbers():
    frame = History([{"step": 10, "mmd": None, "modes": 0.5}]).to_frame()
    assert [kind.kind for kind in frame.dtypes] == ["i", "f", "f"]


def test_the_engine_does_not_load_pandas():
    code = "import sys, ganaug.adversarial; print('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_the_columns_are_documented():
    assert all(f"``{name}``" in History.__doc__ for name in COLUMNS)


def scalars(folder):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(folder)).Reload()
    return {name: [(event.step, event.value) for event in events.Scalars(name)] for name in events.Tags()["scalars"]}


def test_a_board_shows_what_was_measured_and_a_resumed_run_goes_on(tmp_path):
    first = Board(tmp_path / "run", step=0)
    for step in (10, 20, 30):
        first.write({"step": step, "modes": step / 100, "score": None})
    again = Board(str(tmp_path / "run"), step=20)
    again.write({"step": 30, "modes": 0.75, "score": 0.5})
    again.close()
    first.close()
    shown = scalars(tmp_path / "run")
    assert shown["score"] == [(30, 0.5)]
    assert shown["modes"] == [(10, pytest.approx(0.1)), (20, pytest.approx(0.2)), (30, 0.75)]


def test_a_board_without_a_folder_does_nothing():
    board = Board(None, step=0)
    board.write({"step": 10, "modes": 0.5})
    board.close()
