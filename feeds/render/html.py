"""Pages for people: the front page, which lists the feeds, and what is said where nothing is.  Jinja2 templates."""

from collections.abc import Iterable
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from feeds.config import Site
from feeds.model import Feed, feed_path
from feeds.render import format_named, words

MEDIA_TYPE = "text/html; charset=utf-8"
LABELS = {"rss": "RSS", "atom": "Atom", "json": "JSON"}
ADVICE = {
    404: ("Nothing here", "No feed has this address. It may be misspelled, or nothing is published in it."),
    405: ("Only for reading", "This address answers GET and HEAD."),
    410: ("Gone for good", "This feed is no more, and no other took its place. It can be unsubscribed from."),
}

_environment = Environment(
    loader=PackageLoader("feeds.render"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.globals.update(title=words.title, feed_path=feed_path, labels=LABELS)


def front_page(feeds: Iterable[Feed], site: Site, formats: Iterable[str]) -> bytes:
    """Every feed by kind, each with its address in every format of its own; `formats` are those that there are."""
    names = list(formats)
    groups = [(words.HEADINGS[kind], list(some)) for kind, some in groupby(feeds, key=lambda feed: feed.kind)]
    types = {name: format_named(name).MEDIA_TYPE.partition(";")[0] for name in names}
    template = _environment.get_template("index.html")
    return template.render(site=site, groups=groups, formats=names, types=types).encode()


def error_page(site: Site, heading: str, advice: str) -> bytes:
    """What a person sees where there is nothing to see."""
    return _environment.get_template("error.html").render(site=site, heading=heading, advice=advice).encode()
