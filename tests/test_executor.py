"""Work done by several processes: the same whatever their number, and whatever becomes of them."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from feeds.executor import AHEAD, local_processes, map_batches, processors
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


def large(size: int) -> bytes:
    """So many bytes."""
    return b"x" * size


def dying_within_a_result(batch: Sequence[int]) -> bytes:
    """A result that is larger than a pipe, of which a worker writes only the beginning."""
    if 20 in batch and os.getpid() != ITSELF:
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return large(100_000_000)
    return large(20)


def itself(_: int) -> int:
    """The process that does it."""
    return os.getpid()


@pytest.mark.parametrize("workers", [0, 1, 2, 3, 50])
@pytest.mark.parametrize("work", [squares, dying])
def test_results_come_in_order(work: Callable[[Sequence[int]], list[int]], workers: int) -> None:
    with local_processes(workers) as executor:
        made = map_batches(executor, work, BATCHES)
        assert list(made) == [squares(batch) for batch in BATCHES]


@pytest.mark.parametrize("workers", [1, 3])
def test_a_worker_that_dies_while_its_result_is_read_costs_time_alone(workers: int) -> None:
    with local_processes(workers) as executor:
        made = list(map_batches(executor, dying_within_a_result, BATCHES))
    assert {len(content) for content in made} == {20}


# In a process of its own: one that runs tests may have threads, beside which nothing forks.
DEAD = """
from feeds.executor import local_processes, map_batches
from tests.test_executor import BATCHES, dying, squares

asked = []

def again(batch):
    asked.append(batch)
    return squares(batch)

with local_processes(2) as executor:
    made = list(map_batches(executor, dying, BATCHES, again))
assert made == [squares(batch) for batch in BATCHES]
assert [20, 21] in asked
with local_processes(2) as executor:
    list(map_batches(executor, squares, BATCHES, again))
    list(map_batches(None, squares, BATCHES, again))
assert asked.count([20, 21]) == 1
"""


def test_what_a_dead_worker_leaves_is_done_as_the_caller_says() -> None:
    make.run_python(DEAD, make.ROOT)


# In a process of its own: one that runs tests may have threads, beside which nothing forks.
OTHERS = """
import os
from feeds.executor import local_processes, map_batches
from tests.test_executor import alive, itself

with local_processes(3) as executor:
    made = map_batches(executor, itself, range(40))
    processes = {next(made) for _ in range(20)}
print(os.getpid() in processes, any(map(alive, processes)))
"""


def test_work_is_done_by_other_processes_and_none_outlives_it() -> None:
    command = [sys.executable, "-c", OTHERS]
    done = subprocess.run(command, cwd=make.ROOT, capture_output=True, text=True)
    assert done.stdout == "False False\n", done.stderr


@pytest.mark.parametrize("batches", [[], [1]])
def test_a_single_batch_is_done_here(batches: list[int]) -> None:
    with local_processes(2) as executor:
        assert list(map_batches(executor, itself, batches)) == [ITSELF] * len(batches)
    assert not multiprocessing.active_children()


def test_a_process_with_threads_does_all_itself() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        with local_processes(2) as executor:
            assert set(map_batches(executor, itself, range(4))) == {ITSELF}
    finally:
        done.set()
        thread.join()


def test_an_executor_of_another_kind_gets_the_work_pickled() -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as executor:
        assert list(map_batches(executor, squares, BATCHES)) == list(map(squares, BATCHES))


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_an_error_is_raised_where_the_result_is_taken(workers: int) -> None:
    with pytest.raises(ValueError, match="twenty"), local_processes(workers) as executor:
        list(map_batches(executor, failing, BATCHES))


def test_what_is_larger_than_a_pipe_comes_whole() -> None:
    with local_processes(2) as executor:
        made = list(map_batches(executor, large, [3_000_000] * 5))
    assert [len(content) for content in made] == [3_000_000] * 5


def test_batches_are_submitted_a_few_ahead() -> None:
    asked: list[int] = []

    def batches() -> Iterator[int]:
        for number in range(10_000):
            asked.append(number)
            yield number

    with local_processes(2) as executor:
        made = map_batches(executor, itself, batches())
        next(made)
        assert len(asked) <= AHEAD * processors() + 1


ALONE = """
import os, signal
from feeds.executor import local_processes, map_batches
from tests.test_executor import itself

with local_processes(2) as executor:
    print(next(map_batches(executor, itself, range(4))), flush=True)
    signal.pause()
"""


def test_a_worker_that_is_left_alone_ends() -> None:
    command = [sys.executable, "-c", ALONE]
    with subprocess.Popen(command, cwd=make.ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) != process.pid
        process.kill()
        # It ends when the last process that has it open has ended.
        assert process.stdout.read() == b""


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
