"""What a person sees of a command: colour and bars where a terminal is, plain text where none is.

rich is loaded when it is needed, since it takes longer than most commands. It heeds NO_COLOR and
TERM.
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


def is_watched(*, err: bool = False) -> bool:
    """Whether a person looks at standard output (or standard error), as far as one can tell."""
    return (sys.stderr if err else sys.stdout).isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """How many columns a line has; COLUMNS stands in for what the terminal says."""
    return max(NARROW, shutil.get_terminal_size((100, 24)).columns)


def console(*, err: bool = False) -> "Console":
    """Where styled text goes.  It neither guesses at colours in text nor takes brackets in it for
    markup."""
    from rich.console import Console

    return Console(stderr=err, highlight=False, markup=False, emoji=False, width=width())


def count(number: int, noun: str) -> str:
    """`1 record`, `2 records`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def safe(text: str) -> str:
    """Text that cannot move the cursor or hide what follows: a mark for each character that shows
    nothing by itself."""
    return "".join(" " if c == "\t" else c if _shows(c) else "\ufffd" for c in text)


def _shows(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


@contextmanager
def progress(title: str, noun: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error when a person watches it: how many of how many, how many a second,
    how long still.

    It begins with the first that is told, so that what has nothing to do shows none.
    """
    if not is_watched(err=True):
        yield None
        return
    bars: list[tuple[Progress, TaskID]] = []

    def tell(done: int, total: int) -> None:
        if not bars:
            bar = _bar(noun)
            bar.start()
            bars.append((bar, bar.add_task(title, total=total)))
        [(bar, task)] = bars
        bar.update(task, completed=done, total=total)

    try:
        yield tell
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
        """How many a second."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed:,.0f} {noun}s/s" if speed else "", style="cyan")

    class Done(ProgressColumn):
        """How many of how many."""

        def render(self, task: Task) -> Text:
            return Text(f"{int(task.completed):,}/{task.total or 0:,.0f}" if task.total else "")

    left = TimeRemainingColumn(elapsed_when_finished=True)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), Done(), Rate(), left)
    return Progress(*columns, console=console(err=True), transient=True)
