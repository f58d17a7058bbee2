"""Note in the ledger what was visible and is taken back, and forget it when it returns or its days
are over.

In: records before and after a change. Out: the ledger with what is withdrawn. Not here: which id an
article has (ids), and what is shown of a withdrawn one (selection).
"""

from collections.abc import Mapping
from datetime import datetime

from feeds import selection
from feeds.config import Config
from feeds.ids.assignment import IdInput
from feeds.ids.edits import Before
from feeds.ids.ledger import Ledger, Withdrawn
from feeds.store import Connection
from feeds.store import ids as stored


class Withdrawals:
    """The withdrawals of one transaction."""

    def __init__(self, connection: Connection, config: Config, now: datetime) -> None:
        self._connection = connection
        self._config = config
        self._days = config.feeds.withdrawn_days
        self._now = now
        self._last = selection.visible_at(connection)
        self.expired: dict[str, Before] = {}

    def look_up_expired(self) -> None:
        """Look up what has expired since visibility was last decided: before the store changes."""
        if self._days:
            self.expired = stored.expired(self._connection, self._now)

    def of(
        self, ledger: Ledger, before: Mapping[str, Before], after: Mapping[str, IdInput]
    ) -> Ledger:
        """Return the ledger with what was visible and is no longer there, and without what came
        back or is long gone."""
        if not self._days:
            return ledger._replace(withdrawn={})
        second = self._now.replace(microsecond=0)
        withdrawn = {
            id: one for id, one in ledger.withdrawn.items() if one.until(self._days) > second
        }
        left = {path: one for path, one in {**self.expired, **before}.items() if one.visible}
        gone = {one.article.id for one in left.values()}
        visible = stored.visible_ids(self._connection, gone | withdrawn.keys(), self._now)
        out = stored.left_out(self._connection, left)
        for path, one in left.items():
            article, new = one.article, after.get(path)
            if article.id in visible or path in out or self._stays(one, new):
                continue
            withdrawn[article.id] = Withdrawn(
                article.link,
                article.published,
                self._withdrawn_at(one, new),
                self._config.names.feeds(article),
                article.quality,
                article.heat,
            )
        lasting = {id: one for id, one in withdrawn.items() if id not in visible}
        return ledger._replace(withdrawn=lasting)

    def _stays(self, before: Before, after: IdInput | None) -> bool:
        """Tell whether the article is still there, under an id that its record gives it now."""
        return (
            after is not None
            and after.address == before.article.address
            and after.is_current(self._now)
        )

    def _withdrawn_at(self, before: Before, after: IdInput | None) -> datetime:
        """Return when an article was taken back: when it expired, if it was shown until then, else
        now."""
        for expires in (None if after is None else after.expires, before.expires):
            if expires is not None and self._last is not None and self._last < expires <= self._now:
                return expires.replace(microsecond=0)
        return self._now.replace(microsecond=0)
