"""No record costs more time or memory than a bound, whatever it holds, and what exceeds a bound is
a fault."""

import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feeds.records import Fault, Reading, read_record
from feeds.render.content import content_of
from tests import make
from tests.make import article

SECONDS, BYTES = 1.0, 200 << 20  # that a record may cost
# A busy machine and one half as quick pass, what grows with the square of its length does not.
PATIENCE = 4
LARGEST = 524_288

BOLD = "".join(f"<b lang=a{n}>" for n in range(190))
TITLE = "a\n[b]: c\n"
# Of each a body of a length, as far as possible. What was found to cost the most, by hand and by
# search.
BODIES: dict[str, Callable[[int], str]] = {
    "formatting": lambda size: "".join(f"<b lang=a{n}>" for n in range(size // 14)) + "<p>x",
    "formatting in paragraphs": lambda size: "<p>" + BOLD + "<p>x" * (size // 4),
    "formatting and blocks": lambda size: "<b><div></b>" * (size // 12),
    "links and blocks": lambda size: "<a><div>" * (size // 8),
    "long formatting": lambda size: f"<p><b title={'x' * (size // 2)}>" + "<p>y" * (size // 8),
    "nested elements": lambda size: "<div>" * (size // 5),
    "nested unknown elements": lambda size: "<x/>" * (size // 4),
    "nested elements of SVG": lambda size: "<svg>" + "<a>" * (size // 3),
    "nested tables": lambda size: "<table><td>" * (size // 11),
    "elements behind quotation marks": lambda size: '<a x=y"><div>' * (size // 13),
    "elements that comments close": lambda size: "<div><!-- </div> -->" * (size // 20),
    "elements that texts close": lambda size: "<div><textarea></div></textarea>" * (size // 32),
    "attributes": lambda size: "<p " + " ".join(f"a{n}" for n in range(size // 7)) + ">",
    "relative addresses": lambda size: '<a href="b">c</a>' * (size // 17),
    "candidates of a srcset": lambda size: f'<img src="a" srcset="{"a," * (size // 2)}">',
    "quotations": lambda size: "> " * (size // 2),
    "deeper quotations": lambda size: "".join("> " * n + "a\n" for n in range(int(size**0.5))),
    "nested lists": lambda size: "".join("  " * n + "- a\n" for n in range(int(size**0.5))),
    "lists": lambda size: "- a\n" * (size // 4),
    "lists on a line": lambda size: "- " * (size // 2),
    "lines": lambda size: "a\n" * (size // 2),
    "emphasis": lambda size: "*a* " * (size // 4),
    "nested emphasis": lambda size: "*a" * (size // 4) + "a*" * (size // 4),
    "runs of emphasis": lambda size: "*a **b " * (size // 7),
    "brackets": lambda size: "[" * size,
    "brackets of images": lambda size: "![[" * (size // 3),
    "links": lambda size: "[a](b) " * (size // 7),
    "references": lambda size: f"[x]: {'y' * (size // 10)}\n\n" + "[x]" * (size * 9 // 30),
    "references with a title": lambda size: "[x]: y '" + TITLE * (size // 90) + "'\n\n" + "[x]" * (size * 3 // 10),
    "definitions": lambda size: "".join(f"[{n}]: b\n" for n in range(size // 10)),
    "cells": lambda size: "|a|b|\n|-|-|\n" + "|a|b|\n" * (size // 6),
    "cells that lack": lambda size: "|a" * (size // 6) + "\n" + "|-" * (size // 6) + "\n" + "|\n" * (size // 6),
    "backticks": lambda size: "".join("`" * n + " " for n in range(int((2 * size) ** 0.5))),
    "entities": lambda size: "&amp;" * (size // 5),
    "ampersands": lambda size: "&" * size,
    "references to characters": lambda size: "&#" * (size // 4) + "&#1;" + "1;" * (size // 4),
    "less than": lambda size: "<" * size,
    "combining characters": lambda size: "a" + "\u0301\u0323" * (size // 4),
    "comments": lambda size: "a <!-- {% if %} -->" * (size // 19),
    "code that would hide": lambda size: "`<!--` " * (size // 7),
    "braces": lambda size: "{" * size,
    "raw": lambda size: "a" + "{% raw %}" * (size // 9),
    "blocks of templates": lambda size: "a" + "{% if a %}" * (size // 10),
    "elements of code": lambda size: "<p>" + "<pre>" * (size // 5),
    "dollars": lambda size: "$a" * (size // 2),
    "lines of dollars": lambda size: "$$ a\n" * (size // 5),
    "backslashes": lambda size: "\\(" * (size // 2),
    "containers": lambda size: ":::a\n" * (size // 5),
    "admonitions": lambda size: "".join("    " * n + "!!! a\n" for n in range(int((size / 2) ** 0.5))),
    "footnotes": lambda size: "[^a]: b\n\n" + "[^a]" * (size // 5),
    "labels of footnotes": lambda size: "[^a]: b\n\n" + ("[^" + "a" * 99) * (size // 101),
    "notes in notes": lambda size: "^[" * (size // 4) + "]" * (size // 4),
    "definition lists": lambda size: "a\n" + ": b\n" * (size // 4),
    "attribute lists": lambda size: ("{" + ".a " * 40 + "!") * (size // 122),
    "attributes without an end": lambda size: "{" + ".a " * (size // 4) + "!",
    "addresses": lambda size: "http://a.b " * (size // 11),
    "addresses in a word": lambda size: "http://a/" * (size // 9),
    "addresses without a scheme": lambda size: "www." * (size // 4),
    "embeds": lambda size: "<object data=a>" * 190 + "<embed src=a>" * (size // 14),
    "alternatives": lambda size: "<noscript>" * 190 + "<img src=a>" * (size // 12),
    "pictures": lambda size: "<picture>" + "<source><img>" * (size // 13),
    "lines of addresses": lambda size: "<div>" * 190 + "<p>\nhttp://a.b\n" * (size // 16),
    "hidden beside math": lambda size: "<math></math>" + "<i aria-hidden=true></i>" * (size // 24),
    "outputs of templates": lambda size: "a{{ b }}" * (size // 8),
    "tags of templates without an end": lambda size: "a{{< b" * (size // 6),
    "raw and its end": lambda size: "a" + "{% raw %}" * (size // 20) + "{% endraw %}" * (size // 24),
    "quotes in a shortcode": lambda size: "{{< a " + '"b" ' * (size // 4) + ">}}",
    "elements of MDX": lambda size: "<A b={" * (size // 6),
    "braces of MDX": lambda size: "<A b=" + "{" * size,
    "attributes of MDX": lambda size: "<A " + "b " * (size // 2),
    "modules of MDX": lambda size: "import {\n" * (size // 9),
    "exports of MDX": lambda size: "export const a = 1\n" * (size // 19),
    "expressions of MDX": lambda size: "import a from 'b'\n\n" + "{{{}\n" * (size // 5),
    "found: blocks in indented lines": lambda size: "\n\n    <td>{:/}<div>=<ul>" * (size // 24),
    "found: items in links": lambda size: "a " + "{{<li>[\\" * (size // 8),
    "found: templates and emphasis": lambda size: "a " + "é*{%" * (size // 5),
    "found: links of both kinds": lambda size: "a[a](b)<a href=x>" * (size // 17),
}  # fmt: skip


def read(body: str, **keys: str) -> Reading:
    """What a record with that body comes to."""
    return read_record("a.md", make.record(1, body=body, **keys).encode(), make.NOW)


def cost(body: str) -> float:
    """The seconds of CPU that a record with that body takes, read and rendered."""
    content = make.record(body=body).encode()
    began = time.process_time()
    if (made := read_record("a.md", content, make.NOW).article) is not None:
        content_of(made)
    return time.process_time() - began


COST = """
import resource, sys
from tests.records.test_bounds import BODIES, cost, limit
size = int(sys.argv[1])
cost("# warm *up* [a](b)")
limit()
for name in sys.argv[2:]:
    print(cost(BODIES[name](size)), flush=True)
"""


def limit(most: int = BYTES) -> None:
    """Let this process have no more memory than a record may cost, beside what it has."""
    with open("/proc/self/statm") as file:
        size = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (size + most, size + most))


def costs(size: int, names: list[str]) -> list[float]:
    """What bodies cost in a process that may have no more memory, nor time, than all of them may
    cost."""

    def hurry() -> None:
        seconds = int(PATIENCE * SECONDS * (len(names) + 2))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))

    command = [sys.executable, "-c", COST, str(size), *names]
    done = subprocess.run(command, cwd=make.ROOT, preexec_fn=hurry, capture_output=True, text=True)
    assert done.returncode == 0, (
        names[done.stdout.count("\n")],
        done.returncode,
        done.stderr[-500:],
    )
    return [float(line) for line in done.stdout.split()]


# How often a body that seems to grow too fast is measured again: other work takes time too.
ROUNDS = 5


@pytest.mark.parametrize(
    ("names", "size"),
    [  # every day each body at one of the two sizes
        pytest.param([*BODIES][::2], LARGEST // 10, id="some, as a tenth"),
        pytest.param([*BODIES][1::2], LARGEST - 1000, id="others, as the largest"),
        pytest.param([*BODIES], LARGEST // 10, id="all, as a tenth", marks=pytest.mark.soak),
        pytest.param([*BODIES], LARGEST - 1000, id="all, as the largest", marks=pytest.mark.soak),
    ],
)
def test_no_body_costs_more_than_a_second_or_two_hundred_megabytes(
    names: list[str], size: int
) -> None:
    for name, seconds in zip(names, costs(size, names), strict=True):
        assert seconds < PATIENCE * SECONDS, (name, size)


@pytest.mark.soak
@pytest.mark.parametrize("size", [LARGEST // 8, LARGEST // 4])
def test_twice_as_much_costs_about_twice_as_much(size: int) -> None:
    suspects = list(BODIES)
    least: dict[tuple[str, int], float] = {}
    for _ in range(ROUNDS):
        for part in (size // 2, size):
            for name, seconds in zip(suspects, costs(part, suspects), strict=True):
                least[name, part] = min(seconds, least.get((name, part), seconds))
        # Little is measured badly; what grows with the square is no longer little at LARGEST.
        bound = {name: max(2.5 * least[name, size // 2], 0.5 * SECONDS) for name in suspects}
        suspects = [name for name in suspects if least[name, size] >= bound[name]]
        if not suspects:
            return
    raise AssertionError({name: (least[name, size // 2], least[name, size]) for name in suspects})


@pytest.mark.parametrize(
    "name", ["formatting", "references", "nested elements", "ampersands", "quotations"]
)
def test_a_body_that_is_too_much_is_left_out_and_reported(name: str) -> None:
    reading = read(BODIES[name](300_000))
    assert reading.article is not None
    (fault,) = reading.faults
    assert (fault.path, fault.line, fault.column, fault.key, fault.cost) == (
        "a.md",
        11,
        1,
        "body",
        "part",
    )
    assert "at most" in fault.expected
    assert content_of(reading.article) == f"<p>{reading.article.excerpt}</p>"


def test_a_body_of_half_a_mebibyte_is_rendered_and_one_byte_more_is_not() -> None:
    words = ("words of an article " * 10 + "\n\n") * 10_000
    assert read(words[: LARGEST * 9 // 10]).faults == ()
    (fault,) = read("é" * (LARGEST // 2 + 1)).faults
    assert (fault.key, fault.expected) == ("body", "at most 524,288 bytes")
    assert read("é" * (LARGEST // 2 - 10)).faults == ()


def test_what_is_long_but_usual_is_rendered() -> None:
    for body in (
        "- a *word* and [a link](/b) in `code`\n" * 2000,
        "| a | b | c |\n|---|---|---|\n" + "| 1 | 2 | 3 |\n" * 2000,
        "<p>a <b>word</b> and <a href='/b'>a link\n" * 3000,
        "<table>" + "<tr><td>a<td>b\n" * 3000 + "</table>",
        "<div><p>a</p><svg><path d='M1 1'/></svg></div>\n" * 2000,
        "\n\n".join(
            f"A word [{n}] and [another][{n}].\n\n[{n}]: /address/{n} 'Title'" for n in range(500)
        ),
        "> quoted\n> > twice\n> > > and more\n\n" * 500,
        "* * * * * * * * * * * * * * * * * * * * * * * * * *\n\na\n\n" + "-" * 60,
        "```\n" + "> " * 30 + "\n```",
    ):
        reading = read(body)
        assert reading.article is not None and reading.article.body, reading.faults


@pytest.mark.parametrize(
    "body", ["> " * 21 + "a", "- " * 11 + "a", "> - " * 7 + "> a", "> " * 25 + "- a"]
)
def test_what_is_in_too_many_lists_and_quotations_is_reported(body: str) -> None:
    (fault,) = read(f"Words\n\n{body}").faults
    assert (fault.key, fault.expected) == ("body", "at most 20 levels of lists and quotations")


@pytest.mark.parametrize("name", BODIES)
def test_no_body_breaks_what_renders_it(name: str) -> None:
    made = content_of(article(body=BODIES[name](100_000).strip()))
    assert len(made.encode()) <= LARGEST


def test_every_key_has_a_bound() -> None:
    for key, value in {
        "title": "x" * 5000,
        "webUrl": f"https://example.org/{'x' * 20_000}",
        "provider": f"{{domain: example.org, name: {'x' * 5000}}}",
        "category": "x" * 5000,
        "topics": f"[{'x' * 5000}, AI]",
        "excerpt": "x" * 140_000,
        "type": "x" * 5000,
        "originalUrl": f"https://example.org/{'é' * 3000}",
        "ampWebUrl": f"https://example.org/{'x' * 20_000}",
        "images": f"[{{url: 'https://example.org/{'x' * 20_000}'}}]",
        "related": f"[{{title: {'x' * 5000}, webUrl: 'https://example.org/'}}]",
        "previousUrls": f"['https://example.org/{'x' * 20_000}']",
        "id": f"urn:x:{'x' * 5000}",
    }.items():
        (fault,) = read("", **{key: value}).faults
        assert fault.key.startswith(key), fault
        assert fault.line > 1, fault


@pytest.mark.parametrize("key", ["topics", "images", "related", "previousUrls"])
def test_of_a_list_the_first_hundred_stay(key: str) -> None:
    items = {
        "topics": "Topic {}",
        "images": "{{url: 'https://example.org/{}.png'}}",
        "related": "{{title: R, webUrl: 'https://example.net/{}'}}",
        "previousUrls": "'https://example.org/old/{}'",
    }[key]
    whole = "[" + ", ".join(items.format(n) for n in range(3000)) + "]"
    reading = read("", **{key: whole})
    (fault,) = reading.faults
    assert (fault.key, fault.expected, fault.got, fault.cost) == (
        key,
        f"at most 100 {key}",
        "3000",
        "part",
    )
    found = reading.article
    assert found is not None
    assert len(getattr(found, {"previousUrls": "previous"}.get(key, key))) == 100
    assert (
        read("", **{key: "[" + ", ".join(items.format(n) for n in range(100)) + "]"}).faults == ()
    )


def grown(chance: random.Random) -> str:
    """A body in which some pieces repeat."""
    pieces = [
        *(
            "> ",
            "- ",
            "1. ",
            "    ",
            "\n",
            "\n\n",
            "*",
            "**",
            "_",
            "~~",
            "`",
            "```\n",
            "[",
            "]",
            "(",
            ")",
            "[a](b)",
            "|",
        ),
        *(
            "[x]",
            "[x]: /u 'y'\n",
            "|-|-|\n",
            "|a|b|\n",
            "<",
            "</",
            ">",
            "<b>",
            "<b lang=a1>",
            "<i>",
            "<a>",
            "<a href=x>",
        ),
        *(
            "<p>",
            "<div>",
            "</div>",
            "</p>",
            "</b>",
            "<table>",
            "<td>",
            "<tr>",
            "</table>",
            "<ul>",
            "<li>",
            "<svg>",
            "<x>",
        ),
        *(
            "<!--",
            "-->",
            "&",
            "&amp;",
            "&#1;",
            "\\",
            "a",
            "a ",
            "# ",
            "---\n",
            "===\n",
            "<http://a>",
            "\t",
            "=",
            '"',
            "'",
        ),
        *(
            "{%",
            "{% if %}",
            "{{",
            "{/*",
            "*/}",
            "{::comment}",
            "{:/}",
            "<?",
            "<script>",
            "\u0301\u0323",
            "é",
            "://",
        ),
        *("<select>", "<code>", "<img src=a srcset='a,a,a'>", "![a](b)", "</span>", "<span>"),
    ]

    def some(most: int) -> str:
        return "".join(chance.choices(pieces, k=chance.randint(1, most)))

    size = chance.choice([29_000, 60_000, 120_000, 250_000, 500_000])
    begin, one, other = chance.choice(["a ", some(3)]), some(5), some(3)
    half = size // chance.choice([1, 2])
    return (
        begin + one * (half // len(one.encode())) + other * ((size - half) // len(other.encode()))
    )


def searched(seconds: float) -> Iterator[tuple[float, str]]:
    """What bodies cost that are made by chance, as long as there is time."""
    seed = time.time_ns()
    chance, end = random.Random(seed), time.monotonic() + seconds
    while time.monotonic() < end:
        body = grown(chance)
        yield cost(body), body[:200]


@pytest.mark.parametrize("seconds", [1, pytest.param(600, marks=pytest.mark.soak)])
def test_no_body_is_found_that_costs_more(seconds: float) -> None:
    found = list(searched(seconds))
    worst = max(found)
    print(f"{len(found):,} bodies, the worst {worst}")
    assert worst[0] < PATIENCE * SECONDS


def test_faults_are_reported_by_check_and_by_a_build(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1, body="<div>" * 1000), "2.md": make.record(2)})
    said = make.invoke("check", cwd=tmp_path, check=1).stdout
    assert "1.md:11:1: body: expected at most 200 HTML elements in each other" in said
    assert "1.md:11:1: body:" in make.invoke("build", cwd=tmp_path, check=1).stderr


def test_a_fault_of_a_body_is_at_its_first_line() -> None:
    def line(text: str) -> Fault:
        (fault,) = read_record("a.md", text.encode(), make.NOW).faults
        return fault

    text = make.record(body="\n\n" + "<div>" * 1000)
    assert text.splitlines()[line(text).line - 1].startswith("<div>")
    toml = "+++\ntitle = 'x'\nwebUrl = 'https://example.org/'\npublishedDateTime = 2026-01-01\n[provider]\n"
    toml += "domain = 'example.org'\n+++\n\n" + "<div>" * 1000
    assert line(toml).line == 9
