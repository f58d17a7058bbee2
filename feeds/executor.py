"""Work done in batches by an executor of `concurrent.futures`: processes of this machine, or none.

In: a function and batches, both of which can be pickled.  Out: what the function returns for each
batch, in the order of the batches. Workers of this machine are forks, which have the function as it
is; other executors pickle it.  A worker that dies costs time alone: this process does its batches
again, with what care the caller asks for.  No worker outlives the work, however that ends.
"""

import gc
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import contextmanager
from functools import partial
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
    executor: Executor | None,
    work: Work[Batch, Result],
    batches: Iterable[Batch],
    again: Work[Batch, Result] | None = None,
) -> Iterator[Result]:
    """Yield what `work` returns for each batch, in their order.

    Batches are submitted a few ahead of what is taken.  Without an executor, or with a single
    batch, all is done in this process.  So are the batches that are left when a worker has died,
    by `again` where that is given.
    """
    rest = iter(batches)
    first = list(islice(rest, 2))
    if executor is None or len(first) < 2:
        yield from map(work, chain(first, rest))
        return
    is_inherited = isinstance(executor, LocalProcesses) and executor.inherits(work)
    do: Work[Batch, Result] = _do_inherited if is_inherited else work
    submitted = deque[tuple[Batch, Future[Result] | None]]()
    most = AHEAD * processors()
    for batch in chain(first, rest):
        submitted.append((batch, _submit(executor, do, batch)))
        if len(submitted) == most:
            yield _result(executor, again or work, *submitted.popleft())
    while submitted:
        yield _result(executor, again or work, *submitted.popleft())


def _submit(executor: Executor, do: Work[Batch, Result], batch: Batch) -> Future[Result] | None:
    try:
        return executor.submit(do, batch)
    except BrokenExecutor:
        return None


def _result(
    executor: Executor, again: Work[Batch, Result], batch: Batch, submitted: Future[Result] | None
) -> Result:
    if submitted is not None:
        try:
            return submitted.result()
        except BrokenExecutor:
            executor.shutdown()  # waits: no other worker may still be at the same batch
    return again(batch)


# The work of a forked worker, which is there in it with all that it holds in memory.
_inherited: list[Work[Any, Any] | None] = []


def _do_inherited(batch: Any) -> Any:
    [work] = _inherited
    assert work is not None
    return work(batch)


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
    executor = LocalProcesses(workers)
    try:
        yield executor
    except BaseException:
        executor.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


class LocalProcesses(Executor):
    """A ProcessPoolExecutor of forks that starts when needed, and ends when one of them dies."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: Executor | None = None
        self._work: Work[Any, Any] | None = None
        self._processes: list[BaseProcess] = []
        self._watcher = threading.Thread(target=self._kill_all_after_one, daemon=True)

    def inherits(self, work: Work[Any, Any]) -> bool:
        """Have workers take over this work from now on, if they are not there yet; tell whether
        they have it."""
        if self._pool is None:
            self._work = work
        return self._work is work

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a call, and fork the workers if it is the first one."""
        if self._pool is not None:
            return self._pool.submit(fn, *args, **kwargs)
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        context = multiprocessing.get_context("fork")
        pool = ProcessPoolExecutor(self._workers, context, partial(_begin_worker, self._work))
        # A worker that heard of Ctrl-C before it can ignore it would print a traceback.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            submitted = pool.submit(fn, *args, **kwargs)
            self._pool = pool
            self._processes = list(pool._processes.values())
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
        """Wait until all workers have ended."""
        if self._pool is not None:
            self._pool.shutdown(wait, cancel_futures=cancel_futures)
            self._watcher.join()


def _begin_worker(work: Work[Any, Any] | None) -> None:
    from multiprocessing import parent_process
    from multiprocessing.connection import wait

    _inherited[:] = [work]
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
