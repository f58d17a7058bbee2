"""Compiled templates: render an entry, or the frame of a feed, to the byte as feedgen does, faster.

Inputs with the same cache key differ only in values, and share a template. To compile one, feedgen
renders the input with a placeholder for each value: where a placeholder comes out, the value goes
in, and its form shows how values are escaped there. The first input of each key is rendered both
ways. Where the two differ, or no placeholders can be made, there is no template, and feedgen
renders each input of that key.

DECLARED is the one place that says what a field is. The cache key, the values and the placeholders
follow from it, and a field that is not declared is part of the cache key: whatever a format shows,
no article shows another's value. Not here: what formats show (rss, atom).
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import lru_cache
from html import escape
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from feeds.config.site import Site
from feeds.model import IMAGE_TYPES, Article, Feed, Image, Provider, Related, image_type
from feeds.render import PageLinks, Style
from feeds.render.content import lead_image

MOST_TEMPLATES = 2000  # of one to four kilobytes each
# Placeholders begin and end with characters for private use, which hardly any text holds.
BEGIN, END = "\ue000", "\ue001"
PICTURE = "x://x/"  # what the placeholder of a picture's address begins with
NUMBER = 10_000_000  # placeholders of numbers are a little more than this, or than nine times this
YEAR = 1907
PLACEHOLDER = re.compile(
    # Pass over other characters fast.
    rf"(?=[x{BEGIN}19A-Z])"
    rf"({PICTURE}{BEGIN}[^{END}]*{END}(?:\.(?:{'|'.join(IMAGE_TYPES)})\b)?"
    rf"|{BEGIN}[^{END}]*{END}|[19]0000\d\d\d"
    rf"|{YEAR}-\d\d-\d\dT01:01:01\+00:00|[A-Z]\w\w, \d\d \w\w\w {YEAR} 01:01:01 \+0000)"
)
ENDINGS = {kind: ending for ending, kind in IMAGE_TYPES.items()}


class Kind(Enum):
    """The use of a field in a template.

    The first five are placeholders; a value that is absent (None, empty, 0) is part of the cache
    key instead. To read an irrelevant field while a template is compiled raises IrrelevantRead: a
    format that does so gets no template.
    """

    TEXT = "text"
    PICTURE = "the address of a picture; its media type is part of the cache key"
    FEED_KEY = "the key of a feed; its slug is the placeholder, its kind part of the cache key"
    NUMBER = "number"
    MOMENT = "moment"
    KEY = "part of the cache key"
    IRRELEVANT = "shown in no feed"


class Several(NamedTuple):
    """A tuple of texts, or of values of a type; how many there are is part of the cache key."""

    of: Any = Kind.TEXT


class IrrelevantRead(Exception):
    """A format reads a field that is declared irrelevant."""


class EntryInput:
    """The input of an entry: an article, and the HTML of the entry, if any.

    All formats of feeds show the same values, so these are escaped once for all.
    """

    __slots__ = ("_key_and_values", "article", "html")
    __match_args__ = ("article", "html")

    def __init__(self, article: Article, html: str = "") -> None:
        self.article = article
        self.html = html
        self._key_and_values: KeyAndValues | None = None

    @property
    def key_and_values(self) -> "KeyAndValues":
        """Its part of the cache key, and its values."""
        if self._key_and_values is None:
            self._key_and_values = ENTRIES.read(self)
        return self._key_and_values


class FeedInput(NamedTuple):
    """The input of a frame: a feed, its last update, and its document's place in the history."""

    feed: Feed
    updated: datetime
    place: PageLinks


# The fields of each type. A type in place of a kind stands for its own fields; its value is always
# there.
Declared = Mapping[type, Mapping[str, Kind | Several | type]]
DECLARED: Declared = {
    EntryInput: {"article": Article, "html": Kind.TEXT},
    Article: {
        "path": Kind.IRRELEVANT,
        "digest": Kind.IRRELEVANT,
        "id": Kind.TEXT,
        "link": Kind.TEXT,
        "title": Kind.TEXT,
        "published": Kind.MOMENT,
        "provider": Provider,
        "updated": Kind.MOMENT,
        "excerpt": Kind.TEXT,
        "body": Kind.IRRELEVANT,  # shown as the HTML of the input
        "html": Kind.IRRELEVANT,
        "category": Kind.IRRELEVANT,
        "topics": Several(),
        "images": Several(Image),
        "related": Several(Related),
        "original_link": Kind.IRRELEVANT,
        "amp_link": Kind.TEXT,
        "cdn_amp_link": Kind.IRRELEVANT,
        "quality": Kind.IRRELEVANT,
        "heat": Kind.IRRELEVANT,
        "given_id": Kind.IRRELEVANT,
        "previous": Kind.IRRELEVANT,
        "withdrawn": Kind.KEY,
        "expires": Kind.IRRELEVANT,
    },
    Provider: {"domain": Kind.TEXT, "name": Kind.TEXT},
    Image: {
        "url": Kind.PICTURE,
        "width": Kind.NUMBER,
        "height": Kind.NUMBER,
        "length": Kind.NUMBER,
    },
    Related: {"title": Kind.TEXT, "link": Kind.TEXT, "provider": Kind.IRRELEVANT},
    FeedInput: {"feed": Feed, "updated": Kind.MOMENT, "place": PageLinks},
    Feed: {
        "key": Kind.FEED_KEY,
        "name": Kind.TEXT,
        "articles": Kind.IRRELEVANT,
        "updated": Kind.IRRELEVANT,  # that of the input is shown
        "description": Kind.TEXT,
        "image": Kind.TEXT,
        "formats": Kind.KEY,
        "content": Kind.KEY,
        "page": Kind.KEY,
    },
    PageLinks: {
        "itself": Kind.TEXT,
        "previous": Kind.TEXT,
        "next": Kind.TEXT,
        "current": Kind.TEXT,
        "complete": Kind.KEY,
        "withdrawn": Kind.KEY,
        "frequency": Kind.KEY,
    },
}

Input = TypeVar("Input")


class KeyAndValues(NamedTuple):
    """The cache key of an input, and its values in every escaped form."""

    key: tuple[Hashable, ...]
    values: list[str]


class Template(NamedTuple):
    """The pieces of text between values, and a function that picks pieces and values in turn."""

    pieces: list[str]
    pick: Callable[[list[str]], tuple[str, ...]]

    def fill(self, values: list[str]) -> bytes:
        """Return the text with these values in it."""
        return "".join(self.pick(self.pieces + values)).encode()


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


# Most articles never changed: they have the same date twice.
@lru_cache(maxsize=100)
def _date(moment: datetime) -> str:
    """Return a date in UTC for RSS (RFC 5322 §3.3), at a quarter of the cost of email.utils."""
    plain = moment.isoformat()
    day, month, year, time = plain[8:10], MONTHS[moment.month - 1], plain[:4], plain[11:19]
    return f"{DAYS[moment.weekday()]}, {day} {month} {year} {time} +0000"


def _text(text: str) -> str:
    """Escape the text of an element as libxml2 does (xmlsave.c, xmlEscapeContent)."""
    # Most texts hold none of these characters, and `in` is faster than `replace`.
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text.replace("\r", "&#13;") if "\r" in text else text


def _attribute(text: str) -> str:
    """Escape an attribute as libxml2 does (xmlsave.c, xmlAttrSerializeTxtContent)."""
    escaped = _text(text)
    if '"' in escaped:
        escaped = escaped.replace('"', "&quot;")
    return (
        escaped if escaped.isprintable() else escaped.replace("\n", "&#10;").replace("\t", "&#9;")
    )


def _html(text: str) -> str:
    """Escape text for HTML within the text of an element."""
    return _text(escape(text, quote=False))


FORMS = (_text, _attribute, _html)
ESCAPED = '&<>"\r\n\t'  # the characters that some form escapes


class Values(NamedTuple):
    """The values of one entry, or of one frame; None or empty for what is absent."""

    moments: list[datetime | None]
    numbers: list[int | None]
    texts: list[str | None]

    def escaped(self) -> list[str]:
        """Return each of them in every form, one form after the other."""
        texts = [text or "" for text in self.texts]
        every = "".join(texts)
        moments = [moment for moment in self.moments if moment is not None]
        escaped = [*map(_date, moments), *map(datetime.isoformat, moments), *map(str, self.numbers)]
        first = len(escaped)
        escaped += texts * len(FORMS)
        # Few texts hold such a character, and a few characters are most of them.
        found = [one for one in ESCAPED if one in every]
        for place in {place for one in found for place, text in enumerate(texts) if one in text}:
            for at, form in zip(range(first + place, len(escaped), len(texts)), FORMS, strict=True):
                escaped[at] = form(texts[place])
        return escaped


class Fields:
    """The fields of a type, each used as declared: as part of the key, or as a value."""

    def __init__(self, kind: Any, declared: Declared) -> None:
        self._declared = {
            name: declared.get(kind, {}).get(name, Kind.KEY) for name in kind.__match_args__
        }
        self._nested = {
            name: Fields(field.of if isinstance(field, Several) else field, declared)
            for name, field in self._declared.items()
            if not isinstance(field.of if isinstance(field, Several) else field, Kind)
        }
        irrelevant = [name for name, field in self._declared.items() if field is Kind.IRRELEVANT]
        self._kind = (
            type(kind.__name__, (kind,), dict.fromkeys(irrelevant, property(_refuse)))
            if irrelevant
            else kind
        )

        paths = dict(self._paths())
        self._keys = _getter(path for path, field in paths.items() if field is Kind.KEY)
        self._moments = _getter(path for path, field in paths.items() if field is Kind.MOMENT)
        self._numbers = _getter(path for path, field in paths.items() if field is Kind.NUMBER)
        self._pictures = _getter(path for path, field in paths.items() if field is Kind.PICTURE)
        self._feed_keys = _getter(path for path, field in paths.items() if field is Kind.FEED_KEY)
        self._texts = _getter(
            path for path, field in paths.items() if field in (Kind.TEXT, Kind.PICTURE)
        )
        self._several = [
            (attrgetter(path), None if field.of is Kind.TEXT else Fields(field.of, declared))
            for path, field in paths.items()
            if isinstance(field, Several)
        ]

    def _paths(self) -> Iterator[tuple[str, Any]]:
        for name, field in self._declared.items():
            if isinstance(field, Kind | Several):
                yield name, field
            else:
                yield from (
                    (f"{name}.{path}", inner) for path, inner in self._nested[name]._paths()
                )

    def read(self, inputs: Iterable[Any], key: list[Hashable], values: Values) -> None:
        """Add the fields of these inputs to a key and to values."""
        if self._keys:
            key += _each(self._keys, inputs)
        if self._moments:
            values.moments.extend(_each(self._moments, inputs))
        if self._numbers:
            values.numbers.extend(_each(self._numbers, inputs))
        if self._texts:
            values.texts.extend(_each(self._texts, inputs))
        if self._pictures:
            key += map(image_type, _each(self._pictures, inputs))
        if self._feed_keys:
            for feed_key in _each(self._feed_keys, inputs):
                kind, _, slug = feed_key.rpartition("/")
                key.append(kind or feed_key)
                values.texts.append(slug if kind else "")
        for get, fields in self._several:
            for some in map(get, inputs):
                key.append(len(some))
                if fields is None:
                    values.texts.extend(some)
                elif some:
                    fields.read(some, key, values)

    def replace(self, value: Any, placeholders: "Placeholders") -> Any:
        """Return the same input with a placeholder for each value."""
        return self._kind(
            *[
                self._placeholder(name, field, getattr(value, name), placeholders)
                for name, field in self._declared.items()
            ]
        )

    def _placeholder(
        self, name: str, field: Kind | Several | type, value: Any, placeholders: "Placeholders"
    ) -> Any:
        if isinstance(field, Several):
            nested = self._nested.get(name)
            return tuple(
                [
                    nested.replace(one, placeholders) if nested else placeholders.text()
                    for one in value
                ]
            )
        if not isinstance(field, Kind):
            return self._nested[name].replace(value, placeholders)
        if field is Kind.IRRELEVANT:
            return placeholders.text()
        return value if field is Kind.KEY or not value else placeholders.of(field, value)


class Templates(Generic[Input]):
    """The compiled templates of inputs of a type.

    `facts` returns what formats use of an input beside its values, such as which of two is larger:
    it is part of the cache key. `agree` changes an input of placeholders so that it has the facts
    of the original input.
    """

    def __init__(
        self,
        kind: type[Input],
        declared: Declared = DECLARED,
        facts: Callable[[Input], tuple[Hashable, ...]] = lambda _: (),
        agree: Callable[[Input, Input], Input] = lambda placeholders, _: placeholders,
    ) -> None:
        self._fields = Fields(kind, declared)
        self._facts = facts
        self._agree = agree
        self._templates: dict[Hashable, Template | None] = {}

    @property
    def compiled(self) -> list[Template | None]:
        """The templates compiled so far, None for each key that has none."""
        return list(self._templates.values())

    def forget(self) -> None:
        """Forget every template."""
        self._templates.clear()

    def read(self, given: Input) -> KeyAndValues:
        """Return an input's part of the cache key, and its values."""
        key: list[Hashable] = [*self._facts(given)]
        values = Values([], [], [])
        self._fields.read((given,), key, values)
        # An absent value is part of the key as it is: formats may show None, "" and 0 differently.
        key += [value and True for part in values for value in part]
        return KeyAndValues(tuple(key), values.escaped())

    def render(
        self, render: Callable[..., bytes], given: Input, found: KeyAndValues, *context: Hashable
    ) -> bytes:
        """Return what `render` returns for an input and its context, by a template if possible.

        `render` has to be a pure function of these.
        """
        key = (render, context, found.key)
        template = self._templates.get(key)
        if template is not None:
            return template.fill(found.values)
        rendered = render(given, *context)
        if key not in self._templates:
            template = self._compile(render, given, found.key, context)
            if len(self._templates) >= MOST_TEMPLATES:
                self._templates.clear()
            fits = template is not None and template.fill(found.values) == rendered
            self._templates[key] = template if fits else None
        return rendered

    def _compile(
        self,
        render: Callable[..., bytes],
        given: Input,
        key: tuple[Hashable, ...],
        context: tuple[Hashable, ...],
    ) -> Template | None:
        """Return the template of inputs with this key; None where placeholders cannot be used."""
        try:
            placeholders = self._agree(self._fields.replace(given, Placeholders()), given)
            found = self.read(placeholders)
            return (
                _cut(render(placeholders, *context).decode(), found.values)
                if found.key == key
                else None
            )
        except IrrelevantRead:
            return None


class Placeholders:
    """Make placeholders: none is part of another, and each way of escaping changes them."""

    def __init__(self) -> None:
        self._count = 0

    def of(self, kind: Kind, value: Any) -> Any:
        """Return a placeholder for a value of that kind."""
        if kind is Kind.PICTURE:
            media_type = image_type(value)
            return f"{PICTURE}{self.text()}" + (f".{ENDINGS[media_type]}" if media_type else "")
        if kind is Kind.FEED_KEY:
            kind_of_feed, slash, _ = value.rpartition("/")
            return f"{kind_of_feed}/{self.text()}" if slash else value
        if kind is Kind.NUMBER:
            return NUMBER + self._next()
        if kind is Kind.MOMENT:
            return datetime(YEAR, 1, 1, 1, 1, 1, tzinfo=UTC) + timedelta(days=self._next() % 365)
        return self.text()

    def text(self) -> str:
        """Return a placeholder for a text."""
        return f'{BEGIN}{self._next():04}&"{END}'

    def _next(self) -> int:
        self._count += 1
        return self._count


def entry(
    render: Callable[[EntryInput, Site, Style], bytes], given: EntryInput, site: Site, style: Style
) -> bytes:
    """Return what `render` returns for an article, by a template if possible."""
    return ENTRIES.render(render, given, given.key_and_values, site, style)


def frame(render: Callable[[FeedInput, Site], bytes], given: FeedInput, site: Site) -> bytes:
    """Return what `render` returns for a feed, by a template if possible."""
    return FRAMES.render(render, given, FRAMES.read(given), site)


def _facts(given: EntryInput) -> tuple[Hashable, ...]:
    article, images = given.article, given.article.images
    facts = (article.id == article.link, article.id == article.address)
    if len(images) < 2:
        return facts
    lead = lead_image(article)
    return *facts, lead and images.index(lead), len(set(images))


def _agree(placeholders: EntryInput, given: EntryInput) -> EntryInput:
    """Give an input of placeholders the facts of another: an id like the link, a lead picture."""
    article, other = given.article, placeholders.article
    if article.id == article.link:
        other = other._replace(id=other.link)
    if (lead := lead_image(article)) is not None:
        at = article.images.index(lead)
        image = other.images[at]
        larger = image._replace(
            width=image.width and image.width + 8 * NUMBER,
            height=image.height and image.height + 8 * NUMBER,
        )
        other = other._replace(images=(*other.images[:at], larger, *other.images[at + 1 :]))
    return EntryInput(other, placeholders.html)


def _cut(document: str, values: list[str]) -> Template | None:
    """Return the template of a document with placeholders; None where one has an unknown form.

    `values` are the placeholders in every form.
    """
    places: dict[str, int] = {}
    for place, value in enumerate(values):
        places.setdefault(value, place)
    parts = PLACEHOLDER.split(document)
    pieces, found = parts[::2], parts[1::2]
    if not found or not all(placeholder in places for placeholder in found):
        return None
    after = chain.from_iterable(
        (len(pieces) + places[one], at) for at, one in enumerate(found, start=1)
    )
    return Template(pieces, itemgetter(0, *after))


def _getter(paths: Iterable[str]) -> Callable[[Any], Sequence[Any]] | None:
    """Return a function that gets these attributes as a sequence; None where there are none."""
    every = list(paths)
    if not every:
        return None
    get = attrgetter(*every)
    return get if len(every) > 1 else lambda one: (get(one),)


def _each(get: Callable[[Any], Sequence[Any]], inputs: Iterable[Any]) -> Iterator[Any]:
    return chain.from_iterable(map(get, inputs))


def _refuse(_: object) -> Any:
    raise IrrelevantRead


ENTRIES = Templates(EntryInput, facts=_facts, agree=_agree)
FRAMES = Templates(FeedInput)
