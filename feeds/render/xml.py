"""The only user of feedgen and lxml, which works around feedgen's traps (version 1.0.0).

- A new FeedGenerator or FeedEntry has the current time in it (feed.py:39,73; entry.py:70): every
  date is set.
- Dates of RSS are written by switching the locale of the whole process (util.py formatRFC2822),
  which no thread may do while others run: replaced below by the standard library's writer, which
  needs no locale (RFC 5322 §3.3).
- The RSS <link> is the last link set: the alternate link is set last.
- Links of Atom entries lose rel and type (entry.py, lkiesow/python-feedgen#135): a plain alternate
  link needs neither.
- dc:creator, media:content and further links are added by feedgen's own extension classes (Extras).

An element serialised by itself repeats its namespaces. So an entry is serialised inside a root that
declares them, and the root is cut off. Such entries between the two halves of an empty feed are to
the byte what feedgen writes as a whole (tests/render/test_joined.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from email.utils import format_datetime
from typing import Any, ClassVar, NamedTuple
from xml.sax.saxutils import quoteattr

import feedgen.entry
import feedgen.feed
from feedgen.entry import FeedEntry as FeedEntry
from feedgen.ext.base import BaseEntryExtension, BaseExtension
from feedgen.feed import FeedGenerator as FeedGenerator
from lxml import etree

from feeds.model import Image, image_type
from feeds.render import PageLinks

feedgen.entry.formatRFC2822 = feedgen.feed.formatRFC2822 = format_datetime

MEDIA = "http://search.yahoo.com/mrss/"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
HISTORY = "http://purl.org/syndication/history/1.0"
SYNDICATION = "http://purl.org/rss/1.0/modules/syndication/"
TOMBSTONES = "http://purl.org/atompub/tombstones/1.0"
ATOM = "http://www.w3.org/2005/Atom"

PREFIXES = {"media": MEDIA, "dc": DUBLIN_CORE, "atom": ATOM, "content": CONTENT, "at": TOMBSTONES}
NONE: dict[str, str] = {}


class Extra(NamedTuple):
    """An element that feedgen does not know, at the end of an entry or of a feed's head."""

    tag: str
    text: str | None = None
    attributes: dict[str, str] = NONE
    children: tuple["Extra", ...] = ()


class Head(BaseExtension):  # type: ignore[misc]
    """Declare prefixes on a feed, and append elements to its head."""

    prefixes: ClassVar[dict[str, str]] = {}
    elements: Iterable[Extra] = ()

    def extend_ns(self) -> dict[str, str]:
        """Return the namespaces by prefix."""
        return self.prefixes

    def extend_atom(self, feed: Any) -> Any:
        """Append the elements."""
        feed.extend(map(element_of, self.elements))
        return feed

    def extend_rss(self, feed: Any) -> Any:
        """Append the elements to the channel."""
        feed[0].extend(map(element_of, self.elements))
        return feed


class Extras(BaseEntryExtension):  # type: ignore[misc]
    """Append elements to an entry, the same in RSS and Atom."""

    elements: Iterable[Extra] = ()

    def extend_atom(self, entry: Any) -> Any:
        """Append the elements."""
        entry.extend(map(element_of, self.elements))
        return entry

    extend_rss = extend_atom


def new_entry(extras: Iterable[Extra]) -> FeedEntry:
    """Return an empty entry, which will end with these elements."""
    entry = FeedEntry()
    entry.register_extension("extras", Extras)
    entry.extras.elements = extras
    return entry


def element_of(extra: Extra) -> Any:
    """Return an element by itself."""
    element = etree.Element(extra.tag, extra.attributes)
    element.text = extra.text
    element.extend(map(element_of, extra.children))
    return element


def new_feed(prefixes: dict[str, str], elements: Sequence[Extra]) -> FeedGenerator:
    """Return an empty feed that declares these prefixes and ends its head with these elements."""
    feed = FeedGenerator()
    feed.register_extension("head", Head)
    # Declare the prefix of RFC 5005 only where one of its elements is.
    own = {"fh": HISTORY} if any(HISTORY in extra.tag for extra in elements) else {}
    feed.head.prefixes = {"media": MEDIA, **prefixes, **own}
    feed.head.elements = elements
    feed.generator("feeds")
    return feed


def history(tag: str, place: PageLinks) -> Iterator[Extra]:
    """Yield the elements for a document's place in the history of its feed (RFC 5005 §2, §4)."""
    if place.complete:
        yield Extra(f"{{{HISTORY}}}complete")
    if place.current is not None:
        yield Extra(f"{{{HISTORY}}}archive")
    for relation, address in place.links().items():
        yield link(tag, relation, address)


def cut_out(*elements: Any) -> bytes:
    """Return the bytes of elements inside a document that declares their prefixes."""
    root = etree.Element("root", nsmap=PREFIXES)
    root.extend(elements)
    whole: bytes = etree.tostring(root, encoding="UTF-8")
    return whole[whole.index(b">") + 1 : whole.rindex(b"</")]


def halves(document: bytes, end: bytes) -> tuple[bytes, bytes]:
    """Cut an empty document where its entries go: before the closing tags in `end`."""
    at = document.rindex(end)
    return document[:at], document[at:]


def styled(document: bytes, style: str) -> bytes:
    """Add the address of a style for browsers to a document (w3.org/TR/xml-stylesheet)."""
    declaration, root = document.split(b"\n", 1)
    return b'%b\n<?xml-stylesheet type="text/css" href=%b?>\n%b' % (
        declaration,
        quoteattr(style).encode(),
        root,
    )


def pictures(
    images: Sequence[Image], best: Image | None, groups: Sequence[int] = ()
) -> Iterator[Extra]:
    """Yield media:content for each picture, the best first, and media:thumbnail for the best.

    Some readers show the one and some the other. Sizes are given where they are known. Those of one
    group are in a media:group, the largest first.
    """
    found: dict[int, list[Image]] = {}
    for group, image in zip(groups or range(len(images)), images, strict=True):
        found.setdefault(group, []).append(image)
    for sizes in sorted(found.values(), key=lambda sizes: best not in sizes):
        sizes.sort(key=lambda image: (image != best, -(image.width or 0)))
        contents = tuple(map(_picture, sizes))
        if len(contents) > 1:
            yield Extra(f"{{{MEDIA}}}group", children=contents)
        else:
            yield from contents
    if best is not None:
        yield Extra(f"{{{MEDIA}}}thumbnail", None, {"url": best.url, **_size(best)})


def _picture(image: Image) -> Extra:
    kind = {"type": kind} if (kind := image_type(image.url)) else {}
    attributes = {"url": image.url, "medium": "image", **kind, **_size(image)}
    said = image.alt or image.caption
    description = (Extra(f"{{{MEDIA}}}description", said, {"type": "plain"}),) if said else ()
    return Extra(f"{{{MEDIA}}}content", None, attributes, description)


def link(tag: str, rel: str, href: str, **more: str) -> Extra:
    """Return a link with its relation, which feedgen drops in entries and in the head of RSS."""
    return Extra(tag, None, {"href": href, "rel": rel, **more})


def serialised(root: Extra) -> bytes:
    """Return a whole document of elements, with an XML declaration."""
    whole: bytes = etree.tostring(
        element_of(root), encoding="UTF-8", xml_declaration=True, pretty_print=True
    )
    return whole


def _size(image: Image) -> dict[str, str]:
    size = {"width": image.width, "height": image.height}
    return {name: str(number) for name, number in size.items() if number is not None}
