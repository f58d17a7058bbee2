"""A worker, or the whole service, may be killed at any moment: nothing is lost, what was taken back
never shows again, and no answer says that the service failed."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path

import httpx
import pytest

from feeds.build import hosts
from feeds.build.files import MANIFEST
from feeds.config import Config
from feeds.ids.ledger import read_ledger
from tests import make
from tests.serve.test_lost_store import PLACES, of_turn
from tests.serve.test_server import Load, Serving, again, serving, workers_of

FIRST = 30  # records before the first turn


class Watch(Load):
    """Clients that hold each answer against what nobody may see any more.

    `down` counts requests without an answer.
    """

    def __init__(self, running: Serving, rest: float) -> None:
        super().__init__(running, rest)
        self.gone: set[str] = {make.CANARY}
        self.leaked: set[str] = set()
        self.down = 0

    def _note(self, ask: Callable[[], httpx.Response]) -> None:
        gone = [*self.gone]  # before it is asked
        try:
            answer = ask()
        except httpx.TransportError:
            self.down += 1
            time.sleep(make.PAUSE)
            return
        self.answers[answer.status_code] += 1
        self.leaked.update(title for title in gone if f"{title}<" in answer.text)


class Site:
    """A site whose records come and go with each turn."""

    def __init__(self, folder: Path) -> None:
        records: dict[str, str | bytes] = {f"{n}.md": make.record(n) for n in range(FIRST)}
        records["draft.md"] = make.record(99, title=make.CANARY, published="false")
        self.config = make.site(folder, records, "[feeds]\nwithdrawn_days = 90\n")
        self.shown = {f"Article {n}" for n in range(FIRST)}
        self.withdrawn: list[str] = []

    def change(self, turn: int) -> None:
        """Publish a record, and take back the one of two turns before, each time in another way."""
        seeds = self.config.records_folder
        title = f"Title of turn {turn}"
        make.write(seeds / f"new-{turn}.md", of_turn(turn, title))
        self.shown.add(title)
        if turn < 2 or turn % 3 == 0:
            return
        before, file = f"Title of turn {turn - 2}", seeds / f"new-{turn - 2}.md"
        if turn % 2:
            file.unlink(missing_ok=True)
        else:
            make.write(file, of_turn(turn - 2, before, published="false"))
        self.shown.discard(before)
        self.withdrawn.append(before)

    def follow(self, server: Serving, turn: int, watch: Watch) -> None:
        """Wait until every document shows the turn, whichever worker answers."""

        def is_shown() -> bool:
            asked = [partial(server.get, place) for place in PLACES[:3] for _ in range(5)]
            try:
                answers = [again(ask) for ask in asked]
            except httpx.TransportError as error:
                raise AssertionError(server.err.read_text()[-2000:]) from error
            assert {answer.status_code for answer in answers} == {200}
            return all(
                f"Title of turn {turn}" in answer.text
                and not any(title in answer.text for title in self.withdrawn[-1:])
                for answer in answers
            )

        make.wait_until(is_shown, lambda: server.err.read_text()[-2000:])
        watch.gone.update(self.withdrawn)

    def check(self, server: Serving) -> None:
        """Hold what is served, the store and the ledger against the records."""
        folder = self.config.file.parent
        make.run("build", cwd=folder)
        tree = make.tree(self.config.output_folder)
        text = b"".join(tree.values()).decode(errors="replace")
        lost = [title for title in self.shown if title not in text]
        leaked = [title for title in [*self.withdrawn, make.CANARY] if f"{title}<" in text]
        assert (lost, leaked) == ([], [])
        for path in tree.keys() - {MANIFEST, *hosts.PATHS}:
            assert server.get(make.asked(path)).content == tree[path], path
        with closing(sqlite3.connect(self.config.store_file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert len(read_ledger(self.config.ledger_file)[0].withdrawn) == len(self.withdrawn)
        make.run("check", cwd=folder)
        assert "Traceback" not in server.err.read_text()


def report(watch: Watch, kills: int) -> None:
    """Hold what the clients got against what they may get."""
    failed = watch.answers.total() - watch.answers[200]
    print(f"{kills} kills, {watch.answers} answers, {watch.down} while it was down")
    assert failed == 0, watch.answers
    assert watch.leaked == set()


# Every day the clients rest between two requests, so that they do not hold up other tests.
TIMES = pytest.mark.parametrize(
    ("times", "rest"), [(3, 0.05), pytest.param(200, 0.0, marks=pytest.mark.soak)]
)


@TIMES
@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_may_be_killed_at_any_moment(
    tmp_path: Path, workers: int, times: int, rest: float
) -> None:
    rng, site = random.Random(times), Site(tmp_path)
    with serving(site.config, "--workers", str(workers)) as server, Watch(server, rest) as watch:
        for turn in range(times):
            site.change(turn)
            time.sleep(rng.uniform(0, 0.2))
            with suppress(ProcessLookupError):
                os.kill(rng.choice(running(server)), signal.SIGKILL)
            site.follow(server, turn, watch)
        site.check(server)
    report(watch, times)
    assert watch.down == 0


def running(server: Serving) -> list[int]:
    """Return the workers, once there is one."""
    make.wait_until(lambda: bool(workers_of(server)))
    return workers_of(server)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a service and its workers at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(make.LONGEST)


def kill_while_it_starts(config: Config, port: str, after: float) -> None:
    """Start a service, and kill it so many seconds later."""
    process = subprocess.Popen(
        [sys.executable, "-m", "feeds", "serve", "--port", port],
        cwd=config.file.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    with suppress(subprocess.TimeoutExpired):
        raise AssertionError(f"it ended by itself: {process.wait(after)}")
    kill(process)


@TIMES
def test_the_service_may_be_killed_at_any_moment(tmp_path: Path, times: int, rest: float) -> None:
    rng, site = random.Random(times), Site(tmp_path)
    port, kills = str(make.free_port()), 0
    with ExitStack() as opened:
        server = opened.enter_context(serving(site.config, "--port", port))
        watch = opened.enter_context(Watch(server, rest))
        for turn in range(times):
            site.change(turn)
            time.sleep(rng.uniform(0, 0.2))
            kill(server.process)
            kills += 1
            if rng.random() < 0.3:
                kill_while_it_starts(site.config, port, rng.uniform(0, 1.5))
                kills += 1
            server = opened.enter_context(serving(site.config, "--port", port))
            site.follow(server, turn, watch)
        site.check(server)
    report(watch, kills)
