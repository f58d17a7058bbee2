"""Atom 1.0 (RFC 4287), with Media RSS."""

from collections.abc import Iterator
from datetime import datetime

from feeds.config.site import Site
from feeds.model import Article, Feed, image_type
from feeds.render import Place, Style, compiled, content, words, xml
from feeds.render.compiled import EntryInput, FeedInput
from feeds.taxonomies import PROVIDERS, TOPICS
from feeds.urls import feed_path

NAME = "atom"
LABEL = "Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
OPML_VERSION = "atom"
IS_STYLED = True
BETWEEN = b""


def entry(given: EntryInput, site: Site, style: Style) -> bytes:
    """One <entry>; what is left of a withdrawn article, and its tombstone (RFC 6721 §3)."""
    return compiled.entry(_entry, given, site, style)


def _entry(given: EntryInput, site: Site, style: Style) -> bytes:
    if (article := given.article).withdrawn:
        stone = xml.Extra(
            f"{{{xml.TOMBSTONES}}}deleted-entry",
            None,
            {"ref": article.id, "when": _moment(article)},
        )
        return xml.cut_out(withdrawn_of(article).atom_entry(), xml.made(stone))
    return xml.cut_out(entry_of(given, site, style).atom_entry())


def frame(feed: Feed, site: Site, updated: datetime, place: Place) -> tuple[bytes, bytes]:
    """The <feed> around the entries."""
    return xml.halves(compiled.frame(_empty, FeedInput(feed, updated, place), site), b"</feed>")


def _empty(given: FeedInput, site: Site) -> bytes:
    whole: bytes = feed_of(given.feed, site, given.updated, given.place).atom_str()
    return xml.styled(whole, site.local("feeds.css")) if given.feed.page else whole


def entry_of(given: EntryInput, site: Site, style: Style) -> xml.FeedEntry:
    """The article as feedgen holds it."""
    article = given.article
    item = xml.new_entry(tuple(_extras(article, site, style)))
    item.id(article.id)
    item.title(article.title)
    item.link(href=article.link, rel="alternate")
    item.published(article.published)
    item.updated(article.changed)
    item.author(name=article.provider.name, uri=f"https://{article.provider.domain}/")
    if article.excerpt:
        item.summary(article.excerpt)
    if given.html:
        item.content(given.html, type="html")
    scheme = words.identity_address(TOPICS.prefix, site)
    # Readers show the term where they should show the label, so that the term is the name too.
    item.category([{"term": topic, "label": topic, "scheme": scheme} for topic in article.topics])
    return item


def withdrawn_of(article: Article) -> xml.FeedEntry:
    """What is left of a withdrawn article, as feedgen holds it.  Its author is the feed's (RFC 4287
    §4.1.1)."""
    item = xml.new_entry(())
    item.id(article.id)
    item.title(article.title)
    item.link(href=article.link, rel="alternate")
    item.published(article.published)
    item.updated(article.changed)
    return item


def _moment(article: Article) -> str:
    return article.changed.isoformat()


def _extras(article: Article, site: Site, style: Style) -> Iterator[xml.Extra]:
    lead = content.lead_image(article)
    yield from xml.pictures(article.images, lead)
    if lead is not None and lead.length is not None and (kind := image_type(lead.url)):
        yield xml.link("link", "enclosure", lead.url, type=kind, length=str(lead.length))
    for item in article.related:
        yield xml.link("link", "related", item.link, title=item.title)
    if style.amp and article.amp_link:
        yield xml.link("link", "amphtml", article.amp_link)
    if style.source:
        key = PROVIDERS.key_of(article.provider)
        # RFC 4287 §4.2.11. Its time is the entry's own: that of the provider's feed would change
        # with every article.
        about = (
            xml.Extra("id", words.identity_address(key, site)),
            xml.Extra("title", article.provider.name),
            xml.Extra("updated", article.changed.isoformat()),
            xml.link(
                "link",
                "self",
                site.address(feed_path(key, NAME)),
                type=MEDIA_TYPE.partition(";")[0],
            ),
        )
        yield xml.Extra("source", children=about)


def feed_of(feed: Feed, site: Site, updated: datetime, place: Place) -> xml.FeedGenerator:
    """The feed without its entries, as feedgen holds it."""
    # A validator warns of this namespace: it is declared only where it is used.
    stones = {"at": xml.TOMBSTONES} if place.withdrawn else {}
    whole = xml.new_feed(
        stones, xml.history("link", place), [xml.link("link", "hub", hub) for hub in site.hubs]
    )
    whole.id(words.identity_address(feed.key, site))
    whole.title(words.title(feed, site))
    whole.subtitle(words.subtitle(feed, site))
    whole.link(href=place.itself, rel="self", type=MEDIA_TYPE.partition(";")[0])
    whole.link(href=words.page_address(feed, site), rel="alternate", type="text/html")
    whole.language(site.language)
    whole.updated(updated)
    whole.author(name=site.author or site.title)
    if site.rights:
        whole.rights(site.rights)
    if site.icon:
        whole.icon(site.icon)
    if picture := words.image(feed, site):
        whole.logo(picture)
    return whole
