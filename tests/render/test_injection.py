"""No record puts an element or an attribute into a document that is not allowed there.

What is published is parsed again by a parser that does as browsers do (html5lib). The lists of what
may be in it stand here, said again without the code of feeds.
"""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import html5lib
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from feeds.render.content import cleaned, content_of
from tests import make
from tests.make import article


def words(text: str) -> set[str]:
    return set(text.split())


ALLOWED = words("""
    a abbr acronym area article aside audio b bdi bdo blockquote br caption center cite code col colgroup data dd del
    details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li map mark nav
    ol p picture pre q rp rt rtc ruby s samp small source span strike strong sub summary sup table tbody td tfoot th
    thead time tr track tt u ul var video wbr
""")
MATH = {
    f"{{http://www.w3.org/1998/Math/MathML}}{name}"
    for name in words("""
    math maction menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms
    mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover semantics
""")
}
# What the parser adds by itself.
AROUND = {"html", "head", "body"}
ATTRIBUTES = words("""
    align alt char charoff cite class colspan controls coords datetime dir headers height href hreflang kind label lang
    mathvariant media name open poster reversed rowspan scope shape size sizes span src srclang srcset start summary title type
    value width
""")
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
CONFIRMED = '<img src="/x.png">&#824; onerror=alert(1) z=<b>'
PIECES = [
    *(
        "<img src=/x.png>",
        "<img src='",
        '"',
        "'",
        ">",
        "<",
        "=",
        " onerror=alert(1) z=",
        "<b>",
        "<p>",
        "</p>",
        "\ue000",
    ),
    *(
        "&#824;",
        "&#x338;",
        "\u0338",
        "&#x301;",
        "\u0301",
        "&#1;",
        "&#x80;",
        "&#xfffe;",
        "&#",
        "1;",
        "&#&#1;60;",
        "\ue001",
    ),
    *(
        "script",
        "<script>",
        "</script>",
        "<svg>",
        "<math>",
        "<mi>",
        "<style>",
        "<noscript>",
        "<title>",
        "<textarea>",
    ),
    *(
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "`",
        "\n\n",
        "    ",
        "[x](",
        ")",
        "javascript:",
        "![",
        "<table>",
        "<td>",
    ),
    *(
        "{%",
        "%}",
        "{/*",
        "*/}",
        "&amp;",
        "&quot;",
        "<iframe srcdoc=",
        "<template>",
        "<select>",
        "<xmp>",
        "<a href=",
    ),
    *(
        "<math>",
        "</math>",
        "<mtext>",
        "<mi mathvariant=",
        "<mglyph>",
        "<annotation-xml encoding=text/html>",
        "<style>",
        "<noscript>",
        "</noscript>",
        "<table>",
        "<object data=/x>",
        "<embed src=/x>",
        "data-src=",
        "aria-hidden=true>",
        "$",
        "[^1]",
        "\n\n[^1]: ",
        "{.a}",
        "https://x.example/",
        "\n",
    ),
    *("&lt;", "\\"),
]
BODIES = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=16).map("".join)


def check(html: str) -> None:
    """Hold a piece of HTML against the lists, as a browser reads it."""
    for element in html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False).iter():
        if element.tag is ElementTree.Comment:
            raise AssertionError(f"a comment in {html!r}")
        assert element.tag in ALLOWED | MATH | AROUND, html
        assert element.attrib.keys() <= ATTRIBUTES, html


def shapes_of(page: str) -> set[tuple[str, tuple[str, ...]]]:
    """Every element of a page with the names of its attributes."""
    root = html5lib.parse(page, treebuilder="etree", namespaceHTMLElements=False)
    return {(str(element.tag), tuple(sorted(element.attrib))) for element in root.iter()}


def html_of(documents: dict[str, bytes]) -> Iterator[str]:
    """All that readers of a tree take for HTML."""
    for path, content in documents.items():
        if path.endswith((".rss", ".atom")):
            root = ElementTree.fromstring(content)
            # In RSS an item's description is HTML, and its content; Atom says what is.
            for item in root.iter("item"):
                yield from (item.findtext(name) or "" for name in ("description", CONTENT))
            yield from (
                element.text or "" for element in root.iter() if element.get("type") == "html"
            )
        elif path.endswith("feed.json") or ("archive/" in path and path.endswith(".json")):
            yield from (item.get("content_html", "") for item in json.loads(content)["items"])


def record(n: int, body: str, text: str) -> str:
    """A record with a body, and a text in its other places."""
    quoted = json.dumps(f"x{text}")
    related = f"[{{title: {quoted}, webUrl: 'https://example.net/{n}'}}]"
    return make.record(
        n, title=quoted, excerpt=quoted, topics=f"[{quoted}]", related=related, body=body
    )


def build(records: list[tuple[str, str]]) -> dict[str, bytes]:
    """The tree of records, each of a body and another text."""
    with TemporaryDirectory() as place:
        files: dict[str, str | bytes] = {
            f"{n}.md": record(n, *texts) for n, texts in enumerate(records, start=1)
        }
        config = make.site(Path(place), files, "[feeds]\nlimit = 2\n[build]\nworkers = 0\n")
        make.invoke("build", cwd=Path(place), check=None)
        return make.tree(config.output_folder)


def check_documents(records: list[tuple[str, str]]) -> None:
    """Hold every document of these records against the lists; a page against one of harmless
    records."""
    tree = build(records)
    for html in html_of(tree):
        check(html)
    usual: set[tuple[str, tuple[str, ...]]] = set()
    for path, content in build([("a", "b")] * len(records)).items():
        usual |= shapes_of(content.decode()) if path.endswith(".html") else set()
    for path, content in tree.items():
        if path.endswith(".html"):
            # The titles of what a reader may see are in other numbers, and cut; no element is of
            # another shape.
            assert shapes_of(content.decode()) <= usual, path


def test_the_confirmed_one_is_gone_from_every_document() -> None:
    check_documents(
        [
            (CONFIRMED, CONFIRMED),
            (f"Words\n\n{CONFIRMED}", "\u0338 onerror=alert(1) z=<b>"),
            ("c", "d"),
        ]
    )


@pytest.mark.parametrize(
    "reference", ["&#824;", "&#x338;", "\u0338", "&#x0338", "&#&#1;824;", "&#8&#x1;24;"]
)
@pytest.mark.parametrize("before", ['<img src="/x.png">', "<br>", "<p>", "<b", "&lt;p", "</b>"])
def test_no_character_is_joined_with_a_tag(before: str, reference: str) -> None:
    for body in (
        f"{before}{reference} onerror=alert(1) z=<b>",
        f"x {before}{reference} onerror=alert(1) z=<b>",
    ):
        check(content_of(article(body=body)))


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a&#1;b&#x1b;c&#127;d", "abcd"),
        ("a&#&#1;1;b", "ab"),
        ("a&#" * 9 + "&#1;" + "1;" * 9 + "b", None),
        ("a&#x85;b&#x92;c&#xfeff;d&#xffff;e", "a…b’cde"),
        ("a&#129;b", "ab"),
        ("a&#13;b&#xD;", "a\nb"),
        ("&#0;&#xd800;&#x110000;", "\ufffd\ufffd\ufffd"),
        ("&#" + "0" * 5000 + "1;", ""),
        ("&#" + "9" * 5000 + ";", "\ufffd"),
    ],
)
def test_what_is_no_text_is_gone_before_html_is_cleaned(html: str, expected: str | None) -> None:
    made = cleaned(html, "https://example.org/")
    assert made.replace("\n", "").isprintable()
    assert expected is None or made == expected


@given(BODIES)
@example(CONFIRMED)
@example(f"x {CONFIRMED}")
@example('<noscript><p title="</noscript><img src=x onerror=alert(1)>">')
@example("<svg></p><style><a title='</style><img src=x onerror=alert(1)>'>")
def test_only_what_is_allowed_is_in_an_entry(text: str) -> None:
    check(content_of(article(title=f"t{text}", excerpt=text.strip(), body=text.strip())))


# A few of them take seconds, and to look for a smaller one takes minutes.
@settings(max_examples=settings().max_examples // 20, phases=[Phase.explicit, Phase.generate])
@given(st.lists(st.tuples(BODIES, BODIES), min_size=6, max_size=6))
@example([(CONFIRMED, CONFIRMED)] * 6)
def test_only_what_is_allowed_is_in_a_document(records: list[tuple[str, str]]) -> None:
    check_documents(records)


@pytest.mark.soak
def test_only_what_is_allowed_is_in_entries_of_ten_minutes() -> None:
    seed = time.time_ns()
    chance, end, count = random.Random(seed), time.monotonic() + 600, 0
    while time.monotonic() < end:
        text = "".join(chance.choices([*PIECES, CONFIRMED, "a"], k=chance.randint(1, 24)))
        check(content_of(article(title=f"t{text}", excerpt=text.strip(), body=text.strip())))
        count += 1
    print(f"{count:,} bodies, seed {seed}")
