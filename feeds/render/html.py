"""Pages for people: the front page, which lists the feeds, and what is said where nothing is.  Jinja2 templates."""

from collections.abc import Iterable
from itertools import groupby

from jinja2 import Environment, PackageLoader, StrictUndefined

from feeds.config import Site
from feeds.model import Feed, feed_path
from feeds.render import format_named, words

MEDIA_TYPE = "text/html; charset=utf-8"
HEADINGS = {
    "all": "Everything",
    "feeds": "Selections",
    "topics": "Topics",
    "providers": "Providers",
    "categories": "Categories",
}
LABELS = {"rss": "RSS", "atom": "Atom"}

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
    groups = [(HEADINGS[kind], list(some)) for kind, some in groupby(feeds, key=lambda feed: feed.kind)]
    types = {name: format_named(name).MEDIA_TYPE.partition(";")[0] for name in names}
    template = _environment.get_template("index.html")
    return template.render(site=site, groups=groups, formats=names, types=types).encode()


def error_page(site: Site, heading: str, advice: str) -> bytes:
    """What a person sees where there is nothing to see."""
    return _environment.get_template("error.html").render(site=site, heading=heading, advice=advice).encode()
