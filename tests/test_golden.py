"""Golden documents: records and the documents they become, kept to be read.  `--update-golden`
rewrites them."""

from pathlib import Path

import pytest

from tests import make

GOLDEN = Path(__file__).parent / "golden"
FILES = {
    "rss.xml": "feed.rss",
    "atom.xml": "feed.atom",
    "feed.json": "feed.json",
    "index.html": "index.html",
    "all.html": "all/index.html",
}
PAGES = ("index.html", "all.html")  # of the hostile case alone
CONFIG = """\
description = "What editors found."
author = "The editors"
rights = "Texts belong to their providers."
icon = "https://feeds.example.org/icon.png"
logo = "https://feeds.example.org/logo.png"
"""


@pytest.mark.parametrize("case", sorted(folder.name for folder in GOLDEN.iterdir()))
def test_a_record_becomes_the_golden_documents(
    case: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    make.site(tmp_path, {"record.md": (GOLDEN / case / "record.md").read_bytes()}, CONFIG)
    make.run("build", cwd=tmp_path)
    for name, path in FILES.items():
        content, golden = (tmp_path / "public" / path).read_bytes(), GOLDEN / case / name
        if name in PAGES and case != "hostile":
            continue
        if request.config.getoption("--update-golden"):
            golden.write_bytes(content)
        assert content == golden.read_bytes()
