"""What tests are made of: articles, record files and sites.  Everything is written below a folder
that pytest gives."""

import fcntl
import gc
import os
import pty
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from contextlib import ExitStack, chdir, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from click.testing import CliRunner
from flask import Flask

from feeds.cli import main
from feeds.config import Config, load_config
from feeds.config.feeds import Names
from feeds.documents.plans import Plan, Plans
from feeds.model import Article, Provider
from feeds.records import Reading
from feeds.serve.app import create_app
from feeds.sources.folder import ScannedFile
from feeds.store import Connection, rows
from feeds.store.rows import Filed
from feeds.urls import identity, parse_path

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ROOT = Path(__file__).parent.parent

LONGEST = 60  # seconds to wait for what must happen soon, on a machine that has other work
PAUSE = 0.02  # seconds between two looks at it

CANARY = "CanaryThatNobodyMaySee"

_later = ExitStack()  # what is closed after each test

OWN = """
[[feed]]
key = "hot"
title = "Hot & <new>"
topics = ["ai", "Robots"]
exclude = ["categories/video"]
min_heat = 70
order = "heat"
limit = 2

[[feed]]
key = "good"
title = "Good"
description = "What is good."
providers = ["example.org"]
min_quality = 50
formats = ["atom"]

[[feed]]
key = "nothing"
title = "Nothing"
topics = ["Nobody writes about it"]
"""


def article(n: int = 1, **changes: Any) -> Article:
    """The n-th of a row of articles, each an hour older than the one before.  Its id follows from
    its link."""
    if "link" in changes:
        changes.setdefault("id", identity(changes["link"]))
    made = Article(
        path=f"{n:04}.md",
        digest=f"digest-{n}",
        id=f"https://example.org/{n}",
        link=f"https://example.org/{n}",
        title=f"Article {n}",
        published=NOW - timedelta(hours=n),
        provider=Provider("example.org", "Example"),
        excerpt=f"What article {n} says.",
        topics=("AI",),
        category="news",
    )
    return made._replace(**changes)


def accept_ctrl_c() -> None:
    """Have a process that was just forked end by Ctrl-C, also where tests run with `nohup … &`."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def filed(
    found: ScannedFile,
    reading: Reading,
    names: Names = Names(),  # noqa: B008 (it is frozen)
    is_first: bool = False,
) -> Filed:
    """What reading a file came to, as the store keeps it; `is_first`: as a store keeps it in which
    nothing was decided."""
    return rows.filed(found, reading, NOW, names, is_first)


def driver(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, in the same transaction."""
    found: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return found


def plans(config: Config, connection: Connection, now: datetime) -> list[Plan]:
    """The plan of every document."""
    made = Plans(config)
    paths = made.paths(connection, now, made.snapshot(connection, now).feeds)
    return list(made.of(connection, now, paths))


def record(n: int = 1, *, body: str = "", **keys: Any) -> str:
    """The text of a record.  A value is YAML as it is to stand there; None leaves the key out."""
    moment = NOW - timedelta(hours=n)
    lines = {
        "title": f"Article {n}",
        "webUrl": f"https://example.org/{n}",
        "publishedDateTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "excerpt": f"What article {n} says.",
        "category": "news",
        "published": "true",
        "provider": "{name: Example, domain: example.org}",
        "topics": "[AI]",
        **keys,
    }
    fields = "".join(f"{key}: {value}\n" for key, value in lines.items() if value is not None)
    return f"---\n{fields}---\n{body}"


def site(folder: Path, records: dict[str, str | bytes], config: str = "") -> Config:
    """A folder with a config.toml (its [site] table made here, the rest as given) and records by
    path."""
    folder.mkdir(parents=True, exist_ok=True)
    text = '[site]\ntitle = "Test feeds"\nbase_url = "https://feeds.example.org"\n' + config
    (folder / "config.toml").write_text(text, encoding="utf-8")
    (folder / "seeds").mkdir(exist_ok=True)
    for path, content in records.items():
        write(folder / "seeds" / path, content)
    return load_config(folder / "config.toml")


def service(config: Config | Path, clock: Callable[[], datetime] = lambda: NOW) -> Flask:
    """Return the service of a config, as an application that the end of the test closes."""
    app = create_app(config, clock=clock)
    _later.callback(close, app)
    return app


def close(app: Flask) -> None:
    """Close what an application of the service holds open."""
    app.extensions["feeds"].close()


def close_all() -> None:
    """Close what a test left to its end."""
    _later.close()


def write(file: Path, content: str | bytes) -> None:
    """Write a file, making its folders."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


def open_below(folder: Path) -> list[str]:
    """Return the files below a folder that this process holds open."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one of the listing itself
            found.append(os.readlink(link))
    return sorted(path for path in found if Path(path).is_relative_to(folder))


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by path."""
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def is_archive(path: str) -> bool:
    """Whether a path is one of a page of a feed's history."""
    parsed = parse_path(path)
    return parsed is not None and parsed.page != ""


def asked(path: str) -> str:
    """The path in a request for a document: that of a page is its folder."""
    return "/" + re.sub(r"(^|/)index\.html$", r"\1", path)


def run(
    *arguments: str, cwd: Path, check: int | None = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command `feeds` in a folder, and hold its exit code against `check`."""
    env = {**os.environ, **environment}
    command = [sys.executable, "-m", "feeds", *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=120)
    assert check is None or done.returncode == check, (
        f"{done.returncode}: {done.stdout}{done.stderr}"
    )
    return done


def run_python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a few lines of Python in a folder, as another program would use the package."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done


def invoke(*arguments: str, cwd: Path, check: int | None = 0) -> subprocess.CompletedProcess[str]:
    """The same as `run`, in this process: for what a command reads, writes and says, without half a
    second to start."""
    threshold = gc.get_threshold()
    try:
        with chdir(cwd):
            done = CliRunner().invoke(main, arguments)
    finally:
        gc.set_threshold(*threshold)  # the command sets its own
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert check is None or done.exit_code == check, f"{done.exit_code}: {done.output}"
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def watched(
    *arguments: str, cwd: Path, columns: int = 80, check: int | None = 0, **environment: str
) -> str:
    """What a person sees of the command `feeds` on a terminal so wide: both outputs, with their
    escape codes."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    plain = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")
    }
    env = {**plain, "TERM": "xterm-256color", **environment}
    command = [sys.executable, "-m", "feeds", *arguments]
    with subprocess.Popen(
        command, cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs
    ) as child:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # EIO: the child has closed its end
            while part := os.read(ours, 65536):
                shown += part
        os.close(ours)
    text = shown.decode().replace("\r\n", "\n")
    assert check is None or child.returncode == check, f"{child.returncode}: {text}"
    return text


def wait_until(holds: Callable[[], object], seen: Callable[[], str] = str) -> None:
    """Wait until something is so, and leave the processors to others between two looks; say at last
    what was seen instead."""
    deadline = time.monotonic() + LONGEST
    while not holds():
        assert time.monotonic() < deadline, seen()
        time.sleep(PAUSE)


def unstyled(text: str) -> str:
    """Text from a terminal without its escape codes."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


def program(name: str) -> str:
    """The path of a program that a test uses.  With FEEDS_REQUIRE_ALL=0 no test uses one."""
    if os.environ.get("FEEDS_REQUIRE_ALL") == "0":
        pytest.skip(f"{name} is another program")
    # not on every person's path
    place = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    return place or missing(name)


def free_port() -> int:
    """A port of loopback that no other asker gets, in this process or another, for a minute.

    The end that closes a connection first is remembered for so long (TIME_WAIT, RFC 9293 §3.6.1):
    until then the kernel gives its port to nobody who asks for any, but lets a server listen there
    that asks for this one, as servers do.
    """
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        server.accept()[0].close()
        assert client.recv(1) == b""
        port: int = server.getsockname()[1]
        return port


def missing(name: str) -> NoReturn:
    """Skip a test for want of what it uses, or fail it where all must be there: with
    FEEDS_REQUIRE_ALL=1."""
    if os.environ.get("FEEDS_REQUIRE_ALL", "0") != "0":
        pytest.fail(f"{name} is not installed")
    pytest.skip(f"{name} is not installed")


class Corpora:
    """Folders with `records/` and `expected.json`, as benchmarks/make_corpus.py writes them, each
    made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, count: int, *options: str) -> Path:
        """A corpus of so many records, not to be changed.  Others who share the folder wait until
        it is there."""
        place = self._folder / "-".join(("corpus", str(count), *options))
        command = [
            sys.executable,
            str(ROOT / "benchmarks" / "make_corpus.py"),
            str(place),
            str(count),
            *options,
        ]
        with (self._folder / "corpora.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (place / "expected.json").exists():  # it is written last
                subprocess.run(command, check=True)
        return place

    def thousands(self) -> Path:
        """A corpus of more than 5,000 feeds."""
        return self.of(3000, "--topics", "4500", "--providers", "60000", "--skew", "0.5")
