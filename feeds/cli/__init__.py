"""The command `feeds`: its subcommands, and the exit codes that errors become.

0: done. 1: done, with faults reported. 2: wrong use or config. 130: stopped by Ctrl-C. Each command
is a module, loaded when the command is run, and imports libraries inside its functions.
"""

import atexit
import gc
from importlib import import_module
from typing import Any

import click

from feeds import __version__
from feeds.cli.opening import STOPPED, WRONG_USE
from feeds.errors import ConfigError, FeedsError

# New objects before a garbage collection. A scan of 100,000 files makes as many, none of them
# garbage; with Python's own threshold, collections take a tenth of its time.
GARBAGE = 100_000

# The commands in the order in which one comes to need them, each with its module and function.
COMMANDS = {
    "init": ("feeds.cli.init", "init"),
    "new": ("feeds.cli.new", "new"),
    "check": ("feeds.cli.check", "check"),
    "build": ("feeds.cli.build", "build"),
    "serve": ("feeds.cli.serve", "serve"),
    "list": ("feeds.cli.listing", "list_feeds"),
    "show": ("feeds.cli.show", "show"),
    "doctor": ("feeds.cli.doctor", "doctor"),
    "schema": ("feeds.cli.schema", "schema"),
    "completion": ("feeds.cli.completion", "completion"),
}

EXAMPLES = """\b
Examples:
  feeds init                        begin a site, or take up a Jekyll, Hugo, … folder
  feeds check                       what is wrong with the records, and where
  feeds build                       write the static tree
  feeds serve --port 8080           serve the feeds over HTTP
  feeds list                        the feeds and their addresses
  feeds show topics/ai atom         one document
  feeds doctor https://example.org  what readers meet there, and what mends it
"""


class Commands(click.Group):
    """Report errors meant for people, and Ctrl-C, in one line, and exit with their code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a user needs them."""
        return list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        module, function = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), function)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            from feeds.cli.fault_text import print_config_faults

            print_config_faults(error)
            ctx.exit(WRONG_USE)
        except FeedsError as error:
            click.echo(f"feeds: {error}", err=True)
            ctx.exit(WRONG_USE)
        except (KeyboardInterrupt, click.Abort):  # click itself would exit with 1
            from feeds.cli import terminal

            # A terminal has echoed ^C: begin a new line below it.
            newline = "\n" if terminal.is_interactive(err=True) else ""
            click.echo(f"{newline}feeds: stopped before it was done; run it again", err=True)
            ctx.exit(STOPPED)


@click.group(
    cls=Commands,
    # in place of those that get_command loads, so that click knows their names
    commands=[click.Command(name) for name in COMMANDS],
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="feeds")
def main() -> None:
    """Publish article records as RSS and Atom feeds, per topic and per provider.

    Records are read from the folder that config.toml names. Unpublished ones appear nowhere.
    """
    gc.set_threshold(GARBAGE)
    # A last collection when the process exits would take a twentieth of a build.
    atexit.register(gc.freeze)
