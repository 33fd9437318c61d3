# Each target prepares .venv by itself, from the locked requirements, the first time and after they change.

PYTHON ?= $(shell for one in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$one -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$one && break; done)
PORT ?= 8000
IN := .venv/bin/python
CHECKED := models authz schema resolvers commands bench server.py settings.py

.PHONY: run test check lint lock turned bench

run: .venv/for-running
	@$(IN) server.py migrate
	@$(IN) server.py demo --if-empty
	@exec $(IN) server.py serve --port $(PORT) --show-tokens

test: .venv/for-testing
	@$(IN) -m pytest --numprocesses auto --dist worksteal

check: test lint

# Each scope, rule and policy is turned to "yes"; prints the test that notices.
turned: .venv/for-testing
	@$(IN) -m tests.proofs.turned

# The real server beside the floor and the plain one: docs/bench.md. QUICK=1 takes under two minutes.
bench: .venv/for-running
	@$(IN) -m bench $(if $(QUICK),--quick) $(BENCH)

lint: .venv/for-testing
	@$(IN) -m ruff check .
	@$(IN) -m ruff format --check .
	@$(IN) -m mypy $(CHECKED)

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer, with venv, is needed (on Debian: apt-get install python3-venv)." >&2; exit 1; }
	@echo "Making .venv with $(PYTHON)…" >&2
	@$(PYTHON) -m venv .venv

# What tests need holds what running needs, at the same versions.
.venv/for-running: requirements.txt | .venv/bin/python
	@echo "Installing what running needs…" >&2
	@$(IN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/for-testing: requirements-dev.txt | .venv/bin/python
	@echo "Installing what testing needs…" >&2
	@$(IN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/for-running

# After a change of the dependencies in pyproject.toml. Add UPGRADE=--upgrade to take newer versions.
COMPILE = .venv-lock/bin/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host \
	--no-header --strip-extras $(UPGRADE)
lock:
	@$(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet pip-tools==7.6.2
	@$(COMPILE) --output-file requirements.txt pyproject.toml
	@$(COMPILE) --extra dev --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml
	@rm -rf .venv-lock
