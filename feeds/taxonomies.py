"""The table of taxonomies: what articles are sorted by, each value of which is a feed.

A row names the field of an article that holds the values, how a value becomes the key and the name
of a feed, and what people call it. Nothing else names the taxonomies one by one: config keys,
feeds, pages and lists follow from the rows, and a new one is a field of Article and a row. Pure.
Not here: the grammar of keys (urls), and the titles that config.toml gives to feeds (config).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from feeds.model import Article, Provider
from feeds.urls import feed_key, fold, host_name, is_slug, join_key, kind_of, split_key


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """A row: the field of Article, and the first part of the keys of its feeds.

    `subject` is what stands before the name of a feed: articles `about` it. Feeds are known by the
    slug of a name, or, `by_domain`, by a host name.
    """

    field: str
    prefix: str
    title: str
    plural: str
    subject: str
    by_domain: bool = False

    @property
    def example(self) -> str:
        """Return what the last part of a key is, for a message."""
        if self.by_domain:
            return "a domain such as example.org"
        return "a slug such as computer-vision"

    def key_of(self, value: str | Provider) -> str:
        """Return the key of the feed of a value that an article has."""
        if isinstance(value, Provider):
            return join_key(self.prefix, value.domain)
        return feed_key(self.prefix, value)

    def values(self, article: Article) -> tuple[str | Provider, ...]:
        """Return the values that an article has."""
        value: Any = getattr(article, self.field)
        if type(value) is tuple:  # a Provider is a tuple too
            return value
        return (value,) if value else ()

    def key_of_name(self, name: str) -> str:
        """Return the key that a name or domain has by itself.  Raises ValueError for neither."""
        if self.by_domain:
            return self.key_of_slug(name)
        if not fold(name):
            raise ValueError("not a name")
        return feed_key(self.prefix, name)

    def key_of_slug(self, slug: str) -> str:
        """Return the key of a feed by its slug or domain.  Raises ValueError for neither."""
        if self.by_domain:
            return join_key(self.prefix, host_name(slug))
        if not is_slug(slug):
            raise ValueError("not a slug")
        return join_key(self.prefix, slug)


TOPICS = Taxonomy("topics", "topics", "Topic", "Topics", "about")
PROVIDERS = Taxonomy("provider", "providers", "Provider", "Providers", "from", by_domain=True)
CATEGORIES = Taxonomy("category", "categories", "Category", "Categories", "in the category")
TAXONOMIES = {row.prefix: row for row in (TOPICS, PROVIDERS, CATEGORIES)}


def feeds_of(article: Article) -> dict[str, str]:
    """Return the keys of the feeds that an article is in beside everything, each with its name as
    the article spells it."""
    feeds: dict[str, str] = {}
    for taxonomy in TAXONOMIES.values():
        for value in taxonomy.values(article):
            name = value.name if isinstance(value, Provider) else value
            feeds.setdefault(taxonomy.key_of(value), name)
    return feeds


def is_feed_key(text: str) -> bool:
    """Return True for the key of a feed of one of the taxonomies."""
    kind, slug = split_key(text)
    taxonomy = TAXONOMIES.get(kind)
    try:
        return taxonomy is not None and taxonomy.key_of_slug(slug) == text
    except ValueError:
        return False


def with_names(article: Article, keys: Iterable[str], names: Mapping[str, str]) -> Article:
    """Return an article with the names that its feeds, which have these keys, go by."""
    by_kind: dict[str, list[str]] = {prefix: [] for prefix in TAXONOMIES}
    for key in keys:
        by_kind.setdefault(kind_of(key), []).append(key)
    changes: dict[str, Any] = {}
    for prefix, taxonomy in TAXONOMIES.items():
        found = by_kind[prefix]
        before: Any = getattr(article, taxonomy.field)
        if type(before) is tuple:
            after: Any = tuple(dict.fromkeys([names[key] for key in found]))
        elif not found:
            continue
        elif taxonomy.by_domain:
            after = Provider(split_key(found[-1]).slug, names[found[-1]])
        else:
            after = names[found[-1]]
        if after != before:
            changes[taxonomy.field] = after
    return article._replace(**changes) if changes else article
