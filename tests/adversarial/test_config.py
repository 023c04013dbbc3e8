import pytest

from ganaug.adversarial import TrainConfig


@pytest.mark.parametrize("name", ["steps", "log_every", "checkpoint_every"])
def test_counts_below_one_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} must be 1 or more, not 0"):
        TrainConfig(**{name: 0})
