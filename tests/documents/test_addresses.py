"""One canonical address for each document, whatever is put to it; links, other origins, and who
asks for a feed."""

import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.config import Config, load_config
from feeds.documents import http_messages
from feeds.documents.http_messages import ALWAYS, OF_PAGES
from feeds.urls import canonical, document_path
from tests import asking, make
from tests.serve.test_app import BROWSER, Clock, client_of, records

HUBS = 'hubs = ["https://hub.example/", "https://other.example/hub"]\n'
NAMES = '[feeds]\nretired = ["topics/blockchain"]\n[topics.ai]\nprevious = ["brains"]\n'
BASE = "https://feeds.example.org/"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A site that no test changes."""
    return make.site(tmp_path_factory.mktemp("site"), records(), HUBS + NAMES)


@pytest.fixture(scope="module")
def client(config: Config) -> FlaskClient:
    """A client of its service."""
    return client_of(config, Clock())


@pytest.mark.parametrize(
    "asked, canonical",
    [
        ("/feed.rss?null", "feed.rss"),
        ("/feed.rss?_=123", "feed.rss"),
        ("/?utm_source=x", ""),
        ("/index.html", ""),
        ("/INDEX.html", ""),
        ("/feed.rss/", "feed.rss"),
        ("/feed.rss//", None),
        ("/feed.RSS", "feed.rss"),
        ("/Feed.Atom?x", "feed.atom"),
        ("/feed.rss%20", "feed.rss"),
        ("/feeds.OPML/", "feeds.opml"),
        ("/topics/AI/feed.rss", "topics/ai/feed.rss"),
        ("/topics/ai%2ffeed.rss%2f", "topics/ai/feed.rss"),
        ("/topics/ai/feed.json/?null", "topics/ai/feed.json"),
        ("/Topics/Brains/feed.rss", "topics/ai/feed.rss"),
        ("/topics/brains/feed.rss?null", "topics/ai/feed.rss"),
        ("/topics/hidden/feed.rss/", None),
        ("/topics/Later/feed.rss", None),
        ("/nothing?null", None),
        ("/topics//ai/feed.rss?x", None),
        ("/topics/ai", "topics/ai/"),
        ("/topics/AI/", "topics/ai/"),
        ("/topics/ai/index.html?x", "topics/ai/"),
        ("/Topics/Brains/", "topics/ai/"),
        ("/all", "all/"),
        ("/PAGES.css", "pages.css"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_each_document_has_one_address(
    client: FlaskClient, asked: str, canonical: str | None, method: str
) -> None:
    response = client.open(asked, method=method, headers={"Host": "evil.example"})
    if canonical is None:
        assert response.status_code == 404
        return
    assert (response.status_code, response.headers["Location"]) == (301, BASE + canonical)
    assert client.get(f"/{canonical}").status_code == 200
    assert "Access-Control-Allow-Origin" in response.headers


def test_what_is_retired_is_gone_in_any_case(client: FlaskClient) -> None:
    assert client.get("/Topics/Blockchain/feed.rss").status_code == 410


READER = "application/atom+xml,application/rdf+xml,application/rss+xml,application/xml;q=0.9,text/xml;q=0.2,*/*;q=0.1"


@pytest.mark.parametrize(
    "accept, name",
    [
        pytest.param(BROWSER, None, id="browser"),
        pytest.param("*/*", None, id="curl"),
        pytest.param(None, None, id="nothing_said"),
        pytest.param("application/json", None, id="program"),
        pytest.param("application/xml, text/xml", None, id="any_xml"),
        pytest.param("text/html, application/rss+xml", None, id="both_alike"),
        pytest.param("application/rss+xml;q=0", None, id="never"),
        pytest.param("application/rss+xml", "rss", id="rss"),
        pytest.param(READER, "rss", id="feedparser"),
        pytest.param(
            "application/atom+xml, application/rss+xml;q=0.9", "atom", id="atom_before_rss"
        ),
        pytest.param("application/feed+json, text/html;q=0.9", "json", id="json_feed"),
    ],
)
def test_a_reader_that_asks_for_a_feed_at_its_page_is_led_to_it(
    client: FlaskClient, accept: str | None, name: str | None
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    for page, folder in (
        ("/all/", ""),
        ("/topics/ai/", "topics/ai/"),
        ("/topics/ai", "topics/ai/"),
    ):
        for _ in range(2):
            response = client.get(page, headers=headers)
            if name is None:
                assert response.status_code == (200 if page.endswith("/") else 301)
                continue
            assert (response.status_code, response.headers["Location"]) == (
                302,
                f"{BASE}{folder}feed.{name}",
            )
            assert response.headers["Vary"] == "Accept"
    if name is not None:
        for page in ("/topics/hidden/", "/topics/later/", "/topics/"):
            assert client.get(page, headers=headers).status_code == 404
    front = client.get("/", headers=headers)
    assert (front.status_code, front.headers["Vary"]) == (200, "Accept-Encoding, Accept")


OPENED = {"Sec-Fetch-Dest": "document", "Accept": BROWSER}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_browser_that_opens_a_feed_gets_a_type_that_it_shows_and_everybody_else_the_right_one(
    client: FlaskClient, method: str
) -> None:
    for name in ("rss", "atom"):
        for _ in range(2):  # made now, and from memory
            for headers, kind in (({}, f"application/{name}+xml"), (OPENED, "text/xml")):
                response = client.open(f"/topics/ai/feed.{name}", method=method, headers=headers)
                assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
                assert response.headers["Vary"] == "Accept-Encoding, Sec-Fetch-Dest"
                tags = {"If-None-Match": response.headers["ETag"]}
                again = client.open(
                    f"/topics/ai/feed.{name}", method=method, headers={**headers, **tags}
                )
                assert again.status_code == 304
                assert again.headers["Vary"] == response.headers["Vary"]
        embedded = client.get(f"/topics/ai/feed.{name}", headers={"Sec-Fetch-Dest": "empty"})
        assert embedded.headers["Content-Type"] == f"application/{name}+xml; charset=utf-8"
    for path, kind in {
        "/feed.json": "application/feed+json",
        "/": "text/html",
        "/feeds.opml": "text/x-opml",
    }.items():
        assert client.get(path, headers=OPENED).headers["Content-Type"] == f"{kind}; charset=utf-8"


def linked(headers: object) -> dict[str, list[str]]:
    """The addresses of a Link header by relation."""
    found: dict[str, list[str]] = {}
    for address, relation in re.findall(r'<([^>]*)>; rel="([^"]*)"', str(headers)):
        found.setdefault(relation, []).append(address)
    return found


def test_every_answer_links_to_itself_its_other_formats_and_the_hubs(
    client: FlaskClient, config: Config
) -> None:
    hubs = list(config.site.hubs)
    for path in ("feed.rss", "topics/ai/feed.atom", "feed.json"):
        folder, name = path.removesuffix(path.rpartition("feed.")[2])[:-5], path.rpartition(".")[2]
        for method in ("GET", "HEAD"):
            response = client.open(f"/{path}", method=method)
            others = [
                f"{BASE}{folder}feed.{other}" for other in ("rss", "atom", "json") if other != name
            ]
            assert linked(response.headers["Link"]) == {
                "self": [BASE + path],
                "alternate": others,
                "hub": hubs,
            }
        again = client.get(f"/{path}", headers={"If-None-Match": response.headers["ETag"]})
        assert again.headers["Link"] == response.headers["Link"]
    assert (
        b'<link href="https://feeds.example.org/topics/ai/feed.atom" rel="self"'
        in client.get("/topics/ai/feed.atom").data
    )
    assert linked(client.get("/feeds.opml").headers["Link"]) == {"self": [f"{BASE}feeds.opml"]}
    page = linked(client.get("/").headers["Link"])
    assert page == {
        "self": [BASE],
        "alternate": [f"{BASE}feed.{name}" for name in ("rss", "atom", "json")],
    }


def test_a_feed_of_fewer_formats_links_to_those_alone(tmp_path: Path) -> None:
    good: dict[str, str | bytes] = {f"{n}.md": make.record(n, quality="60") for n in (1, 2)}
    client = client_of(make.site(tmp_path, good, make.OWN))
    assert linked(client.get("/feeds/good/feed.atom").headers["Link"]) == {
        "self": [f"{BASE}feeds/good/feed.atom"]
    }


def test_every_answer_may_be_read_by_programs_of_other_origins_and_is_what_it_says(
    client: FlaskClient,
) -> None:
    for path in ("/", "/feed.rss", "/feeds.opml", "/nothing", "/feed.rss?x", "/healthz"):
        for _ in range(2):
            response = client.get(path, headers={"Origin": "https://reader.example"})
            for name, value in ALWAYS:
                assert response.headers.getlist(name) == [value]
            assert ("Content-Security-Policy" in response.headers) == (
                response.mimetype == "text/html"
            )
    page = client.get("/nothing", headers={"Accept": "text/html"})
    for name, value in OF_PAGES:
        assert page.headers.getlist(name) == client.get("/").headers.getlist(name) == [value]


def test_a_program_may_ask_conditionally_from_another_origin(client: FlaskClient) -> None:
    asked = {
        "Origin": "https://reader.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "if-none-match,if-modified-since",
    }
    for path in ("/feed.rss", "/"):
        client.get(path)
        response = client.options(path, headers=asked)
        assert response.status_code == 200
        assert response.data == b""
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert {"If-None-Match", "If-Modified-Since"} <= set(
            response.headers["Access-Control-Allow-Headers"].split(", ")
        )
        assert {"GET", "HEAD"} <= set(response.headers["Access-Control-Allow-Methods"].split(", "))
    assert "Access-Control-Allow-Headers" not in client.get("/feed.rss").headers


@pytest.mark.parametrize("asked", ["/", "//", "", "a//b/", " / "])
def test_what_nobody_means_is_nothing(asked: str) -> None:
    assert http_messages.meant(asked) == ()


def test_the_canonical_address_of_a_path_gives_the_path() -> None:
    for path in (
        "index.html",
        "feed.rss",
        "topics/ai/index.html",
        "topics/index.html/feed.rss",
        "feeds.opml",
    ):
        assert document_path(canonical(path)) == path


def test_it_works_behind_a_proxy_under_a_path(tmp_path: Path) -> None:
    from tests.build.test_hosts import proxy
    from tests.serve.test_server import serving

    config = make.site(tmp_path, records())
    config.file.write_text(config.file.read_text().replace("feeds.example.org", "example.org/news"))
    with serving(load_config(config.file)) as running:
        inside = f"location /news/ {{ proxy_pass {running.url}; }}"
        with (
            proxy(tmp_path, inside) as url,
            asking.client(base_url=url) as client,
        ):
            for path in ("/news/", "/news/feed.rss", "/news/topics/ai/feed.atom"):
                for coding in ("identity", "br"):
                    direct = running.get(path, **{"Accept-Encoding": coding})
                    response = client.get(path, headers={"Accept-Encoding": coding})
                    assert (response.status_code, response.content) == (200, direct.content)
                    for name in ("ETag", "Last-Modified", "Vary", "Link"):
                        assert response.headers[name] == direct.headers[name]
                    assert response.headers.get("Content-Encoding") == direct.headers.get(
                        "Content-Encoding"
                    )
                tags = {"If-None-Match": direct.headers["ETag"]}
                assert client.get(path, headers=tags).status_code == 304
            moved = client.get("/news/topics/AI/feed.rss?null")
            assert moved.headers["Location"] == "https://example.org/news/topics/ai/feed.rss"


MOVING = """
[feeds]
retired = ["topics/blockchain"]
[topics.ai]
previous = ["brains", "old"]
aliases = ["A.I."]
[providers."example.org"]
previous = ["old.example.org"]
[categories.news]
previous = ["reports"]
"""
STARTS = [
    *(
        "",
        "topics/old",
        "topics/brains",
        "topics/ai",
        "topics/a-i-751d4856",
        "providers/old.example.org",
        "all",
    ),
    *(
        "categories/reports",
        "topics/blockchain",
        "feed.rss",
        "index.html",
        "topics",
        "Topics/OLD",
        "feeds.opml",
    ),
]
PIECES = [
    *(
        "/",
        "//",
        "/.",
        "/..",
        "/../..",
        "..",
        "%2e%2e",
        "%2f",
        "%252e%252e/",
        "\\",
        "/\\",
        "\\..\\",
        ";",
        ":",
        "@",
        "?",
    ),
    *(
        "feed.rss",
        "FEED.atom",
        "index.html",
        "INDEX.HTML",
        "archive/2026-11.atom",
        " ",
        "\t",
        "\r\n",
        "#",
        "é",
        "a" * 99,
    ),
    *(
        "//evil.example",
        "/\\evil.example",
        "http://evil.example",
        "@evil.example",
        ".evil.example",
        "javascript:1",
    ),
]
asked_paths = st.one_of(
    st.tuples(
        st.sampled_from(STARTS), st.lists(st.sampled_from([*PIECES, *STARTS]), max_size=6)
    ).map(lambda pair: pair[0] + "".join(pair[1])),
    st.text(st.sampled_from("./\\%2eEfF:@?#aotldpics-"), max_size=24).map("topics/old/".__add__),
)


@pytest.fixture(scope="module", params=["", "/news", "/a b/é"], ids=["root", "folder", "odd"])
def moved_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A site whose feeds moved, below each kind of address."""
    config = make.site(tmp_path_factory.mktemp("moved"), records(), MOVING)
    text = config.file.read_text(encoding="utf-8")
    config.file.write_text(
        text.replace("feeds.example.org", f"feeds.example.org{request.param}"), encoding="utf-8"
    )
    return load_config(config.file)


@pytest.fixture(scope="module")
def moved_client(moved_site: Config) -> FlaskClient:
    """A client of its service."""
    return client_of(moved_site, Clock())


def followed(asked: str, location: str) -> str:
    """The address to which a client goes from there, as the URL standard resolves it: dots are
    folders, so is %2e."""
    plain = re.sub("%2e", ".", location.replace("\\", "/"), flags=re.IGNORECASE)
    return urljoin(asked, plain)


@given(
    asked_paths,
    st.sampled_from(["", "null", "x=/../..", "//evil.example"]),
    st.sampled_from(["GET", "HEAD"]),
)
@example("topics/old/../../..", "", "GET")
@example("topics/old/..", "", "GET")
@example("topics/old/./.", "", "GET")
@example("providers/old.example.org/../feed.rss", "", "GET")
def test_no_redirect_leaves_the_site(
    moved_site: Config, moved_client: FlaskClient, asked: str, query: str, method: str
) -> None:
    base = moved_site.site.address("")
    prefix = unquote(urlsplit(base).path)
    # as a server hands it on, decoded (PEP 3333)
    raw = f"{prefix}{asked}".encode().decode("latin-1")
    response = moved_client.open(
        "/",
        method=method,
        headers={"Host": "evil.example"},
        environ_overrides={"PATH_INFO": raw, "QUERY_STRING": query},
    )
    location = response.headers.get("Location")
    assert (location is not None) == (response.status_code in (301, 302, 303, 307, 308))
    if location is not None:
        assert followed(f"{base}{asked}", location).startswith(base)
        assert "/../" not in f"{location}/" and "/./" not in f"{location}/"
        assert "evil" not in location or "evil.example" in urlsplit(location).path


@pytest.mark.parametrize(
    "below", ["..%2f..%2f..", "..", "%2e%2e", ".", "..%2ffeed.rss", "archive%2f..%2f..%2fx"]
)
def test_what_climbs_out_of_a_feed_that_moved_is_nothing(client: FlaskClient, below: str) -> None:
    response = client.get(f"/topics/brains/{below}")
    assert (response.status_code, "Location" in response.headers) == (404, False)
