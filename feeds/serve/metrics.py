"""Count what the service did, for Prometheus: all workers count in one file, each in a row of its
own.

A worker that was restarted begins another row, so that what it counted stays. The file lies with
other temporary files and goes with the server. Not here: who is asked (request_log).
"""

import fcntl
import mmap
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

STATUSES = (200, 301, 302, 304, 404, 405, 410, 500, 503)
BOUNDS = (0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0)  # seconds
# Each status, all others, bytes sent, microseconds taken, and how many requests were within each
# bound.
WIDTH = len(STATUSES) + 1 + 2 + len(BOUNDS)
ROWS = 512
ROW = struct.Struct(f"<{WIDTH}Q")
TAKEN = struct.Struct("<Q")


def make_file() -> Path:
    """A file for all workers of a server."""
    with tempfile.NamedTemporaryFile(prefix="feeds-metrics-", delete=False) as file:
        file.truncate(TAKEN.size + ROWS * ROW.size)
        return Path(file.name)


class Metrics:
    """The counts of one worker, and the sums of all.  Safe for threads."""

    def __init__(self, file: Path) -> None:
        with file.open("r+b") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)
            self._memory = mmap.mmap(opened.fileno(), TAKEN.size + ROWS * ROW.size)
            (row,) = TAKEN.unpack_from(self._memory)
            TAKEN.pack_into(self._memory, 0, row + 1)
            # or it would last as long as the memory, which holds the file open
            fcntl.flock(opened, fcntl.LOCK_UN)
        self._at = TAKEN.size + (row % ROWS) * ROW.size
        self._counts = list(ROW.unpack_from(self._memory, self._at))
        self._lock = Lock()

    def count(self, status: int, sent: int, seconds: float) -> None:
        """Count a request that was answered."""
        place = STATUSES.index(status) if status in STATUSES else len(STATUSES)
        rest = len(STATUSES) + 1
        with self._lock:
            self._counts[place] += 1
            self._counts[rest] += sent
            self._counts[rest + 1] += int(seconds * 1e6)
            for number, bound in enumerate(BOUNDS):
                self._counts[rest + 2 + number] += seconds <= bound
            ROW.pack_into(self._memory, self._at, *self._counts)

    def text(self) -> str:
        """The sums of all workers, in the text format of Prometheus."""
        (taken,) = TAKEN.unpack_from(self._memory)
        used = self._memory[TAKEN.size : TAKEN.size + min(taken, ROWS) * ROW.size]
        sums = [sum(column) for column in zip(*ROW.iter_unpack(used), strict=True)]
        return "".join(f"{line}\n" for line in _lines(sums))


def _lines(sums: list[int]) -> Iterator[str]:
    rest = len(STATUSES) + 1
    requests = sum(sums[:rest])
    yield "# HELP feeds_requests_total Requests answered, by status."
    yield "# TYPE feeds_requests_total counter"
    for status, count in zip((*STATUSES, "other"), sums, strict=False):
        yield f'feeds_requests_total{{status="{status}"}} {count}'
    yield "# HELP feeds_sent_bytes_total Bytes of bodies sent."
    yield "# TYPE feeds_sent_bytes_total counter"
    yield f"feeds_sent_bytes_total {sums[rest]}"
    yield "# HELP feeds_request_seconds Time taken to make an answer."
    yield "# TYPE feeds_request_seconds histogram"
    for bound, count in zip(BOUNDS, sums[rest + 2 :], strict=True):
        yield f'feeds_request_seconds_bucket{{le="{bound}"}} {count}'
    yield f'feeds_request_seconds_bucket{{le="+Inf"}} {requests}'
    yield f"feeds_request_seconds_sum {sums[rest + 1] / 1e6:.6f}"
    yield f"feeds_request_seconds_count {requests}"
