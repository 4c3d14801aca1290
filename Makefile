# Ten goals at most. `make run` and `make test` set up all they need by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Set on some machines; then every worker would compile every test again, and every process what it imports.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint faults bench lock clean

run: $(VENV)/.run  ## everything, with a demo, in the foreground
	@$(BIN)/python -m standalone

test: lint  ## every test, fault tests with short seeds
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev  ## style, types, and which package may import which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

faults: $(VENV)/.dev  ## the fault tests, long
	WATCHHOUSE_FAULTS=long $(BIN)/pytest tests/faults tests/auth/test_openapi.py -p no:randomly --timeout 3600

bench: $(VENV)/.dev  ## every hot path beside its reference; prints ratios
	$(BIN)/python -m bench

lock: $(VENV)/.dev  ## pin the newest versions of what pyproject.toml names
	$(BIN)/uv pip compile -q --no-header --no-annotate --universal --generate-hashes pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --no-header --no-annotate --universal --generate-hashes pyproject.toml --group dev -o requirements-dev.lock

clean:  ## take away what was set up; the data folder stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.run: requirements.lock
	@tools/make-venv $(PYTHON) $(VENV) requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock requirements.lock
	@tools/make-venv $(PYTHON) $(VENV) requirements-dev.lock
	@tools/install-test-programs
	@touch $@ $(VENV)/.run
