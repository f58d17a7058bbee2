"""Decide whether articles whose files are gone are removed: not if most articles would go at once.

A folder that was emptied, a wrong one, or a disk that is not mounted looks as if its files had been
deleted. Only articles whose files are missing count: a record that says itself that it is not
published goes at once.
"""

from collections.abc import Sequence

from feeds import store
from feeds.config import Config
from feeds.errors import RemovalRefused
from feeds.store import Connection

FEW = 20  # articles that may always go
ADVICE = "`--allow-removal` or `records.allow_removal = true` in config.toml lets them go"


class Removal:
    """The decision about files that are gone, for one look at the records.

    `is_partial`: only some paths were looked at.  `before`: as many articles as the last look found
    missing, for who looks again soon; None for who does not.
    """

    def __init__(
        self, config: Config, *, allowed: bool, is_partial: bool, before: int | None
    ) -> None:
        self._folder = str(config.records.path)
        self._allowed = allowed or config.records.allow_removal
        self._is_partial = is_partial
        self._before = before

    def postponed(self, connection: Connection, gone: Sequence[str]) -> int:
        """Return how many published articles stay for now though their files are gone; 0 where all
        may go.

        Files may still be on their way out, as while a folder is being deleted: of more than a few
        it is waited until two looks at all files in a row miss as many. Raises RemovalRefused when
        most of all would go.
        """
        if self._allowed or len(gone) <= FEW:
            return 0
        missing, published = store.missing_articles(connection, gone)
        if missing <= FEW:
            return 0
        if self._is_partial:
            return missing
        if 2 * missing > published:
            articles = f"the files of {missing} of {published} published articles cannot be found"
            raise RemovalRefused(
                self._folder, f"{articles}, so nothing is removed; if that is meant, {ADVICE}"
            )
        return missing if self._before is not None and self._before != missing else 0
