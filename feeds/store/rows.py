"""Articles and faults as rows of the store, and back.  Plain data only; the tables themselves are
in tables.

What a file comes to is a Filed: made where the file was read, in whatever process, and kept as it
is.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, get_type_hints

from pydantic_core import from_json, to_json

from feeds.config.feeds import Names
from feeds.ids.assignment import IdInput
from feeds.ids.ledger import Withdrawn
from feeds.model import LONGEST_HEADING, WITHDRAWN, Article, Provider, digest
from feeds.records import Cost, Fault, Reading
from feeds.records.keys import (
    ADDRESS,
    MOMENT,
    RECORD,
    STORED_BODY,
    STORED_HTML,
    Key,
    ListOf,
    MappingOf,
    Type,
)
from feeds.sources.folder import ScannedFile
from feeds.store import tables
from feeds.urls import address_digest

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOBODY = Provider("withdrawn.invalid", WITHDRAWN)
MICROSECOND = timedelta(microseconds=1)
ENTRY, ELEMENT = 2500, 500  # bytes of markup of an entry, and of a picture or related article in it
SPECIAL = "&<>\"'\r\n\t\\"  # characters that some format escapes
MOST_REASONS = 3  # that are given for one record
# The columns of rows in the order of their values.
FILE_COLUMNS = tuple(column.name for column in tables.files.columns)
RECORD_COLUMNS = tuple(column.name for column in tables.records.columns)[1:]  # without the number
ID_COLUMNS = ("path", "link", "address", "age", "claim", "expires")  # what decides an id
_deciding_id = itemgetter(*map(RECORD_COLUMNS.index, ID_COLUMNS))

Row = tuple[Any, ...]


def _encode(data: Any) -> str:
    """Return JSON as written by people: text stays text, so the file can be read with any tool."""
    return to_json(data).decode()


def _decode(text: str) -> Any:
    return from_json(text, cache_strings="none")  # hardly any text comes twice


class Filed(NamedTuple):
    """A file as the store keeps it: its row, the row of the article that it holds, the addresses
    that it holds back.

    `title` is the article's. `broken`: it is no article for no reason but a fault, and nothing in
    it says that it is to wait, or to go. `hidden` is the reason why it is not shown now, without a
    word of the record. `is_cut`: it is shown now, and uses shortcodes that were left out.
    """

    path: str
    digest: str
    file: Row
    record: Row | None
    held: tuple[str, ...]
    title: str
    broken: bool
    hidden: str = ""
    is_cut: bool = False


def filed(
    found: ScannedFile, reading: Reading, now: datetime, names: Names, is_first: bool = False
) -> Filed:
    """Return what reading a file came to, as the store keeps it.  `names` tells whose feeds are
    one.

    `is_first`: visibility was never refreshed, and what is due is taken for visible until it is.
    """
    article, waits = reading.article, reading.due is not None and reading.due > now
    has_expired = reading.expires is not None and reading.expires <= now
    record = (
        None
        if article is None
        else record_row(article, names, is_first and article.is_current(now))
    )
    broken = reading.left_out and not reading.doubtful and not waits and not has_expired
    title = "" if article is None else article.title
    is_shown = article is not None and article.is_current(now)
    hidden = "" if is_shown else _reason(reading)
    return Filed(
        reading.path,
        reading.digest,
        file_row(found, reading),
        record,
        reading.held,
        title,
        broken,
        hidden,
        is_shown and reading.templates,
    )


def _reason(reading: Reading) -> str:
    """Return why a record is not shown."""
    if reading.faults:
        first = reading.faults[:MOST_REASONS]
        return "; ".join(fault.public.removeprefix(f"{fault.path}:") for fault in first)
    if reading.unpublished:
        return "the record says that it is not published"
    return "it is dated in the future"


def micros(moment: datetime) -> int:
    """Return the whole microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def moment(count: int) -> datetime:
    """Return the moment that many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=count)


def file_row(found: ScannedFile, reading: Reading) -> Row:
    """Return the row in `files` of a file that was read."""
    faults = [fault_row(fault) for fault in reading.faults if fault.cost is not Cost.NOTHING]
    due = None if reading.due is None else micros(reading.due)
    expires = None if reading.expires is None else micros(reading.expires)
    facts = (
        reading.path,
        found.size,
        found.mtime_ns,
        reading.digest,
        reading.unpublished,
        due,
        expires,
    )
    return (*facts, _encode(faults) if faults else "[]", bool(faults))


def fault_row(fault: Fault) -> list[Any]:
    """Return a fault as it is kept."""
    # What was got stays out: it is the editor's text, perhaps of a record that nobody may see.
    until = None if fault.until is None else micros(fault.until)
    return [fault.line, fault.column, fault.key, fault.expected, fault.cost.value, until]


def fault_of(path: str, row: list[Any]) -> Fault:
    """Return the fault that was kept as this row."""
    line, column, key, expected, cost, until = row
    return Fault(
        path, line, column, key, expected, "", Cost(cost), None if until is None else moment(until)
    )


def record_row(article: Article, names: Names, visible: bool = False) -> Row:
    """Return the row in `records` of an article as its record says it."""
    further = (article.original_link, article.amp_link, article.cdn_amp_link, *article.previous)
    link, address = article.address, address_digest(article.link)
    others = [
        address if one == article.link else address_digest(one)
        for one in further
        if one is not None
    ]
    claimed = {"id": article.given_id, "previous": list(article.previous)}
    return (
        article.path,
        article.digest,
        article.id,
        link,
        _encode(claimed) if article.given_id or article.previous else None,
        False,
        None,
        None,
        visible,
        False,
        address,
        " ".join(others),
        -micros(article.published),
        None if article.updated is None else micros(article.updated),
        None if article.expires is None else micros(article.expires),
        article.quality,
        article.heat,
        feeds_row(article, names),
        " ".join([address_digest(item.link) for item in article.related]),
        most_bytes(article),
        _encode(_data(article)),
    )


def most_bytes(article: Article) -> int:
    """Return how many bytes an entry of an article takes at most, in any format, without what
    follows from the names of its feeds; 0 where that is not known.

    A format shows the HTML once, and any other value in up to four places, in one of them escaped
    twice.
    """
    if article.html is None and article.body:
        return 0  # its HTML is made when it is shown
    title = article.title or "&" * LONGEST_HEADING
    texts = [article.id, article.link, title, article.excerpt, article.provider.domain]
    texts += [article.original_link or "", article.amp_link or ""]
    for image in article.images:
        texts += [image.url, image.alt or "", image.caption or ""]
    for item in article.related:
        texts += [item.link, item.title, item.provider.name if item.provider else ""]
    elements = ELEMENT * (len(article.images) + len(article.related))
    return ENTRY + elements + _escaped(article.html or "", 4) + 4 * _escaped("".join(texts), 9)


def _escaped(text: str, most: int) -> int:
    """Return the bytes of a text of which each special character takes so many bytes more."""
    return len(text.encode()) + most * sum(map(text.count, SPECIAL))


def feeds_row(article: Article, names: Names) -> str:
    """Return the keys of an article's feeds with the names that it gives them, as they are kept."""
    return _encode(names.feeds(article))


def withdrawn_row(id: str, one: Withdrawn, until: datetime, names: Names) -> dict[str, Any]:
    """Return the row in `records` of what is left of an article."""
    mark = digest(id, one.link, one.published.isoformat(), one.at.isoformat())
    # No file is called so: paths of records are relative.
    left = Article(f"//{id}", mark, id, one.link, WITHDRAWN, one.published, NOBODY, updated=one.at)
    row = {
        **dict(zip(RECORD_COLUMNS, record_row(left, names), strict=True)),
        "shown": True,
        "until": micros(until),
    }
    return {
        **row,
        "quality": one.quality,
        "heat": one.heat,
        "feeds": _encode({names.current_key(key): name for key, name in one.feeds.items()}),
    }


def names_of(feeds: str) -> dict[str, str]:
    """Return the keys of a record's feeds with the names that it gives them."""
    names: dict[str, str] = _decode(feeds)
    return names


def id_input(
    path: str, link: str, digest: str, age: int, said: str | None, expires: int | None
) -> IdInput:
    """Return what a record says that decides its id, of the columns `ID_COLUMNS`."""
    ends = None if expires is None else moment(expires)
    if said is None:
        return IdInput(path, link, digest, moment(-age), None, (), ends)
    facts = _decode(said)
    previous = tuple(facts["previous"])
    return IdInput(path, link, digest, moment(-age), facts["id"], previous, ends)


def id_input_of(row: Row) -> IdInput:
    """Return what the record of a row says that decides its id."""
    return id_input(*_deciding_id(row))


Restore = Callable[[Any], Any]


def _restore(kind: Type) -> Restore | None:
    """Return what makes a value of a type of what was kept of it; None if that is the value."""
    if isinstance(kind, ListOf):
        one = _restore(kind.of)
        return tuple if one is None else lambda items: tuple(map(one, items))
    if isinstance(kind, MappingOf):
        make, parts = kind.make, enumerate(_restore(key.type) for key in kind.kept)
        restored = [(at, restore) for at, restore in parts if restore is not None]

        def mapping(row: list[Any]) -> Any:
            for at, restore in restored:
                if row[at] is not None:
                    row[at] = restore(row[at])
            return make(*row)

        return mapping
    return moment if kind is MOMENT else None


def _attributes(key: Key) -> list[str]:
    """Return the attributes of an article that are kept of a key, one for each place."""
    if isinstance(key.type, MappingOf):
        return [f"{key.field}.{part.field}" for part in key.type.kept]
    return [key.field]


# The attributes of an article in their places. It is a list, not a mapping: the names would be a
# quarter of every row.
_places = {STORED_BODY: "body", STORED_HTML: "html"}
for _key in RECORD:
    _places.update(zip(_key.stored, _attributes(_key) if _key.stored else (), strict=True))
STORED = [_places[place] for place in range(len(_places))]
_values = attrgetter(*STORED)
_moments = [key.stored[0] for key in RECORD if key.stored and key.type is MOMENT]
# They are nearly always the link itself, and long.
_links = [key.stored[0] for key in RECORD if any(key.stored) and key.type is ADDRESS]
_to_restore = [
    (key.stored[0], restore)
    for key in RECORD
    if len(key.stored) == 1 and (restore := _restore(key.type)) is not None
]
_mappings = [
    (key.field, get_type_hints(Article)[key.field], itemgetter(*key.stored))
    for key in RECORD
    if len(key.stored) > 1 and isinstance(key.type, MappingOf)
]
# An article is made of the kept values, of those in columns of their own, of the mappings, and of
# what follows from nothing that is kept here.
_of_columns = ("path", "digest", "id", "withdrawn")
_fields = [*STORED, *_of_columns, *(field for field, *_ in _mappings)]
_others = [name for name in Article._fields if name not in _fields]
_rest = [Article._field_defaults[name] for name in _others]
_in_order = itemgetter(*map([*_fields, *_others].index, Article._fields))


def _data(article: Article) -> list[Any]:
    row = list(_values(article))
    for place in _moments:
        row[place] = None if row[place] is None else micros(row[place])
    for place in _links:
        row[place] = "" if row[place] == article.link else row[place]
    return row


def article_of(path: str, digest: str, id: str, text: str, withdrawn: bool = False) -> Article:
    """Return the article of a record at that path that was kept as this text, under the id that it
    was given.

    What only decides about its id, where others may point to and when it expires is in columns of
    its own. A field that an earlier version did not keep is absent.
    """
    row = _decode(text)
    for place in _links:
        if row[place : place + 1] == [""]:  # an earlier version may not have kept it
            row[place] = row[0]
    row += [Article._field_defaults[name] for name in STORED[len(row) :]]
    for place, restore in _to_restore:
        if (value := row[place]) is not None:
            row[place] = restore(value)
    row += [path, digest, id, withdrawn]
    row += [make(*parts(row)) for _, make, parts in _mappings]
    row += _rest
    return Article._make(_in_order(row))
