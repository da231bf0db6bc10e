# `make demo` shows the main job on this machine, `make test` is what CI runs. Both need python3 and make alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := wildrydes_ml bin lambda_src tests training benchmarks tools

.PHONY: help demo test test-fast test-sweep check render bench audit clean

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

demo: $(VENV)/local ## Deploy on this machine and classify drawn pictures
	$(BIN)/python bin/demo.py

test: check ## Everything: linters, types, all tests
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

test-fast: $(VENV)/test ## The pure tests, in seconds
	$(BIN)/python -m pytest tests/unit

test-sweep: $(VENV)/test ## Every fault and kill at every AWS call of a deploy and a destroy: half an hour
	$(BIN)/python -m tests.sweep

check: $(VENV)/test $(VENV)/checkov/installed ## Format, lint, types, shell scripts, rendered templates
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/shellcheck wildrydes_ml/parts/*.sh lambda_src/filling/*.sh .ci/run
	$(BIN)/python bin/render.py --check
	$(BIN)/cfn-lint --include-checks I -t templates/*.yml
	$(VENV)/checkov/bin/checkov -d templates --framework cloudformation --skip-download --compact --quiet

render: $(VENV)/test ## Write templates/*.yml
	$(BIN)/python bin/render.py

bench: $(VENV)/test ## Measure rendering and inference, as ratios in one run: a quarter of an hour
	$(BIN)/python benchmarks/render.py
	$(BIN)/python -m benchmarks.inference

audit: $(VENV)/test ## Look up what goes on EFS among the known vulnerabilities (asks osv.dev)
	$(BIN)/python tools/audit_packages.py

clean: ## Remove what the other targets made
	-[ ! -d .wildrydes ] || $(BIN)/python bin/destroy.py --local
	-[ ! -d .wildrydes-demo ] || $(BIN)/python bin/destroy.py --local --home .wildrydes-demo
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/local: $(VENV)/bin/python setup.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[local,draw]'
	touch $@

$(VENV)/test: $(VENV)/bin/python setup.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# In an environment of its own, since it pins another boto3 than the emulator.
$(VENV)/checkov/installed: $(VENV)/bin/python Makefile
	$(PYTHON) -m venv $(VENV)/checkov
	$(VENV)/checkov/bin/pip install --quiet --disable-pip-version-check checkov==3.3.30
	touch $@
