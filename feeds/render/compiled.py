"""Compiled templates: render an entry, or the frame of a feed, to the byte as feedgen does,
faster.

Inputs with the same cache key differ only in values, and share a template. To compile one, feedgen
renders the input with a placeholder for each value: where a placeholder comes out, the value goes
in, and its form shows how values are escaped there. The first input of each key is rendered both
ways. Where the two differ, or no placeholders can be made, there is no template, and feedgen
renders each input of that key.

DECLARED is the one place that says what a field is. The cache key, the values and the placeholders
follow from it, and a field that is not declared is part of the cache key: whatever a format shows,
no article or feed shows another's value. Not here: what formats show (rss, atom).
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import Enum
from functools import cached_property, lru_cache
from html import escape
from itertools import chain, count
from operator import itemgetter
from typing import Any, Generic, NamedTuple, TypeVar

from feeds.config.site import Site
from feeds.model import IMAGE_TYPES, Article, Image, Provider, Related, image_type
from feeds.render import PageLinks, Style
from feeds.render.content import Head, lead_image

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
    MARKUP = "long text, which stands as the text of an element alone"
    PICTURE = "the address of a picture; its media type is part of the cache key"
    NUMBER = "number"
    MOMENT = "moment"
    KEY = "part of the cache key"
    IRRELEVANT = "shown in no feed"


class Several(NamedTuple):
    """A tuple of texts, or of values of a type; how many there are is part of the cache key."""

    of: Any = Kind.TEXT


class IrrelevantRead(Exception):
    """A format reads a field that is declared irrelevant."""


@dataclass(frozen=True)
class EntryInput:
    """The input of an entry: an article, and the HTML of the entry, if any.

    `heading` stands for the title where there is none, for formats and pages that need one.
    `groups` tells which of its pictures are one in several sizes, by the same number; empty where
    none are.
    """

    article: Article
    html: str = ""
    heading: str = ""
    groups: tuple[int, ...] = ()

    @cached_property
    def key_and_values(self) -> "KeyAndValues":
        """Its part of the cache key, and its values: all formats of feeds show the same."""
        return ENTRIES.read(self)


# The fields of each type. A type in place of a kind stands for its own fields; its value is always
# there.
Declared = Mapping[type, Mapping[str, Kind | Several | type]]
DECLARED: Declared = {
    EntryInput: {"article": Article, "html": Kind.MARKUP, "heading": Kind.TEXT, "groups": Kind.KEY},
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
        "category": Kind.TEXT,
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
        "alt": Kind.TEXT,
        "caption": Kind.TEXT,
    },
    Related: {"title": Kind.TEXT, "link": Kind.TEXT, "provider": Kind.IRRELEVANT},
    Head: {
        "id": Kind.TEXT,
        "title": Kind.TEXT,
        "subtitle": Kind.TEXT,
        "page": Kind.TEXT,
        "image": Kind.TEXT,
        "is_styled": Kind.KEY,
        "updated": Kind.MOMENT,
        "place": PageLinks,
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


ESCAPED = re.compile(r'[&<>"\r\n\t]')  # the characters that some form escapes


def _forms(value: Any) -> tuple[str, ...]:
    """Return a value in each form in which it may stand in XML."""
    if not isinstance(value, str):
        return _dates(value) if isinstance(value, datetime) else (str(value),)
    if ESCAPED.search(value) is None:  # as most
        return value, value, value
    text = _text(value)
    attribute = text.replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return text, attribute, _text(escape(value, quote=False))


@lru_cache(4096)  # an article, and what shows it, come several times
def _dates(moment: datetime) -> tuple[str, str]:
    return format_datetime(moment), moment.isoformat()


def _text(text: str) -> str:
    """Escape the text of an element as libxml2 does (xmlsave.c, xmlEscapeContent); attributes have
    more escaped (xmlAttrSerializeTxtContent)."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace("\r", "&#13;")


class Templates(Generic[Input]):
    """The compiled templates of inputs of a type, whose fields are used as declared.

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
        self._kind = kind
        types: set[Any] = {kind, *declared}
        self._fields = {
            one: [(name, declared.get(one, {}).get(name, Kind.KEY)) for name in one.__match_args__]
            for one in types
        }
        self._shown = {
            one: [(name, inner) for name, inner in fields if inner is not Kind.IRRELEVANT]
            for one, fields in self._fields.items()
        }
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
        key, values = [*self._facts(given)], list[str]()
        self._read([(given, self._kind)], key, values)
        return KeyAndValues(tuple(key), values)

    def _read(
        self, parts: Iterable[tuple[Any, Any]], key: list[Hashable], values: list[str]
    ) -> None:
        """Read parts of an input, each with the declaration of its field."""
        for value, field in parts:
            if isinstance(field, Kind):
                if field is Kind.KEY or not value:
                    # An absent value is there as it is: formats may show None, "" and 0
                    # differently.
                    key.append(value)
                else:
                    key.append(image_type(value) if field is Kind.PICTURE else True)
                    values += (_text(value),) if field is Kind.MARKUP else _forms(value)
            elif isinstance(field, Several):
                key.append(len(value))
                self._read([(one, field.of) for one in value], key, values)
            else:
                shown = self._shown[field]
                self._read([(getattr(value, name), inner) for name, inner in shown], key, values)

    def _replace(self, value: Any, field: Any, numbers: Iterator[int]) -> Any:
        """Return the same value with a placeholder for each value in it."""
        if isinstance(field, Several):
            return tuple([self._replace(one, field.of, numbers) for one in value])
        if not isinstance(field, Kind):
            fields = self._fields[field]
            irrelevant = [name for name, inner in fields if inner is Kind.IRRELEVANT]
            kind = type(field.__name__, (field,), dict.fromkeys(irrelevant, property(_refuse)))
            parts = [self._replace(getattr(value, name), inner, numbers) for name, inner in fields]
            return kind(*parts)
        if field is Kind.KEY or (not value and field is not Kind.IRRELEVANT):
            return value
        return _placeholder(field, value, next(numbers))

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
            placeholders = self._agree(self._replace(given, self._kind, count(1)), given)
            found = self.read(placeholders)
            if found.key != key:
                return None
            return _cut(render(placeholders, *context).decode(), found.values)
        except IrrelevantRead:
            return None


def _placeholder(kind: Kind, value: Any, number: int) -> Any:
    """Return a placeholder for a value: none is part of another, and each way of escaping changes
    them."""
    if kind is Kind.NUMBER:
        return NUMBER + number
    if kind is Kind.MOMENT:
        return datetime(YEAR, 1, 1, 1, 1, 1, tzinfo=UTC) + timedelta(days=number % 365)
    text = f'{BEGIN}{number:04}&"{END}'
    if kind is not Kind.PICTURE:
        return text
    media_type = image_type(value)
    return f"{PICTURE}{text}" + (f".{ENDINGS[media_type]}" if media_type else "")


def entry(
    render: Callable[[EntryInput, Site, Style], bytes], given: EntryInput, site: Site, style: Style
) -> bytes:
    """Return what `render` returns for an article, by a template if possible."""
    return ENTRIES.render(render, given, given.key_and_values, site, style)


def frame(render: Callable[[Head, Site], bytes], head: Head, site: Site) -> bytes:
    """Return what `render` returns for the head of a document, by a template if possible."""
    return FRAMES.render(render, head, FRAMES.read(head), site)


def _facts(given: EntryInput) -> tuple[Hashable, ...]:
    article, images = given.article, given.article.images
    facts = (article.id == article.link, article.id == article.address, _category_at(article))
    if len(images) < 2:
        return facts
    lead = lead_image(article)
    return *facts, lead and images.index(lead), len(set(images))


def _category_at(article: Article) -> int | None:
    """Return which of its topics is the category, too, whose name is shown once."""
    return article.topics.index(article.category) if article.category in article.topics else None


def _agree(placeholders: EntryInput, given: EntryInput) -> EntryInput:
    """Give an input of placeholders the facts of another: an id like the link, a lead picture."""
    article, other = given.article, placeholders.article
    if article.id == article.link:
        other = other._replace(id=other.link)
    if (at := _category_at(article)) is not None:
        other = other._replace(category=other.topics[at])
    if (lead := lead_image(article)) is not None:
        at = article.images.index(lead)
        image = other.images[at]
        larger = image._replace(
            width=image.width and image.width + 8 * NUMBER,
            height=image.height and image.height + 8 * NUMBER,
        )
        other = other._replace(images=(*other.images[:at], larger, *other.images[at + 1 :]))
    return EntryInput(other, placeholders.html, placeholders.heading, given.groups)


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


def _refuse(_: object) -> Any:
    raise IrrelevantRead


ENTRIES = Templates(EntryInput, facts=_facts, agree=_agree)
FRAMES = Templates(Head)
