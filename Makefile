# The commands of the README: `make serve` and `make test`.  Both make what they need in .venv.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: serve test soak docs format

serve: .venv/installed
	$(BIN)/feeds serve

# A process for each processor. Modules are compiled once, whatever the environment says: tests run the command often.
test: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses=auto --dist=worksteal --cov --cov-report=term

soak: .venv/installed-dev
	$(BIN)/pytest -m "soak or hypothesis" --hypothesis-profile=soak

docs: .venv/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

# Dependency groups came with pip 25.1.
.venv/installed-dev: .venv/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --group dev
	touch $@
