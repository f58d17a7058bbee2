"""Find out when feeds change next without a record changing.

Not here: what is visible now (visibility).
"""

from collections.abc import Sequence
from datetime import datetime

from feeds.config.feeds import Rule
from feeds.store import Connection, schedule
from feeds.store.schedule import Scheduled, Shown
from feeds.urls import EVERYTHING


def scheduled_changes(
    connection: Connection, rules: Sequence[Rule], now: datetime, until: datetime
) -> dict[str, datetime]:
    """Return the next moment after `now`, up to `until`, at which each feed changes, by key."""
    kinds = (schedule.scheduled_updates, schedule.scheduled_arrivals, schedule.scheduled_expiries)
    found = [one for kind in kinds for one in kind(connection, now, until)]
    return _first_moments(connection, rules, found)


def scheduled_expiries(
    connection: Connection, rules: Sequence[Rule], now: datetime, until: datetime
) -> dict[str, datetime]:
    """Return the next moment after `now`, up to `until`, at which something in each feed expires,
    by key."""
    found = schedule.scheduled_expiries(connection, now, until)
    return _first_moments(connection, rules, found)


def _first_moments(
    connection: Connection, rules: Sequence[Rule], scheduled: Sequence[Scheduled]
) -> dict[str, datetime]:
    """Return the first moment of each feed, also of those in which something points to an article
    that comes or goes."""
    addresses, found = dict[str, datetime](), dict[str, datetime]()

    def note(at: datetime, shown: Shown) -> None:
        own = (rule.key for rule in rules if rule.asks_for(shown.names.keys(), *shown[1:]))
        for key in (EVERYTHING, *shown.names, *own):
            found[key] = min(found.get(key, at), at)

    for one in scheduled:
        note(one.at, one.shown)
        for address in one.addresses:
            addresses[address] = min(addresses.get(address, one.at), one.at)
    for address, shown in schedule.visible_pointers(connection, addresses):
        note(addresses[address], shown)
    return found
