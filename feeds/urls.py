"""The one grammar of feed keys, slugs, paths and web addresses: builds and parses them all.

    key      all, or KIND/SLUG: topics/computer-vision, providers/example.org, feeds/hot-in-ai
    path     feed.rss, topics/ai/feed.rss    the newest articles of a feed in a format
             topics/ai/archive/2020-11.rss   a page of its history: a month, a day or an hour
             all/index.html, topics/ai/archive/2020-11.html     the same for people

A path has no leading slash and lies below the site's address; the address of an `index.html` ends
in the slash before it. Pure text. Not here: which kinds of feeds there are (taxonomies), and which
documents exist (documents).
"""

import ipaddress
import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

EVERYTHING = "all"  # the key, and the kind, of the feed of every article
OWN = "feeds"  # the kind of feeds of the publisher's own
INDEX = "index.html"
PAGE = "html"  # in place of a format: the page of a feed, for people
LONGEST_SLUG = 64

SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
# A slug or a host name, below the name of its kind.
_KEY = re.compile(rf"(?!{EVERYTHING}/)[a-z]+(?:-[a-z]+)*/(?:{SLUG}|{_HOST})")
_PATH = re.compile(
    rf"(?:(?P<feed>{_KEY.pattern})/)?"
    r"(?:feed\.(?P<format>[a-z0-9]+)"
    r"|archive/(?P<page>\d{4}-\d\d(?:-\d\d(?:T\d\d)?)?)\.(?P<page_format>[a-z0-9]+))"
    rf"|(?P<index>{EVERYTHING}|{_KEY.pattern})/index\.html",
    re.ASCII,
)
# What may lie below the folder of a feed, in any language of patterns: nothing that others would
# read otherwise, so that no part begins with a dot.
BELOW = "(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*"
# An address that is clean already: a host in lower case without a port, and a path and query
# without stray characters.
PLAIN_ADDRESS = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){1,3}"
    r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@/-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~!$&'()*+,;=:@/-]*)*"
    r"(?:\?(?=.)[A-Za-z0-9._~!$&'()*+,;=:@/?-]*"
    r"(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~!$&'()*+,;=:@/?-]*)*)?)?"
)


class FeedKey(NamedTuple):
    """The parts of a feed's key: its kind, and the slug of a name or the domain of a provider.

    Both are `all` for everything.
    """

    kind: str
    slug: str


class FeedPath(NamedTuple):
    """The parts of the path of a feed's document: the key of the feed, the format, and the page of
    its history, or `` for the newest articles."""

    key: str
    format: str
    page: str = ""


def fold(name: str) -> str:
    """Return the form in which the spellings of one name are equal: NFC, case-folded, white space
    and hyphens one space."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return " ".join(folded.replace("-", " ").split())


def slug(name: str) -> str:
    """Return the part of an address that stands for a name: a pure function of its folded form.

    `Computer Vision` gives `computer-vision`. Where ASCII letters, digits and spaces are not
    all, the readable part is followed by eight hex digits, so that C, C# and C++ differ, whatever
    other names exist. A name that ends in eight hex digits itself is followed by them too, so that
    none can take another's slug.
    """
    folded = fold(name)
    like_hashed = re.fullmatch(r"[0-9a-f]{8}", folded.rpartition(" ")[2])
    if (
        len(folded) <= LONGEST_SLUG
        and folded.isascii()
        and folded.replace(" ", "").isalnum()
        and not like_hashed
    ):
        return folded.replace(" ", "-")
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode()
    readable = "-".join(re.findall(r"[a-z0-9]+", plain))[:48].strip("-")
    tail = blake2b(folded.encode(), digest_size=4).hexdigest()
    return f"{readable}-{tail}" if readable else tail


@lru_cache(maxsize=10_000)  # records share their names
def feed_key(kind: str, name: str) -> str:
    """Return the key of the feed of that kind for a name as an editor spelled it."""
    return join_key(kind, slug(name))


def join_key(kind: str, slug: str) -> str:
    """Return the key of a feed from its parts."""
    return kind if kind == EVERYTHING else f"{kind}/{slug}"


def split_key(key: str) -> FeedKey:
    """Return the parts of a feed's key."""
    kind, _, slug = key.partition("/")
    return FeedKey(kind, slug or kind)


def kind_of(key: str) -> str:
    """Return the kind of a feed's key."""
    return key.partition("/")[0]


def is_slug(text: str) -> bool:
    """Return True for the slug of a name."""
    return len(text) <= LONGEST_SLUG and re.fullmatch(SLUG, text) is not None


def feed_folder(key: str) -> str:
    """Return the folder of a feed's documents: `` for everything, else its key and a slash."""
    return "" if key == EVERYTHING else f"{key}/"


def feed_path(key: str, format_name: str) -> str:
    """Return the path of a feed's newest articles in a format, or of its page."""
    return f"{key}/{INDEX}" if format_name == PAGE else f"{feed_folder(key)}feed.{format_name}"


def archive_path(key: str, page: str, format_name: str) -> str:
    """Return the path of a page of a feed's history."""
    return f"{feed_folder(key)}archive/{page}.{format_name}"


def parse_path(path: str) -> FeedPath | None:
    """Return the parts of the path of a feed's document, or None for any other path."""
    if (match := _PATH.fullmatch(path)) is None:
        return None
    key, format_name, page, page_format, index = match.groups()
    if index:
        return FeedPath(index, PAGE)
    if format_name == PAGE:  # the page of a feed is called index.html
        return None
    return FeedPath(key or EVERYTHING, format_name or page_format, page or "")


def feed_of(path: str) -> str:
    """Return the key of the feed in whose folder a file lies, whatever it is called; `` for a file
    of no feed.

    What is left of another format or coding belongs to its feed too, and goes with it.
    """
    *folders, name = path.split("/")
    if len(folders) > 1:
        return join_key(folders[0], folders[1])
    return EVERYTHING if folders or name.startswith("feed.") else ""


def path_ranges(key: str) -> tuple[tuple[str, str], ...]:
    """Return the paths of a feed's documents as ranges, each from a first path up to another one.

    In the order of code points, where `0` comes after `/`.
    """
    below = (f"{key}/", f"{key}0")
    return (below, ("archive/", "archive0"), ("feed.", "feed/")) if key == EVERYTHING else (below,)


def split_below(path: str) -> tuple[str, str | None]:
    """Return the key that the first two parts of a path would make, and what lies below it.

    The latter is None where nothing of that name is ever published.
    """
    kind, _, rest = path.partition("/")
    name, _, below = rest.partition("/")
    is_sound = not below or re.fullmatch(BELOW, below) is not None
    return join_key(kind, name), below if is_sound else None


def document_path(asked: str) -> str:
    """Return the path of the document at an address: that of a folder is its page."""
    return asked + INDEX if asked == "" or asked.endswith("/") else asked


def canonical(path: str) -> str:
    """Return the address of a document below the site's, by its path."""
    return path.removesuffix(INDEX) if path == INDEX or path.endswith(f"/{INDEX}") else path


def is_safe_path(path: str) -> bool:
    """Return True for a path that stays below the folder in which it is meant."""
    return {"", ".", ".."}.isdisjoint(path.split("/")) and path.isprintable()


@lru_cache(maxsize=10_000)  # and their hosts
def host_name(text: str) -> str:
    """Return a host name in the form in which it is compared: lower case, ASCII, no final dot.

    Raises ValueError for what no host can be called. IDNA 2008 with UTS 46 mapping.
    """
    host = text.strip().lower().rstrip(".")
    if not host.isascii():
        import idna  # loads large tables, and hardly any host needs it

        host = idna.encode(host, uts46=True).decode().rstrip(".")
    if len(host) > 253 or not all(re.fullmatch(_LABEL, label) for label in host.split(".")):
        raise ValueError("not a host name")
    return host


def web_address(text: str) -> str:
    """Return an http or https address in ASCII, scheme and host in lower case, otherwise as written
    (RFC 3987 §3.1).

    Raises ValueError for everything else: another scheme, no host, a user name, a control
    character.
    """
    address = text.strip()
    if PLAIN_ADDRESS.fullmatch(address):
        return address  # as nearly every address is
    if re.search(r"[\x00-\x1f\x7f]", address):
        raise ValueError("a control character in it")
    parts = urlsplit(address)
    if parts.scheme.lower() not in ("http", "https"):
        raise ValueError("not http or https")
    if "@" in parts.netloc or parts.hostname is None:
        raise ValueError("a user name in it, or no host")
    if "[" in parts.netloc and not re.fullmatch(r"\[[0-9A-Fa-f:.]*\](?::\d*)?", parts.netloc):
        raise ValueError("not an IPv6 address alone")
    host = (
        f"[{ipaddress.IPv6Address(parts.hostname)}]"
        if "[" in parts.netloc
        else host_name(parts.hostname)
    )
    netloc = host if parts.port is None else f"{host}:{parts.port}"
    path, query, fragment = (
        _percent_encoded(part) for part in (parts.path, parts.query, parts.fragment)
    )
    return urlunsplit((parts.scheme.lower(), netloc, path, query, fragment))


def identity(address: str) -> str:
    """Return the form in which two cleaned addresses are compared: no default port, no fragment."""
    if ":" not in address[6:] and "#" not in address:  # no colon but that of the scheme
        return address
    parts = urlsplit(address)
    default = {"http": ":80", "https": ":443"}[parts.scheme]
    return urlunsplit(
        (parts.scheme, parts.netloc.removesuffix(default), parts.path, parts.query, "")
    )


def address_digest(address: str) -> str:
    """Return the digest of a cleaned web address, for places where the address must not stand.

    Ledgers that editors keep hold it, so it stays the same for ever.
    """
    data = identity(address).encode("utf-8", "surrogatepass")
    return blake2b(len(data).to_bytes(8, "big") + data, digest_size=16).hexdigest()


def _percent_encoded(text: str) -> str:
    stray = re.compile(r"%(?![0-9A-Fa-f]{2})")
    return quote(stray.sub("%25", text), safe="!#$%&'()*+,/:;=?@~-._")
