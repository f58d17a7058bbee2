"""`feeds build`: write the static tree."""

import gc
import sys
from datetime import datetime

import click

from feeds.build import static
from feeds.build.files import MANIFEST
from feeds.cli import FAULTS_REPORTED, examples, opening, terminal
from feeds.config import Config
from feeds.errors import LedgerError, RemovalRefused, StoreBusy, StoreError
from feeds.ingest.ingesting import Ingested
from feeds.store import Store

# Seconds to wait for another writer of the store before withdrawn articles are deleted without it.
SHORT_WAIT = 1


@click.command("build", epilog=examples("feeds build && rsync -a --delete public/ host:/srv/www/"))
@opening.config_option
@opening.allow_removal_option
@click.option("--compress", is_flag=True, help="Write .br and .gz beside each document.")
def command(config_path: str, compress: bool, allow_removal: bool) -> None:
    """Write the static tree: only what changed, and without what is gone.

    Exit code 1 when a record, or part of one, had to be left out, or something lies in the way of a
    file.
    """
    gc.set_threshold(100_000, 50, 50)  # hardly any object of a build is in a cycle
    config, now = opening.load(config_path), opening.now()
    known = _known_ids(config)
    with opening.opened(config, or_only_read=True) as source:
        try:
            ingested = _read(config, source, now, allow_removal)
        except (LedgerError, RemovalRefused):
            _write(config, source, now, compress)  # withdrawn articles are deleted all the same
            raise
        except StoreError:
            _take_back(config, source, now, allow_removal)
            raise
        faults = opening.report_faults(config, source, now)
        opening.report_hidden(config, source, "build")
        built = _write(config, source, now, compress)
    if known:
        from feeds.build.reissued import warning

        if said := warning(config, known):
            click.echo(f"warning: {said}.", err=True)
    if config.site.base_url == config.server.address:
        click.echo(
            f"Every address begins with {config.site.base_url}: "
            "site.base_url names the public one.",
            err=True,
        )
    opening.report_cut(ingested.cut)
    left_out = len({fault.path for fault in faults if fault.cost == "record"})
    click.echo(
        f"{terminal.count(ingested.files, 'record')}: {ingested.read} read, {left_out} left out. "
        f"{terminal.count(built.written + built.kept, 'file')} in {config.output.path}: "
        f"{built.written} written, {built.kept} kept, {built.deleted} deleted."
    )
    if faults or built.refused:
        sys.exit(FAULTS_REPORTED)


def _known_ids(config: Config) -> dict[tuple[str, str], str]:
    """Return the ids of the last build where no store knows them."""
    if config.store_file.exists() or not (config.output_folder / MANIFEST).exists():
        return {}
    from feeds.build.reissued import ids_in_tree  # few builds need it

    return ids_in_tree(config)


def _read(config: Config, source: Store, now: datetime, allow_removal: bool) -> Ingested:
    try:
        return opening.ingest(config, source, now, allow_removal=allow_removal, wait=SHORT_WAIT)
    except StoreBusy:  # withdraw first, then wait as long as it takes
        _take_back(config, source, now, allow_removal)
        return opening.ingest(config, source, now, allow_removal=allow_removal)


def _take_back(config: Config, source: Store, now: datetime, allow_removal: bool) -> None:
    from feeds.build import withdrawal  # few builds need it

    withdrawal.take_back(config, source, now, allow_removal=allow_removal)


def _write(config: Config, source: Store, now: datetime, compress: bool) -> static.Built:
    workers = opening.workers(config)
    with terminal.progress("Writing", "document") as progress:
        done = static.build(config, source, now, progress, compress=compress, workers=workers)
    opening.report_lines(
        [f"{config.output.path}/{path}: {problem}" for path, problem in done.refused]
    )
    return done
