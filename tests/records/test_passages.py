"""What an author hides in a body is in no document; what code shows stays."""

import json
import random
import time
from pathlib import Path

import html5lib
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.records import FieldMapping, read_mapping, read_record
from feeds.render.content import content_of
from tests import make

CANARY = make.CANARY
MAPPING = read_mapping({"title": "headline"})
HIDDEN = [
    f"<!-- {CANARY} -->",
    f"<!--{CANARY}\n\n- {CANARY}\n-->",
    f"<!-- `{CANARY}` -->",
    f"<!--> {CANARY} -->",
    f"<?php echo '{CANARY}'; if ($a > 1) {{ {CANARY} }} ?>",
    f"{{% comment %}}{CANARY}{{% endcomment %}}",
    f"{{%- comment -%}}\n\n{CANARY}\n\n{{%- endcomment -%}}",
    f"{{% if site.draft %}}{CANARY}{{% endif %}}",
    f"{{% if a %}}{CANARY}{{% if b %}}x{{% endif %}}{CANARY}{{% else %}}{CANARY}{{% endif %}}",
    f"{{% if a %}}{{% comment %}}{{% endif %}}{{% endcomment %}}{CANARY}{{% endif %}}",
    f"{{% if a %}}{{% raw %}}{{% endif %}}{{% endraw %}}{CANARY}{{% endif %}}",
    f"{{% unless page.public %}}{CANARY}{{% endunless %}}",
    f"{{% case a %}}{{% when b %}}{CANARY}{{% endcase %}}",
    f"{{% for a in b %}}{CANARY}{{% endfor %}}",
    f"{{% capture a %}}{CANARY}{{% endcapture %}}",
    f"{{% IF a %}}{CANARY}{{% Endif %}}",
    f"{{% # {CANARY} %}}",
    f"{{# {CANARY} #}}",
    f"{{::comment}}{CANARY}{{:/comment}}",
    f"{{::comment}}\n{CANARY}\n\n{CANARY}\n{{:/}}",
    f"{{/* {CANARY} */}}",
    f"{{/*\n{CANARY}\n\n*/}}",
    f"{{ /* {CANARY} */ }}",
    f"{{{{< comment >}}}}{CANARY}{{{{< /comment >}}}}",
    f"{{{{% comment %}}}}{CANARY}{{{{% /comment %}}}}",
    f"<script>'{CANARY}'</script>",
    f"<style>a {{ /* {CANARY} */ }}</style>",
    f"<template>{CANARY}</template>",
]
OPEN = [
    f"<!-- {CANARY}",
    f"<!-- {CANARY}\n\n{CANARY}",
    f"{{% comment %}} {CANARY}",
    f"{{% if a %}} {CANARY} {{% endfor %}} {CANARY}",
    f"{{% if a %}}{{% if b %}}{{% endif %}} {CANARY}",
    f"{{::comment}} {CANARY}",
    f"{{/* {CANARY}",
    f"{{# {CANARY}",
    f"<?php {CANARY}",
]
# Written with OPEN in front of it, code holds what hides elsewhere.
CODE = [
    "`{}`",
    "``{}``",
    "```\n{}\n```",
    "~~~ html\n{}\n~~~",
    "- a\n\n  ```\n  {}\n  ```",
    "> ```\n> {}\n> ```",
]


def shown(body: str, mapping: FieldMapping | None = None) -> str:
    """The HTML of a record with that body."""
    text = (
        make.record(body=body)
        if mapping is None
        else make.record(title=None, headline="Words", body=body)
    )
    article = read_record("a.md", text.encode(), make.NOW, mapping).article
    assert article is not None
    return content_of(article)


def without_code(html: str) -> str:
    """The text and the attributes of HTML, as a browser reads it, but for what is in code."""
    root = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in ("code", "pre"):
                child.clear()
    return " ".join(
        [
            str(one.tag) + " ".join([*one.attrib.values(), one.text or "", one.tail or ""])
            for one in root.iter()
        ]
    )


@pytest.mark.parametrize("mapping", [None, MAPPING], ids=["ours", "of a blog"])
@pytest.mark.parametrize("passage", HIDDEN)
def test_a_hidden_passage_is_not_shown_and_what_is_around_it_is(
    passage: str, mapping: FieldMapping | None
) -> None:
    for form in (
        "before {} after",
        "before\n\n{}\n\nafter",
        "<p>before {} after</p>",
        "- before\n- x {}\n\nafter",
    ):
        made = shown(form.format(passage), mapping)
        assert CANARY not in made
        assert "before" in made and "after" in made


@pytest.mark.parametrize("mapping", [None, MAPPING], ids=["ours", "of a blog"])
@pytest.mark.parametrize("passage", OPEN)
def test_what_has_no_end_hides_to_the_end(passage: str, mapping: FieldMapping | None) -> None:
    for form in ("before {} last", "before\n\n> {}\n\nlast", "<p>before {} last</p><p>last</p>"):
        made = shown(form.format(passage), mapping)
        assert CANARY not in made and "last" not in made
        assert "before" in made


@pytest.mark.parametrize("code", CODE)
@pytest.mark.parametrize(
    "text",
    [
        "<!-- a -->",
        "<!-- a",
        "{% comment %}a{% endcomment %}",
        "{% if a %}",
        "{::comment}a{:/}",
        "{/* a */}",
    ],
)
def test_code_keeps_all_it_holds(code: str, text: str) -> None:
    made = shown(f"before\n\n{code.format(text)}\n\nafter")
    (found,) = html5lib.parse(made, treebuilder="etree", namespaceHTMLElements=False).iter("code")
    assert (found.text or "").strip() == text
    assert "after" in made


def test_indented_code_keeps_all_it_holds() -> None:
    assert "&lt;!-- a --&gt;" in shown("before\n\n    <!-- a -->\n    {/* b */}\n\nafter")


def test_code_in_html_keeps_all_it_holds() -> None:
    made = shown("<p>a</p><pre><code>{/* b */} {% if c %}</code></pre><p>{/* d */}e</p>")
    assert "{/* b */} {% if c %}" in made and "d" not in made.replace("<code>", "").replace(
        "</code>", ""
    )


@pytest.mark.parametrize("code", CODE)
def test_templates_of_blogs_act_in_code_too(code: str) -> None:
    for passage in (
        f"{{% comment %}}{CANARY}{{% endcomment %}}",
        f"{{% if a %}}{CANARY}{{% endif %}}",
    ):
        made = shown(f"before\n\n{code.format('x ' + passage)}\n\nafter", MAPPING)
        assert CANARY not in made
        assert "before" in made and "after" in made


@pytest.mark.parametrize("mapping", [None, MAPPING], ids=["ours", "of a blog"])
def test_raw_protects_what_a_template_would_hide(mapping: FieldMapping | None) -> None:
    text = "{% raw %}{% comment %}kept{% endcomment %} `x` {% if a %}this{% endif %}{% endraw %} {% if b %}not{% endif %}"
    made = shown(text, mapping)
    assert "kept" in made and "this" in made and "not" not in made


def test_a_raw_without_an_end_protects_nothing() -> None:
    assert CANARY not in shown(f"a {{% raw %}} {{% comment %}}{CANARY}{{% endcomment %}}")


def test_a_condition_in_comments_hides_what_is_between_them() -> None:
    text = f"a <!-- {{% if site.draft %}} -->{CANARY}<!-- {{% endif %}} --> b"
    assert CANARY not in shown(text)
    assert CANARY not in shown(text, MAPPING)


@pytest.mark.parametrize(
    "text",
    [
        "## Head {#custom}",
        "a {: .note}",
        "{:toc}",
        "{{ site.title }}",
        "{a + 1}",
        "1 < 2 <sup>a</sup>",
        "a {% include b %}",
    ],
)
def test_what_hides_nothing_stays(text: str) -> None:
    assert "after" in shown(f"before {text}\n\nafter")


def test_markdown_after_a_comment_is_markdown() -> None:
    assert shown("<!-- excerpt -->\n\nNow **bold** text.").endswith(
        "<p>Now <strong>bold</strong> text.</p>"
    )


def test_a_hidden_passage_is_in_no_document_and_not_in_the_store(tmp_path: Path) -> None:
    records: dict[str, str | bytes] = {
        f"{n}.md": make.record(n, body=f"Words {n}\n\n{passage}\n\nmore")
        for n, passage in enumerate([*HIDDEN, *OPEN], 1)
    }
    config = make.site(tmp_path, records, "[feeds]\nlimit = 5\n")
    make.invoke("build", cwd=tmp_path)
    tree = make.tree(config.output_folder)
    assert any(path.startswith("archive/") for path in tree)
    for path, content in {**tree, **make.tree(config.store_file.parent)}.items():
        assert CANARY.encode() not in content, path
    found = json.loads(tree["feed.json"])["items"]
    assert all("Words" in item["content_html"] for item in found)


PIECES = [
    # Not those that may end another one, or code before them.
    *(
        f" {passage} "
        for passage in (*HIDDEN, *OPEN)
        if not any(sign in passage for sign in ("raw", "<!-->", "`"))
    ),
    *(
        "`",
        "``",
        "```",
        "\n```\n",
        "~~~",
        "\n~~~\n",
        "\n",
        "\n\n",
        "    ",
        "\n\n    ",
        "\t",
        "- ",
        "\n- ",
        "1. ",
        "> ",
    ),
    *(
        "|",
        "\n|-|-|\n",
        "a",
        "b ",
        "# ",
        "<p>",
        "<pre>",
        "</pre>",
        "<code>",
        "</code>",
        "<div>",
        "[",
        "](",
        ")",
        "\\",
    ),
    *("<a title='", "'>", '"', "<!--", "-->", "{:/}", "{% endif %}", "%}", "{%", "===\n"),
    *("\n> ", "*", "&"),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def check(text: str) -> None:
    """Hold the HTML of a body against what is hidden in it."""
    for body in (text, f"x {text}"):
        assert CANARY not in without_code(shown(body)), body
        assert CANARY not in without_code(shown(body, MAPPING)), body


@given(TEXTS)
@example(f"{{% if a %}}{{% endif %}}\n\n    {{::comment}}{CANARY}{{:/comment}}")
@example(f"<a title='<code> {{% comment %}} {CANARY} </code>'>{{% endcomment %}}")
@example(f"`a | {{/* {CANARY}\n|-|-|\n*/}} ` b")
@example(f"- a\n\n    <!-- {CANARY}\n\n    -->")
@example(f"a\n        ```\n<!-- {CANARY}\n\n-->\n```")
@example(f"`a\n- b <!-- {CANARY}`")
@example(f"|a|b|\n|-|-|\n|`a|<!-- {CANARY}`|")
@example(f"<a title='`'> <!-- {CANARY} `")
@example(f"<!-- ``` -->\n\n<!-- {CANARY}")
def test_no_hidden_passage_is_shown_outside_of_code(text: str) -> None:
    check(text)


@pytest.mark.soak
def test_no_hidden_passage_is_shown_in_ten_minutes() -> None:
    seed = time.time_ns()
    chance, end, count = random.Random(seed), time.monotonic() + 600, 0
    while time.monotonic() < end:
        check("".join(chance.choices(PIECES, k=chance.randint(1, 20))))
        count += 1
    print(f"{count:,} bodies, seed {seed}")
