"""Work done by several processes: the same whatever their number, and whatever becomes of them."""

import gc
import os
import select
import signal
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from feeds.executor import shared
from feeds.ingest.ingesting import ingest, open_store
from tests import make
from tests.ingest.test_ingest import contents

BATCHES = [[n, n + 1] for n in range(0, 60, 2)]
ITSELF = os.getpid()


def squares(batch: Sequence[int]) -> list[int]:
    """The squares of a batch."""
    return [n * n for n in batch]


def dying(batch: Sequence[int]) -> list[int]:
    """Squares, but of a batch in the middle only in the process that tests."""
    if 20 in batch and os.getpid() != ITSELF:
        os.kill(os.getpid(), signal.SIGKILL)
    return squares(batch)


def failing(batch: Sequence[int]) -> list[int]:
    """Squares, but of no batch in the middle."""
    if 20 in batch:
        raise ValueError("twenty")
    return squares(batch)


def alive(process: int) -> bool:
    """Whether a process runs."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("workers", [0, 1, 2, 3, 50])
@pytest.mark.parametrize("work", [squares, dying])
def test_what_is_made_comes_in_order(work: type[list[int]], workers: int) -> None:
    with shared(work, BATCHES, workers) as made:
        assert list(made) == [squares(batch) for batch in BATCHES]


def test_where_nobody_forks_the_count_to_the_next_search_for_garbage_goes_on() -> None:
    gc.collect()
    gc.disable()
    try:
        kept = [[number] for number in range(500)]
        before = gc.get_count()[0]
        with shared(squares, BATCHES, 0) as made:
            assert len(list(made)) == len(BATCHES)
        assert gc.get_count()[0] >= before >= len(kept)
        assert gc.get_freeze_count() == 0
    finally:
        gc.enable()


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_an_error_is_raised_where_the_work_is_taken(workers: int) -> None:
    with pytest.raises(ValueError, match="twenty"), shared(failing, BATCHES, workers) as made:
        list(made)


def test_what_is_larger_than_a_pipe_comes_whole() -> None:
    with shared(lambda size: b"x" * size, [3_000_000] * 5, 2) as made:
        assert [len(content) for content in made] == [3_000_000] * 5


def test_a_worker_goes_on_while_what_it_made_waits_to_be_taken() -> None:
    reads, writes = os.pipe()

    def large(number: int) -> bytes:
        os.write(writes, b"x")
        return bytes(3_000_000 + number)

    with shared(large, range(4), 1, waiting=4) as made:
        done = b""
        while len(done) < 4 and select.select([reads], [], [], 60)[0]:
            done += os.read(reads, 4)
        assert len(done) == 4
        assert [len(content) for content in made] == [3_000_000 + number for number in range(4)]


def test_no_worker_outlives_the_work() -> None:
    with shared(lambda _: os.getpid(), range(40), 3) as made:
        processes = {next(made) for _ in range(20)}
    assert processes and not any(map(alive, processes))


def test_a_worker_that_is_left_alone_ends() -> None:
    reads, writes = os.pipe()
    parent = os.fork()
    if not parent:
        with shared(lambda _: os.getpid(), range(4), 2) as made:
            os.write(writes, f"{next(made)}\n".encode())
            signal.pause()
    os.close(writes)
    assert int(os.read(reads, 20)) != parent  # a worker did it, and waits for more
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    assert os.read(reads, 1) == b""  # the last process that held the pipe open has ended


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_store_holds_the_same_whatever_the_number_of_workers(
    tmp_path: Path, workers: int
) -> None:
    records = {f"{n:03}.md": make.record(n, topics=f"[AI, Topic {n % 7}]") for n in range(250)}
    held = []
    for folder, number in (("alone", 0), ("helped", workers)):
        config = make.site(tmp_path / folder, dict(records))
        make.write(config.records_folder / "bad.md", "---\ntitle: [\n---\n")
        with closing(open_store(config)) as source:
            assert ingest(config, source, make.NOW, workers=number).read == 251
            held.append(contents(source))
    assert held[0] == held[1]
