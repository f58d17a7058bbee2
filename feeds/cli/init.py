"""`feeds init`: begin a site, or write the config that fits the folder of another generator."""

import os
from pathlib import Path
from typing import BinaryIO

import click

from feeds.cli import examples, opening, terminal
from feeds.config import Config
from feeds.errors import FeedsError
from feeds.importers import recognise, sign_of_a_site, writing
from feeds.importers.blog import Blog, is_inside, line_of
from feeds.importers.wordpress import read_export
from feeds.records import Cost, Fault, read_record
from feeds.records.values import LONGEST_LINE, time_zones
from feeds.sources.built import page_at
from feeds.sources.folder import read_file, walk

IGNORED = ".feeds/\npublic/\n"
MOST_FAULTS = 5


@click.command(
    "init",
    epilog=examples(
        "feeds init", "feeds init --title Tidewater --base-url https://feeds.tidewater.example"
    ),
)
@click.argument("folder", default=".", type=click.Path(file_okay=False, path_type=Path))
@click.option("--title", default="", help="What the site is called.")
@click.option(
    "--base-url",
    default="",
    callback=opening.web_address_of,
    help="The public address, with which every address begins.",
)
@click.option(
    "--wordpress",
    type=click.File("rb"),
    help="An export of WordPress, to records of a new site.",
)
def command(folder: Path, title: str, base_url: str, wordpress: BinaryIO | None) -> None:
    """Make a site in FOLDER, this one unless another is named.

    In a folder of Jekyll, Hugo, Eleventy, Docusaurus, Astro, Zola, Pelican, Hexo, Gatsby, Next or
    Nikola: a config by which its posts are read as they are. Otherwise a config with comments and a
    first record, or those of an export. No file that is there is changed.
    """
    if line_of(title) != (title := " ".join(title.split())):
        raise FeedsError(
            "--title", f"expected a line of text, of at most {LONGEST_LINE:,} characters"
        )
    if wordpress is not None:
        _import(wordpress, folder, title, base_url)
    elif blog := recognise(folder):
        _adopt(blog, folder, title, base_url)
    else:
        _begin(folder, title, base_url)


def _begin(place: Path, title: str, base_url: str) -> None:
    if sign := sign_of_a_site(place):
        raise FeedsError(
            terminal.safe(str(place)),
            f"expected the folder of a new site, got one with {terminal.safe(sign)}, of a program"
            " that feeds does not know: `feeds init feeds` begins in a folder of its own",
        )
    seeds = _seeds(place)
    files = {place / "config.toml": writing.new_config(title or "Our feeds", base_url)}
    if not os.path.lexists(seeds):
        moment = f"{opening.now():%Y-%m-%dT%H:%M}:00Z"
        files[seeds / "first.md"] = writing.SAMPLE.format(moment=moment)
    if not os.path.lexists(place / ".gitignore"):
        files[place / ".gitignore"] = IGNORED
    _write(files)
    for file in files:
        click.echo(f"Wrote {file}")
    _print_next(place, "config.toml", sample=seeds / "first.md" in files)


def _seeds(place: Path) -> Path:
    """Return the records folder of a new site, which may be there."""
    seeds = place / "seeds"
    if os.path.lexists(seeds) and not os.path.isdir(seeds):
        raise FeedsError(str(seeds), "expected a folder")
    return seeds


def _import(source: BinaryIO, place: Path, title: str, base_url: str) -> None:
    """Begin a site with the posts of a WordPress export."""
    try:
        export = read_export(source)
    except ValueError as error:
        raise FeedsError(source.name, str(error)) from error
    config, seeds = place / "config.toml", _seeds(place)
    if os.path.islink(seeds):
        raise FeedsError(str(seeds), "expected a folder, got a link: nothing is written through it")
    base_url = base_url or (f"{export.url}/feeds" if export.url else "")
    files = {seeds / name: text for name, text in export.records.items()}
    files[config] = writing.new_config(
        title or export.title or "Our feeds", base_url, export.language
    )
    _write(files)
    seeds.mkdir(exist_ok=True)
    click.echo(f"Wrote {config}")
    click.echo(f"Wrote {terminal.count(len(export.records), 'record')} in {seeds}")
    if export.left:
        click.echo(f"Left out {terminal.count(export.left, 'post')} of the trash, or never saved.")
    for kind, number in export.others.most_common(MOST_FAULTS):
        click.echo(f"Left out {terminal.count(number, 'post')} of the type {terminal.safe(kind)}.")
    if export.incomplete:
        posts = terminal.count(export.incomplete, "post")
        click.echo(f"Took shortcodes of plugins out of {posts}.")
    _print_posts(opening.load(config), "seeds")
    _print_next(place, config.name)


def _adopt(blog: Blog, place: Path, title: str, base_url: str) -> None:
    name = writing.free_name(place)
    _write({place / name: writing.blog_config(blog, title, base_url)})
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
    click.echo(f"Wrote {place / name}")
    if not os.path.isdir(place / blog.posts):
        click.echo(f"There is no folder {blog.posts} yet: `feeds` needs it.")
    else:
        links = _print_posts(opening.load(place / name), blog.posts)
        if blog.built and is_inside(place, blog.built) and os.path.isdir(place / blog.built):
            _print_built(place, blog.built, links)
    notes = [
        *blog.notes,
        f".feeds/ and {blog.output}/ can be rebuilt at any time: .gitignore can have both.",
    ]
    if blog.timezone and blog.timezone not in time_zones():
        unknown = terminal.safe(blog.timezone)
        notes.append(f"the time zone {unknown} has no name that feeds knows: set site.timezone.")
    if not blog.url:
        notes.append(
            "the address of the site was not found: replace https://example.org in the config."
        )
    click.echo("\nTo know:")
    for note in notes:
        click.echo(f"  {note}")
    _print_next(place, name)


def _write(files: dict[Path, str]) -> None:
    """Write files of which none may be there yet."""
    for file in files:
        if os.path.lexists(file):
            raise FeedsError(str(file), "expected none: `feeds init` changes no file")
    for file, text in files.items():
        opening.write_new(file, text)


def _print_built(place: Path, built: str, links: list[str]) -> None:
    """Print how many addresses are those of pages in a built site, and some that are not."""
    missing = [link for link in links if page_at(place / built, link) is None]
    shown = terminal.safe(built)
    click.echo(f"{len(links) - len(missing):,} of {len(links):,} addresses are in {shown}/")
    for link in missing[:MOST_FAULTS]:
        click.echo(f"  not there: {link}")
    if links and not missing:
        click.echo(f'  records.built = "{shown}" takes the bodies of articles from these pages.')


def _print_posts(config: Config, folder: str) -> list[str]:
    """Print how many posts can be read, and an address of one, to compare with the site's own;
    return all addresses."""
    now = opening.now()
    read = hidden = cut = 0
    faults, links = [], list[str]()
    for found in sorted(
        walk(config.records_folder, config.records.excluded), key=lambda found: found.path
    ):
        content = read_file(config.records_folder, found)
        if isinstance(content, Fault):
            faults.append(content)
            continue
        reading = read_record(found.path, content, now, config.records.fields, config.site.zone)
        if reading.aside:
            continue
        read += 1
        hidden += reading.unpublished
        cut += reading.templates
        faults += [fault for fault in reading.faults if fault.cost is Cost.RECORD]
        if reading.article is not None and reading.article.is_current(now):
            links.append(reading.article.link)
    broken = len({fault.path for fault in faults})
    click.echo(
        f"{terminal.count(read, 'file')} in {folder}/: "
        f"{terminal.count(hidden, 'draft')}, {broken} lack something."
    )
    opening.report_cut(cut)
    for fault in faults[:MOST_FAULTS]:
        click.echo(f"  {config.records.path}/{fault.public}")
    if len(faults) > MOST_FAULTS:
        click.echo(f"  and {len(faults) - MOST_FAULTS} more: `feeds check` tells them.")
    if links:
        click.echo(f"An address as feeds makes it, to compare with the site's own: {links[0]}")
    return links


def _print_next(place: Path, name: str, *, sample: bool = False) -> None:
    option = "" if name == "config.toml" else f" --config {name}"
    click.echo("\nNext:")
    if place.resolve() != Path.cwd():
        click.echo(f"  cd {place}")
    if sample:
        click.echo('  feeds new "A title" --url https://example.org/a-title')
    click.echo(f"  feeds check{option}")
    click.echo(f"  feeds serve{option}")
