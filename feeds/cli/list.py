"""`feeds list`: every feed with its number of articles, its last weeks and its addresses."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import click

from feeds import selection
from feeds.cli import examples, opening, terminal
from feeds.config import Config
from feeds.documents.versions import Documents
from feeds.model import Feed
from feeds.taxonomies import TAXONOMIES
from feeds.urls import EVERYTHING, feed_path

WEEKS = 12
BARS = "▁▂▃▄▅▆▇█"
MINUTES = {"year": 365 * 24 * 60, "month": 30 * 24 * 60, "day": 24 * 60, "hour": 60}


@click.command("list", epilog=examples("feeds list --json | jq -r '.[].urls.rss'"))
@opening.config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of objects.")
def command(config_path: str, as_json: bool) -> None:
    """List the feeds, with how many articles are visible in each, and their addresses.

    On a terminal as a table, with the articles of the last twelve weeks as a line of bars.
    """
    config, now = opening.load(config_path), opening.now()
    with opening.opened(config) as source:
        opening.ingest(config, source, now)
        feeds = Documents(config, source).feeds(now)
        with source.reading() as connection:
            weeks = selection.weeks(connection, now, WEEKS)
    rows = [_facts(config, feed) for feed in feeds.values()]
    if as_json:
        terminal.print_json(rows)
    elif terminal.is_interactive():
        _print_table(config, feeds, weeks, now)
    else:
        for row in rows:
            count = terminal.count(row["articles"], "article")
            updated = f", updated {row['updated']}" if row["articles"] else ""
            click.echo(f"{row['key']}  {row['name']}  {count}{updated}")
            for url in row["urls"].values():
                click.echo(f"    {url}")


def _bars(counts: Sequence[int]) -> str:
    """Return a line of bars.  The highest one is full, 0 is a blank, and 1 is never a blank."""
    most = max(counts, default=0)
    return "".join(
        " " if not count else BARS[max(0, -(-count * len(BARS) // most) - 1)] for count in counts
    )


def _facts(config: Config, feed: Feed) -> dict[str, Any]:
    return {
        "key": feed.key,
        "kind": feed.kind,
        "name": _name(config, feed),
        "slug": feed.slug,
        "articles": feed.articles,
        "updated": feed.updated.isoformat().replace("+00:00", "Z"),
        "urls": {name: config.site.address(feed_path(feed.key, name)) for name in feed.formats},
    }


def _name(config: Config, feed: Feed) -> str:
    return config.site.title if feed.key == EVERYTHING else feed.name


def _print_table(
    config: Config, feeds: Mapping[str, Feed], weeks: Mapping[str, list[int]], now: datetime
) -> None:
    from rich.table import Table
    from rich.text import Text

    out = terminal.console()
    if not any(feed.articles for feed in feeds.values()):
        out.print("No article is published yet.")
        return
    width = terminal.width() - WEEKS - 8 - 9 - 8  # without number, age and gaps
    for_keys = min(max(map(len, feeds)), width - min(20, width // 2))
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Feed", overflow="ellipsis", no_wrap=True, max_width=width - for_keys)
    table.add_column("Key", overflow="ellipsis", no_wrap=True, max_width=for_keys)
    table.add_column("Articles", justify="right", no_wrap=True, min_width=8)
    table.add_column(f"{WEEKS} weeks", no_wrap=True, min_width=WEEKS)
    table.add_column("Age", no_wrap=True, justify="right", min_width=9)
    kind = EVERYTHING
    for feed in feeds.values():
        if feed.kind != kind:
            kind = feed.kind
            table.add_row()
            heading = TAXONOMIES[kind].plural if kind in TAXONOMIES else "Feeds of your own"
            table.add_row(Text(heading, style="dim italic"))
        table.add_row(
            Text(terminal.safe(_name(config, feed))),
            Text(feed.key, style="dim"),
            f"{feed.articles:,}",
            Text(_bars(weeks.get(feed.key, [])), style="cyan"),
            Text(_age(now - feed.updated), style="dim"),
        )
    out.print(table)
    out.print()
    formats = ", ".join(config.feeds.formats)
    address = config.site.address(feed_path("KEY", "FORMAT"))
    out.print(f"At {address}, as {formats}.\nEvery address: feeds list | cat", style="dim")


def _age(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    for unit, size in MINUTES.items():
        if minutes >= size:
            return terminal.count(minutes // size, unit)
    return terminal.count(minutes, "minute")
