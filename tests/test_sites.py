"""Blogs of other publishers, as they are: what is built of them, and that nothing hidden is in
it."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import feedparser
import pytest

from feeds.config import load_config
from tests import make

SITES = Path(__file__).parent / "sites"
# Links, titles, dates, topics, pictures; newest first.
BUILT = {
    "jekyll": [
        (
            "https://harbour.example/ferries/",
            "Ferry times",
            "2024-06-02T22:30:00+00:00",
            ["Getting around", "Ferries", "harbour"],
            ["https://img.harbour.example/ferry.jpg"],
        ),
        (
            "https://harbour.example/2024/05/01/herons-are-back.html",
            "Herons are back",
            "2024-05-01T00:00:00+00:00",
            ["nature", "birds", "harbour", "city"],
            ["https://harbour.example/assets/herons.jpg"],
        ),
    ],
    "hugo": [
        (
            "https://fieldwork.example/posts/trip/",
            "A trip to the bog",
            "2024-04-05T00:00:00+00:00",
            ["Carbon", "Bogs"],
            [],
        ),
        (
            "https://fieldwork.example/posts/soil/",
            "What soil keeps",
            "2024-03-04T08:00:00+00:00",
            ["Research", "Soil", "Carbon"],
            ["https://fieldwork.example/posts/soil/soil.jpg"],
        ),
        (
            "https://fieldwork.example/posts/rain-maps/",
            "Maps of rain",
            "2024-02-01T00:00:00+00:00",
            ["Rain"],
            [],
        ),
        (
            "https://fieldwork.example/about/position/",
            "Where we stand",
            "2024-01-01T00:00:00+00:00",
            [],
            [],
        ),
    ],
    "docusaurus": [
        (
            "https://kelp.example/blog/plans/2024",
            "Plans",
            "2024-03-04T05:06:07+00:00",
            ["Road map"],
            [],
        ),
        (
            "https://kelp.example/blog/2024/02/03/maps",
            "Maps, at last",
            "2024-02-03T00:00:00+00:00",
            ["release"],
            [],
        ),
        (
            "https://kelp.example/blog/2024/01/02/release",
            "Kelp 2.0",
            "2024-01-02T00:00:00+00:00",
            ["release", "Command line"],
            ["https://kelp.example/img/release.png"],
        ),
    ],
}
FEEDS = {
    "jekyll": "all categories/getting-around categories/nature providers/harbour.example topics/birds topics/city topics/ferries "
    "topics/harbour",
    "hugo": "all categories/research providers/fieldwork.example topics/bogs topics/carbon topics/rain topics/soil",
    "docusaurus": "all providers/kelp.example topics/command-line topics/release topics/road-map",
}


@dataclass(frozen=True)
class Built:
    """A site that was built, and what its commands said."""

    name: str
    folder: Path
    said: str


@pytest.fixture(scope="module", params=sorted(BUILT))
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("sites") / request.param
    shutil.copytree(SITES / request.param, folder)
    done = [make.invoke(command, cwd=folder) for command in ("build", "check", "list")]
    return Built(request.param, folder, "".join(one.stdout + one.stderr for one in done))


@pytest.mark.parametrize("extension", ["rss", "atom"])
def test_a_blog_is_published_as_it_is(built: Built, extension: str) -> None:
    found = feedparser.parse((built.folder / "public" / f"feed.{extension}").read_bytes())
    assert not found.bozo
    assert [
        (
            entry.link,
            entry.title,
            "{}-{:02}-{:02}T{:02}:{:02}:{:02}+00:00".format(*entry.published_parsed),
            [tag.term for tag in entry.get("tags", [])],
            [image["url"] for image in entry.get("media_content", [])],
        )
        for entry in found.entries
    ] == BUILT[built.name]
    assert [entry.id for entry in found.entries] == [link for link, *_ in BUILT[built.name]]


def test_a_blog_has_the_feeds_of_its_topics(built: Built) -> None:
    public = built.folder / "public"
    folders = {str(file.parent.relative_to(public)) for file in public.rglob("feed.atom")}
    assert (
        sorted("all" if folder == "." else folder for folder in folders)
        == FEEDS[built.name].split()
    )


def test_updates_and_excerpts_are_read(built: Built) -> None:
    entries = feedparser.parse((built.folder / "public/feed.atom").read_bytes()).entries
    changed = {entry.link.strip("/").rpartition("/")[2]: entry.updated[:10] for entry in entries}
    # feedparser takes the content for a summary where there is none; JSON Feed keeps them apart.
    items = json.loads((built.folder / "public/feed.json").read_bytes())["items"]
    excerpts = {item["summary"] for item in items if "summary" in item}
    assert {
        "jekyll": ("ferries", "2024-06-05", {"The first pair since 1987."}),
        "hugo": ("soil", "2024-03-06", {"Ten years of cores."}),
        "docusaurus": ("release", "2024-01-05", {"Faster, and smaller."}),
    }[built.name] == (
        name := next(iter({"ferries", "soil", "release"} & changed.keys())),
        changed[name],
        excerpts,
    )


def test_drafts_and_what_is_to_come_appear_nowhere(built: Built) -> None:
    hidden = sum(
        make.CANARY in file.read_text(encoding="utf-8")
        for file in built.folder.glob("[_bc]*/**/*.m*")
    )
    assert hidden >= 2
    for path, content in make.tree(built.folder / "public").items():
        assert b"canary" not in content.lower(), path
        assert "canary" not in path
    assert "canary" not in built.said.lower()


def test_nothing_is_left_out(built: Built) -> None:
    assert ", 0 left out." in built.said
    assert ", 0 with faults." in built.said


@pytest.mark.parametrize("name", sorted(BUILT))
def test_the_docs_show_the_config_of_the_site(name: str) -> None:
    docs = (make.ROOT / "docs/records.md").read_text(encoding="utf-8")
    shown = re.findall(r"```toml\n(\[records\]\n.*?)```", docs, re.DOTALL)
    own = (SITES / name / "config.toml").read_text(encoding="utf-8")
    assert own[own.index("[records]") :] in shown
    assert load_config(SITES / name / "config.toml").records.fields is not None


MAPPED = """
[records.fields]
webUrl = { template = "https://example.org/{slug}/" }
provider = { value = { domain = "example.org" } }
"""


def test_a_record_that_is_renamed_under_a_mapping_leaves_nothing_of_its_old_name(
    tmp_path: Path,
) -> None:
    text = "---\ntitle: A post\ndate: 2024-05-01\npublishedDateTime: 2024-05-01\n---\nText.\n"
    config = make.site(tmp_path, {"old-name.md": text}, MAPPED)
    make.invoke("build", cwd=tmp_path)
    (config.records_folder / "old-name.md").rename(config.records_folder / "new-name.md")
    make.invoke("build", cwd=tmp_path)
    tree = make.tree(config.output_folder)
    assert not [path for path, content in tree.items() if b"old-name" in content]
    assert b"https://example.org/new-name/" in tree["feed.rss"]


def test_what_lies_aside_is_not_named_by_others(tmp_path: Path) -> None:
    related = "related:\n  - {title: TheHiddenOne, webUrl: 'https://example.org/hidden/'}\n"
    shown = f"---\ntitle: A post\npublishedDateTime: 2024-05-01\n{related}---\n"
    hidden = "---\ntitle: Hidden\npublishedDateTime: 2024-05-01\n---\n"
    config = make.site(tmp_path, {"shown.md": shown, "_drafts/hidden.md": hidden}, MAPPED)
    make.invoke("build", cwd=tmp_path)
    assert not [
        path
        for path, content in make.tree(config.output_folder).items()
        if b"TheHiddenOne" in content
    ]
