"""Atom 1.0 (RFC 4287), with Media RSS."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from feeds.config.site import Site
from feeds.model import Article, Feed, image_type
from feeds.render import PageLinks, Style, compiled, content, xml
from feeds.render.compiled import EntryInput
from feeds.render.content import Head
from feeds.taxonomies import PROVIDERS
from feeds.urls import feed_path

NAME = "atom"
LABEL = "Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
OPML_VERSION = "atom"
IS_STYLED = True
BETWEEN = b""


def entry(given: EntryInput, site: Site, style: Style) -> bytes:
    """Return one <entry>; a withdrawn article has a short one and a tombstone (RFC 6721 §3)."""
    return compiled.entry(_entry, given, site, style)


def _entry(given: EntryInput, site: Site, style: Style) -> bytes:
    if (article := given.article).withdrawn:
        tombstone = xml.Extra(
            f"{{{xml.TOMBSTONES}}}deleted-entry",
            None,
            {"ref": article.id, "when": article.changed.isoformat()},
        )
        return xml.cut_out(withdrawn_of(article).atom_entry(), xml.element_of(tombstone))
    return xml.cut_out(entry_of(given, site, style).atom_entry())


def frame(feed: Feed, site: Site, updated: datetime, place: PageLinks) -> tuple[bytes, bytes]:
    """Return the <feed> before and after the entries."""
    whole = compiled.frame(_feed, content.head_of(feed, site, updated, place), site)
    return xml.halves(whole, b"</feed>")


def _feed(head: Head, site: Site) -> bytes:
    whole: bytes = feed_of(head, site).atom_str()
    return xml.styled(whole, site.local("feeds.css")) if head.is_styled else whole


def entry_of(given: EntryInput, site: Site, style: Style) -> xml.FeedEntry:
    """Return the feedgen entry of an article."""
    article = given.article
    item = withdrawn_of(article, tuple(_extras(given, site, style)))
    if given.heading:
        item.title(given.heading)  # RFC 4287 §4.1.2: an entry has one
    item.author(name=article.provider.name, uri=f"https://{article.provider.domain}/")
    if article.excerpt:
        item.summary(article.excerpt)
    if given.html:
        item.content(given.html, type="html")
    # Readers show the term in place of the label, so it is the name, too.
    item.category(
        [
            {"term": label, "label": label, "scheme": content.identity_address(prefix, site)}
            for label, prefix in content.labels(article).items()
        ]
    )
    return item


def withdrawn_of(article: Article, extras: Iterable[xml.Extra] = ()) -> xml.FeedEntry:
    """Return the feedgen entry of a withdrawn article, without author (RFC 4287 §4.1.1): what every
    entry has."""
    item = xml.new_entry(extras)
    item.id(article.id)
    item.title(article.title)
    item.link(href=article.link, rel="alternate")
    item.published(article.published)
    item.updated(article.changed)
    return item


def _extras(given: EntryInput, site: Site, style: Style) -> Iterator[xml.Extra]:
    article = given.article
    lead = content.lead_image(article)
    yield from xml.pictures(article.images, lead, given.groups)
    if lead is not None and lead.length is not None and (kind := image_type(lead.url)):
        yield xml.link("link", "enclosure", lead.url, type=kind, length=str(lead.length))
    for item in article.related:
        yield xml.link("link", "related", item.link, title=item.title)
    if style.amp and article.amp_link:
        yield xml.link("link", "amphtml", article.amp_link)
    if style.source:
        key = PROVIDERS.key_of(article.provider)
        # RFC 4287 §4.2.11. `updated` is that of the entry: the provider's feed changes with every
        # article, and would change each of its entries.
        source = (
            xml.Extra("id", content.identity_address(key, site)),
            xml.Extra("title", article.provider.name),
            xml.Extra("updated", article.changed.isoformat()),
            xml.link(
                "link",
                "self",
                site.address(feed_path(key, NAME)),
                type=MEDIA_TYPE.partition(";")[0],
            ),
        )
        yield xml.Extra("source", children=source)


def feed_of(head: Head, site: Site) -> xml.FeedGenerator:
    """Return the feedgen feed without its entries."""
    place = head.place
    # The W3C validator warns about this namespace: declare it only where it is used.
    prefixes = {"at": xml.TOMBSTONES} if place.withdrawn else {}
    hubs = [xml.link("link", "hub", hub) for hub in site.hubs]
    whole = xml.new_feed(prefixes, [*xml.history("link", place), *hubs])
    whole.id(head.id)
    whole.title(head.title)
    whole.subtitle(head.subtitle)
    whole.link(href=place.itself, rel="self", type=MEDIA_TYPE.partition(";")[0])
    whole.link(href=head.page, rel="alternate", type="text/html")
    whole.language(site.language)
    whole.updated(head.updated)
    whole.author(name=site.author or site.title)
    if site.rights:
        whole.rights(site.rights)
    if site.icon:
        whole.icon(site.icon)
    if head.image:
        whole.logo(head.image)
    return whole
