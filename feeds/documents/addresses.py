"""What people and programs ask for, and what they mean: one canonical address for each document,
links to the others.

Pure text. Not here: which documents there are (pipeline), which feeds moved (names).
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from feeds.config import Config
from feeds.render import format_named
from feeds.urls import EVERYTHING, INDEX, canonical, feed_path, parse_path

# Feeds that a browser would save or show as text, and shows with their style when they come as XML
# (FOR_BROWSERS).
STYLED = ("application/rss+xml", "application/atom+xml")
FOR_BROWSERS = "text/xml; charset=utf-8"
# `document` where somebody opens an address (w3.org/TR/fetch-metadata)
FETCH_DEST = "Sec-Fetch-Dest"
# Whether an Accept header could ask for a feed, told at a glance.
NAMES_A_FEED = re.compile(r"rss|atom|feed\+json", re.IGNORECASE)

# The value of a Host header (RFC 9110 §7.2), without the comma by which servers join two of them.
HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+;=%-]+|\[[0-9A-Za-z:.%]+\])(?::[0-9]*)?")


@lru_cache(1024)
def is_host(text: str) -> bool:
    """Tell whether a Host header names one host."""
    return HOST.fullmatch(text) is not None


def meant(asked: str) -> tuple[str, ...]:
    """Paths of documents that may be meant by an address at which there is none, the likeliest
    first.

    Readers and people change capitals, and put slashes and spaces at the end. What has two slashes
    in a row is left.
    """
    plain = asked.lower().rstrip("/ \t")
    if "//" in asked or not plain:
        return ()
    return plain, f"{plain}/{INDEX}"


def wanted_format(accepted: Iterable[tuple[str, float]], formats: Iterable[str]) -> str | None:
    """The format of a feed that a client asks for by name (RFC 9110 §12.5.1), or None where a page
    will do.

    Only a media type of ours that is named, and preferred to HTML, tells a reader: browsers take
    `*/*` too.
    """
    qualities = {kind.partition(";")[0].strip().lower(): quality for kind, quality in accepted}
    offers = {name: qualities.get(_media_type(name), 0) for name in formats}
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
    """The value of a Link header (RFC 8288): itself, its feed in other formats, and the hubs
    (WebSub §4).

    `formats` are those of its feed, none where it is of no feed.
    """
    address, key = config.site.address, key_of(path)
    found = [f'<{address(canonical(path))}>; rel="self"']
    if key is None:
        return found[0]
    for name in formats:
        if (other := feed_path(key, name)) != path:
            found.append(f'<{address(other)}>; rel="alternate"; type="{_media_type(name)}"')
    if not path.endswith(INDEX):
        found += [f'<{hub}>; rel="hub"' for hub in config.site.hubs]
    return ", ".join(found)


def _media_type(name: str) -> str:
    return format_named(name).MEDIA_TYPE.partition(";")[0]
