"""Read records in another process, which any of them may end.

A crash in a library of Rust or C ends the whole process. Where one ended that read records, each
record is read in a process that is replaced when it ends, so that it is known over which one it
did. In: a Reader and files. Out: what the Reader makes of them; a record over which two processes
ended is left out, with a fault. A process that was killed ended, too: the record may have taken
all memory. Not here: when that much care is needed (ingesting).
"""

import logging
import os
import pickle
import signal
import sys
from collections.abc import Sequence
from subprocess import PIPE, Popen

from feeds.ingest.reading import Read, Reader
from feeds.ingest.scan import ChangedFile

log = logging.getLogger("feeds")
# What is read of a process that has ended, and what is raised when it is written to.
ENDED = (EOFError, pickle.UnpicklingError, BrokenPipeError)


class CarefulReader:
    """Reads what a Reader does, in a process that begins when it is needed.  Close it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._process: Popen[bytes] | None = None

    def read(self, batch: Sequence[ChangedFile]) -> list[Read]:
        """Read these files."""
        return [self._read(one) for one in batch]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _read(self, changed: ChangedFile) -> Read:
        for is_left_out in (False, False, True):
            if self._process is None and not self._start():
                return self._reader.read_one(changed)
            try:
                return self._ask(changed, is_left_out)
            except ENDED:
                self.close()
        return self._reader.left_out(changed, is_parsed=False)

    def _ask(self, *question: object) -> Read:
        assert self._process is not None and self._process.stdin and self._process.stdout
        pickle.dump(question, self._process.stdin)
        self._process.stdin.flush()
        answer: Read = pickle.load(self._process.stdout)
        return answer

    def _start(self) -> bool:
        """Start the process; tell whether it could begin."""
        # -P: no module of the working folder counts that this process would not have found.
        command = [sys.executable, "-P", "-m", __name__]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        try:
            self._process = Popen(command, stdin=PIPE, stdout=PIPE, env=environment)
            self._ask(self._reader)
        except (OSError, *ENDED) as error:
            self.close()
            log.error("records are read in this process: no other can be started: %r", error)
        return self._process is not None


def _answer() -> None:
    """Read the files that another process asks for, until it asks no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches it too: the other one decides
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    (reader,) = pickle.load(questions)
    answer = None
    while True:
        pickle.dump(answer, answers)
        answers.flush()
        try:
            changed, is_left_out = pickle.load(questions)
        except EOFError:
            return
        answer = reader.left_out(changed) if is_left_out else reader.read_one(changed)


if __name__ == "__main__":
    _answer()
