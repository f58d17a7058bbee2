"""Turn an export of WordPress (WXR, from "Tools, Export" of its administration) into records.

In: the file, of which one post at a time is in memory as XML. Out: its site, and the text of a
record for each post. A post that is not published, or needs a password, gets `published: false`.
Pages, comments, people and the trash are left out.
"""

import html as markup
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice
from typing import BinaryIO, NamedTuple
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from feeds.importers.blog import address, line_of
from feeds.importers.wordpress_body import Picture, body_of, enclosure, shows_later
from feeds.importers.writing import file_name, record_text
from feeds.model import image_type

# Either scheme is in use.
WP = re.compile(r"\{https?://wordpress\.org/export/[^}]*\}(.+)")
CONTENT = re.compile(r"\{https?://purl\.org/rss/1\.0/modules/content/\}encoded")
LARGEST_EXPORT = 256 << 20  # bytes
PART = 1 << 20  # bytes that are parsed at a time
# What a post may have, with its comments: characters, elements, and elements within each other. The
# channel has no more children either, since the smallest post takes half a KiB.
LARGEST_ITEM, MOST_ELEMENTS, DEEPEST = 8 << 20, 500_000, 100
CHILD = 3  # the depth of the children of the channel, where posts are
# The parser keeps each name; some exports have hundreds.
MOST_NAMES, LONGEST_NAME = 10_000, 1000
MOST_DIGITS = 20  # of the number of a post
GONE = ("trash", "auto-draft", "inherit")
# Characters that XML 1.0 forbids, and WordPress writes all the same.
FORBIDDEN = bytes(code for code in range(32) if code not in b"\t\n\r")
# The types of what is no post of its own; others, such as `podcast`, are those of plugins.
TYPES = re.compile(
    "page|attachment|revision|nav_menu_item|custom.*|oembed_cache|user_request|wp_.*"
)
LONGEST_URL = 2000
MOST_ENCLOSURES = 10


@dataclass(frozen=True, slots=True)
class Export:
    """A site of WordPress: its title, its address, and the text of each record by its file name.

    `left` is the number of posts in the trash, `others` that of published ones by a type of a
    plugin, `incomplete` that of posts out of which shortcodes were taken.
    """

    title: str
    url: str
    language: str
    records: dict[str, str]
    left: int
    others: Counter[str]
    incomplete: int


class Post(NamedTuple):
    """A post of an export: its values by name, its categories and tags, the number of its picture,
    and what it encloses."""

    values: dict[str, str]
    terms: dict[str, list[str]]
    picture: str
    enclosures: list[str]


def read_export(source: BinaryIO) -> Export:
    """Read an export.  Raises ValueError, whose text states what was expected."""
    found = _parsed(source)
    url = address(found.site.get("link", "")) or address(found.site.get("wp:base_site_url", ""))
    title = line_of(_unescaped(found.site.get("title", "")))
    if not found.posts:
        more = f" and {_counts(found.others)}" if found.others else ""
        raise ValueError(f"expected posts, got none{more}")
    records: dict[str, str] = {}
    numbers, incomplete = count(2), 0
    found.posts.reverse()
    while found.posts:  # of which each is let go, so that no text is in memory twice
        post = found.posts.pop()
        attached = found.attached.get(post.values.get("wp:post_id", ""), [])
        body = body_of(post.values.pop("content", ""), found.pictures, attached)
        picture = found.pictures.get(post.picture)
        name = _name(post.values, records, numbers)
        records[name] = _record(post, body.html, picture.url if picture else "", title, url)
        incomplete += body.left
    language = line_of(found.site.get("language", ""))
    return Export(title, url, language, records, found.left, found.others, incomplete)


def _counts(others: Counter[str]) -> str:
    """Return numbers of posts by their types, as text."""
    return ", ".join(f"{number:,} {line_of(kind)[:30]}" for kind, number in others.most_common(5))


def _parsed(source: BinaryIO) -> "_Found":
    found = _Found()
    parser = ElementTree.XMLParser(target=found)
    size, part = 0, source.read(PART)
    if b"<rss" not in part:
        raise ValueError("expected an export of WordPress, whose root is <rss>")
    try:
        while part:
            size, before = size + len(part), found.events
            if size > LARGEST_EXPORT:
                raise ValueError(f"expected at most {LARGEST_EXPORT >> 20} MiB")
            parser.feed(part.translate(None, FORBIDDEN))
            if len(part) == PART and found.events == before:  # it would be read again each time
                raise ValueError("expected no tag or comment of a MiB")
            part = source.read(PART)
        parser.close()
    except (ElementTree.ParseError, LookupError) as error:
        raise ValueError(f"expected well-formed XML, got: {error}") from error
    if "wp:wxr_version" not in found.site:
        raise ValueError("expected an export of WordPress, with wp:wxr_version")
    return found


class _Found:
    """The site and the posts that were found so far.

    Each child of the channel is a tree of its own, which is let go once its values are taken, so
    that comments and pages take no memory.
    """

    def __init__(self) -> None:
        self.site: dict[str, str] = {}
        self.posts: list[Post] = []
        self.pictures: dict[str, Picture] = {}
        self.attached: dict[str, list[str]] = {}
        self.others = Counter[str]()
        self.left = 0
        self.events = 0
        self._names: set[str] = set()
        self._depth = self._children = self._elements = self._characters = 0
        self._builder: ElementTree.TreeBuilder | None = None

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Reject a DOCTYPE before anything in it is read."""
        raise ValueError("expected no DOCTYPE, whose entities can grow without end")

    def start_ns(self, prefix: str, uri: str) -> None:
        """Count a prefix, which the parser keeps, as it keeps each name."""
        self._names.add(f"xmlns:{prefix}")

    def start(self, tag: str, attrs: dict[str, str]) -> None:
        """Begin an element."""
        self.events += 1
        self._depth += 1
        if self._depth == CHILD:
            self._builder = ElementTree.TreeBuilder()
            self._children += 1
            self._elements = self._characters = 0
        self._elements += 1
        self._names.update((tag, *attrs))
        if (
            self._depth > DEEPEST
            or max(self._children, self._elements) > MOST_ELEMENTS
            or len(self._names) > MOST_NAMES
            or len(tag) > LONGEST_NAME
        ):
            raise ValueError("expected an export of WordPress, got elements of another kind")
        if self._builder is not None:
            self._builder.start(tag, attrs)

    def data(self, text: str) -> None:
        """Add text to the element."""
        self.events += 1
        if self._builder is not None:
            self._characters += len(text)
            if self._characters > LARGEST_ITEM:
                expected = f"expected posts of at most {LARGEST_ITEM >> 20} MiB, with comments"
                raise ValueError(expected)
            self._builder.data(text)

    def end(self, tag: str) -> None:
        """End an element, and take what it holds if it is a child of the channel."""
        self.events += 1
        self._depth -= 1
        if self._builder is not None:
            self._builder.end(tag)
            if self._depth < CHILD:
                self._take(self._builder.close())
                self._builder = None

    def close(self) -> None:
        """End the export."""

    def _take(self, element: ElementTree.Element) -> None:
        if element.tag != "item":
            self.site.setdefault(_known(element.tag), (element.text or "").strip())
            return
        values = _values(element)
        kind, number = values.get("wp:post_type", ""), values.get("wp:post_id", "")
        url = values.get("wp:attachment_url", "")
        if url and len(url) <= LONGEST_URL:
            alt = next(_meta(element, "_wp_attachment_image_alt"), "")[:LONGEST_URL]
            self.pictures[number] = Picture(url, alt)
            if image_type(url):
                self.attached.setdefault(values.get("wp:post_parent", ""), []).append(number)
        if kind != "post":
            if values.get("wp:status") == "publish" and kind and not TYPES.fullmatch(kind):
                self.others[kind] += 1
            return
        if values.get("wp:status") in GONE:
            self.left += 1
            return
        terms = {domain: list(_terms(element, domain)) for domain in ("category", "post_tag")}
        picture = next(_meta(element, "_thumbnail_id"), "")
        enclosures = list(islice(_meta(element, "enclosure"), MOST_ENCLOSURES))
        self.posts.append(Post(values, terms, picture, enclosures))


def _unescaped(text: str) -> str:
    try:
        return markup.unescape(text)
    except ValueError:  # a character of thousands of digits
        return text


def _known(tag: str) -> str:
    """Return `wp:…`, `excerpt`, `content` or the name of an element of RSS; empty for others."""
    if CONTENT.fullmatch(tag):
        return "content"
    if match := WP.fullmatch(tag):
        return "excerpt" if "/excerpt/}" in tag else f"wp:{match[1]}"
    return "" if tag.startswith("{") else tag


def _values(element: ElementTree.Element) -> dict[str, str]:
    """Return the text of the first child of each name."""
    found: dict[str, str] = {}
    for child in element:
        found.setdefault(_known(child.tag), (child.text or "").strip())
    return found


def _is_public(post: dict[str, str]) -> bool:
    return post.get("wp:status") == "publish" and not post.get("wp:post_password")


def _name(post: dict[str, str], taken: dict[str, str], numbers: Iterator[int]) -> str:
    """Return a name that is not taken.  Each number serves once, so that none is tried again."""
    plain = file_name(unquote(post.get("wp:post_name", "")))
    digits = re.sub(r"[^0-9]", "", post.get("wp:post_id", ""))[:MOST_DIGITS]
    number = digits or str(len(taken) + 1)
    name = f"{plain or 'post-' + number}.html"
    while name in taken:
        name = f"{plain or 'post'}-{number}-{next(numbers)}.html"
    return name


def _record(whole: Post, html: str, picture: str, site: str, url: str) -> str:
    post, categories = whole.values, whole.terms["category"]
    published, updated = _moment(post), _utc(post.get("wp:post_modified_gmt", ""))
    is_updated = updated is not None and published is not None and updated > published
    domain = {"domain": urlsplit(url).hostname or ""}
    values = {
        "title": _unescaped(post.get("title", "")),
        "webUrl": post.get("link", ""),
        "id": post.get("guid", ""),
        "publishedDateTime": published,
        "updatedDateTime": updated if is_updated else None,
        "excerpt": _unescaped(re.sub(r"<[^<>]*>", "", post.get("excerpt", ""))),
        "published": _is_public(post),
        "provider": {"name": site, **domain} if site else domain,
        "category": categories[0] if categories else "",
        "topics": [*categories[1:], *whole.terms["post_tag"]],
        "images": [{"url": picture}] if picture and not shows_later(html, picture) else [],
    }
    given = {key: value for key, value in values.items() if value not in ("", None, [])}
    missing = (text for text in whole.enclosures if text.partition("\n")[0].strip() not in html)
    body = "\n".join(filter(None, [html, *map(enclosure, missing)]))
    return f"{record_text(given)}\n{body}\n"


def _terms(element: ElementTree.Element, domain: str) -> Iterator[str]:
    for term in element.iterfind("category"):
        name = " ".join(_unescaped(term.text or "").split())
        if term.get("domain") == domain and name and term.get("nicename") != "uncategorized":
            yield name


def _meta(element: ElementTree.Element, key: str) -> Iterator[str]:
    pairs = (_values(child) for child in element if _known(child.tag) == "wp:postmeta")
    return (pair.get("wp:meta_value", "") for pair in pairs if pair.get("wp:meta_key") == key)


def _utc(text: str) -> datetime | None:
    """Parse a date of WordPress, `2014-05-01 08:30:00`; None for its `0000-00-00 00:00:00`."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _moment(post: dict[str, str]) -> datetime | None:
    """Return the date of publication, or the nearest date of a draft, which has none in UTC."""
    names = ("wp:post_date_gmt", "wp:post_modified_gmt", "wp:post_date")
    return next(filter(None, (_utc(post.get(name, "")) for name in names)), None)
