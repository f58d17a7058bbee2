"""`feeds completion`: complete commands, options, keys of feeds and formats in a shell.

Not here: what is offered for the arguments of a command (show).
"""

import click
from click.shell_completion import get_completion_class

from feeds.cli import examples


@click.command(
    "completion",
    epilog=examples(
        'eval "$(feeds completion bash)"   # in this shell alone; else, for new ones:',
        "feeds completion bash > ~/.local/share/bash-completion/completions/feeds",
        "feeds completion zsh > ~/.zfunc/_feeds   "
        "(with fpath+=~/.zfunc before compinit in ~/.zshrc)",
        "feeds completion fish > ~/.config/fish/completions/feeds.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes SHELL complete commands, options, keys of feeds and formats."""
    completion_class = get_completion_class(shell)
    assert completion_class is not None
    main = click.get_current_context().find_root().command
    click.echo(completion_class(main, {}, "feeds", "_FEEDS_COMPLETE").source())
