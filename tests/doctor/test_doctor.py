"""`feeds doctor`: each thing that can be wrong is named, and of what is right nothing is said."""

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest

from feeds.config import load_config
from feeds.doctor import KINDS, Bounds, Client, Examined, examine
from feeds.doctor.client import READERS
from tests import make
from tests.build.test_hosts import proxy
from tests.doctor.faulty_site import MODIFIED, NEWS, PAGES, Asked, Broken, Reply, site
from tests.serve.test_server import serving

# A busy machine is no finding.
PATIENT = Bounds(idle_seconds=300, response_seconds=300)
FEEDS = ("/feed.rss", "/feed.atom", "/feed.json")


def examined(address: str, *, images: bool = False, public: str = "") -> Examined:
    """What comes of an examination."""
    with Client(PATIENT) as client:
        return examine(client, address, lambda: datetime.now(UTC), images=images, public=public)


def kinds(found: Examined) -> set[str]:
    """The kinds of what was found."""
    return {finding.kind for finding in found.findings}


def text(at: str, before: str, after: str) -> Broken:
    """A page in which one text stands for another."""

    def changed(path: str, page: str) -> str:
        assert path != at or before in page
        return page.replace(before, after) if path == at else page

    return Broken(text=changed)


def answer(change: Callable[[Asked, Reply], Reply]) -> Broken:
    """Answers with feeds that are otherwise."""
    return Broken(
        answer=lambda asked, reply: change(asked, reply) if asked.path in FEEDS else reply
    )


def header(**headers: str | None) -> Broken:
    """Answers with feeds whose headers are otherwise."""
    return answer(lambda asked, reply: reply.named(**headers))


def refusing(**headers: str) -> Broken:
    """Answers 403 to who sends such a header, in part."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return answer(
        lambda asked, reply: (
            Reply(403, b"no", {"Content-Type": "text/plain"})
            if all(value in asked.headers.get(name, "") for name, value in named.items())
            else reply
        )
    )


def whole(asked: Asked, reply: Reply) -> Reply:
    """The whole page, whatever was asked."""
    kept = {"ETag", "Last-Modified", "Date", "Cache-Control", "Vary", "Access-Control-Allow-Origin"}
    page, kind = PAGES[asked.path]
    host = asked.headers["Host"]
    body = page.replace("SITE", f"http://{host}").replace("NEWS", NEWS).encode()
    headers = {name: value for name, value in reply.headers.items() if name in kept}
    return Reply(
        200,
        gzip.compress(body, mtime=0),
        {**headers, "Content-Type": kind, "Content-Encoding": "gzip"},
    )


def without_gzip(asked: Asked, reply: Reply) -> Reply:
    """The same, not compressed."""
    if reply.headers.get("Content-Encoding") != "gzip":
        return reply
    return replace(reply, body=gzip.decompress(reply.body)).named(Content_Encoding=None)


def numbered(asked: Asked, reply: Reply) -> Reply:
    """A comment that is another one each time."""
    if reply.status != 200:
        return reply
    page = without_gzip(asked, reply)
    return replace(page, body=page.body.replace(b"<title>Harbour", b"<title>%d" % asked.number))


JUNK = b"junk that no gzip is"
SEEDED = {
    "status": answer(lambda asked, reply: Reply(500, b"") if asked.path == "/feed.atom" else reply),
    "limited": answer(
        lambda asked, reply: Reply(429, b"") if asked.path == "/feed.atom" else reply
    ),
    "redirect": Broken(
        answer=lambda asked, reply: (
            Reply(301, b"", {"Location": "/feed.rss"}) if asked.path == "/old" else reply
        ),
        text=lambda path, page: (
            page.replace("SITE/feed.rss", "SITE/old") if path == "/feeds.opml" else page
        ),
    ),
    "bot-wall": refusing(User_Agent="Miniflux"),
    "robots": text("/robots.txt", "/admin", "/feed.rss"),
    "soft-404": Broken(
        answer=lambda asked, reply: replace(reply, status=200) if reply.status == 404 else reply
    ),
    "media-type": answer(
        lambda asked, reply: (
            reply.named(Content_Type="text/plain; charset=utf-8") if reply.status == 200 else reply
        )
    ),
    "charset": header(Content_Type="application/xml; charset=iso-8859-1"),
    "cors": header(Access_Control_Allow_Origin=None),
    "clock": header(Date=formatdate(datetime(2026, 11, 1, tzinfo=UTC).timestamp(), usegmt=True)),
    "future-modified": header(Last_Modified="Tue, 05 May 2099 07:08:09 GMT"),
    "no-validator": header(ETag=None, Last_Modified=None),
    "etag-ignored": answer(
        lambda asked, reply: whole(asked, reply) if reply.status == 304 else reply
    ),
    "date-ignored": answer(
        lambda asked, reply: (
            whole(asked, reply)
            if "If-None-Match" not in asked.headers and reply.status == 304
            else reply
        )
    ),
    "wrong-304": answer(
        lambda asked, reply: (
            Reply(304, b"", reply.headers)
            if asked.headers.get("If-Modified-Since") == MODIFIED
            else reply
        )
    ),
    "bare-304": answer(
        lambda asked, reply: reply.named(ETag=None) if reply.status == 304 else reply
    ),
    "validator-moves": answer(
        lambda asked, reply: reply.named(ETag=f'"{asked.number}"') if reply.status == 200 else reply
    ),
    "body-moves": answer(numbered),
    "no-cache": header(Expires="0"),
    "no-freshness": header(Cache_Control=None),
    "head": answer(lambda asked, reply: Reply(405, b"") if asked.method == "HEAD" else reply),
    "not-compressed": answer(without_gzip),
    "bad-coding": answer(
        lambda asked, reply: (
            replace(reply, body=JUNK) if asked.headers.get("Accept-Encoding") == "gzip" else reply
        )
    ),
    "no-vary": header(Vary=None),
    "not-well-formed": text("/feed.rss", "<title>Boats", "<title>Boats & \x01"),
    "doctype": text(
        "/feed.rss", "<rss", '<!DOCTYPE rss [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss'
    ),
    "not-a-feed": text("/feed.rss", "<?xml", "<!doctype html><title>Sign in</title><?xml"),
    "missing": text("/feed.rss", "<description>News of it</description>", ""),
    "no-id": text("/feed.rss", "<guid>https://example.org/herons</guid>", ""),
    "same-id": text("/feed.rss", "tag:boats", "https://example.org/herons"),
    "bad-date": text("/feed.rss", "Tue, 05 May 2026", "5. Mai 26"),
    "future-date": text("/feed.atom", "<updated>2026", "<updated>2099"),
    "relative": text("/feed.rss", "<link>https://example.org/boats", "<link>/boats"),
    "no-self": text("/feed.atom", 'rel="self"', 'rel="related"'),
    "wrong-self": text("/feed.json", "SITE/feed.json", "http://localhost/feed.json"),
    "no-entries": Broken(
        text=lambda path, page: (
            page.partition("<item>")[0] + "</channel></rss>" if "rss" in path else page
        )
    ),
    "too-large": text("/feed.json", "NEWS", "x" * (1 << 20)),
    "history": text("/feed.atom", "2026-04", "2026-03"),
    "no-discovery": text("/news/", "alternate", "stylesheet"),
    "enclosure": text("/feed.rss", ' length="7"', ""),
    "two-alternates": text("/feed.atom", "</entry>", '<link href="SITE/heron.png"/></entry>'),
    "page": text("/feeds.opml", "/news/", "/olds/"),
    "opml": text("/feeds.opml", "xmlUrl", "url"),
}
WITH_OTHERS = {
    "charset": {"media-type"},  # of what is not XML
    "etag-ignored": {"date-ignored"},
    "wrong-304": set[str](),
    "body-moves": {
        "not-compressed",
        "validator-moves",
        "bad-coding",
        "etag-ignored",
        "date-ignored",
    },
    "validator-moves": {"etag-ignored"},
    "no-validator": {"bare-304"},
    "future-modified": {"date-ignored"},
    "future-date": set[str](),
}
# What is wrong with one feed, or with each, shows where that feed is examined without its site, too.
ALONE = {
    "bot-wall": "/feed.rss",
    "clock": "/feed.rss",
    "cors": "/feed.rss",
    "future-modified": "/feed.atom",
    "no-validator": "/feed.json",
    "etag-ignored": "/feed.rss",
    "date-ignored": "/feed.atom",
    "wrong-304": "/feed.json",
    "bare-304": "/feed.rss",
    "validator-moves": "/feed.atom",
    "no-cache": "/feed.json",
    "no-freshness": "/feed.rss",
    "head": "/feed.atom",
    "not-compressed": "/feed.json",
    "bad-coding": "/feed.rss",
    "no-vary": "/feed.atom",
    "not-well-formed": "/feed.rss",
    "doctype": "/feed.rss",
    "missing": "/feed.rss",
    "no-id": "/feed.rss",
    "same-id": "/feed.rss",
    "bad-date": "/feed.rss",
    "future-date": "/feed.atom",
    "relative": "/feed.rss",
    "no-self": "/feed.atom",
    "wrong-self": "/feed.json",
    "no-entries": "/feed.rss",
    "too-large": "/feed.json",
    "history": "/feed.atom",
    "enclosure": "/feed.rss",
    "two-alternates": "/feed.atom",
}


def test_a_good_site_gets_no_complaint() -> None:
    with site() as address:
        for asked in (address, f"{address}/", f"{address}/feed.atom"):
            found = examined(asked, images=True)
            assert found.findings == []
        assert sorted(examined(address).feeds) == [f"{address}{path}" for path in sorted(FEEDS)]


@pytest.mark.parametrize("kind", SEEDED)
def test_what_is_wrong_is_named_and_nothing_else(kind: str) -> None:
    with site(SEEDED[kind]) as address:
        found = kinds(examined(address + ALONE.get(kind, "")))
    assert kind in found
    assert found - {kind} <= WITH_OTHERS.get(kind, set())


@pytest.mark.soak
@pytest.mark.parametrize("kind", ALONE)
def test_what_is_wrong_with_a_feed_is_named_and_nothing_else_of_its_site(kind: str) -> None:
    with site(SEEDED[kind]) as address:
        found = kinds(examined(address))
    assert kind in found
    assert found - {kind} <= WITH_OTHERS.get(kind, set())


def test_a_picture_that_does_not_load_is_named_where_pictures_are_asked_for() -> None:
    with site(text("/feed.rss", "heron.png", "heran.png")) as address:
        assert kinds(examined(address)) == set()
        (finding,) = examined(address, images=True).findings
        assert (finding.kind, finding.address) == ("image", f"{address}/heran.png")


@pytest.mark.parametrize(
    ("path", "before", "after", "detail"),
    [
        ("/feed.rss", "<title>Harbour</title>", "", "title"),
        ("/feed.rss", "<title>Boats</title>", "", "what names entry 2"),
        ("/feed.atom", "<author><name>Harbour</name></author>", "", "author"),
        ("/feed.atom", "<updated>2026-05-06T07:08:09Z</updated><author>", "<author>", "updated"),
        ("/feed.json", '"title": "Harbour", ', "", "title"),
        (
            "/feed.json",
            '"content_text": "NEWS"',
            '"title": "x"',
            "content_html or content_text of '1'",
        ),
        ("/feed.json", '"items": [', '"entries": [', "items"),
    ],
)
def test_missing_parts_are_reported(path: str, before: str, after: str, detail: str) -> None:
    with site(text(path, before, after)) as address:
        found = examined(f"{address}{path}").findings
    details = [one.detail for one in found if one.kind == "missing"]
    assert details == [detail]


def test_a_site_that_is_not_there_is_named() -> None:
    assert kinds(examined(f"http://127.0.0.1:{make.free_port()}")) == {"unreachable"}
    with site() as address:
        assert kinds(examined(f"{address}/nowhere")) == {"status"}


def test_every_kind_has_a_site_that_shows_it() -> None:
    assert set(KINDS) - set(SEEDED) == {
        "image",
        "insecure",
        "private",  # and the other three: test_hostile_sites.py
        "unbounded",
        "unfinished",
        "unreachable",
    }
    assert len(SEEDED) >= 20


def test_a_site_that_is_tried_out_elsewhere_is_held_against_its_public_address() -> None:
    public = "http://feeds.example.org"

    def moved(path: str, page: str) -> str:
        return page.replace("SITE", public)

    with site(Broken(text=moved)) as address:
        found = examined(address, public=public)
        assert kinds(found) == {"insecure"}
        assert sorted(found.feeds) == [f"{address}{path}" for path in sorted(FEEDS)]


@pytest.mark.parametrize(
    "bomb",
    [
        "<!DOCTYPE a>",
        '<!-- <a> --><!DOCTYPE r [<!ENTITY e "x">]>',
        "<!DOCTYPE r SYSTEM 'file:///etc/passwd'>",
    ],
)
def test_no_entity_is_read(bomb: str) -> None:
    with site(text("/feed.rss", "<rss", f"{bomb}<rss")) as address:
        assert kinds(examined(f"{address}/feed.rss")) == {"doctype"}


def test_pages_of_hostile_html_are_read_in_time_that_grows_with_their_size() -> None:
    """A parser that starts again at each tag takes hours for such a page."""
    units = ["<a ", "<a b='", "<!--", "<div>", "<p><b>", "&amp", "\0", ""]
    pages = {f"/news/{n}/": unit * 300_000 for n, unit in enumerate(units)}
    outlines = "".join(
        f'<outline type="rss" xmlUrl="SITE/feed.rss" htmlUrl="SITE{path}"/>' for path in pages
    )
    listed = text("/feeds.opml", "</body>", f"{outlines}</body>")
    more = {path: (page, "text/html; charset=utf-8") for path, page in pages.items()}
    with site(replace(listed, more=more)) as url:
        found = examined(url)
    assert [(one.kind, one.address) for one in found.findings] == [
        ("no-discovery", f"{url}{path}") for path in pages
    ]


NONSENSE = [
    "http://[",
    "http://a b/",
    "//",
    "ftp://example.org/x",
    "http://a:99999/",
    "javascript:x",
]


def test_invalid_addresses_in_a_list_are_reported() -> None:
    outlines = "".join(f'<outline type="rss" xmlUrl="{one}"/>' for one in NONSENSE)
    with site(text("/feeds.opml", "</body>", f"{outlines}</body>")) as address:
        found = examined(address)
    assert kinds(found) <= {
        "unreachable",
        "redirect",
        "not-a-feed",
        "status",
        "cors",
        "soft-404",
    }
    assert len(found.feeds) == 3 + len(NONSENSE)


def test_redirects_to_invalid_addresses_are_reported() -> None:
    led = {f"/led/{n}": one for n, one in enumerate(NONSENSE)}
    outlines = "".join(f'<outline type="rss" xmlUrl="SITE{path}"/>' for path in led)
    broken = replace(
        text("/feeds.opml", "</body>", f"{outlines}</body>"),
        answer=lambda asked, reply: (
            Reply(301, b"", {"Location": led[asked.path]}) if asked.path in led else reply
        ),
    )
    with site(broken) as address:
        found = examined(address)
    for path in led:
        assert {"unreachable", "redirect", "unbounded"} & {
            one.kind for one in found.findings if one.address == f"{address}{path}"
        }


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_an_invalid_address_of_a_page_of_history_is_reported(nonsense: str) -> None:
    with site(text("/feed.atom", "SITE/archive/2026-04.atom", nonsense)) as address:
        assert "history" in kinds(examined(f"{address}/feed.atom"))


def test_a_reader_that_is_turned_away_is_named() -> None:
    with site(SEEDED["bot-wall"]) as address:
        details = {finding.detail for finding in examined(address).findings}
    assert details == {"miniflux gets 403"}
    assert len(READERS) == 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site of ours."""
    records: dict[str, str | bytes] = {f"{n}.md": make.record(n) for n in range(1, 60)}
    records["hidden.md"] = make.record(99, title=make.CANARY, published="false")
    make.site(tmp_path, records, make.OWN)
    return tmp_path


def test_our_own_service_gets_no_complaint(folder: Path) -> None:
    config = load_config(folder / "config.toml")
    with serving(config) as service:
        done = make.invoke("doctor", service.url, "--base-url", config.site.base_url, cwd=folder)
        assert done.stdout == f"12 feeds at {service.url}: no complaint.\n"
        listed = json.loads(make.invoke("list", "--json", cwd=folder).stdout)
        assert len([url for feed in listed for url in feed["urls"].values()]) == 12


def test_the_site_of_a_config_is_examined_where_its_service_listens(tmp_path: Path) -> None:
    public = "https://feeds.example.org"
    with site(Broken(text=lambda path, page: page.replace("SITE", public))) as address:
        make.site(tmp_path, {}, f"[server]\nport = {address.rpartition(':')[2]}\n")
        done = make.run("doctor", cwd=tmp_path)
    assert done.stdout == f"3 feeds at {address}: no complaint.\n"


def test_where_a_limit_is_set_nothing_is_made_of_what_is_behind_it() -> None:
    limit = answer(
        lambda asked, reply: (
            Reply(429, b"") if "feeds-doctor" not in asked.headers["User-Agent"] else reply
        )
    )
    with site(limit) as address:
        assert kinds(examined(address)) == {"limited"}


def test_an_address_can_be_given_without_its_scheme(tmp_path: Path) -> None:
    with site() as address:
        done = make.invoke("doctor", address.removeprefix("http://"), cwd=tmp_path)
    assert done.stdout == f"3 feeds at {address}: no complaint.\n"


def test_our_tree_behind_nginx_gets_no_complaint(folder: Path) -> None:
    make.program("nginx")
    make.invoke("build", "--compress", cwd=folder)
    public = folder / "public"
    inside = (
        f'root "{public}";\ngzip_static on;\ngzip_vary on;\ninclude "{public}/feeds.nginx.conf";'
    )
    with proxy(folder, inside) as url:
        done = make.invoke(
            "doctor", url, "--base-url", "https://feeds.example.org", cwd=folder, check=None
        )
        assert done.stdout == f"12 feeds at {url}: no complaint.\n"


def test_our_tree_behind_a_server_that_knows_no_feeds_gets_advice(folder: Path) -> None:
    make.program("nginx")
    make.invoke("build", cwd=folder)
    with proxy(folder, f'root "{folder}/public";') as url:
        done = make.invoke(
            "doctor", url, "--base-url", "https://feeds.example.org", "--json", cwd=folder, check=1
        )
    found = {row["kind"] for row in json.loads(done.stdout)}
    assert {"media-type", "cors", "no-freshness", "not-compressed"} <= found
    assert all(
        row["advice"] and row["address"].startswith("http") for row in json.loads(done.stdout)
    )


def test_the_table_names_the_address_and_the_advice(tmp_path: Path) -> None:
    shutil.copy(make.ROOT / "config.toml", tmp_path)
    with site(SEEDED["wrong-self"]) as address:
        for columns in (80, 120):
            shown = make.unstyled(
                make.watched("doctor", address, cwd=tmp_path, columns=columns, check=1)
            )
            assert "fault" in shown and "a self link to elsewhere" in shown
            assert "set site.base_url to the public" in shown
            assert (
                f"  {address}/feed.json: http://localhost/feed.json, not {address}/feed.json\n"
                in shown
            )
            assert f"3 feeds at {address}: 1 fault, 0 to advise." in shown
            table = shown.partition("What is wrong")[2].partition("\n\n")[0].splitlines()
            assert all(len(line.rstrip()) <= columns for line in table)


def test_the_docs_show_it_as_it_is(tmp_path: Path) -> None:
    plain = answer(
        lambda asked, reply: (
            reply.named(Content_Type="text/plain") if "rss" in asked.path else reply
        )
    )
    docs = (make.ROOT / "docs/commands.md").read_text(encoding="utf-8")
    lines = (
        docs.partition("$ feeds doctor https://feeds.example.org\n")[2]
        .partition("```")[0]
        .splitlines()
    )
    with site(plain) as address:
        said = make.run("doctor", address, cwd=tmp_path, check=1, COLUMNS="110").stdout
        shown = said.replace(address, "https://feeds.example.org").replace("3 feeds", "57 feeds")
    assert [line.rstrip() for line in shown.splitlines()] == lines[: len(shown.splitlines())]


def test_advice_alone_is_no_fault(tmp_path: Path) -> None:
    with site(SEEDED["cors"]) as address:
        assert "0 faults, 3 to advise." in make.invoke("doctor", address, cwd=tmp_path).stdout


@pytest.mark.parametrize(
    "arguments",
    [("no where",), ("https://example.org", "--base-url", "a b"), ("ftp://example.org",)],
)
def test_an_invalid_address_is_reported(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert (
        "expected an http or https address"
        in make.invoke("doctor", *arguments, cwd=tmp_path, check=2).stderr
    )


def test_how_to_start_a_service_that_does_not_run_is_shown(tmp_path: Path) -> None:
    make.site(tmp_path, {}, f"[server]\nport = {make.free_port()}\n")
    assert "start `feeds serve`" in make.invoke("doctor", cwd=tmp_path, check=1).stdout


def test_answers_are_bounded() -> None:
    with site(
        Broken(
            answer=lambda asked, reply: replace(reply, body=b"x" * (33 << 20)).named(
                Content_Encoding=None
            )
        )
    ) as url:
        assert kinds(examined(url)) == {"unbounded"}
        assert httpx.get(url, trust_env=False, timeout=make.LONGEST).status_code == 200
