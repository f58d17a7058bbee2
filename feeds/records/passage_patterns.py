"""The signs by which passages of a body are hidden, as patterns.  Not here: what they do to a text
(hidden)."""

import re

# What these blocks of a template hold is never shown, or under a condition alone.
NAMES = "comment|if|unless|case|for|tablerow|capture|macro|doc|ifchanged|ifversion|schema"
TEMPLATE = (
    rf"(?P<block>\{{%[-~+]?\s*(?:{NAMES})\b|\{{\{{[<%]\s*comment\b[^<>{{}}]*[%>]\}}\}})"
    rf"|(?P<end>\{{%[-~+]?\s*end(?:{NAMES})\b[^%{{}}]*%\}}|\{{\{{[<%]\s*/\s*comment\s*[%>]\}}\}})"
    r"|(?P<raw>\{%[-~+]?\s*(?:raw|verbatim)\s*[-~]?%\})"
    r"|(?P<tag>\{%[-~+]?\s*(?:\#|liquid\b))"
    r"|(?P<note>\{\#(?=[\s-])|\{\#[^\n{}#]*(?=\#\}))"
)
COMMENT = (
    r"(?P<html><!--)"
    r"|(?P<instruction><\?)"
    r"|(?P<kramdown>\{::comment\b[^}\n{]*\})"
    r"|(?P<mdx>\{\{?\s*/\*)"
    r"|<(?P<element>script|style|template)\b[^<>]*>"
)
CODE = r"(?P<ticks>`+|~{3,})"
ELEMENT = r"<(?P<code>pre|code)\b[^<>]*>"
OPENERS = re.compile(f"{TEMPLATE}|{COMMENT}", re.IGNORECASE)
IN_MARKDOWN = re.compile(f"{TEMPLATE}|{COMMENT}|{CODE}", re.IGNORECASE)
IN_HTML = re.compile(f"{TEMPLATE}|{COMMENT}|{ELEMENT}", re.IGNORECASE)
IN_TEMPLATE = re.compile(TEMPLATE, re.IGNORECASE)
RAW_END = re.compile(r"\{%[-~+]?\s*end(?:raw|verbatim)\s*[-~]?%\}")
BLOCK_NAME = re.compile(NAMES, re.IGNORECASE)
NESTED_KRAMDOWN = re.compile(r"\{::\w+[^}\n{/]*\}|\{:/\w*\}")
ENDS = {
    "html": re.compile(r"-->"),
    "instruction": re.compile(r"\?>"),
    "mdx": re.compile(r"\*/\s*\}*"),
    "note": re.compile(r"\#\}"),
    "tag": re.compile(r"%\}|(?=\{%)"),
}
TEMPLATE_KINDS = frozenset(("block", "end", "raw", "tag", "note"))


def block_name(tag: str) -> str:
    """Return the name of a block that a tag begins or ends."""
    found = BLOCK_NAME.search(tag)
    assert found is not None
    return found[0].lower() if tag.startswith("{%") else "shortcode"
