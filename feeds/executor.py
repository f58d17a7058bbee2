"""Work done in batches by an executor of `concurrent.futures`: processes of this machine, or none.

In: a function and batches, both of which can be pickled.  Out: what the function returns for each
batch, in the order of the batches.  A worker that dies costs time alone: its batches are done
again in this process.  No worker outlives the work, however that ends.
"""

import gc
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

# Objects allocated until the garbage collector runs: next to nothing here points to itself.
GARBAGE_THRESHOLD = (100_000, 50, 50)
AHEAD = 4  # batches for each processor that may be submitted before the first is done

Batch = TypeVar("Batch")
Result = TypeVar("Result")
Work = Callable[[Batch], Result]


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def map_batches(
    executor: Executor | None, work: Work[Batch, Result], batches: Iterable[Batch]
) -> Iterator[Result]:
    """Yield what `work` returns for each batch, in their order.

    Batches are submitted a few ahead of what is taken.  Without an executor, or with a single
    batch, all is done in this process.
    """
    rest = iter(batches)
    first = list(islice(rest, 2))
    if executor is None or len(first) < 2:
        yield from map(work, chain(first, rest))
        return
    pickled = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
    submitted = deque[tuple[Batch, Future[Result] | None]]()
    most = AHEAD * processors()
    for batch in chain(first, rest):
        submitted.append((batch, _submit(executor, pickled, batch)))
        if len(submitted) == most:
            yield _result(executor, work, *submitted.popleft())
    while submitted:
        yield _result(executor, work, *submitted.popleft())


def _submit(executor: Executor, pickled: bytes, batch: Any) -> Future[Any] | None:
    try:
        return executor.submit(_do, pickled, batch)
    except BrokenExecutor:
        return None


def _result(
    executor: Executor,
    work: Work[Batch, Result],
    batch: Batch,
    submitted: Future[Result] | None,
) -> Result:
    if submitted is not None:
        try:
            return submitted.result()
        except BrokenExecutor:
            executor.shutdown()  # waits: no other worker may still be at the same batch
    return work(batch)


def _do(pickled: bytes, batch: Any) -> Any:
    """Do a batch in a worker."""
    return _unpickled(pickled)(batch)


@lru_cache(maxsize=1)
def _unpickled(pickled: bytes) -> Work[Any, Any]:
    """Return the work, the same object for every batch: it may keep a connection open."""
    work: Work[Any, Any] = pickle.loads(pickled)
    return work


@contextmanager
def local_processes(workers: int) -> Iterator[Executor | None]:
    """Open an executor of so many processes; None for no workers, and in a process with threads.

    They are forked when the first batch is submitted.  A fork beside threads may hang
    (docs.python.org, os.fork).  Whoever submits has no connection to a database open that the work
    uses (sqlite.org/howtocorrupt.html §2.6).
    """
    if not workers or threading.active_count() > 1:
        yield None
        return
    executor = _LocalProcesses(workers)
    try:
        yield executor
    except BaseException:
        executor.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


class _LocalProcesses(Executor):
    """A ProcessPoolExecutor that starts when needed, and ends when one of its workers dies."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: Executor | None = None
        self._processes: list[BaseProcess] = []
        self._watcher = threading.Thread(target=self._kill_all_after_one, daemon=True)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self._pool is not None:
            return self._pool.submit(fn, *args, **kwargs)
        return self._start(fn, *args)

    def _start(self, fn: Callable[..., Any], *args: Any) -> Future[Any]:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        context = multiprocessing.get_context("fork")
        pool = ProcessPoolExecutor(self._workers, context, _begin_worker)
        others = multiprocessing.active_children()
        # A worker that heard of Ctrl-C before it can ignore it would print a traceback.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            submitted = pool.submit(fn, *args)
            self._pool = pool
            self._processes = [
                process for process in multiprocessing.active_children() if process not in others
            ]
            # Only workers write results: when all of them are dead the reader comes to an end.
            pool._result_queue._writer.close()  # type: ignore[attr-defined]
            self._watcher.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        return submitted

    def _kill_all_after_one(self) -> None:
        """Kill all workers once one is gone: if it died within a result, who reads that waits."""
        from multiprocessing.connection import wait

        wait([process.sentinel for process in self._processes])
        self.kill()

    def kill(self) -> None:
        """End every worker at once, whatever it does."""
        for process in self._processes:
            process.kill()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait, cancel_futures=cancel_futures)
            self._watcher.join()


def _begin_worker() -> None:
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    # Ctrl-C reaches every process of the terminal: the one that forked decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    gc.freeze()  # to search for garbage in what was there before the fork would copy its pages
    gc.set_threshold(*GARBAGE_THRESHOLD)
    parent = parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()
