"""Log what was asked and answered: a line of JSON for each request, and counts.  A WSGI application
before all others.

Only there when config.toml asks for it. No line has an address unless it asks for that too.
"""

import json
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from time import perf_counter
from typing import Any

from feeds.documents.http_messages import ALWAYS
from feeds.serve import Application
from feeds.serve.metrics import Metrics

LONGEST = 512  # characters of what a client says that are worth a line
STANDARD_OUTPUT = 1
METRICS = "/metrics"


class Observed:
    """Watches what passes through an application."""

    def __init__(
        self,
        app: Application,
        metrics: Metrics | None,
        write: Callable[[bytes], object] | None,
        *,
        addresses: bool = False,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._write = write
        self._addresses = addresses

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request, and note it."""
        if self._metrics is not None and environ.get("PATH_INFO") == METRICS:
            return self._tell(self._metrics, start_response)
        began = perf_counter()
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            started.append((status, headers))
            return start_response(status, headers, *rest)

        body = self._app(environ, start)
        try:
            parts = [*body]  # an answer is small or in memory: nothing here streams
        finally:
            if (close := getattr(body, "close", None)) is not None:
                close()
        taken, sent = perf_counter() - began, sum(map(len, parts))
        status, headers = int(started[-1][0][:3]), dict(started[-1][1])
        if self._metrics is not None:
            self._metrics.count(status, sent, taken)
        if self._write is not None:
            self._write(self._line(environ, status, headers, sent, taken))
        return parts

    def _tell(self, metrics: Metrics, start_response: Callable[..., Any]) -> list[bytes]:
        body = metrics.text().encode()
        headers = [
            ("Content-Type", "text/plain; version=0.0.4; charset=utf-8"),
            ("Content-Length", str(len(body))),
        ]
        start_response("200 OK", [*headers, ("Cache-Control", "no-store"), *ALWAYS])
        return [body]

    def _line(
        self, environ: dict[str, Any], status: int, headers: dict[str, str], sent: int, taken: float
    ) -> bytes:
        # Below a path what is behind takes that path off.
        place = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        facts = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "method": environ["REQUEST_METHOD"][:LONGEST],
            # As it was sent, whatever its bytes: PEP 3333 has them as Latin-1.
            "path": place.encode("latin-1", "replace").decode("utf-8", "replace")[:LONGEST],
            "status": status,
            "bytes": sent,
            "ms": round(taken * 1000, 3),
            "coding": headers.get("Content-Encoding"),
            "conditional": "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MODIFIED_SINCE" in environ,
            "agent": environ.get("HTTP_USER_AGENT", "")[:LONGEST],
            "address": environ.get("REMOTE_ADDR") if self._addresses else None,
        }
        present = {name: fact for name, fact in facts.items() if fact is not None}
        return (json.dumps(present) + "\n").encode()


def to_standard_output(line: bytes) -> None:
    """Write a line whole, so that those of several workers do not mix."""
    os.write(STANDARD_OUTPUT, line)
