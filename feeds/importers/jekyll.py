"""Jekyll: `_config.yml`, posts in `_posts`, permalinks by pattern."""

from pathlib import Path

from feeds.importers.blog import Blog, address, data_of, pattern, posts_in, said
from feeds.importers.writing import free_name

STYLES = {
    "": "/:categories/:year/:month/:day/:title:output_ext",
    "date": "/:categories/:year/:month/:day/:title:output_ext",
    "pretty": "/:categories/:year/:month/:day/:title/",
    "none": "/:categories/:title:output_ext",
}
WORDS = {"year": "{year}", "month": "{month}", "day": "{day}", "title": "{slug}", "slug": "{slug}"}
WORDS |= {"output_ext": ".html", "categories": ""}
FIELDS = (
    # Ruby reads a date and time of YAML in UTC, and all other dates in the time zone of the site.
    'publishedDateTime = { utc = "date" }',
    'updatedDateTime = { utc = "last_modified_at" }',
    'excerpt = ["description", "excerpt"]',
    'topics = ["tags", "tag"]',
    'category = ["category", "categories"]',
    'images = ["image.path", "image"]',
)


def recognise(folder: Path) -> Blog | None:
    """The blog in a folder, or None."""
    file = next(
        (folder / name for name in ("_config.yml", "_config.yaml") if (folder / name).is_file()),
        None,
    )
    if file is None and not (folder / "_posts").is_dir():
        return None
    settings = data_of(file) if file else {}
    url = (
        address(said(settings, "url") + "/" + said(settings, "baseurl").strip("/"))
        if said(settings, "url")
        else ""
    )
    written = said(settings, "permalink")
    permalink = STYLES.get(written, written)
    template, unknown = pattern(permalink, WORDS)
    notes = []
    if unknown:
        notes.append(
            f"permalink has {' and '.join(unknown)}, which no template can say: mend webUrl by hand."
        )
    if ":categories" in permalink:
        notes.append(
            "Jekyll puts categories into addresses, feeds does not: where posts have some, set a permalink."
        )
    zone = said(settings, "timezone")
    if not zone:
        notes.append(
            "_config.yml has no timezone, so Jekyll takes that of its machine: site.timezone says Etc/UTC."
        )
    if not posts_in(folder / "_posts"):
        notes.append("there is no post in _posts yet.")
    return Blog(
        generator="Jekyll",
        settings=file.name if file else "_posts",
        title=said(settings, "title"),
        url=url,
        posts="_posts",
        output="feeds",
        urls=("/{.permalink}", template),
        fields=FIELDS,
        description=said(settings, "description"),
        language=said(settings, "lang") or said(settings, "locale"),
        author=said(settings, "author", "name") or said(settings, "author"),
        timezone=zone or "Etc/UTC",
        notes=(
            *notes,
            f"let _config.yml have: exclude: [{free_name(folder) or 'config.toml'}, ledger.toml]",
            "run `feeds build` before `jekyll build`, which publishes the folder feeds/ as it is.",
        ),
    )
