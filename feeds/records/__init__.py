"""Records: the files that editors write, read into articles.

folder: which files there are, and their bytes.  frontmatter, toml: text to plain data.  mapping, fields, naming: data
in the keys of another publisher to data in ours.  shape, slips: what the data may say.  reading: all of it together,
with every fault in its place.  faults: what a fault is.
Not here: what was read before (store), what is visible (selection). Each name loads its module when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feeds.records.faults import Cost as Cost
    from feeds.records.faults import Fault as Fault
    from feeds.records.folder import Found as Found
    from feeds.records.folder import find as find
    from feeds.records.folder import printable as printable
    from feeds.records.folder import read_file as read_file
    from feeds.records.folder import walk as walk
    from feeds.records.hints import hint as hint
    from feeds.records.hints import slip_of as slip_of
    from feeds.records.jsonschema import record_schema as record_schema
    from feeds.records.jsonschema import schema_text as schema_text
    from feeds.records.mapping import FieldMapping as FieldMapping
    from feeds.records.mapping import MappingError as MappingError
    from feeds.records.mapping import read_mapping as read_mapping
    from feeds.records.quoting import quotable as quotable
    from feeds.records.reading import Reading as Reading
    from feeds.records.reading import place_of_identity as place_of_identity
    from feeds.records.reading import read_record as read_record
    from feeds.records.reading import refusal as refusal

_MODULES = {
    "Cost": "faults",
    "Fault": "faults",
    "FieldMapping": "mapping",
    "Found": "folder",
    "MappingError": "mapping",
    "Reading": "reading",
    "find": "folder",
    "hint": "hints",
    "place_of_identity": "reading",
    "printable": "folder",
    "quotable": "quoting",
    "read_file": "folder",
    "read_mapping": "mapping",
    "read_record": "reading",
    "record_schema": "jsonschema",
    "refusal": "reading",
    "schema_text": "jsonschema",
    "slip_of": "hints",
    "walk": "folder",
}
__all__ = [*_MODULES]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'feeds.records' has no attribute {name!r}")
    return getattr(import_module(f"feeds.records.{_MODULES[name]}"), name)
