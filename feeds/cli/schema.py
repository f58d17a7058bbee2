"""`feeds schema`: print the JSON Schema by which editors complete and check records."""

import click

from feeds.cli import examples
from feeds.records.jsonschema import schema_text


@click.command("schema", epilog=examples("feeds schema > record.schema.json"))
def command() -> None:
    """Print the JSON Schema of a record, for editors; docs/records.md says how one uses it.

    A published site has it too, at /record.schema.
    """
    click.echo(schema_text(), nl=False)
