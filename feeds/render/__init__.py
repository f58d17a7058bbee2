"""Entries and documents: an Article or a Feed to bytes.  Pure: no clock, no store, no look-up of
config.

One module a format, each with the same names (Format). A new format is one module and one line in
MODULES.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from feeds.update_frequency import STEPS

if TYPE_CHECKING:
    from feeds.config.site import Site
    from feeds.model import Feed
    from feeds.render.compiled import EntryInput


@dataclass(frozen=True, slots=True)
class Style:
    """What entries carry: the provider's feed as their source, AMP links.

    On a page an entry leads to the `feeds` that it is in, each a key and a name; where it is not
    `whole` it is a line.
    """

    source: bool = True
    amp: bool = False
    whole: bool = True
    feeds: tuple[tuple[str, str], ...] = ()


class Place(NamedTuple):
    """Where a document stands in its feed's history, by absolute addresses (RFC 5005).

    `itself` is its own address. A subscription document has the newest page of the history before
    it, if there is any; `complete` says that it holds every article, `rhythm` how many minutes to
    wait before asking for it again. A page of the history has `current`, the subscription document.
    `withdrawn`: among its entries is what is left of a withdrawn article.
    """

    itself: str
    previous: str | None = None
    next: str | None = None
    current: str | None = None
    complete: bool = False
    withdrawn: bool = False
    rhythm: int | None = None

    def links(self) -> dict[str, str]:
        """The addresses by link relation, without its own (RFC 5005 §4)."""
        every = {"current": self.current, "prev-archive": self.previous, "next-archive": self.next}
        return {relation: address for relation, address in every.items() if address is not None}


def widest(itself: str, history: str) -> Place:
    """The place of a subscription document of which all is said that can be: no frame is longer.

    `history` is the longest address that a page of it may have.
    """
    return Place(itself, previous=history, complete=True, withdrawn=True, rhythm=STEPS[-1])


class Form(Protocol):
    """What a module of this package offers to show articles: a format of feeds, or pages."""

    NAME: str
    MEDIA_TYPE: str
    BETWEEN: bytes

    def entry(self, given: "EntryInput", site: "Site", style: Style) -> bytes:
        """One article, as it stands in every document of this format."""
        ...


class Format(Form, Protocol):
    """What it offers to be a format of feeds."""

    def frame(
        self, feed: "Feed", site: "Site", updated: datetime, place: Place
    ) -> tuple[bytes, bytes]:
        """What stands before and after the entries of a document; BETWEEN stands between two of
        them."""
        ...


MODULES = {"rss": "feeds.render.rss", "atom": "feeds.render.atom", "json": "feeds.render.jsonfeed"}
PAGE = "html"  # what is no format of feeds, and has entries all the same


@cache
def format_named(name: str) -> Format:
    """The format of that name.  It is loaded when first asked for, and feedgen and lxml with it."""
    return cast(Format, import_module(MODULES[name]))


@cache
def form_named(name: str) -> Form:
    """The same of a page, by PAGE."""
    return cast(Form, import_module("feeds.render.html")) if name == PAGE else format_named(name)
