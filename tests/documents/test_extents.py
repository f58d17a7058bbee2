"""What fits into `feeds.max_bytes`: documents are cut to it, and the rest is history."""

import json
import re
import shutil
from collections import Counter
from contextlib import closing
from datetime import timedelta
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.build import hosts
from feeds.build.files import MANIFEST
from feeds.config import Config, load_config
from feeds.config.site import Site
from feeds.documents.contents import fitting, most_bytes_of_names, space_for_entries
from feeds.documents.versions import Documents
from feeds.ingest.ingesting import ingest, open_store
from feeds.model import STEPS, Feed, Image, Provider, Related
from feeds.render import PageLinks, Style, format_named, widest
from feeds.render.compiled import EntryInput
from feeds.render.content import content_of
from feeds.serve.app import create_app
from feeds.store.rows import most_bytes
from tests import make
from tests.documents.test_history import FORMATS, build, chain, dated, ids, links

UNLIMITED = 1_000_000_000
# What a frame may be shorter than the longest: without a link to the history, `fh:complete`,
# tombstones and rhythm.
SLACK = 500
BOLD = "".join(f"<b lang=a{n}>" for n in range(190))
OWN = """
[[feed]]
key = "hot"
title = "Hot"
order = "heat"

[[feed]]
key = "short"
title = "Short"
content = "summary"
formats = ["atom"]
limit = 4
"""


def site(folder: Path, records: dict[str, str | bytes], feeds: str = "", own: str = "") -> Config:
    """A site with these settings in [feeds]."""
    return make.site(folder, records, f"[feeds]\n{feeds}\n{own}")


def long(n: int, size: int = 3000, days: float = 0, **keys: Any) -> str:
    """The n-th record, so many days times n before now, with a body of so many bytes."""
    return dated(n, n * days if days else n / 24, body="x" * size, **keys)


def three(**keys: Any) -> dict[str, str | bytes]:
    """Three records a month apart, each of some 3,000 bytes in a feed."""
    return {f"{n}.md": long(n, days=31, **keys) for n in (1, 2, 3)}


def addresses(*numbers: int) -> list[str]:
    """The ids of these records."""
    return [f"https://example.org/{n}" for n in numbers]


def documents(tree: dict[str, bytes]) -> dict[str, bytes]:
    """The documents of a static tree, without what is there for its hosts."""
    return {path: content for path, content in tree.items() if path not in {MANIFEST, *hosts.PATHS}}


HOSTILE = st.text(st.sampled_from("&<>\"'\\\n ax漢😀"), max_size=60)


class TestFitting:
    @given(HOSTILE, HOSTILE, st.lists(HOSTILE, max_size=4), st.integers(0, 3), st.booleans())
    def test_no_entry_takes_more_than_what_is_counted_with(
        self, title: str, excerpt: str, names: list[str], several: int, withdrawn: bool
    ) -> None:
        address = "https://example.org/" + escape(quote(title))
        about = Provider("example.org", excerpt)
        shown = make.article(
            title=f"x{title}",
            link=address,
            excerpt=excerpt,
            html=f"<p title='{escape(title)}'>{escape(excerpt)}</p>",
            provider=Provider("example.org", names[0] if names else ""),
            topics=tuple(names[1:]),
            images=(Image(f"{address}.jpg", 1, 2, 3),) * several,
            related=(Related(title, address, about),) * several,
            amp_link=address,
            original_link=address,
            withdrawn=withdrawn,
        )
        site = Site(title="Example", base_url="https://feeds.example/&news/")
        most = most_bytes(shown) + most_bytes_of_names(names or [""], site.base_url)
        entry = EntryInput(shown, content_of(shown))
        for name in FORMATS:
            size = len(format_named(name).entry(entry, site, Style(amp=True)))
            assert size + len(format_named(name).BETWEEN) <= most, name

    def test_what_has_no_html_yet_is_not_counted_with(self) -> None:
        assert most_bytes(make.article(body="text", html=None)) == 0

    @given(st.lists(st.integers(1, 50), min_size=1), st.integers(0, 1), st.integers(-10, 600))
    def test_as_many_fit_as_there_is_space_for_and_one_always(
        self, sizes: list[int], between: int, space: int
    ) -> None:
        count = fitting(sizes, between, space)
        assert 1 <= count <= len(sizes)
        assert count == 1 or sum(sizes[:count]) + between * count <= space
        assert count == len(sizes) or sum(sizes[: count + 1]) + between * (count + 1) > space

    @pytest.mark.parametrize("name", FORMATS)
    @pytest.mark.parametrize("key", ["all", "topics/ai"])
    def test_no_frame_leaves_less_space_than_is_counted_with(
        self, tmp_path: Path, name: str, key: str
    ) -> None:
        form, feed = (
            format_named(name),
            Feed(key, "AI", 3, make.NOW, "On <AI>", "https://example.org/ai.png"),
        )
        config = make.site(tmp_path, {})
        left = space_for_entries(form, feed, config.site, 10_000)
        folder = "https://feeds.example.org/" + ("" if key == "all" else f"{key}/")
        itself = f"{folder}feed.{name}"
        for moment in (make.NOW, make.NOW + timedelta(microseconds=1)):
            for place in (
                PageLinks(itself),
                PageLinks(itself, complete=True),
                PageLinks(itself, withdrawn=True),
                *(PageLinks(itself, frequency=step) for step in STEPS),
                *(
                    PageLinks(itself, f"{folder}archive/{page}.{name}")
                    for page in ("2026-11", "2026-11-23T12")
                ),
            ):
                head, tail = form.frame(feed, config.site, moment, place)
                spare = 10_000 + len(form.BETWEEN) - len(head) - len(tail) - left
                assert 0 <= spare <= SLACK

    def test_all_is_said_in_the_frame_that_is_counted_with(self) -> None:
        place = widest(
            "https://feeds.example.org/feed.rss", "https://feeds.example.org/archive/2026-11.rss"
        )
        of_pages = {"current", "next"}
        assert {name for name in PageLinks._fields if not getattr(place, name)} == of_pages


BODIES = st.tuples(
    st.sampled_from(["word ", "<b>&amp;</b> ", '"\\" ', "ä"]), st.integers(0, 800)
).map(lambda made: made[0] * made[1])
ARTICLES = st.lists(
    st.tuples(BODIES, st.integers(0, 40), st.integers(0, 3)), min_size=1, max_size=4
)


class TestCut:
    @settings(max_examples=settings().max_examples // 16)
    @given(
        articles=ARTICLES,
        limit=st.integers(1, 7),
        most=st.integers(1, 12_000),
        archives=st.booleans(),
    )
    def test_a_document_is_no_larger_and_the_history_holds_the_rest(
        self, articles: list[tuple[str, int, int]], limit: int, most: int, archives: bool
    ) -> None:
        with TemporaryDirectory() as place:
            day, records, heats = 0, dict[str, str | bytes](), dict[str, int]()
            for n, (body, days, heat) in enumerate(articles, start=1):
                day += days
                records[f"{n}.md"] = dated(n, day + n / 24, body=body, heat=str(heat))
                heats[f"https://example.org/{n}"] = heat
            newest = addresses(*range(1, len(articles) + 1))
            hottest = sorted(newest, key=lambda address: -heats[address])
            text = f"limit = {limit}\nmax_bytes = {most}\narchives = {str(archives).lower()}"
            config = site(Path(place), records, text, OWN)
            build(config)
            tree = make.tree(config.output_folder)
            for folder in ("", "topics/ai/", "feeds/short/", "feeds/hot/"):
                order = hottest if folder == "feeds/hot/" else newest
                self.check(tree, folder, order, most, archives and folder != "feeds/hot/")
            assert build(config).written == 0
            shutil.rmtree(config.store_file.parent)  # the service makes its store itself
            app = create_app(config, clock=lambda: make.NOW)
            client = app.test_client()
            for path, content in documents(tree).items():
                assert client.get(f"/{path.removesuffix('index.html')}").data == content
            make.close(app)
            for folder in ("", "feeds/short/", "feeds/hot/"):
                self.check_that_no_more_would_fit(config, tree, folder)

    def check(
        self, tree: dict[str, bytes], folder: str, order: list[str], most: int, has_history: bool
    ) -> None:
        made = {
            path: content for path, content in tree.items() if path.startswith(f"{folder}feed.")
        }
        (shown,) = {tuple(ids(content, path)) for path, content in made.items()}
        whole = len(shown) == len(order)
        assert shown
        assert list(shown) == order[: len(shown)]
        pages = {path for path in tree if path.startswith(f"{folder}archive/")}
        assert bool(pages) == (has_history and not whole)
        for path, content in made.items():
            assert len(content) <= most or len(shown) == 1
            assert (b"<fh:complete/>" in content) == (whole and not path.endswith(".json"))
            found = list(chain(tree, path))
            assert set(found) == {page for page in pages if Path(page).suffix == Path(path).suffix}
            assert not found or [one for page in found for one in ids(tree[page], page)] == order

    def check_that_no_more_would_fit(
        self, config: Config, tree: dict[str, bytes], folder: str
    ) -> None:
        shown = len(ids(tree[f"{folder}feed.atom"], "feed.atom"))
        limit = 4 if folder == "feeds/short/" else config.feeds.limit
        if shown == min(limit, len(list(config.records_folder.iterdir()))):
            return
        own = tuple(feed.model_copy(update={"limit": shown + 1}) for feed in config.feed)
        feeds = config.feeds.model_copy(update={"limit": shown + 1, "max_bytes": UNLIMITED})
        more = config.model_copy(update={"feed": own, "feeds": feeds})
        with closing(open_store(more)) as source:
            made = Documents(more, source)
            found = [made.get(f"{folder}feed.{name}", make.NOW) for name in FORMATS]
        assert max(len(one.content) for one in found if one) > config.feeds.max_bytes - SLACK

    @pytest.mark.parametrize("name", FORMATS)
    def test_a_feed_of_fewer_articles_than_its_limit_has_a_history_when_it_is_cut(
        self, tmp_path: Path, name: str
    ) -> None:
        config = site(tmp_path, three(), "max_bytes = 9500")
        build(config)
        tree = make.tree(config.output_folder)
        assert ids(tree[f"feed.{name}"], f"feed.{name}") == addresses(1, 2)
        assert links(tree[f"feed.{name}"], f"feed.{name}")["prev-archive"].endswith(
            f"archive/2026-10.{name}"
        )
        assert b"fh:complete" not in tree[f"feed.{name}"]

    @pytest.mark.parametrize(("feeds", "order"), [("archives = false", "published"), ("", "heat")])
    def test_a_feed_without_a_history_is_just_cut(
        self, tmp_path: Path, feeds: str, order: str
    ) -> None:
        own = f'[[feed]]\nkey = "own"\ntitle = "Own"\norder = "{order}"\n'
        config = site(tmp_path, three(heat="1"), f"max_bytes = 9500\n{feeds}", own)
        build(config)
        tree = make.tree(config.output_folder)
        assert ids(tree["feeds/own/feed.atom"], "feed.atom") == addresses(1, 2)
        assert b"fh:" not in tree["feeds/own/feed.atom"]
        assert not any(path.startswith("feeds/own/archive") for path in tree)

    def test_one_article_stays_whatever_its_size(self, tmp_path: Path) -> None:
        config = site(tmp_path, three(), "max_bytes = 1")
        build(config)
        tree = make.tree(config.output_folder)
        for name in FORMATS:
            assert ids(tree[f"feed.{name}"], f"feed.{name}") == addresses(1)
            found = [one for path in chain(tree, f"feed.{name}") for one in ids(tree[path], path)]
            assert found == addresses(1, 2, 3)

    def test_every_format_holds_what_fits_in_the_largest(self, tmp_path: Path) -> None:
        hostile: dict[str, str | bytes] = {
            f"{n}.md": dated(n, n, body="`" + "&" * 500 + "`") for n in (1, 2, 3)
        }
        config = site(tmp_path, hostile, "max_bytes = 12000")
        build(config)
        tree = make.tree(config.output_folder)
        sizes = {name: len(tree[f"feed.{name}"]) for name in FORMATS}
        assert sizes["json"] < 7000 < max(sizes.values()) <= 12_000
        assert {tuple(ids(tree[f"feed.{name}"], f"feed.{name}")) for name in FORMATS} == {
            tuple(addresses(1, 2))
        }

    def test_a_mebibyte_is_the_most_where_nothing_is_said(self, tmp_path: Path) -> None:
        config = make.site(tmp_path, {f"{n}.md": long(n, 300_000) for n in (1, 2, 3, 4)})
        build(config)
        tree = make.tree(config.output_folder)
        assert ids(tree["feed.json"], "feed.json") == addresses(1, 2, 3)
        assert all(len(tree[f"feed.{name}"]) <= 1_048_576 for name in FORMATS)


class TestLargeEntry:
    """Articles of which one alone would be more than fits."""

    def check(self, config: Config) -> dict[str, bytes]:
        """Build a site, and hold every feed of it against `max_bytes`."""
        build(config)
        tree = make.tree(config.output_folder)
        feeds = {
            path: content
            for path, content in tree.items()
            if re.fullmatch(r"(.*/)?feed\.\w+", path)
        }
        assert feeds
        for path, content in feeds.items():
            assert len(content) <= config.feeds.max_bytes, path
        return tree

    @pytest.mark.parametrize("body", ["x" * 200_000, "&" * 29_000, f"<p>{BOLD}{'<p>x' * 100}"])
    def test_an_entry_that_does_not_fit_carries_its_excerpt(
        self, tmp_path: Path, body: str
    ) -> None:
        records: dict[str, str | bytes] = {
            "1.md": make.record(1, body=body),
            "2.md": make.record(2, body="*Short*"),
        }
        tree = self.check(site(tmp_path, records, "max_bytes = 20000"))
        first, second = json.loads(tree["feed.json"])["items"]
        assert first["content_text"] == first["summary"] == "What article 1 says."
        assert first["tags"] == ["news", "AI"]
        assert "<em>Short</em>" in second["content_html"]
        for name in FORMATS:
            assert ids(tree[f"feed.{name}"], f"feed.{name}") == addresses(1, 2)

    def test_one_whose_excerpt_does_not_fit_is_title_and_link(self, tmp_path: Path) -> None:
        records: dict[str, str | bytes] = {
            "1.md": make.record(1, excerpt="x" * 100_000),
            "2.md": make.record(2),
        }
        tree = self.check(site(tmp_path, records, "max_bytes = 20000"))
        first, second = json.loads(tree["feed.json"])["items"]
        assert (first["title"], first["url"]) == ("Article 1", "https://example.org/1")
        assert not {"summary", "tags", "content_html"} & first.keys()
        assert second["summary"] == "What article 2 says."

    def test_the_most_that_a_record_may_say_fits(self, tmp_path: Path) -> None:
        topics = "[" + ", ".join(f"'{n} {'&' * 4000}'" for n in range(100)) + "]"
        images = (
            "["
            + ", ".join(f"{{url: 'https://example.org/{'x' * 2000}{n}'}}" for n in range(100))
            + "]"
        )
        keys = {
            "topics": topics,
            "images": images,
            "excerpt": "'" + "&" * 120_000 + "'",
            "title": "'" + "&" * 4000 + "'",
        }
        record = make.record(1, body="<b>" + "&" * 20_000, **keys)
        self.check(site(tmp_path, {"1.md": record, "2.md": make.record(2)}))

    def test_html_of_more_than_its_most_is_left_out_everywhere(self, tmp_path: Path) -> None:
        records: dict[str, str | bytes] = {
            "1.md": make.record(1, body="x" * 2000),
            "2.md": make.record(2, body="y" * 200),
        }
        config = site(tmp_path, records, "max_entry_bytes = 1000")
        build(config)
        tree = make.tree(config.output_folder)
        for path in ("feed.rss", "feed.atom", "feed.json", "topics/ai/feed.json"):
            assert b"xxx" not in tree[path], path
            assert b"yyy" in tree[path], path
            assert b"What article 1 says." in tree[path], path
        said = make.invoke("check", cwd=tmp_path, check=1).stdout
        assert "1.md:11:1: body: expected HTML of at most 1,000 bytes" in said

    def test_another_most_of_an_entry_shows_it_again(self, tmp_path: Path) -> None:
        records: dict[str, str | bytes] = {"1.md": make.record(1, body="x" * 2000)}
        build(site(tmp_path, records, "max_entry_bytes = 1000"))
        config = site(tmp_path, {}, "max_entry_bytes = 10000")
        build(config)
        assert b"xxx" in make.tree(config.output_folder)["feed.rss"]

    def test_ten_thousand_topics_are_a_hundred_feeds(self, tmp_path: Path) -> None:
        topics = "[" + ", ".join(f"Topic {n}" for n in range(10_000)) + "]"
        config = site(tmp_path, {"1.md": make.record(1, topics=topics, body="x" * 10_000)})
        tree = self.check(config)
        assert sum(path.startswith("topics/") and path.endswith("feed.rss") for path in tree) == 100


class TestChanges:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        """A site of which two of three articles fit."""
        config = site(tmp_path, three(), "max_bytes = 9500")
        build(config)
        return config

    @pytest.fixture
    def made(self, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
        """Counts what is rendered: entries and frames."""
        counted: Counter[str] = Counter()
        for form in map(format_named, FORMATS):
            for part, render in (("entry", form.entry), ("frame", form.frame)):

                def counting(*arguments: Any, part: str = part, render: Any = render) -> Any:
                    counted[part] += 1
                    return render(*arguments)

                monkeypatch.setattr(form, part, counting)
        return counted

    def touched(self, config: Config, path: str, text: str) -> set[str]:
        """The documents that change with a record, and those that come or go."""
        before = documents(make.tree(config.output_folder))
        make.write(config.records_folder / path, text)
        build(config, make.NOW + timedelta(hours=1))
        after = documents(make.tree(config.output_folder))
        changed = {
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        }
        return {
            name
            for name in changed
            if name.endswith(".atom") and name.startswith(("feed.", "archive/"))
        }

    def test_nothing_is_rendered_to_tell_that_nothing_changed(
        self, config: Config, made: Counter[str]
    ) -> None:
        assert build(config).written == 0
        assert made == {}

    def test_an_article_that_is_not_shown_changes_its_page_alone(self, config: Config) -> None:
        assert self.touched(config, "3.md", long(3, days=31, title="Corrected")) == {
            "archive/2026-08.atom"
        }

    def test_an_article_that_grows_pushes_others_out(self, config: Config) -> None:
        assert self.touched(config, "1.md", long(1, 8000, days=31)) == {
            "feed.atom",
            "archive/2026-10.atom",
        }
        tree = make.tree(config.output_folder)
        assert ids(tree["feed.atom"], "feed.atom") == addresses(1)

    def test_an_article_that_shrinks_ends_the_history(self, config: Config) -> None:
        pages = {path for path in make.tree(config.output_folder) if path.startswith("archive/")}
        assert len(pages) == 3 * (len(FORMATS) + 1)  # with those for people
        assert self.touched(config, "1.md", long(1, 10, days=31)) >= {
            "feed.atom",
            "archive/2026-08.atom",
        }
        tree = make.tree(config.output_folder)
        assert ids(tree["feed.rss"], "feed.rss") == addresses(1, 2, 3)
        assert b"<fh:complete/>" in tree["feed.rss"]
        assert not any("archive/" in path for path in tree)

    def test_another_most_shows_more_and_then_the_same_as_before(self, config: Config) -> None:
        before = make.tree(config.output_folder)
        text = config.file.read_text()
        config.file.write_text(text.replace("9500", str(UNLIMITED)))
        build(load_config(config.file))
        tree = make.tree(config.output_folder)
        assert ids(tree["feed.rss"], "feed.rss") == addresses(1, 2, 3)
        assert not any("archive/" in path for path in tree)
        build(config)
        assert documents(make.tree(config.output_folder)) == documents(before)

    def test_a_service_shows_what_fits_after_each_change(self, config: Config) -> None:
        with closing(open_store(config)) as source:
            made = Documents(config, source)
            ingest(config, source, make.NOW)
            for size, shown in ((3000, (1, 2)), (8000, (1,)), (10, (1, 2, 3)), (3000, (1, 2))):
                make.write(config.records_folder / "1.md", long(1, size, days=31))
                ingest(config, source, make.NOW)
                for name in FORMATS:
                    document = made.get(f"feed.{name}", make.NOW)
                    assert document is not None
                    assert ids(document.content, document.path) == addresses(*shown)
                    page = made.get(f"archive/2026-08.{name}", make.NOW)
                    assert (page is None) == (len(shown) == 3)
