"""`feeds list`: every feed with its count, how it went lately, and its addresses."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from feeds.cli import opening, terminal
from feeds.cli.opening import config_option

if TYPE_CHECKING:
    from feeds.config import Config
    from feeds.model import Feed
    from feeds.store import Store

WEEKS = 12
BARS = "▁▂▃▄▅▆▇█"


@click.command(
    "list",
    short_help="The feeds, their counts and addresses.",
    epilog="\b\nExample:\n  feeds list --json | jq -r '.[].urls.rss'\n",
)
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of objects.")
def list_feeds(config_path: str, as_json: bool) -> None:
    """List the feeds, with how many articles are visible in each, and their addresses.

    On a terminal as a table, with the articles of the last twelve weeks as a line of bars.
    """
    from feeds.documents.versions import Documents

    config, now = opening.load(config_path), opening.now()
    with opening.opened(config) as source:
        opening.ingest(config, source, now)
        feeds = Documents(config, source).feeds(now)
        weeks = _weeks(source, now) if terminal.is_watched() and not as_json else {}
    if as_json:
        import json

        rows = [_facts(config, feed) for feed in feeds.values()]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif terminal.is_watched():
        _table(config, feeds, weeks, now)
    else:
        for row in (_facts(config, feed) for feed in feeds.values()):
            count = f"{row['articles']} article{'' if row['articles'] == 1 else 's'}"
            click.echo(f"{row['key']}  {row['name']}  {count}, updated {row['updated']}")
            for url in row["urls"].values():
                click.echo(f"    {url}")


def bars(counts: Sequence[int]) -> str:
    """A line of bars, the highest one full; nothing is a blank, and something is never nothing."""
    most = max(counts, default=0)
    return "".join(
        " " if not count else BARS[max(0, -(-count * len(BARS) // most) - 1)] for count in counts
    )


def _facts(config: "Config", feed: "Feed") -> dict[str, Any]:
    from feeds.urls import EVERYTHING, feed_path

    return {
        "key": feed.key,
        "kind": feed.kind,
        "name": config.site.title if feed.key == EVERYTHING else feed.name,
        "slug": feed.slug,
        "articles": feed.articles,
        "updated": feed.updated.isoformat().replace("+00:00", "Z"),
        "urls": {name: config.site.address(feed_path(feed.key, name)) for name in feed.formats},
    }


def _weeks(source: "Store", now: datetime) -> dict[str, list[int]]:
    from feeds import selection

    with source.reading() as connection:
        return selection.weeks(connection, now, WEEKS)


def _table(
    config: "Config", feeds: "Mapping[str, Feed]", weeks: Mapping[str, list[int]], now: datetime
) -> None:
    from rich.table import Table
    from rich.text import Text

    from feeds.taxonomies import TAXONOMIES
    from feeds.urls import feed_path

    names = {
        key: terminal.safe(config.site.title if key == "all" else feed.name)
        for key, feed in feeds.items()
    }
    room = terminal.width() - WEEKS - 8 - 9 - 8  # what count, age and the gaps leave
    for_keys = min(max(map(len, feeds), default=0), room - min(20, room // 2))
    table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
    table.add_column("Feed", overflow="ellipsis", no_wrap=True, max_width=room - for_keys)
    table.add_column("Key", overflow="ellipsis", no_wrap=True, max_width=for_keys)
    table.add_column("Articles", justify="right", no_wrap=True, min_width=8)
    table.add_column(f"{WEEKS} weeks", no_wrap=True, min_width=WEEKS)
    table.add_column("Age", no_wrap=True, justify="right", min_width=9)
    kind = "all"
    for feed in feeds.values():
        if feed.kind != kind:
            kind = feed.kind
            table.add_row()
            heading = TAXONOMIES[kind].plural if kind in TAXONOMIES else "Feeds of your own"
            table.add_row(Text(heading, style="dim italic"))
        line = Text(bars(weeks.get(feed.key, [])), style="cyan")
        newest = Text(_age(now - feed.updated), style="dim")
        table.add_row(
            Text(names[feed.key]), Text(feed.key, style="dim"), f"{feed.articles:,}", line, newest
        )
    out = terminal.console()
    if not feeds:
        out.print("No article is published yet.")
        return
    out.print(table)
    out.print()
    formats = ", ".join(config.feeds.formats)
    address = config.site.address(feed_path("KEY", "FORMAT"))
    out.print(Text(f"At {address}, as {formats}.", style="dim"))
    out.print(Text("Every address: feeds list | cat", style="dim"))


def _age(span: timedelta) -> str:
    minutes = max(0, int(span.total_seconds() // 60))
    for size, unit in (
        (365 * 24 * 60, "year"),
        (30 * 24 * 60, "month"),
        (24 * 60, "day"),
        (60, "hour"),
    ):
        if minutes >= size:
            return f"{terminal.count(minutes // size, unit)}"
    return f"{terminal.count(minutes, 'minute')}"
