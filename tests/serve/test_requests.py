"""Requests that no reader means: whatever is asked, nothing fails, and what is no HTTP is refused.

Generated requests go to the WSGI application, and as bytes to a server on loopback.
"""

import os
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from typing import Any

import pytest
from hypothesis import example, given, seed, settings
from hypothesis import strategies as st

from feeds.config import Config
from feeds.serve import Application
from feeds.serve.app import create_app
from feeds.serve.request_log import Observed
from tests import make
from tests.documents.test_addresses import NAMES
from tests.serve.test_app import Clock, records
from tests.serve.test_server import Serving, serving

FAR = "Thu, 01 Jan 2026 00:00:00 +9999999999999"
# A few seconds in `make test`; `make soak` has ten minutes.
SECONDS = 2.0
SOAK_SECONDS = 600.0
ROUND = 1000  # requests that are generated from one seed
SILENCE = 0.2  # seconds after which a server that does not answer waits for the rest of a request

METHODS = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PATCH",
    "PROPFIND",
    "get",
    "G\x7fT",
]
PLACES = [
    *(
        "/",
        "/feed.rss",
        "/feed.json",
        "/feeds.opml",
        "/topics/ai/",
        "/topics/ai/feed.atom",
        "/healthz",
        "/metrics",
    ),
    *("/topics/brains/feed.rss", "/topics/blockchain/", "/all/", "/pages.css", "/nothing", "*", ""),
]
PARTS = [
    *(
        "/",
        "//",
        "..",
        ".",
        "\\",
        "%2e",
        "%2f",
        "%00",
        "\0",
        "\r\n",
        " ",
        "\t",
        ":",
        "@",
        "?",
        "#",
        "[",
        "]",
        "\x80",
    ),
    *(
        "topics",
        "ai",
        "brains",
        "archive",
        "2026-11.atom",
        "index.html",
        "feed",
        ".rss",
        "é",
        "日本",
        "A" * 300,
    ),
]
WORDS = [
    *(
        FAR,
        "Thu, 01 Jan 2026 00:00:00 GMT",
        "Mon, 30 Feb 9999 99:99:99 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
    ),
    *("Sat, 01 Jan 0001 00:00:00 +2359", "0", "-1", "9" * 5000, "1e999", "nan", "٣", "²"),
    *(
        "*",
        '"',
        'W/"',
        '"a"',
        'W/"a", "b"',
        ",",
        ";",
        "=",
        "q=",
        "q=2",
        "q=-1",
        "q=nan",
        "q=" + "9" * 400,
        "bytes=0-",
    ),
    *(
        "bytes=" + "0-1," * 200,
        "text/html",
        "application/atom+xml",
        "*/*",
        "br",
        "gzip",
        "zstd",
        "identity",
        "feed",
    ),
    *(
        "application/json",
        "document",
        "no-cache",
        "\0",
        "\x01",
        "\x7f",
        "\xff",
        "é",
        "(",
        ")",
        "%",
        "\\",
        "x" * 9000,
    ),
]
NAMED = [
    *(
        "Accept",
        "Accept-Encoding",
        "Accept-Charset",
        "Accept-Language",
        "If-None-Match",
        "If-Match",
        "If-Range",
    ),
    *(
        "If-Modified-Since",
        "If-Unmodified-Since",
        "Range",
        "A-IM",
        "IM",
        "User-Agent",
        "Cookie",
        "Authorization",
    ),
    *(
        "Content-Length",
        "Content-Type",
        "Expect",
        "Connection",
        "Upgrade",
        "Sec-Fetch-Dest",
        "X-Forwarded-For",
    ),
    *(
        "X-Forwarded-Host",
        "Forwarded",
        "Date",
        "Origin",
        "Access-Control-Request-Method",
        "Referer",
        "TE",
        "Host",
    ),
]

values = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join),
    st.text(st.characters(max_codepoint=255), max_size=30),
    st.text(max_size=20),
).map(lambda text: text.encode("utf-8", "ignore").decode("latin-1"))
paths = st.one_of(
    st.sampled_from(PLACES),
    st.tuples(
        st.sampled_from(PLACES), st.lists(st.sampled_from([*PARTS, *PLACES]), max_size=5)
    ).map(lambda pair: pair[0] + "".join(pair[1])),
    st.text(max_size=40),
).map(lambda text: text.encode("utf-8", "ignore").decode("latin-1"))


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A site that no test changes, with feeds that moved and that are gone."""
    return make.site(tmp_path_factory.mktemp("site"), records(), NAMES)


@pytest.fixture(scope="module")
def app(config: Config) -> Iterator[Application]:
    """Its service, with access lines before it."""
    made = create_app(config, clock=Clock())
    inside: Application = made.wsgi_app
    yield Observed(inside, None, lambda line: None)
    make.close(made)


def ask(
    app: Application, method: str, path: str, query: str, headers: dict[str, str]
) -> tuple[str, list[Any], bytes]:
    """Ask an application as a server does (PEP 3333), and return its status, headers and body."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "feeds.example.org",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(),
        "wsgi.errors": BytesIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if name in ("Content-Length", "Content-Type") else f"HTTP_{key}"] = value
    sent: list[tuple[str, list[Any]]] = []
    body = app(environ, lambda status, fields, *_: sent.append((status, fields)))
    try:
        content = b"".join(body)
    finally:
        close: Callable[[], None] | None = getattr(body, "close", None)
        if close is not None:
            close()
    return (*sent[-1], content)


requests = (
    st.one_of(st.sampled_from(METHODS), st.text(max_size=8).map(ascii)),
    paths,
    values,
    st.dictionaries(st.sampled_from(NAMED), values, max_size=5),
)


def hold(app: Application, method: str, path: str, query: str, headers: dict[str, str]) -> None:
    """Ask, and expect an answer that is none of a server that failed."""
    status, fields, content = ask(app, method, path, query, headers)
    assert int(status[:3]) < 500, status
    assert not any(set("\r\n\0") & set(name + value) for name, value in fields)
    assert method != "HEAD" or content == b""


@given(*requests)
@example("GET", "/feed.rss", "", {"If-Modified-Since": FAR})
@example("GET", "/feed.rss", "", {"If-Unmodified-Since": FAR})
@example("HEAD", "/feed.rss", "", {"If-None-Match": '"a"', "If-Modified-Since": FAR})
@example("GET", "/feed.rss", "", {"If-Range": FAR, "Range": "bytes=0-"})
def test_no_request_makes_the_application_fail(
    app: Application, method: str, path: str, query: str, headers: dict[str, str]
) -> None:
    hold(app, method, path, query, headers)


@pytest.mark.soak
def test_no_request_makes_the_application_fail_for_minutes(app: Application) -> None:
    until, count = time.monotonic() + SOAK_SECONDS, 0
    while time.monotonic() < until:

        @seed(count)
        @settings(max_examples=ROUND)
        @given(*requests)
        def fuzz(method: str, path: str, query: str, headers: dict[str, str]) -> None:
            hold(app, method, path, query, headers)

        fuzz()
        count += ROUND
    print(f"{count:,} requests")


@pytest.mark.parametrize("name", ["If-Modified-Since", "If-Unmodified-Since"])
@pytest.mark.parametrize("path", ["/feed.rss", "/topics/ai/", "/nothing", "/"])
def test_a_date_that_is_none_is_as_if_it_were_not_sent(
    app: Application, name: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    plain, dated = ask(app, "GET", path, "", {}), ask(app, "GET", path, "", {name: FAR})
    assert (dated[0], dated[2]) == (plain[0], plain[2])
    assert caplog.text == ""


HOSTS = {
    b"": 400,
    b"Host: one.example\r\nHost: two.example\r\n": 400,
    b"Host: one.example\r\nX-Other: 1\r\nHost: one.example\r\n": 400,
    b"Host:\r\n": 400,
    b"Host: one.example, two.example\r\n": 400,
    b"Host: one example\r\n": 400,
    b"Host: one.example/path\r\n": 400,
    b"Host: user@one.example\r\n": 400,
    b"Host: one.example:port\r\n": 400,
    b"Host: [::1\r\n": 400,
    b"Host: one.example\r\n": 200,
    b"Host: One_Name.example:8000\r\n": 200,
    b"Host: [::1]:8000\r\n": 200,
    b"Host: 127.0.0.1\r\n": 200,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A running server that no test changes."""
    with serving(make.site(tmp_path_factory.mktemp("served"), records(), NAMES)) as running:
        yield running


def status_of(server: Serving, request: bytes, patience: float = make.LONGEST) -> str:
    """Return the status that a server answers to bytes, or `none` where it closes the connection or
    waits for more."""
    host, port = server.url.removeprefix("http://").split(":")
    answer = b""
    with (
        suppress(OSError),
        socket.create_connection((host, int(port)), timeout=patience) as connection,
    ):
        connection.sendall(request)
        answer = connection.recv(65536)
    return answer.split(b" ", 2)[1].decode() if answer.startswith(b"HTTP/") else "none"


@pytest.mark.parametrize("path", [b"/feed.rss", b"/nothing", b"/healthz"])
def test_a_request_names_one_host(server: Serving, path: bytes) -> None:
    for _ in range(2):  # the second time a document is answered from memory
        for hosts, expected in HOSTS.items():
            status = status_of(
                server, b"GET " + path + b" HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n"
            )
            assert status == str(404 if expected == 200 and path == b"/nothing" else expected), (
                hosts
            )
    assert status_of(server, b"GET " + path + b" HTTP/1.0\r\n\r\n") in ("200", "404")


def test_another_server_gives_the_application_a_missing_or_joined_host(app: Application) -> None:
    # gunicorn and waitress join what came twice; a server that found none leaves the key out.
    for host, status in {"one.example,two.example": 400, "": 400, "one.example": 200}.items():
        assert ask(app, "GET", "/feed.rss", "", {"Host": host})[0][:3] == str(status)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/feed.rss", "SERVER_PROTOCOL": "HTTP/1.1"}
    sent: list[str] = []
    body = app(environ, lambda status, *_: sent.append(status))
    assert sent[0].startswith("400") and b"Host" in b"".join(body)


class Sender:
    """Sends a server bytes that are nearly requests, and counts the statuses of its answers."""

    def __init__(self, server: Serving, seed: int) -> None:
        self.server = server
        self.random = random.Random(seed)
        self.statuses: Counter[str] = Counter()

    def request(self) -> bytes:
        """One request, as likely whole as not."""
        some = self.random
        path = some.choice(PLACES) + "".join(some.choices(PARTS, k=some.choice([0, 0, 0, 0, 1, 3])))
        method = some.choice(["GET", *METHODS] if some.random() < 0.5 else ["GET", "HEAD"])
        line = f"{method} {path} HTTP/{some.choice([*(['1.1'] * 9), '1.0', '2', '9.9', ''])}"
        lines = [line, *(["Host: x.example"] if some.random() < 0.9 else [])]
        for _ in range(some.choice([0, 1, 1, 2, 4])):
            lines.append(
                f"{some.choice(NAMED)}: {' '.join(some.choices(WORDS, k=some.choice([1, 1, 2])))}"
            )
        if some.random() < 0.9:
            lines.append("Connection: close")
        text = "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n"
        if some.random() < 0.2:
            at = some.randrange(len(text))
            text = (
                text[:at]
                + some.randbytes(some.choice([0, 1, 4]))
                + text[at + some.choice([0, 1, 9]) :]
            )
        return text

    def send_for(self, seconds: float) -> None:
        """Send requests for that long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            request = self.request()
            status = status_of(self.server, request, SILENCE)
            self.statuses[status] += 1
            assert not status.startswith("5"), request


def attack(server: Serving, seconds: float, seed: int) -> None:
    """Send requests for that long, and expect a server that is as well as before."""
    sender = Sender(server, seed)
    sender.send_for(seconds)
    print(f"{sender.statuses.total():,} requests: {dict(sorted(sender.statuses.items()))}")
    assert sender.statuses.total() > seconds
    assert {"200", "400", "404", "405"} <= sender.statuses.keys()
    assert server.get("/feed.rss").status_code == 200
    assert "Traceback" not in server.err.read_text() + server.out.read_text()


def test_no_bytes_make_the_server_fail(server: Serving) -> None:
    attack(server, SECONDS, 14)


@pytest.mark.soak
def test_no_bytes_make_the_server_fail_for_minutes(server: Serving) -> None:
    attack(server, SOAK_SECONDS, int.from_bytes(os.urandom(4)))
