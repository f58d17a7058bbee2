"""The command `feeds serve` as a process of its own, asked over loopback."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import httpx
import pytest

from feeds.build import hosts
from feeds.build.files import MANIFEST
from feeds.config import Config
from tests import asking, make
from tests.make import LONGEST


class Service(ABC):
    """A service that is asked."""

    @abstractmethod
    def get(self, path: str, **headers: str) -> httpx.Response:
        """One request."""

    @abstractmethod
    def said(self) -> str:
        """What it says to those who run it."""

    def until(
        self, path: str, holds: Callable[[httpx.Response], bool], pause: float = make.PAUSE
    ) -> httpx.Response:
        """Ask again until the answer is as expected."""
        deadline = time.monotonic() + LONGEST
        while not holds(response := self.get(path)):
            assert time.monotonic() < deadline, response.text[:2000] + self.said()[-2000:]
            time.sleep(pause)
        return response

    def until_said(self, text: str) -> None:
        """Wait until it says so: what it answers may show a change before it has said so."""
        make.wait_until(lambda: text in self.said(), self.said)


@dataclass(frozen=True)
class Serving(Service):
    """A running `feeds serve`: the process, where it answers, and the files that hold what it
    says."""

    process: subprocess.Popen[bytes]
    url: str
    out: Path
    err: Path

    def get(self, path: str, **headers: str) -> httpx.Response:
        """One request on a connection of its own, so that any worker may take it."""
        return asking.get(f"{self.url}{path}", **headers)

    def said(self) -> str:
        """Both outputs."""
        return self.out.read_text() + self.err.read_text()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it, and give back its exit code."""
        self.process.send_signal(how)
        return self.process.wait(LONGEST)


@contextmanager
def serving(config: Config, *options: str, prefix: Sequence[str] = ()) -> Iterator[Serving]:
    """Run `feeds serve`, on a free port unless the options name one, once it is ready to answer, and end it at last.

    `prefix` is a command that starts it.
    """
    folder = config.file.parent
    port = options[options.index("--port") + 1] if "--port" in options else str(make.free_port())
    host = options[options.index("--host") + 1] if "--host" in options else "127.0.0.1"
    command = [*prefix, sys.executable, "-m", "feeds", "serve", "--port", port, *options]
    out, err = folder / "serve.out", folder / "serve.err"
    with out.open("wb") as to_out, err.open("wb") as to_err:
        # In a session of its own, so that its workers can be ended where it does not end them.
        process = subprocess.Popen(
            command, cwd=folder, stdout=to_out, stderr=to_err, start_new_session=True
        )
    running = Serving(process, f"http://{f'[{host}]' if ':' in host else host}:{port}", out, err)
    try:
        _wait(running, urlsplit(config.site.base_url).path)
        yield running
    finally:
        process.terminate()
        try:
            process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(LONGEST)


def _wait(running: Serving, prefix: str) -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            running.get(f"{prefix}/healthz").raise_for_status()
            return
        with suppress(subprocess.TimeoutExpired):
            running.process.wait(0.05)
            break
    raise AssertionError(f"not ready: {running.out.read_text()}{running.err.read_text()}")


def records(count: int = 3) -> dict[str, str | bytes]:
    """A few records."""
    return {f"{n}.md": make.record(n, topics=f"[AI, Topic {n}]") for n in range(1, count + 1)}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The site of a server that no test changes."""
    return make.site(
        tmp_path_factory.mktemp("serve"), {**records(), "4.md": "---\ntitle: [Broken\n---\n"}
    )


@pytest.fixture(scope="module")
def server(config: Config) -> Iterator[Serving]:
    """A running server that no test changes."""
    with serving(config) as running:
        yield running


@pytest.fixture(scope="module")
def files(config: Config) -> dict[str, bytes]:
    """The static tree of the same records."""
    twin = make.site(config.file.parent / "twin", records())
    make.invoke("build", cwd=twin.file.parent)
    others = {MANIFEST, *hosts.PATHS}
    return {
        path: content
        for path, content in make.tree(twin.output_folder).items()
        if path not in others
    }


def test_it_says_where_to_subscribe(server: Serving) -> None:
    lines = server.out.read_text().splitlines()
    assert lines[0] == f"Serving seeds at {server.url} (Ctrl-C stops)."
    assert "  https://feeds.example.org/feed.rss" in lines
    assert "  https://feeds.example.org/topics/ai/feed.rss" in lines
    assert not any("WARNING" in line for line in lines)  # of nothing that its user could mend


def test_without_a_base_url_the_addresses_are_those_it_answers_at(tmp_path: Path) -> None:
    config = make.site(tmp_path, records())
    config.file.write_text('[site]\ntitle = "Test feeds"\n')
    with serving(config) as running:
        said = [
            line.strip()
            for line in running.out.read_text().splitlines()
            if line.startswith("  http")
        ]
        assert f"{running.url}/topics/ai/feed.rss" in said
        for address in said:
            response = asking.get(address)
            assert response.status_code == 200
            assert f'<atom:link href="{address}" rel="self"' in response.text
        assert [f'xmlUrl="{address}"' in running.get("/feeds.opml").text for address in said] == [
            True
        ] * len(said)
        assert running.get("/feed.json").json()["feed_url"] == f"{running.url}/feed.json"


@pytest.mark.parametrize("host", ["localhost", "::1"])
def test_it_listens_where_it_should_and_says_so(tmp_path: Path, host: str) -> None:
    if host == "::1":
        try:
            socket.create_server((host, 0), family=socket.AF_INET6).close()
        except OSError:
            pytest.skip("no IPv6 on this machine")
    with serving(make.site(tmp_path, records()), "--host", host) as running:
        assert running.get("/feed.rss").status_code == 200
        assert running.out.read_text().startswith(
            f"Serving seeds at {running.url} (Ctrl-C stops).\n"
        )


def test_it_says_which_records_are_broken_without_a_word_of_theirs(server: Serving) -> None:
    said = server.err.read_text() + server.out.read_text()
    assert "4.md:3:1: expected YAML" in said
    assert "[Broken" not in said


def test_it_answers_with_the_bytes_of_the_static_tree(
    server: Serving, files: dict[str, bytes]
) -> None:
    assert len(files) == 4 * (1 + 4 + 1 + 1) + 2 + 4 + 1
    for path, content in files.items():
        response = server.get(make.asked(path))
        assert response.status_code == 200
        assert response.content == content
        again = server.get(make.asked(path), **{"If-None-Match": response.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == response.headers["ETag"]
        assert again.headers["Cache-Control"] == response.headers["Cache-Control"]


def test_head_over_the_wire_is_get_without_the_body(server: Serving) -> None:
    for path, status in (("/feed.rss", 200), ("/", 200), ("/nothing", 404), ("/healthz", 200)):
        get = server.get(path)
        head = asking.head(f"{server.url}{path}")
        assert (head.status_code, head.content) == (status, b"")
        plain = server.get(path, **{"Accept-Encoding": "identity"})
        assert plain.content == get.content
        whole = asking.head(f"{server.url}{path}", **{"Accept-Encoding": "identity"})
        assert whole.headers["Content-Length"] == str(len(plain.content))
        assert head.headers.keys() == get.headers.keys()
        # Two answers may be of two seconds.
        assert [
            name
            for name, value in get.headers.items()
            if head.headers[name] != value and name not in ("date", "expires")
        ] == []


def test_each_answer_has_one_date(server: Serving) -> None:
    for path in ("/feed.rss", "/nothing", "/healthz"):
        assert len(server.get(path).headers.get_list("Date")) == 1


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET /../config.toml HTTP/1.1",
        b"GET /%2e%2e%2fconfig.toml HTTP/1.1",
        b"GET //feed.json HTTP/1.1",
        b"GET /%00 HTTP/1.1",
        b"GET /\xff\xfe HTTP/1.1",
        b"GET http://evil.example/feed.json HTTP/1.1",
        b"GET * HTTP/1.1",
        b"OPTIONS * HTTP/1.1",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1",
        b"GET /?" + b"a" * 5_000 + b" HTTP/1.0",
        b"BREW /feed.rss HTTP/1.1",
        b"\x16\x03\x01 / HTTP/1.1",
    ],
    ids=lambda line: repr(line[:30]),
)
def test_a_request_that_no_reader_sends_does_no_harm(server: Serving, request_line: bytes) -> None:
    host = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host[0], int(host[1])), timeout=LONGEST) as connection:
        connection.sendall(request_line + b"\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
        answer = b""
        with suppress(ConnectionResetError):
            while some := connection.recv(65536):
                answer += some
    assert b" 500 " not in answer.partition(b"\r\n")[0]
    assert b"evil" not in answer
    assert server.get("/healthz").status_code == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well_when_it_is_to_stop(tmp_path: Path, how: signal.Signals) -> None:
    with serving(make.site(tmp_path, records())) as running:
        assert running.get("/feed.rss").status_code == 200
        assert running.stop(how) == 0
        assert "Traceback" not in running.err.read_text()
        assert running.err.read_text() == ""
    assert not (tmp_path / "core").exists()


def test_two_workers_serve_the_same_bytes_and_see_a_change(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    config = make.site(tmp_path, records())
    with serving(config, "--workers", "2") as running:
        for path, content in files.items():
            for _ in range(4):
                assert running.get(make.asked(path)).content == content
        make.write(config.records_folder / "9.md", make.record(9))
        running.until("/feed.rss", lambda response: b"Article 9" in response.content)
        # Every worker, whichever takes the connection, comes to see it, and then they all say the
        # same.
        make.wait_until(
            lambda: all(b"Article 9" in running.get("/feed.rss").content for _ in range(20))
        )
        answers = [running.get("/feed.rss") for _ in range(20)]
        assert len({answer.content for answer in answers}) == 1
        assert len({answer.headers["ETag"] for answer in answers}) == 1
        assert len({answer.headers.get("Last-Modified") for answer in answers}) == 1
        assert running.stop() == 0


def refused(cwd: Path, *arguments: str) -> str:
    """What `feeds serve` says when it cannot start: one line, and exit code 2."""
    command = [sys.executable, "-m", "feeds", "serve", *arguments]
    with (cwd / "err").open("w+b") as err:
        # In a session of its own, so that workers of one that starts after all are ended with it.
        process = subprocess.Popen(
            command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=err, start_new_session=True
        )
        try:
            code = process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(LONGEST)
            pytest.fail("it started")
        err.seek(0)
        said = err.read().decode()
    assert "Traceback" not in said
    assert said.startswith("feeds: ")
    assert said.count("\n") == 1
    assert code == 2
    return said


@pytest.mark.parametrize("by", ["another_program", "feeds_itself"])
def test_a_port_in_use_is_one_clear_line(server: Serving, tmp_path: Path, by: str) -> None:
    make.site(tmp_path, records())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = (
            str(taken.getsockname()[1])
            if by == "another_program"
            else server.url.rpartition(":")[2]
        )
        assert port in refused(tmp_path, "--port", port)


def test_a_host_that_is_not_here_is_one_clear_line(tmp_path: Path) -> None:
    make.site(tmp_path, records())
    assert "192.0.2.1" in refused(tmp_path, "--port", str(make.free_port()), "--host", "192.0.2.1")


def test_a_missing_config_is_one_clear_line(tmp_path: Path) -> None:
    assert "config.toml" in refused(tmp_path)


def workers_of(running: Serving) -> list[int]:
    """The processes that answer."""
    children = (
        Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children").read_text().split()
    )
    return [int(child) for child in children]


def again(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask, and ask again where the connection is closed.

    A server may close one on which nothing is under way, just when its client begins to ask: one
    that is kept, or a new one whose client was held up before it asked. That asks again on another
    one, for each worker that goes, as browsers and proxies do (RFC 9112 §9.3.1 and §9.6).
    """
    for _ in range(2):
        with suppress(httpx.ReadError, httpx.RemoteProtocolError):
            return ask()
    return ask()


class Load:
    """Clients that ask all the time, on connections of their own and on ones that they keep, until
    they are stopped.

    Between two requests, each rests for so many seconds.
    """

    def __init__(self, running: Serving, rest: float = 0.02) -> None:
        self.answers: Counter[int] = Counter()
        self.failed: list[str] = []
        self._url, self._rest = running.url, rest
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=ask)
            for ask in (self._connecting, self._connecting, self._keeping, self._keeping)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait(self, more: int) -> None:
        """Wait until so many more were answered."""
        until, deadline = self.answers.total() + more, time.monotonic() + LONGEST
        while self.answers.total() < until and not self.failed:
            assert time.monotonic() < deadline
            self._stop.wait(0.01)

    def _connecting(self) -> None:
        while not self._stop.is_set():
            self._note(lambda: again(lambda: asking.get(f"{self._url}/feed.rss")))
            self._stop.wait(self._rest)

    def _keeping(self) -> None:
        with asking.client(base_url=self._url) as client:
            while not self._stop.is_set():
                self._note(lambda: again(lambda: client.get("/topics/ai/feed.atom")))
                self._stop.wait(self._rest)

    def _note(self, ask: Callable[[], httpx.Response]) -> None:
        try:
            answer = ask()
            self.answers[answer.status_code] += 1
        except httpx.TransportError as error:
            if not self._stop.is_set():
                self.failed.append(f"{ask.__qualname__}: {error!r}")


def test_workers_are_replaced_without_a_failed_request(tmp_path: Path) -> None:
    with (
        serving(make.site(tmp_path, records()), "--workers", "2") as running,
        Load(running) as load,
    ):
        load.wait(50)
        before = workers_of(running)
        running.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + LONGEST
        while set(workers_of(running)) & set(before) or len(workers_of(running)) != 2:
            load.wait(5)
            assert time.monotonic() < deadline
        load.wait(50)
        assert load.failed == []
        assert load.answers.keys() == {200}


def are_replaced(running: Serving, before: list[int]) -> bool:
    """Tell whether as many other workers are there."""
    return len(set(workers_of(running)) - set(before)) == len(before)


def test_workers_that_are_killed_at_once_all_come_back(tmp_path: Path) -> None:
    with serving(make.site(tmp_path, {"1.md": make.record(1)}), "--workers", "3") as running:
        for _ in range(5):
            before = workers_of(running)
            for worker in before:
                os.kill(worker, signal.SIGKILL)
            make.wait_until(partial(are_replaced, running, before))
        running.until("/feed.rss", lambda response: response.status_code == 200)
        assert running.stop() == 0


def test_a_worker_that_was_killed_comes_back(tmp_path: Path) -> None:
    with serving(make.site(tmp_path, records()), "--workers", "2") as running:
        killed, other = workers_of(running)
        os.kill(killed, signal.SIGKILL)
        make.wait_until(lambda: len(set(workers_of(running)) - {killed}) == 2)
        assert other in workers_of(running)
        running.until("/feed.rss", lambda response: response.status_code == 200)
        for _ in range(20):
            assert running.get("/feed.rss").status_code == 200
        # One that is to stop before it takes requests would be waited for for half a minute.
        assert running.stop() == 0


def test_what_was_asked_before_the_end_is_answered(tmp_path: Path) -> None:
    with serving(make.site(tmp_path, records())) as running:
        where = running.url.removeprefix("http://").split(":")
        started = []
        for _ in range(20):
            connection = socket.create_connection((where[0], int(where[1])), timeout=LONGEST)
            connection.sendall(b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            started.append(connection)
        first = started[0].recv(15)  # the server is at work on them
        assert running.stop() == 0
        for number, connection in enumerate(started):
            with connection:
                answer = first if number == 0 else b""
                while some := connection.recv(65536):
                    answer += some
            assert answer.startswith(b"HTTP/1.1 200 OK")
            assert answer.endswith(b"</rss>")


# A page of the publisher's own that takes a while to make.
SLOW_PAGE = "{% for one in range(99999) %}{% for other in range(60) %}{% endfor %}{% endfor %}made"


def test_what_is_in_memory_is_answered_while_pages_are_being_made(tmp_path: Path) -> None:
    topics = [f"Topic {n}" for n in range(6)]
    make.write(tmp_path / "templates" / "feed.html", SLOW_PAGE)
    record = make.record(1, topics=json.dumps(topics))
    config = make.site(tmp_path, {"1.md": record}, 'templates = "templates"\n')
    with serving(config) as server:
        ready = server.get("/feed.rss")
        host, port = server.url.removeprefix("http://").split(":")
        with ExitStack() as opened, asking.client() as client:
            slow = []
            for n in range(len(topics)):
                connection = socket.create_connection((host, int(port)), timeout=LONGEST)
                slow.append(opened.enter_context(connection))
                request = f"GET /topics/topic-{n}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
                connection.sendall(request.encode())
            answered = 0
            while not select.select(slow, [], [], 0)[0]:
                again = client.get(f"{server.url}/feed.rss")
                assert again.content == ready.content
                # Flask answers this one
                dated = {"If-Modified-Since": ready.headers["Last-Modified"]}
                assert client.get(f"{server.url}/feed.rss", headers=dated).status_code == 304
                answered += 1
            assert answered >= 10
            for connection in slow:
                answer = b""
                while some := connection.recv(65536):
                    answer += some
                assert answer.startswith(b"HTTP/1.1 200 OK")
                assert answer.endswith(b"made")


def test_a_client_that_is_slow_to_ask_is_let_go_and_others_are_answered(server: Serving) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    slow = [socket.create_connection((host, int(port)), timeout=LONGEST) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"GET /feed.rss HTTP/1.1\r\nHost:")
    assert server.get("/feed.rss").status_code == 200
    for connection in slow:
        with connection, suppress(ConnectionResetError):
            while connection.recv(65536):
                pass


def test_a_request_without_end_is_refused(server: Serving) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=LONGEST) as connection:
        answer = b""
        with suppress(ConnectionError):
            connection.sendall(b"GET /feed.rss HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 4_000_000)
            answer = connection.recv(65536)
        assert not answer.startswith(b"HTTP/1.1 200")
    assert server.get("/feed.rss").status_code == 200


def test_it_writes_lines_and_counts_in_all_workers_when_it_is_asked_to(tmp_path: Path) -> None:
    asked = "[server]\naccess_log = true\nmetrics = true\n"
    config = make.site(tmp_path, records(), asked)
    with serving(config, "--workers", "2") as running:
        codes = Counter(running.get("/topics/ai/feed.atom").status_code for _ in range(12))
        assert codes == {200: 12}
        counted = running.get("/metrics").text
        # and /healthz when it was ready
        assert f'feeds_requests_total{{status="200"}} {codes[200] + 1}' in counted
        assert running.stop() == 0
    lines = [
        json.loads(line) for line in running.out.read_text().splitlines() if line.startswith("{")
    ]
    assert (
        Counter(line["status"] for line in lines if line["path"] == "/topics/ai/feed.atom") == codes
    )
    assert "127.0.0.1" not in str(lines)


def test_it_warns_once_of_a_removed_key_whatever_its_workers_read_again(tmp_path: Path) -> None:
    config = make.site(tmp_path, records(), "[server]\ndeltas = []\n")
    with serving(config, "--workers", "2") as running:
        config.file.write_text(config.file.read_text().replace("Test feeds", "Another title"))
        for _ in range(10):  # by both workers
            running.until("/feed.rss", lambda response: "Another title" in response.text)
        assert running.stop() == 0
    said = running.err.read_text() + running.out.read_text()
    assert said.count("server.deltas: this key no longer does anything") == 1


def test_without_being_asked_it_writes_no_line_and_tells_no_counts(server: Serving) -> None:
    assert server.get("/metrics").status_code == 404
    assert not any(line.startswith("{") for line in server.out.read_text().splitlines())
