"""Make COMMIT.tar.xz, a site as that commit leaves it, for fa7396d and 75bae28: run with the code
of the commit, in an empty folder.

PYTHONPATH=CHECKOUT python make_older.py && tar --owner=0 --group=0 --numeric-owner -C site -cJf
COMMIT.tar.xz .
"""

import os
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from feeds.pipeline import ingest, open_store
from feeds.publish import static

from tests import make

folder = Path("site").absolute()
CONFIG = (
    '[feeds]\nwithdrawn_days = 365\nformats = ["rss", "atom"]\npages = false\narchives = false\n'
)
records: dict[str, str | bytes] = {f"{n}.md": make.record(n) for n in (1, 2, 3)}
records["2.md"] = make.record(2, topics="[AI, Edited]")
records["sub/4.md"] = make.record(4, topics="[AI, Sub]")
records["broken.md"] = make.record(5, topics="[AI, Last good]")
records["moved.md"] = make.record(6)
records["draft.md"] = make.record(7, draft="true", topics="[AI, Drafts]")
records["null.md"] = make.record(8, published="", topics="[AI]")
records["withdrawn.md"] = make.record(9, topics="[Withdrawn topic]")
records["scheduled.md"] = make.record(10, publishedDateTime="2999-01-01", title=make.CANARY)
records["hidden.md"] = make.record(11, published="false", title=make.CANARY)
config = make.site(folder, records, CONFIG)


def build(now: datetime) -> None:
    """Build at a moment."""
    with closing(open_store(config)) as source:
        ingest(config, source, now)
        static.build(config, source, now)


H = timedelta(hours=1)
build(make.NOW)
make.write(
    config.records_folder / "2.md", make.record(2, title="Article 2, edited", topics="[AI, Edited]")
)
make.write(config.records_folder / "moved.md", make.record(6, webUrl="https://example.org/moved"))
build(make.NOW + H)
make.write(config.records_folder / "withdrawn.md", make.record(9, published="false"))
make.write(config.records_folder / "broken.md", make.record(5, title="[", topics="[AI, Last good]"))
build(make.NOW + 2 * H)
for file in folder.rglob("*.md"):
    os.utime(file, (1700000000, 1700000000))
build(make.NOW + 3 * H)
