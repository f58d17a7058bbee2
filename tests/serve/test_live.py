"""`feeds serve` keeps itself up to date: asked over loopback while records, moments, config and
store change."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Protocol

import httpx
import pytest
from flask import Flask

from feeds.config import Config
from feeds.ingest.ingesting import Ingested, ingest
from feeds.serve import freshness
from feeds.serve.app import create_app
from tests import asking, make
from tests.build.test_static import small_disk
from tests.serve.test_server import Service, serving

DOCUMENT = "/topics/ai/feed.rss"


def site(tmp_path: Path, config: str = "") -> Config:
    return make.site(tmp_path, {f"{n}.md": make.record(n) for n in (1, 2)}, config)


class Here(Service):
    """The service in this process, as another server would run it."""

    def __init__(self, app: Flask, log: pytest.LogCaptureFixture) -> None:
        self._client = asking.client(
            transport=httpx.WSGITransport(app), base_url="http://127.0.0.1"
        )
        self._log = log

    def get(self, path: str, **headers: str) -> httpx.Response:
        """One request."""
        return self._client.get(path, headers=headers)

    def said(self) -> str:
        """What it logs, a line each."""
        return self._log.text


class Run(Protocol):
    """Runs the service of a config."""

    def __call__(self, config: Config) -> AbstractContextManager[Here]: ...


@pytest.fixture
def running(caplog: pytest.LogCaptureFixture) -> Run:
    """Return what runs the service in this process, for what needs no other."""

    @contextmanager
    def run(config: Config) -> Iterator[Here]:
        app = create_app(config)
        with closing(app.extensions["feeds"]):
            yield Here(app, caplog)

    return run


def until(
    server: Service, text: str, path: str = DOCUMENT, *, gone: str = "nothing of the kind"
) -> httpx.Response:
    """Ask until the document has a text, and another no more; every answer meanwhile is a good
    one."""

    def holds(response: httpx.Response) -> bool:
        assert response.status_code == 200, response.text
        return text in response.text and gone not in response.text

    return server.until(path, holds)


def test_records_show_however_they_are_saved(tmp_path: Path) -> None:
    config = site(tmp_path)
    folder = config.records_folder
    with serving(config) as server:
        until(server, "Article 2")
        make.write(folder / "3.md", make.record(3))
        until(server, "Article 3")
        # As many editors do: a file beside it that takes its place.
        make.write(folder / ".3.md.swp", "swap")
        make.write(folder / "4913", "a trial")
        make.write(folder / "3.md~", make.record(3, title="Before"))
        make.write(folder / "3.md.tmp", make.record(3, title="Saved aside"))
        (folder / "3.md.tmp").replace(folder / "3.md")
        shown = until(server, "Saved aside", gone="Article 3")
        assert "Before" not in shown.text
        make.write(tmp_path / "deep" / "er" / "5.md", make.record(5))
        (tmp_path / "deep").rename(folder / "deep")
        until(server, "Article 5")
        (folder / "deep" / "er").rename(folder / "moved")
        make.write(folder / "moved" / "5.md", make.record(5, title="Moved on"))
        until(server, "Moved on", gone="Article 5")
        (folder / "moved").rename(tmp_path / "away")
        until(server, "Article 1", gone="Moved on")
        make.write(folder / "1.md", make.record(1, published="false"))
        until(server, "Article 2", gone="Article 1")


def test_every_worker_sees_it_and_another_watches_when_the_one_that_did_is_gone(
    tmp_path: Path,
) -> None:
    config = site(tmp_path)
    with serving(config, "--workers", "2") as server:
        for n in (3, 4):
            make.write(config.records_folder / f"{n}.md", make.record(n))
            until(server, f"Article {n}")
            for _ in range(20):
                until(server, f"Article {n}")
        workers = {int(line) for line in children(server.process.pid)}
        assert len(workers) >= 2
        make.write(config.records_folder / "1.md", make.record(1, title="Told to all"))
        for _ in range(20):
            until(server, "Told to all")


def children(pid: int) -> list[str]:
    """The processes that a process started."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_what_keeps_itself_up_to_date_leaves_nothing_open_once_it_is_closed(tmp_path: Path) -> None:
    config = site(tmp_path)
    before = threading.active_count()
    app = create_app(config)
    assert (threading.active_count(), make.open_below(tmp_path)) == (before, [])
    client = app.test_client()
    make.write(config.records_folder / "3.md", make.record(3))
    make.wait_until(lambda: b"Article 3" in client.get(DOCUMENT).data)
    app.extensions["feeds"].close()
    assert threading.active_count() == before
    assert make.open_below(tmp_path) == []


FORKING = """
import os, sys
from feeds import create_app
from tests.serve.test_live import DOCUMENT, asked_until
app = create_app("config.toml")
children = []
for _ in range(2):
    child = os.fork()
    if not child:
        try:
            assert asked_until(app, "Article 1")
            open(f"ready-{os.getpid()}", "w").close()
            assert asked_until(app, "Article 3")
            app.extensions["feeds"].close()
            os._exit(0)
        finally:
            os._exit(1)
    children.append(child)
while not all(os.path.exists(f"ready-{child}") for child in children):
    assert os.waitpid(-1, os.WNOHANG) == (0, 0)
open("seeds/3.md", "w").write(sys.argv[1])
assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
app.extensions["feeds"].close()
"""


def asked_until(app: Flask, text: str) -> bool:
    """Ask an application until its document has a text; tell whether it ever had."""
    deadline = monotonic() + make.LONGEST
    while text not in app.test_client().get(DOCUMENT).text:
        if monotonic() > deadline:
            return False
        sleep(make.PAUSE)
    return True


def test_processes_that_fork_after_the_application_is_made_each_keep_themselves_fresh(
    tmp_path: Path,
) -> None:
    config = site(tmp_path)
    command = [sys.executable, "-c", FORKING, make.record(3)]
    done = subprocess.run(
        command,
        cwd=config.file.parent,
        env={**os.environ, "PYTHONPATH": str(make.ROOT)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_scheduled_shows_at_its_second_though_nobody_changes_anything(
    tmp_path: Path,
    running: Run,
) -> None:
    config = site(tmp_path)
    due = datetime.now(UTC) + timedelta(seconds=4)
    make.write(config.records_folder / "9.md", make.record(9, publishedDateTime=due.isoformat()))
    with running(config) as server:
        first = server.get(DOCUMENT)
        early = "Article 9" not in first.text
        assert early or datetime.now(UTC) >= due
        shown = until(server, "Article 9")
        assert datetime.now(UTC) >= due
        assert not early or shown.headers["Last-Modified"] != first.headers.get("Last-Modified")


def test_what_expires_is_gone_at_its_second_in_every_worker_though_nobody_changes_anything(
    tmp_path: Path,
) -> None:
    config = site(tmp_path)
    end = datetime.now(UTC) + timedelta(seconds=5)
    keys = {"topics": "[AI, Short lived]", "expiryDateTime": end.isoformat()}
    make.write(config.records_folder / "9.md", make.record(9, **keys))
    with serving(config, "--workers", "2") as server:
        first = server.get(DOCUMENT)
        was_there = "Article 9" in first.text
        assert was_there or datetime.now(UTC) >= end
        then = until(server, "Article 1", gone="Article 9")
        assert datetime.now(UTC) >= end
        assert not was_there or then.headers["Last-Modified"] != first.headers.get("Last-Modified")
        for _ in range(20):
            assert "Article 9" not in server.get(DOCUMENT).text
            assert server.get("/topics/short-lived/feed.rss").status_code == 404
            assert server.get("/healthz").json()["articles"] == 2


def test_what_expires_is_withdrawn_though_nobody_asks(tmp_path: Path, running: Run) -> None:
    config = site(tmp_path, "[feeds]\nwithdrawn_days = 1\n")
    with running(config) as server:
        end = datetime.now(UTC) + timedelta(seconds=3)
        make.write(config.records_folder / "9.md", make.record(9, expiryDateTime=end.isoformat()))
        until(server, "Article 9")
        make.wait_until(config.ledger_file.exists)
        assert "https://example.org/9" in config.ledger_file.read_text()
        assert "Withdrawn" in server.get(DOCUMENT).text


def test_a_config_is_taken_up_when_it_is_good(tmp_path: Path) -> None:
    config = site(tmp_path)
    good = config.file.read_text()
    with serving(config) as server:
        until(server, "Test feeds")
        config.file.write_text(good.replace("Test feeds", "Other feeds"))
        until(server, "Other feeds")
        config.file.write_text("[site\n")
        make.write(config.records_folder / "3.md", make.record(3))
        until(server, "Article 3")
        assert "Other feeds" in server.get(DOCUMENT).text
        server.until_said("the last good config stays")
        assert "the last good config stays" in server.err.read_text()
        config.file.write_text(good + '[topics.ai]\ntitle = "Machines that learn"\n')
        until(server, "Machines that learn")
        make.write(config.records_folder / "4.md", make.record(4))
        until(server, "Article 4")


def test_what_is_scheduled_shortens_how_long_an_answer_is_fresh_at_once(tmp_path: Path) -> None:
    def is_fresh_for(response: httpx.Response) -> int:
        return int(response.headers["Cache-Control"].partition("max-age=")[2].partition(",")[0])

    config = site(tmp_path)
    with serving(config) as server:
        before = server.get(DOCUMENT)
        assert is_fresh_for(before) > 600
        due = datetime.now(UTC) + timedelta(minutes=10)
        scheduled = make.record(3, publishedDateTime=due.isoformat())
        make.write(config.records_folder / "3.md", scheduled)
        after = server.until(DOCUMENT, lambda response: is_fresh_for(response) <= 600)
        assert after.headers["ETag"] == before.headers["ETag"]


def test_a_config_that_cannot_be_used_yet_is_tried_again(tmp_path: Path, running: Run) -> None:
    config = site(tmp_path)
    with running(config) as server:
        until(server, "Article 2")
        config.file.write_text(config.file.read_text() + '\n[records]\npath = "others"\n')
        server.until_said("the last good config stays")
        (tmp_path / "moving").mkdir()
        make.write(tmp_path / "moving" / "9.md", make.record(9))
        (tmp_path / "moving").rename(tmp_path / "others")
        until(server, "Article 9")
        assert server.said().count("the last good config stays") == 1


def test_a_first_scan_that_fails_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, scans = site(tmp_path), count(1)

    def fails_at_first(*arguments: Any, **options: Any) -> Ingested:
        if next(scans) < 3:
            raise RuntimeError("a disk that fails")
        return ingest(*arguments, **options)

    app = create_app(config)
    monkeypatch.setattr(freshness, "ingest", fails_at_first)
    make.write(config.records_folder / "3.md", make.record(3))
    with closing(app.extensions["feeds"]):
        client = app.test_client()
        make.wait_until(lambda: "Article 3" in client.get(DOCUMENT).text)


@pytest.mark.parametrize(
    "text", [f"a = {'9' * 5_000}", f"a = {'[' * 3_000}", '[records]\npath = "a\\u0000b"'],
    ids=["digits", "deep", "no path"],
)  # fmt: skip
def test_no_config_and_no_ledger_keep_it_from_following_records_and_moments(
    tmp_path: Path, running: Run, text: str
) -> None:
    config = site(tmp_path)
    good = config.file.read_text()
    due = datetime.now(UTC) + timedelta(seconds=4)
    with running(config) as server:
        until(server, "Article 2")
        make.write(
            config.records_folder / "9.md", make.record(9, publishedDateTime=due.isoformat())
        )
        config.file.write_text(text)
        server.until_said("the last good config stays")
        make.write(config.records_folder / "3.md", make.record(3))
        until(server, "Article 3")
        config.ledger_file.write_text(text)
        make.write(config.records_folder / "1.md", make.record(1, published="false"))
        until(server, "Article 2", gone="Article 1")
        until(server, "Article 9")
        config.ledger_file.unlink()
        config.file.write_text(good.replace("Test feeds", "Other feeds"))
        until(server, "Other feeds")
        make.write(config.records_folder / "4.md", make.record(4))
        until(server, "Article 4")
        said = server.said().splitlines()
        assert len(said) == len(set(said)), said
        assert "Traceback" not in server.said()


def test_the_records_may_go_and_come_back(tmp_path: Path, running: Run) -> None:
    config = site(tmp_path)
    with running(config) as server:
        before = until(server, "Article 1")
        config.records_folder.rename(tmp_path / "away")
        until(server, "the last good documents are served", "/healthz")
        again = server.get(DOCUMENT)
        assert (again.content, again.headers["ETag"]) == (before.content, before.headers["ETag"])
        assert server.get(DOCUMENT, **{"If-None-Match": before.headers["ETag"]}).status_code == 304
        (tmp_path / "away").rename(config.records_folder)
        until(server, '"ok"', "/healthz")
        make.write(config.records_folder / "3.md", make.record(3))
        until(server, "Article 3")


def test_a_store_that_is_damaged_is_rebuilt_while_the_last_good_documents_are_served(
    tmp_path: Path,
) -> None:
    config = site(tmp_path)
    with serving(config) as server:
        before = until(server, "Article 1")
        for name in (f"{config.store_file}-wal", str(config.store_file)):
            if Path(name).exists():
                with open(name, "r+b") as file:
                    file.write(b"This is no database. " * 500)
        for n in (3, 4):
            make.write(config.records_folder / f"{n}.md", make.record(n))
            try:
                shown = until(server, f"Article {n}")
            except AssertionError as error:
                raise AssertionError(server.err.read_text()) from error
            assert shown.headers["ETag"] != before.headers["ETag"]
        assert server.process.poll() is None


def test_while_another_program_holds_the_store_answers_go_on_and_news_come_after(
    tmp_path: Path,
) -> None:
    config = site(tmp_path)
    with (
        serving(config) as server,
        closing(sqlite3.connect(config.store_file, isolation_level=None)) as other,
    ):
        before = until(server, "Article 1")
        other.execute("BEGIN EXCLUSIVE")
        make.write(config.records_folder / "3.md", make.record(3))
        for _ in range(20):
            again = server.get(DOCUMENT)
            assert (again.status_code, again.content, again.headers["ETag"]) == (
                200,
                before.content,
                before.headers["ETag"],
            )
            assert (
                server.get(DOCUMENT, **{"If-None-Match": before.headers["ETag"]}).status_code == 304
            )
        assert server.get("/feed.atom").status_code == 200  # which nobody asked for before
        assert server.get("/healthz").status_code == 200
        other.execute("ROLLBACK")
        until(server, "Article 3")


def test_while_the_disk_is_full_answers_go_on_and_news_come_after(
    tmp_path: Path, running: Run
) -> None:
    config = site(tmp_path)
    with small_disk(config.store_file.parent, "2m"), running(config) as server:
        before = until(server, "Article 1")
        filler = config.store_file.parent / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(b"x" * 4096):
                pass
        make.write(config.records_folder / "3.md", make.record(3, body="A long text. " * 20_000))
        until(server, "the last good documents are served", "/healthz")
        again = server.get(DOCUMENT)
        assert (again.content, again.headers["ETag"]) == (before.content, before.headers["ETag"])
        assert server.get(DOCUMENT, **{"If-None-Match": before.headers["ETag"]}).status_code == 304
        assert server.get("/feed.atom").status_code == 200  # which nobody asked for before
        filler.unlink()
        until(server, "Article 3")
        until(server, '"ok"', "/healthz")


def test_other_feeds_are_untouched_by_a_change(tmp_path: Path, running: Run) -> None:
    config = site(tmp_path)
    make.write(
        config.records_folder / "other.md",
        make.record(7, topics="[Other]", provider="{domain: other.org}"),
    )
    with running(config) as server:
        before = server.get("/topics/other/feed.atom")
        make.write(config.records_folder / "3.md", make.record(3))
        until(server, "Article 3")
        after = server.get("/topics/other/feed.atom", **{"If-None-Match": before.headers["ETag"]})
        assert after.status_code == 304
