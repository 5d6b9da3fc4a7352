# Two commands do everything on a fresh machine: `make demo` and `make test`. Each makes its own environment first.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := all
.PHONY: all setup demo test lint types docs faults clean

all: lint types test docs

# The stamp holds the environment to the lock file: an unchanged lock costs nothing.
.venv/.stamp: requirements-dev.lock pyproject.toml
	@echo "setting up .venv (once; a minute from a cold cache)" >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gatewarden needs Python 3.11 or newer; set PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index --editable .
	@touch $@

setup: .venv/.stamp

demo: setup
	@$(BIN)/gatewarden demo

test: setup
	@$(BIN)/python -m pytest -q

lint: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy

docs: setup
	@$(BIN)/python -m pytest -q tests/unit -k docs

clean:
	rm -rf .venv .demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
