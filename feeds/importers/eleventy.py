"""Recognise Eleventy: `eleventy.config.js` or `.eleventy.js`, and site data in `_data`."""

import os
import re
from pathlib import Path
from typing import Any

from feeds.importers.blog import (
    Blog,
    address,
    data_of,
    first_file,
    fullest,
    text_at,
    text_in_script,
    text_of,
)
from feeds.records.address_parts import eleventy_template, literal

NAMES = [".eleventy.js", *(f"eleventy.config.{end}" for end in ("js", "mjs", "cjs", "ts"))]
SITE_DATA = ("metadata", "site", "meta")
POSTS = ("blog", "posts", "post", "articles", "content/blog", "content/posts")
FIELDS = (
    'publishedDateTime = "date"',
    'updatedDateTime = ["updated", "modified"]',
    'excerpt = ["description", "excerpt"]',
    'topics = "tags"',
    'images = "image"',
)


def recognise(folder: Path) -> Blog | None:
    """Return the blog in a folder, or None."""
    file = first_file(folder, NAMES)
    if file is None and "@11ty/eleventy" not in text_of(folder / "package.json"):
        return None
    source = text_of(file) if file else ""
    root = text_in_script(source, "input").strip("./") or "."
    inside = "" if root == "." else f"{root}/"
    posts = fullest(folder, [f"{inside}{name}" for name in POSTS]) or (root if inside else "posts")
    data, script = _site(folder, inside)
    script += source
    url = text_at(data, "url") or text_in_script(script, "url")
    prefix = text_in_script(source, "pathPrefix").strip("/")
    config = file.name if file else "its config"
    notes = [f'let {config} have: eleventyConfig.addPassthroughCopy("feeds");']
    if not inside:
        notes.append('and: eleventyConfig.ignores.add("feeds");')
    section = literal((posts.removeprefix(root) if inside else posts).strip("/"))
    of_data, more = _permalink_of_data(folder / posts)
    of_file = f"/{section}/{{file|eleventy}}/" if section else "/{file|eleventy}/"
    return Blog(
        generator="Eleventy",
        settings=file.name if file else "package.json",
        title=text_at(data, "title") or text_in_script(script, "title"),
        url=address(f"{url.rstrip('/')}/{prefix}") if url else "",
        posts=posts,
        output="feeds",
        urls=("/{.permalink|eleventy}", of_data or of_file),
        fields=FIELDS,
        description=text_at(data, "description") or text_in_script(script, "description"),
        language=text_at(data, "language", "lang", "locale") or text_in_script(script, "language"),
        author=text_at(data, "author.name", "author") or text_in_script(script, "name"),
        built=text_in_script(source, "output").strip("./") or "_site",
        notes=(*notes, *more, "run `feeds build` before `eleventy`."),
    )


def _permalink_of_data(folder: Path) -> tuple[str, list[str]]:
    """Return the template of the permalink that the data of a folder set for its posts, if any."""
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else ():
        if not re.fullmatch(rf"{re.escape(folder.name)}(?:\.11tydata)?\.(?:json|[cm]?js)", name):
            continue
        file = folder / name
        is_json = name.endswith(".json")
        permalink = (
            text_at(data_of(file), "permalink")
            if is_json
            else text_in_script(text_of(file), "permalink")
        )
        template, unknown = eleventy_template(permalink)
        if permalink and not unknown:
            return f"/{template.lstrip('/')}", []
        if permalink or (not is_json and "permalink" in text_of(file)):
            return "", [f"{name} computes a permalink: write its pattern into webUrl."]
    return "", []


def _site(folder: Path, inside: str) -> tuple[dict[str, Any], str]:
    """Return the global data that tells of the site: data, and the source of scripts."""
    data, script = dict[str, Any](), ""
    for place in (f"{inside}_data", "_data", "src/_data"):
        for name in SITE_DATA:
            for end in ("json", "yaml", "yml", "toml"):
                data = data_of(folder / place / f"{name}.{end}") | data
            for end in ("js", "cjs", "mjs", "ts"):
                script += text_of(folder / place / f"{name}.{end}")
    return data, script
