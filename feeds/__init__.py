"""feeds publishes article records as RSS and Atom feeds.

    Article, Feed, Document   what is published
    load_config               config.toml to a Config
    create_app                the Flask service, for any WSGI server
    FeedsError                the base of every error raised for a person

Nothing else here is promised to stay. Each name loads its room when it is first used, so that
`feeds --help` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feeds.config import load_config as load_config
    from feeds.errors import FeedsError as FeedsError
    from feeds.model import Article as Article
    from feeds.model import Document as Document
    from feeds.model import Feed as Feed
    from feeds.serve.app import create_app as create_app

__version__ = "0.1.0"

_ROOMS = {
    "Article": "feeds.model",
    "Document": "feeds.model",
    "Feed": "feeds.model",
    "FeedsError": "feeds.errors",
    "create_app": "feeds.serve.app",
    "load_config": "feeds.config",
}
__all__ = ["Article", "Document", "Feed", "FeedsError", "create_app", "load_config"]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module 'feeds' has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)
