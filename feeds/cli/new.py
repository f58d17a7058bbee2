"""`feeds new`: write a record with the right keys, hidden until its editor publishes it."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from feeds.cli import examples, opening
from feeds.config import Config
from feeds.errors import FeedsError
from feeds.importers.writing import file_name, record_text
from feeds.records import FieldMapping, keys, read_record
from feeds.records.fields import named
from feeds.records.mapping import Nested, TheirKey
from feeds.sources.folder import walk

DRAFT = TheirKey(("draft",), negated=True)


@click.command(
    "new",
    epilog=examples(
        'feeds new "Herons come back" --url https://tidewater.example/herons --topic Birds'
    ),
)
@opening.config_option
@click.argument("title")
@click.option(
    "--url", default="", callback=opening.web_address_of, help="Where the article is read."
)
@click.option(
    "--provider", default="", help="Who published it, as a host name; that of --url unless given."
)
@click.option("--topic", "topics", multiple=True, help="A topic; may be given again.")
@click.option("--publish", is_flag=True, help="Publish it at once; it is hidden otherwise.")
def command(
    config_path: str, title: str, url: str, provider: str, topics: tuple[str, ...], publish: bool
) -> None:
    """Write a record with TITLE into the records folder, in the keys that the config reads.

    It has `published: false`, or what hides a record of a blog, until you take that away.
    """
    config, now = opening.load(config_path), opening.now()
    host = provider or urlsplit(url).hostname or ""
    values = {
        keys.TITLE: title,
        keys.WEB_URL: url,
        keys.DATE: now.replace(second=0),
        keys.EXCERPT: "",
        keys.PUBLISHED: publish,
        keys.PROVIDER: {keys.NAME: host, keys.DOMAIN: host},
        keys.TOPICS: list(topics),
    }
    values |= {key.name: "" for key in keys.RECORD if key.required and key.name not in values}
    mapping = config.records.fields
    file = _file(config, title, now)
    if file.exists():
        raise FeedsError(str(file), "expected no such file; give it another title")
    opening.write_new(file, record_text(values if mapping is None else _mapped(values, mapping)))
    here = Path.cwd()
    click.echo(f"Wrote {file.relative_to(here) if file.is_relative_to(here) else file}")
    _print_left(config, file, now)


def _mapped(values: dict[str, Any], mapping: FieldMapping) -> dict[str, Any]:
    """Return values of our keys under the keys that a mapping reads them from.

    A key that is a constant or a template in the mapping is left out.
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        sources = mapping.fields.get(name, ())
        source = sources[0] if sources else TheirKey((name,))
        if name == keys.PUBLISHED:
            hides = next((one for one in sources if isinstance(one, TheirKey)), DRAFT)
            _put(found, hides.path, value is not hides.negated)
        elif isinstance(source, TheirKey):
            _put(found, source.path, value)
        elif isinstance(source, Nested):
            for part, (inner, *_) in source.fields.items():
                if isinstance(inner, TheirKey):
                    _put(found, inner.path, value[part])
    return found


def _put(found: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *above, last = path
    for step in above:
        found = found.setdefault(step, {})
    found[last] = value


def _file(config: Config, title: str, now: datetime) -> Path:
    """Return the file of a new record.

    Its name begins with the date where most names in the folder do, as Jekyll needs it. In a whole
    site of Jekyll it lies where most posts do.
    """
    folder, fields = config.records_folder, config.records.fields
    walked = walk(folder, config.records.excluded) if folder.is_dir() else ()
    paths = [found.path for found in walked]
    dated = [path for path in paths if named(path).day is not None]
    with_date = len(dated) * 2 > len(paths) if paths else folder.name == "_posts"
    if fields is not None and fields.is_site:
        parents = Counter(path.rpartition("/")[0] for path in paths)
        [(below, _)] = parents.most_common(1) or [("_posts", 0)]
        folder, with_date = folder / below, True
    name = file_name(title) or "record"
    return folder / (f"{now:%Y-%m-%d}-{name}.md" if with_date else f"{name}.md")


def _print_left(config: Config, file: Path, now: datetime) -> None:
    path = str(file.relative_to(config.records_folder))
    reading = read_record(path, file.read_bytes(), now, config.records.fields, config.site.zone)
    for fault in reading.faults:
        if not fault.is_note:
            click.echo(f"Still to write, at line {fault.line}: {fault.key}, {fault.expected}")
    if reading.unpublished:
        hides = "draft: true" if config.records.fields else "published: false"
        click.echo(f"It is hidden until you take `{hides}` out of it.")
