"""Settings and fixtures for all tests."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import make

# No deadline: a busy machine is no failure. Found examples are not kept between runs, so that runs
# are alike. Half of hypothesis's own number of examples: `make soak` tries many more.
settings.register_profile(
    "feeds",
    deadline=None,
    database=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("soak", settings.get_profile("feeds"), max_examples=2000)
settings.load_profile("feeds")

MEMORY = Path("/dev/shm")  # the file system in memory that Linux has
ROOM = 2 * 2**30  # bytes


def pytest_configure() -> None:
    """Have temporary files lie in memory, where there is room: a build waits for the disk at each
    document that it writes."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir():
        memory = os.statvfs(MEMORY)
        if memory.f_bavail * memory.f_frsize > ROOM and not memory.f_flag & os.ST_NOEXEC:
            os.environ["TMPDIR"] = str(MEMORY)
            tempfile.tempdir = None  # it is looked up again


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int | None:
    """Two processes more than there are processors, since many tests wait for a moment to come."""
    if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ:
        return None
    return len(os.sched_getaffinity(0)) + 2


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --update-golden, which rewrites golden documents; read the diff before you keep it."""
    parser.addoption("--update-golden", action="store_true", help="rewrite golden documents")


@pytest.fixture(scope="session")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> make.Corpora:
    """The corpora of a test run, which its workers share: the folder of each lies in the folder of
    the run."""
    folder = tmp_path_factory.getbasetemp()
    return make.Corpora(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder)


@pytest.fixture(autouse=True)
def _nothing_stays_open() -> Iterator[None]:
    """What a test opened is closed after it."""
    yield
    make.close_all()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test uses the store that a person's environment names."""
    if "FEEDS_STORE_URL" in os.environ:
        monkeypatch.delenv("FEEDS_STORE_URL")
