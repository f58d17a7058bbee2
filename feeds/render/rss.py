"""RSS 2.0 (rssboard.org/rss-specification and its Best Practices Profile), with Media RSS and Dublin Core."""

from datetime import datetime
from html import escape

from feeds.config import Site
from feeds.model import Article, Feed, feed_path
from feeds.render import words, xml

NAME = "rss"
MEDIA_TYPE = "application/rss+xml; charset=utf-8"


def entry(article: Article, site: Site, *, has_source: bool) -> bytes:
    """One <item>."""
    return xml.cut_out(entry_of(article, site, has_source=has_source).rss_entry())


def frame(feed: Feed, site: Site, updated: datetime) -> tuple[bytes, bytes]:
    """The <channel> around the items."""
    return xml.halves(feed_of(feed, site, updated).rss_str(), b"</channel></rss>")


def entry_of(article: Article, site: Site, *, has_source: bool) -> xml.FeedEntry:
    """The article as feedgen holds it."""
    creator = xml.Extra(f"{{{xml.DUBLIN_CORE}}}creator", article.provider.name)
    item = xml.new_entry([creator, *xml.pictures(article.images)])
    item.title(article.title)
    item.link(href=article.link)
    item.guid(article.id, permalink=True)
    item.published(article.published)
    if article.excerpt:
        # Readers take a description for HTML, so that what is text is escaped as such (RSS 2.0, "encoding examples").
        item.description(escape(article.excerpt, quote=False))
    for topic in article.topics:
        item.category(term=topic, scheme=words.identity_address("topics", site))
    if has_source:
        path = feed_path(f"providers/{article.provider.domain}", NAME)
        item.source(url=site.address(path), title=article.provider.name)
    return item


def feed_of(feed: Feed, site: Site, updated: datetime) -> xml.FeedGenerator:
    """The feed without its entries, as feedgen holds it."""
    channel = xml.new_feed(xml.MediaAndDublinCore)
    channel.title(words.title(feed, site))
    channel.description(words.subtitle(feed, site))
    channel.link(href=site.address(feed_path(feed.key, NAME)), rel="self", type=MEDIA_TYPE.partition(";")[0])
    channel.link(href=words.page_address(feed, site), rel="alternate")
    channel.language(site.language)
    channel.lastBuildDate(updated)
    if site.rights:
        channel.rights(site.rights)
    if picture := words.image(feed, site):
        channel.logo(picture)
    return channel
