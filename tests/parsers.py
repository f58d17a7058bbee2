"""Five parsers of feeds, each as one function: a document in, its articles as the parser has them
out.

What a parser calls a field is said here and nowhere else. None is what it has no place for.
"""

import calendar
import json
import os
import sqlite3
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import Any

import fastfeedparser
import feedparser

from tests import make
from tests.hostile import Page, Picture, Shown

NPM = make.ROOT / "tests" / "npm"
FILES = {"url-file": "urls", "cache-file": "cache.db", "config-file": "config"}


def by_feedparser(file: Path, folder: Path) -> list[Shown]:
    """feedparser as it comes, with its cleaning of HTML and completion of addresses."""
    return [_of_feedparser(entry) for entry in feedparser.parse(file.read_bytes()).entries]


def _of_feedparser(entry: Any) -> Shown:
    return Shown(
        id=entry.id,
        title=entry.title,
        link=entry.link,
        published=_moment(entry.published_parsed),
        updated=_moment(entry["updated_parsed"]) if "updated" in entry else None,
        categories=tuple(tag.term for tag in entry.tags),
        author=entry.author,
        picture=_picture(entry.media_content[0]) if "media_content" in entry else None,
        summary=_summary(entry.summary, html=entry.summary_detail.type == "text/html"),
        content=Page(entry.content[0].value).content(),
    )


def by_fastfeedparser(file: Path, folder: Path) -> list[Shown]:
    """fastfeedparser.  It says of no text whether it is HTML: that is so in RSS alone."""
    entries = fastfeedparser.parse(file.read_bytes()).entries
    return [_of_fastfeedparser(entry, rss=file.suffix == ".rss") for entry in entries]


def _of_fastfeedparser(entry: Any, *, rss: bool) -> Shown:
    media = entry.get("media_content") or ([{"url": entry.image}] if "image" in entry else [])
    return Shown(
        id=entry.id,
        title=entry.title,
        link=entry.link,
        published=datetime.fromisoformat(entry.published),
        updated=datetime.fromisoformat(entry.updated) if "updated" in entry else None,
        categories=tuple(tag["term"] for tag in entry.tags),
        author=entry.author,
        picture=_picture(media[0]) if media else None,
        summary=_summary(entry.description, html=rss),
        content=Page(entry.content[0]["value"]).content(),
    )


def by_newsboat(file: Path, folder: Path) -> list[Shown]:
    """newsboat, by the database that it shows; its home is made in a folder."""
    newsboat = Newsboat(folder / "newsboat", file.as_uri())
    newsboat.reload()
    return [
        _of_newsboat(*row)
        for row in newsboat.rows("guid, title, url, pubDate, author, enclosure_url, content")
    ]


def _of_newsboat(
    guid: str, title: str, url: str, date: int, author: str, enclosure: str, text: str
) -> Shown:
    return Shown(
        id=guid,
        title=title,
        # it completes addresses by libxml2's xmlBuildURI, which writes ' so
        link=url.replace("%27", "'"),
        published=datetime.fromtimestamp(date, UTC),
        updated=None,
        categories=None,
        author=author,
        picture=Picture(enclosure) if enclosure else None,
        summary=None,
        content=Page(text).content(),
    )


def by_feedsmith(file: Path, folder: Path) -> list[Shown]:
    """npm's feedsmith, which keeps the shape of each format."""
    read = _npm("feedsmith", file)
    function = {"rss": _rss_of_feedsmith, "atom": _atom_of_feedsmith, "json": _json_of_feedsmith}[
        read["format"]
    ]
    return [
        function(item) for item in read["feed"]["entries" if read["format"] == "atom" else "items"]
    ]


def _rss_of_feedsmith(item: Any) -> Shown:
    return Shown(
        id=item["guid"]["value"],
        title=item["title"],
        link=item["link"],
        published=parsedate_to_datetime(item["pubDate"]),
        updated=None,
        categories=tuple(category["name"] for category in item["categories"]),
        author=item["dc"]["creators"][0],
        picture=_picture(item["media"]["contents"][0]) if "media" in item else None,
        summary=_summary(item["description"], html=True),
        content=Page(item["content"]["encoded"]).content(),
    )


def _atom_of_feedsmith(entry: Any) -> Shown:
    (link,) = (link["href"] for link in entry["links"] if "rel" not in link)
    return Shown(
        id=entry["id"],
        title=entry["title"]["value"],
        link=link,
        published=datetime.fromisoformat(entry["published"]),
        updated=datetime.fromisoformat(entry["updated"]),
        categories=tuple(category["term"] for category in entry["categories"]),
        author=entry["authors"][0]["name"],
        picture=_picture(entry["media"]["contents"][0]) if "media" in entry else None,
        summary=_summary(entry["summary"]["value"], html=False),
        content=Page(entry["content"]["value"]).content(),
    )


def _json_of_feedsmith(item: Any) -> Shown:
    return Shown(
        id=item["id"],
        title=item["title"],
        link=item["url"],
        published=datetime.fromisoformat(item["date_published"]),
        updated=datetime.fromisoformat(item["date_modified"]),
        categories=tuple(item["tags"]),
        author=item["authors"][0]["name"],
        picture=Picture(item["image"]) if "image" in item else None,
        summary=_summary(item["summary"], html=False),
        content=Page(item["content_html"]).content(),
    )


def by_rss_parser(file: Path, folder: Path) -> list[Shown]:
    """npm's rss-parser, asked for what it passes over unless asked (npm/read.mjs)."""
    function = _rss_of_rss_parser if file.suffix == ".rss" else _atom_of_rss_parser
    return [function(item) for item in _npm("rss-parser", file)["items"]]


def _rss_of_rss_parser(item: Any) -> Shown:
    return Shown(
        id=item["guid"],
        title=item["title"],
        link=item["link"],
        published=datetime.fromisoformat(item["isoDate"]),
        updated=None,
        categories=tuple(item["categories"]),
        author=item["creator"],
        picture=_picture(item["media"][0]["$"]) if "media" in item else None,
        summary=_summary(item["content"], html=True),
        content=Page(item["content:encoded"]).content(),
    )


def _atom_of_rss_parser(item: Any) -> Shown:
    return Shown(
        id=item["id"],
        title=item["title"],
        link=item["link"],
        published=datetime.fromisoformat(item["isoDate"]),
        updated=datetime.fromisoformat(item["updated"]),
        categories=tuple(category["$"]["term"] for category in item["categories"]),
        author=item["author"],
        picture=_picture(item["media"][0]["$"]) if "media" in item else None,
        summary=_summary(item["summary"], html=False),
        content=Page(item["content"]).content(),
    )


def _npm(name: str, file: Path) -> Any:
    node = make.program("node")
    if not (NPM / "node_modules" / name).is_dir():
        make.missing(f"npm's {name}")
    done = subprocess.run([node, NPM / "read.mjs", name, file], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def _moment(parsed: Any) -> datetime:
    return datetime.fromtimestamp(calendar.timegm(parsed), UTC)


def _picture(media: dict[str, Any]) -> Picture:
    return Picture(
        media["url"], *(int(media[name]) if name in media else None for name in ("width", "height"))
    )


def _summary(text: str, *, html: bool) -> str:
    return " ".join((unescape(text) if html else text).split())


class Newsboat:
    """newsboat with a home of its own, that subscribes to some addresses."""

    def __init__(self, home: Path, *addresses: str) -> None:
        self._program = make.program("newsboat")
        home.mkdir()
        self._home = home
        (home / "urls").write_text("".join(f"{address}\n" for address in addresses))
        (home / "config").write_text("cleanup-on-quit no\nreload-threads 1\n")

    def reload(self) -> None:
        """Fetch every feed, as its user would by a timer."""
        files = [f"--{name}={self._home / file}" for name, file in FILES.items()]
        home = str(self._home)
        env = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "LC_ALL": "C.UTF-8",
        }
        command = [self._program, *files, "--execute=reload"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    def items(self) -> set[tuple[str, str, str, int]]:
        """What it shows: guid, title, link and date of every item."""
        return set(self.rows("guid, title, url, pubDate"))

    def rows(self, columns: str) -> list[Any]:
        """Columns of every item that it shows, the newest first."""
        with closing(sqlite3.connect(self._home / FILES["cache-file"])) as cache:
            return cache.execute(
                f"SELECT {columns} FROM rss_item WHERE deleted = 0 ORDER BY pubDate DESC"
            ).fetchall()


# Conditional requests as sfeed's own documentation has them (README, "ETag caching").
SFEEDRC = """
sfeedpath="$HOME/feeds"
fetch() {{
    mkdir -p "$HOME/etag"
    curl -L --max-redirs 0 -f -s -m 15 --etag-save "$HOME/etag/$1.new" --etag-compare "$HOME/etag/$1" "$2" || return 1
    test ! -s "$HOME/etag/$1.new" || mv "$HOME/etag/$1.new" "$HOME/etag/$1"
}}
feeds() {{
{feeds}}}
"""


class Sfeed:
    """sfeed with a home of its own, that subscribes to some addresses, by name."""

    def __init__(self, home: Path, addresses: dict[str, str]) -> None:
        self._program = make.program("sfeed_update")
        make.program("curl")
        self._home = home
        lines = "".join(f'    feed "{name}" "{address}"\n' for name, address in addresses.items())
        make.write(home / "sfeedrc", SFEEDRC.format(feeds=lines))

    def update(self) -> None:
        """Fetch every feed, and merge it with what was there."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self._home), "LC_ALL": "C.UTF-8"}
        command = [self._program, str(self._home / "sfeedrc")]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and "FAIL" not in done.stdout, done.stdout + done.stderr

    def items(self, name: str) -> list[tuple[str, str]]:
        """Id and title of every item of a feed; one whose title changed is there with both."""
        lines = (self._home / "feeds" / name).read_text(encoding="utf-8").splitlines()
        return [(fields[5], fields[1]) for line in lines if (fields := line.split("\t"))]
