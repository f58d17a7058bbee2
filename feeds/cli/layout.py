"""Print a document for a person at a terminal: one tag or key a line, indented and coloured.

Not here: the bytes as they are published (show).
"""

import json
import re
from collections.abc import Iterator

from feeds.cli import terminal

# Enough for our own documents: they have no CDATA, and escape `>` in attributes and text.
TOKEN = re.compile(r"<[^>]*>|[^<]+")
INDENT = "  "


def print_document(text: str, media_type: str) -> None:
    """Print a document of a media type: JSON and XML laid out, any other text as it is."""
    from rich.syntax import Syntax

    kind = media_type.partition(";")[0]
    language = next((name for name in ("json", "xml") if kind.endswith(name)), "text")
    if language == "json":
        text = lines_of_json(text)
    elif language == "xml":
        text = "\n".join(lines_of_xml(text))
    safe = "\n".join(terminal.safe(line) for line in text.split("\n"))
    # The terminal's own colours fit light and dark backgrounds.
    terminal.console().print(
        Syntax(safe, language, theme="ansi_dark", word_wrap=True, background_color="default")
    )


def lines_of_json(text: str) -> str:
    """Return JSON with one key a line."""
    return json.dumps(json.loads(text), ensure_ascii=False, indent=2)


def lines_of_xml(text: str) -> Iterator[str]:
    """Yield XML with one tag a line; an element that holds only text stays on one line."""
    depth = 0
    opened = ""  # an opening tag, and the text after it
    for token in TOKEN.findall(text):
        if token.startswith("</"):
            depth -= 1
            yield f"{opened}{token}" if opened else f"{INDENT * depth}{token}"
            opened = ""
        elif token.startswith("<"):
            if opened:
                yield opened
            opened = ""
            if token.endswith(("/>", "?>")) or token.startswith("<!"):
                yield f"{INDENT * depth}{token}"
            else:
                opened, depth = f"{INDENT * depth}{token}", depth + 1
        elif opened:
            opened += " ".join(token.split())
        elif token.strip():
            yield f"{INDENT * depth}{' '.join(token.split())}"
