"""The HTML of an entry: what is in it, what never is, and that every address in it is absolute."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.model import Image, Provider, Related
from feeds.records import read_record
from feeds.records.markup import HTML
from feeds.render.content import body_of, cleaned, content_of, lead_image
from tests import make
from tests.make import article

BASE = "https://example.org/2024/page/"


class Seen(HTMLParser):
    """Every tag and attribute of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def test_the_parts_stand_in_their_order() -> None:
    related = (
        Related("A & B", "https://example.net/?a=1&b=2", provider=Provider("example.net", "<Net>")),
        Related("C", "https://example.net/c"),
    )
    made = article(
        title='"T"',
        images=(Image("https://example.org/a.png?x&y", 10, 20),),
        excerpt="One < two.\n\nThree.",
        body="*Body*",
        related=related,
    )
    assert content_of(made).split("\n") == [
        '<p><img src="https://example.org/a.png?x&amp;y" alt="&quot;T&quot;" width="10" height="20"></p>',
        "<p>One &lt; two.</p>",
        "<p>Three.</p>",
        "<p><em>Body</em></p>",
        "<hr>",
        "<ul>",
        '<li><a href="https://example.net/?a=1&amp;b=2">A &amp; B</a> (&lt;Net&gt;)</li>',
        '<li><a href="https://example.net/c">C</a></li>',
        "</ul>",
    ]


def test_an_article_of_nothing_but_a_title_has_no_content() -> None:
    assert content_of(article(excerpt="")) == ""


@pytest.mark.parametrize(
    ("sizes", "best"),
    [
        ([(100, 100), (200, 200), (150, 150)], 1),
        ([(None, None), (10, 10)], 1),
        ([(None, None), (None, None)], 0),
        ([(500, None), (10, 10)], 1),
        ([(20, 20), (20, 20)], 0),
    ],
)
def test_the_best_picture_is_the_largest_known(
    sizes: list[tuple[int | None, int | None]], best: int
) -> None:
    images = tuple(Image(f"https://example.org/{n}.png", *size) for n, size in enumerate(sizes))
    assert lead_image(article(images=images)) == images[best]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (
            '<a href="../x?a=1&amp;b=2#c">l</a>',
            '<a href="https://example.org/2024/x?a=1&amp;b=2#c">l</a>',
        ),
        ('<a href="#note">l</a>', f'<a href="{BASE}#note">l</a>'),
        ('<a href="//example.net/">l</a>', '<a href="https://example.net/">l</a>'),
        ('<a href="mailto:a@example.org">l</a>', '<a href="mailto:a@example.org">l</a>'),
        ('<img src="a.png" alt="">', f'<img src="{BASE}a.png" alt="">'),
        (
            '<img src="/a.png" srcset="b.png 1x,/c.png 2.5x, https://example.net/d.png?e,f 300w">',
            f'<img src="https://example.org/a.png" srcset="{BASE}b.png 1x, https://example.org/c.png 2.5x, '
            'https://example.net/d.png?e,f 300w">',
        ),
        (
            '<video src="v.mp4" poster="p.jpg"></video>',
            f'<video src="{BASE}v.mp4" poster="{BASE}p.jpg"></video>',
        ),
        ('<blockquote cite="c">q</blockquote>', f'<blockquote cite="{BASE}c">q</blockquote>'),
        ('<a href="javascript:alert(1)">l</a>', "<a>l</a>"),
        ('<a href=" java\nscript:alert(1)">l</a>', "<a>l</a>"),
        ('<a href="http://[">l</a>', "<a>l</a>"),
        ('<img src="data:image/png;base64,AAAA" alt="x">', '<img alt="x">'),
        ('<img src="" alt="x">', '<img alt="x">'),
        ('<img src="ftp://example.org/a.png">', "<img>"),
        *(
            (f'<a href="{link}">l</a>', f'<a href="{link}">l</a>')
            for link in (
                "tel:+123",
                "sms:123",
                "geo:1,2",
                "ftp://f.example/x",
                "magnet:?xt=urn:btih:1",
                "xmpp:a@example.org",
            )
        ),
        ('<a href="">l</a>', "<a>l</a>"),
        ('<a href="data:text/html,x">l</a>', "<a>l</a>"),
        ("<p onclick=alert(1) style=color:red class=x id=y>p</p>", "<p>p</p>"),
        ("a<script>alert(1)</script><style>p{}</style><iframe src=x></iframe>b", "ab"),
        ("a&#1;b]]&gt;c", "ab]]&gt;c"),
        ('<p dir="rtl" lang="he">שלום</p>', '<p dir="rtl" lang="he">שלום</p>'),
    ],
)
def test_html_is_cleaned_and_its_addresses_are_absolute(html: str, expected: str) -> None:
    assert cleaned(html, BASE) == expected


PIECES = [
    *(
        "<p>",
        "</p>",
        "<img src=x onerror=alert(1)>",
        "<svg><script>",
        "<a href='",
        "javascript:",
        "'>",
        "]]>",
        "<!--",
    ),
    *(
        "<math><mi//xlink:href='data:x,<script>'>",
        "&lt;script&gt;",
        "&#x0;",
        "\x00",
        "<![CDATA[",
        "[x](javascript:y)",
    ),
    *(
        "<script",
        ">",
        "</script>",
        "![](a.png)",
        "`",
        "\n\n",
        "<iframe srcdoc='",
        "<style>@import '",
        "<base href=//e>",
    ),
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join))
@example('<noscript><p title="</noscript><img src=x onerror=alert(1)>">')
def test_nothing_that_runs_gets_through(text: str) -> None:
    made = cleaned(body_of(text), BASE)
    seen = Seen(made)
    assert not {
        "script",
        "style",
        "iframe",
        "object",
        "embed",
        "svg",
        "base",
        "form",
        "link",
    } & set(seen.tags)
    for name, value in seen.attributes:
        assert not name.startswith("on")
        assert name != "style"
        if name in ("href", "src", "poster", "cite"):
            assert re.match(r"(https?|mailto):", value, re.IGNORECASE)


def test_markdown_is_rendered_and_html_is_left() -> None:
    assert body_of("# T\n\n~~a~~ **b**") == "<h1>T</h1>\n<p><s>a</s> <strong>b</strong></p>\n"
    assert body_of("<p>a</p>\n\n    <p>b</p>", HTML) == "<p>a</p>\n\n    <p>b</p>"


@pytest.mark.parametrize("heading", ["# The  *sea*", "# The *sea* #", "#  The *sea*\n"])
def test_a_title_is_not_said_again_at_the_begin_of_a_body(heading: str) -> None:
    def content(title: str, body: str) -> str:
        text = make.record(1, title=title, excerpt=None, body=body)
        made = read_record("1.md", text.encode(), make.NOW).article
        assert made is not None
        return content_of(made)

    assert content("The *sea*", f"{heading}\nText") == "<p>Text</p>"
    assert content("The", f"{heading}\nText").startswith("<h1>The")
    assert content("The *sea*", f"Text\n\n{heading}").startswith("<p>Text</p>\n<h1>")


BOAT = Image("https://example.org/img/boat.jpg")


@pytest.mark.parametrize(
    ("image", "body", "is_shown"),
    [
        (BOAT, "![Boat](/img/boat.jpg)\n\nText", True),
        (BOAT, '<figure><a href="/x"><img alt="1" src="/img/boat.jpg?w=300"></a></figure>', True),
        (BOAT._replace(url="http://example.org/img/boat-scaled.jpg"), "![](/img/boat-300x200.jpg)", True),
        (BOAT, "Text\n\n![](/img/boat-300x200.jpg)", True),
        (BOAT, "![](/img/other.jpg)\n\n![](/img/boat.jpg)", False),
        (BOAT, "Text", False),
        (Image("https://example.org/i?id=1"), "![](/i?id=2)", False),
    ],
)  # fmt: skip
def test_the_lead_picture_is_not_shown_before_a_body_that_shows_it(
    image: Image, body: str, is_shown: bool
) -> None:
    made = content_of(article(link="https://example.org/1", images=(image,), excerpt="", body=body))
    assert made.startswith(f'<p><img src="{image.url}" alt="Article 1"></p>') != is_shown


@pytest.mark.parametrize(
    ("excerpt", "body", "is_said"),
    [
        ("The tide turns twice.", "The *tide*\nturns twice.\n\nMore", True),
        ("The tide & I …", "The tide &amp; I turn twice.", True),
        ("The tide turns [...]", "![](/a.png)\n\nThe tide turns twice.", True),
        ("The tide turns.", "# Tides\n\nThe tide turns.", True),
        ("One.\n\nTwo.", "One.\n\nTwo.\n\nThree.", True),
        ("The tide turns.", "Today the tide turns.", False),
        ("The tide turns.", "", False),
    ],
)
def test_an_excerpt_is_not_said_before_a_body_that_begins_with_it(
    excerpt: str, body: str, is_said: bool
) -> None:
    made = content_of(article(excerpt=excerpt, body=body))
    assert (made == content_of(article(excerpt="", body=body))) == is_said
