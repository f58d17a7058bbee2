"""Titles and excerpts of blogs are text, whatever markup they are written in."""

import time
import tomllib

import pytest

from feeds.records import read_mapping, read_record
from feeds.records.plain_text import excerpt_text, title_text
from tests import make

BLOG = """
webUrl = { template = "https://example.org/{slug}/" }
publishedDateTime = "date"
excerpt = "description"
provider = { value = { domain = "example.org" } }
"""


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("It&#8217;s &#x2603; &lt;b&gt;", "It’s ☃ <b>"),
        ("R&D, AT&T, a?b&copy=2 &amp", "R&D, AT&T, a?b&copy=2 &amp"),
        (
            "The <em>best</em> of <code class=x>Vec<T></code>",
            "The best of <code class=x>Vec<T></code>",
        ),
        ("The <b> element, Vec<T>, a < b > c", "The <b> element, Vec<T>, a < b > c"),
        ("2 * 3 * 4, snake_case_name, `code`", "2 * 3 * 4, snake_case_name, `code`"),
        ("&unknown; &amp;amp;", "&unknown; &amp;"),
        ("A<!-- was: B --> title, <!-- and {% if %}", "A title, <!-- and {% if %}"),
    ],
)
def test_a_title_is_text(written: str, read: str) -> None:
    assert title_text(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("<p>One <strong>two</strong>.</p>\n<p>Three<br/>four.</p>", "One two.\n\nThree\nfour."),
        ("A [link](https://example.org/a_b) and **bold**, *soft*.", "A link and bold, soft."),
        ("![picture](a.png)Text", "Text"),
        ("Use `<div>` and `a &amp; b`.", "Use <div> and a &amp; b."),
        ("Vec<T>, a < b, 2 * 3 * 4, 4*5*6, __init__, a_b_c", "Vec<T>, a < b, 2 * 3 * 4, 4*5*6, __init__, a_b_c"),
        ("Seen <!-- not > seen --> text <script>x > 1</script>", "Seen  text"),
        ("Plain.\n\nTwo paragraphs.", "Plain.\n\nTwo paragraphs."),
        ("[one] (two), [three]", "[one] (two), [three]"),
    ],
)  # fmt: skip
def test_an_excerpt_is_text(written: str, read: str) -> None:
    assert excerpt_text(written) == read


def test_only_in_blogs_markup_is_read() -> None:
    matter = "title: Tom &amp; Jerry\ndescription: <b>Bold</b> &amp; <i>soft</i>\ndate: 2026-05-04"
    content = f"---\n{matter}\n---\n".encode()
    blog = read_record("a.md", content, make.NOW, read_mapping(tomllib.loads(BLOG))).article
    assert blog is not None
    assert (blog.title, blog.excerpt) == ("Tom & Jerry", "Bold & soft")
    text = make.record(1, title="Tom &amp; Jerry", excerpt="<b>Bold</b>")
    ours = read_record("a.md", text.encode(), make.NOW).article
    assert ours is not None
    assert (ours.title, ours.excerpt) == ("Tom &amp; Jerry", "<b>Bold</b>")


@pytest.mark.parametrize(
    "one",
    ["[", "<", "*", "`", "&", "<b>", "[a](", "**a ", "![", "<a ", " \n", " ", "&#", "<em>a", "a*"],
)
def test_hostile_text_takes_little_time(one: str) -> None:
    begun = time.process_time()
    text = one * (131_072 // len(one))
    for before in ("", "# a", "<"):
        assert isinstance(title_text(before + text), str)
        assert isinstance(excerpt_text(f"{before}{text}x"), str)
    assert time.process_time() - begun < 3


def test_what_is_said_of_a_picture_is_text_without_what_is_hidden() -> None:
    said = "alt: 'A <b>bird</b><!-- Not said -->', caption: '{% comment %}Nor this{% endcomment %}By *R&amp;D*'"
    text = f"---\ntitle: A\ndate: 2026-05-04\nimages:\n- {{url: /a.png, {said}}}\n---\n"
    reading = read_record("a.md", text.encode(), make.NOW, read_mapping(tomllib.loads(BLOG)))
    assert reading.article is not None and reading.faults == ()
    [image] = reading.article.images
    assert (image.alt, image.caption) == ("A bird", "By R&D")
