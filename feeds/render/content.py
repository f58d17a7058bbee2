"""The HTML of an entry: lead picture, excerpt, body, related coverage.

In: an Article. Out: clean HTML, or "". There is no template: readers style entries themselves. Not
here: the HTML of a body, and how it is cleaned (records/markup).
"""

import re
from html import escape

from feeds.model import Article, Image, Related
from feeds.records.markup import MOST_BODY, BodyError, html_of
from feeds.records.markup import body_of as body_of
from feeds.records.markup import cleaned as cleaned


def content_of(article: Article, most: int = MOST_BODY) -> str:
    """Return the whole entry as HTML of at most `most` bytes.

    A body that is too long is left out; an entry that is too long without it is empty.
    """
    lead = lead_image(article)
    parts = [
        _picture(lead, article.title) if lead else "",
        *(
            f"<p>{escape(part, quote=False)}</p>"
            for part in re.split(r"\n\s*\n", article.excerpt)
            if part
        ),
        body_html(article, most) if article.html is None else article.html,
        _related_list(article.related) if article.related else "",
    ]
    html = "\n".join(part for part in parts if part)
    return html if len(html) <= most // 4 or len(html.encode()) <= most else ""


def body_html(article: Article, most: int) -> str:
    """Return the clean HTML of an article's body: nothing where it comes to too much."""
    if not article.body:
        return ""
    try:
        return html_of(article.body, article.link, most)
    except BodyError:
        return ""  # reported when the record was read


def lead_image(article: Article) -> Image | None:
    """Return the best picture of an article: the largest of known size, else the first."""
    return max(
        article.images, key=lambda image: (image.width or 0) * (image.height or 0), default=None
    )


def _picture(image: Image, alt: str) -> str:
    size = {"width": image.width, "height": image.height}
    known = "".join(f' {name}="{number}"' for name, number in size.items() if number is not None)
    return f'<p><img src="{escape(image.url)}" alt="{escape(alt)}"{known}></p>'


def _related_list(related: tuple[Related, ...]) -> str:
    """Return a list of related coverage, without a heading: a feed may be in any language."""
    return (
        "<hr>\n<ul>\n" + "".join(f"<li>{_related_line(item)}</li>\n" for item in related) + "</ul>"
    )


def _related_line(item: Related) -> str:
    link = f'<a href="{escape(item.link)}">{escape(item.title, quote=False)}</a>'
    return f"{link} ({escape(item.provider.name, quote=False)})" if item.provider else link
