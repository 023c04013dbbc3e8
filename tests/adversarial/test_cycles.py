import numpy as np
import pytest

from ganaug.adversarial.cycles import cycles

STEPS = np.arange(64)


@pytest.mark.parametrize("period", [4, 8, 16])
def test_a_wave_is_found_with_its_period_and_height(period):
    wave = 3 * np.sin(STEPS * 2 * np.pi / period) + 0.05 * STEPS
    found = dict(cycles(wave))
    assert found[63].period == pytest.approx(period, rel=0.1)
    assert found[63].amplitude == pytest.approx(3, rel=0.15)


@pytest.mark.parametrize("seed", range(20))
def test_noise_a_walk_a_line_and_a_decay_have_none(seed):
    noise = np.random.default_rng(seed).normal(size=64)
    for series in (noise, noise.cumsum(), 0.01 * noise + STEPS, np.exp(-STEPS / 9), np.zeros(64)):
        assert not list(cycles(series))


def test_two_turns_are_no_cycle_yet():
    assert not list(cycles(np.sin(np.arange(16) * 2 * np.pi / 8)))


def test_a_gap_in_the_series_hides_it():
    wave = np.sin(STEPS * 2 * np.pi / 8)
    wave[5] = np.nan
    assert not list(cycles(wave))
