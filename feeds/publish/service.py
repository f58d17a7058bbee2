"""The Flask service: documents over HTTP, with conditional GET by Werkzeug (RFC 9110 §13), and /healthz.

Bytes and tags are those of the static tree. Records that change show up without a restart: before an answer the folder
is looked over, at most for a tenth of the time. Only this module sees a request.
"""

import json
import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from urllib.parse import unquote_to_bytes, urlsplit

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from feeds import store
from feeds.config import Config, load_config
from feeds.errors import FeedsError, StoreBusy, StoreError
from feeds.model import EVERYTHING, is_archive
from feeds.pipeline import Documents, ingest, open_store
from feeds.publish.hosts import KEPT
from feeds.records import Fault
from feeds.render import html
from feeds.store import Store

Clock = Callable[[], datetime]
KEPT_LONG = "public, max-age=86400"  # a page of history changes with its articles and its neighbours: seldom
CODING = re.compile(r'-(?:gzip|br|zstd|deflate)"')
LOOKS_SHARE = 10  # looking over the records takes at most one part in this many of the time
log = logging.getLogger("feeds")


def _utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(config: Config | str | Path = "config.toml", *, clock: Clock = _utc_now) -> Flask:
    """The service as a WSGI application, for any server.  `config`: a Config, or the path of a config.toml.

    Raises ConfigError or StoreError when it cannot start. `clock` tells the moment, which decides what is due.
    """
    if not isinstance(config, Config):
        config = load_config(config)
    source = open_store(config)
    documents = Documents(config, source)
    ingest(config, source, clock())
    watch = _Watch(config, source, clock)
    watch.look()
    app = Flask("feeds", static_folder=None)
    app.url_map.strict_slashes = False

    names = config.names

    def answer(path: str) -> Response:
        if names.gone(path):
            return _problem(config, request, 410)
        if (moved := names.moved(path)) is not None:
            return _redirect(config.site.address(moved))
        watch.look()
        now = clock()
        document = documents.get(path, now)
        if document is None:
            return _problem(config, request, 404)
        response = Response(document.content, content_type=document.media_type)
        # Weak, since proxies compress on the way, and the same tag must name every coding (RFC 9110 §8.8.1).
        response.set_etag(document.etag, weak=True)
        if document.modified <= now:
            response.last_modified = document.modified
        response.headers["Cache-Control"] = KEPT_LONG if _is_past(path, now) else KEPT
        if asked := request.environ.get("HTTP_IF_NONE_MATCH"):
            # Apache appends the coding to a tag that passes through it (FreshRSS and others strip it as well).
            request.environ["HTTP_IF_NONE_MATCH"] = CODING.sub('"', asked)
        response.make_conditional(request)
        return response

    @app.get("/")
    def front_page() -> Response:
        return answer("index.html")

    @app.get("/<path:path>")
    def document(path: str) -> Response:
        return answer(path)

    @app.get("/healthz")
    def healthz() -> Response:
        watch.look()
        try:
            everything = documents.feeds(clock()).get(EVERYTHING)
            facts, status = {"status": "ok", "articles": everything.articles if everything else 0}, 200
        except StoreError:
            facts, status = {"status": "the store cannot be read"}, 503
        response = Response(json.dumps(facts) + "\n", status=status, content_type="application/json")
        response.headers["Cache-Control"] = "no-store"
        return response

    @app.errorhandler(HTTPException)
    def problem(error: HTTPException) -> Response:
        response = _problem(config, request, error.code or 500, error.name)
        allow = getattr(error, "valid_methods", None)
        if allow:
            response.headers["Allow"] = ", ".join(sorted(allow))
        return response

    @app.errorhandler(StoreError)
    def unusable(error: StoreError) -> Response:
        log.error("%s", error)
        return _problem(config, request, 503, "Not now")

    prefix = unquote_to_bytes(urlsplit(config.site.base_url).path).decode("latin-1")  # as PATH_INFO is: PEP 3333
    if prefix:
        app.wsgi_app = DispatcherMiddleware(_not_found, {prefix: app.wsgi_app})  # type: ignore[method-assign]
    return app


def _is_past(path: str, now: datetime) -> bool:
    """Whether a path is that of a page of history of a month that is over."""
    return is_archive(path) and f"archive/{now:%Y-%m}" not in path


class _Watch:
    """Brings the store up to date with the records, no more often than it is worth."""

    def __init__(self, config: Config, source: Store, clock: Clock) -> None:
        self._config = config
        self._source = source
        self._clock = clock
        self._lock = Lock()
        self._next = 0.0
        self._reported: set[Fault] | None = None
        self._trouble = ""

    def look(self) -> None:
        """Read what changed.  While one thread looks, others answer with what is known."""
        if time.monotonic() < self._next or not self._lock.acquire(blocking=False):
            return
        started = time.monotonic()
        try:
            ingested = ingest(self._config, self._source, self._clock(), wait=0)
            if ingested.read or self._reported is None:
                self._report(aloud=ingested.read > 0)
        except StoreBusy:
            # another process is reading the records: what it read shows next time
            self._trouble = ""
        except FeedsError as error:
            if str(error) != self._trouble:
                log.error("%s; the last good documents are served", error)
            self._trouble = str(error)
        finally:
            ended = time.monotonic()
            self._next = ended + (ended - started) * (LOOKS_SHARE - 1)
            self._lock.release()

    def _report(self, *, aloud: bool) -> None:
        """Log what newly keeps records from being published, without a word of theirs."""
        with self._source.reading() as connection:
            faults = set(store.faults(connection, self._clock()))
        for fault in sorted(faults - (self._reported or set()), key=str) if aloud else ():
            log.warning("%s/%s", self._config.records.path, fault.public)
        self._reported = faults


def _problem(config: Config, asked: Request, status: int, name: str = "") -> Response:
    """An error for whoever asks: a page for a browser, JSON for a program (RFC 9457), else a line of text."""
    heading, advice = html.ADVICE.get(status, (name or "Something went wrong", "The request could not be answered."))
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
    response.headers["Cache-Control"] = "public, max-age=60" if status in (404, 410) else "no-store"
    response.headers["Vary"] = "Accept"
    return response


def _redirect(address: str) -> Response:
    """What was here is at that address for good."""
    response = Response(f"301 Moved to {address}\n", status=301, content_type="text/plain; charset=utf-8")
    response.headers["Location"] = address
    response.headers["Cache-Control"] = KEPT
    return response


def _not_found(_: object, start_response: Callable[..., object]) -> list[bytes]:
    start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
    return [b"404 Nothing here.\n"]
