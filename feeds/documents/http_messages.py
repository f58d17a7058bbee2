"""A document as an HTTP message: what a request means, its headers, and its content codings (RFC
9110).

For the service, and for the rules beside a static tree. Here alone is what is compressed. Not here:
the grammar of paths (urls), which documents exist (plans), which feeds moved (config/feed_names).
"""

import gzip
import re
import zlib
from collections.abc import Iterable
from functools import cache, lru_cache

import brotli
import zstandard

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


LASTING = 24  # times as long as it is fresh, a response may stand in for a server that fails
# Feeds are for everybody's programs, also for those in browsers (fetch.spec.whatwg.org, CORS
# protocol).
ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag, Link"),
)
PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
    ("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since"),
    ("Access-Control-Max-Age", "86400"),
)
# Pages have the style and the script that lie beside them, show pictures of any host, and run
# nothing else.
OF_PAGES = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src http: https:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
)


def cache_control(seconds: int, until_expiry: int | None = None) -> str:
    """Return how long a response is fresh, for as long again while a cache asks again, and much
    longer while the server fails.

    One number, and what follows from it (RFC 9111 §5.2.2.1, RFC 5861). None of it lasts longer than
    `until_expiry`, the seconds until an article expires, so that no cache shows it then.
    """
    said, rest = f"public, max-age={seconds}", seconds * LASTING
    if until_expiry is not None:
        rest = min(rest, until_expiry - seconds)
    if rest > 0:
        said += f", stale-while-revalidate={min(seconds, rest)}, stale-if-error={rest}"
    return said


IDENTITY = "identity"
# Of those that a client takes alike, the one that makes feeds smallest comes first.
CODINGS = ("br", "zstd", "gzip")
SUFFIXES = {"br": ".br", "gzip": ".gz"}  # of files beside a file, as servers look for them
LONGEST = 512  # characters of a header that is worth remembering; nobody asks for so many codings
MOST = 1024
# A request waits for these: about 2 ms for 120 KB. More effort makes feeds a tenth smaller at 5 to
# 50 times the cost.
BROTLI, ZSTANDARD, GZIP = 5, 9, 6
# A tree is made once and read for long; the highest quality of brotli would take 100 ms for 120 KB.
BROTLI_BEST, GZIP_BEST = 9, 9
_QVALUE = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def choose(accepted: str | None) -> str:
    """The coding for a client that sends this Accept-Encoding (RFC 9110 §12.5.3).

    The highest q-value wins. Identity comes last among equals, unless it is named before others by
    its q-value, and is what is left where nothing is acceptable. `*` alone says nothing of what a
    client can read: it gets gzip.
    """
    if accepted is None or len(accepted) > LONGEST:
        return IDENTITY
    return _choose(accepted)


@lru_cache(MOST)
def _choose(accepted: str) -> str:
    wanted: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = (piece.strip() for piece in part.partition(";"))
        quality = _quality(parameter)
        if name and quality is not None:
            wanted["gzip" if name == "x-gzip" else name] = quality
    rest = wanted.get("*", 0.0)
    offers = {coding: wanted.get(coding, rest if coding == "gzip" else 0.0) for coding in CODINGS}
    best = max(CODINGS, key=lambda coding: offers[coding])
    # acceptable though it is not named, and then the least of what is
    plain = wanted.get(IDENTITY, 0.0)
    return best if offers[best] > 0 and offers[best] >= plain else IDENTITY


def _quality(parameter: str) -> float | None:
    if not parameter:
        return 1.0
    name, _, value = (piece.strip() for piece in parameter.partition("="))
    return float(value) if name == "q" and _QVALUE.fullmatch(value) else None


def encode(content: bytes, coding: str) -> bytes:
    """Content in a coding, for an answer that somebody waits for.  Equal input gives equal
    bytes."""
    if coding == "br":
        return bytes(brotli.compress(content, mode=brotli.MODE_TEXT, quality=BROTLI))
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=ZSTANDARD).compress(content)
    if coding == "gzip":
        return gzip.compress(content, GZIP, mtime=0)
    return content


def encode_best(content: bytes, coding: str) -> bytes:
    """Content in a coding of SUFFIXES, as small as it gets.  Equal input gives equal bytes."""
    if coding == "br":
        return bytes(brotli.compress(content, mode=brotli.MODE_TEXT, quality=BROTLI_BEST))
    return gzip.compress(content, GZIP_BEST, mtime=0)


def decoded(content: bytes, path: str) -> bytes | None:
    """Return what is in a file that lies beside a document in a coding of SUFFIXES; None where it
    is no such file."""
    try:
        if path.endswith(SUFFIXES["br"]):
            return bytes(brotli.decompress(content))
        if path.endswith(SUFFIXES["gzip"]):
            return gzip.decompress(content)
    except (brotli.error, OSError, EOFError, zlib.error):
        pass
    return None
