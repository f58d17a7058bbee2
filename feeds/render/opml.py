"""OPML 2.0 (opml.org/spec2.opml): all feeds in one list, by kind, for readers to import."""

from collections.abc import Iterable
from email.utils import format_datetime
from itertools import groupby

from feeds.config.site import Site
from feeds.model import Feed
from feeds.render import content, format_named, xml
from feeds.urls import feed_path

PATH = "feeds.opml"
MEDIA_TYPE = "text/x-opml; charset=utf-8"


def subscriptions(feeds: Iterable[Feed], site: Site) -> bytes:
    """Return the list, with the address of each feed in the first of its formats."""
    listed = list(feeds)
    newest = max((feed.updated for feed in listed), default=None)
    head = [xml.Extra("title", site.title)]
    if newest is not None:
        head.append(xml.Extra("dateModified", format_datetime(newest, usegmt=True)))
    if site.author:
        head.append(xml.Extra("ownerName", site.author))
    groups = [
        xml.Extra(
            "outline",
            None,
            {"text": content.HEADINGS[kind]},
            tuple(_outline(feed, site) for feed in some),
        )
        for kind, some in groupby(listed, key=lambda feed: feed.kind)
    ]
    # A body needs an outline: without any feed, one with the title of the site.
    body = xml.Extra(
        "body", children=tuple(groups) or (xml.Extra("outline", None, {"text": site.title}),)
    )
    root = xml.Extra(
        "opml", None, {"version": "2.0"}, (xml.Extra("head", children=tuple(head)), body)
    )
    return xml.serialised(root)


def _outline(feed: Feed, site: Site) -> xml.Extra:
    title, form = content.title(feed, site), format_named(feed.formats[0])
    facts = {
        "type": "rss",
        "text": title,
        "title": title,
        "description": content.subtitle(feed, site),
        "xmlUrl": site.address(feed_path(feed.key, form.NAME)),
        "htmlUrl": content.page_address(feed, site),
        "language": site.language,
    }
    if form.OPML_VERSION:
        facts["version"] = form.OPML_VERSION
    return xml.Extra("outline", None, facts)
