# `make help` lists what there is to make. Nothing here names a package index: yours is used.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GUIYI_HOME ?= $(CURDIR)/data
UV := .uv/bin/uv
BIN := .venv/bin
# The tests start dozens of processes: each would compile every library anew where the shell forbids to keep that.
KEPT := env -u PYTHONDONTWRITEBYTECODE
# Locked packages only, and the project itself in place.
SYNC := $(UV) pip install --python $(BIN)/python --require-hashes
COMPILE := $(UV) pip compile pyproject.toml --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[36m%-12s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: install ## Simulate a brand of 5,000 people, run everything, tell what came out
	@GUIYI_HOME="$(GUIYI_HOME)" $(BIN)/guiyi demo

.PHONY: test
test: install-dev lint ## Lint, types and tests: about ten minutes on two cores
	@$(KEPT) $(BIN)/pytest -m "not slow" -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: test-slow
test-slow: install-dev ## The tests that take more than a minute each
	@$(KEPT) $(BIN)/pytest -m slow

.PHONY: lint
lint: install-dev ## Ruff and mypy
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: ui
ui: install ## The Dagster UI on http://localhost:3000, with the schedule and the sensor
	@mkdir -p "$(GUIYI_HOME)/landing"
	@$(BIN)/python -c "from pathlib import Path; from pipelines.run import dagster_home; from warehouse.home import Home; dagster_home(Home(Path('$(GUIYI_HOME)')))"
	@GUIYI_HOME="$(GUIYI_HOME)" DAGSTER_HOME="$(GUIYI_HOME)/.dagster" $(BIN)/dagster dev -w workspace.yaml

.PHONY: lock
lock: $(UV) ## Bring both lock files in line with pyproject.toml (UPGRADE=--upgrade for newer versions)
	@$(COMPILE) --group build -o requirements.lock $(UPGRADE)
	@$(COMPILE) --group build --group dev -c requirements.lock -o requirements-dev.lock $(UPGRADE)

.PHONY: clean
clean: ## Remove what was installed and cached; data/ stays
	@rm -rf .venv .uv .pytest_cache .mypy_cache .ruff_cache .hypothesis build *.egg-info

.PHONY: install install-dev
install: .venv/.installed ## What the product needs, into .venv
install-dev: .venv/.installed-dev ## That, and what its tests need

# The stamps make a second call cost nothing; a changed lock or project file installs again.
.venv/.installed: requirements.lock pyproject.toml | $(UV)
	@test -x $(BIN)/python || $(UV) venv --quiet --python .uv/bin/python .venv
	@echo "Installing from requirements.lock …"
	@$(SYNC) --quiet -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/.installed-dev: requirements-dev.lock .venv/.installed
	@echo "Installing from requirements-dev.lock …"
	@$(SYNC) --quiet -r requirements-dev.lock
	@touch $@

$(UV):
	@for python in python3.11 python3 python; do \
		if command -v $$python > /dev/null && $$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2> /dev/null; \
		then found=$$python; break; fi; \
	done; \
	if [ -z "$${found:-}" ]; then \
		echo "Guiyi needs Python 3.11: install it and see that python3.11 or python3 is found, then run make again." >&2; \
		exit 1; \
	fi; \
	echo "Bootstrapping uv with $$found …"; \
	rm -rf .uv && $$found -m venv .uv && .uv/bin/python -m pip install --quiet uv
