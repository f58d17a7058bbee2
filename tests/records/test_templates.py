"""What a template language says in a body: what is simple is done, the rest does not reach a reader."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records import Reading, read_mapping, read_record
from feeds.records.markup import MOST_BODY
from feeds.render.content import body_html
from tests import make

BASE = "https://example.org"


def read(
    body: str, path: str = "a.md", *, liquid: bool | None = None, baseurl: str = ""
) -> Reading:
    """The reading of a record with that body."""
    text = make.record(1, body=body)
    return read_record(path, text.encode(), make.NOW, liquid=liquid, baseurl=baseurl)


def shown(body: str, path: str = "a.md", *, liquid: bool | None = None, baseurl: str = "") -> str:
    """The HTML of a record with that body."""
    reading = read(body, path, liquid=liquid, baseurl=baseurl)
    assert reading.article is not None and reading.faults == ()
    return body_html(reading.article, MOST_BODY)


@pytest.mark.parametrize(
    ("body", "html"),
    [
        # Liquid
        ("{% raw %}{{ a }} {% b %}{% endraw %}!", "<p>{{ a }} {% b %}!</p>"),
        ("{% highlight ruby linenos %}\nputs <1>\n\n*a*\n{% endhighlight %}\n\n*b*", '<pre><code class="language-ruby">puts &lt;1&gt;\n\n*a*\n</code></pre>\n<p><em>b</em></p>'),
        ("{%- highlight html -%}{% raw %}{{ a }}{% endraw %}{%- endhighlight -%}", '<pre><code class="language-html">{{ a }}\n</code></pre>'),
        ("![a]({{ site.baseurl }}/b.png)", f'<p><img src="{BASE}/blog/b.png" alt="a"></p>'),
        ("[a]({{ site.url }}{{site.baseurl}}/b)", f'<p><a href="{BASE}/blog/b">a</a></p>'),
        ("[a]({{ '/b c.png' | relative_url }})", "<p>[a](/blog/b c.png)</p>"),
        ('[a]({{ "b.png" | absolute_url }}) {{ "/x" | relURL }}', f'<p><a href="{BASE}/blog/b.png">a</a> /blog/x</p>'),
        ('{{ "{{" }} and {{ "x" }}', "<p>{{ and x</p>"),
        ("{% youtube AAA %} {% gist a/1f %}", '<p><a href="https://www.youtube.com/watch?v=AAA">www.youtube.com</a> <a href="https://gist.github.com/a/1f">gist.github.com</a></p>'),
        ("{% include figure.html src='/a.png' alt=\"b\" %}", f'<figure><img src="{BASE}/a.png" alt="b"></figure>'),
        ("a {% include ad.html %}{{ page.title | upcase }}{%- assign x = 1 -%} b", "<p>a  b</p>"),
        ("[a]({% post_url 2026-05-01-x %})", "<p><a>a</a></p>"),
        # Hugo
        ('{{< figure src="/a.png" title="A & B" alt="<c>" >}}', f'<figure><img src="{BASE}/a.png" alt="&lt;c&gt;"><figcaption>A &amp; B</figcaption></figure>'),
        ('{{< youtube id="AAA" >}} {{< vimeo 1 >}} {{< gist a 1f >}}', '<p><a href="https://www.youtube.com/watch?v=AAA">www.youtube.com</a> <a href="https://vimeo.com/1">vimeo.com</a> <a href="https://gist.github.com/a/1f">gist.github.com</a></p>'),
        ('[a]({{< ref "b.md" >}}) [c]({{< relref "/posts/d.md#e" >}}) [f]({{% ref path="g/index.md" %}})', f'<p><a href="{BASE}/b/">a</a> <a href="{BASE}/blog/posts/d/#e">c</a> <a href="{BASE}/g/">f</a></p>'),
        ("{{% notice tip %}}Mind *it*{{% /notice %}}", "<p>Mind <em>it</em></p>"),
        ("{{< highlight go >}}\na := 1\n{{< /highlight >}}", '<pre><code class="language-go">a := 1\n</code></pre>'),
        ("{{</* youtube AAA */>}} {{ .Title }} {{- with .Params.x -}}a{{ end }}", "<p>{{&lt; youtube AAA &gt;}} a</p>"),
        ("{{< a\n  b=c\n>}}d", "<p>d</p>"),
        # MDX
        ("import A from './a'\nimport {\n  B,\n} from \"b\";\nexport const c = {\n  d: 1,\n}\n\n<Box b={{c: 1}}>\n*in*\n</Box>\n\n{c.d}\n\n{' '}x {c.d} y", "<p><em>in</em></p>\n<p>x  y</p>"),
        ("<Tabs>\n<TabItem value=\"a\">\n\n*in*\n\n</TabItem>\n</Tabs>", "<p><em>in</em></p>"),
        ("export default function A() {\n  return 1\n}\n\nb", "<p>b</p>"),
        ("<A b={() => <C />} {...d}/>e", "<p>e</p>"),
        ("<img src={require('./a.png').default} alt=\"x\" style={{a: 1}} {...b} />", f'<img src="{BASE}/a.png" alt="x">'),
        ("import a from 'b'\n\nx {a} y {a.b} $x_{i}$ \\frac{a}", "<p>x y $x_{i}$ \\frac{a}</p>"),
        ('{{< tweet user="a" id="1" >}} {{< x 2 >}} {{< instagram b >}} {% embed https://v.example/1 %}', '<p><a href="https://x.com/a/status/1">x.com</a> <a href="https://x.com/i/status/2">x.com</a> <a href="https://www.instagram.com/p/b">www.instagram.com</a> <a href="https://v.example/1">v.example</a></p>'),
        ("<B>bold</B> <IMG SRC=/a.png>", f'<p><b>bold</b> <img src="{BASE}/a.png"></p>'),
        ("import goods from abroad\n\nexport them, default or not", "<p>import goods from abroad</p>\n<p>export them, default or not</p>"),
        # kramdown
        ("* TOC\n{:toc}\n\na", "<p>a</p>"),
        ("1. x\n{: toc}\n\n[TOC]\n\n[[_TOC_]]\n\na", "<p>a</p>"),
        # none
        ("{ a } {raw} }} {{ a", "<p>{ a } {raw} }} {{ a</p>"),
        ("$x^{{a}}$", "<p>$x^{{a}}$</p>"),
    ],
)  # fmt: skip
def test_what_is_simple_is_done_and_the_rest_is_left_out(body: str, html: str) -> None:
    made = shown(body, baseurl="/blog" if "/blog" in html else "")
    assert re.sub(r"(\n| )+", r"\1", made) == re.sub(r"(\n| )+", r"\1", html)


@pytest.mark.parametrize(
    "text",
    [
        "{{ a }}", "{% include a.html %}", "{{< youtube AAA >}}", "{% raw %}a{% endraw %}", "import A from './a'",
        "export const a = 1", "<Tabs a={1}>", "{{% a %}}", "{% highlight x %}a{% endhighlight %}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("code", ["`{}`", "```\n{}\n```", "~~~ js\n{}\nmore\n~~~", "    {}", "- a\n\n  ```\n  {}\n  ```"])  # fmt: skip
def test_code_keeps_what_it_holds(text: str, code: str) -> None:
    made = shown(f"x\n\n{code.format(text)}\n\nafter {{{{ b }}}}")
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    found = re.search(r"<code[^>]*>(.*?)</code>", made, re.DOTALL)
    assert found is not None and found[1].strip().removesuffix("more").strip() == escaped
    assert made.endswith("<p>after</p>")


def test_raw_is_taken_away_in_code_where_templates_run_first() -> None:
    body = "```\n{% raw %}{{ a }}{% endraw %}\n```"
    assert shown(body, liquid=True) == "<pre><code>{{ a }}\n</code></pre>"


HIGHLIGHT = "{% highlight html %}\n<!-- a -->\n{% endhighlight %}"


def test_highlighted_code_keeps_comments_where_templates_run_first() -> None:
    made = shown(f"{HIGHLIGHT}\n\n<!-- {make.CANARY} -->\n\nb", liquid=True)
    assert made == '<pre><code class="language-html">&lt;!-- a --&gt;\n</code></pre>\n\n<p>b</p>'
    hidden = f"<!-- {{% highlight a %}} --> b <!-- {make.CANARY} --> {{% endhighlight %}}"
    assert make.CANARY not in shown(hidden, liquid=True)
    assert "&lt;!--" not in shown(f"x {HIGHLIGHT}")


@pytest.mark.parametrize(
    ("body", "path", "is_cut"),
    [
        ("{{< a >}}", "a.md", True),
        ("{{ a }}", "a.md", True),
        ("import a from 'b'", "a.mdx", True),
        ("{{< youtube A >}} {% raw %}{{ a }}{% endraw %}", "a.md", False),
        ("`{{ a }}`", "a.md", False),
        ("{{ a }}", "a.html", False),
    ],
)
def test_a_reading_tells_that_something_was_left_out(body: str, path: str, is_cut: bool) -> None:
    assert read(body, path).templates == is_cut


def test_html_of_a_blog_is_a_template_and_that_of_others_is_none() -> None:
    text = make.record(1, title=None, headline="T", body="<p>{{ a }}{% b %}c</p>").encode()
    article = read_record("a.html", text, make.NOW, read_mapping({"title": "headline"})).article
    assert article is not None and body_html(article, MOST_BODY) == "<p>c</p>"
    assert shown("<p>{{ a }}c</p>", "a.html") == "<p>{{ a }}c</p>"


PIECES = [
    *("{{ a }}", "{% b %}", "{{< c >}}", "{{% d %}}", "{% raw %}", "{% endraw %}", "x", " ", "\n", "\n\n", "{", "}", "%", "<", ">"),
    *("{% highlight a %}", "{% endhighlight %}", '"', "`", "{% if a %}", "{% endif %}", "<!--", "-->", "import a from 'b'", "<A>"),
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_what_is_hidden_stays_hidden_beside_templates(text: str) -> None:
    for hidden in (f"<!-- {make.CANARY} -->", f"{{% if a %}}{make.CANARY}{{% endif %}}"):
        if "`" not in text and "raw" not in text and "highlight" not in text:
            reading = read(f"{text}\n\n{hidden}\n\nafter")
            assert reading.article is not None
            assert make.CANARY not in body_html(reading.article, MOST_BODY)


def test_braces_of_tex_are_no_template_where_none_runs_first() -> None:
    tex = r"$\frac{{a}}{{b}}$ and \(\sqrt{{c}}\)"
    assert shown(f"{tex}, {{{{ d }}}}.") == f"<p>{tex}, .</p>"
    assert shown("$$\n{{n \\choose k}}\n$$") == "<p>$$\n{{n \\choose k}}\n$$</p>"
    assert shown(tex, liquid=True) == r"<p>$\frac$ and \(\sqrt\)</p>"
    read("a " + "$$\\$$\\{{" * 50_000)  # in no square of time


def test_the_caption_of_a_figure_is_text() -> None:
    body = '{{< figure src="https://example.org/a.png" caption="A *b* [c](d) &amp; e" >}}'
    reading = read_record("1.md", make.record(1, body=body).encode(), make.NOW)
    assert reading.article is not None
    assert "<figcaption>A b c &amp; e</figcaption>" in body_html(reading.article, MOST_BODY)


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("export const a = {\n  b: 1,\n\n  c: [\n\n  2],\n};\n\nText.", "<p>Text.</p>"),
        ("export default function F() {\n  return (\n\n<B/>\n);\n}\nmore\n\nText.", "<p>Text.</p>"),
        (
            "export const a = { // open\n\nText.\n\nexport const b = 1\n\nEnd.",
            "<p>Text.</p>\n<p>End.</p>",
        ),
        (
            "[embed]https://film.example/a_b_c[/embed]",
            '<p><a href="https://film.example/a_b_c">film.example</a></p>',
        ),
        (
            'A [embed width="1"] https://film.example/x [/embed] `[embed]https://x.example/[/embed]`',
            '<p>A <a href="https://film.example/x">film.example</a>'
            " <code>[embed]https://x.example/[/embed]</code></p>",
        ),
    ],
)
def test_statements_end_with_their_brackets_and_embeds_of_wordpress_are_links(
    body: str, html: str
) -> None:
    reading = read_record("1.mdx", make.record(1, body=body).encode(), make.NOW)
    assert reading.article is not None
    found = body_html(reading.article, MOST_BODY)
    assert re.sub(r' rel="[^"]*"', "", found).strip() == html


def test_statements_without_an_end_cost_no_square_of_time() -> None:
    body = "export const a = {\n\n" * 10_000
    start = time.process_time()
    read_record("1.mdx", make.record(1, body=body).encode(), make.NOW)
    once = time.process_time() - start
    start = time.process_time()
    read_record("1.mdx", make.record(1, body=body * 2).encode(), make.NOW)
    assert time.process_time() - start < 10 * once + 1
