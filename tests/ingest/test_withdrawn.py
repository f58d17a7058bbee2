"""What is left of an article that was taken back: in which documents, for how long, and that it
says nothing."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import feedparser
import pytest

from feeds.build import static
from feeds.config import Config
from feeds.documents.versions import Documents
from feeds.ids.ledger import read_ledger
from feeds.ingest.ingesting import ingest, open_store
from tests import make

DAYS = timedelta(days=3)
CONFIG = "[feeds]\nlimit = 2\nwithdrawn_days = 3\n"
RULE = '[[feed]]\nkey = "good"\ntitle = "Good"\nmin_quality = 50\norder = "heat"\n'
SHOWN = {"id", "guidislink", "link", "links", "title", "title_detail"}
SHOWN |= {"updated", "updated_parsed", "published", "published_parsed"}
AT = make.NOW + timedelta(minutes=1)


def build(config: Config, now: datetime = make.NOW, *, fresh: bool = False) -> static.Built:
    """`feeds build` at a moment."""
    if fresh:
        shutil.rmtree(config.store_file.parent)
    source = open_store(config)
    try:
        ingest(config, source, now)
        return static.build(config, source, now)
    finally:
        source.close()


def site(tmp_path: Path, config: str = CONFIG) -> Config:
    """Records whose every word is a canary where it will be taken back."""
    secret = {"title": f"{make.CANARY} title", "excerpt": make.CANARY, "body": make.CANARY}
    records: dict[str, str | bytes] = {f"{n}.md": make.record(n) for n in (2, 3, 4)}
    topics = "[AI, Only here]"
    records["1.md"] = make.record(1, topics=topics, quality="90", heat="80", **secret).replace(
        "Example,", "Provider,"
    )
    return make.site(tmp_path, records, config)


def unpublish(config: Config) -> None:
    """Say `published: false`."""
    file = config.records_folder / "1.md"
    file.write_text(file.read_text().replace("published: true", "published: false"))


def delete(config: Config) -> None:
    """Delete the file."""
    (config.records_folder / "1.md").unlink()


def postpone(config: Config) -> None:
    """Say that it is to be published later."""
    file = config.records_folder / "1.md"
    file.write_text(
        re.sub("publishedDateTime: .*", "publishedDateTime: 2030-01-01", file.read_text())
    )


@pytest.mark.parametrize("fresh", [False, True], ids=["kept store", "lost store"])
@pytest.mark.parametrize(
    "take_back", [unpublish, delete, postpone], ids=lambda function: function.__name__
)
def test_what_is_taken_back_leaves_an_entry_for_its_days_and_then_nothing(
    tmp_path: Path, take_back: Callable[[Config], None], fresh: bool
) -> None:
    config = site(tmp_path, CONFIG + RULE)
    build(config)
    before = feedparser.parse((config.output_folder / "feed.atom").read_bytes()).entries[0]
    take_back(config)
    build(config, AT)
    build(config, AT, fresh=fresh)
    for place in ("", "topics/ai/", "topics/only-here/", "feeds/good/"):
        atom = (config.output_folder / f"{place}feed.atom").read_bytes()
        entry = feedparser.parse(atom).entries[0]
        assert (entry.id, entry.link, entry.published) == (before.id, before.link, before.published)
        assert (entry.title, entry.updated) == ("Withdrawn", AT.isoformat())
        assert set(entry) <= SHOWN
        stone = f'<at:deleted-entry ref="https://example.org/1" when="{AT.isoformat()}"/>'
        assert (atom.count(b"at:deleted-entry"), stone.encode() in atom) == (1, True)
        rss = feedparser.parse((config.output_folder / f"{place}feed.rss").read_bytes()).entries[0]
        assert (rss.id, rss.title, rss.get("summary")) == (before.id, "Withdrawn", None)
        item = json.loads((config.output_folder / f"{place}feed.json").read_bytes())["items"][0]
        assert item == {
            "id": before.id,
            "url": before.link,
            "title": "Withdrawn",
            "content_text": "Withdrawn",
            "date_published": "2026-11-23T11:00:00Z",
            "date_modified": "2026-11-23T12:01:00Z",
        }
    assert not [
        path
        for path, content in make.tree(config.output_folder).items()
        if make.CANARY.encode() in content
    ]
    assert make.CANARY not in config.ledger_file.read_text()
    end = AT + DAYS
    build(config, end - timedelta(seconds=1), fresh=fresh)
    assert (config.output_folder / "topics" / "only-here" / "feed.atom").exists()
    build(config, end, fresh=fresh)
    assert not (config.output_folder / "topics" / "only-here").exists()
    assert not [
        path for path, content in make.tree(config.output_folder).items() if b"Withdrawn" in content
    ]


def test_the_namespace_of_tombstones_is_declared_only_where_there_is_one(tmp_path: Path) -> None:
    config = site(tmp_path)
    build(config)
    assert not [
        path
        for path, content in make.tree(config.output_folder).items()
        if b"tombstones" in content
    ]
    delete(config)
    build(config, AT)
    named = {
        path
        for path, content in make.tree(config.output_folder).items()
        if b"tombstones" in content
    }
    assert "feed.atom" in named and all(path.endswith(".atom") for path in named)
    assert all(b"deleted-entry" in (config.output_folder / path).read_bytes() for path in named)


def test_by_default_it_is_gone_at_once_and_nothing_remembers_it(tmp_path: Path) -> None:
    config = site(tmp_path, "")
    build(config)
    delete(config)
    build(config, AT)
    assert not [
        path
        for path, content in make.tree(config.output_folder).items()
        if b"example.org/1<" in content
    ]
    assert not config.ledger_file.exists()


def test_each_change_moves_tag_and_date_on_and_a_reader_gets_it(tmp_path: Path) -> None:
    config = site(tmp_path)
    source = open_store(config)
    documents = Documents(config, source)
    seen = []
    for now, change in ((make.NOW, None), (AT, unpublish), (AT + DAYS, None)):
        if change:
            change(config)
        ingest(config, source, now)
        document = documents.get("feed.atom", now)
        assert document is not None
        assert document.modified <= now
        seen.append((document.modified, document.etag))
    source.close()
    assert (
        seen == sorted(set(seen))
        and len({modified for modified, _ in seen}) == len({tag for _, tag in seen}) == 3
    )
    assert [modified for modified, _ in seen[1:]] == [AT, AT + DAYS]


def test_what_comes_back_is_itself_again(tmp_path: Path) -> None:
    config = site(tmp_path)
    text = (config.records_folder / "1.md").read_text()
    build(config)
    before = make.tree(config.output_folder)
    delete(config)
    build(config, AT)
    (config.records_folder / "under-another-name.md").write_text(text)
    build(config, AT + timedelta(hours=1))
    after = make.tree(config.output_folder)
    assert {path: after[path] for path in before if path[0] != "."} == {
        path: before[path] for path in before if path[0] != "."
    }
    assert read_ledger(config.ledger_file)[0].withdrawn == {}


def test_what_nobody_ever_saw_leaves_nothing(tmp_path: Path) -> None:
    config = site(tmp_path)
    make.write(
        config.records_folder / "9.md",
        make.record(9, webUrl="https://example.org/9", publishedDateTime="2030-01-01"),
    )
    build(config)
    (config.records_folder / "9.md").unlink()
    build(config, AT)
    assert not config.ledger_file.exists()


def test_a_broken_record_is_not_taken_back(tmp_path: Path) -> None:
    config = site(tmp_path)
    build(config)
    make.write(config.records_folder / "1.md", "---\ntitle: [\n---\n")
    build(config, AT)
    assert not config.ledger_file.exists()


def test_one_past_the_newest_is_in_its_page_of_history(tmp_path: Path) -> None:
    config = site(tmp_path)
    build(config)
    (config.records_folder / "4.md").unlink()
    build(config, AT)
    assert b"Withdrawn" not in (config.output_folder / "feed.atom").read_bytes()
    assert b"Withdrawn" in (config.output_folder / "archive" / "2026-11.atom").read_bytes()
    assert build(config, AT + timedelta(hours=1)).written == 0


def test_fewer_days_than_have_gone_by_end_it_at_once(tmp_path: Path) -> None:
    config = site(tmp_path)
    build(config)
    delete(config)
    build(config, AT)
    config = make.site(tmp_path, {}, "[feeds]\nlimit = 2\n")
    build(config, AT)
    assert not [
        path for path, content in make.tree(config.output_folder).items() if b"Withdrawn" in content
    ]


def test_what_falls_due_again_and_is_taken_back_again_has_all_its_days(tmp_path: Path) -> None:
    config = site(tmp_path)
    file = config.records_folder / "1.md"
    build(config)
    file.write_text(
        re.sub("publishedDateTime: .*", "publishedDateTime: 2026-11-24T12:00:00Z", file.read_text())
    )
    build(config, AT)
    build(config, make.NOW + timedelta(days=1))
    assert b"Withdrawn" not in (config.output_folder / "feed.atom").read_bytes()
    delete(config)
    build(config, make.NOW + timedelta(days=2))
    build(config, make.NOW + timedelta(days=4))
    assert b"Withdrawn" in (config.output_folder / "feed.atom").read_bytes()


def test_what_came_back_and_then_broke_leaves_nothing(tmp_path: Path) -> None:
    config = site(tmp_path)
    text = (config.records_folder / "1.md").read_text()
    build(config)
    delete(config)
    build(config, AT)
    (config.records_folder / "1.md").write_text(text)
    build(config, AT)
    make.write(config.records_folder / "1.md", "---\ntitle: [\n---\n")
    build(config, AT)
    assert b"Withdrawn" not in (config.output_folder / "feed.atom").read_bytes()


def test_nothing_of_what_waits_is_said_when_it_goes(tmp_path: Path) -> None:
    config = site(tmp_path)
    build(config)
    later = {
        "publishedDateTime": "2026-11-24T12:00:00Z",
        "webUrl": "https://example.org/StillToCome",
    }
    make.write(config.records_folder / "2.md", make.record(2, topics="[StillToCome]", **later))
    build(config, AT)
    (config.records_folder / "2.md").unlink()
    for now in (AT, AT + timedelta(days=1, hours=1)):
        build(config, now)
        assert "StillToCome" not in config.ledger_file.read_text()
        assert not [
            path
            for path, content in make.tree(config.output_folder).items()
            if b"StillToCome" in content
        ]


def test_what_was_refused_is_not_taken_back(tmp_path: Path) -> None:
    config = site(tmp_path)
    build(config)
    make.write(config.records_folder / "3.md", make.record(3, webUrl="https://example.org/2"))
    build(config, AT)
    (config.records_folder / "3.md").unlink()
    build(config, AT)
    assert b"Withdrawn" not in (config.output_folder / "feed.atom").read_bytes()
