"""Report records that an upgrade hides, once by each of those that report them.

Not here: which records these are (ingesting), and where they are noted (store).
"""

from collections.abc import Iterator
from contextlib import suppress

from feeds import store
from feeds.config import Config
from feeds.errors import StoreError
from feeds.store import Reporter, Store

SHORT_WAIT = 2  # seconds for another writer: what cannot be noted is reported again


def report_once(config: Config, source: Store, teller: Reporter) -> Iterator[str]:
    """Yield a line for each such record, without a word of it, and then note that."""
    with source.reading() as connection:
        hidden = store.hidden_records(connection, teller)
    for path, reason in hidden.items():
        place = f"{config.records.path}/{path}"
        yield f"{place}: published until feeds or its config changed, and hidden now: {reason}"
    if hidden:
        with suppress(StoreError), source.writing(SHORT_WAIT) as connection:
            store.forget_hidden(connection, teller, hidden)
