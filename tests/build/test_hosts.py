"""The files for servers of static files: their rules read line by line, and nginx and Caddy
themselves asked over loopback."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest

from feeds.build import hosts, static
from feeds.build.folder_target import read_manifest
from feeds.config import Config, load_config
from feeds.documents.http_messages import ALWAYS, OF_PAGES, cache_control
from feeds.ingest.ingesting import ingest, open_store
from feeds.model import digest
from tests import make
from tests.make import LONGEST

NAMES = """
[feeds]
retired = ["topics/blockchain", "feeds/hot-in-ai"]
[topics.ai]
aliases = ["A.I."]
previous = ["brains"]
[providers."example.org"]
previous = ["old.example.org"]
[redirects]
"/feed/" = "feed.rss"
"/tags/ai/rss.xml" = "/topics/ai/feed.rss"
"/blog" = "topics/ai/"
[copies]
"/index.xml" = "feed.rss"
"/topics/ai/atom.xml" = "topics/ai/feed.atom"
"/old/posts.json" = "providers/example.org/feed.json"
"/none.xml" = "topics/none/feed.rss"
"""
COPIES = {
    "index.xml": "feed.rss",
    "topics/ai/atom.xml": "topics/ai/feed.atom",
    "old/posts.json": "providers/example.org/feed.json",
}
BASES = [
    "https://feeds.example.org",
    "https://example.org/news",
    'https://example.org/a b/"日本"/x+y',
]
MOVED = {
    "topics/brains/feed.rss": "topics/ai/feed.rss",
    "topics/brains/feed.atom": "topics/ai/feed.atom",
    "topics/brains/archive/2020-11.atom": "topics/ai/archive/2020-11.atom",
    "topics/brains": "topics/ai/",
    "topics/brains/": "topics/ai/",
    "topics/brains/index.html": "topics/ai/",
    "topics/a-i-751d4856/feed.rss": "topics/ai/feed.rss",
    "providers/old.example.org/feed.rss": "providers/example.org/feed.rss",
    "feed": "feed.rss",
    "feed/": "feed.rss",
    "tags/ai/rss.xml": "topics/ai/feed.rss",
    "blog": "topics/ai/",
    "blog/": "topics/ai/",
    "favicon.ico": "icon.svg",
}
GONE = [
    "topics/blockchain",
    "topics/blockchain/",
    "topics/blockchain/feed.rss",
    "topics/blockchain/x/y.atom",
]
GONE += ["feeds/hot-in-ai", "feeds/hot-in-ai/feed.atom"]
ABSENT = [
    "topics/brain/feed.rss",
    "topics/nothing/feed.atom",
    "brains/feed.rss",
    "_headers",
    "_redirects",
    "404.html",
]
ABSENT += [
    "feeds.nginx.conf",
    "feeds.caddyfile",
    ".feeds-manifest",
    "none.xml",
    "blog/x",
    "410.html",
    "topics/brains/a%20b",
    "topics/brains/%0d%0aX:%20y",
]
ABSENT += ["topics/brains/.hidden", "topics/brains/archive/.hidden"]


def site(folder: Path, base: str = BASES[0], names: str = NAMES) -> Config:
    """A site of two articles, built."""
    config = make.site(
        folder, {"1.md": make.record(1), "2.md": make.record(2, topics="[A.I.]")}, names
    )
    text = config.file.read_text().replace(BASES[0], base.replace('"', '\\"'))
    config.file.write_text(text, encoding="utf-8")
    return built(config)


def built(config: Config) -> Config:
    """The config as its file is now, once the tree is built by it."""
    config = load_config(config.file)
    with closing(open_store(config)) as source:
        ingest(config, source, make.NOW)
        static.build(config, source, make.NOW)
    return config


def lines(config: Config, path: str) -> list[str]:
    """The lines of a file of the tree."""
    return (config.output_folder / path).read_text(encoding="utf-8").splitlines()


class TestTheFiles:
    def test_redirects_are_a_path_an_address_and_a_status_and_those_without_a_pattern_come_first(
        self, tmp_path: Path
    ) -> None:
        found = lines(site(tmp_path), "_redirects")
        rules = {
            path: (target, status) for path, target, status in (line.split(" ") for line in found)
        }
        assert len(rules) == len(found)
        for path, target in MOVED.items():
            if "archive" not in path:
                assert rules[f"/{path}"] == (f"https://feeds.example.org/{target}", "301")
        assert rules["/topics/brains/*"] == ("https://feeds.example.org/topics/ai/:splat", "301")
        assert rules["/topics/blockchain"] == rules["/topics/blockchain/*"] == ("/410.html", "410")
        patterns = ["*" in line for line in found]
        assert patterns == sorted(patterns)

    def test_redirects_below_a_path_lead_from_it_to_the_whole_address(self, tmp_path: Path) -> None:
        found = lines(site(tmp_path, BASES[1]), "_redirects")
        assert (
            "/news/topics/brains/feed.rss https://example.org/news/topics/ai/feed.rss 301" in found
        )
        assert "/news/topics/blockchain/* /news/410.html 410" in found

    def test_headers_name_each_type_with_its_charset_once(self, tmp_path: Path) -> None:
        assert lines(site(tmp_path), "_headers") == [
            line
            for pattern, media_type in {
                "/": "text/html; charset=utf-8",
                "/*/": "text/html; charset=utf-8",
                "/*.html": "text/html; charset=utf-8",
                "/*.rss": "application/rss+xml; charset=utf-8",
                "/*.atom": "application/atom+xml; charset=utf-8",
                "/*.json": "application/feed+json; charset=utf-8",
                "/*.opml": "text/x-opml; charset=utf-8",
                "/*.schema": "application/schema+json; charset=utf-8",
                "/*.css": "text/css; charset=utf-8",
                "/*.js": "text/javascript; charset=utf-8",
                "/*.svg": "image/svg+xml; charset=utf-8",
                "/index.xml": "application/rss+xml; charset=utf-8",
                "/topics/ai/atom.xml": "application/atom+xml; charset=utf-8",
                "/none.xml": "application/rss+xml; charset=utf-8",
            }.items()
            for line in (
                pattern,
                f"  Content-Type: {media_type}",
                f"  Cache-Control: {cache_control(300)}",
                *(
                    f"  {name}: {value}"
                    for name, value in (*ALWAYS, *(OF_PAGES if "html" in media_type else ()))
                ),
            )
        ]

    def test_they_are_in_the_list_and_change_with_the_config_alone(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        manifest, _ = read_manifest(config.output_folder)
        before = {path: (config.output_folder / path).read_bytes() for path in hosts.PATHS}
        assert {path: digest(content) for path, content in before.items()} == {
            path: manifest[path].etag for path in hosts.PATHS
        }
        make.write(
            config.records_folder / "3.md",
            make.record(3, title=make.CANARY, topics=f"[{make.CANARY}]"),
        )
        built(config)
        after = {path: (config.output_folder / path).read_bytes() for path in hosts.PATHS}
        assert before == after
        assert not any(b"Article" in content for content in after.values())
        config.file.write_text(config.file.read_text().replace('"brains"', '"brains", "minds"'))
        built(config)
        changed = {
            path
            for path in hosts.PATHS
            if (config.output_folder / path).read_bytes() != before[path]
        }
        assert changed == {"_redirects", "feeds.nginx.conf", "feeds.caddyfile"}

    def test_a_site_without_names_has_one_rule(self, tmp_path: Path) -> None:
        config = site(tmp_path, names="")
        icon = "https://feeds.example.org/icon.svg"
        assert lines(config, "_redirects") == [
            f"/favicon.ico {icon} 301",
            f"/favicon.ico/ {icon} 301",
        ]
        assert b"Gone for good" in (config.output_folder / "410.html").read_bytes()
        assert b"Nothing here" in (config.output_folder / "404.html").read_bytes()


@contextmanager
def nginx(config: Config, root: Path) -> Iterator[str]:
    """Run nginx with the snippet in a server block, and give back its address."""
    with proxy(
        config.file.parent, f'root "{root}";\ninclude "{config.output_folder / hosts.NGINX}";'
    ) as url:
        yield url


@contextmanager
def proxy(folder: Path, inside: str, before: str = "") -> Iterator[str]:
    """Run nginx with that inside and before its server block, and give back its address."""
    program, port = make.program("nginx"), make.free_port()
    temporary = "".join(
        f"{kind}_temp_path {folder}/tmp-{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # or it could not read below a folder of root's
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{ }}\nhttp {{\naccess_log off;\n{temporary}{before}"
        f"server {{\nlisten 127.0.0.1:{port};\n{inside}\n}}\n}}\n",
        encoding="utf-8",
    )
    command = [
        program,
        "-p",
        str(folder),
        "-c",
        str(folder / "nginx.conf"),
        "-e",
        str(folder / "error.log"),
    ]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert "[warn]" not in checked.stderr
    process = subprocess.Popen(command)
    try:
        _wait(f"http://127.0.0.1:{port}/", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(LONGEST)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(url, trust_env=False, timeout=LONGEST)
            return
        except httpx.TransportError:
            time.sleep(0.02)
    raise AssertionError("nginx does not answer")


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
            time.sleep(make.PAUSE)
        yield
    finally:
        process.terminate()
        process.wait(LONGEST)


@contextmanager
def caddy_of_tree(config: Config, root: Path) -> Iterator[str]:
    """Run Caddy with the snippet in a site block, and give back its address."""
    url, rules = (
        f"http://127.0.0.1:{(port := make.free_port())}",
        config.output_folder / hosts.CADDY,
    )
    with caddy(
        config.file.parent, port, f'{url} {{\nroot * "{root}"\nimport "{rules}"\nfile_server\n}}\n'
    ):
        yield url


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("host", [nginx, caddy_of_tree])
def test_a_host_of_the_tree_answers_as_the_service_does(
    tmp_path: Path, base: str, host: Callable[[Config, Path], AbstractContextManager[str]]
) -> None:
    config = site(tmp_path / "site", base)
    address = httpx.URL(config.site.base_url)
    prefix = address.raw_path.decode().rstrip("/")
    root = tmp_path / "root"
    place = root / address.path.strip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    if place == root:
        root = config.output_folder
    else:
        place.symlink_to(config.output_folder)
    service = make.service(config).test_client()
    with host(config, root) as url, httpx.Client(trust_env=False, timeout=LONGEST) as client:
        for path, written in read_manifest(config.output_folder)[0].items():
            if path in hosts.PATHS:
                continue
            asked = make.asked(path).removeprefix("/")
            theirs, ours = client.get(f"{url}{prefix}/{asked}"), service.get(f"{prefix}/{asked}")
            assert (theirs.status_code, theirs.content) == (200, ours.data), path
            same = [name for name, _ in (*ALWAYS, *(OF_PAGES if path.endswith(".html") else ()))]
            for name in ("Content-Type", "Last-Modified", *same):
                assert theirs.headers[name] == ours.headers[name], path
            # The rules follow from the config alone: they say of every feed what is right for the
            # fastest.
            assert theirs.headers["Cache-Control"] == cache_control(300), path
            assert ours.headers["Cache-Control"] in (cache_control(300), cache_control(1800)), path
            assert theirs.headers["Last-Modified"] == formatdate(written.modified, usegmt=True)
            tags = {"If-None-Match": theirs.headers["ETag"]}
            assert client.get(f"{url}{prefix}/{asked}", headers=tags).status_code == 304
            opened = {"Sec-Fetch-Dest": "document"}
            theirs = client.get(f"{url}{prefix}/{asked}", headers=opened)
            ours = service.get(f"{prefix}/{asked}", headers=opened)
            assert (theirs.status_code, theirs.content) == (200, ours.data), path
            assert theirs.headers["Content-Type"] == ours.headers["Content-Type"], path
            is_shown = COPIES.get(path, path).endswith((".rss", ".atom"))
            assert (ours.headers["Content-Type"] == "text/xml; charset=utf-8") == is_shown
            assert theirs.headers["Cache-Control"] == cache_control(300), path
            if is_shown:
                assert (
                    "Sec-Fetch-Dest" in theirs.headers["Vary"]
                    and "Sec-Fetch-Dest" in ours.headers["Vary"]
                )
        for path, target in MOVED.items():
            for answer in (
                client.get(f"{url}{prefix}/{path}?x=1"),
                service.get(f"{prefix}/{path}?x=1"),
            ):
                assert (answer.status_code, answer.headers["Location"]) == (
                    301,
                    config.site.address(target),
                ), path
                assert answer.headers["Cache-Control"] == "public, max-age=300"
        for path in GONE:
            theirs = client.get(f"{url}{prefix}/{path}")
            ours = service.get(f"{prefix}/{path}", headers={"Accept": "text/html"})
            assert (theirs.status_code, ours.status_code) == (410, 410), path
            assert theirs.content == ours.data
            assert (
                theirs.headers["Content-Type"]
                == ours.headers["Content-Type"]
                == "text/html; charset=utf-8"
            )
        for path in ABSENT:
            theirs, ours = client.get(f"{url}{prefix}/{path}"), service.get(f"{prefix}/{path}")
            assert (theirs.status_code, ours.status_code) == (404, 404), path
            assert "Location" not in theirs.headers and "Location" not in ours.headers
