"""The command `feeds`.  Here errors become exit codes: 0 done, 1 done with faults reported, 2 wrong use or config.

Libraries load inside the commands that need them, so that `feeds --help` answers at once.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from feeds import __version__
from feeds.errors import FeedsError

if TYPE_CHECKING:
    from feeds.config import Config
    from feeds.model import Feed
    from feeds.pipeline import Ingested
    from feeds.records import Fault
    from feeds.store import Store

FAULTS_REPORTED = 1
WRONG_USE = 2
MOST_ADDRESSES = 12

EXAMPLES = """\b
Examples:
  feeds check                       what is wrong with the records, and where
  feeds build                       write the static tree
  feeds serve --port 8080           serve the feeds over HTTP
  feeds list                        the feeds and their addresses
  feeds show topics/ai atom         one document
"""

config_option = click.option(
    "--config", "config_path", default="config.toml", show_default=True, metavar="PATH", help="The configuration file."
)


class Commands(click.Group):
    """Turns the errors meant for people into a line and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except FeedsError as error:
            click.echo(f"feeds: {error}", err=True)
            ctx.exit(WRONG_USE)


@click.group(cls=Commands, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="feeds")
def main() -> None:
    """Publish article records as RSS and Atom feeds, per topic and per provider.

    Records are read from the folder that config.toml names. Unpublished ones appear nowhere.
    """


@main.command(epilog="\b\nExample:\n  feeds build && rsync -a --delete public/ host:/srv/www/\n")
@config_option
@click.option("--compress", is_flag=True, help="Write .br and .gz beside each document.")
def build(config_path: str, compress: bool) -> None:
    """Write the static tree: only what changed, and without what is gone.

    Exit code 1 when a record, or part of one, had to be left out.
    """
    from feeds.publish import static

    config, now = _load(config_path), _now()
    with _opened(config) as source:
        ingested = _ingest(config, source, now)
        faults = _report(config, source, now)
        with _progress("Writing") as progress:
            built = static.build(config, source, now, progress, compress=compress, workers=_workers(config))
    if config.site.base_url == config.server.address:
        click.echo(f"Every address begins with {config.site.base_url}: site.base_url names the public one.", err=True)
    left_out = len({fault.path for fault in faults if fault.cost == "record"})
    click.echo(
        f"{_count(ingested.files, 'record')}: {ingested.read} read, {left_out} left out. "
        f"{_count(built.written + built.kept, 'file')} in {config.output.path}: "
        f"{built.written} written, {built.kept} kept, {built.deleted} deleted."
    )
    if faults:
        sys.exit(FAULTS_REPORTED)


@main.command(epilog="\b\nExample:\n  feeds serve --host 0.0.0.0 --port 8080 --workers 2\n")
@config_option
@click.option("--host", help="The address to listen on, in place of server.host.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to listen on, in place of server.port.")
@click.option("--workers", type=click.IntRange(1, 64), help="How many processes answer, in place of server.workers.")
def serve(config_path: str, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve the feeds over HTTP; a record that changes shows up by itself."""
    from feeds.pipeline import Documents
    from feeds.publish import server

    config, now = _load(config_path, host=host, port=port, workers=workers), _now()
    server.check_address(config)
    with _opened(config) as source:
        _ingest(config, source, now)
        _report(config, source, now)
        feeds = Documents(config, source).feeds(now)
    _say_addresses(config, feeds)
    server.serve(config)


@main.command(epilog="\b\nExample:\n  feeds check --config blog/config.toml\n")
@config_option
def check(config_path: str) -> None:
    """Report every fault of every record, as path:line:column.  Exit code 1 when there is one."""
    from feeds import pipeline
    from feeds.records import Cost

    config, now = _load(config_path), _now()
    records, faulty = set(), set()
    for path, faults in pipeline.check(config, now):
        records.add(path)
        for fault in faults:
            remark = "note: " if fault.cost is Cost.NOTHING else ""
            click.echo(f"{remark}{config.records.path}/{fault}")
            if not remark:
                faulty.add(path)
    click.echo(f"{_count(len(records), 'record')}, {len(faulty)} with faults.", err=True)
    if faulty:
        sys.exit(FAULTS_REPORTED)


@main.command("list", epilog="\b\nExample:\n  feeds list --json | jq -r '.[].urls.rss'\n")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of objects.")
def list_feeds(config_path: str, as_json: bool) -> None:
    """List the feeds, with how many articles are visible in each, and their addresses."""
    from feeds.pipeline import Documents

    config, now = _load(config_path), _now()
    with _opened(config) as source:
        _ingest(config, source, now)
        feeds = Documents(config, source).feeds(now)
    rows = [_facts(config, feed) for feed in feeds.values()]
    if as_json:
        import json

        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(f"{row['key']}  {row['name']}  {_count(row['articles'], 'article')}, updated {row['updated']}")
        for url in row["urls"].values():
            click.echo(f"    {url}")


@main.command(epilog="\b\nExample:\n  feeds show all rss\n  feeds show topics/ai atom > ai.atom\n")
@config_option
@click.argument("key")
@click.argument("format_name", metavar="FORMAT")
def show(config_path: str, key: str, format_name: str) -> None:
    """Print the document of the feed KEY (`all`, `topics/ai`, …) in FORMAT (`rss`, `atom`)."""
    from feeds.model import feed_path
    from feeds.pipeline import Documents

    config, now = _load(config_path), _now()
    if format_name not in config.feeds.formats:
        raise FeedsError(format_name, f"expected one of the formats {', '.join(config.feeds.formats)}")
    with _opened(config) as source:
        _ingest(config, source, now)
        documents = Documents(config, source)
        document, feed = documents.get(feed_path(key, format_name), now), documents.feeds(now).get(key)
    if document is None and feed is not None:
        raise FeedsError(format_name, f"expected one of the formats of {key}: {', '.join(feed.formats)}")
    if document is None:
        raise FeedsError(key, "expected the key of a feed with a visible article; `feeds list` names them")
    sys.stdout.buffer.write(document.content)


def _now() -> datetime:
    return datetime.now(UTC)


def _load(path: str, **server: Any) -> "Config":
    from feeds.config import load_config

    return load_config(Path(path), **server)


@contextmanager
def _opened(config: "Config") -> Iterator["Store"]:
    from feeds.pipeline import open_store

    source = open_store(config)
    try:
        yield source
    finally:
        source.close()


def _ingest(config: "Config", source: "Store", now: datetime) -> "Ingested":
    from feeds.pipeline import ingest

    with _progress("Reading") as progress:
        return ingest(config, source, now, progress, workers=_workers(config))


def _workers(config: "Config") -> int:
    """How many processes help with what takes long: as many as there are processors, unless the config says."""
    from feeds.pipeline.workers import processors

    return processors() if config.build.workers is None else config.build.workers


def _report(config: "Config", source: "Store", now: datetime) -> "list[Fault]":
    """Say what keeps records from being published, without a word of theirs."""
    from feeds import store

    with source.reading() as connection:
        faults = store.faults(connection, now)
    for fault in faults:
        click.echo(f"{config.records.path}/{fault.public}", err=True)
    if faults:
        click.echo(f"{_count(len(faults), 'fault')}; `feeds check` tells more.", err=True)
    return faults


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on standard error, when a person watches it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _facts(config: "Config", feed: "Feed") -> dict[str, Any]:
    from feeds.model import EVERYTHING, feed_path

    return {
        "key": feed.key,
        "kind": feed.kind,
        "name": config.site.title if feed.key == EVERYTHING else feed.name,
        "slug": feed.slug,
        "articles": feed.articles,
        "updated": feed.updated.isoformat().replace("+00:00", "Z"),
        "urls": {name: config.site.address(feed_path(feed.key, name)) for name in feed.formats},
    }


def _say_addresses(config: "Config", feeds: dict[str, "Feed"]) -> None:
    listening = config.server.address + urlsplit(config.site.base_url).path
    click.echo(f"Serving {config.records.path} at {listening} (Ctrl-C stops).")
    if not config.site.base_url.startswith(listening):
        click.echo(f"Every address in the feeds begins with site.base_url: {config.site.base_url}")
    click.echo("Subscribe to:")
    for feed in list(feeds.values())[:MOST_ADDRESSES]:
        click.echo(f"  {next(iter(_facts(config, feed)['urls'].values()))}")
    if len(feeds) > MOST_ADDRESSES:
        click.echo(f"  and {len(feeds) - MOST_ADDRESSES} more: {config.site.address('')}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
