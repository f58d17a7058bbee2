"""A record that ends the process that renders it, as an abort in a library of Rust does, costs
itself alone, and is not tried for ever."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from feeds import store
from feeds.build import static
from feeds.config import Config
from feeds.ingest.ingesting import ingest, open_store
from tests import make
from tests.serve.test_server import again, serving

# Stands for libraries that abort: Python imports it at its start, from a folder on PYTHONPATH.
LIBRARY = """
import os, resource, signal, time
import nh3, yaml

folder = os.path.dirname(__file__)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
clean = nh3.clean

def see(text):
    for word, end in (("Abort", signal.SIGABRT), ("Killed", signal.SIGKILL)):
        if word + "Here" in text:
            with open(os.path.join(folder, "ends"), "a") as ends:
                ends.write("one\\n")
            os.kill(os.getpid(), end)
            time.sleep(60)  # another thread may be the one that the signal meets
    if "WaitHere" in text:
        open(os.path.join(folder, "waits"), "w").close()
        while os.path.exists(os.path.join(folder, "waits")):
            time.sleep(0.01)

def clean_unless_aborted(text, *arguments, **named):
    see(text)
    return clean(text, *arguments, **named)

class Loader(yaml.CSafeLoader):
    def __init__(self, text):
        see(str(text))
        super().__init__(text)

nh3.clean = clean_unless_aborted
yaml.CSafeLoader = Loader
"""
CRASHES = "AbortHere.\n"
FAULT = "expected a record that can be rendered, over which the program ended"


@pytest.fixture(name="library")
def _library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the library, which every process has that begins from now on, and not this
    one."""
    folder = tmp_path / "library"
    make.write(folder / "sitecustomize.py", LIBRARY)
    monkeypatch.setenv("PYTHONPATH", f"{folder}{os.pathsep}{make.ROOT}")
    monkeypatch.syspath_prepend(folder)
    return folder


def ends(library: Path) -> int:
    """How many processes ended over a record."""
    file = library / "ends"
    return len(file.read_text().splitlines()) if file.exists() else 0


def site(folder: Path, count: int, bad: str = "", config: str = "") -> Config:
    """A site of so many records, and one in their midst that may be bad."""
    records: dict[str, str | bytes] = {f"{n:03}.md": make.record(n) for n in range(1, count + 1)}
    if bad:
        records[f"{count // 2:03}b.md"] = bad
    return make.site(folder / "site", records, config)


def careful_build(config: Config, now: datetime = make.NOW) -> str:
    """Build a site in this process, as the first one after an end; return its faults."""
    with closing(open_store(config)) as source:
        (config.store_file.parent / "reading").touch()
        ingest(config, source, now)
        static.build(config, source, now)
        with source.reading() as connection:
            return "\n".join(fault.public for fault in store.faults(connection, now))


def build(config: Config, check: int | None) -> subprocess.CompletedProcess[str]:
    """Build a site."""
    return make.run("build", cwd=config.file.parent, check=check)


def published(config: Config) -> str:
    """The feed of everything."""
    return (config.output_folder / "feed.json").read_text()


def addresses(config: Config) -> set[str]:
    """The addresses of all articles in it."""
    return {item["url"] for item in json.loads(published(config))["items"]}


def test_a_build_ends_once_over_a_record_and_then_leaves_it_out(
    tmp_path: Path, library: Path
) -> None:
    bad = make.record(500, title="A word of its own", body=CRASHES)
    config = site(tmp_path, 5, bad, "[build]\nworkers = 0\n")
    assert build(config, None).returncode == -signal.SIGABRT
    done = build(config, 1)
    assert f"seeds/002b.md:1:1: {FAULT}" in done.stderr
    assert "6 records: 6 read, 1 left out." in done.stdout
    assert "A word of its own" not in done.stdout + done.stderr
    assert addresses(config) == {f"https://example.org/{n}" for n in range(1, 6)}
    assert ends(library) == 3  # two more, to be sure of it
    assert "6 records: 0 read, 1 left out." in build(config, 1).stdout
    make.write(config.records_folder / "002b.md", make.record(500, body="Corrected."))
    corrected = make.invoke("build", cwd=config.file.parent)
    assert "6 records: 1 read, 0 left out." in corrected.stdout
    assert "/500" in published(config)
    assert ends(library) == 3
    assert not (config.store_file.parent / "reading").exists()


def test_one_record_among_300_costs_a_build_with_workers_no_other(
    tmp_path: Path, library: Path
) -> None:
    bad = make.record(500, body=CRASHES)
    config = site(tmp_path, 299, bad, "[build]\nworkers = 2\n[feeds]\nlimit = 300\n")
    done = build(config, 1)
    assert FAULT in done.stderr
    assert "300 records: 300 read, 1 left out." in done.stdout
    assert addresses(config) == {f"https://example.org/{n}" for n in range(1, 300)}
    assert ends(library) == 3
    assert "300 records: 0 read, 1 left out." in build(config, 1).stdout
    assert ends(library) == 3


def test_a_build_that_was_killed_while_it_read_costs_the_next_nothing(
    tmp_path: Path, library: Path
) -> None:
    config = site(tmp_path, 5, make.record(500, body="WaitHere."))
    command = [sys.executable, "-m", "feeds", "build"]
    with subprocess.Popen(command, cwd=config.file.parent) as process:
        deadline = time.monotonic() + make.LONGEST
        while not (library / "waits").exists():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert (config.store_file.parent / "reading").exists()
    make.write(config.records_folder / "002b.md", make.record(500))
    after = make.invoke("build", cwd=config.file.parent)
    assert "6 records: 6 read, 0 left out." in after.stdout
    assert "/500" in published(config)
    assert not (config.store_file.parent / "reading").exists()


@pytest.mark.parametrize(
    ("bad", "tries"),
    [
        (make.record(500, body="KilledHere."), 2),
        (make.record(500, title='"AbortHere\\u0021"'), 3),
    ],
    ids=["killed", "over its front matter"],
)
def test_a_record_is_left_out_however_a_process_ends_over_it(
    tmp_path: Path, library: Path, bad: str, tries: int
) -> None:
    config = site(tmp_path, 5, bad)
    assert FAULT in careful_build(config)
    assert addresses(config) == {f"https://example.org/{n}" for n in range(1, 6)}
    assert ends(library) == tries


@pytest.mark.usefixtures("library")
def test_of_a_record_that_is_not_to_be_seen_nothing_is_said(tmp_path: Path) -> None:
    hiding = {
        500: {"published": "false"},
        501: {"publishedDateTime": "2026-11-24T00:00:00Z"},
        502: {"expiryDateTime": "2026-11-23T00:00:00Z"},
    }
    config = site(tmp_path, 3)
    for n in hiding:
        pointing = f"[{{title: Hidden words {n}, webUrl: 'https://example.org/{n}'}}]"
        make.write(
            config.records_folder / f"pointing-{n}.md", make.record(n - 490, related=pointing)
        )
        make.write(config.records_folder / f"bad-{n}.md", make.record(n))
    careful_build(config)
    for n in hiding:
        assert f"Hidden words {n}" in published(config)
    for n, keys in hiding.items():
        make.write(config.records_folder / f"bad-{n}.md", make.record(n, body=CRASHES, **keys))
    assert careful_build(config) == ""
    assert "Hidden words" not in published(config)
    for n in hiding:
        assert f"/{n}" not in published(config)


TAKEN_BACK = """
from feeds.config import load_config
from feeds.ingest.ingesting import open_store
from feeds.ingest.taken_back import taken_back
from tests import make

config = load_config("config.toml")
with open_store(config) as source:
    print(sorted(taken_back(config, source, make.NOW)))
"""


def test_what_it_takes_back_is_found_where_the_store_cannot_be_written(
    tmp_path: Path, library: Path
) -> None:
    config = site(tmp_path, 3, make.record(500))
    careful_build(config)
    hidden = make.record(500, published="false", body=CRASHES)
    make.write(config.records_folder / "001b.md", hidden)
    make.write(config.records_folder / "002.md", make.record(2, body=CRASHES))
    assert make.run_python(TAKEN_BACK, config.file.parent).stdout == "['001b.md']\n"
    assert ends(library) == 0


@pytest.mark.usefixtures("library")
def test_what_was_published_of_it_stays(tmp_path: Path) -> None:
    config = site(tmp_path, 3, make.record(500, title="As it was"))
    careful_build(config)
    make.write(config.records_folder / "001b.md", make.record(500, title="New", body=CRASHES))
    assert careful_build(config).endswith("; its last good version stays")
    assert "As it was" in published(config)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_service_goes_on_without_the_record(tmp_path: Path, library: Path, workers: str) -> None:
    config = site(tmp_path, 3)
    with serving(config, "--workers", workers) as running:
        running.until("/feed.json", lambda answer: "/3" in answer.text)
        make.write(config.records_folder / "bad.md", make.record(500, body=CRASHES))
        # who asks just when the worker ends asks again
        asked = partial(again, partial(running.get, "/healthz"))
        make.wait_until(lambda: asked().json()["faults"] == 1, running.said)
        running.until_said(f"seeds/bad.md:1:1: {FAULT}")
        make.write(config.records_folder / "4.md", make.record(4))
        running.until("/feed.json", lambda answer: "/4" in answer.text)
        said = running.err.read_text() + running.out.read_text()
        assert said.count("a worker process ended unexpectedly") == 1
        assert ends(library) == 3
        make.write(config.records_folder / "bad.md", make.record(500, body="Corrected."))
        running.until("/feed.json", lambda answer: "/500" in answer.text)
        running.until("/healthz", lambda answer: answer.json()["faults"] == 0)
