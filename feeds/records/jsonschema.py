"""The JSON Schema of a record (draft 7), for editors that complete and check while one writes.

It follows from the table of keys, of records as YAML 1.2 reads them. A
schema cannot see quotation marks nor compare dates, so `feeds check` knows more. Not here: records
in the keys of others.
"""

import json
from collections.abc import Sequence
from typing import Any

from feeds.records import keys
from feeds.records.keys import RECORD, SECRET_KEY, Key, ListOf, MappingOf, Scalar, Type
from feeds.records.values import FALSE, LONGEST_ID, TRUE

Schema = dict[str, Any]
NAME = "record.schema"
MEDIA_TYPE = "application/schema+json; charset=utf-8"

SAYS_SOMETHING: Schema = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
SCALARS: dict[Scalar, Schema] = {
    keys.TEXT: SAYS_SOMETHING,
    keys.LINE: SAYS_SOMETHING,
    # A name is not hyphens and spaces alone.
    keys.LABEL: {"type": ["string", "number", "boolean"], "pattern": r"[^\s-]"},
    keys.ADDRESS: {"type": "string", "pattern": r"^\s*[hH][tT][tT][pP][sS]?://[^\s/]"},
    keys.HOST: {
        "type": "string",
        "pattern": r"^\s*[^\s/:@?#]+\s*$",
        "examples": [keys.HOST.example],
    },
    keys.IRI: {
        "type": "string",
        "pattern": r"^\s*[A-Za-z][A-Za-z0-9+.-]*:\S+\s*$",
        "maxLength": LONGEST_ID,
    },
    keys.MOMENT: {
        "type": "string",
        "pattern": r"^\s*(\d{4}[-/]\d\d?[-/]\d\d?([Tt \t].*)?"
        r"|([A-Za-z]{3,9}[.,]? )?\d\d?[a-z]{0,2}[ -][A-Za-z]{3,9}[ .,-].*"
        r"|([A-Za-z]{3,9}[.,]? ){1,2}\d\d?[a-z]{0,2}[ ,].*)$",
        "examples": [keys.MOMENT.example],
    },
    keys.NUMBER: {"type": "number", "minimum": 0},
    keys.PIXELS: {"type": "integer", "minimum": 1, "maximum": 10**9 - 1},
    keys.BYTES: {"type": "integer", "minimum": 1, "maximum": 10**15 - 1},
    keys.BOOLEAN: {
        "enum": [
            True,
            False,
            *sorted((TRUE | FALSE) - {"true", "false", "True", "False", "TRUE", "FALSE"}),
        ]
    },
}
DEFINITIONS = {"provider": keys.OF_PROVIDER, "image": keys.IMAGE, "related": keys.RELATED}


def record_schema() -> Schema:
    """Return the schema, as plain data."""
    record = _of(RECORD)
    record["properties"][SECRET_KEY] = {
        "description": "Dropped while the file is read: it is never published."
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Record",
        "description": "An article record of feeds: YAML between two lines ---,"
        " TOML between two lines +++, YAML or JSON.",
        **record,
        "definitions": {name: _of(kind.keys) for name, kind in DEFINITIONS.items()},
    }


def schema_text() -> str:
    """Return the schema as it is published and printed."""
    return json.dumps(record_schema(), ensure_ascii=False, indent=2) + "\n"


def _of(known: Sequence[Key]) -> Schema:
    needed = [key.name for key in known if key.required]
    return {
        "type": "object",
        "properties": {key.name: _of_key(key) for key in known},
        "required": needed,
    }


def _of_key(key: Key) -> Schema:
    schema = _of_type(key.type)
    if not key.required and key.empty:  # without a value it counts as absent
        empty = [None, ""] if isinstance(key.type, Scalar) else [None]
        schema = {"anyOf": [schema, {"enum": empty}]}
    elif "$ref" in schema:  # beside a reference nothing else counts in draft 7
        schema = {"allOf": [schema]}
    return {"description": key.description, **schema}


def _of_type(kind: Type) -> Schema:
    if isinstance(kind, ListOf):
        return {"type": "array", "items": _of_type(kind.of)}
    if isinstance(kind, MappingOf):
        name = next(name for name, one in DEFINITIONS.items() if one is kind)
        return {"$ref": f"#/definitions/{name}"}
    return SCALARS[kind]
