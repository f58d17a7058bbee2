"""What entries cannot show as it is: it becomes a link, a picture, or what can be played."""

import re

import pytest

from feeds.records import read_record
from feeds.records.markup import COMMONMARK, MOST_BODY, html_of, html_of_page
from feeds.render.content import body_html
from tests import make

BASE = "https://example.org"


def shown(body: str, path: str = "a.html") -> str:
    """The HTML of a record with that body."""
    reading = read_record(path, make.record(1, body=body).encode(), make.NOW)
    assert reading.article is not None and reading.faults == ()
    return body_html(reading.article, MOST_BODY)


@pytest.mark.parametrize(
    ("body", "html"),
    [
        # what browsers do not show
        ("<p hidden>a</p>b", "b"),
        ('<p>a<span class="x" HIDDEN="">b</span></p>', "<p>a</p>"),
        ('<div style="color: red; Display: none"><p>a</p></div>b', "b"),
        ('<p style="margin:0;display :\n none!important">a</p>b', "b"),
        ('<p class="x"hidden>a</p>b', "b"),
        ('<p style="x-display: none">a</p>', "<p>a</p>"),
        ("<p>a hidden b</p>", "<p>a hidden b</p>"),
        # embeds
        ('<iframe src="//v.example/1?a=1&amp;b" title="The tide &amp; I"><p>no</iframe>', '<p><a href="https://v.example/1?a=1&amp;b">The tide &amp; I</a></p>'),
        ('<figure><iframe src="https://v.example/1"></iframe><figcaption>F</figcaption></figure>', '<figure><p><a href="https://v.example/1">v.example</a></p><figcaption>F</figcaption></figure>'),
        ('<p>See <iframe src="https://v.example/1"></iframe></p>', '<p>See  <a href="https://v.example/1">v.example</a></p>'),
        ('<iframe data-src="https://v.example/1" src="about:blank"></iframe>', '<p><a href="https://v.example/1">v.example</a></p>'),
        ('a<iframe srcdoc="<b>"></iframe><iframe src="javascript:x"></iframe>b', "ab"),
        ('<embed src="/a.pdf">', f'<p><a href="{BASE}/a.pdf">example.org</a></p>'),
        ('<object data="/a.svg"><img src="/a.png" alt="a"></object>', f'<p><a href="{BASE}/a.svg">example.org</a></p><img src="{BASE}/a.png" alt="a">'),
        ('<object data="/a.swf">Get it!</object>', f'<p><a href="{BASE}/a.swf">example.org</a></p>'),
        ('<object><param name="movie" value="https://v.example/2"><embed src="https://v.example/2"></object>', '<p><a href="https://v.example/2">v.example</a></p>'),
        ("<object>Words</object>", "Words"),
        ('<script src="https://gist.github.com/a/1f.js"></script>', '<a href="https://gist.github.com/a/1f">gist.github.com</a>'),
        ("a<script src='https://x.example/a.js'></script>b", "ab"),
        ("<p>a</p>\nhttps://v.example/watch?v=1\n<p>https://v.example/2</p>", '<p>a</p>\n<p><a href="https://v.example/watch?v=1">v.example</a></p>\n<p><a href="https://v.example/2">v.example</a></p>'),
        ("<p>a<br>\nhttps://v.example/1<br>\nsee https://v.example/2</p>", '<p>a<br>\n <a href="https://v.example/1">v.example</a><br>\nsee https://v.example/2</p>'),
        ("<pre>\nhttps://v.example/\n</pre><iframe src=/b></iframe>", f'<pre>https://v.example/\n</pre><p><a href="{BASE}/b">example.org</a></p>'),
        # sound and film
        ('<video src="/v.mp4" poster="/p.jpg" autoplay loop muted></video>', f'<video src="{BASE}/v.mp4" poster="{BASE}/p.jpg" controls=""></video>'),
        ('<audio><source src="a.mp3">none</audio>', f'<audio controls=""><source src="{BASE}/a.mp3">none</audio>'),
        # what stands by for other browsers
        ("<noscript><p>Look <b>here</b></p></noscript>", "<p>Look <b>here</b></p>"),
        ("a<noembed><b>x</b></noembed><noframes><i>y</i></noframes>b", "ab"),
        ('<noscript><img src="https://t.example/p" width=1 height=1><iframe src="https://t.example/f" width="0" height="0"></iframe></noscript>', ""),
        # pictures
        ('<img data-src="/a.jpg" src="data:image/gif;base64,AAAA" alt="a">', f'<img src="{BASE}/a.jpg" alt="a">'),
        ('<img src="/s.gif" data-srcset="/a.jpg 2x" data-lazy-src="/b.jpg">', f'<img src="{BASE}/b.jpg" srcset="{BASE}/a.jpg 2x">'),
        ('<img src="data:,"><noscript><img src="/a.jpg"></noscript>', f'<img src="{BASE}/a.jpg">'),
        ('<img data-src="/a.jpg"><noscript><img src="/a.jpg"></noscript>', f'<img src="{BASE}/a.jpg">'),
        ('<p>a<img src=""><img alt="b"><img src="data:image/png;base64,A"><img src="blob:x">c</p>', "<p>ac</p>"),
        ('<picture><source srcset="/a.webp 1x, /b.webp 2x"><img></picture>', f'<picture><source srcset="{BASE}/a.webp 1x, {BASE}/b.webp 2x"><img src="{BASE}/a.webp"></picture>'),
        ('<img srcset="/a.jpg 100w">', f'<img srcset="{BASE}/a.jpg 100w" src="{BASE}/a.jpg">'),
        ('<img src="/wait.svg" data-srcset="/a.jpg 1x, /b.jpg 2x">', f'<img src="{BASE}/a.jpg" srcset="{BASE}/a.jpg 1x, {BASE}/b.jpg 2x">'),
        ('<img data-src="/a.jpg?w=1"><noscript><img src="/a.jpg"></noscript>', f'<img src="{BASE}/a.jpg?w=1">'),
        # math
        ('<math display="block"><mi>x</mi><mo>=</mo><mn>2</mn></math>', '<math display="block"><mi>x</mi><mo>=</mo><mn>2</mn></math>'),
        ('<span class="katex"><math><semantics><mi>x</mi><annotation encoding="application/x-tex">x_1</annotation></semantics></math><span aria-hidden="true"><i>x</i></span></span>', "<span><math><semantics><mi>x</mi></semantics></math></span>"),
        ('<span aria-hidden="true">→</span>', "<span>→</span>"),
    ],
)  # fmt: skip
def test_what_an_entry_cannot_show_becomes_what_it_can(body: str, html: str) -> None:
    assert shown(body) == html


@pytest.mark.parametrize("path", ["a.md", "a.html"])
def test_nothing_is_shown_as_tags(path: str) -> None:
    hidden = ["iframe", "noscript", "noembed", "noframes"]
    body = "\n\n".join(f"<{name}><b>a</b></{name}>" for name in hidden)
    assert "&lt;" not in shown(f"A\n\n{body}\n\nZ", path)


def test_embeds_in_markdown_are_links_and_code_keeps_them() -> None:
    body = 'Watch:\n\n<iframe src="https://v.example/1"></iframe>\n\n`<iframe src="/x">`\n\n![a]()'
    assert shown(body, "a.md") == (
        '<p>Watch:</p>\n<p><a href="https://v.example/1">v.example</a></p>\n'
        '<p><code>&lt;iframe src="/x"&gt;</code></p>\n<p></p>'
    )


def test_a_gist_in_code_stays_code() -> None:
    made = shown("`<script src=https://gist.github.com/a/1.js></script>`", "a.md")
    assert re.fullmatch("<p><code>&lt;script src=.*</code></p>", made)


def test_what_is_well_formed_is_left_as_it_is() -> None:
    body = '<p>a &amp; <a href="https://x.example/">b</a><img src="https://x.example/a.png" alt="&lt;"></p>'
    assert shown(body) == body


def test_what_browsers_do_not_show_is_hidden_in_pages_and_plain_markdown_too() -> None:
    hidden = '<div style="display:none">a</div>\n\nb'
    assert html_of_page(hidden, BASE, MOST_BODY) == "b"
    assert html_of(hidden, BASE, MOST_BODY, COMMONMARK) == "<p>b</p>"


@pytest.mark.parametrize("address", ["#", "#top", "about:blank", "javascript:void(0)", "", " "])
def test_a_picture_without_an_address_of_its_own_goes(address: str) -> None:
    assert html_of(f"a <img src='{address}' alt='x'> b", BASE, MOST_BODY) == "<p>a  b</p>"


def test_closed_dialogs_and_what_forms_hold_are_not_shown() -> None:
    shown = "<dialog open>Open.</dialog><p>Text.</p>"
    hidden = (
        "<dialog>No</dialog><select><option>No</option></select><textarea>No</textarea>"
        "<p style='color: red; visibility: hidden'>No</p>"
    )
    assert html_of_page(hidden + shown, BASE, MOST_BODY) == "Open.<p>Text.</p>"
