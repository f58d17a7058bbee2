"""Load the config, open the store and bring it up to date, and report faults, for every command."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feeds.cli import terminal
from feeds.config import Config, load_config
from feeds.errors import FeedsError
from feeds.executor import processors
from feeds.records import Fault
from feeds.urls import web_address

if TYPE_CHECKING:
    from feeds.ingest.ingesting import Ingested
    from feeds.store import Reporter, Store

MOST_SHOWN = 20  # faults shown on a terminal; a pipe gets all

allow_removal_option = click.option(
    "--allow-removal",
    is_flag=True,
    help="Let articles go even when the files of most of them are gone.",
)
config_option = click.option(
    "--config",
    "config_path",
    default="config.toml",
    show_default=True,
    metavar="PATH",
    help="The configuration file.",
)


def now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


def load(path: str | Path, **server: Any) -> Config:
    """Load the config at a path, and print its warnings.  Raises ConfigError."""
    config = load_config(path, **server)
    for line in config.warnings:
        click.echo(line, err=True)
    return config


def opened(config: Config, *, or_only_read: bool = False) -> "Store":
    """Open the store of a config, to be closed by `with`.

    `or_only_read`: open a store that cannot be written, too.
    """
    from feeds.ingest.ingesting import open_store

    return open_store(config, or_only_read=or_only_read)


def ingest(config: Config, source: "Store", moment: datetime, **options: Any) -> "Ingested":
    """Bring the store up to date with the records, and show a progress bar."""
    from feeds.ingest.ingesting import ingest

    with terminal.progress("Reading", "record") as progress:
        return ingest(config, source, moment, progress, workers=workers(config), **options)


def workers(config: Config) -> int:
    """Return the number of worker processes: that of the config, else that of the processors."""
    return processors() if config.build.workers is None else config.build.workers


def report_hidden(config: Config, source: "Store", teller: "Reporter") -> None:
    """Name the records that an upgrade hides, each once, with the reason."""
    from feeds.ingest.ingesting import report_once

    for line in report_once(config, source, teller):
        click.echo(line, err=True)


def report_cut(posts: int) -> None:
    """Report how many posts use shortcodes, or other tags of a template, that were left out."""
    if posts:
        use = "uses" if posts == 1 else "use"
        click.echo(
            f"{terminal.count(posts, 'post')} {use} shortcodes that were left out.", err=True
        )


def report_faults(config: Config, source: "Store", moment: datetime) -> list[Fault]:
    """Report what keeps records from being published, without quoting them; return the faults."""
    from feeds import store

    with source.reading() as connection:
        faults = store.faults(connection, moment)
    report_lines([f"{config.records.path}/{fault.public}" for fault in faults])
    if faults:
        click.echo(f"{terminal.count(len(faults), 'fault')}; `feeds check` tells more.", err=True)
    return faults


def report_lines(lines: Sequence[str]) -> None:
    """Print lines on standard error; on a terminal no more than fit a screen."""
    shown = lines if not terminal.is_interactive(err=True) else lines[:MOST_SHOWN]
    for line in shown:
        click.echo(line, err=True)
    if len(lines) > len(shown):
        click.echo(f"… and {len(lines) - len(shown):,} more.", err=True)


def web_address_of(context: click.Context, parameter: click.Parameter, text: str) -> str:
    """Return the address of an option in its normal form; nothing for none."""
    try:
        return web_address(text) if text else ""
    except ValueError as error:
        problem = f"expected an http or https address, got {text!r}"
        raise click.BadParameter(problem) from error


def write_new(file: Path, text: str) -> None:
    """Write a file that does not exist yet, with its folders: the whole or none of it.

    Raises FeedsError.
    """
    try:
        content = text.encode()
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as new:
            try:
                new.write(content)
                new.flush()
            except OSError:
                file.unlink()
                raise
    except UnicodeEncodeError as error:
        raise FeedsError(str(file), "expected to write text, got what is no UTF-8") from error
    except OSError as error:
        raise FeedsError(str(file), f"expected to write it, got: {error.strerror}") from error
