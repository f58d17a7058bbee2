"""Entries and documents: an Article or a Feed to bytes.  Pure: no clock, no store, no reading of
config.

One module a format, each with the same names (Format). Here is what they share, and where the
faults of a publisher's templates are reported. A new format is one module and one line in
`formats`.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from feeds.formats import FORMATS
from feeds.model import STEPS
from feeds.urls import PAGE as PAGE

if TYPE_CHECKING:
    from feeds.config.site import Site
    from feeds.model import Feed
    from feeds.render.compiled import EntryInput


@dataclass(frozen=True, slots=True)
class Style:
    """The style of entries: with the provider's feed as their source, with AMP links.

    On a page an entry leads to the `feeds` that it is in, each a key and a name; where it is not
    `whole` it is a line.
    """

    source: bool = True
    amp: bool = False
    whole: bool = True
    feeds: tuple[tuple[str, str], ...] = ()


class PageLinks(NamedTuple):
    """The place of a document in its feed's history, by absolute addresses (RFC 5005).

    `itself` is its own address. A subscription document has the newest page of the history before
    it, if there is any; `complete` says that it holds every article, `frequency` how many minutes
    to wait before asking for it again. A page of the history has `current`, the subscription
    document. `withdrawn`: among its entries is what is left of a withdrawn article.
    """

    itself: str
    previous: str | None = None
    next: str | None = None
    current: str | None = None
    complete: bool = False
    withdrawn: bool = False
    frequency: int | None = None

    def links(self) -> dict[str, str]:
        """Return the addresses by link relation, without its own (RFC 5005 §4)."""
        every = {"current": self.current, "prev-archive": self.previous, "next-archive": self.next}
        return {relation: address for relation, address in every.items() if address is not None}


def widest(itself: str, history: str) -> PageLinks:
    """Return the place of a subscription document that says all it can: no frame is longer.

    `history` is the longest address that a page of it may have.
    """
    return PageLinks(itself, previous=history, complete=True, withdrawn=True, frequency=STEPS[-1])


class Form(Protocol):
    """The interface of a module that shows articles: a format of feeds, or pages.

    BETWEEN stands between two entries.
    """

    NAME: str
    MEDIA_TYPE: str
    BETWEEN: bytes

    def entry(self, given: "EntryInput", site: "Site", style: Style) -> bytes:
        """Return one article, as it stands in every document of this format."""
        ...


class Format(Form, Protocol):
    """The interface of the module of a format of feeds.

    NAME is the extension of its documents, LABEL what people call it, OPML_VERSION what a list in
    OPML calls it, if it has a word for it. IS_STYLED: browsers get its documents as XML with the
    style of the site, if that has pages.
    """

    LABEL: str
    OPML_VERSION: str | None
    IS_STYLED: bool

    def frame(
        self, feed: "Feed", site: "Site", updated: datetime, place: PageLinks
    ) -> tuple[bytes, bytes]:
        """Return what stands before and after the entries of a document."""
        ...


@cache
def format_named(name: str) -> Format:
    """Return the format of that name.  Its module, and feedgen, are loaded when first used."""
    return cast(Format, import_module(FORMATS[name]))


@cache
def form_named(name: str) -> Form:
    """Return the format of that name, or pages for PAGE."""
    return cast(Form, import_module("feeds.render.html")) if name == PAGE else format_named(name)


def media_type_of(name: str) -> str:
    """Return the media type of a format without its parameters."""
    return format_named(name).MEDIA_TYPE.partition(";")[0]


_collected: ContextVar[set[str] | None] = ContextVar("collected", default=None)
log = logging.getLogger("feeds")


def report(*faults: str) -> None:
    """Add faults to those being collected in this thread, or log them if none are."""
    found = _collected.get()
    if found is not None:
        found.update(faults)
        return
    for fault in faults:
        log.error("%s", fault)


@contextmanager
def collecting() -> Iterator[set[str]]:
    """Collect what is reported in this thread: a worker hands its faults to its parent process."""
    found: set[str] = set()
    token = _collected.set(found)
    try:
        yield found
    finally:
        _collected.reset(token)


@contextmanager
def logging_once(logged: set[str]) -> Iterator[None]:
    """Log what is reported in this thread meanwhile, unless it was logged before.  Safe for
    threads."""
    with collecting() as found:
        try:
            yield
        finally:
            for fault in sorted(found - logged):
                logged.add(fault)
                log.error("%s", fault)
