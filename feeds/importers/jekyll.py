"""Recognise Jekyll: `_config.yml`, posts in `_posts` folders, permalinks by pattern."""

import os
from glob import escape
from pathlib import Path
from typing import Any

from feeds.importers.blog import (
    Blog,
    address,
    data_of,
    first_file,
    folders_in,
    inline,
    template_of,
    text_at,
    value_at,
)
from feeds.importers.writing import free_name
from feeds.records.address_parts import JEKYLL_WORDS

SETTINGS = ("_config.yml", "_config.yaml", "_config.toml")
STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "ordinal": "/:categories/:year/:y_day/:title:output_ext",
    "weekdate": "/:categories/:year/W:week/:short_day/:title:output_ext",
    "none": "/:categories/:title:output_ext",
}
FIELDS = (
    # Ruby reads a date with a time in YAML as UTC, and every other date in the site's time zone.
    'publishedDateTime = { utc = "date" }',
    'updatedDateTime = { utc = "last_modified_at" }',
    'excerpt = ["description", "excerpt"]',
    'topics = ["tags", "tag"]',
    'category = ["category", "categories"]',
    'images = ["image.path", "image"]',
)
# Folders in which nothing is a post, whatever their names say.
ELSEWHERE = ("_site", "node_modules", "vendor", "feeds")
DEEPEST = 4  # of a folder of posts within the site


def recognise(folder: Path) -> Blog | None:
    """Return the blog in a folder, or None."""
    file = first_file(folder, SETTINGS)
    settings = data_of(file) if file else {}
    collections = text_at(settings, "collections_dir").strip("./")
    main = f"{collections}/_posts" if collections else "_posts"
    if file is None and not os.path.isdir(folder / main):
        return None
    posts = main if _folders_of_posts(folder, "", DEEPEST) in ([], [main]) else "."
    host, base = text_at(settings, "url"), text_at(settings, "baseurl").strip("/")
    permalink = text_at(settings, "collections.posts.permalink", "permalink") or "date"
    template, notes = template_of(
        STYLES.get(permalink, permalink.replace("..", "/").replace("./", "")),
        JEKYLL_WORDS,
        "permalink",
    )
    zone = text_at(settings, "timezone")
    if not zone:
        notes.append(
            "_config.yml has no timezone, so Jekyll takes that of its machine: "
            "site.timezone says Etc/UTC."
        )
    return Blog(
        generator="Jekyll",
        settings=file.name if file else "_posts",
        title=text_at(settings, "title", "name"),
        url=address(f"{host}/{base}") if host else "",
        posts=posts,
        output="feeds",
        urls=("/{.permalink|jekyll}", template),
        fields=(*FIELDS, *_defaults(settings, "" if posts == "." else f"{main}/", collections)),
        description=text_at(settings, "description"),
        language=text_at(settings, "lang", "locale"),
        author=text_at(settings, "author.name", "author"),
        # Under this name the days in addresses are those of the zone, not those that are written.
        timezone="Etc/UTC" if zone in ("", "UTC") else zone,
        records=(f"exclude = {inline(list(ELSEWHERE))}",) if posts == "." else (),
        built=text_at(settings, "destination").strip("./") or "_site",
        notes=(
            *notes,
            f"let _config.yml have: exclude: [{free_name(folder)}, ledger.toml]",
            "run `feeds build` before `jekyll build`, which publishes the folder feeds/ as it is.",
        ),
    )


def _folders_of_posts(folder: Path, below: str, deepest: int) -> list[str]:
    """Return the paths of the folders that are called `_posts`."""
    found = []
    for name in folders_in(folder / below):
        if name == "_posts":
            found.append(f"{below}{name}")
        elif deepest and name not in ELSEWHERE and not name.startswith("."):
            found += _folders_of_posts(folder, f"{below}{name}/", deepest - 1)
    return found


def _defaults(settings: dict[str, Any], posts: str, collections: str) -> list[str]:
    """Return the values that posts have by default, as the key `defaults` of [records.fields].

    Of two scopes that fit a post, that with the longer path holds, then that of a type.
    """
    scopes = []
    defaults = value_at(settings, "defaults")
    for one in defaults if isinstance(defaults, list) else []:
        values, scope = value_at(one, "values"), value_at(one, "scope")
        scope = scope if isinstance(scope, dict) else {}
        path, kind = text_at(scope, "path").lstrip("/"), text_at(scope, "type")
        if collections:
            path = path.removeprefix(f"{collections}/")
        if isinstance(values, dict) and values and kind in ("", "post", "posts"):
            fits = path if "*" in path else escape(path)
            if posts.startswith(path):
                fits = ""
            elif path.startswith(posts):
                fits = fits.removeprefix(posts)
            else:
                continue
            scopes.append(((len(path), bool(kind)), {"path": fits, "values": values}))
    scopes.sort(key=lambda scope: scope[0])
    if not scopes:
        return []
    lines = "".join(f"  {inline(table)},\n" for _, table in scopes)
    return [f"defaults = [\n{lines}]"]
