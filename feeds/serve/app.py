"""The service: the fast path from the response cache, and behind it Flask, with conditional GET by
Werkzeug (RFC 9110 §13), and /healthz.

Bytes and tags are those of the static tree. The fast path answers what takes no thought: nothing
conditional, or a tag that is just the document's own. Everything else goes to Flask, and what that
answered is cached as long as it holds. Only this module sees a request.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from os import getpid
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, Request, Response, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_date
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from feeds.build.hosts import KEPT
from feeds.config import Config, load_config
from feeds.documents import http_messages
from feeds.documents.http_messages import ALWAYS, OF_PAGES, PREFLIGHT, is_host, names_a_feed
from feeds.documents.versions import Documents
from feeds.errors import FeedsError, RemovalRefused, RenderError, StoreError
from feeds.ingest.ingesting import ingest, open_store, report_once
from feeds.render import Reporter, html
from feeds.serve import Application
from feeds.serve.freshness import Freshness
from feeds.serve.live import Live, Served
from feeds.serve.response_cache import ResponseCache, Responses, next_second
from feeds.urls import EVERYTHING, canonical, document_path, feed_path

Clock = Callable[[], datetime]
BRIEFLY = "public, max-age=60"  # what is not there may come
# The headers of a request whose dates Werkzeug reads.
DATES = ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE")
CODING = re.compile(r'-(?:gzip|br|zstd|deflate)"')
log = logging.getLogger("feeds")


def utc_now() -> datetime:
    """Return the moment that it is."""
    return datetime.now(UTC)


class _Document(Response):
    """A document; where it did not change, its date is sent with its tag (Werkzeug leaves it out of
    a 304)."""

    def get_wsgi_headers(self, environ: Any) -> Headers:
        """Return the headers as they are sent."""
        headers = super().get_wsgi_headers(environ)
        if self.status_code == 304 and (modified := self.headers.get("Last-Modified")):
            headers["Last-Modified"] = modified
        return headers


def create_app(config: Config | str | Path = "config.toml", *, clock: Clock = utc_now) -> Flask:
    """Return the service as a WSGI application, for any server, whose processes may fork before
    their first request.

    `config`: a Config, or the path of a config.toml. Raises ConfigError or StoreError when it
    cannot start. `clock` tells the moment, which decides what is due. In each process that answers
    requests, threads keep it fresh and its store is open: `app.extensions["feeds"].close()` ends
    them and closes it.
    """
    if not isinstance(config, Config):
        config = load_config(config)
        for line in config.warnings:
            log.warning("%s", line)
    live = live_service(config, clock)
    read_records(config, clock)
    app = Flask("feeds", static_folder=None)
    app.extensions["feeds"] = live
    app.wsgi_app = FastPath(live, clock)  # type: ignore[method-assign]
    return app


def live_service(config: Config, clock: Clock = utc_now) -> Live:
    """Return the service of records that are read in already, and of each config that follows."""
    html.check(config.site)
    return Live(config, partial(served, clock=clock), partial(read_records, clock=clock))


def read_records(config: Config, clock: Clock) -> None:
    """Read the records into the store, and close it."""
    html.check(config.site)
    with open_store(config) as source:
        try:
            ingest(config, source, clock())
        except RemovalRefused as error:
            log.error("%s; the last good documents are served", error)
        for line in report_once(config, source, "service"):
            log.warning("%s", line)


def served(config: Config, clock: Clock) -> Served:
    """Make what is served of a config.  The store stays open."""
    source = open_store(config)
    cache = ResponseCache(config.server.memory)
    documents = Documents(config, source)
    freshness = Freshness(config, source, documents, cache, clock)
    behind = _application(config, documents, cache, freshness, clock)
    return Served(config, cache, behind, freshness)


def _application(
    config: Config, documents: Documents, cache: ResponseCache, freshness: Freshness, clock: Clock
) -> Application:
    """Return the application behind the fast path, through Flask's routing."""
    # as PATH_INFO is: PEP 3333
    prefix = unquote_to_bytes(urlsplit(config.site.base_url).path).decode("latin-1")
    responses = Responses(config, documents, cache, prefix)
    app = Flask("feeds", static_folder=None)
    app.url_map.strict_slashes = False
    names = config.names

    def former(path: str) -> Response | None:
        """Answer for feeds that are gone or moved."""
        if names.gone(path):
            return _problem(config, request, 410)
        moved = names.moved(path)
        return None if moved is None else _redirect(config.site.address(moved))

    def feed_instead(path: str, now: datetime) -> Response | None:
        """Lead to a feed, for a reader that asks for it at the address of its page."""
        wanted = http_messages.wanted_format(request.accept_mimetypes, config.feeds.formats)
        key = (
            None
            if wanted is None
            else http_messages.key_of(document_path(f"{path.rstrip('/')}/".lstrip("/")))
        )
        feed = None if key is None else documents.feeds(now).get(key)
        if wanted is None or feed is None or wanted not in feed.formats:
            return None
        response = _redirect(config.site.address(feed_path(feed.key, wanted)), 302)
        response.headers["Vary"] = "Accept"
        return response

    def leading(path: str) -> Response:
        """Lead to the one address of a document; who asks for a feed where its page is may be led
        to the feed."""
        response = _redirect(config.site.address(path))
        if not path or path.endswith("/"):
            response.headers["Vary"] = "Accept"
        return response

    def answer(asked: str) -> Response:
        now, coding = clock(), http_messages.choose(request.environ.get("HTTP_ACCEPT_ENCODING"))
        place = request.environ["PATH_INFO"]
        # Werkzeug leaves them out: each document would have many addresses
        if place.startswith("//"):
            return _problem(config, request, 404)
        if (instead := feed_instead(asked, now)) is not None:
            return instead
        if prefix and not place:
            return leading("")
        path = document_path(asked)
        found = responses.get(path, now, coding)
        if found is None:
            if (instead := former(asked)) is not None:
                return instead
            for other in http_messages.meant(asked):
                if (instead := former(other)) is not None:
                    return instead
                if responses.get(other, now) is not None:
                    return leading(canonical(other))
            return _problem(config, request, 404)
        if request.query_string or asked != canonical(path):
            return leading(canonical(path))
        headers = found.headers(int(now.timestamp()), coding)
        response = _Document(found.bodies[coding], headers=headers)
        if found.is_styled and request.headers.get(http_messages.FETCH_DEST) == "document":
            response.headers["Content-Type"] = http_messages.FOR_BROWSERS
        tags = request.environ.get("HTTP_IF_NONE_MATCH")
        if tags:
            # Apache appends the coding to a tag that passes through it (FreshRSS and others strip
            # it as well).
            request.environ["HTTP_IF_NONE_MATCH"] = CODING.sub('"', tags)
        for name in DATES:
            if not _is_readable(request.environ.get(name)):
                del request.environ[name]
        if request.headers.get("If-Match", "").strip() == "*":
            # there is a document (RFC 9110 §13.1.1), and Werkzeug compares tags
            del request.environ["HTTP_IF_MATCH"]
        response.make_conditional(request)
        if response.status_code == 412:
            return _problem(config, request, 412, "Not as expected")
        return response

    @app.get("/")
    def front_page() -> Response:
        return answer("")

    @app.get("/<path:path>")
    def document(path: str) -> Response:
        return answer(path)

    @app.get("/healthz")
    def healthz() -> Response:
        try:
            everything = documents.feeds(clock()).get(EVERYTHING)
            trouble = "the last good documents are served" if freshness.trouble else ""
            articles = everything.articles if everything else 0
            facts, status = (
                {"status": trouble or "ok", "articles": articles, "faults": freshness.faults},
                200,
            )
        except StoreError:
            facts, status = {"status": "the store cannot be read"}, 503
        response = Response(
            json.dumps(facts) + "\n", status=status, content_type="application/json"
        )
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.after_request
    def complete(response: Response) -> Response:
        for name, value in (*ALWAYS, *(PREFLIGHT if request.method == "OPTIONS" else ())):
            response.headers.setdefault(name, value)
        for name, value in OF_PAGES if response.mimetype == "text/html" else ():
            response.headers.setdefault(name, value)
        return response

    @app.errorhandler(HTTPException)
    def problem(error: HTTPException) -> Response:
        response = _problem(config, request, error.code or 500, error.name)
        allow = getattr(error, "valid_methods", None)
        if allow:
            response.headers["Allow"] = ", ".join(sorted(allow))
        return response

    @app.errorhandler(RenderError)
    @app.errorhandler(StoreError)
    def unusable(error: FeedsError) -> Response:
        log.error("%s", error)
        return _problem(config, request, 503, "Not now")

    behind = DispatcherMiddleware(_not_found, {prefix: app.wsgi_app}) if prefix else app.wsgi_app
    reporter = Reporter()

    def reporting(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with reporter.listening():
            return behind(environ, start_response)

    return reporting


def _is_readable(date: str | None) -> bool:
    """Tell whether Werkzeug can read the value of a header as a date, or sees that it is none.

    A time zone that no machine can count raises OverflowError; a date that is none is to be ignored
    (RFC 9110 §13.1.3).
    """
    try:
        parse_date(date)
    except (ArithmeticError, LookupError):
        return False
    return True


def _problem(config: Config, asked: Request, status: int, name: str = "") -> Response:
    """An error for whoever asks: a page for a browser, JSON for a program (RFC 9457), else a line
    of text."""
    heading, advice = html.ADVICE.get(
        status, (name or "Something went wrong", "The request could not be answered.")
    )
    kinds = ["text/plain", "text/html", "application/json", "application/problem+json"]
    best = asked.accept_mimetypes.best_match(kinds, default="text/plain")
    if best == "text/html":
        body, kind = html.error_page(config.site, heading, advice), "text/html; charset=utf-8"
    elif best == "text/plain":
        body, kind = f"{status} {heading}. {advice}\n".encode(), "text/plain; charset=utf-8"
    else:
        facts = {"type": "about:blank", "title": heading, "status": status, "detail": advice}
        body, kind = json.dumps(facts).encode(), "application/problem+json"
    response = Response(body, status=status, content_type=kind)
    response.headers["Cache-Control"] = BRIEFLY if status in (404, 410) else "no-store"
    response.headers["Vary"] = "Accept"
    return response


def _redirect(address: str, status: int = 301) -> Response:
    """Lead to an address: for good, unless the status says otherwise."""
    response = Response(
        f"{status} Moved to {address}\n", status=status, content_type="text/plain; charset=utf-8"
    )
    response.headers["Location"] = address
    response.headers["Cache-Control"] = KEPT
    return response


def _not_found(_: object, start_response: Callable[..., object]) -> list[bytes]:
    body = b"404 Nothing here.\n"
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response("404 Not Found", [*headers, ("Cache-Control", BRIEFLY), *ALWAYS])
    return [body]


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
        self._tick = _tick_at(clock())

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
            tick = self._tick = _tick_at(now)
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
        coding = http_messages.choose(environ.get("HTTP_ACCEPT_ENCODING"))
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


def _tick_at(now: datetime) -> _Tick:
    start = now.replace(microsecond=0)
    return _Tick(start, next_second(now), int(start.timestamp()))
