"""What commands import: a build from nothing needs few modules, and help needs next to none."""

import json
import subprocess
import sys
from pathlib import Path

from tests import make

MOST_OF_A_BUILD = 75

LIST = """
import json, sys
from feeds.cli import main

try:
    main(sys.argv[1:])
finally:
    print(json.dumps(sorted(name for name in sys.modules if name.partition(".")[0] == "feeds")))
"""


def imported(cwd: Path, *arguments: str) -> list[str]:
    """The modules of feeds that a command imports in its own process."""
    done = subprocess.run(
        [sys.executable, "-c", LIST, *arguments], cwd=cwd, capture_output=True, text=True
    )
    modules: list[str] = json.loads(done.stdout.splitlines()[-1])
    return modules


def test_a_build_from_nothing_imports_few_modules(tmp_path: Path) -> None:
    site = "[build]\nworkers = 0\n"  # so that this process does all of the work
    flow = "provider: {name: Example, domain: example.org}\ntopics: [AI]\n"
    block = "provider:\n  domain: example.org\ntopics:\n  - AI\n"  # as most records are written
    records = {f"{n}.md": make.record(n).replace(flow, block) for n in range(3)}
    make.site(tmp_path, dict(records), site)
    modules = imported(tmp_path, "build")
    assert "feeds.build.static" in modules
    assert len(modules) <= MOST_OF_A_BUILD, modules


def test_help_loads_no_room_but_the_commands(tmp_path: Path) -> None:
    assert {name.split(".")[1] for name in imported(tmp_path, "--help") if "." in name} == {
        "cli",
        "errors",
    }
