"""Readers poll a live service while records change: no item is lost or doubled, no 304 is stuck, no
answer fails."""

import random
import threading
import time
from pathlib import Path

import feedparser
import pytest

from feeds.config import Config
from tests import asking, make
from tests.parsers import Newsboat, Sfeed
from tests.serve.test_server import Serving, serving

PATH = "/topics/ai/feed"


class Editor:
    """Publishes, edits and takes back records, one after the other, and knows what is there."""

    def __init__(self, config: Config, seed: int) -> None:
        self._folder = config.records_folder
        self._chance = random.Random(seed)
        self._next = 100
        self.titles = {n: f"Article {n}" for n in (1, 2, 3)}

    def edit(self) -> None:
        """One change; what an editor's program leaves beside the record is not taken for one."""
        kind = self._chance.choice(["publish", "publish", "edit", "break", "take back"])
        n = self._chance.choice(sorted(self.titles))
        if kind == "publish":
            self._next += 1
            n = self._next
            self.titles[n] = f"Article {n}"
        elif kind == "edit":
            self.titles[n] = f"Edited {n} {self._chance.random()}"
        elif kind == "take back" and len(self.titles) > 3:
            self.take_back()
            return
        file, aside = self._folder / f"{n}.md", self._folder / f".{n}.swp"
        if kind == "break":
            make.write(file, "---\ntitle: [half")  # it stays as it was until it is whole again
        make.write(aside, self.text(n))
        aside.replace(file)

    def take_back(self) -> None:
        """An article goes, but none of the first three: every feed stays."""
        n = self._chance.choice(sorted(self.titles)[3:])
        del self.titles[n]
        (self._folder / f"{n}.md").unlink()

    def text(self, n: int) -> str:
        """A record; the higher its number, the older it is."""
        return make.record(n, title=f'"{self.titles[n]}"')


def poll(config: Config, server: Serving, seconds: float, every: float) -> int:
    """Edit and poll for so long; the number of edits."""
    editor, folder = Editor(config, 7), config.file.parent
    urls = {name: f"{server.url}{PATH}.{name}" for name in ("rss", "atom")}
    newsboat = Newsboat(folder / "newsboat", *urls.values())
    sfeed = Sfeed(folder / "sfeed", urls)
    failures: list[str] = []
    done = threading.Event()

    def hammer() -> None:
        with asking.client() as client:
            tags: dict[str, str] = {}
            while not done.is_set():
                for url in urls.values():
                    answer = client.get(url, headers={"If-None-Match": tags.get(url, '"none"')})
                    if answer.status_code not in (200, 304):
                        failures.append(f"{url}: {answer.status_code}")
                    tags[url] = answer.headers["ETag"]

    thread = threading.Thread(target=hammer)
    thread.start()
    kept: dict[str, feedparser.FeedParserDict] = {}
    edits, end = 0, time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            for _ in range(3):
                editor.edit()
                edits += 1
            done.wait(every)
            for name, url in urls.items():
                before = kept.get(name, {})
                read = feedparser.parse(
                    url, etag=before.get("etag"), modified=before.get("modified")
                )
                assert read.status in (200, 304), read.status
                ids = [entry.id for entry in read.entries]
                assert len(set(ids)) == len(ids)
                kept[name] = read
            newsboat.reload()
            sfeed.update()
    finally:
        done.set()
        thread.join()
    assert failures == []
    wanted = sorted(editor.titles.values())
    for name in urls:
        server.until(f"{PATH}.{name}", lambda answer: sorted(titles(answer.content)) == wanted)
        again = feedparser.parse(
            urls[name], etag=kept[name].get("etag"), modified=kept[name].get("modified")
        )
        assert again.status in (200, 304)
    newsboat.reload()
    shown = {guid: title for guid, title, *_ in newsboat.items()}
    items = {f"https://example.org/{n}": title for n, title in editor.titles.items()}.items()
    assert items <= shown.items()
    rows = newsboat.rows("feedurl, guid")
    assert len(set(rows)) == len(rows)
    sfeed.update()
    for name in urls:
        held = sfeed.items(name)
        assert items <= set(held)
        assert len(set(held)) == len(held)
    return edits


def titles(content: bytes) -> list[str]:
    """The titles in a document."""
    return [entry.title for entry in feedparser.parse(content).entries]


def run(tmp_path: Path, seconds: float, every: float) -> None:
    config = make.site(
        tmp_path, {f"{n}.md": make.record(n) for n in (1, 2, 3)}, "[feeds]\nlimit = 10000\n"
    )
    with serving(config, "--workers", "2") as server:
        assert poll(config, server, seconds, every) > 3
        assert "Traceback" not in server.err.read_text()


def test_readers_that_poll_lose_nothing(tmp_path: Path) -> None:
    for program in ("newsboat", "sfeed_update", "curl"):
        make.program(program)
    run(tmp_path, 5, 0.2)


@pytest.mark.soak
def test_readers_that_poll_for_minutes_lose_nothing(tmp_path: Path) -> None:
    run(tmp_path, 180, 0.5)
