"""Extents of feeds: how many of the articles picked for a feed its documents show, so that none
outgrows `max_bytes`.

It is the same in every format, so that a feed holds the same articles however it is read. Measuring
takes every entry rendered, so it is done once for all that decides it, and kept in the store under
the digest of that. Not here: which articles are picked (selection), and how entries are rendered
and kept (entries).
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import accumulate

from feeds import store
from feeds.config import Config
from feeds.config.site import Site
from feeds.documents.entries import smaller
from feeds.documents.plan import Bytes, Recipes
from feeds.model import Feed, digest
from feeds.render import Format, format_named, widest
from feeds.selection import archive
from feeds.store import Connection, Extent
from feeds.urls import archive_path, feed_path

AMPLE = 262_144  # bytes of which no frame takes half


class Extents:
    """What is known of extents, and not yet written to the store.  For one thread at a time."""

    def __init__(self, config: Config) -> None:
        self._site = config.site
        self._most = config.feeds.max_bytes
        self._known: dict[str, Extent] | None = None
        self._unsaved: dict[str, Extent] = {}
        self._sizes: defaultdict[str, dict[int, int]] = defaultdict(dict)

    @property
    def unsaved(self) -> bool:
        """Whether there is something to write to the store."""
        return bool(self._unsaved)

    def get(self, connection: Connection, feed: Feed, recipes: Recipes, entries: Bytes) -> int:
        """How many of the articles picked for a feed fit in every format of it: one at least.

        `recipes` gives theirs by number for a variant, in the order in which they are shown, and
        `entries` their bytes in it for those recipes. Entries are asked for only when the extent is
        not known.
        """
        facts = (str(self._most), feed.key, feed.name, feed.description, feed.image, str(feed.page))
        first, *others = variants(feed)
        recipe = digest(*facts, first, *others, " ".join(recipes(first).values()))
        known = self._all(connection).get(feed.key)
        if known is None or known.recipe != recipe:
            articles = min(
                self._fitting(feed, variant, recipes(variant), entries)
                for variant in (first, *others)
            )
            known = self._all(connection)[feed.key] = self._unsaved[feed.key] = Extent(
                recipe, articles
            )
        return known.articles

    def measure(self, variant: str, recipes: dict[int, str], entries: Bytes) -> None:
        """Measure what is not yet measured of these entries."""
        sizes = self._sizes[variant]
        if unknown := {number: recipe for number, recipe in recipes.items() if number not in sizes}:
            sizes.update(zip(unknown, map(len, entries(variant, unknown)), strict=True))

    def forget(self) -> None:
        """Forget the sizes of entries: other recipes are about to hold."""
        self._sizes.clear()

    def add(self, found: dict[str, Extent]) -> None:
        """Take extents that were measured elsewhere, to be written with others."""
        self._unsaved |= found

    def taken(self) -> dict[str, Extent]:
        """What is not yet written, for another to write."""
        taken, self._unsaved = self._unsaved, {}
        return taken

    def save_in(self, connection: Connection) -> None:
        """Write what is not yet written, in a transaction that writes."""
        store.keep_extents(connection, self._unsaved)
        self._unsaved.clear()

    def _all(self, connection: Connection) -> dict[str, Extent]:
        if self._known is None:
            self._known = store.extents(connection)
        return self._known

    def _fitting(self, feed: Feed, variant: str, recipes: dict[int, str], entries: Bytes) -> int:
        self.measure(variant, recipes, entries)
        form = format_named(variant.partition("/")[0])
        sizes = list(map(self._sizes[variant].__getitem__, recipes))
        most = room(form, feed, self._site, self._most)
        if max(sizes) + len(form.BETWEEN) > most:
            sizes = list(map(len, bounded(feed, self._site, self._most, variant, recipes, entries)))
        return fitting(sizes, len(form.BETWEEN), most)


def variants(feed: Feed) -> list[str]:
    """The format and content of a feed's entries, such as `atom/full`, in each of its formats."""
    return [f"{name}/{feed.content}" for name in feed.formats]


def room(form: Format, feed: Feed, site: Site, most: int) -> int:
    """The bytes that a document's frame leaves to its entries, each with what stands between two of
    them.

    The frame is taken as long as it can get, whether the feed is complete or has a history, and
    whenever it changed: so the extent decides about the history, and not the other way round.
    """
    address, name = site.address, form.NAME
    history = address(archive_path(feed.key, archive.LONGEST_NAME, name))
    head, tail = form.frame(
        feed, site, archive.END, widest(address(feed_path(feed.key, name)), history)
    )
    return most - len(head) - len(tail) + len(form.BETWEEN)


def bounded(
    feed: Feed, site: Site, most: int, variant: str, recipes: dict[int, str], entries: Bytes
) -> Sequence[bytes]:
    """The entries of these recipes, each in a smaller variant where it alone does not fit into
    `most` bytes.

    The smallest there is stays whatever its size.
    """
    made = dict(zip(recipes, entries(variant, recipes), strict=True))
    largest = max(map(len, made.values()), default=0)
    if largest * 2 <= most and most > AMPLE:
        return list(made.values())  # as nearly always, without a look at the frame
    form = format_named(variant.partition("/")[0])
    left = room(form, feed, site, most) - len(form.BETWEEN)
    for other in smaller(variant):
        if large := {
            number: recipes[number] for number, entry in made.items() if len(entry) > left
        }:
            made |= zip(large, entries(other, large), strict=True)
    return list(made.values())


def fitting(sizes: Sequence[int], between: int, room: int) -> int:
    """How many entries of these sizes fit into a room, the first ones first.  The first is in it
    whatever its size."""
    if sum(sizes) + between * len(sizes) <= room:
        return len(sizes)  # as nearly always
    return max(1, sum(total <= room for total in accumulate(size + between for size in sizes)))
