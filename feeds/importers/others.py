"""Recognise Astro, Gatsby, Hexo, Next, Nikola, Pelican and Zola, as far as their settings say in
plain words where the posts are and at which addresses."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from feeds.importers.blog import (
    Blog,
    address,
    data_of,
    first_file,
    fullest,
    inline,
    line_of,
    template_of,
    text_at,
    text_in_script,
    text_of,
    value_at,
)
from feeds.records.address_parts import DATE_PARTS, literal

SCRIPTS = ("js", "mjs", "cjs", "ts", "mts")
# Where the sites of starters and themes keep what a script would have to be run for.
SITE_SCRIPTS = [
    f"{place}.{end}"
    for place in (
        "src/consts",
        "src/config",
        "src/site.config",
        "data/siteMetadata",
        "siteMetadata",
    )
    for end in SCRIPTS
]
POSTS = ("blog", "posts", "post", "articles", "writing")
DATES = 'publishedDateTime = ["pubDate", "pubDatetime", "publishDate", "date"]'
SCRIPT_FIELDS = (
    DATES,
    'updatedDateTime = ["updatedDate", "modDatetime", "updated", "lastmod"]',
    'excerpt = ["description", "excerpt", "summary", "spoiler"]',
    'topics = ["tags", "categories"]',
)
PLAIN_FIELDS = (
    'publishedDateTime = "date"',
    'updatedDateTime = ["updated", "modified"]',
    'excerpt = ["description", "summary", "excerpt"]',
    'topics = "tags"',
    'category = ["category", "categories"]',
)
# The letters of a date in the addresses of Pelican (strftime), by the parts that they are.
LETTERS = {
    "Y": "year",
    "y": "short_year",
    "m": "month",
    "b": "short_month",
    "B": "long_month",
    "d": "day",
    "-d": "i_day",
    "-m": "i_month",
    "j": "y_day",
    "H": "hour",
    "M": "minute",
}


def astro(folder: Path) -> Blog | None:
    """Return the blog of Astro in a folder, or None."""
    return _of_script(
        folder,
        "Astro",
        "astro.config",
        [f"{place}/{name}" for place in ("src/content", "src/data", "src/pages") for name in POSTS],
        "public/feeds",
        "dist",
    )


def gatsby(folder: Path) -> Blog | None:
    """Return the blog of Gatsby in a folder, or None."""
    places = [*(f"content/{name}" for name in POSTS), *POSTS, "src/posts", "content"]
    return _of_script(folder, "Gatsby", "gatsby-config", places, "static/feeds", "public")


def next_js(folder: Path) -> Blog | None:
    """Return the blog of Next in a folder, or None."""
    names = (*POSTS, "_posts")
    places = [
        f"{place}{name}"
        for place in ("", "content/", "data/", "src/content/", "app/blog/", "src/app/blog/")
        for name in names
    ]
    return _of_script(folder, "Next", "next.config", [*places, "content"], "public/feeds", "out")


def _of_script(
    folder: Path, generator: str, config: str, places: Iterable[str], output: str, built: str
) -> Blog | None:
    """Return a blog whose settings are a program, and whose addresses are those of its files."""
    file = first_file(folder, [f"{config}.{end}" for end in SCRIPTS])
    if file is None:
        return None
    source = text_of(file)
    every = "\n".join([source, *(text_of(folder / name) for name in SITE_SCRIPTS)])
    posts = fullest(folder, places)
    section = "blog" if posts and "blog" in posts.split("/") else "posts"
    below = "" if generator == "Gatsby" else f"/{section}"
    no_slash = re.search(r"trailingSlash\s*:\s*['\"]never|format\s*:\s*['\"]file", source)
    end = "" if no_slash or generator == "Next" else "/"
    file_part = "{file|hugo|lower}" if generator == "Astro" else "{file|as_is}"
    base = text_in_script(source, "base" if generator == "Astro" else "pathPrefix").strip("/")
    url = _first_in_script(every, "site", "siteUrl", "SITE_URL", "website", "url").rstrip("/")
    return Blog(
        generator=generator,
        settings=file.name,
        title=_first_in_script(every, "title", "SITE_TITLE"),
        url=address(f"{url}/{base}"),
        posts=posts or next(iter(places)),
        output=output,
        urls=(
            *(["/{.path}"] if generator == "Gatsby" else []),
            f"{below}/{{.slug}}{end}",
            f"{below}/{file_part}{end}",
        ),
        fields=SCRIPT_FIELDS,
        description=_first_in_script(every, "description", "SITE_DESCRIPTION", "desc"),
        language=_first_in_script(every, "language", "defaultLocale", "lang"),
        author=_first_in_script(every, "author"),
        built=built,
        notes=(
            f"{generator} computes the addresses of posts: compare them, and correct webUrl.",
            f"run `feeds build` before the build of {generator}, which publishes what is in"
            f" {output.partition('/')[0]}/.",
        ),
    )


def hexo(folder: Path) -> Blog | None:
    """Return the blog of Hexo in a folder, or None: its settings are called as those of Jekyll."""
    file = first_file(folder, ("_config.yml", "_config.yaml"))
    settings = data_of(file) if file else {}
    source = text_at(settings, "source_dir") or "source"
    is_hexo = '"hexo"' in text_of(folder / "package.json")
    is_jekyll = bool(text_at(settings, "source"))  # a key that Hexo has not
    if file is None or not (
        is_hexo or (os.path.isdir(folder / source / "_posts") and not is_jekyll)
    ):
        return None
    named = text_at(settings, "new_post_name")
    title = "{path|as_is}" if ":year" in named else "{file|as_is}"
    words = {
        **{part: f"{{{part}}}" for part in DATE_PARTS},
        "title": title,
        "name": "{stem|as_is}" if ":year" in named else "{name|as_is}",
        "post_title": "{title|ascii}",
        "category": "{categories|as_is}",
    }
    permalink = text_at(settings, "permalink") or ":year/:month/:day/:title/"
    template, notes = template_of(permalink, words, "permalink")
    language = value_at(settings, "language")
    return Blog(
        generator="Hexo",
        settings=file.name,
        title=text_at(settings, "title"),
        url=address(text_at(settings, "url")),
        posts=f"{source}/_posts",
        output=f"{source}/feeds",
        urls=("/{.permalink}", template),
        fields=PLAIN_FIELDS,
        description=text_at(settings, "description", "subtitle"),
        language=str(language[0]) if isinstance(language, list) else text_at(settings, "language"),
        author=text_at(settings, "author"),
        timezone=text_at(settings, "timezone"),
        built=text_at(settings, "public_dir") or "public",
        notes=(
            *notes,
            f'let {file.name} have: skip_render: "feeds/**"',
            "run `feeds build` before `hexo generate`, which publishes what is in source/.",
        ),
    )


def zola(folder: Path) -> Blog | None:
    """Return the blog of Zola in a folder, or None."""
    file = first_file(folder, ("zola.toml", "config.toml"))
    settings = data_of(file) if file else {}
    is_zola = bool(text_at(settings, "base_url")) and os.path.isdir(folder / "content")
    if file is None or not (is_zola or file.name == "zola.toml"):
        return None
    posts = fullest(folder, [f"content/{name}" for name in POSTS]) or "content"
    below = literal(posts.removeprefix("content"))
    every = value_at(settings, "languages")
    default = text_at(settings, "default_language") or "en"
    languages = [default, *(name for name in every if name != default)] if every else [default]
    prefixes = ["/{language}", ""] if len(languages) > 1 else [""]
    folders = f"{below}/{{folder|unaccented|hugo|lower}}"
    return Blog(
        generator="Zola",
        settings=file.name,
        title=text_at(settings, "title"),
        url=address(text_at(settings, "base_url")),
        posts=posts,
        output="static/feeds",
        urls=tuple(
            f"{language}{path}/"
            for path in ("/{.path}", f"{folders}/{{.slug}}", f"{folders}/{{stem|ascii}}")
            for language in prefixes
        ),
        fields=(
            'publishedDateTime = "date"',
            'updatedDateTime = "updated"',
            'excerpt = "description"',
            'topics = ["taxonomies.tags", "taxonomies.categories"]',
            f"languages = {inline(languages)}",
        ),
        description=text_at(settings, "description"),
        language=default,
        author=text_at(settings, "author"),
        records=("bundles = true",),
        built=text_at(settings, "output_dir") or "public",
        notes=("run `feeds build` before `zola build`, which publishes what is in static/.",),
    )


def pelican(folder: Path) -> Blog | None:
    """Return the blog of Pelican in a folder, or None."""
    file = first_file(folder, ("pelicanconf.py",))
    if file is None:
        return None
    source = f"{text_of(folder / 'publishconf.py')}\n{text_of(file)}"
    content = _in_python(source, "PATH").strip("./") or "content"
    pattern = _in_python(source, "ARTICLE_URL") or "{slug}.html"
    urls = tuple(f"/{_of_pelican(pattern, one)}" for one in ("{.slug|as_is}", "{title|ascii}"))
    unknown = "{}" in urls[0]
    return Blog(
        generator="Pelican",
        settings=file.name,
        title=_in_python(source, "SITENAME"),
        url=address(_in_python(source, "SITEURL")),
        posts=content,
        output=f"{content}/feeds",
        urls=tuple(url.replace("{}", "") for url in urls),
        fields=PLAIN_FIELDS,
        description=_in_python(source, "SITESUBTITLE"),
        language=_in_python(source, "DEFAULT_LANG"),
        author=_in_python(source, "AUTHOR"),
        timezone=_in_python(source, "TIMEZONE"),
        records=('exclude = ["feeds", "pages", "*.rst"]',),
        built=_in_python(source, "OUTPUT_PATH").strip("./") or "output",
        notes=(
            *(
                ["ARTICLE_URL has words that no template can say: correct webUrl."]
                if unknown
                else []
            ),
            'let pelicanconf.py have: STATIC_PATHS = ["images", "feeds"]; '
            'ARTICLE_EXCLUDES = ["feeds"]; PAGE_EXCLUDES = ["feeds"]',
            "posts in reStructuredText are not read.",
            "run `feeds build` before `pelican`.",
        ),
    )


def _of_pelican(pattern: str, slug: str) -> str:
    """Return the template of an address of Pelican, with `{}` for what none can say."""

    def part(text: str) -> str:
        name, _, letters = text.partition(":")
        if name == "date":
            return re.sub(
                "%(-?[A-Za-z])", lambda one: f"{{{LETTERS.get(one[1], '')}}}", literal(letters)
            )
        return {"slug": slug, "category": "{.category|ascii}"}.get(name, "{}")

    pieces = re.split(r"\{([^{}]*)\}", pattern.lstrip("/"))
    return "".join(part(one) if n % 2 else literal(one) for n, one in enumerate(pieces))


def nikola(folder: Path) -> Blog | None:
    """Return the blog of Nikola in a folder, or None."""
    file = first_file(folder, ("conf.py",))
    source = text_of(file) if file else ""
    title = _in_python(source, "BLOG_TITLE")
    if file is None or not title:
        return None
    match = re.search(
        r"""(?m)^POSTS\s*=\s*\(\s*\(\s*["']([^"']*)["'],\s*["']([^"']*)["']""", source
    )
    posts, below = (match[1].rpartition("/")[0], match[2]) if match else ("posts", "posts")
    end = ".html" if re.search(r"(?m)^PRETTY_URLS\s*=\s*False", source) else "/"
    prefix = f"/{literal(below.strip('/'))}" if below.strip("/") else ""
    return Blog(
        generator="Nikola",
        settings=file.name,
        title=title,
        url=address(_in_python(source, "SITE_URL")),
        posts=posts or "posts",
        output="files/feeds",
        urls=tuple(f"{prefix}/{{folder}}/{{{slug}|as_is}}{end}" for slug in (".slug", "name")),
        fields=PLAIN_FIELDS,
        description=_in_python(source, "BLOG_DESCRIPTION"),
        language=_in_python(source, "DEFAULT_LANG"),
        author=_in_python(source, "BLOG_AUTHOR"),
        timezone=_in_python(source, "TIMEZONE"),
        built="output",
        notes=(
            "posts are read whose metadata stand between lines of `---`, as Nikola reads them too; "
            "those in comments (`.. title:`), in .meta files and in reStructuredText are not.",
            "run `feeds build` before `nikola build`, which publishes what is in files/.",
        ),
    )


def _first_in_script(source: str, *keys: str) -> str:
    """Return the first text that a script assigns to one of the keys, or to a constant of such a
    name."""
    for key in keys:
        constant = re.search(rf"""\b{key}\s*=\s*(["'`])((?:(?!\1)[^\n\\$])*)\1""", source)
        if text := text_in_script(source, key) or (line_of(constant[2]) if constant else ""):
            return text
    return ""


def _in_python(source: str, name: str) -> str:
    """Return the first text that a module of Python assigns to a name."""
    match = re.search(rf"""(?m)^{name}\s*=\s*(["'])((?:(?!\1)[^\n\\])*)\1""", source)
    return line_of(match[2]) if match else ""


RECOGNISERS = (astro, gatsby, next_js, zola, pelican, nikola)
