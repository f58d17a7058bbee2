"""The store in a real file: opening and rebuilding it, put, touch, remove, and what goes with a
record."""

import errno
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from feeds import selection, store
from feeds.errors import StoreError
from feeds.model import Article
from feeds.records import Cost, Fault, Reading
from feeds.sources.folder import ScannedFile
from feeds.store import Known, Published, Store
from feeds.store import tables as schema
from feeds.store.rows import Filed
from tests import make


@contextmanager
def opened(file: Path, fingerprint: str = "one") -> Iterator[Store]:
    """A store that is closed again."""
    source = Store(file, fingerprint)
    try:
        yield source
    finally:
        source.close()


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with opened(tmp_path / ".feeds" / "store.sqlite") as made:
        yield made


class TestClosing:
    """Whoever opens a store closes it, and no file of it stays open then."""

    def test_a_store_is_closed_at_the_end_of_a_with_statement(self, tmp_path: Path) -> None:
        with Store(tmp_path / "store.sqlite", "one") as source:
            put(source, make.article())
            source.changes()
            assert make.open_below(tmp_path)
        assert make.open_below(tmp_path) == []

    def test_a_transaction_that_runs_while_it_is_closed_ends_well(self, tmp_path: Path) -> None:
        source = Store(tmp_path / "store.sqlite", "one")
        put(source, make.article())
        with source.reading() as connection:
            source.close()
            assert articles(connection) == [make.article()]
        assert make.open_below(tmp_path) == []

    def test_whoever_still_uses_a_closed_store_leaves_nothing_open(self, tmp_path: Path) -> None:
        source = Store(tmp_path / "store.sqlite", "one")
        source.close()
        put(source, make.article())
        assert source.changes() is None
        assert make.open_below(tmp_path) == []

    def test_a_file_that_is_rebuilt_while_another_thread_opens_it_is_not_kept(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file, connect = tmp_path / "store.sqlite", sqlite3.connect

        def rebuilt_meanwhile(*arguments: Any, **options: Any) -> sqlite3.Connection:
            connection: sqlite3.Connection = connect(*arguments, **options)
            monkeypatch.undo()
            with file.open("ab") as stranger:
                stranger.write(b"x")
            kept.keep()
            return connection

        with Store(file, "one") as kept:
            put(kept, make.article())
            kept.keep()
            before = file.stat().st_ino
            with kept.reading():  # all connections that there are: a new one is opened
                monkeypatch.setattr(sqlite3.dbapi2, "connect", rebuilt_meanwhile)
                with kept.reading() as connection:
                    assert not store.is_filled(connection)
            assert file.stat().st_ino != before
            for _ in range(3):
                with kept.reading() as connection:
                    assert not store.is_filled(connection)

    def test_a_store_that_could_not_be_rebuilt_is_rebuilt_the_next_time(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "store.sqlite"
        with Store(file, "one") as source:
            put(source, make.article())
            source.keep()
            with file.open("ab") as stranger:
                stranger.write(b"x")

            def no_tables(*_: Any, **__: Any) -> None:
                raise sqlite3.OperationalError("disk I/O error")

            monkeypatch.setattr(schema.metadata, "create_all", no_tables)
            with pytest.raises(StoreError):
                source.keep()
            monkeypatch.undo()
            with source.reading() as connection:
                assert not store.is_filled(connection)

    def test_many_threads_leave_nothing_open(self, tmp_path: Path) -> None:
        source = Store(tmp_path / "store.sqlite", "one")
        put(source, make.article())
        begun = Barrier(9)

        def read(_: int) -> None:
            begun.wait()
            for _ in range(20):
                with source.reading() as connection:
                    assert articles(connection) == [make.article()]

        with ThreadPoolExecutor(8) as pool:
            done = pool.map(read, range(8))
            begun.wait()
            source.close()
            list(done)
        assert make.open_below(tmp_path) == []

    def test_a_store_that_cannot_be_opened_leaves_nothing_open(self, tmp_path: Path) -> None:
        file = tmp_path / "store.sqlite"
        file.write_text("another program's")
        with pytest.raises(StoreError):
            Store(file, "one")
        assert make.open_below(tmp_path) == []


def file_of(source: Store) -> Path:
    """Where a store lies."""
    with source.reading() as connection:
        return Path(make.driver(connection).execute("PRAGMA database_list").fetchone()[2])


def reading(article: Article, *faults: Fault) -> Filed:
    """What reading the file of an article came to."""
    return make.filed(
        ScannedFile(article.path, 10, 20), Reading(article.path, article.digest, article, faults)
    )


def put(source: Store, *articles: Article) -> None:
    """Keep the articles in one transaction."""
    with source.writing() as connection:
        store.put(connection, [reading(article) for article in articles])
        selection.refresh_visibility(connection, (), make.NOW)


def counts(connection: Connection) -> dict[str, int]:
    """How many rows there are in each table of what was read."""
    tables = (schema.files, schema.records, schema.memberships)
    return {
        table.name: connection.scalar(select(func.count()).select_from(table)) or 0
        for table in tables
    }


def articles(connection: Connection) -> list[Article]:
    """Every article, by path."""
    numbers = list(
        connection.scalars(select(schema.records.c.number).order_by(schema.records.c.path))
    )
    found = store.articles(connection, numbers)
    return [found[number] for number in numbers]


def mode_of(file: Path) -> str:
    """How the file is written: with a log beside it, or in place."""
    with closing(sqlite3.connect(file)) as connection:
        mode: str = connection.execute("PRAGMA journal_mode").fetchone()[0]
    return mode


def without_log(file: Path) -> None:
    """Have a file written in place."""
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def number_of(connection: Connection, path: str) -> int:
    """The number of the record at a path."""
    number: int = connection.scalars(
        select(schema.records.c.number).where(schema.records.c.path == path)
    ).one()
    return number


class TestOpening:
    def test_a_store_opened_again_has_what_it_had(self, tmp_path: Path) -> None:
        with opened(tmp_path / "deep" / "er" / "store.sqlite") as source:
            put(source, make.article())
        with (
            opened(tmp_path / "deep" / "er" / "store.sqlite") as source,
            source.reading() as connection,
        ):
            assert articles(connection) == [make.article()]

    def test_who_reads_does_not_wait_for_who_writes(self, source: Store) -> None:
        put(source, make.article())
        with source.reading() as before, source.writing() as connection:
            store.remove(connection, ["0001.md"])
            assert articles(before) == [make.article()]

    def test_a_store_that_others_use_without_a_log_has_one_the_next_time(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / "store.sqlite"
        with opened(file) as source:
            put(source, make.article())
        without_log(file)
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT * FROM records").fetchall()
            with opened(file) as source, source.reading() as connection:
                assert articles(connection) == [make.article()]
            assert mode_of(file) == "delete"
        with opened(file):
            assert mode_of(file) == "wal"

    def test_who_reads_waits_though_who_had_the_connection_before_did_not(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / "store.sqlite"
        with opened(file) as source:
            put(source, make.article())
        without_log(file)
        with closing(sqlite3.connect(file, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM records").fetchall()
            source = Store(file, "one")
            assert mode_of(file) == "delete"
        with closing(source):
            with source.writing(wait=0):
                pass
            other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
            other.execute("BEGIN EXCLUSIVE")
            ends = threading.Timer(0.1, other.close)
            ends.start()
            with source.reading() as connection:
                assert articles(connection) == [make.article()]
            ends.join()

    def test_another_fingerprint_keeps_what_was_visible_until_it_is_read_again(
        self, tmp_path: Path
    ) -> None:
        file = tmp_path / ".feeds" / "store.sqlite"
        with opened(file) as source:
            put(source, make.article())
            with source.writing() as connection:
                store.note_published(connection, {"feed.rss": Published("recipe", "tag", 1234)})
        with opened(file, "two") as source, source.reading() as connection:
            assert articles(connection) == [make.article()]
            assert counts(connection) == {"files": 1, "records": 1, "memberships": 0}
            assert store.known_files(connection) == {
                "0001.md": Known(-1, -1, store.OLDER + make.article().digest)
            }
            assert store.published(connection) == {"feed.rss": Published("", "tag", 1234)}

    def test_a_generation_does_not_come_back_when_it_is_rebuilt(self, tmp_path: Path) -> None:
        seen = set()
        for fingerprint in ("one", "two", "three"):
            # A service that runs on tells by this number alone that records changed.
            with (
                opened(tmp_path / ".feeds" / "store.sqlite", fingerprint) as source,
                source.writing() as connection,
            ):
                store.advance(connection)
                seen.add(store.generation(connection))
        assert len(seen) == 3

    @pytest.mark.parametrize(
        "damage",
        [
            pytest.param(lambda content: b"This is no database.\n" * 500, id="text"),
            pytest.param(lambda content: b"", id="nothing"),
            pytest.param(lambda content: content[:50], id="truncated in the header"),
            pytest.param(lambda content: content[:5000], id="truncated in a page"),
            pytest.param(
                lambda content: content[: len(content) // 8192 * 4096], id="truncated between pages"
            ),
            pytest.param(lambda content: b"\0" * len(content), id="zeros"),
            pytest.param(
                lambda content: content[:100] + b"\xff" * (len(content) - 100), id="pages of ones"
            ),
        ],
    )
    def test_a_damaged_file_is_rebuilt(
        self, tmp_path: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        file = tmp_path / ".feeds" / "store.sqlite"
        with opened(file) as source:
            put(source, *(make.article(n, body="long " * 200) for n in range(60)))
        file.write_bytes(damage(file.read_bytes()))
        with opened(file) as source:
            with source.reading() as connection:
                assert articles(connection) == []
            put(source, make.article())
            with source.reading() as connection:
                assert articles(connection) == [make.article()]

    def test_leftovers_of_another_database_do_not_matter(self, tmp_path: Path) -> None:
        file = tmp_path / ".feeds" / "store.sqlite"
        file.parent.mkdir()
        file.write_bytes(b"no database at all" * 100)
        for suffix in ("-wal", "-shm", "-journal"):
            Path(f"{file}{suffix}").write_bytes(b"of something else" * 100)
        with opened(file) as source, source.reading() as connection:
            assert articles(connection) == []

    def test_documents_of_another_shape_are_rebuilt(self, tmp_path: Path) -> None:
        file = tmp_path / ".feeds" / "store.sqlite"
        file.parent.mkdir()
        with sqlite3.connect(file) as older:
            older.execute("CREATE TABLE documents (path TEXT PRIMARY KEY, checksum TEXT)")
            older.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT)")
            older.execute("INSERT INTO facts VALUES ('fingerprint', 'of an older release')")
        older.close()
        with opened(file) as source, source.reading() as connection:
            assert store.published(connection) == {}

    def test_facts_of_another_shape_are_rebuilt(self, tmp_path: Path) -> None:
        file = tmp_path / ".feeds" / "store.sqlite"
        file.parent.mkdir()
        with sqlite3.connect(file) as older:
            older.execute("CREATE TABLE facts (fingerprint TEXT)")
        older.close()
        with opened(file) as source, source.reading() as connection:
            assert articles(connection) == []

    def test_a_file_of_another_hand_is_left_alone(self, tmp_path: Path) -> None:
        notes, other = tmp_path / "notes.txt", tmp_path / "app.db"
        notes.write_text("mine")
        with sqlite3.connect(other) as theirs:
            theirs.execute("CREATE TABLE documents (mine TEXT)")
        theirs.close()
        before = other.read_bytes()
        for file in (notes, other):
            with pytest.raises(StoreError, match="expected a store of feeds, got: another file"):
                Store(file, "one")
        assert (notes.read_text(), other.read_bytes()) == ("mine", before)

    def test_a_store_anywhere_is_known_as_ours(self, tmp_path: Path) -> None:
        for fingerprint in ("one", "two"):
            with (
                opened(tmp_path / "elsewhere.db", fingerprint) as source,
                source.reading() as connection,
            ):
                assert articles(connection) == []

    def test_a_process_of_another_version_may_not_write(self, tmp_path: Path) -> None:
        file = tmp_path / ".feeds" / "store.sqlite"
        with opened(file, "old") as old, opened(file, "new") as new:
            with pytest.raises(StoreError, match="that of other ones"):
                put(old, make.article())
            put(new, make.article())

    @pytest.mark.parametrize(
        "name", ["a b", "what?", "50%", "C#", "%20", "a?mode=ro", "Łódź", "a:b@c"]
    )
    def test_a_folder_may_have_any_name(self, tmp_path: Path, name: str) -> None:
        file = tmp_path / name / "store.sqlite"
        with opened(file) as source:
            put(source, make.article())
        assert file.is_file()
        assert [item.name for item in tmp_path.iterdir()] == [name]

    @pytest.mark.parametrize("content", [b"", b"no database" * 1000], ids=["new", "damaged"])
    def test_many_may_open_it_at_once(self, tmp_path: Path, content: bytes) -> None:
        for turn in range(8):
            file = tmp_path / ".feeds" / f"{turn}.sqlite"
            make.write(file, content)
            barrier = Barrier(6)

            def fill(n: int, file: Path = file, barrier: Barrier = barrier) -> None:
                barrier.wait()
                with opened(file) as source:
                    put(source, make.article(n))

            with ThreadPoolExecutor(6) as threads:
                list(threads.map(fill, range(6)))
            with opened(file) as source, source.reading() as connection:
                assert articles(connection) == [make.article(n) for n in range(6)], f"turn {turn}"


class TestFailing:
    def test_a_folder_in_its_place_is_named(self, tmp_path: Path) -> None:
        file = tmp_path / ".feeds" / "store.sqlite"
        file.mkdir(parents=True)
        (file / "mine.txt").touch()
        with pytest.raises(StoreError) as raised:
            Store(file, "one")
        assert raised.value.subject == str(file)
        assert (file / "mine.txt").exists()

    def test_a_file_where_its_folder_should_be_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(StoreError) as raised:
            Store(tmp_path / "file" / "deeper" / "store.sqlite", "one")
        assert raised.value.subject == str(tmp_path / "file" / "deeper" / "store.sqlite")

    def test_a_folder_that_nothing_can_be_written_to_is_named(self) -> None:
        if not Path("/proc/self").exists():
            pytest.skip("no folder here in which not even root can write")
        with pytest.raises(StoreError) as raised:
            Store(Path("/proc/store.sqlite"), "one")
        assert raised.value.subject == "/proc/store.sqlite"

    def test_damage_found_later_is_an_error_that_names_the_file(self, tmp_path: Path) -> None:
        file = tmp_path / ".feeds" / "store.sqlite"
        with opened(file) as source:
            put(source, *(make.article(n, body="long " * 200) for n in range(60)))
        content = bytearray(file.read_bytes())
        with sqlite3.connect(file) as raw:
            (root,) = raw.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'records'"
            ).fetchone()
            (size,) = raw.execute("PRAGMA page_size").fetchone()
        raw.close()
        content[(root - 1) * size : root * size] = b"\xff" * size
        file.write_bytes(content)
        with (
            opened(file) as source,
            pytest.raises(StoreError, match=r"store\.sqlite: "),
            source.reading() as connection,
        ):
            articles(connection)

    def test_a_transaction_that_fails_changes_nothing(self, source: Store) -> None:
        put(source, make.article(1))
        with pytest.raises(RuntimeError), source.writing() as connection:
            store.put(connection, [reading(make.article(2))])
            store.remove(connection, ["0001.md"])
            raise RuntimeError
        with source.reading() as connection:
            assert articles(connection) == [make.article(1)]

    def test_a_file_that_cannot_be_seen_for_a_moment_is_not_gone(
        self, source: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(source, make.article(1))
        put(source, make.article(2))
        source.changes()
        log = tmp_path / ".feeds" / "store.sqlite-wal"
        place, seen = log.stat().st_ino, os.stat

        def fails_at_the_store(path: Any, **options: Any) -> os.stat_result:
            if str(path).endswith(".sqlite"):
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return seen(path, **options)

        with monkeypatch.context() as patched:
            patched.setattr(os, "stat", fails_at_the_store)
            assert source.changes() is None
            with pytest.raises(StoreError, match="Input/output error"), source.reading():
                pass
            with pytest.raises(StoreError, match="Input/output error"):
                source.keep()
        with source.reading() as connection:
            assert len(articles(connection)) == 2
        assert log.stat().st_ino == place


class TestChanging:
    def test_put_keeps_the_file_and_its_article(self, source: Store) -> None:
        put(source, make.article(1), make.article(2))
        with source.reading() as connection:
            assert articles(connection) == [make.article(1), make.article(2)]
            assert store.known_files(connection)["0002.md"] == Known(10, 20, "digest-2")

    def test_put_replaces_what_was_known_of_the_path(self, source: Store) -> None:
        put(source, make.article(1), make.article(2))
        put(source, make.article(1, digest="other", title="Other", topics=("Robots",)))
        with source.reading() as connection:
            first, second = articles(connection)
            assert (first.title, first.digest, second) == ("Other", "other", make.article(2))
            assert counts(connection)["memberships"] == 8

    def test_put_of_what_is_left_out_takes_the_article_away(self, source: Store) -> None:
        put(source, make.article(1))
        fault = Fault("0001.md", 2, 3, "title", "text", "nothing")
        with source.writing() as connection:
            store.put(
                connection,
                [
                    make.filed(
                        ScannedFile("0001.md", 10, 21), Reading("0001.md", "broken", None, (fault,))
                    )
                ],
            )
        with source.reading() as connection:
            assert articles(connection) == []
            assert counts(connection) == {"files": 1, "records": 0, "memberships": 0}
            assert store.faults(connection, make.NOW) == [replace(fault, got="")]

    def test_put_of_nothing_is_nothing(self, source: Store) -> None:
        with source.writing() as connection:
            store.put(connection, [])
            store.remove(connection, [])
            store.touch(connection, [])
            assert set(counts(connection).values()) == {0}

    def test_put_takes_a_thousand_records_at_once(self, source: Store) -> None:
        many = [make.article(n) for n in range(1, 1007)]
        put(source, *many)
        with source.reading() as connection:
            assert articles(connection) == sorted(many, key=lambda article: article.path)

    def test_touch_notes_the_size_and_time_alone(self, source: Store) -> None:
        put(source, make.article(1), make.article(2))
        with source.writing() as connection:
            before = number_of(connection, "0001.md")
            store.touch(connection, [ScannedFile("0001.md", 11, 22)])
            known = store.known_files(connection)
            assert known == {
                "0001.md": Known(11, 22, "digest-1"),
                "0002.md": Known(10, 20, "digest-2"),
            }
            assert number_of(connection, "0001.md") == before

    def test_remove_leaves_nothing_of_a_file(self, source: Store) -> None:
        put(source, make.article(1), make.article(2))
        with source.writing() as connection:
            store.remove(connection, ["0001.md", "never there.md"])
        with source.reading() as connection:
            assert articles(connection) == [make.article(2)]
            assert list(store.known_files(connection)) == ["0002.md"]
            assert counts(connection) == {"files": 1, "records": 1, "memberships": 4}

    def test_each_change_of_records_has_its_number(self, source: Store) -> None:
        with source.writing() as connection:
            numbers = []
            for _ in range(3):
                numbers.append(store.generation(connection))
                store.advance(connection)
        assert numbers == sorted(set(numbers))


class TestForgetting:
    def test_what_was_taken_back_is_nowhere_in_the_file(self, tmp_path: Path) -> None:
        file = tmp_path / "store.sqlite"
        with opened(file) as source:
            put(source, make.article(1), make.article(2, body=f"<p>{make.CANARY}</p>"))
        assert make.CANARY.encode() in file.read_bytes()
        with opened(file) as source, source.writing() as connection:
            store.remove(connection, ["0002.md"])
            selection.refresh_visibility(connection, (), make.NOW)
        assert make.CANARY.encode() not in file.read_bytes()


class TestPublished:
    def test_what_is_published_is_noted_and_replaced_by_path(self, source: Store) -> None:
        with source.writing() as connection:
            store.note_published(
                connection, {"a": Published("r1", "e1", 1), "b": Published("r2", "e2", 2)}
            )
            store.note_published(connection, {"b": Published("r3", "e3", 3)})
            store.note_published(connection, {})
        with source.reading() as connection:
            assert store.published(connection) == {
                "a": Published("r1", "e1", 1),
                "b": Published("r3", "e3", 3),
            }
            assert store.published(connection, ["b"]) == {"b": Published("r3", "e3", 3)}
            assert store.published(connection, ["c"]) == {}


class TestFaults:
    FAULT = Fault("0001.md", 2, 3, "heat", "a number", "'hot'", Cost.PART)

    def faults(self, source: Store) -> list[str]:
        with source.reading() as connection:
            return [str(fault) for fault in store.faults(connection, make.NOW)]

    def test_a_fault_of_a_visible_article_is_reported_without_its_text(self, source: Store) -> None:
        with source.writing() as connection:
            store.put(connection, [reading(make.article(1), self.FAULT)])
        assert self.faults(source) == ["0001.md:2:3: heat: expected a number"]

    def test_a_remark_is_not_kept(self, source: Store) -> None:
        with source.writing() as connection:
            store.put(
                connection, [reading(make.article(1), replace(self.FAULT, cost=Cost.NOTHING))]
            )
        assert self.faults(source) == []

    def test_a_fault_of_an_article_that_is_not_yet_due_is_not_reported(self, source: Store) -> None:
        with source.writing() as connection:
            late = make.article(1, published=make.NOW + timedelta(microseconds=1))
            store.put(connection, [reading(late, self.FAULT)])
        assert self.faults(source) == []

    def test_a_fault_of_an_unpublished_record_is_not_reported(self, source: Store) -> None:
        with source.writing() as connection:
            held = Reading("0001.md", "digest", None, (self.FAULT,), unpublished=True)
            store.put(connection, [make.filed(ScannedFile("0001.md", 1, 1), held)])
        assert self.faults(source) == []

    def test_what_was_got_is_not_in_the_file(self, source: Store, tmp_path: Path) -> None:
        with source.writing() as connection:
            store.put(connection, [reading(make.article(1), replace(self.FAULT, got=make.CANARY))])
        source.close()
        assert all(make.CANARY.encode() not in content for content in make.tree(tmp_path).values())
