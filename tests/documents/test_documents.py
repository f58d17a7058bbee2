"""Documents of what is visible: entries, dates that move with tags, names, and what a
change alters."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import feedparser
import pytest
from sqlalchemy import delete

from feeds import store
from feeds.config import Config, load_config
from feeds.documents.plans import Plan, Plans
from feeds.documents.versions import Documents, published_as
from feeds.ingest.ingesting import ingest, open_store
from feeds.model import Document, digest
from feeds.store import Published, Store
from feeds.store import tables as schema
from feeds.urls import feed_key, feed_path
from tests import make

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
FORMATS = ("rss", "atom", "json")
LISTS = {"index.html", "feeds.opml"}
ASSETS = {"pages.css", "feeds.css", "pages.js", "icon.svg", "record.schema"}
FORMS = (*FORMATS, "html")  # of a feed, with its page


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site of four records in several feeds."""
    return make.site(
        tmp_path,
        {
            "1.md": make.record(1),
            "2.md": make.record(2, topics="[AI, Robots]"),
            "3.md": make.record(
                3, topics="[Robots]", category="video", provider="{name: Other, domain: other.org}"
            ),
            "4.md": make.record(4, topics="[C++]", category=None),
        },
    )


@pytest.fixture
def source(config: Config) -> Iterator[Store]:
    """Its store, in which they are."""
    with closing(open_store(config)) as opened:
        ingest(config, opened, make.NOW)
        yield opened


def paths(config: Config, source: Store, now: datetime = make.NOW) -> list[str]:
    """The path of every document."""
    plans = Plans(config)
    with source.reading() as connection:
        return plans.paths(connection, now, plans.snapshot(connection, now).feeds)


def everything(config: Config, source: Store, now: datetime = make.NOW) -> dict[str, Document]:
    """Every document by path, made by a process of its own."""
    documents = Documents(config, source)
    made = {path: documents.get(path, now) for path in paths(config, source, now)}
    return {path: document for path, document in made.items() if document is not None}


def change(
    config: Config, source: Store, path: str, content: str, now: datetime = make.NOW
) -> None:
    """An editor writes a record, and it is read."""
    make.write(config.records_folder / path, content)
    ingest(config, source, now)


class TestEntries:
    def test_unchanged_plans_have_the_key_that_was_published(
        self, config: Config, source: Store
    ) -> None:
        everything(config, source)
        with source.reading() as connection:
            known = store.published(connection)
            plans = make.plans(config, connection, make.NOW + HOUR)
        assert {plan.path: plan.key for plan in plans} == {
            path: noted.recipe for path, noted in known.items()
        }

    def test_entries_do_not_outlive_a_change_of_the_site(
        self, config: Config, source: Store
    ) -> None:
        everything(config, source)
        site = config.site.model_copy(update={"base_url": "https://elsewhere.example.org"})
        documents = everything(config.model_copy(update={"site": site}), source)
        assert all(b"feeds.example.org" not in document.content for document in documents.values())

    def test_documents_are_the_same_however_few_entries_are_held(self, tmp_path: Path) -> None:
        records: dict[str, str | bytes] = {f"{n}.md": make.record(n) for n in range(1, 61)}
        config = make.site(tmp_path / "some", records)
        with closing(open_store(config)) as opened:
            ingest(config, opened, make.NOW)
            with opened.reading() as connection:
                made = []
                for held in (0, 20_000, 1 << 30):
                    plans = Plans(config, held)
                    feeds = plans.snapshot(connection, make.NOW).feeds
                    paths = plans.paths(connection, make.NOW, feeds)
                    every = plans.of(connection, make.NOW, paths)
                    made.append({plan.path: plan.content() for plan in every})
        assert made[0] == made[1] == made[2]
        assert [entry.title for entry in feedparser.parse(made[0]["feed.rss"]).entries] == [
            f"Article {n}" for n in range(1, 51)
        ]


class TestChanges:
    def altered(self, before: dict[str, Document], after: dict[str, Document]) -> set[str]:
        """Documents whose bytes are not what they were, or that came or went."""
        every = before.keys() | after.keys()
        same = {
            path
            for path in before.keys() & after.keys()
            if before[path].content == after[path].content
        }
        for path in same:
            assert (before[path].etag, before[path].modified) == (
                after[path].etag,
                after[path].modified,
            )
        return every - same

    @pytest.mark.parametrize(
        ("changed", "where"),
        [
            pytest.param(
                {"title": "Other"},
                {"all", "topics/ai", "providers/example.org", "categories/news"},
                id="title",
            ),
            pytest.param(
                {"topics": "[AI, New]"},
                {
                    "all",
                    "topics/ai",
                    "topics/new",
                    "providers/example.org",
                    "categories/news",
                    *LISTS,
                },
                id="a topic more",
            ),
            pytest.param({"heat": "3"}, set(), id="what no format shows"),
            pytest.param(
                {"published": "false"},
                {"all", "topics/ai", "providers/example.org", "categories/news", *LISTS},
                id="withdrawn",
            ),
        ],
    )
    def test_a_change_alters_only_documents_that_show_it(
        self, config: Config, source: Store, changed: dict[str, str], where: set[str]
    ) -> None:
        before = everything(config, source)
        change(config, source, "1.md", make.record(1, **changed))
        after = everything(config, source, make.NOW + HOUR)
        keys = where - LISTS
        documents = {feed_path(key, name) for key in keys for name in FORMS}
        assert self.altered(before, after) == documents | (where - keys)

    def test_related_coverage_shows_from_the_moment_that_it_is_due(
        self, config: Config, source: Store
    ) -> None:
        change(
            config,
            source,
            "1.md",
            make.record(1, related="[{title: Soon, webUrl: 'https://example.org/-1'}]"),
        )
        change(config, source, "5.md", make.record(-1, category="soon", topics="[]"))
        documents = Documents(config, source)
        for moment, shown in (
            (make.NOW, False),
            (make.NOW + HOUR - SECOND / 1e6, False),
            (make.NOW + HOUR, True),
        ):
            for name in FORMATS:
                document = documents.get(f"topics/ai/feed.{name}", moment)
                assert document is not None
                assert (b"https://example.org/-1" in document.content) is shown

    def test_an_article_past_the_limit_alters_its_page_of_history_alone(
        self, tmp_path: Path
    ) -> None:
        config = make.site(
            tmp_path / "small",
            {f"{n}.md": make.record(n) for n in (1, 2, 3)},
            "[feeds]\nlimit = 2\nkinds = []\n",
        )
        with closing(open_store(config)) as source:
            ingest(config, source, make.NOW)
            before = everything(config, source)
            change(config, source, "3.md", make.record(3, title="Past the limit"))
            after = everything(config, source, make.NOW + HOUR)
        assert self.altered(before, after) == {f"archive/2026-11.{name}" for name in FORMS}

    def test_a_document_that_is_gone_is_none(self, config: Config, source: Store) -> None:
        documents = Documents(config, source)
        assert documents.get("categories/video/feed.rss", make.NOW) is not None
        (config.records_folder / "3.md").unlink()
        ingest(config, source, make.NOW)
        assert documents.get("categories/video/feed.rss", make.NOW) is None

    def test_a_running_process_sees_what_another_one_read(
        self, config: Config, source: Store
    ) -> None:
        documents = Documents(config, source)
        before = documents.get("feed.rss", make.NOW)
        with closing(open_store(config)) as other:
            change(config, other, "1.md", make.record(1, title="Other", topics="[Unheard of]"))
        after = documents.get("feed.rss", make.NOW + HOUR)
        assert before is not None and after is not None
        assert (before.etag != after.etag, after.modified) == (True, make.NOW + HOUR)
        assert documents.get("topics/unheard-of/feed.atom", make.NOW + HOUR) is not None

    def test_two_processes_say_the_same_of_a_document(self, config: Config, source: Store) -> None:
        one, other = Documents(config, source), Documents(config, source)
        one.get("feed.rss", make.NOW)
        change(config, source, "1.md", make.record(1, title="Other"))
        assert one.get("feed.rss", make.NOW + HOUR) == other.get("feed.rss", make.NOW + 2 * HOUR)

    def test_two_processes_date_a_document_alike_that_changed_and_changed_back(
        self, config: Config, source: Store
    ) -> None:
        one, other = Documents(config, source), Documents(config, source)
        one.get("feed.rss", make.NOW)
        change(config, source, "1.md", make.record(1, title="Other"))
        other.get("feed.rss", make.NOW + HOUR)
        change(config, source, "1.md", make.record(1))
        seen = other.get("feed.rss", make.NOW + 2 * HOUR)
        assert seen is not None
        assert seen.modified == make.NOW + 2 * HOUR
        assert one.get("feed.rss", make.NOW + 2 * HOUR) == seen

    @pytest.mark.parametrize("path", ["feed.rss", "feed.atom"], ids=["made before", "never made"])
    def test_a_document_does_not_wait_for_another_process_that_reads_records(
        self, config: Config, source: Store, path: str
    ) -> None:
        documents, answered = Documents(config, source), Event()

        def ask(asked: str) -> None:
            documents.get(asked, make.NOW)
            answered.set()

        documents.get("feed.rss", make.NOW)
        with closing(open_store(config)) as other, ThreadPoolExecutor() as threads:
            with other.writing():
                threads.submit(ask, "topics/ai/feed.atom" if path == "feed.rss" else path)
                threads.submit(ask, path)
                # until it fails: it is set long before, or only when the other is done
                at_once = answered.wait(5)
            assert at_once

    def test_the_same_records_give_the_same_documents_after_the_store_is_lost(
        self, config: Config, source: Store
    ) -> None:
        before = everything(config, source)
        with source.writing() as connection:
            for table in reversed(schema.metadata.sorted_tables):
                last = schema.facts.c.name.in_(["generation", "fingerprint"])
                connection.execute(
                    delete(table).where(~last) if table is schema.facts else delete(table)
                )
        ingest(config, source, make.NOW + HOUR)
        assert everything(config, source, make.NOW + HOUR) == before


class TestNames:
    def test_the_spelling_most_used_shows_everywhere(self, config: Config, source: Store) -> None:
        for n in (5, 6, 7):
            change(
                config,
                source,
                f"{n}.md",
                make.record(n, topics="[ai]", provider="{name: EX, domain: example.org}"),
            )
        for n in (8, 9):
            change(
                config,
                source,
                f"{n}.md",
                make.record(n, topics="[ai]", provider="{name: EX, domain: Example.ORG}"),
            )
        documents = everything(config, source)
        read = feedparser.parse(documents["topics/ai/feed.atom"].content)
        assert read.feed.title == "ai · Test feeds"
        assert {tag.label for entry in read.entries for tag in entry.tags} == {
            "news",
            "ai",
            "Robots",
        }
        assert {entry.author for entry in read.entries} == {"EX"}
        assert (
            feedparser.parse(documents["providers/example.org/feed.rss"].content).feed.title
            == "EX · Test feeds"
        )
        shown = json.loads(documents["topics/ai/feed.json"].content)
        assert shown["title"] == "ai · Test feeds"
        assert {tag for item in shown["items"] for tag in item["tags"]} == {
            "news",
            "ai",
            "Robots",
        }
        assert [item["authors"][0]["name"] for item in shown["items"]] == ["EX"] * len(read.entries)
        listed = documents["feeds.opml"].content.decode()
        assert listed.count('"ai · Test feeds"') == listed.count('"EX · Test feeds"') > 0
        assert '"AI' not in listed and '"Example' not in listed

    def test_two_spellings_of_one_topic_in_a_record_are_one(
        self, config: Config, source: Store
    ) -> None:
        change(config, source, "1.md", make.record(1, topics="[AI, ai, Ai]"))
        document = Documents(config, source).get("feed.atom", make.NOW)
        assert document is not None
        assert [tag.label for tag in feedparser.parse(document.content).entries[0].tags] == [
            "news",
            "AI",
        ]

    TABLES = """
[feeds]
retired = ["topics/robots", "providers/other.org"]
[topics.ai]
title = "Thinking machines"
description = "All on AI & more."
image = "https://feeds.example.org/ai.png"
aliases = ["Artificial Intelligence", "C++"]
previous = ["brains"]
[providers."example.org"]
aliases = ["www.example.org"]
title = "The Example"
"""

    def renamed(self, config: Config, tables: str) -> Config:
        """The config with these tables in it, and records that need them."""
        www = "{name: Example, domain: www.example.org}"
        make.write(config.records_folder / "5.md", make.record(5, topics="[Brains]", provider=www))
        make.write(
            config.records_folder / "6.md", make.record(6, topics="[artificial intelligence, ai]")
        )
        config.file.write_text(f"{config.file.read_text()}{tables}")
        return load_config(config.file)

    def documents(self, config: Config) -> dict[str, Document]:
        """Every document of a store that is opened now."""
        with closing(open_store(config)) as opened:
            ingest(config, opened, make.NOW + HOUR)
            return everything(config, opened, make.NOW + HOUR)

    def test_names_that_config_calls_one_are_one_feed_under_its_title(self, config: Config) -> None:
        documents = self.documents(self.renamed(config, self.TABLES))
        assert {path.rpartition("/")[0] for path in documents} == {
            *(
                "",
                "all",
                "categories/news",
                "categories/video",
                "topics/ai",
                "providers/example.org",
            )
        }
        for name in ("rss", "atom"):
            read = feedparser.parse(documents[f"topics/ai/feed.{name}"].content)
            assert [entry.title for entry in read.entries] == [
                f"Article {n}" for n in (1, 2, 4, 5, 6)
            ]
            assert {tag.term for entry in read.entries for tag in entry.tags} == {
                "Thinking machines",
                "Robots",
                "news",
            }
            assert {entry.author for entry in read.entries} == {"The Example"}
            assert read.feed.title == "Thinking machines · Test feeds"
            assert read.feed.subtitle == "All on AI & more."
            assert (
                read.feed.image.href if name == "rss" else read.feed.logo
            ) == "https://feeds.example.org/ai.png"
        everyone = feedparser.parse(documents["providers/example.org/feed.rss"].content)
        assert len(everyone.entries) == 5
        # A source leads to a feed that is there, or nowhere.
        sources = {
            entry.source.href
            for entry in feedparser.parse(documents["feed.rss"].content).entries
            if "source" in entry
        }
        assert sources == {"https://feeds.example.org/providers/example.org/feed.rss"}

    def test_other_names_give_what_a_fresh_store_gives(
        self, config: Config, source: Store, tmp_path: Path
    ) -> None:
        everything(config, source)
        plain = self.renamed(config, "")
        fresh_plain = self.documents(plain)
        changed = self.renamed(plain, self.TABLES)
        kept = self.documents(changed)
        twin = make.site(tmp_path / "twin", {})
        for file in changed.records_folder.iterdir():
            make.write(twin.records_folder / file.name, file.read_bytes())
        twin.file.write_text(changed.file.read_text())
        fresh = self.documents(load_config(twin.file))
        assert {path: document.content for path, document in kept.items()} == {
            path: document.content for path, document in fresh.items()
        }
        plain.file.write_text(plain.file.read_text().replace(self.TABLES, ""))
        back = self.documents(load_config(plain.file))
        assert {path: (document.content, document.etag) for path, document in back.items()} == {
            path: (document.content, document.etag) for path, document in fresh_plain.items()
        }

    @pytest.mark.parametrize(
        ("key", "where"),
        [
            ("description", {"topics/ai"}),
            ("image", {"topics/ai"}),
            ("title", {"all", "topics/ai", "index.html"}),
        ],
    )
    def test_a_title_a_description_and_an_image_alter_only_what_shows_them(
        self, config: Config, source: Store, key: str, where: set[str]
    ) -> None:
        before = everything(config, source)
        config.file.write_text(
            f'{config.file.read_text()}[topics.ai]\n{key} = "https://example.org/ai"\n'
        )
        after = everything(load_config(config.file), source)
        altered = {path for path in before if before[path].content != after[path].content}
        assert {
            path.rpartition("/")[0] or "all" for path in altered - {"index.html", "feeds.opml"}
        } >= where - {"index.html"}
        assert ("index.html" in altered) == ("index.html" in where)
        if key != "title":
            listed = {"feeds.opml"} if key == "description" else set()
            own = {
                "topics/ai/feed.rss",
                "topics/ai/feed.atom",
                "topics/ai/feed.json",
                "topics/ai/index.html",
            }
            assert altered == own | listed

    def carrying(self, config: Config, content: str, **tables: str) -> Config:
        """The config with this content for all feeds, and another for those that are named."""
        named = "".join(f"[{table}]\ncontent = '{other}'\n" for table, other in tables.items())
        file = config.file.with_name("content.toml")
        file.write_text(f"{config.file.read_text()}[feeds]\ncontent = '{content}'\n{named}")
        return load_config(file)

    def full(self, documents: dict[str, Document]) -> set[str]:
        """The folders of the feeds whose entries have their body, in every format."""
        found: dict[str, set[bool]] = {}
        for path, document in documents.items():
            if path.rpartition(".")[2] in FORMATS:
                found.setdefault(path.rpartition("/")[0], set()).add(
                    b"The body." in document.content
                )
        assert all(len(ways) == 1 for ways in found.values())
        return {folder for folder, ways in found.items() if True in ways}

    def test_each_feed_carries_what_its_own_table_says(self, config: Config, source: Store) -> None:
        change(config, source, "1.md", make.record(1, body="The body."))
        tables = {
            "topics.ai": "summary",
            "providers.'example.org'": "summary",
            "categories.news": "full",
        }
        everything(config, source)
        of_full = everything(self.carrying(config, "full", **tables), source)
        assert self.full(of_full) == {"", "categories/news"}
        of_short = everything(self.carrying(config, "summary", **tables), source)
        assert self.full(of_short) == {"categories/news"}
        own = {
            path
            for path in of_full
            if path.startswith(("topics/ai", "providers/example", "categories/news"))
        }
        assert len(own) == 3 * len(FORMS)
        assert {path: of_short[path] for path in own} == {path: of_full[path] for path in own}

    def test_bodies_show_as_soon_as_a_feed_is_to_show_them(self, config: Config) -> None:
        make.write(config.records_folder / "1.md", make.record(1, body="*The* body."))
        for content, shown in (("summary", False), ("full", True), ("summary", False)):
            carrying = self.carrying(config, content)
            with closing(open_store(carrying)) as opened:
                ingest(carrying, opened, make.NOW)
                documents = everything(carrying, opened)
            for name in FORMATS:
                assert (b"body." in documents[f"feed.{name}"].content) is shown

    def test_another_content_rebuilds_no_store(self, config: Config, source: Store) -> None:
        everything(config, source)
        short = self.carrying(config, "summary", **{"topics.robots": "full"})
        with closing(open_store(short)) as opened:
            assert ingest(short, opened, make.NOW).read == 0


class TestPaths:
    def test_every_path_is_a_document_and_no_other(self, config: Config, source: Store) -> None:
        keys = [
            *(
                "categories/news",
                "categories/video",
                "providers/example.org",
                "providers/other.org",
            ),
            *("topics/ai", feed_key("topics", "C++"), "topics/robots"),
        ]
        found = paths(config, source)
        expected = {f"{key}/feed.{name}" for key in keys for name in FORMATS}
        expected |= {f"{key}/index.html" for key in (*keys, "all")}
        assert set(found) == expected | {"feed.rss", "feed.atom", "feed.json"} | LISTS | ASSETS
        assert len(found) == len(set(found))
        documents = everything(config, source)
        assert documents.keys() == set(found)
        assert all(document.path == path for path, document in documents.items())
        assert all(document.etag == digest(document.content) for document in documents.values())

    @pytest.mark.parametrize(
        "path",
        [
            *(
                "",
                "/",
                "feed",
                "feed.",
                "feed.pdf",
                "feed.opml",
                "feeds.json",
                "feed.rss/",
                "/feed.rss",
                "index.htm",
                "all/feed.rss",
                "rss",
            ),
            *(
                "feeds.opml/",
                "/feeds.opml",
                "feeds.OPML",
                "topics/feeds.opml",
                "topics/ai/feeds.opml",
            ),
            *(
                "topics/feed.rss",
                "topics/ai",
                "topics/ai/",
                "topics/index.html",
                "topics/AI/feed.rss",
            ),
            *(
                "topics/ai/index.rss",
                "topics/ai/feed.html",
                "feed.html",
                "all/feed.html",
                "archive/2026-11.html",
            ),
            *(
                "topics/ai/feed.rss.rss",
                "topics//ai/feed.rss",
                "topics/ai/../ai/feed.rss",
                "topics/ai/head.rss",
            ),
            *(
                "providers/nobody.org/feed.rss",
                "feed.rss\0",
                "feed.rss\n",
                "féed.rss",
                "a" * 100_000,
            ),
        ],
    )
    def test_other_paths_are_no_documents(self, config: Config, source: Store, path: str) -> None:
        assert Documents(config, source).get(path, make.NOW) is None

    def test_kinds_and_formats_that_are_not_asked_for_are_no_documents(
        self, config: Config, source: Store
    ) -> None:
        text = config.file.read_text() + '[feeds]\nformats = ["atom"]\nkinds = ["topics"]\n'
        config.file.write_text(text)
        documents = everything(load_config(config.file), source)
        assert {path.partition("/")[0] for path in documents} == {
            "feed.atom",
            *LISTS,
            *ASSETS,
            "topics",
            "all",
        }
        assert b"providers/" not in b"".join(document.content for document in documents.values())
        assert (
            Documents(load_config(config.file), source).get(
                "providers/other.org/feed.atom", make.NOW
            )
            is None
        )
        for name in ("rss", "json"):
            assert (
                Documents(load_config(config.file), source).get(f"topics/ai/feed.{name}", make.NOW)
                is None
            )

    def test_a_site_without_articles_has_its_own_feeds_a_front_page_and_what_pages_need(
        self, tmp_path: Path
    ) -> None:
        empty = make.site(tmp_path / "empty", {})
        with closing(open_store(empty)) as opened:
            ingest(empty, opened, make.NOW)
            own = {"feed.rss", "feed.atom", "feed.json"}
            assert set(everything(empty, opened)) == own | LISTS | ASSETS


class TestPublishedAs:
    KNOWN = Published("recipe", "tag", int(make.NOW.timestamp()) - 60)
    AT = int(make.NOW.timestamp())

    def noted(
        self,
        etag: str,
        known: Published | None,
        now: datetime = make.NOW,
        newest: datetime | None = None,
    ) -> int:
        plan = Plan("feed.rss", "", "new", make.NOW - HOUR if newest is None else newest, bytes)
        noted = published_as(plan, etag, known, now)
        assert (noted.recipe, noted.etag) == ("new", etag)
        return noted.modified

    @pytest.mark.parametrize(
        ("etag", "known", "now", "expected"),
        [
            pytest.param("tag", None, make.NOW, AT - 3600, id="first: the date of its articles"),
            pytest.param("tag", KNOWN, make.NOW, AT - 60, id="same bytes: the same date"),
            pytest.param("other", KNOWN, make.NOW, AT, id="changed: now"),
            pytest.param(
                "other", KNOWN, make.NOW + SECOND * 0.999999, AT, id="changed: the second of now"
            ),
            pytest.param(
                "other", Published("", "tag", AT), make.NOW, AT + 1, id="two changes in one second"
            ),
            pytest.param(
                "other",
                Published("", "tag", AT + 1),
                make.NOW,
                AT + 2,
                id="three changes in one second",
            ),
            pytest.param("other", KNOWN, make.NOW - HOUR, AT - 59, id="a clock that went back"),
            pytest.param(
                "tag", KNOWN, make.NOW - HOUR, AT - 60, id="a clock that went back, same bytes"
            ),
        ],
    )
    def test_the_date_moves_with_the_tag_and_never_back(
        self, etag: str, known: Published | None, now: datetime, expected: int
    ) -> None:
        assert self.noted(etag, known, now) == expected

    def test_what_is_older_than_1970_is_of_1970(self) -> None:
        assert self.noted("tag", None, newest=make.NOW - timedelta(days=30_000)) == 0

    def test_the_date_of_a_first_document_is_no_later_than_now(
        self, config: Config, source: Store
    ) -> None:
        change(
            config, source, "1.md", make.record(1, updatedDateTime=(make.NOW + HOUR).isoformat())
        )
        for document in everything(config, source).values():
            assert document.modified <= make.NOW - HOUR

    def test_two_changes_in_one_second_differ_by_date(self, config: Config, source: Store) -> None:
        documents, dates = Documents(config, source), []
        for title in ("One", "Two", "Three"):
            change(config, source, "1.md", make.record(1, title=title))
            document = documents.get("feed.rss", make.NOW)
            assert document is not None
            dates.append(document.modified)
        assert dates == [make.NOW - HOUR, make.NOW, make.NOW + SECOND]


HOT = {"hot/feed.rss", "hot/feed.atom", "hot/feed.json", "hot/index.html"}


class TestOwn:
    """Feeds of the publisher's own: three in config.toml, in one of which nothing is visible."""

    @pytest.fixture
    def own(self, tmp_path: Path) -> Config:
        """A site with them, of five records."""
        records: dict[str, str | bytes] = {
            "1.md": make.record(1, heat="70", quality="50"),
            "2.md": make.record(2, heat="90", quality="49", topics="[Robots]"),
            "3.md": make.record(3, heat="80"),
            "4.md": make.record(
                4, heat="99", quality="60", category="video", updatedDateTime="2026-11-23T11:45:00Z"
            ),
            "5.md": make.record(5, heat="69"),
        }
        return make.site(tmp_path / "own", records, make.OWN)

    @pytest.fixture
    def store_of_own(self, own: Config) -> Iterator[Store]:
        """Its store, in which they are."""
        with closing(open_store(own)) as opened:
            ingest(own, opened, make.NOW)
            yield opened

    def test_they_are_listed_after_everything_in_the_order_of_the_file(
        self, own: Config, store_of_own: Store
    ) -> None:
        feeds = Documents(own, store_of_own).feeds(make.NOW)
        assert [(feed.key, feed.name, feed.articles) for feed in feeds.values()][:4] == [
            ("all", "", 5),
            ("feeds/hot", "Hot & <new>", 3),
            ("feeds/good", "Good", 2),
            ("topics/ai", "AI", 4),
        ]
        assert feeds["feeds/good"].updated == make.NOW - HOUR
        assert (feeds["feeds/hot"].kind, feeds["feeds/hot"].slug) == ("feeds", "hot")

    def test_each_has_its_own_limit_order_and_formats(
        self, own: Config, store_of_own: Store
    ) -> None:
        made = everything(own, store_of_own)
        assert [path for path in made if path.startswith("feeds/")] == [
            "feeds/hot/feed.rss",
            "feeds/hot/feed.atom",
            "feeds/hot/feed.json",
            "feeds/hot/index.html",
            "feeds/good/feed.atom",
            "feeds/good/index.html",
        ]
        for path, titles in {
            "hot/feed.rss": [2, 3],
            "hot/feed.atom": [2, 3],
            "good/feed.atom": [1, 4],
        }.items():
            read = feedparser.parse(made[f"feeds/{path}"].content)
            assert not read.bozo
            assert [entry.title for entry in read.entries] == [f"Article {n}" for n in titles]
        documents = Documents(own, store_of_own)
        for path in (
            "feeds/good/feed.rss",
            "feeds/nothing/feed.rss",
            "feeds/good/feed.json",
            "feeds/feed.rss",
        ):
            assert documents.get(path, make.NOW) is None

    def test_each_says_what_it_holds(self, own: Config, store_of_own: Store) -> None:
        made = everything(own, store_of_own)
        hot, good = (
            feedparser.parse(made[f"feeds/{key}/feed.atom"].content).feed for key in ("hot", "good")
        )
        assert (hot.title, hot.subtitle) == (
            "Hot & <new> · Test feeds",
            "Articles chosen for Hot & <new>, from Test feeds.",
        )
        assert (good.title, good.subtitle) == ("Good · Test feeds", "What is good.")
        assert good.id == "https://feeds.example.org/feeds/good/"

    def test_the_front_page_has_them_under_a_heading_of_their_own(
        self, own: Config, store_of_own: Store
    ) -> None:
        page = everything(own, store_of_own)["index.html"].content.decode()
        everything_first, _, rest = page.partition(">Selections ")
        selections, _, others = rest.partition("<h2")
        assert "Everything</h2>" in everything_first
        assert ">Topics " in others
        assert "Hot &amp; &lt;new&gt;" in selections
        assert 'href="feeds/good/"' in selections
        assert "Nothing" not in page

    def test_a_front_page_without_pages_of_feeds_has_the_formats_of_each(
        self, own: Config, store_of_own: Store
    ) -> None:
        own = own.model_copy(update={"feeds": own.feeds.model_copy(update={"pages": False})})
        made = everything(own, store_of_own)
        assert {path for path in made if path.endswith(".html")} == {"index.html"}
        assert "feeds.css" not in made
        assert b"xml-stylesheet" not in b"".join(document.content for document in made.values())
        page = made["index.html"].content.decode()
        assert "feeds/good/feed.atom" in page
        assert "feeds/good/feed.rss" not in page

    @pytest.mark.parametrize(
        ("before", "after", "altered"),
        [
            pytest.param("limit = 2", "limit = 1", HOT, id="limit"),
            pytest.param("limit = 2", "limit = 5", HOT, id="more"),
            pytest.param(
                *("min_heat = 70", "min_heat = 80", HOT - {"hot/feed.json"} | {"index.html"}),
                id="all_shown",
            ),
            pytest.param(
                "What is good.",
                "What is best.",
                {"good/feed.atom", "good/index.html", *LISTS},
                id="description",
            ),
            pytest.param(
                "min_quality = 50",
                "min_quality = 61",
                {"good/feed.atom", "good/index.html", *LISTS},
                id="nothing_left",
            ),
            pytest.param(
                '["atom"]', '["atom", "rss"]', {"good/feed.rss", "good/index.html"}, id="formats"
            ),
        ],
    )
    def test_a_rule_that_changes_alters_its_own_documents_alone(
        self, own: Config, store_of_own: Store, before: str, after: str, altered: set[str]
    ) -> None:
        first = everything(own, store_of_own)
        text = own.file.read_text(encoding="utf-8")
        assert text.count(before) == 1
        own.file.write_text(text.replace(before, after), encoding="utf-8")
        second = everything(load_config(own.file), store_of_own)
        paths = first.keys() | second.keys()
        contents = {
            path: [made[path].content for made in (first, second) if path in made] for path in paths
        }
        differ = {path for path, some in contents.items() if len(some) == 1 or some[0] != some[1]}
        assert {path.removeprefix("feeds/") for path in differ} == altered

    def test_a_feed_may_carry_summaries_where_others_carry_all(self, tmp_path: Path) -> None:
        own = '[[feed]]\nkey = "short"\ntitle = "Short"\ncontent = "summary"\n'
        site = make.site(tmp_path / "short", {"1.md": make.record(1, body="The *body*.")}, own)
        with closing(open_store(site)) as opened:
            ingest(site, opened, make.NOW)
            made = everything(site, opened)
            again = everything(site, opened, make.NOW + HOUR)
        for name in FORMATS:
            assert b"<em>body</em>" in made[f"feed.{name}"].content.replace(b"&lt;", b"<").replace(
                b"&gt;", b">"
            )
            assert b"body" not in made[f"feeds/short/feed.{name}"].content
            assert b"What article 1 says." in made[f"feeds/short/feed.{name}"].content
        assert again == made

    def test_a_change_of_heat_shows_in_the_feeds_that_ask_for_it(
        self, own: Config, store_of_own: Store
    ) -> None:
        documents = Documents(own, store_of_own)
        before = documents.get("feeds/hot/feed.rss", make.NOW)
        make.write(own.records_folder / "5.md", make.record(5, heat="100"))
        ingest(own, store_of_own, make.NOW)
        after = documents.get("feeds/hot/feed.rss", make.NOW + HOUR)
        assert before is not None
        assert after is not None
        assert [entry.title for entry in feedparser.parse(after.content).entries] == [
            "Article 5",
            "Article 2",
        ]
        assert after.modified == make.NOW + HOUR
        assert documents.feeds(make.NOW)["feeds/hot"].articles == 4
