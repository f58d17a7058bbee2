"""`feeds serve`: run the service, and print the addresses to subscribe to."""

from urllib.parse import urlsplit

import click

from feeds.cli import examples, opening
from feeds.config import Config
from feeds.documents.versions import Documents
from feeds.errors import RemovalRefused
from feeds.model import Feed
from feeds.serve import server
from feeds.urls import feed_path

MOST_ADDRESSES = 12


@click.command("serve", epilog=examples("feeds serve --host 0.0.0.0 --port 8080 --workers 2"))
@opening.config_option
@opening.allow_removal_option
@click.option("--host", help="The address to listen on, in place of server.host.")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="The port to listen on, in place of server.port."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="How many processes answer, in place of server.workers.",
)
def command(config_path: str, allow_removal: bool, **in_place: str | int | None) -> None:
    """Serve the feeds over HTTP; a record that changes shows up by itself."""
    config, now = opening.load(config_path, **in_place), opening.now()
    server.check_address(config)
    with opening.opened(config) as source:
        try:
            opening.ingest(config, source, now, allow_removal=allow_removal)
        except RemovalRefused as error:
            click.echo(f"feeds: {error}", err=True)  # the articles published before are served
        opening.report_faults(config, source, now)
        opening.report_hidden(config, source, "service")
        feeds = Documents(config, source).feeds(now)
    _print_addresses(config, feeds)
    server.serve(config)


def _print_addresses(config: Config, feeds: dict[str, Feed]) -> None:
    listening = config.server.address + urlsplit(config.site.base_url).path
    click.echo(f"Serving {config.records.path} at {listening} (Ctrl-C stops).")
    if not config.site.base_url.startswith(listening):
        click.echo(f"Every address in the feeds begins with site.base_url: {config.site.base_url}")
    click.echo("Subscribe to:")
    for feed in list(feeds.values())[:MOST_ADDRESSES]:
        click.echo(f"  {config.site.address(feed_path(feed.key, feed.formats[0]))}")
    if len(feeds) > MOST_ADDRESSES:
        click.echo(f"  and {len(feeds) - MOST_ADDRESSES} more: {config.site.address('')}")
