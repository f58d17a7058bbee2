"""Record text to plain data: fences, places, anchors, what is refused, and texts made to crash or
to stall a parser."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records.frontmatter import read, split
from feeds.records.plain_data import DEEPEST, Flaw, Plain, key_text
from tests import make

MIB = 1024 * 1024
SECONDS = 8

# Run in a process of its own: a crash of the C library or an endless loop must not take the tests
# with it.
READ_ASIDE = """
import sys
from pathlib import Path
from feeds.records.frontmatter import read
front = read(Path(sys.argv[1]).read_bytes().decode())
print(front.data is not None, *[f"{flaw.place[0]}:{flaw.place[1]} {flaw.expected}, {flaw.got}" for flaw in front.flaws])
"""


def read_aside(tmp_path: Path, text: str) -> str:
    file = tmp_path / "record.md"
    make.write(file, text)
    command = [sys.executable, "-c", READ_ASIDE, str(file)]
    done = subprocess.run(command, cwd=make.ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, f"{done.returncode}: {done.stderr[-500:]}"
    return done.stdout.strip()


def flaw_of(text: str) -> Flaw:
    front = read(text)
    assert len(front.flaws) == 1, front.flaws
    return front.flaws[0]


@pytest.mark.parametrize(
    ("text", "yaml", "body", "before"),
    [
        pytest.param("---\na: b\n---\nBody\n", "a: b\n", "Body\n", 1, id="fenced"),
        pytest.param("---\na: b\n---", "a: b\n", "", 1, id="nothing after the fence"),
        pytest.param("---\r\na: b\r\n---\r\nBody\r\n", "a: b\r\n", "Body\r\n", 1, id="CRLF"),
        pytest.param("---\na: b\n...\nBody", "a: b\n", "Body", 1, id="dots end it"),
        pytest.param(
            "---  \na: b\n--- \t\nBody", "a: b\n", "Body", 1, id="blanks after the fences"
        ),
        pytest.param("\n \n\n---\na: b\n---\n", "a: b\n", "", 4, id="leading blank lines"),
        pytest.param(
            "---\na: b\n---\nx\n---\ny\n",
            "a: b\n",
            "x\n---\ny\n",
            1,
            id="a rule in the body is body",
        ),
        pytest.param(
            "---\na: b\n----\n....\n---\nx", "a: b\n----\n....\n", "x", 1, id="like a fence"
        ),
        pytest.param("---\n---\nBody", "", "Body", 1, id="empty"),
        pytest.param("a: b\n", "a: b\n", "", 0, id="plain YAML"),
        pytest.param("---\na: b\n", "---\na: b\n", "", 0, id="no end"),
        pytest.param("", "", "", 0, id="nothing"),
    ],
)
def test_a_text_is_split_at_its_fences(text: str, yaml: str, body: str, before: int) -> None:
    assert split(text) == (yaml, body, before)


@pytest.mark.parametrize("text", ["---\na: b\n", "---\r\na: b\r\n", "a: b", "--- \na: b"])
def test_a_front_matter_without_an_end_is_yaml_as_a_whole(text: str) -> None:
    front = read(text)
    assert (front.data, front.body, front.flaws) == ({"a": "b"}, "", ())


def test_a_dash_inside_a_value_is_no_fence() -> None:
    front = read("---\na: |\n  one\n  ---\n  two\n---\nBody\n")
    assert (front.data, front.body) == ({"a": "one\n---\ntwo\n"}, "Body\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
@given(
    lines=st.lists(st.from_regex(r"[a-z]{1,8}: [a-z]{1,8}", fullmatch=True), max_size=5),
    body=st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])),
)
def test_whatever_stands_after_the_fence_is_the_body(
    newline: str, lines: list[str], body: str
) -> None:
    yaml = "".join(line + newline for line in lines)
    assert split(f"---{newline}{yaml}---{newline}{body}") == (yaml, body, 1)


@given(st.text(max_size=200))
def test_any_text_is_read_or_has_a_flaw_in_its_place(text: str) -> None:
    front = read(text, with_places=True)
    assert front.data is not None or front.flaws
    for flaw in front.flaws:
        assert flaw.place >= (1, 1)
        assert flaw.place[1] >= 1


@given(st.text(st.sampled_from(list("ab:-?[]{}&*!|>'\"%@#, \n\t<~")), max_size=60))
def test_any_marks_of_yaml_are_read_or_have_a_flaw(text: str) -> None:
    front = read(f"---\n{text}\n---\n", with_places=True)
    assert front.data is not None or front.flaws


@pytest.mark.parametrize(
    ("yaml", "value"),
    [
        pytest.param("1984", "1984", id="number"),
        pytest.param("NO", "NO", id="boolean"),
        pytest.param("2020-11-12", "2020-11-12", id="date"),
        pytest.param("0x1F", "0x1F", id="hexadecimal"),
        pytest.param("1:30", "1:30", id="sexagesimal"),
        pytest.param("=", "=", id="default value"),
        pytest.param("~", None, id="tilde"),
        pytest.param("null", None, id="null"),
        pytest.param("", None, id="nothing"),
        pytest.param('"null"', "null", id="quoted null"),
        pytest.param("!!str ~", "~", id="null said to be text"),
        pytest.param('"\\u00e9\\x41"', "éA", id="escapes"),
        pytest.param("[a, [b], {c: d}]", ["a", ["b"], {"c": "d"}], id="flow"),
    ],
)
def test_a_scalar_stays_text_whatever_yaml_takes_it_for(yaml: str, value: Any) -> None:
    front = read(f"---\nkey: {yaml}\n---\n")
    assert (front.data, front.flaws) == ({"key": value}, ())


@pytest.mark.parametrize(
    ("yaml", "is_plain"),
    [("yes", True), ("'yes'", False), ('"yes"', False), ("!!str yes", False), ("!!bool yes", True)],
)
def test_only_what_is_not_quoted_is_plain(yaml: str, is_plain: bool) -> None:
    data = read(f"key: {yaml}").data
    assert data is not None
    assert isinstance(data["key"], Plain) is is_plain


@pytest.mark.parametrize(
    ("text", "place", "expected", "got"),
    [
        pytest.param("", (1, 1), "a YAML mapping", "nothing", id="empty file"),
        pytest.param("---\n---\n", (2, 1), "a YAML mapping", "nothing", id="empty front matter"),
        pytest.param(
            "---\n# only this\n---\n", (2, 1), "a YAML mapping", "nothing", id="comment alone"
        ),
        pytest.param("- a\n", (1, 1), "a YAML mapping", "something else", id="a list"),
        pytest.param("Just a line.\n", (1, 1), "a YAML mapping", "something else", id="prose"),
        pytest.param(
            "a: b\n---\nc: d\n", (2, 1), "one YAML document", "another after it", id="two documents"
        ),
        pytest.param(
            '---\na: "x\nb: c\n---\n',
            (2, 4),
            "YAML",
            "unexpected end of stream",
            id="unclosed double quote",
        ),
        pytest.param(
            "---\nz: y\na: 'x\nb: c\n---\n",
            (3, 4),
            "YAML",
            "unexpected end of stream",
            id="unclosed quote",
        ),
        pytest.param("a: [b\n", (2, 1), "YAML", "did not find expected", id="unclosed list"),
        pytest.param("---\na: b: c\n---\n", (2, 5), "YAML", "colon", id="a colon too many"),
        pytest.param("---\na: b\n\tc: d\n---\n", (3, 1), "YAML", "tab", id="tab"),
        pytest.param("---\na: @b\n---\n", (2, 4), "YAML", "reserved character", id="at sign"),
        pytest.param("---\né: ü\nb: a\0c\n---\n", (3, 5), "YAML", "U+0000", id="NUL"),
        pytest.param(
            "---\r\na: b\r\né: é\x1b\r\n---\r\n", (3, 5), "YAML", "U+001B", id="escape, CRLF"
        ),
        pytest.param("a: \x7f", (1, 4), "YAML", "U+007F", id="delete"),
        pytest.param(
            "---\na: 1\nb: 2\na: 3\n---\n",
            (4, 1),
            "a key once",
            "the key again",
            id="duplicate key",
        ),
        pytest.param(
            "a:\n  - b: 1\n    b: 2\n", (3, 5), "a key once", "the key again", id="nested duplicate"
        ),
        pytest.param(
            "{a: 1, 'a': 2}", (1, 8), "a key once", "the key again", id="duplicate, quoted"
        ),
        pytest.param(
            "? [a]\n: b\n",
            (1, 3),
            "a key that is text",
            "something else",
            id="a key that is a list",
        ),
        pytest.param(
            "? {a: b}\n: b\n",
            (1, 3),
            "a key that is text",
            "something else",
            id="a key that is a mapping",
        ),
        pytest.param(
            "a: *b\n",
            (1, 4),
            "an alias to an anchor before it",
            "one without",
            id="alias to nothing",
        ),
        pytest.param(
            "a: &b [*b]\n",
            (1, 8),
            "an alias to something complete",
            "stands in",
            id="recursive list",
        ),
        pytest.param(
            "a: &b {c: *b}\n",
            (1, 11),
            "an alias to something complete",
            "stands in",
            id="recursive mapping",
        ),
        pytest.param(
            "&a b: *a\n",
            (1, 7),
            "an alias to an anchor before it",
            "one without",
            id="anchor on a key",
        ),
        pytest.param(
            "a: !!python/object/apply:os.system [x]\n",
            (1, 4),
            "without a tag",
            "a tag",
            id="Python tag",
        ),
        pytest.param(
            "a:\n- !!python/name:os.system ''\n",
            (2, 3),
            "without a tag",
            "a tag",
            id="nested Python tag",
        ),
        pytest.param(
            "!!python/tuple a: b\n", (1, 1), "without a tag", "a tag", id="Python tag on a key"
        ),
        pytest.param("a: !own b\n", (1, 4), "without a tag", "a tag", id="own tag"),
        pytest.param("a: !!binary aGk=\n", (1, 4), "without a tag", "a tag", id="binary"),
        pytest.param("a: !!set {b}\n", (1, 4), "without a tag", "a tag", id="set"),
    ],
)
def test_a_flaw_has_its_place(text: str, place: tuple[int, int], expected: str, got: str) -> None:
    flaw = flaw_of(text)
    assert flaw.place == place
    assert expected in flaw.expected
    assert got in flaw.got


def test_every_flaw_is_reported_at_once() -> None:
    front = read("---\na: !x 1\na: 2\nb: {c: !y 3, c: 4}\n---\n")
    assert [flaw.place for flaw in front.flaws] == [(2, 4), (3, 1), (4, 8), (4, 14)]
    assert [key_text(flaw.path) for flaw in front.flaws] == ["a", "a", "b.c", "b.c"]


def test_places_are_those_of_the_values_in_the_file() -> None:
    front = read('\n---\na: 1\nb:\n  - é: "x"\n    c: [y, z]\n---\n', with_places=True)
    assert front.places == {
        (): (3, 1),
        ("a",): (3, 4),
        ("b",): (5, 3),
        ("b", 0): (5, 5),
        ("b", 0, "é"): (5, 8),
        ("b", 0, "c"): (6, 8),
        ("b", 0, "c", 0): (6, 9),
        ("b", 0, "c", 1): (6, 12),
    }


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85"], ids=["LS", "PS", "NEL"])
def test_a_line_is_what_an_editor_counts_as_one(separator: str) -> None:
    front = read(f'---\na: "x{separator}y"\nb: c\n---\n', with_places=True)
    assert front.places["b",] == (3, 4)


def test_a_key_is_written_as_a_person_writes_it() -> None:
    assert key_text(("related", 0, "images", 12, "url")) == "related[0].images[12].url"
    assert key_text(()) == ""


SECRETS = [
    pytest.param("secured: {C}\na: b\n", id="plain"),
    pytest.param("'secured': '{C}'\na: b\n", id="quoted"),
    pytest.param('"\\x73ecured": "{C}"\na: b\n', id="escaped"),
    pytest.param("!!str secured: {C}\na: b\n", id="tagged"),
    pytest.param("? secured\n: {C}\na: b\n", id="explicit key"),
    pytest.param("secured: |\n  {C}\n  more\na: b\n", id="block"),
    pytest.param("secured:\n  - {C}: {C}\n  - [{C}]\na: b\n", id="mappings and lists"),
    pytest.param("secured: &x {C}\na: b\n", id="anchor"),
    pytest.param("a: b\nc: {secured: {C}}\n", id="nested"),
    pytest.param("a: b\nc:\n  - - d: [{e: {secured: {C}}}]\n", id="deeply nested"),
    pytest.param(
        "a: b\nx: &x {secured: {C}}\nc: *x\nd:\n  <<: *x\n", id="in an anchor that is used"
    ),
    pytest.param("a: b\n<<: {secured: {C}}\n", id="merged"),
    pytest.param('{"a": "b", "secured": "{C}"}', id="JSON"),
]


@pytest.mark.parametrize("yaml", SECRETS)
def test_secured_is_dropped_wherever_it_stands(yaml: str) -> None:
    text = yaml.replace("{C}", make.CANARY)
    front = read(text, with_places=True)
    assert front.data is not None
    assert front.data["a"] == "b"
    for held in (repr(front), repr(front.places), repr(read(f"---\n{text}\n---\nBody"))):
        assert make.CANARY not in held


@pytest.mark.parametrize(
    "yaml",
    [
        pytest.param("secured: &x {C}\na: *x\n", id="value"),
        pytest.param("secured:\n  - b: &x {C}\na: *x\n", id="inside"),
        pytest.param("secured: &x [&y {C}]\na: *y\n", id="nested"),
        pytest.param("secured: &x {k: {C}}\na:\n  <<: *x\n", id="merge"),
    ],
)
def test_no_alias_reaches_into_secured(yaml: str) -> None:
    front = read(yaml.replace("{C}", make.CANARY))
    assert (front.data, [flaw.expected for flaw in front.flaws]) == (
        None,
        ["an alias to an anchor before it"],
    )
    assert make.CANARY not in repr(front)


@pytest.mark.parametrize(
    "yaml",
    [
        pytest.param('secured: "{C}\na: b\n', id="unclosed"),
        pytest.param("secured: [{C}\na: b\n", id="unclosed list"),
        pytest.param("secured: {C}: {C}\n", id="colon"),
        pytest.param("secured: !{C} x\n", id="tag"),
        pytest.param("secured: *{C}\nb: *c\n", id="alias"),
        pytest.param("secured: {C}\0\n", id="control character"),
        pytest.param("secured: a\nsecured: {C}\n", id="twice"),
        pytest.param("secured: '{C}'{C}\n", id="after the quote"),
        pytest.param("secured: %{C}\n", id="percent"),
        pytest.param("\tsecured: {C}\n", id="tab"),
    ],
)
def test_no_flaw_quotes_secured(yaml: str) -> None:
    front = read(yaml.replace("{C}", make.CANARY))
    assert front.flaws
    assert make.CANARY not in repr(front)


@pytest.mark.parametrize(
    ("yaml", "data"),
    [
        pytest.param("a: &x [1]\nb: *x\n", {"a": ["1"], "b": ["1"]}, id="alias"),
        pytest.param(
            "a: &x 1\nb: &x 2\nc: *x\n", {"a": "1", "b": "2", "c": "2"}, id="the last anchor counts"
        ),
        pytest.param(
            "a: &x {b: 1}\nc: {<<: *x, d: 2}\n",
            {"a": {"b": "1"}, "c": {"b": "1", "d": "2"}},
            id="merge",
        ),
        pytest.param(
            "a: {b: 1, <<: {b: 2, c: 3}}\n", {"a": {"b": "1", "c": "3"}}, id="its own keys win"
        ),
        pytest.param(
            "a: {<<: [{b: 1}, {b: 2, c: 3}]}\n",
            {"a": {"b": "1", "c": "3"}},
            id="the first merged wins",
        ),
        pytest.param(
            "a: {'<<': {b: 1}}\n", {"a": {"<<": {"b": "1"}}}, id="a quoted key does not merge"
        ),
    ],
)
def test_aliases_and_merge_keys_are_followed(yaml: str, data: dict[str, Any]) -> None:
    front = read(yaml)
    assert (front.data, front.flaws) == (data, ())


@pytest.mark.parametrize("kind", ["lists", "mappings", "merges", "texts"])
def test_an_alias_bomb_is_refused(kind: str) -> None:
    if kind == "texts":
        bomb = "a: &a [" + ", ".join(["x"] * 1000) + "]\nb: [" + ", ".join(["*a"] * 1000) + "]\n"
    else:
        around = {"lists": "[{}]", "mappings": "{{k0: {}}}", "merges": "{{<<: [{}], {}: 1}}"}[kind]
        bomb = "a0: &a0 {x: y}\n"
        for level in range(1, 12):
            if kind == "mappings":
                inner = "{" + ", ".join(f"k{n}: *a{level - 1}" for n in range(9)) + "}"
            else:
                inner = around.format(", ".join([f"*a{level - 1}"] * 9), f"own{level}")
            bomb += f"a{level}: &a{level} {inner}\n"
    flaw = flaw_of(bomb)
    assert (flaw.expected, flaw.got) == ("at most 20000 values", "aliases that stand for more")


@pytest.mark.parametrize(
    ("opened", "closed"), [("[", "]"), ("{a: ", "}")], ids=["lists", "mappings"]
)
def test_the_deepest_nesting_is_exact(opened: str, closed: str) -> None:
    assert read("a: " + opened * (DEEPEST - 1) + closed * (DEEPEST - 1)).flaws == ()
    assert "levels" in flaw_of("a: " + opened * DEEPEST + closed * DEEPEST).expected


DEEP = ["[", "{a: ", "- ", "? ", "{? ", "[? ", "!!str ", "&a "]


@pytest.mark.parametrize("token", DEEP)
@pytest.mark.parametrize(
    "start", ["", "a: ", "a:\n ", "---\na:\n "], ids=["bare", "value", "block", "fenced"]
)
def test_a_mebibyte_of_nesting_is_refused_in_peace(tmp_path: Path, start: str, token: str) -> None:
    if start in ("", "a: "):  # these end soon: in this process, to save time
        assert read(start + token * (MIB // len(token))).data is None
    else:
        assert read_aside(tmp_path, start + token * (MIB // len(token))).startswith("False ")


@pytest.mark.parametrize("token", ["[", "{a: ", "- "])
def test_a_mebibyte_of_nesting_in_secured_is_refused_in_peace(tmp_path: Path, token: str) -> None:
    read_aside(tmp_path, "a: b\nsecured:\n " + token * (MIB // len(token) - 20))


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["LF", "CRLF"])
def test_a_long_front_matter_without_an_end_is_read_in_time(tmp_path: Path, newline: str) -> None:
    lines = "".join(f"key{n}: value{newline}" for n in range(5000))
    assert read_aside(tmp_path, f"---{newline}{lines}") == "True"


@pytest.mark.parametrize("blank", ["\n", " ", "\r\n", "---\n", "-", "\t"], ids=repr)
def test_a_mebibyte_of_nothing_is_read_in_time(tmp_path: Path, blank: str) -> None:
    read_aside(tmp_path, blank * (MIB // len(blank)))
