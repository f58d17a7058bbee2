"""The parts of a feed that are the same in every format: the HTML of an entry, and the titles and
descriptions of feeds.

The HTML is a lead picture, the excerpt, the body and related coverage, without a template: readers
style entries themselves. What the body begins with is not said before it as well. Not here: the
HTML of a body, and how it is cleaned (records/markup).
"""

import re
from collections.abc import Sequence
from datetime import datetime
from html import escape, unescape
from itertools import islice
from typing import NamedTuple

from feeds.config.site import Site
from feeds.model import LONGEST_HEADING, Article, Feed, Image, Related, image_type
from feeds.records.markup import FULL, MOST_BODY, BodyError, html_of, syntax_of
from feeds.records.markup import body_of as body_of
from feeds.records.markup import cleaned as cleaned
from feeds.render import PageLinks
from feeds.taxonomies import CATEGORIES, TAXONOMIES, TOPICS
from feeds.urls import EVERYTHING, OWN, PAGE, canonical, feed_folder, feed_path

SEARCHED = 4000  # characters of a text that are searched for its first words
PICTURE = re.compile(r'<img(?:\s[\w-]+="[^"]*")*?\ssrc="([^"]*)"')
PARAGRAPH = re.compile("<p>")
CUT_OFF = ("[…]", "[...]", "…", "...")


# A size in an address: photo-300x200.jpg, photo@2x.png, /300x200/photo.jpg, ?w=300.
SIZE = re.compile(
    r"(?:[-_@.](?:\d{2,5}x\d{2,5}|\d{2,5}w|[1-4]x|scaled|thumb|small|medium|large))(?=\.\w+$)"
    r"|/(?:\d{2,5}x\d{2,5}|w\d{2,5}|\d{2,5}w)(?=/)"
)
SIZES = {"w", "h", "width", "height", "size", "resize", "fit", "crop", "q", "quality", "dpr"}


def content_of(article: Article, most: int = MOST_BODY) -> str:
    """Return the whole entry as HTML of at most `most` bytes.

    A body that is too long is left out; an entry that is too long without it is empty.
    """
    body = body_html(article, most) if article.html is None else article.html
    lead = lead_image(article)
    is_said = bool(body and article.excerpt) and _begins_with(body, article.excerpt)
    paragraphs = re.split(r"\n\s*\n", "" if is_said else article.excerpt)
    parts = [
        _picture(lead, lead.alt or lead.caption or article.title)
        if lead and not _shows(body, lead)
        else "",
        *(f"<p>{escape(part, quote=False)}</p>" for part in paragraphs if part),
        body,
        _related_list(article.related) if article.related else "",
    ]
    html = "\n".join(part for part in parts if part)
    return html if len(html) <= most // 4 or len(html.encode()) <= most else ""


def body_html(article: Article, most: int, dialect: str = FULL, pictures: str = "") -> str:
    """Return the clean HTML of an article's body: nothing where it comes to too much.

    `dialect` is that of Markdown, `pictures` the path of pictures that begin with a slash.
    """
    if not article.body:
        return ""
    try:
        syntax = syntax_of(article.path, dialect)
        return html_of(article.body, article.link, most, syntax, pictures)
    except BodyError:
        return ""  # reported when the record was read


def heading_of(article: Article) -> str:
    """Return the first words of an article without a title, which stand for it."""
    if article.title:
        return ""
    words = " ".join(article.excerpt[:SEARCHED].split())
    if len(words) > LONGEST_HEADING:
        start, _, _ = words[: LONGEST_HEADING - 1].rpartition(" ")
        words = (start or words[: LONGEST_HEADING - 1]) + "…"
    return words or article.link[:LONGEST_HEADING]


def lead_image(article: Article) -> Image | None:
    """Return the best picture of an article: the largest of known size, else the first."""
    return max(
        article.images, key=lambda image: (image.width or 0) * (image.height or 0), default=None
    )


def _picture(image: Image, alt: str) -> str:
    size = {"width": image.width, "height": image.height}
    known = "".join(f' {name}="{number}"' for name, number in size.items() if number is not None)
    img = f'<img src="{escape(image.url)}" alt="{escape(alt)}"{known}>'
    if image.caption is None:
        return f"<p>{img}</p>"
    caption = escape(image.caption, quote=False)
    return f"<figure>{img}<figcaption>{caption}</figcaption></figure>"


def groups_of(images: Sequence[Image]) -> tuple[int, ...]:
    """Return a number for each picture, the same for those that are one in several sizes, by their
    addresses; nothing where none are."""
    if len(images) < 2:
        return ()
    pictures = [_without_size(image.url) for image in images]
    groups = tuple(map(pictures.index, pictures))
    return groups if len(set(groups)) < len(groups) else ()


def _without_size(url: str) -> str:
    address, _, query = url.partition("#")[0].partition("?")
    others = [one for one in query.split("&") if one.partition("=")[0] not in SIZES]
    return f"{SIZE.sub('', address)}?{'&'.join(others)}"


def _shows(body: str, image: Image) -> bool:
    """Tell whether the first picture of a body is that image, perhaps in another size."""
    found = PICTURE.search(body)
    return found is not None and _file_of(unescape(found[1])) == _file_of(image.url)


def _file_of(address: str) -> str:
    """Return the address of a picture without its scheme, and without what may be but a size."""
    name = address.partition("?")[0] if image_type(address) else address
    return _without_size(name.partition("://")[2])


def _begins_with(body: str, excerpt: str) -> bool:
    """Tell whether one of the first paragraphs of a body says what the excerpt does, perhaps cut
    off."""
    from feeds.records.summary import NOTE, TAG  # few sites need it

    said = "".join(excerpt.split())
    for end in CUT_OFF:
        said = said.removesuffix(end)
    longest = 2 * len(excerpt) + 4000  # with the tags in it
    starts = [0, *(found.start() for found in islice(PARAGRAPH.finditer(body), 3))]
    texts = (unescape(TAG.sub("", NOTE.sub("", body[at : at + longest]))) for at in starts)
    return any("".join(text.split()).startswith(said) for text in texts)


def _related_list(related: tuple[Related, ...]) -> str:
    """Return a list of related coverage, without a heading: a feed may be in any language."""
    return (
        "<hr>\n<ul>\n" + "".join(f"<li>{_related_line(item)}</li>\n" for item in related) + "</ul>"
    )


def _related_line(item: Related) -> str:
    link = f'<a href="{escape(item.link)}">{escape(item.title, quote=False)}</a>'
    return f"{link} ({escape(item.provider.name, quote=False)})" if item.provider else link


HEADINGS = {
    EVERYTHING: "Everything",
    OWN: "Selections",
    **{prefix: taxonomy.plural for prefix, taxonomy in TAXONOMIES.items()},
}
KINDS = {
    EVERYTHING: "All articles",
    OWN: "Selection",
    **{prefix: taxonomy.title for prefix, taxonomy in TAXONOMIES.items()},
}
SUBJECTS = {
    OWN: "chosen for",
    **{prefix: taxonomy.subject for prefix, taxonomy in TAXONOMIES.items()},
}


class Head(NamedTuple):
    """The parts of a document about its feed, whatever the format, and its place in the history.

    `id` is the address that stands for the feed, `page` the one for a person; `updated` is the last
    change of an article in the document.
    """

    id: str
    title: str
    subtitle: str
    page: str
    image: str | None
    is_styled: bool
    updated: datetime
    place: PageLinks


def head_of(feed: Feed, site: Site, updated: datetime, place: PageLinks) -> Head:
    """Return what a document says of its feed."""
    return Head(
        identity_address(feed.key, site),
        title(feed, site),
        subtitle(feed, site),
        page_address(feed, site),
        image(feed, site),
        feed.page,
        updated,
        place,
    )


def labels(article: Article) -> dict[str, str]:
    """Return the names that an entry is sorted by, the category first, each with the prefix of its
    taxonomy."""
    category = {article.category: CATEGORIES.prefix} if article.category else {}
    return {**category, **dict.fromkeys(article.topics, TOPICS.prefix)}


def title(feed: Feed, site: Site) -> str:
    """Return the title under which a reader lists the feed."""
    return site.title if feed.key == EVERYTHING else f"{feed.name} · {site.title}"


def subtitle(feed: Feed, site: Site) -> str:
    """Return what the feed holds, in a sentence."""
    if feed.key == EVERYTHING:
        return site.description or f"Every article of {site.title}."
    if feed.description:
        return feed.description
    return f"Articles {SUBJECTS[feed.kind]} {feed.name}, from {site.title}."


def image(feed: Feed, site: Site) -> str | None:
    """Return the address of the picture that stands for the feed."""
    return feed.image or site.logo


def page_address(feed: Feed, site: Site) -> str:
    """Return the address of the feed for a person: its page, or its place on the front page, which
    is the page of everything."""
    if feed.key == EVERYTHING:
        return site.address("")
    page = canonical(feed_path(feed.key, PAGE))
    return site.address(page if feed.page else f"#{feed.key}")


def identity_address(key: str, site: Site) -> str:
    """Return the address that stands for a feed in any format, or for all feeds of a kind."""
    return site.address(feed_folder(key))
