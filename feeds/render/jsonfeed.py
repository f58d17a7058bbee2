"""JSON Feed 1.1 (jsonfeed.org/version/1.1)."""

import json
from datetime import datetime
from typing import Any

from feeds.config.site import Site
from feeds.model import Article, Feed, Image, image_type
from feeds.render import PageLinks, Style, content
from feeds.render.compiled import EntryInput

NAME = "json"
LABEL = "JSON"
MEDIA_TYPE = "application/feed+json; charset=utf-8"
OPML_VERSION = "json"
IS_STYLED = False
BETWEEN = b","
END = b"]}"


def entry(given: EntryInput, site: Site, _: Style) -> bytes:
    """Return one of `items`."""
    article, html = given.article, given.html
    if article.withdrawn:
        return _written(_withdrawn(article))
    lead = content.lead_image(article)
    original = article.original_link
    item = {
        "id": article.id,
        "url": article.link,
        "external_url": original if original != article.link else None,
        "title": article.title,
        # Each item needs content_html or content_text: without HTML, the excerpt or the title.
        "content_html": html,
        "content_text": "" if html else article.excerpt or article.title or given.heading,
        "summary": article.excerpt,
        "image": lead.url if lead else None,
        "date_published": _moment(article.published),
        "date_modified": _moment(article.changed),
        "authors": [{"name": article.provider.name, "url": f"https://{article.provider.domain}/"}],
        "tags": list(content.labels(article)),
        "language": site.language,
        "attachments": [
            _attachment(image, kind) for image in article.images if (kind := image_type(image.url))
        ],
    }
    return _written(item)


def _withdrawn(article: Article) -> dict[str, Any]:
    """Return the item of a withdrawn article."""
    return {
        "id": article.id,
        "url": article.link,
        "title": article.title,
        "content_text": article.title,
        "date_published": _moment(article.published),
        "date_modified": _moment(article.changed),
    }


def frame(feed: Feed, site: Site, updated: datetime, place: PageLinks) -> tuple[bytes, bytes]:
    """Return the feed before and after the items.  JSON Feed has no place for `updated`."""
    shown = content.head_of(feed, site, updated, place)
    head = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": shown.title,
        "home_page_url": shown.page,
        "feed_url": place.current or place.itself,
        "next_url": place.previous,
        "description": shown.subtitle,
        "icon": shown.image,
        "favicon": site.icon,
        "authors": [{"name": site.author or site.title}],
        "language": site.language,
        "hubs": [{"type": "WebSub", "url": hub} for hub in site.hubs],
    }
    return _written(head).removesuffix(b"}") + b',"items":[', END


def _attachment(image: Image, kind: str) -> dict[str, Any]:
    size = {} if image.length is None else {"size_in_bytes": image.length}
    title = {"title": said} if (said := image.alt or image.caption) else {}
    return {"url": image.url, "mime_type": kind, **title, **size}


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _written(parts: dict[str, Any]) -> bytes:
    present = {name: part for name, part in parts.items() if part not in (None, "", [])}
    return json.dumps(present, ensure_ascii=False, separators=(",", ":")).encode()
