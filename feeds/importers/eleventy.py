"""Recognise Eleventy: `eleventy.config.js` or `.eleventy.js`, and site data in `_data`."""

import re
from pathlib import Path

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
    site = _site(folder, inside)
    config = file.name if file else "its config"
    notes = [f'let {config} have: eleventyConfig.addPassthroughCopy("feeds");']
    if not inside:
        notes.append('and: eleventyConfig.ignores.add("feeds");')
    texts = "".join(text_of(path)[:4000] for path in sorted((folder / posts).rglob("*.md"))[:200])
    urls = [f"/{posts.removeprefix(inside)}/{{path}}/"]
    if "\npermalink:" in texts and not RENDERED.search(texts):
        urls.insert(0, "/{.permalink}")
    elif "\npermalink:" in texts:
        notes.append("some posts have a permalink that Eleventy computes: compare the addresses.")
    if any("permalink" in text_of(path) for path in (folder / posts).glob("*.11tydata.*")):
        notes.append(f"the data of {posts} set a permalink: write its pattern into webUrl.")
    return Blog(
        generator="Eleventy",
        settings=file.name if file else "package.json",
        title=site["title"],
        url=address(site["url"]),
        posts=posts,
        output="feeds",
        urls=tuple(urls),
        fields=FIELDS,
        description=site["description"],
        language=site["language"],
        author=site["author"],
        notes=(*notes, "run `feeds build` before `eleventy`."),
    )


def _site(folder: Path, inside: str) -> dict[str, str]:
    """Return title, url, description, language and author from the global data; empty where a
    value is missing."""
    found = dict.fromkeys(("title", "url", "description", "language", "author"), "")
    for place in (f"{inside}_data", "_data", "src/_data"):
        for name in SITE_DATA:
            data = data_of(folder / place / f"{name}.json")
            script = text_of(folder / place / f"{name}.js")
            for key in found:
                author = text_at(data, "author", "name") if key == "author" else ""
                in_script = text_in_script(script, "name" if key == "author" else key)
                found[key] = found[key] or author or text_at(data, key) or in_script
    return found
