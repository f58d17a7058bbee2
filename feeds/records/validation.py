"""Plain data in our keys to a Record, and what is wrong with it: a wrong optional part costs itself
alone.

Not here: how data is written and where it stands (frontmatter, toml), what a Record becomes
(reading).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from pydantic import BaseModel, ValidationError

from feeds.records.faults import Cost
from feeds.records.plain import SECRET_KEY, Path
from feeds.records.shape import MOST_ITEMS, ImageShape, ProviderShape, Record, RelatedShape

NESTED: dict[str, type[BaseModel]] = {
    "provider": ProviderShape,
    "images": ImageShape,
    "related": RelatedShape,
}
EXPECTED_OF_MISSING = {
    "title": "text",
    "webUrl": "an http or https address",
    "url": "an http or https address",
    "publishedDateTime": "a date and time, such as 2026-11-23T09:30:00Z",
    "provider": "a mapping with a domain",
    "domain": "a host name, such as example.org",
}
# Wrong, these cost the record: without them it would be shown, or be known to readers by another id
# for good.
DECISIVE = ("published", "expiryDateTime", "id", "previousUrls")
EXPECTED_BY_TYPE = {
    "tuple_type": "a list",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a path into the data.  It is a Fault once its place is known."""

    path: Path
    expected: str
    got: str = ""
    cost: Cost = Cost.RECORD
    until: datetime | None = None
    named: str = ""


def validate(data: dict[str, Any], zone: tzinfo = UTC) -> tuple[Record | None, list[Problem]]:
    """A record from plain data, without its wrong optional parts; None when something required is
    wrong.

    Dates without an offset are in the zone.
    """
    data, dropped = _bounded(data)
    record, problems = _validate(data, zone)
    return record, dropped + problems


def _bounded(data: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The data without what is too many in its lists."""
    dropped = []
    for key, most in MOST_ITEMS.items():
        if isinstance(items := data.get(key), list) and len(items) > most:
            data = {**data, key: items[:most]}
            dropped.append(
                Problem((key, most), f"at most {most} {key}", str(len(items)), Cost.PART, named=key)
            )
    return data, dropped


def _validate(data: dict[str, Any], zone: tzinfo) -> tuple[Record | None, list[Problem]]:
    try:
        return Record.model_validate(data, context=zone), []
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
    return Record.model_validate(remaining, context=zone), problems


def _problems(error: ValidationError) -> tuple[list[Problem], list[Path | None]]:
    problems, costs = [], []
    for detail in error.errors(include_url=False, include_context=False):
        path, part = detail["loc"], _optional_part(detail["loc"])
        cost = Cost.RECORD if part is None else Cost.PART
        if detail["type"] == "missing":
            expected, got = EXPECTED_OF_MISSING[str(path[-1])], "nothing"
        else:
            expected = EXPECTED_BY_TYPE.get(detail["type"], detail["msg"])
            got = described(detail["input"])
        problems.append(Problem(path, expected, got, cost))
        costs.append(part)
    return problems, costs


def _optional_part(path: Path) -> Path | None:
    """The smallest part around a wrong value that a record can do without, or None."""
    shape: type[BaseModel] = Record
    smallest = None
    for depth, step in enumerate(path, start=1):
        if depth == 1 and step in DECISIVE:
            return None
        if isinstance(step, int) or not shape.model_fields[step].is_required():
            smallest = path[:depth]
        if isinstance(step, str):
            shape = NESTED.get(step, shape)
    return smallest


def _copy(value: Any) -> Any:
    """Data in which nothing is shared through an alias, so that one place can change alone."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def described(value: Any) -> str:
    """A value as a fault shows it: short, and never with `secured` in it."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value)
    if SECRET_KEY in text:
        return "text that is not shown here"
    return repr(text if len(text) <= 60 else text[:60] + "…")
