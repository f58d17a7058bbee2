"""`feeds build`: write the static tree."""

import gc
import sys
from typing import TYPE_CHECKING

import click

from feeds.cli import opening, terminal
from feeds.cli.opening import allow_removal_option, config_option

if TYPE_CHECKING:
    from feeds.ingest.ingesting import Ingested

# Seconds to wait for another writer of the store before withdrawn articles are deleted without it.
SHORT_WAIT = 1


@click.command(
    short_help="Write the static tree.",
    epilog="\b\nExample:\n  feeds build && rsync -a --delete public/ host:/srv/www/\n",
)
@config_option
@allow_removal_option
@click.option("--compress", is_flag=True, help="Write .br and .gz beside each document.")
def build(config_path: str, compress: bool, allow_removal: bool) -> None:
    """Write the static tree: only what changed, and without what is gone.

    Exit code 1 when a record, or part of one, had to be left out, or something lies in the way of a
    file.
    """
    gc.set_threshold(100_000, 50, 50)  # hardly any object of a build is in a cycle
    from feeds.errors import LedgerError, RemovalRefused, StoreBusy, StoreError

    config, now = opening.load(config_path), opening.now()
    with opening.opened(config, or_only_read=True) as source:
        from feeds.build import static

        def write() -> static.Built:
            with terminal.progress("Writing", "document") as progress:
                done = static.build(
                    config,
                    source,
                    now,
                    progress,
                    compress=compress,
                    workers=opening.workers(config),
                )
            opening.report_lines(
                [f"{config.output.path}/{path}: {problem}" for path, problem in done.refused]
            )
            return done

        def take_back() -> None:
            from feeds.build import withdrawal  # few builds need it

            withdrawal.take_back(config, source, now, allow_removal=allow_removal)

        def read() -> "Ingested":
            try:
                return opening.ingest(
                    config, source, now, allow_removal=allow_removal, wait=SHORT_WAIT
                )
            except StoreBusy:  # withdraw first, then wait as long as it takes
                take_back()
                return opening.ingest(config, source, now, allow_removal=allow_removal)

        try:
            ingested = read()
        except (LedgerError, RemovalRefused):
            write()  # withdrawn articles are deleted all the same
            raise
        except StoreError:
            take_back()
            raise
        faults = opening.report_faults(config, source, now)
        opening.report_hidden(config, source, "build")
        built = write()
    if config.site.base_url == config.server.address:
        click.echo(
            f"Every address begins with {config.site.base_url}: "
            "site.base_url names the public one.",
            err=True,
        )
    left_out = len({fault.path for fault in faults if fault.cost == "record"})
    click.echo(
        f"{terminal.count(ingested.files, 'record')}: {ingested.read} read, {left_out} left out. "
        f"{terminal.count(built.written + built.kept, 'file')} in {config.output.path}: "
        f"{built.written} written, {built.kept} kept, {built.deleted} deleted."
    )
    if faults or built.refused:
        sys.exit(opening.FAULTS_REPORTED)
