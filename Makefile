# Two commands need nothing but Python 3.11 and make: `make demo` and `make test`. Both set up .venv themselves.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
LOCK := requirements/lock.txt
WORKER := requirements/worker.txt
COMPILE := $(BIN)/uv pip compile pyproject.toml --extra dask --extra production --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-package nvidia-nccl-cu12 --no-emit-package nvidia-nccl-cu13 --no-header --quiet

.PHONY: setup demo test test-heavy check format format-check lint types imports lock lock-check bench clean

setup: $(READY)

$(READY): $(LOCK) requirements/uv.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python $(LOCK)
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $(READY)

demo: $(READY)
	@$(BIN)/podium demo

test: $(READY)
	@$(BIN)/python -m pytest -n auto --dist loadfile

# What takes minutes of a quiet machine: servers with accounts, faults, a cluster, the whole local stack.
test-heavy: $(READY)
	@$(BIN)/python -m pytest -m heavy

check: format-check lint types imports lock-check

format: $(READY)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

format-check: $(READY)
	@$(BIN)/ruff format --check .

lint: $(READY)
	@$(BIN)/ruff check .

types: $(READY)
	@$(BIN)/mypy

imports: $(READY)
	@$(BIN)/lint-imports

# The lock keeps the versions it has as long as pyproject.toml allows them. The worker's is the same without what develops.
lock: $(READY)
	@$(COMPILE) --group dev --output-file $(LOCK)
	@$(COMPILE) --group build --no-annotate --constraint $(LOCK) --output-file $(WORKER)

lock-check: $(READY)
	@cp $(LOCK) $(VENV)/lock-check.txt
	@$(COMPILE) --group dev --output-file $(VENV)/lock-check.txt
	@cp $(WORKER) $(VENV)/worker-check.txt
	@$(COMPILE) --group build --no-annotate --constraint $(LOCK) --output-file $(VENV)/worker-check.txt
	@diff -u $(LOCK) $(VENV)/lock-check.txt || { echo "$(LOCK) does not fit pyproject.toml: run 'make lock' and commit it"; exit 1; }
	@diff -u $(WORKER) $(VENV)/worker-check.txt || { echo "$(WORKER) does not fit $(LOCK): run 'make lock' and commit it"; exit 1; }
	@! grep -nE 'https?://|--(extra-)?index-url' $(LOCK) $(WORKER) || { echo "a lock names a registry"; exit 1; }

bench: $(READY)
	@$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .podium .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
