"""Recognise Jekyll: `_config.yml`, posts in `_posts`, permalinks by pattern."""

import os
from pathlib import Path

from feeds.importers.blog import Blog, address, data_of, first_file, template_of, text_at
from feeds.importers.writing import free_name

STYLES = {
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "none": "/:categories/:title:output_ext",
}
WORDS = {
    "year": "{year}",
    "month": "{month}",
    "day": "{day}",
    "title": "{slug}",
    "slug": "{slug}",
    "output_ext": ".html",
    "categories": "",
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


def recognise(folder: Path) -> Blog | None:
    """Return the blog in a folder, or None."""
    file = first_file(folder, ("_config.yml", "_config.yaml"))
    if file is None and not os.path.isdir(folder / "_posts"):
        return None
    settings = data_of(file) if file else {}
    host, base = text_at(settings, "url"), text_at(settings, "baseurl").strip("/")
    permalink = text_at(settings, "permalink") or "date"
    permalink = STYLES.get(permalink, permalink)
    template, notes = template_of(permalink, WORDS, "permalink")
    if ":categories" in permalink:
        notes.append(
            "Jekyll puts categories into addresses, feeds does not: "
            "where posts have some, set a permalink."
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
        title=text_at(settings, "title"),
        url=address(f"{host}/{base}") if host else "",
        posts="_posts",
        output="feeds",
        urls=("/{.permalink}", template),
        fields=FIELDS,
        description=text_at(settings, "description"),
        language=text_at(settings, "lang", "locale"),
        author=text_at(settings, "author.name", "author"),
        timezone=zone or "Etc/UTC",
        notes=(
            *notes,
            f"let _config.yml have: exclude: [{free_name(folder)}, ledger.toml]",
            "run `feeds build` before `jekyll build`, which publishes the folder feeds/ as it is.",
        ),
    )
