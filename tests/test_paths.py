"""The paths through the code that docs/contributing.md describes."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tests import make

PACKAGE = make.ROOT / "feeds"
# The files of which lines run for the first GET of an Atom document in a service that has begun:
# what it is a step of, and which files take that step.
COLD_GET = {
    "respond": {
        *("serve/app.py", "serve/response_cache.py", "documents/http_messages.py"),
        *("config/site.py", "model.py", "urls.py"),
    },
    "plan": {
        *("documents/versions.py", "documents/plans.py", "documents/contents.py"),
        *("selection/archive.py", "taxonomies.py"),
    },
    "fetch": {"store/database.py", "store/feeds.py", "store/rows.py", "store/sqlite.py"},
    "render": {
        *("render/__init__.py", "render/atom.py", "render/compiled.py", "render/content.py"),
        "render/xml.py",
    },
}
MOST_FILES = 20


def files_run(work: Callable[[], Any]) -> set[str]:
    """Return the files of feeds/ of which work runs lines in this thread."""
    found = set[str]()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        # A module that is loaded is not run.
        if not file.startswith(f"{PACKAGE}/") or frame.f_code.co_name == "<module>":
            return None
        if event == "line":
            found.add(str(Path(file).relative_to(PACKAGE)))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return found


def test_a_cold_get_of_an_atom_document_runs_no_other_files(tmp_path: Path) -> None:
    records: dict[str, str | bytes] = {
        f"{n}.md": make.record(n, body="*Text*") for n in range(1, 61)
    }
    app = make.service(make.site(tmp_path, records))
    app.extensions["feeds"].start()
    client = app.test_client()
    expected = set().union(*COLD_GET.values())
    run = files_run(lambda: client.get("/topics/ai/feed.atom"))
    assert run <= expected, run - expected
    assert len(run) <= MOST_FILES
    assert client.get("/topics/ai/feed.atom").status_code == 200


def test_a_warm_get_runs_three_files(tmp_path: Path) -> None:
    app = make.service(make.site(tmp_path, {"1.md": make.record(1)}))
    client = app.test_client()
    client.get("/feed.atom")
    assert files_run(lambda: client.get("/feed.atom")) <= {
        *("serve/app.py", "serve/response_cache.py", "documents/http_messages.py"),
    }
