"""RSS 2.0 (rssboard.org/rss-specification and its Best Practices Profile), with Media RSS and
Dublin Core."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from html import escape

from feeds.config.site import Site
from feeds.model import Article, Feed, image_type
from feeds.render import PageLinks, Style, compiled, content, xml
from feeds.render.compiled import EntryInput
from feeds.render.content import Head
from feeds.taxonomies import PROVIDERS
from feeds.urls import feed_path

NAME = "rss"
LABEL = "RSS"
MEDIA_TYPE = "application/rss+xml; charset=utf-8"
OPML_VERSION = "RSS2"
IS_STYLED = True
BETWEEN = b""
LINK = f"{{{xml.ATOM}}}link"


def entry(given: EntryInput, site: Site, style: Style) -> bytes:
    """Return one <item>; a withdrawn article has a short one."""
    return compiled.entry(_item, given, site, style)


def _item(given: EntryInput, site: Site, style: Style) -> bytes:
    if given.article.withdrawn:
        return xml.cut_out(withdrawn_of(given.article).rss_entry())
    return xml.cut_out(entry_of(given, site, style).rss_entry())


def frame(feed: Feed, site: Site, updated: datetime, place: PageLinks) -> tuple[bytes, bytes]:
    """Return the <channel> before and after the items."""
    whole = compiled.frame(_channel, content.head_of(feed, site, updated, place), site)
    return xml.halves(whole, b"</channel></rss>")


def _channel(head: Head, site: Site) -> bytes:
    whole: bytes = feed_of(head, site).rss_str()
    return xml.styled(whole, site.local("feeds.css")) if head.is_styled else whole


def entry_of(given: EntryInput, site: Site, style: Style) -> xml.FeedEntry:
    """Return the feedgen entry of an article."""
    article = given.article
    item = withdrawn_of(article, tuple(_extras(given, style)))
    if text := article.excerpt or given.heading:
        # Readers take a description for HTML, so plain text is escaped (RSS 2.0, "encoding
        # examples").
        item.description(escape(text, quote=False), isSummary=True)
    if given.html:
        item.content(given.html)
    lead = content.lead_image(article)
    if lead is not None and lead.length is not None and (kind := image_type(lead.url)):
        item.enclosure(url=lead.url, length=str(lead.length), type=kind)
    # Without the optional domain: rss-parser returns an element with an attribute as an object,
    # where its users expect a text.
    item.category([{"term": label} for label in content.labels(article)])
    if style.source:
        path = feed_path(PROVIDERS.key_of(article.provider), NAME)
        item.source(url=site.address(path), title=article.provider.name)
    return item


def withdrawn_of(article: Article, extras: Iterable[xml.Extra] = ()) -> xml.FeedEntry:
    """Return the feedgen entry of a withdrawn article: what every entry has."""
    item = xml.new_entry(extras)
    item.title(article.title)
    item.link(href=article.link)
    item.guid(article.id, permalink=article.id == article.address)
    item.published(article.published)
    return item


def _extras(given: EntryInput, style: Style) -> Iterator[xml.Extra]:
    article = given.article
    yield xml.Extra(f"{{{xml.DUBLIN_CORE}}}creator", article.provider.name)
    yield from xml.pictures(article.images, content.lead_image(article), given.groups)
    for item in article.related:
        yield xml.link(LINK, "related", item.link, title=item.title)
    if style.amp and article.amp_link:
        yield xml.link(LINK, "amphtml", article.amp_link)


def _syndication(minutes: int) -> Iterator[xml.Extra]:
    period, frequency = times(minutes)
    yield xml.Extra(f"{{{xml.SYNDICATION}}}updatePeriod", period)
    yield xml.Extra(f"{{{xml.SYNDICATION}}}updateFrequency", str(frequency))


def feed_of(head: Head, site: Site) -> xml.FeedGenerator:
    """Return the feedgen feed without its entries."""
    place = head.place
    hubs = [xml.link(LINK, "hub", hub) for hub in site.hubs]
    often = () if place.frequency is None else tuple(_syndication(place.frequency))
    prefixes = {"dc": xml.DUBLIN_CORE, **({"sy": xml.SYNDICATION} if often else {})}
    channel = xml.new_feed(prefixes, [*xml.history(LINK, place), *hubs, *often])
    channel.title(head.title)
    channel.description(head.subtitle)
    channel.link(href=place.itself, rel="self", type=MEDIA_TYPE.partition(";")[0])
    channel.link(href=head.page, rel="alternate")
    channel.language(site.language)
    channel.lastBuildDate(head.updated)
    if place.frequency is not None:
        channel.ttl(place.frequency)
    if site.rights:
        channel.rights(site.rights)
    if head.image:
        channel.logo(head.image)
    return channel


def times(minutes: int) -> tuple[str, int]:
    """Return a step as an `updatePeriod`, and an `updateFrequency`: how many times in it."""
    return ("hourly", 60 // minutes) if minutes <= 60 else ("daily", 1440 // minutes)
