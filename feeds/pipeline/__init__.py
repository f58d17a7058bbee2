"""The stations in their order: read what changed (ingest), then join documents of what is visible (documents)."""

from feeds.pipeline.checking import check
from feeds.pipeline.documents import Documents, Edition, published_as
from feeds.pipeline.draft import Draft
from feeds.pipeline.drafts import Drafts, Moved
from feeds.pipeline.ingest import Ingested, files_at, ingest, open_store, settle

__all__ = [
    "Documents",
    "Draft",
    "Drafts",
    "Edition",
    "Ingested",
    "Moved",
    "check",
    "files_at",
    "ingest",
    "open_store",
    "published_as",
    "settle",
]
