"""A record of any front matter to one in our keys.  In: plain data, the record's path, a
FieldMapping.  Out: Mapped.

Here are the ways of other publishers: drafts, dates in the names of files, topics in one line of
text, addresses made of patterns. Only a site with [records.fields] needs it. Not here: what the
values must be (values), places, clocks and files.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from os.path import splitext
from typing import Any
from urllib.parse import quote, unquote, urljoin

from feeds.records import frontmatter
from feeds.records.address_parts import (
    DATE_PARTS,
    MODIFIERS,
    PATTERNS,
    SLICE,
    date_parts,
    full_lower,
    part_of_path,
    sanitized,
    slug,
)
from feeds.records.frontmatter import is_readme, is_unfenced
from feeds.records.hiding import letters
from feeds.records.keys import (
    CATEGORY,
    DATE,
    EXCERPT,
    ID,
    IMAGES,
    PREVIOUS,
    PUBLISHED,
    TITLE,
    TOPICS,
    URL,
    WEB_URL,
)
from feeds.records.mapping import (
    CATEGORIES,
    HIDING,
    OPTIONAL_PARTS,
    OURS,
    UNKNOWN_WORDS,
    Constant,
    FieldMapping,
    Mapped,
    Modified,
    Nested,
    Part,
    Source,
    Template,
    TheirKey,
    pattern_template,
)
from feeds.records.plain_data import Path, Plain
from feeds.records.plain_text import excerpt_text, title_text
from feeds.records.values import (
    LONGEST_LINE,
    MOMENT,
    as_address,
    as_boolean,
    as_moment,
    clean,
    holds_secret,
    moment_or_none,
    written_date,
)
from feeds.urls import identity

# 2024-05-01-title, 2024/05/01/title, 2024-05-01-title/index.
DATED = re.compile(r"(?:^|/)(\d{4})[-/](\d\d?)[-/](\d\d?)(?:[-/]([^/]*))?$")
DATED_BY_DOCUSAURUS = re.compile(r"(.*)(\d{4})[-/](\d\d?)[-/](\d\d?)[-/]?(.*?)(?:/index)?")
DATED_BY_JEKYLL = re.compile(r"(?:^|/)(\d{2,4})-(\d\d?)-(\d\d?)-([^/]*)$")
MARKDOWN = (".md", ".markdown")

OTHER_URLS = ("path", "src", "image")  # of a picture
OF_PICTURE = ("alt", "caption")  # what is said of it
REDIRECTS = {"redirectto", "redirecturl"}  # keys of what only leads to another address
BESIDE_POSTS = ("authors.yml", "authors.yaml", "tags.yml", "tags.yaml")

Day = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Named:
    """The path of a file without suffix and date, the last part of that path, and the date as it is
    written; then the path with the date, and the language."""

    path: str
    slug: str
    day: Day | None
    file: str
    language: str


def named_by_jekyll(path: str) -> Named:
    """Read the path of a post of Jekyll, whose year may have two digits."""
    stem = re.sub(r"\.[^./]+$", "", path)
    match = DATED_BY_JEKYLL.search(stem)
    if match is None:
        return named(path)
    year = match[1]
    if len(year) == 2:
        year = f"{'20' if year < '69' else '19'}{year}"
    slug = match[4].rstrip(".")
    folder = stem[: match.start(1)]
    return Named(f"{folder}{slug}", slug, (year.zfill(4), match[2], match[3]), stem, "")


def named_by_docusaurus(path: str) -> Named:
    """Read the path of a post of Docusaurus, in which a date may stand anywhere
    (DATE_FILENAME_REGEX of blogUtils)."""
    stem = re.sub(r"\.[^./]+$", "", path)
    match = DATED_BY_DOCUSAURUS.fullmatch(stem)
    if match is None:
        return named(path)
    folder, year, month, day, text = match.groups()
    rest = f"{folder}{text}"
    return Named(rest, rest.rpartition("/")[2], (year, month, day), stem.removesuffix("/index"), "")


def named_under(path: str, mapping: FieldMapping) -> Named:
    """Read a path below the records folder as the generator of a mapping does."""
    if mapping.is_jekyll:
        return named_by_jekyll(path)
    return named_by_docusaurus(path) if mapping.is_docusaurus else named(path, mapping.languages)


def named(path: str, languages: Sequence[str] = ()) -> Named:
    """Read a path below the records folder.  An `index` is called as its folder is, and a language
    is no part of it: `de/name.md` and `name.de.md` are `name`."""
    stem, language = re.sub(r"\.[^./]+$", "", path), ""
    first, _, below = stem.partition("/")
    start, _, end = stem.rpartition(".")
    if below and first in languages:
        stem, language = below, first
    elif start and end in languages:
        stem, language = start, end
    if "/" in stem:
        stem = stem.removesuffix("/index")
    folder, slash, slug = stem.rpartition("/")
    match = DATED.search(stem)
    if match is None:
        return Named(stem, slug, None, stem, language)
    slug = match[4] or slug
    day = (match[1], match[2], match[3])
    return Named(f"{folder}{slash}{slug}", slug, day, stem, language)


def is_aside(path: str) -> bool:
    """Tell whether a file is no post by its name: one of Jekyll's drafts, a name with an underscore
    before it, a README, data of Docusaurus and Eleventy."""
    *folders, name = path.split("/")
    return (
        name.startswith("_")
        or "_drafts" in folders
        or name in BESIDE_POSTS
        or is_readme(path)
        or ".11tydata." in name
    )


def is_no_post(path: str, text: str, mapped: Mapped, mapping: FieldMapping) -> bool:
    """Tell whether a file is no post by what it holds: no front matter, though Docusaurus and
    Jekyll take a date in its name for it; a redirect; data; the list of posts in the records
    folder."""
    name = named_under(path, mapping)
    is_dated = name.day is not None
    if not frontmatter.has_front_matter(text) and not mapped.theirs:
        is_page = path.lower().endswith(".html") and not mapping.is_jekyll
        return not is_dated or is_page
    is_dated = is_dated or _says_something(mapped.data.get(DATE))
    if not is_dated and (path.lower().endswith((".json", ".html")) or path.startswith("index.")):
        return True
    leads_on = {letters(key) for key, value in mapped.theirs.items() if value} & REDIRECTS
    return bool(leads_on) or str(mapped.theirs.get("layout")) == "redirect"


def address_part(text: str, spaces: str = "-") -> str:
    """Return text as part of an address's path: what cannot stand there is encoded, what would lead
    elsewhere falls away."""
    segments = [
        segment for segment in text.split("/") if unquote(segment).strip() not in ("", ".", "..")
    ]
    if not segments:
        return ""
    path = "/".join(_segment(segment.strip(), spaces) for segment in segments)
    return f"{'/' * text.startswith('/')}{path}{'/' * text.endswith('/')}"


def _segment(text: str, spaces: str) -> str:
    return _quoted(re.sub(r"\s+", spaces, text) if spaces else text)


PERMALINK = "permalink"
SPLIT_KEYS = ("tags", CATEGORIES)
WHOLE_KEYS = ("tag", "category")
DAY_PARTS = ("year", "month", "day")
OF_DATE = {*DATE_PARTS, "file_date", "dated_stem"}
NOTHING = object()


def apply(mapping: FieldMapping, theirs: dict[str, Any], path: str, zone: tzinfo = UTC) -> Mapped:
    """Return the data of the record at `path` in our keys.  Dates without an offset are in the
    zone."""
    return _Applying(mapping, theirs, path, zone).mapped()


class _Applying:
    """One record on its way into our keys."""

    def __init__(
        self, mapping: FieldMapping, theirs: dict[str, Any], path: str, zone: tzinfo
    ) -> None:
        self._mapping = mapping
        self._theirs = theirs = mapping.completed(theirs, path)
        # Their `id` is as a rule a word of their own program: it is ours only where the mapping
        # says so.
        own = OURS - mapping.fields.keys() - {ID}
        self._data = {key: value for key, value in theirs.items() if key in own}
        self._origins: dict[Path, Path] = {}
        self._lacking: dict[str, str] = {}
        self._path = path
        # What Jekyll does where it makes addresses: with its permalinks, or of its posts.
        self._as_jekyll = mapping.is_jekyll or mapping.has_permalinks
        self._named = named_under(path, mapping)
        self._zone = zone
        self._day = self._named.day
        self._moment: datetime | None = None

    def mapped(self) -> Mapped:
        # The date first: addresses are made of it.
        if (source := self._mapping.fields.get(DATE)) is not None:
            self._set((DATE,), source)
        self._dates()
        if (source := self._mapping.fields.get(TITLE)) is not None:
            self._set((TITLE,), source)
        for name, source in self._mapping.fields.items():
            if name not in (DATE, PUBLISHED, TITLE):
                self._set((name,), source)
        self._texts()
        self._names()
        self._images()
        self._previous()
        self._hide()
        taken = {
            key.path[0] for name in self._mapping.fields for key in self._mapping.keys_of(name)
        }
        taken |= {str(origin[0]) for origin in self._origins.values()}
        known = frozenset(taken | set(HIDING))
        if not self._mapping.is_jekyll:
            known -= {PERMALINK}  # with false a post is not written, where it is an address as well
        return Mapped(self._data, self._origins, self._lacking, known, self._theirs)

    def _set(self, path: Path, source: Source) -> None:
        value, origin = self._first(path, source)
        if origin is not None:
            self._origins[path] = origin
        if value is not NOTHING:
            self._data[str(path[0])] = value

    def _first(self, path: Path, source: Source) -> tuple[Any, Path | None]:
        """Return the first candidate that says something; if none does, the first that is there at
        all."""
        empty: tuple[Any, Path | None] | None = None
        lacking: str | None = None
        for candidate in source:
            origin: Path | None = None
            if isinstance(candidate, TheirKey):
                candidate = self._as_spelled(candidate)
                value, origin = self._look_up(candidate), candidate.path
                value = _in_utc(value) if candidate.in_utc else value
            elif isinstance(candidate, Constant):
                value = candidate.value
            elif isinstance(candidate, Nested):
                value = self._nested(path, candidate)
            else:
                value, why = self._fill(candidate)
                if why == UNKNOWN_WORDS:  # no other candidate is the address of this record
                    lacking = why
                    break
                lacking = lacking if lacking == "" else why  # a date that is wrong is one fault
            if _says_something(value):
                return value, origin
            if value is not NOTHING and empty is None:
                empty = value, origin
        if empty is not None:
            return empty
        if lacking is not None:
            self._lacking[".".join(str(step) for step in path)] = lacking
            return NOTHING, None
        return NOTHING, next((item.path for item in source if isinstance(item, TheirKey)), None)

    def _nested(self, path: Path, nested: Nested) -> dict[str, Any]:
        values = {}
        for key, source in nested.fields.items():
            value, origin = self._first((*path, key), source)
            if origin is not None:
                self._origins[(*path, key)] = origin
            if value is not NOTHING:
                values[key] = value
        return values

    def _as_spelled(self, key: TheirKey) -> TheirKey:
        """Return a key of theirs in the capitals that this record has it in: to Hugo `expirydate`
        is `expiryDate`."""
        first, *rest = key.path
        if first in self._theirs:
            return key
        alike = (name for name in self._theirs if name.casefold() == first.casefold())
        return replace(key, path=(next(alike, first), *rest))

    def _look_up(self, key: TheirKey) -> Any:
        value: Any = self._theirs
        for step in key.path:
            if isinstance(value, dict) and step in value:
                value = value[step]
            elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
                value = value[int(step)]
            else:
                return NOTHING
        return value

    def _fill(self, template: Template) -> tuple[Any, str]:
        """Return the text of a template, or nothing and what it lacks; without a word about the
        date, which has a fault of its own."""
        made = template.texts[0]
        for part, text in zip(template.parts, template.texts[1:], strict=True):
            value, lacking = self._modified(part)
            if template.is_address and self._as_jekyll and isinstance(part, Modified):
                value = _quoted(value)
            elif template.is_address:
                value = address_part(value, "" if isinstance(part, Modified) else "-")
                is_open = value.endswith("/") or (not value and made.endswith("/"))
                text = text.removeprefix("/") if is_open else text
                value = value.removeprefix("/") if made.endswith("/") else value
            if lacking is not None or holds_secret(value):
                return NOTHING, lacking or ""
            of = part.of if isinstance(part, Modified) else part
            if not value.strip("/") and not self._may_be_empty(of, value):
                is_of_date = self._lacks_date(part)
                lacking = "" if is_of_date else f"a value for {{{_name_of(part)}}} of its template"
                return NOTHING, lacking
            made += value + text
        if template.is_address and self._as_jekyll:
            made = _sanitized(made)
        return made, ""

    def _may_be_empty(self, of: str | TheirKey, value: str) -> bool:
        """Return True for a part of which a record may have none; to Jekyll a slug and a permalink
        can say so."""
        is_of_jekyll = of == "slug" or (isinstance(of, TheirKey) and value == "/")
        return of in OPTIONAL_PARTS or (self._as_jekyll and is_of_jekyll)

    def _lacks_date(self, part: Part) -> bool:
        """Return True for a part of a date in a record whose date is a fault of its own."""
        of, by = (part.of, part.by) if isinstance(part, Modified) else (part, ())
        is_of_date = of in OF_DATE or not DATE_PARTS.isdisjoint(by)
        return is_of_date and moment_or_none(self._data.get(DATE), self._zone) is None

    def _modified(self, part: Part) -> tuple[str, str | None]:
        """Return the text of a part, or what it lacks of the words in it, as `_fill` does."""
        if not isinstance(part, Modified):
            return self._part(part), None
        value = self._part(part.of)[:LONGEST_LINE]
        for name in part.by:
            if name in PATTERNS:
                is_said = value or (self._as_jekyll and self._is_blank(part.of))
                template = pattern_template(value, name) if is_said else ""
                if isinstance(template, str):
                    return "", template or None
                filled, lacking = self._fill(template)
                value = filled if isinstance(filled, str) else ""
                if not value:
                    return "", lacking
            elif name in MODIFIERS:
                value = MODIFIERS[name](value)
            elif SLICE.fullmatch(name):
                value = part_of_path(value, name)
            else:
                value = date_parts(moment)[name] if (moment := _as_written(value)) else ""
        return value, None

    def _is_blank(self, part: str | TheirKey) -> bool:
        """Return True for a key that is there, as a text without letters."""
        text = self._look_up(part) if isinstance(part, TheirKey) else None
        return isinstance(text, str) and not isinstance(text, Plain) and not text.strip()

    def _part(self, part: str | TheirKey) -> str:
        if part in DAY_PARTS:
            return self._day[DAY_PARTS.index(part)].zfill(2) if self._day else ""
        if part in DATE_PARTS:
            moment = self._moment or _as_written(self._data.get(DATE))
            return date_parts(moment)[str(part)] if moment else ""
        if part in ("categories", "slugified_categories"):
            change = slug if part == "slugified_categories" else full_lower
            return "/".join(dict.fromkeys(map(change, self._categories())))
        name = self._named
        match part:
            case "path":
                return name.path
            case "file" if self._mapping.is_jekyll:
                return name.file.replace("_posts", "", 1 if self._mapping.is_site else 0)
            case "file":
                return name.file.replace("_posts/", "")
            case "output_ext":
                suffix = splitext(self._path)[1]
                return ".html" if suffix.lower() in MARKDOWN else suffix
            case "name":
                return name.file.rpartition("/")[2]
            case "stem":
                return name.slug
            case "dated_stem":
                return name.slug if name.day else ""
            case "file_date":
                return "/".join(name.day or ())
            case "folder":
                return name.file.rpartition("/")[0]
            case "sections":
                return self._sections(name.file.rpartition("/")[0])
            case "language":
                is_default = name.language in self._mapping.languages[:1]
                return "" if is_default else name.language
        if part == TITLE:
            own = self._data.get(TITLE)
        else:
            own = self._look_up(part if isinstance(part, TheirKey) else TheirKey(("slug",)))
        if isinstance(own, Plain) and own == "false":
            own = None  # a boolean, which is no text of an address
        text = clean(own).strip() if isinstance(own, str) else ""
        is_said = text or (self._as_jekyll and isinstance(own, str))
        return self._named.slug if part == "slug" and not is_said else text

    def _sections(self, folder: str) -> str:
        """Return the path of the nearest section that a folder is in."""
        above, folders = self._mapping.sections
        while folder and folder not in folders:
            folder = folder.rpartition("/")[0]
        return "/".join(filter(None, (above, folder)))

    def _categories(self) -> list[str]:
        """Return the categories of a post as Jekyll has them: those of both keys."""
        many, one = self._theirs.get(CATEGORIES), self._theirs.get("category")
        names = many.split() if isinstance(many, str) else many if isinstance(many, list) else []
        names = [*names, *(one if isinstance(one, list) else [one])]
        return [clean(name) for name in names if isinstance(name, str)]

    def _dates(self) -> None:
        """A date in the file's name stands in for an absent one; the day of an address is that of
        the zone.

        In UTC, the zone of a site that names none, it is the one that is written, whatever its
        offset.
        """
        if not _says_something(self._data.get(DATE, NOTHING)) and self._day:
            self._data[DATE] = "-".join(self._day)
        written = self._data.get(DATE)
        match = written_date(written)
        self._day = (match[1], match[2], match[3]) if match else None
        if self._zone is not UTC:
            # No such day is a fault of the date, not of the address.
            with suppress(ValueError, OverflowError):
                moment = as_moment(written, self._zone).astimezone(self._zone)
                self._day = (f"{moment.year:04}", str(moment.month), str(moment.day))
                self._moment = moment

    def _texts(self) -> None:
        """Title and excerpt are text, whatever markup they are written in."""
        for name, read in ((TITLE, title_text), (EXCERPT, excerpt_text)):
            if isinstance(text := self._data.get(name), str) and not holds_secret(text):
                self._data[name] = read(text)

    def _names(self) -> None:
        """Topics in one text become a list; of several categories those after the first are topics
        too."""
        topics, categories = self._labels(TOPICS), self._labels(CATEGORY)
        if categories is not None:
            for _, origin in categories[:1]:
                self._origins[(CATEGORY,)] = origin
            self._data[CATEGORY] = categories[0][0] if categories else None
        more = (categories or [])[1:]
        if topics is None and (self._data.get(TOPICS) is not None or not more):
            return
        found = [*(topics or ()), *more]
        self._data[TOPICS] = [label for label, _ in found]
        self._origins.update({(TOPICS, index): one for index, (_, one) in enumerate(found)})

    def _labels(self, name: str) -> list[tuple[Any, Path]] | None:
        """Return the names in a text or a list, each with its place; None of anything else."""
        value, base = self._data.get(name), self._origins.get((name,), (name,))
        if isinstance(value, str) and not holds_secret(value):
            if name == CATEGORY and base[-1] not in SPLIT_KEYS:
                return None
            words = self._mapping.is_jekyll
            return [(part, base) for part in _split(value, str(base[-1]), words)]
        if not isinstance(value, list):
            return None
        return [
            (item["label"], (*base, index, "label"))
            if isinstance(item, dict) and "label" in item
            else (item, (*base, index))
            for index, item in enumerate(value)
        ]

    def _images(self) -> None:
        """One image, or addresses alone, become what a list of images is; they may be relative to
        the article."""
        images, base = self._data.get(IMAGES), self._origins.get((IMAGES,), (IMAGES,))
        if images is None or images == "":
            return
        made: list[Any] = []
        for index, item in enumerate(images if isinstance(images, list) else [images]):
            place: Path = (*base, index) if isinstance(images, list) else base
            self._origins[IMAGES, index] = place
            if isinstance(item, str):
                self._origins[IMAGES, index, URL] = place
                item = {URL: item, **self._beside(place)}
            elif isinstance(item, dict) and URL not in item:
                own = next((key for key in OTHER_URLS if key in item), URL)
                self._origins[IMAGES, index, URL] = (*place, own)
                item = {**item, URL: item.get(own)}
            if isinstance(item, dict) and isinstance(url := item.get(URL), str):
                below = self._mapping.pictures if url.startswith("/") and url[1:2] != "/" else ""
                said = {key: _as_read(item[key]) for key in OF_PICTURE if key in item}
                item = {**item, **said, URL: self._absolute(below + url)}
            made.append(item)
        self._data[IMAGES] = made

    def _beside(self, place: Path) -> dict[str, Any]:
        """Return what the mapping of a picture says beside its address, such as `image.alt` beside
        `image.path`."""
        *parents, _ = place
        mapping = self._look_up(TheirKey(tuple(map(str, parents)))) if parents else None
        if not isinstance(mapping, dict):
            return {}
        return {key: mapping[key] for key in OF_PICTURE if key in mapping}

    def _previous(self) -> None:
        """One earlier address becomes a list; they may be relative to the article."""
        found = self._data.get(PREVIOUS)
        base = self._origins.get((PREVIOUS,), (PREVIOUS,))
        if isinstance(found, str) and found.strip():
            self._data[PREVIOUS] = [self._absolute(found)]
            self._origins[PREVIOUS, 0] = base
        elif isinstance(found, list):
            self._data[PREVIOUS] = [
                self._absolute(one) if isinstance(one, str) else one for one in found
            ]

    def _absolute(self, url: str) -> str:
        base = self._data.get(WEB_URL)
        if not isinstance(base, str) or not url.strip() or holds_secret(url):
            return url
        try:
            return urljoin(base.strip(), url.strip())
        except ValueError:
            return url

    def _hide(self) -> None:
        """Every key that may hide the record counts: one that says so hides it, and so does one
        that says nothing."""
        others = (name for name in self._mapping.fields if name != PUBLISHED)
        taken = {key.path[:1] for name in others for key in self._mapping.keys_of(name)}
        own = list(self._mapping.keys_of(PUBLISHED))
        taken |= {key.path for key in own}
        common = [TheirKey((PUBLISHED,)), *(TheirKey((name,), negated=True) for name in HIDING)]
        self._data.pop(PUBLISHED, None)
        for item in self._mapping.fields.get(PUBLISHED, ()):
            if isinstance(item, Constant):
                self._data[PUBLISHED] = item.value
        is_wrong = False
        for sign in [*own, *(key for key in common if key.path not in taken)]:
            if (value := self._look_up(sign)) is NOTHING:
                continue
            try:
                if as_boolean(value) is not sign.negated:
                    continue
                self._data[PUBLISHED], self._origins[(PUBLISHED,)] = Plain("false"), sign.path
                return
            except ValueError:
                if not is_wrong:
                    self._data[PUBLISHED], self._origins[(PUBLISHED,)] = value, sign.path
                is_wrong = True


def _as_read(value: Any) -> Any:
    """Return a text without its markup."""
    is_text = isinstance(value, str) and not holds_secret(value)
    return excerpt_text(value) if is_text else value


def _quoted(text: str) -> str:
    """Return text as part of an address, with its slashes and blanks."""
    return quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text), safe="!$&'()*+,;=:@%/")


def _sanitized(address: str) -> str:
    """Return an address, or a path, as Jekyll has it in the end; no segment of it leads
    elsewhere."""
    host = re.match("(?:https?://[^/]*)?", address)
    start = host.end() if host else 0
    segments = sanitized(address[start:]).split("/")
    return address[:start] + "/".join(one for one in segments if unquote(one) not in (".", ".."))


def _name_of(part: Part) -> str:
    if isinstance(part, Modified):
        return "|".join((_name_of(part.of), *part.by))
    return f".{'.'.join(part.path)}" if isinstance(part, TheirKey) else part


def _as_written(value: Any) -> datetime | None:
    """Return a date and time as it is written, whatever its offset; None where there is no such
    day."""
    if (match := written_date(value)) is None:
        return None
    try:
        year, month, day, hour, minute, second = (int(match[n] or 0) for n in range(1, 7))
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _says_something(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip())
    return value is not NOTHING and value is not None and value not in ([], {})


def _in_utc(value: Any) -> Any:
    """Return a date and time of YAML with its offset: without one it is in UTC
    (yaml.org/type/timestamp.html)."""
    match = MOMENT.fullmatch(value.strip()) if isinstance(value, Plain) else None
    has_time, has_offset = (match[6], match[8] or match[9]) if match else (None, None)
    return Plain(f"{value.strip()}Z") if has_time and not has_offset else value


def _split(text: str, key: str, at_white_space: bool) -> list[str]:
    """Return names in one text: at commas, else, of `tags` and `categories` of Jekyll, at white
    space."""
    if key in WHOLE_KEYS:
        return [text]
    is_words = at_white_space and key in SPLIT_KEYS and "," not in text
    parts = text.split() if is_words else text.split(",")
    return [part.strip() for part in parts if part.strip()]


def address_under(mapping: FieldMapping, path: str, content: bytes, zone: tzinfo) -> str | None:
    """Return the address of a record, as it is compared; None where the mapping makes none."""
    try:
        text = content.removeprefix(BOM_UTF8).decode()
        front = frontmatter.read(text, unfenced=is_unfenced(path))
        if front.data is None:
            return None
        return identity(as_address(apply(mapping, front.data, path, zone).data.get(WEB_URL)))
    except ValueError:
        return None
