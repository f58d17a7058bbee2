"""Articles and faults as rows of the store, and back.  Plain data only; the tables themselves are in schema."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from feeds.ledger import Withdrawn
from feeds.model import WITHDRAWN, Article, Image, Provider, Related, address_digest, digest
from feeds.names import Names
from feeds.records import Cost, Fault, Found, Reading

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOBODY = Provider("withdrawn.invalid", WITHDRAWN)
MICROSECOND = timedelta(microseconds=1)
KEPT_BESIDE = ("id", "given_id", "previous", "withdrawn")  # of an article, in columns of their own
# The names of each dataclass's parts, and what gets them all at once.
NAMES = {
    kind: tuple(name for name in kind.__dataclass_fields__ if name not in KEPT_BESIDE)
    for kind in (Article, Image, Provider, Related)
}
PARTS = {kind: (names, attrgetter(*names)) for kind, names in NAMES.items()}


def micros(moment: datetime) -> int:
    """Whole microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def moment(count: int) -> datetime:
    """The moment that many microseconds after 1970."""
    return EPOCH + timedelta(microseconds=count)


def file_row(found: Found, reading: Reading) -> dict[str, Any]:
    """The row in `files` of a file that was read."""
    faults = [fault_row(fault) for fault in reading.faults if fault.cost is not Cost.NOTHING]
    return {
        "path": reading.path,
        "size": found.size,
        "mtime_ns": found.mtime_ns,
        "digest": reading.digest,
        "unpublished": reading.unpublished,
        "due": None if reading.due is None else micros(reading.due),
        "faults": faults,
        "faulty": bool(faults),
    }


def fault_row(fault: Fault) -> list[Any]:
    """A fault as it is kept."""
    # What was got stays out: it is the editor's text, perhaps of a record that nobody may see.
    until = None if fault.until is None else micros(fault.until)
    return [fault.line, fault.column, fault.key, fault.expected, fault.cost.value, until]


def fault_of(path: str, row: list[Any]) -> Fault:
    """The fault that was kept as this row."""
    line, column, key, expected, cost, until = row
    return Fault(path, line, column, key, expected, "", Cost(cost), None if until is None else moment(until))


def record_row(article: Article, names: Names) -> dict[str, Any]:
    """The row in `records` of an article as its record says it."""
    further = (article.original_link, article.amp_link, article.cdn_amp_link, *article.previous)
    link = article.address
    claimed = {"id": article.given_id, "previous": list(article.previous)}
    return {
        "path": article.path,
        "digest": article.digest,
        "id": article.id,
        "link": link,
        "claim": claimed if article.given_id or article.previous else None,
        "shown": False,
        "refused": None,
        "until": None,
        "visible": False,
        "waiting": False,
        "address": address_digest(link),
        "others": " ".join(address_digest(link) for link in further if link is not None),
        "age": -micros(article.published),
        "updated": None if article.updated is None else micros(article.updated),
        "quality": article.quality,
        "heat": article.heat,
        "feeds": _lines(names.feeds(article)),
        "related": " ".join(address_digest(item.link) for item in article.related),
        "article": _data(article),
    }


def withdrawn_row(id: str, one: Withdrawn, until: datetime, names: Names) -> dict[str, Any]:
    """The row in `records` of what is left of an article."""
    mark = digest(id, one.link, one.published.isoformat(), one.at.isoformat())
    # No file is called so: paths of records are relative.
    left = Article(f"//{id}", mark, id, one.link, WITHDRAWN, one.published, NOBODY, updated=one.at)
    row = {**record_row(left, names), "id": id, "shown": True, "until": micros(until)}
    return {
        **row,
        "quality": one.quality,
        "heat": one.heat,
        "feeds": _lines({names.home(key): name for key, name in one.feeds.items()}),
    }


def _lines(names: Mapping[str, str]) -> str:
    return "\n".join(f"{key}\t{name}" for key, name in names.items())


def names_of(lines: str) -> dict[str, str]:
    """The keys of a record's feeds with the names that it gives them."""
    return dict(line.split("\t", 1) for line in lines.split("\n")) if lines else {}


def claim_of_row(claimed: dict[str, Any] | None, link: str) -> tuple[str | None, tuple[str, ...], str]:
    """What a record says of its id: the id that it gives, its earlier addresses, and the id that follows from both."""
    if claimed is None:
        return None, (), link
    given, previous = claimed["id"], tuple(claimed["previous"])
    return given, previous, given or previous[0]


def _data(value: Any) -> Any:
    """A dataclass as JSON can hold it, without what is empty."""
    kind = type(value)
    if kind in PARTS:
        names, parts_of = PARTS[kind]
        parts = zip(names, parts_of(value), strict=True)
        return {name: _data(part) for name, part in parts if part is not None and part != () and part != ""}
    if kind is tuple:
        return [_data(item) for item in value]
    return micros(value) if kind is datetime else value


def article_of(data: dict[str, Any], id: str, withdrawn: bool = False) -> Article:
    """The article that was kept as this data, under the id that it was given."""
    return Article(
        **{
            **data,
            "id": id,
            "withdrawn": withdrawn,
            "published": moment(data["published"]),
            "updated": moment(data["updated"]) if "updated" in data else None,
            "provider": Provider(**data["provider"]),
            "topics": tuple(data.get("topics", ())),
            "images": tuple(Image(**image) for image in data.get("images", ())),
            "related": tuple(_related(item) for item in data.get("related", ())),
        }
    )


def _related(data: dict[str, Any]) -> Related:
    return Related(
        **{
            **data,
            "published": moment(data["published"]) if "published" in data else None,
            "provider": Provider(**data["provider"]) if "provider" in data else None,
            "images": tuple(Image(**image) for image in data.get("images", ())),
        }
    )
