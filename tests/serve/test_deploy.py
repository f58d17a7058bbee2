"""docs/deploy.md, as it stands there: each example put to use, but for addresses, certificates and
paths of its own."""

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from ctypes.util import find_library
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from feeds.config import Config
from tests import asking, make
from tests.build.test_hosts import caddy, proxy
from tests.serve.sandbox import settings
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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The service that is to be reached through another program; no test changes it."""
    with serving(
        make.site(
            tmp_path_factory.mktemp("site"), {f"{n}.md": make.record(n) for n in range(1, 30)}
        )
    ) as running:
        yield running


def behaves(url: str, server: Serving) -> None:
    """Answers come as the service gave them: compressed as the client asks, with its validators."""
    for path in ("/feed.rss", "/topics/ai/feed.atom"):
        own = server.get(path)
        for coding in ("identity", "gzip", "br", "zstd"):
            answer = asking.get(f"{url}{path}", **{"Accept-Encoding": coding})
            assert (answer.status_code, answer.content) == (200, own.content)
            assert answer.headers.get("Content-Encoding", "identity") == coding
            for name in ("ETag", "Last-Modified", "Cache-Control", "Vary", "Link", "Content-Type"):
                assert answer.headers[name] == own.headers[name]
        tags = {"If-None-Match": own.headers["ETag"]}
        assert asking.get(f"{url}{path}", **tags).status_code == 304
    assert asking.get(f"{url}/nothing").status_code == 404


def written_unit(folder: Path) -> Path:
    """Return the example for systemd as a file, with a program that is there."""
    command, unit = Path(sys.executable).with_name("feeds"), example("ini")
    assert "/opt/feeds/bin/feeds" in unit
    make.write(folder / "feeds.service", unit.replace("/opt/feeds/bin/feeds", str(command)))
    return folder / "feeds.service"


def test_the_unit_is_one_that_systemd_takes(tmp_path: Path) -> None:
    done = subprocess.run(
        [make.program("systemd-analyze"), "verify", "--man=no", written_unit(tmp_path)],
        capture_output=True,
        text=True,
    )
    ours = [line for line in done.stderr.splitlines() if "feeds.service" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


def test_the_unit_exposes_little_though_the_service_may_ask_others(tmp_path: Path) -> None:
    program, file = make.program("systemd-analyze"), written_unit(tmp_path)
    done = subprocess.run(
        [program, "security", "--offline=yes", "--no-pager", file], capture_output=True, text=True
    )
    (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert float(exposure) <= 2.0, done.stdout
    unit = settings(example("ini"))
    assert {"AF_INET", "AF_INET6"} <= set(unit["RestrictAddressFamilies"][0].split())
    assert not {"IPAddressDeny", "PrivateNetwork", "SocketBindDeny"} & unit.keys()


def test_the_unit_names_places_that_fit_each_other() -> None:
    unit, text = settings(example("ini")), PAGE.read_text(encoding="utf-8")
    (program, *arguments) = shlex.split(unit["ExecStart"][0])
    assert f"python3 -m venv {Path(program).parents[1]}\n" in example("sh")
    assert f"{Path(program).parent}/pip install" in example("sh")
    assert f"useradd --system {unit['User'][0]}\n" in example("sh")
    assert f"with the site in\n`{unit['WorkingDirectory'][0]}`" in text
    # systemd makes it before the first start, for the user of the unit; nothing else is writable.
    state = Path("/var/lib") / unit["StateDirectory"][0]
    assert unit["ProtectSystem"] == ["strict"]
    assert not {"ReadWritePaths", "ReadWriteDirectories"} & unit.keys()
    name, _, store = unit["Environment"][0].partition("=sqlite:///")
    assert (name, Path(store).parent) == ("FEEDS_STORE_URL", state)
    assert Path(tomllib.loads(example("toml"))["records"]["ledger"]).parent == state
    assert arguments[0] == "serve"


def sandbox(folder: Path) -> list[str]:
    """Return what starts a command as the unit has it, with `state` in a folder for the state."""
    make.program("systemd-analyze")
    unshare = [make.program("unshare"), "--user", "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody make namespaces")
    if find_library("seccomp") is None:
        make.missing("libseccomp")
    make.write(folder / "feeds.service", example("ini"))
    for name in ("state", "temporary"):
        (folder / name).mkdir()
    places = [str(folder / name) for name in ("feeds.service", "state", "temporary")]
    return [*unshare, sys.executable, str(Path(__file__).with_name("sandbox.py")), *places]


FORBIDDEN = {
    "a file": "open('written', 'w')",
    "memory to write and run": "mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)",
    "another kind of socket": "socket.socket(socket.AF_NETLINK)",
    "another root": "os.chroot('.')",
    "a privilege": "os.setuid(1)",
}


@pytest.mark.parametrize("action", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_sandbox_of_the_unit_forbids(tmp_path: Path, action: str) -> None:
    text = f"import mmap, os, socket\ntry:\n    {action}\nexcept OSError:\n    print('forbidden')"
    command = [*sandbox(tmp_path), sys.executable, "-c", text]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("forbidden\n", "")


def save(config: Config, path: str, text: str) -> None:
    """Put a record in its place whole, so that nobody reads half of it."""
    aside = config.file.with_name("aside")
    make.write(aside, text)
    aside.replace(config.records_folder / path)


def test_the_service_works_in_the_sandbox_of_the_unit(tmp_path: Path) -> None:
    config = make.site(
        tmp_path / "site",
        {f"{n}.md": make.record(n) for n in range(1, 4)},
        f'[records]\nledger = "{tmp_path}/state/ledger.toml"\n[server]\nmetrics = true\n',
    )
    unit = settings(example("ini"))
    store = unit["Environment"][0].replace("/var/lib/feeds", str(tmp_path / "state"))
    _, _, *options = shlex.split(unit["ExecStart"][0])
    prefix = ["env", store, *sandbox(tmp_path)]
    with serving(config, *options, prefix=prefix) as running:
        assert running.get("/feed.rss", accept_encoding="br").status_code == 200
        assert "feeds_requests_total" in running.get("/metrics").text
        # An edit of its address: the file system tells of it, and the ledger keeps the id.
        body = "<b>New</b> words, <https://example.org/x>."
        edited = make.record(1, webUrl="https://example.org/new", body=body)
        save(config, "1.md", edited)
        running.until("/feed.atom", lambda answer: "https://example.org/new" in answer.text)
        assert "https://example.org/1" in (tmp_path / "state" / "ledger.toml").read_text()
        save(config, "4.md", make.record(4))
        running.until("/feed.json", lambda answer: "Article 4" in answer.text)
        asked = f"import httpx; print(httpx.get('{running.url}/healthz').status_code)"
        (tmp_path / "another").mkdir()
        command = [*sandbox(tmp_path / "another"), sys.executable, "-c", asked]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("200\n", "")
        assert running.stop() == 0
        assert running.err.read_text() == ""
    files = (tmp_path / "state").iterdir()
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert not (tmp_path / "site" / ".feeds").exists()


def test_nginx_hands_on_what_is_asked_and_answered(tmp_path: Path, server: Serving) -> None:
    (tmp_path / "nginx").mkdir()
    with proxy(tmp_path / "nginx", nginx_location(server)) as url:
        behaves(url, server)


def status(url: str, **headers: str) -> int:
    """Return the status of an answer; `User_Agent` is the header User-Agent."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asking.get(url, **named).status_code


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


def test_the_recipes_install_what_the_lock_names_and_nothing_else() -> None:
    container = example("dockerfile").replace("\\\n", " ")
    (copied,) = re.findall(r"^COPY \. (.*)$", container, re.MULTILINE)
    (installs,) = re.findall(r"^RUN (.*)$", container, re.MULTILINE)
    in_container = [shlex.split(one) for one in installs.split("&&")]
    by_hand = [shlex.split(line) for line in example("sh").splitlines()]
    for place, commands in ((copied, in_container), (".", by_hand)):
        pip = [
            [word for word in words[1:] if word != "--no-cache-dir"]
            for words in commands
            if Path(words[0]).name == "pip"
        ]
        lock = str(Path(place) / "requirements.lock")
        assert pip == [
            ["install", "--require-hashes", "-r", lock],
            ["install", "--no-deps", "--no-build-isolation", place],
        ]
