"""What it costs to read a record, in microseconds of processor time: all of it as a build does it,
and parts alone.

    python benchmarks/reading.py 10000                     so many records of make_corpus.py
    python benchmarks/reading.py --folder seeds            records that are there

The least of five rounds over all records, one process, garbage searched for as seldom as in a
build's workers. A part alone is quicker than it is among the others, which use the same caches of
the processor.
"""

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from feeds import load_config
from feeds.executor import GARBAGE_THRESHOLD
from feeds.ingest.reading import Reader, batches
from feeds.ingest.scan import ChangedFile
from feeds.model import Article
from feeds.records import frontmatter, read_record
from feeds.records.validation import validate
from feeds.sources.folder import read_file, walk
from feeds.store.rows import article_of, record_row

HERE = Path(__file__).parent
ROUNDS = 5


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("records", type=int, nargs="?", default=10_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    gc.set_threshold(*GARBAGE_THRESHOLD)
    with tempfile.TemporaryDirectory() as work:
        folder = given.folder or Path(work) / "records"
        if given.folder is None:
            command = [sys.executable, str(HERE / "make_corpus.py"), work, str(given.records)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        measure(folder.resolve(), Path(work))


def measure(folder: Path, work: Path) -> None:
    """Print what each part costs."""
    site = '[site]\ntitle = "Reading"\nbase_url = "https://feeds.example.org/"\n'
    (work / "config.toml").write_text(f"{site}[records]\npath = {json.dumps(str(folder))}\n")
    config = load_config(work / "config.toml")
    now = datetime.now(UTC)
    found = sorted(walk(folder), key=lambda item: item.path)
    reader = Reader(config, now, is_new=True)
    parts = batches([ChangedFile(item.path, item, None) for item in found])
    say("all of it, file to row", parts, reader.read, len(found))
    say("its file", found, partial(read_file, folder))
    contents = [content for item in found if isinstance(content := read_file(folder, item), bytes)]
    texts = [content.decode() for content in contents]
    say("its front matter to data", texts, frontmatter.read)
    mappings = [data for text in texts if (data := frontmatter.read(text).data) is not None]
    say("its data checked", mappings, validate)
    say("bytes to article, with both", contents, lambda content: read_record("a.md", content, now))
    readings = [read_record("a.md", content, now) for content in contents]
    articles = [reading.article for reading in readings if reading.article is not None]
    say("its row", articles, lambda article: record_row(article, config.names))
    rows = [str(record_row(article, config.names)[-1]) for article in articles]
    say("its article from the row", rows, taken_apart)
    print(
        f"{sum(len(row.encode()) for row in rows) / len(rows):8.0f} bytes of the row are the article"
    )


def taken_apart(row: str) -> Article:
    """The article that was kept as this text."""
    return article_of("a.md", "digest", "id", row)


def say(name: str, items: Sequence[Any], work: Callable[[Any], Any], records: int = 0) -> None:
    """Print the least time that it took to do the work for all, by the record."""
    least = min(timed(items, work) for _ in range(ROUNDS))
    print(f"{least / (records or len(items)) * 1e6:8.1f} µs  {name}")


def timed(items: Sequence[Any], work: Callable[[Any], Any]) -> float:
    start = time.process_time()
    for item in items:
        work(item)
    return time.process_time() - start


if __name__ == "__main__":
    main()
