"""config.toml to a Config: read once, checked as a whole, then passed as an argument.

Every key has its default here and its description in docs/config.md. An unknown key, a wrong type
or an impossible combination is an error that names the key. Paths are relative to the file. The one
thing taken from the environment is FEEDS_STORE_URL, since the address of a store may hold a
password.
"""

import os
import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import PydanticCustomError

from feeds.config.feeds import (
    WELL_KNOWN,
    Names,
    OldAddresses,
    OwnFeed,
    Rule,
    Tables,
    names_of,
    old_address_problems,
    problems,
    tables_of,
)
from feeds.config.sections import (
    NOT_KEYS,
    ONCE,
    Content,
    FilePath,
    Line,
    Section,
    Size,
    key_for_each_taxonomy,
    message,
    one_of,
    text_with,
)
from feeds.config.site import Site, read_theme
from feeds.errors import ConfigError
from feeds.formats import FORMATS
from feeds.model import STEPS
from feeds.records import FieldMapping, MappingError, read_mapping, toml
from feeds.sources.folder import Excluded, excluding
from feeds.taxonomies import TAXONOMIES
from feeds.urls import OWN, join_key


def _tables(value: Any) -> Any:
    if isinstance(value, dict):
        raise ValueError("expected double brackets, [[feed]], since there may be several")
    return value


def _mapping(table: Any) -> FieldMapping | None:
    try:
        return read_mapping(table)
    except MappingError as error:
        raise PydanticCustomError("mapping", "{faults}", {"faults": str(error)}) from error


def _selector(text: str) -> str:
    from feeds.records.page import is_selector  # few sites need it

    if text and not is_selector(text):
        raise ValueError('expected a CSS selector, such as "article .body"')
    return text


# Keys of earlier versions that set nothing any more, and why: each is accepted with a warning.
REMOVED_KEYS = {
    ("server", "deltas"): "every feed is sent whole",
    ("server", "budget"): "let nginx or Caddy limit requests (docs/deploy.md)",
    ("server", "proxies"): "only the limit of server.budget needed it",
}
Minutes = Annotated[int, one_of(STEPS)]
FormatName = Annotated[str, one_of(FORMATS)]
KindName = Annotated[str, one_of(TAXONOMIES)]
MOST_FAULTS = 50  # that are reported of one file
SETTINGS_OF_JEKYLL = ("_config.yml", "_config.yaml")
# Settings of generators in which a post is Markdown first.
WITHOUT_LIQUID = ("hugo.*", "config/_default/hugo.*", "docusaurus.config.*")


class Records(Section):
    """[records]: where the records are, and in which keys they are written."""

    path: FilePath = Path("seeds")
    ledger: FilePath = Path("ledger.toml")
    fields: Annotated[FieldMapping | None, BeforeValidator(_mapping)] = None
    allow_removal: bool = False
    liquid: bool | None = None
    markdown: Literal["full", "commonmark"] = "full"
    baseurl: (
        Annotated[
            str, text_with(re.compile(r"(?:/[^\s/?#<>\"']+)+").fullmatch, "a path like /blog")
        ]
        | None
    ) = None
    exclude: Annotated[tuple[Line, ...], *ONCE] = ()
    bundles: bool = False
    built: FilePath | None = None
    select: Annotated[str, AfterValidator(_selector)] = ""

    @cached_property
    def excluded(self) -> Excluded | None:
        """Return what is not read of the records folder."""
        posts = self.fields.posts if self.fields else None
        return excluding(self.exclude, bundles=self.bundles, posts=posts)


class StoreSection(Section):
    """[store]: where the store is kept."""

    # The address may hold a password: what is wrong with it does not repeat it.
    url: Annotated[
        str,
        text_with(re.compile(r"sqlite:///[^\0]+").fullmatch, "sqlite:/// and the path of a file"),
    ] = "sqlite:///.feeds/store.sqlite"


class Output(Section):
    """[output]: where `feeds build` writes."""

    path: FilePath = Path("public")


class Build(Section):
    """[build]: how `feeds build` works."""

    workers: Annotated[int, Field(ge=0, le=64)] | None = None


class FeedsSection(Section):
    """[feeds]: which feeds there are and what they hold."""

    limit: Annotated[int, Field(ge=1, le=10_000)] = 50
    max_bytes: Size = 1_048_576
    max_entry_bytes: Annotated[int, Field(ge=1, le=4_194_304)] = 524_288
    formats: Annotated[tuple[FormatName, ...], Field(min_length=1), *ONCE] = tuple(FORMATS)
    content: Content = "full"
    amp: bool = False
    archives: bool = True
    pages: bool = True
    kinds: Annotated[tuple[KindName, ...], *ONCE] = tuple(TAXONOMIES)
    fastest: Minutes = 5
    slowest: Minutes = 60
    retired: Annotated[tuple[str, ...], *ONCE] = ()
    withdrawn_days: Annotated[int, Field(ge=0, le=365)] = 0


class Server(Section):
    """[server]: where `feeds serve` listens, and with how many processes."""

    host: Line = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8000
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    access_log: bool = False
    log_addresses: bool = False
    metrics: bool = False
    memory: Annotated[Size, Field(ge=1 << 20)] = 256 << 20

    @property
    def address(self) -> str:
        """Return the address at which a browser on this machine finds the service."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@key_for_each_taxonomy(tables_of, Field({}))
class Config(Section):
    """All that can be set.  `file` is where it came from, `warnings` are for a person to read.

    There is a key for each taxonomy too: the tables that name single feeds, by slug or domain.
    """

    file: Path = Field(Path("config.toml"), strict=False)
    warnings: tuple[str, ...] = Field((), exclude=True)
    site: Site = Site()
    records: Records = Records()
    store: StoreSection = StoreSection()
    output: Output = Output()
    build: Build = Build()
    feeds: FeedsSection = FeedsSection()
    feed: Annotated[tuple[OwnFeed, ...], BeforeValidator(_tables), Field(strict=False)] = ()
    redirects: OldAddresses
    copies: OldAddresses
    server: Server = Server()

    @property
    def namings(self) -> Tables:
        """Return the tables that name single feeds, by taxonomy."""
        return {prefix: getattr(self, prefix) for prefix in TAXONOMIES}

    @property
    def names(self) -> Names:
        """Return the settings in these tables, as a value to pass along."""
        return names_of(self.namings, self.feeds.retired)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Return the rules of the publisher's own feeds, in the order in which these are listed."""
        limit, formats, content = self.feeds.limit, self.feeds.formats, self.feeds.content
        current_key = self.names.current_key
        return tuple(feed.rule(limit, formats, current_key, content) for feed in self.feed)

    @cached_property
    def runs_liquid(self) -> bool:
        """Return True if a template language such as Liquid may run on records before Markdown, and
        so acts in their code too.

        Where `records.liquid` is not set, it runs on the posts of a blog, except of Hugo and
        Docusaurus.
        """
        if self.records.liquid is not None:
            return self.records.liquid
        folder = self.file.parent
        return self.records.fields is not None and not any(
            any(folder.glob(name)) for name in WITHOUT_LIQUID
        )

    @property
    def moved_paths(self) -> dict[str, str]:
        """Return the path of a document by each path that leads to it alone."""
        return {**WELL_KNOWN, **self.redirects}

    def copies_of(self, path: str) -> Iterator[str]:
        """Yield the old paths at which a document is published too."""
        return (old for old, document in self.copies.items() if document == path)

    @property
    def records_folder(self) -> Path:
        """Return the records folder, absolute."""
        return self.file.parent / self.records.path

    @property
    def built_folder(self) -> Path | None:
        """Return the folder of the built site that bodies are taken from, absolute, if any."""
        built = self.records.built
        return None if built is None else self.file.parent / built

    @property
    def ledger_file(self) -> Path:
        """Return the ledger file, absolute."""
        return self.file.parent / self.records.ledger

    @property
    def output_folder(self) -> Path:
        """Return the folder of the static tree, absolute."""
        return self.file.parent / self.output.path

    @property
    def store_file(self) -> Path:
        """Return the SQLite file of the store, absolute."""
        return self.file.parent / self.store.url.removeprefix("sqlite:///")


def load_config(path: Path | str = "config.toml", **server: str | int | None) -> Config:
    """Read config.toml.  Keywords that are given and not None stand in for the keys of [server].

    Raises ConfigError, with every fault of the file, when it is missing, unreadable or asks for the
    impossible.
    """
    file = Path(path).absolute()
    try:
        source = file.read_text(encoding="utf-8")
    except OSError as error:
        advice = "`feeds init` makes one, `--config PATH` names another"
        problem = f"expected a file, got: {error.strerror}; {advice}"
        raise ConfigError(str(path), problem) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), "expected UTF-8") from error
    try:
        data = toml.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise _error(path, [f"expected TOML, got: {error}"], source, error) from error
    if wrong := [f"{name}: expected no such key" for name in sorted(NOT_KEYS & data.keys())]:
        raise _error(path, wrong, source)
    warnings = _take_removed_keys(data, str(path), source)
    if url := os.environ.get("FEEDS_STORE_URL"):
        section = data.setdefault("store", {})
        if isinstance(section, dict):
            section["url"] = url
    try:
        config = Config.model_validate({**data, "file": file, "warnings": warnings})
    except ValidationError as error:
        details = error.errors()
        wrong = [message(detail, Config) for detail in details[:MOST_FAULTS]]
        if len(details) > MOST_FAULTS:
            wrong.append(f"and {len(details) - MOST_FAULTS} more")
        raise _error(path, wrong, source) from error
    changes = {name: value for name, value in server.items() if value is not None}
    listening = config.server.model_copy(update=changes)
    site = config.site
    if not site.base_url:
        site = site.model_copy(update={"base_url": listening.address})
    if site.templates is not None:
        try:
            site = site.with_theme(read_theme(file.parent / site.templates))
        except ValueError as error:
            raise _error(path, [f"site.templates: {error}"], source) from error
    records = config.records
    if records.fields is not None and _is_jekyll(file.parent, records.path, records.fields):
        records = records.model_copy(
            update={"fields": records.fields.of_jekyll(records.path.parts)}
        )
    config = config.model_copy(update={"server": listening, "site": site, "records": records})
    if wrong := list(_wrong_together(config)):
        raise _error(path, wrong, source)
    return config


def _is_jekyll(folder: Path, posts: Path, fields: FieldMapping) -> bool:
    """Tell whether posts are Jekyll's.  Those of Hexo, whose settings have the same name, lie below
    `source`."""
    if fields.has_permalinks:
        return True
    has_settings = any((folder / name).is_file() for name in SETTINGS_OF_JEKYLL)
    return posts.parts[:1] != ("source",) and (has_settings or posts.name == "_posts")


def _take_removed_keys(data: dict[str, Any], subject: str, source: str) -> tuple[str, ...]:
    """Delete the keys that set nothing any more from the data, and return a warning for each."""
    found = []
    for (section, key), reason in REMOVED_KEYS.items():
        table = data.get(section)
        if isinstance(table, dict) and key in table:
            del table[key]
            advice = "this key no longer does anything and can be deleted"
            found.append(f"{section}.{key}: {advice}; {reason}")
    if not found:
        return ()
    from feeds.config.located import located  # few files need it

    places = located(found, source)
    return tuple(f"{subject}:{one.line}:{one.column}: {one.text}" for one in places)


def _error(
    subject: Path | str,
    texts: list[str],
    source: str,
    no_toml: tomllib.TOMLDecodeError | None = None,
) -> ConfigError:
    from feeds.config.located import broken, located, without_passwords

    each = [part for text in texts for part in re.split(r"; (?=records\.fields\.)", text)]
    faults = located(each, source) if no_toml is None else (broken(no_toml, source),)
    return ConfigError(str(subject), "; ".join(texts), faults, without_passwords(source))


def _wrong_together(config: Config) -> Iterator[str]:
    """Yield what is wrong with no single key, but with several of them."""
    feeds = config.feeds
    if feeds.fastest > feeds.slowest:
        yield f"feeds.fastest: expected feeds.slowest or less, got {feeds.fastest}"
    yield from problems(config.namings, feeds.retired)
    yield from old_address_problems(config.redirects, config.copies, feeds.formats)
    for number, feed in enumerate(config.feed):
        key = join_key(OWN, feed.key)
        if key in feeds.retired:
            expected = "expected the key of a feed that is no more"
            yield f"feeds.retired: {expected}, got {key!r}, as [[feed]] has"
        if feed.key in (other.key for other in config.feed[:number]):
            yield f"feed[{number}].key: expected a key that no other has, got {feed.key!r}"
        if not {*(feed.formats or ())} <= {*feeds.formats}:
            expected = f"expected some of feeds.formats, {list(feeds.formats)}"
            yield f"feed[{number}].formats: {expected}, got {list(feed.formats or ())}"
    try:
        output, records = config.output_folder.resolve(), config.records_folder.resolve()
        store, ledger = config.store_file.resolve(), config.ledger_file.resolve()
    except (OSError, RuntimeError) as error:  # links that lead to each other
        yield f"expected paths that lead somewhere, got: {error}"
        return
    if output == records or output in records.parents:
        yield "output.path: expected a folder that does not hold the records"
    if config.built_folder is not None and output == config.built_folder.resolve():
        yield "records.built: expected another folder than output.path, which feeds writes"
    if output in store.parents:
        yield "store.url: expected a file outside output.path, which is public"
    if output in ledger.parents:
        yield "records.ledger: expected a file outside output.path, which is public"
