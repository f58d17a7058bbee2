"""Plain data in our keys to the fields of an article, and what is wrong with it: a wrong optional
part costs itself alone.

It follows from the table of keys. Not here: how data is written and where it stands (full_parser,
toml), and what becomes of the fields (reading).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

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
)
from feeds.records.plain_data import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong at a path into the data.  It is a Fault once its place is known."""

    path: Path
    expected: str
    got: str = ""
    cost: Cost = Cost.RECORD
    until: datetime | None = None
    named: str = ""


def validate(
    data: dict[str, Any], zone: tzinfo = UTC
) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return the fields of an article by name, without absent and wrong optional ones.

    None when something required is wrong. Dates without an offset are in the zone.
    """
    check = _Check(zone)
    found = [(key.field, check.value_of(key, data, (), key.cost)) for key in RECORD]
    fields = {field: value for field, value in found if field and value is not None}
    is_sound = all(problem.cost is not Cost.RECORD for problem in check.problems)
    return fields if is_sound else None, check.problems


class _Check:
    """Checks values, and notes what is wrong with them.

    `cost` is what a wrong value costs, `part` what a wrong optional part of it does.
    """

    def __init__(self, zone: tzinfo) -> None:
        self.problems: list[Problem] = []
        self._zone = zone

    def value_of(
        self, key: Key, mapping: dict[str, Any], path: Path, part: Cost, cost: Cost = Cost.RECORD
    ) -> Any:
        """Return the value of a key of a mapping; None where it is absent or wrong."""
        path, value = (*path, key.name), mapping.get(key.name)
        cost = cost if key.required else part
        is_empty = value is None or (value == "" and isinstance(key.type, Scalar))
        if is_empty and not key.required and (key.empty or key.name not in mapping):
            return None
        return self._checked(key.type, value, path, part, cost)

    def _checked(self, kind: Type, value: Any, path: Path, part: Cost, cost: Cost) -> Any:
        if isinstance(kind, ListOf):
            if not isinstance(value, list):
                return self._note(path, "a list", value, cost)
            if len(value) > MOST_ITEMS:
                name = str(path[-1])
                expected, got = f"at most {MOST_ITEMS} {name}", str(len(value))
                self.problems.append(
                    Problem((*path, MOST_ITEMS), expected, got, Cost.PART, named=name)
                )
            items = [
                self._checked(kind.of, item, (*path, index), part, part)
                for index, item in enumerate(value[:MOST_ITEMS])
            ]
            return kind.make(*[item for item in items if item is not None])
        if isinstance(kind, MappingOf):
            if not isinstance(value, dict):
                needed = next(key.name for key in kind.keys if key.required)
                return self._note(path, f"a mapping with a {needed}", value, cost)
            found = {key.name: self.value_of(key, value, path, part, cost) for key in kind.keys}
            if any(key.required and found[key.name] is None for key in kind.keys):
                return None
            return kind.make(*[found[key.name] for key in kind.kept])
        try:
            return kind.check(value, self._zone) if kind is MOMENT else kind.check(value)
        except ValueError as error:
            return self._note(path, str(error), value, cost)

    def _note(self, path: Path, expected: str, value: Any, cost: Cost) -> None:
        self.problems.append(Problem(path, expected, described(value), cost))


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
