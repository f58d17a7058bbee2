"""Every command closes what it opens and does nothing that a Python to come takes away: Python
warns of neither."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests import make
from tests.serve.test_live import children
from tests.serve.test_server import serving

ALL_WARNINGS: dict[str, Any] = {"PYTHONWARNINGS": "always", "PYTHONDEVMODE": "1"}
WORKERS = "[build]\nworkers = 2\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a site with more than one batch of records, one of them with a fault."""
    records: dict[str, str | bytes] = {
        f"{n:03}.md": make.record(n, topics=f"[AI, T{n % 9}]") for n in range(1, 111)
    }
    make.site(tmp_path, {**records, "bad.md": "---\ntitle: [\n---\n"}, WORKERS)
    return tmp_path


def assert_silent(text: str) -> None:
    """Python warned of nothing."""
    assert "Warning" not in text, text


def test_no_command_that_reads_records_causes_a_warning(folder: Path) -> None:
    commands = [
        "build",
        "check",
        "list",
        "show all atom",
        "new Words",
        "build --compress",
        "schema",
    ]
    for command in commands:
        done = make.run(*command.split(), cwd=folder, check=None, **ALL_WARNINGS)
        assert done.returncode in (0, 1), done.stderr
        assert_silent(done.stderr)


def test_init_causes_no_warning(tmp_path: Path) -> None:
    assert_silent(make.run("init", cwd=tmp_path, **ALL_WARNINGS).stderr)


def test_a_command_that_cannot_work_causes_no_warning(folder: Path) -> None:
    make.write(folder / "ledger.toml", "[")
    assert_silent(make.run("build", cwd=folder, check=2, **ALL_WARNINGS).stderr)
    make.write(folder / ".feeds" / "store.sqlite", "")
    (folder / ".feeds" / "store.sqlite").unlink()
    (folder / ".feeds" / "store.sqlite").mkdir()
    assert_silent(make.run("list", cwd=folder, check=2, **ALL_WARNINGS).stderr)


def test_a_build_that_shows_a_bar_causes_no_warning_and_makes_the_same(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert_silent(make.watched("build", cwd=folder, check=1, **ALL_WARNINGS))
    shown = make.tree(folder / "public")
    monkeypatch.setenv("FEEDS_STORE_URL", "sqlite:///other.sqlite")
    make.invoke("build", cwd=folder, check=1)
    assert make.tree(folder / "public") == shown


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_server_with_several_workers_causes_no_warning_until_it_has_ended(
    folder: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    for name, value in ALL_WARNINGS.items():
        monkeypatch.setenv(name, value)
    config = make.site(folder, {})
    with serving(config, "--workers", "3") as server:
        first = children(server.process.pid)
        assert len(first) == 3
        os.kill(int(first[0]), signal.SIGKILL)
        server.until(
            "/feed.rss",
            lambda _: len(now := children(server.process.pid)) == 3 and first[0] not in now,
        )
        config.file.write_text(config.file.read_text().replace("Test feeds", "Other feeds"))
        server.until("/feed.rss", lambda response: "Other feeds" in response.text)
        assert server.stop(how) == 0
        assert_silent(server.err.read_text())


def test_doctor_causes_no_warning(tmp_path: Path) -> None:
    with serving(make.site(tmp_path, {"1.md": make.record(1), "2.md": make.record(2)})) as server:
        done = make.run("doctor", server.url, cwd=tmp_path, check=None, **ALL_WARNINGS)
        assert_silent(done.stderr)
