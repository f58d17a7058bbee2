"""What is visible, in which feed, in which order: held against an oracle of ten lines, and against
the corpus."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from feeds import selection, store
from feeds.config import Config
from feeds.config.feeds import OwnFeed, Rule
from feeds.ingest.ingesting import ingest, open_store
from feeds.model import Article, Feed, Provider, Related
from feeds.records import Fault, Reading, read_record
from feeds.selection import Pick
from feeds.sources.folder import ScannedFile
from feeds.store import Store, ids
from feeds.store import tables as schema
from feeds.store.database import VISIBLE_AT
from feeds.taxonomies import TAXONOMIES, feeds_of
from feeds.urls import EVERYTHING, address_digest, feed_key, feed_path, fold
from tests import make

HOUR = timedelta(hours=1)
LONG_AGO = make.NOW - 100 * HOUR
TIMES = st.sampled_from(
    [make.NOW + n * HOUR for n in range(-4, 3)] + [make.NOW + timedelta(minutes=1)]
)
TOPICS = [
    "AI",
    "ai",
    "Ai",
    "Computer Vision",
    "computer-vision",
    "COMPUTER  VISION",
    "C",
    "C#",
    "C++",
    "Ölpreis",
]
NUMBERS = st.none() | st.sampled_from([0.0, 1.0, 49.5, 50.0, 99.0])
ARTICLES = st.builds(
    lambda n, address, published, after, expires, topics, category, provider, related, quality, heat: (
        make.article(
            n,
            link=f"https://example.org/{address}",
            published=published,
            updated=None if after is None else published + after * HOUR,
            expires=expires,
            topics=tuple(topics),
            category=category,
            provider=provider,
            related=tuple(Related("Other", f"https://example.org/{one}") for one in related),
            quality=quality,
            heat=heat,
        )
    ),
    n=st.integers(1, 30),
    address=st.sampled_from(["a", "b", "B", "a/c", "é", "aa"]),
    published=TIMES,
    after=st.none() | st.integers(0, 4),
    expires=st.none() | TIMES,
    topics=st.lists(st.sampled_from(TOPICS), max_size=3, unique=True),
    category=st.none() | st.sampled_from(["news", "News", "video"]),
    related=st.lists(st.sampled_from(["a", "a#part", "z"]), max_size=2),
    provider=st.builds(
        Provider, st.sampled_from(["a.org", "b.org"]), st.sampled_from(["A", "a", "Á"])
    ),
    quality=NUMBERS,
    heat=NUMBERS,
)
CORPUS = st.lists(ARTICLES, max_size=14, unique_by=lambda article: article.path)

KEYS = [
    "topics/ai",
    "topics/c",
    feed_key("topics", "C#"),
    "categories/news",
    "providers/b.org",
    "topics/unknown",
]
OWN_FEEDS = st.builds(
    OwnFeed,
    key=st.just("own"),
    title=st.just("Own"),
    description=st.sampled_from([None, "Some"]),
    topics=st.lists(st.sampled_from([*TOPICS, "Unknown"]), max_size=3, unique_by=fold),
    providers=st.lists(st.sampled_from(["a.org", "B.org", "c.org"]), max_size=2, unique=True),
    categories=st.lists(st.sampled_from(["NEWS", "video", "Unknown"]), max_size=2, unique=True),
    exclude=st.lists(st.sampled_from(KEYS), max_size=2, unique=True),
    min_quality=NUMBERS,
    min_heat=NUMBERS,
    order=st.sampled_from(["published", "heat"]),
    limit=st.none() | st.integers(1, 4),
)


def changed(article: Article, now: datetime) -> datetime:
    """When an article last changed for its readers, as they know it now."""
    return (
        article.updated
        if article.updated is not None and article.updated <= now
        else article.published
    )


def oracle(articles: Iterable[Article], now: datetime) -> dict[str, tuple[str, list[Article]]]:
    """Every feed by key: the name it goes by, and all of its articles in their order."""
    winners: dict[str, Article] = {}
    by_path = sorted(articles, key=lambda one: one.path, reverse=True)
    for one in sorted(by_path, key=lambda one: one.published):
        if one.published <= now and (one.expires is None or now < one.expires):
            winners[one.id] = one._replace(expires=None)  # an article does not tell it
    found: dict[str, tuple[Counter[str], list[Article]]] = {}
    for one in sorted(winners.values(), key=lambda one: (make.NOW - one.published, one.id)):
        for key, name in {EVERYTHING: "", **feeds_of(one)}.items():
            names, shown = found.setdefault(key, (Counter(), []))
            names[name] += 1
            shown.append(one)
    return {
        key: (min(names, key=lambda name: (-names[name], name)), shown)
        for key, (names, shown) in found.items()
    }


def own_oracle(own: OwnFeed, articles: Iterable[Article], now: datetime) -> list[Article]:
    """All articles of a feed of the publisher's own, in their order: unions, their intersection,
    and what is left."""

    def held(one: Article) -> bool:
        carried = (
            {fold(name) for name in one.topics},
            {fold(one.provider.domain)},
            {fold(one.category or "")},
        )
        said = own.model_dump()
        asked = ({fold(name) for name in said[kind]} for kind in TAXONOMIES)
        met = all(not wanted or wanted & some for wanted, some in zip(asked, carried, strict=True))
        numbers = ((own.min_quality, one.quality), (own.min_heat, one.heat))
        enough = all(least is None or (got is not None and got >= least) for least, got in numbers)
        return met and enough and not feeds_of(one).keys() & set(own.exclude)

    found = [one for one in oracle(articles, now).get(EVERYTHING, ("", []))[1] if held(one)]
    return (
        sorted(found, key=lambda one: 1 if one.heat is None else -one.heat)
        if own.order == "heat"
        else found
    )


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that the examples of a property share."""
    opened = Store(tmp_path_factory.mktemp("selection") / "store.sqlite", "selection")
    yield opened
    opened.close()


def fill(
    source: Store, *batches: list[Article], now: datetime = LONG_AGO, rules: Sequence[Rule] = ()
) -> None:
    """Make the store hold the batches, put one after the other, and visibility refreshed after each."""
    with source.writing() as connection:
        never_refreshed(connection)
        store.remove(connection, list(store.known_files(connection)))
        for batch in batches:
            readings = [
                make.filed(ScannedFile(one.path, 1, 1), Reading(one.path, one.digest, one, ()))
                for one in batch
            ]
            store.put(connection, readings)
            selection.refresh_visibility(connection, rules, now)


def never_refreshed(connection: Connection) -> None:
    """Have a store whose visibility is decided of all records the next time."""
    connection.execute(delete(schema.facts).where(schema.facts.c.name == VISIBLE_AT))


@contextmanager
def at(source: Store, now: datetime, rules: Sequence[Rule] = ()) -> Iterator[Connection]:
    """The store as it is at a moment."""
    with source.writing() as connection:
        selection.refresh_visibility(connection, rules, now)
        assert selection.is_current(connection, rules, now)
    with source.reading() as connection:
        yield connection


def shown(
    connection: Connection, key: str, now: datetime, limit: int
) -> list[tuple[Article, datetime]]:
    """The newest articles of a feed, each with when it changed."""
    return fetched(connection, selection.newest(connection, key, now, limit))


def fetched(connection: Connection, picks: Sequence[Pick]) -> list[tuple[Article, datetime]]:
    """The articles that were picked, each with when it changed."""
    articles = store.articles(connection, [pick.number for pick in picks])
    for pick in picks:
        article = articles[pick.number]
        assert (pick.digest, set(pick.feeds)) == (article.digest, set(feeds_of(article)))
        assert pick.related == tuple(address_digest(item.link) for item in article.related)
    return [(articles[pick.number], pick.changed) for pick in picks]


@given(before=CORPUS, articles=CORPUS, earlier=TIMES, now=TIMES, limit=st.integers(1, 5))
def test_every_feed_is_as_the_oracle_says(
    source: Store,
    before: list[Article],
    articles: list[Article],
    earlier: datetime,
    now: datetime,
    limit: int,
) -> None:
    fill(source, before, articles, now=earlier)
    there = {one.path: one for one in [*before, *articles]}.values()
    expected = oracle(there, now)
    with at(source, now) as connection:
        assert selection.feeds(connection) == {
            key: Feed(key, name, len(some), max(one.published for one in some))
            for key, (name, some) in expected.items()
        }
        for key, (_, some) in expected.items():
            assert shown(connection, key, now, limit) == [
                (one, changed(one, now)) for one in some[:limit]
            ]
        for key in {key for one in there for key in feeds_of(one)} - expected.keys():
            assert selection.newest(connection, key, now, limit) == []


@given(own=OWN_FEEDS, before=CORPUS, articles=CORPUS, unpublished=CORPUS, earlier=TIMES, now=TIMES)
def test_a_feed_of_the_publishers_own_is_as_the_oracle_says(
    source: Store,
    own: OwnFeed,
    before: list[Article],
    articles: list[Article],
    unpublished: list[Article],
    earlier: datetime,
    now: datetime,
) -> None:
    rule = own.rule(3, ("rss",))
    fill(source, before, articles, now=earlier, rules=[rule])
    hidden = [one.path for one in unpublished]
    with source.writing() as connection:
        readings = [
            make.filed(ScannedFile(path, 1, 1), Reading(path, "", None, (), unpublished=True))
            for path in hidden
        ]
        store.put(connection, readings)
    there = {one.path: one for one in [*before, *articles] if one.path not in hidden}.values()
    expected = own_oracle(own, there, now)
    with at(source, now, [rule]) as connection:
        found = selection.feeds(connection).get(rule.key)
        assert (found.articles if found else 0) == len(expected)
        picks = selection.newest(connection, rule.key, now, rule.limit, rule.order)
        assert fetched(connection, picks) == [
            (one, changed(one, now)) for one in expected[: own.limit or 3]
        ]


@given(articles=CORPUS, now=TIMES)
def test_nothing_changes_before_the_next_change(
    source: Store, articles: list[Article], now: datetime
) -> None:
    def state(when: datetime) -> Any:
        feeds = oracle(articles, when)
        return {
            key: (name, [(one, changed(one, when)) for one in some])
            for key, (name, some) in feeds.items()
        }

    fill(source, articles)
    with at(source, now) as connection:
        following = selection.next_change(connection)
    dates = {
        when
        for one in articles
        for when in (one.published, one.updated, one.expires)
        if when is not None
    }
    moments = {when for when in dates if when > now}
    assert following is None or following in moments
    for when in moments:
        if following is None or when < following:
            assert state(when) == state(now)


def decided(connection: Connection) -> dict[str, list[Any]]:
    """All that was decided, row by row, without the numbers that records have in one store."""
    state = {
        "records": "SELECT path, visible, waiting FROM records ORDER BY path",
        "memberships": "SELECT feed, path, name FROM memberships JOIN records ON number = record ORDER BY 1, 2",
        "in order": "SELECT feed, age FROM memberships ORDER BY 1, 2",
        "feed names": "SELECT * FROM feed_names",
        "feeds": "SELECT key, name, articles FROM feeds",
        "held": "SELECT * FROM held ORDER BY address, path",
        "next": "SELECT value FROM facts WHERE name = 'next change'",
    }
    return {name: make.driver(connection).execute(rows).fetchall() for name, rows in state.items()}


@given(
    own=st.none() | OWN_FEEDS,
    before=CORPUS,
    articles=CORPUS,
    refused=st.sets(st.integers(1, 30)),
    earlier=TIMES,
    now=TIMES,
)
def test_what_is_decided_bit_by_bit_is_what_is_decided_at_once(
    source: Store,
    own: OwnFeed | None,
    before: list[Article],
    articles: list[Article],
    refused: set[int],
    earlier: datetime,
    now: datetime,
) -> None:
    rules = [] if own is None else [own.rule(3, ("rss",))]
    there = {one.path: one for one in [*before, *articles]}
    paths = [path for path in (f"{n:04}.md" for n in refused) if path in there]
    left_out = {path: Fault(path, 1, 1, "id", "another") for path in paths}
    fill(source, before, articles, now=earlier, rules=rules)
    with source.writing() as connection:
        ids.leave_out(connection, left_out)
    with at(source, now, rules) as connection:
        bit_by_bit = decided(connection)
    with source.writing() as connection:
        never_refreshed(connection)
    with at(source, now, rules) as connection:
        assert decided(connection) == bit_by_bit
    with source.writing() as connection:
        never_refreshed(connection)
        store.remove(connection, list(store.known_files(connection)))
        read = [Reading(one.path, one.digest, one, ()) for one in there.values()]
        store.put(
            connection,
            [make.filed(ScannedFile(one.path, 1, 1), one, is_first=True) for one in read],
        )
        ids.leave_out(connection, left_out)
    with at(source, now, rules) as connection:
        assert decided(connection) == bit_by_bit


class TestExamples:
    def newest(self, source: Store, key: str = EVERYTHING, now: datetime = make.NOW) -> list[str]:
        with at(source, now) as connection:
            return [article.path for article, _ in shown(connection, key, now, 50)]

    def feeds(self, source: Store, now: datetime = make.NOW) -> dict[str, Feed]:
        with at(source, now) as connection:
            return selection.feeds(connection)

    def test_nothing_visible_is_no_feed(self, source: Store) -> None:
        fill(source, [make.article(1, published=make.NOW + HOUR)])
        assert self.feeds(source) == {}
        assert self.newest(source) == []

    def test_an_article_is_visible_from_its_very_microsecond(self, source: Store) -> None:
        fill(source, [make.article(1, published=make.NOW)])
        assert self.newest(source, now=make.NOW - timedelta(microseconds=1)) == []
        assert self.newest(source, now=make.NOW) == ["0001.md"]

    def test_an_article_is_gone_from_its_very_microsecond(self, source: Store) -> None:
        fill(source, [make.article(1, expires=make.NOW, topics=("Robots",)), make.article(2)])
        before = make.NOW - timedelta(microseconds=1)
        assert self.newest(source, now=before) == ["0001.md", "0002.md"]
        assert self.feeds(source, before)["topics/robots"].articles == 1
        assert self.newest(source, now=make.NOW) == ["0002.md"]
        assert "topics/robots" not in self.feeds(source)

    def test_where_the_newest_of_one_address_expires_the_next_one_shows(
        self, source: Store
    ) -> None:
        older = make.article(3, link="https://example.org/1", topics=("Robots",))
        oldest = make.article(4, link="https://example.org/1", expires=make.NOW + HOUR)
        fill(
            source,
            [
                make.article(1, expires=make.NOW),
                older._replace(expires=make.NOW + 2 * HOUR),
                oldest,
            ],
        )
        for hours, shown in ((-0.1, ["0001.md"]), (0, ["0003.md"]), (1, ["0003.md"]), (2, [])):
            assert self.newest(source, now=make.NOW + hours * HOUR) == shown

    def test_a_record_that_is_not_due_outdoes_nobody(self, source: Store) -> None:
        later = make.article(
            2, link="https://example.org/1", published=make.NOW + HOUR, topics=("Robots",)
        )
        fill(source, [make.article(1), later])
        assert self.newest(source) == ["0001.md"]
        assert "topics/robots" not in self.feeds(source)
        assert self.newest(source, now=make.NOW + HOUR) == ["0002.md"]
        assert "topics/ai" not in self.feeds(source, make.NOW + HOUR)

    def test_of_records_of_one_moment_the_smallest_path_wins(self, source: Store) -> None:
        one = make.article(1)
        fill(
            source, [one._replace(path=path) for path in ("b.md", "a.md", "B.md", "é.md", "a/a.md")]
        )
        assert self.newest(source) == ["B.md"]

    def test_articles_of_one_moment_are_ordered_by_address(self, source: Store) -> None:
        names = ["b", "a", "B", "a/c", "aa", "~"]
        addresses = [f"https://example.org/{name}" for name in names]
        fill(
            source,
            [make.article(n, link=name, published=make.NOW) for n, name in enumerate(addresses)],
        )
        assert self.newest(source) == [
            f"{addresses.index(name):04}.md" for name in sorted(addresses)
        ]

    def test_an_update_still_to_come_does_not_count(self, source: Store) -> None:
        fill(source, [make.article(1, updated=make.NOW + HOUR)])
        for now, expected in ((make.NOW, make.NOW - HOUR), (make.NOW + HOUR, make.NOW + HOUR)):
            with at(source, now) as connection:
                assert [changed for _, changed in shown(connection, EVERYTHING, now, 1)] == [
                    expected
                ]

    @pytest.mark.parametrize(
        ("spellings", "name"),
        [
            pytest.param(["AI", "ai", "ai"], "ai", id="most used"),
            pytest.param(["ai", "Ai", "AI"], "AI", id="ties by code point"),
            pytest.param(["ai"], "ai", id="alone"),
        ],
    )
    def test_a_topic_is_shown_in_the_spelling_most_used(
        self, source: Store, spellings: list[str], name: str
    ) -> None:
        fill(source, [make.article(n, topics=(spelling,)) for n, spelling in enumerate(spellings)])
        assert self.feeds(source)["topics/ai"].name == name
        assert self.feeds(source)["topics/ai"].articles == len(spellings)

    def test_what_is_not_visible_has_no_say_in_a_spelling(self, source: Store) -> None:
        hidden = [make.article(n, topics=("ai",), published=make.NOW + HOUR) for n in range(5, 9)]
        fill(source, [make.article(1), *hidden])
        assert self.feeds(source)["topics/ai"].name == "AI"


class TestHidden:
    """Addresses to which no article may point."""

    HERE, ELSEWHERE = (
        address_digest("https://example.org/1"),
        address_digest("https://example.org/2"),
    )

    def hidden(self, source: Store, now: datetime = make.NOW) -> frozenset[str]:
        with at(source, now) as connection:
            hidden = selection.hidden(connection)
            assert selection.hidden(connection, [*hidden, self.HERE, self.ELSEWHERE]) == hidden
            return hidden

    def hold(self, source: Store, held: str | None) -> None:
        with source.writing() as connection:
            reading = Reading("held.md", "held", None, (), held=(held,) if held else ())
            store.put(connection, [make.filed(ScannedFile("held.md", 1, 1), reading)])

    def test_what_is_visible_is_not_hidden(self, source: Store) -> None:
        fill(source, [make.article(1), make.article(2)])
        assert self.hidden(source) == frozenset()

    def test_what_is_held_back_is_hidden(self, source: Store) -> None:
        fill(source, [make.article(1)])
        self.hold(source, self.ELSEWHERE)
        assert self.hidden(source) == {self.ELSEWHERE}

    def test_a_record_without_an_address_hides_nothing(self, source: Store) -> None:
        fill(source, [make.article(1)])
        self.hold(source, None)
        assert self.hidden(source) == frozenset()

    def test_what_is_not_due_is_hidden_until_its_very_microsecond(self, source: Store) -> None:
        fill(source, [make.article(1, published=make.NOW), make.article(2)])
        assert self.hidden(source, make.NOW - timedelta(microseconds=1)) == {self.HERE}
        assert self.hidden(source) == frozenset()

    def test_what_expired_is_hidden_from_its_very_microsecond(self, source: Store) -> None:
        fill(source, [make.article(1, expires=make.NOW), make.article(2)])
        assert self.hidden(source, make.NOW - timedelta(microseconds=1)) == frozenset()
        assert self.hidden(source) == {self.HERE}

    def test_every_address_of_what_is_held_back_or_not_due_is_hidden(self, source: Store) -> None:
        others = (
            "https://example.org/amp",
            "https://example.org/original",
            "https://cdn.example.org/amp",
        )
        amp, original, cdn = others
        late = make.article(
            1, published=make.NOW + HOUR, amp_link=amp, original_link=original, cdn_amp_link=cdn
        )
        fill(source, [late, make.article(2, amp_link="https://example.org/2/amp")])
        assert self.hidden(source) == {self.HERE, *map(address_digest, others)}
        assert self.hidden(source, make.NOW + HOUR) == frozenset()
        text = make.record(
            3, published="false", webUrl=None, ampWebUrl=amp, originalUrl=original, cdnAmpWebUrl=cdn
        )
        assert read_record("3.md", text.encode(), make.NOW).held == (
            *(address_digest(link) for link in (original, amp, cdn)),
        )

    def test_an_address_at_which_something_is_visible_is_not_hidden(self, source: Store) -> None:
        later = make.article(2, link="https://example.org/1", published=make.NOW + HOUR)
        fill(source, [make.article(1), later])
        self.hold(source, self.HERE)
        assert self.hidden(source) == frozenset()

    def test_a_fragment_and_the_default_port_are_the_same_address(self) -> None:
        assert address_digest("https://example.org:443/1#part") == self.HERE
        assert address_digest("http://example.org/1") != self.HERE


class TestOwn:
    """What rules make of eleven articles, most an hour older than the one before."""

    ARTICLES = (
        make.article(1, topics=("AI",), quality=50.0, heat=70.0),
        make.article(2, topics=("ai", "Politics"), quality=90.0, heat=90.0),
        make.article(3, topics=("Computer Vision",), quality=49.9, heat=80.0),
        make.article(
            4, topics=("computer-vision", "AI"), category="Video", quality=60.0, heat=70.0
        ),
        make.article(5, topics=("Robots",), quality=60.0, heat=99.0),
        make.article(6, topics=("AI",), provider=Provider("other.org", "Other"), quality=60.0),
        make.article(7, topics=("AI",), category=None, heat=69.9),
        make.article(8, topics=(), provider=Provider("other.org", "Other"), quality=0.0, heat=0.0),
        make.article(
            9, link="https://example.org/1", topics=("Robots",), quality=99.0, heat=99.0
        ),  # outdone by the first
        # not due
        make.article(10, published=make.NOW + HOUR, topics=("AI",), quality=99.0, heat=99.0),
        make.article(
            11,
            link="https://example.org/0",
            published=make.NOW - HOUR,
            topics=("C#",),
            quality=50.0,
            heat=70.0,
        ),
    )

    @pytest.mark.parametrize(
        ("asked", "count", "shown"),
        [
            pytest.param({}, 9, [11, 1, 2, 3, 4, 5, 6, 7, 8], id="nothing_asked_for"),
            pytest.param({"topics": ["aI"]}, 5, [1, 2, 4, 6, 7], id="a_topic"),
            pytest.param(
                {"topics": ["AI", "COMPUTER vision"]}, 6, [1, 2, 3, 4, 6, 7], id="any_topic"
            ),
            pytest.param({"topics": ["C"]}, 0, [], id="a_topic_that_differs_in_a_sign"),
            pytest.param({"providers": ["Other.org"]}, 2, [6, 8], id="a_provider"),
            pytest.param(
                {"topics": ["AI"], "providers": ["other.org"]}, 1, [6], id="a_topic_and_a_provider"
            ),
            pytest.param({"categories": ["video"]}, 1, [4], id="a_category"),
            pytest.param({"exclude": ["categories/news"]}, 2, [4, 7], id="without_a_category"),
            pytest.param(
                {"topics": ["AI"], "exclude": ["topics/politics", "providers/other.org"]},
                3,
                [1, 4, 7],
                id="without",
            ),
            pytest.param(
                {"topics": ["AI"], "exclude": ["topics/ai"]},
                0,
                [],
                id="what_is_asked_for_and_excluded",
            ),
            pytest.param({"min_quality": 50}, 6, [11, 1, 2, 4, 5, 6], id="quality"),
            pytest.param({"min_heat": 70}, 6, [11, 1, 2, 3, 4, 5], id="heat"),
            pytest.param({"min_heat": 0}, 8, [11, 1, 2, 3, 4, 5, 7, 8], id="any_heat"),
            pytest.param({"min_heat": 100}, 0, [], id="more_than_there_is"),
            pytest.param(
                {"order": "heat"}, 9, [5, 2, 3, 11, 1, 4, 7, 8, 6], id="the_hottest_first"
            ),
            pytest.param({"order": "heat", "limit": 4}, 9, [5, 2, 3, 11], id="the_four_hottest"),
            pytest.param({"topics": ["AI"], "limit": 2}, 5, [1, 2], id="the_newest_two"),
        ],
    )
    def test_a_rule_gives(
        self, source: Store, asked: dict[str, Any], count: int, shown: list[int]
    ) -> None:
        fill(source, list(self.ARTICLES))
        rule = OwnFeed(key="own", title="Own", **asked).rule(50, ("rss",))
        with at(source, make.NOW, [rule]) as connection:
            found = selection.feeds(connection).get(rule.key)
            assert (found.articles if found else 0) == count
            picked = fetched(
                connection, selection.newest(connection, rule.key, make.NOW, rule.limit, rule.order)
            )
        assert [article.path for article, _ in picked] == [f"{n:04}.md" for n in shown]


def expected_feeds(place: Path) -> dict[str, dict[str, Any]]:
    """What a correct publisher lists of the corpus, by the key of the feed: `articles`, and
    `newest` addresses."""
    expected = json.loads((place / "expected.json").read_text(encoding="utf-8"))
    topics = {feed_key("topics", name): facts for name, facts in expected["topics"].items()}
    providers = {f"providers/{domain}": facts for domain, facts in expected["providers"].items()}
    assert len(topics) == len(expected["topics"])
    return {EVERYTHING: expected["all"], **topics, **providers}


@pytest.fixture(params=[500, pytest.param(5000, marks=pytest.mark.soak)])
def corpus(request: pytest.FixtureRequest, corpora: make.Corpora) -> Path:
    """A corpus, with what a correct publisher lists of it."""
    return corpora.of(request.param)


@pytest.fixture
def config(corpus: Path, tmp_path: Path) -> Config:
    """A site of the corpus, with feeds of ten, and without what is not looked at here."""
    feeds = '[feeds]\nlimit = 10\nformats = ["atom", "json"]\npages = false\narchives = false\n'
    text = f"[records]\npath = {json.dumps(str(corpus / 'records'))}\n{feeds}"
    return make.site(tmp_path, {}, text)


def test_the_corpus_is_selected_as_expected(config: Config, corpus: Path) -> None:
    expected, now = expected_feeds(corpus), datetime(2026, 1, 1, tzinfo=UTC)
    with closing(open_store(config)) as source:
        ingest(config, source, now)
        with source.reading() as connection:
            feeds = selection.feeds(connection)
            assert {
                key: feed.articles for key, feed in feeds.items() if feed.kind != "categories"
            } == {key: facts["articles"] for key, facts in expected.items()}
            for key, facts in expected.items():
                assert [article.link for article, _ in shown(connection, key, now, 10)] == facts[
                    "newest"
                ], key


def test_the_commands_publish_the_corpus_as_expected(config: Config, corpus: Path) -> None:
    expected = expected_feeds(corpus)
    place, count = config.file.parent, len(list((corpus / "records").rglob("*.md")))
    assert make.invoke("build", cwd=place).stdout.startswith(
        f"{count} records: {count} read, 0 left out."
    )
    listed = json.loads(make.invoke("list", "--json", cwd=place).stdout)
    assert {row["key"]: row["articles"] for row in listed if row["kind"] != "categories"} == {
        key: facts["articles"] for key, facts in expected.items()
    }
    for key, facts in expected.items():
        items = json.loads((config.output_folder / feed_path(key, "json")).read_bytes())["items"]
        assert [item["url"] for item in items] == facts["newest"], key
        read = feedparser.parse((config.output_folder / feed_path(key, "atom")).read_bytes())
        assert not read.bozo, key
        assert [entry.link for entry in read.entries] == facts["newest"], key
