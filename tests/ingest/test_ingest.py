"""From the records folder into the store: only what changed is read, in one transaction, by any
number of processes."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, cast

import pytest
from sqlalchemy import column, select, table

from feeds import selection, store
from feeds.config import Config
from feeds.documents.versions import Documents
from feeds.errors import ConfigError, LedgerError
from feeds.ingest.ingesting import Ingested, ingest, open_store
from feeds.store import Store
from feeds.store import tables as schema
from feeds.urls import EVERYTHING
from tests import make

LONG_AGO = 1_600_000_000
HOUR = timedelta(hours=1)

# The indexes of a few rows each.
PARTIAL = "SELECT index_list.name FROM sqlite_master, pragma_index_list(tbl_name) AS index_list WHERE partial"

OF_ALL = {"files", "records", "memberships", "pointers", "held", "entries"}

# Reads records as `feeds build` does, and says how far it is: a line before it begins, one a
# record, one at the end.
CHILD = """
import sys
from datetime import datetime
from feeds.config import load_config
from feeds.ingest.ingesting import ingest, open_store

config, now = load_config(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
source = open_store(config)
print(ingest(config, source, now, lambda done, total: print(done, flush=True)), flush=True)
source.close()
"""


def set_old_times(folder: Path, moment: int = LONG_AGO) -> None:
    """Make every record old, so that its size and time are enough to know that it did not
    change."""
    for file in folder.rglob("*"):
        os.utime(file, (moment, moment), follow_symlinks=False)


def rewrite(file: Path, content: str) -> None:
    """Other content, the same time."""
    before = file.stat()
    file.write_text(content, encoding="utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def titles(source: Store, now: datetime = make.NOW) -> dict[str, str]:
    """The title of every visible article, by path."""
    with source.reading() as connection:
        numbers = [pick.number for pick in selection.newest(connection, EVERYTHING, now, 10_000)]
        return {
            article.path: article.title for article in store.articles(connection, numbers).values()
        }


def contents(source: Store) -> dict[str, list[Any]]:
    """All that the store says of the records, but for the numbers it gave them and the times of
    files."""
    files, records, memberships = schema.files.c, schema.records.c, schema.memberships.c
    held, pointers, master = (
        schema.held.c,
        schema.pointers.c,
        table("sqlite_master", column("name"), column("sql")).c,
    )
    statements = {
        "files": select(files.path, files.size, files.digest, files.unpublished, files.faults),
        "records": select(*(one for one in records if one is not records.number)),
        "memberships": select(
            records.path, memberships.feed, memberships.age, memberships.name
        ).join_from(schema.memberships, schema.records, memberships.record == records.number),
        "held": select(held.address, held.path),
        "pointers": select(pointers.address, records.path).join_from(
            schema.pointers, schema.records, pointers.record == records.number
        ),
        "schema": select(master.name, master.sql),
    }
    with source.reading() as connection:
        return {
            name: sorted((tuple(row) for row in connection.execute(statement)), key=repr)
            for name, statement in statements.items()
        }


def generation(source: Store) -> int:
    """The number of changes so far."""
    with source.reading() as connection:
        return store.generation(connection)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site of three records, none of them new."""
    made = make.site(tmp_path, {f"{n}.md": make.record(n) for n in (1, 2, 3)})
    set_old_times(made.records_folder)
    return made


@pytest.fixture
def source(config: Config) -> Iterator[Store]:
    """Its store, in which they are."""
    with closing(open_store(config)) as opened:
        assert ingest(config, opened, make.NOW) == Ingested(3, 3, 0)
        yield opened


class TestOnlyWhatChanged:
    def test_unchanged_files_are_not_read(self, config: Config, source: Store) -> None:
        for n in (1, 2, 3):
            rewrite(config.records_folder / f"{n}.md", make.record(n, title=f"Erticle {n}"))
        before = generation(source)
        assert ingest(config, source, make.NOW) == Ingested(3, 0, 0)
        assert titles(source) == {f"{n}.md": f"Article {n}" for n in (1, 2, 3)}
        assert generation(source) == before

    def test_a_change_walks_no_table_of_all_records(self, tmp_path: Path) -> None:
        config = make.site(tmp_path, {f"a/{n}.md": make.record(n) for n in (1, 2, 3)})
        set_old_times(config.records_folder)
        statements: list[str] = []
        with closing(open_store(config)) as source:
            ingest(config, source, make.NOW)
            with source.reading() as connection:
                driver = make.driver(connection)
                few = {name for (name,) in driver.execute(PARTIAL)}
            related = json.dumps([{"title": "Other", "webUrl": "https://example.org/2"}])
            changed = make.record(1, title="Other", topics="[ai]", related=related)
            (config.records_folder / "a" / "1.md").write_text(changed)
            (config.records_folder / "a" / "3.md").unlink()
            driver.set_trace_callback(statements.append)
            assert ingest(config, source, make.NOW + HOUR) == Ingested(2, 1, 1)
            driver.set_trace_callback(None)
            asked = [
                one
                for one in statements
                if one.split()[0] in ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE")
            ]
            lines = {
                line for one in asked for *_, line in driver.execute(f"EXPLAIN QUERY PLAN {one}")
            }
        assert "INSERT INTO memberships" in "".join(asked)
        walks = [line.split() for line in lines if line.startswith("SCAN")]
        assert {table for _, table, *how in walks if not few.intersection(how)} & OF_ALL == set()

    def test_a_touched_file_is_not_parsed_again(self, config: Config, source: Store) -> None:
        before = generation(source)
        set_old_times(config.records_folder, LONG_AGO + 1)
        assert ingest(config, source, make.NOW) == Ingested(3, 0, 0)
        assert generation(source) == before
        # Its new time is known from now on.
        rewrite(config.records_folder / "1.md", make.record(1, title="Erticle 1"))
        assert ingest(config, source, make.NOW) == Ingested(3, 0, 0)
        assert titles(source)["1.md"] == "Article 1"

    def test_a_file_of_another_size_is_read(self, config: Config, source: Store) -> None:
        rewrite(config.records_folder / "2.md", make.record(2, title="A longer title than before"))
        assert ingest(config, source, make.NOW) == Ingested(3, 1, 0)
        assert titles(source)["2.md"] == "A longer title than before"

    def test_a_file_of_another_time_is_read(self, config: Config, source: Store) -> None:
        (config.records_folder / "2.md").write_text(make.record(2, title="Erticle 2"))
        os.utime(config.records_folder / "2.md", (LONG_AGO - 1, LONG_AGO - 1))
        assert ingest(config, source, make.NOW) == Ingested(3, 1, 0)
        assert titles(source)["2.md"] == "Erticle 2"

    def test_a_file_that_just_changed_is_looked_at_once_more(
        self, config: Config, source: Store
    ) -> None:
        file = config.records_folder / "1.md"
        far = 4_000_000_000  # no clock is past this time: a change now could leave it as it is
        file.write_text(make.record(1, title="Brticle 1"))
        os.utime(file, (far, far))
        assert ingest(config, source, make.NOW) == Ingested(3, 1, 0)
        rewrite(file, make.record(1, title="Crticle 1"))
        assert ingest(config, source, make.NOW) == Ingested(3, 1, 0)
        assert titles(source)["1.md"] == "Crticle 1"

    def test_files_are_added_and_forgotten(self, config: Config, source: Store) -> None:
        make.write(config.records_folder / "deep" / "4.md", make.record(4))
        (config.records_folder / "1.md").unlink()
        assert ingest(config, source, make.NOW) == Ingested(3, 1, 1)
        assert list(titles(source)) == ["2.md", "3.md", "deep/4.md"]

    def test_a_file_that_moved_is_the_same_article(self, config: Config, source: Store) -> None:
        (config.records_folder / "1.md").rename(config.records_folder / "moved.md")
        assert ingest(config, source, make.NOW) == Ingested(3, 1, 1)
        assert titles(source)["moved.md"] == "Article 1"

    @pytest.mark.parametrize(
        ("content", "left"),
        [
            pytest.param(make.record(1, published="false"), {"2.md", "3.md"}, id="unpublished"),
            pytest.param(make.record(1, heat="hot"), {"1.md", "2.md", "3.md"}, id="a part broken"),
        ],
    )
    def test_what_a_change_leaves_visible(
        self, config: Config, source: Store, content: str, left: set[str]
    ) -> None:
        (config.records_folder / "1.md").write_text(content)
        assert ingest(config, source, make.NOW) == Ingested(3, 1, 0)
        assert titles(source).keys() == left
        (config.records_folder / "1.md").write_text(make.record(1))
        assert ingest(config, source, make.NOW) == Ingested(3, 1, 0)
        assert titles(source).keys() == {"1.md", "2.md", "3.md"}

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(make.record(1, title=None, excerpt=None), id="without a title"),
            pytest.param(make.record(1, title="[B"), id="no YAML"),
            pytest.param("---\n: [", id="nothing to read"),
            pytest.param("---\ntitle: Brok", id="half-written"),
            pytest.param("", id="empty"),
            pytest.param(make.record(1).encode() + b"\xff", id="no UTF-8"),
            pytest.param(make.record(1, publishedDateTime="tomorrow"), id="no date"),
            pytest.param("x" * (1024 * 1024 + 1), id="too large"),
        ],
    )
    def test_a_record_that_breaks_stays_as_it_was_until_it_is_corrected(
        self, config: Config, source: Store, content: str | bytes
    ) -> None:
        file = config.records_folder / "1.md"
        make.write(file, content)
        ingest(config, source, make.NOW)
        assert titles(source) == {f"{n}.md": f"Article {n}" for n in (1, 2, 3)}
        with source.reading() as connection:
            faults = [str(fault) for fault in store.faults(connection, make.NOW)]
        assert faults and all(
            line.startswith("1.md:") and "its last good version stays" in line for line in faults
        )
        make.write(file, make.record(1, title="Mended"))
        ingest(config, source, make.NOW)
        assert titles(source)["1.md"] == "Mended"
        make.write(file, content)
        ingest(config, source, make.NOW)
        assert titles(source)["1.md"] == "Mended"
        file.unlink()
        ingest(config, source, make.NOW)
        assert "1.md" not in titles(source)

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(
                make.record(1, title=None, excerpt=None, published="false"), id="unpublished too"
            ),
            pytest.param(make.record(1, published="flase"), id="neither true nor false"),
            pytest.param(make.record(1, published=None, publised="false"), id="misspelled"),
            pytest.param(make.record(1, title="[B", published="false"), id="no YAML"),
            pytest.param(make.record(1, title="[B", published="no"), id="no YAML and no"),
            pytest.param(
                make.record(1, title="[B", published=None, Publised="False"),
                id="no YAML and misspelled",
            ),
            pytest.param("---\n{title: [, published: false}\n---\n", id="in one line"),
            pytest.param("+++\ntitle = [\npublished = false\n+++\n", id="TOML"),
            pytest.param("---\ndraft: true\n: [", id="a draft"),
            pytest.param(make.record(1, published="false").encode() + b"\xff", id="no UTF-8"),
            pytest.param(make.record(1, published="false").encode("utf-16"), id="UTF-16"),
            pytest.param(
                make.record(1, title="[B").replace("published: true", "published：false"),
                id="a wide colon",
            ),
            pytest.param(
                make.record(1, title="[B").replace("published: true", "pub\u200blished: no"),
                id="no width",
            ),
            pytest.param(
                make.record(1, title="[B").replace("published: true", '"publ\\u0069shed": no'),
                id="escaped",
            ),
            pytest.param(
                make.record(1, title="[B").replace("published: true", "? published\n: false"),
                id="two lines",
            ),
            pytest.param(
                make.record(1, title="[B").replace("published: true", "published false"),
                id="no colon",
            ),
            pytest.param(
                make.record(1, title=None, excerpt=None, publishedDateTime="2030-01-01"),
                id="postponed",
            ),
        ],
    )
    def test_in_doubt_a_record_that_breaks_goes(
        self, config: Config, source: Store, content: str | bytes
    ) -> None:
        make.write(config.records_folder / "1.md", content)
        ingest(config, source, make.NOW)
        assert titles(source).keys() == {"2.md", "3.md"}

    def test_what_is_taken_back_is_not_in_the_store_once_that_is_closed(
        self, config: Config, source: Store
    ) -> None:
        file = config.records_folder / "1.md"
        make.write(file, make.record(1, title=make.CANARY, excerpt=make.CANARY))
        ingest(config, source, make.NOW)
        Documents(config, source).get("feed.rss", make.NOW)
        make.write(file, make.record(1, published="false"))
        ingest(config, source, make.NOW)
        source.close()
        stored = [place.read_bytes() for place in config.store_file.parent.iterdir()]
        assert not any(make.CANARY.encode() in content for content in stored)

    def test_one_that_breaks_before_it_is_due_does_not_show(
        self, config: Config, source: Store
    ) -> None:
        file, due = config.records_folder / "1.md", make.NOW + HOUR
        make.write(file, make.record(1, publishedDateTime=due.isoformat()))
        ingest(config, source, make.NOW)
        make.write(file, "---\ntitle: [\n---\n")
        ingest(config, source, make.NOW)
        ingest(config, source, due + HOUR)
        assert "1.md" not in titles(source, due + HOUR)

    def test_what_is_taken_back_goes_though_the_ledger_cannot_be_written(
        self, config: Config, source: Store
    ) -> None:
        Documents(config, source).get("feed.rss", make.NOW)
        make.write(config.records_folder / "1.md", make.record(1, webUrl="https://example.org/one"))
        make.write(config.records_folder / "2.md", make.record(2, published="false"))
        (config.records_folder / "3.md").unlink()
        aside = config.ledger_file.with_name(".ledger.toml.aside")
        aside.mkdir()
        with pytest.raises(LedgerError, match="expected to write the ledger"):
            ingest(config, source, make.NOW)
        assert titles(source) == {"1.md": "Article 1"}
        aside.rmdir()
        ingest(config, source, make.NOW)
        with source.reading() as connection:
            [pick] = selection.newest(connection, EVERYTHING, make.NOW, 9)
        assert pick.id == "https://example.org/1"

    def test_any_way_to_a_state_of_the_records_gives_the_same_store(
        self, config: Config, source: Store
    ) -> None:
        rng = random.Random(8)
        for turn in range(12):
            n = rng.randrange(1, 6)
            file = config.records_folder / f"{n}.md"
            if file.exists() and rng.random() < 0.4:
                file.unlink()
            else:
                topics = f"[{rng.choice(['AI', 'ai', 'Robots'])}]"
                others = [
                    f"https://example.org/{rng.randrange(1, 6)}" for _ in range(rng.randrange(3))
                ]
                related = [{"title": "Other", "webUrl": other} for other in others]
                facts = {
                    "topics": topics,
                    "published": rng.choice(["true", "no"]),
                    "related": json.dumps(related),
                }
                file.write_text(make.record(n, title=f"Turn {turn}", **facts))
            ingest(config, source, make.NOW)
        after = contents(source)
        source.close()
        shutil.rmtree(config.store_file.parent)
        with closing(open_store(config)) as fresh:
            ingest(config, fresh, make.NOW)
            assert contents(fresh) == after
            assert all(after.values())

    def test_a_store_is_of_one_folder_of_records(self, config: Config, source: Store) -> None:
        other = make.site(config.file.parent / "other", {"9.md": make.record(9)})
        elsewhere = replace_store(other, config)
        with closing(open_store(elsewhere)) as opened:
            ingest(elsewhere, opened, make.NOW)
            assert list(titles(opened)) == ["9.md"]


def replace_store(config: Config, by: Config) -> Config:
    """The config, with the store of another."""
    return config.model_copy(
        update={"store": config.store.model_copy(update={"url": f"sqlite:///{by.store_file}"})}
    )


class TestUnreadable:
    def faults(self, source: Store) -> list[str]:
        with source.reading() as connection:
            return [str(fault) for fault in store.faults(connection, make.NOW)]

    def test_a_link_is_read_as_soon_as_there_is_something_behind_it(
        self, config: Config, source: Store
    ) -> None:
        target = config.records_folder / ".drafts" / "4.md"
        target.parent.mkdir()
        (config.records_folder / "4.md").symlink_to(target)
        assert ingest(config, source, make.NOW) == Ingested(4, 1, 0)
        assert self.faults(source) == ["4.md:1:1: expected a file that can be read"]
        before = generation(source)
        assert ingest(config, source, make.NOW) == Ingested(4, 0, 0)
        assert generation(source) == before
        target.write_text(make.record(4))
        assert ingest(config, source, make.NOW) == Ingested(4, 1, 0)
        assert self.faults(source) == []
        assert titles(source)["4.md"] == "Article 4"
        target.unlink()
        assert ingest(config, source, make.NOW) == Ingested(4, 1, 0)
        assert "4.md" not in titles(source)

    def test_a_link_that_leaves_the_folder_is_left_out_until_it_stays(
        self, config: Config, source: Store
    ) -> None:
        link = config.records_folder / "4.md"
        make.write(config.file.parent / "outside.md", make.record(4))
        link.symlink_to(config.file.parent / "outside.md")
        ingest(config, source, make.NOW)
        assert self.faults(source) == ["4.md:1:1: expected a file in the records folder"]
        make.write(config.records_folder / ".drafts" / "4.md", make.record(4))
        link.unlink()
        link.symlink_to(config.records_folder / ".drafts" / "4.md")
        ingest(config, source, make.NOW)
        assert self.faults(source) == []
        assert titles(source)["4.md"] == "Article 4"

    def test_a_pipe_is_left_out_until_it_is_a_file(self, config: Config, source: Store) -> None:
        os.mkfifo(config.records_folder / "4.md")
        assert ingest(config, source, make.NOW) == Ingested(4, 1, 0)
        assert self.faults(source) == ["4.md:1:1: expected a file"]
        (config.records_folder / "4.md").unlink()
        make.write(config.records_folder / "4.md", make.record(4))
        ingest(config, source, make.NOW)
        assert titles(source)["4.md"] == "Article 4"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
    def test_a_file_is_read_as_soon_as_its_rights_allow_it(
        self, config: Config, source: Store
    ) -> None:
        file = config.records_folder / "1.md"
        file.chmod(0)
        os.utime(file, (LONG_AGO + 1, LONG_AGO + 1))
        assert ingest(config, source, make.NOW) == Ingested(3, 1, 0)
        file.chmod(0o644)
        assert ingest(config, source, make.NOW) == Ingested(3, 1, 0)
        assert titles(source)["1.md"] == "Article 1"

    def test_a_folder_that_is_missing_leaves_the_store_as_it_is(
        self, config: Config, source: Store
    ) -> None:
        config.records_folder.rename(config.file.parent / "away")
        with pytest.raises(ConfigError, match="seeds"):
            ingest(config, source, make.NOW)
        assert len(titles(source)) == 3


class TestTime:
    def test_a_scheduled_article_becomes_visible_without_a_file_changing(
        self, config: Config, source: Store
    ) -> None:
        make.write(config.records_folder / "4.md", make.record(-1, topics="[Robots]"))
        set_old_times(config.records_folder)
        ingest(config, source, make.NOW)
        documents = Documents(config, source)
        before = documents.get("feed.atom", make.NOW)
        assert "topics/robots" not in documents.feeds(make.NOW)
        assert (
            documents.get("topics/robots/feed.rss", make.NOW + HOUR - timedelta(microseconds=1))
            is None
        )
        later = make.NOW + HOUR
        assert ingest(config, source, later) == Ingested(4, 0, 0)
        assert documents.feeds(later)["topics/robots"].articles == 1
        assert documents.get("topics/robots/feed.rss", later) is not None
        after = documents.get("feed.atom", later)
        assert before is not None and after is not None
        assert b"Article -1" not in before.content
        assert b"Article -1" in after.content
        assert after.modified == later

    def test_an_update_counts_when_its_moment_has_come(self, config: Config, source: Store) -> None:
        moment = make.NOW + HOUR
        make.write(
            config.records_folder / "1.md", make.record(1, updatedDateTime=moment.isoformat())
        )
        ingest(config, source, make.NOW)
        documents = Documents(config, source)
        with source.reading() as connection:
            assert [fault.key for fault in store.faults(connection, make.NOW)] == [
                "updatedDateTime"
            ]
            assert store.faults(connection, moment) == []
        for now, shown in (
            (make.NOW, b'"date_modified":"2026-11-23T11:00'),
            (moment, b'"date_modified":"2026-11-23T13:00'),
        ):
            document = documents.get("feed.json", now)
            assert document is not None and shown in document.content


def child(config: Config) -> subprocess.Popen[str]:
    """A process that waits for a line before it opens the store and reads the records."""
    command = [sys.executable, "-c", CHILD, str(config.file), make.NOW.isoformat()]
    pipe = subprocess.PIPE
    return subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=config.file.parent
    )


def say_go(process: subprocess.Popen[str]) -> None:
    """Give a process its line, and leave what it says to be read."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def output(process: subprocess.Popen[str]) -> IO[str]:
    """What a process says."""
    return cast("IO[str]", process.stdout)


class TestKilled:
    """A site in which 40 records changed, 20 went and 60 came; killed anywhere, the store is as
    before or as after."""

    @pytest.fixture
    def site(self, tmp_path: Path) -> Config:
        config = make.site(tmp_path, {f"{n}.md": make.record(n) for n in range(100)})
        with closing(open_store(config)) as source:
            ingest(config, source, make.NOW)
        for n in range(160):
            if n < 20:
                (config.records_folder / f"{n}.md").unlink()
            elif n < 60 or n >= 100:
                make.write(config.records_folder / f"{n}.md", make.record(n, title=f"New {n}"))
        return config

    def kill_often(self, config: Config, times: int) -> None:
        rng = random.Random(times)
        kept, place = config.file.parent / "kept", config.store_file.parent
        shutil.copytree(place, kept)
        with closing(open_store(config)) as source:
            before = contents(source)
            ingest(config, source, make.NOW)
            after = contents(source)
        assert before != after
        for turn in range(times):
            for file in place.iterdir():
                if not (kept / file.name).exists():
                    file.unlink()
            for file in kept.iterdir():
                # In its place: another file there would be rebuilt.
                shutil.copyfile(file, place / file.name)
            process = child(config)
            output(process).readline()
            say_go(process)
            for _ in range(rng.choice([0, rng.randrange(1, 100), 99, 100, 101])):
                output(process).readline()
            process.kill()
            process.communicate()
            with closing(open_store(config)) as source:
                assert contents(source) in (before, after), f"turn {turn}"
                ingest(config, source, make.NOW)
                assert contents(source) == after, f"turn {turn}"

    def test_the_store_is_as_before_or_as_after(self, site: Config) -> None:
        self.kill_often(site, 4)

    @pytest.mark.soak
    def test_the_store_is_as_before_or_as_after_two_hundred_times(self, site: Config) -> None:
        self.kill_often(site, 200)


class TestTogether:
    """Processes that read the same records into the same store at the same time."""

    def read_together(self, config: Config, count: int) -> None:
        processes = [child(config) for _ in range(count)]
        for process in processes:
            assert output(process).readline() == "ready\n", process.communicate()
        for process in processes:
            say_go(process)
        said = [(*process.communicate(), process.returncode) for process in processes]
        assert [(error, code) for _, error, code in said] == [("", 0)] * count

    def expected(self, config: Config, folder: Path) -> dict[str, list[Any]]:
        alone = replace_store(config, config.model_copy(update={"file": folder / "config.toml"}))
        with closing(open_store(alone)) as source:
            ingest(config, source, make.NOW)
            return contents(source)

    def check(self, config: Config, tmp_path: Path) -> None:
        with closing(open_store(config)) as source:
            assert contents(source) == self.expected(config, tmp_path / "alone")

    @pytest.mark.parametrize("count", [2, 3])
    def test_they_agree_on_a_store_that_is_there(self, tmp_path: Path, count: int) -> None:
        config = make.site(tmp_path, {f"{n}.md": make.record(n) for n in range(150)})
        with closing(open_store(config)) as source:
            ingest(config, source, make.NOW)
        for n in range(100, 200):
            make.write(config.records_folder / f"{n}.md", make.record(n, title="New"))
        self.read_together(config, count)
        self.check(config, tmp_path)

    def many_make_the_store(
        self, tmp_path: Path, turns: int, spoil: Callable[[Path], object]
    ) -> None:
        config = make.site(tmp_path, {f"{n}.md": make.record(n) for n in range(20)})
        for _ in range(turns):
            shutil.rmtree(config.store_file.parent, ignore_errors=True)
            config.store_file.parent.mkdir()
            spoil(config.store_file)
            self.read_together(config, 4)
            self.check(config, tmp_path)

    def test_they_agree_on_a_store_that_none_of_them_found(self, tmp_path: Path) -> None:
        self.many_make_the_store(tmp_path, 1, lambda file: None)

    def test_they_agree_on_a_store_that_was_damaged(self, tmp_path: Path) -> None:
        self.many_make_the_store(tmp_path, 1, lambda file: file.write_bytes(b"no database" * 1000))

    @pytest.mark.soak
    def test_they_agree_on_a_store_that_none_of_them_found_a_hundred_times(
        self, tmp_path: Path
    ) -> None:
        self.many_make_the_store(tmp_path, 100, lambda file: None)

    def test_a_reader_sees_the_store_as_it_was_while_another_writes(
        self, config: Config, source: Store
    ) -> None:
        make.write(config.records_folder / "4.md", make.record(4))
        with source.reading() as connection:
            before = store.known_files(connection)
            with closing(open_store(config)) as other:
                ingest(config, other, make.NOW)
                assert len(titles(other)) == 4
            assert store.known_files(connection) == before
        assert len(titles(source)) == 4


def test_another_mapping_of_fields_reads_every_record_again(tmp_path: Path) -> None:
    text = make.record(1, headline="Other", heading="Third")
    for mapping, title, read in [
        ("", "Article 1", 1),
        ("", "Article 1", 0),
        ('[records.fields]\ntitle = "title"\n', "Article 1", 0),
        ('[records.fields]\ntitle = "headline"\n', "Other", 1),
        ('[records.fields]\ntitle = "headline"\n', "Other", 0),
        ('[records.fields]\ntitle = "heading"\n', "Third", 1),
        ("", "Article 1", 1),
    ]:
        config = make.site(tmp_path, {"1.md": text}, mapping)
        set_old_times(tmp_path / "seeds")
        with closing(open_store(config)) as source:
            assert ingest(config, source, make.NOW).read == read
            assert titles(source) == {"1.md": title}


def test_a_file_that_was_another_for_a_while_is_read_again_when_it_is_as_before(
    tmp_path: Path,
) -> None:
    config = make.site(tmp_path, {"1.md": make.record(1), "2.md": make.record(2)})
    set_old_times(tmp_path / "seeds")
    with closing(open_store(config)) as source:
        for read in (2, 0):
            assert ingest(config, source, make.NOW) == Ingested(2, read, 0)
        (tmp_path / "seeds" / "1.md").write_text(
            make.record(1, title="Another title"), encoding="utf-8"
        )
        assert ingest(config, source, make.NOW, among=["1.md"]).read == 1
        assert titles(source)["1.md"] == "Another title"
        make.site(tmp_path, {"1.md": make.record(1)})
        set_old_times(tmp_path / "seeds")
        assert ingest(config, source, make.NOW) == Ingested(2, 1, 0)
        assert titles(source) == {"1.md": "Article 1", "2.md": "Article 2"}
