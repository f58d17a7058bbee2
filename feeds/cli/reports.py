"""The reports of `feeds check`: text for a person, one line a fault, JSON, annotations of GitHub.

Each takes the faults of one record after the other as they are found, so that a long report begins
at once. Not here: how one fault is shown (fault_text), what may be quoted (records/quoting).
"""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feeds.cli import fault_text, terminal

if TYPE_CHECKING:
    from feeds.config import Config
    from feeds.records import Fault

OF_A_KIND = 3  # faults of one kind that are shown in full
IN_FULL = 30  # faults that are shown in full
MOST_KINDS = 20


class Report(ABC):
    """Take the faults of one record after the other, and show them."""

    def __init__(self, config: "Config") -> None:
        folder, here = config.records_folder, Path.cwd()
        self._folder = str(
            folder.relative_to(here) if folder.is_relative_to(here) else config.records.path
        )

    def path(self, path: str) -> str:
        """Return the path of a record relative to the working folder."""
        return f"{self._folder}/{path}"

    @abstractmethod
    def add(self, path: str, faults: Sequence["Fault"]) -> None:
        """Add the faults of the record at a path below the records folder."""

    def end(self, records: int, with_faults: int) -> None:
        """End the report with the number of records, and of those with faults."""
        click.echo(f"{terminal.count(records, 'record')}, {with_faults} with faults.", err=True)


def report(form: str, config: "Config", *, show_all: bool = False) -> Report:
    """Return the report in a format: text, lines, json or github."""
    if form == "text":
        return Text(config, show_all=show_all)
    plain: dict[str, type[Report]] = {"lines": Lines, "json": Json, "github": GitHub}
    return plain[form](config)


class Lines(Report):
    """Print a line for each fault: `path:line:column: key: expected …, got …`."""

    def add(self, path: str, faults: Sequence["Fault"]) -> None:
        """Print the faults of one record."""
        for fault in faults:
            note = "note: " if fault_text.level_of(fault) == "note" else ""
            click.echo(f"{note}{self.path(str(fault))}")


class Json(Report):
    """Print one array of objects, in the order of paths."""

    def __init__(self, config: "Config") -> None:
        super().__init__(config)
        self._found: list[dict[str, Any]] = []

    def add(self, path: str, faults: Sequence["Fault"]) -> None:
        """Keep the faults of one record."""
        from feeds.records import Cost
        from feeds.records.hints import hint

        for fault in faults:
            is_hidden = fault.cost is Cost.HIDDEN
            self._found.append(
                {
                    "path": self.path(path),
                    "line": fault.line,
                    "column": fault.column,
                    "level": fault_text.level_of(fault),
                    "key": fault.key,
                    "expected": "" if is_hidden else fault.expected,
                    "got": fault.got,
                    "hint": fault.message if is_hidden else hint(fault, faults),
                }
            )

    def end(self, records: int, with_faults: int) -> None:
        """Print the array."""
        click.echo(json.dumps(self._found, ensure_ascii=False, indent=2))


class GitHub(Report):
    """Print workflow commands, which GitHub Actions shows beside the lines of a change."""

    def add(self, path: str, faults: Sequence["Fault"]) -> None:
        """Print the faults of one record."""
        from feeds.records.hints import hint

        for fault in faults:
            level = fault_text.level_of(fault)
            command = "notice" if level == "note" else level
            text = fault.message + (f", got {fault.got}" if fault.got else "")
            if advice := hint(fault, faults):
                text += f"; {advice}"
            properties = {
                "file": self.path(path),
                "line": str(fault.line),
                "col": str(fault.column),
                "title": fault.key or "record",
            }
            shown = ",".join(f"{name}={_escaped(of, ':,')}" for name, of in properties.items())
            click.echo(f"::{command} {shown}::{_escaped(text)}")


@dataclass(slots=True)
class _Kind:
    """The faults of one kind: how many, in which records, and the place of the first."""

    count: int = 0
    records: set[str] = field(default_factory=set)
    first: str = ""


class Text(Report):
    """Print each fault with its line; of very many only the first of each kind, and a table."""

    def __init__(self, config: "Config", *, show_all: bool) -> None:
        super().__init__(config)
        self._config = config
        self._show_all = show_all
        self._kinds: dict[tuple[str, str], _Kind] = {}  # by level and text
        self._shown = 0

    def add(self, path: str, faults: Sequence["Fault"]) -> None:
        """Print those faults of a record that are among the first of their kind."""
        from feeds.records.hints import slip_of

        lines: dict[int, str] | None = None
        explained = [slip_of(fault, faults) for fault in faults]
        for fault in faults:
            if fault in explained:
                continue  # shown with the fault of the missing key
            kind = self._kinds.setdefault(_kind(fault), _Kind())
            kind.count += 1
            kind.records.add(path)
            placed = fault
            if self._show_all or (kind.count <= OF_A_KIND and self._shown < IN_FULL):
                lines = self._quotable(path) if lines is None else lines
                placed = self._show(path, fault, faults, lines)
                self._shown += 1
            kind.first = kind.first or f"{self.path(path)}:{placed.line}:{placed.column}"

    def end(self, records: int, with_faults: int) -> None:
        """Print the kinds of faults, and how many there are of each level."""
        from rich.text import Text as Styled

        out, levels = terminal.console(), dict.fromkeys(fault_text.COLOURS, 0)
        for (level, _), kind in self._kinds.items():
            levels[level] += kind.count
        hidden = sum(levels.values()) - self._shown
        if hidden:
            more = f"… and {terminal.count(hidden, 'more fault')} like these; --all shows them.\n"
            out.print(Styled(more, style="dim"))
        if len(self._kinds) > 1 or hidden:
            self._print_kinds()
        counts = ", ".join(terminal.count(count, level) for level, count in levels.items() if count)
        if with_faults:
            verdict = f"{with_faults} with faults: {counts}."
        else:
            verdict = f"none with faults{': ' + counts if counts else ''}."
        colour = "red" if levels["error"] else "yellow" if levels["warning"] else "green"
        summary = f"{terminal.count(records, 'record')}, {verdict}"
        out.print(Styled(summary, style=f"bold {colour}"))

    def _show(
        self, path: str, fault: "Fault", faults: Sequence["Fault"], lines: dict[int, str]
    ) -> "Fault":
        """Print a fault, and return it with the place shown.

        A missing key is shown at the misspelled key that is there instead.
        """
        from feeds.records.hints import hint, slip_of

        slip = slip_of(fault, faults)
        if slip is not None or fault_text.is_unknown_key(fault):
            advice = f"did you mean {fault.key}?"
            fault = fault_text.at_key(
                replace(fault, line=slip.line, got=slip.got) if slip else fault, lines
            )
        else:
            advice = hint(fault, faults)
        line = None if fault.key.rpartition(".")[2] == "secured" else lines.get(fault.line)
        # A key that is missing has no line of its own.
        if fault.got == "nothing" and line is not None and not _names(line, fault.key):
            line = None
        one = fault_text.shown(fault, self.path(path), advice, is_quoted=line is not None)
        terminal.console().print(fault_text.text_of(one, line), soft_wrap=True)
        return fault

    def _quotable(self, path: str) -> dict[int, str]:
        from feeds.records import Fault
        from feeds.records.quoting import quotable
        from feeds.sources.folder import find, read_file

        found = find(self._config.records_folder, path)
        content = read_file(self._config.records_folder, found) if found else None
        return {} if content is None or isinstance(content, Fault) else quotable(content)

    def _print_kinds(self) -> None:
        from rich.table import Table
        from rich.text import Text as Styled

        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(justify="right", no_wrap=True, style="dim")
        table.add_column(overflow="ellipsis", no_wrap=True, style="dim")
        most_first = sorted(self._kinds.items(), key=lambda item: -item[1].count)
        for (level, text), kind in most_first[:MOST_KINDS]:
            table.add_row(
                Styled(f"{kind.count:,}", fault_text.COLOURS[level]),
                Styled(terminal.safe(text)),
                f"in {terminal.count(len(kind.records), 'record')}",
                kind.first,
            )
        out = terminal.console()
        out.print(table)
        left = len(self._kinds) - MOST_KINDS
        if left > 0:
            out.print(Styled(f"… and {terminal.count(left, 'more kind')}.", style="dim"))
        out.print()


def _kind(fault: "Fault") -> tuple[str, str]:
    """Return the level of a fault and a text that is the same for all faults of its kind."""
    key = re.sub(r"\[\d+\]", "[]", fault.key)
    if fault_text.is_unknown_key(fault):
        return "note", f"a key that looks like {key}"
    expected = re.sub(r", other than those of .*", "", fault.expected)
    message = replace(fault, expected=expected).message
    return fault_text.level_of(fault), f"{key}: {message}" if key else message


def _names(line: str, key: str) -> bool:
    last = re.split(r"[.\]]", key)[-1]
    return re.search(rf"\b{re.escape(last)}\b", line) is not None


def _escaped(text: str, more: str = "") -> str:
    """Return text as a workflow command takes it: `%`, line ends and `more` characters encoded."""
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
