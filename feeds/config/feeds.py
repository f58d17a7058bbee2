"""The feeds in config.toml: settings of single feeds, and feeds of the publisher's own.

In: the tables [topics.SLUG] and so on, by taxonomy and by slug or domain, which say which names are
one feed, its title, its former keys; and tables [[feed]], with names as editors spell them. Out:
Names and Rules with keys, frozen values that are passed along, or what is wrong with the tables. A
name without a table keeps the key that its taxonomy gives it. In [redirects] and [copies] feeds
have other addresses, at which readers knew them before. Not here: what the tables must agree
on with the rest of config.toml (config), which spelling of a name is used most, which articles a
rule selects (selection), and how a server answers at an address that moved (serve, build/hosts).
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import GenericAlias
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, Field, create_model

from feeds.config.sections import (
    Address,
    Content,
    Line,
    Section,
    either,
    key_for_each_taxonomy,
    text_with,
)
from feeds.config.site import ASSETS
from feeds.formats import FORMATS
from feeds.model import Article, Feed, digest
from feeds.taxonomies import TAXONOMIES, Taxonomy, feeds_of, is_feed_key
from feeds.urls import (
    BELOW,
    EVERYTHING,
    INDEX,
    OWN,
    PAGE,
    document_path,
    feed_folder,
    fold,
    is_slug,
    join_key,
    parse_path,
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
UNNAMED = Naming()


def tables_of(taxonomy: Taxonomy) -> object:
    """Return the type of the tables of a taxonomy, in which whatever leads to a feed has a key."""
    slug: Any = Annotated[str, text_with(taxonomy.key_of_slug, taxonomy.example)]
    example = taxonomy.example if taxonomy.by_domain else "a name"
    name: Any = Annotated[Line, text_with(taxonomy.key_of_name, example)]
    fields: dict[str, Any] = {
        "aliases": (Annotated[tuple[name, ...], Field(strict=False)], ()),
        "previous": (Annotated[tuple[slug, ...], Field(strict=False)], ()),
    }
    if not taxonomy.by_domain:  # the title of a domain leads to no feed
        fields["title"] = (name | None, None)
    return GenericAlias(dict, (slug, create_model("Naming", __base__=Naming, **fields)))


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
        keys: dict[str, str] = {}
        for key, name in feeds_of(article).items():
            keys.setdefault(self.current_key(key), name)
        return keys

    def named(self, feed: Feed) -> Feed:
        """Return the feed with the title, description, image and content of its table."""
        naming = self.namings.get(feed.key, UNNAMED)
        return feed._replace(
            name=naming.title or feed.name,
            description=naming.description or feed.description,
            image=naming.image or feed.image,
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
    """A text in a table that leads to its feed: the setting it stands in, the key that it has by
    itself, and that of the feed."""

    table: str
    setting: str
    text: str
    key: str
    current: str


def _mentions(tables: Tables) -> Iterator[_Mention]:
    for prefix, taxonomy in TAXONOMIES.items():
        for slug, naming in sorted(tables.get(prefix, {}).items()):
            titles = (naming.title,) if naming.title and not taxonomy.by_domain else ()
            settings = (
                ("", taxonomy.key_of_slug, (slug,)),
                (".previous", taxonomy.key_of_slug, naming.previous),
                (".title", taxonomy.key_of_name, titles),
                (".aliases", taxonomy.key_of_name, naming.aliases),
            )
            table, current = f"{prefix}.{slug}", taxonomy.key_of_slug(slug)
            for setting, key_of, texts in settings:
                for text in texts:
                    yield _Mention(table, f"{table}{setting}", text, key_of(text), current)


def names_of(tables: Tables, retired: Iterable[str]) -> Names:
    """Return the settings of tables.  Raises ValueError where a text leads to no feed."""
    namings = {
        taxonomy.key_of_slug(slug): naming
        for prefix, taxonomy in TAXONOMIES.items()
        for slug, naming in tables.get(prefix, {}).items()
    }
    redirects = {one.key: one.current for one in _mentions(tables) if one.key != one.current}
    return Names(namings, redirects, frozenset(retired))


def problems(tables: Tables, retired: Iterable[str]) -> Iterator[str]:
    """Yield where two tables speak of one feed, and where a feed is retired that has a table, as
    `topics.ai.aliases: expected …, got …`."""
    first: dict[str, _Mention] = {}
    for mention in sorted(_mentions(tables), key=lambda one: one.setting != one.table):
        other = first.setdefault(mention.key, mention)
        setting, got = mention.setting, f"got {mention.text!r}, as"
        if other.table != mention.table:
            yield f"{setting}: expected what no other table has, {got} {other.setting} has"
        elif other.setting == other.table and setting.endswith(".previous"):
            yield f"{setting}: expected what it was before, {got} it is now"
    for key in retired:
        if not is_feed_key(key) and not _is_own_key(key):
            yield f"feeds.retired: expected keys such as topics/ai, got {key!r}"
        elif key in first:
            expected = "expected the key of a feed that is no more"
            yield f"feeds.retired: {expected}, got {key!r}, as {first[key].setting} has"


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


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len({fold(name) for name in names}) != len(names):
        raise ValueError("expected each name once, in one spelling")
    return names


Several = (Field(strict=False), AfterValidator(_each_once))
ONE = f"the key of a feed of {either(TAXONOMIES)}, such as topics/ai"
# Only articles can be left out: a feed of the publisher's own is made of them, not of feeds.
Keys = Annotated[tuple[Annotated[str, text_with(is_feed_key, ONE)], ...], *Several]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _names_of(taxonomy: Taxonomy) -> object:
    expected = "a host name, such as example.org" if taxonomy.by_domain else "a name"
    name: Any = Annotated[str, text_with(taxonomy.key_of_name, expected)]
    return Annotated[tuple[name, ...], *Several]


@key_for_each_taxonomy(_names_of, ())
class OwnFeed(Section):
    """[[feed]]: a feed of the publisher's own.  All that is given must hold.

    There is a key for each taxonomy too: the names that articles must have one of.
    """

    key: Annotated[
        str, text_with(lambda key: slug_of(key) == key, "a plain slug, such as hot-in-ai")
    ]
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


XML = ".xml"  # the ending of a file that any server sends as XML
# What else lies beside the feeds of a site.
OTHER_FILES = frozenset(
    [
        *(INDEX, "feeds.opml", "record.schema", *ASSETS, "404.html", "410.html"),
        *("_headers", "_redirects", "feeds.nginx.conf", "feeds.caddyfile"),
    ]
)
# What browsers ask for where a document names no icon, as where they show a feed.
WELL_KNOWN = {"favicon.ico": "icon.svg"}


def _old_path(text: str) -> str:
    path = text.strip("/")
    if not text.startswith("/") or not re.fullmatch(BELOW, path):
        raise ValueError('expected a path below site.base_url, such as "/index.xml"')
    return path


def _document(text: str) -> str:
    path = document_path(text.lstrip("/"))
    parsed = parse_path(path)
    if parsed is None or parsed.page:
        raise ValueError('expected the path of a feed, such as "feed.rss"')
    return path


# By an old path without slashes around it, the path of the document.
OldAddresses = Annotated[
    dict[
        Annotated[str, AfterValidator(_old_path)],
        Annotated[str, AfterValidator(_document)],
    ],
    Field({}),
]


def _is_published(path: str) -> bool:
    """Return True for a path at which there is a document of ours, or may be."""
    parsed = parse_path(path) or parse_path(f"{path}/{INDEX}")
    if parsed is None:
        return path in OTHER_FILES
    kinds, formats = (EVERYTHING, OWN, *TAXONOMIES), (*FORMATS, PAGE)
    return split_key(parsed.key).kind in kinds and parsed.format in formats


def old_address_problems(
    redirects: Mapping[str, str], copies: Mapping[str, str], formats: tuple[str, ...]
) -> Iterator[str]:
    """Yield what is wrong with the two tables, as `copies./index.xml: expected …, got …`."""
    for table, addresses in {"redirects": redirects, "copies": copies}.items():
        for old, path in addresses.items():
            key, parsed = f"{table}./{old}", parse_path(path)
            if _is_published(old):
                yield f"{key}: expected a path at which feeds publishes nothing"
            if parsed is None or parsed.format not in (*formats, PAGE):
                yield f"{key}: expected one of feeds.formats, {list(formats)}, got {path!r}"
    for old, path in copies.items():
        if path.endswith(PAGE) or not old.endswith((XML, path[path.rindex(".") :])):
            expected = "expected a feed, at a path that ends in .xml or as the feed does"
            yield f"copies./{old}: {expected}, got {path!r}"
    for old in redirects.keys() & copies.keys():
        yield f"redirects./{old}: expected a path that is not in copies"
