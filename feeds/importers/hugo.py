"""Hugo: `hugo.toml` (or `.yaml`, `.json`, or `config.…`), posts in a section below `content`."""

from pathlib import Path
from typing import Any

from feeds.importers.blog import Blog, address, data_of, fullest, pattern, said
from feeds.records.file_names import named
from feeds.sources.folder import walk

NAMES = [f"{name}.{end}" for name in ("hugo", "config") for end in ("toml", "yaml", "yml", "json")]
PLACES = [*NAMES, *(f"config/_default/{name}" for name in NAMES)]
SECTIONS = ("posts", "post", "blog", "articles", "news")
WORDS = {
    "year": "{year}",
    "month": "{month}",
    "day": "{day}",
    "slug": "{slug}",
    "filename": "{slug}",
}
WORDS |= {
    "contentbasename": "{slug}",
    "slugorfilename": "{slug}",
    "slugorcontentbasename": "{slug}",
}
FIELDS = (
    # What Hugo takes them from itself (gohugo.io/configuration/front-matter).
    'publishedDateTime = ["publishDate", "pubDate", "date"]',
    'updatedDateTime = "lastmod"',
    'expiryDateTime = ["expiryDate", "unpublishDate"]',
    'excerpt = ["description", "summary"]',
    'topics = "tags"',
    'category = "categories"',
    'images = ["images", "cover.image", "image"]',
)


def recognise(folder: Path) -> Blog | None:
    """The blog in a folder, or None."""
    file = next((folder / name for name in PLACES if _is_hugo(folder / name)), None)
    if file is None:
        return None
    settings = data_of(file)
    content = said(settings, "contentDir") or "content"
    sections = [item.name for item in _folders(folder / content)]
    usual = [name for name in SECTIONS if name in sections]
    section = fullest(folder / content, usual) or fullest(folder / content, sections)
    posts = f"{content}/{section}" if section else content
    names = (
        [named(found.path) for found in walk(folder / posts)] if (folder / posts).is_dir() else []
    )
    deep = any("/" in name.path for name in names)
    template, notes = _template(settings, section or "", "{path}" if deep else "{slug}")
    if any(name.day for name in names):
        notes.append(
            "Hugo keeps a date in a file's name in its address, feeds takes it out: compare the addresses."
        )
    zone = said(settings, "timeZone")
    if zone and "{year}" in template:
        notes.append(
            "Hugo takes the day in an address as it is written, feeds in the time zone: compare them."
        )
    language = (
        said(settings, "locale")
        or said(settings, "languageCode")
        or said(settings, "defaultContentLanguage")
    )
    return Blog(
        generator="Hugo",
        settings=str(file.relative_to(folder)),
        title=said(settings, "title"),
        url=address(said(settings, "baseURL")),
        posts=posts,
        output="static/feeds",
        urls=("/{.url}", template),
        fields=FIELDS,
        description=said(settings, "params", "description"),
        language=language,
        author=said(settings, "params", "author", "name") or said(settings, "params", "author"),
        timezone=zone,
        notes=(*notes, "run `feeds build` before `hugo`, which publishes what is in static/."),
    )


def _is_hugo(file: Path) -> bool:
    """A config.toml alone may be ours, or anybody's: Hugo's has a baseURL, or stands beside its
    folders."""
    if not file.is_file():
        return False
    if file.stem == "hugo":
        return True
    data = data_of(file)
    return bool(said(data, "baseURL")) or (
        "site" not in data
        and all((file.parent / name).is_dir() for name in ("content", "archetypes"))
    )


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(item for item in folder.iterdir() if item.is_dir() and not item.is_symlink())
    except OSError:
        return []


def _template(settings: dict[str, Any], section: str, last: str) -> tuple[str, list[str]]:
    prefix = f"/{section}" if section else ""
    written = said(settings, "permalinks", "page", section) or said(settings, "permalinks", section)
    if written:
        template, unknown = pattern(written, {**WORDS, "section": section, "sections": section})
        if unknown:
            return template, [
                f"permalinks has {' and '.join(unknown)}, which no template can say: mend webUrl by hand."
            ]
        return template, []
    ugly = {key.lower(): value for key, value in settings.items()}.get("uglyurls")
    notes = [
        "posts lie in folders, where the key `slug` is not followed: compare the addresses."
    ] * (last == "{path}")
    return f"{prefix}/{last}{'.html' if str(ugly).lower() == 'true' else '/'}", notes
