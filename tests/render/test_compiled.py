"""Compiled templates give, to the byte, what feedgen makes, and no article or feed shows a
value of another."""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feeds.config.site import Site
from feeds.model import STEPS, Article, Feed, Image, Provider, Related
from feeds.records.values import clean
from feeds.render import PageLinks, Style, atom, compiled, rss, xml
from feeds.render.compiled import DECLARED, EntryInput, Kind, Templates
from feeds.render.content import Head
from tests.make import NOW, article
from tests.render.test_joined import SITE, STYLE

WORD = (
    st.text(
        st.sampled_from("ab&<>\"'%\n\t\u00a0é\ue000") | st.characters(), min_size=1, max_size=12
    )
    .map(clean)
    .filter(bool)
)
MOMENT = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
# Two values that differ, of each kind of value that may be shown.
WORDS = st.lists(WORD, min_size=2, max_size=2, unique=True)
NUMBERS = st.lists(st.integers(1, 9999), min_size=2, max_size=2, unique=True)
MOMENTS = st.lists(MOMENT, min_size=2, max_size=2, unique=True)
ENDING = st.sampled_from(["", ".png", ".PNG?a=1&b=2", ".jpg", ".webp#c"])

Draw = Callable[[st.SearchStrategy[Any]], Any]
Pair = tuple[Any, Any]


def addresses(draw: Draw, ending: str = "") -> Pair:
    """Two addresses that differ."""
    one, other = draw(NUMBERS)
    return f"https://example.org/{one}/a&b{ending}", f"https://example.net/{other}/%20{ending}"


def maybe(draw: Draw, pair: Pair, absent: Any) -> Pair:
    """Both values, or that both are absent."""
    return pair if draw(st.booleans()) else (absent, absent)


def several(draw: Draw, pair: Callable[[], Pair], most: int = 3) -> Pair:
    """Two tuples of as many values."""
    pairs = [pair() for _ in range(draw(st.integers(0, most)))]
    return tuple(one for one, _ in pairs), tuple(other for _, other in pairs)


def of_fields(kind: Any, **pairs: Pair) -> Pair:
    """Two values of a type, of the first and of the second value of each field: every field has to
    be named."""
    assert set(pairs) == set(kind._fields)
    return kind(**{name: one for name, (one, _) in pairs.items()}), kind(
        **{name: other for name, (_, other) in pairs.items()}
    )


def _categories(words: list[str]) -> Pair:
    """Two categories: no topic is as long."""
    one, other = words
    return f"the category {one}", f"the category {other}"


@st.composite
def articles(draw: Draw) -> tuple[Article, Article]:
    """Two articles of one shape that differ in every field that is present."""

    def provider() -> Pair:
        return of_fields(
            Provider, domain=("example.org", "xn--bcher-kva.example"), name=draw(WORDS)
        )

    def image() -> Pair:
        sizes = {name: maybe(draw, draw(NUMBERS), None) for name in ("width", "height", "length")}
        said = {name: maybe(draw, draw(WORDS), None) for name in ("alt", "caption")}
        return of_fields(Image, url=addresses(draw, draw(ENDING)), **sizes, **said)

    def related() -> Pair:
        return of_fields(
            Related,
            title=draw(WORDS),
            link=addresses(draw),
            provider=draw(st.permutations([None, provider()[0]])),
        )

    link = addresses(draw)
    return of_fields(
        Article,
        path=draw(WORDS),
        digest=draw(WORDS),
        id=link
        if draw(st.booleans())
        else draw(NUMBERS.map(lambda numbers: [f"id:{number}&" for number in numbers])),
        link=link,
        title=draw(WORDS),
        published=draw(MOMENTS),
        provider=provider(),
        updated=maybe(draw, draw(MOMENTS), None),
        excerpt=maybe(draw, draw(WORDS), ""),
        body=draw(st.permutations(["", *draw(WORDS)[:1]])),
        category=maybe(draw, draw(WORDS.map(_categories)), None),
        topics=several(draw, lambda: draw(WORDS)),
        images=several(draw, image),
        related=several(draw, related),
        original_link=draw(st.permutations([None, *addresses(draw)[:1]])),
        amp_link=maybe(draw, addresses(draw), None),
        cdn_amp_link=draw(st.permutations([None, *addresses(draw)[:1]])),
        quality=draw(st.permutations([None, 0.5])),
        heat=(0.25, 0.75),
        given_id=draw(st.permutations([None, *draw(WORDS)[:1]])),
        previous=draw(st.permutations([(), addresses(draw)])),
        withdrawn=(draw(st.booleans()),) * 2,
        expires=draw(st.permutations([None, *draw(MOMENTS)[:1]])),
        html=draw(st.permutations([None, "<p>Text</p>"])),
    )


@st.composite
def heads(draw: Draw) -> tuple[Head, Head]:
    """Two heads of one shape that differ in every field that is present."""
    place = of_fields(
        PageLinks,
        itself=addresses(draw),
        previous=maybe(draw, addresses(draw), None),
        next=maybe(draw, addresses(draw), None),
        current=maybe(draw, addresses(draw), None),
        complete=(draw(st.booleans()),) * 2,
        withdrawn=(draw(st.booleans()),) * 2,
        frequency=(draw(st.sampled_from([None, *STEPS])),) * 2,
    )
    return of_fields(
        Head,
        id=addresses(draw),
        title=draw(WORDS),
        subtitle=draw(WORDS),
        page=addresses(draw),
        image=maybe(draw, addresses(draw, draw(ENDING)), None),
        is_styled=(draw(st.booleans()),) * 2,
        updated=draw(MOMENTS),
        place=place,
    )


@pytest.mark.parametrize(
    ("form", "written"), [(rss, "rss_str"), (atom, "atom_str")], ids=["rss", "atom"]
)
@given(pair=heads(), site=SITE)
def test_the_frame_of_each_of_two_feeds_of_one_shape_is_as_feedgen_makes_it(
    form: Any, written: str, pair: tuple[Head, Head], site: Site
) -> None:
    def feedgens_own(head: Head, site: Site) -> bytes:
        whole: bytes = getattr(form.feed_of(head, site), written)()
        return whole

    compiled.FRAMES.forget()
    for _ in range(2):
        for head in pair:
            assert compiled.frame(feedgens_own, head, site) == feedgens_own(head, site)


def test_feeds_share_a_template() -> None:
    compiled.FRAMES.forget()
    for name in ("A", "B & <c>", "D"):
        atom.frame(Feed("topics/a", name, 1, NOW), Site(), NOW, PageLinks("https://a.example/"))
    assert [template is not None for template in compiled.FRAMES.compiled] == [True]


def rss_entry(given: EntryInput, site: Site, style: Style) -> bytes:
    """What feedgen makes of an article, without a template."""
    entry = (
        rss.withdrawn_of(given.article)
        if given.article.withdrawn
        else rss.entry_of(given, site, style)
    )
    return xml.cut_out(entry.rss_entry())


def atom_entry(given: EntryInput, site: Site, style: Style) -> bytes:
    """What feedgen makes of an article, without a template."""
    entry = (
        atom.withdrawn_of(given.article)
        if given.article.withdrawn
        else atom.entry_of(given, site, style)
    )
    return xml.cut_out(entry.atom_entry())


@pytest.mark.parametrize(
    ("form", "feedgens_own"), [(rss, rss_entry), (atom, atom_entry)], ids=["rss", "atom"]
)
@given(pair=articles(), html=WORDS, whole=st.booleans(), site=SITE, style=STYLE)
def test_each_of_two_articles_of_one_shape_is_rendered_as_feedgen_does(
    form: Any,
    feedgens_own: Callable[[EntryInput, Site, Style], bytes],
    pair: tuple[Article, Article],
    html: list[str],
    whole: bool,
    site: Site,
    style: Style,
) -> None:
    one, other = (
        EntryInput(article, content if whole else "")
        for article, content in zip(pair, html, strict=True)
    )
    compiled.ENTRIES.forget()
    for _ in range(2):  # the first article is rendered by the template, too
        for item in (one, other):
            # What Atom writes beside what is left of an article, a tombstone, is no feedgen's.
            made = form.entry(item, site, style)
            expected = feedgens_own(item, site, style)
            assert (
                made.startswith(expected)
                if item.article.withdrawn and form is atom
                else made == expected
            )


@given(pair=articles(), whole=st.booleans())
def test_articles_that_differ_in_every_value_share_a_template(
    pair: tuple[Article, Article], whole: bool
) -> None:
    one, other = (
        EntryInput(article._replace(images=article.images[:1]), "<p>" if whole else "")
        for article in pair
    )
    compiled.ENTRIES.forget()
    rss.entry(one, Site(), Style())
    rss.entry(other, Site(), Style())
    assert [template is not None for template in compiled.ENTRIES.compiled] == [True]


@pytest.mark.parametrize("category", [None, "AI", "Tides", "a&b"])
def test_a_category_that_is_a_topic_too_is_shown_once(category: str | None) -> None:
    topics = ("AI", "Tides")
    shown = {**dict.fromkeys([category] if category else []), **dict.fromkeys(topics)}
    compiled.ENTRIES.forget()
    for n in (1, 2):  # the second by the template
        given = EntryInput(article(n, category=category, topics=topics))
        for form, name in ((rss, "category"), (atom, "category")):
            parts = etree.fromstring(b"<x xmlns:dc='d'>%b</x>" % form.entry(given, Site(), Style()))
            found = [part.text or part.get("term") for part in parts.iter(name)]
            assert found == list(shown)


@pytest.mark.parametrize("kind", [EntryInput, Article, Provider, Image, Related, Head, PageLinks])
def test_every_field_is_declared(kind: Any) -> None:
    undeclared = set(kind.__match_args__) - set(DECLARED[kind])
    assert not undeclared, (
        f"say in feeds/render/compiled.py what these fields of {kind.__name__} are in a template"
    )
    assert set(DECLARED[kind]) <= set(kind.__match_args__), "declared, and no field"


READING: dict[str, Callable[[Article], object]] = {
    "its value": lambda item: item.original_link,
    "whether it is there": lambda item: item.original_link is not None,
    "whether it is another than the link": lambda item: item.original_link != item.link,
    "its place in the tuple": lambda item: item[Article._fields.index("original_link")],
}


@pytest.mark.parametrize("read", READING.values(), ids=READING)
@pytest.mark.parametrize("first", [None, "https://example.org/1", "https://example.net/original"])
def test_a_format_that_shows_a_field_declared_irrelevant_gives_each_article_its_own(
    read: Callable[[Article], object], first: str | None
) -> None:
    def render(given: EntryInput, site: Site, style: Style) -> bytes:
        return f"{given.article.title}: {read(given.article)}".encode()

    originals = [
        first,
        None,
        "https://example.org/1",
        "https://example.net/other",
        "https://example.net/original",
    ]
    inputs = [EntryInput(article(original_link=original)) for original in originals]
    made = [compiled.entry(render, one, Site(), Style()) for one in inputs]
    assert made == [render(one, Site(), Style()) for one in inputs]


class Note(NamedTuple):
    """An input with a field that may be declared or not."""

    title: str
    mood: Hashable = None


@pytest.mark.parametrize(
    "moods", [("glad", "sad", None), (None, "sad", ""), (1, 2, 1), ((), ("a", "b"), ("b", "a"))]
)
@pytest.mark.parametrize(
    "declared", [{"title": Kind.TEXT}, {"title": Kind.TEXT, "mood": Kind.IRRELEVANT}, {}]
)
def test_a_field_that_is_not_declared_is_never_that_of_another(
    declared: dict[str, Kind], moods: tuple[Hashable, ...]
) -> None:
    def render(note: Note) -> bytes:
        return f"{note.title} is {note.mood!r}".encode()

    templates = Templates(Note, {Note: declared})
    notes = [Note(title, mood) for mood in moods for title in ("A", "B & C")]
    assert [templates.render(render, note, templates.read(note)) for note in notes] == [
        render(note) for note in notes
    ]


def test_inputs_that_differ_in_an_undeclared_field_do_not_share_a_template() -> None:
    templates = Templates(Note, {Note: {"title": Kind.TEXT}})
    keys = {
        templates.read(Note(title, mood)).key for title in ("A", "B") for mood in ("glad", "sad")
    }
    assert len(keys) == 2


def test_a_site_whose_words_look_like_placeholders_has_its_entries_rendered_one_by_one() -> None:
    site = Site(base_url="https://feeds.example.org/10000004")
    images = [(Image("https://x.org/a.png", width, 9),) for width in (1, 2)]
    made = [rss.entry(EntryInput(article(images=some)), site, Style()) for some in images]
    assert [b'width="1"' in made[0], b'width="2"' in made[1]] == [True, True]
    assert all(b"https://feeds.example.org/10000004/providers/" in entry for entry in made)
