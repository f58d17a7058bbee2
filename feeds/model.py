"""The values that all rooms share: Article, Feed, Entry, Document.

Plain frozen data, no input and no output. All datetimes are aware and in UTC. Not here: keys, paths
and addresses (urls), in which feeds an article is (taxonomies), how records are read (records/).
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from feeds.urls import identity, kind_of, split_key

IMAGE_TYPES = {
    "avif": "image/avif",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "webp": "image/webp",
}
DIGEST = 32  # hexadecimal digits of a digest: no two texts of a site will ever share one
LONGEST_HEADING = 100  # characters of the first words that stand for a title
WITHDRAWN = "Withdrawn"  # the title of what is left of an article


# The update frequencies of feeds, in minutes: those that all formats can write, RSS ttl in minutes,
# Syndication (web.resource.org/rss/1.0/modules/syndication) in whole times an hour or a day.
STEPS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440)


class Provider(NamedTuple):
    """The publisher of an article, known by its domain (a host name in ASCII)."""

    domain: str
    name: str


class Image(NamedTuple):
    """A picture at an absolute address.  Width and height in pixels, length in bytes; `alt` says
    what it shows, `caption` what stands below it."""

    url: str
    width: int | None = None
    height: int | None = None
    length: int | None = None
    alt: str | None = None
    caption: str | None = None


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
    clean HTML of the `body`, in place of it, where feeds show it; None where it is not made. One
    without a `title` has an excerpt or a body.
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
        """Return True if it may be shown at that moment: published by then, and not expired."""
        return self.published <= now and (self.expires is None or self.expires > now)

    @property
    def address(self) -> str:
        """Return its web address in the form in which addresses are compared."""
        return identity(self.link)

    @property
    def changed(self) -> datetime:
        """Return when it last changed for readers: `updated` if there is one, else `published`."""
        return self.updated or self.published


class Feed(NamedTuple):
    """A rule for which articles are in it (its key), and what is known of those visible now.

    A feed of the publisher's own may bring a description; `formats` are those in which it is
    published, `content` is what its entries carry: `full` or `summary`; `page` is True if it has a
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
        """Return `all`, `feeds` for one of the publisher's own, or the prefix of a taxonomy."""
        return kind_of(self.key)

    @property
    def slug(self) -> str:
        """Return the last part of the key: the slug of a name, the domain of a provider."""
        return split_key(self.key).slug


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
    """Return a short digest of the parts in their order; where a part ends counts."""
    made: list[bytes] = []
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        made += (len(data).to_bytes(8, "big"), data)
    return sha256(b"".join(made)).hexdigest()[:DIGEST]


def image_type(address: str) -> str | None:
    """Return the media type of a picture by the ending of its address, or None."""
    _, _, path = address.partition("#")[0].partition("?")[0].partition("://")[2].partition("/")
    return IMAGE_TYPES.get(path.rpartition(".")[2].lower())
