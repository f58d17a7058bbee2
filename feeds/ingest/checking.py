"""Read every record again, and report all faults to its editor.  This uses no store."""

from collections.abc import Iterator
from datetime import datetime

from feeds.config import Config
from feeds.ids.assignment import Claimant, claim, claimant_of, claims_of_held, refused
from feeds.ids.ledger import read_ledger
from feeds.ingest.reading import read_with
from feeds.records import Fault, place_of_identity, refusal
from feeds.sources.folder import RecordsFolder, ScannedFile, printable, walk
from feeds.urls import address_digest


def check(config: Config, now: datetime) -> Iterator[tuple[str, list[Fault]]]:
    """The path of every record with its faults, in the order of paths; then those refused for the
    sake of others.

    A record may come twice. Raises ConfigError and LedgerError.
    """
    with RecordsFolder(config.records_folder) as folder:
        yield from _check(config, folder, now)


def _check(
    config: Config, folder: RecordsFolder, now: datetime
) -> Iterator[tuple[str, list[Fault]]]:
    ledger, _ = read_ledger(config.ledger_file)
    claimants: list[Claimant] = []
    holders: dict[str, str] = {}
    files: dict[str, ScannedFile] = {}
    for found in sorted(walk(config.records_folder), key=lambda found: found.path):
        path, content = printable(found.path), folder.read(found)
        if isinstance(content, Fault):
            yield path, [content]
            continue
        reading = read_with(config, path, content, now)
        files[path] = found
        holders |= {address: path for address in reading.held if address not in holders}
        article = reading.article
        if article is not None:
            claimants.append(claimant_of(article))
        waits = article is not None and article.published > now
        yield path, [fault for fault in reading.faults if not (waits and fault.until)]
    addresses = {one.address for one in claimants}
    claims = {one.path: claim(one, ledger, addresses.__contains__) for one in claimants}
    there = {address_digest(one.address): one for one in claimants} if ledger.ids else {}
    marks = {ledger.mark_of(key): id for key, id in ledger.ids.items()}
    for mark in (
        {address_digest(one.address) for one in claimants if one.given_id is None} if marks else ()
    ):
        marks.pop(mark, None)
    claims |= claims_of_held(marks, holders, {mark: one.address for mark, one in there.items()})
    for path, winner in sorted(refused(claims.values()).items()):
        content = folder.read(files[path])
        if not isinstance(content, Fault):
            yield (
                path,
                [refusal(path, place_of_identity(content, path, config.records.fields), winner)],
            )
