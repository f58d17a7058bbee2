"""`feeds check`: report every fault of every record, to people, editors' programs and CI."""

import sys
from collections import Counter
from contextlib import suppress
from datetime import datetime

import click

from feeds.cli import FAULTS_REPORTED, examples, opening, terminal
from feeds.cli.reports import GitHub, Json, Report
from feeds.config import Config
from feeds.errors import FeedsError, LedgerError, RemovalRefused
from feeds.ingest import checking

FOR_PROGRAMS = {"lines": Report, "json": Json, "github": GitHub}


@click.command(
    "check",
    epilog=examples("feeds check", "feeds check --config blog/config.toml --format github"),
)
@opening.config_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", *FOR_PROGRAMS]),
    help="text: each fault with its line, the default on a terminal; "
    "lines: path:line:column, the default in a pipe; "
    "json: one array; github: annotations of GitHub Actions.",
)
@click.option(
    "--all", "show_all", is_flag=True, help="Show every fault as text, not the first of each kind."
)
def command(config_path: str, form: str | None, show_all: bool) -> None:
    """Report every fault of every record.  Exit code 1 when there is one.

    Lines of unpublished records are shown too, to their editor; those of `secured` never. After an
    upgrade, the records that it hides are named once.
    """
    config, now = opening.load(config_path), opening.now()
    chosen = form or ("text" if terminal.is_interactive() else "lines")
    if chosen == "text":
        from feeds.cli.text_report import TextReport

        report: Report = TextReport(config, show_all=show_all)
    else:
        report = FOR_PROGRAMS[chosen](config)
    if key := config.records.fields and config.records.fields.author_as_provider():
        click.echo(
            f"warning: {config.file.name}: records.fields.provider: {key} is who wrote an article,"
            " not who publishes it: readers show a feed's articles as those of one provider."
            " Write { value = … } with the name of the site.",
            err=True,
        )
    records, faulty, passed_over, cut = set(), set(), Counter[str](), set[str]()
    for path, faults in checking.check(config, now, passed_over, cut):
        records.add(path)
        if any(not fault.is_note for fault in faults):
            faulty.add(path)
        report.add(faults)
    report.end(len(records), len(faulty))
    if passed_over:
        found = sorted(passed_over.items(), key=lambda item: (-item[1], item[0]))
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in found)
        click.echo(f"Not read: {terminal.safe(kinds)}.", err=True)
    opening.report_cut(len(cut))
    if config.store_file.exists():
        _report_hidden(config, now)
    if faulty:
        sys.exit(FAULTS_REPORTED)


def _report_hidden(config: Config, now: datetime) -> None:
    """Name the records that an upgrade hides.

    The store is brought up to date first, unless another command has done so since the upgrade.
    """
    from feeds import selection

    with suppress(FeedsError), opening.opened(config) as source:
        with source.reading() as connection:
            is_current = selection.visible_at(connection) is not None
        if not is_current:
            with suppress(LedgerError, RemovalRefused):
                opening.ingest(config, source, now)
        opening.report_hidden(config, source, "check")
