"""Turn an export of WordPress (WXR, from "Tools, Export" of its administration) into records.

In: the file, of which one post at a time is in memory as XML. Out: its site, and the text of a
record for each post. A post that is not published, or needs a password, gets `published: false`.
Pages, comments, people and the trash are left out.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import BinaryIO, NamedTuple
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from feeds.importers.blog import address, line_of
from feeds.importers.writing import file_name, record_text

WP = "{http://wordpress.org/export/"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
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
BLOCK_COMMENT = re.compile(r"<!--\s*/?wp:[^<]*?-->")
SHORTCODES = re.compile(
    r"\[/?(?:wp_caption|caption|gallery|embed|audio|video|playlist)\b[^\[\]]*\]"
)
PREFORMATTED = re.compile(r"(<pre\b(?:(?!<pre\b).)*?</pre>)", re.DOTALL | re.IGNORECASE)
BLOCK = re.compile(
    r"</?(?:address|article|aside|blockquote|div|dl|figure|form|h[1-6]|hr|ol|p|pre|section|table"
    r"|ul)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Export:
    """A site of WordPress: its title, its address, and the text of each record by its file name.

    `left` is the number of posts in the trash.
    """

    title: str
    url: str
    records: dict[str, str]
    left: int


class Post(NamedTuple):
    """A post of an export: its values by name, its categories and tags, the id of its picture."""

    values: dict[str, str]
    terms: dict[str, list[str]]
    picture: str


def read_export(source: BinaryIO) -> Export:
    """Read an export.  Raises ValueError, whose text states what was expected."""
    found = _parsed(source)
    url = address(found.site.get("link", "")) or address(found.site.get("wp:base_site_url", ""))
    title = line_of(_unescaped(found.site.get("title", "")))
    records: dict[str, str] = {}
    numbers = count(2)
    found.posts.reverse()
    while found.posts:  # of which each is let go, so that no text is in memory twice
        post = found.posts.pop()
        picture = found.pictures.get(post.picture, "")
        records[_name(post.values, records, numbers)] = _record(post, picture, title, url)
    return Export(title, url, records, found.left)


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
        self.pictures: dict[str, str] = {}
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
        if picture := values.get("wp:attachment_url"):
            self.pictures[values.get("wp:post_id", "")] = picture
        if values.get("wp:post_type") != "post":
            return
        if values.get("wp:status") in GONE:
            self.left += 1
            return
        terms = {domain: list(_terms(element, domain)) for domain in ("category", "post_tag")}
        self.posts.append(Post(values, terms, _meta(element, "_thumbnail_id")))


def _unescaped(text: str) -> str:
    try:
        return html.unescape(text)
    except ValueError:  # a character of thousands of digits
        return text


def _known(tag: str) -> str:
    """Return `wp:…`, `excerpt`, `content` or the name of an element of RSS; empty for others."""
    if tag == CONTENT:
        return "content"
    if tag.startswith(WP):
        space, _, name = tag.rpartition("}")
        return "excerpt" if space.endswith("/excerpt/") else f"wp:{name}"
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


def _record(whole: Post, picture: str, site: str, url: str) -> str:
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
        "images": [{"url": picture}] if picture else [],
    }
    given = {key: value for key, value in values.items() if value not in ("", None, [])}
    return f"{record_text(given)}\n{_body(post.get('content', ''))}\n"


def _terms(element: ElementTree.Element, domain: str) -> Iterator[str]:
    for term in element.iterfind("category"):
        name = " ".join(_unescaped(term.text or "").split())
        if term.get("domain") == domain and name and term.get("nicename") != "uncategorized":
            yield name


def _meta(element: ElementTree.Element, key: str) -> str:
    pairs = (_values(child) for child in element if _known(child.tag) == "wp:postmeta")
    return next(
        (pair.get("wp:meta_value", "") for pair in pairs if pair.get("wp:meta_key") == key), ""
    )


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


def _body(content: str) -> str:
    """Return content as HTML.

    The block editor's comments are removed; lines of the classic editor become paragraphs.
    """
    plain = SHORTCODES.sub("", BLOCK_COMMENT.sub("", content)).strip()
    if not BLOCK_COMMENT.search(content):
        parts = PREFORMATTED.split(plain)
        plain = "\n".join(
            part if n % 2 else _paragraphs(part) for n, part in enumerate(parts)
        ).strip()
    return plain if not plain or BLOCK.match(plain) else f"<div>{plain}</div>"


def _paragraphs(text: str) -> str:
    chunks = (chunk.strip() for chunk in re.split(r"\n\s*\n", text))
    return "\n".join(
        chunk if BLOCK.match(chunk) else "<p>{}</p>".format(chunk.replace("\n", "<br>\n"))
        for chunk in chunks
        if chunk
    )
