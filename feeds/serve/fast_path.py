"""The fast path before Flask: cached documents are answered from memory, by GET and HEAD, whole or
as not modified.

It answers what takes no thought: nothing conditional, or a tag that is just the document's own (RFC
9110 §13.1). Everything else goes to the application behind it, which caches what it answered. A
request that does not name one host is refused here, whichever server handed it on.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from os import getpid
from typing import Any, NamedTuple

from feeds.documents import codings
from feeds.documents.addresses import is_host, names_a_feed
from feeds.documents.headers import ALWAYS
from feeds.errors import FeedsError
from feeds.serve.live import Live
from feeds.serve.response_cache import next_second

Headers = list[tuple[str, str]]
log = logging.getLogger("feeds")


class _Tick(NamedTuple):
    """A second of the clock: from, to, and its number since 1970."""

    start: datetime
    end: datetime
    second: int


class FastPath:
    """A WSGI application (PEP 3333) before the one that `live` serves, which begins with the first
    request."""

    def __init__(self, live: Live, clock: Callable[[], datetime]) -> None:
        self._live = live
        self._clock = clock
        self._tick = _tick(clock())

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        live = self._live
        if live.process != getpid():
            try:
                live.start()
            except FeedsError as error:
                log.error("%s", error)
                line = b"503 Not now. The request could not be answered.\n"
                return _plain(environ, start_response, "503 Service Unavailable", line)
        host = environ.get("HTTP_HOST")
        if not is_host(host) if host else environ.get("SERVER_PROTOCOL") == "HTTP/1.1":
            # RFC 9112 §3.2: HTTP/1.1 without a host, or any version with two or a malformed one
            line = b"400 Bad request. Send one Host header that names a host.\n"
            return _plain(environ, start_response, "400 Bad Request", line)
        served = live.served
        cache, behind = served.cache, served.behind
        cached = cache.responses.get(environ.get("PATH_INFO", ""))
        now, method = self._clock(), environ["REQUEST_METHOD"]
        if cached is None or not cache.holds(cached, now) or method not in ("GET", "HEAD"):
            return behind(environ, start_response)
        if environ.get("QUERY_STRING"):
            return behind(environ, start_response)
        if "HTTP_IF_MATCH" in environ or "HTTP_IF_UNMODIFIED_SINCE" in environ:
            return behind(environ, start_response)
        tick = self._tick
        if not tick.start <= now < tick.end:
            tick = self._tick = _tick(now)
        if cached.is_page and names_a_feed(environ.get("HTTP_ACCEPT", "")):
            return behind(environ, start_response)
        if cached.is_styled and environ.get("HTTP_SEC_FETCH_DEST") == "document":
            return behind(environ, start_response)
        cached.used = True
        tags = environ.get("HTTP_IF_NONE_MATCH")
        if tags is not None:
            if tags not in cached.tags:
                return behind(environ, start_response)
            start_response("304 Not Modified", cached.headers_unchanged(tick.second))
            return [b""]
        coding = codings.choose(environ.get("HTTP_ACCEPT_ENCODING"))
        body = cached.bodies.get(coding)
        if body is None or "HTTP_IF_MODIFIED_SINCE" in environ:
            return behind(environ, start_response)
        start_response("200 OK", cached.headers(tick.second, coding))
        return [body if method == "GET" else b""]


def _plain(
    environ: dict[str, Any], start_response: Callable[..., Any], status: str, body: bytes
) -> list[bytes]:
    """Answer with a line of text that no cache keeps."""
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, [*headers, ("Cache-Control", "no-store"), *ALWAYS])
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def _tick(now: datetime) -> _Tick:
    start = now.replace(microsecond=0)
    return _Tick(start, next_second(now), int(start.timestamp()))
