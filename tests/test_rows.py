"""Articles and faults go into the store and come back: properties over every field."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from feeds import store
from feeds.ids.assignment import id_input
from feeds.model import Article, Image, Provider, Related
from feeds.records import Cost, Fault, Reading
from feeds.sources.folder import ScannedFile
from feeds.store import Store
from feeds.store import ids as stored_ids
from feeds.store.rows import micros, moment
from feeds.store.tables import records
from tests import make

TEXT = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40
)
MOMENTS = st.datetimes(timezones=st.just(UTC))
NUMBERS = st.none() | st.floats(min_value=0, allow_infinity=False, allow_nan=False)
DOMAINS = st.from_regex(r"[a-z0-9]{1,8}(\.[a-z]{2,4}){1,2}", fullmatch=True)
PROVIDERS = st.builds(Provider, domain=DOMAINS, name=TEXT)
PIXELS = st.none() | st.integers(1, 999_999_999)
IMAGE = st.builds(
    Image,
    url=TEXT,
    width=PIXELS,
    height=PIXELS,
    length=PIXELS,
    alt=st.none() | TEXT,
    caption=st.none() | TEXT,
)
IMAGES = st.lists(IMAGE, max_size=3).map(tuple)
# What identifies an article, and what it points to, are web addresses: they are compared as such.
ADDRESSES = st.builds(
    "https://{}/{}".format, DOMAINS, st.text(st.characters(codec="ascii", categories=["L", "N"]))
)
MAYBE = st.none() | TEXT
RELATED = st.builds(
    Related,
    title=TEXT,
    link=ADDRESSES,
    provider=st.none() | PROVIDERS,
)
ARTICLES = st.builds(
    Article,
    path=TEXT,
    digest=TEXT,
    id=ADDRESSES,
    link=ADDRESSES,
    title=TEXT,
    published=MOMENTS,
    provider=PROVIDERS,
    updated=st.none() | MOMENTS,
    excerpt=st.just("") | TEXT,
    body=st.just("") | TEXT,
    category=MAYBE,
    topics=st.lists(TEXT, max_size=4, unique=True).map(tuple),
    images=IMAGES,
    related=st.lists(RELATED, max_size=3).map(tuple),
    original_link=st.none() | ADDRESSES,
    amp_link=st.none() | ADDRESSES,
    cdn_amp_link=st.none() | ADDRESSES,
    quality=NUMBERS,
    heat=NUMBERS,
    given_id=st.none() | TEXT,
    previous=st.lists(ADDRESSES, max_size=2).map(tuple),
    withdrawn=st.just(False),
    expires=st.none() | MOMENTS,
    html=st.none() | TEXT,
)
FAULTS = st.builds(
    Fault,
    path=st.just("a.md"),
    line=st.integers(1, 9999),
    column=st.integers(1, 9999),
    key=st.just("") | TEXT,
    expected=TEXT,
    got=st.just("") | TEXT,
    cost=st.sampled_from(Cost),
    until=st.none() | MOMENTS,
)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that the examples of a property share."""
    opened = Store(tmp_path_factory.mktemp("rows") / "store.sqlite", "rows")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("kind", "strategy"),
    [
        (Article, ARTICLES),
        (Related, RELATED),
        (Image, IMAGE),
        (Provider, PROVIDERS),
        (Fault, FAULTS),
    ],
)
def test_the_strategy_knows_every_field(kind: type[Any], strategy: st.SearchStrategy[Any]) -> None:
    names = getattr(kind, "_fields", None) or [field.name for field in fields(kind)]
    assert [name for name in names if f"{name}=" not in repr(strategy)] == []


@given(
    ARTICLES
    | st.builds(lambda one: one._replace(original_link=one.link, amp_link=one.link), ARTICLES)
)
def test_an_article_comes_back_from_the_store_as_it_was(source: Store, article: Article) -> None:
    found = ScannedFile(article.path, 1, 1)
    with source.writing() as connection:
        store.put(
            connection, [make.filed(found, Reading(article.path, article.digest, article, ()))]
        )
    with source.reading() as connection:
        numbers = list(connection.scalars(select(records.c.number)))
        # What only decides about its id, where others may point to and when it expires is in
        # columns of its own.
        stated = article._replace(given_id=None, previous=(), cdn_amp_link=None, expires=None)
        assert list(store.articles(connection, numbers).values()) == [stated]
        [one] = stored_ids.records(connection, paths=[article.path])
        assert (one.id, one.input) == (article.id, id_input(article))
        expires = connection.scalar(select(records.c.expires))
        assert (None if expires is None else moment(expires)) == article.expires
    with source.writing() as connection:
        store.remove(connection, [article.path])


@given(st.lists(FAULTS, max_size=4), st.datetimes(timezones=st.just(UTC)))
def test_faults_come_back_without_what_was_got(
    source: Store, faults: list[Fault], now: datetime
) -> None:
    with source.writing() as connection:
        store.put(
            connection,
            [make.filed(ScannedFile("a.md", 1, 1), Reading("a.md", "digest", None, tuple(faults)))],
        )
    with source.reading() as connection:
        due = [fault for fault in faults if fault.until is None or fault.until > now]
        kept = [replace(fault, got="") for fault in due if fault.cost is not Cost.NOTHING]
        assert store.faults(connection, now) == kept
    with source.writing() as connection:
        store.remove(connection, ["a.md"])


@given(MOMENTS)
def test_a_moment_is_the_same_after_counting(when: datetime) -> None:
    assert moment(micros(when)) == when


@given(MOMENTS, MOMENTS)
def test_counts_of_moments_are_ordered_as_moments_are(one: datetime, other: datetime) -> None:
    assert (micros(one) < micros(other)) == (one < other)
