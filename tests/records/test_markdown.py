"""What bodies of Markdown become: CommonMark, and what generators understand beyond it."""

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.records import markdown, read_record
from feeds.records.markdown import render
from feeds.records.markup import COMMONMARK, FULL, HTML, MOST_BODY, syntax_of
from feeds.render.content import body_html
from tests import make


def shown(
    body: str, path: str = "a.md", link: str = "https://example.org/1", dialect: str = FULL
) -> str:
    """The HTML of a record with that body."""
    text = make.record(1, body=body, excerpt="''", webUrl=link)
    reading = read_record(path, text.encode(), make.NOW, dialect=dialect)
    assert reading.article is not None and reading.faults == ()
    return body_html(reading.article, MOST_BODY, dialect)


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ('<img src="/a.png">\n\nNow **bold**.', '<img src="https://example.org/a.png">\n<p>Now <strong>bold</strong>.</p>'),
        ("<!-- excerpt -->\n\nNow **bold**.", "<p>Now <strong>bold</strong>.</p>"),
        ("<https://x.example/>, says *she*.", '<p><a href="https://x.example/">https://x.example/</a>, says <em>she</em>.</p>'),
        ("<a id=x></a>\n\n# T", "<p><a></a></p>\n<h1>T</h1>"),
        ("<kbd>Ctrl</kbd> and *more*", "<p><kbd>Ctrl</kbd> and <em>more</em></p>"),
        ("<p>a</p>\n\n    code", "<p>a</p>\n<pre><code>code\n</code></pre>"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("dialect", [FULL, COMMONMARK])
def test_a_body_that_begins_with_a_tag_is_markdown_all_the_same(
    body: str, html: str, dialect: str
) -> None:
    assert shown(body, dialect=dialect) == html


@pytest.mark.parametrize("path", ["a.html", "b/A.HTM"])
def test_the_body_of_a_file_of_html_is_html(path: str) -> None:
    assert shown("*a*\n\n    <p>b</p>", path) == "*a*\n\n    <p>b</p>"
    assert syntax_of(path, COMMONMARK) == HTML


@pytest.mark.parametrize(
    ("body", "html"),
    [
        # definition lists, task lists, strikethrough
        ("Term\n: what it is", "<dl>\n<dt>Term</dt>\n<dd>what it is</dd>\n</dl>"),
        ("- [ ] rope\n- [x] *oar*", "<ul>\n<li>☐ rope</li>\n<li>☑ <em>oar</em></li>\n</ul>"),
        ("1. [X] one", "<ol>\n<li>☑ one</li>\n</ol>"),
        ("~~gone~~", "<p><s>gone</s></p>"),
        # bare addresses
        ("see https://x.example/a_b_c.", '<p>see <a href="https://x.example/a_b_c">https://x.example/a_b_c</a>.</p>'),
        ("www.x.example", '<p><a href="http://www.x.example">www.x.example</a></p>'),
        ("(http://x.example/?a=1&b=2)", '<p>(<a href="http://x.example/?a=1&amp;b=2">http://x.example/?a=1&amp;b=2</a>)</p>'),
        ("README.md of x.example, me@x.example, www.", "<p>README.md of x.example, me@x.example, www.</p>"),
        ("[https://x.example/](/b)", '<p><a href="https://example.org/b">https://x.example/</a></p>'),
        ("`https://x.example/`", "<p><code>https://x.example/</code></p>"),
        # attribute lists
        ("## Head {#custom}", "<h2>Head</h2>"),
        ("## Head {#custom .a lang=en}\n\ntext", "<h2>Head</h2>\n<p>text</p>"),
        ("Text\n{: .centred}", "<p>Text</p>"),
        ("{: #x}\nText", "<p>Text</p>"),
        ("{.a}\n\nText {.b}", "<p>Text</p>"),
        ('![a](/b.png){width=50% .c}{: title="d"}', '<p><img src="https://example.org/b.png" alt="a"></p>'),
        ('![a](/b.png){width="50%"}', '<p><img src="https://example.org/b.png" alt="a"></p>'),
        ("[a](/b){:target='_blank'} *c*{: .d}", '<p><a href="https://example.org/b">a</a> <em>c</em></p>'),
        ("`{#x}` and {raw} and {a: 1} and {}", "<p><code>{#x}</code> and {raw} and {a: 1} and {}</p>"),
        ("{::nomarkdown}\n*a*\n{:/nomarkdown}\n{:/}", "<p><em>a</em></p>"),
        ("*a*{raw}", "<p><em>a</em>{raw}</p>"),
        # admonitions
        (':::tip Title\n\nA *tip*\n\n:::', "<blockquote>\n<p><strong>Title</strong></p>\n<p>A <em>tip</em></p>\n</blockquote>"),
        (":::warning\nMind\n:::\n\nafter", "<blockquote>\n<p><strong>Warning</strong></p>\n<p>Mind</p>\n</blockquote>\n<p>after</p>"),
        (":::note[The `<b>`]\nx\n:::", "<blockquote>\n<p><strong>The <code>&lt;b&gt;</code></strong></p>\n<p>x</p>\n</blockquote>"),
        (":::note\n:::tip\na\n:::\nb\n:::\nc", "<blockquote>\n<p><strong>Note</strong></p>\n<blockquote>\n<p><strong>Tip</strong></p>\n<p>a</p>\n</blockquote>\n</blockquote>\n<p>b</p>\n<p>c</p>"),
        ('!!! note "Mind"\n    The gap', "<blockquote>\n<p><strong>Mind</strong></p>\n<p>The gap</p>\n</blockquote>"),
        ("??? tip\n    more", "<blockquote>\n<p><strong>Tip</strong></p>\n<p>more</p>\n</blockquote>"),
        ("> [!NOTE]\n> A note", "<blockquote>\n<p><strong>Note</strong></p>\n<p>A note</p>\n</blockquote>"),
        ("> [!info]- Fold\n>\n> in", "<blockquote>\n<p><strong>Fold</strong></p>\n\n<p>in</p>\n</blockquote>"),
        ("> [!x](/y)", '<blockquote>\n<p><a href="https://example.org/y">!x</a></p>\n</blockquote>'),
        # math
        ("$a_1 * b_2 * c$ and \\(x_1_\\)", "<p>$a_1 * b_2 * c$ and \\(x_1_\\)</p>"),
        ("inline $$a_1_ \\\\ b$$ here", "<p>inline $$a_1_ \\\\ b$$ here</p>"),
        ("and\n$$\n- a &< b \\\\\n+ c_1_\n$$\nafter", "<p>and</p>\n<p>$$\n- a &amp;&lt; b \\\\\n+ c_1_\n$$</p>\n<p>after</p>"),
        ("\\[\n# a\n\\]", "<p>\\[\n# a\n\\]</p>"),
        ("$5 and $10, *or* $x", "<p>$5 and $10, <em>or</em> $x</p>"),
        ("\\$5 *and* 10\\$", "<p>$5 <em>and</em> 10$</p>"),
        ("`$x_1_$`", "<p><code>$x_1_$</code></p>"),
        ("\\[1\\] *a*", "<p>[1] <em>a</em></p>"),
    ],
)  # fmt: skip
def test_the_full_dialect(body: str, html: str) -> None:
    assert shown(body) == html


@pytest.mark.parametrize(
    "text",
    [
        "a\n: b", "- [x] a", "https://x.example/", "# a {#b}", "{: .c}", ":::tip\na\n:::", "!!! note\n    a", "> [!NOTE]\n> a",
        "$a_1$ *b* \\(c\\)", "$$\na\n$$", "a[^1]\n\n[^1]: b", "??? a",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "code", ["    {}", "```\n{}\n```", "~~~ x\n{}\n~~~", "- a\n\n  ```\n  {}\n  ```"]
)
def test_code_keeps_what_is_a_dialect_elsewhere(text: str, code: str) -> None:
    indent = code.partition("{}")[0].rpartition("\n")[2]
    made = shown(f"x\n\n{code.format(text.replace(chr(10), chr(10) + indent))}\n\n$a_b$")
    found = re.search(r"<code[^>]*>(.*?)</code>", made, re.DOTALL)
    assert found is not None
    assert found[1].replace("&gt;", ">").strip() == text


def test_the_plain_dialect_has_nothing_of_it() -> None:
    body = "a\n: b https://x.example/ {#c} [^1]\n\n[^1]: d"
    assert (
        shown(body, dialect=COMMONMARK)
        == '<p>a\n: b https://x.example/ {#c} <a href="https://example.org/d">^1</a></p>'
    )


FOOTNOTES = "One[^1] two[^note] again[^1].\n\n[^1]: More.\n[^note]: A *note*.\n\n    With more.\n"


def test_footnotes_work_within_an_entry_and_their_ids_are_its_own() -> None:
    one, other = (shown(FOOTNOTES, link=f"https://example.org/{n}") for n in (1, 2))
    ids = set(re.findall(r' id="([^"]+)"', one))
    assert len(ids) == 5
    assert set(re.findall(r'href="https://example.org/1#([^"]+)"', one)) == ids
    assert ids.isdisjoint(re.findall(r' id="([^"]+)"', other))
    assert "<p>With more." in one and "<em>note</em>" in one


def test_footnotes_in_html_are_the_same() -> None:
    made = shown(
        '<p>a<sup id="fnref:1"><a href="#fn:1">1</a></sup></p>'
        '<ol><li id="fn:1">b <a href="https://example.org/1#fnref%3A1">back</a></li></ol>'
        '<h2 id="why">Why</h2><a href="#why">c</a>',
        "a.html",
    )
    note, reference = re.findall(r' id="([^"]+)"', made)[::-1]
    assert f'href="https://example.org/1#{note}"' in made
    assert reference.startswith("fnref:1-") and note.startswith("fn:1-")
    assert f'href="https://example.org/1#{reference.replace(":", "%3A")}"' in made
    assert 'href="https://example.org/1#why"' in made


SIGNLESS = st.text(alphabet="ab \n*_`#>-+1.)(&;<>\"'=|~[]!", max_size=60)


@given(SIGNLESS)
@example("a\n\n- b\n  > c")
@example("|a|\n|-|\n|b|")
def test_both_dialects_agree_on_what_is_markdown_for_both(text: str) -> None:
    plain = render(text, COMMONMARK)
    if not any(sign.search(text) for sign in markdown.SIGNS.values()):
        assert markdown._full_parser().render(text) == plain
        assert render(text) == plain


MATHS = st.text(alphabet="ab*_[]()<`1^\\", min_size=1, max_size=20)


@given(MATHS)
def test_nothing_in_math_is_changed(tex: str) -> None:
    if tex.startswith("\\") or tex.endswith("\\"):
        return
    escaped = tex.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert render(f"x $${tex}$$ y $z$") == f"<p>x $${escaped}$$ y $z$</p>\n"


def test_the_dialect_and_the_path_of_the_site_are_settings(tmp_path: Path) -> None:
    records: dict[str, str | bytes] = {
        "1.md": make.record(1, body="a $x *1* y$ [b]({{ site.baseurl }}/c)")
    }
    for setting, seen in {
        "": ("$x *1* y$", "https://example.org/c"),
        '[records]\nbaseurl = "/blog"\n': ("$x *1* y$", "https://example.org/blog/c"),
        '[records]\nmarkdown = "commonmark"\n': ("<em>1</em>", "https://example.org/c"),
    }.items():
        make.site(tmp_path, records, setting)
        make.invoke("build", cwd=tmp_path)
        feed = (tmp_path / "public/feed.json").read_text(encoding="utf-8")
        assert all(text in feed for text in seen)


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("$$\na\n\nb_c_d\n$$\n\nText.", "<p>$$\na\n\nb_c_d\n$$</p>\n<p>Text.</p>\n"),
        ("$$\nno _end_\n\nText.", "<p>$$\nno <em>end</em></p>\n<p>Text.</p>\n"),
        ("$$ is _money_\n\nand $$", "<p>$$ is <em>money</em></p>\n<p>and $$</p>\n"),
    ],
)
def test_math_between_lines_of_its_own_may_have_blank_lines(body: str, html: str) -> None:
    assert render(body) == html


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("!!! Nice work everyone", "<p>!!! Nice work everyone</p>\n"),
        ("!!! Nice work everyone\n\nText.", "<p>!!! Nice work everyone</p>\n<p>Text.</p>\n"),
        (
            "!!! note Mind this\n    The gap",
            "<blockquote>\n<p><strong>Mind this</strong></p>\n<p>The gap</p>\n</blockquote>\n",
        ),
        ('!!! note "Alone"', "<blockquote>\n<p><strong>Alone</strong></p>\n</blockquote>\n"),
    ],
)
def test_an_exclamation_with_nothing_below_it_is_a_sentence(body: str, html: str) -> None:
    assert render(body) == html
