"""The excerpt of an article whose record has none."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records import read_record
from feeds.records.markup import html_of
from feeds.records.summary import LONGEST, before_more, first_words
from feeds.render.content import content_of
from tests import make

BASE = "https://example.org/1"


@pytest.mark.parametrize(
    ("body", "before"),
    [
        ("One.\n\nTwo.\n\n<!--more-->\n\nThree.", "One.\n\nTwo.\n\n"),
        ("One.\n<!-- more -->\nTwo.", "One.\n"),
        ("One.\n<!--more Read on-->\nTwo.", "One.\n"),
        ("One.\n<!-- truncate -->\nTwo.", "One.\n"),
        ("One.\n{/* truncate */}\nTwo.", "One.\n"),
        ("One.\n<!-- moreover -->\nTwo.", None),
        ("One.\n<!-- truncated -->\nTwo.", None),
        ("One.", None),
    ],
)
def test_a_mark_of_generators_ends_the_summary(body: str, before: str | None) -> None:
    assert before_more(body) == before


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("One *two* [three](/x).\n\nFour.", "One two three."),
        ("# Heading\n\nThe text.", "The text."),
        ('![a > b](/x.png)\n\nThe "text" & more.', 'The "text" & more.'),
        ("- one\n- two", "one two"),
        ("# Heading", "Heading"),
        ("", ""),
        ("Line\nbroken.", "Line broken."),
        ("5 < 6 &lt;b&gt;", "5 < 6 <b>"),
        (":::warning\nMind the gap.\n:::\n\nText.", "Mind the gap."),
        ("**All of it.**", "All of it."),
        ("Tides turn[^1].\n\n[^1]: Twice.", "Tides turn."),
    ],
)
def test_without_a_mark_it_is_the_first_paragraph_as_plain_text(body: str, text: str) -> None:
    assert first_words(html_of(body, BASE)) == text


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=400)))
def test_a_long_paragraph_is_cut_at_a_word(words: list[str]) -> None:
    text = first_words(f"<p>{' '.join(words)}</p>")
    whole = " ".join(words)
    if len(whole) <= LONGEST:
        assert text == whole
        return
    assert text.endswith("…") and len(text) <= LONGEST + 1
    start = text.removesuffix("…")
    assert whole.startswith(start)
    assert whole[len(start)] == " " or " " not in whole[:LONGEST]


def test_marks_without_an_end_cost_no_square_of_time() -> None:
    start = time.process_time()
    assert before_more("One.\n\n" + "<!--more" * 60_000) is None
    assert time.process_time() - start < 1


@pytest.mark.parametrize(
    ("body", "excerpt", "html"),
    [
        ("One[^1].\n\n[^1]: n", "One.", "<p>One<sup>"),
        ("<!-- truncate -->\n\nBody.\n\nMore.", "Body.", "<p>Body.</p>"),
    ],
)
def test_the_excerpt_of_a_record_without_one_is_not_said_twice(
    body: str, excerpt: str, html: str
) -> None:
    text = make.record(1, excerpt=None, body=body)
    article = read_record("1.md", text.encode(), make.NOW).article
    assert article is not None
    assert article.excerpt == excerpt
    assert content_of(article).startswith(html)


FILM = '<iframe src="https://film.example/x" title="A film"></iframe>'


@pytest.mark.parametrize("whole", [True, False])
def test_headings_and_labels_of_what_is_embedded_are_no_summary(whole: bool) -> None:
    html = html_of(f"# Heading\n\n{FILM}\n\nThe [first](x) paragraph.", BASE, 10_000)
    assert first_words(html, whole=whole) == "The first paragraph."
    assert first_words(html_of(FILM, BASE, 10_000), whole=whole) == "A film"
