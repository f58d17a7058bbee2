"""Parse a feed with the standard library alone.

In: bytes. Out: a ParsedFeed, or Unreadable. A DOCTYPE is rejected before anything is parsed, since
its entities can grow without end.
"""

import json
import re
from dataclasses import dataclass
from threading import Lock
from typing import Any
from xml.etree import ElementTree

from feeds.doctor.findings import Flaw

# The formats that are read here, whoever writes them, and the media types under which readers take
# them, the right one first.
MEDIA_TYPES = {
    "rss": ("application/rss+xml", "application/xml", "text/xml"),
    "atom": ("application/atom+xml", "application/xml", "text/xml"),
    "json": ("application/feed+json", "application/json"),
}
MOST_ENTRIES = 5_000  # of one feed
# A tree takes forty times the memory of its bytes, and threads of Python gain nothing here.
ONE_TREE = Lock()
ATOM = "{http://www.w3.org/2005/Atom}"
MEDIA = "{http://search.yahoo.com/mrss/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
ARCHIVE = "{http://purl.org/syndication/history/1.0}archive"
BASE = "{http://www.w3.org/XML/1998/namespace}base"
DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
ELEMENT = re.compile(rb"<[A-Za-z_]")
DECLARED = re.compile(rb"""^<\?xml[^>]*encoding\s*=\s*["']([\w.-]+)""")
# What leads elsewhere than to a place in the same document.
IN_HTML = re.compile(r"""(?i)<[a-z][^<>]*\s(?:href|src)\s*=\s*["'](?!#)([^"']*)["']""")


class Unreadable(Exception):
    """The bytes are no feed: the kind of the finding, and what was seen."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry with its dates and addresses as they are written, and its own flaws.

    `title` is what a report calls it, empty where the entry lacks what names it.
    """

    id: str
    title: str
    dates: tuple[str, ...]
    addresses: tuple[str, ...]
    pictures: tuple[str, ...] = ()
    flaws: tuple[Flaw, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed with its dates and addresses as they are written.

    `required` holds the text of each part that the format requires, empty where it is missing.
    `previous_page` is the address of the entries before these (RFC 5005). There may be
    one entry more than MOST_ENTRIES, which are examined.
    """

    format: str
    encoding: str
    required: dict[str, str]
    self_links: tuple[str, ...]
    previous_page: str
    dates: tuple[str, ...]
    addresses: tuple[str, ...]
    entries: tuple[Entry, ...]
    is_archive: bool = False


def read(body: bytes) -> ParsedFeed:
    """Parse a feed.  Raises Unreadable."""
    with ONE_TREE:
        return _read(body)


def _read(body: bytes) -> ParsedFeed:
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
    """Return the root of an XML document without a DOCTYPE.  Raises Unreadable."""
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
        """Reject a DOCTYPE that follows a comment which looks like an element."""
        raise Unreadable("doctype", f"<!DOCTYPE {name[:40]}>")


def _text(element: ElementTree.Element, tag: str) -> str:
    child = element.find(tag)
    return "" if child is None else " ".join("".join(child.itertext()).split())


def _texts(element: ElementTree.Element, *tags: str) -> tuple[str, ...]:
    """Return the texts of the children with these tags that have some."""
    return tuple(text for tag in tags if (text := _text(element, tag)))


def _links(element: ElementTree.Element, relation: str = "") -> tuple[str, ...]:
    """Return the addresses of Atom links, of any relation where none is given."""
    only = f"[@rel='{relation}']" if relation else ""
    return tuple(link.get("href", "") for link in element.iterfind(f"{ATOM}link{only}"))


def _pictures(element: ElementTree.Element) -> tuple[str, ...]:
    enclosures = element.iterfind("enclosure")
    pictures = [
        *element.iter(f"{MEDIA}content"),
        *element.iter(f"{MEDIA}thumbnail"),
        *(one for one in enclosures if one.get("type", "").startswith("image/")),
    ]
    return tuple(address for one in pictures if (address := one.get("url")))


def _rss(root: ElementTree.Element, encoding: str) -> ParsedFeed:
    channel = root.find("channel")
    if channel is None:
        raise Unreadable("missing", "channel")
    required = {tag: _text(channel, tag) for tag in ("title", "link", "description")}
    return ParsedFeed(
        format="rss",
        encoding=encoding,
        required=required,
        self_links=_links(channel, "self"),
        previous_page="".join(_links(channel, "prev-archive")[:1]),
        dates=_texts(channel, "lastBuildDate", "pubDate"),
        addresses=(required["link"], *_links(channel)),
        entries=tuple(map(_rss_item, channel.findall("item")[: MOST_ENTRIES + 1])),
        is_archive=channel.find(ARCHIVE) is not None,
    )


def _rss_item(item: ElementTree.Element) -> Entry:
    guid, enclosures = item.find("guid"), item.findall("enclosure")
    guid_text = ((guid.text if guid is not None else "") or "").strip()
    is_permalink = guid is not None and guid.get("isPermaLink", "true") == "true"
    addresses = [
        _text(item, "link"),
        *_links(item),
        *([guid_text] if is_permalink else []),
        *IN_HTML.findall(_text(item, "description")),
        *IN_HTML.findall(item.findtext(CONTENT, "")),
        *(enclosure.get("url", "") for enclosure in item.iter("enclosure")),
    ]
    flaws = [
        ("enclosure", f"{enclosure.get('url', '')[:100]} without {part}")
        for enclosure in enclosures
        for part in ("url", "length", "type")
        if not enclosure.get(part)
    ]
    if len(enclosures) > 1:
        flaws.append(("enclosure", f"{len(enclosures)} in one item"))
    return Entry(
        id=guid_text,
        title=(_text(item, "title") or _text(item, "description"))[:40],
        dates=_texts(item, "pubDate"),
        addresses=tuple(address for address in addresses if address),
        pictures=_pictures(item),
        flaws=tuple(flaws[:1]),
    )


def _atom(root: ElementTree.Element, encoding: str) -> ParsedFeed:
    required = {tag: _text(root, f"{ATOM}{tag}") for tag in ("id", "title", "updated", "author")}
    entries = root.findall(f"{ATOM}entry")[: MOST_ENTRIES + 1]
    # RFC 4287 §4.1.1: an author of the feed, or of each entry or its source.
    if entries and all(entry.find(f".//{ATOM}author") is not None for entry in entries):
        required["author"] = required["author"] or "of each entry"
    return ParsedFeed(
        format="atom",
        encoding=encoding,
        required=required,
        self_links=_links(root, "self"),
        previous_page="".join(_links(root, "prev-archive")[:1]),
        dates=_texts(root, f"{ATOM}updated"),
        addresses=() if root.get(BASE) else _links(root),
        entries=tuple(_atom_entry(entry, has_base=bool(root.get(BASE))) for entry in entries),
        is_archive=root.find(ARCHIVE) is not None,
    )


def _atom_entry(entry: ElementTree.Element, *, has_base: bool) -> Entry:
    """Parse an entry.  Its HTML may have relative addresses where there is an xml:base."""
    html = "" if has_base or entry.get(BASE) else entry.findtext(f"{ATOM}content") or ""
    title = _text(entry, f"{ATOM}title") if _text(entry, f"{ATOM}updated") else ""
    alternates = [
        (link.get("type", ""), link.get("hreflang", ""))
        for link in entry.iterfind(f"{ATOM}link")
        if link.get("rel", "alternate") == "alternate"
    ]
    are_repeated = len(alternates) > len(set(alternates))
    return Entry(
        id=_text(entry, f"{ATOM}id"),
        title=title[:40],
        dates=_texts(entry, f"{ATOM}updated", f"{ATOM}published"),
        addresses=(*_links(entry), *IN_HTML.findall(html)),
        pictures=_pictures(entry),
        flaws=(("two-alternates", title[:40]),) if are_repeated else (),
    )


def _json(body: bytes) -> ParsedFeed:
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Unreadable("charset", "not UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise Unreadable("not-well-formed", str(error)) from error
    if not isinstance(data, dict) or "jsonfeed.org/version/" not in str(data.get("version", "")):
        raise Unreadable("not-a-feed", "JSON without the version of JSON Feed")
    is_list = isinstance(data.get("items"), list)
    return ParsedFeed(
        format="json",
        encoding="utf-8",
        required={"title": _value(data, "title"), "items": "list" if is_list else ""},
        self_links=_values(data, "feed_url"),
        previous_page=_value(data, "next_url"),
        dates=(),
        addresses=_values(data, "home_page_url", "feed_url", "next_url"),
        entries=tuple(map(_json_item, data["items"][: MOST_ENTRIES + 1] if is_list else ())),
    )


def _json_item(item: Any) -> Entry:
    item = item if isinstance(item, dict) else {}
    item_id, html = _value(item, "id"), _value(item, "content_html")
    content = html or _value(item, "content_text")
    lacks_content = ("missing", f"content_html or content_text of {item_id!r}")
    return Entry(
        id=item_id,
        title=(_value(item, "title") or content)[:40],
        dates=_values(item, "date_published", "date_modified"),
        addresses=(*_values(item, "url", "external_url", "image"), *IN_HTML.findall(html)),
        pictures=_values(item, "image", "banner_image"),
        flaws=() if content else (lacks_content,),
    )


def _value(data: dict[str, Any], key: str) -> str:
    """Return a value that is text, empty where it is none."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _values(data: dict[str, Any], *keys: str) -> tuple[str, ...]:
    """Return the values of these keys that are text and not empty."""
    return tuple(text for key in keys if (text := _value(data, key)))
