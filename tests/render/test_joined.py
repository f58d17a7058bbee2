"""A document joined from entries is to the byte the one that feedgen writes whole."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from feeds.config.site import Site
from feeds.model import STEPS, Article, Feed, Image, Provider, Related
from feeds.records.values import clean
from feeds.render import PageLinks, Style, atom, content, rss
from feeds.render.compiled import EntryInput
from tests.make import NOW, article

TEXT = st.text(min_size=1, max_size=40).map(clean).filter(bool)
MOMENT = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
SIZE = st.none() | st.integers(1, 9999)
ARTICLE = st.builds(
    lambda **facts: Article(**facts),  # hypothesis gives a tuple what it is not told of, too
    path=st.just("a.md"),
    digest=st.just("a"),
    id=st.just("https://example.org/?a=1&b=2"),
    link=st.just("https://example.org/?a=1&b=2#c"),
    title=TEXT,
    published=MOMENT,
    updated=st.none() | MOMENT,
    provider=st.builds(Provider, domain=st.just("example.org"), name=TEXT),
    excerpt=st.just("") | TEXT,
    body=st.just("") | TEXT,
    amp_link=st.none() | st.just("https://example.org/amp?a&b"),
    related=st.lists(
        st.builds(
            Related,
            title=TEXT,
            link=st.just("https://example.org/?c=<d>&e"),
            provider=st.none() | st.builds(Provider, domain=st.just("example.org"), name=TEXT),
        ),
        max_size=2,
    ).map(tuple),
    topics=st.lists(TEXT, max_size=4, unique=True).map(tuple),
    images=st.lists(
        st.builds(
            Image,
            url=st.just("https://example.org/a.png"),
            width=SIZE,
            height=SIZE,
            length=SIZE,
            alt=st.none() | TEXT,
            caption=st.none() | TEXT,
        )
    ).map(tuple),
)
ADDRESS = st.none() | st.just("https://feeds.example.org/archive/2020-11.atom")
PLACE = st.builds(
    PageLinks,
    itself=st.just("https://feeds.example.org/feed.atom"),
    previous=ADDRESS,
    next=ADDRESS,
    current=ADDRESS,
    complete=st.booleans(),
    withdrawn=st.booleans(),
    frequency=st.none() | st.sampled_from(STEPS),
)
STYLE = st.builds(Style, source=st.booleans(), amp=st.booleans())
SITE = st.builds(
    Site,
    title=st.just("R&D <feeds>"),
    base_url=st.just("https://feeds.example.org"),
    language=st.sampled_from(["en", "he"]),
    author=st.none() | st.just("A & B"),
    rights=st.none() | st.just("© us"),
    logo=st.none() | st.just("https://feeds.example.org/logo.png"),
    hubs=st.just(()) | st.just(("https://hub.example.org/", "https://hub2.example.org/?a&b")),
)
INPUT = st.builds(EntryInput, ARTICLE) | ARTICLE.map(
    lambda article: EntryInput(
        article, content.content_of(article), "", content.groups_of(article.images)
    )
)


@given(inputs=st.lists(INPUT, max_size=4), site=SITE, style=STYLE, place=PLACE)
def test_rss_joined_is_what_feedgen_writes_whole(
    inputs: list[EntryInput], site: Site, style: Style, place: PageLinks
) -> None:
    feed = Feed("topics/ai", "AI & <more>", len(inputs), NOW)
    head, tail = rss.frame(feed, site, NOW, place)
    entries = [rss.entry(item, site, style) for item in inputs]
    whole = rss.feed_of(content.head_of(feed, site, NOW, place), site)
    for item in inputs:
        whole.add_entry(rss.entry_of(item, site, style), order="append")
    assert b"".join([head, *entries, tail]) == whole.rss_str()


@given(inputs=st.lists(INPUT, max_size=4), site=SITE, style=STYLE, place=PLACE)
def test_atom_joined_is_what_feedgen_writes_whole(
    inputs: list[EntryInput], site: Site, style: Style, place: PageLinks
) -> None:
    feed = Feed("all", "", len(inputs), NOW)
    head, tail = atom.frame(feed, site, NOW, place)
    entries = [atom.entry(item, site, style) for item in inputs]
    whole = atom.feed_of(content.head_of(feed, site, NOW, place), site)
    for item in inputs:
        whole.add_entry(atom.entry_of(item, site, style), order="append")
    assert b"".join([head, *entries, tail]) == whole.atom_str()


def test_dates_of_rss_need_no_locale() -> None:
    item = article(published=datetime(987, 3, 5, 4, 5, 6, tzinfo=UTC))
    assert b"<pubDate>Mon, 05 Mar 0987 04:05:06 +0000</pubDate>" in rss.entry(
        EntryInput(item), Site(), Style()
    )
