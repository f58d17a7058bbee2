"""The store may be deleted, replaced or damaged while it is served: it is rebuilt, no answer fails
meanwhile, and what is taken back goes."""

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path

import pytest

from tests import make
from tests.serve.test_live import DOCUMENT, until
from tests.serve.test_server import Load, serving

PLACES = (DOCUMENT, "/feed.atom", "/feed.json", "/providers/example.org/feed.rss", "/topics/ai/")


def beside(store: Path) -> list[Path]:
    """The files of a store."""
    names = (store, *(Path(f"{store}{suffix}") for suffix in ("-wal", "-shm")))
    return [name for name in names if name.exists()]


def delete_all(store: Path, _: Path) -> None:
    """Delete it with what lies beside it."""
    for file in beside(store):
        file.unlink()


def delete_file(store: Path, _: Path) -> None:
    """Delete its file alone."""
    store.unlink()


def delete_log(store: Path, _: Path) -> None:
    """Delete its log alone."""
    for file in beside(store)[1:2]:
        file.unlink()


def delete_folder(store: Path, _: Path) -> None:
    """Delete the folder that it is in."""
    shutil.rmtree(store.parent)


def move_older(store: Path, older: Path) -> None:
    """Put an older copy in its place."""
    os.replace(shutil.copy(older, older.with_name("moved")), store)


def copy_older(store: Path, older: Path) -> None:
    """Overwrite it with an older copy."""
    shutil.copyfile(older, store)


def empty(store: Path, _: Path) -> None:
    """Cut it off at its beginning."""
    os.truncate(store, 0)


def cut_off(store: Path, _: Path) -> None:
    """Cut it off in the midst."""
    os.truncate(store, store.stat().st_size // 2)


def overwrite_head(store: Path, _: Path) -> None:
    """Overwrite its beginning."""
    with store.open("r+b") as file:
        file.write(b"This is no database. " * 500)


def overwrite(store: Path, _: Path) -> None:
    """Overwrite all of it and of its log."""
    for file in beside(store)[:2]:
        size = file.stat().st_size
        with file.open("r+b") as opened:
            opened.write(os.urandom(size))


FAULTS: tuple[Callable[[Path, Path], None], ...] = (
    delete_all,
    delete_file,
    delete_log,
    delete_folder,
    move_older,
    copy_older,
    empty,
    cut_off,
    overwrite_head,
    overwrite,
)


def of_turn(turn: int, title: str, **keys: str) -> str:
    """Return the record of a turn, published a minute after that of the turn before."""
    moment = make.NOW + timedelta(minutes=1 + turn)
    date = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return make.record(1000 + turn, title=title, publishedDateTime=date, **keys)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    "rounds", [len(FAULTS), pytest.param(20 * len(FAULTS), marks=pytest.mark.soak)]
)
def test_no_answer_fails_and_what_is_taken_back_goes(
    tmp_path: Path, workers: str, rounds: int
) -> None:
    records: dict[str, str | bytes] = {f"{n}.md": make.record(n) for n in range(rounds + 30)}
    config = make.site(tmp_path, records)
    older = tmp_path / "older.sqlite"
    with serving(config, "--workers", workers) as server, Load(server) as load:
        for place in PLACES:
            until(server, "Article 1", place)
        shutil.copyfile(config.store_file, older)
        for n, fault in enumerate(islice(cycle(FAULTS), rounds)):
            # What stands in memory is what was before; what nobody asked for is made anew.
            make.write(config.records_folder / f"{n}.md", make.record(n, published="false"))
            fault(config.store_file, older)
            make.write(config.records_folder / f"new-{n}.md", of_turn(n, f"After {n} ends"))
            for place in PLACES:
                until(server, f"After {n} ends", place, gone=f"Article {n}<")
            until(server, '"ok"', "/healthz")
        assert load.failed == []
        assert load.answers.keys() == {200}, server.err.read_text()[-6000:]
        print(f"{rounds} faults, {load.answers.total()} answers, all 200")
        assert "Traceback" not in server.err.read_text()
        assert "ended unexpectedly" not in server.err.read_text()
