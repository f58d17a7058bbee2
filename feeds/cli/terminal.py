"""Colour and progress bars on a terminal, plain text elsewhere.

rich is imported where it is needed, since loading it takes longer than most commands. It follows
NO_COLOR and TERM.
"""

import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

NARROW = 40  # columns; below that a line is folded by the terminal itself


def is_interactive(*, err: bool = False) -> bool:
    """Return True where standard output (or standard error) is a terminal for a person."""
    return (sys.stderr if err else sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Return the number of columns of a line; COLUMNS outranks the terminal's own answer."""
    return max(NARROW, shutil.get_terminal_size((100, 24)).columns)


def console(*, err: bool = False) -> "Console":
    """Return a console for styled text, which adds no colour and reads no markup by itself."""
    from rich.console import Console

    return Console(stderr=err, highlight=False, markup=False, emoji=False, width=width())


def count(number: int, noun: str) -> str:
    """Return a number with its noun: `1 record`, `2 records`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def print_json(data: Any) -> None:
    """Print data as JSON, for a program."""
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))


def safe(text: str) -> str:
    """Replace each invisible character by U+FFFD: none can move the cursor or hide other text."""
    return "".join(" " if c == "\t" else c if _shows(c) else "\ufffd" for c in text)


def _shows(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


@contextmanager
def progress(title: str, noun: str) -> Iterator[Callable[[int, int], None] | None]:
    """Show a progress bar on a terminal: done of all, done a second, time left.

    Yields the function that moves the bar, which takes the number done and that of all; None where
    there is no terminal. The bar appears at the first call, so that work without steps shows none.
    """
    if not is_interactive(err=True):
        yield None
        return
    from rich import progress as rich

    bar = rich.Progress(
        rich.TextColumn("{task.description}"),
        rich.BarColumn(bar_width=24),
        rich.TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        rich.TextColumn("{task.fields[speed]}", style="cyan"),
        rich.TimeRemainingColumn(elapsed_when_finished=True),
        console=console(err=True),
        transient=True,
    )
    bar.add_task(title, speed="")
    [task] = bar.tasks

    def move(done: int, total: int) -> None:
        bar.update(task.id, completed=done, total=total)
        speed = task.finished_speed or task.speed
        task.fields["speed"] = f"{speed:,.0f} {noun}s/s" if speed else ""
        bar.start()

    try:
        yield move
    finally:
        bar.stop()
