"""`feeds init`: begin a site, or write the config that fits the folder of another generator."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeds.cli import opening, terminal
from feeds.errors import FeedsError

if TYPE_CHECKING:
    from feeds.config import Config
    from feeds.importers import Blog

IGNORED = ".feeds/\npublic/\n"
MOST_FAULTS = 5


@click.command(
    short_help="Begin here: a new site, or one of Jekyll, Hugo, …",
    epilog="\b\nExamples:\n  feeds init\n"
    "  feeds init --title Tidewater --base-url https://feeds.tidewater.example\n",
)
@click.argument("folder", default=".", type=click.Path(file_okay=False))
@click.option("--title", default="", help="What the site is called.")
@click.option("--base-url", default="", help="The public address, with which every address begins.")
@click.option(
    "--wordpress",
    type=click.Path(exists=True, dir_okay=False),
    help="An export of WordPress, to records of a new site.",
)
def init(folder: str, title: str, base_url: str, wordpress: str | None) -> None:
    """Make a site in FOLDER, this one unless another is named.

    In a folder of Jekyll, Hugo, Eleventy or Docusaurus: a config by which its posts are read as
    they are. Otherwise a config with comments and a first record, or those of an export. No file
    that is there is changed.
    """
    from feeds import importers as generators

    place = Path(folder)
    if title and not title.isprintable():
        raise FeedsError("--title", "expected a line of text")
    opening.web_address("--base-url", base_url)
    if wordpress is not None:
        _import(Path(wordpress), place, title, base_url)
        return
    blog = generators.recognise(place) if place.is_dir() else None
    if blog is not None:
        _adopt(blog, place, title, base_url)
    else:
        _begin(place, title, base_url)


def _begin(place: Path, title: str, base_url: str) -> None:
    from feeds import importers as generators

    _expect_none(place / "config.toml")
    seeds = place / "seeds"
    written = {place / "config.toml": generators.new_config(title or "Our feeds", base_url)}
    if not seeds.exists():
        moment = opening.now().replace(second=0).strftime("%Y-%m-%dT%H:%M:%SZ")
        written[seeds / "first.md"] = generators.SAMPLE.format(moment=moment)
    if not (place / ".gitignore").exists():
        written[place / ".gitignore"] = IGNORED
    for file, text in written.items():
        opening.write_new(file, text)
        click.echo(f"Wrote {file}")
    click.echo()
    _print_next(place, "config.toml", sample=seeds / "first.md" in written)


def _import(source: Path, place: Path, title: str, base_url: str) -> None:
    """Begin a site with the posts of a WordPress export."""
    from feeds import importers as generators

    try:
        export = generators.read_export(source.read_bytes())
    except OSError as error:
        raise FeedsError(str(source), f"expected to read it, got: {error.strerror}") from error
    except ValueError as error:
        raise FeedsError(str(source), str(error)) from error
    config = place / "config.toml"
    base_url = base_url or (f"{export.url}/feeds" if export.url else "")
    written = {place / "seeds" / name: text for name, text in export.records.items()}
    written[config] = generators.new_config(title or export.title or "Our feeds", base_url)
    for file in written:
        _expect_none(file)
    (place / "seeds").mkdir(parents=True, exist_ok=True)
    for file, text in written.items():
        opening.write_new(file, text)
    click.echo(f"Wrote {config}")
    click.echo(f"Wrote {terminal.count(len(export.records), 'record')} in {place / 'seeds'}")
    if export.left:
        click.echo(f"Left out {terminal.count(export.left, 'post')} of the trash, or never saved.")
    _print_posts(opening.load(str(config)), "seeds")
    click.echo()
    _print_next(place, "config.toml", sample=False)


def _adopt(blog: "Blog", place: Path, title: str, base_url: str) -> None:
    from feeds import importers as generators
    from feeds.records.values import time_zones

    name = generators.free_name(place)
    if name is None:
        raise FeedsError(
            str(place),
            f"expected no {' or '.join(generators.CONFIG_NAMES)}: `feeds init` changes no file",
        )
    click.echo(f"Found {blog.generator}, by {blog.settings}:")
    known = {
        "title": blog.title,
        "address": blog.url,
        "posts": f"{blog.posts}/",
        "description": blog.description,
        "language": blog.language,
        "author": blog.author,
        "time zone": blog.timezone,
    }
    for what, text in known.items():
        click.echo(f"  {what:<12}{terminal.safe(text) or '(not found)'}")
    opening.write_new(place / name, generators.blog_config(blog, title, base_url))
    click.echo(f"Wrote {place / name}")
    if not (place / blog.posts).is_dir():
        click.echo(f"There is no folder {blog.posts} yet: `feeds` needs it.")
    else:
        _print_posts(opening.load(str(place / name)), blog.posts)
    click.echo("\nTo know:")
    for note in blog.notes:
        click.echo(f"  {note}")
    click.echo(f"  .feeds/ and {blog.output}/ are made anew at any time: .gitignore can have both.")
    if blog.timezone and blog.timezone not in time_zones():
        click.echo(
            f"  the time zone {terminal.safe(blog.timezone)} has no name that feeds knows: "
            "set site.timezone."
        )
    if not blog.url:
        click.echo(
            "  the address of the site was not found: replace https://example.org in the config."
        )
    click.echo()
    _print_next(place, name, sample=False)


def _print_posts(config: "Config", folder: str) -> None:
    """Print how many posts can be read, and an address of one, to compare with the site's own."""
    from feeds.records import Cost, Fault, read_record
    from feeds.records.fields import is_aside
    from feeds.sources.folder import read_file, walk

    now = opening.now()
    read = hidden = 0
    faults, links = [], list[str]()
    posts = (found for found in walk(config.records_folder) if not is_aside(found.path))
    for found in sorted(posts, key=lambda found: found.path):
        content = read_file(config.records_folder, found)
        if isinstance(content, Fault):
            faults.append(content)
            continue
        reading = read_record(found.path, content, now, config.records.fields, config.site.zone)
        read += 1
        hidden += reading.unpublished
        faults += [fault for fault in reading.faults if fault.cost is Cost.RECORD]
        if reading.article is not None and reading.article.is_current(now) and not links:
            links.append(reading.article.link)
    broken = len({fault.path for fault in faults})
    click.echo(
        f"{terminal.count(read, 'file')} in {folder}/: "
        f"{terminal.count(hidden, 'draft')}, {broken} lack something."
    )
    for fault in faults[:MOST_FAULTS]:
        click.echo(f"  {config.records.path}/{fault.public}")
    if len(faults) > MOST_FAULTS:
        click.echo(f"  and {len(faults) - MOST_FAULTS} more: `feeds check` tells them.")
    if links:
        click.echo(f"An address as feeds makes it, to compare with the site's own: {links[0]}")


def _print_next(place: Path, name: str, *, sample: bool) -> None:
    option = "" if name == "config.toml" else f" --config {name}"
    click.echo("Next:")
    if place.resolve() != Path.cwd():
        click.echo(f"  cd {place}")
    if sample:
        click.echo('  feeds new "A title" --url https://example.org/a-title')
    click.echo(f"  feeds check{option}")
    click.echo(f"  feeds serve{option}")


def _expect_none(file: Path) -> None:
    if file.exists():
        raise FeedsError(str(file), "expected none: `feeds init` changes no file")
