"""/healthz and /readyz tell the truth, and every worker the same."""

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from feeds.serve.app import create_app
from tests import make
from tests.serve.test_live import DOCUMENT, until
from tests.serve.test_server import Serving, serving, workers_of

MANY = 20  # answers in a row: of every worker, as good as surely


def site(tmp_path: Path) -> Any:
    """A site of two articles."""
    return make.site(tmp_path, {f"{n}.md": make.record(n) for n in (1, 2)})


def until_all_say(server: Serving, status: str, reason: str = "") -> None:
    """Ask until many answers in a row say so; each is a 200."""
    said = 0

    def holds(response: httpx.Response) -> bool:
        nonlocal said
        assert response.status_code == 200
        facts = response.json()
        is_so = facts["status"] == status and reason in " ".join(facts.get("reasons", []))
        said = said + 1 if is_so else 0
        return said == MANY

    server.until("/healthz", holds)


def test_all_workers_say_what_one_of_them_knows(tmp_path: Path) -> None:
    config = site(tmp_path)
    good = config.file.read_text()
    with serving(config, "--workers", "3") as server:
        until_all_say(server, "ok")
        config.records_folder.rename(tmp_path / "away")
        until_all_say(server, "degraded", "the records cannot be read")
        assert str(tmp_path) not in server.get("/healthz").text
        assert server.get("/readyz").json() == {"ready": True}
        assert server.get(DOCUMENT).status_code == 200
        (tmp_path / "away").rename(config.records_folder)
        until_all_say(server, "ok")
        config.file.write_text("[site")
        until_all_say(server, "degraded", "config.toml cannot be used")
        config.file.write_text(good)
        until_all_say(server, "ok")
        config.ledger_file.write_text("[ids")
        make.write(config.records_folder / "3.md", make.record(3))
        until_all_say(server, "degraded", "the ledger cannot be used")
        config.ledger_file.unlink()
        until_all_say(server, "ok")
        until(server, "Article 3")
        for line in ("cannot be used", "cannot be read"):
            said = [one for one in server.err.read_text().splitlines() if line in one]
            assert len(said) == len(set(said))


def test_a_worker_that_ended_is_not_missed_by_the_others(tmp_path: Path) -> None:
    config = site(tmp_path)
    with serving(config, "--workers", "2") as server:
        until_all_say(server, "ok")
        config.records_folder.rename(tmp_path / "away")
        until_all_say(server, "degraded", "the records cannot be read")
        (tmp_path / "away").rename(config.records_folder)
        for worker in workers_of(server):
            os.kill(worker, signal.SIGKILL)
            server.until_said("ended unexpectedly")
        until_all_say(server, "ok")
        assert len(list(config.store_file.parent.glob("health-*"))) == 2
    assert list(config.store_file.parent.glob("health-*")) == []


def test_what_makes_no_progress_for_ten_seconds_is_said_and_documents_go_on(
    tmp_path: Path,
) -> None:
    config = site(tmp_path)
    with (
        serving(config, "--workers", "2") as server,
        closing(sqlite3.connect(config.store_file, isolation_level=None)) as other,
    ):
        until_all_say(server, "ok")
        other.execute("BEGIN EXCLUSIVE")
        make.write(config.records_folder / "3.md", make.record(3))
        server.until("/healthz", lambda answer: "no progress" in answer.text, pause=0.5)
        until_all_say(server, "degraded", "reading records: no progress")
        assert server.get(DOCUMENT).status_code == 200
        other.execute("ROLLBACK")
        until_all_say(server, "ok")
        until(server, "Article 3")


def test_it_is_ready_once_documents_can_be_served(tmp_path: Path) -> None:
    config = site(tmp_path)
    app = create_app(config)
    client = app.test_client()
    try:
        shutil.rmtree(config.store_file.parent)
        config.records_folder.rename(tmp_path / "away")
        asked = client.get("/readyz")
        assert (asked.status_code, asked.get_json()) == (503, {"ready": False})
        health = client.get("/healthz")
        assert health.status_code == 200
        assert "documents cannot be served yet" in health.get_json()["reasons"]
        (tmp_path / "away").rename(config.records_folder)
        deadline = monotonic() + make.LONGEST
        while client.get("/readyz").status_code != 200:
            assert monotonic() < deadline
        assert b"Article 1" in client.get(DOCUMENT).data
    finally:
        make.close(app)
