"""Read date and slug from the path of a record's file, and quote text for addresses.

Pure: no file is read.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

# 2024-05-01-title, 2024/05/01/title, 2024-05-01-title/index.
DATED = re.compile(r"(?:^|/)(\d{4})[-/](\d\d?)[-/](\d\d?)(?:[-/]([^/]*))?$")

BESIDE_POSTS = ("authors.yml", "authors.yaml", "tags.yml", "tags.yaml")

Day = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Named:
    """The path of a file without suffix and date, the last part of that path, and the date as it is
    written."""

    path: str
    slug: str
    day: Day | None


def named(path: str) -> Named:
    """Read a path below the records folder.  An `index` is called as its folder is."""
    stem = re.sub(r"\.[^./]+$", "", path)
    if "/" in stem:
        stem = stem.removesuffix("/index")
    folder, slash, slug = stem.rpartition("/")
    match = DATED.search(stem)
    if match is None:
        return Named(stem, slug, None)
    slug = match[4] or slug
    return Named(f"{folder}{slash}{slug}", slug, (match[1], match[2], match[3]))


def is_aside(path: str) -> bool:
    """Tell whether a file is no post: one of Jekyll's drafts, a name with an underscore before it,
    data of Docusaurus."""
    *folders, name = path.split("/")
    return name.startswith("_") or "_drafts" in folders or name in BESIDE_POSTS


def address_part(text: str) -> str:
    """Return text as part of an address's path: what cannot stand there is encoded, what would lead
    elsewhere falls away."""
    segments = [
        segment for segment in text.split("/") if unquote(segment).strip() not in ("", ".", "..")
    ]
    if not segments:
        return ""
    path = "/".join(_segment(segment.strip()) for segment in segments)
    return f"{'/' * text.startswith('/')}{path}{'/' * text.endswith('/')}"


def _segment(text: str) -> str:
    encoded = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", re.sub(r"\s+", "-", text))
    return quote(encoded, safe="!$&'()*+,;=:@%")
