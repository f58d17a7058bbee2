"""Find the articles that a build publishes under other ids than the last one, by the tree alone.

In: the output folder, before a build and after it. Out: a warning. It is for a build whose store
was lost, which would have kept the ids, where the ledger does not.
"""

import json
from contextlib import suppress
from pathlib import Path
from xml.etree import ElementTree

from feeds.config import Config
from feeds.records.keys import PREVIOUS, WEB_URL
from feeds.urls import EVERYTHING, feed_path

# The elements of an entry that stay the same, and its id, by the element that holds an entry.
PARTS = {"entry": ("title", "published", "id"), "item": ("title", "pubDate", "guid")}
ADVICE = (
    f'where {WEB_URL} in [records.fields] has another pattern, `id = {{ template = "…" }}` there'
    f" with the old one keeps their ids; else write the old address of each into `{PREVIOUS}`"
)
Ids = dict[tuple[str, str], str]


def warning(config: Config, before: Ids) -> str:
    """Return what to say of articles that had other ids in the tree before; nothing if none had."""
    after = ids_in_tree(config)
    changed = sum(after.get(article, id) != id for article, id in before.items())
    if not changed:
        return ""
    articles = f"{changed} article{'s have' if changed > 1 else ' has'}"
    return (
        f"{articles} another id than in the last build, so that readers show them again as new:"
        f" the store is gone, and {config.records.ledger} does not tell; {ADVICE}"
    )


def ids_in_tree(config: Config) -> Ids:
    """Return the ids of the newest articles in the tree, by title and date."""
    for name in config.feeds.formats:
        file = config.output_folder / feed_path(EVERYTHING, name)
        with suppress(OSError, ValueError, KeyError, TypeError, ElementTree.ParseError):
            return _of_json(file) if name == "json" else _of_xml(file)
    return {}


def _of_json(file: Path) -> Ids:
    items = json.loads(file.read_bytes())["items"]
    return {(item.get("title", ""), item["date_published"]): item["id"] for item in items}


def _of_xml(file: Path) -> Ids:
    found = {}
    for entry in ElementTree.fromstring(file.read_bytes()).iter():
        if parts := PARTS.get(entry.tag.rpartition("}")[2]):
            texts = {child.tag.rpartition("}")[2]: child.text or "" for child in entry}
            title, published, id = (texts.get(name, "") for name in parts)
            found[title, published] = id
    return found
