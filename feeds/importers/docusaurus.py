"""Docusaurus: `docusaurus.config.js` or `.ts`, the blog in `blog`."""

import re
from pathlib import Path

from feeds.importers.blog import Blog, address, posts_in, said_in_script, text_of

NAMES = [f"docusaurus.config.{end}" for end in ("ts", "js", "mjs", "cjs")]
FIELDS = (
    'publishedDateTime = "date"',
    'updatedDateTime = "last_update.date"',
    'excerpt = "description"',
    'topics = "tags"',
    'images = "image"',
)


def recognise(folder: Path) -> Blog | None:
    """The blog in a folder, or None."""
    file = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if file is None:
        return None
    source = text_of(file)
    blog = re.search(r"\bblog\s*:\s*\{(?:[^{}]|\{[^{}]*\})*\}", source)
    options = blog[0] if blog else ""
    posts = said_in_script(options, "path").strip("./") or "blog"
    route = (
        said_in_script(options, "routeBasePath").strip("/")
        if "routeBasePath" in options
        else "blog"
    )
    base = said_in_script(source, "baseUrl").strip("/")
    url = address(f"{said_in_script(source, 'url').rstrip('/')}/{base}")
    below = f"/{route}" if route else ""
    notes = []
    if not posts_in(folder / posts):
        notes.append(f"there is no post in {posts}/ yet.")
    if any((folder / posts).rglob("*.mdx")):
        notes.append("files that end in .mdx are not read.")
    return Blog(
        generator="Docusaurus",
        settings=file.name,
        title=said_in_script(source, "title"),
        url=url,
        posts=posts,
        output="static/feeds",
        urls=(f"{below}/{{.slug}}", f"{below}/{{year}}/{{month}}/{{day}}/{{slug}}"),
        fields=FIELDS,
        description=said_in_script(source, "tagline"),
        language=said_in_script(source, "defaultLocale"),
        notes=(
            *notes,
            "run `feeds build` before `docusaurus build`, which publishes what is in static/.",
        ),
    )
