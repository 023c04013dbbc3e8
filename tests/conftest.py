from __future__ import annotations

from hypothesis import settings

settings.register_profile("ganaug", deadline=None, max_examples=50)  # a busy machine is slow, not wrong
settings.load_profile("ganaug")
