"""The reports of `feeds check`: text for a person, a line each, JSON, and annotations of GitHub
Actions.

Each takes faults by record as they are found, so that a long report begins at once. Not here: how
one fault is shown as text (faulty), what may be quoted (records/quoting).
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

from feeds.cli import faulty, terminal

if TYPE_CHECKING:
    from feeds.config import Config
    from feeds.records import Fault

OF_A_KIND = 3  # faults of one kind that are shown in full
IN_FULL = 30  # faults that are shown in full
MOST_KINDS = 20
Kind = tuple[str, str, str]


class Report(Protocol):
    """Takes the faults of one record after the other."""

    def add(self, path: str, faults: Sequence["Fault"]) -> None:
        """The faults of the record at a path below the records folder."""

    def end(self, records: int, faulty: int) -> None:
        """That is all: how many records there are, and how many of them have faults."""


def report(form: str, config: "Config", *, show_all: bool = False) -> Report:
    """The report in a format: text, lines, json or github."""
    if form == "text":
        return Text(config, show_all=show_all)
    plain: dict[str, Callable[[Config], Report]] = {"lines": Lines, "json": Json, "github": GitHub}
    return plain[form](config)


class _Named:
    """What the reports share: how a record's file is called."""

    def __init__(self, config: "Config") -> None:
        folder, here = config.records_folder, Path.cwd()
        self._folder = str(
            folder.relative_to(here) if folder.is_relative_to(here) else config.records.path
        )

    def path(self, path: str) -> str:
        """The path of a record as one opens it from here."""
        return f"{self._folder}/{path}"


class Lines(_Named):
    """`path:line:column: key: expected …, got …`."""

    def add(self, path: str, faults: Sequence["Fault"]) -> None:
        """The faults of one record."""
        for fault in faults:
            remark = "note: " if faulty.level_of(fault) == "note" else ""
            click.echo(f"{remark}{self.path(str(fault))}")

    def end(self, records: int, faulty: int) -> None:
        """The last line, on standard error."""
        click.echo(f"{_records(records)}, {faulty} with faults.", err=True)


class Json(_Named):
    """One array of objects, in the order of paths."""

    def __init__(self, config: "Config") -> None:
        super().__init__(config)
        self._found: list[dict[str, Any]] = []

    def add(self, path: str, faults: Sequence["Fault"]) -> None:
        """The faults of one record."""
        from feeds.records import Cost, hint

        for fault in faults:
            is_hidden = fault.cost is Cost.HIDDEN
            self._found.append(
                {
                    "path": self.path(path),
                    "line": fault.line,
                    "column": fault.column,
                    "level": faulty.level_of(fault),
                    "key": fault.key,
                    "expected": "" if is_hidden else fault.expected,
                    "got": fault.got,
                    "hint": fault.message if is_hidden else hint(fault, faults),
                }
            )

    def end(self, records: int, faulty: int) -> None:
        """Print it."""
        click.echo(json.dumps(self._found, ensure_ascii=False, indent=2))


class GitHub(_Named):
    """Workflow commands that GitHub Actions shows beside the lines of a change."""

    def add(self, path: str, faults: Sequence["Fault"]) -> None:
        """The faults of one record."""
        from feeds.records import hint

        for fault in faults:
            command = {"note": "notice"}.get(level := faulty.level_of(fault), level)
            said = fault.message + (f", got {fault.got}" if fault.got else "")
            advice = hint(fault, faults)
            place = {"file": self.path(path), "line": str(fault.line), "col": str(fault.column)}
            place["title"] = fault.key or "record"
            properties = ",".join(f"{name}={_escaped(text, ':,')}" for name, text in place.items())
            click.echo(
                f"::{command} {properties}::{_escaped(f'{said}; {advice}' if advice else said)}"
            )

    def end(self, records: int, faulty: int) -> None:
        """The last line, on standard error."""
        click.echo(f"{_records(records)}, {faulty} with faults.", err=True)


class Text(_Named):
    """Each fault with its line; of very many the first of each kind, and then how many there are of
    each."""

    def __init__(self, config: "Config", *, show_all: bool) -> None:
        super().__init__(config)
        self._config = config
        self._show_all = show_all
        self._kinds: Counter[Kind] = Counter()
        self._records: dict[Kind, set[str]] = {}
        self._first: dict[Kind, str] = {}
        self._shown = 0

    def add(self, path: str, faults: Sequence["Fault"]) -> None:
        """Show those of a record that are among the first of their kind."""
        from feeds.records import slip_of

        lines: dict[int, str] | None = None
        explained = [slip_of(fault, faults) for fault in faults]
        for fault in faults:
            if fault in explained:
                continue  # it is shown where the right key is missed
            kind = _kind(fault)
            self._kinds[kind] += 1
            self._records.setdefault(kind, set()).add(path)
            placed = fault
            if self._show_all or (self._kinds[kind] <= OF_A_KIND and self._shown < IN_FULL):
                lines = self._quotable(path) if lines is None else lines
                placed = self._show(path, fault, faults, lines)
                self._shown += 1
            self._first.setdefault(kind, f"{self.path(path)}:{placed.line}:{placed.column}")

    def end(self, records: int, faulty: int) -> None:
        """How many there are, and of which kinds."""
        from rich.text import Text as Styled

        out, total = terminal.console(), self._kinds.total()
        if total > self._shown:
            more = f"… and {terminal.count(total - self._shown, 'more fault')} like these; --all shows them.\n"
            out.print(Styled(more, style="dim"))
        if len(self._kinds) > 1 or total > self._shown:
            self._say_kinds()
        levels = Counter({level: 0 for level in _levels()})
        for (level, _, _), number in self._kinds.items():
            levels[level] += number
        told = ", ".join(
            terminal.count(number, level) for level, number in levels.items() if number
        )
        style = (
            "bold red" if levels["error"] else "bold yellow" if levels["warning"] else "bold green"
        )
        verdict = (
            f"{faulty} with faults: {told}."
            if faulty
            else f"none with faults{': ' + told if told else ''}."
        )
        out.print(Styled(f"{_records(records)}, {verdict}", style=style))

    def _show(
        self, path: str, fault: "Fault", faults: Sequence["Fault"], lines: dict[int, str]
    ) -> "Fault":
        """Show a fault, and give it in the place where it is shown: that of a misspelled key, if
        one is missed."""
        from feeds.records import hint, slip_of

        slip = slip_of(fault, faults)
        if slip is not None or faulty.is_unknown_key(fault):
            advice = f"did you mean {fault.key}?"
            fault = faulty.at_key(
                replace(fault, line=slip.line, got=slip.got) if slip else fault, lines
            )
        else:
            advice = hint(fault, faults)
        line = None if fault.key.rpartition(".")[2] == "secured" else lines.get(fault.line)
        # What is not there at all has no line of its own.
        if fault.got == "nothing" and line is not None and not _names(line, fault.key):
            line = None
        one = faulty.shown(fault, self.path(path), advice, is_quoted=line is not None)
        terminal.console().print(faulty.say(one, line), soft_wrap=True)
        return fault

    def _quotable(self, path: str) -> dict[int, str]:
        from feeds.records import Fault, quotable
        from feeds.sources.folder import find, read_file

        found = find(self._config.records_folder, path)
        content = read_file(self._config.records_folder, found) if found else None
        return {} if content is None or isinstance(content, Fault) else quotable(content)

    def _say_kinds(self) -> None:
        from rich.table import Table
        from rich.text import Text as Styled

        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(justify="right", no_wrap=True, style="dim")
        table.add_column(overflow="ellipsis", no_wrap=True, style="dim")
        for kind, number in self._kinds.most_common(MOST_KINDS):
            level, key, expected = kind
            text = f"{key}: {expected}" if key else expected
            in_records = f"in {_records(len(self._records[kind]))}"
            row = Styled(terminal.safe(text))
            table.add_row(
                Styled(f"{number:,}", faulty.COLOURS[level]), row, in_records, self._first[kind]
            )
        out = terminal.console()
        out.print(table)
        if len(self._kinds) > MOST_KINDS:
            out.print(
                Styled(
                    f"… and {terminal.count(len(self._kinds) - MOST_KINDS, 'more kind')}.",
                    style="dim",
                )
            )
        out.print()


def _levels() -> tuple[str, ...]:
    """The levels, the worst first."""
    return tuple(faulty.COLOURS)


def _kind(fault: "Fault") -> Kind:
    expected = re.sub(r", other than those of .*", "", fault.expected)
    key = re.sub(r"\[\d+\]", "[]", fault.key)
    if faulty.is_unknown_key(fault):
        return "note", "", f"a key that looks like {key}"
    return faulty.level_of(fault), key, replace(fault, expected=expected).message


def _names(line: str, key: str) -> bool:
    last = re.split(r"[.\]]", key)[-1]
    return re.search(rf"\b{re.escape(last)}\b", line) is not None


def _records(number: int) -> str:
    return f"{number} record{'' if number == 1 else 's'}"


def _escaped(text: str, more: str = "") -> str:
    """Text as a workflow command takes it: percent signs and ends of lines encoded, in properties
    `:` and `,` too."""
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
