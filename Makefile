PYTHON ?= python

.PHONY: check lint types test cover wheel

check: lint types test

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy --strict

test:
	$(PYTHON) -m pytest

cover:
	$(PYTHON) -m pytest --cov

wheel:
	$(PYTHON) -m pip wheel --no-deps --wheel-dir dist .
