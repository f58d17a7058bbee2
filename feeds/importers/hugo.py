"""Recognise Hugo: `hugo.toml` (or `.yaml`, `.json`, `config.…`), posts below `content`."""

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from feeds.importers.blog import (
    Blog,
    address,
    data_of,
    excluded_in,
    folders_in,
    fullest,
    inline,
    posts_in,
    template_of,
    text_at,
    value_at,
)
from feeds.records.address_parts import MODIFIERS, SLICE, literal
from feeds.records.globs import TOKEN, alternatives, below, escape, is_usual

NAMES = [f"{name}.{end}" for name in ("hugo", "config") for end in ("toml", "yaml", "yml", "json")]
CONFIGS = ("config/_default", "config/production")
PLACES = [*NAMES, *(f"{folder}/{name}" for folder in CONFIGS for name in NAMES)]
ENDINGS = (".md", ".markdown", ".html")
# The parts of a regular expression that a glob can say.
IN_PATTERN = re.compile(r"\\([^\w\s])|\.\*|[\w ./~%@=,-]")
WILD = {".*": "**", ".": "?"}
SECTIONS = ("posts", "post", "blog", "articles", "news")
# The words of a permalink that are parts of a date, and those of a layout of Go.
DATES = {
    **dict.fromkeys(("year", "2006"), "year"),
    **dict.fromkeys(("month", "01"), "month"),
    **dict.fromkeys(("day", "02"), "day"),
    **dict.fromkeys(("monthname", "January"), "long_month"),
    **dict.fromkeys(("weekdayname", "Monday"), "long_day"),
    "weekday": "weekday",
    "yearday": "i_y_day",
    "06": "short_year",
    "1": "i_month",
    "Jan": "short_month",
    "2": "i_day",
    "Mon": "short_day",
    "15": "hour",
    "04": "minute",
    "05": "second",
}
# The keys that Hugo itself reads for a date (gohugo.io/configuration/front-matter).
DATE_KEYS = {
    "date": ("date", "publishDate", "pubDate", "lastmod", "modified"),
    "publishDate": ("publishDate", "pubDate", "date"),
    "lastmod": ("lastmod", "modified"),
    "expiryDate": ("expiryDate", "unpublishDate"),
}
FIELDS = (
    'excerpt = ["description", "summary"]',
    'topics = "tags"',
    'category = "categories"',
    'images = ["images", "cover.image", "image"]',
)


def recognise(folder: Path) -> Blog | None:
    """Return the blog in a folder, or None."""
    file = next((folder / name for name in PLACES if _is_hugo(folder / name)), None)
    if file is None:
        return None
    settings = _settings(folder, file)
    languages = _languages(settings)
    content = text_at(settings, f"languages.{languages[0]}.contentDir", "contentDir") or "content"
    shared = _shared_folder(settings, languages)
    sections = [
        f"{content}/{name}"
        for name in folders_in(folder / content)
        if not (folder / content / name / "index.md").exists()
    ]
    common = [path for name in SECTIONS if (path := f"{content}/{name}") in sections]
    posts = fullest(folder, common) or _section_of_posts(folder, content, sections)
    section = posts.removeprefix(content).strip("/")
    names = {name for one in languages for name in folders_in(folder / shared / one)}
    others = ["*/*.*", *sorted(f"*/{name}" for name in names - {section})] if shared else []
    ignored, unknown = _ignored(settings, content)
    exclude = [*others, *_disabled(settings), *excluded_in(shared or posts, ignored, ENDINGS)]
    addresses = _Addresses(settings, section, languages, bool(shared))
    roots = [folder / shared / one for one in languages] if shared else [folder / posts]
    within = {} if shared else {"above": section}
    hierarchy = [f"sections = {inline({**within, 'folders': _sections(roots)})}"]
    tables = _defaults(folder, settings, shared, content, posts)
    lines = "".join(f"  {inline(table)},\n" for table in tables)
    defaults = [f"defaults = [\n{lines}]"] if tables else []
    templates, notes = addresses.templates()
    default = f"languages.{languages[0]}"
    return Blog(
        generator="Hugo",
        settings=str(file.relative_to(folder)),
        title=text_at(settings, f"{default}.title", "title"),
        url=address(text_at(settings, f"{default}.baseURL", "baseURL")),
        posts=shared or posts,
        output="static/feeds",
        urls=(*addresses.of_key(), *templates),
        fields=(
            *_date_fields(settings),
            *FIELDS,
            f"languages = {inline(languages)}",
            *defaults,
            *(hierarchy if addresses.has_sections else []),
        ),
        description=text_at(settings, f"{default}.params.description", "params.description"),
        language=text_at(
            settings,
            *(f"{default}.{key}" for key in ("locale", "languageCode")),
            *("locale", "languageCode", "defaultContentLanguage"),
        ),
        author=text_at(settings, "params.author.name", "params.author", "author.name"),
        timezone=text_at(settings, "timeZone"),
        records=("bundles = true", f"exclude = {inline(exclude)}"),
        built=text_at(settings, "publishDir") or "public",
        notes=(
            *notes,
            *unknown,
            *_left_out(folder, posts, sections),
            *(["[records.fields] has what cascades say now: follow their changes."] * bool(tables)),
            "run `feeds build` before `hugo`, which publishes what is in static/.",
        ),
    )


def _date_keys(settings: dict[str, Any], name: str) -> list[str]:
    """Return the keys from which a site takes a date, the first first."""
    said = value_at(settings, f"frontmatter.{name}")
    found = list[str]()
    for key in said if isinstance(said, list) else [said or ":default"]:
        known = DATE_KEYS[name] if key == ":default" else [key]
        found += (one for one in known if re.fullmatch("[A-Za-z_][A-Za-z0-9_-]*", str(one)))
    return list(dict.fromkeys(found))


def _date_fields(settings: dict[str, Any]) -> list[str]:
    """Return the lines of [records.fields] for the dates of a post."""
    keys = {name: _date_keys(settings, name) for name in DATE_KEYS}
    published = [*keys["publishDate"], *keys["date"]]
    made = {
        "publishedDateTime": list(dict.fromkeys(published)),
        "updatedDateTime": keys["lastmod"],
        "expiryDateTime": keys["expiryDate"],
    }
    return [f"{key} = {inline(names)}" for key, names in made.items() if names]


def _ignored(settings: dict[str, Any], content: str) -> tuple[list[str], list[str]]:
    """Return globs, from the top of the site, of what settings leave out of the content, and notes
    for the user."""
    globs, notes = list[str](), list[str]()
    for pattern in _texts(value_at(settings, "ignoreFiles")):
        glob = _glob_of(pattern)
        if glob is None:
            notes.append(
                f"ignoreFiles has {pattern}, which no glob can say, and nothing is read: write it"
                " into records.exclude."
            )
        globs.append("**" if glob is None else glob)
    mounts = value_at(settings, "module.mounts")
    for mount in mounts if isinstance(mounts, list) else ():
        source = text_at(mount, "source").strip("./")
        if f"{content}/".startswith(f"{source}/"):
            excluded = _texts(value_at(mount, "excludeFiles"))
            globs += (f"{escape(source)}/{one.lstrip('/')}" for one in excluded)
            if value_at(mount, "includeFiles"):
                globs.append("**")
                notes.append(
                    "a mount has includeFiles, and nothing is read: write what it leaves out into"
                    " records.exclude."
                )
    return globs, notes


def _texts(value: Any) -> list[str]:
    """Return a text, or the texts in a list."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _glob_of(pattern: str) -> str | None:
    """Return the glob of a path in which a plain regular expression is found; None of another
    one."""
    is_end = re.search(r"(?<!\\)\$\Z", pattern) is not None
    body = pattern.removeprefix("^").removesuffix("$" if is_end else "")
    parts = list(IN_PATTERN.finditer(body))
    if not body or "".join(part[0] for part in parts) != body:
        return None
    glob = "".join(WILD.get(part[0]) or escape(part[1] or part[0]) for part in parts)
    return f"**{glob}" if is_end else f"**{glob}**"


def _disabled(settings: dict[str, Any]) -> list[str]:
    """Return globs of the posts in languages that are switched off."""
    every = value_at(settings, "languages")
    names = [str(name) for name in every] if isinstance(every, dict) else []
    off = {name.lower() for name in _texts(value_at(settings, "disableLanguages"))}
    off |= {name.lower() for name in names if _is_set(settings, f"languages.{name}.disabled")}
    known = sorted(name for name in off if re.fullmatch("[a-z0-9-]+", name))
    return [glob for name in known for glob in (f"/{name}", *(f"*.{name}{end}" for end in ENDINGS))]


def _defaults(
    folder: Path, settings: dict[str, Any], shared: str, content: str, posts: str
) -> list[dict[str, Any]]:
    """Return the values that posts have by cascades, of the config and of the `_index.md` of a
    section, as tables of the key `defaults` of [records.fields].

    `shared` is the folder with one for each language, where there is one: it is read whole.
    """
    section = "" if shared else posts.removeprefix(content).strip("/")
    root = folder / (shared or content)
    tables, names = list[dict[str, Any]](), list[str]()
    scopes = [("", value_at(settings, "cascade"))]
    for place, folders, files in os.walk(root):
        folders.sort()
        names += (*folders, *files)
        inside = Path(place).relative_to(root).as_posix()
        # That of a language counts for all of them; the one without a language comes last.
        indexes = [name for name in files if name.startswith("_index.")]
        for index in sorted(indexes, key=lambda name: (-len(name), name)):
            found = value_at(data_of(Path(place, index)), "cascade")
            scopes.append(("" if inside == "." else f"{inside}/", found))
    every = "".join(names)
    spelling = Spelling(every != every.lower(), " " in every)
    for path, cascades in scopes:
        for one in cascades if isinstance(cascades, list) else [cascades]:
            if values := _cascaded(one):
                wanted = _target(one, "path")
                paths = _pages(wanted, section, spelling) if wanted else _in(path, section)
                if wanted and shared:
                    paths = [f"*/{path}" for path in paths]  # below the folder of a language
                tables += ({"path": path, "values": values} for path in paths)
    return tables


def _target(cascade: Any, key: str) -> str:
    return text_at(cascade, f"_target.{key}", f"target.{key}")


def _cascaded(cascade: Any) -> dict[str, Any]:
    """Return the values of a cascade that pages have."""
    kinds = re.findall(r"[^{},\s]+", _target(cascade, "kind"))
    is_of_pages = not kinds or any(kind == "page" or "*" in kind for kind in kinds)
    if not isinstance(cascade, dict) or not is_of_pages:
        return {}
    return {key: one for key, one in cascade.items() if key.lower() not in ("_target", "target")}


def _in(path: str, section: str) -> list[str]:
    """Return the path, in a section, of the posts in a folder of the content; none where it is
    another one."""
    within = f"{section}/" if section else ""
    if within.startswith(path):
        return [""]
    return [escape(path.removeprefix(within))] if path.startswith(within) else []


class Spelling(NamedTuple):
    """The characters in names of files that paths of Hugo do not have: capitals, and blanks, which
    are hyphens."""

    has_capitals: bool
    has_blanks: bool


def _pages(wanted: str, section: str, spelling: Spelling) -> list[str]:
    """Return globs, in a section, of the files of pages with a path that Hugo finds by a glob."""
    if not is_usual(wanted):
        return [""]
    found = list[str]()
    for one in alternatives(wanted.lower()):
        for rest in below(one.strip("/"), section.lower()):
            path = "".join(_as_in_names(token, spelling) for token in TOKEN.findall(rest))
            is_whole = rest.endswith(("*", *ENDINGS))
            found += [path] if is_whole else [f"{path}.", f"{path}/index."]
    return list(dict.fromkeys(found))


def _as_in_names(token: str, spelling: Spelling) -> str:
    """Return a part of a glob as it may be written in names of files."""
    if token == "-" and spelling.has_blanks:
        return "[- ]"
    has_case = len(token) == 1 and token.upper() != token and spelling.has_capitals
    return f"[{token}{token.upper()}]" if has_case else token


def _left_out(folder: Path, posts: str, sections: list[str]) -> list[str]:
    """Return a note of the sections that are not read, if there are any."""
    if posts not in sections:
        return []
    numbers = {name: len(posts_in(folder, name)) for name in sections if name != posts}
    names = [f"{name}/ ({number} files)" for name, number in numbers.items() if number]
    if not names:
        return []
    return [
        f"one section is read; left out: {', '.join(names)}. Each can have a config of its own."
    ]


def _sections(roots: list[Path]) -> list[str]:
    """Return the paths, below these folders, of the folders that are sections: those with an
    `_index.md`, and those at the top of a folder of content."""
    found = set[str]()
    for root in roots:
        found |= {name for name in folders_in(root) if len(roots) > 1}
        for place, folders, names in os.walk(root):
            if any(name.startswith("index.") for name in names):
                folders.clear()  # a post with its files
            elif any(name.startswith("_index.") for name in names):
                found.add(Path(place).relative_to(root).as_posix())
    return sorted(found - {"."})


def _section_of_posts(folder: Path, content: str, sections: list[str]) -> str:
    """Return the section with the most posts, or the whole content where more are in none."""
    numbers = {section: len(posts_in(folder, section)) for section in sections}
    most = max(numbers.values(), default=0)
    in_none = len(posts_in(folder, content)) - sum(numbers.values())
    return (fullest(folder, sections) or content) if most >= in_none else content


def _is_hugo(file: Path) -> bool:
    """Return True for a config of Hugo.

    A config.toml may be ours, or anybody's: Hugo's has a baseURL, or lies beside its folders.
    """
    if not os.path.isfile(file):
        return False
    if file.stem == "hugo":
        return True
    data = data_of(file)
    has_folders = all(os.path.isdir(file.parent / name) for name in ("content", "archetypes"))
    return bool(text_at(data, "baseURL")) or ("site" not in data and has_folders)


def _settings(folder: Path, file: Path) -> dict[str, Any]:
    """Return the settings of a site: those of its file, and of the files of single keys beside
    it."""
    settings = data_of(file)
    for place in CONFIGS if file.parent != folder else ():
        for other in sorted((folder / place).glob("*.*")):
            data, key = data_of(other), other.stem.lower()
            settings = settings | data if key in ("hugo", "config") else {**settings, key: data}
    return settings


def _languages(settings: dict[str, Any]) -> list[str]:
    """Return the languages of a site, the default one first."""
    default = text_at(settings, "defaultContentLanguage").lower() or "en"
    every = value_at(settings, "languages")
    others = [str(name).lower() for name in every] if isinstance(every, dict) else []
    named = [name for name in others if re.fullmatch("[a-z0-9-]+", name) and name != default]
    return [default, *named]


def _shared_folder(settings: dict[str, Any], languages: list[str]) -> str:
    """Return the folder in which each language has a folder of its name; empty where one has
    not."""
    places = [text_at(settings, f"languages.{one}.contentDir").strip("./") for one in languages]
    shared = {place.removesuffix(one) for place, one in zip(places, languages, strict=True)}
    folder = shared.pop().rstrip("/")
    is_so = not shared and [f"{folder}/{language}" for language in languages] == places
    return folder if is_so and len(languages) > 1 else ""


class _Addresses:
    """The addresses of the pages of a section, as templates of which the first that fits is taken.

    `in_file`: the path of a file begins with the section.
    """

    def __init__(
        self,
        settings: dict[str, Any],
        section: str,
        languages: list[str],
        in_file: bool,
    ) -> None:
        accents = "|unaccented" if _is_set(settings, "removePathAccents") else ""
        self._lower = "" if _is_set(settings, "disablePathToLower") else "|lower"
        self._path = f"{accents}|hugo{self._lower}"
        self._token = f"{accents}|hugo_token{self._lower}"
        self._section = self._as_path(section)
        self._before = f"/{self._section}" if section and not in_file else ""
        pattern = text_at(settings, f"permalinks.page.{section}", f"permalinks.{section}")
        self._permalink = pattern if section else ""
        self.has_sections = ":sections" in self._permalink.lower()
        ugly = value_at(settings, "uglyURLs")
        is_ugly = _is_set(settings, f"uglyURLs.{section}" if isinstance(ugly, dict) else "uglyURLs")
        self._end = ".html" if is_ugly else "/"
        self._date_keys = _date_keys(settings, "date")
        if value_at(settings, "frontmatter.date") is None:
            self._date_keys = ["date"]  # every other is one of the date that is published
        self._takes_date = ":filename" in str(value_at(settings, "frontmatter.date")).lower()
        in_folder = _is_set(settings, "defaultContentLanguageInSubdir")
        several = ["/{language}", f"/{languages[0]}" if in_folder else ""]
        self._languages = several if len(languages) > 1 else [""]

    def templates(self) -> tuple[list[str], list[str]]:
        """Return the templates, and notes for the user."""
        if self._permalink:
            made, notes = self._of_permalink()
        else:
            file = "path" if self._takes_date else "file"
            slugged = f"{self._before}/{{folder{self._path}}}/{{.slug{self._path}}}"
            made, notes = [slugged, f"{self._before}/{{{file}{self._path}}}"], []
        return [f"{one}{path}{self._end}" for path in made for one in self._languages], notes

    def of_key(self) -> list[str]:
        """Return the templates of the key `url`, which is below that of a language, or absolute."""
        below = "{.url|relative|hugo_url}"
        return [*(f"{one}/{below}" for one in self._languages if one), "/{.url|hugo_url}"]

    def _of_permalink(self) -> tuple[list[str], list[str]]:
        """Return the templates of a permalink: `:slug` is the title, and a date another, where the
        key is absent."""
        file = f"{{name{self._token}}}"
        dated = [f"{{dated_stem{self._token}}}"] if self._takes_date else []
        slug, title = f"{{.slug{self._token}}}", f"{{title{self._token}}}"
        either = dict.fromkeys(("slugorfilename", "slugorcontentbasename"), file)
        pattern, sections = self._with_slices()
        made, notes = list[str](), list[str]()
        for key in (*(f".{key}|" for key in self._date_keys), ""):
            of_key = {word: f"{{{key}{part}{self._lower}}}" for word, part in DATES.items()}
            words = {**of_key, **dict.fromkeys(("filename", "contentbasename"), file)}
            words |= {"section": self._section, **sections}
            slugs = [{"slug": one, **dict.fromkeys(either, one)} for one in (slug, *dated)]
            # Where there is no title either, Hugo leaves out what it would be.
            for rest in ({"title": title}, {"title": ""}):
                for of_slug in (*slugs, {"slug": rest["title"], **either}):
                    template, notes = template_of(pattern, words | rest | of_slug, "permalinks")
                    made.append(template.rstrip("/"))
        return [*filter(None, dict.fromkeys(made))], notes

    def _with_slices(self) -> tuple[str, dict[str, str]]:
        """Return the permalink with a word of its own in place of each `:sections[…]`, and the
        parts that these words are."""
        words = dict[str, str]()

        def word(match: re.Match[str]) -> str:
            which = re.sub(r"-\d+", "0", match[1] or ":")
            if SLICE.fullmatch(which) is None:
                return match[0]  # of which there is a note
            name = "sections_" + "x" * (len(words) + 1)
            chosen = "" if which == ":" else f"|{which}"
            words[name] = f"{{sections{chosen}{self._path}}}"
            return f":{name}"

        pattern = re.sub(r":sections(?:\[([^\]]*)\])?", word, self._permalink)
        return pattern.lower() if self._lower and not re.search(
            ":[A-Z]", pattern
        ) else pattern, words

    def _as_path(self, text: str) -> str:
        for name in self._path.split("|")[1:]:
            text = MODIFIERS[name](text)
        return literal(text)


def _is_set(settings: dict[str, Any], key: str) -> bool:
    return str(value_at(settings, key)).lower() == "true"
