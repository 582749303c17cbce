# Each target sets up what it needs; python3 (3.11 or newer, with venv) and make are all that must be there. Node.js is
# taken from PATH where it is 20.19 or newer, else from a wheel.

BIN := .venv/bin
READY := .venv/.ready
LINTED := nb2prod tests benchmarks labextension/hatch_build.py tests/golden/regen.py
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm --prefix labextension --silent

# without byte code on disk each kernel compiles the libraries again, seconds each time
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo lab lab-matrix test check corpus fuzz peers soak soak-steps bench golden clean

help:
	@echo "make setup    .venv with all that the others need; builds and links the JupyterLab extension"
	@echo "make demo     tag, check, convert, verify, run, compare and schedule an example, in out/demo"
	@echo "make lab      JupyterLab with our extension and the example notebooks"
	@echo "make test     every test"
	@echo "make check    the fast loop: format, lint, types, floors, fast tests"
	@echo "make lab-matrix   the wheel in older and newer JupyterLabs and in Notebook 7 (fetches them)"
	@echo "make corpus   convert and verify notebooks that none of us wrote (fetches them)"
	@echo "make fuzz     random notebooks, and broken ones (ARGS='--examples 10000 --seed 2')"
	@echo "make soak     200 kill -9s of daemons and workers, for each store (ARGS='--only sqlite --seed 2')"
	@echo "make soak-steps   every fault everywhere, and 100 kill -9s of what belongs to runs (ARGS='--seed 2')"
	@echo "make peers    the tests of nbclient and papermill on our engine (fetches them)"
	@echo "make bench    the benchmarks"
	@echo "make golden   write the golden projects again; read the diff"
	@echo "make clean    remove what was made, but for .venv"

setup: $(READY)

$(READY): pyproject.toml tools/setup
	tools/setup

demo: $(READY)
	tools/demo

lab: $(READY)
	tools/labextension
	$(BIN)/python -m jupyterlab --notebook-dir example_notebooks $(ARGS)

test: $(READY)
	tools/labextension
	tools/tests

lab-matrix: $(READY)
	tools/lab-matrix $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check $(LINTED)
	$(BIN)/ruff check $(LINTED)
	$(BIN)/mypy nb2prod tests labextension/hatch_build.py
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n 2 -m "not slow"
	$(BIN)/python -m pytest -q -n 2 -m "not slow" tests/server
	$(NPM) run check
	$(NPM) test

corpus: $(READY)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --editable '.[corpus]'
	$(BIN)/python tests/corpus/run.py $(ARGS)

fuzz: $(READY)
	PYTHONPATH=tests $(BIN)/python -m fuzz.run $(ARGS)
	PYTHONPATH=tests $(BIN)/python -m fuzz.json_fuzz $(ARGS)

soak: $(READY)
	$(BIN)/python tests/soak/run.py $(ARGS)

soak-steps: $(READY)
	NB2PROD_ALL_FAULTS=1 $(BIN)/python -m pytest -q -n 2 tests/faults
	$(BIN)/python tests/faults/kills.py $(ARGS)
	NB2PROD_SMALL_STEPS=1000 $(BIN)/python -m pytest -q tests/executors -k small_steps

peers: $(READY)
	PYTHONPATH=tests $(BIN)/python -m peers.equal $(ARGS)
	PYTHONPATH=tests $(BIN)/python -m peers.papermill_tests

bench: $(READY)
	$(BIN)/python benchmarks/run.py

golden: $(READY)
	$(BIN)/python tests/golden/regen.py

clean:
	rm -rf nb2prod/labextension labextension/lib labextension/.bundled labextension/tsconfig.tsbuildinfo
	rm -rf out build dist runs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
