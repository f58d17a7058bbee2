"""`feeds doctor` against hostile servers: each bound is met by a finding, and nothing is a traceback."""

import encodings.aliases
import gzip
import json
import signal
import subprocess
import sys
import threading
import tracemalloc
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count, repeat
from pathlib import Path

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.doctor import Bounds, Client, Examined, examine
from feeds.doctor.client import network
from feeds.doctor.examination import MOST_PICTURES
from feeds.doctor.reading import MOST_ENTRIES
from feeds.doctor.site import ROBOTS_BYTES
from tests import make
from tests.doctor.faulty_site import Broken, Reply, site
from tests.doctor.hostile_site import HEAD, answer, feed, hostile

MEBIBYTE = 1 << 20
# A busy machine is no finding.
PATIENT = Bounds(idle_seconds=300, response_seconds=300)
SMALL = Bounds(idle_seconds=300, response_seconds=300, body_bytes=MEBIBYTE)
TOO_LARGE = "the body is larger than 1 MiB decoded; not read further"


def examined(address: str, bounds: Bounds = PATIENT, *, images: bool = False) -> Examined:
    """Return what comes of an examination."""
    with Client(bounds) as client:
        return examine(client, address, lambda: datetime.now(UTC), images=images)


def found(address: str, bounds: Bounds = PATIENT) -> dict[str, str]:
    """Return the details of what is found, by kind."""
    return {one.kind: one.detail for one in examined(address, bounds).findings}


def zeros(mebibytes: int) -> Iterator[bytes]:
    """Yield so many mebibytes."""
    return repeat(bytes(MEBIBYTE), mebibytes)


def gzip_bomb() -> bytes:
    """Return 64 MiB in 64 KiB."""
    compressor = zlib.compressobj(wbits=31)
    return b"".join(map(compressor.compress, zeros(64))) + compressor.flush()


def brotli_bomb() -> bytes:
    """Return 64 MiB in less than a kilobyte."""
    compressor = brotli.Compressor(quality=5)
    return bytes(b"".join(map(compressor.process, zeros(64))) + compressor.finish())


BOMBS = {
    "gzip": (gzip_bomb, "gzip", TOO_LARGE),
    "gzip in gzip": (lambda: gzip.compress(gzip_bomb()), "gzip, gzip", "not asked for"),
    "brotli": (brotli_bomb, "br", TOO_LARGE),
    "deflate": (lambda: zlib.compress(bytes(64 * MEBIBYTE)), "deflate", "not asked for"),
    "zstd": (lambda: zstandard.compress(bytes(64 * MEBIBYTE)), "zstd", "not asked for"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_compressed_bomb_costs_no_more_than_its_bound(name: str) -> None:
    make_bomb, coding, detail = BOMBS[name]
    bomb = answer(make_bomb(), Content_Encoding=coding)
    with hostile(lambda path: bomb) as server:
        tracemalloc.start()
        try:
            details = found(server.address, SMALL)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert detail in "".join(details.values())
    assert peak < 32 * MEBIBYTE


def chunked() -> Iterator[bytes]:
    """Yield an answer in chunks that never end."""
    yield HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    yield from repeat(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def until_closed() -> Iterator[bytes]:
    """Yield an answer without a length that never ends."""
    yield HEAD + b"\r\n"
    yield from repeat(b"x" * 65536)


@pytest.mark.parametrize("written", [chunked, until_closed, lambda: answer(b"x" * 2 * MEBIBYTE)])
def test_a_body_without_an_end_is_not_read_further(
    written: Callable[[], bytes | Iterable[bytes]],
) -> None:
    with hostile(lambda path: written()) as server:
        assert found(server.address, SMALL) == {"unbounded": TOO_LARGE}


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"HTTP/1.1 20",
        HEAD + b"X-Slow: a",
        HEAD + b"Content-Length: 1000\r\n\r\n<rss",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n4\r\n<rss\r\n",
    ],
)
def test_an_answer_that_never_ends_is_not_waited_for(written: bytes) -> None:
    with hostile(lambda path: written, hold=True) as server:
        details = found(server.address, Bounds(idle_seconds=300, response_seconds=0.5))
    assert set(details) == {"unbounded"}
    assert "no whole answer in" in details["unbounded"]


def test_bytes_that_do_not_come_are_not_waited_for() -> None:
    with hostile(lambda path: HEAD, hold=True) as server:
        details = found(server.address, Bounds(idle_seconds=0.5, response_seconds=300))
    assert details == {"unreachable": "nothing for 0.5 seconds; not waited for longer"}


def test_interim_answers_without_an_end_are_not_waited_for() -> None:
    interim = repeat(b"HTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\n" * 100)
    with hostile(lambda path: interim) as server:
        details = found(server.address, Bounds(idle_seconds=300, response_seconds=0.5))
    assert set(details) == {"unbounded"}


def test_a_feed_that_is_met_by_a_bound_leaves_the_others_examined() -> None:
    with hostile(lambda path: chunked()) as server:
        listed = Broken(
            text=lambda path, page: page.replace("SITE/feed.rss", f"{server.address}/feed.rss")
        )
        with site(listed) as address:
            done = examined(address, SMALL)
    assert [(one.kind, one.address) for one in done.findings] == [
        ("unbounded", f"{server.address}/feed.rss")
    ]
    assert len(done.feeds) == 3


@pytest.mark.parametrize("target", ["/", "/loop", "//127.0.0.1:PORT/there", "?"])
def test_redirects_without_an_end_are_not_followed(target: str) -> None:
    def written(path: str) -> bytes:
        where = target.replace("PORT", server.address.rpartition(":")[2])
        return (
            b"HTTP/1.1 302 Found\r\nConnection: close\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n"
            % where.encode()
        )

    with hostile(written) as server:
        details = found(server.address, PATIENT)
        assert details == {"unbounded": "more than 5 redirects; not followed further"}
        assert len(server.requests) == 6


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1:1/x",
        "data:application/rss+xml,<rss/>",
        "unix:/run/docker.sock",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:-1/",
        "http://[::1",
        "http://\u00ad/",
        "http://" + "a" * 64 + ".example/",
        "http://a]b/",
        "http://h%5B/",
        "http://:80/",
        "http://" + "x." * 10_000,
        "/" + "x" * 70_000,
    ],
)
def test_a_redirect_to_what_is_no_web_address_is_a_finding(target: str) -> None:
    location = b"HTTP/1.1 301 Moved\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % target.encode()
    with hostile(lambda path: location) as server:
        assert set(found(server.address)) == {"unreachable"}
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "[fd00::1]",
        "[fe80::1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[64:ff9b::a00:1]",
        "[2002:a00:1::]",
        "2852039166",  # 169.254.169.254 as one number
        "0xa.0.0.1",
    ],
)
def test_a_site_leads_to_no_other_private_network(host: str) -> None:
    location = f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://{host}/\r\n\r\n"
    with hostile(lambda path: location.encode()) as server:
        details = found(server.address)
    assert set(details) == {"private"}
    assert "nothing was sent there" in details["private"]


def as_public(address: str) -> str:
    """Return the network of an address, of which 127.0.0.1 is public for this test."""
    return "public" if address == "127.0.0.1" else network(address)


@pytest.mark.parametrize("through", ["redirect", "list", "history", "name"])
def test_a_public_site_leads_to_no_address_of_this_machine(through: str) -> None:
    with hostile(lambda path: answer(feed()), host="127.0.0.2") as inside:
        target = f"{inside.address}/feed.rss"
        if through == "name":
            # A name is judged by all of its addresses; here it is another spelling of the same.
            target = target.replace("127.0.0.2", "127.2")
        broken = {
            "redirect": Broken(
                answer=lambda asked, reply: (
                    Reply(302, b"", {"Location": target}) if asked.path == "/feed.rss" else reply
                )
            ),
            "list": Broken(text=lambda path, page: page.replace("SITE/feed.rss", target)),
            "history": Broken(
                text=lambda path, page: page.replace("SITE/archive/2026-04.atom", target)
            ),
        }
        with (
            site(broken.get(through, broken["list"])) as address,
            Client(PATIENT, network_of=as_public) as client,
        ):
            done = examine(client, address, lambda: datetime.now(UTC))
        assert inside.requests == []
    kinds = {one.kind for one in done.findings}
    assert kinds == ({"history"} if through == "history" else {"private"})
    assert any("127.0.0.2 is loopback; nothing was sent" in one.detail for one in done.findings)


def test_a_name_that_leads_elsewhere_once_it_was_looked_up_gets_no_request() -> None:
    asked = count()

    def rebound(address: str) -> str:
        """Return the network for each look-up and connection: the second connection is here."""
        return "loopback" if next(asked) >= 5 else "public"

    with hostile(lambda path: answer(feed())) as server:
        with Client(PATIENT, network_of=rebound) as client:
            assert client.request(server.address).status == 200
            assert next(asked) == 3
            assert client.request(server.address).kind == "private"
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", "public"),
        ("2606:2800:220:1::1", "public"),
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.0.1", "private"),
        ("100.64.0.1", "private"),
        ("fd00::1", "private"),
        ("0.0.0.0", "private"),
        ("::", "private"),
        ("::7f00:1", "private"),
        ("224.0.0.1", "private"),
        ("255.255.255.255", "private"),
    ],
)
def test_an_address_belongs_to_a_network(address: str, expected: str) -> None:
    assert network(address) == expected


def test_link_headers_without_an_end_are_not_followed() -> None:
    numbers = count()

    def written(path: str) -> bytes:
        links = ", ".join(
            f'</{next(numbers)}>; rel="alternate"; type="application/rss+xml"' for _ in range(50)
        )
        return answer(feed(), Link=links)

    with hostile(written) as server:
        bounds = Bounds(idle_seconds=300, response_seconds=300, requests=60)
        details = found(server.address, bounds)
        assert details["unfinished"] == "60 requests were sent; not examined further"
        assert len(server.requests) <= 60
        assert "no-entries" in details  # what was found until then


def test_an_examination_ends_in_time() -> None:
    now = count(0.0, 10.0)
    with hostile(lambda path: answer(feed())) as server:
        with Client(PATIENT, clock=lambda: next(now)) as client:
            done = examine(client, server.address, lambda: datetime.now(UTC))
        kinds = {one.kind: one.detail for one in done.findings}
        assert "unfinished" not in kinds
    now = count(0.0, 10.0)
    bounds = Bounds(idle_seconds=300, response_seconds=300, seconds=25)
    with hostile(lambda path: answer(feed())) as server:
        with Client(bounds, clock=lambda: next(now)) as client:
            done = examine(client, server.address, lambda: datetime.now(UTC))
        kinds = {one.kind: one.detail for one in done.findings}
        assert kinds["unfinished"] == "25 seconds have passed; not examined further"
        assert len(server.requests) == 2


def test_entries_pictures_and_rules_for_robots_have_bounds() -> None:
    many = "<item/>" * (MOST_ENTRIES + 10)
    with hostile(lambda path: answer(feed(many))) as server:
        assert (
            found(server.address)["unfinished"] == "more than 5,000 entries; not examined further"
        )
    pictures = "".join(
        f'<item><enclosure url="http://127.0.0.1/{n}.png" type="image/png" length="1"/></item>'
        for n in range(101)
    )
    with hostile(lambda path: answer(feed(pictures))) as server:
        finding = next(
            one
            for one in examined(server.address, images=True).findings
            if one.kind == "unfinished"
        )
        assert finding.detail == "more than 100 pictures; the others were not fetched"
    rules = b"User-agent: *\nAllow: /%s\n" % (b"x" * 1000) * 600
    plain = HEAD.replace(b"application/rss+xml", b"text/plain") + b"\r\n"
    with hostile(lambda path: plain + rules if "robots" in path else answer(feed())) as server:
        assert found(server.address)["unbounded"] == "larger than 500 KiB; not read further"


def test_the_docs_name_each_bound() -> None:
    docs = (make.ROOT / "docs/commands.md").read_text(encoding="utf-8")
    bounds = Bounds()
    for said in (
        f"{bounds.body_bytes // MEBIBYTE} MiB |",
        f"{bounds.idle_seconds:.0f} seconds |",
        f"{bounds.response_seconds:.0f} seconds |",
        f"{bounds.redirects} redirects |",
        f"{MOST_ENTRIES:,} |",
        f"{MOST_PICTURES} |",
        f"{ROBOTS_BYTES // 1024} KiB |",
        f"{bounds.requests:,} |",
        f"{bounds.seconds:.0f} seconds |",
    ):
        assert f"| {said}" in docs


# Also where tests run with `nohup … &`, which has the signal ignored. Nothing is run in a fork
# before it begins: here are threads.
WITH_CTRL_C = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("feeds", run_name="__main__")
"""


@pytest.mark.parametrize("held", ["front", "feed"])
def test_ctrl_c_waits_for_no_server(tmp_path: Path, held: str) -> None:
    asked = threading.Event()

    def written(path: str) -> bytes:
        asked.set()
        return HEAD

    with hostile(written, hold=True) as server:
        listed = Broken(text=lambda path, page: page.replace("SITE/feed.rss", server.address))
        with site(listed) as address:
            shown = server.address if held == "front" else address
            command = [sys.executable, "-c", WITH_CTRL_C, "doctor", shown]
            with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
                assert asked.wait(make.LONGEST)
                process.send_signal(signal.SIGINT)
                _, said = process.communicate(timeout=make.LONGEST)
    assert process.returncode == 130
    assert b"Traceback" not in said


def test_a_cookie_is_not_kept() -> None:
    with hostile(lambda path: answer(feed(), Set_Cookie="seen=1; Path=/")) as server:
        examined(server.address)
        assert len(server.heads) > 3
        assert not any(b"cookie" in head.lower() for head in server.heads)


NO_HTTP = {
    "nothing": b"",
    "SSH": b"SSH-2.0-OpenSSH_9.9\r\n",
    "TLS": b"\x15\x03\x01\x00\x02\x02\x0a",
    "HTTP 0.9": feed(),
    "another version": b"HTTP/x 200 OK\r\n\r\n",
    "no status": b"HTTP/1.1\r\n\r\n",
    "a status of letters": b"HTTP/1.1 OK OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "a length of letters": HEAD + b"Content-Length: x\r\n\r\n",
    "a length beyond all": HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n<rss/>",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "too great a length": HEAD + b"Content-Length: 100\r\n\r\nx",
    "a bad chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a great chunk": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\nx",
    "another coding of transfer": HEAD + b"Transfer-Encoding: gzip\r\n\r\n",
    "a line without colon": HEAD + b"nonsense\r\n\r\n",
    "a header without name": HEAD + b": x\r\n\r\n",
    "NUL in a header": HEAD + b"X: \x00\r\n\r\n",
    "a header of a megabyte": HEAD + b"X: " + b"x" * MEBIBYTE + b"\r\n\r\n",
    "headers without an end": HEAD + b"X: y\r\n" * 100_000,
    "a status line of a megabyte": b"HTTP/1.1 200 " + b"x" * MEBIBYTE + b"\r\n\r\n",
    "a switch of protocols": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nx",
}


@pytest.mark.parametrize("name", NO_HTTP)
def test_what_is_no_http_is_a_finding(name: str) -> None:
    with hostile(lambda path: NO_HTTP[name]) as server:
        details = found(server.address)
    assert details.keys() <= {"unreachable", "status"} and details


@pytest.mark.parametrize(
    "headers",
    [
        {"Date": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"},
        {"Date": "Mon, 01 Jan 2026 00:00:00 +9999"},
        {"Date": ", , , "},
        {
            "Last_Modified": "Mon, 01 Jan 1 00:00:00 -2359",
            "Date": "Mon, 31 Dec 9999 23:59:59 -2359",
        },
        {"ETag": '"\u00e9\u20ac"', "Last_Modified": "\u00e9"},
        {"ETag": '"\udcff"'},
        {"ETag": "x" * 60_000, "Last_Modified": "y" * 30_000},
        {"Link": "</a" * 1000},
        {"Link": '<http://[>; rel="alternate"; type="application/rss+xml"'},
        {"Content_Type": "application/rss+xml; charset=\udcff\u00e9"},
        {"Content_Encoding": "gzip"},
        {"Content_Encoding": "br"},
        {"Content_Encoding": "\u00e9, br"},
        {"Vary": "\t", "Cache_Control": "max-age=" + "9" * 5000, "Expires": "9" * 5000},
        {"Set_Cookie": "a=b; expires=" + " " * 50_000},
        {"Location": "http://[", "Retry_After": "x"},
    ],
)
def test_no_header_is_a_traceback(headers: dict[str, str]) -> None:
    with hostile(lambda path: answer(feed(), **headers)) as server:
        assert found(server.address)


@pytest.mark.parametrize(
    "rules",
    [
        b"User-agent: *\nCrawl-delay: \xc2\xb2\n",
        b"User-agent: *\nCrawl-delay: " + b"9" * 5000,
        b"User-agent: *\nRequest-rate: \xc2\xb2/\xc2\xb2\n",
        b"User-agent: *\nDisallow: //[\n",
        b"\xff\xfe\x00",
        b"Disallow: /\n" * 100,
    ],
)
def test_no_rule_for_robots_is_a_traceback(rules: bytes) -> None:
    plain = HEAD.replace(b"application/rss+xml", b"text/plain") + b"\r\n"
    with hostile(lambda path: plain + rules if "robots" in path else answer(feed())) as server:
        assert "no-entries" in found(server.address)


def examined_together(
    bodies: Sequence[bytes], role: str = "feed", media_type: str = "application/rss+xml"
) -> tuple[Examined, list[str]]:
    """Return what comes of the examination of a site where each of these bodies is a feed, a page
    of a feed, or a list of feeds, and their addresses."""
    paths = {f"/{n}": body for n, body in enumerate(bodies)}
    if role == "page":
        front = '<a type="text/x-opml" href="/feeds.opml">'
    else:
        shown = "text/x-opml" if role == "list" else "application/rss+xml"
        front = "".join(f'<a type="{shown}" href="{path}">' for path in paths)

    def written(path: str) -> bytes:
        if path == "/":
            return answer(f"<!doctype html>{front}".encode(), Content_Type="text/html")
        if path == "/feeds.opml" and role == "page":
            outlines = "".join(
                f'<outline xmlUrl="/feed" htmlUrl="{server.address}{one}"/>' for one in paths
            )
            return answer(f"<opml>{outlines}</opml>".encode(), Content_Type="text/x-opml")
        if path not in paths:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        return answer(paths[path], Content_Type=media_type)

    with hostile(written) as server:
        done = examined(server.address)
        assert {f"GET {path} HTTP/1.1" for path in paths} <= set(server.requests)
        return done, [f"{server.address}{path}" for path in paths]


def test_a_request_is_sent_again_when_a_kept_connection_is_closed_just_then() -> None:
    front = b"<!doctype html>" + b"".join(
        b'<a type="application/rss+xml" href="/%d">' % n for n in range(30)
    )

    def written(path: str) -> bytes:
        return answer(front, Content_Type="text/html") if path == "/" else answer(feed())

    with hostile(written, drop=True) as server:
        done = examined(server.address)
    assert len(done.feeds) == 30
    assert "unreachable" not in {one.kind for one in done.findings}


def test_no_encoding_of_xml_is_a_traceback() -> None:
    names = sorted({*encodings.aliases.aliases.values(), "idna", "x" * 300})
    declared = [f'<?xml version="1.0" encoding="{name}"?>'.encode() for name in names]
    done, addresses = examined_together([start + feed("\u00e9") for start in declared])
    assert done.feeds == addresses


DEEP = {
    "XML": b"<a>" * 100_000,
    "XML with an end": b"<rss>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</rss>",
    "JSON": b'{"version": "https://jsonfeed.org/version/1.1", "items":' + b"[" * 100_000,
    "JSON objects": b'{"a":' * 100_000,
    "HTML": b"<!doctype html>" + b"<div>" * 100_000,
    "a number": b'{"version": ' + b"9" * 10_000 + b"}",
    "an attribute": b"<rss a='" + b"x" * MEBIBYTE + b"'/>",
    "entities": b'<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss>&b;</rss>',
    "entities in UTF-16": '<!DOCTYPE rss [<!ENTITY a "aaaa">]><rss>&a;</rss>'.encode("utf-16"),
    "entities in UTF-7": b'<?xml version="1.0" encoding="utf-7"?>+ADwAIQ-DOCTYPE rss+AD4-<rss/>',
    "an external entity": b'<!DOCTYPE rss SYSTEM "http://127.0.0.1:1/x"><rss/>',
}


@pytest.mark.parametrize(
    ("role", "media_type"),
    [
        ("feed", "application/rss+xml"),
        ("feed", "text/x-opml"),
        ("page", "text/html"),
        ("list", "text/x-opml"),
    ],
)
def test_no_depth_is_a_traceback(role: str, media_type: str) -> None:
    done, addresses = examined_together([*DEEP.values()], role, media_type)
    assert {one.address for one in done.findings} >= set(addresses)


@pytest.mark.parametrize("media_type", ["text/html", "text/x-opml"])
@pytest.mark.parametrize("name", ["XML", "JSON objects", "HTML"])
def test_no_depth_of_a_front_page_is_a_traceback(name: str, media_type: str) -> None:
    with hostile(lambda path: answer(DEEP[name], Content_Type=media_type)) as server:
        assert found(server.address)


@pytest.mark.soak
@pytest.mark.parametrize("media_type", ["application/rss+xml", "text/html", "text/x-opml"])
@pytest.mark.parametrize("name", DEEP)
def test_no_depth_anywhere_on_a_site_is_a_traceback(name: str, media_type: str) -> None:
    with hostile(lambda path: answer(DEEP[name], Content_Type=media_type)) as server:
        assert found(server.address)


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_no_character_of_a_feed_is_a_traceback(tmp_path: Path, options: tuple[str, ...]) -> None:
    data = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "\ud800",
        "feed_url": "\ud800\x1b[2J" + "x" * 100_000,
        "next_url": "http://\ud800/",
        "items": [{"id": "\ud800"}, {"id": "\ud800", "image": "\udfff"}, None, 7],
    }
    body = answer(json.dumps(data).encode(), Content_Type="application/feed+json")
    with hostile(lambda path: body) as server:
        done = make.run("doctor", server.address, *options, cwd=tmp_path, check=1)
        assert done.stderr == ""
        assert "\x1b" not in done.stdout
        assert max(map(len, done.stdout.splitlines())) < 2_500


LINES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"Content-Type: text/html",
            b"Content-Type: application/feed+json; charset=",
            b"Content-Encoding: gzip",
            b"Content-Encoding: br",
            b"Transfer-Encoding: chunked",
            b"Content-Length: 5",
            b"Location: //\xff[",
            b"Date: 1 Jan 0000 99:99 +9999",
            b"ETag: W/",
            b'Link: <x>; rel="alternate"; type="application/atom+xml", <',
            b"Set-Cookie: a=b; expires=1; max-age=x",
        ]
    ),
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from(
            [
                feed(),
                b"<rss><channel>",
                b"<item><guid/>",
                b"</item>",
                b"</channel></rss>",
                b"<feed xmlns='http://www.w3.org/2005/Atom'>",
                b"<entry><updated>2026-01-01T00:00:00Z</updated></entry>",
                b"</feed>",
                b'{"version": "https://jsonfeed.org/version/1.1", "items": [',
                b'{"id": 1e999, "url": "\\ud800"}',
                b"]}",
                b"<a type='text/x-opml' href='http://['>",
                b"<!DOCTYPE x>",
                b"<?xml version='1.0' encoding='utf-16'?>",
                b"\xff\xfe",
                b"\x00",
                b"User-agent: *\nDisallow: ",
            ]
        ),
        max_size=6,
    ).map(b"".join),
)


@settings(max_examples=settings().max_examples // 4)
@given(
    status=st.sampled_from([b"200 OK", b"200 OK", b"200 OK", b"304 Not", b"302 Found", b"\xff"]),
    headers=st.lists(LINES, max_size=4),
    body=BODIES,
)
def test_no_header_or_body_is_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, status: bytes, headers: list[bytes], body: bytes
) -> None:
    written = b"\r\n".join([b"HTTP/1.1 " + status, *headers, b"", body])
    with hostile(lambda path: written) as server:
        done = make.invoke(
            "doctor", server.address, cwd=Path(tmp_path_factory.getbasetemp()), check=None
        )
    assert done.returncode in (0, 1, 2)
