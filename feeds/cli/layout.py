"""A document laid out for a person at a terminal: a tag or a key a line, indented and coloured.

What is laid out is no longer the document to the byte. Not here: the bytes as they are published
(show).
"""

import json
import re
from collections.abc import Iterator

from feeds.cli import terminal

# What our documents are made of: no CDATA, and `>` is escaped in attributes and text.
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
    # The colours of the terminal itself, so that they fit light ones and dark ones.
    terminal.console().print(
        Syntax(safe, language, theme="ansi_dark", word_wrap=True, background_color="default")
    )


def lines_of_json(text: str) -> str:
    """JSON with a key a line."""
    return json.dumps(json.loads(text), ensure_ascii=False, indent=2)


def lines_of_xml(text: str) -> Iterator[str]:
    """XML with a tag a line; an element that holds text alone stays on one."""
    depth = 0
    waiting = ""  # an opening tag, and the text after it
    for token in TOKEN.findall(text):
        if token.startswith("</"):
            depth -= 1
            yield f"{waiting}{token}" if waiting else f"{INDENT * depth}{token}"
            waiting = ""
        elif token.startswith("<"):
            if waiting:
                yield waiting
            waiting = ""
            if token.endswith(("/>", "?>")) or token.startswith("<!"):
                yield f"{INDENT * depth}{token}"
            else:
                waiting, depth = f"{INDENT * depth}{token}", depth + 1
        elif waiting:
            waiting += " ".join(token.split())
        elif token.strip():
            yield f"{INDENT * depth}{' '.join(token.split())}"
