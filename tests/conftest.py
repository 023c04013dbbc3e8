from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:
    # before torch is loaded: workers that share cores wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# a shell starts what runs in its background deaf to Ctrl-C, and so would be the processes that tests interrupt
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("ganaug", deadline=None, max_examples=50)  # a busy machine is slow, not wrong
settings.load_profile("ganaug")


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Two threads of torch, which workers do without."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
