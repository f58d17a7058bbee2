"""benchmarks/build.py at a size at which its numbers mean nothing: that it runs, and sees what it must not count."""

import re
import subprocess
import sys
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

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
