"""Readers read what is published: feedparser and json every document of a large corpus, newsboat a
running service."""

import calendar
import html
import json
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from feeds.build import static
from feeds.config import Config
from feeds.config.site import Site
from feeds.ingest.ingesting import ingest, open_store
from feeds.model import Article, Feed
from feeds.records import read_record
from feeds.render import PageLinks, Style, format_named
from feeds.render.compiled import EntryInput
from feeds.render.content import content_of
from feeds.taxonomies import feeds_of
from feeds.urls import feed_folder, feed_path
from tests import asking, hostile, make
from tests.hostile import cleaned, quoted
from tests.parsers import Newsboat
from tests.serve.test_server import Serving, serving

FORMATS = ("rss", "atom", "json")
XML_FORMATS = ("rss", "atom")  # newsboat 2.21 reads no other
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parsed(document: bytes) -> Any:
    """What feedparser reads in a document: as text came, not as it thinks safe to show."""
    read = feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)
    assert not read.bozo, read.get("bozo_exception")
    return read


def seconds(moment: datetime) -> int:
    """A moment as feedparser knows it, in whole seconds."""
    return calendar.timegm(moment.utctimetuple())


def whole(document: bytes, format_name: str) -> Any:
    """A whole document: as feedparser gives it, or the object of JSON Feed."""
    return json.loads(document) if format_name == "json" else parsed(document)


def entries(read: Any, format_name: str) -> list[Any]:
    """The entries of what was read: feedparser's, or the objects of JSON Feed."""
    items = read["items"] if format_name == "json" else read.entries
    assert isinstance(items, list)
    return items


def rfc3339(text: str) -> int:
    """A date of JSON Feed, in whole seconds."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", text)
    return seconds(datetime.fromisoformat(text))


def facts(entry: Any, format_name: str) -> tuple[object, ...]:
    """What a reader must get of an entry."""
    if format_name == "json":
        moments = (rfc3339(entry["date_published"]), rfc3339(entry["date_modified"]))
        return (entry["id"], entry["title"], entry["url"], *moments)
    updated = (calendar.timegm(entry.updated_parsed),) if format_name == "atom" else ()
    return (entry.id, entry.title, entry.link, calendar.timegm(entry.published_parsed), *updated)


def tags(entry: Any, format_name: str) -> list[str]:
    """The topics that a reader gets of an entry."""
    return (
        list(entry.get("tags", []))
        if format_name == "json"
        else [tag.term for tag in entry.get("tags", [])]
    )


def author(entry: Any, format_name: str) -> str:
    """The author that a reader gets of an entry."""
    if format_name == "json":
        (one,) = entry["authors"]
        return str(one["name"])
    return str(entry.author_detail.name if format_name == "atom" else entry.author)


def words_of(entry: Any, format_name: str) -> list[str]:
    """The words that a reader shows of an entry's HTML."""
    content = (
        entry.get("content_html", "")
        if format_name == "json"
        else "".join(x.value for x in entry.get("content", []))
    )
    return html.unescape(re.sub("<[^>]*>", " ", content)).split()


def facts_of(article: Article, format_name: str) -> tuple[object, ...]:
    """The same of an article."""
    updated = () if format_name == "rss" else (seconds(article.updated or article.published),)
    return (article.id, article.title, article.link, seconds(article.published), *updated)


@pytest.fixture(scope="module", params=[500, pytest.param(5000, marks=pytest.mark.soak)])
def site(
    request: pytest.FixtureRequest, corpora: make.Corpora, tmp_path_factory: pytest.TempPathFactory
) -> Config:
    """The static tree of a corpus, without pages, which no reader of feeds asks for."""
    folder, records = tmp_path_factory.mktemp("corpus"), corpora.of(request.param) / "records"
    config = make.site(folder, {}, f'[records]\npath = "{records}"\n[feeds]\npages = false\n')
    with closing(open_store(config)) as source:
        ingest(config, source, make.NOW)
        static.build(config, source, make.NOW)
    return config


def provider_key(article: Article) -> str:
    """The key of the feed of an article's provider."""
    return f"providers/{article.provider.domain}"


@pytest.fixture(scope="module")
def expected(site: Config) -> dict[str, list[Article]]:
    """What every feed must show, said again in a few lines."""
    records = site.records_folder
    winners: dict[str, Article] = {}
    for file in sorted(records.rglob("*.md")):
        article = read_record(str(file.relative_to(records)), file.read_bytes(), make.NOW).article
        if article is None or article.published > make.NOW:
            continue
        best = winners.get(article.id)
        if best is None or (-seconds(article.published), article.path) < (
            -seconds(best.published),
            best.path,
        ):
            winners[article.id] = article
    spellings = Counter(item for article in winners.values() for item in feeds_of(article).items())
    names: dict[str, str] = {}
    for (key, name), _ in sorted(spellings.items(), key=lambda item: (-item[1], item[0])):
        names.setdefault(key, name)
    feeds: dict[str, list[Article]] = defaultdict(list)
    for article in sorted(
        winners.values(), key=lambda article: (-seconds(article.published), article.id)
    ):
        topics = tuple(names[key] for key in feeds_of(article) if key.startswith("topics/"))
        shown = article._replace(
            topics=topics, provider=article.provider._replace(name=names[provider_key(article)])
        )
        for key in ("all", *feeds_of(article)):
            feeds[key].append(shown)
    return feeds


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_document_of_a_corpus_is_read_as_it_is_meant(
    site: Config, expected: dict[str, list[Article]], format_name: str
) -> None:
    tree = make.tree(site.output_folder)
    documents = {path for path in tree if path.endswith(f".{format_name}")}
    pages = {path for path in documents if make.is_archive(path)}
    assert documents - pages == {feed_path(key, format_name) for key in expected}
    assert len(documents) > 400
    assert len(pages) > 100
    for key, every in expected.items():
        history = sorted(
            (path for path in pages if path.startswith(f"{feed_folder(key)}archive/")), reverse=True
        )
        walked = [
            entry
            for path in history
            for entry in entries(whole(tree[path], format_name), format_name)
        ]
        assert [facts(entry, format_name) for entry in walked] == [
            facts_of(x, format_name) for x in (every if len(every) > 50 else ())
        ]
        articles = every[:50]
        read = whole(tree[feed_path(key, format_name)], format_name)
        shown = entries(read, format_name)
        assert [facts(entry, format_name) for entry in shown] == [
            facts_of(x, format_name) for x in articles
        ]
        assert [tags(entry, format_name) for entry in shown] == [
            list(dict.fromkeys(filter(None, (one.category, *one.topics)))) for one in articles
        ]
        assert [author(entry, format_name) for entry in shown] == [
            article.provider.name for article in articles
        ]
        if format_name == "json":
            assert read["version"] == "https://jsonfeed.org/version/1.1"
            assert read["feed_url"] == f"https://feeds.example.org/{feed_path(key, format_name)}"
            continue
        assert read.version == {"rss": "rss20", "atom": "atom10"}[format_name]
        assert read.encoding == "utf-8"
        newest = max(article.changed for article in articles)
        assert calendar.timegm(read.feed.updated_parsed) == seconds(newest)


CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.lists(
    st.one_of(st.sampled_from(hostile.TEXTS), st.text(CHARACTERS, max_size=12)), max_size=6
).map("".join)


def published(record: str, format_name: str) -> tuple[Article, Any]:
    """The article of a record, and the only entry of a document with it, as a reader gets it."""
    reading = read_record("1.md", record.encode(), make.NOW)
    assert reading.article is not None, reading.faults
    article, form = reading.article, format_named(format_name)
    site = Site(base_url="https://feeds.example.org")
    place = PageLinks(site.address(feed_path("topics/x", format_name)))
    head, tail = form.frame(
        Feed("topics/x", article.title, 1, article.changed), site, article.changed, place
    )
    document = head + form.entry(EntryInput(article, content_of(article)), site, Style()) + tail
    read = whole(document, format_name)
    title = read["title"] if format_name == "json" else read.feed.title
    assert title == f"{article.title} · Feeds"
    (entry,) = entries(read, format_name)
    return article, entry


def check(
    format_name: str,
    title: str,
    excerpt: str,
    topic: str,
    published_at: datetime,
    update: int | None,
) -> None:
    """A record with these texts comes back from a document with each of them."""
    title, topic = f"T{title}", f"T{topic}"
    updated = (
        None if update is None else datetime.fromtimestamp(published_at.timestamp() + update, UTC)
    )
    record = make.record(
        title=quoted(title),
        excerpt=quoted(excerpt),
        topics=f"[{quoted(topic)}]",
        provider=f"{{domain: example.org, name: {quoted(title)}}}",
        webUrl=quoted("https://example.org/a?b=<c>&d=\"e\"&f='g'&h=ü#]]>"),
        publishedDateTime=published_at.isoformat(),
        updatedDateTime=None if updated is None or updated > make.NOW else updated.isoformat(),
    )
    article, entry = published(record, format_name)
    folded = " ".join(cleaned(title).split())
    assert article.title == folded
    assert facts(entry, format_name) == facts_of(article, format_name)
    link = entry["url" if format_name == "json" else "link"]
    assert entry["id"] == article.id == "https://example.org/a?b=%3Cc%3E&d=%22e%22&f='g'&h=%C3%BC"
    assert link == article.link
    assert re.fullmatch(r"[!-~]+#[!-~]+", link)
    assert author(entry, format_name) == folded
    names = ["news", " ".join(cleaned(topic).split())]
    assert tags(entry, format_name) == list(dict.fromkeys(names))
    assert words_of(entry, format_name) == cleaned(excerpt).split()
    summary = entry.get("summary", "")
    assert (html.unescape(summary) if format_name == "rss" else summary) == cleaned(excerpt)


@pytest.mark.parametrize("format_name", FORMATS)
@given(
    title=TEXTS,
    excerpt=TEXTS,
    topic=TEXTS,
    published_at=st.integers(0, seconds(make.NOW) * 1_000_000).map(
        lambda n: EPOCH + timedelta(microseconds=n)
    ),
    update=st.none() | st.integers(0, 10**9),
)
@example(title="", excerpt="&amp;lt;", topic="", published_at=make.NOW, update=None)
@example(
    title="<i>x</i> &amp; &copy;",
    excerpt="<p>x</p>",
    topic="a,b|c",
    published_at=make.NOW,
    update=0,
)
def test_any_text_comes_back(
    format_name: str,
    title: str,
    excerpt: str,
    topic: str,
    published_at: datetime,
    update: int | None,
) -> None:
    # feedparser takes text that could be UTF-8 read as Latin-1 for just that, and mends it
    # (mixin.py, pop).
    assume(not any(seems_misread(text) for text in (title, excerpt, topic)))
    check(format_name, title, excerpt, topic, published_at, update)


def seems_misread(text: str) -> bool:
    """Whether a text, taken for Latin-1, would be UTF-8 that says something else."""
    try:
        return cleaned(text).encode("iso-8859-1").decode() != cleaned(text)
    except UnicodeError:
        return False


@dataclass
class Recorded:
    """A reverse proxy before a service, and what passed through it: path, whether it was
    conditional, status."""

    url: str
    passed: list[tuple[str, bool, int]] = field(default_factory=list)

    def taken(self) -> list[tuple[str, bool, int]]:
        """What passed since this was last asked."""
        some, self.passed[:] = list(self.passed), []
        return some


@contextmanager
def recording(service: Serving) -> Iterator[Recorded]:
    """Run a reverse proxy on a free port of loopback."""

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            kept = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("connection", "host")
            }
            answer = asking.get(service.url + self.path, **{**kept, "Accept-Encoding": "identity"})
            conditional = "If-None-Match" in self.headers and "If-Modified-Since" in self.headers
            recorded.passed.append((self.path, conditional, answer.status_code))
            self.send_response_only(answer.status_code)
            for name, value in answer.headers.items():
                if name not in ("connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        recorded = Recorded(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield recorded
        finally:
            server.shutdown()
            thread.join()


def shown(*records: tuple[int, str]) -> set[tuple[str, str, str, int]]:
    """The items that newsboat shows of records, by number and title."""
    addresses = {n: f"https://example.org/{n}" for n, _ in records}
    return {
        (addresses[n], title, addresses[n], seconds(make.NOW) - 3600 * n) for n, title in records
    }


@pytest.mark.parametrize("format_name", XML_FORMATS)
def test_newsboat_subscribes_and_gets_each_article_once(tmp_path: Path, format_name: str) -> None:
    make.program("newsboat")
    title = "R&D <b>bold</b> ]]> 東京 🚀"
    records: dict[str, str | bytes] = {
        "1.md": make.record(1),
        "2.md": make.record(2, title=quoted(title), updatedDateTime="2026-11-23T11:00:00Z"),
        "3.md": make.record(3, topics="[Other]"),
        "4.md": make.record(4, published="false"),
    }
    config = make.site(tmp_path, records)
    path = f"/topics/ai/feed.{format_name}"
    with serving(config) as service, recording(service) as proxy:
        newsboat = Newsboat(tmp_path / "newsboat", proxy.url + path)
        newsboat.reload()
        assert newsboat.items() == shown((1, "Article 1"), (2, title))
        assert proxy.taken() == [(path, False, 200)]

        newsboat.reload()
        newsboat.reload()
        # newsboat 2.21 keeps validators from its second answer on, and asks under condition from
        # then.
        *_, last = proxy.taken()
        assert last == (path, True, 304)
        newsboat.reload()
        assert proxy.taken() == [(path, True, 304)]

        make.write(
            config.records_folder / "3.md", make.record(3, topics="[Other]", title="Changed")
        )
        service.until("/topics/other/feed.rss", lambda response: "Changed" in response.text)
        newsboat.reload()
        assert proxy.taken() == [(path, True, 304)]  # a change elsewhere is none here

        make.write(config.records_folder / "5.md", make.record(5))
        service.until(path, lambda response: "Article 5" in response.text)
        newsboat.reload()
        # whole, though newsboat sends `A-IM: feed` (RFC 3229)
        assert proxy.taken() == [(path, True, 200)]
        assert newsboat.items() == shown((1, "Article 1"), (2, title), (5, "Article 5"))

        newsboat.reload()
        assert proxy.taken() == [(path, True, 304)]


def test_newsboat_shows_no_new_item_after_any_edit(tmp_path: Path) -> None:
    make.program("newsboat")
    config = make.site(tmp_path, {f"{n}.md": make.record(n) for n in (1, 2)})
    folder, keys = config.records_folder, dict[str, str]()
    with serving(config) as service:
        newsboat = Newsboat(
            tmp_path / "newsboat", f"{service.url}/feed.atom", f"{service.url}/feed.rss"
        )
        newsboat.reload()
        before = {guid for guid, *_ in newsboat.items()}
        edits = {
            "webUrl": "https://elsewhere.example/moved",
            "title": "Edited",
            "publishedDateTime": "2026-10-01",
            "previousUrls": "[https://example.org/older]",
        }
        for key, value in edits.items():
            keys[key] = value
            make.write(folder / "1.md", make.record(1, **keys))
            text = {"publishedDateTime": "2026-10-01T00:00:00Z", "previousUrls": "Edited"}.get(
                key, value
            )
            service.until("/feed.json", lambda response, text=text: text in response.text)  # type: ignore[misc]
            newsboat.reload()
            assert {guid for guid, *_ in newsboat.items()} == before
        (folder / "1.md").rename(folder / "renamed.md")
        make.write(folder / "2.md", make.record(2, title="Told last"))
        service.until("/feed.json", lambda response: "Told last" in response.text)
        newsboat.reload()
        assert {guid for guid, *_ in newsboat.items()} == before
    assert before == {"https://example.org/1", "https://example.org/2"}
