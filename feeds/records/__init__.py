"""Records: the files that editors write, read into articles.

keys: the table of record keys.  frontmatter, fast_parser, full_parser, toml: text to plain data.
mapping, fields, file_names: data in the keys of another publisher to data in ours.  validation,
values, key_typos: what the data may say.  hiding, hiding_text: what says that a record is not for
the public.  reading: all of it together, with every fault in its place.  faults: what a fault is.
Not here: what was read before (store), what is visible (selection).
"""

from feeds.records.address_patterns import address_pattern, address_under, with_pattern
from feeds.records.faults import Cost, Fault
from feeds.records.hiding_text import may_be_hidden
from feeds.records.hints import hint, slip_of
from feeds.records.jsonschema import record_schema, schema_text
from feeds.records.mapping import FieldMapping, MappingError, read_mapping
from feeds.records.quoting import quotable
from feeds.records.reading import Reading, place_of_identity, read_record, refusal

__all__ = [
    "Cost",
    "Fault",
    "FieldMapping",
    "MappingError",
    "Reading",
    "address_pattern",
    "address_under",
    "hint",
    "may_be_hidden",
    "place_of_identity",
    "quotable",
    "read_mapping",
    "read_record",
    "record_schema",
    "refusal",
    "schema_text",
    "slip_of",
    "with_pattern",
]
