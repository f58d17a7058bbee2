"""Show a fault as a compiler does: the line, a mark under the value, what was expected, a hint.

In: faults of records or of config.toml, and the lines that may be shown. Not here: which lines may
be shown (records/quoting, config/located), reports of many faults (text_report, reports).
"""

import re
from collections.abc import Iterable

from rich.cells import cell_len
from rich.text import Text

from feeds.cli import terminal
from feeds.errors import ConfigError, ConfigFault
from feeds.records import Fault

COLOURS = {"error": "bold red", "warning": "bold yellow", "note": "bold cyan"}
QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:''|[^'])*'")
KEY = re.compile(r"[\w-]+(?=\s*=|\s*:(?:\s|$))")


def print_fault(
    level: str,
    path: str,
    fault: Fault | ConfigFault,
    text: str,
    line: str | None,
    more: Iterable[str] = (),
    *,
    err: bool = False,
) -> None:
    """Print what is wrong, and where, with the line that it is in if that may be shown, and
    further lines."""
    number = str(fault.line) if fault.line else ""
    gutter = " " * len(number)
    place = f"{path}:{fault.line}:{fault.column}" if fault.line else path
    colour = COLOURS[level]
    out = Text.assemble((level, colour), (f": {text}\n", "bold"))
    out.append(f"{gutter}--> ", "blue").append(f"{place}\n")
    if line is not None and line.strip():
        before, value, after = _cut(line, fault.column, terminal.width() - len(number) - 4)
        mark = "^" * max(1, cell_len(value))
        out.append(f"{gutter} |\n{number} | ", "blue")
        out.append(before).append(value, colour).append(after)
        out.append(f"\n{gutter} | ", "blue").append(f"{' ' * cell_len(before)}{mark}\n", colour)
    for one in more:
        style = "green" if one.startswith("hint: ") else ""
        out.append(f"{gutter} = ", "blue").append(f"{one}\n", style)
    terminal.console(err=err).print(out, soft_wrap=True)


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
    if cell_len(before + value + after) <= width:
        return before, value, after
    value = _shortened(value, width // 2)
    if cell_len(before) > width - cell_len(value):
        before = _shortened(before[::-1], width // 3)[::-1]
    return before, value, _shortened(after, max(1, width - cell_len(before + value)))


def _shortened(text: str, width: int) -> str:
    short = Text(text)
    short.truncate(width, overflow="ellipsis")
    return short.plain


def print_config_faults(error: ConfigError) -> None:
    """Print every fault of config.toml on standard error, with the line that it is in."""
    lines = dict(enumerate(error.source.split("\n"), start=1))
    for fault in error.faults:
        print_fault("error", error.subject, fault, fault.text, lines.get(fault.line), err=True)
