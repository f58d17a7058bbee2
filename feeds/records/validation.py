"""Plain data in our keys to the fields of an article, and what is wrong with it: a wrong optional
part costs itself alone.

The models of pydantic are made from the table of keys. Not here: how data is written and where it
stands (full_parser, toml), and what becomes of the fields (reading).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    create_model,
)

from feeds.records.faults import Cost
from feeds.records.keys import (
    MOMENT,
    MOST_ITEMS,
    RECORD,
    SECRET_KEY,
    Key,
    ListOf,
    MappingOf,
    Scalar,
    Type,
    inner,
)
from feeds.records.plain_data import Path

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


class _Model(BaseModel):
    """A mapping of a record; unknown keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


def _model(keys: tuple[Key, ...]) -> type[BaseModel]:
    """Return a model with these keys, whose context is the zone of dates without an offset."""
    fields: dict[str, Any] = {
        key.name: (_annotated(key), ... if key.required else None) for key in keys
    }
    return create_model("Mapping", __base__=_Model, **fields)


def _annotated(key: Key) -> Any:
    kind = key.type
    if isinstance(kind, ListOf):
        item: Any = _annotated(Key("", kind.of, "", required=True))
        make = kind.make
        return Annotated[
            tuple.__class_getitem__((item, ...)),
            BeforeValidator(lambda items: () if items is None else items),
            AfterValidator(lambda items: make(*items)),
        ]
    if isinstance(kind, MappingOf):
        mapping = _mapping(kind)
        return mapping if key.required else mapping | None
    may_be_empty = key.empty and not key.required
    return Annotated[Any, _validator(kind, may_be_empty)]


def _mapping(kind: MappingOf) -> Any:
    """Return the type of a mapping that becomes what the type makes of it."""
    model, names, make = _model(kind.keys), [key.name for key in kind.kept], kind.make
    made = AfterValidator(lambda one: make(*[getattr(one, name) for name in names]))
    return Annotated[model, made]


def _validator(kind: Scalar, may_be_empty: bool) -> PlainValidator:
    def check(value: Any, info: ValidationInfo) -> Any:
        if may_be_empty and (value is None or value == ""):
            return None
        return kind.check(value, info.context or UTC) if kind is MOMENT else kind.check(value)

    return PlainValidator(check)


Record = _model(RECORD)
FIELDS = tuple((key.name, key.field) for key in RECORD if key.field)


def validate(
    data: dict[str, Any], zone: tzinfo = UTC
) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return the fields of an article by name, without absent and wrong optional ones.

    None when something required is wrong. Dates without an offset are in the zone.
    """
    data, problems = _bounded(data)
    try:
        return _fields(data, zone), problems
    except ValidationError as error:
        found, parts = _problems(error)
    problems += found
    if None in parts:
        return None, problems
    remaining = _copy(data)
    # The last of a list first, so that no index moves.
    for part in sorted({part for part in parts if part is not None}, reverse=True):
        container = remaining
        for step in part[:-1]:
            container = container[step]
        container.pop(part[-1])
    return _fields(remaining, zone), problems


def _fields(data: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
    record = Record.model_validate(data, context=zone)
    values = ((field, getattr(record, name)) for name, field in FIELDS)
    return {field: value for field, value in values if value is not None}


def _bounded(data: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Return the data without what is too many in its lists."""
    dropped = []
    for key in RECORD:
        items = data.get(key.name)
        if isinstance(key.type, ListOf) and isinstance(items, list) and len(items) > MOST_ITEMS:
            data = {**data, key.name: items[:MOST_ITEMS]}
            expected, got = f"at most {MOST_ITEMS} {key.name}", str(len(items))
            path = (key.name, MOST_ITEMS)
            dropped.append(Problem(path, expected, got, Cost.PART, named=key.name))
    return data, dropped


def _problems(error: ValidationError) -> tuple[list[Problem], list[Path | None]]:
    problems, parts = [], []
    for detail in error.errors(include_url=False, include_context=False):
        path = detail["loc"]
        part, kind = _optional_part(path)
        if detail["type"] == "missing":
            expected, got = _expected_of_missing(kind), "nothing"
        else:
            expected = EXPECTED_BY_TYPE.get(detail["type"], detail["msg"])
            got = described(detail["input"])
        problems.append(Problem(path, expected, got, Cost.RECORD if part is None else Cost.PART))
        parts.append(part)
    return problems, parts


def _expected_of_missing(kind: Type) -> str:
    if isinstance(kind, Scalar):
        return kind.expected
    required = next(key.name for key in inner(kind).values() if key.required)
    return f"a mapping with a {required}"


def _optional_part(path: Path) -> tuple[Path | None, Type]:
    """Return the smallest part around a wrong value that a record can do without, or None, and the
    type of the value."""
    keys = {key.name: key for key in RECORD}
    first = keys[str(path[0])]
    smallest, kind = None, first.type
    for depth, step in enumerate(path, start=1):
        if isinstance(step, int):
            smallest = path[:depth]
            continue
        if not keys[step].required:
            smallest = path[:depth]
        kind = keys[step].type
        keys = dict(inner(kind))
    return None if first.cost is Cost.RECORD else smallest, kind


def _copy(value: Any) -> Any:
    """Return data in which nothing is shared through an alias, so that one place can change
    alone."""
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def described(value: Any) -> str:
    """Return a value as a fault shows it: short, and never with `secured` in it."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value)
    if SECRET_KEY in text:
        return "text that is not shown here"
    return repr(text if len(text) <= 60 else text[:60] + "…")
