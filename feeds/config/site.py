"""The table [site] of config.toml: what is published, by whom and where, and how its pages look.

How they look may come from a folder of the publisher's own templates, style and script, which is
read once to a Theme. Not here: the other tables, the reading of the file (config), and how pages
are made of templates (render/html).
"""

import re
from dataclasses import dataclass
from datetime import UTC, tzinfo
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, PrivateAttr

from feeds.config.sections import ONCE, Address, FilePath, Line, Section, text_with
from feeds.model import digest
from feeds.records import Fault
from feeds.records.values import time_zones
from feeds.sources.folder import ScannedFile, read_file

# published as they are, in place of the built-in files
ASSETS = ("pages.css", "feeds.css", "pages.js", "icon.svg")
# RFC 5646 §2.1, as far as a typing error would show.
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class Theme:
    """Text by file name, in the order of the names.  It replaces the built-in file of that name."""

    files: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> str:
        """Return the digest of all files."""
        return digest(*(text for file in self.files for text in file))


def read_theme(folder: Path) -> Theme:
    """Read every template (`*.html`) and asset of a folder, except hidden files.

    A file is read as a record is: one of at most 1 MiB, and through no link that leaves the folder.
    Raises ValueError, saying what was expected, for a folder or a file that cannot be used.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        wrong = [path.name for path in paths if path.suffix != ".html" and path.name not in ASSETS]
        if wrong:
            raise ValueError(
                f"expected templates, *.html, and {', '.join(ASSETS)}, got {wrong[0]!r}"
            )
        return Theme(tuple((path.name, _text(path)) for path in paths))
    except UnicodeDecodeError as error:
        raise ValueError("expected files of UTF-8") from error
    except OSError as error:
        raise ValueError(f"expected a folder of templates, got: {error.strerror}") from error


def _text(path: Path) -> str:
    content = read_file(path.parent, ScannedFile(path.name, 0, 0, path.is_symlink()))
    if isinstance(content, Fault):
        expected = content.expected.replace("the records folder", "the folder")
        raise ValueError(f"{content.path}: expected {expected}, got: {content.got or 'a folder'}")
    return content.decode("utf-8")


def _base(text: str) -> str:
    if urlsplit(text).query or urlsplit(text).fragment:
        raise ValueError("expected an address without ? and #")
    if "<" in unquote(urlsplit(text).path):  # routes have a meaning of their own for it
        raise ValueError("expected an address without <")
    return text.rstrip("/")


def _timezone(text: str) -> str:
    if text == "UTC" or text in time_zones():
        return text
    close = get_close_matches(text, sorted(time_zones()), n=1)
    advice = f" (did you mean {close[0]}?)" if close else ""
    raise ValueError(f"expected the name of a time zone such as Europe/Berlin{advice}")


def _colour(text: str) -> str:
    if not re.fullmatch(r"#(?:[0-9A-Fa-f]{3}){1,2}", text):
        raise ValueError("expected a colour such as #c2410c")
    digits = text[1:].lower()
    return f"#{digits}" if len(digits) == 6 else "#" + "".join(digit * 2 for digit in digits)


class Site(Section):
    """[site]: what is published, by whom and where."""

    title: Line = "Feeds"
    description: Line | None = None
    base_url: Annotated[Address, AfterValidator(_base)] = ""
    language: Annotated[
        str, text_with(LANGUAGE.fullmatch, "a language tag such as en or pt-BR")
    ] = "en"
    timezone: Annotated[str, AfterValidator(_timezone)] = "UTC"
    author: Line | None = None
    rights: Line | None = None
    icon: Address | None = None
    logo: Address | None = None
    hubs: Annotated[tuple[Address, ...], *ONCE] = ()
    accent: Annotated[str, AfterValidator(_colour)] = "#c2410c"
    footer: Line | None = None
    pictures: bool = True
    templates: FilePath | None = None
    _theme: Theme = PrivateAttr(Theme())

    def __hash__(self) -> int:
        # It is part of the cache key of compiled templates, for every entry: a hash of each field
        # takes a seventh of filling one.
        return hash(self.base_url)

    @property
    def theme(self) -> Theme:
        """Return what the folder of templates held when config.toml was read."""
        return self._theme

    @property
    def zone(self) -> tzinfo:
        """Return the time zone of dates that are written without an offset."""
        return UTC if self.timezone == "UTC" else ZoneInfo(self.timezone)

    def with_theme(self, theme: Theme) -> "Site":
        """Return the same site with these templates."""
        site = self.model_copy()
        site._theme = theme
        return site

    def local(self, path: str) -> str:
        """Return the address of a path without scheme and host, for the site's own pages."""
        return f"{urlsplit(self.base_url).path}/{path}"

    def address(self, path: str) -> str:
        """Return the absolute address of a path below the site."""
        return f"{self.base_url}/{path}"
