# make demo · make test · make bench. Each sets up what it needs in .venv first.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint bench table

.venv/ready: ci/requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r ci/requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch .venv/ready

demo: .venv/ready
	$(BIN)/v6-clinical demo

test: .venv/ready
	$(BIN)/python -m pytest

lint: .venv/ready
	ci/lint

bench: .venv/ready
	$(BIN)/python tests/bench/summary.py
	$(BIN)/python tests/bench/logistic.py

table: .venv/ready
	$(BIN)/python tests/shipped_limits.py --write
