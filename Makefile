# Needs GNU make, git and Python 3.11 (with its venv module); everything else is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
# Twice quiet: errors only.
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
STAMP := .venv/.installed
# The shop and the local Airflow are the checkout's own: the installed package does not bring them.
export PYTHONPATH := $(CURDIR)/include:$(CURDIR)/plugins

.DEFAULT_GOAL := help
.PHONY: help setup demo up env test soak lint audit bench lock clean

help:  ## this list
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(STAMP)  ## install everything into .venv (done by the others when it is needed)

# uv takes a quarter of pip's time; pip knows the package mirrors that this machine is set up for.
$(STAMP): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; v == (3, 11) or sys.exit(f"Python 3.11 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.11 …")'
	@echo "Installing into .venv (once; a minute or a few) …"
	@$(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/# via/p' requirements-dev.txt > .venv/uv.txt
	@$(PIP) install --require-hashes -r .venv/uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r requirements-dev.txt \
		|| { echo "… with pip, which takes longer"; $(PIP) install --require-hashes -r requirements-dev.txt; }
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

demo: setup  ## the shop, Airflow and a first load, from nothing to rows in the warehouse
	@$(BIN)/python -m local_airflow.demo

up: setup  ## the shop and Airflow on this machine until Ctrl-C
	@$(BIN)/python -m local_airflow.up $(ARGS)

env:  ## .env for docker compose, with new keys and passwords
	@$(PYTHON) tools/environment.py

test: setup  ## all tests; some of them: make test ARGS="tests/unit -k window"
ifdef ARGS
	@$(BIN)/python -m pytest $(ARGS)
else
	@$(BIN)/python -m pytest -m "not e2e" -n 2 --dist worksteal
	@$(BIN)/python -m pytest -m e2e -n 2 --dist loadfile --no-loadscope-reorder
endif

# An hour's worth of runs in 6 minutes; other ones: make soak ARGS="--minutes 30 --seed 7"
soak: setup  ## runs every few seconds with faults and kills, then: is the table right, and is anything left?
	@PYTHONPATH="$(CURDIR):$$PYTHONPATH" $(BIN)/python -m tests.soak $(ARGS)

lint: setup  ## ruff and mypy, and the files for Docker and CI, as CI checks them
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yaml
	@$(BIN)/shellcheck .ci/run
	@$(BIN)/zizmor --offline --pedantic --strict-collection --quiet --no-progress .

# Not part of lint, nor of .venv: it asks PyPI's own JSON API about each pinned version, and so needs PyPI itself, not a mirror.
audit: setup  ## known advisories against what requirements.txt and requirements-dev.txt pin
	@$(BIN)/uv tool run --quiet --from pip-audit==2.10.1 pip-audit --strict --disable-pip --require-hashes -r requirements.txt -r requirements-dev.txt

bench: setup  ## time and memory against the hand-written floor
	@$(BIN)/python -m bench $(ARGS)

# Versions stay as they are unless told otherwise: make lock ARGS="--upgrade-package dlt".
lock: setup  ## pin requirements.txt and requirements-dev.txt anew
	@$(BIN)/python tools/lock.py $(ARGS)

clean:  ## remove what make and the tools made: .venv, caches, the local Airflow
	@rm -rf .venv .local .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist include/*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
