"""The static tree: what is written, kept and deleted, whatever happened before, meanwhile or in
between."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, cast

import pytest
from lxml import etree

from feeds import store
from feeds.build import hosts, static
from feeds.build.files import ASIDE, MANIFEST
from feeds.build.folder_target import HEADING, UNFINISHED, read_manifest
from feeds.build.static import Built
from feeds.cli import STOPPED
from feeds.config import Config, load_config
from feeds.documents.versions import Documents
from feeds.errors import PublishError
from feeds.ingest.ingesting import ingest, open_store, refresh_visibility
from feeds.model import digest
from tests import make
from tests.documents.test_codings import DECODERS

HOUR = timedelta(hours=1)
SITE = {
    "1.md": make.record(1),
    "2.md": make.record(2, topics="[AI, Robots]"),
    "3.md": make.record(
        3, topics="[Robots]", category="video", provider="{name: Other, domain: other.org}"
    ),
}
KEYS = (
    *(
        "",
        "categories/news/",
        "categories/video/",
        "providers/example.org/",
        "providers/other.org/",
    ),
    *("topics/ai/", "topics/robots/"),
)
FORMATS = ("rss", "atom", "json")
ASSETS = {"pages.css", "feeds.css", "pages.js", "icon.svg", "record.schema"}
# what there is without an article
FIXED = {"index.html", "feeds.opml", MANIFEST, *ASSETS, *hosts.PATHS}
FILES = {f"{folder}feed.{name}" for folder in KEYS for name in FORMATS} | FIXED
EMPTY = FIXED | {f"feed.{name}" for name in FORMATS}  # of a site without articles
FILES |= {f"{folder or 'all/'}index.html" for folder in KEYS}
DOCUMENTS = len(FILES - {MANIFEST, *hosts.PATHS})
RULES = len(hosts.PATHS)
FULL = "No space left on device; make room on the disk and try again"

# Builds as `feeds build` does, and says how far it is: a line before it begins, one a document, one
# at the end.
CHILD = """
import sys
from datetime import datetime
from feeds.config import load_config
from feeds.ingest.ingesting import ingest, open_store
from feeds.build import hosts, static

config, now, workers = load_config(sys.argv[1]), datetime.fromisoformat(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
source = open_store(config)
ingest(config, source, now, workers=workers, allow_removal=True)
say = lambda done, total: print(done, flush=True)
print(static.build(config, source, now, say, workers=workers), flush=True)
source.close()
"""

# `feeds build`, which notes each file that it or a worker opens to be read, below a folder or by a
# name of its own.
WATCHED = """
import os, sys

folder, note = sys.argv[1], os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)


def watch(event, arguments):
    if event != "open" or not isinstance(arguments[0], (str, bytes)):
        return
    path, flags = os.fsdecode(arguments[0]), arguments[2]
    if flags & os.O_ACCMODE != os.O_WRONLY and not flags & os.O_DIRECTORY:
        if not os.path.isabs(path) or path.startswith(folder):
            os.write(note, path.encode() + b"\\n")


sys.addaudithook(watch)
from feeds.cli import main

main(["build", *sys.argv[3:]])
"""


def built(
    config: Config, now: datetime = make.NOW, *, compress: bool = False, workers: int = 0
) -> Built:
    """One run of `feeds build`, by this process and its workers."""
    with closing(open_store(config)) as source:
        ingest(config, source, now, workers=workers, allow_removal=True)
        return static.build(config, source, now, compress=compress, workers=workers)


def overtaken(config: Config, *changes: Callable[[], None]) -> None:
    """A build before which another process has its turn, with a change of records, each time that
    it is to write."""
    turns = iter(changes)

    class Overtaken(store.Store):
        @contextmanager
        def writing(self, wait: float = store.LONGEST_WAIT) -> Iterator[store.Connection]:
            if (change := next(turns, None)) is not None:
                change()
                with closing(open_store(config)) as other:
                    ingest(config, other, make.NOW)
            with super().writing(wait) as connection:
                yield connection

    with closing(open_store(config)) as first:
        ingest(config, first, make.NOW)
        with first.reading() as connection:
            fingerprint = store.fact(connection, "fingerprint")
    assert fingerprint is not None
    with closing(Overtaken(config.store_file, *fingerprint.split())) as source:
        static.build(config, source, make.NOW)


def facts(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """All that tells whether a tree was written to: inode, mtime and mode of each file and folder,
    and content."""
    found = {}
    for item in [folder, *sorted(folder.rglob("*"))]:
        info = item.lstat()
        content = item.read_bytes() if item.is_file() else b""
        found[str(item.relative_to(folder))] = (
            info.st_ino,
            info.st_mtime_ns,
            info.st_mode,
            content,
        )
    return found


def pages(folder: Path) -> dict[str, bytes]:
    """What a web server would give away of a tree: its files without the list of them."""
    return {path: content for path, content in make.tree(folder).items() if path != MANIFEST}


def folders(folder: Path) -> set[str]:
    """Every folder of a tree."""
    return {str(item.relative_to(folder)) for item in folder.rglob("*") if item.is_dir()}


End = Callable[[subprocess.Popen[str]], None]


def lose_store(config: Config) -> None:
    """Delete `.feeds/`."""
    shutil.rmtree(config.store_file.parent)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site of three records in seven feeds."""
    return make.site(tmp_path, dict(SITE))


class TestLayout:
    def test_every_feed_lies_at_its_path_in_every_format(self, config: Config) -> None:
        assert built(config) == Built(DOCUMENTS + RULES, 0, 0)
        assert make.tree(config.output_folder).keys() == FILES

    def test_files_are_the_documents(self, config: Config) -> None:
        built(config)
        with closing(open_store(config)) as source:
            documents = Documents(config, source)
            for path, content in pages(config.output_folder).items():
                document = documents.get(path, make.NOW)
                if path in hosts.PATHS:
                    assert document is None
                    continue
                assert document is not None
                assert document.content == content
                assert (
                    config.output_folder / path
                ).stat().st_mtime == document.modified.timestamp()

    def test_the_list_tells_tag_time_and_size_of_each_file(self, config: Config) -> None:
        built(config)
        listed, _ = read_manifest(config.output_folder)
        assert listed.keys() == FILES - {MANIFEST}
        for path, content in pages(config.output_folder).items():
            info = (config.output_folder / path).stat()
            assert (listed[path].etag, listed[path].size) == (digest(content), len(content))
            assert listed[path].modified * 10**9 == info.st_mtime_ns

    def test_a_site_without_articles_is_a_front_page_a_list_and_empty_feeds(
        self, tmp_path: Path
    ) -> None:
        config = make.site(tmp_path, {})
        assert built(config) == Built(5 + len(ASSETS) + RULES, 0, 0)
        assert pages(config.output_folder).keys() == EMPTY - {MANIFEST}

    @pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o002, 0o664)])
    def test_modes_follow_the_umask(self, config: Config, umask: int, mode: int) -> None:
        before = os.umask(umask)
        try:
            built(config)
        finally:
            os.umask(before)
        places = [config.output_folder, *config.output_folder.rglob("*")]
        assert {place.stat().st_mode & 0o777 for place in places if place.is_file()} == {mode}
        assert {place.stat().st_mode & 0o777 for place in places if place.is_dir()} == {
            0o777 & ~umask
        }

    def test_what_is_not_visible_is_in_no_file(self, config: Config) -> None:
        canary = make.CANARY
        make.write(
            config.records_folder / "4.md",
            make.record(4, title=canary, topics=f"[{canary}]", published="false"),
        )
        make.write(
            config.records_folder / "5.md", make.record(-1, title=canary, topics=f"[{canary}]")
        )
        make.write(
            config.records_folder / "6.md",
            make.record(6, title=canary, topics=f"[{canary}]", webUrl="nowhere"),
        )
        built(config)
        for path, content in make.tree(config.output_folder).items():
            assert canary.lower() not in path.lower()
            assert canary.lower().encode() not in content.lower()


CODED = {".br": "br", ".gz": "gzip"}


class TestCompressed:
    def test_each_document_has_its_codings_beside_it_with_its_time(self, config: Config) -> None:
        assert built(config, compress=True) == Built(DOCUMENTS * 3 + RULES, 0, 0)
        tree, listed = make.tree(config.output_folder), read_manifest(config.output_folder)[0]
        documents = [
            path for path in listed if Path(path).suffix not in CODED and path not in hosts.PATHS
        ]
        assert len(documents) == DOCUMENTS
        for path in documents:
            for suffix, coding in CODED.items():
                assert DECODERS[coding](tree[path + suffix]) == tree[path]
                facts = (config.output_folder / (path + suffix)).stat()
                assert facts.st_mtime_ns == (config.output_folder / path).stat().st_mtime_ns
                assert listed[path + suffix] == listed[path]._replace(size=facts.st_size)
        assert not any(
            path + suffix in tree for path in (*hosts.PATHS, MANIFEST) for suffix in CODED
        )

    def test_equal_records_give_equal_bytes(self, config: Config, tmp_path: Path) -> None:
        twin = make.site(tmp_path / "twin", dict(SITE))
        for some in (config, twin):
            built(some, compress=True)
        assert make.tree(config.output_folder) == make.tree(twin.output_folder)

    def test_a_second_build_writes_nothing(self, config: Config) -> None:
        built(config, compress=True)
        before = facts(config.output_folder)
        assert built(config, make.NOW + HOUR, compress=True) == Built(0, DOCUMENTS * 3 + RULES, 0)
        lose_store(config)
        assert built(config, make.NOW + HOUR, compress=True) == Built(0, DOCUMENTS * 3 + RULES, 0)
        assert facts(config.output_folder) == before

    def test_those_of_a_document_that_changed_are_written_with_it(self, config: Config) -> None:
        built(config, compress=True)
        make.write(config.records_folder / "3.md", SITE["3.md"].replace("Article 3", "Changed"))
        done = built(config, make.NOW + HOUR, compress=True)
        # In three formats, as a page, and in three codings: everything, the topic, the provider,
        # the category.
        assert (done.written, done.deleted) == (4 * 3 * 4, 0)
        content = (config.output_folder / "topics/robots/feed.rss.br").read_bytes()
        assert b"Changed" in DECODERS["br"](content)
        assert b"Article 3" not in DECODERS["br"](content)

    def test_they_go_with_their_document(self, config: Config) -> None:
        built(config, compress=True)
        (config.records_folder / "3.md").unlink()
        built(config, compress=True)
        assert not (config.output_folder / "categories/video").exists()

    def test_a_build_that_is_not_asked_for_them_takes_them_away(self, config: Config) -> None:
        built(config, compress=True)
        assert built(config) == Built(0, DOCUMENTS + RULES, DOCUMENTS * 2)
        assert make.tree(config.output_folder).keys() == FILES

    def test_one_that_is_not_there_or_has_another_time_is_written_again(
        self, config: Config
    ) -> None:
        built(config, compress=True)
        tree = make.tree(config.output_folder)
        os.utime(config.output_folder / "feed.rss.gz", (1, 1))
        os.utime(config.output_folder / "feed.json.br", (1, 1))
        (config.output_folder / "feed.atom.br").unlink()
        assert built(config, compress=True) == Built(3, DOCUMENTS * 3 + RULES - 3, 0)
        assert make.tree(config.output_folder) == tree

    def test_the_command_writes_them(self, config: Config) -> None:
        make.invoke("build", "--compress", cwd=config.file.parent)
        assert (config.output_folder / "feed.rss.gz").is_file()


class TestAgain:
    def test_a_second_build_writes_nothing(self, config: Config) -> None:
        built(config)
        before = facts(config.output_folder)
        assert built(config, make.NOW + HOUR) == Built(0, DOCUMENTS + RULES, 0)
        assert facts(config.output_folder) == before

    def test_a_second_build_without_the_store_writes_nothing(self, config: Config) -> None:
        built(config)
        before = facts(config.output_folder)
        lose_store(config)
        assert built(config, make.NOW + HOUR) == Built(0, DOCUMENTS + RULES, 0)
        assert facts(config.output_folder) == before

    def test_a_change_that_no_format_shows_writes_nothing(self, config: Config) -> None:
        built(config)
        before = facts(config.output_folder)
        make.write(config.records_folder / "1.md", make.record(1, heat="7"))
        assert built(config, make.NOW + HOUR) == Built(0, DOCUMENTS + RULES, 0)
        assert facts(config.output_folder) == before

    def test_only_what_changed_is_written(self, config: Config) -> None:
        built(config)
        before = facts(config.output_folder)
        make.write(config.records_folder / "3.md", SITE["3.md"].replace("Article 3", "Changed"))
        later = make.NOW + HOUR
        assert built(config, later) == Built(16, DOCUMENTS - 16 + RULES, 0)
        after = facts(config.output_folder)
        assert before.keys() == after.keys()
        written = {
            path
            for path in after
            if (config.output_folder / path).is_file() and after[path] != before[path]
        }
        changed = ("", "categories/video/", "providers/other.org/", "topics/robots/")
        shown = {f"{folder or 'all/'}index.html" for folder in changed}
        assert written == {
            f"{folder}feed.{name}" for folder in changed for name in FORMATS
        } | shown | {MANIFEST}
        for path in written - {MANIFEST}:
            assert after[path][0] != before[path][0]
            assert after[path][1] == int(later.timestamp()) * 10**9
            assert b"Changed" in after[path][3]

    @pytest.mark.parametrize(
        ("lost", "options"),
        [
            (False, []),
            (True, ["--compress"]),
            pytest.param(True, [], marks=pytest.mark.soak),
            pytest.param(False, ["--compress"], marks=pytest.mark.soak),
        ],
    )
    def test_no_document_that_is_there_is_opened_to_be_read(
        self, tmp_path: Path, lost: bool, options: list[str]
    ) -> None:
        config = make.site(tmp_path / "site", dict(many("Old")), "[build]\nworkers = 2\n")
        make.invoke("build", *options, cwd=config.file.parent)
        make.write(config.records_folder / "1.md", many("New")["1.md"])
        if lost:
            lose_store(config)
        note = tmp_path / "opened"
        command = [sys.executable, "-c", WATCHED, str(config.output_folder), str(note), *options]
        done = subprocess.run(
            command, cwd=config.file.parent, capture_output=True, text=True, check=True
        )
        assert " 0 written" not in done.stdout
        names = {Path(path).name for path in make.tree(config.output_folder)}
        opened = [path for path in note.read_text().splitlines() if Path(path).name in names]
        # without a store, the newest ids that readers know are found there
        expected = {MANIFEST, "feed.rss"} if lost else {MANIFEST}
        assert {Path(path).name for path in opened} == expected, opened

    def test_times_of_files_never_go_back(self, config: Config) -> None:
        built(config)
        seen = []
        for turn, moment in enumerate([make.NOW, make.NOW, make.NOW - HOUR / 2, make.NOW + HOUR]):
            make.write(
                config.records_folder / "3.md", SITE["3.md"].replace("Article 3", f"Turn {turn}")
            )
            if turn == 2:
                lose_store(config)
            built(config, moment)
            seen.append(
                (config.output_folder / "topics/robots/feed.rss").stat().st_mtime
                - make.NOW.timestamp()
            )
        assert seen == [0, 1, 2, 3600]

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda file: file.unlink(), id="deleted"),
            pytest.param(lambda file: os.utime(file, (1, 1)), id="another time"),
            pytest.param(lambda file: file.write_bytes(b""), id="empty, as after a power cut"),
        ],
    )
    def test_a_file_that_is_gone_or_has_another_time_is_written_again(
        self, config: Config, spoil: Callable[[Path], object]
    ) -> None:
        built(config)
        before = facts(config.output_folder)
        spoil(config.output_folder / "feed.rss")
        assert built(config, make.NOW + HOUR) == Built(1, DOCUMENTS - 1 + RULES, 0)
        after = facts(config.output_folder)
        assert before.keys() == after.keys()
        assert {path for path in after if after[path] != before[path]} <= {".", "feed.rss"}
        assert after["feed.rss"][1:] == before["feed.rss"][1:]

    def test_a_tree_that_was_deleted_is_written_again(self, config: Config) -> None:
        built(config)
        before = make.tree(config.output_folder)
        shutil.rmtree(config.output_folder)
        assert built(config, make.NOW + HOUR) == Built(DOCUMENTS + RULES, 0, 0)
        assert make.tree(config.output_folder) == before

    def test_a_template_that_changed_shows(self, tmp_path: Path) -> None:
        style = tmp_path / "look" / "pages.css"
        for text in ("/* one */", "/* two */"):
            make.write(style, text)
            config = make.site(tmp_path, dict(SITE), 'templates = "look"\n')
            built(config)
            assert (config.output_folder / "pages.css").read_text() == text

    def test_a_topic_that_is_called_archive_keeps_its_files(self, tmp_path: Path) -> None:
        records = {f"{n}.md": make.record(n, topics="[Archive]") for n in range(5)}
        config = make.site(tmp_path, {**records, "9.md": make.record(9)}, "[feeds]\nlimit = 2\n")
        built(config)
        before = make.tree(config.output_folder).keys()
        assert {"topics/archive/feed.rss", "topics/archive/archive/2026-11.rss"} <= before
        make.write(config.records_folder / "9.md", make.record(9, title="Changed"))
        assert built(config).deleted == 0
        assert make.tree(config.output_folder).keys() == before

    def test_a_scheduled_article_is_written_when_it_is_due(self, config: Config) -> None:
        make.write(config.records_folder / "4.md", make.record(-1, topics="[Robots]"))
        built(config)
        assert b"Article -1" not in b"".join(pages(config.output_folder).values())
        assert built(config, make.NOW + HOUR).written == 4 * 4 + 2
        for name in FORMATS:
            assert b"Article -1" in pages(config.output_folder)[f"topics/robots/feed.{name}"]
        assert b"Article -1" in pages(config.output_folder)["topics/robots/index.html"]


class TestGone:
    def withdraw(self, config: Config) -> None:
        make.write(
            config.records_folder / "3.md",
            SITE["3.md"].replace("published: true", "published: false"),
        )

    def assert_gone(self, config: Config, tmp_path: Path) -> None:
        """Nothing is left of article 3, and the tree is that of a site which never had it."""
        assert b"Article 3" not in b"".join(make.tree(config.output_folder).values())
        fresh = make.site(tmp_path / "fresh", {path: SITE[path] for path in ("1.md", "2.md")})
        built(fresh)
        assert pages(config.output_folder) == pages(fresh.output_folder)
        assert folders(config.output_folder) == folders(fresh.output_folder)

    def test_what_is_gone_is_deleted_with_its_folders(self, config: Config, tmp_path: Path) -> None:
        built(config)
        self.withdraw(config)
        assert built(config, make.NOW + HOUR) == Built(10, DOCUMENTS - 18 + RULES, 8)
        self.assert_gone(config, tmp_path)

    def test_a_store_that_was_lost_leaves_nothing_withdrawn_public(
        self, config: Config, tmp_path: Path
    ) -> None:
        built(config)
        self.withdraw(config)
        lose_store(config)
        assert built(config, make.NOW + HOUR).deleted == 8
        self.assert_gone(config, tmp_path)

    def test_all_that_is_gone_leaves_the_front_page_and_the_list(self, config: Config) -> None:
        built(config)
        for path in SITE:
            (config.records_folder / path).unlink()
        assert built(config, make.NOW + HOUR) == Built(5, len(ASSETS) + RULES, 25)
        assert make.tree(config.output_folder).keys() == EMPTY
        assert folders(config.output_folder) == set()

    def test_files_of_others_are_never_deleted_nor_their_folders(self, config: Config) -> None:
        built(config)
        foreign = (
            "topics/robots/notes.txt",
            "categories/video/deep/feed.rss",
            "feed.xml",
            "robots.txt",
            ".htaccess",
        )
        for path in foreign:
            make.write(config.output_folder / path, f"mine: {path}")
        (config.output_folder / "providers/other.org/empty").mkdir()
        (config.output_folder / "topics/ai/link").symlink_to("/nowhere")
        for path in SITE:
            (config.records_folder / path).unlink()
        for _ in range(2):
            built(config, make.NOW + HOUR)
            left = make.tree(config.output_folder)
            assert left.keys() == {*foreign, *EMPTY}
            assert all(left[path] == f"mine: {path}".encode() for path in foreign)
            assert (config.output_folder / "providers/other.org/empty").is_dir()
            assert (config.output_folder / "topics/ai/link").is_symlink()
            lose_store(config)

    def test_a_tree_without_its_list_is_left_alone_and_refused(self, config: Config) -> None:
        built(config)
        (config.output_folder / MANIFEST).unlink()
        before = make.tree(config.output_folder)
        self.withdraw(config)
        with pytest.raises(PublishError, match=f"expected no file that {MANIFEST} does not name"):
            built(config, make.NOW + HOUR)
        assert make.tree(config.output_folder) == before

    def test_a_page_of_another_hand_is_not_overwritten(self, config: Config) -> None:
        make.write(config.output_folder / "index.html", "mine")
        for _ in range(2):
            with pytest.raises(PublishError, match=r"index\.html"):
                built(config)
        assert make.tree(config.output_folder) == {"index.html": b"mine"}

    @pytest.mark.parametrize("content", ["", "# Another list\n"], ids=["empty", "of_another_hand"])
    def test_a_list_without_its_heading_is_refused(self, config: Config, content: str) -> None:
        built(config)
        (config.output_folder / MANIFEST).write_text(content)
        with pytest.raises(PublishError, match="expected the list that feeds wrote"):
            built(config)

    def test_a_folder_that_went_already_does_not_keep_the_one_around_it(
        self, config: Config
    ) -> None:
        # A build that was killed while it made or deleted folders leaves just this.
        built(config)
        shutil.rmtree(config.output_folder / "categories/video")
        shutil.rmtree(config.output_folder / "categories/news")
        for path in SITE:
            (config.records_folder / path).unlink()
        built(config, make.NOW + HOUR)
        assert folders(config.output_folder) == set()

    def test_what_is_gone_is_deleted_even_where_something_else_cannot_be_written(
        self, config: Config
    ) -> None:
        built(config)
        self.withdraw(config)
        make.write(config.records_folder / "1.md", make.record(1, title="Changed"))
        (config.output_folder / "feed.rss").unlink()
        (config.output_folder / "feed.rss").mkdir()
        assert [found.path for found in built(config, make.NOW + HOUR).refused] == ["feed.rss"]
        assert "categories/video/feed.rss" not in make.tree(config.output_folder)
        assert b"Changed" in (config.output_folder / "feed.atom").read_bytes()

    @pytest.mark.parametrize(
        ("setting", "left"),
        [
            pytest.param(
                'formats = ["rss", "atom"]',
                {path for path in FILES if not path.endswith(".json")},
                id="a format",
            ),
            pytest.param(
                'formats = ["rss"]',
                {path for path in FILES if not path.endswith((".atom", ".json"))},
                id="two formats",
            ),
            pytest.param(
                'kinds = ["topics"]',
                {path for path in FILES if path[:2] not in ("ca", "pr")},
                id="kinds",
            ),
            pytest.param(
                "kinds = []",
                {path for path in FILES if path.startswith("all/") or "/" not in path},
                id="every kind",
            ),
        ],
    )
    def test_what_the_config_withdraws_is_deleted(
        self, config: Config, setting: str, left: set[str]
    ) -> None:
        built(config)
        config.file.write_text(f"{config.file.read_text()}[feeds]\n{setting}\n")
        changed = load_config(config.file)
        assert built(changed, make.NOW + HOUR).deleted == len(FILES - left)
        assert make.tree(config.output_folder).keys() == left
        assert all(
            "." in path.rpartition("/")[2]
            for path in make.tree(config.output_folder).keys() - set(hosts.PATHS)
        )
        gone = {path.partition("/")[0] for path in FILES if "/" in path} - {
            path.partition("/")[0] for path in left
        }
        assert not gone & {item.name for item in config.output_folder.iterdir()}

    def test_feeds_of_the_publishers_own_come_and_go_with_the_config(self, config: Config) -> None:
        text = config.file.read_text(encoding="utf-8")
        built(config)
        own = '[[feed]]\nkey = "own"\ntitle = "Own"\nlimit = 1\nformats = ["atom"]\n'
        config.file.write_text(text + own, encoding="utf-8")
        # with its history, and both lists
        assert built(load_config(config.file)) == Built(6, len(FILES) - 3, 0)
        assert make.tree(config.output_folder).keys() == FILES | {
            *("feeds/own/feed.atom", "feeds/own/archive/2026-11.atom"),
            *("feeds/own/index.html", "feeds/own/archive/2026-11.html"),
        }
        assert make.tree(config.output_folder)["feeds/own/feed.atom"].count(b"<entry>") == 1
        assert built(load_config(config.file)) == Built(0, len(FILES) + 3, 0)
        config.file.write_text(text, encoding="utf-8")
        assert built(load_config(config.file), make.NOW + HOUR) == Built(2, len(FILES) - 3, 4)
        assert make.tree(config.output_folder).keys() == FILES
        assert not (config.output_folder / "feeds").exists()


class TestTheList:
    @pytest.mark.parametrize(
        "line",
        [
            *(
                "tag 1 2 ../outside.txt",
                "tag 1 2 topics/../../outside.txt",
                "tag 1 2 /etc/outside.txt",
                "tag 1 2 ",
            ),
            *(
                "tag 1 2 .",
                "tag one 2 feed.rss",
                "tag 1 two feed.rss",
                "tag 1 2",
                "feed.rss",
                "",
                "tag 1 2 a\0b",
            ),
        ],
    )
    def test_one_that_was_tampered_with_is_refused(self, config: Config, line: str) -> None:
        outside = config.file.parent / "outside.txt"
        outside.touch()
        built(config)
        manifest = config.output_folder / MANIFEST
        manifest.write_text(f"{manifest.read_text()}{line}\n")
        before = facts(config.output_folder)
        with pytest.raises(
            PublishError, match=rf"{MANIFEST}:{len(FILES) + 1}: expected the list that feeds wrote"
        ):
            built(config, make.NOW + HOUR)
        assert outside.exists()
        assert facts(config.output_folder) == before

    def test_one_that_is_no_text_is_refused(self, config: Config) -> None:
        make.write(config.output_folder / MANIFEST, b"\xff\xfe\x00")
        with pytest.raises(PublishError, match=MANIFEST):
            built(config)

    def test_a_tampered_list_is_wrong_use_of_the_command(self, config: Config) -> None:
        make.write(config.output_folder / MANIFEST, "tag 1 2 ../config.toml\n")
        done = make.invoke("build", cwd=config.file.parent, check=2)
        assert re.fullmatch(rf"feeds: \S+/{MANIFEST}:1: expected the list [^\n]+\n", done.stderr)
        assert config.file.exists()

    def test_folders_are_not_deleted_in_the_place_of_files(self, config: Config) -> None:
        make.write(config.output_folder / "mine" / "notes.txt", "mine")
        make.write(config.output_folder / MANIFEST, HEADING + "tag 1 2 mine\n")
        assert [found.path for found in built(config).refused] == ["mine"]
        assert (config.output_folder / "mine" / "notes.txt").read_text() == "mine"


class TestTrouble:
    def test_a_file_in_the_place_of_the_tree_is_named(self, config: Config) -> None:
        config.output_folder.touch()
        with pytest.raises(PublishError) as raised:
            built(config)
        assert raised.value.subject == str(config.output_folder)

    def test_a_folder_in_the_place_of_a_file_is_named(self, config: Config) -> None:
        make.write(config.output_folder / "feed.rss" / "notes.txt", "mine")
        assert [found.path for found in built(config).refused] == ["feed.rss"]
        assert (config.output_folder / "feed.rss" / "notes.txt").exists()
        assert not (config.output_folder / ASIDE).exists()

    @pytest.mark.parametrize("is_first", [True, False])
    def test_a_folder_where_a_file_is_written_aside_is_named(
        self, config: Config, is_first: bool
    ) -> None:
        if not is_first:
            make.invoke("build", cwd=config.file.parent)
        make.write(config.records_folder / "new.md", make.record(40))
        make.write(config.output_folder / f"{ASIDE}feed.json" / "notes.txt", "mine")
        done = make.invoke("build", cwd=config.file.parent, check=1)
        assert f"public/{ASIDE}feed.json: is a folder where a file should be" in done.stderr
        assert (config.output_folder / f"{ASIDE}feed.json" / "notes.txt").read_text() == "mine"
        assert "Article 40" in (config.output_folder / "feed.rss").read_text()
        shutil.rmtree(config.output_folder / f"{ASIDE}feed.json")
        make.invoke("build", cwd=config.file.parent)
        assert "Article 40" in (config.output_folder / "feed.json").read_text()

    def test_a_folder_where_a_file_is_written_aside_keeps_nothing_that_is_taken_back(
        self, config: Config
    ) -> None:
        make.write(config.records_folder / "new.md", make.record(40, title=make.CANARY))
        make.invoke("build", cwd=config.file.parent)
        make.write(config.output_folder / f"{ASIDE}feed.json" / "notes.txt", "mine")
        make.write(
            config.records_folder / "new.md", make.record(40, title=make.CANARY, published="false")
        )
        make.invoke("build", cwd=config.file.parent, check=1)
        tree = make.tree(config.output_folder)
        assert [path for path, content in tree.items() if make.CANARY.encode() in content] == []

    def test_a_folder_where_the_list_is_written_aside_is_named(self, config: Config) -> None:
        (config.output_folder / f"{ASIDE}{MANIFEST}").mkdir(parents=True)
        done = make.invoke("build", cwd=config.file.parent, check=2)
        assert f"public/{ASIDE}{MANIFEST}: expected to write the tree" in done.stderr

    def test_a_missing_records_folder_leaves_the_tree_alone(self, config: Config) -> None:
        make.invoke("build", cwd=config.file.parent)
        before = facts(config.output_folder)
        config.records_folder.rename(config.file.parent / "away")
        done = make.invoke("build", cwd=config.file.parent, check=2)
        assert done.stdout == ""
        assert re.fullmatch(
            r"feeds: \S+/seeds: expected a folder of records, got: [^\n]+\n", done.stderr
        )
        assert facts(config.output_folder) == before

    @pytest.mark.parametrize("workers", [0, 3])
    def test_a_full_disk_gives_one_clear_error_and_leaves_the_last_good_tree(
        self, tmp_path: Path, workers: int
    ) -> None:
        config = make.site(tmp_path, dict(SITE), f"[build]\nworkers = {workers}\n")
        with small_disk(config.output_folder):
            make.invoke("build", cwd=config.file.parent)
            before, times = make.tree(config.output_folder), facts(config.output_folder)
            for n in range(2, 200):
                record = make.record(n, topics=f"[AI, Topic {n}]", excerpt="long " * 2000)
                make.write(config.records_folder / f"{n}.md", record)
            done = make.invoke("build", cwd=config.file.parent, check=2)
            assert done.stdout == ""
            assert re.fullmatch(
                rf"feeds: \S+: expected to write the tree, got: {FULL}\n", done.stderr
            )
            # that goes whatever happens
            went = ("topics/robots/", "providers/other.org/", "categories/video/")
            kept = {path: content for path, content in before.items() if not path.startswith(went)}
            after = make.tree(config.output_folder)
            lists = ("index.html", "feeds.opml", MANIFEST)  # they name what went, and are rewritten
            assert {**after, **{path: kept[path] for path in lists}} == kept
            assert not any(path.encode() in after[name] for path in went for name in lists)
            assert set(read_manifest(config.output_folder)[0]) == kept.keys() - {MANIFEST}
            around = (str(parent) for path in kept for parent in Path(path).parents)
            assert folders(config.output_folder) == {*around} - {"."}
            left = facts(config.output_folder)
            assert all(left[path] == times[path] for path in kept.keys() - {*lists})
            for n in range(4, 200):
                (config.records_folder / f"{n}.md").unlink()
            for path in ("2.md", "3.md"):
                make.write(config.records_folder / path, SITE[path])
            make.invoke("build", "--allow-removal", cwd=config.file.parent)
            assert pages(config.output_folder) == {
                path: before[path] for path in before if path != MANIFEST
            }

    def test_a_disk_that_fills_while_the_first_tree_is_written_leaves_whole_files(
        self, tmp_path: Path
    ) -> None:
        records = {
            f"{n}.md": make.record(n, topics=f"[AI, Topic {n}]", excerpt="long " * 2000)
            for n in range(200)
        }
        config = make.site(tmp_path, dict(records))
        with small_disk(config.output_folder):
            done = make.invoke("build", cwd=config.file.parent, check=2)
            assert re.fullmatch(
                rf"feeds: \S+: expected to write the tree, got: {FULL}\n", done.stderr
            )
            ends = (b"</rss>", b"</feed>", b"}", b"</html>", b"</opml>", b"</svg>")
            after = make.tree(config.output_folder)
            assert not any(ASIDE in path for path in after)
            assert all(
                after[path].rstrip().endswith(ends)
                for path in after.keys() - {MANIFEST, *hosts.PATHS}
            )

    @pytest.mark.parametrize("room", [0, 100_000])
    def test_a_full_disk_of_the_store_gives_one_clear_error(
        self, tmp_path: Path, room: int
    ) -> None:
        config = make.site(tmp_path, dict(SITE))
        with small_disk(config.store_file.parent, "4m"):
            make.invoke("build", cwd=config.file.parent)
            before = make.tree(config.output_folder)
            with (config.store_file.parent / "other").open("wb", buffering=0) as other:
                with suppress(OSError):
                    while True:
                        other.write(bytes(4096))
                other.truncate(other.tell() - room)
            for n in range(4, 200):
                make.write(
                    config.records_folder / f"{n}.md", make.record(n, excerpt="long " * 2000)
                )
            done = make.invoke("build", cwd=config.file.parent, check=2)
            assert re.fullmatch(
                rf"feeds: \S+store.sqlite: expected [^,]+, got: {FULL}\n", done.stderr
            )
            assert make.tree(config.output_folder) == before

    def test_a_place_that_may_not_be_written_is_reported_with_what_to_do(
        self, tmp_path: Path
    ) -> None:
        config = make.site(tmp_path, dict(SITE))
        with small_disk(config.output_folder):
            subprocess.run(
                [make.program("mount"), "-o", "remount,ro", str(config.output_folder)], check=True
            )
            done = make.invoke("build", cwd=config.file.parent, check=2)
        advice = "Read-only file system; name a place that can be written"
        assert done.stderr.startswith(f"feeds: {config.output_folder}/")
        assert done.stderr.endswith(f": expected to write the tree, got: {advice}\n")


@contextmanager
def small_disk(folder: Path, size: str = "1m") -> Iterator[None]:
    """A disk of 1 MiB at a folder, or of another size."""
    folder.mkdir(parents=True)
    mount = [make.program("mount"), "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a disk to fill, and not everywhere")
    try:
        yield
    finally:
        subprocess.run([make.program("umount"), str(folder)], check=True)


class TestTheCommand:
    LINE = re.compile(
        r"(\d+) records?: (\d+) read, (\d+) left out\. "
        r"(\d+) files? in public: (\d+) written, (\d+) kept, (\d+) deleted\.\n"
    )

    def numbers(self, config: Config, check: int) -> tuple[int, ...]:
        done = make.invoke("build", cwd=config.file.parent, check=check)
        match = self.LINE.fullmatch(done.stdout)
        assert match is not None, done.stdout
        return tuple(int(number) for number in match.groups())

    def test_the_closing_line_has_the_numbers_and_the_exit_code_tells_of_faults(
        self, tmp_path: Path
    ) -> None:
        old = {"publishedDateTime": "2024-05-01"}
        config = make.site(
            tmp_path,
            {
                "1.md": make.record(1, **old),
                "2.md": make.record(2, topics="[Robots]", **old),
                "3.md": make.record(3, published="false", **old),
                "4.md": make.record(4, publishedDateTime="2999-01-01"),
                "5.md": make.record(1, **old),
            },
        )
        assert self.numbers(config, 0) == (5, 5, 0, 33, 33, 0, 0)
        assert self.numbers(config, 0)[2:] == (0, 33, 0, 33, 0)
        make.write(
            config.records_folder / "6.md",
            make.record(6, webUrl="nowhere", publishedDateTime="never"),
        )
        assert self.numbers(config, 1) == (6, 1, 1, 33, 0, 33, 0)
        assert self.numbers(config, 1)[:3] == (6, 0, 1)
        (config.records_folder / "6.md").unlink()
        make.write(
            config.records_folder / "2.md", make.record(2, topics="[Robots]", heat="hot", **old)
        )
        assert self.numbers(config, 1) == (5, 1, 0, 33, 0, 33, 0)
        (config.records_folder / "2.md").unlink()
        assert self.numbers(config, 0) == (4, 0, 0, 29, 14, 15, 4)

    def test_what_is_taken_back_leaves_the_tree_although_the_ledger_cannot_be_used(
        self, tmp_path: Path
    ) -> None:
        config = make.site(tmp_path, {f"{n}.md": make.record(n) for n in (1, 2)})
        make.invoke("build", cwd=tmp_path)
        config.ledger_file.write_text("this is no ledger [")
        make.write(config.records_folder / "1.md", make.record(1, published="false"))
        done = make.invoke("build", cwd=tmp_path, check=2)
        assert "ledger.toml: expected TOML as feeds wrote it" in done.stderr
        files = make.tree(config.output_folder)
        assert not [path for path, content in files.items() if b"Article 1" in content]
        assert b"Article 2" in files["feed.rss"]

    def test_output_does_not_depend_on_the_environment_or_on_the_order_of_files(
        self, tmp_path: Path
    ) -> None:
        corner = {
            "provider": "{name: Ångström, domain: example.org}",
            "topics": "[Ölpreis, ai, AI, C++]",
        }
        records = {
            f"{n}.md": make.record(n, publishedDateTime="2024-05-01", **corner) for n in range(8)
        }
        records["dup.md"] = make.record(3, publishedDateTime="2024-05-01", title="Not this one")
        environments = [
            ("UTC", "C", "0"),
            ("Pacific/Kiritimati", "C.UTF-8", "1"),
            ("America/St_Johns", "tr_TR.UTF-8", "2"),
        ]
        trees = []
        for n, (zone, locale, seed) in enumerate(environments):
            names = list(records)
            random.Random(n).shuffle(names)
            config = make.site(tmp_path / f"site{n}", {name: records[name] for name in names})
            make.run("build", cwd=config.file.parent, TZ=zone, LC_ALL=locale, PYTHONHASHSEED=seed)
            output = config.output_folder
            mtimes = {
                str(file.relative_to(output)): file.stat().st_mtime_ns
                for file in output.rglob("feed*.*")
            }
            trees.append((make.tree(output), mtimes))
        assert trees[0] == trees[1] == trees[2]

    def test_what_is_gone_of_a_feed_that_nothing_touched_is_corrected_beside_a_change(
        self, config: Config, tmp_path: Path
    ) -> None:
        built(config)
        changed = {
            **SITE,
            "3.md": make.record(3, title="Another", topics="[Robots]", category="video"),
        }
        make.write(config.records_folder / "3.md", changed["3.md"])
        for path in ("categories/news/feed.rss", "providers/example.org/feed.atom"):
            (config.output_folder / path).unlink()
        built(config, make.NOW + HOUR)
        fresh = make.site(tmp_path / "fresh", dict(changed))
        built(fresh)
        assert pages(config.output_folder) == pages(fresh.output_folder)

    @pytest.mark.parametrize(
        ("archives", "numbers"),
        [
            (True, (0, 2)),
            (False, (0, 1, 3)),
            pytest.param(True, (0, 1, 2, 3), marks=pytest.mark.soak),
            pytest.param(False, (0, 1, 2, 3), marks=pytest.mark.soak),
        ],
    )
    def test_the_number_of_workers_changes_no_byte(
        self, tmp_path: Path, archives: bool, numbers: tuple[int, ...]
    ) -> None:
        records = {
            f"{n}.md": make.record(n, topics=f"[AI, Topic {n % 40}]", body="Text.")
            for n in range(1, 260)
        }
        settings = f"[feeds]\nlimit = 7\narchives = {str(archives).lower()}\n"
        trees = []
        for workers in numbers:
            config = make.site(tmp_path / f"{workers}", dict(records), settings)
            first = built(config, workers=workers)
            trees.append((first, make.tree(config.output_folder)))
            assert built(config, workers=workers) == Built(0, first.written, 0)
        assert all(tree == trees[0] for tree in trees)

    def test_records_that_came_one_by_one_give_the_same_bytes(self, tmp_path: Path) -> None:
        names = list(SITE)
        trees = []
        for n in range(2):
            config = make.site(tmp_path / f"site{n}", {})
            for turn, name in enumerate(names if n == 0 else reversed(names)):
                make.write(config.records_folder / name, SITE[name])
                built(config, make.NOW + turn * HOUR)
            trees.append(pages(config.output_folder))
        fresh = make.site(tmp_path / "fresh", dict(SITE))
        built(fresh)
        assert trees[0] == trees[1] == pages(fresh.output_folder)


def child(config: Config, now: datetime, workers: int = 0) -> subprocess.Popen[str]:
    """A process, alone in its group, that waits for a line before it builds."""
    command = [sys.executable, "-c", CHILD, str(config.file), now.isoformat(), str(workers)]
    pipe, folder = subprocess.PIPE, config.file.parent
    return subprocess.Popen(
        command,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
        cwd=folder,
        start_new_session=True,
        preexec_fn=make.accept_ctrl_c,
    )


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """The workers that a process has now."""
    with suppress(OSError):
        return [
            int(one)
            for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        ]
    return []


def kill_alone(process: subprocess.Popen[str]) -> None:
    """End a process and leave its workers."""
    process.kill()


def kill_all(process: subprocess.Popen[str]) -> None:
    """End a process and its workers."""
    os.killpg(process.pid, signal.SIGKILL)


def interrupt(process: subprocess.Popen[str]) -> None:
    """Do what Ctrl-C does: signal all of the group of the terminal."""
    os.killpg(process.pid, signal.SIGINT)


def kill_workers(process: subprocess.Popen[str]) -> None:
    """End the workers and leave the process, which goes on."""
    for worker in workers_of(process):
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


def terminate(process: subprocess.Popen[str]) -> None:
    """Do what a machine that is shut down does: signal all processes of a service."""
    os.killpg(process.pid, signal.SIGTERM)


ENDS = (kill_alone, kill_all, interrupt, terminate, kill_workers)


def say_go(process: subprocess.Popen[str]) -> None:
    """Give a process its line, and leave what it says to be read."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def output_of(process: subprocess.Popen[str]) -> IO[str]:
    """What a process says."""
    return cast("IO[str]", process.stdout)


def many(title: str, count: int = 40) -> dict[str, str]:
    """So many records in about forty feeds."""
    numbers = range(1, count + 1)
    return {
        f"{n}.md": make.record(n, title=f"{title} {n}", topics=f"[AI, Topic {n % 30}]")
        for n in numbers
    }


def restore(place: Path, kept: Path) -> None:
    """Make a folder what another one is."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(kept, place, symlinks=True)


class TestKilled:
    def kill_often(self, tmp_path: Path, times: int, workers: int) -> None:
        rng = random.Random(times)
        states = []
        ends = ENDS if workers else ENDS[:-1]
        records = 210 if workers else 60  # three batches, so that several processes read them
        for name in ("Old", "New"):
            reference = make.site(tmp_path / name, dict(many(name, records)))
            built(reference)
            states.append(pages(reference.output_folder))
        count = len(states[0])
        assert count > 4 * 34 + 2 + len(ASSETS) + RULES
        config = make.site(
            tmp_path / "site", dict(many("Old", records)), f"[build]\nworkers = {workers}\n"
        )
        place, kept, killed = config.file.parent, tmp_path / "kept", tmp_path / "killed"
        begun = time.monotonic()
        make.run("build", cwd=place)
        longest = time.monotonic() - begun
        restore(kept, place)
        for path, content in many("New", records).items():
            make.write(kept / "seeds" / path, content)
        for turn in range(times):
            restore(place, kept)
            if rng.random() < 0.5:
                shutil.rmtree(config.output_folder)
            if rng.random() < 0.5:
                lose_store(config)  # a new one is filled in another way
            end = ends[(workers + turn) % len(ends)]
            if rng.random() < 0.5:
                self.kill_command(place, rng.uniform(0, longest), end)
            else:
                moments = [0, rng.randrange(1, count - 1), count - 2, count - 1, count]
                self.kill(config, datetime.now(UTC), rng.choice(moments), workers, end)
            left = pages(config.output_folder) if config.output_folder.exists() else {}
            for path in (path for path in left if ASIDE not in path):
                assert left[path] in [state.get(path) for state in states], f"turn {turn}: {path}"
            if rng.random() < 0.5 and config.store_file.parent.exists():
                lose_store(config)
            restore(killed, place)
            now = datetime.now(UTC)
            built(config, now, workers=workers)
            assert pages(config.output_folder) == states[1], f"turn {turn}"
            assert folders(config.output_folder) == folders(tmp_path / "New" / "public"), (
                f"turn {turn}"
            )
            before = facts(config.output_folder)
            assert built(config, now + HOUR).written == 0, f"turn {turn}"
            assert facts(config.output_folder) == before, f"turn {turn}"
            if rng.random() < 0.5:
                restore(place, killed)
            shutil.rmtree(config.records_folder)
            config.records_folder.mkdir()
            built(config, now + HOUR)
            assert make.tree(config.output_folder).keys() == EMPTY, f"turn {turn}"
            assert folders(config.output_folder) == set(), f"turn {turn}"

    def kill(self, config: Config, now: datetime, after: int, workers: int, end: End) -> None:
        """Kill a build by what it says that it has done."""
        process = child(config, now, workers)
        output_of(process).readline()
        say_go(process)
        for _ in range(after):
            output_of(process).readline()
        with suppress(ProcessLookupError):
            end(process)
        process.communicate()  # ends when the last of them has

    def kill_command(self, folder: Path, after: float, end: End) -> None:
        """Kill `feeds build` at any moment, so many seconds after it was started."""
        command, pipe = [sys.executable, "-m", "feeds", "build"], subprocess.PIPE
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=pipe,
            stderr=pipe,
            text=True,
            start_new_session=True,
            preexec_fn=make.accept_ctrl_c,
        )
        with suppress(subprocess.TimeoutExpired):
            process.wait(after)
        with suppress(ProcessLookupError):
            end(process)
        _, error = process.communicate()
        if process.returncode == STOPPED:
            assert error == "feeds: stopped before it was done; run it again\n"

    @pytest.mark.parametrize(("workers", "times"), [(0, 2), (2, 3)])  # each end once
    def test_files_are_whole_and_the_next_build_repairs_all(
        self, tmp_path: Path, workers: int, times: int
    ) -> None:
        self.kill_often(tmp_path, times, workers)

    @pytest.mark.soak
    @pytest.mark.parametrize("workers", [0, 2])
    def test_files_are_whole_and_the_next_build_repairs_all_two_hundred_times(
        self, tmp_path: Path, workers: int
    ) -> None:
        self.kill_often(tmp_path, 200, workers)

    def test_a_build_whose_workers_are_killed_ends_as_one_that_has_none(
        self, tmp_path: Path
    ) -> None:
        alone, config = (
            make.site(tmp_path / name, dict(many("Old"))) for name in ("alone", "site")
        )
        built(alone)
        process = child(config, make.NOW, workers=2)
        output_of(process).readline()
        say_go(process)
        for _ in range(2):
            output_of(process).readline()
        kill_workers(process)
        _, error = process.communicate()
        assert (error, process.returncode) == ("", 0)
        assert make.tree(config.output_folder) == make.tree(alone.output_folder)

    def test_a_file_left_aside_is_taken_away(self, config: Config) -> None:
        make.write(config.output_folder / ASIDE, "half a docu")
        built(config)
        assert ASIDE not in make.tree(config.output_folder)

    def test_a_build_that_died_before_its_files_existed_leaves_no_trace(
        self, config: Config
    ) -> None:
        make.write(
            config.output_folder / MANIFEST,
            f"{HEADING}{UNFINISHED} 0 0 topics/withdrawn/feed.rss\n",
        )
        make.write(
            config.output_folder / "topics/withdrawn/feed.rss", "Article that was withdrawn since"
        )
        built(config)
        assert make.tree(config.output_folder).keys() == FILES
        assert "topics/withdrawn" not in folders(config.output_folder)


class TestTogether:
    def test_builds_at_the_same_time_end_as_one_would(self, tmp_path: Path) -> None:
        alone = make.site(tmp_path / "alone", dict(many("Old")))
        built(alone)
        config = make.site(tmp_path / "site", dict(many("Old")))
        built(make.site(tmp_path / "site", {}))
        for number in (3, 2):
            shutil.rmtree(config.output_folder)
            processes = [child(config, make.NOW) for _ in range(number)]
            for process in processes:
                output_of(process).readline()
            for process in processes:
                say_go(process)
            said = [(*process.communicate(), process.returncode) for process in processes]
            assert [(error, code) for _, error, code in said] == [("", 0)] * number
            numbers = sorted(text.splitlines()[-1] for text, _, _ in said)
            count = len(pages(alone.output_folder))
            kept = [str(Built(0, count, 0))] * (number - 1)
            assert numbers == sorted([*kept, str(Built(count, 0, 0))])
            assert make.tree(config.output_folder) == make.tree(alone.output_folder)

    def test_an_update_that_fell_due_while_the_build_began_shows(self, tmp_path: Path) -> None:
        config = make.site(
            tmp_path, {"1.md": make.record(1, updatedDateTime="2026-11-23T12:00:02Z")}
        )
        with closing(open_store(config)) as source:
            ingest(config, source, make.NOW)
            # a service, whose clock is of now
            refresh_visibility(config, source, make.NOW + timedelta(seconds=3))
            static.build(config, source, make.NOW)
            assert static.build(config, source, make.NOW + HOUR).written == 0
        assert (
            "<updated>2026-11-23T12:00:02+00:00</updated>"
            in (config.output_folder / "feed.atom").read_text()
        )

    def test_a_build_that_another_process_overtakes_publishes_what_that_one_read(
        self, tmp_path: Path
    ) -> None:
        config = make.site(tmp_path, dict(SITE))
        overtaken(
            config, (config.records_folder / "3.md").unlink, (config.records_folder / "2.md").unlink
        )
        alone = make.site(tmp_path / "alone", {"1.md": SITE["1.md"]})
        built(alone)
        assert make.tree(config.output_folder) == make.tree(alone.output_folder)

    def test_it_keeps_nothing_of_what_that_one_took_back(self, tmp_path: Path) -> None:
        config = make.site(tmp_path, {**SITE, "3.md": make.record(3, title=make.CANARY)})

        def replaced() -> None:
            (config.records_folder / "3.md").unlink()
            # not yet due: nothing of it is rendered
            make.write(config.records_folder / "4.md", make.record(-4))

        overtaken(config, replaced)
        assert not any(
            make.CANARY.encode() in text for text in make.tree(config.store_file.parent).values()
        )

    def test_what_another_config_withdrew_comes_back_with_its_dates_in_step(
        self, config: Config
    ) -> None:
        built(config)
        other = config.model_copy(update={"feeds": config.feeds.model_copy(update={"kinds": ()})})
        built(other, make.NOW + HOUR)
        # JSON Feed has no place for a source: its document is the same with the feeds of providers
        # and without. So is what pages need.
        assert built(config, make.NOW + 2 * HOUR) == Built(DOCUMENTS - 6, 6 + RULES, 0)
        with closing(open_store(config)) as source, source.reading() as connection:
            noted = store.published(connection)
        assert all(
            (config.output_folder / path).stat().st_mtime == noted[path].modified
            for path in pages(config.output_folder)
        )

    def test_list_and_tree_agree(self, config: Config) -> None:
        built(config)
        rows = json.loads(make.invoke("list", "--json", cwd=config.file.parent).stdout)
        paths = {
            url.removeprefix("https://feeds.example.org/")
            for row in rows
            for url in row["urls"].values()
        }
        assert paths == {path for path in FILES - FIXED if not path.endswith(".html")}
        subscribed = etree.parse(config.output_folder / "feeds.opml").iterfind(".//outline[@type]")
        assert [item.get("xmlUrl") for item in subscribed] == [row["urls"]["rss"] for row in rows]
