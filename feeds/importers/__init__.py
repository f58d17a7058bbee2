"""Folders of other publishers, recognised by their own settings, and the config.toml that fits
each.

blog: what is known of a folder.  jekyll, hugo, eleventy, docusaurus: a generator each.  wordpress:
its export to records.  writing: config.toml as text. Nothing is run and nothing changed: settings
are read as text. Not here: how their records are read (records/fields).
"""

from pathlib import Path

from feeds.importers import docusaurus, eleventy, hugo, jekyll
from feeds.importers.blog import Blog
from feeds.importers.wordpress import Export, read_export
from feeds.importers.writing import CONFIG_NAMES, SAMPLE, blog_config, free_name, new_config

GENERATORS = (jekyll, hugo, eleventy, docusaurus)

__all__ = [
    "CONFIG_NAMES",
    "SAMPLE",
    "Blog",
    "Export",
    "blog_config",
    "free_name",
    "new_config",
    "read_export",
    "recognise",
]


def recognise(folder: Path) -> Blog | None:
    """What lies in a folder, as far as a generator knows it for its own; None where none does."""
    return next(
        (blog for generator in GENERATORS if (blog := generator.recognise(folder)) is not None),
        None,
    )
