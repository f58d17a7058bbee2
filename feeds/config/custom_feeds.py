"""Feeds of the publisher's own: a table [[feed]] of config.toml, in names as editors spell them, to
a Rule in keys.

Checks what the table says by itself. Not here: what it must agree on with the rest of config.toml
(config), and which articles a rule selects (selection).
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from feeds.config.sections import Line, Section
from feeds.model import KINDS, OWN, feed_key, fold, host_name, slug

Order = Literal["published", "heat"]
Content = Literal["full", "summary"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Which articles are in a feed: those with a key of each group in `any_of`, none in `none_of`,
    and the numbers.

    An article without a number has too little of it. `order` and `limit` say which of them the feed
    shows.
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
        """Whether an article that is in these feeds, and has these numbers, is in this one."""
        enough = all(
            least is None or (number is not None and number >= least)
            for least, number in ((self.min_quality, quality), (self.min_heat, heat))
        )
        met = all(any(key in keys for key in group) for group in self.any_of)
        return enough and met and not any(key in keys for key in self.none_of)


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


def _carried(key: str) -> str:
    # Only what articles carry can be left out: a feed of the publisher's own is made of them, not
    # of other feeds.
    kind, _, rest = key.partition("/")
    try:
        sound = (
            host_name(rest) == rest
            if kind == "providers"
            else re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rest)
        )
    except ValueError:
        sound = False
    if kind not in KINDS or not sound:
        raise ValueError(
            f"expected the key of a feed of {', '.join(KINDS[:-1])} or {KINDS[-1]}, such as topics/ai"
        )
    return key


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len({fold(name) for name in names}) != len(names):
        raise ValueError("expected each name once, in one spelling")
    return names


Several = (Field(strict=False), AfterValidator(_each_once))
Names = Annotated[tuple[Annotated[str, AfterValidator(_name)], ...], *Several]
Domains = Annotated[tuple[Annotated[str, AfterValidator(_domain)], ...], *Several]
Keys = Annotated[tuple[Annotated[str, AfterValidator(_carried)], ...], *Several]
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class OwnFeed(Section):
    """[[feed]]: a feed of the publisher's own.  All that is given must hold; what is empty asks for
    nothing."""

    key: Annotated[str, AfterValidator(_plain_slug)]
    title: Line
    description: Line | None = None
    topics: Names = ()
    providers: Domains = ()
    categories: Names = ()
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
        home: Callable[[str], str] = str,
        content: Content = "full",
    ) -> Rule:
        """The rule, with the limit, the formats and the content of all feeds where it has none of
        its own.

        `home` leads from the key that a name has by itself to the key of its feed.
        """
        any_of = (
            tuple(home(feed_key("topics", name)) for name in self.topics),
            tuple(home(f"providers/{domain}") for domain in self.providers),
            tuple(home(feed_key("categories", name)) for name in self.categories),
        )
        return Rule(
            key=f"{OWN}/{self.key}",
            name=self.title,
            limit=self.limit or limit,
            formats=self.formats or formats,
            description=self.description or "",
            any_of=tuple(keys for keys in any_of if keys),
            none_of=tuple(home(key) for key in self.exclude),
            min_quality=self.min_quality,
            min_heat=self.min_heat,
            order=self.order,
            content=self.content or content,
        )
