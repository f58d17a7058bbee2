# The commands of the README: `make serve` and `make test`.  Both make what they need in .venv, or in $(VENV).

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: serve test coverage test-python soak docs format lock

serve: $(VENV)/installed
	$(BIN)/feeds serve

# A process for each processor, and two more. Modules are compiled once, whatever the environment says: tests run the command often.
test: $(VENV)/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses=auto --dist=worksteal

# The same tests, and the lines that none of them runs. It takes about twice as long.
coverage: $(VENV)/installed-dev
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest --numprocesses=auto --dist=worksteal --cov --cov-report=term

# Every test that needs no other program, for another Python: make test-python PYTHON=python3.13 VENV=.venv-3.13
test-python: $(VENV)/installed-dev
	PYTHONDONTWRITEBYTECODE= FEEDS_REQUIRE_ALL=0 $(BIN)/pytest --numprocesses=auto --dist=worksteal

soak: $(VENV)/installed-dev
	$(BIN)/pytest -m "soak or hypothesis" --hypothesis-profile=soak

docs: $(VENV)/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

format: $(VENV)/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# requirements.lock: what feeds and its build need, for every Python and machine. uv takes no index from the settings of pip.
lock: $(VENV)/installed-dev
	$(BIN)/python -m pip install --quiet --group lock
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' \
	  | $(BIN)/uv pip compile pyproject.toml - --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --custom-compile-command "make lock" --output-file requirements.lock

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

# Dependency groups came with pip 25.1.
$(VENV)/installed-dev: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --group dev
	touch $@
