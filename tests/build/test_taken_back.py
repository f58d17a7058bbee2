"""What is taken back goes although the store, or the disk of the tree, cannot be written."""

import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feeds.config import Config
from feeds.serve.app import create_app
from tests import make
from tests.build.test_static import FULL, built, small_disk
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
    "/index.xml",
)
END = make.NOW + timedelta(hours=1)
Block = Callable[[Config], AbstractContextManager[None]]


def text(n: int = 1, **changes: str) -> str:
    """A record that is taken back: the first one, or one more."""
    return make.record(n, **{**SECRET, **changes})


def change(file: Path, **changes: str) -> None:
    """Write a record that is taken back again, with other values."""
    file.write_text(text(int(file.stem), **changes))


def unpublish(file: Path) -> None:
    """Say that it is not published."""
    change(file, published="false")


def delete(file: Path) -> None:
    """Delete the file."""
    file.unlink()


def postpone(file: Path) -> None:
    """Date it in the future."""
    change(file, publishedDateTime="2999-01-01")


def expire(file: Path) -> None:
    """Say that it has expired."""
    change(file, expiryDateTime="2020-01-02", publishedDateTime="2020-01-01")


def expire_as_hugo_says(file: Path) -> None:
    """Say the same by a key of other software."""
    change(file, expiryDate="2020-01-02")


def doubt(file: Path) -> None:
    """Break it in a way that may mean that it is not published."""
    change(file, published="flase")


Ways = tuple[Callable[[Path], None], ...]
ALL: Ways = (unpublish, delete, postpone, expire, expire_as_hugo_says, doubt)
EACH: tuple[Ways, ...] = tuple((way,) for way in ALL)


def named(ways: Ways) -> str:
    """What a test of these ways is called."""
    return ways[0].__name__ if len(ways) == 1 else "all_at_once"


def files_for(config: Config, ways: Ways) -> list[Path]:
    """Write a record for each way of taking it back."""
    files = [config.records_folder / f"{10 * at + 1}.md" for at in range(len(ways))]
    for file in files:
        change(file)
    return files


def take_back(files: list[Path], ways: Ways) -> None:
    """Take each record back in its way."""
    for file, way in zip(files, ways, strict=True):
        way(file)


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
    copies = '[copies]\n"/index.xml" = "feed.rss"\n"/tags/x.xml" = "topics/only-here/feed.atom"\n'
    made = make.site(tmp_path, dict(records), copies)
    with small_disk(made.store_file.parent, "4m"):
        yield made


@dataclass(frozen=True)
class Answering:
    """The service in this process, as other servers run it."""

    client: FlaskClient

    def get(self, path: str, **headers: str) -> TestResponse:
        """One request."""
        return self.client.get(path, headers=headers)

    def until(self, path: str, holds: Callable[[TestResponse], bool]) -> None:
        """Ask again until the answer is as expected."""
        make.wait_until(lambda: holds(self.get(path)), lambda: self.get(path).text[:2000])


@contextmanager
def answering(
    config: Config, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Answering]:
    """Run the service in this process, and close it before the disk of its store goes."""
    app = create_app(config, clock=clock)
    try:
        yield Answering(app.test_client())
    finally:
        make.close(app)


Service = Serving | Answering
Serve = Callable[[Config], AbstractContextManager[Service]]


def is_gone(server: Service) -> Callable[[], bool]:
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


def is_left_out(server: Serving) -> bool:
    """Tell whether the worker that answers leaves the article out."""
    return make.CANARY not in server.get("/feed.rss").text


class TestService:
    @pytest.mark.parametrize(
        ("serve", "block", "ways"),
        [
            (serving, locked, ALL),
            (serving, full, ALL),
            *((answering, locked, ways) for ways in EACH),
            *(
                pytest.param(serving, block, ways, marks=pytest.mark.soak)
                for block in (locked, full)
                for ways in EACH
            ),
        ],
        ids=lambda value: value.__name__ if callable(value) else named(value),
    )
    def test_it_goes_from_a_service_that_cannot_write_its_store(
        self, config: Config, serve: Serve, block: Block, ways: Ways
    ) -> None:
        files = files_for(config, ways)
        with serve(config) as server:
            assert make.CANARY in server.get("/feed.rss").text
            server.get("/topics/only-here/feed.rss")
            with block(config):
                take_back(files, ways)
                make.wait_until(is_gone(server))
                assert server.get("/topics/only-here/feed.rss").status_code == 404
                assert '"articles": 2' in server.get("/healthz").text
                assert is_gone(server)()
                first = server.get("/feed.rss")
                again = server.get("/feed.rss", **{"If-None-Match": first.headers["ETag"]})
                assert again.status_code == 304
            make.write(config.records_folder / "4.md", make.record(4))
            make.wait_until(lambda: "Article 4" in server.get("/feed.rss").text)
            assert is_gone(server)()
            assert '"ok"' in server.get("/healthz").text

    @pytest.mark.parametrize(
        "block",
        [full, pytest.param(locked, marks=pytest.mark.soak)],
        ids=lambda block: block.__name__,
    )
    def test_it_expires_in_a_service_that_cannot_write_its_store(
        self, config: Config, block: Block
    ) -> None:
        with serving(config) as server:
            end = soon()
            (config.records_folder / "1.md").write_text(
                text(expiryDateTime=end.isoformat(), excerpt="It ends.")
            )
            server.until(
                "/feed.rss", lambda answer: "It ends." in answer.text or datetime.now(UTC) >= end
            )
            with block(config):
                assert not is_gone(server)() or datetime.now(UTC) >= end
                make.wait_until(lambda: datetime.now(UTC) >= end)
                make.wait_until(is_gone(server))
                assert server.get("/topics/only-here/feed.rss").status_code == 404
                assert '"articles": 2' in server.get("/healthz").text
            make.write(config.records_folder / "4.md", make.record(4))
            make.wait_until(lambda: "Article 4" in server.get("/feed.rss").text)
            assert is_gone(server)()

    def test_it_expires_in_every_worker(self, config: Config) -> None:
        with serving(config, "--workers", "2") as server:
            end = soon()
            (config.records_folder / "1.md").write_text(
                text(expiryDateTime=end.isoformat(), excerpt="It ends.")
            )
            server.until(
                "/feed.rss", lambda answer: "It ends." in answer.text or datetime.now(UTC) >= end
            )
            with locked(config):
                make.wait_until(lambda: datetime.now(UTC) >= end)
                make.wait_until(lambda: all(is_left_out(server) for _ in range(30)))

    def test_it_stays_where_its_end_was_put_off(self, config: Config) -> None:
        (config.records_folder / "1.md").write_text(text(expiryDateTime=END.isoformat()))
        (config.records_folder / "3.md").write_text(make.record(3, expiryDateTime=END.isoformat()))
        clock = Clock()
        with answering(config, clock) as server:
            shown = server.get("/feed.rss").text
            assert make.CANARY in shown and "Article 3" in shown
            with locked(config):
                (config.records_folder / "1.md").write_text(text(expiryDateTime="2999-01-01"))
                clock.now = END
                server.until("/feed.rss", lambda answer: "Article 3" not in answer.text)
                server.until("/feed.rss", lambda answer: make.CANARY in answer.text)

    def test_its_text_goes_though_another_record_takes_its_address(self, config: Config) -> None:
        with answering(config) as server, locked(config):
            assert make.CANARY in server.get("/feed.rss").text
            (config.records_folder / "9.md").write_text(
                make.record(9, webUrl="https://example.org/1")
            )
            unpublish(config.records_folder / "1.md")
            make.wait_until(is_gone(server))

    def test_nothing_points_to_what_is_left_out(self, config: Config) -> None:
        with answering(config) as server, locked(config):
            assert "Coverage of it" in server.get("/feed.rss").text
            unpublish(config.records_folder / "1.md")
            make.wait_until(is_gone(server))
            assert not [path for path in PATHS if "Coverage of it" in server.get(path).text]

    def test_it_comes_back_when_its_record_says_so(self, config: Config) -> None:
        with answering(config) as server, locked(config):
            unpublish(config.records_folder / "1.md")
            make.wait_until(is_gone(server))
            (config.records_folder / "1.md").write_text(text())
            server.until("/feed.rss", lambda answer: make.CANARY in answer.text)
            assert server.get("/topics/only-here/feed.rss").status_code == 200

    def test_it_goes_from_every_worker_and_the_log_says_how_many_are_left_out(
        self, config: Config
    ) -> None:
        with serving(config, "--workers", "3") as server, locked(config):
            unpublish(config.records_folder / "1.md")
            make.wait_until(lambda: all(is_left_out(server) for _ in range(30)))
            server.until_said(
                "the store cannot be written now; 1 withdrawn article is left out of all answers"
            )

    @BLOCKS
    def test_it_expires_in_what_other_servers_run(self, config: Config, block: Block) -> None:
        (config.records_folder / "1.md").write_text(text(expiryDateTime=END.isoformat()))
        clock = Clock()
        with answering(config, clock) as server:
            assert make.CANARY in server.get("/feed.rss").text
            with block(config):
                clock.now = END
                server.until("/feed.rss", lambda answer: make.CANARY not in answer.text)
                assert "Article 3" in server.get("/feed.rss").text
                assert server.get("/topics/only-here/").status_code == 404

    def test_a_file_that_moved_is_not_taken_back(self, config: Config) -> None:
        with answering(config) as server, locked(config):
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
    @pytest.mark.parametrize(
        "ways", [ALL, *(pytest.param(one, marks=pytest.mark.soak) for one in EACH)], ids=named
    )
    @pytest.mark.parametrize(
        ("block", "options"),
        [
            pytest.param(full, (), id="full"),
            pytest.param(read_only, ("--compress",), id="read_only-compressed"),
            pytest.param(read_only, (), id="read_only", marks=pytest.mark.soak),
            pytest.param(full, ("--compress",), id="full-compressed", marks=pytest.mark.soak),
        ],
    )
    def test_it_goes_from_the_tree_though_the_store_cannot_be_written(
        self,
        config: Config,
        block: Block,
        ways: Ways,
        options: tuple[str, ...],
    ) -> None:
        files = files_for(config, ways)
        make.invoke("build", *options, cwd=config.file.parent)
        take_back(files, ways)
        make.write(
            config.records_folder / "2.md",
            make.record(2, title="Changed", body="A long text. " * 60_000),
        )
        with block(config):
            done = make.invoke("build", *options, cwd=config.file.parent, check=2)
            assert re.match(r"feeds: \S+store\.sqlite: ", done.stderr), done.stderr
            assert leaks(config) == []
            kept = (config.output_folder / "feed.rss").read_text()
            assert "Article 2" in kept and "Article 3" in kept
        make.invoke("build", *options, cwd=config.file.parent, check=None)
        assert leaks(config) == []
        fresh = make.site(config.file.parent / "fresh", dict(make.tree(config.records_folder)))
        make.invoke("build", *options, cwd=fresh.file.parent, check=None)
        ours, theirs = (make.tree(one.output_folder) for one in (config, fresh))
        assert {
            path for path in ours if path.startswith("topics") and ours[path] != theirs.get(path)
        } == set()

    def test_it_goes_from_the_tree_before_another_program_lets_the_store_go(
        self, config: Config
    ) -> None:
        make.invoke("build", cwd=config.file.parent)
        unpublish(config.records_folder / "1.md")
        make.write(config.records_folder / "4.md", make.record(4))
        with locked(config):
            command = [sys.executable, "-m", "feeds", "build"]
            build = subprocess.Popen(
                command, cwd=config.file.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            try:
                make.wait_until(lambda: not leaks(config))
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
        (config.records_folder / "1.md").write_text(text(expiryDateTime=END.isoformat()))
        built(config)
        assert leaks(config)
        with block(config):
            make.invoke("build", cwd=config.file.parent, check=2)
            assert leaks(config) == []
            assert "Article 3" in (config.output_folder / "feed.rss").read_text()
        make.invoke("build", cwd=config.file.parent)
        assert leaks(config) == []

    @pytest.mark.parametrize(
        "changes", [False, True], ids=["as time passes", "as the record says now"]
    )
    def test_it_expires_in_the_tree_before_another_program_lets_the_store_go(
        self, config: Config, changes: bool
    ) -> None:
        (config.records_folder / "1.md").write_text(
            text(expiryDateTime="2999-01-01" if changes else END.isoformat())
        )
        built(config)
        assert leaks(config)
        if changes:
            expire(config.records_folder / "1.md")
        with locked(config):
            command = [sys.executable, "-m", "feeds", "build"]
            build = subprocess.Popen(
                command, cwd=config.file.parent, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
            try:
                make.wait_until(lambda: not leaks(config))
                assert build.poll() is None
            except BaseException:
                build.kill()
                raise
        said = build.communicate(timeout=make.LONGEST)
        assert build.returncode == 0, said
        assert leaks(config) == []

    @pytest.mark.parametrize(
        "ways", [ALL, *(pytest.param(one, marks=pytest.mark.soak) for one in EACH)], ids=named
    )
    @pytest.mark.parametrize("room", [0, 20_000])
    def test_it_goes_from_a_tree_on_a_full_disk(
        self, tmp_path: Path, ways: Ways, room: int
    ) -> None:
        records = {
            "1.md": text(),
            "2.md": make.record(2, related=RELATED),
            "3.md": make.record(3, topics="[Robots]"),
        }
        config = make.site(tmp_path, dict(records))
        files = files_for(config, ways)
        with small_disk(config.output_folder):
            make.invoke("build", cwd=tmp_path)
            before = make.tree(config.output_folder)
            take_back(files, ways)
            for n in range(104, 200):
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
                done = make.invoke("build", cwd=tmp_path, check=2)
                assert re.search(rf"expected to write the tree, got: {FULL}\n", done.stderr), (
                    done.stderr
                )
                assert leaks(config) == []
            after = make.tree(config.output_folder)
            assert after["topics/robots/feed.rss"] == before["topics/robots/feed.rss"]
            (config.output_folder / "filler").unlink()
            for n in range(104, 200):
                (config.records_folder / f"{n}.md").unlink()
            make.invoke("build", "--allow-removal", cwd=tmp_path, check=None)
            assert leaks(config) == []
            assert "Article 2" in (config.output_folder / "feed.rss").read_text()

    def test_a_full_disk_without_anything_taken_back_leaves_the_tree_as_it_was(
        self, tmp_path: Path
    ) -> None:
        config = make.site(tmp_path, {"1.md": make.record(1), "2.md": make.record(2)})
        with small_disk(config.output_folder):
            make.invoke("build", cwd=tmp_path)
            before = make.tree(config.output_folder)
            make.write(config.records_folder / "1.md", make.record(1, title="Edited"))
            for n in range(4, 100):
                make.write(
                    config.records_folder / f"{n}.md", make.record(n, excerpt="long " * 2000)
                )
            for _ in range(2):
                make.invoke("build", cwd=tmp_path, check=2)
                assert make.tree(config.output_folder) == before
