"""`feeds show`: print one document: its bytes to a program, laid out and coloured to a person."""

import json
import sys
from difflib import get_close_matches
from xml.dom import minidom

import click
from click.shell_completion import CompletionItem

from feeds.cli import examples, opening, terminal
from feeds.config import load_config
from feeds.documents.versions import Documents
from feeds.errors import FeedsError
from feeds.formats import FORMATS
from feeds.urls import feed_path


def _complete_key(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the feed keys that begin so, from the store as it is: a key press reads no record."""
    try:
        # Not opening.load: its warnings would appear in the line that a person types.
        config = load_config(context.params.get("config_path") or "config.toml")
        if not config.store_file.is_file():
            return []
        with opening.opened(config) as source:
            feeds = Documents(config, source).feeds(opening.now()).values()
    except FeedsError:
        return []
    return [
        CompletionItem(feed.key, help=feed.name)
        for feed in feeds
        if feed.key.startswith(incomplete)
    ]


def _complete_format(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the formats that begin so, whichever of them config.toml has."""
    return [CompletionItem(name) for name in FORMATS if name.startswith(incomplete)]


@click.command("show", epilog=examples("feeds show all rss", "feeds show topics/ai atom > ai.atom"))
@opening.config_option
@click.argument("key", shell_complete=_complete_key)
@click.argument("format_name", metavar="FORMAT", shell_complete=_complete_format)
def command(config_path: str, key: str, format_name: str) -> None:
    """Print the document of the feed KEY (`all`, `topics/ai`, …) in FORMAT (`rss`, `atom`, `json`).

    On a terminal it is laid out and coloured; into a pipe or a file goes every byte as it is
    published.
    """
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
    if terminal.is_interactive():
        _print(document.content.decode(), document.media_type)
    else:
        sys.stdout.buffer.write(document.content)


def _print(text: str, media_type: str) -> None:
    """Print a document for a person: one tag or key a line, indented and coloured."""
    from rich.syntax import Syntax

    kind = media_type.partition(";")[0]
    language = next((name for name in ("json", "xml") if kind.endswith(name)), "text")
    if language == "json":
        text = json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    elif language == "xml":
        lines = minidom.parseString(text).toprettyxml(indent="  ").split("\n")
        text = "\n".join(line for line in lines if line.strip())
    safe = "\n".join(terminal.safe(line) for line in text.split("\n"))
    # The terminal's own colours fit light and dark backgrounds.
    terminal.console().print(
        Syntax(safe, language, theme="ansi_dark", word_wrap=True, background_color="default")
    )
