#!/usr/bin/env python3
"""Measure how `feeds build` grows with the number of records, and print it as two Markdown tables:
time, and space.

growth.py [--records 1000 3000 …] [--rounds 1] [--work FOLDER] [--plot docs/growth.svg] [--table
docs/benchmarks.md]

Run it with the Python that feeds is installed in, on a machine with nothing else to do. For each
size it makes a corpus where the folder of the work has none, builds once and checks that the output
lists what the corpus says of itself, and only then measures as build.py does, time and memory in a
pass each: cold, nothing changed, the title of the newest article changed, a bare walk. The corpus
is read where it is, and afterwards is as it was.

All seven corpora take 7 GB as they lie on the disk; the store and the output of each cold build of
a size, three with one round, stay until that size is done. --plot writes a picture, --table the
tables between the two comments `growth` of a page. Needs Linux. Standard library only, beside
feeds.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil, floor, log10
from pathlib import Path
from xml.etree import ElementTree

import build
import hugo_site

SIZES = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000]
CHANGES = ("cold", "same", "changed")
SECTION = re.compile(r"(<!-- growth -->\n).*?(<!-- /growth -->)", re.DOTALL)

TIME = (
    "records",
    "cold wall s",
    "cold CPU s",
    "CPU ms a record",
    "wall a record, times the size before",
)
TIME += ("nothing changed s", "one changed s", "bare walk s")
SPACE = (
    "records",
    "records MB",
    "store MB",
    "store / records",
    "store a record, times the size before",
)
SPACE += ("peak memory MB",)

SVG = "http://www.w3.org/2000/svg"
WIDTH, HEIGHT = 720, 420
TOP, BOTTOM = 62, 352  # of both panels
SPAN = 214  # how wide a panel is
PAD = 8  # between the axes and the first and last point
LINE = 34  # between two names beside the last points, each of two lines
# Colours that stand out from white and from dark alike; what else differs is the shape, and the
# name beside the line.
STYLE = """
:root { color-scheme: light dark; color: #24292f }
@media (prefers-color-scheme: dark) { :root { color: #e6e8eb } }
text { font: 12px system-ui, sans-serif; fill: currentColor }
.title { font-size: 15px; font-weight: 600 }
.name { font-weight: 600 }
.grid { stroke: currentColor; stroke-opacity: .16 }
.axis { stroke: currentColor; stroke-opacity: .55 }
.alike { stroke: currentColor; stroke-dasharray: 1 5; stroke-linecap: round; stroke-width: 1.8 }
path { fill: none; stroke-width: 2.25; stroke-linejoin: round }
.one { stroke: #2f80c8 } .two { stroke: #d9661f }
circle.one { fill: #2f80c8 } rect.two { fill: #d9661f }
"""


@dataclass(frozen=True)
class Size:
    """What so many records take: bytes of the records and of the store, and the runs by change,
    medians."""

    count: int
    records: int
    store: int
    runs: dict

    @property
    def cold(self):
        return self.runs["cold"].wall

    @property
    def same(self):
        return self.runs["same"].wall

    @property
    def memory(self):
        """The peak of all builds, in bytes."""
        return max(self.runs[change].memory for change in CHANGES)


def newest(entries, records):
    """The newest article whose record is found by its number, as path and address.

    A record may repeat the address of an earlier one: then the moment in the feed tells which of
    them is shown.
    """
    for moment, address in entries["", "rss"]:
        number = int(address.rstrip("/").rpartition("-")[2])
        for file in records.glob(f"*/{number:07d}.md"):
            if hugo_site.facts(file.read_text(encoding="utf-8")) == (address, moment, True):
                return file.relative_to(records), address
    sys.exit(f"{records}: expected the record of an article of the first feed, got none")


def bytes_in(folder):
    """The bytes in the files below a folder."""
    items = list(os.scandir(folder))
    return sum(bytes_in(item.path) if item.is_dir() else item.stat().st_size for item in items)


def take(work, count, rounds):
    """One size: corpus, check, runs."""
    records, expected = build.corpus_of(work, count)
    site = work / f"growth-{count}"
    shutil.rmtree(site, ignore_errors=True)
    side = build.ours(site / "feeds", records)
    path, address = newest(build.check([side], expected), records)
    runs = build.measure([side], path, address, rounds, CHANGES)
    medians = {change: build.medians(runs[side.name, change]) for change in CHANGES}
    medians["walk"] = build.medians(runs["walk", "same"])
    size = Size(count, bytes_in(records), sum(map(bytes_in, side.kept)), medians)
    shutil.rmtree(site)
    return size


def times(before, size, of):
    """How many times as much a record takes as at the size before."""
    return f"{(of(size) / size.count) / (of(before) / before.count):.2f}" if before else ""


def tables(sizes):
    """The two tables."""
    time, space = [], []
    for before, size in pairwise([None, *sizes]):
        cold, same, changed, walk = (size.runs[name] for name in (*CHANGES, "walk"))
        each = (f"{cold.cpu / size.count * 1000:.2f}", times(before, size, lambda x: x.cold))
        rest = (f"{run.wall:.2f}" for run in (same, changed, walk))
        time.append((f"{size.count:,}", f"{cold.wall:.2f}", f"{cold.cpu:.2f}", *each, *rest))
        share = (f"{size.store / size.records:.2f}", times(before, size, lambda x: x.store))
        mega = (f"{size.records / 1e6:.1f}", f"{size.store / 1e6:.1f}")
        space.append((f"{size.count:,}", *mega, *share, f"{size.memory / 1e6:.0f}"))
    return "\n\n".join(map(table, (TIME, SPACE), (time, space)))


def table(heads, rows):
    """Rows of cells as Markdown."""
    lines = [f"| {' | '.join(row)} |" for row in (heads, *rows)]
    return "\n".join((lines[0], "|---" * len(heads) + "|", *lines[1:]))


def node(parent, tag, text=None, **attributes):
    """An element below another.  `class_` is the class, and numbers are written with one place."""
    named = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
    written = {
        name: f"{value:.1f}" if isinstance(value, float) else str(value)
        for name, value in named.items()
    }
    element = ElementTree.SubElement(parent, f"{{{SVG}}}{tag}", written)
    element.text = text
    return element


def short(value, unit):
    """A number for a person: at most three digits that count, in the unit that fits."""
    if unit == "MB" and value >= 1000:
        value, unit = value / 1000, "GB"
    if unit == "s" and value >= 180:
        value, unit = value / 60, "min"
    return f"{float(f'{value:.3g}'):,.6g} {unit}"


class Panel:
    """Axes of equal meaning: records to the right, a figure upwards, both in powers of ten."""

    def __init__(self, root, left, counts, figures, title):
        self._root, self._left = root, left
        self._first, self._last = log10(min(counts)), log10(max(counts))
        self._low = floor(log10(min(figures)))
        self._high = max(ceil(log10(max(figures))), self._low + 1)
        node(root, "text", title, x=left, y=TOP - 14, class_="name")
        for power in range(self._low, self._high + 1):
            y = self.up(10**power)
            node(root, "line", x1=left, x2=left + SPAN, y1=y, y2=y, class_="grid")
            node(
                root,
                "text",
                f"{10**power:,}" if power >= 0 else f"{10.0**power:g}",
                **ends(left - 7, y + 4),
            )
        for power in range(ceil(self._first), floor(self._last) + 1):
            x = self.right(10**power)
            node(root, "line", x1=x, x2=x, y1=TOP, y2=BOTTOM, class_="grid")
            node(root, "text", f"{10**power:,}", x=x, y=BOTTOM + 18, text_anchor="middle")
        node(root, "line", x1=left, x2=left + SPAN, y1=BOTTOM, y2=BOTTOM, class_="axis")
        node(root, "text", "records", x=left + SPAN / 2, y=BOTTOM + 36, text_anchor="middle")

    def right(self, count):
        """Where a number of records is."""
        share = (
            (log10(count) - self._first) / (self._last - self._first)
            if self._last > self._first
            else 0.5
        )
        return self._left + PAD + share * (SPAN - 2 * PAD)

    def up(self, figure):
        """Where a figure is."""
        return BOTTOM - (log10(figure) - self._low) / (self._high - self._low) * (BOTTOM - TOP)

    def line(self, points, class_):
        """A line through points; dots, unless it is only there to compare with."""
        places = [(self.right(count), self.up(figure)) for count, figure in points]
        node(
            self._root,
            "path",
            d="M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in places),
            class_=class_,
        )
        for x, y in places if class_ != "alike" else ():
            self._mark(x, y, class_)

    def _mark(self, x, y, class_):
        """The shape of a line's points."""
        if class_ == "one":
            node(self._root, "circle", cx=x, cy=y, r=4, class_=class_)
        elif class_ == "two":
            node(self._root, "rect", x=x - 3.7, y=y - 3.7, width=7.4, height=7.4, class_=class_)
        else:
            node(self._root, "line", x1=x - 5, x2=x + 5, y1=y, y2=y, class_=class_)

    def names(self, lines):
        """The name of each line beside its end, with its mark and its last figure, apart from one
        another."""
        x, y = self._left + SPAN + 12, TOP - LINE
        for name, figure, unit, class_ in sorted(lines, key=lambda line: -line[1]):
            y = max(self.up(figure), y + LINE)
            self._mark(x, y - 6, class_)
            node(self._root, "text", name, x=x + 10, y=y - 2, class_="name")
            node(self._root, "text", short(figure, unit), x=x + 10, y=y + 13)


def ends(x, y):
    """The place of a text that ends there."""
    return {"x": x, "y": y, "text_anchor": "end"}


def plot(sizes):
    """The picture: on the left seconds, on the right megabytes, with what would be in proportion to
    the records."""
    ElementTree.register_namespace("", SVG)
    root = ElementTree.Element(
        f"{{{SVG}}}svg", viewBox=f"0 0 {WIDTH} {HEIGHT}", width=str(WIDTH), height=str(HEIGHT)
    )
    root.attrib |= {"role": "img", "aria-labelledby": "growth-title growth-desc"}
    first, last = sizes[0], sizes[-1]
    title = f"A build of {first.count:,} to {last.count:,} records"
    node(root, "title", title, id="growth-title")
    facts = (
        f"{size.count:,} records: cold {short(size.cold, 's')}, nothing changed {short(size.same, 's')}, "
        f"store {short(size.store / 1e6, 'MB')}, peak memory {short(size.memory / 1e6, 'MB')}, "
        f"the records themselves {short(size.records / 1e6, 'MB')}."
        for size in sizes
    )
    node(root, "desc", "Two plots, both axes logarithmic. " + " ".join(facts), id="growth-desc")
    node(root, "style", STYLE)
    node(root, "text", title, x=16, y=22, class_="title")
    counts = [size.count for size in sizes]

    cold, same = (
        [(size.count, get(size)) for size in sizes] for get in (lambda x: x.cold, lambda x: x.same)
    )
    alike = [(count, last.cold * count / last.count) for count in (counts[0], counts[-1])]
    panel = Panel(root, 52, counts, [y for _, y in cold + same + alike], "Seconds")
    panel.line(alike, "alike")
    panel.line(same, "two")
    panel.line(cold, "one")
    panel.names([("cold", last.cold, "s", "one"), ("unchanged", last.same, "s", "two")])

    places = (lambda x: x.store, lambda x: x.memory, lambda x: x.records)
    store, memory, records = ([(size.count, get(size) / 1e6) for size in sizes] for get in places)
    panel = Panel(root, 414, counts, [y for _, y in store + memory + records], "Megabytes")
    panel.line(records, "alike")
    panel.line(memory, "two")
    panel.line(store, "one")
    named = (("store", store, "one"), ("memory", memory, "two"), ("records", records, "alike"))
    panel.names([(name, points[-1][1], "MB", class_) for name, points, class_ in named])

    note = "Dotted: in proportion to the records (left), the records themselves (right)."
    node(root, "text", note, x=16, y=HEIGHT - 10)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--records", type=build.at_least(build.LEAST), nargs="+", default=SIZES, metavar="COUNT"
    )
    parser.add_argument("--rounds", type=build.at_least(1), default=1)
    parser.add_argument("--work", type=Path, help="a folder to work in, which keeps the corpora")
    parser.add_argument("--plot", type=Path, metavar="SVG", help="write the picture there")
    parser.add_argument("--table", type=Path, metavar="PAGE", help="put the tables into this page")
    args = parser.parse_args()
    # Told before hours of work, not after them.
    if args.table and not SECTION.search(args.table.read_text(encoding="utf-8")):
        parser.error(f"{args.table}: expected the comments <!-- growth --> and <!-- /growth -->")
    if args.plot and not args.plot.parent.is_dir():
        parser.error(f"{args.plot}: expected a folder that is there")
    with tempfile.TemporaryDirectory(prefix="feeds-growth-") as temporary:
        work = (args.work or Path(temporary)).absolute()
        work.mkdir(parents=True, exist_ok=True)
        sizes = [take(work, count, args.rounds) for count in sorted(args.records)]
    rounds = "one round" if args.rounds == 1 else f"medians of {args.rounds} rounds"
    said = f"{datetime.now(UTC):%Y-%m-%d}, {build.machine()}, {rounds}.\n\n{tables(sizes)}\n"
    print(said)
    if args.plot:
        args.plot.write_text(plot(sizes), encoding="utf-8")
    if args.table:
        page = args.table.read_text(encoding="utf-8")
        args.table.write_text(
            SECTION.sub(lambda found: f"{found[1]}{said}{found[2]}", page), encoding="utf-8"
        )


if __name__ == "__main__":
    main()
