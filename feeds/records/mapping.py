"""[records.fields] of config.toml to a FieldMapping: where each key of a record is taken from.
Pure.

In: the table as TOML has it. Out: a FieldMapping, None when every key is taken from itself, or
MappingError with every fault of the table. What the table says of `webUrl`, as JSON, is the address
pattern of a site. Not here: what a record holds at those places (fields).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from feeds.model import digest
from feeds.records import keys
from feeds.records.keys import ADDRESSES, KEYS, OF_PROVIDER, PROVIDER, PUBLISHED, SECRET_KEY
from feeds.records.plain_data import Path, key_text, plain
from feeds.records.validation import validate

OURS = KEYS - {SECRET_KEY}
PARTS = ("year", "month", "day", "slug", "path")
# Parts that need no naming in a message, and those of which a record may have none.
OTHER_PARTS = ("title", "file", "file_date", "name", "stem", "dated_stem", "output_ext", "language")
OPTIONAL_PARTS = ("categories", "slugified_categories", "folder", "sections")
# Data of a record with nothing wrong.
SOUND: dict[str, Any] = {
    **{
        key.name: key.type.example
        for key in keys.RECORD
        if key.required and isinstance(key.type, keys.Scalar)
    },
    PROVIDER: {keys.DOMAIN: keys.HOST.example},
}
DATES = {key.name for key in keys.RECORD if key.type is keys.MOMENT}
PROVIDER_KEYS = {key.name for key in OF_PROVIDER.keys}
FOLDER = "folder"  # beside a pattern
HIDING = ("draft", "unlisted")  # keys of blogs that hide a record
# Keys beside ours.
LANGUAGES, DEFAULTS, PICTURES, SECTIONS = "languages", "defaults", "pictures", "sections"
CATEGORIES = "categories"
AUTHORS = ("author", "authors", "creator", "by", "byline", "writer")
# A post in `_posts`, and one below a whole site (EntryFilter, Document::DATE_FILENAME_MATCHER).
POST_OF_JEKYLL = r"(?![_#~])(?:.*/)?\d{2,4}-\d\d?-\d\d?-[^/]*(?<!\.yml)(?<!\.yaml)\Z"
POST_IN_SITE = rf"(?:(?![._#~])[^/]*(?<![.~])/)*_posts/{POST_OF_JEKYLL}"
FORMS = (
    'expected a key of theirs, a list of them, { value = … } or { template = "…" }',
    'expected { not = "…" } for published alone',
    'expected { utc = "…" } for dates alone',
)


class MappingError(ValueError):
    """The table asks for what cannot be; the message names every key of it."""


@dataclass(frozen=True, slots=True)
class TheirKey:
    """A key of theirs, dotted below.

    `negated`: what says true means false. `in_utc`: a date and time without an offset and quotes is
    in UTC, as YAML has it, and not in the zone of the site.
    """

    path: tuple[str, ...]
    negated: bool = False
    in_utc: bool = False


@dataclass(frozen=True, slots=True)
class Constant:
    """The same for every record, as plain data."""

    value: Any


@dataclass(frozen=True, slots=True)
class Modified:
    """A part whose text is changed: by MODIFIERS, PATTERNS, or the name of a part of a date."""

    of: str | TheirKey
    by: tuple[str, ...]


Part = str | TheirKey | Modified


@dataclass(frozen=True, slots=True)
class Template:
    """Text with parts: fixed text, and the name of a part or a key of theirs by turns."""

    texts: tuple[str, ...]
    parts: tuple[Part, ...]
    is_address: bool


@dataclass(frozen=True, slots=True)
class Nested:
    """A mapping of ours made of several keys: `provider`."""

    fields: dict[str, "Source"]


Candidate = TheirKey | Constant | Template | Nested
Source = tuple[Candidate, ...]
Defaults = tuple[tuple[re.Pattern[str], dict[str, Any]], ...]


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """For each key of ours that is mapped, the candidates in their order.  `digest` stands for the
    table as a whole, `address_pattern` is what it says of the web address, as JSON.

    `languages` are those that a file's name or first folder may say, the default one first.
    `defaults` are values of theirs that records have whose path begins as a glob says. `posts` is
    the pattern of the only paths that are posts. `pictures` is the path below which addresses of
    pictures are that begin with a slash. `is_jekyll`: of posts of Jekyll, in which tags and
    categories in one text are words. `is_site`: of a site of Jekyll, whose posts are in folders
    called `_posts`. `sections` is the path of the section of Hugo that the records are in, and
    those of the folders below that are sections too.
    """

    fields: dict[str, Source]
    digest: str
    address_pattern: str = json.dumps(keys.WEB_URL)
    is_jekyll: bool = False
    languages: tuple[str, ...] = ()
    defaults: Defaults = ()
    posts: re.Pattern[str] | None = None
    pictures: str = ""
    is_site: bool = False
    sections: tuple[str, frozenset[str]] = ("", frozenset())

    def keys_of(self, name: str) -> Iterator[TheirKey]:
        """Return every key of theirs that a key of ours may be taken from."""
        yield from _keys(self.fields.get(name, ()))

    def author_as_provider(self) -> str:
        """Return their key of an author that providers are taken from; empty where there is
        none."""
        of_provider = (key.path for key in self.keys_of(PROVIDER))
        return next((".".join(path) for path in of_provider if path[0].lower() in AUTHORS), "")

    def completed(self, theirs: dict[str, Any], path: str) -> dict[str, Any]:
        """Return what a record says, with what it leaves to the defaults.

        As Jekyll has it, folders above `_posts` are categories, categories add up, mappings are
        merged, and a key without a value says nothing.
        """
        given: dict[str, Any] = {}
        for begins, values in self.defaults:
            if begins.match(path):
                given = _merged(given, values) if self.is_jekyll else given | values
        above = path.partition("_posts")[0] if self.is_site else ""
        added = [name for name in above.split("/") if name] + _words(given.get(CATEGORIES))
        if added:
            added += _words(theirs.get(CATEGORIES))
            given[CATEGORIES] = list(dict.fromkeys(map(str, added)))
            theirs = {name: value for name, value in theirs.items() if name != CATEGORIES}
        return _merged(given, theirs) if self.is_jekyll and given else given | theirs

    @property
    def has_permalinks(self) -> bool:
        """True where an address is taken from a permalink of Jekyll."""
        return "|jekyll" in self.address_pattern

    @property
    def is_docusaurus(self) -> bool:
        """True where an address is made of a path as Docusaurus does."""
        return "|docusaurus" in self.address_pattern

    def of_jekyll(self, folder: tuple[str, ...]) -> "FieldMapping":
        """Return the same mapping for posts of Jekyll: in `_posts`, or in the folders of that name
        in a whole site, with a date in their names."""
        is_site = self.has_permalinks and not any(one.startswith("_") for one in folder)
        is_site = is_site or not folder
        posts = POST_OF_JEKYLL if "_posts" in folder else POST_IN_SITE if is_site else None
        return replace(
            self,
            is_jekyll=True,
            is_site=is_site,
            digest=digest(self.digest, "Jekyll"),
            posts=re.compile(posts, re.DOTALL) if posts else None,
        )


@dataclass(frozen=True, slots=True)
class Mapped:
    """Data in our keys.

    origins: where parts of it come from in theirs.  lacking: what the template of a key of ours did
    not find. known: the keys of theirs at the top that mean something to us. theirs: the
    data that all of it is made of.
    """

    data: dict[str, Any]
    origins: dict[Path, Path] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    theirs: dict[str, Any] = field(default_factory=dict)

    def origin(self, path: Path) -> Path:
        """Return a path into our data as the one into theirs."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.origins:
                return self.origins[path[:length]] + path[length:]
        return path


def read_mapping(table: Any) -> FieldMapping | None:
    """Read [records.fields].  None when it leaves everything as it is."""
    if not isinstance(table, dict):
        raise MappingError(f"records.fields: expected a table, got {table!r}")
    faults: list[str] = []
    fields: dict[str, Source] = {}
    languages = table.get(LANGUAGES, [])
    if not isinstance(languages, list) or not all(isinstance(one, str) for one in languages):
        faults.append(f"records.fields.{LANGUAGES}: expected a list of languages")
        languages = []
    defaults = _defaults(table.get(DEFAULTS, []), faults)
    pictures = table.get(PICTURES, "")
    if not isinstance(pictures, str) or not re.fullmatch(r"(?:/[\w.~-]+)*", pictures):
        faults.append(f"records.fields.{PICTURES}: expected a path like /docs")
    sections = table.get(SECTIONS, {})
    if not _is_sections(sections):
        faults.append(f'records.fields.{SECTIONS}: expected {{ above = "…", folders = ["…"] }}')
        sections = {}
    for name, value in table.items():
        if name in (LANGUAGES, DEFAULTS, PICTURES, SECTIONS):
            continue
        try:
            if name not in OURS:
                raise MappingError(f"{name}: expected no such key")
            source = _source(name, value)
            if not _is_identity(name, source):
                fields[name] = source
        except MappingError as error:
            faults.append(f"records.fields.{error}")
    if faults:
        raise MappingError("; ".join(faults))
    if (
        fields and keys.ID in table
    ):  # beside other keys it is not taken from itself unless it is named
        fields.setdefault(keys.ID, _source(keys.ID, table[keys.ID]))
    if not fields:
        return None
    pattern = json.dumps(table.get(keys.WEB_URL, keys.WEB_URL), default=repr)
    table_digest = digest(json.dumps(table, default=repr))
    return FieldMapping(
        fields,
        table_digest,
        pattern,
        languages=tuple(languages),
        defaults=defaults,
        pictures=pictures,
        sections=(sections.get("above", ""), frozenset(sections.get("folders", []))),
    )


def _is_sections(value: Any) -> bool:
    """Return True for a table of sections."""
    if not isinstance(value, dict) or not value.keys() <= {"above", "folders"}:
        return False
    folders = value.get("folders", [])
    texts = [value.get("above", ""), *(folders if isinstance(folders, list) else [None])]
    return all(isinstance(one, str) for one in texts)


def _defaults(tables: Any, faults: list[str]) -> Defaults:
    if not tables:
        return ()
    from feeds.records.globs import regex  # few sites need it

    made = []
    for table in tables if isinstance(tables, list) else [tables]:
        if isinstance(table, dict) and table.keys() <= {"path", "values"}:
            path, values = table.get("path", ""), table.get("values")
            if isinstance(path, str) and isinstance(values, dict):
                begins = re.compile(regex(path.removeprefix("/")), re.DOTALL)
                made.append((begins, plain(values)))
                continue
        faults.append(f"records.fields.{DEFAULTS}: expected tables with a path and values")
    return tuple(made)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return mappings as Jekyll merges them (Utils.deep_merge_hashes), but for what hides a
    post."""
    made = {**below}
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(own := made.get(key), dict):
            made[key] = _merged(own, value)
        elif value is not None or key not in made or key in (PUBLISHED, *HIDING):
            made[key] = value
    return made


def _words(value: Any) -> list[Any]:
    return value if isinstance(value, list) else value.split() if isinstance(value, str) else []


def address_pattern(mapping: FieldMapping | None) -> str:
    """Return the pattern of a mapping; without one, each address is taken from its own key."""
    return json.dumps(keys.WEB_URL) if mapping is None else mapping.address_pattern


def in_folder(pattern: str, folder: str) -> str:
    """Return an address pattern with the records folder that it was for."""
    return json.dumps({FOLDER: folder, keys.WEB_URL: json.loads(pattern)})


def folder_of(pattern: str) -> str | None:
    """Return the records folder that an address pattern was for; None where it is that of now."""
    value = json.loads(pattern)
    folder = value.get(FOLDER) if isinstance(value, dict) else None
    return folder if isinstance(folder, str) else None


def with_pattern(mapping: FieldMapping | None, pattern: str) -> FieldMapping:
    """Return the mapping with another address pattern.  Raises MappingError."""
    kept = {} if mapping is None else mapping.fields
    value = json.loads(pattern)
    read = read_mapping(
        {keys.WEB_URL: value if folder_of(pattern) is None else value[keys.WEB_URL]}
    )
    own = {name: source for name, source in kept.items() if name != keys.WEB_URL}
    changed = {**own, **({} if read is None else read.fields)}
    if mapping is None:
        return FieldMapping(changed, "", pattern)
    return replace(mapping, fields=changed, address_pattern=pattern)


def _source(name: str, value: Any) -> Source:
    if (
        name == PROVIDER
        and isinstance(value, dict)
        and not value.keys() & {"value", "template", "not"}
    ):
        return (_nested(name, value),)
    values = value if isinstance(value, list) else [value]
    if not values:
        raise MappingError(f"{name}: {FORMS[0]}, got {value!r}")
    return tuple(_candidate(name, item) for item in values)


def _nested(name: str, table: dict[str, Any]) -> Nested:
    for key in table:
        if key not in PROVIDER_KEYS:
            raise MappingError(f"{name}.{key}: expected no such key")
    return Nested({key: _source(f"{name}.{key}", item) for key, item in table.items()})


def _candidate(name: str, value: Any) -> Candidate:
    if isinstance(value, str):
        return TheirKey(_path(name, value))
    match list(value.items()) if isinstance(value, dict) else None:
        case [("value", constant)]:
            _check_no_secret(name, constant)
            return _constant(name, plain(constant))
        case [("template", str(text))] if name != PUBLISHED:
            return _template(name, text)
        case [("not", str(key))]:
            if name != PUBLISHED:
                raise MappingError(f"{name}: {FORMS[1]}, got {value!r}")
            return TheirKey(_path(name, key), negated=True)
        case [("utc", str(key))]:
            if name not in DATES:
                raise MappingError(f"{name}: {FORMS[2]}, got {value!r}")
            return TheirKey(_path(name, key), in_utc=True)
    raise MappingError(f"{name}: {FORMS[0]}, got {value!r}")


def _constant(name: str, value: Any) -> Constant:
    """Return a value that any record could have, by the rules of records."""
    key, _, inner = name.partition(".")
    _, problems = validate({**SOUND, key: {**SOUND[key], inner: value} if inner else value})
    if problems:
        faults = (
            f"{key_text(problem.path)}: expected {problem.expected}, got {problem.got}"
            for problem in problems
        )
        raise MappingError("; records.fields.".join(faults))
    return Constant(value)


def _path(name: str, text: str) -> tuple[str, ...]:
    path = tuple(text.split("."))
    if SECRET_KEY in path:
        raise MappingError(
            f"{name}: expected a key other than {SECRET_KEY}, which never leaves a record"
        )
    if "{" in text or "://" in text or not all(part and part == part.strip() for part in path):
        raise MappingError(f'{name}: expected a key of theirs, such as "seo.title", got {text!r}')
    return path


def _check_no_secret(name: str, value: Any) -> None:
    if isinstance(value, dict) and SECRET_KEY in value:
        raise MappingError(f"{name}: expected no key {SECRET_KEY} in a value")
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        _check_no_secret(name, item)


def _template(name: str, text: str) -> Template:
    pieces = re.split(r"\{([^{}]*)\}", text)
    if any("{" in piece or "}" in piece for piece in pieces[::2]):
        raise MappingError(
            f"{name}: expected a template whose {{ and }} enclose parts, got {text!r}"
        )
    parts = tuple(_part(name, piece) for piece in pieces[1::2])
    is_address = text.startswith(("http://", "https://"))
    # A part within the host would let a record choose the site that its article is of.
    if (is_address or name in ADDRESSES) and not re.match(r"https?://[^/?#\s]+/", pieces[0]):
        raise MappingError(
            f"{name}: expected a template that begins with https://, a host and a slash,"
            f" got {text!r}"
        )
    return Template(tuple(pieces[::2]), parts, is_address)


def _part(name: str, text: str) -> Part:
    # few sites need it
    from feeds.records.address_parts import DATE_PARTS, MODIFIERS, PATTERNS, SLICE

    said, *by = text.split("|")
    every = {*PARTS, *DATE_PARTS, *OTHER_PARTS, *OPTIONAL_PARTS}
    if said not in every and not said.startswith("."):
        known = ", ".join(f"{{{known}}}" for known in PARTS)
        raise MappingError(
            f"{name}: expected {known} or a key of theirs such as {{.url}}, got {{{text}}}"
        )
    part = TheirKey(_path(name, said[1:])) if said.startswith(".") else said
    dates = DATE_PARTS if isinstance(part, TheirKey) else ()
    for one in by:
        if one not in {*MODIFIERS, *PATTERNS, *dates} and not SLICE.fullmatch(one):
            known = ", ".join(f"|{known}" for known in (*MODIFIERS, *PATTERNS))
            raise MappingError(f"{name}: expected {known}, got |{one}")
    return Modified(part, tuple(by)) if by else part


UNKNOWN_WORDS = "a permalink in words that feeds knows"


def pattern_template(pattern: str, language: str) -> Template | str:
    """Return the template of an address in the language of a generator; what of it cannot be said,
    as text, where it has more than our parts."""
    from feeds.records.address_parts import LONGEST_PATTERN, PATTERNS

    if len(pattern) > LONGEST_PATTERN:
        return f"a pattern of at most {LONGEST_PATTERN:,} characters"
    text, unknown = PATTERNS[language](pattern)
    if unknown:
        return UNKNOWN_WORDS
    pieces = re.split(r"\{([^{}]*)\}", text)
    return Template(tuple(pieces[::2]), tuple(_part("", one) for one in pieces[1::2]), True)


def _is_identity(name: str, source: Source) -> bool:
    if source == (TheirKey(tuple(name.split("."))),):
        return True
    [first, *others] = source
    return (
        not others
        and isinstance(first, Nested)
        and first.fields.keys() == PROVIDER_KEYS
        and all(_is_identity(f"{name}.{key}", inner) for key, inner in first.fields.items())
    )


def _keys(source: Source) -> Iterator[TheirKey]:
    for candidate in source:
        if isinstance(candidate, TheirKey):
            yield candidate
        elif isinstance(candidate, Template):
            parts = (part.of if isinstance(part, Modified) else part for part in candidate.parts)
            yield from (part for part in parts if isinstance(part, TheirKey))
        elif isinstance(candidate, Nested):
            for inner in candidate.fields.values():
                yield from _keys(inner)
