# Two commands do everything on a fresh machine: `make demo` and `make test`. Each makes its own environment first.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --disable-pip-version-check
.DEFAULT_GOAL := all
.PHONY: all setup demo test lint types docs messages faults bench clean

all: lint types test docs

# The stamp holds the environment to the lock file: an unchanged lock costs nothing.
.venv/.stamp: requirements-dev.lock pyproject.toml
	@echo "setting up .venv (once; a minute from a cold cache)" >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gatewarden needs Python 3.11 or newer; set PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -m venv .venv
	@{ $(PIP) --no-deps --require-hashes -r requirements-dev.lock \
	&& $(PIP) --no-deps --no-build-isolation --no-index --editable . ; } > .venv/setup.log 2>&1 \
	|| { tail -n 5 .venv/setup.log >&2; echo "set-up failed; all of it is in .venv/setup.log" >&2; exit 1; }
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
	@$(BIN)/python -m pytest -q tests/unit/test_docs.py tests/unit/test_rules_docs.py

# The Chinese catalogue, after a change of bot/locales.
messages: setup
	@$(BIN)/pybabel -q compile -D gatewarden -d bot/locales

# The long forms of the fault drills: hours; stopped and started again it goes on. tests/faults/results.jsonl keeps all.
faults: setup
	@$(BIN)/python -m tests.faults all

# The speeds. The detectors' figures (benchmarks.marks, benchmarks.copies) need gathered pictures: training/README.md.
bench: setup
	@for name in ingest copies_order throughput eyes questionnaire draw allocation evidence; do $(BIN)/python -m benchmarks.$$name || exit 1; done

clean:
	rm -rf .venv .demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
