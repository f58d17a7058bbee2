"""feeds.opml, as listparser and newsboat import it."""

import json
import subprocess
from pathlib import Path

import listparser

from tests import make

RECORDS: dict[str, str | bytes] = {
    "1.md": make.record(1, topics="[AI, 'R&D <labs>', 東京]"),
    "2.md": make.record(2, topics="[C++]", provider="{name: 'A \"B\"', domain: other.org}"),
    "hidden.md": make.record(3, topics=f"[{make.CANARY}]", published="false"),
}


def test_listparser_finds_every_feed_in_its_group(tmp_path: Path) -> None:
    make.site(tmp_path, RECORDS)
    make.invoke("build", cwd=tmp_path)
    listed = json.loads(make.invoke("list", "--json", cwd=tmp_path).stdout)
    text = (tmp_path / "public/feeds.opml").read_text("utf-8")
    parsed = listparser.parse(text)
    assert not parsed.bozo
    assert [feed.url for feed in parsed.feeds] == [feed["urls"]["rss"] for feed in listed]
    assert {group for feed in parsed.feeds for names in feed.categories for group in names} == {
        *("Everything", "Topics", "Providers", "Categories")
    }
    assert make.CANARY not in text


def test_it_lists_the_first_format(tmp_path: Path) -> None:
    make.site(tmp_path, RECORDS, '[feeds]\nformats = ["atom", "rss"]\n')
    make.invoke("build", cwd=tmp_path)
    text = (tmp_path / "public/feeds.opml").read_text("utf-8")
    assert "feed.atom" in text
    assert "feed.rss" not in text


def test_a_site_without_articles_lists_its_own_feed(tmp_path: Path) -> None:
    make.site(tmp_path, {})
    make.invoke("build", cwd=tmp_path)
    parsed = listparser.parse((tmp_path / "public/feeds.opml").read_text("utf-8"))
    assert not parsed.bozo
    assert [feed.url for feed in parsed.feeds] == ["https://feeds.example.org/feed.rss"]


def test_newsboat_imports_it(tmp_path: Path) -> None:
    newsboat = make.program("newsboat")
    make.site(tmp_path, RECORDS)
    make.invoke("build", cwd=tmp_path)
    urls = tmp_path / "urls"
    urls.touch()
    (tmp_path / "config").touch()
    places = {
        "--url-file": urls,
        "--cache-file": tmp_path / "cache.db",
        "--config-file": tmp_path / "config",
    }
    files = [str(word) for option in places.items() for word in option]
    command = [newsboat, *files, "--import-from-opml", str(tmp_path / "public/feeds.opml")]
    subprocess.run(
        command,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        check=True,
        capture_output=True,
    )
    listed = json.loads(make.invoke("list", "--json", cwd=tmp_path).stdout)
    assert {line.split()[0] for line in urls.read_text("utf-8").splitlines()} == {
        feed["urls"]["rss"] for feed in listed
    }
