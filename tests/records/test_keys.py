"""The table of record keys: all else follows from it, and nothing else lists keys."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.model import Article, Image, Provider, Related
from feeds.records import keys
from feeds.records.keys import (
    IMAGE,
    OF_PROVIDER,
    RECORD,
    RELATED,
    STORED_BODY,
    STORED_HTML,
    ListOf,
    MappingOf,
    Scalar,
    Type,
)
from feeds.records.plain_data import Plain
from tests import make
from tests.make import ROOT

SCALARS = [kind for kind in vars(keys).values() if isinstance(kind, Scalar)]
MIXED_CASE = {name for name in keys.every_name() if name != name.lower()}

# A row for the table and a field for the model, as one who adds a key would write them.
ROW = '    Key("subtitle", LINE, "A second title.", "subtitle", stored=(17,)),\n'
FIELD = "    subtitle: str | None = None\n"
SCRIPT = """
import sys
from datetime import UTC, datetime
from pathlib import Path

from feeds import store
from feeds.config.feeds import Names
from feeds.model import Article
from feeds.records import read_record
from feeds.records.jsonschema import record_schema
from feeds.render.compiled import DECLARED
from feeds.store.rows import article_of, record_row

now, names = datetime(2026, 11, 23, tzinfo=UTC), Names({}, {})
text = Path(sys.argv[1]).read_text()


def read(line):
    return read_record("1.md", text.replace("---\\n", f"---\\n{line}\\n", 1).encode(), now)


assert read("subtitle: Words").article.subtitle == "Words"  # by the fast parser
assert read("subtitle: Words  # by the full parser").article.subtitle == "Words"
wrong = read("subtitle: [a]")
assert [(fault.key, fault.cost) for fault in wrong.faults] == [("subtitle", "part")]
assert wrong.article is not None and wrong.article.subtitle is None
assert record_schema()["properties"]["subtitle"]["description"] == "A second title."

*_, kept = record_row(read("subtitle: Words").article, names)
assert article_of("1.md", "digest", "id", kept).subtitle == "Words"
earlier = kept.removesuffix(',"Words"]') + "]"  # of a store from before the key
assert article_of("1.md", "digest", "id", earlier).subtitle is None

print(*set(Article._fields) - set(DECLARED[Article]))
"""


def inserted(file: Path, before: str, text: str) -> None:
    source = file.read_text(encoding="utf-8")
    assert source.count(before) == 1
    file.write_text(source.replace(before, text + before), encoding="utf-8")


def test_a_row_and_a_field_are_a_new_key_for_everything_but_the_formats(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "feeds", tmp_path / "feeds")
    inserted(tmp_path / "feeds/records/keys.py", "    Key(TOPICS, ", ROW)
    inserted(tmp_path / "feeds/model.py", "    expires: datetime | None = None\n", FIELD)
    record = tmp_path / "1.md"
    record.write_text(make.record(1), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(record)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=make.LONGEST,
    )
    assert done.returncode == 0, done.stderr
    # What test_every_field_is_declared then fails for, until formats say what they make of it.
    assert done.stdout.split() == ["subtitle"]


def texts_of(file: Path) -> Iterator[str]:
    """The texts in a module, but for docstrings."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    docs = {id(node.body[0].value) for node in ast.walk(tree)
            if isinstance(node, documented) and isinstance(node.body[0], ast.Expr)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docs and isinstance(node.value, str):
            yield node.value


# Rooms that write the text of a record or of config.toml, in which keys stand as people read them.
WRITERS = {"importers"}


def test_no_other_module_spells_a_key() -> None:
    spelled = re.compile(rf"\b(?:{'|'.join(sorted(MIXED_CASE))})\b")
    found = {
        f"{file.relative_to(ROOT)}: {text}"
        for file in sorted((ROOT / "feeds").rglob("*.py"))
        if file.name != "keys.py" and file.parent.name not in WRITERS
        for text in texts_of(file)
        if spelled.search(text) is not None
    }
    assert found == set()


@pytest.mark.parametrize(
    ("kind", "made"), [(OF_PROVIDER, Provider), (IMAGE, Image), (RELATED, Related)]
)
def test_the_fields_of_a_mapping_are_kept_in_the_order_of_the_model(
    kind: MappingOf, made: Any
) -> None:
    assert tuple(key.field for key in kind.kept) == made._fields


def test_every_field_of_a_record_is_one_of_an_article_and_stored_in_a_place_of_its_own() -> None:
    assert {key.field for key in RECORD if key.field} <= set(Article._fields)
    places = [place for key in RECORD for place in key.stored]
    assert sorted([*places, STORED_BODY, STORED_HTML]) == list(range(len(places) + 2))


def scalars(kind: Type) -> Iterator[Scalar]:
    if isinstance(kind, Scalar):
        yield kind
    elif isinstance(kind, ListOf):
        yield from scalars(kind.of)
    else:
        for key in kind.keys:
            yield from scalars(key.type)


def test_every_type_has_a_name_of_its_own_and_a_good_example() -> None:
    assert {one for key in RECORD for one in scalars(key.type)} == set(SCALARS)
    assert len({kind.name for kind in SCALARS}) == len(SCALARS)
    for kind in SCALARS:
        kind.check(Plain(kind.example))


@given(st.data())
@pytest.mark.parametrize(
    "kind", [kind for kind in SCALARS if kind.plain], ids=lambda kind: str(kind.name)
)
def test_what_is_plain_needs_no_check(kind: Scalar, data: Any) -> None:
    text = data.draw(st.from_regex(kind.plain, fullmatch=True).filter(lambda one: len(one) < 4096))
    if kind is keys.MOMENT:
        return  # there may be no such day, which the fast parser leaves to the full parser
    converted = {keys.NUMBER: float, keys.PIXELS: int, keys.BYTES: int, keys.BOOLEAN: "true".__eq__}
    convert: Any = converted.get(kind, str)
    assert kind.check(Plain(text)) == convert(text)
