"""Recognise the folders of other generators, and write the config.toml that fits each.

blog: what is known of a folder. jekyll, hugo, eleventy, docusaurus: one generator each. wordpress:
an export to records. writing: config.toml as text. Nothing is run and nothing changed: settings are
read as text. Not here: how records are read (records/fields).
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
    """Return the blog in a folder; None where no generator recognises it."""
    return next(filter(None, (generator.recognise(folder) for generator in GENERATORS)), None)
