"""A document joined from entries is to the byte the one that feedgen writes whole."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from feeds.config import Site
from feeds.model import Article, Feed, Image, Provider
from feeds.records.shape import clean
from feeds.render import atom, rss
from tests.make import NOW, article

TEXT = st.text(min_size=1, max_size=40).map(clean).filter(bool)
MOMENT = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
SIZE = st.none() | st.integers(1, 9999)
ARTICLE = st.builds(
    Article,
    path=st.just("a.md"),
    digest=st.just("a"),
    id=st.just("https://example.org/?a=1&b=2"),
    link=st.just("https://example.org/?a=1&b=2#c"),
    title=TEXT,
    published=MOMENT,
    updated=st.none() | MOMENT,
    provider=st.builds(Provider, domain=st.just("example.org"), name=TEXT),
    excerpt=st.just("") | TEXT,
    topics=st.lists(TEXT, max_size=4, unique=True).map(tuple),
    images=st.lists(st.builds(Image, url=st.just("https://example.org/a.png"), width=SIZE, height=SIZE)).map(tuple),
)
SITE = st.builds(
    Site,
    title=st.just("R&D <feeds>"),
    base_url=st.just("https://feeds.example.org"),
    language=st.sampled_from(["en", "he"]),
    author=st.none() | st.just("A & B"),
    rights=st.none() | st.just("© us"),
    logo=st.none() | st.just("https://feeds.example.org/logo.png"),
)


@given(articles=st.lists(ARTICLE, max_size=4), site=SITE, has_source=st.booleans())
def test_rss_joined_is_what_feedgen_writes_whole(articles: list[Article], site: Site, has_source: bool) -> None:
    feed = Feed("topics/ai", "AI & <more>", len(articles), NOW)
    head, tail = rss.frame(feed, site, NOW)
    entries = [rss.entry(item, site, has_source=has_source) for item in articles]
    whole = rss.feed_of(feed, site, NOW)
    for item in articles:
        whole.add_entry(rss.entry_of(item, site, has_source=has_source), order="append")
    assert b"".join([head, *entries, tail]) == whole.rss_str()


@given(articles=st.lists(ARTICLE, max_size=4), site=SITE)
def test_atom_joined_is_what_feedgen_writes_whole(articles: list[Article], site: Site) -> None:
    feed = Feed("all", "", len(articles), NOW)
    head, tail = atom.frame(feed, site, NOW)
    entries = [atom.entry(item, site, has_source=True) for item in articles]
    whole = atom.feed_of(feed, site, NOW)
    for item in articles:
        whole.add_entry(atom.entry_of(item, site), order="append")
    assert b"".join([head, *entries, tail]) == whole.atom_str()


def test_dates_of_rss_need_no_locale() -> None:
    item = article(published=datetime(987, 3, 5, 4, 5, 6, tzinfo=UTC))
    assert b"<pubDate>Mon, 05 Mar 0987 04:05:06 +0000</pubDate>" in rss.entry(item, Site(), has_source=False)
