"""A command or a service whose n-th call to the system fails, for many n: run with faults.c loaded
(LD_PRELOAD).

echo build|ingest|service KIND ERROR once|lasting EVERY | python -m tests.faults.campaign

Prints for each line what went wrong as JSON: a list of {"n": …, "wrong": …}, and how many calls
were tried.
"""

import ctypes
import errno
import io
import json
import logging
import os
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from time import monotonic

from feeds.config import Config
from tests import make

KINDS = {"read": 1, "write": 2, "lock": 4, "memory": 8, "heap": 16}
WITHDRAWN, EDITED, NEW = "WithdrawnTitle", "EditedTitle", "NewTitle"
LONGEST = 20.0  # seconds in which a service follows a change, on a machine that has other work
DOCUMENTS = (
    "/topics/ai/feed.rss",
    "/feed.atom",
    "/",
    "/feeds.opml",
    "/topics/ai/feed.json",
    "/healthz",
)


class Faults:
    """The failing calls of this process."""

    def __init__(self, kind: str, error: str, *, lasting: bool) -> None:
        self._library = ctypes.CDLL(None)
        self._kind, self._error, self.is_lasting = KINDS[kind], getattr(errno, error), lasting

    def arm(self, folder: Path, n: int) -> None:
        """Have the n-th call below a folder fail from now on; 0: count them alone."""
        self._library.arm(
            os.fsencode(folder), self._kind, ctypes.c_long(n), self._error, self.is_lasting
        )

    def disarm(self) -> int:
        """Let all calls through; return how many there were."""
        self._library.disarm()
        return int(self._library.counted())


def site(folder: Path) -> Config:
    """A site that was built once, and then changed: an article was withdrawn, another is new, a
    third was edited, one was renamed and one deleted; a draft was never published."""
    records: dict[str, str | bytes] = {f"{n}.md": make.record(n) for n in range(2, 7)}
    records["1.md"] = make.record(1, title=WITHDRAWN)
    records["draft.md"] = make.record(8, title=make.CANARY, published="false")
    config = make.site(folder, records)
    make.invoke("build", cwd=folder)
    seeds = config.records_folder
    make.write(seeds / "1.md", make.record(1, title=WITHDRAWN, published="false"))
    make.write(seeds / "2.md", make.record(2, title=EDITED))
    make.write(seeds / "7.md", make.record(7, title=NEW))
    (seeds / "3.md").rename(seeds / "renamed.md")
    (seeds / "4.md").unlink()
    return config


def command(*arguments: str) -> tuple[int, str]:
    """Run the command line in this process; return its exit code and all that it said."""
    from feeds.cli import main

    said = io.StringIO()
    code: int | str | None = 0
    try:
        with redirect_stdout(said), redirect_stderr(said):
            main(list(arguments))
    except SystemExit as end:
        code = end.code
    except BaseException:
        said.write(traceback.format_exc())
        code = "traceback"
    return code if isinstance(code, int) else 99, said.getvalue()


def forked(work: Callable[[], dict[str, object]]) -> dict[str, object]:
    """Do work in a process of its own, and return what it returns."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        try:
            found = work()
        except BaseException:
            found = {"wrong": traceback.format_exc()}
        with open(theirs, "w") as out:
            json.dump(found, out)
        os._exit(0)
    os.close(theirs)
    with open(ours) as answer:
        text = answer.read()
    status = os.waitpid(child, 0)[1]
    return json.loads(text) if text else {"wrong": f"the process ended with {status}"}


def tree(folder: Path) -> dict[str, bytes]:
    """The published files, by path, without the list of them and what serves them."""
    return {
        path: content
        for path, content in make.tree(folder / "public").items()
        if not path.startswith(".")
    }


def run_command(faults: Faults, folder: Path, n: int, *arguments: str) -> dict[str, object]:
    """Run a command with a fault; then without: the tree is as it should be."""

    def work() -> dict[str, object]:
        with chdir(folder):
            faults.arm(folder, n)
            code, said = command(*arguments)
            return {"code": code, "said": said, "calls": faults.disarm()}

    found = forked(work)
    wrong = [str(found["wrong"])] if "wrong" in found else []
    code, said = found.get("code"), str(found.get("said"))
    shown = b"".join(tree(folder).values())
    if "Traceback" in said or code not in (0, 1, 2):
        wrong.append(f"exit code {code}: {said}")
    if make.CANARY in said or make.CANARY.encode() in shown:
        wrong.append(f"the draft is out: {said}")
    # Of a record that cannot be read the last good version stays, and that is said.
    is_unread = "1.md:1:1: expected a file that can be read" in said
    if code in (0, 1) and arguments == ("build",) and WITHDRAWN.encode() in shown and not is_unread:
        wrong.append(f"exit code {code}, and the withdrawn article is there: {said}")
    healed = forked(lambda: dict(zip(("code", "said"), in_folder(folder, "build"), strict=True)))
    if healed.get("code") != 0:
        wrong.append(f"after it, {healed}")
    return {"wrong": "\n".join(wrong), "calls": found.get("calls", 0)}


def in_folder(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run a command in a folder."""
    with chdir(folder):
        return command(*arguments)


def run_service(faults: Faults, folder: Path, n: int) -> dict[str, object]:
    """Have a fault while a service that has served every document follows the changes.

    It answers all the time, but for one case: the store can no longer be read, just after an
    article was taken back that the last good answers have.
    """

    def work() -> dict[str, object]:
        said = io.StringIO()
        logging.basicConfig(stream=said, level=logging.WARNING)
        # Back to what was published, so that the change comes while it serves.
        seeds = folder / "seeds"
        change = (seeds / "1.md").read_bytes()
        make.write(seeds / "1.md", make.record(1, title=WITHDRAWN))
        from feeds.config import load_config
        from feeds.serve.app import create_app

        app = create_app(load_config(folder / "config.toml"))
        client = app.test_client()
        wrong: list[str] = []

        def ask() -> bytes:
            answers = [client.get(path) for path in DOCUMENTS]
            bad = [answer.status for answer in answers if answer.status_code != 200]
            if not (faults.is_lasting and "left out of all answers" in said.getvalue()):
                wrong.extend(f"{status} while it follows" for status in bad[:1])
            return b"".join(answer.data for answer in answers)

        try:
            if WITHDRAWN.encode() not in ask():
                return {"wrong": "not served at first", "calls": 0}
            make.write(seeds / "1.md", change)
            faults.arm(folder, n)
            asked = ask()
            until = monotonic() + 0.4
            while monotonic() < until and WITHDRAWN.encode() in asked:
                asked = ask()
            calls = faults.disarm()
            until = monotonic() + LONGEST
            while WITHDRAWN.encode() in ask():
                if monotonic() > until:
                    wrong.append("the withdrawn article stays")
                    break
            if make.CANARY.encode() in ask() or make.CANARY in said.getvalue():
                wrong.append("the draft is out")
            if "Traceback" in said.getvalue():
                wrong.append("a traceback")
        finally:
            faults.disarm()
            app.extensions["feeds"].close()
        if wrong:
            wrong.append(said.getvalue()[-2000:])
        return {"wrong": "\n".join(dict.fromkeys(wrong)), "calls": calls}

    return forked(work)


def campaign(
    place: Path, scenario: str, kind: str, error: str, how: str, every: str
) -> dict[str, object]:
    """Try the calls, each in a copy of the site."""
    faults = Faults(kind, error, lasting=how == "lasting")
    expected = tree(place / "expected")

    def tried(n: int) -> dict[str, object]:
        folder = place / "site"
        shutil.copytree(place / "prepared", folder)
        try:
            if scenario == "service":
                return run_service(faults, folder, n)
            arguments = {"build": ("build",), "ingest": ("check",)}[scenario]
            found = run_command(faults, folder, n, *arguments)
            if tree(folder) != expected:
                found["wrong"] = f"{found['wrong']}\nthe tree is another than without a fault"
            return found
        finally:
            shutil.rmtree(folder)

    calls = int(str(tried(0)["calls"]))
    results = [(n, tried(n)["wrong"]) for n in range(1, calls + 1, int(every))]
    wrong = [{"n": n, "wrong": text} for n, text in results if text]
    return {"calls": calls, "tried": len(results), "wrong": wrong}


def main() -> None:
    """Do the campaigns of standard input, with one site for all of them."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        site(place / "prepared")
        shutil.copytree(place / "prepared", place / "expected")
        code, said = in_folder(place / "expected", "build")
        assert code == 0, said
        assert WITHDRAWN.encode() not in b"".join(tree(place / "expected").values())
        for line in sys.stdin:
            print(json.dumps(campaign(place, *line.split())), flush=True)


if __name__ == "__main__":
    main()
