# Needs only make and Python 3.11 or newer. `make run` and `make test` set up everything else, once, in .venv.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: run test lint lab lab-down bench screenshots docs lock clean help
.DEFAULT_GOAL := help

help:
	@echo "make run          open Deckwatch on this host's engine, or on the recorded demo host (ARGS=... for options)"
	@echo "make test         all tests; those that need a container engine say why if they are skipped"
	@echo "make lint         ruff, mypy --strict and the import rules"
	@echo "make lab          start the private lab engine      make lab-down   remove it without a trace"
	@echo "make bench        print the measured figures        make screenshots   draw them from the lab"
	@echo "make docs         write the generated documents anew"
	@echo "make lock         pin the dependencies anew         make clean      remove everything that was set up"

run: $(VENV)/.run
ifneq ($(strip $(ARGS)),)
	@$(BIN)/deckwatch $(ARGS)
else
	@status=0; $(BIN)/deckwatch scan --fail-on none -o /dev/null 2>/dev/null || status=$$?; \
	if [ $$status -eq 3 ]; then \
	  echo "No container engine can be read here: opening the recorded demo host (deckwatch --demo)."; \
	  exec $(BIN)/deckwatch --demo; \
	fi; \
	exec $(BIN)/deckwatch
endif

test: $(VENV)/.dev
	$(BIN)/pytest $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lab: $(VENV)/.dev
	$(BIN)/python -m lab up $(ARGS)

lab-down: $(VENV)/.dev
	$(BIN)/python -m lab down $(ARGS)

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

screenshots: $(VENV)/.dev
	$(BIN)/python -m screenshots $(ARGS)

docs: $(VENV)/.dev
	$(BIN)/python -m docs

# uv resolves for every platform and Python at once; --no-emit-* keeps names of package indexes out of the files.
COMPILE = $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet --upgrade

lock: $(VENV)/.dev
	$(BIN)/pip install --quiet uv
	$(COMPILE) --output-file requirements.lock
	$(COMPILE) --group dev --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@for name in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3 python; do \
	  "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  "$$name" -m venv $(VENV) && exit 0; \
	  rm -rf $(VENV); \
	  echo "$$name cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; \
	done; \
	echo "No Python 3.11 or newer on the PATH; install one or name it: make run PYTHON=/path/to/python3" >&2; exit 1

$(VENV)/.run: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up: the program and its dependencies go into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(VENV)/bin/python
	@echo "Setting up: the program, its dependencies and the development tools go into $(VENV) (once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(VENV)/.run $@
