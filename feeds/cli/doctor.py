"""`feeds doctor`: poll a published site as readers do, and report its faults and their remedies."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from feeds.cli import opening, terminal
from feeds.cli.opening import config_option

if TYPE_CHECKING:
    from feeds.doctor import Examined, Finding

MOST_SHOWN = 3  # addresses of each kind of finding
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

    if address is None:
        config = opening.load(config_path)
        address = config.server.address + urlsplit(config.site.base_url).path
        base_url = base_url or config.site.base_url
    address, base_url = _whole(address), _whole(base_url)
    opening.web_address("ADDRESS", address)
    opening.web_address("--base-url", base_url)
    with doctor.Client() as client, terminal.progress("Asking", "feed") as progress:
        examined = doctor.examine(
            client, address, opening.now, public=base_url, images=images, progress=progress
        )
    if as_json:
        _print_json(examined)
    else:
        _print(examined, address)
    if any(finding.facts.level == "fault" for finding in examined.findings):
        sys.exit(opening.FAULTS_REPORTED)


def _whole(address: str) -> str:
    """Return an address with its scheme, where it was typed without one."""
    if not address or "://" in address:
        return address
    is_local = address.partition(":")[0].partition("/")[0] in ("localhost", "127.0.0.1")
    return f"{'http' if is_local else 'https'}://{address}"


def _print_json(examined: "Examined") -> None:
    rows = [
        {
            "kind": finding.kind,
            "level": finding.facts.level,
            "address": finding.address,
            "what": finding.facts.what,
            "detail": finding.detail,
            "advice": finding.facts.advice,
        }
        for finding in examined.findings
    ]
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2))


def _print(examined: "Examined", address: str) -> None:
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
        level = Text(facts.level, style=COLOURS[facts.level])
        table.add_row(level, facts.what, f"{len(found):,}", facts.advice)
    if kinds:
        out.print(table)
    for kind, found in kinds.items():
        out.print(Text.assemble("\n", (KINDS[kind].what, "bold"), (f" ({kind})", "dim")))
        for finding in found[:MOST_SHOWN]:
            detail = f": {finding.detail}" if finding.detail else ""
            # Not wrapped, so that an address can be copied as a whole.
            out.print(Text(f"  {terminal.safe(finding.address + detail)}"), soft_wrap=True)
        if len(found) > MOST_SHOWN:
            out.print(Text(f"  and {len(found) - MOST_SHOWN:,} more", style="dim"))
    if kinds:
        out.print()
    if not examined.feeds:
        if address.startswith("http://127.0.0.1") and "unreachable" in kinds:
            out.print("Nothing runs here: start `feeds serve`, or name the address of a site.")
        return
    levels = [finding.facts.level for finding in examined.findings]
    faults, advice = levels.count("fault"), levels.count("advice")
    verdict = (
        f"{terminal.count(faults, 'fault')}, {advice} to advise." if levels else "no complaint."
    )
    style = "bold red" if faults else "bold yellow" if advice else "bold green"
    out.print(
        Text(f"{terminal.count(len(examined.feeds), 'feed')} at {address}: {verdict}", style=style)
    )


def _by_kind(findings: "Sequence[Finding]") -> "Mapping[str, list[Finding]]":
    """Return findings by kind, in the order of KINDS: faults first."""
    from feeds.doctor import KINDS

    kinds = {kind: [one for one in findings if one.kind == kind] for kind in KINDS}
    return {kind: found for kind, found in kinds.items() if found}
