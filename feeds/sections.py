"""What the tables of config.toml are made of, whatever they are about, and how what is wrong in them is told.

Not here: the tables (config, rules).
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict


def _line(text: str) -> str:
    if not (line := " ".join(text.split())) or not line.isprintable():
        raise ValueError("expected a line of text")
    return line


Line = Annotated[str, AfterValidator(_line)]


class Section(BaseModel):
    """Part of a Config: frozen, no unknown key, no guessing between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def message(detail: Any) -> str:
    """A fault that pydantic found, as `key: expected …, got …`."""
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
    silent = detail["type"] in ("extra_forbidden", "missing") or key.startswith("store")
    return f"{key}: {problem}" if silent else f"{key}: {problem}, got {detail['input']!r}"
