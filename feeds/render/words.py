"""The titles and descriptions of feeds, the same in every format and on every page."""

from feeds.config.site import Site
from feeds.model import Feed
from feeds.taxonomies import TAXONOMIES
from feeds.urls import EVERYTHING, OWN, PAGE, canonical, feed_folder, feed_path

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
