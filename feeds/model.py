"""What feeds is about: Article, Feed, Document, and the rules for identity and paths.

Plain frozen data, no input and no output. All datetimes are aware and in UTC. Not here: how records
are read (records/), which articles a feed shows (selection), what documents look like (render/).
"""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import NamedTuple
from urllib.parse import quote, urlsplit, urlunsplit

EVERYTHING = "all"
# An address that needs no change: a host in lower case without a port, and a path, query and
# fragment without stray characters.
PLAIN_ADDRESS = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){1,3}"
    r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@/-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~!$&'()*+,;=:@/-]*)*"
    r"(?:\?(?=.)[A-Za-z0-9._~!$&'()*+,;=:@/?-]*(?:%[0-9A-Fa-f]{2}[A-Za-z0-9._~!$&'()*+,;=:@/?-]*)*)?)?"
)
IMAGE_TYPES = {
    "avif": "image/avif",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}
KINDS = ("topics", "providers", "categories")
DIGEST = 32  # hexadecimal digits of a digest: no two texts of a site will ever share one
WITHDRAWN = "Withdrawn"  # the title of what is left of an article
OWN = "feeds"  # the kind of feeds of the publisher's own


class Provider(NamedTuple):
    """The publisher of an article, known by its domain (a host name in ASCII)."""

    domain: str
    name: str


class Image(NamedTuple):
    """A picture at an absolute address.  Width and height in pixels, length in bytes."""

    url: str
    width: int | None = None
    height: int | None = None
    length: int | None = None


class Related(NamedTuple):
    """Coverage of the same matter elsewhere."""

    title: str
    link: str
    provider: Provider | None = None


class Article(NamedTuple):
    """An article as it is published, at one web address.

    `id` is what readers know it by, `link` the address to follow, `digest` stands for the bytes of
    its record. As it is read, `id` is what follows from the record alone: `given_id`, else the
    first of the `previous` addresses, else the address itself. A `withdrawn` one is what is left of
    an article that was taken back: `updated` is when. From `expires` on it is gone. `html` is the
    clean HTML of the `body`, in place of it, where feeds show it; None where it is not made.
    """

    path: str
    digest: str
    id: str
    link: str
    title: str
    published: datetime
    provider: Provider
    updated: datetime | None = None
    excerpt: str = ""
    body: str = ""
    category: str | None = None
    topics: tuple[str, ...] = ()
    images: tuple[Image, ...] = ()
    related: tuple[Related, ...] = ()
    original_link: str | None = None
    amp_link: str | None = None
    cdn_amp_link: str | None = None
    quality: float | None = None
    heat: float | None = None
    given_id: str | None = None
    previous: tuple[str, ...] = ()
    withdrawn: bool = False
    expires: datetime | None = None
    html: str | None = None

    def is_current(self, now: datetime) -> bool:
        """Tell whether it may be shown at that moment: it is published by then, and has not
        expired."""
        return self.published <= now and (self.expires is None or self.expires > now)

    @property
    def address(self) -> str:
        """Return its web address in the form in which addresses are compared."""
        return identity(self.link)

    @property
    def changed(self) -> datetime:
        """Return when it last changed for readers: `updated` if there is one, else `published`."""
        return self.updated or self.published

    def feeds(self) -> dict[str, str]:
        """The keys of the feeds it belongs to beside `all`, each with the name as this article
        spells it."""
        keys: dict[str, str] = {}
        for topic in self.topics:
            keys.setdefault(feed_key("topics", topic), topic)
        keys[f"providers/{self.provider.domain}"] = self.provider.name
        if self.category:
            keys[feed_key("categories", self.category)] = self.category
        return keys


class Feed(NamedTuple):
    """A rule for which articles are in it (its key), and what is known of those visible now.

    A feed of the publisher's own may bring a description; `formats` are those in which it is
    published, `content` is what its entries carry: `full` or `summary`; `page` tells that it has a
    page for people.
    """

    key: str
    name: str
    articles: int
    updated: datetime
    description: str = ""
    image: str = ""
    formats: tuple[str, ...] = ()
    content: str = "full"
    page: bool = False

    @property
    def kind(self) -> str:
        """`all`, `topics`, `providers`, `categories` or `feeds`."""
        return self.key.partition("/")[0]

    @property
    def slug(self) -> str:
        """The last part of the key: the slug of a name, the domain of a provider."""
        return self.key.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Document:
    """One feed in one format, or the front page, as it goes over the wire and onto disk.

    `etag` is the opaque tag without quotes; `modified` the moment for Last-Modified, in whole
    seconds.
    """

    path: str
    media_type: str
    content: bytes
    etag: str
    modified: datetime


def digest(*parts: str | bytes) -> str:
    """A short digest of the parts in their order; where one part ends and the next begins
    counts."""
    made: list[bytes] = []
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        made += (len(data).to_bytes(8, "big"), data)
    return sha256(b"".join(made)).hexdigest()[:DIGEST]


def fold(name: str) -> str:
    """The form in which two spellings of one name are equal: NFC, case-folded, white space and
    hyphens one space."""
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    return " ".join(folded.replace("-", " ").split())


def slug(name: str) -> str:
    """The part of an address that stands for a name: a pure function of its folded form.

    `Computer Vision` gives `computer-vision`. Where ASCII letters, digits and spaces do not say it
    all, the readable part is followed by eight hex digits, so that C, C# and C++ differ, whatever
    other names exist. A name that ends in eight hex digits itself is followed by them too, so that
    none can take another's slug.
    """
    folded = fold(name)
    like_hashed = re.fullmatch(r"[0-9a-f]{8}", folded.rpartition(" ")[2])
    if (
        len(folded) <= 64
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
    """The key of the feed of that kind for a name as an editor spelled it."""
    return f"{kind}/{slug(name)}"


def feed_folder(key: str) -> str:
    """Where a feed's documents lie: `` for everything, else its key and a slash."""
    return "" if key == EVERYTHING else f"{key}/"


def feed_path(key: str, extension: str) -> str:
    """The path of a feed's document below the site's address, without a leading slash; `html` is
    its page."""
    return f"{key}/index.html" if extension == "html" else f"{feed_folder(key)}feed.{extension}"


def image_type(address: str) -> str | None:
    """The media type that a picture's address tells by its ending, or None."""
    _, _, path = address.partition("#")[0].partition("?")[0].partition("://")[2].partition("/")
    return IMAGE_TYPES.get(path.rpartition(".")[2].lower())


def archive_path(key: str, page: str, extension: str) -> str:
    """The path of a page of a feed's history."""
    return f"{feed_folder(key)}archive/{page}.{extension}"


def is_archive(path: str) -> bool:
    """Whether a path is that of a page of history: those begin with a year."""
    return re.search(r"(?:^|/)archive/[0-9][^/]*$", path) is not None


def feed_of(path: str) -> str:
    """Return the key of the feed that a document at that path belongs to; `` for one of none."""
    folder, _, file = path.rpartition("/")
    if is_archive(path):  # else a feed may be called so: topics/archive
        return folder.rpartition("/")[0] or EVERYTHING
    return folder or (EVERYTHING if file.startswith("feed.") else "")


@lru_cache(maxsize=10_000)  # and their hosts
def host_name(text: str) -> str:
    """A host name in the form in which it is compared: lower case, in ASCII, no final dot.

    Raises ValueError for what no host can be called. IDNA 2008 with UTS 46 mapping.
    """
    host = text.strip().lower().rstrip(".")
    if not host.isascii():
        import idna  # loads large tables, and hardly any host needs it

        host = idna.encode(host, uts46=True).decode().rstrip(".")
    if len(host) > 253 or not all(
        re.fullmatch(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", x) for x in host.split(".")
    ):
        raise ValueError("not a host name")
    return host


def web_address(text: str) -> str:
    """An http or https address in pure ASCII, scheme and host in lower case, otherwise as written
    (RFC 3987 §3.1).

    Raises ValueError for everything else: another scheme, no host, a user name, a control
    character.
    """
    address = text.strip()
    if PLAIN_ADDRESS.fullmatch(address):
        return address  # what nearly every address is, told at a glance
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
    """The form in which two cleaned web addresses are compared: no default port and no fragment."""
    if ":" not in address[6:] and "#" not in address:  # no colon but that of the scheme
        return address
    parts = urlsplit(address)
    default = {"http": ":80", "https": ":443"}[parts.scheme]
    return urlunsplit(
        (parts.scheme, parts.netloc.removesuffix(default), parts.path, parts.query, "")
    )


def address_digest(address: str) -> str:
    """What stands for a cleaned web address where the address itself must not: it tells which are
    equal, no more.

    Ledgers that editors keep hold it, so that it is the same for ever.
    """
    data = identity(address).encode("utf-8", "surrogatepass")
    return blake2b(len(data).to_bytes(8, "big") + data, digest_size=16).hexdigest()


def _percent_encoded(text: str) -> str:
    stray = re.compile(r"%(?![0-9A-Fa-f]{2})")
    return quote(stray.sub("%25", text), safe="!#$%&'()*+,/:;=?@~-._")
