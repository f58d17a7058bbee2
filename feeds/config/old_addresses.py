"""[redirects] and [copies] of config.toml: feeds of ours at addresses that readers knew before.

In: tables of an old path and the path of a feed's document, both below site.base_url. Out: the
types of these tables, and what is wrong with them beside the rest of config.toml. Not here: feeds
whose own name changed (feeds), and how a server answers at an old address (serve, build/hosts).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from feeds.urls import BELOW, PAGE, document_path, parse_path

XML = ".xml"  # the ending of a file that any server sends as XML
# What browsers ask for where a document names no icon, as where they show a feed.
WELL_KNOWN = {"favicon.ico": "icon.svg"}


def _old_path(text: str) -> str:
    path = text.strip("/")
    if not text.startswith("/") or not re.fullmatch(BELOW, path):
        raise ValueError('expected a path below site.base_url, such as "/index.xml"')
    return path


def _document(text: str) -> str:
    path = document_path(text.lstrip("/"))
    parsed = parse_path(path)
    if parsed is None or parsed.page:
        raise ValueError('expected the path of a feed, such as "feed.rss" or "topics/ai/feed.rss"')
    return path


# By an old path without slashes around it, the path of the document.
OldAddresses = Annotated[
    dict[
        Annotated[str, AfterValidator(_old_path)],
        Annotated[str, AfterValidator(_document)],
    ],
    Field({}),
]


def problems(
    redirects: Mapping[str, str], copies: Mapping[str, str], formats: tuple[str, ...]
) -> Iterator[str]:
    """Yield what is wrong with the two tables, as `copies./index.xml: expected …, got …`."""
    for table, addresses in {"redirects": redirects, "copies": copies}.items():
        for old, path in addresses.items():
            key, parsed = f"{table}./{old}", parse_path(path)
            if parse_path(old) is not None:
                yield f"{key}: expected a path at which feeds publishes nothing"
            if parsed is None or parsed.format not in (*formats, PAGE):
                yield f"{key}: expected one of feeds.formats, {list(formats)}, got {path!r}"
    for old, path in copies.items():
        if path.endswith(PAGE) or not old.endswith((XML, path[path.rindex(".") :])):
            expected = "expected a feed, at a path that ends in .xml or as the feed does"
            yield f"copies./{old}: {expected}, got {path!r}"
    for old in redirects.keys() & copies.keys():
        yield f"redirects./{old}: expected a path that is not in copies"
