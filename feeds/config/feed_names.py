"""Settings of single feeds in config.toml: which names are one feed, its title, its former keys.

In: the tables [topics.SLUG] and so on, by taxonomy and by slug or domain. Out: Names, a frozen
value that is passed along, or what is wrong with the tables. A name without a table keeps the key
that its taxonomy gives it. Not here: which spelling of a name is used most (selection), and how a
server answers at an address that moved (serve, build/hosts).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

from pydantic import Field

from feeds.config.sections import Address, Content, Line, Section
from feeds.model import Article, Feed, digest
from feeds.taxonomies import TAXONOMIES, Taxonomy, feeds_of, is_feed_key
from feeds.urls import INDEX, OWN, feed_folder, is_slug, split_below, split_key


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
