"""Work done by several processes at once: what it makes of each batch, in the order of the batches.

A worker is a fork of this process, so that it has all that there is at that moment, and hands back what it made. One
that dies or fails costs time alone: its batch is done again here, where an error is raised as ever. No worker outlives
the work, however it ends: this process ends them, and without it they come to the end of what they are asked for.

Whoever forks has no connection to a database open that the work uses (sqlite.org/howtocorrupt.html §2.6).
"""

import fcntl
import gc
import os
import pickle
import select
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, Any, TypeVar

SELDOM = (100_000, 50, 50)  # next to nothing that is made here points to itself
AHEAD = 4  # batches for each worker that may be done before the one that is waited for
PIPE_BYTES = 1 << 20  # a worker goes on while what it made waits to be taken

Batch = TypeVar("Batch")
Made = TypeVar("Made")


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def shared(work: Callable[[Batch], Made], batches: Sequence[Batch], workers: int) -> Iterator[Iterator[Made]]:
    """What `work` makes of each batch, which can be pickled.  With no workers, or one batch, all is done here."""
    crew: list[_Worker] = []
    gc.freeze()  # no worker looks for garbage in what was there before it: to look at a page is to copy it
    try:
        for _ in range(min(workers, len(batches) if len(batches) > 1 else 0)):
            crew.append(_hire(work, batches, crew))
        yield _made(work, batches, crew)
    finally:
        gc.unfreeze()
        for worker in crew:
            worker.dismiss()


@dataclass(frozen=True, slots=True)
class _Worker:
    """A worker as this process sees it: it is told the number of a batch, and says what it made."""

    process: int
    told: IO[bytes]
    says: IO[bytes]

    def tell(self, number: int) -> bool:
        """Whether it is there to hear of a batch."""
        try:
            pickle.dump(number, self.told)
            self.told.flush()
        except OSError:
            return False
        return True

    def dismiss(self) -> None:
        for end in (self.told, self.says):
            with suppress(OSError):
                end.close()
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


def _hire(work: Callable[[Batch], Any], batches: Sequence[Batch], others: Sequence[_Worker]) -> _Worker:
    hears, told = os.pipe()
    says, makes = os.pipe()
    with suppress(OSError, AttributeError):
        fcntl.fcntl(makes, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    process = os.fork()
    if process:
        os.close(hears)
        os.close(makes)
        return _Worker(process, os.fdopen(told, "wb"), os.fdopen(says, "rb"))
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for all of the terminal: who forked decides
        # Held open here, they would keep another worker from noticing that it is alone.
        for end in (told, says, *(one.told.fileno() for one in others), *(one.says.fileno() for one in others)):
            os.close(end)
        _serve(work, batches, os.fdopen(hears, "rb"), os.fdopen(makes, "wb"))
    finally:
        os._exit(0)  # whatever happened: nothing of the process that forked is to be ended, flushed or written here


def _serve(work: Callable[[Batch], Any], batches: Sequence[Batch], hears: IO[bytes], makes: IO[bytes]) -> None:
    gc.set_threshold(*SELDOM)
    with suppress(EOFError):
        while True:
            number = pickle.load(hears)
            pickle.dump(work(batches[number]), makes, pickle.HIGHEST_PROTOCOL)
            makes.flush()


def _made(work: Callable[[Batch], Made], batches: Sequence[Batch], crew: Sequence[_Worker]) -> Iterator[Made]:
    idle, busy = list(crew), dict[int, tuple[_Worker, int]]()
    waiting, done = deque(range(len(batches))), dict[int, Made]()
    for at in range(len(batches)):
        while at not in done:
            while idle and waiting and waiting[0] < at + AHEAD * len(crew):
                worker = idle.pop()
                if worker.tell(waiting[0]):
                    busy[worker.says.fileno()] = worker, waiting.popleft()
            if all(number != at for _, number in busy.values()):
                break
            ready, _, _ = select.select(list(busy), [], [])
            for end in ready:
                worker, number = busy.pop(end)
                with suppress(EOFError, OSError, pickle.UnpicklingError):  # it died, or failed and ended
                    done[number] = pickle.load(worker.says)
                    idle.append(worker)
        if waiting and waiting[0] == at:
            waiting.popleft()
        yield done.pop(at) if at in done else work(batches[at])
