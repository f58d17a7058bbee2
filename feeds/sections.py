"""What the tables of config.toml are made of, whatever they are about.  Not here: the tables (config, rules)."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def _line(text: str) -> str:
    if not (line := " ".join(text.split())) or not line.isprintable():
        raise ValueError("expected a line of text")
    return line


Line = Annotated[str, AfterValidator(_line)]


class Section(BaseModel):
    """Part of a Config: frozen, no unknown key, no guessing between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
