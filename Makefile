# make demo · make test · make docs · make bench · make images · make stack-v4 · make stack-v5.
# Each sets up what it needs in .venv first; images and stacks need a Docker engine.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test lint bench docs table images stack-v4 stack-v5 store analyses

# A package that is new in algorithms/ is installed too: an editable one is known by its name.
.venv/ready: ci/requirements/dev.txt pyproject.toml $(wildcard algorithms/*/__init__.py)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r ci/requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch .venv/ready

.venv/docs: ci/requirements/docs.txt .venv/ready
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r ci/requirements/docs.txt
	touch .venv/docs

demo: .venv/ready
	$(BIN)/v6-clinical demo

test: .venv/ready
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not repeats"

lint: .venv/ready
	ci/lint

docs: .venv/docs
	ci/docs

# the peers, beside what the tests need
.venv/bench: .venv/ready ci/requirements/bench.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r ci/requirements/bench.txt
	touch .venv/bench

bench:
	ci/bench

table: .venv/ready
	PYTHONPATH=tests $(BIN)/python -m helpers.shipped_limits

images: .venv/ready
	ci/images

stack-v4 stack-v5: .venv/ready
	ci/stacks $(@:stack-%=%)

# the typed methods of Federation, from the faces and the request models
analyses: .venv/ready
	$(BIN)/python -m v6_clinical.analyst.typed

store: .venv/ready
	PYTHONPATH=tests $(BIN)/python tests/unit/test_store.py
