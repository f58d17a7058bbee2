"""Recognise the folders of other generators, and write the config.toml that fits each.

blog: what is known of a folder. jekyll, hugo, eleventy, docusaurus: one generator each. wordpress:
an export to records. writing: config.toml as text. Nothing is run and nothing changed: settings are
read as text. Not here: how records are read (records/fields).
"""

from pathlib import Path

from feeds.errors import FeedsError
from feeds.importers import docusaurus, eleventy, hugo, jekyll
from feeds.importers.blog import Blog, is_inside

GENERATORS = (jekyll, hugo, eleventy, docusaurus)


def recognise(folder: Path) -> Blog | None:
    """Return the blog in a folder; None where no generator recognises it.

    Raises FeedsError where its posts are elsewhere.
    """
    blog = next(filter(None, (generator.recognise(folder) for generator in GENERATORS)), None)
    if blog is not None and not is_inside(folder, blog.posts):
        expected = f"expected the posts of {blog.generator} in its folder, got a path out of it"
        raise FeedsError(blog.settings, expected)
    return blog
