import math
import subprocess
import sys
from io import BytesIO

import pytest

import ganaug
from ganaug.adversarial import History
from ganaug.adversarial.history import COLUMNS
from ganaug.pl import training


def history(n=40, **columns):
    known = {
        "critic_loss": lambda k: 1.4 - 0.01 * k,
        "generator_loss": lambda k: 0.7 + 0.01 * k,
        "real_accuracy": lambda k: 0.9 - 0.005 * k,
        "fake_accuracy": lambda k: 0.8 - 0.01 * k,
        "real_logit": lambda k: 0.4,
        "fake_logit": lambda k: 0.2,
        "modes": lambda k: 1 - 0.5 / (k + 1),
        **columns,
    }
    empty = dict.fromkeys(COLUMNS)
    rows = [{**empty, "step": 50 * k, **{name: of(k) for name, of in known.items()}} for k in range(1, n + 1)]
    return History(rows)


def collapsed():
    return history(modes=lambda k: 0.13, score=lambda k: 0.5 + abs(k - 20))


def panels(figure):
    return [axes.get_ylabel() for axes in figure.axes]


def labels(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_losses_and_accuracies_are_drawn_apart():
    losses, accuracies, modes = training(history()).axes
    assert labels(losses) == ["critic", "generator"]
    assert labels(accuracies) == ["on real rows", "on fake rows", "a guess"]
    assert [line.get_ydata()[0] for line in accuracies.lines][-1] == 0.5
    assert modes.get_ylabel() == "modes reached"
    # what was measured, under its running median
    assert losses.lines[0].get_ydata()[-1] == pytest.approx(1.0)
    assert losses.lines[0].get_xdata()[-1] == 2000


def test_the_score_is_drawn_where_there_is_one_and_the_best_is_marked():
    assert panels(training(history())) == ["loss", "critic accuracy", "modes reached"]
    sparse = history(score=lambda k: 0.5 + abs(k - 20) if k % 4 == 0 else None)
    figure = training(sparse)
    assert panels(figure)[-1] == "score on V"
    assert labels(figure.axes[-1])[-1] == "kept: step 1000"
    assert list(figure.axes[-1].lines[0].get_xdata()) == list(range(200, 2001, 200))


def test_each_alarm_is_marked_on_all_panels_and_its_fix_is_below():
    figure = training(collapsed())
    (alarm,) = ganaug.adversarial.alarms(collapsed())
    for axes in figure.axes:
        assert alarm.step in [line.get_xdata()[0] for line in axes.lines if len(line.get_xdata()) == 2]
    assert [text.get_text() for text in figure.axes[0].texts] == ["1 mode_collapse"]
    below = " ".join(figure.get_supxlabel().split())
    assert f"1 mode_collapse at step {alarm.step}: {alarm.why}; {alarm.fix}." == below


def test_a_healthy_run_has_no_marks():
    figure = training(history())
    assert figure.get_supxlabel() == ""
    assert not figure.axes[0].texts


@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_it_is_saved_without_a_screen(kind):
    file = BytesIO()
    training(collapsed()).savefig(file, format=kind)
    assert len(file.getvalue()) > 10_000


def test_pyplot_is_left_alone():
    code = "import sys, ganaug; ganaug.pl.training; print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
    assert "pl" in dir(ganaug)


@pytest.mark.parametrize("before", [0, 1, 20])
def test_a_run_that_diverged_is_drawn_too(before):
    run = history(before)
    run.append({**dict.fromkeys(COLUMNS), "step": 50 * before + 7, "critic_loss": math.nan, "generator_loss": 1e30})
    figure = training(run)
    assert [text.get_text() for text in figure.axes[0].texts] == ["1 diverged"]
    figure.savefig(BytesIO())


def test_an_empty_history_is_refused():
    with pytest.raises(ValueError, match="the history is empty"):
        training(History())
