"""What is taken back goes although the store, or the disk of the tree, cannot be written."""

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeds.config import Config
from feeds.serve.app import create_app
from tests import make
from tests.build.test_static import FULL, small_disk
from tests.serve.test_app import Clock
from tests.serve.test_server import Serving, serving

RELATED = json.dumps([{"title": "Coverage of it", "webUrl": "https://example.org/1"}])
SECRET = {"title": f"{make.CANARY} title", "excerpt": make.CANARY, "topics": "[AI, Only here]"}
PATHS = (
    "/feed.rss",
    "/feed.atom",
    "/feed.json",
    "/topics/ai/feed.rss",
    "/topics/ai/",
    "/",
    "/feeds.opml",
    "/all/",
)
Block = Callable[[Config], AbstractContextManager[None]]


def text(**changes: str) -> str:
    """The record that is taken back."""
    return make.record(1, **{**SECRET, **changes})


def unpublish(file: Path) -> None:
    """Say that it is not published."""
    file.write_text(text(published="false"))


def delete(file: Path) -> None:
    """Delete the file."""
    file.unlink()


def postpone(file: Path) -> None:
    """Date it in the future."""
    file.write_text(text(publishedDateTime="2999-01-01"))


def expire(file: Path) -> None:
    """Say that it has expired."""
    file.write_text(text(expiryDateTime="2020-01-02", publishedDateTime="2020-01-01"))


def expire_as_hugo_says(file: Path) -> None:
    """Say the same by a key of other software."""
    file.write_text(text(expiryDate="2020-01-02"))


def doubt(file: Path) -> None:
    """Break it in a way that may mean that it is not published."""
    file.write_text(text(published="flase"))


WAYS = pytest.mark.parametrize(
    "take_back",
    [unpublish, delete, postpone, expire, expire_as_hugo_says, doubt],
    ids=lambda way: way.__name__,
)


@contextmanager
def locked(config: Config) -> Iterator[None]:
    """Another program writes the store all the time."""
    other = sqlite3.connect(config.store_file, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")
    finally:
        other.close()


@contextmanager
def full(config: Config) -> Iterator[None]:
    """There is no room left on the disk of the store, which is a small one."""
    filler = config.store_file.parent / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass
    yield
    filler.unlink()


@contextmanager
def read_only(config: Config) -> Iterator[None]:
    """The disk of the store, which is one of its own, can only be read."""
    command = [make.program("mount"), "-o", "remount,ro", str(config.store_file.parent)]
    subprocess.run(command, check=True)
    yield
    subprocess.run([*command[:2], "remount,rw", command[3]], check=True)


# A disk on which a service has a file open for writing cannot be made read-only.
BLOCKS = pytest.mark.parametrize("block", [locked, full], ids=lambda block: block.__name__)


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    """A site, with its store on a small disk of its own, of which one article will be taken
    back."""
    records = {
        "1.md": text(),
        "2.md": make.record(2, related=RELATED),
        "3.md": make.record(3, topics="[AI, Robots]"),
    }
    made = make.site(tmp_path, dict(records))
    with small_disk(made.store_file.parent, "4m"):
        yield made


def is_gone(server: Serving) -> Callable[[], bool]:
    """Tell whether nothing that is served has the article any more; every answer must be a good
    one."""

    def gone() -> bool:
        answers = {path: server.get(path) for path in PATHS}
        assert {answer.status_code for answer in answers.values()} == {200}
        assert all("Article 3" in answers[path].text for path in PATHS[:5])
        return not any(
            make.CANARY in answer.text or "Only here" in answer.text for answer in answers.values()
        )

    return gone


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + make.LONGEST
    while not holds():
        assert time.monotonic() < deadline


class TestService:
    @WAYS
    @BLOCKS
    def test_it_goes_from_a_service_that_cannot_write_its_store(
        self, config: Config, block: Block, take_back: Callable[[Path], None]
    ) -> None:
        with serving(config) as server:
            assert make.CANARY in server.get("/feed.rss").text
            server.get("/topics/only-here/feed.rss")
            with block(config):
                take_back(config.records_folder / "1.md")
                wait_until(is_gone(server))
                assert server.get("/topics/only-here/feed.rss").status_code == 404
                assert '"articles": 2' in server.get("/healthz").text
                assert is_gone(server)()
                first = server.get("/feed.rss")
                again = server.get("/feed.rss", **{"If-None-Match": first.headers["ETag"]})
                assert again.status_code == 304
            make.write(config.records_folder / "4.md", make.record(4))
            wait_until(lambda: "Article 4" in server.get("/feed.rss").text)
            assert is_gone(server)()
            assert '"ok"' in server.get("/healthz").text

    @BLOCKS
    def test_it_expires_in_a_service_that_cannot_write_its_store(
        self, config: Config, block: Block
    ) -> None:
        with serving(config) as server:
            end = soon()
            (config.records_folder / "1.md").write_text(
                text(expiryDateTime=end.isoformat(), excerpt="It ends.")
            )
            server.until("/feed.rss", lambda answer: "It ends." in answer.text)
            with block(config):
                wait_until(is_gone(server))
                assert datetime.now(UTC) >= end
                assert server.get("/topics/only-here/feed.rss").status_code == 404
                assert '"articles": 2' in server.get("/healthz").text
            make.write(config.records_folder / "4.md", make.record(4))
            wait_until(lambda: "Article 4" in server.get("/feed.rss").text)
            assert is_gone(server)()

    def test_it_expires_in_every_worker(self, config: Config) -> None:
        with serving(config, "--workers", "3") as server:
            end = soon()
            (config.records_folder / "1.md").write_text(
                text(expiryDateTime=end.isoformat(), excerpt="It ends.")
            )
            server.until("/feed.rss", lambda answer: "It ends." in answer.text)
            with locked(config):
                streak, deadline = 0, time.monotonic() + make.LONGEST
                while streak < 30:
                    streak = 0 if make.CANARY in server.get("/feed.rss").text else streak + 1
                    assert time.monotonic() < deadline

    def test_it_stays_where_its_end_was_put_off(self, config: Config) -> None:
        with serving(config) as server:
            end = soon()
            (config.records_folder / "1.md").write_text(
                text(expiryDateTime=end.isoformat(), excerpt="It ends.")
            )
            (config.records_folder / "3.md").write_text(
                make.record(3, expiryDateTime=end.isoformat(), excerpt="Ends.")
            )
            server.until(
                "/feed.rss", lambda answer: "It ends." in answer.text and "Ends." in answer.text
            )
            with locked(config):
                (config.records_folder / "1.md").write_text(text(expiryDateTime="2999-01-01"))
                server.until("/feed.rss", lambda answer: "Article 3" not in answer.text)
                server.until("/feed.rss", lambda answer: make.CANARY in answer.text)

    def test_its_text_goes_though_another_record_takes_its_address(self, config: Config) -> None:
        with serving(config) as server, locked(config):
            assert make.CANARY in server.get("/feed.rss").text
            (config.records_folder / "9.md").write_text(
                make.record(9, webUrl="https://example.org/1")
            )
            unpublish(config.records_folder / "1.md")
            wait_until(is_gone(server))

    def test_the_log_says_how_many_are_left_out(self, config: Config) -> None:
        with serving(config) as server, locked(config):
            unpublish(config.records_folder / "1.md")
            wait_until(is_gone(server))
            server.until_said(
                "the store cannot be written now; 1 withdrawn article is left out of all answers"
            )

    def test_nothing_points_to_what_is_left_out(self, config: Config) -> None:
        with serving(config) as server, locked(config):
            assert "Coverage of it" in server.get("/feed.rss").text
            unpublish(config.records_folder / "1.md")
            wait_until(is_gone(server))
            assert not [path for path in PATHS if "Coverage of it" in server.get(path).text]

    def test_it_comes_back_when_its_record_says_so(self, config: Config) -> None:
        with serving(config) as server, locked(config):
            unpublish(config.records_folder / "1.md")
            wait_until(is_gone(server))
            (config.records_folder / "1.md").write_text(text())
            server.until("/feed.rss", lambda answer: make.CANARY in answer.text)
            assert server.get("/topics/only-here/feed.rss").status_code == 200

    def test_it_goes_from_every_worker(self, config: Config) -> None:
        with serving(config, "--workers", "3") as server, locked(config):
            unpublish(config.records_folder / "1.md")
            streak = 0
            deadline = time.monotonic() + make.LONGEST
            while streak < 30:
                streak = 0 if make.CANARY in server.get("/feed.rss").text else streak + 1
                assert time.monotonic() < deadline

    def test_what_other_servers_run_leaves_it_out_too(self, config: Config) -> None:
        app = create_app(config)
        client = app.test_client()
        assert make.CANARY in client.get("/feed.rss").get_data(as_text=True)
        with locked(config):
            unpublish(config.records_folder / "1.md")
            wait_until(lambda: make.CANARY not in client.get("/feed.rss").get_data(as_text=True))
            assert client.get("/topics/only-here/").status_code == 404
        app.extensions["feeds"].close()

    @BLOCKS
    def test_it_expires_in_what_other_servers_run(self, config: Config, block: Block) -> None:
        end = make.NOW + timedelta(hours=1)
        (config.records_folder / "1.md").write_text(text(expiryDateTime=end.isoformat()))
        clock = Clock()
        app = create_app(config, clock=clock)
        client = app.test_client()
        assert make.CANARY in client.get("/feed.rss").get_data(as_text=True)
        with block(config):
            clock.now = end
            wait_until(lambda: make.CANARY not in client.get("/feed.rss").get_data(as_text=True))
            assert "Article 3" in client.get("/feed.rss").get_data(as_text=True)
            assert client.get("/topics/only-here/").status_code == 404
        app.extensions["feeds"].close()

    def test_a_file_that_moved_is_not_taken_back(self, config: Config) -> None:
        with serving(config) as server, locked(config):
            (config.records_folder / "1.md").rename(config.records_folder / "moved.md")
            unpublish(config.records_folder / "3.md")  # what is looked at after it
            server.until("/feed.rss", lambda answer: "Article 3" not in answer.text)
            assert make.CANARY in server.get("/feed.rss").text


def soon() -> datetime:
    """Return a moment that comes soon, but not before a service has read a record that names it."""
    return datetime.now(UTC) + timedelta(seconds=4)


def leaks(config: Config) -> list[str]:
    """Return the files of the tree that still have the article, perhaps while a build deletes
    some."""
    try:
        tree = make.tree(config.output_folder)
    except FileNotFoundError:
        return leaks(config)
    return [
        path
        for path, content in tree.items()
        if make.CANARY.encode() in content or b"only-here" in content
    ]


class TestBuild:
    @WAYS
    @pytest.mark.parametrize(
        ("block", "options"),
        [(full, ()), (read_only, ()), (full, ("--compress",)), (read_only, ("--compress",))],
        ids=["full", "read_only", "full-compressed", "read_only-compressed"],
    )
    def test_it_goes_from_the_tree_though_the_store_cannot_be_written(
        self,
        config: Config,
        block: Block,
        take_back: Callable[[Path], None],
        options: tuple[str, ...],
    ) -> None:
        make.run("build", *options, cwd=config.file.parent)
        take_back(config.records_folder / "1.md")
        make.write(
            config.records_folder / "2.md",
            make.record(2, title="Changed", body="A long text. " * 60_000),
        )
        with block(config):
            done = make.run("build", *options, cwd=config.file.parent, check=2)
            assert re.match(r"feeds: \S+store\.sqlite: ", done.stderr), done.stderr
            assert leaks(config) == []
            kept = (config.output_folder / "feed.rss").read_text()
            assert "Article 2" in kept and "Article 3" in kept
        make.run("build", *options, cwd=config.file.parent, check=None)
        assert leaks(config) == []
        fresh = make.site(config.file.parent / "fresh", dict(make.tree(config.records_folder)))
        make.run("build", *options, cwd=fresh.file.parent, check=None)
        ours, theirs = (make.tree(one.output_folder) for one in (config, fresh))
        assert {
            path for path in ours if path.startswith("topics") and ours[path] != theirs.get(path)
        } == set()

    def test_it_goes_from_the_tree_before_another_program_lets_the_store_go(
        self, config: Config
    ) -> None:
        make.run("build", cwd=config.file.parent)
        unpublish(config.records_folder / "1.md")
        make.write(config.records_folder / "4.md", make.record(4))
        with locked(config):
            command = [sys.executable, "-m", "feeds", "build"]
            build = subprocess.Popen(
                command, cwd=config.file.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            try:
                wait_until(lambda: not leaks(config))
                assert build.poll() is None
            except BaseException:
                build.kill()
                raise
        said = build.communicate(timeout=make.LONGEST)
        assert build.returncode == 0, said
        assert "Article 4" in (config.output_folder / "feed.rss").read_text()
        assert leaks(config) == []

    @pytest.mark.parametrize("block", [full, read_only], ids=lambda block: block.__name__)
    def test_it_goes_from_the_tree_once_it_expired_though_no_file_changed(
        self, config: Config, block: Block
    ) -> None:
        end = soon()
        (config.records_folder / "1.md").write_text(text(expiryDateTime=end.isoformat()))
        make.run("build", cwd=config.file.parent)
        assert leaks(config)
        with block(config):
            wait_until(lambda: datetime.now(UTC) >= end)
            make.run("build", cwd=config.file.parent, check=2)
            assert leaks(config) == []
            assert "Article 3" in (config.output_folder / "feed.rss").read_text()
        make.run("build", cwd=config.file.parent)
        assert leaks(config) == []

    @pytest.mark.parametrize(
        "changes", [False, True], ids=["as time passes", "as the record says now"]
    )
    def test_it_expires_in_the_tree_before_another_program_lets_the_store_go(
        self, config: Config, changes: bool
    ) -> None:
        end = soon()
        (config.records_folder / "1.md").write_text(
            text(expiryDateTime="2999-01-01" if changes else end.isoformat())
        )
        make.run("build", cwd=config.file.parent)
        assert leaks(config)
        if changes:
            expire(config.records_folder / "1.md")
        with locked(config):
            wait_until(lambda: changes or datetime.now(UTC) >= end)
            command = [sys.executable, "-m", "feeds", "build"]
            build = subprocess.Popen(
                command, cwd=config.file.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            try:
                wait_until(lambda: not leaks(config))
                assert build.poll() is None
            except BaseException:
                build.kill()
                raise
        said = build.communicate(timeout=make.LONGEST)
        assert build.returncode == 0, said
        assert leaks(config) == []

    @WAYS
    @pytest.mark.parametrize("room", [0, 20_000])
    def test_it_goes_from_a_tree_on_a_full_disk(
        self, tmp_path: Path, take_back: Callable[[Path], None], room: int
    ) -> None:
        records = {
            "1.md": text(),
            "2.md": make.record(2, related=RELATED),
            "3.md": make.record(3, topics="[Robots]"),
        }
        config = make.site(tmp_path, dict(records))
        with small_disk(config.output_folder):
            make.run("build", cwd=tmp_path)
            before = make.tree(config.output_folder)
            take_back(config.records_folder / "1.md")
            for n in range(4, 100):
                make.write(
                    config.records_folder / f"{n}.md",
                    make.record(n, topics="[More]", excerpt="long " * 2000),
                )
            with (config.output_folder / "filler").open("wb", buffering=0) as filler:
                with suppress(OSError):
                    while True:
                        filler.write(bytes(4096))
                filler.truncate(max(filler.tell() - room, 0))
            for _ in range(2):
                done = make.run("build", cwd=tmp_path, check=2)
                assert re.search(rf"expected to write the tree, got: {FULL}\n", done.stderr), (
                    done.stderr
                )
                assert leaks(config) == []
            after = make.tree(config.output_folder)
            assert after["topics/robots/feed.rss"] == before["topics/robots/feed.rss"]
            (config.output_folder / "filler").unlink()
            for n in range(4, 100):
                (config.records_folder / f"{n}.md").unlink()
            make.run("build", "--allow-removal", cwd=tmp_path, check=None)
            assert leaks(config) == []
            assert "Article 2" in (config.output_folder / "feed.rss").read_text()

    def test_a_full_disk_without_anything_taken_back_leaves_the_tree_as_it_was(
        self, tmp_path: Path
    ) -> None:
        config = make.site(tmp_path, {"1.md": make.record(1), "2.md": make.record(2)})
        with small_disk(config.output_folder):
            make.run("build", cwd=tmp_path)
            before = make.tree(config.output_folder)
            make.write(config.records_folder / "1.md", make.record(1, title="Edited"))
            for n in range(4, 100):
                make.write(
                    config.records_folder / f"{n}.md", make.record(n, excerpt="long " * 2000)
                )
            for _ in range(2):
                make.run("build", cwd=tmp_path, check=2)
                assert make.tree(config.output_folder) == before
