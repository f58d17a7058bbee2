"""What is read line by line is what the YAML parser makes of it: over texts like records, and over
damaged ones."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from feeds.records import frontmatter, full_parser
from feeds.records.frontmatter import LONGEST_LAYOUT, VALUE, read_data
from feeds.records.plain_data import Plain
from tests.make import ROOT, Corpora

SEEDS = sorted(file for file in (ROOT / "seeds").rglob("*") if file.is_file())
SIMPLE = [
    "", "text", "two words", '"quoted"', "'quoted'", '""', "''", "null", "true", "55", "2024-05-01T01:02:03Z",
    "https://example.org/?a=b&c=d", "it's", '"it\\"s"', '"back\\\\slash"', "a:b", "a - b", "a, b", "é", "日本語",
    '"\U0001f680 é"',
]  # fmt: skip
ODD = [
    "~", "-1", ".5", "0", "=", "''''", "'a''b'", '"a"b', '"line\\n"', '"a\\', '"a', "a: b", "a:", "a #b", "a#b", "#",
    "[a, b]", "{a: b}", "&a b", "*a", "!!str a", "| ", ">", "@a", "`a`", "%a", "? a", "- a", "a ] b", "a }", "a & b",
    "\u05e9\u05dc", "a\u00a0b", "a\u0085b", '"a\u0085b"', "a\u2028b", '"a\u2028b"', "a\ufeffb", '"a\x7fb"',
    '"a\x01b"', '"a\tb"', "a\tb", "a ", '"a" ', '"a" # b', "a\r", "...", "---", "<<",
]  # fmt: skip
KEYS = ["a", "b", "c", "d", "title", "x-y", "x_1", "secured", "null", "k" * 61]
ODD_KEYS = ["<<", "1", '"a"', "é", "a b", "k" * 62, "a.b", "a "]
DOUBTFUL = [
    "a: [b]",
    "a: {b: c}",
    "a: &x b",
    "a: !!int 5",
    "a: |\n  b",
    "a: b\na: c",
    "a: b: c",
    "a: b # c",
    "",
    "- a",
]
SIGNS = list("ab1:- \n\"'#\\[{&*!|>%\t")
FORMS = ["a: {}b", "a: b{}c", 'a: "{}"', "a: '{}'", "a:\n- {}", "a: 1\n# {}"]


@st.composite
def mappings(draw: Callable[..., Any], column: int = 0, depth: int = 0) -> list[str]:
    """The lines of a mapping, nearly always a sound one."""
    lines = []
    for key in draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True)):
        kind = draw(
            st.sampled_from(["scalar", "scalar", "mapping", "items"] if depth < 3 else ["scalar"])
        )
        start = " " * column + key + ":"
        if kind == "scalar" or key == "secured":
            lines.append(f"{start} {draw(st.sampled_from(SIMPLE))}".removesuffix(" "))
        elif kind == "mapping":
            lines += [start, *draw(mappings(column + draw(st.integers(1, 3)), depth + 1))]
        else:
            inner = column + draw(st.integers(0, 2))
            lines.append(start)
            for _ in range(draw(st.integers(0, 3))):
                if draw(st.booleans()):
                    lines.append(f"{' ' * inner}- {draw(st.sampled_from(SIMPLE))}")
                else:
                    first, *others = draw(mappings(inner + 2, depth + 1))
                    lines += [f"{' ' * inner}- {first.lstrip()}", *others]
        lines += draw(st.sampled_from([[], [], [], [""], ["# note"], ["   # note"]]))
    return lines


@st.composite
def damaged(draw: Callable[..., Any]) -> str:
    """The text of a mapping in which something small may be wrong."""
    lines = draw(mappings())
    at = draw(st.integers(0, len(lines) - 1))
    kind = draw(st.sampled_from(["value", "key", "indent", "swapped", "gone", "signs"]))
    line = lines[at]
    if kind == "value":
        lines[at] = line.partition(": ")[0] + ": " + draw(st.sampled_from(ODD))
    elif kind == "key":
        lines[at] = draw(st.sampled_from(ODD_KEYS + KEYS)) + ":" + line.partition(":")[2]
    elif kind == "indent":
        lines[at] = draw(st.sampled_from([" ", "  ", "- ", "-", "\t"])) + line
    elif kind == "swapped":
        lines[at] = draw(st.sampled_from(lines))
    elif kind == "gone":
        del lines[at]
    text = "\n".join(lines) + draw(st.sampled_from(["", "\n", "\n\n"]))
    if kind == "signs":
        at = draw(st.integers(0, len(text)))
        text = (
            text[:at]
            + draw(st.text(st.sampled_from(SIGNS), max_size=3))
            + text[at + draw(st.integers(0, 2)) :]
        )
    return str(text)


def typed(value: Any) -> Any:
    """Data in which a plain scalar and a quoted one differ, and the order of keys counts."""
    if isinstance(value, dict):
        return [(key, typed(item)) for key, item in value.items()]
    return [typed(item) for item in value] if isinstance(value, list) else (type(value), value)


def check(source: str) -> bool:
    """Hold what is read line by line, if it is, against the parser; return whether it was."""
    data = read_data(source)
    if data is None:
        return False
    front = full_parser.read(source, "", 0, False)
    assert front.flaws == ()
    assert typed(data) == typed(front.data)
    return True


@given(mappings().map("\n".join))
@example("a:\n- b\nc: d\n")
@example("a:\n  - b: c\n    d:\n    - e\n  - f:\ng: h\n")
def test_lines_say_what_the_parser_says(source: str) -> None:
    assert check(source) or "secured" in source


@given(damaged())
@example("secured: a\nsecured: b")
@example("secured:\n  a: b")
@example("a: b\n  c: d")
@example("a:\n  b: c\n d: e")
@example("  a: b\nc: d")
@example("a: b\n  # note\n  c")
@example("a:\n- b\n  - c")
@example("a:\n-\n  b")
@example("# note")
def test_damaged_lines_say_what_the_parser_says(source: str) -> None:
    check(source)


@given(st.text(st.sampled_from(SIGNS), max_size=40))
def test_signs_say_what_the_parser_says(source: str) -> None:
    check(source)


@given(st.characters(exclude_categories=["Cs"]), st.sampled_from(FORMS))
def test_no_character_means_more_than_it_seems(character: str, form: str) -> None:
    check(form.format(character) + "\nz: 1\n")


@pytest.mark.soak
def test_no_character_of_all_means_more_than_it_seems() -> None:
    codes = [*range(0xD800), *range(0xE000, 0x11000), 0x1F680, 0x1FFFE, 0x10FFFF]
    assert (
        sum(check(form.format(chr(code)) + "\nz: 1\n") for code in codes for form in FORMS)
        > 300_000
    )


@pytest.mark.parametrize("file", SEEDS, ids=lambda file: file.name)
def test_seeds_say_the_same_line_by_line(file: Path) -> None:
    check(frontmatter.split(file.read_text(encoding="utf-8"))[0])


def test_every_record_of_the_corpus_is_read_line_by_line(corpora: Corpora) -> None:
    texts = [
        file.read_text(encoding="utf-8") for file in (corpora.of(200) / "records").rglob("*.md")
    ]
    assert all(check(frontmatter.split(text)[0]) for text in texts)


@pytest.mark.parametrize("source", [*DOUBTFUL, 'a: "b\\n"'])
def test_what_could_mean_more_is_left_to_the_parser(source: str) -> None:
    assert read_data(source) is None


@pytest.mark.parametrize(
    "sources",
    [
        ["a: b\nc: d", "a: 1\nc: 0", "a: '0'\nc: \"1\"", "a: null\nc: nulls", "a:\nc: x"],
        ["a: b", "a: \0", "a- b", "a : b", "a - b", "- b", "a:  b", "a: - b"],
        ["# a: b\nc: d", "# a: 0\nc: d", "# a\nc: d", "# a: 'b\nc: d"],
        ["a:\n- b: c\n  d: e\n- f", "a:\n- b: 0\n  d: 1\n- 2", "a:\n- b: 'x'\n  d: null\n- ''"],
        ["a:\n  secured: b\nc: d", "a:\n  secured: 1\nc: 0", "a:\n  secured: null\nc: d"],
        ['a: "b"\nc: d', 'a: "b\\""\nc: d', "a: 'b\"'\nc: d", 'a: b"c\nc: d'],
        ["\n".join(f"k{n}: {n}" for n in range(count)) for count in (9, LONGEST_LAYOUT // 4)],
    ],
    ids=lambda sources: repr(sources[0][:20]),
)
def test_what_is_learned_of_one_text_says_nothing_wrong_of_another(sources: list[str]) -> None:
    for source in (*sources, *reversed(sources)):
        check(source)


@pytest.mark.parametrize(
    "written", ['"hush-hush"', "'hush-hush'", "hush-hush", "hush:hush", '"h: hush"']
)
@pytest.mark.parametrize("form", ["secured: {}\na: b", "a:\n- secured: {}\n  b: c"])
def test_secured_is_in_no_form_that_is_kept(form: str, written: str) -> None:
    source = form.format(written)
    assert read_data(source) is not None
    assert "hush" not in "".join(VALUE.split(source)[::2])


def test_plain_and_quoted_scalars_differ() -> None:
    data = read_data("a: 55\nb: \"55\"\nc: '55'\n")
    assert data == {"a": "55", "b": "55", "c": "55"}
    assert [type(value) for value in data.values()] == [Plain, str, str]


def test_secured_is_in_nothing_that_is_read_line_by_line() -> None:
    assert read_data('a:\n  - secured: "x"\n    b: c\n') == {"a": [{"b": "c"}]}
    assert read_data('secured: "x"\na: b') == {"a": "b"}
    assert read_data('secured: "x"\na:\n  secured: y\n') is None  # twice: the parser tells
