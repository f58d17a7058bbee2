"""Eleventy: `eleventy.config.js` or `.eleventy.js`, posts wherever they are; site data in
`_data`."""

import re
from pathlib import Path

from feeds.importers.blog import Blog, address, data_of, fullest, said, said_in_script, text_of

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
    """The blog in a folder, or None."""
    file = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if file is None and "@11ty/eleventy" not in text_of(folder / "package.json"):
        return None
    source = text_of(file) if file else ""
    root = said_in_script(source, "input").strip("./") or "."
    inside = "" if root == "." else f"{root}/"
    posts = fullest(folder, [f"{inside}{name}" for name in POSTS]) or (root if inside else "posts")
    site = _site(folder, inside)
    address_of_posts = posts.removeprefix(inside)
    notes = [
        f'let {file.name if file else "its config"} have: eleventyConfig.addPassthroughCopy("feeds");'
    ]
    if not inside:
        notes.append('and: eleventyConfig.ignores.add("feeds");')
    texts = "".join(text_of(path)[:4000] for path in sorted((folder / posts).rglob("*.md"))[:200])
    urls = [f"/{address_of_posts}/{{path}}/"]
    if "\npermalink:" in texts and not RENDERED.search(texts):
        urls.insert(0, "/{.permalink}")
    elif "\npermalink:" in texts:
        notes.append("some posts have a permalink that Eleventy computes: compare the addresses.")
    if any(text_of(path).find("permalink") >= 0 for path in (folder / posts).glob("*.11tydata.*")):
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
    """Title, url, description, language and author, as far as the global data say them."""
    found = dict.fromkeys(("title", "url", "description", "language", "author"), "")
    for place in (f"{inside}_data", "_data", "src/_data"):
        for name in SITE_DATA:
            data, script = (
                data_of(folder / place / f"{name}.json"),
                text_of(folder / place / f"{name}.js"),
            )
            for key in found:
                author = said(data, "author", "name") if key == "author" else ""
                in_script = said_in_script(script, "name" if key == "author" else key)
                found[key] = found[key] or author or said(data, key) or in_script
    found["language"] = found["language"] or ""
    return found
