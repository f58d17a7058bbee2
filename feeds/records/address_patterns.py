"""The address that a record has under an address pattern of config.toml, an earlier one too.

An address pattern is what `[records.fields]` says of `webUrl`, as JSON. In: a pattern, and the
bytes of a record. Out: its address. Not here: which patterns there were (ids.ledger), and what
follows from them (ingest).
"""

import json
from codecs import BOM_UTF8
from datetime import tzinfo

from feeds.records import fields, frontmatter, toml
from feeds.records.keys import WEB_URL
from feeds.records.mapping import FieldMapping, read_mapping
from feeds.records.values import as_address
from feeds.urls import identity


def address_pattern(mapping: FieldMapping | None) -> str:
    """Return the pattern of a mapping; without one, each address is taken from its own key."""
    return json.dumps(WEB_URL) if mapping is None else mapping.address_pattern


def with_pattern(mapping: FieldMapping | None, pattern: str) -> FieldMapping:
    """Return the mapping with another address pattern.  Raises MappingError."""
    kept = {} if mapping is None else mapping.fields
    read = read_mapping({WEB_URL: json.loads(pattern)})
    own = {name: source for name, source in kept.items() if name != WEB_URL}
    changed = {**own, **({} if read is None else read.fields)}
    return FieldMapping(changed, "", pattern)


def address_under(mapping: FieldMapping, path: str, content: bytes, zone: tzinfo) -> str | None:
    """Return the address of a record, as it is compared; None where the mapping makes none."""
    try:
        text = content.removeprefix(BOM_UTF8).decode()
        front = toml.read(text) if toml.is_toml(text) else frontmatter.read(text)
        if front.data is None:
            return None
        return identity(as_address(fields.apply(mapping, front.data, path, zone).data.get(WEB_URL)))
    except ValueError:
        return None
