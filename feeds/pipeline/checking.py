"""Every fault of every record, read anew, for its editor's eyes.  Here is no store, and nothing is left behind."""

from collections.abc import Iterator
from datetime import datetime

from feeds.config import Config
from feeds.identity import Claim, claim_of, claims_of_held, refused
from feeds.ledger import read_ledger
from feeds.records import Fault, Found, place_of_identity, printable, read_file, read_record, refusal, walk


def check(config: Config, now: datetime) -> Iterator[tuple[str, list[Fault]]]:
    """The path of every record with its faults, in the order of paths; then those refused for the sake of others.

    A record may come twice. Raises ConfigError and LedgerError.
    """
    ledger, _ = read_ledger(config.ledger_file)
    claims: dict[str, Claim] = {}
    holders: dict[str, str] = {}
    files: dict[str, Found] = {}
    for found in sorted(walk(config.records_folder), key=lambda found: found.path):
        path, content = printable(found.path), read_file(config.records_folder, found)
        if isinstance(content, Fault):
            yield path, [content]
            continue
        reading = read_record(path, content, now, config.records.fields)
        files[path] = found
        holders |= {address: path for address in reading.held if address not in holders}
        article = reading.article
        if article is not None:
            claims[path] = claim_of(article, ledger)
        waits = article is not None and article.published > now
        yield path, [fault for fault in reading.faults if not (waits and fault.until)]
    ids, there = {claim.id for claim in claims.values()}, {claim.address for claim in claims.values()}
    held = claims_of_held(ledger, ids, holders)
    claims |= {path: claim for path, claim in held.items() if claim.address not in there}
    for path, winner in sorted(refused(claims.values()).items()):
        content = read_file(config.records_folder, files[path])
        if not isinstance(content, Fault):
            yield path, [refusal(path, place_of_identity(content, path, config.records.fields), winner)]
