"""Entries of the articles that documents show: what each is made of, and its bytes, kept or
rendered now.

An entry's recipe is the digest of all that it shows: while it stays the same the bytes that are
kept are its bytes. What is dear to render, HTML, is kept in the store; a summary is rendered sooner
than it is found there, and stays in memory for a while. Not here: which articles a document shows
(drafts), and what an entry looks like (render).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from feeds import selection, store
from feeds.config import Config
from feeds.documents.snapshot import Snapshot
from feeds.model import Article, Entry, digest
from feeds.render import PAGE, Style, form_named
from feeds.render.compiled import EntryInput
from feeds.render.content import content_of
from feeds.selection import Pick
from feeds.store import Connection, Store
from feeds.taxonomies import PROVIDERS, with_names
from feeds.urls import address_digest

HEADS = {
    "limit",
    "max_bytes",
    "archives",
    "pages",
    "content",
    "fastest",
    "slowest",
    "withdrawn_days",
}  # keys of [feeds] that no recipe needs
LOOKS = {"accent", "footer", "pictures", "templates"}  # keys of [site] that show on pages alone
Wanted = tuple[Pick, dict[str, str]]  # an article, the recipes of its entries by variant
Rendered = tuple[int, str, Entry]  # with the number of its record and its variant
MOST_UNSAVED = 1000  # entries held in memory until they are written to the store together
# HTML; the excerpt; title and link alone
CONTENTS = FULL, SUMMARY, BARE = "full", "summary", "bare"


class Entries:
    """The entries of a site, from its store.  For one thread at a time; of each format `most_ready`
    summaries are held.

    A variant is a format and a content, such as `atom/full`: a feed may have another content than
    all.
    """

    def __init__(self, config: Config, source: Store, most_ready: int) -> None:
        self._config = config
        self._store = source
        self._most_ready = most_ready
        # What all entries and heads show of the config.
        self.site = digest(
            config.site.model_dump_json(exclude=LOOKS), config.feeds.model_dump_json(exclude=HEADS)
        )
        looks = config.site.model_dump_json(include=LOOKS)
        self.pages = digest(self.site, looks, config.site.theme.digest)
        self._unsaved: defaultdict[str, dict[int, Entry]] = defaultdict(dict)
        self._ready: defaultdict[str, dict[int, Entry]] = defaultdict(dict)
        self._hidden: frozenset[str] | None = None  # all of them, once every document is drafted
        self._recipes: dict[tuple[str, int], str] = {}

    def forget(self) -> None:
        """Forget what was looked up: another snapshot is about to hold."""
        self._hidden = None
        self._recipes.clear()

    def look_up_hidden(self, connection: Connection) -> None:
        """Look up every address to which no article may point, where the entries of all documents
        are asked for."""
        if self._hidden is None:
            self._hidden = selection.hidden(connection)

    def hidden(self, connection: Connection, picks: Sequence[Pick]) -> frozenset[str]:
        """The addresses to which these articles point and may not."""
        if self._hidden is not None:
            return self._hidden
        return selection.hidden(connection, {address for pick in picks for address in pick.related})

    def recipes(
        self, snapshot: Snapshot, picks: Iterable[Pick], hidden: frozenset[str], variant: str
    ) -> dict[int, str]:
        """The recipes of these articles in a variant, by number: in every format of feeds the
        same."""
        site = self.pages if variant.startswith(PAGE) else self.site
        return {pick.number: self._recipe(snapshot, pick, hidden, site) for pick in picks}

    def get(
        self,
        connection: Connection,
        snapshot: Snapshot,
        hidden: frozenset[str],
        picks: Iterable[Pick],
        variant: str,
        recipes: dict[int, str],
    ) -> Iterator[bytes]:
        """The entries of these recipes in a variant, in their order; rendered where they are not
        kept.

        They are of some of these articles, by number.
        """
        held = self._unsaved[variant] if is_dear(variant) else self._ready[variant]
        ready = {n: held[n].content for n in recipes if n in held and held[n].recipe == recipes[n]}
        missing = {number: recipe for number, recipe in recipes.items() if number not in ready}
        if not missing:
            return (ready[number] for number in recipes)
        if is_dear(variant):
            ready |= store.kept_entries(connection, variant, missing)
            beside = [variant]
        else:  # its other formats are asked for next
            beside = list(
                dict.fromkeys(
                    (variant, *(f"{name}/{SUMMARY}" for name in self._config.feeds.formats))
                )
            )
            if len(held) + len(missing) > self._most_ready:
                self._ready.clear()
        wanted = [
            (pick, dict.fromkeys(beside, missing[pick.number]))
            for pick in picks
            if pick.number in missing and pick.number not in ready
        ]
        for number, other, entry in self.render(connection, snapshot, hidden, wanted):
            (self._unsaved if is_dear(other) else self._ready)[other][number] = entry
            if other == variant:
                ready[number] = entry.content
        # else it cannot be written
        if len(self._unsaved[variant]) >= MOST_UNSAVED and not self._store.withheld:
            with self._store.writing() as writing:
                self.save_in(writing)
        return (ready[number] for number in recipes)

    def missing(
        self,
        connection: Connection,
        snapshot: Snapshot,
        hidden: frozenset[str],
        shown: Mapping[str, Mapping[int, Pick]],
    ) -> list[Wanted]:
        """What is not kept of the entries of these articles, which are by variant and number."""
        wanted: dict[int, Wanted] = {}
        for variant, picks in shown.items():
            kept = store.kept_recipes(connection, variant, picks)
            for number, recipe in self.recipes(snapshot, picks.values(), hidden, variant).items():
                if kept.get(number) != recipe:
                    wanted.setdefault(number, (picks[number], {}))[1][variant] = recipe
        return [one for _, one in sorted(wanted.items())]

    def render(
        self,
        connection: Connection,
        snapshot: Snapshot,
        hidden: frozenset[str],
        wanted: Sequence[Wanted],
    ) -> Iterator[Rendered]:
        """The entries that are wanted."""
        found, most = (
            store.articles(connection, [pick.number for pick, _ in wanted]),
            self._config.feeds.max_entry_bytes,
        )
        shown = []
        for pick, recipes in wanted:
            article = as_shown(found[pick.number], pick, snapshot, hidden)
            brief = EntryInput(article)
            whole = (
                EntryInput(article, content_of(article, most))
                if any(map(_is_whole, recipes))
                else brief
            )
            shown.append((pick, recipes, brief, whole))
        # One variant after the other: what a format needs is at hand in the processor.
        for variant in dict.fromkeys(variant for _, recipes in wanted for variant in recipes):
            name, _, content = variant.partition("/")
            form, plain = form_named(name), Style(whole=content == FULL, amp=self._config.feeds.amp)
            without = replace(plain, source=False)
            for pick, recipes, brief, whole in shown:
                if variant in recipes:
                    given = (
                        whole if _is_whole(variant) else bare(brief) if content == BARE else brief
                    )
                    style = (
                        plain
                        if PROVIDERS.key_of(given.article.provider) in snapshot.feeds
                        else without
                    )
                    if name == PAGE:
                        keys = () if pick.withdrawn else pick.feeds
                        feeds = tuple(
                            (key, snapshot.names[key]) for key in keys if key in snapshot.feeds
                        )
                        style = replace(style, feeds=feeds)
                    yield (
                        pick.number,
                        variant,
                        Entry(recipes[variant], form.entry(given, self._config.site, style)),
                    )

    def add(self, rendered: Iterable[Rendered]) -> None:
        """Take entries that were rendered elsewhere, to be written with others."""
        for number, variant, entry in rendered:
            self._unsaved[variant][number] = entry
        if any(len(some) >= MOST_UNSAVED for some in self._unsaved.values()):
            with self._store.writing() as writing:
                self.save_in(writing)

    def taken(self) -> list[Rendered]:
        """What was rendered and not yet written, for another to write."""
        taken = [
            (number, variant, entry)
            for variant, some in self._unsaved.items()
            for number, entry in some.items()
        ]
        self._unsaved.clear()
        return taken

    @property
    def unsaved(self) -> bool:
        """Whether there is something to write to the store."""
        return any(self._unsaved.values())

    def save_in(self, connection: Connection) -> None:
        """Write what was rendered and not yet written, in a transaction that writes."""
        for variant, rendered in self._unsaved.items():
            store.keep_entries(connection, variant, rendered)
            rendered.clear()

    def _recipe(self, snapshot: Snapshot, pick: Pick, hidden: frozenset[str], site: str) -> str:
        known = self._recipes.get((site, pick.number))
        if known is None:
            called = "\0".join([*pick.feeds, *[snapshot.names[key] for key in pick.feeds]])
            kept_out = " ".join([address for address in pick.related if address in hidden])
            known = digest(site, pick.digest, pick.id, pick.changed.isoformat(), called, kept_out)
            self._recipes[site, pick.number] = known
        return known


def is_dear(variant: str) -> bool:
    """Whether entries of that variant take long to render: HTML is made of their articles, or
    cleaned."""
    return not variant.endswith((f"/{SUMMARY}", f"/{BARE}"))


def smaller(variant: str) -> list[str]:
    """The variants in which entries are smaller, the largest first."""
    name, _, content = variant.partition("/")
    return [f"{name}/{other}" for other in CONTENTS[CONTENTS.index(content) + 1 :]]


def _is_whole(variant: str) -> bool:
    """Whether entries of that variant carry all of their articles as HTML, the same in each format
    of feeds."""
    return variant.endswith(f"/{FULL}") and not variant.startswith(PAGE)


def bare(given: EntryInput) -> EntryInput:
    """An article without anything that is not needed: what is left is its title, its link, its
    dates and its author."""
    article = given.article._replace(
        excerpt="", topics=(), images=(), related=(), amp_link=None, original_link=None
    )
    return EntryInput(article)


def as_shown(article: Article, pick: Pick, snapshot: Snapshot, hidden: frozenset[str]) -> Article:
    """The article of a pick as readers may see it now.

    Under the names that its feeds go by, without an update that is still to come, and without
    related coverage that is itself not visible here. Of a withdrawn one nothing is left to be
    called by any name.
    """
    if article.withdrawn:
        return article
    article = with_names(article, pick.feeds, snapshot.names)
    related, updated = article.related, article.updated
    if not hidden.isdisjoint(pick.related):
        related = tuple([item for item in related if address_digest(item.link) not in hidden])
    if updated is not None and updated > snapshot.now:
        updated = None
    if (updated, related) == (article.updated, article.related):
        return article  # as nearly all are
    return article._replace(updated=updated, related=related)
