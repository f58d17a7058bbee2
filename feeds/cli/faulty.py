"""What is wrong, shown as a compiler does: the line itself, a mark under the value, what was
expected, a hint.

In: faults of records or of config.toml, and the lines that may be shown. Not here: which lines
those are (records/quoting, located), other formats (reports).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from feeds.cli import terminal
from feeds.errors import ConfigError

if TYPE_CHECKING:
    from rich.text import Text

    from feeds.records import Fault

COLOURS = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}
QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:''|[^'])*'")
KEY = re.compile(r"[\w-]+(?=\s*=|\s*:(?:\s|$))")
LONGEST_MARK = 60


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing to show: a level, the place, what was expected, and what more there is to say, a
    line each."""

    level: str
    path: str
    line: int
    column: int
    text: str
    more: tuple[str, ...] = ()


def level_of(fault: "Fault") -> str:
    """`error` costs a record or what is new in it, `warning` a part of one, `note` nothing."""
    return {"part": "warning", "nothing": "note", "hidden": "note"}.get(fault.cost.value, "error")


def is_unknown_key(fault: "Fault") -> bool:
    """True for the note of a key that no record has, and that looks like one of ours."""
    return fault.cost.value == "nothing"


def shown(fault: "Fault", path: str, hint: str, *, is_quoted: bool) -> Shown:
    """A fault of a record.  What was got is said where no line shows it."""
    costs = {
        "record": "the record is left out",
        "news": "its last good version stays",
        "part": "this part is left out; the rest of the record stays",
    }
    more = []
    if fault.got and not (is_quoted and fault.got[:1] in "'\"") and not is_unknown_key(fault):
        more.append(f"got {fault.got}")
    if fault.cost.value in costs:
        more.append(costs[fault.cost.value])
    if hint:
        more.append(f"hint: {hint}")
    text = f"{fault.key}: {fault.message}" if fault.key else fault.message
    if is_unknown_key(fault):
        text = f"no record has a key {fault.got}"
    return Shown(level_of(fault), path, fault.line, fault.column, text, tuple(more))


def at_key(fault: "Fault", lines: Mapping[int, str]) -> "Fault":
    """A fault of a key that is no key of ours, in the place of the key where it was in that of the
    value."""
    written = re.compile(rf"[\"']?({re.escape(fault.got[1:-1])})[\"']?\s*[:=]")
    for number in range(fault.line, max(0, fault.line - 5), -1):
        if match := written.search(lines.get(number, "")):
            return replace(fault, line=number, column=match.start(1) + 1)
    return fault


def say(one: Shown, line: str | None) -> "Text":
    """What is to be shown of one thing, with its line if that may be shown."""
    from rich.text import Text

    number = str(one.line) if one.line else ""
    gutter = " " * len(number)
    place = f"{one.path}:{one.line}:{one.column}" if one.line else one.path
    out = Text.assemble((one.level, COLOURS[one.level]), (f": {one.text}\n", "bold"))
    out.append(f"{gutter}--> ", "blue").append(f"{place}\n")
    if line is not None and line.strip():
        before, value, after = _cut(line, one.column, terminal.width() - len(number) - 4)
        pad, mark = _cells(before), max(1, min(_cells(value), LONGEST_MARK))
        out.append(f"{gutter} |\n{number} | ", "blue").append(before).append(
            value, COLOURS[one.level]
        ).append(after)
        out.append(f"\n{gutter} | ", "blue").append(
            " " * pad + "^" * mark + "\n", COLOURS[one.level]
        )
    for text in one.more:
        style = "green" if text.startswith("hint: ") else ""
        out.append(f"{gutter} = ", "blue").append(f"{text}\n", style)
    return out


def value_at(line: str, column: int) -> str:
    """The value, or the key, that begins at a column of a line, as far as it goes on that line."""
    rest = line[column - 1 :]
    if match := QUOTED.match(rest) or KEY.match(rest):
        return match[0]
    before = line[: column - 1]
    in_flow = before.count("[") + before.count("{") > before.count("]") + before.count("}")
    match = re.match(r"[^,\]}]*" if in_flow else r".*?(?=\s+#|\s*$)", rest)
    return match[0].rstrip() if match else ""


def _cut(line: str, column: int, room: int) -> tuple[str, str, str]:
    """A line in three parts, the middle one being the value; shortened so that the value stays in
    sight."""
    value = value_at(line, column)
    before, after = (
        terminal.safe(line[: column - 1]),
        terminal.safe(line[column - 1 + len(value) :]),
    )
    value = terminal.safe(value)
    if _cells(before) + _cells(value) + _cells(after) <= room:
        return before, value, after
    value = _first(value, room // 2)
    if _cells(before) > room - _cells(value):
        kept = max(4, room // 3)
        while before and _cells(before) > kept - 1:
            before = before[1:]
        before = f"…{before}"
    return before, value, _first(after, max(1, room - _cells(before) - _cells(value)))


def _first(text: str, room: int) -> str:
    if _cells(text) <= room:
        return text
    while text and _cells(text) > room - 1:
        text = text[:-1]
    return f"{text}…"


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def say_config(error: ConfigError) -> None:
    """Every fault of config.toml on standard error: at its line for a person, a line each for a
    program."""
    if not error.faults:
        click.echo(f"feeds: {error}", err=True)
        return
    lines: Mapping[int, str] = dict(enumerate(error.source.split("\n"), start=1))
    for fault in error.faults:
        if terminal.is_watched(err=True):
            one = Shown("error", error.subject, fault.line, fault.column, fault.text)
            terminal.console(err=True).print(say(one, lines.get(fault.line)), soft_wrap=True)
        else:
            place = f"{error.subject}:{fault.line}:{fault.column}" if fault.line else error.subject
            click.echo(f"{place}: {fault.text}", err=True)
