"""Turn an export of WordPress (WXR, from "Tools, Export" of its administration) into records.

In: the bytes of the file. Out: its site, and the text of a record for each post. A post that is not
published, or needs a password, gets `published: false`. Pages, comments, people and the trash are
left out.
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
# Characters that XML 1.0 forbids, and WordPress writes all the same.
FORBIDDEN = bytes(code for code in range(32) if code not in b"\t\n\r")
# Characters that YAML 1.2 §5.1 forbids in quoted text, or takes for a line break.
ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
NO_DOCTYPE = "expected no DOCTYPE, whose entities can grow without end"
DOCTYPE = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
BLOCK_COMMENT = re.compile(r"<!--\s*/?wp:.*?-->", re.DOTALL)
SHORTCODES = re.compile(r"\[/?(?:wp_caption|caption|gallery|embed|audio|video|playlist)\b[^\]]*\]")
BLOCK = re.compile(
    r"</?(?:address|article|aside|blockquote|div|dl|figure|form|h[1-6]|hr|ol|p|pre|section|table"
    r"|ul)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Export:
    """A site of WordPress: its title, its address, and the text of each record by its file name.

    `hidden` is the number of posts that are not published, `left` that of posts in the trash.
    """

    title: str
    url: str
    records: dict[str, str]
    hidden: int
    left: int


def read_export(data: bytes) -> Export:
    """Read an export.  Raises ValueError, whose text states what was expected."""
    channel = _channel(data.translate(None, FORBIDDEN))
    url = address(_text(channel, "link")) or address(_text(channel, "wp:base_site_url"))
    title = " ".join(html.unescape(_text(channel, "title")).split())
    items = [(item, _values(item)) for item in channel.iterfind("item")]
    pictures = {
        values.get("wp:post_id", ""): values["wp:attachment_url"]
        for _, values in items
        if "wp:attachment_url" in values
    }
    posts = [(item, values) for item, values in items if values.get("wp:post_type") == "post"]
    kept = [(item, values) for item, values in posts if values.get("wp:status") not in GONE]
    records: dict[str, str] = {}
    for item, values in kept:
        records[_name(values, records)] = _record(values, item, pictures, title, url)
    hidden = sum(not _is_public(values) for _, values in kept)
    return Export(title, url, records, hidden, len(posts) - len(kept))


class _Guarded(ElementTree.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Reject a DOCTYPE that follows a comment which looks like the root."""
        raise ValueError(NO_DOCTYPE)


def _channel(data: bytes) -> ElementTree.Element:
    root_at = data.find(b"<rss")
    if root_at < 0:
        raise ValueError("expected an export of WordPress, whose root is <rss>")
    if DOCTYPE.search(data, 0, root_at):
        raise ValueError(NO_DOCTYPE)
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


def _text(element: ElementTree.Element, name: str) -> str:
    return _values(element).get(name, "")


def _is_public(post: dict[str, str]) -> bool:
    return post.get("wp:status") == "publish" and not post.get("wp:post_password")


def _name(post: dict[str, str], taken: dict[str, str]) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", unquote(post.get("wp:post_name", "")).lower())
    plain = plain.strip("-")[:60].strip("-")
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
    is_updated = updated is not None and published is not None and updated > published
    picture = pictures.get(_meta(element, "_thumbnail_id"), "")
    provider = {"name": site, "domain": urlsplit(url).hostname or ""}
    values = {
        "title": html.unescape(post.get("title", "")),
        "webUrl": post.get("link", ""),
        "id": post.get("guid", ""),
        "publishedDateTime": published.isoformat() if published else "",
        "updatedDateTime": updated.isoformat() if updated and is_updated else "",
        "excerpt": html.unescape(re.sub(r"<[^>]*>", "", post.get("excerpt", ""))),
        "published": _is_public(post),
        "provider": provider if site else {"domain": urlsplit(url).hostname},
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
    """Parse a date of WordPress, `2014-05-01 08:30:00`; None for its `0000-00-00 00:00:00`."""
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _moment(post: dict[str, str]) -> datetime | None:
    """Return the date of publication, or the nearest date of a draft, which has none in UTC."""
    if exact := _utc(post.get("wp:post_date_gmt", "")):
        return exact
    try:
        moment = parsedate_to_datetime(post.get("pubDate", ""))
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return _utc(post.get("wp:post_modified_gmt", "")) or _utc(post.get("wp:post_date", ""))


def _body(content: str) -> str:
    """Return content as HTML.

    The block editor's comments are removed; lines of the classic editor become paragraphs.
    """
    plain = SHORTCODES.sub("", BLOCK_COMMENT.sub("", content)).strip()
    if not BLOCK_COMMENT.search(content):
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
    # JSON is YAML (YAML 1.2 §1.3), except for a few characters that have to be escaped.
    text = json.dumps(value, ensure_ascii=False)
    return ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
