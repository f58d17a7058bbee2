"""Work done by several processes at once: what it makes of each batch, in the order of the batches.

A worker is a fork of this process, so that it has all that there is at that moment, and hands back
what it made. One that dies or fails costs time alone: its batch is done again here, where an error
is raised as ever. No worker outlives the work, however it ends: this process ends them, and without
it they come to the end of what they are asked for.

Whoever forks has no connection to a database open that the work uses (sqlite.org/howtocorrupt.html
§2.6).
"""

import fcntl
import gc
import os
import pickle
import select
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain, count, islice
from typing import IO, Any, Generic, TypeVar

SELDOM = (100_000, 50, 50)  # next to nothing that is made here points to itself
AHEAD = 4  # batches for each worker that may be done before the one that is waited for
WAITING = 2  # batches that a worker has to do, so that it need not wait to be told of the next one
PIPE_BYTES = 1 << 20
SIZE = 8  # bytes that tell how many follow

Batch = TypeVar("Batch")
Made = TypeVar("Made")


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def shared(
    work: Callable[[Batch], Made],
    batches: Iterable[Batch],
    workers: int,
    waiting: int = WAITING,
    *,
    beside: bool = False,
) -> Iterator[Iterator[Made]]:
    """What `work` makes of each batch; both can be pickled.  With no workers, or one batch, all is
    done here.

    Workers begin at once, each with the first `waiting` batches that fall to it, and are gone once
    all is made. Batches are asked for as they are begun. `beside`: one batch is done by a worker
    too, since this process has something else to do meanwhile. In a process with threads all is
    done here: a fork beside them may hang (docs.python.org, os.fork).
    """
    if threading.active_count() > 1:
        workers = 0
    rest = iter(batches)
    first = list(islice(rest, max(workers, 2)))
    sharing = _Sharing(work, chain(first, rest))
    try:
        sharing.hire(min(workers, len(first)) if beside or len(first) > 1 else 0)
        sharing.hand_out(0, waiting)
        yield sharing.made()
    finally:
        sharing.end()


@dataclass(frozen=True, slots=True, eq=False)
class _Worker:
    """A worker as this process sees it: it is told of batches, and says what it made of each in
    turn."""

    process: int
    told: IO[bytes]
    says: IO[bytes]
    doing: deque[int] = field(default_factory=deque)

    def tell(self, number: int, batch: Any) -> bool:
        """Whether it is there to hear of a batch."""
        content = pickle.dumps(batch, pickle.HIGHEST_PROTOCOL)
        try:
            self.told.write(len(content).to_bytes(SIZE))
            self.told.write(content)
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
        return _heard(self.says.fileno())

    def dismiss(self) -> None:
        """It ends now."""
        self.let_go()
        self.says.close()
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


def _heard(place: int) -> Any:
    """What comes next out of a pipe.  Raises EOFError at its end."""
    return pickle.loads(_exactly(place, int.from_bytes(_exactly(place, SIZE))))


def _exactly(place: int, size: int) -> bytearray:
    # Nothing is read ahead, so that `select` knows of all that there is.
    content, there = bytearray(size), 0
    while there < size:
        got = os.readv(place, [memoryview(content)[there:]])
        if not got:
            raise EOFError
        there += got
    return content


def _hire(work: Callable[[Batch], Any], others: Sequence[_Worker]) -> _Worker:
    hears, told = os.pipe()
    says, makes = os.pipe()
    with suppress(OSError, AttributeError):
        for end in (told, makes):
            fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    # Told of it before it can ignore it, a worker would end what is its parent's, and say that it
    # was stopped.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    process = os.fork()
    if process:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(hears)
        os.close(makes)
        return _Worker(process, os.fdopen(told, "wb"), os.fdopen(says, "rb"))
    try:
        # Ctrl-C is for all of the terminal: who forked decides
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        # Held open here, they would keep another worker from noticing that it is alone.
        for end in (
            told,
            says,
            *(one.told.fileno() for one in others),
            *(one.says.fileno() for one in others),
        ):
            os.close(end)
        _serve(work, hears, makes)
    finally:
        # whatever happened: nothing of the process that forked is to be ended, flushed or written
        # here
        os._exit(0)


def _serve(work: Callable[[Batch], Any], hears: int, makes: int) -> None:
    """Do what is told, until there is no more to hear.  It goes on while what it made waits to be
    taken."""
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
            try:
                batch = _heard(hears)
            except EOFError:
                is_told = False
            else:
                content = pickle.dumps(work(batch), pickle.HIGHEST_PROTOCOL)
                made += memoryview(len(content).to_bytes(SIZE)), memoryview(content)


class _Sharing(Generic[Batch, Made]):
    """Which batch is whose, and what is made of it already."""

    def __init__(self, work: Callable[[Batch], Made], batches: Iterator[Batch]) -> None:
        self._work = work
        self._batches = batches
        self._count = 0  # of batches that were taken
        self._begun: dict[int, Batch] = {}
        self._hired: list[_Worker] = []
        self._crew: list[_Worker] = []
        self._here = set[int]()
        self._done: dict[int, Made] = {}

    def hire(self, count: int) -> None:
        """Have so many processes begin."""
        if not count:
            # to freeze starts the count to the next search for garbage anew: where nobody forks
            # none would come
            return
        # no worker looks for garbage in what was there before it: to look at a page is to copy it
        gc.freeze()
        for _ in range(count):
            self._hired.append(_hire(self._work, self._hired))
        self._crew = self._hired[:]

    def end(self) -> None:
        """No worker is there any more."""
        gc.unfreeze()
        while self._hired:
            self._hired.pop().dismiss()

    def hand_out(self, at: int, most: int = WAITING) -> None:
        """Tell workers of batches, so that each has `most` to do; `at` is the one that is to come
        next."""
        last = at + max(AHEAD, most) * len(self._crew)
        while self._crew and self._count < last:
            worker = min(self._crew, key=lambda one: len(one.doing))
            if len(worker.doing) >= most:
                return
            number = self._count
            if not self._takes_one():
                for worker in self._crew:
                    worker.let_go()
                return
            if not worker.tell(number, self._begun[number]):
                self._here.add(number)
                self._lose(worker)

    def _takes_one(self) -> bool:
        """Whether there is another batch to begin with."""
        for batch in self._batches:
            self._begun[self._count] = batch
            self._count += 1
            return True
        return False

    def made(self) -> Iterator[Made]:
        """What is made of each batch, in their order."""
        for at in count():
            self.hand_out(at)
            if at == self._count:  # no worker is there for it
                if not self._takes_one():
                    break
                self._here.add(at)
            while at not in self._done:
                if at in self._here:
                    self._here.remove(at)
                    self._done[at] = self._work(self._begun[at])
                else:
                    self._listen()
                    self.hand_out(at)
            del self._begun[at]
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
        """It died, or failed and ended: what it was to do is done here, where an error is raised as
        ever."""
        self._crew.remove(worker)
        self._here.update(worker.doing)
