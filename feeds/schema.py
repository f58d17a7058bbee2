"""The store's tables.  They are an index of the records, rebuilt whenever FINGERPRINT does not match, never migrated.

Moments are whole microseconds since 1970 in UTC. `age` is the negative of a record's publication, so that ascending
order, which an index gives for nothing, is newest first. What editors did not publish has a row in `files` alone,
without any of its text.
"""

from sqlalchemy import (
    BLOB,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

metadata = MetaData()

# fingerprint: what code and records folder the store was made by and of; generation: grows with each change of records.
facts = Table("facts", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

# One row a file that may be a record, whatever became of it. `held` are the digests of the addresses of one that is no
# article: nothing may point to it. `due` is the publication of such a one: before it, nothing is said of it.
files = Table(
    "files",
    metadata,
    Column("path", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("unpublished", Boolean, nullable=False),
    Column("held", Text, nullable=False),
    Column("due", BigInteger),
    Column("faults", JSON, nullable=False),
    sqlite_with_rowid=False,
)

# One row a record that is published now or will be when it is due. `address` is the digest of its id, `others` those
# of its further addresses, `related` those of the addresses that it points to.
records = Table(
    "records",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("path", Text, nullable=False, unique=True),
    Column("digest", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("others", Text, nullable=False),
    Column("age", BigInteger, nullable=False),
    Column("updated", BigInteger),
    Column("quality", Float),
    Column("heat", Float),
    Column("feeds", Text, nullable=False),
    Column("related", Text, nullable=False),
    Column("article", JSON, nullable=False),
)
Index("rivals", records.c.id, records.c.age, records.c.path)
Index("ages", records.c.age, records.c.id)
Index("addresses", records.c.address)
Index("updates", records.c.updated, sqlite_where=records.c.updated.is_not(None))

# Which record is in which feed, and how it spells the feed's name.
memberships = Table(
    "memberships",
    metadata,
    Column("feed", Text, nullable=False),
    Column("age", BigInteger, nullable=False),
    Column("record", Integer, ForeignKey("records.number", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("feed", "age", "record"),
    Index("record_memberships", "record"),
    sqlite_with_rowid=False,
)

# The bytes of an article in a format, kept under the digest of all that they show.
entries = Table(
    "entries",
    metadata,
    Column("record", Integer, ForeignKey("records.number", ondelete="CASCADE"), nullable=False),
    Column("format", Text, nullable=False),
    Column("recipe", Text, nullable=False),
    Column("content", BLOB, nullable=False),
    PrimaryKeyConstraint("record", "format"),
)

# How many of the articles picked for a feed its documents show, kept under the digest of all that decides it.
extents = Table(
    "extents",
    metadata,
    Column("feed", Text, primary_key=True),
    Column("recipe", Text, nullable=False),
    Column("articles", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# What was last published at a path: the recipe of its bytes, their tag, and when they last changed, in seconds.
documents = Table(
    "documents",
    metadata,
    Column("path", Text, primary_key=True),
    Column("recipe", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("modified", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
