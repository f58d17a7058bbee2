"""The store is for its owner alone, and holds no name of a feed that is gone."""

import os
import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from feeds.config import Config
from tests import make
from tests.build.test_static import built
from tests.serve.test_server import serving

SECRET = "Layoffs in March"
SLUG = "layoffs-in-march"


def modes(folder: Path) -> dict[str, int]:
    """The permissions of every file in a folder."""
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


def mode(path: Path) -> int:
    """The permissions of a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def _open_umask() -> object:
    """Let everybody read what is created, unless the program says otherwise."""
    before = os.umask(0o000)
    yield
    os.umask(before)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site with a scheduled article."""
    return make.site(
        tmp_path, {"1.md": make.record(1), "2.md": make.record(2, publishedDateTime="2999-01-01")}
    )


def test_a_build_creates_the_store_for_its_owner_alone(config: Config) -> None:
    make.run("build", cwd=config.file.parent)
    assert mode(config.store_file.parent) == 0o700
    assert set(modes(config.store_file.parent).values()) == {0o600}


def test_a_service_keeps_all_its_files_for_the_owner_alone(config: Config) -> None:
    with serving(config) as server:
        make.write(config.records_folder / "3.md", make.record(3))
        server.until("/feed.rss", lambda answer: "Article 3" in answer.text)
        found = modes(config.store_file.parent)
        assert {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "watching"} <= found.keys()
        assert set(found.values()) == {0o600}
        assert mode(config.store_file.parent) == 0o700


def test_a_store_that_everybody_could_read_is_tightened(config: Config) -> None:
    make.invoke("build", cwd=config.file.parent)
    folder = config.store_file.parent
    folder.chmod(0o755)
    with closing(sqlite3.connect(config.store_file, isolation_level=None)) as other:
        other.execute("SELECT * FROM facts").fetchall()  # so that the log is there
        (folder / "watching").touch()
        for file in folder.iterdir():
            file.chmod(0o644)
        make.invoke("list", cwd=config.file.parent)
        assert mode(folder) == 0o700
        assert {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm", "watching"} <= modes(
            folder
        ).keys()
        assert set(modes(folder).values()) == {0o600}


def test_a_folder_of_another_hand_is_left_alone_and_the_store_in_it_is_private(
    tmp_path: Path,
) -> None:
    make.site(tmp_path, {"1.md": make.record(1)}, '[store]\nurl = "sqlite:///data/mine.sqlite"\n')
    (tmp_path / "data").mkdir(mode=0o755)
    (tmp_path / "data").chmod(0o755)
    (tmp_path / "data" / "notes.txt").touch(mode=0o644)
    make.invoke("build", cwd=tmp_path)
    assert mode(tmp_path / "data") == 0o755
    found = modes(tmp_path / "data")
    assert found.pop("notes.txt") == 0o644
    assert "mine.sqlite" in found and set(found.values()) == {0o600}


def test_only_the_folders_that_are_created_are_private(tmp_path: Path) -> None:
    make.site(
        tmp_path, {"1.md": make.record(1)}, '[store]\nurl = "sqlite:///var/deep/er/mine.sqlite"\n'
    )
    (tmp_path / "var").mkdir()
    (tmp_path / "var").chmod(0o755)
    make.invoke("build", cwd=tmp_path)
    assert mode(tmp_path / "var") == 0o755
    assert mode(tmp_path / "var" / "deep") == mode(tmp_path / "var" / "deep" / "er") == 0o700


def test_a_link_to_a_folder_of_another_hand_is_not_tightened(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1)})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere").chmod(0o755)
    (tmp_path / ".feeds").symlink_to("elsewhere")
    make.invoke("build", cwd=tmp_path)
    assert mode(tmp_path / "elsewhere") == 0o755
    assert set(modes(tmp_path / "elsewhere").values()) == {0o600}


@pytest.mark.parametrize("damage", [b"no database" * 1000, None], ids=["damaged", "deleted"])
def test_a_store_that_is_rebuilt_is_private_again(config: Config, damage: bytes | None) -> None:
    make.invoke("build", cwd=config.file.parent)
    if damage is None:
        config.store_file.unlink()
    else:
        config.store_file.write_bytes(damage)
    make.invoke("build", cwd=config.file.parent)
    assert set(modes(config.store_file.parent).values()) == {0o600}


def everything_in(file: Path) -> str:
    """Every value of every table of a store."""
    with closing(sqlite3.connect(file)) as connection:
        return "\n".join(connection.iterdump())


def test_no_name_of_a_feed_that_is_gone_stays_in_the_store(tmp_path: Path) -> None:
    config = make.site(
        tmp_path, {"1.md": make.record(1), "2.md": make.record(2, topics=f"[AI, {SECRET}]")}
    )
    built(config)
    assert SLUG in everything_in(config.store_file)
    make.write(
        config.records_folder / "2.md", make.record(2, topics=f"[AI, {SECRET}]", published="false")
    )
    built(config, make.NOW + timedelta(hours=1))
    left = everything_in(config.store_file)
    assert SLUG not in left and SECRET not in left
    assert "topics/ai" in left


def test_no_name_of_a_feed_that_is_gone_stays_in_the_store_of_a_service(tmp_path: Path) -> None:
    config = make.site(
        tmp_path, {"1.md": make.record(1), "2.md": make.record(2, topics=f"[AI, {SECRET}]")}
    )
    with serving(config) as server:
        assert server.get(f"/topics/{SLUG}/feed.rss").status_code == 200
        (config.records_folder / "2.md").unlink()
        server.until(f"/topics/{SLUG}/feed.rss", lambda answer: answer.status_code == 404)
        left = everything_in(config.store_file)
    assert SLUG not in left and SECRET not in left


def test_no_name_of_a_feed_that_went_while_the_store_was_of_other_code_stays(
    tmp_path: Path,
) -> None:
    config = make.site(
        tmp_path, {"1.md": make.record(1), "2.md": make.record(2, topics=f"[AI, {SECRET}]")}
    )
    built(config)
    with closing(sqlite3.connect(config.store_file)) as older:
        older.execute("UPDATE facts SET value = 'of other code' WHERE name = 'fingerprint'")
        older.commit()
    (config.records_folder / "2.md").unlink()
    built(config, make.NOW + timedelta(hours=1))
    left = everything_in(config.store_file)
    assert SLUG not in left and SECRET not in left


def test_a_feed_that_comes_back_is_dated_no_earlier_than_before(tmp_path: Path) -> None:
    """A reader that sends the date it was given must not get the answer that nothing changed."""
    text = make.record(2, topics="[AI, Robots]")
    config = make.site(
        tmp_path, {"1.md": make.record(1), "2.md": text, "3.md": make.record(3, topics="[Robots]")}
    )
    document = config.output_folder / "topics" / "robots" / "feed.rss"
    built(config)
    make.write(
        config.records_folder / "2.md", make.record(2, topics="[AI, Robots]", title="Changed")
    )
    built(config, make.NOW + timedelta(hours=1))
    before, date = document.read_bytes(), document.stat().st_mtime
    for name in ("2.md", "3.md"):
        (config.records_folder / name).rename(tmp_path / name)
    built(config, make.NOW + timedelta(hours=2))
    assert not document.exists()
    make.write(config.records_folder / "3.md", make.record(3, topics="[Robots]"))
    built(config, make.NOW + timedelta(hours=3))
    assert document.read_bytes() != before
    assert document.stat().st_mtime >= date
