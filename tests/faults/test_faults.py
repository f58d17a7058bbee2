"""Any call to the system may fail: nothing leaks, no traceback, and the next run puts it right."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests import make

# What fails, with which error, and at every how many of the calls: in `make test` (0: never) and in
# `make soak`. Every n of what SQLite asks of memory would take hours.
CASES = [
    ("build", "read", "EIO", "once", 0, 1),
    ("build", "read", "EACCES", "lasting", 90, 1),
    ("build", "write", "EIO", "once", 0, 1),
    ("build", "write", "ENOSPC", "lasting", 90, 1),
    ("build", "lock", "EAGAIN", "once", 0, 1),
    ("build", "memory", "ENOMEM", "once", 0, 1),
    ("build", "heap", "ENOMEM", "once", 5500, 101),
    ("ingest", "read", "EIO", "once", 90, 1),
    ("ingest", "read", "EACCES", "lasting", 0, 1),
    ("ingest", "write", "ENOSPC", "lasting", 0, 1),
    ("service", "read", "EIO", "once", 120, 1),
    ("service", "read", "EIO", "lasting", 0, 1),
    ("service", "read", "ENOMEM", "lasting", 0, 1),
    ("service", "write", "ENOSPC", "lasting", 20, 1),
    ("service", "lock", "EAGAIN", "once", 0, 1),
    ("service", "heap", "ENOMEM", "once", 2000, 101),
]


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """faults.c, compiled."""
    file = tmp_path_factory.mktemp("faults") / "faults.so"
    source = Path(__file__).with_name("faults.c")
    compiler = [make.program("cc"), "-Wall", "-Werror", "-O1", "-shared", "-fPIC"]
    subprocess.run([*compiler, "-o", file, source, "-ldl"], check=True)
    return file


@pytest.fixture(scope="module")
def campaigns(
    library: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., dict[str, Any]]]:
    """What does a campaign and returns what it found: one process for all of them."""
    said = tmp_path_factory.mktemp("campaigns") / "said"
    with (
        said.open("wb") as error,
        subprocess.Popen(
            [sys.executable, "-m", "tests.faults.campaign"],
            cwd=make.ROOT,
            env={**os.environ, "LD_PRELOAD": str(library)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=error,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        to, answers = process.stdin, process.stdout

        def tried(*arguments: str) -> dict[str, Any]:
            with suppress(BrokenPipeError):  # what it said tells why it has ended
                print(*arguments, file=to, flush=True)
            line = answers.readline()
            assert line, said.read_text()
            found: dict[str, Any] = json.loads(line)
            return found

        yield tried
    assert process.returncode == 0, said.read_text()


@pytest.mark.parametrize(
    ("scenario", "kind", "error", "how", "every"),
    [
        pytest.param(*case, every, marks=marks)
        for *case, often, seldom in CASES
        for every, marks in ((often, ()), (seldom, pytest.mark.soak))
        if every
    ],
)
def test_a_call_that_fails_leaks_nothing_and_the_next_run_puts_it_right(
    campaigns: Callable[..., dict[str, Any]],
    scenario: str,
    kind: str,
    error: str,
    how: str,
    every: int,
) -> None:
    found = campaigns(scenario, kind, error, how, str(every))
    print(scenario, kind, error, how, {key: found[key] for key in ("calls", "tried")})
    assert found["tried"]
    assert not found["wrong"], json.dumps(found["wrong"], indent=1).replace("\\n", "\n")
