"""Recognise Eleventy: `eleventy.config.js` or `.eleventy.js`, and site data in `_data`."""

import os
import re
from pathlib import Path
from typing import Any

from feeds.importers.blog import (
    Blog,
    address,
    data_of,
    excluded_in,
    first_file,
    fullest,
    inline,
    is_inside,
    lists_in_script,
    script_of,
    text_at,
    text_in_script,
    text_of,
)
from feeds.records.address_parts import eleventy_template, literal
from feeds.records.globs import escape

SUFFIXES = (".md", ".html")  # of what it reads, in the formats that are read here too
DATA = re.compile(r"(.+?)(?:\.json|\.11tydata\.(?:json|[cm]?js))")  # its post or folder
HIDING = ("permalink", "eleventyExcludeFromCollections", "draft", "published", "unlisted")
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
    source = script_of(file) if file else ""
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
    ignored, unknown = _ignored(folder, source, inside)
    exclude = excluded_in(posts, ignored, SUFFIXES)
    of_file = f"/{section}/{{file|eleventy}}/" if section else "/{file|eleventy}/"
    return Blog(
        generator="Eleventy",
        settings=file.name if file else "package.json",
        title=text_at(data, "title") or text_in_script(script, "title"),
        url=address(f"{url.rstrip('/')}/{prefix}") if url else "",
        posts=posts,
        output="feeds",
        urls=("/{.permalink|eleventy}", of_data or of_file),
        fields=(*FIELDS, *_defaults(folder, posts)),
        records=(f"exclude = {inline(exclude)}",),
        description=text_at(data, "description") or text_in_script(script, "description"),
        language=text_at(data, "language", "lang", "locale") or text_in_script(script, "language"),
        author=text_at(data, "author.name", "author") or text_in_script(script, "name"),
        built=text_in_script(source, "output").strip("./") or "_site",
        notes=(*notes, *more, *unknown, "run `feeds build` before `eleventy`."),
    )


def _ignored(folder: Path, source: str, inside: str) -> tuple[list[str], list[str]]:
    """Return patterns, from the top of the site, of what Eleventy passes over, and notes for the
    user."""
    patterns, notes = ["**/node_modules"], list[str]()
    places = [".eleventyignore", f"{inside}.eleventyignore"]
    if not re.search(r"\bsetUseGitIgnore\(\s*false", source):
        places.append(".gitignore")
    for place in dict.fromkeys(places):
        below = place.rpartition("/")[0]
        for line in map(str.strip, text_of(folder / place).splitlines()):
            if line and line[0] not in "#!":
                patterns.append(f"{escape(below)}/{line.lstrip('/')}")
    for texts in lists_in_script(source, r"\bignores\s*\.\s*add\("):
        if texts is None:
            notes.append(
                "ignores.add computes a path, and nothing is read: write what it says into"
                " records.exclude."
            )
        patterns += ["**"] if texts is None else texts
    return patterns, notes


def _defaults(folder: Path, posts: str) -> list[str]:
    """Return what data files say that hides posts, as the key `defaults` of [records.fields]:
    those of folders, of the folders above them, and of single posts."""
    if not is_inside(folder, posts):
        return []
    above = [one for one in reversed(Path(posts).parents) if one.name]
    tables = [("", values) for one in above if (values := _values(folder / one, one.name))]
    for place, folders, names in os.walk(folder / posts):
        folders.sort()
        below = f"{Path(place).relative_to(folder / posts).as_posix()}/".removeprefix("./")
        own = Path(place).name
        stems = {match[1] for name in names if (match := DATA.fullmatch(name))}
        for stem in sorted(stems, key=lambda stem: (stem != own, stem)):
            path = below if stem == own else f"{below}{stem}."
            if values := _values(Path(place), stem):
                tables.append((escape(path), values))
    lines = "".join(f"  {inline({'path': path, 'values': one})},\n" for path, one in tables)
    return [f"defaults = [\n{lines}]"] if tables else []


def _values(folder: Path, stem: str) -> dict[str, Any]:
    """Return what the data files of that name in a folder say that hides posts."""
    found = dict[str, Any]()
    for end in ("json", "11tydata.json"):
        data = data_of(folder / f"{stem}.{end}")
        found |= {key: data[key] for key in HIDING if key in data}
    for end in ("js", "cjs", "mjs"):
        script = script_of(folder / f"{stem}.11tydata.{end}")
        for key in HIDING:
            if said := re.search(rf"""\b{key}["']?\s*:\s*(true|false)\b""", script):
                found[key] = said[1] == "true"
    # A permalink of text is an address, which is no matter of this.
    return {key: value for key, value in found.items() if not isinstance(value, str)}


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
