"""A format of feeds as text: all that a module needs to be one."""

from datetime import datetime

from feeds.config.site import Site
from feeds.model import Feed
from feeds.render import PageLinks, Style
from feeds.render.compiled import EntryInput

NAME = "txt"
LABEL = "Text"
MEDIA_TYPE = "text/plain; charset=utf-8"
OPML_VERSION = None
IS_STYLED = False
BETWEEN = b"\n"


def entry(given: EntryInput, site: Site, style: Style) -> bytes:
    """Return the title of an article and its address."""
    return f"{given.article.title} <{given.article.link}>".encode()


def frame(feed: Feed, site: Site, updated: datetime, place: PageLinks) -> tuple[bytes, bytes]:
    """Return the title of the feed, and a line break for the end."""
    return f"{feed.name}\n\n".encode(), b"\n"
