"""The one door to feedgen and lxml, where feedgen's traps are mended.  Read at feedgen 1.0.0.

- A new FeedGenerator or FeedEntry carries the time of its making (feed.py:39,73; entry.py:70): every moment is set.
- Dates of RSS are written by switching the locale of the whole process (util.py formatRFC2822), which no thread may do
  while others run: replaced below by the standard library's locale-free writer (RFC 5322 §3.3).
- `add_entry` prepends unless told; the RSS <link> is the last link set: `append`, and the alternate link last.
- Links of Atom entries lose rel and type (entry.py, lkiesow/python-feedgen#135): a plain alternate link needs neither.
- dc:creator, media:content and RSS <source> come through feedgen's own extension classes, in Extras.

An element serialised by itself repeats its namespaces, so an entry is serialised inside a root that declares them,
and the root is cut off. Entries cut so, put between the two halves of an empty feed, are to the byte what feedgen
writes whole; tests/render/test_joined.py holds that.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any

import feedgen.entry
import feedgen.feed
from feedgen.entry import FeedEntry as FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator as FeedGenerator
from lxml import etree

from feeds.model import Image

feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = format_datetime

MEDIA = "http://search.yahoo.com/mrss/"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"


@dataclass(frozen=True, slots=True)
class Extra:
    """An element that feedgen has no word for, at the end of an entry."""

    tag: str
    text: str | None = None
    attributes: dict[str, str] = field(default_factory=dict)


class Media(BaseExtension):  # type: ignore[misc]
    """Declares the prefix of pictures on a feed."""

    def extend_ns(self) -> dict[str, str]:
        """The prefixes, and what they stand for."""
        return {"media": MEDIA}


class MediaAndDublinCore(BaseExtension):  # type: ignore[misc]
    """Declares the prefixes of pictures and creators on a feed."""

    def extend_ns(self) -> dict[str, str]:
        """The prefixes, and what they stand for."""
        return {"media": MEDIA, "dc": DUBLIN_CORE}


class Extras(BaseEntryExtension):  # type: ignore[misc]
    """Appends elements to an entry, the same in RSS and Atom."""

    elements: Iterable[Extra] = ()

    def extend_atom(self, entry: Any) -> Any:
        """Append the elements."""
        for extra in self.elements:
            element = etree.SubElement(entry, extra.tag, extra.attributes)
            element.text = extra.text
        return entry

    extend_rss = extend_atom


def new_entry(extras: Iterable[Extra]) -> FeedEntry:
    """An entry to fill, that ends with these elements."""
    entry = FeedEntry()
    entry.register_extension("extras", Extras)
    entry.extras.elements = extras
    return entry


def new_feed(prefixes: type[BaseExtension]) -> FeedGenerator:
    """A feed to fill, that declares these prefixes."""
    feed = FeedGenerator()
    feed.register_extension("prefixes", prefixes)
    feed.generator("feeds")
    return feed


def cut_out(element: Any) -> bytes:
    """The bytes of an element as they stand inside a document that declares the prefixes it uses."""
    root = etree.Element("root", nsmap={"media": MEDIA, "dc": DUBLIN_CORE})
    root.append(element)
    whole: bytes = etree.tostring(root, encoding="UTF-8")
    return whole[whole.index(b">") + 1 : whole.rindex(b"</")]


def halves(document: bytes, end: bytes) -> tuple[bytes, bytes]:
    """An empty document, cut where its entries go: before the closing tags in `end`."""
    at = document.rindex(end)
    return document[:at], document[at:]


def pictures(images: Iterable[Image]) -> Iterator[Extra]:
    """media:content for each picture, with its size where it is known (Media RSS, content)."""
    for image in images:
        size = {"width": image.width, "height": image.height}
        known = {name: str(number) for name, number in size.items() if number is not None}
        yield Extra(f"{{{MEDIA}}}content", None, {"url": image.url, "medium": "image", **known})
