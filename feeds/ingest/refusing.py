"""Which records are left out because they would share their id, or their address, with another
article.

In: what changed, as addresses and ids, and the ledger. Out: the faults of those records in the
store, and the ledger without what it no longer needs to say. It comes to the same whatever was
looked at before: claims lead to others that they touch, also through what is held back. Not here:
which id a record has by rights (identity).
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from feeds.config import Config
from feeds.ids.assignment import NEVER, Claim, Claimant, claims_of_held, note_line, refused
from feeds.ids.ledger import Ledger
from feeds.records import Fault, place_of_identity, refusal
from feeds.records.keys import WEB_URL
from feeds.sources.folder import ScannedFile, read_file
from feeds.store import Connection, identities


def refuse(
    connection: Connection,
    config: Config,
    ledger: Ledger,
    now: datetime,
    addresses: set[str],
    ids: set[str],
) -> Ledger:
    """Leave out whoever loses, of all that these addresses and ids lead to, and take in again who
    no longer does.

    Returns the ledger without the lines of what is gone, and with those of what is at home now.
    """
    claims, ledger = _claims(connection, ledger, addresses, ids)
    losers = refused(claims.values())
    ledger = _brought_home(connection, ledger, claims, losers, now)
    faults = {path: _fault(config, claims, path, losers.get(path), now) for path in claims}
    identities.refuse(connection, faults)
    return ledger


def _claims(
    connection: Connection, ledger: Ledger, addresses: set[str], ids: set[str]
) -> tuple[dict[str, Claim], Ledger]:
    """All claims that these lead to, and the ledger without the lines of what is gone."""
    while True:
        claims = identities.claims(connection, ledger, addresses, ids)
        used, places = {one.id for one in claims.values()}, {one.address for one in claims.values()}
        asked = ids.union(used, (id for id in map(ledger.id_at, places) if id is not None))
        held, ledger = _held(connection, ledger, asked, used)
        further = identities.at_addresses(
            connection, {one.address for one in held.values()} - places
        )
        if not further and asked <= ids | used:
            return {**claims, **held}, ledger
        addresses, ids = addresses | further, ids | asked


def _held(
    connection: Connection, ledger: Ledger, asked: Collection[str], used: Collection[str]
) -> tuple[Mapping[str, Claim], Ledger]:
    """What is held back and keeps its id.  Where nothing is held back, an id that another has by
    now is forgotten."""
    marks = {ledger.mark_of(key): id for key, id in ledger.ids.items() if id in asked}
    there = identities.at_marks(connection, marks)
    lived_by = {mark for mark, one in there if one.given_id is None}
    marks = {mark: id for mark, id in marks.items() if mark not in lived_by}
    holders = identities.holders(connection, sorted(marks))
    if gone := {mark for mark, id in marks.items() if mark not in holders and id in used}:
        left = {
            key: id
            for key, id in ledger.ids.items()
            if id not in used or ledger.mark_of(key) not in gone
        }
        ledger = replace(ledger, ids=left)
    return claims_of_held(marks, holders, {mark: one.address for mark, one in there}), ledger


def _brought_home(
    connection: Connection,
    ledger: Ledger,
    claims: Mapping[str, Claim],
    losers: Collection[str],
    now: datetime,
) -> Ledger:
    """One that stands alone where it strayed to is at home there."""
    paths = [path for path in ledger.claimed if path in claims and path not in losers]
    if not paths:
        return ledger
    ids, claimed = dict(ledger.ids), dict(ledger.claimed)
    at = {claims[path].address for path in paths}
    there = [path for path, one in claims.items() if one.address in at]
    company: dict[str, list[Claimant]] = {}
    for one in identities.claimants(connection, sorted(there)):
        company.setdefault(one.address, []).append(one)
    for path in paths:
        beside, id = company[claims[path].address], claimed[path]
        # else that one is refused now, and perhaps not for ever
        if all(claims[one.path].id == id for one in beside):
            del claimed[path]
            note_line(ids, claimed, [one for one in beside if one.given_id is None], id, now)
    return replace(ledger, ids=ids, claimed=claimed)


def _fault(
    config: Config, claims: Mapping[str, Claim], path: str, winner: str | None, now: datetime
) -> Fault | None:
    if winner is None:
        return None
    content = read_file(config.records_folder, ScannedFile(path, 0, 0))
    mapping = config.records.fields
    place = (
        (1, 1, WEB_URL) if isinstance(content, Fault) else place_of_identity(content, path, mapping)
    )
    # Of what is not public not even the path is named in public; `feeds check` names it.
    # This is said for as long as the fault stays: who is gone one day is not named at all.
    public = NEVER < claims[winner].published <= now and not claims[winner].expires
    return refusal(path, place, winner if public else "")
