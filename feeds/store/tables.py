"""The store's tables.  They are an index of the records, rebuilt for other code (upgrade), never
migrated.

Moments are whole microseconds since 1970 in UTC. `age` is the negative of a record's publication,
so that ascending order, which an index gives for nothing, is newest first. Text is compared by code
point, as SQLite does it (elsewhere: collation "C"). What editors did not publish has a row in
`files` alone, without any of its text.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    inspect,
)

metadata = MetaData()


def _partial_index(name: str, column: Column[Any], where: ColumnElement[bool]) -> None:
    """Index the few rows that meet a condition, for queries that have just that condition."""
    Index(name, column, sqlite_where=where, postgresql_where=where)


# fingerprint: what code and records folder the store was made by and of, and a digest of the names
# that config.toml gives; generation: grows with each change of records; ledger: the digest of the
# ledger that ids were taken from; feed keys: which names lead to which feeds; last number: the
# highest number that a record ever had; visible at, next change, rules: as of which moment
# visibility was refreshed, when it changes next, and by which rules of the publisher's own feeds.
facts = Table(
    "facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)

# What changed since visibility was last refreshed: addresses of records (link), digests of
# addresses that nothing may point to or now may (address), feeds that an article left (feed), each
# with the address of that article (left).
changes = Table(
    "changes",
    metadata,
    Column("kind", Text, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("kind", "value"),
    sqlite_with_rowid=False,
)

# One row a file that may be a record, whatever became of it. `due` is the publication of one that
# is no article, and `expires` its expiry: before the one and after the other nothing is said of it.
files = Table(
    "files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("unpublished", Boolean, nullable=False),
    Column("due", BigInteger),
    Column("expires", BigInteger),
    Column("faults", JSON, nullable=False),
    Column("faulty", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
_partial_index("faulty_files", files.c.path, files.c.faulty)
_partial_index("undated_files", files.c.path, files.c.mtime_ns == -1)

# What stands for the files that lie in a folder, once the store holds what they say. Where it is
# empty it does not say that all is as it was; where there are no rows, nothing is known of any
# folder.
folders = Table(
    "folders",
    metadata,
    Column("path", Text, primary_key=True),
    Column("digest", Text, nullable=False),
    sqlite_with_rowid=False,
)

# One row a record that is published now or will be when it is due. `link` is its web address as it
# is compared, `id` what readers know the article by, `claim` what the record says of that itself;
# `shown` tells that readers may hold the id already, `refused` is the fault of one that is left out
# for the sake of another. `address` is the digest of the link, `others` those of its further
# addresses, `related` those of the addresses that it points to. A row with `until` is what is left
# of an article that was withdrawn: it goes at that moment. `visible` is what was decided last; of
# one that is `waiting` for its moment, has expired, or is refused, the addresses are in `held`.
# `expires` is when it is gone. `feeds` are keys and names, as JSON. `bytes` are the most that an
# entry of it takes in a format, without the names of its feeds; 0 where that is not known.
records = Table(
    "records",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("path", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("claim", Text),
    Column("shown", Boolean, nullable=False),
    Column("refused", JSON(none_as_null=True)),
    Column("until", BigInteger),
    Column("visible", Boolean, nullable=False),
    Column("waiting", Boolean, nullable=False),
    Column("address", Text, nullable=False),
    Column("others", Text, nullable=False),
    Column("age", BigInteger, nullable=False),
    Column("updated", BigInteger),
    Column("expires", BigInteger),
    Column("quality", Float),
    Column("heat", Float),
    Column("feeds", Text, nullable=False),
    Column("related", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("article", Text, nullable=False),
)
Index("same_link", records.c.link)
Index("ages", records.c.age)
Index("addresses", records.c.address)
# Nearly every id is the address itself, and found in `same_link`.
_partial_index("other_ids", records.c.id, records.c.id != records.c.link)
_partial_index("not_visible", records.c.link, ~records.c.visible)
_partial_index("refusals", records.c.number, records.c.refused.is_not(None))
_partial_index("claiming", records.c.number, records.c.claim.is_not(None))
_partial_index("ends", records.c.until, records.c.until.is_not(None))
_partial_index("updates", records.c.updated, records.c.updated.is_not(None))
_partial_index("expiries", records.c.expires, records.c.expires.is_not(None))

# Which visible record is in which feed, and how it spells the feed's name.
memberships = Table(
    "memberships",
    metadata,
    Column("feed", Text, nullable=False),
    Column("age", BigInteger, nullable=False),
    # No foreign key: checking it is half of what a row costs, and all go with their record.
    Column("record", Integer, nullable=False),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("feed", "age", "record"),
    Index("feeds_of_record", "record"),
    sqlite_with_rowid=False,
)

# How many visible records give a feed which name, and the feeds that come of it. `touched` is the
# generation in which what a feed shows may have changed last, `lost` the one in which something was
# last taken back that it showed.
feed_names = Table(
    "feed_names",
    metadata,
    Column("feed", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("articles", Integer, nullable=False),
    PrimaryKeyConstraint("feed", "name"),
    sqlite_with_rowid=False,
)
feeds = Table(
    "feeds",
    metadata,
    Column("key", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("articles", Integer, nullable=False),
    Column("touched", Integer, nullable=False),
    Column("lost", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# To which addresses nothing may point, and for the sake of which file; which records point to which
# addresses.
held = Table(
    "held",
    metadata,
    Column("address", Text, nullable=False),
    Column("path", Text, nullable=False),
    PrimaryKeyConstraint("address", "path"),
    Index("held_paths", "path"),
    sqlite_with_rowid=False,
)
pointers = Table(
    "pointers",
    metadata,
    Column("address", Text, nullable=False),
    Column("record", Integer, nullable=False),
    PrimaryKeyConstraint("address", "record"),
    sqlite_with_rowid=False,
)

# What was last published at a path: the recipe of its bytes, their tag, and when they last changed,
# in seconds.
documents = Table(
    "documents",
    metadata,
    Column("path", Text, primary_key=True),
    Column("recipe", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("modified", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# Records that were public before an upgrade and are hidden after it, with the reason, until each
# command that reports them has done so.
notices = Table(
    "notices",
    metadata,
    Column("teller", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("teller", "path"),
    sqlite_with_rowid=False,
)


def is_as_now(connection: Connection, table: Table) -> bool:
    """Tell whether there is a table of that name with just its columns, in their order."""
    found = inspect(connection)
    return (
        found.has_table(table.name)
        and [column["name"] for column in found.get_columns(table.name)] == table.columns.keys()
    )
