"""The types that all tables of config.toml share, and the messages about faults in them.

Not here: the tables themselves (config, site, feeds).
"""

import os
from collections.abc import Callable, Collection
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from feeds.records.plain_data import key_text
from feeds.taxonomies import TAXONOMIES, Taxonomy
from feeds.urls import web_address

LONGEST_SHOWN = 200  # characters of a value in a message
LONGEST_NAME = 255  # bytes of a name in a file system
NOT_KEYS = frozenset({"file", "warnings"})  # fields of a Config that no file sets
# Messages in place of pydantic's, by its name of an error.
MESSAGES = {
    "extra_forbidden": "expected no such key",
    "string_type": "expected text in quotes",
    "path_type": "expected text in quotes",
    "int_type": "expected a whole number",
    "bool_type": "expected true or false",
    "float_type": "expected a number",
    "finite_number": "expected a number",
    "missing": "expected this key",
    "model_type": "expected a table",
    "dict_type": "expected a table",
    "tuple_type": "expected a list",
    "too_short": "expected at least one name",
    "greater_than_equal": "expected {ge:g} or more",
    "less_than_equal": "expected {le} or less",
    "literal_error": "expected {expected}",
    "value_error": "{error}",
}


class Section(BaseModel):
    """Part of a Config: frozen, no unknown key, no guessing between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _line(text: str) -> str:
    if not (line := " ".join(text.split())) or not line.isprintable():
        raise ValueError("expected a line of text")
    return line


def _path(path: Path) -> Path:
    if "\0" in str(path) or any(len(os.fsencode(part)) > LONGEST_NAME for part in path.parts):
        raise ValueError("expected the path of a file or folder")
    return path


def _address(text: str) -> str:
    try:
        return web_address(text)
    except ValueError as error:
        raise ValueError("expected an http or https address") from error


def text_with(holds: Callable[[str], object], expected: str) -> AfterValidator:
    """Return a validator of texts for which something holds, without a ValueError."""

    def check(text: str) -> str:
        with suppress(ValueError):
            if holds(text):
                return text
        raise ValueError(f"expected {expected}")

    return AfterValidator(check)


def once(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names if none stands twice.  Raises ValueError."""
    if len(set(names)) != len(names):
        raise ValueError("expected each name once")
    return names


def either(names: Collection[object]) -> str:
    """Return names as a choice: `a, b or c`."""
    *others, last = map(str, names)
    return f"{', '.join(others)} or {last}"


def one_of(names: Collection[Any]) -> BeforeValidator:
    """Return a validator that takes one of these, as they are when it is used."""

    def check(value: Any) -> Any:
        if value not in tuple(names):
            raise ValueError(f"expected {either([repr(name) for name in names])}")
        return value

    return BeforeValidator(check)


ONCE = (Field(strict=False), AfterValidator(once))  # of a list of names
Line = Annotated[str, AfterValidator(_line)]
Address = Annotated[str, AfterValidator(_address)]
FilePath = Annotated[Path, Field(strict=False), AfterValidator(_path)]
Size = Annotated[int, Field(ge=1, le=1 << 40)]  # bytes
Content = Literal["full", "summary"]
S = TypeVar("S", bound=Section)


def key_for_each_taxonomy(
    type_of: Callable[[Taxonomy], Any], default: Any
) -> Callable[[type[S]], type[S]]:
    """Return a decorator that gives a section a key for each taxonomy, called like its feeds."""

    def add(section: type[S]) -> type[S]:
        fields: dict[str, Any] = {
            prefix: (type_of(taxonomy), default) for prefix, taxonomy in TAXONOMIES.items()
        }
        whole: type[S] = create_model(
            section.__name__, __base__=section, __module__=section.__module__, **fields
        )
        whole.__doc__ = section.__doc__
        return whole

    return add


def message(detail: Any, whole: type[Section]) -> str:
    """Return a fault that pydantic found in the tables of a whole, as `key: expected …, got …`."""
    kind, path = detail["type"], detail["loc"]
    if kind == "mapping":  # it names its keys itself
        return str(detail["msg"])
    key = key_text(tuple(part for part in path if part != "[key]"))
    problem = MESSAGES.get(kind, "{msg}").format(msg=detail["msg"], **detail.get("ctx", {}))
    if kind == "extra_forbidden":
        problem += _suggestion(path, whole)
    silent = kind in ("extra_forbidden", "missing") or key.startswith("store")
    return f"{key}: {problem}" if silent else f"{key}: {problem}, got {_shown(detail['input'])}"


def _shown(value: Any) -> str:
    try:
        return repr(value)[:LONGEST_SHOWN]
    except ValueError:  # of a number of thousands of digits
        return "a number that is too large"


def _suggestion(path: tuple[str | int, ...], whole: type[Section]) -> str:
    """Return which key was likely meant by an unknown one: of its own table, or of another."""
    table = whole
    for part in path[:-1]:
        field = table.model_fields.get(str(part))
        table = (_section_in(field.annotation) if field else None) or table
    last, above = str(path[-1]), ".".join(str(part) for part in path[:-1])
    if close := get_close_matches(last, table.model_fields.keys() - NOT_KEYS, n=1, cutoff=0.7):
        return f", did you mean {above}.{close[0]}?" if above else f", did you mean {close[0]}?"
    for name, field in whole.model_fields.items():
        is_several = get_origin(field.annotation) is dict  # its keys are names, not settings
        section = None if is_several else _section_in(field.annotation)
        if section is not None and last in section.model_fields:
            return f", did you mean {name}.{last}?"
    return ""


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)
