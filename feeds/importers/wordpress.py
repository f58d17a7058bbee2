"""An export of WordPress (WXR, what "Tools, Export" of its administration gives) to records.

In: the bytes of the file.  Out: its site, and a record's text for each post.  What is not
published, or needs a password, is written with `published: false`.  Pages, comments, people and
what lies in the trash go nowhere.
"""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

from feeds.importers.blog import address

WP = "{http://wordpress.org/export/"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
GONE = ("trash", "auto-draft", "inherit")
# What XML 1.0 forbids and WordPress writes all the same; the rest is what YAML forbids in a quoted
# text.
FORBIDDEN = bytes(code for code in range(32) if code not in b"\t\n\r")
ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
MARKS = re.compile(r"<!--\s*/?wp:.*?-->", re.DOTALL)
SHORTCODES = re.compile(r"\[/?(?:wp_caption|caption|gallery|embed|audio|video|playlist)\b[^\]]*\]")
BLOCK = re.compile(
    r"</?(?:address|article|aside|blockquote|div|dl|figure|form|h[1-6]|hr|ol|p|pre|section|table|ul)\b",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Export:
    """A site of WordPress: its title, its address, and the text of a record for each post, by the
    name of its file.

    `hidden` is how many are not published, `left` how many lie in the trash.
    """

    title: str
    url: str
    records: dict[str, str]
    hidden: int
    left: int


def read_export(data: bytes) -> Export:
    """Read an export.  Raises ValueError, which says what was expected."""
    channel = _channel(data.translate(None, FORBIDDEN))
    url = address(_text(channel, "link")) or address(_text(channel, "wp:base_site_url"))
    title = " ".join(html.unescape(_text(channel, "title")).split())
    items = [(item, _values(item)) for item in channel.iterfind("item")]
    pictures = {
        said.get("wp:post_id", ""): said["wp:attachment_url"]
        for _, said in items
        if "wp:attachment_url" in said
    }
    posts = [(item, said) for item, said in items if said.get("wp:post_type") == "post"]
    kept = [(item, said) for item, said in posts if said.get("wp:status") not in GONE]
    records: dict[str, str] = {}
    for item, said in kept:
        records[_name(said, records)] = _record(said, item, pictures, title, url)
    hidden = sum(not _is_public(said) for _, said in kept)
    return Export(title, url, records, hidden, len(posts) - len(kept))


class _Guarded(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Refuse one that stands behind a comment which looks like the root."""
        raise ValueError("expected no DOCTYPE, whose entities can grow without end")


def _channel(data: bytes) -> ElementTree.Element:
    root_at = data.find(b"<rss")
    if root_at < 0:
        raise ValueError("expected an export of WordPress, whose root is <rss>")
    if DOCTYPE.search(data, 0, root_at):
        raise ValueError("expected no DOCTYPE, whose entities can grow without end")
    parser = ElementTree.XMLParser(target=_Guarded())
    try:
        parser.feed(data)
        root: ElementTree.Element = parser.close()
    except (ElementTree.ParseError, LookupError) as error:
        raise ValueError(f"expected well-formed XML, got: {error}") from error
    channel = root.find("channel")
    if channel is None or not any(child.tag.endswith("}wxr_version") for child in channel):
        raise ValueError("expected an export of WordPress, with wp:wxr_version")
    return channel


def _known(tag: str) -> str:
    """`wp:status`, `excerpt`, `content`, or the name of an element of RSS; nothing for those of
    others."""
    if tag == CONTENT:
        return "content"
    if tag.startswith(WP):
        space, _, name = tag.rpartition("}")
        return "excerpt" if space.endswith("/excerpt/") else f"wp:{name}"
    return "" if tag.startswith("{") else tag


def _values(element: ElementTree.Element) -> dict[str, str]:
    """The first text of each element within one."""
    found: dict[str, str] = {}
    for child in element:
        found.setdefault(_known(child.tag), (child.text or "").strip())
    return found


def _text(element: ElementTree.Element, name: str) -> str:
    return _values(element).get(name, "")


def _is_public(post: dict[str, str]) -> bool:
    return post.get("wp:status") == "publish" and not post.get("wp:post_password")


def _name(post: dict[str, str], taken: dict[str, str]) -> str:
    plain = (
        re.sub(r"[^a-z0-9]+", "-", unquote(post.get("wp:post_name", "")).lower())
        .strip("-")[:60]
        .strip("-")
    )
    number = re.sub(r"[^0-9]", "", post.get("wp:post_id", "")) or str(len(taken) + 1)
    name = f"{plain or 'post-' + number}.md"
    return name if name not in taken else f"{plain or 'post'}-{number}-{len(taken) + 1}.md"


def _record(
    post: dict[str, str],
    element: ElementTree.Element,
    pictures: dict[str, str],
    site: str,
    url: str,
) -> str:
    categories, tags = list(_terms(element, "category")), list(_terms(element, "post_tag"))
    published, updated = _moment(post), _utc(post.get("wp:post_modified_gmt", ""))
    picture = pictures.get(_meta(element, "_thumbnail_id"), "")
    values = {
        "title": html.unescape(post.get("title", "")),
        "webUrl": post.get("link", ""),
        "id": post.get("guid", ""),
        "publishedDateTime": published.isoformat() if published else "",
        "updatedDateTime": updated.isoformat()
        if updated and published and updated > published
        else "",
        "excerpt": html.unescape(re.sub(r"<[^>]*>", "", post.get("excerpt", ""))),
        "published": _is_public(post),
        "provider": {"name": site, "domain": urlsplit(url).hostname or ""}
        if site
        else {"domain": urlsplit(url).hostname},
        "category": categories[0] if categories else "",
        "topics": [*categories[1:], *tags],
        "images": [{"url": picture}] if picture else [],
    }
    lines = "".join(
        f"{key}: {_yaml(value)}\n" for key, value in values.items() if value not in ("", [])
    )
    return f"---\n{lines}---\n\n{_body(post.get('content', ''))}\n"


def _terms(element: ElementTree.Element, domain: str) -> Iterator[str]:
    for term in element.iterfind("category"):
        name = " ".join(html.unescape(term.text or "").split())
        if term.get("domain") == domain and name and term.get("nicename") != "uncategorized":
            yield name


def _meta(element: ElementTree.Element, key: str) -> str:
    pairs = (_values(child) for child in element if _known(child.tag) == "wp:postmeta")
    return next(
        (pair.get("wp:meta_value", "") for pair in pairs if pair.get("wp:meta_key") == key), ""
    )


def _utc(text: str) -> datetime | None:
    """A moment as WordPress keeps it, `2014-05-01 08:30:00`; None for its `0000-00-00 00:00:00`."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _moment(post: dict[str, str]) -> datetime | None:
    """When a post was published; a draft has no moment in UTC, so what comes nearest."""
    if exact := _utc(post.get("wp:post_date_gmt", "")):
        return exact
    try:
        moment = parsedate_to_datetime(post.get("pubDate", ""))
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return _utc(post.get("wp:post_modified_gmt", "")) or _utc(post.get("wp:post_date", ""))


def _body(content: str) -> str:
    """Content as HTML: without the marks of the block editor; lines of the older one as
    paragraphs."""
    plain = SHORTCODES.sub("", MARKS.sub("", content)).strip()
    if not MARKS.search(content):
        parts = re.split(r"(<pre\b.*?</pre>)", plain, flags=re.DOTALL | re.IGNORECASE)
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


def _yaml(value: object) -> str:
    # What JSON writes is YAML (YAML 1.2 §1.3), but for a few characters that must not stand there
    # as they are.
    return ESCAPED.sub(
        lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False)
    )
