"""Feeds of the publisher's own: a table [[feed]] of config.toml, with names as editors spell them,
to a Rule with keys.

Checks the table by itself. Not here: what it must agree on with the rest of config.toml
(config), and which articles a rule selects (selection).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from feeds.config.sections import Content, Line, Section, key_for_each_taxonomy
from feeds.taxonomies import TAXONOMIES, Taxonomy, is_feed_key
from feeds.urls import OWN, fold, host_name, join_key, slug

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
    if slug(text) != text:
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
Names = Annotated[tuple[Annotated[str, AfterValidator(_name)], ...], *Several]
Domains = Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], *Several]
Keys = Annotated[tuple[Annotated[str, AfterValidator(_key_of_article)], ...], *Several]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


def _names_of(taxonomy: Taxonomy) -> object:
    return Domains if taxonomy.by_domain else Names


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
