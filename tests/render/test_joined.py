"""A document joined from entries is to the byte the one that feedgen writes whole, whatever was rendered before it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.model import Article, Feed, Image, Provider, Related, slug
from feeds.records.shape import clean
from feeds.render import Place, Style, atom, content, rss, stencil
from feeds.render.stencil import Told
from feeds.rhythm import STEPS
from feeds.site import Site
from tests.make import NOW, article

TEXT = st.text(min_size=1, max_size=40).map(clean).filter(bool)
MOMENT = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
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
        st.builds(Image, url=st.just("https://example.org/a.png"), width=SIZE, height=SIZE, length=SIZE)
    ).map(tuple),
)
ADDRESS = st.none() | st.just("https://feeds.example.org/archive/2020-11.atom")
PLACE = st.builds(
    Place,
    itself=st.just("https://feeds.example.org/feed.atom"),
    previous=ADDRESS,
    next=ADDRESS,
    current=ADDRESS,
    complete=st.booleans(),
    withdrawn=st.booleans(),
    rhythm=st.none() | st.sampled_from(STEPS),
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


TOLD = st.builds(Told, ARTICLE) | ARTICLE.map(lambda article: Told(article, content.content_of(article)))


@given(told=st.lists(TOLD, max_size=4), site=SITE, style=STYLE, place=PLACE)
def test_rss_joined_is_what_feedgen_writes_whole(told: list[Told], site: Site, style: Style, place: Place) -> None:
    feed = Feed("topics/ai", "AI & <more>", len(told), NOW)
    head, tail = rss.frame(feed, site, NOW, place)
    entries = [rss.entry(item, site, style) for item in told]
    whole = rss.feed_of(feed, site, NOW, place)
    for item in told:
        whole.add_entry(rss.entry_of(item, site, style), order="append")
    assert b"".join([head, *entries, tail]) == whole.rss_str()


@given(told=st.lists(TOLD, max_size=4), site=SITE, style=STYLE, place=PLACE)
def test_atom_joined_is_what_feedgen_writes_whole(told: list[Told], site: Site, style: Style, place: Place) -> None:
    feed = Feed("all", "", len(told), NOW)
    head, tail = atom.frame(feed, site, NOW, place)
    entries = [atom.entry(item, site, style) for item in told]
    whole = atom.feed_of(feed, site, NOW, place)
    for item in told:
        whole.add_entry(atom.entry_of(item, site, style), order="append")
    assert b"".join([head, *entries, tail]) == whole.atom_str()


def test_dates_of_rss_need_no_locale() -> None:
    item = article(published=datetime(987, 3, 5, 4, 5, 6, tzinfo=UTC))
    assert b"<pubDate>Mon, 05 Mar 0987 04:05:06 +0000</pubDate>" in rss.entry(Told(item), Site(), Style())


WORD = (
    st.text(st.sampled_from("ab&<>\"'%\n\t\u00a0é\ue000") | st.characters(), min_size=1, max_size=12)
    .map(clean)
    .filter(bool)
)


def with_other_words(article: Article, draw: Callable[[], str]) -> Article:
    """One of the same shape, of which every word is another."""
    return article._replace(
        title=draw(),
        excerpt=draw() if article.excerpt else "",
        provider=Provider("example.net", draw()),
        topics=tuple(draw() for _ in article.topics),
        related=tuple(Related(draw(), f"https://example.net/?{index}&b") for index, _ in enumerate(article.related)),
        published=article.published + timedelta(hours=7),
        images=tuple(image._replace(url="https://example.org/%20?b&c=.png") for image in article.images[:1]),
    )


@pytest.mark.parametrize("form", [rss, atom], ids=["rss", "atom"])
@given(data=st.data(), first=ARTICLE, whole=st.booleans(), site=SITE, style=STYLE)
def test_an_entry_is_the_same_whichever_of_its_shape_came_first(
    form: Any, data: st.DataObject, first: Article, whole: bool, site: Site, style: Style
) -> None:
    first = first._replace(images=first.images[:1], published=min(first.published, NOW))
    other = with_other_words(first, lambda: data.draw(WORD))
    stencil.forget()
    written = content.content_of if whole else lambda _: ""
    alone = form.entry(Told(other, written(other)), site, style)
    stencil.forget()
    form.entry(Told(first, written(first)), site, style)
    assert form.entry(Told(other, written(other)), site, style) == alone


@pytest.mark.parametrize("form", [rss, atom], ids=["rss", "atom"])
@given(names=st.tuples(WORD, WORD), site=SITE, place=PLACE, said=st.booleans(), page=st.booleans(), all_=st.booleans())
def test_a_frame_is_the_same_whichever_of_its_shape_came_first(
    form: Any, names: tuple[str, str], site: Site, place: Place, said: bool, page: bool, all_: bool
) -> None:
    one, other = (
        Feed("all" if all_ else f"topics/{slug(name)}", name, 3, NOW, description=name if said else "", page=page)
        for name in names
    )
    there = place._replace(itself="https://feeds.example.org/?a&b", previous=place.previous and f"{place.previous}?&")
    stencil.forget()
    alone = form.frame(other, site, NOW, there)
    stencil.forget()
    form.frame(one, site, NOW + timedelta(days=1), place)
    assert form.frame(other, site, NOW, there) == alone


def test_most_entries_are_filled_in() -> None:
    stencil.forget()
    for number in range(3):
        rss.entry(Told(article(title=f"{number} & <more>")), Site(), Style())
    assert [found is not None for found in stencil.known()] == [True]


def test_a_site_whose_words_look_like_marks_has_its_entries_rendered_one_by_one() -> None:
    stencil.forget()
    site = Site(base_url="https://feeds.example.org/10000004")
    images = [(Image("https://x.org/a.png", width, 9),) for width in (1, 2)]
    made = [rss.entry(Told(article(images=some)), site, Style()) for some in images]
    assert [b'width="1"' in made[0], b'width="2"' in made[1]] == [True, True]
    assert all(b"https://feeds.example.org/10000004/providers/" in entry for entry in made)
