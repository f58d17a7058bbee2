"""Choose the date of a document where the store and the list in a tree, or two processes, noted
different ones.

No date goes back, but one that was noted by a clock that was wrong. Not here: the date of a change
(pipeline).
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from feeds.documents.versions import is_far_ahead
from feeds.build.manifest import UNFINISHED, Written
from feeds.store import Published


def last_published(
    stored: Mapping[str, Published],
    listed: Mapping[str, Written],
    paths: Collection[str],
    now: datetime,
) -> dict[str, Published]:
    """Return what was last published at these paths, by the store and by the list of a tree."""
    known = dict(stored)
    for path in listed.keys() & paths:
        written, before = listed[path], known.get(path)
        if written.etag == UNFINISHED:
            continue
        if before is None or _rank(before.modified, now) < _rank(written.modified, now):
            recipe = before.recipe if before is not None and before.etag == written.etag else ""
            known[path] = Published(recipe, written.etag, written.modified)
    return known


def agreed(noted: Published, other: Published | None, now: datetime) -> Published:
    """Return what to note of a document so that its date gives way to the one that another process
    noted meanwhile."""
    if other is None or other.modified <= noted.modified or is_far_ahead(other.modified, now):
        return noted
    return noted._replace(
        modified=other.modified if other.etag == noted.etag else other.modified + 1
    )


def _rank(modified: int, now: datetime) -> tuple[bool, int]:
    """Order dates: the latest counts, but any before one that a wrong clock gave."""
    return not is_far_ahead(modified, now), modified
