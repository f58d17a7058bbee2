"""The JSON Schema of a record says what the reading of one says, as far as a schema can."""

import json
import re
from typing import Any

import jsonschema
import pytest
import yaml
from jsonschema import Draft7Validator

from feeds.records import read_record
from feeds.records.frontmatter import split
from feeds.records.jsonschema import record_schema
from feeds.records.keys import RECORD
from tests import make

SCHEMA = record_schema()
CHECKER: Any = Draft7Validator(SCHEMA)
SCALARS = [
    "null",
    "true",
    "yes",
    "maybe",
    "3",
    "0",
    "-1",
    "2.5",
    "text",
    "'-'",
    "''",
    "2026-05-04",
    "2026-05-04T08:30Z",
    "2026/05/04",
    "4 May 2026",
    "May 4, 2026",
    "Mon, 04 May 2026 08:30:00 +0200",
    "04.05.2026",
    "2026-05",
]
SCALARS += [
    "https://example.org/x",
    "ftp://example.org",
    "example.org",
    "tag:example.org,2026:1",
    "[]",
    "{}",
    "[a]",
]
SCALARS += [
    "[https://example.org/x]",
    "[{url: 'https://example.org/x', width: 3}]",
    "[{url: 'https://example.org/x'}]",
]
SCALARS += [
    "[{title: a, webUrl: 'https://example.org/x', provider: {domain: example.org}, images: []}]"
]
SCALARS += [
    "[{title: a}]",
    "{domain: example.org, name: 1984}",
    "{name: a}",
    "{domain: 'https://example.org'}",
    "3000000000",
]


class Loader(yaml.SafeLoader):
    """YAML 1.2's core as editors read it: dates and `yes` are text."""


Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:bool")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|false)$", re.IGNORECASE), list("tfTF")
)


def front(text: str) -> Any:
    """The front matter of a record, as an editor's YAML reader gives it."""
    return yaml.load(split(text)[0], Loader)


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "file", sorted((make.ROOT / "seeds").rglob("*.*")), ids=lambda file: file.name
)
def test_a_sound_seed_is_sound_by_the_schema(file: Any) -> None:
    text = file.read_text(encoding="utf-8")
    reading = read_record(file.name, text.encode(), make.NOW)
    if not reading.faults:
        jsonschema.validate(front(text), SCHEMA, Draft7Validator)


@pytest.mark.parametrize("key", [key.name for key in RECORD])
def test_of_every_kind_of_value_the_schema_says_what_a_reading_says(key: str) -> None:
    for value in SCALARS:
        text = make.record(1, **{key: value})
        faults = [
            fault
            for fault in read_record("1.md", text.encode(), make.NOW).faults
            if fault.cost != "nothing"
        ]
        reported = [
            error
            for error in CHECKER.iter_errors(front(text))
            if error.path and error.path[0] == key
        ]
        late = key in ("updatedDateTime", "expiryDateTime") and any(
            "moment after" in fault.expected for fault in faults
        )
        assert bool(reported) is bool(faults) or late, (
            f"{key}: {value}: {faults} {[error.message for error in reported]}"
        )


@pytest.mark.parametrize("key", ["webUrl", "publishedDateTime", "provider"])
def test_a_required_key_is_required(key: str) -> None:
    absent: dict[str, Any] = {key: None}
    (error,) = CHECKER.iter_errors(front(make.record(1, **absent)))
    assert key in error.message


def test_unknown_keys_and_secrets_are_let_be() -> None:
    assert not list(CHECKER.iter_errors(front(make.record(1, layout="post", secured="[{a: 1}]"))))


def test_the_command_prints_it_and_a_build_writes_it(tmp_path: Any) -> None:
    make.site(tmp_path, {"1.md": make.record(1)})
    printed = make.invoke("schema", cwd=tmp_path).stdout
    assert json.loads(printed) == SCHEMA
    make.invoke("build", cwd=tmp_path)
    assert (tmp_path / "public/record.schema").read_text() == printed
    config = make.site(tmp_path, {}, '[records.fields]\nwebUrl = "address"\n')
    make.invoke("build", cwd=tmp_path, check=1)
    # records in the keys of others have another
    assert not (config.output_folder / "record.schema").exists()
