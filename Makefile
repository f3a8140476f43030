# make run | serve | test | alone | soak | evening | lint | audit | bench | reproduce | screenshots | setup | clean      (docs/README.md explains them)
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
# Many short processes import the same modules: Python keeps them compiled, whatever the machine's setting is. The setup
# imports what the commands need; to compile all 20,000 files of the packages would take pip a minute.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: setup run serve test alone soak evening lint audit bench reproduce screenshots clean

setup: $(READY)

$(READY): pyproject.toml wandb_local/pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable ./wandb_local --editable ".[weights,distributed,export,server]" \
		--group dev --group wandb_local/pyproject.toml:test
	$(BIN)/python -c 'import artifacts, camvid.loaders, eval.evaluate, models, training.learner, wandb_local.web.app'
	touch $(READY)

run: setup
	test -d data/synthetic || $(BIN)/python -m camvid synth data/synthetic --frames 200 --seed 0 --layout segnet
	$(BIN)/python -m wandb_local exec -- $(BIN)/python train.py --config configs/demo.yaml --data data/synthetic

serve: setup
	$(BIN)/python -m wandb_local serve

test: setup  # more than three processes are slower on two cores
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist worksteal -q

alone:  # the tests of wandb_local where nothing else of this repository is installed
	$(PYTHON) -m venv build/alone
	build/alone/bin/python -m pip install --quiet --upgrade "pip>=25.1"
	build/alone/bin/python -m pip install --quiet --constraint constraints.txt --editable ./wandb_local --group wandb_local/pyproject.toml:test
	OMP_NUM_THREADS=1 build/alone/bin/python -m pytest -n 4 --dist worksteal -q tests/wandb_local

soak: setup  # importing the other tests takes longer than some of these
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 3 --dist worksteal -q -m soak --timeout 1200 $$(grep -rlw --include 'test_*.py' mark.soak tests)

evening: setup
	$(BIN)/python -m pytest -q -m evening --timeout 1800

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/deptry wandb_local --config wandb_local/pyproject.toml

audit:  # needs a network; pip-audit has an environment of its own
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet pip-audit
	build/audit/bin/python -m scripts.audit

bench: setup
	$(BIN)/python -m benchmarks

reproduce: setup  # DATA=/data/CamVid
	scripts/reproduce.sh "$(DATA)"

screenshots: setup
	$(BIN)/python -m scripts.screenshots

clean:
	rm -rf .venv build *.egg-info wandb_local/build wandb_local/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
