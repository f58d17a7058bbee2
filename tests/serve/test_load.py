"""Requests as fast as they come while records change: none fails, and what the service holds does
not grow."""

import re
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests import make
from tests.serve.test_polled import Editor
from tests.serve.test_server import Serving, serving, workers_of

LUA = """
local paths = {
  "/feed.rss", "/feed.atom", "/feed.json", "/topics/ai/feed.rss", "/topics/ai/feed.atom", "/", "/feeds.opml",
}
local codings = {"identity", "gzip", "br", "zstd"}
local at = 0
request = function()
  at = at + 1
  local headers = {["Accept-Encoding"] = codings[at % #codings + 1]}
  if at % 3 == 0 then headers["If-None-Match"] = '"another"' end
  return wrk.format("GET", paths[at % #paths + 1], headers)
end
"""
EVERY = 0.01  # seconds between two edits
MOST_GROWTH = 32 * 1024  # KiB in each worker, after it has answered everything at least once


def memory(server: Serving) -> dict[int, int]:
    """KiB that each worker holds."""
    pattern = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)
    status = {pid: Path(f"/proc/{pid}/status").read_text() for pid in workers_of(server)}
    return {pid: int(found[1]) for pid, text in status.items() if (found := pattern.search(text))}


def load(tmp_path: Path, seconds: int) -> None:
    records: dict[str, str | bytes] = {f"{n}.md": make.record(n) for n in (1, 2, 3)}
    config = make.site(tmp_path, records, "[server]\nmemory = 4194304\n")
    script = tmp_path / "requests.lua"
    script.write_text(LUA)
    with serving(config, "--workers", "2") as server:
        command = [make.program("wrk"), "-t1", "-c32", "-s", str(script)]
        warm = subprocess.run(
            [*command, "-d1", server.url], capture_output=True, text=True, check=True
        )
        assert "Requests/sec" in warm.stdout
        editor, edits = Editor(config, 11), 0
        running = subprocess.Popen(
            [*command, f"-d{seconds}", server.url], stdout=subprocess.PIPE, text=True
        )
        began = time.monotonic()
        before: dict[int, int] = {}
        while running.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                running.wait(EVERY)
            editor.edit()
            edits += 1
            # as many as there are, so that what is held could stay the same
            if len(editor.titles) > 60:
                editor.take_back()
            if not before and time.monotonic() - began > seconds / 3:
                before = memory(server)
        after = memory(server)
        said = running.communicate()[0]
        assert running.returncode == 0 and edits > seconds
        assert "Non-2xx" not in said and "Socket errors" not in said, said
        assert before.keys() == after.keys()
        assert all(after[pid] - before[pid] < MOST_GROWTH for pid in after), (before, after)
        assert "Traceback" not in server.err.read_text()
        print(f"{edits} edits; KiB before and after: {before} {after}; {said}")


def test_no_request_fails_and_memory_stays_while_records_change(tmp_path: Path) -> None:
    load(tmp_path, 3)


@pytest.mark.soak
def test_no_request_fails_and_memory_stays_while_records_change_for_minutes(tmp_path: Path) -> None:
    load(tmp_path, 120)
