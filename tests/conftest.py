from __future__ import annotations

import os

from hypothesis import settings

if "PYTEST_XDIST_WORKER" in os.environ:
    # before torch is loaded: workers that share cores wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

settings.register_profile("ganaug", deadline=None, max_examples=50)  # a busy machine is slow, not wrong
settings.load_profile("ganaug")
