"""Show faults as a compiler does: the line, a mark under the value, what was expected, a hint.

In: faults of records or of config.toml, and the lines that may be shown. Not here: which lines may
be shown (records/quoting, config/located), other formats (reports).
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
    """A fault ready to be shown: its level, place and text, and further lines."""

    level: str
    path: str
    line: int
    column: int
    text: str
    more: tuple[str, ...] = ()


def level_of(fault: "Fault") -> str:
    """Return the level of a fault.

    `error` costs a record or what is new in it, `warning` a part of one, `note` nothing.
    """
    return {"part": "warning", "nothing": "note", "hidden": "note"}.get(fault.cost.value, "error")


def is_unknown_key(fault: "Fault") -> bool:
    """Return True for the note of an unknown key whose spelling is close to a known one."""
    return fault.cost.value == "nothing"


def shown(fault: "Fault", path: str, hint: str, *, is_quoted: bool) -> Shown:
    """Prepare a fault of a record.  `is_quoted`: its line is shown, so its value need not be."""
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
    """Return the fault of an unknown key, moved from the place of the value to that of the key."""
    pattern = re.compile(rf"[\"']?({re.escape(fault.got[1:-1])})[\"']?\s*[:=]")
    for number in range(fault.line, max(0, fault.line - 5), -1):
        if match := pattern.search(lines.get(number, "")):
            return replace(fault, line=number, column=match.start(1) + 1)
    return fault


def text_of(fault: Shown, line: str | None) -> "Text":
    """Return the styled text of a fault, with the line that it is in, if that may be shown."""
    from rich.text import Text

    number = str(fault.line) if fault.line else ""
    gutter = " " * len(number)
    place = f"{fault.path}:{fault.line}:{fault.column}" if fault.line else fault.path
    colour = COLOURS[fault.level]
    out = Text.assemble((fault.level, colour), (f": {fault.text}\n", "bold"))
    out.append(f"{gutter}--> ", "blue").append(f"{place}\n")
    if line is not None and line.strip():
        before, value, after = _cut(line, fault.column, terminal.width() - len(number) - 4)
        mark = "^" * max(1, min(_cells(value), LONGEST_MARK))
        out.append(f"{gutter} |\n{number} | ", "blue")
        out.append(before).append(value, colour).append(after)
        out.append(f"\n{gutter} | ", "blue").append(f"{' ' * _cells(before)}{mark}\n", colour)
    for text in fault.more:
        style = "green" if text.startswith("hint: ") else ""
        out.append(f"{gutter} = ", "blue").append(f"{text}\n", style)
    return out


def value_at(line: str, column: int) -> str:
    """Return the value, or the key, that begins at a column, up to the end of the line."""
    rest = line[column - 1 :]
    if match := QUOTED.match(rest) or KEY.match(rest):
        return match[0]
    before = line[: column - 1]
    in_flow = before.count("[") + before.count("{") > before.count("]") + before.count("}")
    match = re.match(r"[^,\]}]*" if in_flow else r".*?(?=\s+#|\s*$)", rest)
    return match[0].rstrip() if match else ""


def _cut(line: str, column: int, width: int) -> tuple[str, str, str]:
    """Return the text before the value, the value, and the text after it.

    Together they are no wider than `width`; the value stays in sight.
    """
    value = value_at(line, column)
    before = terminal.safe(line[: column - 1])
    after = terminal.safe(line[column - 1 + len(value) :])
    value = terminal.safe(value)
    if _cells(before + value + after) <= width:
        return before, value, after
    value = _shortened(value, width // 2)
    if _cells(before) > width - _cells(value):
        before = _shortened(before[::-1], max(4, width // 3))[::-1]
    return before, value, _shortened(after, max(1, width - _cells(before + value)))


def _shortened(text: str, width: int) -> str:
    if _cells(text) <= width:
        return text
    while text and _cells(text) > width - 1:
        text = text[:-1]
    return f"{text}…"


def _cells(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def print_config_faults(error: ConfigError) -> None:
    """Print every fault of config.toml on standard error.

    A terminal gets each with the line that it is in, a pipe a line for each.
    """
    if not error.faults:
        click.echo(f"feeds: {error}", err=True)
        return
    lines: Mapping[int, str] = dict(enumerate(error.source.split("\n"), start=1))
    for fault in error.faults:
        if terminal.is_interactive(err=True):
            one = Shown("error", error.subject, fault.line, fault.column, fault.text)
            terminal.console(err=True).print(text_of(one, lines.get(fault.line)), soft_wrap=True)
        else:
            place = f"{error.subject}:{fault.line}:{fault.column}" if fault.line else error.subject
            click.echo(f"{place}: {fault.text}", err=True)
