"""What feeds are called and said to hold, in every format and on every page alike."""

from feeds.config.site import Site
from feeds.model import EVERYTHING, Feed, feed_folder

HEADINGS = {
    "all": "Everything",
    "feeds": "Selections",
    "topics": "Topics",
    "providers": "Providers",
    "categories": "Categories",
}
KINDS = {
    "all": "All articles",
    "feeds": "Selection",
    "topics": "Topic",
    "providers": "Provider",
    "categories": "Category",
}
SUBJECTS = {
    "topics": "about",
    "providers": "from",
    "categories": "in the category",
    "feeds": "chosen for",
}


def title(feed: Feed, site: Site) -> str:
    """What a reader lists the feed as."""
    return site.title if feed.key == EVERYTHING else f"{feed.name} · {site.title}"


def subtitle(feed: Feed, site: Site) -> str:
    """What the feed holds, in a sentence."""
    if feed.key == EVERYTHING:
        return site.description or f"Every article of {site.title}."
    if feed.description:
        return feed.description
    return f"Articles {SUBJECTS[feed.kind]} {feed.name}, from {site.title}."


def image(feed: Feed, site: Site) -> str | None:
    """The address of the picture that stands for the feed."""
    return feed.image or site.logo


def page_address(feed: Feed, site: Site) -> str:
    """Where a person finds the feed: its page, or its place on the front page, which is that of
    everything."""
    if feed.key == EVERYTHING:
        return site.address("")
    return site.address(f"{feed.key}/" if feed.page else f"#{feed.key}")


def identity_address(key: str, site: Site) -> str:
    """The address that stands for a feed in any format, and for the set of names of a kind."""
    return site.address(feed_folder(key))
