"""Recognise Jekyll: `_config.yml`, posts in `_posts` folders, permalinks by pattern."""

import os
import re
from pathlib import Path
from typing import Any

from feeds.importers.blog import (
    Blog,
    address,
    data_of,
    first_file,
    inline,
    template_of,
    text_at,
    value_at,
)
from feeds.importers.jekyll_folders import (
    EVERYTHING,
    OUTPUT,
    POSTS,
    Folders,
    folders_of,
    scope_globs,
)
from feeds.importers.writing import free_name
from feeds.records.address_parts import JEKYLL_WORD, JEKYLL_WORDS
from feeds.records.keys import PUBLISHED

SETTINGS = ("_config.yml", "_config.yaml", "_config.toml")
STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}
MOST_POSTS = 10_000  # of a feed
FIELDS = (
    # Ruby reads a date with a time in YAML as UTC, and every other date in the site's time zone.
    'publishedDateTime = { utc = "date" }',
    'updatedDateTime = { utc = "last_modified_at" }',
    'excerpt = ["description", "excerpt"]',
    'topics = ["tag", "tags"]',
    'category = ["category", "categories"]',
    'images = ["image.path", "image"]',
)


def recognise(folder: Path) -> Blog | None:
    """Return the blog in a folder, or None."""
    file = first_file(folder, SETTINGS)
    settings = data_of(file) if file else {}
    if file is None and not os.path.isdir(folder / POSTS):
        return None
    folders = folders_of(folder, settings)
    host, base = text_at(settings, "url"), text_at(settings, "baseurl").strip("/")
    style = text_at(settings, "permalink") or "date"
    permalink = text_at(settings, "collections.posts.permalink") or STYLES.get(style, style)
    template, notes = template_of(permalink, JEKYLL_WORDS, "permalink", JEKYLL_WORD)
    zone = text_at(settings, "timezone")
    if not zone:
        notes.append(
            "_config.yml has no timezone, so Jekyll takes that of its machine: "
            "site.timezone says Etc/UTC."
        )
    limit = text_at(settings, "limit_posts")
    notes += _unlike(settings)
    if {*EVERYTHING} & {*folders.exclude}:
        notes.append("_config.yml leaves out all posts, by exclude or collections_dir.")
    if not folders.source:
        notes.append(f"let _config.yml have: exclude: [{free_name(folder)}, ledger.toml]")
    return Blog(
        generator="Jekyll",
        settings=file.name if file else "_posts",
        title=text_at(settings, "title", "name"),
        url=address(f"{host}/{base}") if host else "",
        posts=folders.posts,
        output=f"{folders.source}{OUTPUT}",
        urls=("/{.permalink|jekyll}", template),
        fields=(*FIELDS, *_defaults(settings, folders)),
        description=text_at(settings, "description"),
        language=text_at(settings, "lang", "locale"),
        author=text_at(settings, "author.name", "author"),
        # Under this name the days in addresses are those of the zone, not those that are written.
        timezone="Etc/UTC" if zone in ("", "UTC") else zone,
        records=(f"exclude = {inline(folders.exclude)}",) if folders.exclude else (),
        limit=min(int(limit), MOST_POSTS) if re.fullmatch("[0-9]{1,9}", limit) else 0,
        built=text_at(settings, "destination").strip("./") or "_site",
        notes=(
            *notes,
            "run `feeds build` before `jekyll build`, which publishes the folder"
            f" {folders.source}{OUTPUT}/ as it is.",
        ),
    )


def _unlike(settings: dict[str, Any]) -> list[str]:
    """Return notes of settings that feeds does not follow."""
    notes = []
    shown = [one for one in ("future", "unpublished", "show_drafts") if _is_set(settings, one)]
    if shown:
        said = " and ".join(shown)
        notes.append(f"_config.yml has {said}: feeds publishes nothing that is hidden or to come.")
    return notes


def _is_set(settings: dict[str, Any], key: str) -> bool:
    return text_at(settings, key).lower() in ("true", "yes", "on")


def _defaults(settings: dict[str, Any], folders: Folders) -> list[str]:
    """Return the values that posts have by default, as the key `defaults` of [records.fields].

    Of two scopes that fit a post, that with the longer path holds, then that of a type. One that
    follows a longer one may come after all others, so that it shows no post.
    """
    scopes, most = [], (0, False)
    defaults = value_at(settings, "defaults")
    for one in defaults if isinstance(defaults, list) else []:
        values, scope = value_at(one, "values"), value_at(one, "scope")
        scope = scope if isinstance(scope, dict) else {}
        path, kind = text_at(scope, "path"), text_at(scope, "type")
        if isinstance(values, dict) and values and kind in ("", "post", "posts"):
            rank = (len(path), bool(kind))
            if rank < most and str(value_at(values, PUBLISHED)).lower() != "false":
                values = {key: one for key, one in values.items() if key != PUBLISHED}
            most = max(most, rank)
            for glob in scope_globs(path, folders):
                scopes.append((rank, {"path": glob, "values": values}))
    scopes.sort(key=lambda scope: scope[0])
    if not scopes:
        return []
    lines = "".join(f"  {inline(table)},\n" for _, table in scopes)
    return [f"defaults = [\n{lines}]"]
