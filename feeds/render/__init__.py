"""Entries and documents: an Article or a Feed to bytes.  Pure: no clock, no store, no look-up of config.

One module a format, each with the same names (Format). A new format is one module and one line in FORMATS.
"""

from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from feeds.config import Site
    from feeds.model import Article, Feed


class Format(Protocol):
    """What a module of this package offers to be a format of feeds."""

    NAME: str
    MEDIA_TYPE: str

    def entry(self, article: "Article", site: "Site", *, has_source: bool) -> bytes:
        """One article, as it stands in every document of this format.  `has_source`: its provider has a feed."""
        ...

    def frame(self, feed: "Feed", site: "Site", updated: datetime) -> tuple[bytes, bytes]:
        """What stands before and after the entries of a document."""
        ...


MODULES = {"rss": "feeds.render.rss", "atom": "feeds.render.atom"}


def format_named(name: str) -> Format:
    """The format of that name.  It is loaded when first asked for, and feedgen and lxml with it."""
    return cast(Format, import_module(MODULES[name]))
