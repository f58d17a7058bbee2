"""The JSON Schema of a record (draft 7), for editors that complete and check while one writes.

It says of a record, as YAML 1.2 reads it, what shape says of it; tests hold the two together. A
schema cannot see quotation marks nor compare dates, so `feeds check` knows more. Not here: records
in the keys of others.
"""

import json
from typing import Any

from feeds.records.plain import SECRET_KEY
from feeds.records.shape import (
    FALSE,
    LONGEST_ID,
    TRUE,
    ImageShape,
    ProviderShape,
    Record,
    RelatedShape,
    Shape,
)

Schema = dict[str, Any]
NAME = "record.schema"
MEDIA_TYPE = "application/schema+json; charset=utf-8"

TEXT: Schema = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
# A name is not hyphens and spaces alone.
NAMED: Schema = {"type": ["string", "number", "boolean"], "pattern": r"[^\s-]"}
ADDRESS: Schema = {"type": "string", "pattern": r"^\s*[hH][tT][tT][pP][sS]?://[^\s/]"}
MOMENT: Schema = {
    "type": "string",
    "pattern": r"^\s*\d{4}-\d\d?-\d\d?(([Tt]|[ \t]+)\d\d?:\d\d(:\d\d([.,]\d+)?)?"
    r"([ \t]*([Zz]|[+-]\d\d?(:?[0-5]\d)?))?)?\s*$",
    "examples": ["2026-11-23T09:30:00Z"],
}
BOOLEAN: Schema = {
    "enum": [
        True,
        False,
        *sorted((TRUE | FALSE) - {"true", "false", "True", "False", "TRUE", "FALSE"}),
    ]
}
NUMBER: Schema = {"type": "number", "minimum": 0}
PIXELS: Schema = {"type": "integer", "minimum": 1, "maximum": 10**9 - 1}
BYTES: Schema = {"type": "integer", "minimum": 1, "maximum": 10**15 - 1}
DOMAIN: Schema = {"type": "string", "pattern": r"^\s*[^\s/:@?#]+\s*$", "examples": ["example.org"]}
IRI: Schema = {
    "type": "string",
    "pattern": r"^\s*[A-Za-z][A-Za-z0-9+.-]*:\S+\s*$",
    "maxLength": LONGEST_ID,
}

TYPES: dict[type[Shape], dict[str, tuple[Schema, str]]] = {
    ProviderShape: {
        "domain": (DOMAIN, "The host name that the provider is known by."),
        "name": (TEXT, "What the provider is called; the domain when absent."),
    },
    ImageShape: {
        "url": (ADDRESS, "Where the picture is."),
        "width": (PIXELS, "In pixels."),
        "height": (PIXELS, "In pixels."),
        "isCached": (BOOLEAN, "Checked, and not shown."),
        "length": (BYTES, "In bytes; with a known type the largest picture becomes an enclosure."),
    },
    RelatedShape: {
        "title": (TEXT, "What it is called."),
        "webUrl": (ADDRESS, "Where it is read."),
        "excerpt": (TEXT, "What it says, in short."),
        "publishedDateTime": (MOMENT, "When it was published."),
        "ampWebUrl": (ADDRESS, "Its AMP page."),
        "cdnAmpWebUrl": (ADDRESS, "Its AMP page in a cache."),
        "type": (TEXT, "Such as article or video."),
        "provider": ({"$ref": "#/definitions/provider"}, "Who published it."),
        "quality": (NUMBER, "Zero or more."),
        "images": ({"type": "array", "items": {"$ref": "#/definitions/image"}}, "Its pictures."),
    },
    Record: {
        "title": (TEXT, "What the article is called, on one line."),
        "webUrl": (ADDRESS, "Where the article is read. Records with one address are one article."),
        "publishedDateTime": (
            MOMENT,
            "When it is published; without an offset in site.timezone. Until then it appears nowhere.",
        ),
        "provider": ({"$ref": "#/definitions/provider"}, "Who published the article."),
        "published": (BOOLEAN, "With false the record appears nowhere."),
        "id": (IRI, "What readers know the article by. Never change it."),
        "previousUrls": (
            {"type": "array", "items": ADDRESS},
            "Earlier addresses of the article, the oldest first.",
        ),
        "updatedDateTime": (
            MOMENT,
            "When it last changed: not before publication, not in the future.",
        ),
        "expiryDateTime": (
            MOMENT,
            "When it is gone, after publication: from then on it appears nowhere.",
        ),
        "category": (NAMED, "The one category whose feed it is in."),
        "excerpt": (TEXT, "What it says, in short."),
        "originalUrl": (ADDRESS, "Where it was first published."),
        "ampWebUrl": (ADDRESS, "Its AMP page."),
        "cdnAmpWebUrl": (ADDRESS, "Its AMP page in a cache."),
        "type": (TEXT, "Such as article or video."),
        "quality": (NUMBER, "Zero or more; feeds of your own can ask for it."),
        "heat": (NUMBER, "Zero or more; feeds of your own can ask for it, and go by it."),
        "topics": ({"type": "array", "items": NAMED}, "The topics whose feeds it is in."),
        "images": (
            {"type": "array", "items": {"$ref": "#/definitions/image"}},
            "The largest one is shown first.",
        ),
        "related": (
            {"type": "array", "items": {"$ref": "#/definitions/related"}},
            "Coverage of the same matter.",
        ),
    },
}


def record_schema() -> Schema:
    """The schema, as plain data."""
    record = _of(Record)
    record["properties"][SECRET_KEY] = {
        "description": "Dropped while the file is read: it is never published."
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Record",
        "description": "An article record of feeds: YAML between two lines ---, TOML between two lines +++, or YAML.",
        **record,
        "definitions": {
            "provider": _of(ProviderShape),
            "image": _of(ImageShape),
            "related": _of(RelatedShape),
        },
    }


def schema_text() -> str:
    """The schema as it is published and printed."""
    return json.dumps(record_schema(), ensure_ascii=False, indent=2) + "\n"


def _of(shape: type[Shape]) -> Schema:
    properties = {}
    for key, (schema, description) in TYPES[shape].items():
        required = shape.model_fields[key].is_required()
        # Without a value a key is as absent; `published` alone must say something.
        said = (
            schema
            if required or key == "published"
            else {"anyOf": [schema, {"enum": [None, *_empty(schema)]}]}
        )
        properties[key] = {"description": description, **said}
        if "$ref" in said:  # beside a reference nothing else counts in draft 7
            properties[key] = {"description": description, "allOf": [said]}
    needed = [key for key, field in shape.model_fields.items() if field.is_required()]
    return {"type": "object", "properties": properties, "required": needed}


def _empty(schema: Schema) -> list[str]:
    return [] if schema.get("type") == "array" or "$ref" in schema else [""]
