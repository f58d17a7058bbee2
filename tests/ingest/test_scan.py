"""The folder held against the store: whatever happened in it, the store holds what a new one
would."""

import os
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from feeds.config import Config
from feeds.ingest.ingesting import files_at, ingest, open_store
from feeds.store import Store, folder_digests
from tests import make
from tests.ingest.test_ingest import LONG_AGO, contents, set_old_times, titles

STILL_TO_COME = 4_000_000_000
FOLDERS = ["", "a/", "a/b/", "a/b/c/", "b/", "a b/", "a\n/", "a\\n/"]
# A file, what happens to it, and whether the scan is of it alone, of the folder, or of
# nothing.
HAPPENED = st.tuples(
    st.builds("{}{}.md".format, st.sampled_from(FOLDERS), st.integers(1, 2)),
    st.sampled_from(["written", "written just now", "unpublished", "deleted"]),
    st.sampled_from(["of it", "of all", ""]),
)


def happen(config: Config, path: str, what: str, at: int) -> None:
    """Do that to a file, as the `at`-th thing that happens."""
    file = config.records_folder / path
    if what == "deleted":
        file.unlink(missing_ok=True)
        return
    make.write(file, make.record(at, published="false" if what == "unpublished" else "true"))
    if what != "written just now":
        os.utime(file, (LONG_AGO + at, LONG_AGO + at))


def held(source: Store) -> dict[str, list[Any]]:
    """What the store holds, but for sizes: of a file that is as bad as it was none is noted."""
    found = contents(source)
    return {**found, "files": [(path, *facts) for path, _, *facts in found["files"]]}


@settings(max_examples=25, deadline=None)
@given(st.lists(HAPPENED, max_size=10))
@example(
    [
        ("a\n/1.md", "written", ""),
        ("a\\n/1.md", "written", "of it"),
        ("a\\n/1.md", "deleted", "of all"),
    ]
)
def test_the_store_holds_what_a_new_one_would(happened: list[tuple[str, str, str]]) -> None:
    with TemporaryDirectory() as place:
        config = make.site(Path(place), {"z/0.md": make.record(50)})
        set_old_times(config.records_folder)
        for at, (path, what, scanned) in enumerate(happened, start=1):
            happen(config, path, what, at)
            with closing(open_store(config)) as source:
                if scanned == "of it":
                    ingest(config, source, make.NOW, among=files_at(config, source, [path]))
                elif scanned:
                    ingest(config, source, make.NOW)
        with closing(open_store(config)) as source:
            ingest(config, source, make.NOW)
            kept = held(source)
        config.store_file.unlink()
        with closing(open_store(config)) as source:
            ingest(config, source, make.NOW)
            assert held(source) == kept


def digests(source: Store) -> dict[str, str]:
    """What stands for the files of each folder."""
    with source.reading() as connection:
        return folder_digests(connection)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site with records in three folders, all old."""
    records = {"0.md": make.record(1), "a/0.md": make.record(2), "a/b/0.md": make.record(3)}
    made = make.site(tmp_path, dict(records))
    set_old_times(made.records_folder)
    return made


def test_only_folders_that_differ_are_compared(config: Config) -> None:
    with closing(open_store(config)) as source:
        ingest(config, source, make.NOW)
        before = digests(source)
        assert before.keys() == {"", "a/", "a/b/"} and all(before.values())
        # what would be noticed, were the files of that folder compared
        with source.writing() as connection:
            connection.exec_driver_sql(
                "UPDATE files SET size = 1 WHERE path IN ('a/b/0.md', '0.md')"
            )
        make.write(config.records_folder / "0.md", make.record(1, title="New"))
        set_old_times(config.records_folder)
        assert ingest(config, source, make.NOW).read == 1
        after = digests(source)
        assert {folder for folder in before if before[folder] != after[folder]} == {""}
        assert titles(source)["0.md"] == "New"


def test_nothing_stands_for_a_folder_with_a_file_that_may_change_under_its_time(
    config: Config,
) -> None:
    make.write(config.records_folder / "a" / "1.md", make.record(4))
    os.utime(config.records_folder / "a" / "1.md", (STILL_TO_COME, STILL_TO_COME))
    with closing(open_store(config)) as source:
        ingest(config, source, make.NOW)
        assert [folder for folder, one in digests(source).items() if not one] == ["a/"]
        set_old_times(config.records_folder)
        ingest(config, source, make.NOW)
        assert all(digests(source).values())


def test_nothing_stands_for_the_folder_of_a_file_that_was_looked_at_alone(config: Config) -> None:
    with closing(open_store(config)) as source:
        ingest(config, source, make.NOW)
        make.write(config.records_folder / "c" / "1.md", make.record(4))
        ingest(config, source, make.NOW, among=["c/1.md"])
        assert [folder for folder, one in digests(source).items() if not one] == ["c/"]
        (config.records_folder / "c" / "1.md").unlink()
        (config.records_folder / "c").rmdir()
        assert ingest(config, source, make.NOW).forgotten == 1
        assert digests(source).keys() == {"", "a/", "a/b/"}


def test_a_folder_that_is_gone_takes_its_files_along_and_no_other(config: Config) -> None:
    with closing(open_store(config)) as source:
        ingest(config, source, make.NOW)
        (config.records_folder / "a" / "0.md").unlink()
        assert ingest(config, source, make.NOW).forgotten == 1
        assert titles(source).keys() == {"0.md", "a/b/0.md"}
