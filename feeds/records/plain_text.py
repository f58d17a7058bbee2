"""Text of blogs without its markup: titles with entities, excerpts in HTML or Markdown.  Pure.

In: text as a blog has it. Out: text as it is read. Here are the few ways in which short texts are
marked up, in time that is linear in their length. Not here: bodies (markup), and what an author
hides in a text (passages).
"""

import re
from html import escape, unescape

from feeds.records.passages import visible

ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
INLINE = "em|strong|b|i|u|s|code|kbd|samp|var|span|small|sub|sup|mark|abbr|cite|del|ins|q|a"
BLOCK = "p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|blockquote|pre|figure|figcaption|table|tr|section"
# A tag in a title is one where it has an end: `Vec<T>` and `the <b> element` are text.
PAIR = re.compile(rf"<({INLINE})(?:\s[^<>]*)?>([^<>]*)</\1>")
COMMENT = re.compile(r"<!--[^<>]*-->")
MARKS = re.compile(
    r"<!---->|`(?P<code>[^`\n]+)`"
    r"|!\[[^\[\]]*\]\([^()\n]*\)"
    r"|\[(?P<label>[^\[\]]*)\]\([^()\n]*\)"
    rf"|</?(?:(?P<block>{BLOCK})|{INLINE}|img|picture|source|td|th|thead|tbody)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3})(?=[^\s*])([^*\n]*[^\s*])\1(?![\w*])")


def title_text(text: str) -> str:
    """Return a title without entities, comments and inline elements of HTML."""
    if "<" in text:
        text = PAIR.sub(r"\2", COMMENT.sub("", text))
    return _without_entities(text)


def excerpt_text(text: str) -> str:
    """Return an excerpt or a heading without entities, HTML and Markdown."""
    if "<" in text or "{" in text:
        text = visible(text)
    text = EMPHASIS.sub(r"\2", MARKS.sub(_said, text))
    lines = "\n".join(line.strip() for line in _without_entities(text).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def _said(mark: re.Match[str]) -> str:
    if mark["code"] is not None:
        return escape(mark["code"], quote=False)
    return "\n" if mark["block"] else mark["label"] or ""


def _without_entities(text: str) -> str:
    return ENTITY.sub(lambda entity: unescape(entity[0]), text) if "&" in text else text
