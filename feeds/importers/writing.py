"""Write config.toml for a new site and for the blog of another generator, and records."""

import json
import os
import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from feeds.config.site import LANGUAGE
from feeds.formats import FORMATS
from feeds.importers.blog import Blog, quoted
from feeds.records.values import time_zones
from feeds.taxonomies import TAXONOMIES

CONFIG_NAMES = ("config.toml", "feeds.toml")
LONGEST_NAME = 60
UNKNOWN = "https://example.org"

NEW = """\
# What `feeds` publishes.  Every key is described in docs/config.md; \
those with a # before them show their defaults.

[site]
title = {title}
{base_url}
# description = "What these feeds are about."
{language}
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
path = {posts}{records}
liquid = {liquid}

# Where each key of a record is taken from.
[records.fields]
# The id of an article, by which readers know it, is its first address.  Where you change these
# patterns, ledger.toml keeps the ids if `feeds build` finds its store of before.  Where builds
# start from nothing, give the patterns of before to the ids:
# id = {{ template = "…" }}, or a list of these.
{fields}

[output]
path = {output}

{feeds}
"""
OF_ALL = """\
# All of it is of one provider.
[feeds]
kinds = {kinds}"""
OF_NEWEST = """\
# {generator} publishes no more posts than these: feeds of topics and a history would show others.
[feeds]
limit = {limit}
archives = false
kinds = []"""


def free_name(folder: Path) -> str:
    """Return the first name for our config that is free in a folder, else the last one."""
    return next(
        (name for name in CONFIG_NAMES if not os.path.lexists(folder / name)), CONFIG_NAMES[-1]
    )


def file_name(title: str) -> str:
    """Return the name of a file for a title, in plain letters and digits; empty where none is."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_NAME].strip("-")


def new_config(title: str, base_url: str, language: str = "") -> str:
    """Return the config of a new site; without an address or a language that line is a comment."""
    line = f"base_url = {quoted(base_url)}" if base_url else f'# base_url = "{UNKNOWN}/feeds"'
    return NEW.format(
        title=quoted(title),
        language=f"language = {quoted(language)}"
        if LANGUAGE.fullmatch(language)
        else '# language = "en"',
        base_url=line + "   # the public address, with which every address begins",
        formats=json.dumps(list(FORMATS)),
        kinds=json.dumps(list(TAXONOMIES)),
    )


def blog_config(blog: Blog, title: str, base_url: str) -> str:
    """Return the config that fits a blog, with an example where its address is unknown."""
    url = blog.url or UNKNOWN
    host = urlsplit(url).hostname or ""
    shown = title or blog.title or host
    language = blog.language.replace("_", "-").partition(".")[0]
    more = {
        "description": blog.description,
        "language": language if LANGUAGE.fullmatch(language) else "",
        "author": blog.author,
        "timezone": blog.timezone if blog.timezone in time_zones() else "",
    }
    templates = ",\n".join(f"  {{ template = {quoted(url + path)} }}" for path in blog.urls)
    provider = f"{{ domain = {quoted(host)}, name = {quoted(shown)} }}"
    return ADOPTED.format(
        generator=blog.generator,
        settings=blog.settings,
        title=quoted(shown),
        base_url=quoted(base_url or f"{url}/feeds"),
        more="".join(f"\n{key} = {quoted(value)}" for key, value in more.items() if value),
        posts=quoted(blog.posts),
        records="".join(f"\n{line}" for line in (*blog.records, *_baseurl(url))),
        liquid="true" if blog.generator in ("Jekyll", "Eleventy", "Hexo") else "false",
        fields="\n".join(
            [f"webUrl = [\n{templates},\n]", *blog.fields, f"provider = {{ value = {provider} }}"]
        ),
        output=quoted(blog.output),
        feeds=(OF_NEWEST if blog.limit else OF_ALL).format(
            generator=blog.generator,
            limit=blog.limit,
            kinds=json.dumps([prefix for prefix, one in TAXONOMIES.items() if not one.by_domain]),
        ),
    )


def _baseurl(url: str) -> list[str]:
    """Return the line of the path of a site, where it has one."""
    path = urlsplit(url).path.rstrip("/")
    return [f"baseurl = {quoted(path)}"] if re.fullmatch(r"(?:/[^\s/?#<>\"']+)+", path) else []


def record_text(values: Mapping[str, Any]) -> str:
    """Return the front matter of a record.

    Every text except a moment is quoted, so that it stays a text.
    """
    return f"---\n{_yaml(values)}---\n"


def _yaml(values: Mapping[str, Any], indent: str = "") -> str:
    lines = []
    for key, value in values.items():
        if isinstance(value, dict):
            lines.append(f"{indent}{key}:\n{_yaml(value, indent + '  ')}")
        elif isinstance(value, list) and value:
            items = "".join(f"{indent}  - {quoted(item)}\n" for item in value)
            lines.append(f"{indent}{key}:\n{items}")
        elif isinstance(value, datetime):
            lines.append(f"{indent}{key}: {value:%Y-%m-%dT%H:%M:%SZ}\n")
        else:
            lines.append(f"{indent}{key}: {quoted(value)}\n")
    return "".join(lines)
