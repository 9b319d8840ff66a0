# Everything runs in .venv, made from the lock. `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
KWEV_NO_UV ?=
FRESH ?=
JOBS ?= 2
HYPOTHESIS ?= kwev
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help doctor setup newest fetch live data book expect verify release test test-fast lint format \
  lock bench serve sweeps renew clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10

setup: $(STAMP) ## make .venv with the locked versions (by uv, or KWEV_NO_UV=1 by pip)

# uv where it is there or can be had; pip where not, and where uv finds no packages. The lock and its
# hashes are the same for both. Byte code is written now, so that no process compiles its own.
$(STAMP): requirements.txt requirements-uv.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "error: $$($(PYTHON) --version) is too old; kwev needs Python 3.11 or newer. Try: make PYTHON=python3.12 setup" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "error: Python cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 2; }
	@uv=$$(command -v uv || true); \
	if test -n "$(KWEV_NO_UV)"; then uv=; \
	elif ! { test -n "$$uv" && "$$uv" --version; } >/dev/null 2>&1; then \
	  $(PIP) --require-hashes --only-binary :all: -r requirements-uv.txt 2>/dev/null \
	    && uv=$(BIN)/uv || uv=; \
	fi; \
	{ test -n "$$uv" && "$$uv" pip install --quiet --python $(BIN)/python --compile-bytecode \
	    --require-hashes -r requirements.txt; } \
	  || $(PIP) --require-hashes -r requirements.txt
	$(PIP) --no-build-isolation --no-deps -e .
	@$(BIN)/python -m compileall -q kwev
	@touch $@

doctor: ## what this machine has and lacks; needs nothing but Python
	@$(if $(wildcard $(BIN)/python),$(BIN)/python,$(PYTHON)) -m kwev.doctor

newest: ## make .venv with the newest versions instead of the locked ones
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade -e '.[dev]'
	@touch $(STAMP)

fetch: setup ## bring data/raw from the publishers and tell what changed
	$(BIN)/kwev fetch --diff

live: setup ## ask the real services whether they still send what the pipeline reads
	KWEV_LIVE=1 $(BIN)/python -m pytest tests/fetch/test_live.py

data: setup ## raw -> data/processed (raw files from data/raw or KWEV_RAW)
	$(BIN)/kwev data

book: setup ## render the book to _book/ (FRESH=1 solves everything again)
	$(BIN)/kwev render $(if $(FRESH),--fresh,)

sweeps: setup ## renew the tables of data/results (FRESH=1 solves everything again)
	$(BIN)/kwev sweep $(if $(FRESH),--fresh,)

expect: setup ## renew the expected numbers of the book and print what moved
	$(BIN)/kwev expect

renew: setup ## fetch the sources and, where something moved, open a change request (see .github/renew)
	.github/renew

verify: setup ## make everything anew from the raw files in build/verify and compare (an hour)
	$(BIN)/kwev verify

release: setup ## bundle the rendered book into build/release/, ready for an archive
	$(BIN)/kwev release

test: setup ## run all tests, JOBS files at a time (HYPOTHESIS=thorough: ten times the examples)
	$(PYTEST) --hypothesis-profile=$(HYPOTHESIS)

test-fast: setup ## tests of the inner loop: no chapter, browser, command or plan
	$(PYTEST) --fast

lint: setup ## ruff, mypy, the import contract, and how long sentences are
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet tests/book/test_sentences.py

format: setup ## write the code the way lint wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## time the solves, print the ratios and keep them
	$(BIN)/python -m benchmarks

serve: ## look at _book/ on http://127.0.0.1:8000
	$(PYTHON) -m http.server --bind 127.0.0.1 --directory _book 8000

lock: ## resolve both locks again, for Python 3.11 to 3.13 (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --extra dev -o requirements.txt pyproject.toml
	echo uv | uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --no-annotate --no-header -o requirements-uv.txt -

clean: ## remove everything that can be made again
	rm -rf $(VENV) build _book .quarto index_files .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
