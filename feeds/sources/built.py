"""The built site of a generator: a folder with a page for each article.

In: the folder, and addresses. Out: the bytes of pages, and a digest that changes when a page does.
Not here: what is in a page (records/page).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from feeds.errors import ConfigError
from feeds.model import digest
from feeds.records import Fault
from feeds.sources.folder import ScannedFile, read_at_most, scan_folders
from feeds.urls import INDEX, is_safe_path

LARGEST_PAGE = 4 * 1024 * 1024  # bytes


class Page(NamedTuple):
    """The bytes of a page, and the address at which it is answered with: that of a folder ends in a
    slash."""

    content: bytes
    address: str


def page_at(folder: Path, address: str) -> Page | None:
    """Return the page of an address; None where the built site has none that can be read.

    A site below a path of its host is built without that path, or with it.
    """
    whole = unquote(urlsplit(address).path).strip("/")
    first, _, below = whole.partition("/")
    # A folder of that name holds what is below it: without it another page would be found.
    is_without = bool(below) and is_safe_path(first) and not (folder / first).is_dir()
    for path in _paths(whole, *([below] if is_without else [])):
        page = read_at_most(folder, ScannedFile(path, 0, 0), LARGEST_PAGE)
        if not isinstance(page, Fault) and len(page) <= LARGEST_PAGE:
            is_folder = path.endswith(f"/{INDEX}") and not urlsplit(address).path.endswith(INDEX)
            return Page(page, _as_folder(address) if is_folder else address)
    return None


def _as_folder(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(path=f"{parts.path.rstrip('/')}/").geturl()


def _paths(*paths: str) -> Iterator[str]:
    """Yield the files that may be the page of some paths, the likeliest first."""
    for path in paths:
        for file in (f"{path}/{INDEX}", path, f"{path}.html"):
            if is_safe_path(file) and file.endswith(".html"):
                yield file


def digest_of(folder: Path) -> str:
    """Return a digest of the names, sizes and times of the pages of a built site.

    Raises ConfigError where the folder cannot be read.
    """
    try:
        folders = sorted(scan_folders(folder), key=lambda one: one.prefix)
    except ConfigError as error:
        advice = (
            "expected the folder of a built site: build the site first, or change records.built"
        )
        raise ConfigError(str(folder), advice) from error
    states = (text for one in folders for text in (one.prefix, one.states))
    return digest(*states)
