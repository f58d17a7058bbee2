"""The grammar of keys, slugs, paths and web addresses: built, parsed, and refused."""

import ast
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.taxonomies import PROVIDERS, TAXONOMIES
from feeds.urls import (
    EVERYTHING,
    INDEX,
    OWN,
    PAGE,
    FeedPath,
    address_digest,
    archive_path,
    feed_folder,
    feed_key,
    feed_of,
    feed_path,
    fold,
    host_name,
    identity,
    is_safe_path,
    join_key,
    parse_path,
    path_ranges,
    slug,
    split_below,
    split_key,
    web_address,
)
from tests import make

PACKAGE = make.ROOT / "feeds"
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
names = st.one_of(
    st.text(min_size=1), st.text(st.sampled_from("aA bBcC1-#+é "), min_size=1, max_size=6)
)


@given(names)
@example("ﬁ")
@example("ẞ")
@example("İ")
@example("\u0345")
@example("-")
def test_a_slug_is_fit_for_a_path(name: str) -> None:
    assert SLUG.fullmatch(slug(name))
    assert len(slug(name)) <= 64


@given(names, names)
@example("C", "c")
@example("Straße", "STRASSE")
@example("e\u0301", "É")
@example("a - b", "A\u00a0B")
def test_names_have_one_slug_exactly_when_they_fold_to_one(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (fold(one) == fold(other))


@given(names)
def test_a_name_and_what_it_folds_to_are_one(name: str) -> None:
    assert fold(fold(name)) == fold(name)
    assert slug(fold(name)) == slug(name)
    assert slug(unicodedata.normalize("NFD", name)) == slug(name)
    assert slug(f" -{name}\u2003") == slug(name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AI", "ai"),
        ("Computer Vision", "computer-vision"),
        ("computer-vision", "computer-vision"),
        ("  Computer \t- Vision ", "computer-vision"),
        ("1984", "1984"),
        ("NO", "no"),
        ("C", "c"),
        ("a" * 64, "a" * 64),
    ],
)
def test_a_name_of_ascii_letters_and_digits_is_its_own_slug(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("C#", "c-"),
        ("C++", "c-"),
        ("Café", "cafe-"),
        ("R&D", "r-d-"),
        ("ذكاء اصطناعي", ""),
        ("人工智能", ""),
        ("🤖", ""),
        ("🤖 Robots", "robots-"),
        ("../../etc/passwd", "etc-passwd-"),
        ("a" * 65, "a" * 48 + "-"),
        ("word " * 60, ("word-" * 10)[:48] + "-"),
        ("x" * 300, "x" * 48 + "-"),
    ],
)
def test_any_other_name_gets_its_readable_part_and_a_hash(name: str, readable: str) -> None:
    assert re.fullmatch(re.escape(readable) + "[0-9a-f]{8}", slug(name))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("C#", "c-8a0b3d20"),
        ("C++", "c-f4dc9948"),
        ("A.I.", "a-i-751d4856"),
        (".NET", "net-90631bc5"),
        ("R&D", "r-d-74d87fc7"),
        ("Café", "cafe-2d03c5d6"),
        ("STRASSE", "strasse"),
        ("Straße", "strasse"),
        ("ذكاء اصطناعي", "3f05d459"),
        ("人工智能", "5c026f82"),
        ("東京", "bd8aa045"),
        ("Ελλάδα", "98f0b05a"),
        ("हिन्दी", "a6c0d41e"),
        ("🤖", "a084b0df"),
        ("🤖 Robots", "robots-7dfc7750"),
        ("👩\u200d🔬", "7d4b9859"),
        ("🇫🇷", "e2950741"),
        ("x" * 300, "x" * 48 + "-b12499e1"),
        ("word " * 60, "word-word-word-word-word-word-word-word-word-wor-5bb1c890"),
        ("人" * 300, "1845c44e"),
        ("C 8a0b3d20", "c-8a0b3d20-51748d9c"),
        ("../../etc/passwd", "etc-passwd-830a08e2"),
    ],
)
def test_an_address_that_people_hold_never_moves(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_names_that_differ_by_signs_alone_differ() -> None:
    several = [
        "C",
        "C#",
        "C++",
        "C+",
        ".C",
        "Ç",
        "c/",
        "人",
        "工",
        "🤖",
        "👾",
        "a" * 300,
        "a" * 301,
    ]
    assert len({slug(name) for name in several}) == len(several)


@pytest.mark.parametrize("name", ["C++", "人工智能", "Café", "a" * 300])
def test_no_plain_name_takes_the_slug_of_another(name: str) -> None:
    # Whoever reads a feed's address can write a topic like it: `C 8a0b3d20` for `C++`.
    assert slug(slug(name)) != slug(name)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("example.org", "example.org"),
        (" Example.ORG. ", "example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("straße.de", "xn--strae-oqa.de"),
        ("例え.テスト", "xn--r8jz45g.xn--zckzah"),
        ("ｅｘａｍｐｌｅ．ｏｒｇ", "example.org"),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("example.org。", "example.org"),
        ("localhost", "localhost"),
        ("192.0.2.1", "192.0.2.1"),
        ("_dmarc.a_b.org", "_dmarc.a_b.org"),
        ("a" * 63 + ".org", "a" * 63 + ".org"),
    ],
)
def test_a_host_is_lower_case_and_ascii(text: str, host: str) -> None:
    assert host_name(text) == host


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a..b",
        "-a.org",
        "a-.org",
        "a b",
        "a/b",
        "a:80",
        "a@b",
        "a\0b",
        "a" * 64 + ".org",
        "a." * 127 + "ab",
    ],
)
def test_what_no_host_can_be_called_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        host_name(text)


@given(st.text())
def test_a_host_stays_as_it_is(text: str) -> None:
    try:
        host = host_name(text)
    except ValueError:
        return
    assert re.fullmatch(r"[a-z0-9._-]+", host)
    assert host_name(host) == host


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org/"),
        ("  https://example.org/a \n", "https://example.org/a"),
        ("HTTPS://EXAMPLE.org/Path?Query#Part", "https://example.org/Path?Query#Part"),
        ("https://example.org:8080/", "https://example.org:8080/"),
        ("https://example.org:443/", "https://example.org:443/"),
        ("https://example.org:/", "https://example.org/"),
        ("https://example.org./a", "https://example.org/a"),
        ("https://bücher.example/ü?ü#ü", "https://xn--bcher-kva.example/%C3%BC?%C3%BC#%C3%BC"),
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("https://example.org/%zz%41%e9%", "https://example.org/%25zz%41%e9%25"),
        ("https://example.org/a%2Fb%2fc", "https://example.org/a%2Fb%2fc"),
        ("https://example.org/?a=b&c=d+e%20f", "https://example.org/?a=b&c=d+e%20f"),
        ("https://example.org/<script>\"'", "https://example.org/%3Cscript%3E%22'"),
        ("https://example.org/a\\b", "https://example.org/a%5Cb"),
        ("https://example.org/a\u2028b\x85", "https://example.org/a%E2%80%A8b"),
        ("https://example.org//a/../b/./", "https://example.org//a/../b/./"),
        ("http://[2001:DB8:0:0::1]:8080/", "http://[2001:db8::1]:8080/"),
        ("http://[::1]", "http://[::1]"),
    ],
)
def test_an_address_is_ascii_and_otherwise_as_written(text: str, address: str) -> None:
    assert web_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.org",
        "//example.org",
        "javascript:alert(1)",
        "ftp://example.org",
        "https://",
        "https:///a",
        "https://a@example.org",
        "https://@example.org",
        "https://a:b@example.org",
        "https://example.org\\@evil.example/",
        "https://example.org:65536",
        "https://example.org:-1",
        "https://example.org:a",
        "https://exam ple.org",
        "https://example.org/a\nb",
        "https://example.org/\x7f",
        "https://[::1",
        "https://[example.org]",
        "https://[v1.a]",
        "https://[::1%a b]/",
        "https://[::1%é]/",
        "https://[::1%<b>]/",
        "https://a[::1]/",
        "https://[::1]a/",
        "https://example.org\u2100/",
    ],
    ids=ascii,
)
def test_every_other_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        web_address(text)


ADDRESSES = st.one_of(
    st.text(st.characters(), max_size=30).map(lambda rest: f"https://example.org/{rest}"),
    st.text(st.sampled_from("aÄ1.-_:[]%@/\\?# "), max_size=20).map(lambda rest: f"http://{rest}"),
    st.builds(
        "{}://{}{}{}".format,
        st.sampled_from(["http", "HTTPS"]),
        st.sampled_from(["example.org", "EXAMPLE.org.", "bücher.example", "[::1]"]),
        st.sampled_from(["", ":", ":80", ":443", ":0443", ":8080"]),
        st.text(st.sampled_from("/?#aÄ%2f&=;+ é\u2028"), max_size=12).map(lambda rest: f"/{rest}"),
    ),
)


@given(ADDRESSES)
def test_an_address_once_cleaned_stays_as_it_is(text: str) -> None:
    try:
        address = web_address(text)
    except ValueError:
        return
    assert re.fullmatch(r"https?://[!-~]+", address)
    assert not re.search(r"[<>\"\\^`{|} ]", address)
    assert web_address(address) == address
    assert identity(identity(address)) == identity(address)
    assert web_address(identity(address)) == identity(address)


@given(st.text(st.sampled_from("/?#aÄ%2f&=;+ "), max_size=12))
@example("?")
@example("a?#")
def test_the_case_of_scheme_and_host_never_counts(rest: str) -> None:
    assert web_address(f"HTTPS://EXAMPLE.org/{rest}") == web_address(f"https://example.org/{rest}")


@given(
    st.text(st.sampled_from("/?aÄ%2f&=;+"), max_size=12),
    st.sampled_from([("http", 80), ("https", 443)]),
)
@example("?", ("https", 443))
def test_a_default_port_and_a_fragment_identify_nothing(rest: str, scheme: tuple[str, int]) -> None:
    name, port = scheme
    one = identity(web_address(f"{name}://example.org/{rest}"))
    assert identity(web_address(f"{name}://Example.org:{port}/{rest}#part")) == one
    assert identity(web_address(f"{name}://example.org:{port}1/{rest}")) != one


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.org/", "https://example.org/"),
        ("http://example.org:443/", "http://example.org/"),
        ("https://example.org:80/", "https://example.org/"),
        ("https://example.org/a", "https://example.org/A"),
        ("https://example.org/a", "https://example.org/a/"),
        ("https://example.org/?a", "https://example.org/?b"),
        ("https://example.org/", "https://www.example.org/"),
    ],
)
def test_addresses_that_differ_otherwise_are_two(one: str, other: str) -> None:
    assert identity(web_address(one)) != identity(web_address(other))


def test_the_last_colon_of_an_ipv6_host_is_no_port() -> None:
    assert identity(web_address("http://[1::80]/")) == "http://[1::80]/"
    assert identity(web_address("http://[1::80]:80/")) == "http://[1::80]/"


def test_the_digest_of_an_address_is_for_ever_what_ledgers_have_of_it() -> None:
    assert address_digest("https://example.org/moved") == "77eb2c9f8864c54eeae20db97335c96f"
    assert address_digest("https://example.org:443/moved#x") == "77eb2c9f8864c54eeae20db97335c96f"


@pytest.mark.parametrize(
    ("key", "folder", "path"),
    [
        ("all", "", "feed.rss"),
        ("topics/ai", "topics/ai/", "topics/ai/feed.rss"),
        ("providers/example.org", "providers/example.org/", "providers/example.org/feed.rss"),
    ],
)
def test_a_feed_has_its_place(key: str, folder: str, path: str) -> None:
    assert (feed_folder(key), feed_path(key, "rss")) == (folder, path)


def test_a_feed_is_called_by_its_kind_and_the_slug_of_its_name() -> None:
    assert feed_key("topics", "Computer Vision") == "topics/computer-vision"


KEYS = st.one_of(
    st.just(EVERYTHING),
    st.builds(feed_key, st.sampled_from([*TAXONOMIES, OWN]), names.filter(fold)),
    st.builds(
        lambda labels: f"{PROVIDERS.prefix}/{'.'.join(labels)}",
        st.lists(
            st.from_regex(r"[a-z0-9_]([a-z0-9_-]{0,9}[a-z0-9_])?", fullmatch=True), min_size=1
        ),
    ),
    st.sampled_from(
        ["topics/archive", "providers/archive", "providers/feed.rss", "topics/2020-11"]
    ),
)
FORMATS = st.sampled_from(["rss", "atom", "json", "txt", PAGE])
MOMENTS = st.datetimes().map(lambda moment: moment.isoformat())
PAGES = st.builds(lambda moment, length: moment[:length], MOMENTS, st.sampled_from([7, 10, 13]))
# Texts that are nearly keys or paths.
NEARLY = st.lists(
    st.sampled_from(
        [
            *(
                "all",
                "topics",
                "providers",
                "feeds",
                "archive",
                "ai",
                "e.org",
                "AI",
                "é",
                "%20",
                "",
            ),
            *("feed", "index", ".rss", ".html", "2020-11", "2020-1", "/", ".", "..", "-", "\n"),
        ]
    ),
    max_size=9,
).map("".join)


def built(path: FeedPath) -> str:
    """Build a path from its parts."""
    if path.page:
        return archive_path(path.key, path.page, path.format)
    return feed_path(path.key, path.format)


@given(KEYS)
def test_a_key_that_was_built_is_parsed(key: str) -> None:
    assert join_key(*split_key(key)) == key


@given(KEYS, FORMATS)
def test_the_path_of_a_feed_that_was_built_is_parsed(key: str, name: str) -> None:
    assert parse_path(feed_path(key, name)) == FeedPath(key, name)
    assert feed_of(feed_path(key, name)) == key


@given(KEYS, PAGES, FORMATS)
def test_the_path_of_a_page_of_history_that_was_built_is_parsed(
    key: str, page: str, name: str
) -> None:
    path = archive_path(key, page, name)
    assert parse_path(path) == FeedPath(key, name, page)
    assert feed_of(path) == key


@given(st.one_of(NEARLY, st.text()))
@example("all/feed.rss")
@example("all/archive/2020-11.rss")
@example("feed.html")
@example("topics/ai/feed.rss\n")
@example("topics/ai/archive/2020-11-05T7.rss")
def test_what_does_not_come_from_building_is_refused(text: str) -> None:
    path = parse_path(text)
    assert path is None or built(path) == text


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "index.html", "feeds.opml", "feed.", "feed", "all", "topics/ai", "topics/ai/"),
        *("/feed.rss", "feed.rss/", "Feed.rss", "topics/AI/feed.rss", "topics//feed.rss"),
        *("topics/feed.rss", "topics/ai/b/feed.rss", "topics/../feed.rss", "topics/a b/feed.rss"),
        *("topics/-ai/feed.rss", "archive/index.html", "archive/2020.rss", "archive/2020-11"),
        *("archive/feed.rss", "topics/ai/archive/index.html", "topics/ai/archive/x.rss"),
    ],
)
def test_other_paths_are_of_no_document(path: str) -> None:
    assert parse_path(path) is None


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("topics/ai/feed.atom.br", "topics/ai"),
        ("topics/ai/archive/2020-11.rss.gz", "topics/ai"),
        ("topics/ai/feed.txt", "topics/ai"),
        ("topics/archive/feed.rss", "topics/archive"),
        ("archive/2020-11.atom.gz", "all"),
        ("all/index.html.br", "all"),
        ("feed.json.br", "all"),
        *(("index.html", ""), ("feeds.opml.gz", ""), ("404.html", ""), ("_headers", "")),
    ],
)
def test_a_file_belongs_to_the_feed_in_whose_folder_it_lies(path: str, key: str) -> None:
    assert feed_of(path) == key


@pytest.mark.parametrize(
    ("path", "key", "below"),
    [
        ("topics/ai", "topics/ai", ""),
        ("topics/ai/", "topics/ai", ""),
        ("topics/ai/feed.rss", "topics/ai", "feed.rss"),
        ("topics/ai/archive/2020-11.rss", "topics/ai", "archive/2020-11.rss"),
        ("topics/ai/../x", "topics/ai", None),
        ("topics/ai/.git", "topics/ai", None),
        ("topics/ai//x", "topics/ai", None),
        ("topics/ai/x\n", "topics/ai", None),
        ("feed.rss", "feed.rss/", ""),
    ],
)
def test_a_path_is_split_below_the_key_that_it_would_have(
    path: str, key: str, below: str | None
) -> None:
    assert split_below(path) == (key, below)


@pytest.mark.parametrize("key", ["all", "topics/ai", "topics/a-b", "providers/example.org"])
def test_the_ranges_of_a_feed_hold_its_paths_and_no_others(key: str) -> None:
    def holds(path: str) -> bool:
        return any(first <= path < after for first, after in path_ranges(key))

    own = [feed_path(key, "rss"), feed_path(key, PAGE), archive_path(key, "2020-11", "atom")]
    assert all(map(holds, own))
    others = ["feeds.opml", INDEX, "archived/x", "topics/ai-2/feed.rss", "topics/a/feed.rss"]
    assert not any(map(holds, others))


@pytest.mark.parametrize(
    "file",
    [
        file
        for file in sorted(PACKAGE.rglob("*.py"))
        # The two read paths of other publishers.
        if file.relative_to(PACKAGE).parts[0] not in ("urls.py", "doctor", "importers")
    ],
    ids=lambda file: str(file.relative_to(PACKAGE)),
)
def test_no_other_module_has_a_piece_of_a_path_in_it(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    pieces = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in docstrings
        and re.search(r"archive/|/feed\.|\bfeed\.$|/index\.html", node.value)
    ]
    assert pieces == []


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "../a", "a/..", "./a", "a/\x7f", "a\nb"])
def test_a_path_that_could_leave_its_folder_is_not_safe(path: str) -> None:
    assert not is_safe_path(path)
    assert is_safe_path("topics/ai/feed.rss")
