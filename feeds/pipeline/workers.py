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
from dataclasses import dataclass, field
from typing import IO, Any, Generic, TypeVar

SELDOM = (100_000, 50, 50)  # next to nothing that is made here points to itself
AHEAD = 4  # batches for each worker that may be done before the one that is waited for
WAITING = 2  # batches that a worker has to do, so that it need not wait to be told of the next one
PIPE_BYTES = 1 << 20
SIZE = 8  # bytes of the number of a batch, and of how many bytes follow

Batch = TypeVar("Batch")
Made = TypeVar("Made")


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def shared(
    work: Callable[[Batch], Made],
    batches: Sequence[Batch],
    workers: int,
    waiting: int = WAITING,
    *,
    beside: bool = False,
) -> Iterator[Iterator[Made]]:
    """What `work` makes of each batch, which can be pickled.  With no workers, or one batch, all is done here.

    Workers begin at once, each with the first `waiting` batches that fall to it, and are gone once all is made.
    `beside`: one batch is done by a worker too, since this process has something else to do meanwhile.
    """
    sharing = _Sharing(work, batches)
    try:
        sharing.hire(min(workers, len(batches)) if beside or len(batches) > 1 else 0)
        sharing.hand_out(0, waiting)
        yield sharing.made()
    finally:
        sharing.end()


@dataclass(frozen=True, slots=True, eq=False)
class _Worker:
    """A worker as this process sees it: it is told the numbers of batches, and says what it made of each in turn."""

    process: int
    told: IO[bytes]
    says: IO[bytes]
    doing: deque[int] = field(default_factory=deque)

    def tell(self, number: int) -> bool:
        """Whether it is there to hear of a batch."""
        try:
            self.told.write(number.to_bytes(SIZE))
            self.told.flush()
        except OSError:
            return False
        self.doing.append(number)
        return True

    def let_go(self) -> None:
        """It ends once it has done what it was told."""
        with suppress(OSError):
            self.told.close()

    def made(self) -> Any:
        """What it made of the batch that it does, or began to.  Raises EOFError when it died."""
        return pickle.loads(self._exactly(int.from_bytes(self._exactly(SIZE))))

    def _exactly(self, size: int) -> bytearray:
        # Nothing is read ahead, so that `select` knows of all that there is.
        content, count = bytearray(size), 0
        while count < size:
            got = os.readv(self.says.fileno(), [memoryview(content)[count:]])
            if not got:
                raise EOFError
            count += got
        return content

    def dismiss(self) -> None:
        """It ends now."""
        self.let_go()
        self.says.close()
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
        _serve(work, batches, hears, makes)
    finally:
        os._exit(0)  # whatever happened: nothing of the process that forked is to be ended, flushed or written here


def _serve(work: Callable[[Batch], Any], batches: Sequence[Batch], hears: int, makes: int) -> None:
    """Do what is told, until there is no more to hear.  It goes on while what it made waits to be taken."""
    gc.set_threshold(*SELDOM)
    os.set_blocking(makes, False)
    made = deque[memoryview]()
    is_told = True
    while is_told or made:
        to_hear, to_say, _ = select.select([hears] if is_told else [], [makes] if made else [], [])
        if to_say:
            made[0] = made[0][os.write(makes, made[0]) :]
            if not made[0]:
                made.popleft()
        elif to_hear:
            number = os.read(hears, SIZE)
            is_told = bool(number)
            if is_told:
                content = pickle.dumps(work(batches[int.from_bytes(number)]), pickle.HIGHEST_PROTOCOL)
                made += memoryview(len(content).to_bytes(SIZE)), memoryview(content)


class _Sharing(Generic[Batch, Made]):
    """Which batch is whose, and what is made of it already."""

    def __init__(self, work: Callable[[Batch], Made], batches: Sequence[Batch]) -> None:
        self._work = work
        self._batches = batches
        self._hired: list[_Worker] = []
        self._crew: list[_Worker] = []
        self._waiting = deque(range(len(batches)))
        self._here = set[int]()
        self._done: dict[int, Made] = {}

    def hire(self, count: int) -> None:
        """Have so many processes begin."""
        gc.freeze()  # no worker looks for garbage in what was there before it: to look at a page is to copy it
        for _ in range(count):
            self._hired.append(_hire(self._work, self._batches, self._hired))
        self._crew = self._hired[:]

    def end(self) -> None:
        """No worker is there any more."""
        gc.unfreeze()
        while self._hired:
            self._hired.pop().dismiss()

    def hand_out(self, at: int, most: int = WAITING) -> None:
        """Tell workers of batches, so that each has `most` to do; `at` is the one that is to come next."""
        last = at + max(AHEAD, most) * len(self._crew)
        while self._crew and self._waiting and self._waiting[0] < last:
            worker = min(self._crew, key=lambda one: len(one.doing))
            if len(worker.doing) >= most:
                return
            if worker.tell(self._waiting[0]):
                self._waiting.popleft()
            else:
                self._lose(worker)
        if not self._waiting:
            for worker in self._crew:
                worker.let_go()

    def made(self) -> Iterator[Made]:
        """What is made of each batch, in their order."""
        for at in range(len(self._batches)):
            self.hand_out(at)
            while at not in self._done:
                if self._waiting and self._waiting[0] == at and not self._crew:
                    self._here.add(self._waiting.popleft())
                if at in self._here:
                    self._here.remove(at)
                    self._done[at] = self._work(self._batches[at])
                else:
                    self._listen()
                    self.hand_out(at)
            yield self._done.pop(at)
        self.end()

    def _listen(self) -> None:
        busy = {worker.says.fileno(): worker for worker in self._crew if worker.doing}
        ready, _, _ = select.select(list(busy), [], [])
        for worker in map(busy.__getitem__, ready):
            try:
                self._done[worker.doing[0]] = worker.made()
                worker.doing.popleft()
            except (EOFError, OSError, pickle.UnpicklingError):
                self._lose(worker)

    def _lose(self, worker: _Worker) -> None:
        """It died, or failed and ended: what it was to do is done here, where an error is raised as ever."""
        self._crew.remove(worker)
        self._here.update(worker.doing)
