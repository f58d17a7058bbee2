"""`feeds schema`: print the JSON Schema by which editors complete and check records."""

import click


@click.command(
    short_help="The JSON Schema of a record.",
    epilog="\b\nExample:\n  feeds schema > record.schema.json\n",
)
def schema() -> None:
    """Print the JSON Schema of a record, for editors; docs/records.md says how one uses it.

    A published site has it too, at /record.schema.
    """
    from feeds.records.jsonschema import schema_text

    click.echo(schema_text(), nl=False)
