"""Connections to the database file, by SQLAlchemy: with which settings, and how their transactions
begin.

Not here: what the file is, and when it is opened (database).
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event

from feeds.store.rights import create_file

# seconds that a writer waits for another one, which may be reading a large folder
LONGEST_WAIT = 600
# secure_delete: what an editor took back does not stay in free pages.
# page_size: a row is about 3 KB, of which a page of 4 KB would hold one.
SETTINGS = (
    "page_size=16384",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "cache_size=-20480",
)


def engine_of(file: Path, *, immutable: bool = False) -> Engine:
    """Return what connects to a file, which is created when it is missing.

    `immutable`: only to be read, and nobody changes it meanwhile (sqlite.org/uri.html).
    """
    url = URL.create("sqlite", database=str(file))
    if immutable:
        url = URL.create(
            "sqlite", database=f"file:{quote(str(file))}", query={"uri": "true", "immutable": "1"}
        )
    engine = create_engine(
        url,
        # what is bound may be text that is not public yet, and errors end in logs
        hide_parameters=True,
        connect_args={"timeout": LONGEST_WAIT, "isolation_level": None, "check_same_thread": False},
        # JSON as written by people: text stays text, so the file can be read with any tool.
        json_serializer=lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    )
    event.listen(engine, "do_connect", lambda *_: create_file(file))
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for setting in SETTINGS:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    # A writer takes its lock at once: one that began by reading could not be sure to get it later.
    wait = connection.get_execution_options().get("wait")
    # Each time: the connection may have been another's, who did not want to wait.
    seconds = LONGEST_WAIT if wait is None else wait
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    connection.exec_driver_sql("BEGIN" if wait is None else "BEGIN IMMEDIATE")
