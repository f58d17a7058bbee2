"""A budget of whole answers for each client and address, against programs that take everything again and again.

Off unless `server.budget` is set. Who ever says which version it holds spends nothing; a client is known by a digest
that this process alone can make, so that no address is kept. A WSGI application before the room.
"""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import blake2b
from ipaddress import ip_address, ip_network
from math import ceil
from threading import Lock
from time import monotonic
from typing import Any

from feeds.publish.headers import ALWAYS
from feeds.publish.room import Application

BURST = 10  # whole answers at once: to subscribe takes a reader two or three
MOST = 20_000  # clients that are remembered; who is forgotten has a full budget again
CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")


class Budget:
    """Gives each client that sends no validators so many whole answers an hour of each address, after a burst."""

    def __init__(
        self, app: Application, an_hour: int, proxies: int = 0, clock: Callable[[], float] = monotonic
    ) -> None:
        self._app = app
        self._rate = an_hour / 3600
        self._proxies = proxies
        self._clock = clock
        self._salt = secrets.token_bytes(16)
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request, or say when to come again (RFC 6585 §4)."""
        path = environ.get("PATH_INFO", "")
        if environ["REQUEST_METHOD"] != "GET" or path.endswith(("/healthz", "/metrics")):
            return self._app(environ, start_response)
        client = self._client(environ, path)
        if any(name in environ for name in CONDITIONS):
            with self._lock:
                self._left.pop(client, None)
            return self._app(environ, start_response)
        wait = self._spend(client)
        if wait == 0:
            return self._app(environ, start_response)
        body = f"429 Too many whole answers. Send If-None-Match, or come again in {wait} seconds.\n".encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        headers += [("Retry-After", str(wait)), ("Cache-Control", "no-store"), *ALWAYS]
        start_response("429 Too Many Requests", headers)
        return [body]

    def _client(self, environ: dict[str, Any], path: str) -> bytes:
        address = environ.get("REMOTE_ADDR", "")
        hops = [hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        if 0 < self._proxies <= len(hops):
            address = hops[-self._proxies]
        try:
            if ip_address(address).version == 6:  # a household has a whole /64
                address = str(ip_network(f"{address}/64", strict=False))
        except ValueError:
            pass
        told = "\0".join((address, environ.get("HTTP_USER_AGENT", ""), path))
        return blake2b(told.encode("utf-8", "surrogateescape"), key=self._salt, digest_size=16).digest()

    def _spend(self, client: bytes) -> int:
        """Take one answer from a client's budget: 0, or the seconds until there is one."""
        now = self._clock()
        with self._lock:
            left, then = self._left.pop(client, (float(BURST), now))
            left = min(left + (now - then) * self._rate, float(BURST))
            allowed = left >= 1
            self._left[client] = (left - 1 if allowed else left), now
            if len(self._left) > MOST:
                self._left.popitem(last=False)
        return 0 if allowed else max(1, ceil(round((1 - left) / self._rate, 6)))
