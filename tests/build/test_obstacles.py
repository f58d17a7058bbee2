"""A tree in which somebody else was at work: no link is followed, and what feeds did not write
stays as it is."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.build.files import ASIDE, MANIFEST
from feeds.build.folder_target import read_manifest
from feeds.config import Config, load_config
from feeds.errors import PublishError
from tests import make
from tests.build.test_static import HOUR, SITE, built, facts, lose_store, pages

# As feeds wrote it at fa7396d, before anything was refused.
OLD_HEADING = "# The files that feeds wrote here: tag, time, size, path. It deletes no others. Keep this list with them.\n"
MINE = b"written by hand"
SOAK = pytest.mark.soak
WRONG = datetime(2262, 4, 11, 23, 47, 16, tzinfo=UTC)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site of three records in seven feeds, in a folder of its own."""
    return make.site(tmp_path / "site", dict(SITE))


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of somebody else's."""
    folder = tmp_path / "outside"
    for path in (
        "feed.rss",
        "ai/feed.rss",
        "ai/index.html",
        "robots/feed.atom",
        "old/feed.rss",
        "notes.txt",
    ):
        make.write(folder / path, MINE)
    (folder / "robots" / "empty").mkdir()
    make.write(folder / "ai" / f"{ASIDE}feed.rss", MINE)
    return folder


def change(config: Config) -> None:
    """Change, withdraw and add a record, so that a build writes and deletes in most folders."""
    make.write(config.records_folder / "1.md", make.record(1, title="Changed"))
    make.write(
        config.records_folder / "3.md", SITE["3.md"].replace("published: true", "published: false")
    )
    make.write(config.records_folder / "4.md", make.record(4, topics="[AI, New]"))


def refused(config: Config, now: datetime = make.NOW + HOUR, *, compress: bool = False) -> set[str]:
    """Build, and return the paths that were in the way."""
    return {found.path for found in built(config, now, compress=compress).refused}


def fresh(config: Config, folder: Path) -> dict[str, bytes]:
    """What the tree of the same records and config is where nothing is in the way."""
    place = shutil.copytree(
        config.file.parent, folder, ignore=shutil.ignore_patterns("public", ".feeds")
    )
    twin = load_config(place / "config.toml")
    built(twin, make.NOW + HOUR)
    return pages(twin.output_folder)


def each_once(values: list[str], compressed: list[str]) -> list[Any]:
    """Each value in a tree with the codings or in one without them, and the other way round in
    `make soak`."""
    return [
        pytest.param(value, compress, marks=() if compress == (value in compressed) else SOAK)
        for value in values
        for compress in (False, True)
    ]


class TestLinks:
    @pytest.mark.parametrize(
        ("first", "lost"),
        [(True, False), (False, True), (False, False)],
        ids=["first_build", "later_build-store_lost", "later_build-store_kept"],
    )
    def test_a_folder_that_is_a_link_is_not_followed(
        self, config: Config, outside: Path, tmp_path: Path, first: bool, lost: bool
    ) -> None:
        if not first:
            built(config)
            shutil.copytree(config.output_folder / "topics", outside, dirs_exist_ok=True)
            shutil.rmtree(config.output_folder / "topics")
        config.output_folder.mkdir(exist_ok=True)
        (config.output_folder / "topics").symlink_to(outside)
        if lost:
            lose_store(config)
        before = facts(outside)
        change(config)
        for _ in range(2):
            assert refused(config) == {"topics"}
            assert facts(outside) == before
            assert (config.output_folder / "topics").is_symlink()
        wanted = fresh(config, tmp_path / "fresh")
        there = {
            path: content
            for path, content in pages(config.output_folder).items()
            if not path.startswith("topics")
        }
        assert there == {
            path: content for path, content in wanted.items() if not path.startswith("topics/")
        }
        (config.output_folder / "topics").unlink()
        assert refused(config) == set()
        assert pages(config.output_folder) == wanted
        assert facts(outside) == before

    @pytest.mark.parametrize(
        "name", ["topics/ai", "feed.rss", "topics/robots/index.html", "_headers", "404.html"]
    )
    def test_no_link_is_followed_wherever_it_lies(
        self, config: Config, outside: Path, name: str
    ) -> None:
        built(config)
        place = config.output_folder / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        place.symlink_to(outside / ("ai" if "." not in name else "feed.rss"))
        before = facts(outside)
        change(config)
        assert refused(config) == {name}
        assert facts(outside) == before
        assert place.is_symlink()

    def test_a_link_in_the_place_of_what_is_gone_is_refused(
        self, config: Config, outside: Path
    ) -> None:
        built(config)
        shutil.rmtree(config.output_folder / "categories")
        (config.output_folder / "categories").symlink_to(outside)
        make.write(outside / "video" / "feed.rss", MINE)
        before = facts(outside)
        for path in SITE:
            (config.records_folder / path).unlink()
        assert refused(config) == {"categories"}
        assert facts(outside) == before
        (config.output_folder / "categories").unlink()
        assert refused(config) == set()

    def test_a_dangling_link_is_refused(self, config: Config, tmp_path: Path) -> None:
        config.output_folder.mkdir()
        (config.output_folder / "topics").symlink_to(tmp_path / "nowhere")
        assert refused(config) == {"topics"}
        assert not (tmp_path / "nowhere").exists()

    def test_the_folder_itself_may_be_a_link(self, config: Config, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        config.output_folder.symlink_to(tmp_path / "elsewhere")
        assert refused(config) == set()
        change(config)
        assert refused(config) == set()
        assert pages(tmp_path / "elsewhere") == fresh(config, tmp_path / "fresh")

    @pytest.mark.parametrize("kind", ["link", "hard link", "list"])
    def test_a_name_that_feeds_writes_aside_leads_nowhere(
        self, config: Config, outside: Path, kind: str
    ) -> None:
        built(config)
        name = MANIFEST if kind == "list" else "feed.rss"
        aside, target = config.output_folder / f"{ASIDE}{name}", outside / "feed.rss"
        os.link(target, aside) if kind == "hard link" else aside.symlink_to(target)
        change(config)
        assert refused(config) == set()
        assert target.read_bytes() == MINE
        assert b"Changed" in (config.output_folder / "feed.rss").read_bytes()
        assert not os.path.lexists(aside)

    def test_another_name_of_a_file_keeps_its_bytes(self, config: Config, outside: Path) -> None:
        built(config)
        os.link(config.output_folder / "feed.rss", outside / "copy")
        before = (outside / "copy").read_bytes()
        change(config)
        assert refused(config) == set()
        assert (
            (outside / "copy").read_bytes()
            == before
            != (config.output_folder / "feed.rss").read_bytes()
        )

    @pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
    def test_a_list_that_is_no_file_is_refused(
        self, config: Config, outside: Path, kind: str
    ) -> None:
        built(config)
        place = config.output_folder / MANIFEST
        place.rename(outside / "list")
        if kind == "link":
            place.symlink_to(outside / "list")
        elif kind == "folder":
            place.mkdir()
        else:
            os.mkfifo(place)
        before = facts(config.output_folder), facts(outside)
        change(config)
        with pytest.raises(PublishError, match=MANIFEST):
            built(config)
        after = facts(config.output_folder), facts(outside)
        assert after == before


class TestHandMade:
    @pytest.mark.parametrize(
        ("path", "compress"),
        each_once(
            ["feed.rss", "topics/ai/feed.atom", "index.html", "_redirects", "410.html"],
            compressed=["topics/ai/feed.atom", "_redirects"],
        ),
    )
    def test_a_file_that_somebody_changed_is_not_overwritten(
        self, config: Config, path: str, compress: bool
    ) -> None:
        built(config, compress=compress)
        place = config.output_folder / path
        make.write(place, MINE)
        change(config)
        for _ in range(3):
            assert refused(config, compress=compress) == {path}
            assert place.read_bytes() == MINE
        place.unlink()
        assert refused(config, compress=compress) == set()
        assert place.read_bytes() != MINE

    @pytest.mark.parametrize("path", ["feed.rss.gz", "topics/ai/index.html.br"])
    def test_nor_one_in_a_coding(self, config: Config, path: str) -> None:
        built(config, compress=True)
        make.write(config.output_folder / path, MINE)
        change(config)
        assert refused(config, compress=True) == {path}
        assert refused(config) == {path}  # where it is to go
        assert (config.output_folder / path).read_bytes() == MINE

    def test_a_file_that_somebody_changed_is_not_deleted(self, config: Config) -> None:
        built(config)
        place = config.output_folder / "categories/video/feed.rss"
        make.write(place, MINE)
        (config.records_folder / "3.md").unlink()
        for _ in range(2):
            assert refused(config) == {"categories/video/feed.rss"}
            assert place.read_bytes() == MINE
            assert not (config.output_folder / "categories/video/feed.atom").exists()
        place.unlink()
        assert refused(config) == set()
        assert refused(config) == set()

    def test_a_file_where_one_is_to_come_is_not_overwritten(
        self, config: Config, tmp_path: Path
    ) -> None:
        built(config)
        make.write(config.output_folder / "topics/new/feed.rss", MINE)
        change(config)
        for _ in range(3):
            assert refused(config) == {"topics/new/feed.rss"}
        assert (config.output_folder / "topics/new/feed.rss").read_bytes() == MINE
        assert b"Article 4" in (config.output_folder / "topics/new/feed.atom").read_bytes()
        (config.output_folder / "topics/new/feed.rss").unlink()
        assert refused(config) == set()
        assert pages(config.output_folder) == fresh(config, tmp_path / "fresh")

    def test_a_file_with_the_bytes_that_are_to_be_written_is_taken_over(
        self, config: Config, tmp_path: Path
    ) -> None:
        built(config)
        change(config)
        wanted = fresh(config, tmp_path / "fresh")
        for path in ("topics/new/feed.rss", "feed.rss"):
            make.write(config.output_folder / path, wanted[path])
        assert refused(config) == set()
        assert pages(config.output_folder) == wanted
        (config.records_folder / "4.md").unlink()
        assert refused(config) == set()
        assert not (config.output_folder / "topics/new").exists()

    @pytest.mark.parametrize("compress", [False, True])
    def test_a_tree_that_was_copied_without_its_times_is_still_ours(
        self, config: Config, tmp_path: Path, compress: bool
    ) -> None:
        built(config, compress=compress)
        for place in config.output_folder.rglob("*"):
            os.utime(place, (1, 1))
        change(config)
        assert refused(config, compress=compress) == set()
        there = {
            path: some
            for path, some in pages(config.output_folder).items()
            if not path.endswith((".gz", ".br"))
        }
        assert there == fresh(config, tmp_path / "fresh")

    @pytest.mark.parametrize("lost", [True, False])
    def test_a_list_of_before_is_read_and_its_files_are_ours(
        self, config: Config, tmp_path: Path, lost: bool
    ) -> None:
        built(config)
        lines = [OLD_HEADING]
        for path, content in sorted(pages(config.output_folder).items()):
            listed = read_manifest(config.output_folder)[0][path]
            lines.append(f"{listed.etag} {listed.modified} {len(content)} {path}\n")
        (config.output_folder / MANIFEST).write_text("".join(lines))
        if lost:
            lose_store(config)
        change(config)
        assert refused(config) == set()
        assert pages(config.output_folder) == fresh(config, tmp_path / "fresh")

    @pytest.mark.parametrize(
        "block",
        [
            pytest.param(lambda place: place.mkdir(), id="folder"),
            pytest.param(
                lambda place: make.write(place / "notes.txt", MINE), id="folder_with_a_file"
            ),
            pytest.param(lambda place: os.mkfifo(place), id="pipe"),
        ],
    )
    def test_what_is_no_file_is_refused_by_its_name(
        self, config: Config, block: Callable[[Path], object]
    ) -> None:
        built(config)
        place = config.output_folder / "topics/ai/feed.rss"
        place.unlink()
        block(place)
        before = facts(place.parent)["feed.rss"]
        change(config)
        assert refused(config) == {"topics/ai/feed.rss"}
        assert facts(place.parent)["feed.rss"] == before

    def test_a_file_in_the_place_of_a_folder_is_refused_by_its_name(self, config: Config) -> None:
        built(config)
        shutil.rmtree(config.output_folder / "topics")
        make.write(config.output_folder / "topics", MINE)
        change(config)
        assert refused(config) == {"topics"}
        assert (config.output_folder / "topics").read_bytes() == MINE

    def test_the_command_names_what_it_refused_until_it_is_moved(
        self, config: Config, outside: Path
    ) -> None:
        folder = config.file.parent
        make.invoke("build", cwd=folder)
        shutil.rmtree(config.output_folder / "topics")
        (config.output_folder / "topics").symlink_to(outside)
        make.write(config.output_folder / "feed.rss", MINE)
        for _ in range(2):
            done = make.invoke("build", cwd=folder, check=1)
            lines = done.stderr.splitlines()
            assert [line.partition(": ")[0] for line in lines] == [
                "public/feed.rss",
                "public/topics",
            ]
            assert "symbolic link" in lines[1]
            assert "0 deleted" in done.stdout
        (config.output_folder / "topics").unlink()
        (config.output_folder / "feed.rss").unlink()
        assert make.invoke("build", cwd=folder).stderr == ""

    WAYS = ("changed", "link", "folder", "touched", "deleted", "parent_link")

    @given(
        st.dictionaries(st.integers(0, 200), st.sampled_from(WAYS), max_size=8),
        st.booleans(),
        st.booleans(),
    )
    @settings(max_examples=max(5, settings().max_examples // 20))  # an example is two builds
    def test_whatever_others_did_nothing_of_theirs_is_touched(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        done: dict[int, str],
        compress: bool,
        lost: bool,
    ) -> None:
        folder = tmp_path_factory.mktemp("any")
        config = make.site(folder / "site", dict(SITE))
        built(config, compress=compress)
        make.write(folder / "outside" / "feed.rss", MINE)
        mine: dict[Path, bytes] = {}
        paths = sorted(pages(config.output_folder))
        for number, way in done.items():
            place = config.output_folder / paths[number % len(paths)]
            if (
                place in mine
                or place.parent.is_symlink()
                or not place.is_file()
                or place.is_symlink()
            ):
                continue
            if way == "touched":
                os.utime(place, (1, 1))
            elif way == "parent_link" and place.parent != config.output_folder:
                shutil.rmtree(place.parent)
                place.parent.symlink_to(folder / "outside")
                mine = {
                    path: some for path, some in mine.items() if place.parent not in path.parents
                }
            elif way == "changed":
                make.write(place, MINE)
                mine[place] = MINE
            else:
                place.unlink()
                if way == "link":
                    place.symlink_to(folder / "outside" / "feed.rss")
                elif way == "folder":
                    make.write(place / "notes.txt", MINE)
                    mine[place / "notes.txt"] = MINE
        before = facts(folder / "outside")
        change(config)
        if lost:
            lose_store(config)
        first = refused(config, compress=compress)
        assert refused(config, compress=compress) == first
        assert facts(folder / "outside") == before
        assert all(place.read_bytes() == content for place, content in mine.items())


# Builds as `feeds build` does, and dies at the so-manieth rename.
DYING = """
import os, signal, sys

left = int(sys.argv[1])


def watch(event, arguments):
    global left
    if event == "os.rename":
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)


sys.addaudithook(watch)
from feeds.cli import main

main(["build"])
"""


class TestKilled:
    @pytest.mark.parametrize("after", [1, 2, 12])
    def test_a_build_that_died_between_two_renames_knows_its_files(
        self, config: Config, tmp_path: Path, after: int
    ) -> None:
        config.file.write_text(config.file.read_text() + "[build]\nworkers = 0\n")
        make.invoke("build", cwd=config.file.parent)
        change(config)
        for turn in range(2):  # the second time over what the first one left
            command = [sys.executable, "-c", DYING, str(after + turn)]
            died = subprocess.run(command, cwd=config.file.parent, capture_output=True)
            # what the first one put in place need not be put there again
            assert died.returncode < 0 or turn
            make.write(config.records_folder / "5.md", make.record(5, title=f"Turn {turn}"))
        assert refused(config) == set()
        assert pages(config.output_folder) == fresh(config, tmp_path / "fresh")

    def test_folders_last_before_the_list_that_tells_of_them(
        self, config: Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        built(config)
        change(config)
        steps: list[tuple[str, str]] = []
        sync, rename, remove = os.fsync, os.replace, os.unlink

        def path_of(descriptor: int) -> str:
            return os.readlink(f"/proc/self/fd/{descriptor}")

        def note_sync(descriptor: int) -> None:
            steps.append(("sync", path_of(descriptor)))
            sync(descriptor)

        def note_rename(source: str, target: str) -> None:
            steps.append(("change", str(target)))
            rename(source, target)

        def note_remove(path: str) -> None:
            steps.append(("change", str(path)))
            remove(path)

        monkeypatch.setattr(os, "fsync", note_sync)
        monkeypatch.setattr(os, "replace", note_rename)
        monkeypatch.setattr(os, "unlink", note_remove)
        built(config, make.NOW + HOUR)
        monkeypatch.undo()
        root = str(config.output_folder)
        last = steps.index(("change", f"{root}/{MANIFEST}"), len(steps) - 3)
        changed = {
            os.path.dirname(path)
            for what, path in steps[:last]
            if what == "change" and path.startswith(root)
        }
        assert f"{root}/topics/ai" in changed
        for folder in changed:
            if os.path.isdir(folder):
                changes = [at for at, (what, _) in enumerate(steps[:last]) if what == "change"]
                when = max(at for at in changes if os.path.dirname(steps[at][1]) == folder)
                assert ("sync", folder) in steps[when:last], folder
        assert ("sync", root) in steps[last:]


class TestWrongClock:
    def times(self, config: Config) -> dict[str, float]:
        listed = read_manifest(config.output_folder)[0]
        assert {path: some.modified for path, some in listed.items()} == {
            path: (config.output_folder / path).stat().st_mtime for path in listed
        }
        return {path: (config.output_folder / path).stat().st_mtime for path in listed}

    @pytest.mark.parametrize(
        ("lost", "compress"), each_once(["nothing", "store", "list"], compressed=["store"])
    )
    def test_one_build_under_it_leaves_no_time_of_the_future(
        self, config: Config, lost: str, compress: bool
    ) -> None:
        built(config, compress=compress)
        change(config)
        config.file.write_text(config.file.read_text().replace("Test feeds", "Other feeds"))
        config = load_config(config.file)
        built(config, WRONG, compress=compress)
        assert max(self.times(config).values()) == WRONG.timestamp()
        before = make.tree(config.output_folder)
        if lost == "store":
            lose_store(config)
        elif lost == "list":
            shutil.rmtree(config.output_folder)
        later = make.NOW + 2 * HOUR
        assert built(config, later, compress=compress).refused == ()
        assert max(self.times(config).values()) <= later.timestamp()
        after = make.tree(config.output_folder)
        assert {path: some for path, some in after.items() if path != MANIFEST} == {
            path: some for path, some in before.items() if path != MANIFEST
        }
        assert built(config, later + HOUR, compress=compress).written == 0
        change_again = make.record(1, title="Again")
        make.write(config.records_folder / "1.md", change_again)
        built(config, later + 2 * HOUR, compress=compress)
        assert (config.output_folder / "feed.rss").stat().st_mtime == (later + 2 * HOUR).timestamp()

    @pytest.mark.parametrize("order", ["service first", "build first"])
    def test_the_service_and_the_tree_are_brought_back_alike(
        self, config: Config, order: str
    ) -> None:
        moments = [make.NOW]
        client = make.service(config, lambda: moments[0]).test_client()
        client.get("/feed.rss")
        built(config)
        change(config)
        moments[0] = WRONG
        wrong = client.get("/feed.rss")
        while b"Article 4" not in wrong.data:  # the last of what changes
            wrong = client.get("/feed.rss")
        built(config, WRONG)
        moments[0] = make.NOW + 2 * HOUR
        if order == "build first":
            built(config, make.NOW + HOUR)
        right = client.get("/feed.rss")
        built(config, make.NOW + 3 * HOUR)
        moments[0] = make.NOW + 4 * HOUR
        right = client.get("/feed.rss")
        assert right.headers["ETag"] == wrong.headers["ETag"]
        assert right.last_modified is not None
        assert make.NOW <= right.last_modified <= moments[0]
        place = config.output_folder / "feed.rss"
        assert right.data == place.read_bytes()
        assert right.last_modified.timestamp() == place.stat().st_mtime
        again = make.service(config, lambda: moments[0]).test_client().get("/feed.rss")
        assert again.headers["Last-Modified"] == right.headers["Last-Modified"]

    def test_a_clock_that_was_a_little_fast_moves_no_date_back(self, config: Config) -> None:
        built(config)
        change(config)
        built(config, make.NOW + timedelta(minutes=30))
        built(config, make.NOW + timedelta(minutes=1))
        assert (config.output_folder / "feed.rss").stat().st_mtime == (
            make.NOW + timedelta(minutes=30)
        ).timestamp()
