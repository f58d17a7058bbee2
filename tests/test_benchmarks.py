"""benchmarks/ at sizes at which numbers mean nothing: that they run, and see what they must not count."""

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

from tests.make import NOW, ROOT, Corpora


def test_the_benchmark_measures_every_kind_of_change(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "build.py"), "--without-hugo", "--work", str(tmp_path)]
    done = subprocess.run([*command, "--records", "40", "--rounds", "1"], capture_output=True, text=True, check=True)
    assert "40 records" in done.stdout and "checked against the corpus" in done.stdout
    rows = re.findall(r"^\| (\w+) \| ([\d.]+) \| ([\d.]+) \| (\d+) \|$", done.stdout, re.MULTILINE)
    assert [row[0] for row in rows] == ["cold", "same", "changed", "removed", "renamed"]
    assert all(float(figure) > 0 for row in rows for figure in row[1:])
    assert not (tmp_path / "site-40").exists()


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


def test_trees_that_list_other_articles_are_told_apart(build: Any) -> None:
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


def test_a_site_for_hugo_publishes_each_address_once(build: Any, corpora: Corpora, tmp_path: Path) -> None:
    winners = build.hugo_site.write_site(corpora.of(200) / "records", tmp_path)
    texts = {file: file.read_text() for file in (tmp_path / "content").rglob("*.md")}
    assert len(texts) == 200
    shown = [text for text in texts.values() if "\ndraft: false\n" in text]
    assert len(shown) == len(winners) == len({build.hugo_site.facts(text)[0] for text in shown})
    assert all("\npublished:" not in text and "\nproviders:\n" in text for text in texts.values())


GROWTH = [sys.executable, str(ROOT / "benchmarks" / "growth.py")]


def test_growth_fills_a_page_and_draws_what_it_measured(corpora: Corpora, tmp_path: Path) -> None:
    for count in (20, 60):
        shutil.copytree(corpora.of(count), tmp_path / f"corpus-{count}")
    page, picture = tmp_path / "page.md", tmp_path / "growth.svg"
    page.write_text("before\n<!-- growth -->\nof last time\n<!-- /growth -->\nafter\n")
    options = ["--work", str(tmp_path), "--plot", str(picture), "--table", str(page)]
    done = subprocess.run([*GROWTH, "--records", "60", "20", *options], capture_output=True, text=True, check=True)
    assert page.read_text() == f"before\n<!-- growth -->\n{done.stdout[:-1]}<!-- /growth -->\nafter\n"

    time, space = (
        re.findall(r"^\| ([\d.]+(?: \| [\d.]*)+) \|$", x, re.MULTILINE) for x in done.stdout.split("\n\n")[1:3]
    )
    figures = [[float(cell or "nan") for cell in row.split(" | ")] for row in (*time, *space)]
    assert [row[0] for row in figures] == [20, 60, 20, 60]
    size = sum(file.stat().st_size for file in (corpora.of(60) / "records").rglob("*.md"))
    assert figures[3][1] == round(size / 1e6, 1)
    assert figures[3][4] < 1  # of so small a store most is what an empty one has

    # As it was: the corpus is read where it is.
    for file in (corpora.of(60) / "records").rglob("*.md"):
        assert (tmp_path / "corpus-60" / file.relative_to(corpora.of(60))).read_bytes() == file.read_bytes()
    assert not (tmp_path / "growth-60").exists()

    svg = "{http://www.w3.org/2000/svg}"
    root = ElementTree.fromstring(picture.read_text())
    assert root.findtext(f"{svg}title") == "A build of 20 to 60 records"
    assert "60 records: cold " in (root.findtext(f"{svg}desc") or "")
    assert len(root.findall(f"{svg}circle")) == len(root.findall(f"{svg}rect")) == 2 * (2 + 1)  # two panels, and names
    assert not root.findall(f".//{svg}script")


def test_growth_counts_no_time_for_a_wrong_output(corpora: Corpora, tmp_path: Path) -> None:
    shutil.copytree(corpora.of(60), tmp_path / "corpus-20")
    shutil.copy(corpora.of(20) / "expected.json", tmp_path / "corpus-20")
    done = subprocess.run([*GROWTH, "--records", "20", "--work", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith("The outputs differ:") and not done.stdout


def test_growth_measures_nothing_for_a_page_without_a_place_for_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here\n")
    done = subprocess.run([*GROWTH, "--table", str(page), "--work", str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 2 and "expected the comments <!-- growth -->" in done.stderr
    assert list(tmp_path.iterdir()) == [page]
