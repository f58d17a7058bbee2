"""A format is a module and a line of the table."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from feeds.formats import FORMATS
from feeds.render import format_named
from tests import make

WITH_TEXT = f"""
import json, sys
sys.path.insert(0, {str(make.ROOT)!r})
from feeds.formats import FORMATS
FORMATS["txt"] = "tests.render.plain_text"
"""
BUILD = """
from feeds.cli import main
main(["build"])
"""
ASK = """
from tests import make
app = make.service(make.load_config("config.toml"))
client = app.test_client()
answers = [
    client.get("/topics/ai/feed.txt"),
    client.get("/topics/ai/", headers={"Accept": "text/plain"}),
    client.get("/topics/ai/feed.rss"),
]
print(json.dumps([(one.status_code, dict(one.headers), one.get_data(as_text=True)) for one in answers]))
make.close(app)
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The folder of a site that has text first of all formats."""
    config = '[feeds]\nformats = ["txt", "rss"]\nlimit = 2\n'
    records: dict[str, str | bytes] = {
        f"{n}.md": make.record(n, publishedDateTime=f"20{n}-02-03") for n in (10, 11, 12)
    }
    make.site(tmp_path, records)
    file = tmp_path / "config.toml"
    file.write_text(file.read_text(encoding="utf-8") + config, encoding="utf-8")
    return tmp_path


def test_a_module_and_a_line_are_a_format_of_the_static_tree(site: Path) -> None:
    make.run_python(WITH_TEXT + BUILD, site)
    built = make.tree(site / "public")
    assert built["topics/ai/feed.txt"].decode() == (
        "AI\n\nArticle 12 <https://example.org/12>\nArticle 11 <https://example.org/11>\n"
    )
    assert built["topics/ai/archive/2010-02.txt"] == b"AI\n\nArticle 10 <https://example.org/10>\n"
    page = built["topics/ai/index.html"].decode()
    assert 'type="text/plain"' in page
    assert "topics/ai/feed.txt" in page
    assert ">Text<" in page
    assert ">Text<" in built["index.html"].decode()
    outlines = ElementTree.fromstring(built["feeds.opml"]).iter("outline")
    listed = {one.get("xmlUrl"): one.get("version") for one in outlines}
    assert listed["https://feeds.example.org/topics/ai/feed.txt"] is None
    assert "/*.txt\n  Content-Type: text/plain; charset=utf-8" in built["_headers"].decode()


def test_a_module_and_a_line_are_a_format_of_the_service(site: Path) -> None:
    text, asked, rss = json.loads(make.run_python(WITH_TEXT + ASK, site).stdout)
    assert (text[0], text[1]["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert text[2].startswith("AI\n\nArticle 12 <")
    address = "https://feeds.example.org/topics/ai/feed.txt"
    assert (asked[0], asked[1]["Location"]) == (302, address)
    assert f'<{address}>; rel="alternate"; type="text/plain"' in rss[1]["Link"]


def test_a_format_without_its_line_is_none(site: Path) -> None:
    done = make.run("build", cwd=site, check=2)
    assert "expected 'rss', 'atom' or 'json', got 'txt'" in done.stderr


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_called_as_in_the_table(name: str) -> None:
    assert name == format_named(name).NAME
