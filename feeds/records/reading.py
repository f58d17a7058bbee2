"""A record's bytes to a Reading: the Article it holds, or why it holds none, and every fault with its place.

Here meet the front matter (frontmatter, toml) and the rules of what it may say (shape, slips). Files are opened
elsewhere (folder).
"""

from codecs import BOM_UTF8
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ValidationError

from feeds.model import Article, Image, Provider, Related, digest, identity
from feeds.records import frontmatter, toml
from feeds.records.faults import Cost, Fault
from feeds.records.frontmatter import SECRET_KEY, Path, key_text
from feeds.records.shape import KEYS, ImageShape, ProviderShape, Record, RelatedShape, as_boolean, clean, holds_secret
from feeds.records.slips import likely_key, likely_meant

NESTED: dict[str, type[BaseModel]] = {"provider": ProviderShape, "images": ImageShape, "related": RelatedShape}
NAMES = KEYS.union(*(shape.model_fields for shape in NESTED.values()))
EXPECTED_OF_MISSING = {
    "title": "text",
    "webUrl": "an http or https address",
    "url": "an http or https address",
    "publishedDateTime": "a date and time, such as 2026-11-23T09:30:00Z",
    "provider": "a mapping with a domain",
    "domain": "a host name, such as example.org",
}
EXPECTED_BY_TYPE = {"tuple_type": "a list", "model_type": "a mapping", "model_attributes_type": "a mapping"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading one record came to.  No article and no fault: its editor does not publish it."""

    path: str
    digest: str
    article: Article | None
    faults: tuple[Fault, ...]
    unpublished: bool = False

    @property
    def left_out(self) -> bool:
        """Whether a fault, and not its editor, keeps the record from being published."""
        return self.article is None and not self.unpublished


@dataclass(frozen=True, slots=True)
class _Problem:
    path: Path
    expected: str
    got: str = ""
    cost: Cost = Cost.RECORD
    until: datetime | None = None
    named: str = ""


def read_record(path: str, content: bytes, now: datetime) -> Reading:
    """Read the bytes of the record at `path`, relative to the records folder.  `now` tells a future update."""
    mark = digest(content)
    try:
        text = content.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        good = error.object[: error.start].decode()
        place = (good.count("\n") + 1, len(good) - good.rfind("\n"))
        fault = Fault(path, *place, "", "UTF-8", f"the byte 0x{error.object[error.start]:02x}")
        return Reading(path, mark, None, (fault,))
    read = toml.read if toml.is_toml(text) else frontmatter.read
    front = read(text)
    faults = [Fault(path, *flaw.place, _known_key(flaw.path), flaw.expected, flaw.got) for flaw in front.flaws]
    if front.data is None:
        return Reading(path, mark, None, tuple(faults))
    body = clean(front.body).strip()
    record, problems = validate(front.data)
    if record is not None:
        problems += _problems_of_update(record, now)
    problems += _misspellings(front.data)
    if holds_secret(body):
        problems.append(_Problem((), f"a body without the key {SECRET_KEY} in it", "", Cost.PART))
        body = ""
    if problems:
        places = read(text, with_places=True).places
        faults += [_fault(path, problem, places) for problem in problems]
    unpublished = _says_unpublished(front.data)
    kept = record is not None and not unpublished and all(fault.cost is not Cost.RECORD for fault in faults)
    article = _article(path, mark, record, body) if record is not None and kept else None
    return Reading(path, mark, article, tuple(sorted(faults, key=lambda f: (f.line, f.column))), unpublished)


def validate(data: dict[str, Any]) -> tuple[Record | None, list[_Problem]]:
    """A record from plain data, without its wrong optional parts; None when something required is wrong."""
    try:
        return Record.model_validate(data), []
    except ValidationError as error:
        problems, costs = _problems(error)
    if None in costs:
        return None, problems
    remaining = _copy(data)
    for part in sorted(set(costs), reverse=True):  # type: ignore[type-var]  # the last of a list first: no index moves
        assert part is not None
        container = remaining
        for step in part[:-1]:
            container = container[step]
        container.pop(part[-1])
    return Record.model_validate(remaining), problems


def _problems(error: ValidationError) -> tuple[list[_Problem], list[Path | None]]:
    problems, costs = [], []
    for detail in error.errors(include_url=False, include_context=False):
        path, part = detail["loc"], _optional_part(detail["loc"])
        cost = Cost.RECORD if part is None else Cost.PART
        if detail["type"] == "missing":
            expected, got = EXPECTED_OF_MISSING[str(path[-1])], "nothing"
        else:
            expected = EXPECTED_BY_TYPE.get(detail["type"], detail["msg"])
            got = _description(detail["input"])
        problems.append(_Problem(path, expected, got, cost))
        costs.append(part)
    return problems, costs


def _optional_part(path: Path) -> Path | None:
    """The smallest part around a wrong value that a record can do without, or None."""
    shape: type[BaseModel] = Record
    smallest = None
    for depth, step in enumerate(path, start=1):
        if isinstance(step, int) or (not shape.model_fields[step].is_required() and step != "published"):
            smallest = path[:depth]
        if isinstance(step, str):
            shape = NESTED.get(step, shape)
    return smallest


def _copy(value: Any) -> Any:
    """Data in which nothing is shared through an alias, so that one place can change alone."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _description(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value)
    if SECRET_KEY in text:
        return "text that is not shown here"
    return repr(text if len(text) <= 60 else text[:60] + "…")


def _fault(path: str, problem: _Problem, places: dict[Path, frontmatter.Place]) -> Fault:
    known = problem.path
    if known not in places and ("<<", *known) in places:
        known = ("<<", *known)
    while known not in places:
        known = known[:-1]
    line, column = places[known]
    key = problem.named or key_text(problem.path)
    return Fault(path, line, column, key, problem.expected, problem.got, problem.cost, problem.until)


def _known_key(path: Path) -> str:
    """A path as text where all of it is keys that we know: a word of an editor's own is no key to show."""
    return key_text(path) if all(isinstance(step, int) or step in NAMES for step in path) else ""


def _problems_of_update(record: Record, now: datetime) -> list[_Problem]:
    updated, path = record.updatedDateTime, ("updatedDateTime",)
    if updated is None:
        return []
    if updated < record.publishedDateTime:
        return [_Problem(path, "a moment after publishedDateTime", "one before it", Cost.PART)]
    if updated > now:
        return [_Problem(path, "a moment that has passed", "one to come", Cost.PART, until=updated)]
    return []


def _says_unpublished(data: dict[str, Any]) -> bool:
    try:
        return "published" in data and not as_boolean(data["published"])
    except ValueError:
        return False


def _misspellings(data: dict[str, Any]) -> list[_Problem]:
    problems = []
    for key in sorted(data.keys() - KEYS):
        if "published" not in data and likely_meant(key, data[key], "published"):
            got = _description(key)
            problems.append(_Problem((key,), "this key, not one that looks like it", got, named="published"))
        elif meant := likely_key(key):
            problems.append(_Problem((key,), "this key, if it is meant", _description(key), Cost.NOTHING, named=meant))
    return problems


def _article(path: str, mark: str, record: Record, body: str) -> Article:
    updated = record.updatedDateTime
    return Article(
        path=path,
        digest=mark,
        id=identity(record.webUrl),
        link=record.webUrl,
        title=record.title,
        published=record.publishedDateTime,
        updated=updated if updated is not None and updated >= record.publishedDateTime else None,
        provider=_provider(record.provider),
        excerpt=record.excerpt or "",
        body=body,
        category=record.category,
        topics=tuple(dict.fromkeys(record.topics)),
        images=_images(record.images),
        related=tuple(_related(item) for item in record.related),
        original_link=record.originalUrl,
        amp_link=record.ampWebUrl,
        cdn_amp_link=record.cdnAmpWebUrl,
        type=record.type,
        quality=record.quality,
        heat=record.heat,
    )


def _provider(shape: ProviderShape) -> Provider:
    return Provider(domain=shape.domain, name=shape.name or shape.domain)


def _images(shapes: Iterable[ImageShape]) -> tuple[Image, ...]:
    return tuple(Image(shape.url, shape.width, shape.height, shape.isCached) for shape in shapes)


def _related(shape: RelatedShape) -> Related:
    return Related(
        title=shape.title,
        link=shape.webUrl,
        excerpt=shape.excerpt or "",
        published=shape.publishedDateTime,
        provider=_provider(shape.provider) if shape.provider else None,
        images=_images(shape.images),
        amp_link=shape.ampWebUrl,
        cdn_amp_link=shape.cdnAmpWebUrl,
        type=shape.type,
        quality=shape.quality,
    )
