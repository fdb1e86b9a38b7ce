# Darkroom. `make` lists what there is; each target installs what it lacks, inside the tree (.venv) only.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
MEMBERS := contracts servicekit services/jobs-api services/credits services/predictor services/poller services/notifier sandbox cli
PROJECTS := pyproject.toml $(MEMBERS:%=%/pyproject.toml)
SOURCES := $(MEMBERS:%=%/src) tests
INSTALLED := $(VENV)/.installed

NODE := $(shell command -v npm 2>/dev/null)
WEB_INSTALLED := web/node_modules/.package-lock.json

.PHONY: web screenshots interaction help install demo up down status logs test check format lock generate bench fairness chaos mutants e2e clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

$(INSTALLED): requirements.lock $(PROJECTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Darkroom needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@echo "installing the locked packages …"
	@$(BIN)/python -m uv pip sync --quiet --compile-bytecode --require-hashes requirements.lock
	@$(BIN)/python -m uv pip install --quiet --no-deps --no-build-isolation $(MEMBERS:%=-e ./%)
	@touch $@

install: $(INSTALLED) ## the virtual environment (.venv), from the lock

demo: $(INSTALLED) ## bare machine to a finished sample job; leaves the stack running
	@$(BIN)/darkroom demo

up: $(INSTALLED) ## start the local stack, wait until it is ready
	@$(BIN)/darkroom up

down: $(INSTALLED) ## stop it
	@$(BIN)/darkroom down

status: $(INSTALLED) ## what runs, where, how big
	@$(BIN)/darkroom status

logs: $(INSTALLED) ## the last lines of every process (one: make logs NAME=credits)
	@$(BIN)/darkroom logs $(NAME)

test: $(INSTALLED) ## all tests that CI runs, in two processes
	@$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

check: $(INSTALLED) ## lint, types, import rules, lock and generated files; changes nothing
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy $(SOURCES)
	@$(BIN)/lint-imports
	@$(BIN)/python -m darkroom_contracts.generate --check
	@$(BIN)/python -m darkroom_cli.settings_table --check
	@$(BIN)/python web/tools/built.py check
ifneq ($(NODE),)
	@$(MAKE) $(WEB_INSTALLED)
	@cd web && npm run --silent check
else
	@echo "no npm on the PATH: the sources of the pages are not checked, only that web/dist is built from them"
endif

$(WEB_INSTALLED): web/package-lock.json
	@echo "installing the packages of the pages …"
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

web: $(INSTALLED) $(WEB_INSTALLED) ## build the pages into web/dist (needs Node 20.19 or newer); commit the result
	@cd web && npm run --silent build
	@$(BIN)/python web/tools/built.py stamp

screenshots: $(INSTALLED) ## a picture of every page, light, dark and phone, into .darkroom-screenshots
	@$(BIN)/darkroom up
	@PYTHONPATH=tests $(BIN)/python -m e2e.screenshots $(LOOKS)

interaction: $(INSTALLED) ## how long a page of 1,000 pictures takes to answer a key or a click
	@$(BIN)/darkroom up
	@PYTHONPATH=tests $(BIN)/python -m load.pages

format: $(INSTALLED) ## rewrite the code in the house style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

generate: $(INSTALLED) ## write again what is generated (JSON Schemas, AsyncAPI, the table of settings)
	@$(BIN)/python -m darkroom_contracts.generate
	@$(BIN)/python -m darkroom_cli.settings_table

lock: ## resolve the dependencies anew
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet uv==$(UV_VERSION)
	@$(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
		$(MEMBERS:%=--no-emit-package darkroom-$$(basename %)) --group dev $(PROJECTS) -o requirements.lock

e2e: $(INSTALLED) ## only the end-to-end tests: REST, sockets, pages in Chromium, anything killed
	@$(BIN)/python -m pytest tests/e2e $(PYTEST_ARGS)

chaos: $(INSTALLED) ## everything killed and frozen by a seed's plan while 1,000 items run, then judged (CHAOS_ARGS="--seed 7")
	@PYTHONPATH=tests $(BIN)/python -m chaos.run $(CHAOS_ARGS)
	@$(BIN)/python -m pytest tests/chaos -m chaos $(PYTEST_ARGS)

mutants: $(INSTALLED) ## take each defence out of a copy of the tree and see its tests fail (MUTANTS="name name", MUTANTS=--list)
	@PYTHONPATH=tests $(BIN)/python -m mutants.run $(MUTANTS)

fairness: $(INSTALLED) ## a whale and thirty quiet shops on three predictors, then weights 1:2:4, by the count at the provider
	@PYTHONPATH=tests $(BIN)/python -m load.fairness $(FAIRNESS_ARGS)

bench: $(INSTALLED) ## measure latency, throughput and idle cost of the local stack
	@PYTHONPATH=tests $(BIN)/python -m load.bench $(BENCH_ARGS)

clean: ## stop the stack, remove its data and the virtual environment
	@test ! -x $(BIN)/darkroom || $(BIN)/darkroom down || true
	@rm -rf .darkroom $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
