"""What the tables of config.toml are made of, whatever they are about, and how what is wrong in
them is told.

Not here: the tables (config, rules).
"""

from difflib import get_close_matches
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict


def _line(text: str) -> str:
    if not (line := " ".join(text.split())) or not line.isprintable():
        raise ValueError("expected a line of text")
    return line


Line = Annotated[str, AfterValidator(_line)]
NOT_KEYS = frozenset({"file", "warnings"})  # fields of a Config that no file sets


class Section(BaseModel):
    """Part of a Config: frozen, no unknown key, no guessing between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def message(detail: Any, whole: type[Section]) -> str:
    """A fault that pydantic found in the tables of a whole, as `key: expected …, got …`."""
    if detail["type"] == "mapping":  # it names its keys itself
        return str(detail["msg"])
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
    key = "".join(parts).removeprefix(".")
    known = {
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
    }
    context = detail.get("ctx", {})
    if detail["type"] == "greater_than_equal":
        problem = f"expected {context['ge']:g} or more"
    elif detail["type"] == "less_than_equal":
        problem = f"expected {context['le']} or less"
    elif detail["type"] == "literal_error":
        problem = f"expected {context['expected']}"
    elif detail["type"] == "value_error":
        problem = str(context["error"])
    else:
        problem = known.get(detail["type"], detail["msg"])
    if detail["type"] == "extra_forbidden":
        problem += _meant(detail["loc"], whole)
    silent = detail["type"] in ("extra_forbidden", "missing") or key.startswith("store")
    return f"{key}: {problem}" if silent else f"{key}: {problem}, got {detail['input']!r}"


def _meant(path: tuple[str | int, ...], whole: type[Section]) -> str:
    """Which key was likely meant by one that there is not: of its own table, or of another."""
    table = whole
    for part in path[:-1]:
        field = table.model_fields.get(str(part))
        table = (_section_in(field.annotation) if field else None) or table
    last, above = str(path[-1]), ".".join(str(part) for part in path[:-1])
    if close := get_close_matches(last, table.model_fields.keys() - NOT_KEYS, n=1, cutoff=0.7):
        return f", did you mean {above}.{close[0]}?" if above else f", did you mean {close[0]}?"
    for name, field in whole.model_fields.items():
        section = (
            _section_in(field.annotation)
            if name not in ("topics", "providers", "categories")
            else None
        )
        if section is not None and last in section.model_fields:
            return f", did you mean {name}.{last}?"
    return ""


def _section_in(annotation: Any) -> type[Section] | None:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section_in(part))), None)
