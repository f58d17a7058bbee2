"""Recognise the folders of other generators, and write the config.toml that fits each.

blog: what is known of a folder. jekyll, hugo, eleventy, docusaurus: one generator each; others:
those of which less is known. wordpress, wordpress_body: an export to records. writing: config.toml
as text. Nothing is run and nothing changed: settings are read as text. Not here: how records are
read (records/fields).
"""

import os
import re
from pathlib import Path

from feeds.errors import FeedsError
from feeds.importers import docusaurus, eleventy, hugo, jekyll, others
from feeds.importers.blog import Blog, is_inside

RECOGNISERS = (
    others.hexo,  # before Jekyll, whose settings have the same name
    *(module.recognise for module in (jekyll, hugo, eleventy, docusaurus)),
    *others.RECOGNISERS,
)
# What is at the top of the folder of a site, or of a program that makes one.
SIGNS_OF_A_SITE = re.compile(
    r"package\.json|Gemfile|composer\.json|mkdocs\.yml|book\.toml|conf\.py|_config\..*|_quarto\.yml"
    r"|.*\.config\.[cm]?[jt]s|index\.[a-z]+|_posts|wp-config\.php",
)


def recognise(folder: Path) -> Blog | None:
    """Return the blog in a folder; None where no generator recognises it.

    Raises FeedsError where its posts are elsewhere.
    """
    blog = next(filter(None, (one(folder) for one in RECOGNISERS)), None)
    if blog is not None and not is_inside(folder, blog.posts):
        expected = f"expected the posts of {blog.generator} in its folder, got a path out of it"
        raise FeedsError(blog.settings, expected)
    return blog


def sign_of_a_site(folder: Path) -> str:
    """Return the name of a file that shows that a folder is somebody's site; empty where none
    does."""
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return next(filter(SIGNS_OF_A_SITE.fullmatch, names), "")
