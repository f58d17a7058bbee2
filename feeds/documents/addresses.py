"""What people and programs ask for, and what they mean by it; the links between documents.

Pure text. Not here: the grammar of paths (urls), which documents exist (plans), which feeds moved
(config/feeds).
"""

import re
from collections.abc import Iterable
from functools import cache, lru_cache

from feeds.config import Config
from feeds.formats import FORMATS
from feeds.render import format_named, media_type_of
from feeds.urls import EVERYTHING, INDEX, canonical, feed_path, parse_path

# The type of feeds for browsers, which would save them or show them as text by their own.
FOR_BROWSERS = "text/xml; charset=utf-8"
# `document` where somebody opens an address (w3.org/TR/fetch-metadata)
FETCH_DEST = "Sec-Fetch-Dest"
# The value of a Host header (RFC 9110 §7.2), without the comma by which servers join two of them.
HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+;=%-]+|\[[0-9A-Za-z:.%]+\])(?::[0-9]*)?")


@lru_cache(1024)
def is_host(text: str) -> bool:
    """Return True if a Host header names one host."""
    return HOST.fullmatch(text) is not None


@cache
def _media_types() -> frozenset[str]:
    return frozenset(media_type_of(name) for name in FORMATS)


@cache
def _styled_types() -> frozenset[str]:
    return frozenset(form.MEDIA_TYPE for form in map(format_named, FORMATS) if form.IS_STYLED)


def names_a_feed(accepted: str) -> bool:
    """Return True if an Accept header could ask for a format of feeds by name."""
    accepted = accepted.lower()
    return any(media_type in accepted for media_type in _media_types())


def is_styled(media_type: str) -> bool:
    """Return True for a feed that browsers get as XML, which they show with its style."""
    return media_type in _styled_types()


def meant(asked: str) -> tuple[str, ...]:
    """Return the paths that may be meant by an address at which there is nothing, the likeliest
    first.

    Readers and people change capitals, and put slashes and spaces at the end. What has two slashes
    in a row is left.
    """
    plain = asked.lower().rstrip("/ \t")
    if "//" in asked or not plain:
        return ()
    return plain, f"{plain}/{INDEX}"


def wanted_format(accepted: Iterable[tuple[str, float]], formats: Iterable[str]) -> str | None:
    """Return the format that a client asks for by name (RFC 9110 §12.5.1), or None where a page
    will do.

    Only a media type of a feed that is named, and preferred to HTML, is that of a reader: browsers
    take `*/*` too.
    """
    qualities = {kind.partition(";")[0].strip().lower(): quality for kind, quality in accepted}
    offers = {name: qualities.get(media_type_of(name), 0) for name in formats}
    best = max(offers, key=lambda name: offers[name], default=None)
    page = max(qualities.get("text/html", 0), qualities.get("application/xhtml+xml", 0))
    return best if best is not None and offers[best] > page else None


def key_of(path: str) -> str | None:
    """Return the key of the feed whose newest articles a path has, in a format or for people.

    The front page is that of everything. None for a page of history, and for any other path.
    """
    if path == INDEX:
        return EVERYTHING
    parsed = parse_path(path)
    return parsed.key if parsed is not None and not parsed.page else None


def links(config: Config, path: str, formats: Iterable[str]) -> str:
    """Return the value of a Link header (RFC 8288): the document itself, its feed in other formats,
    and the hubs (WebSub §4).

    `formats` are those of its feed, if it is of one.
    """
    address, key = config.site.address, key_of(path)
    found = [f'<{address(canonical(path))}>; rel="self"']
    if key is None:
        return found[0]
    for name in formats:
        if (other := feed_path(key, name)) != path:
            found.append(f'<{address(other)}>; rel="alternate"; type="{media_type_of(name)}"')
    if not path.endswith(INDEX):
        found += [f'<{hub}>; rel="hub"' for hub in config.site.hubs]
    return ", ".join(found)
