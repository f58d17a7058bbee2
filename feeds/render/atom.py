"""Atom 1.0 (RFC 4287), with Media RSS."""

from datetime import datetime

from feeds.config import Site
from feeds.model import Article, Feed, feed_path
from feeds.render import words, xml

NAME = "atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"


def entry(article: Article, site: Site, *, has_source: bool) -> bytes:
    """One <entry>."""
    return xml.cut_out(entry_of(article, site).atom_entry())


def frame(feed: Feed, site: Site, updated: datetime) -> tuple[bytes, bytes]:
    """The <feed> around the entries."""
    return xml.halves(feed_of(feed, site, updated).atom_str(), b"</feed>")


def entry_of(article: Article, site: Site) -> xml.FeedEntry:
    """The article as feedgen holds it."""
    item = xml.new_entry(xml.pictures(article.images))
    item.id(article.id)
    item.title(article.title)
    item.link(href=article.link, rel="alternate")
    item.published(article.published)
    item.updated(article.changed)
    item.author(name=article.provider.name, uri=f"https://{article.provider.domain}/")
    if article.excerpt:
        item.summary(article.excerpt)
    for topic in article.topics:
        # Readers show the term where they should show the label, so that the term is the name too.
        item.category(term=topic, label=topic, scheme=words.identity_address("topics", site))
    return item


def feed_of(feed: Feed, site: Site, updated: datetime) -> xml.FeedGenerator:
    """The feed without its entries, as feedgen holds it."""
    whole = xml.new_feed(xml.Media)
    whole.id(words.identity_address(feed.key, site))
    whole.title(words.title(feed, site))
    whole.subtitle(words.subtitle(feed, site))
    whole.link(href=site.address(feed_path(feed.key, NAME)), rel="self", type=MEDIA_TYPE.partition(";")[0])
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
