"""The room before Flask: known documents are answered from memory, by GET and HEAD, whole or as not
modified.

It answers what it can tell at a glance: nothing conditional, or a tag that is just the document's
own (RFC 9110 §13.1). Everything else is the application's behind it, which puts on the shelf what
it answered. A request that does not name one host is refused here, whichever server handed it on.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

from feeds.documents import codings
from feeds.documents.addresses import is_host, names_a_feed
from feeds.documents.headers import ALWAYS
from feeds.serve.freshness import Watch
from feeds.serve.response_cache import Shelf, next_second

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Tick(NamedTuple):
    """A second of the clock: from, to, and its number since 1970."""

    start: datetime
    end: datetime
    second: int


class Room:
    """A WSGI application before another (PEP 3333), which is `behind`."""

    def __init__(
        self, app: Application, shelf: Shelf, watch: Watch, clock: Callable[[], datetime]
    ) -> None:
        self.behind = app
        self._shelf = shelf
        self._watch = watch
        self._clock = clock
        self._tick = _tick(clock())

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        host = environ.get("HTTP_HOST")
        if not is_host(host) if host else environ.get("SERVER_PROTOCOL") == "HTTP/1.1":
            return _without_host(environ, start_response)
        if monotonic() >= self._watch.next:
            self._watch.look()
        shelf = self._shelf
        answer = shelf.answers.get(environ.get("PATH_INFO", ""))
        now, method = self._clock(), environ["REQUEST_METHOD"]
        if answer is None or not shelf.holds(answer, now) or method not in ("GET", "HEAD"):
            return self.behind(environ, start_response)
        if environ.get("QUERY_STRING"):
            return self.behind(environ, start_response)
        if "HTTP_IF_MATCH" in environ or "HTTP_IF_UNMODIFIED_SINCE" in environ:
            return self.behind(environ, start_response)
        tick = self._tick
        if not tick.start <= now < tick.end:
            tick = self._tick = _tick(now)
        if answer.is_page and names_a_feed(environ.get("HTTP_ACCEPT", "")):
            return self.behind(environ, start_response)
        if answer.is_styled and environ.get("HTTP_SEC_FETCH_DEST") == "document":
            return self.behind(environ, start_response)
        answer.used = True
        tags = environ.get("HTTP_IF_NONE_MATCH")
        if tags is not None:
            if tags not in answer.tags:
                return self.behind(environ, start_response)
            start_response("304 Not Modified", answer.headers_unchanged(tick.second))
            return [b""]
        coding = codings.choose(environ.get("HTTP_ACCEPT_ENCODING"))
        body = answer.bodies.get(coding)
        if body is None or "HTTP_IF_MODIFIED_SINCE" in environ:
            return self.behind(environ, start_response)
        start_response("200 OK", answer.headers(tick.second, coding))
        return [body if method == "GET" else b""]


def _without_host(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    """Refuse a request of HTTP/1.1 without a host, or of any version with two or a malformed one
    (RFC 9112 §3.2)."""
    body = b"400 Bad request. Send one Host header that names a host.\n"
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("400 Bad Request", [*headers, ("Cache-Control", "no-store"), *ALWAYS])
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def _tick(now: datetime) -> _Tick:
    start = now.replace(microsecond=0)
    return _Tick(start, next_second(now), int(start.timestamp()))
