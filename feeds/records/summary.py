"""The excerpt of an article whose record has none: what its body begins with, as plain text.  Pure.

In: the clean HTML of a body, and its source. Out: text of a few hundred characters. Not here: which
excerpt a record gives itself (keys), and how a body becomes HTML (markup).
"""

import re
from html import unescape

# What generators take for the end of a summary: Hugo, Jekyll and WordPress; Docusaurus.
MORE = re.compile(r"<!--\s*(?:more\b[^<>]*?|truncate\s*)-->|\{/\*\s*truncate\s*\*/\}")
LONGEST = 300  # characters, but for a word that begins before
PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL)
# Of an admonition, and of what is embedded: a link to it.
LABEL = re.compile(r"<strong>[^<]*</strong>|<a (?:[^<>\"]|\"[^\"]*\")*>[^<]*</a>")
ASIDE = re.compile(rf"<h([1-6])[^<>]*>.*?</h\1>|<p>(?:{LABEL.pattern})</p>", re.DOTALL)
# As nh3 writes them: a `>` may stand in the value of an attribute, and no quote.
TAG = re.compile(r'<(?:[^<>"]|"[^"]*")*>')
NOTE = re.compile(r"<sup[^<>]*><a [^<>]*>[^<]*</a></sup>")  # the number of a footnote
BREAK = re.compile(r"<br>|</(?:p|li|dd|dt|h[1-6]|td|th|tr|div|pre|blockquote)>")


def before_more(body: str) -> str | None:
    """Return the part of a body that its author marked as a summary; None without a mark."""
    found = MORE.search(body)
    return body[: found.start()] if found else None


def first_words(html: str, *, whole: bool = False) -> str:
    """Return the text of the first paragraph of clean HTML, cut at a word near 300 characters.

    `whole`: the text of all of it but headings and labels, of which nothing is cut.
    """
    if whole:
        return _text(ASIDE.sub(" ", html)) or _text(html)
    found = (paragraph[1] for paragraph in PARAGRAPH.finditer(html))
    paragraphs = (_text(one) for one in found if not LABEL.fullmatch(one))
    text = next(filter(None, paragraphs), "") or _text(html)
    if len(text) <= LONGEST:
        return text
    cut = text.rfind(" ", 0, LONGEST)
    return f"{text[: cut if cut > 0 else LONGEST]}…"


def _text(html: str) -> str:
    return " ".join(unescape(TAG.sub("", BREAK.sub(" ", NOTE.sub("", html)))).split())
