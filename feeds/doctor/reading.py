"""The bytes of a feed to what it says, by the standard library alone, and what keeps it from being
read.

Entities are refused before anything is parsed: a DOCTYPE is a finding of its own.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

# The formats that are read here, whoever writes them, and the media types under which readers take
# them, the right one first.
MEDIA_TYPES = {
    "rss": ("application/rss+xml", "application/xml", "text/xml"),
    "atom": ("application/atom+xml", "application/xml", "text/xml"),
    "json": ("application/feed+json", "application/json"),
}
ATOM = "{http://www.w3.org/2005/Atom}"
MEDIA = "{http://search.yahoo.com/mrss/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
BASE = "{http://www.w3.org/XML/1998/namespace}base"
DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
ELEMENT = re.compile(rb"<[A-Za-z_]")
DECLARED = re.compile(rb"""^<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)""")
IN_HTML = re.compile(r"""<[a-z][^<>]*\s(?:href|src)\s*=\s*["']([^"']*)["']""", re.IGNORECASE)


class Unreadable(Exception):
    """It cannot be read as a feed: the kind of the finding, and what was seen."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: its id, what it is called in a report, its dates and its addresses as they are
    written.

    `flaws` are what else is wrong with it: a kind of finding, and what was seen.
    """

    id: str
    name: str
    dates: tuple[str, ...]
    addresses: tuple[str, ...]
    pictures: tuple[str, ...] = ()
    flaws: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A feed as it was read.  `required` are the parts that must be there, each with what it
    holds."""

    format: str
    encoding: str
    required: dict[str, str]
    itself: tuple[str, ...]
    older: str
    dates: tuple[str, ...]
    addresses: tuple[str, ...]
    entries: tuple[Entry, ...]
    is_archive: bool = False


def read(body: bytes) -> Document:
    """Read a feed.  Raises Unreadable."""
    start = body.lstrip()[:1]
    if start == b"{":
        return _json(body)
    if start != b"<" and not body.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise Unreadable("not-a-feed", "neither XML nor JSON")
    if re.match(rb"\s*<(?:!doctype\s+html|html)", body, re.IGNORECASE):
        raise Unreadable("not-a-feed", "a page of HTML")
    root = xml(body)
    declared = DECLARED.match(body)
    encoding = declared[1].decode().lower() if declared else "utf-8"
    if root.tag == "rss":
        return _rss(root, encoding)
    if root.tag == f"{ATOM}feed":
        return _atom(root, encoding)
    raise Unreadable("not-a-feed", f"XML whose root is <{root.tag.rpartition('}')[2][:40]}>")


def xml(body: bytes) -> ElementTree.Element:
    """The root of an XML document without entities.  Raises Unreadable."""
    root_at = ELEMENT.search(plain := body.replace(b"\0", b""))
    if DOCTYPE.search(plain, 0, root_at.start() if root_at else len(plain)):
        raise Unreadable("doctype", "<!DOCTYPE")
    parser = ElementTree.XMLParser(target=_Guarded())
    try:
        parser.feed(body)
        root: ElementTree.Element = parser.close()
    except ElementTree.ParseError as error:
        raise Unreadable("not-well-formed", str(error)) from error
    except (ValueError, LookupError) as error:  # an encoding that expat does not know
        raise Unreadable("charset", str(error)) from error
    return root


class _Guarded(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse one that stands behind a comment which looks like an element."""
        raise Unreadable("doctype", f"<!DOCTYPE {name[:40]}>")


def _text(element: ElementTree.Element, tag: str) -> str:
    return " ".join(
        "".join(found.itertext() if (found := element.find(tag)) is not None else ()).split()
    )


def _links(element: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for link in element.iterfind(f"{ATOM}link"):
        yield link.get("rel", "alternate"), link.get("href", "")


def _pictures(element: ElementTree.Element) -> tuple[str, ...]:
    tags = (f"{MEDIA}content", f"{MEDIA}thumbnail")
    found = [picture.get("url", "") for tag in tags for picture in element.iter(tag)]
    enclosures = element.findall("enclosure")
    found += [one.get("url", "") for one in enclosures if one.get("type", "").startswith("image/")]
    return tuple(dict.fromkeys(address for address in found if address))


def _in_html(*texts: str) -> list[str]:
    return [
        address
        for text in texts
        for address in IN_HTML.findall(text)
        if not address.startswith("#")
    ]


def _rss(root: ElementTree.Element, encoding: str) -> Document:
    channel = root.find("channel")
    if channel is None:
        raise Unreadable("missing", "channel")
    entries = []
    for number, item in enumerate(channel.iterfind("item"), start=1):
        guid = item.find("guid")
        name = (guid.text if guid is not None else "") or ""
        addresses = [_text(item, "link"), *(address for _, address in _links(item))]
        if guid is not None and guid.get("isPermaLink", "true") == "true":
            addresses.append(name.strip())
        dates = tuple(date for tag in ("pubDate",) if (date := _text(item, tag)))
        html = _in_html(_text(item, "description"), item.findtext(CONTENT) or "")
        title = _text(item, "title") or _text(item, "description")
        shown = title[:40] or f"item {number}"
        addresses += [*html, *(one.get("url", "") for one in item.iter("enclosure"))]
        said = tuple(address for address in addresses if address)
        enclosures = item.findall("enclosure")
        flaws = [
            ("enclosure", f"{one.get('url', '')[:100]} without {part}")
            for one in enclosures
            for part in ("url", "length", "type")
            if not one.get(part)
        ]
        flaws += [("enclosure", f"{len(enclosures)} in one item")] * (len(enclosures) > 1)
        one = Entry(
            name.strip(), shown if title else "", dates, said, _pictures(item), tuple(flaws[:1])
        )
        entries.append(one)
    links = list(_links(channel))
    required = {tag: _text(channel, tag) for tag in ("title", "link", "description")}
    dates = tuple(date for tag in ("lastBuildDate", "pubDate") if (date := _text(channel, tag)))
    own = tuple(href for rel, href in links if rel == "self")
    older = next((href for rel, href in links if rel == "prev-archive"), "")
    above = (required["link"], *(href for _, href in links))
    archive = any(str(child.tag).endswith("history/1.0}archive") for child in channel)
    return Document("rss", encoding, required, own, older, dates, above, tuple(entries), archive)


def _atom(root: ElementTree.Element, encoding: str) -> Document:
    entries = []
    for entry in root.iterfind(f"{ATOM}entry"):
        dates = tuple(
            date for tag in ("updated", "published") if (date := _text(entry, f"{ATOM}{tag}"))
        )
        html = (
            []
            if root.get(BASE) or entry.get(BASE)
            else _in_html(entry.findtext(f"{ATOM}content") or "")
        )
        linked = [href for _, href in _links(entry)]
        title = _text(entry, f"{ATOM}title") if _text(entry, f"{ATOM}updated") else ""
        kinds = [
            (link.get("type", ""), link.get("hreflang", ""))
            for link in entry.iterfind(f"{ATOM}link")
            if link.get("rel", "alternate") == "alternate"
        ]
        flaws = (("two-alternates", title[:40]),) if len(kinds) > len(set(kinds)) else ()
        one = Entry(
            _text(entry, f"{ATOM}id"), title[:40], dates, (*linked, *html), _pictures(entry), flaws
        )
        entries.append(one)
    links = list(_links(root))
    required = {tag: _text(root, f"{ATOM}{tag}") for tag in ("id", "title", "updated")}
    # RFC 4287 §4.1.1: of the feed, or of each entry or its source.
    authors = [
        entry.find(f".//{ATOM}author") is not None for entry in root.iterfind(f"{ATOM}entry")
    ]
    required["author"] = _text(root, f"{ATOM}author") or (
        "of each entry" if authors and all(authors) else ""
    )
    own = tuple(href for rel, href in links if rel == "self")
    older = next((href for rel, href in links if rel == "prev-archive"), "")
    archive = any(str(child.tag).endswith("history/1.0}archive") for child in root)
    dates = (required["updated"],) if required["updated"] else ()
    addresses = tuple(href for _, href in links) if not root.get(BASE) else ()
    return Document(
        "atom", encoding, required, own, older, dates, addresses, tuple(entries), archive
    )


def _json(body: bytes) -> Document:
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable("charset", "not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable("not-well-formed", str(error)) from error
    if not isinstance(data, dict) or "jsonfeed.org/version/" not in str(data.get("version", "")):
        raise Unreadable("not-a-feed", "JSON without the version of JSON Feed")
    items = data.get("items")
    required = {"title": _said(data, "title"), "items": "list" if isinstance(items, list) else ""}
    entries = []
    for item in items if isinstance(items, list) else ():
        item = item if isinstance(item, dict) else {}
        dates = tuple(
            date for key in ("date_published", "date_modified") if (date := _said(item, key))
        )
        links = tuple(
            link for key in ("url", "external_url", "image") if (link := _said(item, key))
        )
        html = _in_html(_said(item, "content_html"))
        shown = _said(item, "title") or _said(item, "content_html") or _said(item, "content_text")
        pictures = tuple(
            picture for key in ("image", "banner_image") if (picture := _said(item, key))
        )
        content = _said(item, "content_html") or _said(item, "content_text")
        flaws = (
            ()
            if content
            else (("missing", f"content_html or content_text of {_said(item, 'id')!r}"),)
        )
        entries.append(
            Entry(_said(item, "id"), shown[:40], dates, (*links, *html), pictures, flaws)
        )
    own = tuple(link for link in (_said(data, "feed_url"),) if link)
    addresses = tuple(
        link for key in ("home_page_url", "feed_url", "next_url") if (link := _said(data, key))
    )
    older = _said(data, "next_url")
    return Document("json", "utf-8", required, own, older, (), addresses, tuple(entries))


def _said(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""
