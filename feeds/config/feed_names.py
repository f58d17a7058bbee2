"""What config.toml says of names: which names are one feed, where it lies, what it is called, where
it used to lie.

In: the tables of topics, providers and categories as Naming, by kind and by slug or domain. Out:
Names, a frozen value that is passed along, or what is wrong with the tables. A name of which
nothing is said keeps the key that `feed_key` gives it. Not here: which spelling is most used
(selection), and how a server says that an address moved (publish).
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from feeds.model import KINDS, OWN, Article, Feed, digest, feed_folder, feed_key, fold, host_name

PLAIN_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
LONGEST_SLUG = 64
# What may lie below a feed's folder: nothing that others would read otherwise, so that no part
# begins with a dot.
BELOW = re.compile(r"([A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Naming:
    """What is said of one topic, provider or category."""

    title: str | None = None
    description: str | None = None
    image: str | None = None
    aliases: tuple[str, ...] = ()
    previous: tuple[str, ...] = ()
    content: str | None = None


Tables = Mapping[str, Mapping[str, Naming]]


@dataclass(frozen=True, slots=True)
class Names:
    """What is said of all of them.  Equal tables give equal Names, in whatever order they stand.

    `said` is by key. `homes` leads from each key that a name, an alias or a former slug has by
    itself to the key of its feed, where that is another one: nothing ever lies there.
    """

    said: Mapping[str, Naming] = field(default_factory=dict)
    homes: Mapping[str, str] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()

    @property
    def digest(self) -> str:
        """Stands for what decides in which feeds an article is."""
        return digest(*(f"{key} {home}" for key, home in sorted(self.homes.items())))

    def home(self, key: str) -> str:
        """The key of the feed that a name belongs to, by the key that the name has by itself."""
        return self.homes.get(key, key)

    def feeds(self, article: Article) -> dict[str, str]:
        """The keys of the feeds an article belongs to beside `all`, each with the name as this
        article spells it."""
        own = article.feeds()
        if not self.homes:
            return own
        keys: dict[str, str] = {}
        for key, name in own.items():
            keys.setdefault(self.home(key), name)
        return keys

    def named(self, feed: Feed) -> Feed:
        """The feed under the title, with the description, the image and the content, that it is
        given."""
        naming = self.said.get(feed.key)
        if naming is None:
            return feed
        title = naming.title or feed.name
        description, image, content = (
            naming.description or "",
            naming.image or "",
            naming.content or feed.content,
        )
        return feed._replace(name=title, description=description, image=image, content=content)

    def moved(self, path: str) -> str | None:
        """Where what was at a path is now, below the site's address; None when it did not move."""
        key, below = _parted(path)
        if key not in self.homes or (below and not BELOW.fullmatch(below)):
            return None
        return feed_folder(self.homes[key]) + ("" if below == "index.html" else below)

    def gone(self, path: str) -> bool:
        """Whether a path belongs to a feed that is retired."""
        key, _ = _parted(path)
        return key in self.retired


@dataclass(frozen=True, slots=True)
class _Claim:
    """A key that a table speaks for: with which words of which of its settings."""

    table: str
    setting: str
    text: str
    key: str


def names_of(tables: Tables, retired: Iterable[str]) -> Names:
    """What tables say.  Raises ValueError where one has a problem."""
    said = {_key(kind, name): naming for kind, name, naming in _rows(tables)}
    homes = {claim.key: home for home, claim in _claims(tables) if claim.key != home}
    return Names(said, homes, frozenset(retired))


def problems(tables: Tables, retired: Iterable[str]) -> list[str]:
    """Everything in the tables that cannot be, as `topics.ai.aliases: expected …, got …`."""
    wrong = [*_wrong_words(tables), *_wrong_keys(retired)]
    return wrong or [*_clashes(tables, retired)]


def _clashes(tables: Tables, retired: Iterable[str]) -> Iterator[str]:
    first: dict[str, _Claim] = {}
    for home, claim in _claims(tables):
        other = first.setdefault(claim.key, claim)
        if other.table != claim.table:
            yield f"{claim.setting}: expected what no other table has, got {claim.text!r}, as {other.setting} has"
        elif claim.key == home and claim.setting.endswith(".previous"):
            yield f"{claim.setting}: expected what it was before, got {claim.text!r}, as it is now"
    for key in retired:
        if key in first:
            yield f"feeds.retired: expected the key of a feed that is no more, got {key!r}, as {first[key].setting} has"


def _wrong_words(tables: Tables) -> Iterator[str]:
    for kind, name, naming in _rows(tables):
        table = f"{kind}.{name}"
        what = (
            "a domain such as example.org"
            if kind == "providers"
            else "a slug such as computer-vision"
        )
        for setting, text in (
            (table, name),
            *((f"{table}.previous", text) for text in naming.previous),
        ):
            if not _is_sound(_key, kind, text):
                yield f"{setting}: expected {what}, got {text!r}"
        for setting, text in _words(kind, table, naming):
            if not _is_sound(_own_key, kind, text):
                yield f"{setting}: expected {what if kind == 'providers' else 'a name'}, got {text!r}"


def _wrong_keys(retired: Iterable[str]) -> Iterator[str]:
    for key in retired:
        kind, _, name = key.partition("/")
        own = kind == OWN and PLAIN_SLUG.fullmatch(name)
        if not own and not (
            kind in KINDS and _is_sound(_key, kind, name) and _key(kind, name) == key
        ):
            yield f"feeds.retired: expected keys such as topics/ai, got {key!r}"


def _claims(tables: Tables) -> Iterator[tuple[str, _Claim]]:
    """Every key that tables speak for, each with the key of the table: first where they are, then
    all else."""
    rows = [(kind, name, naming, _key(kind, name)) for kind, name, naming in _rows(tables)]
    for kind, name, _, home in rows:
        yield home, _Claim(f"{kind}.{name}", f"{kind}.{name}", name, home)
    for kind, name, naming, home in rows:
        table = f"{kind}.{name}"
        for setting, text in _words(kind, table, naming):
            yield home, _Claim(table, setting, text, _own_key(kind, text))
        for text in naming.previous:
            yield home, _Claim(table, f"{table}.previous", text, _key(kind, text))


def _rows(tables: Tables) -> Iterator[tuple[str, str, Naming]]:
    for kind in KINDS:
        for name, naming in sorted(tables.get(kind, {}).items()):
            yield kind, name, naming


def _words(kind: str, table: str, naming: Naming) -> Iterator[tuple[str, str]]:
    """What a table says it is called, each with its setting: the title of a provider is no
    domain."""
    if naming.title is not None and kind != "providers":
        yield f"{table}.title", naming.title
    for alias in naming.aliases:
        yield f"{table}.aliases", alias


def _key(kind: str, name: str) -> str:
    """The key of a feed by its slug or domain.  Raises ValueError for what is neither."""
    if kind == "providers":
        return f"{kind}/{host_name(name)}"
    if kind not in KINDS or not PLAIN_SLUG.fullmatch(name) or len(name) > LONGEST_SLUG:
        raise ValueError("not a slug")
    return f"{kind}/{name}"


def _own_key(kind: str, name: str) -> str:
    """The key that a name has by itself.  Raises ValueError for what is no name."""
    if kind == "providers":
        return _key(kind, name)
    if not fold(name):
        raise ValueError("not a name")
    return feed_key(kind, name)


def _is_sound(key_of: Callable[[str, str], str], kind: str, text: str) -> bool:
    try:
        key_of(kind, text)
    except ValueError:
        return False
    return True


def _parted(path: str) -> tuple[str, str]:
    """The key that a path would belong to, by its first two parts, and what is left of it."""
    kind, _, rest = path.partition("/")
    slug, _, below = rest.partition("/")
    return f"{kind}/{slug}", below
