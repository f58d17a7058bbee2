"""The one grammar of globs, by itself and where config.toml has globs."""

import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records.globs import below, escape, regex
from feeds.records.mapping import read_mapping
from feeds.sources.folder import excluding, walk
from tests import make


@pytest.mark.parametrize(
    ("glob", "fits", "others"),
    [
        ("a/*/b", ["a/x/b"], ["a/b", "a/x/y/b"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/xb", "ab"]),
        ("**.md", ["a.md", "x/a.md"], ["a.mdx"]),
        ("a?b", ["axb"], ["a/b", "ab"]),
        ("[ab]", ["a", "b"], ["c", "[ab]"]),
        ("x[!ab]x", ["xcx"], ["xax", "x/x"]),
        ("[0-9]", ["7"], ["a"]),
        ("[*][?][[]", ["*?["], ["ab["]),
        ("[]x]", ["]", "x"], ["["]),
        ("[z-a]", ["[z-a]"], ["z"]),
        ("[a", ["[a"], ["a"]),
        ("a\nb*", ["a\nbc\n"], ["a"]),
    ],
)
def test_globs_fit_paths(glob: str, fits: list[str], others: list[str]) -> None:
    found = [path for path in (*fits, *others) if re.fullmatch(regex(glob), path)]
    assert found == fits


@given(st.text())
def test_escaped_text_stands_for_itself(text: str) -> None:
    assert re.fullmatch(regex(escape(text)), text)
    assert not re.fullmatch(regex(escape(text)), f"{text}x")


@given(st.text("*?[]!^-az/&|~\\", max_size=12), st.text("az/[]-", max_size=8))
def test_any_text_is_a_glob(glob: str, path: str) -> None:
    re.fullmatch(regex(glob), path)


@pytest.mark.parametrize(
    ("glob", "left"),
    [
        ("drafts", ["drafts.md", "x/y.md"]),
        ("drafts/", ["drafts.md", "x/y.md"]),
        ("/drafts", ["drafts.md", "x/drafts/a.md", "x/y.md"]),
        ("/drafts/", ["drafts.md", "x/drafts/a.md", "x/y.md"]),
        ("x/drafts", ["drafts.md", "drafts/a.md", "x/y.md"]),
        ("*/drafts", ["drafts.md", "drafts/a.md", "x/y.md"]),
        ("/*.md", ["drafts/a.md", "x/drafts/a.md", "x/y.md"]),
        ("[dy]*", []),
        ("/[!d]*", ["drafts.md", "drafts/a.md"]),
    ],
)
def test_what_is_excluded_is_not_read(glob: str, left: list[str], tmp_path: Path) -> None:
    for path in ("drafts.md", "drafts/a.md", "x/drafts/a.md", "x/y.md"):
        make.write(tmp_path / path, "")
    if glob == "[dy]*":
        (tmp_path / "x/y.md").unlink()
    found = sorted(file.path for file in walk(tmp_path, excluding([glob])))
    assert found == left


@pytest.mark.parametrize(
    ("glob", "fits"),
    [
        ("", ["a.md", "s/b.md", "s/t/c.md", "st/d.md"]),
        ("s", ["s/b.md", "s/t/c.md", "st/d.md"]),
        ("/s/", ["s/b.md", "s/t/c.md"]),
        ("*/t", ["s/t/c.md"]),
        ("*.md", ["a.md"]),
        ("**.md", ["a.md", "s/b.md", "s/t/c.md", "st/d.md"]),
        ("*/c", []),
        ("**/c", ["s/t/c.md"]),
    ],
)
def test_defaults_hold_for_paths_that_begin_as_their_glob(glob: str, fits: list[str]) -> None:
    table = f"defaults = [{{ path = '{glob}', values = {{ v = 'x' }} }}]\ntitle = 't'"
    mapping = read_mapping(tomllib.loads(table))
    assert mapping is not None
    paths = ("a.md", "s/b.md", "s/t/c.md", "st/d.md")
    assert [path for path in paths if mapping.completed({}, path)] == fits


@given(
    st.text(st.sampled_from("ab/*?"), max_size=8),
    st.sampled_from(["a", "b", "a/b", "ab/a"]),
    st.text(st.sampled_from("ab/"), min_size=1, max_size=6),
)
def test_what_is_left_of_a_glob_in_a_folder_finds_the_same(
    glob: str, folder: str, path: str
) -> None:
    found = any(re.fullmatch(regex(one), path) for one in below(glob, folder))
    above = folder.split("/")
    places = ["/".join(above[:number]) for number in range(1, len(above) + 1)]
    is_above = any(re.fullmatch(regex(glob), place) for place in places)
    assert found == (is_above or re.fullmatch(regex(glob), f"{folder}/{path}") is not None)
