"""`feeds doctor`: poll a published site as readers do, and report its faults and their remedies."""

import sys
from dataclasses import asdict
from urllib.parse import urlsplit

import click

from feeds import doctor
from feeds.cli import FAULTS_REPORTED, examples, opening, terminal

MOST_SHOWN = 3  # addresses of each kind of finding
COLOURS = {"fault": "bold red", "advice": "bold yellow"}


def _whole(context: click.Context, parameter: click.Parameter, address: str) -> str:
    """Return an address with its scheme, where it was typed without one."""
    if address and "://" not in address:
        is_local = address.partition(":")[0].partition("/")[0] in ("localhost", "127.0.0.1")
        address = f"{'http' if is_local else 'https'}://{address}"
    return opening.web_address_of(context, parameter, address)


@click.command(
    "doctor",
    epilog=examples(
        "feeds doctor                                   the service that runs here",
        "feeds doctor https://feeds.example.org         any site, or one feed",
        "feeds doctor http://10.0.0.5 --base-url https://feeds.example.org",
    ),
)
@opening.config_option
@click.argument("address", default="", callback=_whole)
@click.option(
    "--base-url",
    default="",
    callback=_whole,
    help="The public address, where ADDRESS is another way to the same site.",
)
@click.option(
    "--images", is_flag=True, help="Fetch the pictures of entries too, a hundred at most."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array of objects.")
def command(config_path: str, address: str, base_url: str, images: bool, as_json: bool) -> None:
    """Poll the site at ADDRESS as readers do, and say what is wrong with it.

    Every feed is fetched, read and asked for again; some of each format in every way. Without
    ADDRESS it is the service that `feeds serve` runs here, by the config. Exit code 1 when there is
    a fault; advice alone is none.
    """
    if not address:
        config = opening.load(config_path)
        address = config.server.address + urlsplit(config.site.base_url).path
        base_url = base_url or config.site.base_url
    with doctor.Client() as client, terminal.progress("Asking", "feed") as progress:
        examined = doctor.examine(
            client, address, opening.now, public=base_url, images=images, progress=progress
        )
    if as_json:
        terminal.print_json([asdict(one) | asdict(one.facts) for one in examined.findings])
    else:
        _print(examined, address)
    if any(finding.facts.level == "fault" for finding in examined.findings):
        sys.exit(FAULTS_REPORTED)


def _print(examined: doctor.Examined, address: str) -> None:
    from rich.table import Table
    from rich.text import Text

    out = terminal.console()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("What is wrong", max_width=34)
    table.add_column("Where", justify="right", no_wrap=True)
    table.add_column("What mends it", overflow="fold")
    lines: list[Text] = []
    totals = {"fault": 0, "advice": 0}
    for name, kind in doctor.KINDS.items():
        found = [one for one in examined.findings if one.kind == name]
        if not found:
            continue
        totals[kind.level] += len(found)
        level = Text(kind.level, style=COLOURS[kind.level])
        table.add_row(level, kind.what, f"{len(found):,}", kind.advice)
        lines.append(Text.assemble("\n", (kind.what, "bold"), (f" ({name})", "dim")))
        for finding in found[:MOST_SHOWN]:
            detail = f": {finding.detail}" if finding.detail else ""
            lines.append(Text(f"  {terminal.safe(finding.address + detail)}"))
        if len(found) > MOST_SHOWN:
            lines.append(Text(f"  and {len(found) - MOST_SHOWN:,} more", style="dim"))
    if lines:
        # Not wrapped, so that an address can be copied as a whole.
        out.print(table)
        out.print(*lines, "", sep="\n", soft_wrap=True)
    faults, advice = totals.values()
    if examined.feeds:
        verdict = f"{terminal.count(faults, 'fault')}, {advice} to advise."
        verdict = verdict if examined.findings else "no complaint."
        style = "bold red" if faults else "bold yellow" if advice else "bold green"
        feeds = terminal.count(len(examined.feeds), "feed")
        out.print(f"{feeds} at {address}: {verdict}", style=style)
    elif address.startswith("http://127.0.0.1") and examined.findings[0].kind == "unreachable":
        out.print("Nothing runs here: start `feeds serve`, or name the address of a site.")
