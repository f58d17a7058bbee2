"""Recognise Eleventy: `eleventy.config.js` or `.eleventy.js`, and site data in `_data`."""

import re
from glob import glob
from pathlib import Path
from typing import Any

from feeds.importers.blog import (
    Blog,
    address,
    data_of,
    first_file,
    fullest,
    literal,
    posts_in,
    text_at,
    text_in_script,
    text_of,
)

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
RENDERED = re.compile(r"^permalink:.*(?:\{\{|\{%|false)", re.MULTILINE)


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
    config = file.name if file else "its config"
    notes = [f'let {config} have: eleventyConfig.addPassthroughCopy("feeds");']
    if not inside:
        notes.append('and: eleventyConfig.ignores.add("feeds");')
    some = sorted(posts_in(folder, posts))[:200]
    texts = "".join(text_of(folder / posts / path)[:4000] for path in some)
    urls = [f"/{literal(posts.removeprefix(inside))}/{{path}}/"]
    if "\npermalink:" in texts and not RENDERED.search(texts):
        urls.insert(0, "/{.permalink}")
    elif "\npermalink:" in texts:
        notes.append("some posts have a permalink that Eleventy computes: compare the addresses.")
    data_files = glob("*.11tydata.*", root_dir=folder / posts)
    if any("permalink" in text_of(folder / posts / name) for name in data_files):
        notes.append(f"the data of {posts} set a permalink: write its pattern into webUrl.")
    return Blog(
        generator="Eleventy",
        settings=file.name if file else "package.json",
        title=text_at(data, "title") or text_in_script(script, "title"),
        url=address(text_at(data, "url") or text_in_script(script, "url")),
        posts=posts,
        output="feeds",
        urls=tuple(urls),
        fields=FIELDS,
        description=text_at(data, "description") or text_in_script(script, "description"),
        language=text_at(data, "language") or text_in_script(script, "language"),
        author=text_at(data, "author.name", "author") or text_in_script(script, "name"),
        notes=(*notes, "run `feeds build` before `eleventy`."),
    )


def _site(folder: Path, inside: str) -> tuple[dict[str, Any], str]:
    """Return the global data that tells of the site: that in JSON, and the source of the rest."""
    data, script = dict[str, Any](), ""
    for place in (f"{inside}_data", "_data", "src/_data"):
        for name in SITE_DATA:
            data = data_of(folder / place / f"{name}.json") | data
            script += text_of(folder / place / f"{name}.js")
    return data, script
