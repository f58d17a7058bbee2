"""The HTML of an entry: lead picture, excerpt, body, related coverage.  In: an Article.  Out: clean HTML, or "".

All HTML passes nh3, whatever wrote it, and every address in it becomes absolute against the article's own: readers show
it far from the page that it was written for. Here is no template: what stands in a feed has no look of its own.
"""

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import nh3

from feeds.model import Article, Image, Related
from feeds.records.shape import clean

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

# What a body may hold beyond nh3's own list: pictures in several sizes, and sound and film to play.
MORE_TAGS = {
    "picture": set[str](),
    "source": {"src", "srcset", "sizes", "media", "type", "width", "height"},
    "video": {"src", "poster", "controls", "width", "height"},
    "audio": {"src", "controls"},
    "track": {"src", "kind", "srclang", "label"},
    "img": {"src", "srcset", "sizes", "alt", "title", "width", "height"},
    "a": {"href", "hreflang", "title"},
    "code": {"class"},
}
ATTRIBUTES = {**nh3.ALLOWED_ATTRIBUTES, **{tag: set(names) for tag, names in MORE_TAGS.items()}, "*": {"lang", "dir"}}
TAGS = nh3.ALLOWED_TAGS | MORE_TAGS.keys()
ADDRESSES = {"href", "src", "poster", "cite"}
SCHEMES = ("http:", "https:", "mailto:")


def content_of(article: Article) -> str:
    """The whole entry as HTML."""
    lead = lead_image(article)
    parts = [
        _picture(lead, article.title) if lead else "",
        *(f"<p>{escape(part, quote=False)}</p>" for part in re.split(r"\n\s*\n", article.excerpt) if part),
        cleaned(body_of(article.body), article.link) if article.body else "",
        _related_list(article.related) if article.related else "",
    ]
    return "\n".join(part for part in parts if part)


def lead_image(article: Article) -> Image | None:
    """The best of an article's pictures: the largest whose size is known, else the first."""
    return max(article.images, key=lambda image: (image.width or 0) * (image.height or 0), default=None)


def body_of(text: str) -> str:
    """A body's HTML, not yet clean: a body that begins with a tag is HTML already, any other is Markdown."""
    return text if text.startswith("<") else str(_markdown().render(text))


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # loads slowly, and many sites have no bodies

    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def cleaned(html: str, base: str) -> str:
    """HTML without anything that runs, styles or tracks, its addresses absolute against `base`."""

    def absolute(_: str, attribute: str, value: str) -> str | None:
        if attribute == "srcset":
            return _srcset(value, base)
        return _absolute(value, base) if attribute in ADDRESSES else value

    made = nh3.clean(html, tags=set(TAGS), attributes=ATTRIBUTES, attribute_filter=absolute, link_rel=None)
    # A character that XML forbids may come out of `&#1;`.
    return clean(made).strip()


def _absolute(value: str, base: str) -> str | None:
    try:
        address = urljoin(base, value.strip())
    except ValueError:
        return None
    return address if address.lower().startswith(SCHEMES) else None


def _srcset(value: str, base: str) -> str | None:
    """Each candidate of a srcset made absolute (HTML, "srcset attributes"): an address, then perhaps its size."""
    candidates = []
    for candidate in re.findall(r"[^\s,](?:\S*[^\s,])?(?:\s+[\d.]+[wx])?", value):
        address, *size = candidate.split()
        if (made := _absolute(address, base)) is not None:
            candidates.append(" ".join([made, *size]))
    return ", ".join(candidates) or None


def _picture(image: Image, alt: str) -> str:
    size = {"width": image.width, "height": image.height}
    known = "".join(f' {name}="{number}"' for name, number in size.items() if number is not None)
    return f'<p><img src="{escape(image.url)}" alt="{escape(alt)}"{known}></p>'


def _related_list(related: tuple[Related, ...]) -> str:
    """Related coverage.  No heading: a feed may be in any language."""
    return "<hr>\n<ul>\n" + "".join(f"<li>{_related_line(item)}</li>\n" for item in related) + "</ul>"


def _related_line(item: Related) -> str:
    link = f'<a href="{escape(item.link)}">{escape(item.title, quote=False)}</a>'
    return f"{link} ({escape(item.provider.name, quote=False)})" if item.provider else link
