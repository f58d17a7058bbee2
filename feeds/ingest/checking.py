"""Read every record again, and report all faults to its editor.  This uses no store."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from feeds.config import Config
from feeds.ids.assignment import Group, IdInput, assign, id_input
from feeds.ids.ledger import read_ledger
from feeds.ingest.reading import read_with, with_earlier_addresses
from feeds.records import Fault, place_of_identity, refusal
from feeds.sources.folder import ScannedFile, printable, read_file, unread, walk


def check(
    config: Config, now: datetime, passed_over: Counter[str], cut: set[str]
) -> Iterator[tuple[str, list[Fault]]]:
    """Yield the path of every record with its faults, in the order of paths; then those refused for
    the sake of others.

    `passed_over` counts by kind the files that are no records, `cut` gets the paths of records that
    use shortcodes that were left out. A record may come twice. Raises
    ConfigError and LedgerError.
    """
    folder, (ledger, _) = config.records_folder, read_ledger(config.ledger_file)
    records: dict[str, IdInput] = {}
    held: set[str] = set()
    files: dict[str, ScannedFile] = {}
    passed_over.update(unread(folder, config.records.excluded))
    for found in sorted(walk(folder, config.records.excluded), key=lambda found: found.path):
        path, content = printable(found.path), read_file(folder, found)
        if isinstance(content, Fault):
            held.add(path)
            yield path, [content]
            continue
        reading = read_with(config, path, content, now)
        reading = with_earlier_addresses(config, reading, content, ledger.patterns)
        if reading.aside:
            passed_over["that are no posts"] += 1
            held.add(path)
            continue
        if reading.templates:
            cut.add(path)
        files[path] = found
        article = reading.article
        if article is None:
            held.add(path)
        else:
            records[path] = id_input(article)
        waits = article is not None and article.published > now
        yield path, [fault for fault in reading.faults if not (waits and fault.until)]
    left_out = assign(Group(records, held, ledger.lines)).left_out
    for path, winner in sorted(left_out.items()):
        content = read_file(folder, files[path])
        if not isinstance(content, Fault):
            place = place_of_identity(content, path, config.records.fields)
            yield path, [refusal(path, place, winner)]
