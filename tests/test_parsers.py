"""fastfeedparser, beside feedparser (test_readers), finds in every format all that an article has."""

from pathlib import Path
from typing import Any

import fastfeedparser
import pytest

from tests import make

TITLES = ("<b>Tom & Jerry</b> ]]> \"q\" 'a'", "שלום e\u0301 \U0001f680", "&amp;lt; &copy;", "x" * 3000)


def quoted(text: str) -> str:
    """A text as YAML in double quotes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@pytest.fixture
def entries(tmp_path: Path, request: pytest.FixtureRequest) -> list[Any]:
    """The entries of a site with hostile titles, as the parser reads them."""
    records: dict[str, str | bytes] = {
        f"{n}.md": make.record(
            n,
            title=quoted(title),
            topics=f"[{quoted(title)}]",
            provider=f"{{domain: p{n}.example.org, name: {quoted(title)}}}",
            images=f"[{{url: 'https://example.org/{n}.png', width: 10}}, {{url: 'https://example.org/{n}.jpg', "
            "width: 20, height: 30, length: 77}]",
            body="word " * 20_000 + "]]> <b>bold</b>",
        )
        for n, title in enumerate(TITLES, start=1)
    }
    make.site(tmp_path, records)
    make.run("build", cwd=tmp_path)
    parsed: list[Any] = fastfeedparser.parse((tmp_path / f"public/feed.{request.param}").read_bytes()).entries
    return parsed


@pytest.mark.parametrize("entries", ["rss", "atom"], indirect=True)
def test_everything_comes_back(entries: list[Any]) -> None:
    folded = [" ".join(title.replace("e\u0301", "é").split()) for title in TITLES]
    assert [entry.title for entry in entries] == folded
    assert [[tag["term"] for tag in entry.tags] for entry in entries] == [[title] for title in folded]
    assert [entry.author for entry in entries] == folded
    for n, entry in enumerate(entries, start=1):
        assert entry.id == entry.link == f"https://example.org/{n}"
        assert entry.published == f"2026-11-23T{12 - n:02}:00:00+00:00"
        assert entry.media_content[0] == {
            "url": f"https://example.org/{n}.jpg",
            "type": "image/jpeg",
            "medium": "image",
            "width": 20,
            "height": 30,
        }
        assert "<b>bold</b></p>" in entry.content[0]["value"]
        assert len(entry.content[0]["value"]) > 100_000
