"""The reports of `feeds check` to programs: one line a fault, JSON, annotations of GitHub.

Each takes the faults of one record after the other as they are found, so that a long report begins
at once. Not here: the report to a person (text_report), what may be quoted (records/quoting).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from feeds.cli import terminal
from feeds.config import Config
from feeds.records import Cost, Fault
from feeds.records.hints import hint

LEVELS = {Cost.PART: "warning", Cost.NOTHING: "note", Cost.HIDDEN: "note"}


def level_of(fault: Fault) -> str:
    """Return the level of a fault.

    `error` costs a record or what is new in it, `warning` a part of one, `note` nothing.
    """
    return LEVELS.get(fault.cost, "error")


class Report:
    """Print a line for each fault: `path:line:column: key: expected …, got …`."""

    def __init__(self, config: Config) -> None:
        folder, here = config.records_folder, Path.cwd()
        self._folder = str(
            folder.relative_to(here) if folder.is_relative_to(here) else config.records.path
        )

    def path(self, path: str) -> str:
        """Return the path of a record relative to the working folder."""
        return f"{self._folder}/{path}"

    def add(self, faults: Sequence[Fault]) -> None:
        """Print the faults of one record."""
        for fault in faults:
            note = "note: " if level_of(fault) == "note" else ""
            click.echo(f"{note}{self.path(str(fault))}")

    def end(self, records: int, with_faults: int) -> None:
        """End the report with the number of records, and of those with faults."""
        click.echo(f"{terminal.count(records, 'record')}, {with_faults} with faults.", err=True)


class Json(Report):
    """Print one array of objects, in the order of paths."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._found: list[dict[str, Any]] = []

    def add(self, faults: Sequence[Fault]) -> None:
        """Keep the faults of one record."""
        for fault in faults:
            is_hidden = fault.cost is Cost.HIDDEN
            self._found.append(
                {
                    "path": self.path(fault.path),
                    "line": fault.line,
                    "column": fault.column,
                    "level": level_of(fault),
                    "key": fault.key,
                    "expected": "" if is_hidden else fault.expected,
                    "got": fault.got,
                    "hint": fault.message if is_hidden else hint(fault, faults),
                }
            )

    def end(self, records: int, with_faults: int) -> None:
        """Print the array."""
        terminal.print_json(self._found)


class GitHub(Report):
    """Print workflow commands, which GitHub Actions shows beside the lines of a change."""

    def add(self, faults: Sequence[Fault]) -> None:
        """Print the faults of one record."""
        for fault in faults:
            level = level_of(fault)
            command = "notice" if level == "note" else level
            text = fault.message + (f", got {fault.got}" if fault.got else "")
            if advice := hint(fault, faults):
                text += f"; {advice}"
            path, title = _escaped(self.path(fault.path), ":,"), _escaped(fault.key, ":,")
            place = f"file={path},line={fault.line},col={fault.column}"
            click.echo(f"::{command} {place},title={title or 'record'}::{_escaped(text)}")


def _escaped(text: str, more: str = "") -> str:
    """Return text as a workflow command takes it: `%`, line ends and `more` characters encoded."""
    for character in f"%\r\n{more}":
        text = text.replace(character, f"%{ord(character):02X}")
    return text
