"""The stations in their order: read what changed (ingesting), then join documents of what is
visible (documents).

Each name loads its module when it is first used: files are read before the store, and the
renderers, are so much as loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feeds.pipeline.checking import check as check
    from feeds.pipeline.documents import Documents as Documents
    from feeds.pipeline.documents import Edition as Edition
    from feeds.pipeline.documents import is_far_ahead as is_far_ahead
    from feeds.pipeline.documents import published_as as published_as
    from feeds.pipeline.draft import Draft as Draft
    from feeds.pipeline.drafts import Drafts as Drafts
    from feeds.pipeline.drafts import Moved as Moved
    from feeds.pipeline.ingesting import Ingested as Ingested
    from feeds.pipeline.ingesting import files_at as files_at
    from feeds.pipeline.ingesting import ingest as ingest
    from feeds.pipeline.ingesting import open_store as open_store
    from feeds.pipeline.ingesting import settle as settle

_MODULES = {
    "Documents": "documents",
    "Draft": "draft",
    "Drafts": "drafts",
    "Edition": "documents",
    "Ingested": "ingesting",
    "Moved": "drafts",
    "check": "checking",
    "files_at": "ingesting",
    "ingest": "ingesting",
    "is_far_ahead": "documents",
    "open_store": "ingesting",
    "published_as": "documents",
    "settle": "ingesting",
}
__all__ = [*_MODULES]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'feeds.pipeline' has no attribute {name!r}")
    return getattr(import_module(f"feeds.pipeline.{_MODULES[name]}"), name)
