"""`feeds completion`: complete commands, options, keys of feeds and formats in a shell."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from feeds.cli import opening

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from feeds.config import Config

WHERE = {
    "bash": "feeds completion bash > ~/.local/share/bash-completion/completions/feeds",
    "zsh": "feeds completion zsh > ~/.zfunc/_feeds   "
    "(with fpath+=~/.zfunc before compinit in ~/.zshrc)",
    "fish": "feeds completion fish > ~/.config/fish/completions/feeds.fish",
}
EXAMPLES = "\b\nInstall it, then open a new shell:\n" + "".join(
    f"  {command}\n" for command in WHERE.values()
)


@click.command(
    short_help="Make the shell complete commands and feeds.",
    epilog=EXAMPLES + '\n\b\nExample:\n  eval "$(feeds completion bash)"\n',
)
@click.argument("shell", type=click.Choice(list(WHERE)))
def completion(shell: str) -> None:
    """Print what makes SHELL complete commands, options, keys of feeds and formats."""
    from click.shell_completion import get_completion_class

    completion_class = get_completion_class(shell)
    assert completion_class is not None
    main = click.get_current_context().find_root().command
    click.echo(completion_class(main, {}, "feeds", "_FEEDS_COMPLETE").source())


def complete_key(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Return the feed keys that begin so, from the store as it is: a key press reads no record."""
    from click.shell_completion import CompletionItem

    from feeds.documents.versions import Documents
    from feeds.errors import FeedsError

    try:
        config = _config(context)
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


def complete_format(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """Return the formats of the config that begin so."""
    from click.shell_completion import CompletionItem

    from feeds.errors import FeedsError

    try:
        formats = _config(context).feeds.formats
    except FeedsError:
        return []
    return [CompletionItem(name) for name in formats if name.startswith(incomplete)]


def _config(context: click.Context) -> "Config":
    from feeds.config import load_config

    # Not opening.load: its warnings would appear in the line that a person types.
    return load_config(str(Path(context.params.get("config_path") or "config.toml")))
