"""The one table of record keys, and the types of their values.

From it follow validation, the JSON Schema, the fast parser, what `feeds new` writes, the rows of
the store and the tables in docs/records.md. A new key is one row here, a field in model.py, and the
formats that show it. Not here: how a value is checked and cleaned (values).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from feeds.model import Article, Image, Provider, Related
from feeds.records import values
from feeds.records.faults import Cost
from feeds.records.plain_data import SECRET_KEY as SECRET_KEY
from feeds.urls import PLAIN_ADDRESS, identity

# Names of keys that the code treats in a way of their own.
TITLE = "title"
WEB_URL = "webUrl"
DATE = "publishedDateTime"
PROVIDER = "provider"
PUBLISHED = "published"
ID = "id"
PREVIOUS = "previousUrls"
UPDATED = "updatedDateTime"
EXPIRY = "expiryDateTime"
EXCERPT = "excerpt"
TOPICS = "topics"
CATEGORY = "category"
IMAGES = "images"
URL = "url"
DOMAIN, NAME = "domain", "name"

MOST_ITEMS = 100  # of a list, whose further items are dropped: each topic is a feed


class Scalar(NamedTuple):
    """The type of a single value.

    `check` returns a value cleaned, or raises ValueError that says what was expected. `plain` is
    the pattern of values that need neither a check nor cleaning.
    """

    name: str
    check: Callable[..., Any]
    example: str
    plain: str = ""


class ListOf(NamedTuple):
    """The type of a list; `make` turns its items into the value of the field."""

    name: str
    of: "Scalar | MappingOf"
    make: Callable[..., tuple[Any, ...]] = lambda *items: items


class MappingOf(NamedTuple):
    """The type of a mapping; `make` turns the values of its keys that have a field into one."""

    name: str
    keys: "tuple[Key, ...]"
    make: Callable[..., Any]

    @property
    def kept(self) -> "tuple[Key, ...]":
        """Return its keys that have a field, in the order in which `make` takes them."""
        return tuple(key for key in self.keys if key.field)


Type = Scalar | ListOf | MappingOf


class Key(NamedTuple):
    """One row of the table.

    `field` is the field of the Article, Provider, Image or Related that holds the value; without
    one the value is only checked. A wrong value costs the key alone, or what the key stands in if
    it is `required`; `cost` makes it the whole record. `empty`: without a value the key counts as
    absent. `stored` is the place of the field in an article's row of the store, several for a
    mapping; rows of earlier versions are read by it, so that a number is never used again. `note`
    follows the name of the type in docs/records.md, `rss` and `atom` say where it is shown; of the
    key of an image or a provider `rss` alone.
    """

    name: str
    type: Type
    description: str
    field: str = ""
    required: bool = False
    cost: Cost = Cost.PART
    empty: bool = True
    stored: tuple[int, ...] = ()
    note: str = ""
    rss: str = "not shown"
    atom: str = "the same"


def _once(*items: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _identities(*addresses: str) -> tuple[str, ...]:
    return _once(*map(identity, addresses))


# fmt: off
TEXT = Scalar("text", values.as_excerpt, "x")
LINE = Scalar("line", values.as_line, "x")
LABEL = Scalar("name", values.as_name, "x")
ADDRESS = Scalar("address", values.as_address, "https://example.org/", PLAIN_ADDRESS.pattern)
HOST = Scalar("host name", values.as_domain, "example.org", values.PLAIN_HOST)
IRI = Scalar("IRI", values.as_id, "urn:x:1")
MOMENT = Scalar("moment", values.as_moment, "2026-11-23T09:30:00Z", values.PLAIN_MOMENT.pattern)
NUMBER = Scalar("number", values.as_number, "1", r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
PIXELS = Scalar("whole number of pixels, 1 or more", values.as_pixels, "1", "[1-9][0-9]{0,8}")
BYTES = Scalar("whole number of bytes, 1 or more", values.as_bytes, "1", "[1-9][0-9]{0,14}")
BOOLEAN = Scalar("boolean", values.as_boolean, "true", "true|false")

OF_PROVIDER = MappingOf("mapping, see below", (
    Key(DOMAIN, HOST, "The host name that the provider is known by.", "domain", required=True,
        rss="what the provider is known by: its feed, and `https://domain/` as `uri` of the Atom"
            " author"),
    Key(NAME, LINE, "What the provider is called; the domain when absent.", "name",
        note=", the domain when absent",
        rss="`dc:creator` and the title of `source` in RSS, `name` of the author in Atom"),
), lambda domain, name: Provider(domain, name or domain))

IMAGE = MappingOf("mapping, see below", (
    Key(URL, ADDRESS, "Where the picture is.", "url", required=True, rss="`url`"),
    Key("width", PIXELS, "In pixels.", "width", rss="`width`"),
    Key("height", PIXELS, "In pixels.", "height", rss="`height`"),
    Key("isCached", BOOLEAN, "Checked, and not shown."),
    Key("length", BYTES, "In bytes; with a known type the largest picture becomes an enclosure.",
        "length", rss="with a known type, the largest picture is an `enclosure` too"),
    Key("alt", LINE, "What it shows, for those who do not see it.", "alt",
        rss="`media:description`, and the `alt` of the picture in the content"),
    Key("caption", LINE, "What stands below it.", "caption",
        rss="`media:description` without an `alt`, and the caption in the content"),
), Image)
LIST_OF_IMAGES = ListOf("list of mappings, see below", IMAGE)

RELATED = MappingOf("mapping, see below", (
    Key(TITLE, LINE, "What it is called.", "title", required=True),
    Key(WEB_URL, ADDRESS, "Where it is read.", "link", required=True),
    Key(EXCERPT, TEXT, "What it says, in short."),
    Key(DATE, MOMENT, "When it was published."),
    Key("ampWebUrl", ADDRESS, "Its AMP page."),
    Key("cdnAmpWebUrl", ADDRESS, "Its AMP page in a cache."),
    Key("type", LINE, "Such as article or video."),
    Key(PROVIDER, OF_PROVIDER, "Who published it.", "provider"),
    Key("quality", NUMBER, "Zero or more."),
    Key(IMAGES, LIST_OF_IMAGES, "Its pictures."),
), Related)

RECORD: tuple[Key, ...] = (
    Key(TITLE, LINE, "What the article is called, on one line.", "title", cost=Cost.RECORD,
        stored=(9,), note=", may be absent where there is text", rss="`title`",
        atom="`title`, else the first words"),
    Key(WEB_URL, ADDRESS, "Where the article is read. Records with one address are one article.",
        "link", required=True, stored=(0,), rss="`link`, `guid`", atom="`link`, `id`"),
    Key(DATE, MOMENT, "When it is published; without an offset in site.timezone."
        " Until then it appears nowhere.", "published", required=True, stored=(1,),
        rss="`pubDate`", atom="`published`, and `updated` without an update"),
    Key(PROVIDER, OF_PROVIDER, "Who published the article.", "provider", required=True,
        stored=(3, 4), rss="`dc:creator`, `source`", atom="`author`"),
    Key(PUBLISHED, BOOLEAN, "With false the record appears nowhere.", cost=Cost.RECORD,
        empty=False, note=", true when absent", rss="whether it is there at all"),
    Key(ID, IRI, "What readers know the article by. Never change it.", "given_id",
        cost=Cost.RECORD, note=", such as `tag:example.org,2026:1`", rss="`guid`", atom="`id`"),
    Key(PREVIOUS, ListOf("list of addresses", ADDRESS, _identities),
        "Earlier addresses of the article, the oldest first.", "previous", cost=Cost.RECORD,
        note=", the oldest first", rss="the first is the `guid`", atom="the first is the `id`"),
    Key(UPDATED, MOMENT, "When it last changed: not before publication, not in the future.",
        "updated", stored=(2,), rss="the feed's `lastBuildDate`",
        atom="`updated` of the entry and the feed"),
    Key(EXPIRY, MOMENT, "When it is gone, after publication: from then on it appears nowhere.",
        "expires", cost=Cost.RECORD, note=" after `publishedDateTime`",
        rss="not shown; the article is gone [from then on](#what-expires)"),
    Key(CATEGORY, LABEL, "The one category whose feed it is in.", "category", stored=(12,),
        rss="the first `category`, and its feed"),
    Key(EXCERPT, TEXT, "What it says, in short.", "excerpt", stored=(10,),
        note=", may be empty", rss="`description`", atom="`summary`"),
    Key("originalUrl", ADDRESS, "Where it was first published.", "original_link", stored=(7,),
        rss="not shown; in JSON Feed `external_url`, when it is not webUrl", atom="not shown"),
    Key("ampWebUrl", ADDRESS, "Its AMP page.", "amp_link", stored=(8,),
        rss='`atom:link rel="amphtml"`, when `feeds.amp` is true',
        atom='`link rel="amphtml"`, when `feeds.amp` is true'),
    Key("cdnAmpWebUrl", ADDRESS, "Its AMP page in a cache.", "cdn_amp_link", atom="not shown"),
    Key("type", LINE, "Such as article or video.", note=", such as `article` or `video`",
        atom="not shown"),
    Key("quality", NUMBER, "Zero or more; feeds of your own can ask for it.", "quality",
        stored=(14,), rss="not shown; [feeds of your own](config.md) can ask for it"),
    Key("heat", NUMBER, "Zero or more; feeds of your own can ask for it, and go by it.", "heat",
        stored=(15,), rss="not shown; feeds of your own can ask for it, and go by it"),
    Key(TOPICS, ListOf("list of names", LABEL, _once), "The topics whose feeds it is in.",
        "topics", stored=(13,), rss="a `category` each, and the topic's feed"),
    Key(IMAGES, LIST_OF_IMAGES, "The largest one is shown first.", "images", stored=(5,),
        rss="a `media:content` each, the largest first and as `media:thumbnail`, and in the"
            " content"),
    Key("related", ListOf("list of mappings, see below", RELATED), "Coverage of the same matter.",
        "related", stored=(6,), rss='a list in the content, `atom:link rel="related"`',
        atom='a list in the content, `link rel="related"`'),
)
# fmt: on
STORED_BODY = 11  # the place of the body, which is no key, among those of `stored`
STORED_HTML = 16  # the place of its HTML

KEYS = frozenset(key.name for key in RECORD) | {SECRET_KEY}
# The addresses of an article itself, by their keys, and their fields.
ADDRESSES = {key.name: key.field for key in RECORD if key.type is ADDRESS}


def every_name(known: Iterable[Key] = RECORD) -> Iterator[str]:
    """Yield the name of each key at any depth; some come again."""
    for key in known:
        yield key.name
        kind = key.type.of if isinstance(key.type, ListOf) else key.type
        if isinstance(kind, MappingOf):
            yield from every_name(kind.keys)


def article(path: str, digest: str, fields: Mapping[str, Any], body: str) -> Article:
    """Return the article of the record at a path, from its fields by name.

    Its id follows from the record alone: the one that it gives, else its first earlier address,
    else its address.
    """
    previous = fields.get("previous")
    fields = {"title": "", **fields}
    id = fields.get("given_id") or (previous[0] if previous else identity(fields["link"]))
    return Article(path, digest, id, body=body, **fields)
