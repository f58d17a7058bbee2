"""The command `feeds`: its subcommands, and the exit codes that errors become.

0: done. 1: done, with faults reported. 2: wrong use or config. 130: stopped by Ctrl-C. Each command
is a module with a function `command`, and loaded when it is run.
"""

import atexit
import gc
from importlib import import_module
from typing import Any

import click

from feeds import __version__
from feeds.cli import terminal
from feeds.errors import ConfigError, FeedsError, described

FAULTS_REPORTED = 1
WRONG_USE = 2
STOPPED = 130  # 128 and the number of SIGINT, as in shells

# New objects before a garbage collection. A scan of 100,000 files makes as many, none of them
# garbage; with Python's own threshold, collections take a tenth of its time.
GARBAGE = 100_000

# The commands in the order in which one comes to need them, and what `feeds --help` says of them.
COMMANDS = {
    "init": "Begin here: a new site, or one of Jekyll, Hugo, …",
    "new": "Write a record, to be filled in.",
    "check": "What is wrong with the records, and where.",
    "build": "Write the static tree.",
    "serve": "Serve the feeds over HTTP.",
    "list": "The feeds, their counts and addresses.",
    "show": "Print one document.",
    "doctor": "Is what is published right for readers?",
    "schema": "The JSON Schema of a record.",
    "completion": "Make the shell complete commands and feeds.",
}


def examples(*lines: str) -> str:
    """Return examples as the help of a command ends with them."""
    return "\b\nExamples:\n" + "".join(f"  {line}\n" for line in lines)


class Commands(click.Group):
    """Report errors meant for people, and Ctrl-C, in one line, and exit with their code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a user needs them."""
        return [*self.commands]  # `list` may be the module of that command here

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Load the command that is about to run; help and completion need no more than its name."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None:
            command = import_module(f"feeds.cli.{name}").command
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except FeedsError as error:
            _report(error)
            ctx.exit(WRONG_USE)
        except BrokenPipeError:  # click's own: the program that read this output has ended
            raise
        except OSError as error:  # of a file that nothing is done about where it is used
            _report(FeedsError(str(error.filename or "a file"), described(error)))
            ctx.exit(WRONG_USE)
        except (KeyboardInterrupt, click.Abort):  # click itself would exit with 1
            # A terminal has echoed ^C: begin a new line below it.
            newline = "\n" if terminal.is_interactive(err=True) else ""
            click.echo(f"{newline}feeds: stopped before it was done; run it again", err=True)
            ctx.exit(STOPPED)


def _report(error: FeedsError) -> None:
    """Print an error; of config.toml every fault, on a terminal with the line that it is in."""
    if not isinstance(error, ConfigError) or not error.faults:
        click.echo(f"feeds: {error}", err=True)
    elif terminal.is_interactive(err=True):
        from feeds.cli.fault_text import print_config_faults

        print_config_faults(error)
    else:
        for fault in error.faults:
            place = f":{fault.line}:{fault.column}" if fault.line else ""
            click.echo(f"{error.subject}{place}: {fault.text}", err=True)


@click.group(
    cls=Commands,
    commands=[click.Command(name, short_help=text) for name, text in COMMANDS.items()],
    epilog=examples(
        "feeds init                        begin a site, or take up a Jekyll, Hugo, … folder",
        "feeds serve --port 8080           serve the feeds over HTTP",
        "feeds show topics/ai atom         one document",
        "feeds doctor https://example.org  what readers meet there, and how to fix it",
    ),
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
