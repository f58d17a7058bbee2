"""Records: the files that editors write, read into articles.

keys: the table of record keys.  frontmatter, full_parser, toml: text to plain data.  mapping,
fields: data in the keys of another publisher to data in ours.  values, validation: what the data
may say.  hiding, hiding_text: what says that a record is not for the public.  passages, templates:
what a body hides, and what it says in a template language.  markdown, embeds, markup: its HTML,
with what it embeds as links, cleaned and within bounds.  reading: all of it together, with every
fault in its place.  faults: what a fault is.  jsonschema, hints, quoting: for editors.  Not here:
what was read before (store), what is visible (selection).
"""

from feeds.records.faults import Cost, Fault
from feeds.records.hiding_text import may_be_hidden
from feeds.records.mapping import (
    FieldMapping,
    MappingError,
    address_pattern,
    folder_of,
    in_folder,
    read_mapping,
    with_pattern,
)
from feeds.records.reading import (
    Reading,
    place_of_identity,
    read_record,
    refusal,
    without_article,
)

__all__ = [
    "Cost",
    "Fault",
    "FieldMapping",
    "MappingError",
    "Reading",
    "address_pattern",
    "folder_of",
    "in_folder",
    "may_be_hidden",
    "place_of_identity",
    "read_mapping",
    "read_record",
    "refusal",
    "with_pattern",
    "without_article",
]
