"""What commands share: the config, the store with the records read into it, and what is said of
faults on the way."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from feeds.cli import terminal

if TYPE_CHECKING:
    from feeds.config import Config
    from feeds.ingest.ingesting import Ingested
    from feeds.ingest.reading import Ahead
    from feeds.records import Fault
    from feeds.store import Reporter, Store

FAULTS_REPORTED = 1
WRONG_USE = 2
STOPPED = 130  # 128 and the number of SIGINT, as shells tell of it
MOST_SHOWN = 20  # faults, where a person watches; all of them where none does

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
    """The moment at which a command runs."""
    return datetime.now(UTC)


def load(path: str, **server: Any) -> "Config":
    """Load the config at a path, and print its warnings.  Raises ConfigError."""
    from feeds.config import load_config

    config = load_config(Path(path), **server)
    for line in config.warnings:
        click.echo(line, err=True)
    return config


@contextmanager
def opened(config: "Config", *, or_only_read: bool = False) -> Iterator["Store"]:
    """Open the store of a config, and close it at last; `or_only_read`: also where it cannot be
    written."""
    from feeds.ingest.ingesting import open_store

    with open_store(config, or_only_read=or_only_read) as source:
        yield source


@contextmanager
def reading_ahead(config: "Config", moment: datetime) -> "Iterator[Ahead | None]":
    """Begin to read the records, where there is no store yet, before what the store needs is
    loaded."""
    from feeds.ingest.reading import reading_ahead

    with reading_ahead(config, moment, workers(config)) as ahead:
        yield ahead


def ingest(
    config: "Config",
    source: "Store",
    moment: datetime,
    ahead: "Ahead | None" = None,
    *,
    allow_removal: bool = False,
    wait: float | None = None,
) -> "Ingested":
    """Bring the store up to date with the records, under a bar; wait so many seconds for another
    writer."""
    from feeds.ingest.ingesting import ingest
    from feeds.store import LONGEST_WAIT

    with terminal.progress("Reading", "record") as progress:
        helpers, patience = workers(config), LONGEST_WAIT if wait is None else wait
        return ingest(
            config,
            source,
            moment,
            progress,
            patience,
            workers=helpers,
            ahead=ahead,
            allow_removal=allow_removal,
        )


def tell_hidden(config: "Config", source: "Store", teller: "Reporter") -> None:
    """Name the records that an upgrade hides, each once, with the reason."""
    from feeds.ingest.notices import told_once

    for line in told_once(config, source, teller):
        click.echo(line, err=True)


def workers(config: "Config") -> int:
    """How many processes help with what takes long: as many as there are processors, unless the
    config says."""
    from feeds.executor import processors

    return processors() if config.build.workers is None else config.build.workers


def report(config: "Config", source: "Store", moment: datetime) -> "list[Fault]":
    """Say what keeps records from being published, without a word of theirs."""
    from feeds import store

    with source.reading() as connection:
        faults = store.faults(connection, moment)
    report_lines([f"{config.records.path}/{fault.public}" for fault in faults])
    if faults:
        click.echo(f"{terminal.count(len(faults), 'fault')}; `feeds check` tells more.", err=True)
    return faults


def report_lines(lines: Sequence[str]) -> None:
    """Print what a person is to know; where one watches, no more lines than fit a screen."""
    shown = lines if not terminal.is_watched(err=True) else lines[:MOST_SHOWN]
    for line in shown:
        click.echo(line, err=True)
    if len(lines) > len(shown):
        click.echo(f"… and {len(lines) - len(shown):,} more.", err=True)
