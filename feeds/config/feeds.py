"""The feeds in config.toml: settings of single feeds, and feeds of the publisher's own.

In: the tables [topics.SLUG] and so on, by taxonomy and by slug or domain, which say which names are
one feed, its title, its former keys; and tables [[feed]], with names as editors spell them. Out:
Names and Rules with keys, frozen values that are passed along, or what is wrong with the tables. A
name without a table keeps the key that its taxonomy gives it. Not here: what the tables must agree
on with the rest of config.toml (config), which spelling of a name is used most, which articles a
rule selects (selection), and how a server answers at an address that moved (serve, build/hosts).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field

from feeds.config.sections import Address, Content, Line, Section, key_for_each_taxonomy
from feeds.model import Article, Feed, digest
from feeds.taxonomies import TAXONOMIES, Taxonomy, feeds_of, is_feed_key
from feeds.urls import (
    INDEX,
    OWN,
    feed_folder,
    fold,
    host_name,
    is_slug,
    join_key,
    split_below,
    split_key,
)
from feeds.urls import slug as slug_of


class Naming(Section):
    """[topics.SLUG], [providers.DOMAIN] and so on: what one feed is called, was called, carries."""

    title: Line | None = None
    description: Line | None = None
    image: Address | None = None
    content: Content | None = None
    aliases: Annotated[tuple[Line, ...], Field(strict=False)] = ()
    previous: Annotated[tuple[str, ...], Field(strict=False)] = ()


Tables = Mapping[str, Mapping[str, Naming]]


@dataclass(frozen=True, slots=True)
class Names:
    """The settings of all tables.  Equal tables give equal Names, in whatever order they stand.

    `namings` is by the key of a feed. `redirects` leads from each key that a title, an alias or a
    former slug has by itself to the key of the feed, where that is another one: nothing ever lies
    at the first.
    """

    namings: Mapping[str, Naming] = field(default_factory=dict)
    redirects: Mapping[str, str] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        """Return the digest of all that decides in which feeds an article is."""
        return digest(*(f"{key} {current}" for key, current in sorted(self.redirects.items())))

    def current_key(self, key: str) -> str:
        """Return the key of the feed that a name belongs to, by the key it has by itself."""
        return self.redirects.get(key, key)

    def feeds(self, article: Article) -> dict[str, str]:
        """Return the keys of the feeds that an article is in beside `all`, each with its name as
        the article spells it."""
        own = feeds_of(article)
        if not self.redirects:
            return own
        keys: dict[str, str] = {}
        for key, name in own.items():
            keys.setdefault(self.current_key(key), name)
        return keys

    def named(self, feed: Feed) -> Feed:
        """Return the feed with the title, description, image and content of its table."""
        naming = self.namings.get(feed.key)
        if naming is None:
            return feed
        return feed._replace(
            name=naming.title or feed.name,
            description=naming.description or "",
            image=naming.image or "",
            content=naming.content or feed.content,
        )

    def moved(self, path: str) -> str | None:
        """Return where what was at a path is now, below the site; None if it did not move."""
        key, below = split_below(path)
        if key not in self.redirects or below is None:
            return None
        return feed_folder(self.redirects[key]) + ("" if below == INDEX else below)

    def gone(self, path: str) -> bool:
        """Return True if a path belongs to a feed that is retired."""
        return split_below(path)[0] in self.retired


class _Mention(NamedTuple):
    """A text in a table that leads to its feed: the setting it stands in, what it should be, and
    how it becomes a key."""

    table: str
    setting: str
    text: str
    expected: str
    key_of: Callable[[str], str]

    @property
    def key(self) -> str:
        return self.key_of(self.text)


def names_of(tables: Tables, retired: Iterable[str]) -> Names:
    """Return the settings of tables.  Raises ValueError where one has a problem."""
    namings, redirects = dict[str, Naming](), dict[str, str]()
    for taxonomy, slug, naming in _rows(tables):
        current = taxonomy.key_of_slug(slug)
        namings[current] = naming
        mentioned = (mention.key for mention in _mentions(taxonomy, slug, naming))
        redirects |= {key: current for key in mentioned if key != current}
    return Names(namings, redirects, frozenset(retired))


def problems(tables: Tables, retired: Iterable[str]) -> list[str]:
    """Return all that is wrong in the tables, as `topics.ai.aliases: expected …, got …`."""
    mentions = [mention for row in _rows(tables) for mention in _mentions(*row)]
    wrong = [
        f"{mention.setting}: expected {mention.expected}, got {mention.text!r}"
        for mention in mentions
        if not _has_key(mention)
    ]
    wrong += [
        f"feeds.retired: expected keys such as topics/ai, got {key!r}"
        for key in retired
        if not is_feed_key(key) and not _is_own_key(key)
    ]
    return wrong or list(_clashes(mentions, retired))


def _clashes(mentions: Iterable[_Mention], retired: Iterable[str]) -> Iterator[str]:
    """Yield where two tables speak of one feed, and where a feed is retired that has a table."""
    first: dict[str, _Mention] = {}
    for mention in sorted(mentions, key=lambda one: one.setting != one.table):
        other = first.setdefault(mention.key, mention)
        setting, got = mention.setting, f"got {mention.text!r}, as"
        if other.table != mention.table:
            yield f"{setting}: expected what no other table has, {got} {other.setting} has"
        elif other.setting == other.table and setting.endswith(".previous"):
            yield f"{setting}: expected what it was before, {got} it is now"
    for key in retired:
        if key in first:
            expected = "expected the key of a feed that is no more"
            yield f"feeds.retired: {expected}, got {key!r}, as {first[key].setting} has"


def _rows(tables: Tables) -> Iterator[tuple[Taxonomy, str, Naming]]:
    for prefix, taxonomy in TAXONOMIES.items():
        for slug, naming in sorted(tables.get(prefix, {}).items()):
            yield taxonomy, slug, naming


def _mentions(taxonomy: Taxonomy, slug: str, naming: Naming) -> Iterator[_Mention]:
    """Yield every text in a table that leads to its feed; the title of a domain does not."""
    table = f"{taxonomy.prefix}.{slug}"
    by_slug = (taxonomy.example, taxonomy.key_of_slug)
    by_name = (taxonomy.example if taxonomy.by_domain else "a name", taxonomy.key_of_name)
    yield _Mention(table, table, slug, *by_slug)
    for text in naming.previous:
        yield _Mention(table, f"{table}.previous", text, *by_slug)
    if naming.title is not None and not taxonomy.by_domain:
        yield _Mention(table, f"{table}.title", naming.title, *by_name)
    for alias in naming.aliases:
        yield _Mention(table, f"{table}.aliases", alias, *by_name)


def _has_key(mention: _Mention) -> bool:
    try:
        return bool(mention.key)
    except ValueError:
        return False


def _is_own_key(key: str) -> bool:
    kind, slug = split_key(key)
    return kind == OWN and is_slug(slug)


Order = Literal["published", "heat"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule for which articles are in a feed: those with a key of each group in `any_of`, none in
    `none_of`, and at least these numbers.

    An article without a number has too little of it. `order` and `limit` decide which of them the
    feed shows.
    """

    key: str
    name: str
    limit: int
    formats: tuple[str, ...]
    description: str = ""
    any_of: tuple[tuple[str, ...], ...] = ()
    none_of: tuple[str, ...] = ()
    min_quality: float | None = None
    min_heat: float | None = None
    order: Order = "published"
    content: Content = "full"

    def asks_for(self, keys: Collection[str], quality: float | None, heat: float | None) -> bool:
        """Return True if an article in these feeds, with these numbers, is in this one."""
        for least, number in ((self.min_quality, quality), (self.min_heat, heat)):
            if least is not None and (number is None or number < least):
                return False
        has_all = all(any(key in keys for key in group) for group in self.any_of)
        return has_all and not any(key in keys for key in self.none_of)


def _plain_slug(text: str) -> str:
    if slug_of(text) != text:
        raise ValueError("expected a plain slug, such as hot-in-ai")
    return text


def _name(text: str) -> str:
    if not fold(text):
        raise ValueError("expected a name")
    return text


def _domain(text: str) -> str:
    try:
        return host_name(text)
    except ValueError as error:
        raise ValueError("expected a host name, such as example.org") from error


def _key_of_article(key: str) -> str:
    # Only articles can be left out: a feed of the publisher's own is made of them, not of feeds.
    if not is_feed_key(key):
        *others, last = TAXONOMIES
        raise ValueError(
            f"expected the key of a feed of {', '.join(others)} or {last}, such as topics/ai"
        )
    return key


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len({fold(name) for name in names}) != len(names):
        raise ValueError("expected each name once, in one spelling")
    return names


Several = (Field(strict=False), AfterValidator(_each_once))
_Names = Annotated[tuple[Annotated[str, AfterValidator(_name)], ...], *Several]
_Domains = Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], *Several]
Keys = Annotated[tuple[Annotated[str, AfterValidator(_key_of_article)], ...], *Several]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _names_of(taxonomy: Taxonomy) -> object:
    return _Domains if taxonomy.by_domain else _Names


@key_for_each_taxonomy(_names_of, ())
class OwnFeed(Section):
    """[[feed]]: a feed of the publisher's own.  All that is given must hold.

    There is a key for each taxonomy too: the names that articles must have one of.
    """

    key: Annotated[str, AfterValidator(_plain_slug)]
    title: Line
    description: Line | None = None
    exclude: Keys = ()
    min_quality: Amount | None = None
    min_heat: Amount | None = None
    order: Order = "published"
    limit: Annotated[int, Field(ge=1, le=10_000)] | None = None
    formats: Annotated[tuple[str, ...], Field(min_length=1), *Several] | None = None
    content: Content | None = None

    def rule(
        self,
        limit: int,
        formats: tuple[str, ...],
        current_key: Callable[[str], str] = str,
        content: Content = "full",
    ) -> Rule:
        """Return the rule, with the limit, formats and content of all feeds where it has none.

        `current_key` leads from the key that a name has by itself to the key of its feed.
        """
        wanted = (
            tuple(current_key(taxonomy.key_of_name(name)) for name in getattr(self, prefix))
            for prefix, taxonomy in TAXONOMIES.items()
        )
        return Rule(
            key=join_key(OWN, self.key),
            name=self.title,
            limit=self.limit or limit,
            formats=self.formats or formats,
            description=self.description or "",
            any_of=tuple(keys for keys in wanted if keys),
            none_of=tuple(current_key(key) for key in self.exclude),
            min_quality=self.min_quality,
            min_heat=self.min_heat,
            order=self.order,
            content=self.content or content,
        )
