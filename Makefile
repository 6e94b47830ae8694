# run: the program · test: every check · lint: the quick checks · bench: the measurements of BENCHMARKS.md
# fuzz: ten minutes of hostile model files (Linux) · kills: SIGKILL in the middle of everything · mutants: planted faults
# coreml: docs/coreml.md anew · ios: every network as an app
# On Windows, README.md has the same four as plain commands.

ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
INSTALL_PYTHON = $(shell \
	command -v apt-get >/dev/null && echo "Install it: sudo apt-get install python3 python3-venv" && exit; \
	command -v dnf >/dev/null && echo "Install it: sudo dnf install python3" && exit; \
	command -v pacman >/dev/null && echo "Install it: sudo pacman -S python" && exit; \
	command -v zypper >/dev/null && echo "Install it: sudo zypper install python311" && exit; \
	echo "Install it.")
PIP := $(BIN)/python -m pip install --disable-pip-version-check $(if $(CI),--quiet)

.PHONY: help run test lint bench fuzz mutants kills coreml ios screenshot clean environment
.DEFAULT_GOAL := help

help:
	@echo "make run    open the window (make run ARGS='--source reel' passes options on)"
	@echo "make test   ruff, mypy, the import rule, pytest"
	@echo "make lint   the same without pytest"
	@echo "make bench  measure, and print a table"
	@echo "make fuzz   ten minutes of hostile model files for every reader (Linux)"
	@echo "make mutants  plant faults, one at a time, and see whether a test notices (ARGS='--sample 200 --seed 2')"
	@echo "make kills  kill the program in the middle of its work, over and over, and look at what it left (POSIX)"
	@echo "make coreml  export every network at hand and write docs/coreml.md (ARGS='--mirror FOLDER')"
	@echo "make ios  export every network at hand as an iOS project and check it (needs Swift)"
	@echo "make screenshot  make the pictures of README anew"
	@echo "make clean  remove the environment and what tools left behind; models that were fetched stay"

run: $(VENV)/installed
	@$(BIN)/python app.py doctor --install window
	@$(BIN)/python app.py $(ARGS)

lint: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

# pytest runs without a screen, on each core a file of tests at a time (ARGS='-n 0': in one process). The test that
# needs a real window starts an Xvfb of its own. Where a system library cannot be installed, that is said, and the tests
# that do without it still run.
test: lint
	-@$(BIN)/python app.py doctor --install tests
	@command -v swift >/dev/null || echo "No Swift toolchain here: LineupKit is not tested (swift.org/install)."
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

screenshot: $(VENV)/installed
	$(BIN)/python docs/screenshot.py

bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks $(ARGS)

mutants: $(VENV)/installed-dev
	PYTHONPATH=tests $(BIN)/python tests/mutants.py $(ARGS)

kills: $(VENV)/installed-dev
	PYTHONPATH=tests $(BIN)/python tests/kills.py $(ARGS)

coreml: $(VENV)/installed
	$(BIN)/python docs/coreml.py $(ARGS)

ios: $(VENV)/installed-dev
	$(BIN)/python tests/every_ios.py $(ARGS)

fuzz: $(VENV)/installed-fuzz
	$(BIN)/python tests/fuzz.py $(ARGS)

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian and Ubuntu keep Python and the making of environments in packages of their own.
$(BIN)/python:
	@python="$(PYTHON)"; \
	if ! { [ -n "$$python" ] && $$python -c 'import venv, ensurepip' 2>/dev/null; } && command -v apt-get >/dev/null; then \
		sudo=$$([ "$$(id -u)" -eq 0 ] || echo "sudo -n"); \
		if [ -z "$$sudo" ] || $$sudo true 2>/dev/null; then \
			echo "Installing what the system lacks with $${sudo:+sudo }apt-get: python3, python3-venv"; \
			$$sudo apt-get -qq update; \
			$$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
				python3 python3-venv >/dev/null 2>&1 || true; \
		fi; \
	fi
	@$(MAKE) --no-print-directory environment

# A target of its own: PYTHON is looked for anew.
environment:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Lineup needs Python 3.11 or newer, and none was found. $(INSTALL_PYTHON)" >&2; \
		echo "Or name one: make PYTHON=/path/to/python3" >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Lineup needs Python 3.11 or newer; $(PYTHON) is older. Name another: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		echo "This Python cannot make environments: venv or ensurepip is missing. $(INSTALL_PYTHON)" >&2; exit 1; }
	@echo "Making the environment $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

# The stamps are newer than the requirements as long as what these name is installed.
$(VENV)/installed: requirements.txt | $(BIN)/python
	@echo "Installing what running needs"
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements.txt requirements-cluster.txt requirements-dev.txt | $(BIN)/python
	@echo "Installing what checking needs"
	@$(PIP) -r requirements-dev.txt
	@touch $@ $(VENV)/installed

$(VENV)/installed-fuzz: requirements-fuzz.txt $(VENV)/installed-dev
	@echo "Installing what fuzzing needs"
	@$(PIP) -r requirements-fuzz.txt
	@touch $@
