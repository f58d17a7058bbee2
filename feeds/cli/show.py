"""`feeds show`: print one document: its bytes to a program, laid out and coloured to a person."""

import sys

import click

from feeds.cli import opening, terminal
from feeds.cli.completion import complete_format, complete_key
from feeds.cli.opening import config_option
from feeds.errors import FeedsError


@click.command(
    short_help="Print one document.",
    epilog="\b\nExample:\n  feeds show all rss\n  feeds show topics/ai atom > ai.atom\n",
)
@config_option
@click.argument("key", shell_complete=complete_key)
@click.argument("format_name", metavar="FORMAT", shell_complete=complete_format)
def show(config_path: str, key: str, format_name: str) -> None:
    """Print the document of the feed KEY (`all`, `topics/ai`, …) in FORMAT (`rss`, `atom`, `json`).

    On a terminal it is laid out and coloured; into a pipe or a file goes every byte as it is
    published.
    """
    from difflib import get_close_matches

    from feeds.documents.versions import Documents
    from feeds.urls import feed_path

    config, now = opening.load(config_path), opening.now()
    if format_name not in config.feeds.formats:
        raise FeedsError(
            format_name, f"expected one of the formats {', '.join(config.feeds.formats)}"
        )
    with opening.opened(config) as source:
        opening.ingest(config, source, now)
        documents = Documents(config, source)
        feeds = documents.feeds(now)
        document = documents.get(feed_path(key, format_name), now)
    if document is None and key in feeds:
        raise FeedsError(
            format_name, f"expected one of the formats of {key}: {', '.join(feeds[key].formats)}"
        )
    if document is None:
        close = get_close_matches(key, feeds, n=1, cutoff=0.85)
        advice = f"did you mean {close[0]}?" if close else "`feeds list` names them"
        raise FeedsError(key, f"expected the key of a feed with a visible article; {advice}")
    if not terminal.is_interactive():
        sys.stdout.buffer.write(document.content)
        return
    from feeds.cli.layout import print_document

    print_document(document.content.decode(), document.media_type)
