"""`feeds init --wordpress`: an export as WordPress writes it, to a site with nothing hidden in
it."""

import itertools
import re
import resource
import subprocess
import sys
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.config import load_config
from feeds.importers.wordpress import Export, read_export
from feeds.records import read_record
from tests import make

EXPORT = Path(__file__).parent / "wordpress.xml"


def test_an_export_becomes_a_site_with_its_published_posts(tmp_path: Path) -> None:
    said = make.invoke("init", "--wordpress", str(EXPORT), cwd=tmp_path).stdout
    assert "Wrote 8 records in seeds\nLeft out 1 post of the trash" in said
    assert "8 files in seeds/: 6 drafts, 0 lack something." in said
    assert make.invoke("check", cwd=tmp_path).stderr == "8 records, 0 with faults.\n"
    make.invoke("build", cwd=tmp_path)
    feed = feedparser.parse((tmp_path / "public/feed.atom").read_bytes())
    ferries, herons = feed.entries
    assert feed.feed.title == "Tide & Time"
    assert (herons.title, herons.link) == (
        "Herons are back",
        "https://tide.example/2024/05/herons-are-back/",
    )
    # as in the feed of WordPress: nothing is shown twice
    assert herons.id == "https://tide.example/?p=5"
    assert (herons.published, herons.updated) == (
        "2024-05-01T08:30:00+00:00",
        "2024-05-03T10:00:00+00:00",
    )
    assert herons.summary == "Three pairs & more."
    assert [tag.term for tag in herons.tags] == ["Harbour", "Nature & town", "Birds"]
    assert (tmp_path / "public/categories/harbour/feed.atom").is_file()
    content = herons.content[0].value
    assert (
        "<p>Three pairs nest at the <em>old</em> harbour.</p>" in content and "wp:" not in content
    )
    assert "https://tide.example/wp-content/nest.jpg" in content
    lines = ferries.content[0].value
    assert (
        "<p>The first line<br />\nand the second.</p>" in lines
        and "[" not in lines
        and "<pre>a\n\nb</pre>" in lines
    )
    assert "tags" not in ferries or "Uncategorized" not in {tag.term for tag in ferries.tags}


def test_nothing_hidden_in_an_export_is_in_an_output(tmp_path: Path) -> None:
    said = make.invoke("init", "--wordpress", str(EXPORT), cwd=tmp_path)
    built = make.invoke("build", cwd=tmp_path)
    listed = make.invoke("list", cwd=tmp_path)
    outputs = {**make.tree(tmp_path / "public"), **make.tree(tmp_path / ".feeds")}
    assert [path for path, content in outputs.items() if make.CANARY.encode() in content] == []
    for done in (said, built, listed):
        assert make.CANARY not in done.stdout + done.stderr
    seeds = make.tree(tmp_path / "seeds")
    shown = [path for path, content in seeds.items() if b"published: false" not in content]
    assert sorted(shown) == ["ferry-times.html", "herons-are-back.html"]
    assert not [path for path in shown if make.CANARY.encode() in seeds[path]]
    assert not [
        path
        for path, content in seeds.items()
        if b"@tide.example" in content or b"sesame" in content
    ]


def test_the_faults_of_a_hidden_post_are_reported_without_its_text(tmp_path: Path) -> None:
    source = EXPORT.read_text(encoding="utf-8")
    make.write(
        tmp_path / "export.xml",
        source.replace("https://tide.example/?p=21</link>", f"{make.CANARY}</link>"),
    )
    said = make.invoke("init", "--wordpress", "export.xml", cwd=tmp_path).stdout
    assert "6 drafts, 1 lack something.\n  seeds/hidden-1.html:3:9: webUrl" in said
    assert make.CANARY not in said


def test_no_file_that_is_there_is_changed(tmp_path: Path) -> None:
    make.write(tmp_path / "seeds/ferry-times.html", "mine")
    before = make.tree(tmp_path)
    refused = make.invoke("init", "--wordpress", str(EXPORT), cwd=tmp_path, check=2)
    assert (
        refused.stderr
        == "feeds: seeds/ferry-times.html: expected none: `feeds init` changes no file\n"
    )
    assert make.tree(tmp_path) == before


HEAD = "".join(
    (
        "<rss xmlns:wp='http://wordpress.org/export/1.2/' ",
        "xmlns:content='http://purl.org/rss/1.0/modules/content/'>",
        "<channel><wp:wxr_version>1.2</wp:wxr_version>",
    )
)
TAIL = "</channel></rss>"


def item(inner: str) -> str:
    """A published post."""
    kind = "<wp:post_type>post</wp:post_type><wp:status>publish</wp:status>"
    return f"<item>{kind}{inner}</item>"


def exported(items: str) -> Export:
    """What is read of these items."""
    return read_export(BytesIO(f"{HEAD}{items}{TAIL}".encode()))


CONTENT = "<content:encoded><![CDATA[", "]]></content:encoded>"
# What is repeated in an export that costs much, where it begins, and where it ends.
UNITS: dict[str, tuple[str, str, str]] = {
    "posts": ("", item("x" * 3000 + "".join(CONTENT)), ""),
    "posts in Japanese": ("", item(CONTENT[0] + "語" * 2000 + CONTENT[1]), ""),
    "posts with one picture character": ("", item(CONTENT[0] + "x" * 9000 + "🚀" + CONTENT[1]), ""),
    "small posts": ("", item(""), ""),
    "comments": ("", "<item>" + "<wp:comment><wp:x>y</wp:x></wp:comment>" * 30 + "</item>", ""),
    "empty items": ("", "<item/>", ""),
    "other elements": ("", "<a/>", ""),
    "elements in a post": ("<item>", "<a/>", "</item>"),
    "text in a post": ("<item><a>", "ab\n", "</a></item>"),
    "references in a post": ("<item><a>", "&amp;", "</a></item>"),
    "one post": ("<item>" + CONTENT[0], "x " * 9, CONTENT[1] + "</item>"),
    "depth": ("", "<a>", ""),
    "a tag": ("<a ", " " * 99, "/>"),
    "a comment": ("<!--", "x" * 99, "-->"),
    "comments of XML": ("", f"<!--{'x' * 99}-->", ""),
    "names": ("", "<a{n}/>", ""),
    "attributes": ("", "<a b{n}=''/>", ""),
    "prefixes": ("", "<a xmlns:b{n}='c'/>", ""),
    "long names": (f"<x xmlns:x='{'x' * 100_000}'>", "<x:a{n}/>", "</x>"),
    "blanks": ("", " " * 99, ""),
    "names that are taken": ("", item("<wp:post_name>a</wp:post_name>"), ""),
    **{
        f"{unit[:9]} in a body": (
            "",
            f"<item>{item('')[6:-7]}{CONTENT[0]}{unit * (500_000 // len(unit))}{CONTENT[1]}</item>",
            "",
        )
        for unit in (
            "<!-- wp:",
            "<pre>",
            "[audio ",
            "<",
            "\n \n",
            "\n ",
            "<!--  ",
            "<p\n\n",
            "[caption]",
            "[caption] <img ",
            "[gallery]",
            "[gallery ids='1,1']",
            "[code]<",
            "[/b]",
            "[a b=",
            "[a " + "b" * 99,
            "https://a.b\n",
            "[embed]https://a.b",
            "<img src='",
            "<img ",
        )
    },
}


class Repeated(BytesIO):
    """An export of that size, which is nowhere as a whole."""

    def __init__(self, unit: tuple[str, str, str], size: int) -> None:
        super().__init__()
        begin, self._unit, end = unit
        self._rest, self._end, self._size = (HEAD + begin).encode(), end + TAIL, size
        self._numbers, self._is_over = itertools.count(), False

    def read(self, size: int | None = -1) -> bytes:
        """Read the next bytes: at the end fewer."""
        assert size is not None
        while len(self._rest) < size and not self._is_over:
            if self._size > 0:
                whole = self._unit * (size // len(self._unit) + 1)
                if "{n}" in whole:
                    whole = re.sub(r"\{n\}", lambda _: str(next(self._numbers)), whole)
                self._size -= len(whole)
            else:
                whole, self._is_over = self._end, True
            self._rest += whole.encode()
        part, self._rest = self._rest[:size], self._rest[size:]
        return part


def pairs(ones: list[str], others: list[str]) -> list[Any]:
    """Each with each, for a test: every day those with the first of the other list, and the rest by
    `make soak`."""
    return [
        pytest.param(
            one, other, marks=[] if one == ones[0] or other == others[0] else pytest.mark.soak
        )
        for one in ones
        for other in others
    ]


BOMB = b'<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (BOMB + b"<rss><channel><title>&b;</title></channel></rss>", "expected no DOCTYPE"),
        (b"<!-- <rss> -->" + BOMB + b"<rss><channel/></rss>", "expected no DOCTYPE"),
        (b'<!DOCTYPE rss SYSTEM "file:///etc/passwd"><rss/>', "expected no DOCTYPE"),
        (b"<rss><channel>", "expected well-formed XML"),
        (b"<rss><channel><title>&xxe;</title></channel></rss>", "expected well-formed XML"),
        (b"<rss version='2.0'><channel><item/></channel></rss>", "expected an export of WordPress"),
        (b"{}", "expected an export of WordPress"),
        (b"", "expected an export of WordPress"),
        (BOMB.decode().encode("utf-16"), "expected an export of WordPress"),
    ],
)
def test_what_is_no_export_is_refused_before_anything_is_written(
    tmp_path: Path, data: bytes, expected: str
) -> None:
    make.write(tmp_path / "export.xml", data)
    refused = make.invoke("init", "site", "--wordpress", "export.xml", cwd=tmp_path, check=2)
    assert f"feeds: export.xml: {expected}" in refused.stderr
    assert not (tmp_path / "site").exists()


HOSTILE = [
    "---\npublished: true",
    '"\\ # : {',
    "<script>alert(1)</script>",
    "é😀\u0085\u2028\x7f\ufeff",
    "../../x",
    "no",
    "&#8217;",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("status", ["publish", "private"])
def test_hostile_text_stays_text_and_shows_nothing_hidden(text: str, status: str) -> None:
    source = EXPORT.read_text(encoding="utf-8").partition("<item>")
    rest = source[2].partition("</item>")[0].replace("herons-are-back]]", f"{text}]]")
    for word in ("Herons are back", "Birds", "Three pairs nest", "Three <b>pairs</b>"):
        rest = rest.replace(word, f"x {text}")
    rest = rest.replace("[publish]", f"[{status}]")
    data = f"{source[0]}<item>{rest}</item></channel></rss>".encode()
    ((name, record),) = read_export(BytesIO(data)).records.items()
    assert "/" not in name and name.endswith(".html")
    reading = read_record(name, record.encode(), make.NOW)
    assert reading.unpublished is (status != "publish")
    assert reading.faults == ()
    assert (reading.article is not None) is (status == "publish")


def test_control_characters_of_old_databases_do_not_end_the_import() -> None:
    data = EXPORT.read_bytes().replace(b"Ferry times", b"Ferry\x0b\x00 times")
    assert '"Ferry times"' in read_export(BytesIO(data)).records["ferry-times.html"]


def test_two_posts_of_one_name_are_two_records() -> None:
    data = EXPORT.read_bytes().replace(b"[ferry-times]", b"[herons-are-back]")
    assert {"herons-are-back.html", "herons-are-back-6-2.html"} <= set(
        read_export(BytesIO(data)).records
    )


def test_no_post_takes_the_name_of_another() -> None:
    names = [
        ("a", "7"),
        ("a", "7"),
        ("a-7-2", "8"),
        ("a-7-3", "9"),
        ("a", "7"),
        ("A", ""),
        ("", ""),
    ]
    items = "".join(
        item(f"<wp:post_name>{name}</wp:post_name><wp:post_id>{number}</wp:post_id>")
        for name, number in names
    )
    assert len(exported(items).records) == len(names)


@pytest.mark.parametrize(
    ("name", "number"),
    pairs(
        ["../../x", "%2e%2e%2fx", "/etc/x", "a%00b", "CON", "x" * 999, "."],
        ["../1", "9" * 5000, "\u0663", "-1", ""],
    ),
)
def test_the_name_of_a_post_leads_nowhere_else(tmp_path: Path, name: str, number: str) -> None:
    items = item(f"<wp:post_name>{name}</wp:post_name><wp:post_id>{number}</wp:post_id>") * 2
    make.write(tmp_path / "export.xml", "".join((HEAD, items, TAIL)))
    make.invoke("init", "site", "--wordpress", "export.xml", cwd=tmp_path)
    assert len(list((tmp_path / "site/seeds").glob("*.html"))) == 2
    assert {path.name for path in tmp_path.iterdir()} == {"export.xml", "site"}


@pytest.mark.parametrize("target", ["../elsewhere", "../nowhere", "seeds", "file"])
def test_nothing_is_written_through_a_link(tmp_path: Path, target: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    make.write(tmp_path / "site/file", "mine")
    (tmp_path / "site/seeds").symlink_to(target)
    refused = make.invoke("init", "site", "--wordpress", str(EXPORT), cwd=tmp_path, check=2)
    assert refused.stderr.startswith("feeds: site/seeds: expected a folder")
    assert {path.name for path in tmp_path.rglob("*")} == {"elsewhere", "site", "file", "seeds"}


@pytest.mark.parametrize(
    ("title", "link"),
    pairs(
        ["\u200d\u202e", "x" * 5000, "&amp;#7;a", f"&amp;#{'1' * 5000};", ""],
        ["http://[", "http://[::1]", "https://a.example?x", "x", "//x"],
    ),
)
def test_what_no_config_takes_is_left_out_of_it(tmp_path: Path, title: str, link: str) -> None:
    item_of = item(f"<title>{title}</title><category domain='post_tag'>{title}</category>")
    text = f"{HEAD}<title>{title}</title><link>{link}</link>{item_of}{TAIL}"
    make.write(tmp_path / "export.xml", text)
    make.invoke("init", "site", "--wordpress", "export.xml", cwd=tmp_path)
    load_config(tmp_path / "site/config.toml")


ENCODINGS = [
    *("utf-8", "UTF-16", "utf-32", "iso-8859-1", "windows-1252", "us-ascii", "utf-7", "shift_jis"),
    *("rot13", "hex", "zlib", "idna", "punycode", "undefined", "raw_unicode_escape", "cp037", "x"),
]


@pytest.mark.parametrize("declared", ENCODINGS)
@pytest.mark.parametrize("actual", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1", "cp037"])
def test_any_encoding_is_read_or_refused(declared: str, actual: str) -> None:
    text = f"<?xml version='1.0' encoding='{declared}'?>{HEAD}{item('<title>é</title>')}{TAIL}"
    with suppress(ValueError):
        read_export(BytesIO(text.encode(actual)))


def test_latin_1_that_is_declared_is_read() -> None:
    text = f"<?xml version='1.0' encoding='ISO-8859-1'?>{HEAD}{item('<title>é</title>')}{TAIL}"
    ((_, record),) = read_export(BytesIO(text.encode("latin-1"))).records.items()
    assert 'title: "é"' in record


PIECES = [
    *("<item>", "</item>", "<title>", "</title>", "<content:encoded>", "</content:encoded>", "]]>"),
    *("<![CDATA[", "<!--", "-->", "<?x ?>", "&amp;", "&lt;pre>", "&#55296;", "&x;", "&", "<", ">"),
    *("<wp:post_type>post</wp:post_type>", "<wp:status>publish</wp:status>", "<x a='", "'/>"),
    *("<wp:post_name>", "</wp:post_name>", "<category domain='category'>", "</category>", "</rss>"),
    *("<!DOCTYPE x [", "]>", "<!ENTITY a 'b'>", "<wp:postmeta>", "</wp:postmeta>", "</channel>"),
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=9), max_size=30), st.booleans())
def test_any_text_is_an_export_or_refused(pieces: list[str], whole: bool) -> None:
    inner = "".join(pieces)
    body = item(f"<content:encoded><![CDATA[{inner}]]></content:encoded>") if whole else inner
    with suppress(ValueError):
        export = read_export(BytesIO((HEAD + body + TAIL).encode("utf-8", "surrogatepass")))
        assert all(re.fullmatch(r"[a-z0-9-]{1,99}\.html", name) for name in export.records)
        for name, text in export.records.items():
            read_record(name, text.encode(), make.NOW)


@given(st.binary(max_size=99), st.integers(0, 3000))
def test_a_damaged_export_is_read_or_refused(damage: bytes, at: int) -> None:
    data = EXPORT.read_bytes()
    with suppress(ValueError):
        read_export(BytesIO(data[:at] + damage + data[at + len(damage) :]))


COST = """
import sys
from tests.importers.test_wordpress import Repeated, UNITS
from tests.records.test_bounds import limit
from feeds.importers.wordpress import read_export
size = int(sys.argv[1])
limit((300 << 20) + 5 * size)
for name in sys.argv[2:]:
    try:
        print(name, len(read_export(Repeated(UNITS[name], size)).records), flush=True)
    except ValueError as error:
        print(name, error, flush=True)
"""


@pytest.mark.parametrize(
    ("names", "size", "seconds"),
    [
        (list(UNITS), 3 << 18, 200),
        *(pytest.param([name], 250 << 20, 900, marks=pytest.mark.soak) for name in UNITS),
    ],
)
def test_no_export_takes_more_than_bounded_memory_and_time(
    names: list[str], size: int, seconds: int
) -> None:
    command = [sys.executable, "-c", COST, str(size), *names]

    def hurry() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    done = subprocess.run(command, cwd=make.ROOT, preexec_fn=hurry, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout, done.stderr[-500:])


def test_an_export_that_is_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at most 256 MiB"):
        read_export(Repeated(("", " " * 99_999, ""), 257 << 20))


def test_a_file_of_any_size_is_refused_as_soon_as_it_is_no_export(tmp_path: Path) -> None:
    with (tmp_path / "export.xml").open("wb") as file:
        file.write(HEAD.encode())
        file.truncate(1 << 40)
    refused = make.invoke("init", "site", "--wordpress", "export.xml", cwd=tmp_path, check=2)
    assert refused.stderr == "feeds: export.xml: expected no tag or comment of a MiB\n"
    assert not (tmp_path / "site").exists()


def post(content: str, more: str = "", attachments: str = "") -> str:
    """The record of a post with this content."""
    inner = f"<title>T</title><wp:post_id>1</wp:post_id><wp:post_name>a</wp:post_name>{more}"
    body = f"{CONTENT[0]}{content}{CONTENT[1]}"
    return exported(item(inner + body) + attachments).records["a.html"]


def body(content: str, more: str = "", attachments: str = "") -> str:
    """The body of that record."""
    return post(content, more, attachments).partition("---\n\n")[2].strip()


def attachment(number: int, parent: int = 1, name: str = "") -> str:
    """A picture in the library of a site."""
    return (
        f"<item><wp:post_type>attachment</wp:post_type><wp:post_id>{number}</wp:post_id>"
        f"<wp:post_parent>{parent}</wp:post_parent>"
        f"<wp:attachment_url>https://a.example/{name or number}.jpg</wp:attachment_url>"
        "<wp:postmeta><wp:meta_key>_wp_attachment_image_alt</wp:meta_key>"
        f"<wp:meta_value>Alt {number}</wp:meta_value></wp:postmeta></item>"
    )


FIGURES = "".join(
    f'<figure><img src="https://a.example/{number}.jpg" alt="Alt {number}"></figure>'
    for number in (7, 8)
)


@pytest.mark.parametrize(
    ("content", "html"),
    [
        (
            '[caption id="x" align="left"]<img src="c.jpg" /> The <em>caption</em>[/caption]',
            '<figure><img src="c.jpg" /><figcaption>The <em>caption</em></figcaption></figure>',
        ),
        (
            '[wp_caption caption="Old"]<a href="/b"><img src="c.jpg"></a>[/wp_caption]',
            '<figure><a href="/b"><img src="c.jpg"></a><figcaption>Old</figcaption></figure>',
        ),
        ("[caption]No picture[/caption]", "<p>No picture</p>"),
        ("[caption]<img src='c.jpg'>", "<p><img src='c.jpg'></p>"),
        ('[gallery ids="7,8,7,99"]', f"<figure>{FIGURES}</figure>"),
        ("[gallery]\n\n[gallery]", f"<figure>{FIGURES}</figure>"),
        ("[embed width='3']https://v.example/1[/embed]", LINKED := '<p><a href="https://v.example/1">v.example</a></p>'),
        ("https://v.example/1", LINKED),
        ("[youtube=https://v.example/1]", LINKED),
        ("[soundcloud url='https://v.example/1' /]", LINKED),
        ("a\n\nhttps://v.example/1\nb", f"<p>a</p>\n{LINKED}\n<p>b</p>"),
        ("See https://v.example/1", "<p>See https://v.example/1</p>"),
        ("<pre>\nhttps://v.example/1\n[gallery ids='7']\n</pre>", None),
        ("[audio mp3='https://a.example/e.mp3'][/audio]", '<p><audio controls src="https://a.example/e.mp3"></audio></p>'),
        ("[video src='https://a.example/e.mp4']", '<p><video controls src="https://a.example/e.mp4"></video></p>'),
        ("[sourcecode language='php']\n<?php 1; ?>\n\n* a\n[/sourcecode]", "<pre><code>&lt;?php 1; ?&gt;\n\n* a</code></pre>"),
        ('[contact-form-7 id="3"]', ""),
        ("[quote]a[/quote] b", "<p>a b</p>"),
        ("As said [sic] and [1] and [...]", "<p>As said [sic] and [1] and [...]</p>"),
        ("[[gallery]]", "<p>[[gallery]]</p>"),
        ("<ul>\n<li>a</li>\n\n<li>b</li>\n</ul>", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("a\n\n<!--more-->\n\nb", "<p>a</p>\n<!--more-->\n<p>b</p>"),
    ],
)  # fmt: skip
def test_shortcodes_of_wordpress_become_html(content: str, html: str | None) -> None:
    shown = body(content, attachments=attachment(7) + attachment(8) + attachment(9, parent=2))
    if html is None:  # preformatted text stays, but for its shortcodes
        assert "\nhttps://v.example/1\n" in shown
    else:
        assert shown == html


def test_an_embedded_address_of_the_block_editor_is_a_link() -> None:
    content = '<!-- wp:embed {"url":"x"} --><figure><div>\nhttps://v.example/1\n</div></figure>'
    assert LINKED in body(content + "<!-- /wp:embed -->")


def enclosed(text: str) -> str:
    """An enclosure of a podcast."""
    meta = "<wp:meta_key>enclosure</wp:meta_key>"
    return f"<wp:postmeta>{meta}<wp:meta_value>{text}</wp:meta_value></wp:postmeta>"


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("https://a.example/e.mp3\n12\naudio/mpeg", '<p><audio controls src="https://a.example/e.mp3"></audio></p>'),
        ("https://a.example/e.mp4\n12\nvideo/mp4", '<p><video controls src="https://a.example/e.mp4"></video></p>'),
        ("https://a.example/e.pdf\n12\napplication/pdf", '<p><a href="https://a.example/e.pdf">a.example</a></p>'),
        ("javascript:alert(1)\n1\naudio/mpeg", ""),
        ('https://a.example/"><script>\n1\naudio/mpeg', ""),
        ("", ""),
    ],
)  # fmt: skip
def test_an_enclosure_is_kept(text: str, html: str) -> None:
    from html import escape

    assert body("Text", enclosed(escape(text))) == f"<p>Text</p>\n{html}".strip()
    shown = f"<audio src='{text.partition(chr(10))[0]}'></audio>"
    if html:
        assert body(shown, enclosed(text)) == shown


THUMBNAIL = (
    "<wp:postmeta><wp:meta_key>_thumbnail_id</wp:meta_key><wp:meta_value>7</wp:meta_value>"
    "</wp:postmeta><link>https://a.example/p</link><wp:post_date_gmt>2026-01-01 00:00:00"
    "</wp:post_date_gmt>"
)


@pytest.mark.parametrize(
    "content",
    [
        "Text",
        "<p>a</p><img src='https://a.example/7.jpg'>",
        "<img src='https://a.example/7-300x200.jpg'><p>a</p>",
        "<img src='https://a.example/1.jpg'><img src='https://a.example/7-300x200.jpg'>",
    ],
)
def test_the_featured_picture_is_shown_once(tmp_path: Path, content: str) -> None:
    record = post(content, THUMBNAIL, attachment(7)).replace('domain: ""', 'domain: "a.example"')
    config = make.site(tmp_path, {"a.html": record})
    make.invoke("build", cwd=tmp_path)
    [entry] = feedparser.parse((config.output_folder / "feed.atom").read_bytes()).entries
    assert len(re.findall(r'<img [^>]*src="https://a.example/7', entry.content[0].value)) == 1


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_both_forms_of_the_namespaces_are_read(scheme: str) -> None:
    data = EXPORT.read_bytes().replace(
        b"http://wordpress.org", f"{scheme}://wordpress.org".encode()
    )
    data = data.replace(b"http://purl.org", f"{scheme}://purl.org".encode())
    assert len(read_export(BytesIO(data)).records) == 8
    assert "Three pairs nest" in read_export(BytesIO(data)).records["herons-are-back.html"]


PODCAST = "<item><wp:post_type>podcast</wp:post_type><wp:status>{}</wp:status></item>"


def test_an_export_without_posts_is_an_error(tmp_path: Path) -> None:
    items = PODCAST.format("publish") * 2 + PODCAST.format("draft")
    for number, (inner, said) in enumerate(
        [("", "got none\n"), (items, "got none and 2 podcast\n")]
    ):
        make.write(tmp_path / f"{number}.xml", f"{HEAD}{inner}{TAIL}")
        refused = make.invoke("init", "x", "--wordpress", f"{number}.xml", cwd=tmp_path, check=2)
        assert refused.stderr == f"feeds: {number}.xml: expected posts, {said}"
    assert not (tmp_path / "x").exists()


def test_posts_of_other_types_and_of_shortcodes_are_counted(tmp_path: Path) -> None:
    page = PODCAST.format("publish").replace("podcast", "page")
    code = item(f"<title>A</title>{CONTENT[0]}[slider id='1']{CONTENT[1]}")
    items = item("<title>B</title>") + code + PODCAST.format("publish") * 2 + page
    make.write(tmp_path / "export.xml", f"{HEAD}<language>de-DE</language>{items}{TAIL}")
    said = make.invoke("init", "site", "--wordpress", "export.xml", cwd=tmp_path).stdout
    assert "Left out 2 posts of the type podcast.\n" in said and "type page" not in said
    assert "Took shortcodes of plugins out of 1 post.\n" in said
    assert load_config(tmp_path / "site/config.toml").site.language == "de-DE"


def test_a_post_without_a_title_is_taken() -> None:
    link = (
        "<link>https://a.example/3</link><wp:post_date_gmt>2026-01-01 00:00:00</wp:post_date_gmt>"
    )
    ((name, text),) = exported(item(f"{link}{CONTENT[0]}Words.{CONTENT[1]}")).records.items()
    text = text.replace('domain: ""', 'domain: "a.example"')
    article = read_record(name, text.encode(), make.NOW).article
    assert article is not None and article.title == ""
