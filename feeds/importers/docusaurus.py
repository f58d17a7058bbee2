"""Recognise Docusaurus: `docusaurus.config.js` or `.ts`, the blog in `blog`."""

import re
from pathlib import Path

from feeds.importers.blog import (
    Blog,
    address,
    excluded_in,
    first_file,
    inline,
    lists_in_script,
    objects_in_script,
    posts_in,
    script_of,
    text_in_script,
)
from feeds.records.address_parts import literal
from feeds.records.globs import alternatives, escape, is_usual, regex

# What a blog leaves out, unless its options say otherwise (DEFAULT_OPTIONS of utils/globUtils).
EXCLUDED = ("**/_*.{md,mdx}", "**/_*/**")
SUFFIXES = (".md", ".mdx")
EXCLUDE, INCLUDE = (rf"\b{key}['\"]?\s*(?::|(?=,|\Z))\s*" for key in ("exclude", "include"))
NAMES = [f"docusaurus.config.{end}" for end in ("ts", "js", "mjs", "cjs")]
FIELDS = (
    'publishedDateTime = "date"',
    'updatedDateTime = "last_update.date"',
    'excerpt = "description"',
    'topics = "tags"',
    'images = "image"',
)


def recognise(folder: Path) -> Blog | None:
    """Return the blog in a folder, or None."""
    file = first_file(folder, NAMES)
    if file is None:
        return None
    source = script_of(file)
    blogs = {_posts_of(options): options for options in reversed(_options(source))}
    posts = max(blogs, key=lambda path: len(posts_in(folder, path)))
    options = blogs[posts]
    route = (
        text_in_script(options, "routeBasePath").strip("/")
        if "routeBasePath" in options
        else "blog"
    )
    exclude, notes = _excluded(folder, posts, options)
    if others := [path for path in blogs if path != posts and (folder / path).is_dir()]:
        notes.append(f"one blog is read; left out: {', '.join(others)}.")
    base = text_in_script(source, "baseUrl").strip("/")
    url = address(f"{text_in_script(source, 'url').rstrip('/')}/{base}")
    below = f"/{literal(route)}" if route else ""
    end = "/" if re.search(r"\btrailingSlash\s*:\s*true", source) else ""
    return Blog(
        generator="Docusaurus",
        settings=file.name,
        title=text_in_script(source, "title"),
        url=url,
        posts=posts,
        output="static/feeds",
        urls=tuple(
            f"{below}/{path}{end}"
            for path in ("{.slug|as_is}", "{file_date}/{path|docusaurus}", "{path|docusaurus}")
        ),
        fields=(*FIELDS, *([f'pictures = "/{base}"'] if re.fullmatch(r"[\w./~-]+", base) else [])),
        description=text_in_script(source, "tagline"),
        language=text_in_script(source, "defaultLocale"),
        built="build",
        records=(f"exclude = {inline(exclude)}",),
        notes=(
            *notes,
            "run `feeds build` before `docusaurus build`, which publishes what is in static/.",
        ),
    )


def _options(source: str) -> list[str]:
    """Return the options of each blog: of the preset, and of the plugin."""
    preset = objects_in_script(source, r"\bblog\s*:")
    plugins = objects_in_script(source, r"plugin-content-blog['\"`]\s*,")
    return [*preset, *plugins] or [""]


def _posts_of(options: str) -> str:
    return text_in_script(options, "path").strip("./") or "blog"


def _excluded(folder: Path, posts: str, options: str) -> tuple[list[str], list[str]]:
    """Return globs for `records.exclude` of what a blog leaves out, and notes for the user."""
    notes, patterns = list[str](), list[str]()
    excluded = list(lists_in_script(options, rf"{EXCLUDE}\["))
    if re.search(EXCLUDE, options) is None:
        patterns += EXCLUDED
    elif None in excluded or len(excluded) != 1:
        patterns.append("**")
        notes.append(
            "`exclude` of the blog is computed, and nothing is read: write what it says into"
            " records.exclude."
        )
    else:
        patterns += [text for texts in excluded for text in texts or ()]
    if re.search(INCLUDE, options):
        [included] = list(lists_in_script(options, rf"{INCLUDE}\["))[:1] or [None]
        usual = filter(is_usual, included or ())
        wanted = [regex(one) for text in usual for one in alternatives(text)]
        paths = posts_in(folder, posts)
        patterns += [
            escape(path) for path in paths if not re.fullmatch("|".join(wanted) or "(?!)", path)
        ]
        notes.append("`include` of the blog: name new files that it leaves out in records.exclude.")
    return excluded_in("", patterns, SUFFIXES), notes
