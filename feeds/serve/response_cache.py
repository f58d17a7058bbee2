"""Cached responses: documents with their headers at a moment, and their bytes in each coding, held
within a budget of memory.

In: versions of documents. Out: headers and bodies of 200 and 304, for the fast path and for Flask
alike. Not here: which of them a request gets.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from math import ceil
from threading import Lock
from time import monotonic, sleep
from typing import NamedTuple, TypeVar

from feeds.config import Config
from feeds.documents import http_messages
from feeds.documents.http_messages import ALWAYS, OF_PAGES, cache_control
from feeds.documents.versions import Documents, DocumentVersion
from feeds.errors import StoreError, StoreNotReady
from feeds.render import html
from feeds.urls import canonical, parse_path

Headers = list[tuple[str, str]]
T = TypeVar("T")
PAST = 86400  # seconds for a page of history of a month that is over: it changes seldom
SECOND = timedelta(seconds=1)
# seconds for which a request without any answer waits for a store that is being rebuilt
LONGEST_REBUILD = 10.0
LONGEST_FAULT = 0.2  # seconds for which it asks a store again that fails
MOMENT = 0.02  # seconds until it looks again
NEVER = datetime.min.replace(tzinfo=UTC)
FOR_EVER = datetime.max.replace(tzinfo=UTC)


class SecondOfHeaders(NamedTuple):
    """The headers of a response in one second: those of a 304, and those of a 200 by coding."""

    start: datetime
    end: datetime
    unchanged: Headers
    by_coding: dict[str, Headers]


class CachedResponse:
    """The responses of a document version.  Its bytes are coded when first asked for, and kept."""

    def __init__(
        self,
        version: DocumentVersion,
        before: "CachedResponse | None" = None,
        links: str = "",
        *,
        styled: bool = False,
    ) -> None:
        document = version.document
        self.version = version
        self.generation = version.generation
        self.since, self.until = version.since, version.until or FOR_EVER
        # Weak, since proxies compress on the way, and the same tag must name every coding (RFC 9110
        # §8.8.1).
        weak = f'W/"{document.etag}"'
        self.tags = frozenset((weak, f'"{document.etag}"'))
        self.bodies: dict[str, bytes] = {http_messages.IDENTITY: document.content}
        if before is not None and before.version.document.etag == document.etag:
            self.bodies = before.bodies
        self.size = 0  # in bytes, as the cache counts it
        self.used = False  # since the cache last had to make space
        self.is_page = document.media_type == html.MEDIA_TYPE
        # Of a feed with a style for browsers, these get a type that they show.
        self.is_styled = styled and http_messages.is_styled(document.media_type)
        vary = "Accept-Encoding"
        if self.is_page:
            vary += ", Accept"
        elif self.is_styled:
            vary += f", {http_messages.FETCH_DEST}"
        of_pages = OF_PAGES if self.is_page else ()
        self._fixed = [("ETag", weak), ("Vary", vary), ("Link", links), *ALWAYS, *of_pages]
        self._dated = SecondOfHeaders(NEVER, NEVER, [], {})

    def body(self, coding: str) -> bytes:
        """Return the document in a coding."""
        if coding not in self.bodies:
            self.bodies[coding] = http_messages.encode(self.version.document.content, coding)
        return self.bodies[coding]

    def headers(self, now: datetime, coding: str) -> Headers:
        """Return the headers of a 200 that is sent now, in a coding whose body is there."""
        dated = self._at(now)
        found = dated.by_coding.get(coding)
        if found is None:
            coded = [] if coding == http_messages.IDENTITY else [("Content-Encoding", coding)]
            length = str(len(self.bodies[coding]))
            media_type = self.version.document.media_type
            found = [("Content-Type", media_type), ("Content-Length", length), *coded]
            found = dated.by_coding[coding] = [*found, *dated.unchanged]
        return [*found]  # a server may change the list (PEP 3333)

    def headers_unchanged(self, now: datetime) -> Headers:
        """Return the headers of a 304: those of the 200 without what tells of its content (RFC 9110
        §15.4.5)."""
        return [*self._at(now).unchanged]

    def _fresh(self, now: datetime) -> tuple[int, int | None]:
        """Return for how many seconds it is fresh, at most until something in it falls due, and in
        how many it expires.

        What is scheduled does not shorten how long it may stand in: far ahead, nobody is to learn
        of it.
        """
        version = self.version
        fresh = PAST if _is_past(version.document.path, now) else version.frequency * 60
        if version.due is None:
            return fresh, None
        change, expiry = (
            None if moment is None else max(1, ceil((moment - now).total_seconds()))
            for moment in (version.due.change, version.due.expiry)
        )
        return min(fresh, change or fresh), expiry

    def _at(self, now: datetime) -> SecondOfHeaders:
        dated = self._dated
        if dated.start <= now < dated.end:
            return dated
        start, modified = now.replace(microsecond=0), self.version.document.modified
        fresh, left = self._fresh(start)
        headers = [("Date", http_date(start)), *self._fixed]
        if modified <= start:  # never in the future (RFC 9110 §8.8.2.1)
            headers.append(("Last-Modified", http_date(modified)))
        headers.append(("Cache-Control", cache_control(fresh, left)))
        headers.append(("Expires", http_date(start + fresh * SECOND)))
        # Replaced as a whole: other threads read it.
        self._dated = SecondOfHeaders(start, start + SECOND, headers, {})
        return self._dated


@lru_cache(4096)
def http_date(moment: datetime) -> str:
    """Write a moment as HTTP has it (RFC 9110 §5.6.7)."""
    return format_datetime(moment, usegmt=True)


def _is_past(path: str, now: datetime) -> bool:
    """Tell whether a path is that of a page of history of a month that is over."""
    parsed = parse_path(path)
    return parsed is not None and parsed.page != "" and not parsed.page.startswith(f"{now:%Y-%m}")


class ResponseCache:
    """Cached responses by their addresses, as they stand in a request, within a budget of bytes:
    those in use stay.

    A response is good for one generation of the store. `responses` and `generation` are read
    without a lock; `held` is how many bytes there are.
    """

    def __init__(self, budget: int) -> None:
        self.responses: OrderedDict[str, CachedResponse] = OrderedDict()
        self.generation = -1
        self._budget = budget
        self.held = 0
        self.cleared = 0  # times
        self._lock = Lock()

    def clear(self) -> None:
        """Forget all responses, those included that are just being made."""
        with self._lock:
            self.cleared += 1
            self.responses.clear()
            self.held = 0

    def put(self, address: str, response: CachedResponse, cleared: int | None = None) -> None:
        """Keep a response, in place of what was there, and let go of what nobody asked for of late.

        `cleared` is what that was when the response was begun: one that was begun before is not
        kept.
        """
        with self._lock:
            if cleared not in (None, self.cleared):
                return
            self._remove(address)
            self.generation = max(self.generation, response.generation)
            response.size = sum(map(len, response.bodies.values()))
            if response.size > self._budget:
                return
            self.responses[address] = response
            self.held += response.size
            while self.held > self._budget:
                oldest = next(iter(self.responses))
                if self.responses[oldest].used:
                    # A second chance: cheaper for those who ask than to move it each time.
                    self.responses[oldest].used = False
                    self.responses.move_to_end(oldest)
                else:
                    self._remove(oldest)

    def holds(self, response: CachedResponse, now: datetime) -> bool:
        """Tell whether a response is good at a moment."""
        return response.generation == self.generation and response.since <= now < response.until

    def remove(self, address: str) -> None:
        """Forget a response."""
        with self._lock:
            self._remove(address)

    def _remove(self, address: str) -> None:
        if (response := self.responses.pop(address, None)) is not None:
            self.held -= response.size

    def advance(self, generation: int, unchanged: Collection[str] = ()) -> None:
        """From here on only responses of that generation of the store are good; of none when it is
        less than 0.

        Those that were good until now, of the feeds that are `unchanged`, still are.
        """
        with self._lock:
            for response in self.responses.values() if unchanged else ():
                key = http_messages.key_of(response.version.document.path)
                if response.generation == self.generation and key in unchanged:
                    response.generation = generation
            self.generation = generation

    def versions(self) -> dict[str, DocumentVersion]:
        """Return the document versions that are good, by address."""
        with self._lock:
            return {
                address: response.version
                for address, response in self.responses.items()
                if response.generation == self.generation
            }


class Responses:
    """Finds and makes responses.  Safe for threads."""

    def __init__(
        self, config: Config, documents: Documents, cache: ResponseCache, prefix: str
    ) -> None:
        self._config = config
        self._documents = documents
        self._cache = cache
        self._prefix = prefix.encode().decode("latin-1")  # as PATH_INFO is: PEP 3333

    def get(
        self, path: str, now: datetime, coding: str = http_messages.IDENTITY
    ) -> CachedResponse | None:
        """Return the response for a document's path, ready in that coding; None where there is
        none.  Raises StoreError."""
        return patiently(lambda: self._get(path, now, coding))

    def _get(self, path: str, now: datetime, coding: str) -> CachedResponse | None:
        address = f"{self._prefix}/{canonical(path)}"
        cleared = self._cache.cleared
        before = self._cache.responses.get(address)
        if before is not None and coding in before.bodies and self._cache.holds(before, now):
            return before
        try:
            version = self._documents.version(path, now, before.version if before else None)
            feeds = self._documents.feeds(now)
        except StoreError:
            if before is None or self._cache.cleared != cleared:
                raise
            before.body(coding)
            return before  # the last good one
        if version is None:
            self._cache.remove(address)
            return None
        feed = feeds.get(http_messages.key_of(path) or "")
        links = http_messages.links(self._config, path, feed.formats if feed else ())
        response = CachedResponse(version, before, links, styled=self._config.feeds.pages)
        response.body(coding)
        if version.is_noted:
            self._cache.put(address, response, cleared)
        return response


def patiently(ask: Callable[[], T]) -> T:
    """Ask again while the store is being rebuilt, and for a moment where it fails.  Raises
    StoreError."""
    began = monotonic()
    while True:
        try:
            return ask()
        except StoreError as error:
            longest = LONGEST_REBUILD if isinstance(error, StoreNotReady) else LONGEST_FAULT
            if monotonic() > began + longest:
                raise
            sleep(MOMENT)
