"""docs/deploy.md, as it stands there: each example put to use, but for addresses, certificates and
paths of its own."""

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests import make
from tests.build.test_hosts import proxy
from tests.make import LONGEST
from tests.serve.test_server import Serving, serving

PAGE = Path(__file__).parents[2] / "docs" / "deploy.md"


def example(language: str, number: int = 0, of: int = 1) -> str:
    """Return a block of code in a language, one of so many."""
    found = re.findall(
        rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert len(found) == of
    return str(found[number])


def nginx_location(server: Serving) -> str:
    """Return the location block of the example, with the address of a service of ours."""
    (inside,) = re.findall(
        r"^ +location / \{.*?^ +\}$", example("nginx", 0, 2), re.MULTILINE | re.DOTALL
    )
    assert "http://127.0.0.1:8000" in inside
    return str(inside).replace("http://127.0.0.1:8000", server.url)


def caddyfile(number: int, port: int, server: Serving) -> str:
    """Return an example for Caddy, with that port and the address of a service of ours."""
    text = example("caddyfile", number, 2)
    assert "feeds.example.org" in text and "127.0.0.1:8000" in text
    text = text.replace("feeds.example.org", f"http://127.0.0.1:{port}")
    return text.replace("127.0.0.1:8000", f"127.0.0.1:{urlsplit(server.url).port}")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Serving]:
    """The service that is to be reached through another program."""
    with serving(
        make.site(tmp_path / "site", {f"{n}.md": make.record(n) for n in range(1, 30)})
    ) as running:
        yield running


def behaves(url: str, server: Serving) -> None:
    """Answers come as the service gave them: compressed as the client asks, with its validators."""
    for path in ("/feed.rss", "/topics/ai/feed.atom"):
        own = server.get(path)
        for coding in ("identity", "gzip", "br", "zstd"):
            answer = httpx.get(
                f"{url}{path}",
                headers={"Accept-Encoding": coding},
                trust_env=False,
                timeout=LONGEST,
            )
            assert (answer.status_code, answer.content) == (200, own.content)
            assert answer.headers.get("Content-Encoding", "identity") == coding
            for name in ("ETag", "Last-Modified", "Cache-Control", "Vary", "Link", "Content-Type"):
                assert answer.headers[name] == own.headers[name]
        tags = {"If-None-Match": own.headers["ETag"]}
        assert (
            httpx.get(f"{url}{path}", headers=tags, trust_env=False, timeout=LONGEST).status_code
            == 304
        )
    assert httpx.get(f"{url}/nothing", trust_env=False, timeout=LONGEST).status_code == 404


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    command, unit = Path(sys.executable).with_name("feeds"), example("ini")
    assert "/opt/feeds/bin/feeds" in unit
    (tmp_path / "feeds.service").write_text(unit.replace("/opt/feeds/bin/feeds", str(command)))
    program = make.program("systemd-analyze")
    done = subprocess.run(
        [program, "verify", "--man=no", tmp_path / "feeds.service"], capture_output=True, text=True
    )
    ours = [line for line in done.stderr.splitlines() if "feeds.service" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_nginx_hands_on_what_is_asked_and_answered(tmp_path: Path, server: Serving) -> None:
    (tmp_path / "nginx").mkdir()
    with proxy(tmp_path / "nginx", nginx_location(server)) as url:
        behaves(url, server)


def status(url: str, **headers: str) -> int:
    """Return the status of an answer; `User_Agent` is the header User-Agent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(url, headers=named, trust_env=False, timeout=LONGEST).status_code


def test_nginx_limits_who_takes_a_whole_feed_again_and_again_and_nobody_else(
    tmp_path: Path, server: Serving
) -> None:
    before, inside = re.split(r"^server \{\n", example("nginx", 1, 2), flags=re.MULTILINE)
    assert inside.endswith("# The rest as above.\n}\n")
    (tmp_path / "nginx").mkdir()
    with proxy(
        tmp_path / "nginx", inside.removesuffix("}\n") + nginx_location(server), before
    ) as url:
        behaves(url, server)
        hungry = [status(f"{url}/topics/ai/feed.rss", User_Agent="Hungry/1") for _ in range(30)]
        assert hungry[:11] == [200] * 11
        assert hungry[-1] == 429
        tag = server.get("/topics/ai/feed.rss").headers["ETag"]
        for _ in range(15):
            assert (
                status(f"{url}/topics/ai/feed.rss", User_Agent="Hungry/1", If_None_Match=tag) == 304
            )
            assert (
                status(f"{url}/topics/ai/feed.rss", User_Agent="Hungry/1", If_None_Match='"older"')
                == 200
            )
            assert status(f"{url}/topics/ai/", User_Agent="Hungry/1") == 200
            assert status(f"{url}/healthz", User_Agent="Hungry/1") == 200
        assert status(f"{url}/feed.rss", User_Agent="Hungry/1") == 200
        assert status(f"{url}/topics/ai/feed.rss", User_Agent="Another/1") == 200


@contextmanager
def caddy(folder: Path, port: int, text: str) -> Iterator[None]:
    """Caddy with that Caddyfile, once it listens at the port."""
    make.write(folder / "Caddyfile", "{\n    admin off\n}\n" + text)
    command = [
        make.program("caddy"),
        "run",
        "--config",
        str(folder / "Caddyfile"),
        "--adapter",
        "caddyfile",
    ]
    environment = {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    with (folder / "caddy.err").open("wb") as said:
        process = subprocess.Popen(command, stderr=said, env=environment)
    try:
        deadline = time.monotonic() + LONGEST
        while True:
            with suppress(httpx.TransportError):
                httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=LONGEST)
                break
            assert process.poll() is None and time.monotonic() < deadline, (
                folder / "caddy.err"
            ).read_text()
        yield
    finally:
        process.terminate()
        process.wait(LONGEST)


def test_caddy_hands_on_what_is_asked_and_answered(tmp_path: Path, server: Serving) -> None:
    port = make.free_port()
    with caddy(tmp_path / "caddy", port, caddyfile(0, port, server)):
        behaves(f"http://127.0.0.1:{port}", server)


def test_caddy_refuses_whole_feeds_to_a_program_by_name(tmp_path: Path, server: Serving) -> None:
    port = make.free_port()
    with caddy(tmp_path / "caddy", port, caddyfile(1, port, server)):
        url = f"http://127.0.0.1:{port}"
        behaves(url, server)
        feed, tag = f"{url}/topics/ai/feed.atom", server.get("/topics/ai/feed.atom").headers["ETag"]
        assert status(feed, User_Agent="HungryBot/2.1") == 429
        assert status(feed, User_Agent="HungryBot/2.1", If_None_Match=tag) == 304
        assert (
            status(
                feed, User_Agent="HungryBot/2.1", If_Modified_Since="Thu, 01 Jan 2026 00:00:00 GMT"
            )
            == 200
        )
        assert status(f"{url}/topics/ai/", User_Agent="HungryBot/2.1") == 200
        assert status(feed, User_Agent="Another/1") == 200


def test_the_container_runs_a_command_that_serves_the_folder_mounted_into_it(
    tmp_path: Path,
) -> None:
    (line,) = re.findall(r"^CMD (.*)$", example("dockerfile"), re.MULTILINE)
    program, verb, *options = json.loads(line)
    assert (program, verb) == ("feeds", "serve")
    assert options[:2] == ["--host", "0.0.0.0"]
    config = make.site(tmp_path, {"1.md": make.record(1)})
    with serving(config, "--host", "127.0.0.1", *options[2:]) as running:
        assert running.get("/feed.rss").status_code == 200
    (installs,) = re.findall(r"^RUN (.*)$", example("dockerfile"), re.MULTILINE)
    copied = re.findall(r"^COPY \. (.*)$", example("dockerfile"), re.MULTILINE)
    assert shlex.split(installs)[:4] == ["pip", "install", "--no-cache-dir", *copied]
