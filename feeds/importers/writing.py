"""Write config.toml for a new site and for the blog of another generator, and a first record."""

import json
import re
from pathlib import Path

from feeds.formats import FORMATS
from feeds.importers.blog import Blog
from feeds.records.values import time_zones
from feeds.taxonomies import TAXONOMIES

CONFIG_NAMES = ("config.toml", "feeds.toml")
UNKNOWN = "https://example.org"

NEW = """\
# What `feeds` publishes.  Every key is described in docs/config.md; \
those with a # before them show their defaults.

[site]
title = {title}
{base_url}
# description = "What these feeds are about."
# language = "en"
# author = "The editors"

[records]
path = "seeds"

[output]
path = "public"

# [feeds]
# limit = 50                            # how many articles a feed shows; its history has the rest
# formats = {formats}
# kinds = {kinds}

# A feed of your own: what is about any of these topics, without the category video.
# [[feed]]
# key = "robots"
# title = "Robots"
# topics = ["Robots", "AI"]
# exclude = ["categories/video"]
"""

SAMPLE = """\
---
# A record is about one article elsewhere.  \
Change this one, or delete it and begin with `feeds new`.
title: "Our first article"
webUrl: "https://example.org/our-first-article"
publishedDateTime: {moment}
excerpt: "What the article says, in a sentence or two."
published: true
provider:
  name: Example
  domain: example.org
topics:
  - Beginnings
---

What stands here, in Markdown, is part of the entry.
"""

ADOPTED = """\
# What `feeds` publishes of this {generator} folder, by what {settings} says.  \
Nothing of {generator} is changed.
# Every key is described in docs/config.md.

[site]
title = {title}
base_url = {base_url}{more}

[records]
path = {posts}
liquid = {liquid}

# Where each key of a record is taken from.
[records.fields]
{fields}

[output]
path = {output}
"""


def free_name(folder: Path) -> str | None:
    """Return a name for our config that is free in a folder; None where all are taken."""
    return next((name for name in CONFIG_NAMES if not (folder / name).exists()), None)


def new_config(title: str, base_url: str) -> str:
    """Return the config of a new site; without an address, that line is a comment."""
    line = f"base_url = {_quoted(base_url)}" if base_url else f'# base_url = "{UNKNOWN}/feeds"'
    return NEW.format(
        title=_quoted(title),
        base_url=line + "   # the public address, with which every address begins",
        formats=json.dumps(list(FORMATS)),
        kinds=json.dumps(list(TAXONOMIES)),
    )


def blog_config(blog: Blog, title: str, base_url: str) -> str:
    """Return the config that fits a blog, with an example where its address is unknown."""
    url, shown = blog.url or UNKNOWN, title or blog.title or blog.host
    more = {
        "description": blog.description,
        "language": _language(blog.language),
        "author": blog.author,
        "timezone": blog.timezone if blog.timezone in time_zones() else "",
    }
    templates = ",\n".join(f"  {{ template = {_quoted(url + path)} }}" for path in blog.urls)
    provider = f"{{ domain = {_quoted(blog.host)}, name = {_quoted(shown)} }}"
    return ADOPTED.format(
        generator=blog.generator,
        settings=blog.settings,
        title=_quoted(shown),
        base_url=_quoted(base_url or f"{url}/feeds"),
        more="".join(f"\n{key} = {_quoted(value)}" for key, value in more.items() if value),
        posts=_quoted(blog.posts),
        liquid="true" if blog.generator in ("Jekyll", "Eleventy") else "false",
        fields="\n".join(
            [f"webUrl = [\n{templates},\n]", *blog.fields, f"provider = {{ value = {provider} }}"]
        ),
        output=_quoted(blog.output),
    )


def _language(text: str) -> str:
    tag = text.replace("_", "-").partition(".")[0]
    return tag if re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", tag) else ""


def _quoted(text: str) -> str:
    # A string of JSON is a basic string of TOML 1.0, except for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
