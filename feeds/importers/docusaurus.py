"""Recognise Docusaurus: `docusaurus.config.js` or `.ts`, the blog in `blog`."""

import re
from pathlib import Path

from feeds.importers.blog import (
    Blog,
    address,
    first_file,
    text_in_script,
    text_of,
)
from feeds.records.address_parts import literal

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
    source = text_of(file)
    blog = re.search(r"\bblog\s*:\s*\{(?:[^{}]|\{[^{}]*\})*\}", source)
    options = blog[0] if blog else ""
    posts = text_in_script(options, "path").strip("./") or "blog"
    route = (
        text_in_script(options, "routeBasePath").strip("/")
        if "routeBasePath" in options
        else "blog"
    )
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
            for path in ("{.slug|as_is}", "{file_date}/{path|as_is}", "{path|as_is}")
        ),
        fields=(*FIELDS, *([f'pictures = "/{base}"'] if re.fullmatch(r"[\w./~-]+", base) else [])),
        description=text_in_script(source, "tagline"),
        language=text_in_script(source, "defaultLocale"),
        built="build",
        notes=("run `feeds build` before `docusaurus build`, which publishes what is in static/.",),
    )
