"""`feeds check`: report every fault of every record, to people, editors' programs and CI."""

import sys
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

import click

from feeds.cli import opening, terminal
from feeds.cli.opening import config_option
from feeds.errors import FeedsError, LedgerError, RemovalRefused

if TYPE_CHECKING:
    from feeds.config import Config

FORMATS = ("text", "lines", "json", "github")


@click.command(
    short_help="What is wrong with the records, and where.",
    epilog="\b\nExamples:\n  feeds check\n"
    "  feeds check --config blog/config.toml --format github\n",
)
@config_option
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="text: each fault with its line, the default on a terminal; "
    "lines: path:line:column, the default in a pipe; "
    "json: one array; github: annotations of GitHub Actions.",
)
@click.option(
    "--all", "show_all", is_flag=True, help="Show every fault as text, not the first of each kind."
)
def check(config_path: str, form: str | None, show_all: bool) -> None:
    """Report every fault of every record.  Exit code 1 when there is one.

    Lines of unpublished records are shown too, to their editor; those of `secured` never. After an
    upgrade, the records that it hides are named once.
    """
    from feeds.cli import reports
    from feeds.ingest import checking

    config, now = opening.load(config_path), opening.now()
    chosen = form or ("text" if terminal.is_interactive() else "lines")
    report = reports.report(chosen, config, show_all=show_all)
    records, faulty = set(), set()
    for path, faults in checking.check(config, now):
        records.add(path)
        if any(not fault.is_note for fault in faults):
            faulty.add(path)
        if faults:
            report.add(path, faults)
    report.end(len(records), len(faulty))
    if config.store_file.exists():
        _report_hidden(config, now)
    if faulty:
        sys.exit(opening.FAULTS_REPORTED)


def _report_hidden(config: "Config", now: datetime) -> None:
    """Name the records that an upgrade hides.

    The store is brought up to date first, unless another command has done so since the upgrade.
    """
    from feeds import selection

    with suppress(FeedsError), opening.opened(config) as source:
        with source.reading() as connection:
            is_current = selection.was_settled(connection)
        if not is_current:
            with suppress(LedgerError, RemovalRefused):
                opening.ingest(config, source, now)
        opening.report_hidden(config, source, "check")
