"""The report of `feeds check` to a person: faults with their lines, of very many the first ones.

Not here: how one fault is shown (fault_text).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from rich.table import Table
from rich.text import Text

from feeds.cli import terminal
from feeds.cli.fault_text import COLOURS, print_fault
from feeds.cli.reports import Report, level_of
from feeds.config import Config
from feeds.records import Cost, Fault
from feeds.records.hints import hint, slip_of
from feeds.records.quoting import quotable
from feeds.sources.folder import find, read_file

OF_A_KIND = 3  # faults of one kind that are shown in full
IN_FULL = 30  # faults that are shown in full
COSTS = {
    Cost.RECORD: "the record is left out",
    Cost.NEWS: "its last good version stays",
    Cost.PART: "this part is left out; the rest of the record stays",
}


class TextReport(Report):
    """Print each fault with its line; of very many only the first of each kind, and a table."""

    def __init__(self, config: Config, *, show_all: bool) -> None:
        super().__init__(config)
        self._records = config.records_folder
        self._show_all = show_all
        self._kinds = defaultdict[tuple[str, str], list[Fault]](list)  # by level and text
        self._shown = 0

    def add(self, faults: Sequence[Fault]) -> None:
        """Print those faults of a record that are among the first of their kind."""
        lines: Mapping[int, str] | None = None
        explained = [slip_of(fault, faults) for fault in faults]
        for fault in faults:
            if fault in explained:
                continue  # shown with the fault of the missing key
            alike, placed = self._kinds[_kind(fault)], fault
            if self._show_all or (len(alike) < OF_A_KIND and self._shown < IN_FULL):
                lines = self._quotable(fault.path) if lines is None else lines
                placed = self._show(fault, faults, lines)
                self._shown += 1
            alike.append(placed)

    def end(self, records: int, with_faults: int) -> None:
        """Print the kinds of faults, and how many there are of each level."""
        out, levels = terminal.console(), Counter[str]()
        for (level, _), alike in self._kinds.items():
            levels[level] += len(alike)
        hidden = levels.total() - self._shown
        if hidden:
            more = f"… and {terminal.count(hidden, 'more fault')} like these; --all shows them.\n"
            out.print(more, style="dim")
        if len(self._kinds) > 1 or hidden:
            self._print_kinds()
        counts = ", ".join(
            terminal.count(levels[level], level) for level in COLOURS if levels[level]
        )
        verdict = f"{with_faults or 'none'} with faults{': ' + counts if counts else ''}."
        colour = "red" if levels["error"] else "yellow" if levels["warning"] else "green"
        out.print(f"{terminal.count(records, 'record')}, {verdict}", style=f"bold {colour}")

    def _show(self, fault: Fault, faults: Sequence[Fault], lines: Mapping[int, str]) -> Fault:
        """Print a fault, and return it with the place shown.

        A missing key is shown at the misspelled key that is there instead.
        """
        text = f"{fault.key}: {fault.message}" if fault.key else fault.message
        more = [COSTS[fault.cost]] if fault.cost in COSTS else []
        advice = hint(fault, faults)
        is_unknown_key = fault.cost is Cost.NOTHING
        if is_unknown_key:
            text = f"no record has a key {fault.got}"
        slip = slip_of(fault, faults)
        if slip is not None or is_unknown_key:
            advice = f"did you mean {fault.key}?"
            fault = _at_key(replace(fault, line=slip.line, got=slip.got) if slip else fault, lines)
        line = None if fault.key.rpartition(".")[2] == "secured" else lines.get(fault.line)
        # A key that is missing has no line of its own.
        if fault.got == "nothing" and line is not None and not _names(line, fault.key):
            line = None
        is_quoted = line is not None and fault.got[:1] in "'\""
        if fault.got and not is_quoted and not is_unknown_key:
            more.insert(0, f"got {fault.got}")
        if advice:
            more.append(f"hint: {advice}")
        print_fault(level_of(fault), self.path(fault.path), fault, text, line, more)
        return fault

    def _quotable(self, path: str) -> dict[int, str]:
        found = find(self._records, path)
        content = read_file(self._records, found) if found else None
        return {} if content is None or isinstance(content, Fault) else quotable(content)

    def _print_kinds(self) -> None:
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(overflow="fold")
        table.add_column(justify="right", no_wrap=True, style="dim")
        table.add_column(overflow="ellipsis", no_wrap=True, style="dim")
        for (level, text), alike in sorted(self._kinds.items(), key=lambda item: -len(item[1])):
            first, records = alike[0], {fault.path for fault in alike}
            table.add_row(
                Text(f"{len(alike):,}", COLOURS[level]),
                Text(terminal.safe(text)),
                f"in {terminal.count(len(records), 'record')}",
                f"{self.path(first.path)}:{first.line}:{first.column}",
            )
        out = terminal.console()
        out.print(table)
        out.print()


def _kind(fault: Fault) -> tuple[str, str]:
    """Return the level of a fault and a text that is the same for all faults of its kind."""
    key = re.sub(r"\[\d+\]", "[]", fault.key)
    if fault.cost is Cost.NOTHING:
        return "note", f"a key that looks like {key}"
    expected = re.sub(r", other than those of .*", "", fault.expected)
    message = replace(fault, expected=expected).message
    return level_of(fault), f"{key}: {message}" if key else message


def _at_key(fault: Fault, lines: Mapping[int, str]) -> Fault:
    """Return the fault of an unknown key, moved from the place of the value to that of the key."""
    pattern = re.compile(rf"[\"']?({re.escape(fault.got[1:-1])})[\"']?\s*[:=]")
    for number in range(fault.line, max(0, fault.line - 5), -1):
        if match := pattern.search(lines.get(number, "")):
            return replace(fault, line=number, column=match.start(1) + 1)
    return fault


def _names(line: str, key: str) -> bool:
    last = re.split(r"[.\]]", key)[-1]
    return re.search(rf"\b{re.escape(last)}\b", line) is not None
