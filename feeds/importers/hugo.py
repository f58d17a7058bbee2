"""Recognise Hugo: `hugo.toml` (or `.yaml`, `.json`, `config.…`), posts below `content`."""

import os
from pathlib import Path
from typing import Any

from feeds.importers.blog import (
    Blog,
    address,
    data_of,
    folders_in,
    fullest,
    literal,
    posts_in,
    template_of,
    text_at,
    value_at,
)
from feeds.records.fields import named

NAMES = [f"{name}.{end}" for name in ("hugo", "config") for end in ("toml", "yaml", "yml", "json")]
PLACES = [*NAMES, *(f"config/_default/{name}" for name in NAMES)]
SECTIONS = ("posts", "post", "blog", "articles", "news")
WORDS = {
    "year": "{year}",
    "month": "{month}",
    "day": "{day}",
    "slug": "{slug}",
    "filename": "{slug}",
    "contentbasename": "{slug}",
    "slugorfilename": "{slug}",
    "slugorcontentbasename": "{slug}",
}
FIELDS = (
    # The keys that Hugo itself reads (gohugo.io/configuration/front-matter).
    'publishedDateTime = ["publishDate", "pubDate", "date"]',
    'updatedDateTime = "lastmod"',
    'expiryDateTime = ["expiryDate", "unpublishDate"]',
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
    settings = data_of(file)
    content = text_at(settings, "contentDir") or "content"
    sections = [f"{content}/{name}" for name in folders_in(folder / content)]
    common = [path for name in SECTIONS if (path := f"{content}/{name}") in sections]
    posts = fullest(folder, common) or fullest(folder, sections) or content
    section = posts.removeprefix(content).strip("/")
    names = [named(path) for path in posts_in(folder, posts)]
    deep = any("/" in name.path for name in names)
    template, notes = _template(settings, section, "{path}" if deep else "{slug}")
    if any(name.day for name in names):
        notes.append(
            "Hugo keeps a date in a file's name in its address, feeds takes it out: "
            "compare the addresses."
        )
    zone = text_at(settings, "timeZone")
    if zone and "{year}" in template:
        notes.append(
            "Hugo takes the day in an address as it is written, feeds in the time zone: "
            "compare them."
        )
    return Blog(
        generator="Hugo",
        settings=str(file.relative_to(folder)),
        title=text_at(settings, "title"),
        url=address(text_at(settings, "baseURL")),
        posts=posts,
        output="static/feeds",
        urls=("/{.url}", template),
        fields=FIELDS,
        description=text_at(settings, "params.description"),
        language=text_at(settings, "locale", "languageCode", "defaultContentLanguage"),
        author=text_at(settings, "params.author.name", "params.author"),
        timezone=zone,
        notes=(*notes, "run `feeds build` before `hugo`, which publishes what is in static/."),
    )


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


def _template(settings: dict[str, Any], section: str, last: str) -> tuple[str, list[str]]:
    prefix = f"/{literal(section)}" if section else ""
    permalink = text_at(settings, f"permalinks.page.{section}", f"permalinks.{section}")
    if permalink:
        words = {**WORDS, "section": literal(section), "sections": literal(section)}
        return template_of(permalink, words, "permalinks")
    notes = []
    if last == "{path}":
        notes.append(
            "posts lie in folders, where the key `slug` is not followed: compare the addresses."
        )
    is_ugly = str(value_at(settings, "uglyURLs")).lower() == "true"
    return f"{prefix}/{last}{'.html' if is_ugly else '/'}", notes
