# `make demo` shows the main job on this machine, `make test` is what CI runs. Both need make and python3 with venv, which
# Debian and Ubuntu have as python3-venv. Another Python than `python3`: make demo PYTHON=python3.12
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python tools/install.py
# One more than two processors: tests also wait for emulators.
PYTEST := $(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --timeout 900
SOURCES := wildrydes_ml bin lambda_src tests training benchmarks tools examples

.DELETE_ON_ERROR:
.PHONY: help demo test test-fast test-slow test-sweep test-aws test-matrix check render docs pictures dist bench audit clean look

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

demo: $(VENV)/local ## Deploy here and classify drawings; your own: make demo MODEL=LOCATION PICTURES=FOLDER PORT=8080 OPEN=1
	$(BIN)/python bin/demo.py $(if $(MODEL),--model "$(MODEL)") $(if $(PICTURES),--pictures "$(PICTURES)") $(if $(PORT),--port "$(PORT)") $(if $(OPEN),--open)

test: check ## Linters, types, and all tests but the slowest: a quarter of an hour
	$(PYTEST) -m 'not slow'

test-slow: $(VENV)/test ## The slowest tests: upgrades, classes, examples, models of every kind, faults: ten minutes
	$(PYTEST) -m slow

test-fast: $(VENV)/test ## The pure tests: three minutes
	$(PYTEST) tests/unit

test-sweep: $(VENV)/test ## Faults and kills at AWS calls of a deploy and a destroy, drawn anew each day: twenty minutes at most
	$(BIN)/python -m tests.sweep --within 20

test-aws: $(VENV)/test ## A proof on your own account, for less than 1 US$: make test-aws ACCOUNT=123456789012 REGION=us-east-1
	$(BIN)/python -m tests.aws --account "$(ACCOUNT)" --region "$(REGION)" --profile "$(PROFILE)" $(if $(YES),--yes)

check: $(VENV)/test $(VENV)/checkov/installed $(VENV)/guard/installed ## Format, lint, types, shell scripts, rendered templates
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/shellcheck lambda_src/filling/*.sh tests/docs/*.sh .ci/run
	$(BIN)/python bin/render.py --check
	$(BIN)/cfn-lint --include-checks I --append-rules wildrydes_ml.lint_rules -t templates/*.yml
	$(VENV)/checkov/bin/checkov -d templates --framework cloudformation --skip-download --compact --quiet
	$(BIN)/python tools/guard.py

render: $(VENV)/test ## Write templates/*.yml
	$(BIN)/python bin/render.py

docs: $(VENV)/docs/installed ## The documentation as a site in build/site; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs build --quiet
	@echo "the documentation: file://$(CURDIR)/build/site/index.html"

pictures: $(VENV)/test ## Make README's pictures from the real demo and its page: five minutes, with Chromium
	$(BIN)/python tools/pictures.py

dist: $(VENV)/dist/installed ## The package to publish in dist/, built and checked
	rm -rf dist
	$(VENV)/dist/bin/python -m build --quiet
	$(VENV)/dist/bin/twine check --strict dist/*

test-matrix: ## The pure tests on each Python here, and with the oldest libraries that setup.py allows: five minutes
	$(PYTHON) tools/test_matrix.py

bench: $(VENV)/test ## Measure rendering, deploys and inference, as ratios in one run: about an hour
	$(BIN)/python benchmarks/render.py
	$(BIN)/python -m benchmarks.deploys
	$(BIN)/python -m benchmarks.inference
	$(BIN)/python -m benchmarks.inference --shape unrolled
	$(BIN)/python -m benchmarks.inference --shape top-k
	$(BIN)/python -m benchmarks.formats wildrydes_ml/workshop/detector $(DETECTORS) $(if $(SAMPLES),--samples "$(SAMPLES)")
	$(BIN)/python -m benchmarks.together
	$(BIN)/python -m benchmarks.archive
	$(BIN)/python -m benchmarks.batches

audit: $(VENV)/test ## Look up what goes on EFS among the known vulnerabilities (asks osv.dev)
	$(BIN)/python tools/audit_packages.py

clean: ## Remove what the other targets made
	-[ ! -d .wildrydes ] || $(BIN)/python bin/destroy.py --local
	-[ ! -d .wildrydes-demo ] || $(BIN)/python bin/destroy.py --local --home .wildrydes-demo
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis

# Each run looks at the Python; the file changes, and all below is made anew, when the environment is.
$(VENV)/made: look
	@command -v $(PYTHON) >/dev/null || { echo "there is no $(PYTHON) here: on Debian and Ubuntu, apt-get install python3 python3-venv" >&2; exit 1; }
	@$(PYTHON) tools/environment.py $(VENV) $(MAKECMDGOALS)

$(VENV)/local: $(VENV)/made setup.py
	$(PIP) --editable '.[local,draw]'
	touch $@

$(VENV)/test: $(VENV)/made setup.py
	$(PIP) --editable '.[dev]'
	touch $@

# In an environment of its own, since it pins another boto3 than the emulator.
$(VENV)/checkov/installed: $(VENV)/made Makefile
	$(PYTHON) -m venv --clear $(VENV)/checkov
	$(VENV)/checkov/bin/python tools/install.py checkov==3.3.30
	touch $@

$(VENV)/docs/installed: $(VENV)/made setup.py
	$(PYTHON) -m venv --clear $(VENV)/docs
	$(VENV)/docs/bin/python tools/install.py 'mkdocs>=1.6,<2' 'mkdocs-material>=9.6,<10' 'mkdocstrings[python]>=1,<2' 'ruff>=0.11'
	touch $@

# In an environment of its own, since twine wants another docutils than awscli.
$(VENV)/dist/installed: $(VENV)/made Makefile
	$(PYTHON) -m venv --clear $(VENV)/dist
	$(VENV)/dist/bin/python -m pip install --quiet --disable-pip-version-check 'build>=1.2,<2' 'twine>=6.1,<7'
	touch $@

# AWS's cfn-guard and its Control Tower rules, as a package carries them.
$(VENV)/guard/installed: $(VENV)/made Makefile
	$(PIP) --no-deps --upgrade --target $(VENV)/guard cdklabs.cdk-validator-cfnguard==0.0.62
	tar -xzf $(VENV)/guard/cdklabs/cdk_validator_cfnguard/_jsii/*.tgz -C $(VENV)/guard package/bin package/rules package/LICENSE
	touch $@
