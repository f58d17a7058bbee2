"""Colour and progress bars on a terminal, plain text elsewhere.

rich is imported where it is needed, since loading it takes longer than most commands. It follows
NO_COLOR and TERM.
"""

import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

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
    bars: list[tuple[Progress, TaskID]] = []

    def move(done: int, total: int) -> None:
        if not bars:
            bar = _bar(noun)
            bar.start()
            bars.append((bar, bar.add_task(title, total=total)))
        [(bar, task)] = bars
        bar.update(task, completed=done, total=total)

    try:
        yield move
    finally:
        for bar, _ in bars:
            bar.stop()


def _bar(noun: str) -> "Progress":
    from rich.progress import (
        BarColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """The number done in a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f} {noun}s/s" if speed else "", style="cyan")

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f}"),
        Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console(err=True),
        transient=True,
    )
