"""``python -m ganaug_cli``."""

from .main import run

run()
