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
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask, Response, abort, make_response, redirect, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, ServiceUnavailable

from feeds.build.hosts import KEPT
from feeds.config import Config, load_config
from feeds.documents import http_messages
from feeds.documents.http_messages import ALWAYS, OF_PAGES, PREFLIGHT, is_host, names_a_feed
from feeds.errors import FeedsError, RemovalRefused, StoreError
from feeds.ingest.ingesting import ingest, open_store, report_once
from feeds.render import html, logging_once
from feeds.serve import Application
from feeds.serve.freshness import Freshness
from feeds.serve.health import NOT_READY, Health
from feeds.serve.live import Live, Served
from feeds.serve.response_cache import CachedResponse, Responses, patiently
from feeds.urls import canonical, document_path, feed_path

Clock = Callable[[], datetime]
BRIEFLY = "public, max-age=60"  # what is not there may come
CODING = re.compile(r'-(?:gzip|br|zstd|deflate)"')
ERRORS = ["text/plain", "text/html", "application/json", "application/problem+json"]
log = logging.getLogger("feeds")


def utc_now() -> datetime:
    """Return the moment that it is."""
    return datetime.now(UTC)


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


def served(config: Config, health: Health, clock: Clock) -> Served:
    """Make what is served of a config.  The store stays open."""
    freshness = Freshness(config, clock, health)
    views = Views(config, freshness, clock)
    return Served(config, freshness.cache, views.application(), freshness)


class _Document(Response):
    """A document; where it did not change, its date is sent with its tag (Werkzeug leaves it out of
    a 304)."""

    def get_wsgi_headers(self, environ: Any) -> Headers:
        """Return the headers as they are sent."""
        headers = super().get_wsgi_headers(environ)
        if self.status_code == 304 and (modified := self.headers.get("Last-Modified")):
            headers["Last-Modified"] = modified
        return headers


class Views:
    """The views of Flask: they answer what the fast path does not."""

    def __init__(self, config: Config, freshness: Freshness, clock: Clock) -> None:
        self._config = config
        self._documents = freshness.documents
        self._freshness = freshness
        self._clock = clock
        self._prefix = unquote(urlsplit(config.site.base_url).path)
        self._responses = Responses(config, self._documents, freshness.cache, self._prefix)

    def application(self) -> Application:
        """Return the views as a WSGI application, which logs each fault of a template once."""
        app = Flask("feeds", static_folder=None)
        app.url_map.strict_slashes = app.url_map.merge_slashes = False
        for rule, view in (
            ("/", self.document),
            ("/<path:asked>", self.document),
            ("/healthz", self.healthz),
            ("/readyz", self.readyz),
        ):
            app.add_url_rule(self._prefix + rule, view_func=view)
        app.register_error_handler(HTTPException, self.problem)
        app.register_error_handler(FeedsError, self.unusable)
        app.after_request(_complete)
        logged = set[str]()

        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            with logging_once(logged):
                return app.wsgi_app(environ, start_response)

        return answer

    def document(self, asked: str = "") -> Response:
        """Answer with the document at a path, or lead to the one address of what is meant."""
        # Werkzeug leaves them out: each document would have many addresses
        if request.environ["PATH_INFO"].startswith("//"):
            abort(404)
        now, coding = self._clock(), http_messages.choose(request.headers.get("Accept-Encoding"))
        if (feed := self._wanted_feed(asked, now)) is not None:
            return _lead_to(self._config.site.address(feed), status=302, varies=True)
        path = self._config.copies.get(asked) or document_path(asked)
        found = self._responses.get(path, now, coding)
        if found is None:
            return self._elsewhere(asked, now)
        is_known = asked == canonical(path) or asked in self._config.copies
        if request.query_string or not is_known or request.path == self._prefix:
            return self._lead_to_document(path)
        return _answer(found, now, coding)

    def healthz(self) -> Response:
        """Tell whether the service is well, for machines that watch it; it answers, in any case."""
        reasons = self._freshness.health.reasons()
        status = {"status": "degraded", "reasons": reasons} if reasons else {"status": "ok"}
        return _fact({**status, **self._freshness.facts()}, 200)

    def readyz(self) -> Response:
        """Tell whether documents can be served, for who leads requests here or elsewhere."""
        is_ready = NOT_READY not in self._freshness.health.reasons()
        return _fact({"ready": is_ready}, 200 if is_ready else 503)

    def problem(self, error: HTTPException) -> Response:
        """Answer with an error in the form that the client takes: a page for a browser, JSON for a
        program (RFC 9457), else a line of text."""
        status = error.code or 500
        response = Response(status=status, headers=error.get_headers())
        heading, advice = html.ADVICE.get(status, (error.name, html.NO_ADVICE))
        best = request.accept_mimetypes.best_match(ERRORS, default=ERRORS[0])
        if best == "text/html":
            response.data = html.error_page(self._config.site, heading, advice)
        elif best == "text/plain":
            response.data = f"{status} {heading}. {advice}\n"
            response.mimetype = best
        else:
            facts = {"type": "about:blank", "title": heading, "status": status, "detail": advice}
            response.data = json.dumps(facts)
            response.mimetype = "application/problem+json"
        response.headers["Cache-Control"] = BRIEFLY if status in (404, 410) else "no-store"
        response.headers["Vary"] = "Accept"
        return response

    def unusable(self, error: FeedsError) -> Response:
        """Answer that nothing can be answered now."""
        log.error("%s", error)
        return self.problem(ServiceUnavailable())

    def _wanted_feed(self, asked: str, now: datetime) -> str | None:
        """Return the path of a feed, for a reader that asks for it at the address of its page.

        The front page leads nowhere: readers look there for an icon, and for all feeds.
        """
        wanted = http_messages.wanted_format(request.accept_mimetypes, self._config.feeds.formats)
        if wanted is None or not asked.strip("/"):
            return None
        key = http_messages.key_of(document_path(f"{asked.rstrip('/')}/".lstrip("/")))
        try:
            feed = patiently(lambda: self._documents.feeds(now)).get(key or "")
        except StoreError:
            return None  # the page as it was last is better than no answer
        return None if feed is None or wanted not in feed.formats else feed_path(feed.key, wanted)

    def _elsewhere(self, asked: str, now: datetime) -> Response:
        """Answer where there is no document: it may be gone, have moved or be meant by another
        path."""
        names = self._config.names
        for path in (asked, *http_messages.meant(asked)):
            if names.gone(path):
                abort(410)
            moved = names.moved(path) or self._config.moved_paths.get(path.rstrip("/"))
            if moved is not None:
                return _lead_to(self._config.site.address(canonical(moved)))
            if path != asked and self._responses.get(path, now) is not None:
                return self._lead_to_document(path)
        abort(404)

    def _lead_to_document(self, path: str) -> Response:
        """Lead to the address of a document.  Who asks for a feed where its page is may be led to
        the feed."""
        address = canonical(path)
        is_page = not address or address.endswith("/")
        return _lead_to(self._config.site.address(address), varies=is_page)


def _answer(found: CachedResponse, now: datetime, coding: str) -> Response:
    """Answer with a document, or with what is left of it to say under the conditions of the
    request."""
    response = _Document(found.bodies[coding], headers=found.headers(now, coding))
    if found.is_styled and request.headers.get(http_messages.FETCH_DEST) == "document":
        response.headers["Content-Type"] = http_messages.FOR_BROWSERS
    asked = {**request.environ}
    if "HTTP_IF_NONE_MATCH" in asked:
        # Apache appends the coding to a tag that passes through it (FreshRSS and others strip it
        # as well).
        asked["HTTP_IF_NONE_MATCH"] = CODING.sub('"', asked["HTTP_IF_NONE_MATCH"])
    if asked.get("HTTP_IF_MATCH", "").strip() == "*":
        # there is a document (RFC 9110 §13.1.1), and Werkzeug compares tags
        del asked["HTTP_IF_MATCH"]
    try:
        response.make_conditional(asked)
    except (ArithmeticError, LookupError):
        return response  # a date in a time zone that no machine can count: it is none
    if response.status_code == 412:
        abort(412)
    return response


def _fact(facts: dict[str, Any], status: int) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(json.dumps(facts) + "\n", status, headers, content_type="application/json")


def _complete(response: Response) -> Response:
    """Add the headers that every response has."""
    also = PREFLIGHT if request.method == "OPTIONS" else ()
    of_pages = OF_PAGES if response.mimetype == "text/html" else ()
    for name, value in (*ALWAYS, *also, *of_pages):
        response.headers.setdefault(name, value)
    return response


def _lead_to(address: str, status: int = 301, *, varies: bool = False) -> Response:
    """Lead to an address: for good, unless the status says otherwise."""
    response = make_response(redirect(address, status))
    response.headers["Cache-Control"] = KEPT
    if varies:
        response.headers["Vary"] = "Accept"
    return response


IN_MEMORY = "feeds.in_memory"  # in an environ: it is answered only if nothing is to be made for it


class NotInMemory(Exception):
    """Nothing in memory answers a request: something is still to be made."""


class FastPath:
    """A WSGI application (PEP 3333) before the one that `live` serves, which begins with the first
    request.  Raises NotInMemory for a request that is IN_MEMORY, where that is not so."""

    def __init__(self, live: Live, clock: Clock) -> None:
        self._live = live
        self._clock = clock

    def _behind(
        self, served: Served, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Let Flask answer a request."""
        cache, place = served.cache, environ.get("PATH_INFO", "")
        if IN_MEMORY in environ and not place.endswith(("/healthz", "/readyz")):
            cached = cache.responses.get(place)
            if cached is None or not cache.holds(cached, self._clock()):
                raise NotInMemory
            if http_messages.choose(environ.get("HTTP_ACCEPT_ENCODING")) not in cached.bodies:
                raise NotInMemory
        return served.behind(environ, start_response)

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        live = self._live
        if not live.is_running:
            if IN_MEMORY in environ:
                raise NotInMemory
            try:
                live.start()
            except FeedsError as error:
                log.error("%s", error)
                return _line(503, f"Not now. {html.NO_ADVICE}")(environ, start_response)
        host = environ.get("HTTP_HOST")
        if not is_host(host) if host else environ.get("SERVER_PROTOCOL") == "HTTP/1.1":
            # RFC 9112 §3.2: HTTP/1.1 without a host, or any version with two or a malformed one
            line = _line(400, "Bad request. Send one Host header that names a host.")
            return line(environ, start_response)
        served, now, method = live.served, self._clock(), environ["REQUEST_METHOD"]
        cached = served.cache.responses.get(environ.get("PATH_INFO", ""))
        if (
            cached is None
            or not served.cache.holds(cached, now)
            or method not in ("GET", "HEAD")
            or environ.get("QUERY_STRING")
            or "HTTP_IF_MATCH" in environ
            or "HTTP_IF_UNMODIFIED_SINCE" in environ
            or (cached.is_page and names_a_feed(environ.get("HTTP_ACCEPT", "")))
            or (cached.is_styled and environ.get("HTTP_SEC_FETCH_DEST") == "document")
        ):
            return self._behind(served, environ, start_response)
        cached.used = True
        tags = environ.get("HTTP_IF_NONE_MATCH")
        if tags is not None and tags in cached.tags:
            start_response("304 Not Modified", cached.headers_unchanged(now))
            return [b""]
        coding = http_messages.choose(environ.get("HTTP_ACCEPT_ENCODING"))
        body = cached.bodies.get(coding)
        if body is None or tags is not None or "HTTP_IF_MODIFIED_SINCE" in environ:
            return self._behind(served, environ, start_response)
        start_response("200 OK", cached.headers(now, coding))
        return [body if method == "GET" else b""]


def _line(status: int, text: str) -> Response:
    """Return a line of text that no cache keeps."""
    headers = [("Cache-Control", "no-store"), *ALWAYS]
    return Response(f"{status} {text}\n", status, headers, mimetype="text/plain")
