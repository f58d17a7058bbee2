"""`feeds doctor`: polls a published site as readers do, and says what is wrong with it and what
mends it."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from feeds.cli import opening, terminal
from feeds.cli.opening import config_option
from feeds.errors import FeedsError

if TYPE_CHECKING:
    from feeds.doctor import Examined, Finding

SHOWN = 3  # addresses of each kind of finding
COLOURS = {"fault": "bold red", "advice": "bold yellow"}
EXAMPLES = """\b
Examples:
  feeds doctor                                   the service that runs here
  feeds doctor https://feeds.example.org         any site, or one feed
  feeds doctor http://10.0.0.5 --base-url https://feeds.example.org
"""


@click.command(short_help="Is what is published right for readers?", epilog=EXAMPLES)
@config_option
@click.argument("address", required=False)
@click.option(
    "--base-url",
    default="",
    help="The public address, where ADDRESS is another way to the same site.",
)
@click.option(
    "--images", is_flag=True, help="Fetch the pictures of entries too, a hundred at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of objects.")
def doctor(
    config_path: str, address: str | None, base_url: str, images: bool, as_json: bool
) -> None:
    """Poll the site at ADDRESS as readers do, and say what is wrong with it.

    Every feed is fetched, read and asked for again; some of each format in every way. Without
    ADDRESS it is the service that `feeds serve` runs here, by the config. Exit code 1 when there is
    a fault; advice alone is none.
    """
    from feeds import doctor
    from feeds.urls import web_address

    if address is None:
        config = opening.load(config_path)
        address = config.server.address + urlsplit(config.site.base_url).path
        base_url = base_url or config.site.base_url
    address, base_url = _whole(address), _whole(base_url)
    for what, given in {"ADDRESS": address, "--base-url": base_url}.items():
        try:
            web_address(given or "https://example.org")
        except ValueError as error:
            raise FeedsError(what, f"expected an http or https address, got {given!r}") from error
    with doctor.Asker() as asker, terminal.progress("Asking", "feed") as progress:
        examined = doctor.examine(
            asker,
            address,
            lambda: datetime.now(UTC),
            public=base_url,
            images=images,
            progress=progress,
        )
    if as_json:
        _say_json(examined)
    else:
        _say(examined, address)
    if any(doctor.KINDS[finding.kind].level == "fault" for finding in examined.findings):
        sys.exit(opening.FAULTS_REPORTED)


def _whole(address: str) -> str:
    """An address as one types it, with its scheme."""
    if not address or "://" in address:
        return address
    is_local = address.partition(":")[0].partition("/")[0] in ("localhost", "127.0.0.1")
    return f"{'http' if is_local else 'https'}://{address}"


def _say_json(examined: "Examined") -> None:
    from feeds.doctor import KINDS

    rows = [
        {
            "kind": finding.kind,
            "level": KINDS[finding.kind].level,
            "address": finding.address,
            "what": KINDS[finding.kind].what,
            "detail": finding.detail,
            "advice": KINDS[finding.kind].advice,
        }
        for finding in examined.findings
    ]
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2))


def _say(examined: "Examined", address: str) -> None:
    from rich.table import Table
    from rich.text import Text

    from feeds.doctor import KINDS

    kinds = _by_kind(examined.findings)
    out = terminal.console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("What is wrong", max_width=34)
    table.add_column("Where", justify="right", no_wrap=True)
    table.add_column("What mends it", overflow="fold")
    for kind, found in kinds.items():
        facts = KINDS[kind]
        table.add_row(
            Text(facts.level, style=COLOURS[facts.level]),
            facts.what,
            f"{len(found):,}",
            facts.advice,
        )
    if kinds:
        out.print(table)
    for kind, found in kinds.items():
        out.print(Text.assemble("\n", (KINDS[kind].what, "bold"), (f" ({kind})", "dim")))
        for finding in found[:SHOWN]:
            detail = f": {finding.detail}" if finding.detail else ""
            # Not folded, so that an address can be taken up as a whole.
            out.print(Text(f"  {terminal.safe(finding.address + detail)}"), soft_wrap=True)
        if len(found) > SHOWN:
            out.print(Text(f"  and {len(found) - SHOWN:,} more", style="dim"))
    if kinds:
        out.print()
    if not examined.feeds:
        if address.startswith("http://127.0.0.1") and "unreachable" in kinds:
            out.print("Nothing runs here: start `feeds serve`, or name the address of a site.")
        return
    levels = [KINDS[finding.kind].level for finding in examined.findings]
    faults, advice = levels.count("fault"), levels.count("advice")
    verdict = (
        f"{terminal.count(faults, 'fault')}, {advice} to advise." if levels else "no complaint."
    )
    style = "bold red" if faults else "bold yellow" if advice else "bold green"
    out.print(
        Text(f"{terminal.count(len(examined.feeds), 'feed')} at {address}: {verdict}", style=style)
    )


def _by_kind(findings: "Sequence[Finding]") -> "Mapping[str, list[Finding]]":
    """What was found, by kind: faults first, then in the order in which kinds are known."""
    from feeds.doctor import KINDS

    order = sorted(KINDS, key=lambda kind: KINDS[kind].level != "fault")
    kinds: dict[str, list[Finding]] = {kind: [] for kind in order}
    for finding in findings:
        kinds[finding.kind].append(finding)
    return {kind: found for kind, found in kinds.items() if found}
