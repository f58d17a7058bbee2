"""`feeds new`: write a record with the right keys, hidden until its editor publishes it."""

import json
import re
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from feeds.cli import opening
from feeds.cli.opening import config_option
from feeds.errors import FeedsError

if TYPE_CHECKING:
    from feeds.config import Config
    from feeds.records import FieldMapping

LONGEST_NAME = 60


@click.command(
    short_help="Write a record, to be filled in.",
    epilog="\b\nExample:\n"
    '  feeds new "Herons come back" --url https://tidewater.example/herons --topic Birds\n',
)
@config_option
@click.argument("title")
@click.option("--url", default="", help="Where the article is read.")
@click.option(
    "--provider", default="", help="Who published it, as a host name; that of --url unless given."
)
@click.option("--topic", "topics", multiple=True, help="A topic; may be given again.")
@click.option("--publish", is_flag=True, help="Publish it at once; it is hidden otherwise.")
def new(
    config_path: str, title: str, url: str, provider: str, topics: tuple[str, ...], publish: bool
) -> None:
    """Write a record with TITLE into the records folder, in the keys that the config reads.

    It has `published: false`, or what hides a record of a blog, until you take that away.
    """
    from feeds.records import keys

    config, now = opening.load(config_path), opening.now()
    host = provider or urlsplit(opening.web_address("--url", url)).hostname or ""
    values = {
        keys.TITLE: title,
        keys.WEB_URL: url,
        keys.DATE: f"{now:%Y-%m-%dT%H:%M}:00Z",
        keys.EXCERPT: "",
        keys.PUBLISHED: publish,
        keys.PROVIDER: {keys.NAME: host, keys.DOMAIN: host},
        keys.TOPICS: list(topics),
    }
    values |= {key.name: "" for key in keys.RECORD if key.required and key.name not in values}
    mapping = config.records.fields
    text = yaml_of(values if mapping is None else mapped(values, mapping))
    file = _file(config, title, now)
    if file.exists():
        raise FeedsError(str(file), "expected no such file; give it another title")
    opening.write_new(file, f"---\n{text}---\n")
    here = Path.cwd()
    click.echo(f"Wrote {file.relative_to(here) if file.is_relative_to(here) else file}")
    _print_left(config, file, now)


def mapped(values: dict[str, Any], mapping: "FieldMapping") -> dict[str, Any]:
    """Return values of our keys under the keys that a mapping reads them from.

    A key that is a constant or a template in the mapping is left out.
    """
    from feeds.records import keys
    from feeds.records.mapping import Nested, TheirKey

    found: dict[str, Any] = {}
    for name, value in values.items():
        source = mapping.fields.get(name, (TheirKey((name,)),))
        if name == keys.PUBLISHED:
            theirs = [one for one in mapping.fields.get(name, ()) if isinstance(one, TheirKey)]
            key = theirs[0] if theirs else TheirKey(("draft",), negated=True)
            _put(found, key.path, value is not key.negated)
        elif isinstance(source[0], TheirKey):
            _put(found, source[0].path, value)
        elif isinstance(source[0], Nested):
            for part, inner in source[0].fields.items():
                if isinstance(inner[0], TheirKey):
                    _put(found, inner[0].path, value[part])
    return found


def yaml_of(values: dict[str, Any], depth: int = 0) -> str:
    """Return values as YAML.  Every text except a date is quoted, so that it stays a text."""
    lines = []
    for key, value in values.items():
        begin = f"{'  ' * depth}{key}:"
        if isinstance(value, dict):
            lines.append(f"{begin}\n{yaml_of(value, depth + 1)}")
        elif isinstance(value, list):
            items = "".join(f"{'  ' * depth}  - {_quoted(item)}\n" for item in value)
            lines.append(f"{begin}\n{items}" if items else f"{begin} []\n")
        elif isinstance(value, bool):
            lines.append(f"{begin} {'true' if value else 'false'}\n")
        else:
            is_date = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value)
            lines.append(f"{begin} {value if is_date else _quoted(value)}\n")
    return "".join(lines)


def _put(found: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *above, last = path
    for step in above:
        found = found.setdefault(step, {})
    found[last] = value


def _file(config: "Config", title: str, now: datetime) -> Path:
    """Return the file of a new record.

    Its name begins with the date where most names in the folder do, as Jekyll needs it.
    """
    from feeds.records.fields import named
    from feeds.sources.folder import walk

    folder = config.records_folder
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME].strip("-") or "record"
    dated = [named(found.path).day is not None for found in walk(folder)] if folder.is_dir() else []
    with_date = sum(dated) * 2 > len(dated) if dated else folder.name == "_posts"
    return folder / (f"{now:%Y-%m-%d}-{slug}.md" if with_date else f"{slug}.md")


def _print_left(config: "Config", file: Path, now: datetime) -> None:
    from feeds.records import read_record

    path = str(file.relative_to(config.records_folder))
    reading = read_record(path, file.read_bytes(), now, config.records.fields, config.site.zone)
    for fault in reading.faults:
        if fault.is_note:
            continue
        click.echo(f"Still to write, at line {fault.line}: {fault.key}, {fault.expected}")
    if reading.unpublished:
        hides = "draft: true" if config.records.fields else "published: false"
        click.echo(f"It is hidden until you take `{hides}` out of it.")


def _quoted(text: str) -> str:
    # A string of JSON is a double-quoted scalar of YAML (YAML 1.2 §1.3).
    return json.dumps(text, ensure_ascii=False)
