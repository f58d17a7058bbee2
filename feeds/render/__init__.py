"""Entries and documents: an Article or a Feed to bytes.  Pure: no clock, no store, no look-up of config.

One module a format, each with the same names (Format). A new format is one module and one line in MODULES.
"""

from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from feeds.config import Site
    from feeds.model import Article, Feed


@dataclass(frozen=True, slots=True)
class Style:
    """What entries carry: the provider's feed as their source, HTML content beside the summary, AMP links."""

    source: bool = True
    content: bool = True
    amp: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document stands in its feed's history, by absolute addresses (RFC 5005).

    `itself` is its own address. A subscription document has the newest page of the history before it, if there is any;
    `complete` says that it holds every article. A page of the history has `current`, the subscription document.
    `withdrawn`: among its entries is what is left of a withdrawn article.
    """

    itself: str
    previous: str | None = None
    next: str | None = None
    current: str | None = None
    complete: bool = False
    withdrawn: bool = False

    def links(self) -> dict[str, str]:
        """The addresses by link relation, without its own (RFC 5005 §4)."""
        every = {"current": self.current, "prev-archive": self.previous, "next-archive": self.next}
        return {relation: address for relation, address in every.items() if address is not None}


class Format(Protocol):
    """What a module of this package offers to be a format of feeds."""

    NAME: str
    MEDIA_TYPE: str
    BETWEEN: bytes

    def entry(self, article: "Article", site: "Site", style: Style) -> bytes:
        """One article, as it stands in every document of this format."""
        ...

    def frame(self, feed: "Feed", site: "Site", updated: datetime, place: Place) -> tuple[bytes, bytes]:
        """What stands before and after the entries of a document; BETWEEN stands between two of them."""
        ...


MODULES = {"rss": "feeds.render.rss", "atom": "feeds.render.atom", "json": "feeds.render.jsonfeed"}


def format_named(name: str) -> Format:
    """The format of that name.  It is loaded when first asked for, and feedgen and lxml with it."""
    return cast(Format, import_module(MODULES[name]))
