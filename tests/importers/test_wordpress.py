"""`feeds init --wordpress`: an export as WordPress writes it, to a site with nothing hidden in
it."""

from pathlib import Path

import feedparser
import pytest

from feeds.importers import read_export
from feeds.records import read_record
from tests import make

EXPORT = Path(__file__).parent / "wordpress.xml"


def test_an_export_becomes_a_site_with_its_published_posts(tmp_path: Path) -> None:
    said = make.invoke("init", "--wordpress", str(EXPORT), cwd=tmp_path).stdout
    assert "Wrote 8 records in seeds\nLeft out 1 post of the trash" in said
    assert "8 files in seeds/: 6 drafts, 0 lack something." in said
    assert make.invoke("check", cwd=tmp_path).stderr == "8 records, 0 with faults.\n"
    make.invoke("build", cwd=tmp_path)
    feed = feedparser.parse((tmp_path / "public/feed.atom").read_bytes())
    ferries, herons = feed.entries
    assert feed.feed.title == "Tide & Time"
    assert (herons.title, herons.link) == (
        "Herons are back",
        "https://tide.example/2024/05/herons-are-back/",
    )
    # as in the feed of WordPress: nothing is shown twice
    assert herons.id == "https://tide.example/?p=5"
    assert (herons.published, herons.updated) == (
        "2024-05-01T08:30:00+00:00",
        "2024-05-03T10:00:00+00:00",
    )
    assert herons.summary == "Three pairs & more."
    assert [tag.term for tag in herons.tags] == ["Nature & town", "Birds"]
    assert (tmp_path / "public/categories/harbour/feed.atom").is_file()
    content = herons.content[0].value
    assert (
        "<p>Three pairs nest at the <em>old</em> harbour.</p>" in content and "wp:" not in content
    )
    assert "https://tide.example/wp-content/nest.jpg" in content
    lines = ferries.content[0].value
    assert (
        "<p>The first line<br />\nand the second.</p>" in lines
        and "[" not in lines
        and "<pre>a\n\nb</pre>" in lines
    )
    assert "tags" not in ferries or "Uncategorized" not in {tag.term for tag in ferries.tags}


def test_nothing_hidden_in_an_export_is_in_an_output(tmp_path: Path) -> None:
    said = make.invoke("init", "--wordpress", str(EXPORT), cwd=tmp_path)
    built = make.invoke("build", cwd=tmp_path)
    listed = make.invoke("list", cwd=tmp_path)
    outputs = {**make.tree(tmp_path / "public"), **make.tree(tmp_path / ".feeds")}
    assert [path for path, content in outputs.items() if make.CANARY.encode() in content] == []
    for done in (said, built, listed):
        assert make.CANARY not in done.stdout + done.stderr
    seeds = make.tree(tmp_path / "seeds")
    shown = [path for path, content in seeds.items() if b"published: false" not in content]
    assert sorted(shown) == ["ferry-times.md", "herons-are-back.md"]
    assert not [path for path in shown if make.CANARY.encode() in seeds[path]]
    assert not [
        path
        for path, content in seeds.items()
        if b"@tide.example" in content or b"sesame" in content
    ]


def test_the_faults_of_a_hidden_post_are_reported_without_its_text(tmp_path: Path) -> None:
    source = EXPORT.read_text(encoding="utf-8")
    make.write(
        tmp_path / "export.xml",
        source.replace("https://tide.example/?p=21</link>", f"{make.CANARY}</link>"),
    )
    said = make.invoke("init", "--wordpress", "export.xml", cwd=tmp_path).stdout
    assert "6 drafts, 1 lack something.\n  seeds/hidden-1.md:3:9: webUrl" in said
    assert make.CANARY not in said


def test_no_file_that_is_there_is_changed(tmp_path: Path) -> None:
    make.write(tmp_path / "seeds/ferry-times.md", "mine")
    before = make.tree(tmp_path)
    refused = make.invoke("init", "--wordpress", str(EXPORT), cwd=tmp_path, check=2)
    assert (
        refused.stderr
        == "feeds: seeds/ferry-times.md: expected none: `feeds init` changes no file\n"
    )
    assert make.tree(tmp_path) == before


BOMB = b'<!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (BOMB + b"<rss><channel><title>&b;</title></channel></rss>", "expected no DOCTYPE"),
        (b"<!-- <rss> -->" + BOMB + b"<rss><channel/></rss>", "expected no DOCTYPE"),
        (b'<!DOCTYPE rss SYSTEM "file:///etc/passwd"><rss/>', "expected no DOCTYPE"),
        (b"<rss><channel>", "expected well-formed XML"),
        (b"<rss><channel><title>&xxe;</title></channel></rss>", "expected well-formed XML"),
        (b"<rss version='2.0'><channel><item/></channel></rss>", "expected an export of WordPress"),
        (b"{}", "expected an export of WordPress"),
        (b"", "expected an export of WordPress"),
        (BOMB.decode().encode("utf-16"), "expected an export of WordPress"),
    ],
)
def test_what_is_no_export_is_refused_before_anything_is_written(
    tmp_path: Path, data: bytes, expected: str
) -> None:
    make.write(tmp_path / "export.xml", data)
    refused = make.invoke("init", "site", "--wordpress", "export.xml", cwd=tmp_path, check=2)
    assert f"feeds: export.xml: {expected}" in refused.stderr
    assert not (tmp_path / "site").exists()


HOSTILE = [
    "---\npublished: true",
    '"\\ # : {',
    "<script>alert(1)</script>",
    "é😀\u0085\u2028\x7f\ufeff",
    "../../x",
    "no",
    "&#8217;",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("status", ["publish", "private"])
def test_hostile_text_stays_text_and_shows_nothing_hidden(text: str, status: str) -> None:
    source = EXPORT.read_text(encoding="utf-8").partition("<item>")
    rest = source[2].partition("</item>")[0].replace("herons-are-back]]", f"{text}]]")
    for word in ("Herons are back", "Birds", "Three pairs nest", "Three <b>pairs</b>"):
        rest = rest.replace(word, f"x {text}")
    rest = rest.replace("[publish]", f"[{status}]")
    data = f"{source[0]}<item>{rest}</item></channel></rss>".encode()
    ((name, record),) = read_export(data).records.items()
    assert "/" not in name and name.endswith(".md")
    reading = read_record(name, record.encode(), make.NOW)
    assert reading.unpublished is (status != "publish")
    assert reading.faults == ()
    assert (reading.article is not None) is (status == "publish")


def test_control_characters_of_old_databases_do_not_end_the_import() -> None:
    data = EXPORT.read_bytes().replace(b"Ferry times", b"Ferry\x0b\x00 times")
    assert '"Ferry times"' in read_export(data).records["ferry-times.md"]


def test_two_posts_of_one_name_are_two_records() -> None:
    data = EXPORT.read_bytes().replace(b"[ferry-times]", b"[herons-are-back]")
    assert {"herons-are-back.md", "herons-are-back-6-2.md"} <= set(read_export(data).records)
