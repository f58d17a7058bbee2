"""The publisher's own templates, style and script: read from a folder once, then passed as a value.

In: a folder. Out: a Theme. Not here: what stands in templates, and how pages are made of them
(render/html).
"""

from dataclasses import dataclass
from pathlib import Path

from feeds.model import digest

# published as they are, in place of the built-in files
ASSETS = ("pages.css", "feeds.css", "pages.js", "icon.svg")


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

    Raises ValueError, saying what was expected, for a folder or a file that cannot be used.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        wrong = [path.name for path in paths if path.suffix != ".html" and path.name not in ASSETS]
        if wrong:
            raise ValueError(
                f"expected templates, *.html, and {', '.join(ASSETS)}, got {wrong[0]!r}"
            )
        return Theme(tuple((path.name, path.read_text(encoding="utf-8")) for path in paths))
    except UnicodeDecodeError as error:
        raise ValueError("expected files of UTF-8") from error
    except OSError as error:
        raise ValueError(f"expected a folder of templates, got: {error.strerror}") from error
