# Every target sets up .venv by itself when it is missing or older than what it is made from.

PYTHON ?= python3
PROFILE ?= standard
# Processes that share the tests, a file to one of them; 0 runs all in one, as a debugger wants it.
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CONSTRAINTS := .ci/constraints.txt
# Minutes that the fuzzers have together, and which of them run (all).
MINUTES ?= 10
TARGETS ?=
EXTRAS := lab,tensorflow,docker,report,load,images,contenders,dev

.DEFAULT_GOAL := help
.PHONY: help setup bench test lint types precision flamegraphs profile report claims fuzz clean

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## Make .venv with everything in it

$(READY): pyproject.toml $(CONSTRAINTS)
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; \
	    sys.exit(0 if (3, 10) <= v <= (3, 13) else "serlab needs Python 3.10 to 3.13, this is %d.%d: make PYTHON=python3.12" % v)'
	@echo "setting up $(VENV): TensorFlow and the rest, a minute or two"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip -c $(CONSTRAINTS)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[$(EXTRAS)]'
	@touch $@

bench: $(READY) ## Measure, call an embedded Serving instance, correlate (PROFILE=smoke|standard|full, ARGS=…)
	$(BIN)/serlab bench --profile $(PROFILE) $(ARGS)

test: $(READY) ## Run the tests (ARGS=… goes to pytest)
	$(BIN)/python -m pytest -m alone $(if $(ARGS),$(ARGS) || [ $$? = 5 ],$$(grep -rlF pytest.mark.alone tests --include='test_*.py'))
	$(BIN)/python -m pytest -m "not alone" -n $(JOBS) --dist loadfile $(ARGS)

lint: $(READY) ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## Check types, strictly
	$(BIN)/mypy

precision: $(READY) ## What becomes of float edge cases, per codec and leg (ARGS=…)
	$(BIN)/serlab precision $(ARGS)

flamegraphs: $(READY) ## Draw memory flamegraphs of the newest run's cases, all of them
	$(BIN)/serlab memory --flamegraphs all $(ARGS)

profile: $(READY) ## Profile CPU time and copies of every codec with scalene
	$(BIN)/serlab cpu $(ARGS)

report: $(READY) ## Make report.html of the newest run
	$(BIN)/serlab report $(ARGS)

claims: $(READY) ## Put the well-known claims about gRPC and HTTP to the test
	$(BIN)/serlab claims $(ARGS)

fuzz: $(READY) ## Fuzz every reader, guided by coverage (MINUTES=10, TARGETS="rest wire …")
	@$(BIN)/python -c 'import atheris' 2>/dev/null || \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check -c $(CONSTRAINTS) -e '.[fuzz]'
	$(BIN)/python fuzz/run.py --minutes $(MINUTES) $(TARGETS)

clean: ## Remove .venv and caches; results stay
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
