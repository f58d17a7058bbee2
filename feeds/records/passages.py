"""Passages of a body that its author hides: comments, and what a template shows under a condition.
Pure.

Hidden are comments of HTML, kramdown, MDX, Liquid, Nunjucks and Hugo, processing instructions,
scripts and styles, and blocks of Liquid whose condition nobody knows here. What has no end hides
all that follows. Code keeps what it holds, and Markdown itself says what is code: the body is
rendered with a mark in each passage, and code is where both of its marks come out in one element.
Where templates are run before Markdown is read, they act in code as well. In doubt a passage is
hidden. In: the text of a body. Out: the text without these passages. Not here: how a body is
rendered (markup).
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence

import nh3

from feeds.records.markup import FULL, BodyError, checked_html

# What these blocks of a template hold is never shown, or under a condition alone.
NAMES = "(?i:comment|if|unless|case|for|tablerow|capture|macro|doc|ifchanged|ifversion|schema)"
# Both patterns begin with one character: to search for them is quick.
TEMPLATES = re.compile(
    rf"\{{(?:(?P<block>%[-~+]?\s*{NAMES}\b"
    r"|\{[<%]\s*(?i:comment)\b[^<>{}]*[%>]\}\})"
    rf"|(?P<end>%[-~+]?\s*(?i:end){NAMES}\b[^%{{}}]*%\}}"
    r"|\{[<%]\s*/\s*(?i:comment)\s*[%>]\}\})"
    r"|(?P<raw>%[-~+]?\s*(?i:raw|verbatim)\s*[-~]?%\})"
    r"|(?P<endraw>%[-~+]?\s*(?i:endraw|endverbatim)\s*[-~]?%\})"
    r"|(?P<tag>%[-~+]?\s*(?:\#|(?i:liquid)\b))"
    r"|(?P<note>\#(?=[\s-])|\#[^\n{}#]*(?=\#\})))"
)
EMPTY = "<!---->"  # in the place of a comment: it parts paragraphs and lists, and nothing is shown
COMMENTS = re.compile(
    r"<(?:(?P<html>!--(?!-->))|(?P<instruction>\?)"
    r"|(?i:(?P<script>script)|(?P<style>style)|(?P<template>template))\b[^<>]*>)"
    r"|\{(?:(?P<kramdown>::(?i:comment)\b[^}\n{]*\})|(?P<mdx>\{?\s*/\*))"
)
BLOCK_NAME = re.compile(NAMES)
NESTED_KRAMDOWN = re.compile(r"\{::\w+[^}\n{/]*\}|\{:/\w*\}")
ELEMENTS = ("script", "style", "template")
ENDS = {
    "html": re.compile(r"-->"),
    "instruction": re.compile(r"\?>"),
    "mdx": re.compile(r"\*/\s*\}*"),
    "note": re.compile(r"\#\}"),
    "tag": re.compile(r"%\}|(?=\{%)"),
    **{name: re.compile(rf"</{name}\b[^<>]*>", re.IGNORECASE) for name in ELEMENTS},
}
SEARCHED = {*ENDS, "block", "kramdown"}
PARTING = frozenset(("html", "instruction", *ELEMENTS))

# A script that embeds a gist is shown as a link to it.
GIST = re.compile(r"\ssrc=[\"']?(https://gist\.github\.com/[\w-]+(?:/\w+)?)\.js\b", re.IGNORECASE)

HIGHLIGHTED = re.compile(
    r"\{%-?\s*highlight\b(?:(?!\{%-?\s*highlight\b).)*?\{%-?\s*endhighlight\b", re.DOTALL
)

# Without one of these before it nothing is code. What has no end goes as far as the code it is in.
MAYBE_CODE = re.compile(r"`|~~~| {4}|\t|<(?:pre|code)\b", re.IGNORECASE)
CODE_END = re.compile(r"\n[ \t>]*(?:`{3}|~{3})|`|</(?:pre|code)\b", re.IGNORECASE)
CODE = re.compile(r"<(code|pre)>.*?</\1>", re.DOTALL)
BEFORE, AFTER = "\ue0f0", "\ue0f1"  # around the number of a passage, while it is rendered
MARKED = re.compile(f"{BEFORE}([0-9]+){AFTER}")
MOST_SEARCHED = 20_000_000  # characters, each passage to its end
MOST_PASSES = 3


def visible(text: str, templates_in_code: bool = False, syntax: str = FULL) -> str:
    """Return a body without the passages that its author hides.

    `templates_in_code`: a template language may act before Markdown is read, as in sites of Jekyll
    and Eleventy. `syntax`: what the body is written in.
    """
    if not TEMPLATES.search(text) and not COMMENTS.search(text):
        return text
    kinds: tuple[re.Pattern[str], ...] = (TEMPLATES, COMMENTS)
    if templates_in_code:
        text, kinds = _cut_all(text, [TEMPLATES]), (COMMENTS,)
    for _ in range(MOST_PASSES):
        before = text
        for openers in kinds:
            if tokens := list(openers.finditer(text)):
                code = {*in_code(text, tokens, syntax)}
                if templates_in_code:
                    code |= _highlighted(text, tokens)
                text = _cut(text, tokens, code)
        if text == before:
            return text
    return _cut_all(text, kinds)


def _cut_all(text: str, kinds: Sequence[re.Pattern[str]]) -> str:
    for openers in kinds:
        text = _cut(text, list(openers.finditer(text)))
    return text


def _cut(text: str, tokens: list[re.Match[str]], code: Collection[int] = ()) -> str:
    """Return a text without the passages that begin with these tokens, but for those in code:
    where these begin is given."""
    tokens = _effective(tokens, code)
    shown, at = [], 0
    for number, token in enumerate(tokens):
        if token.start() < at or token.lastgroup == "end":
            continue
        shown.append(text[at : token.start()])
        at = _end(text, tokens, number) or len(text)
        if gist := GIST.search(token[0]):
            shown.append(f'<a href="{gist[1]}">gist.github.com</a>')
        elif at < len(text) and token.lastgroup in PARTING:
            shown.append(EMPTY)
    made = "".join([*shown, text[at:]]).strip()
    while made.startswith(EMPTY):
        made = made.removeprefix(EMPTY).lstrip()
    return made


def _effective(tokens: list[re.Match[str]], code: Collection[int]) -> list[re.Match[str]]:
    """Return the tokens that mean something: neither in code, nor between `raw` and its end."""
    last = max((one.start() for one in tokens if one.lastgroup == "endraw"), default=-1)
    effective, is_raw = [], False
    for token in tokens:
        if is_raw:
            is_raw = token.lastgroup != "endraw"
        elif token.start() not in code:
            if token.lastgroup == "raw":
                is_raw = token.start() < last
            elif token.lastgroup != "endraw":
                effective.append(token)
    return effective


def in_code(text: str, tokens: list[re.Match[str]], syntax: str) -> Collection[int]:
    """Return where passages begin that are in code as a whole, by the tokens that begin them."""
    if not MAYBE_CODE.search(text, 0, tokens[-1].end()):
        return ()
    searched = [one for one in tokens if one.lastgroup in SEARCHED]
    if BEFORE in text or len(searched) * len(text) > MOST_SEARCHED:
        return ()
    marks = []
    for number, token in enumerate(tokens):
        end = token.end()
        if token.lastgroup in SEARCHED:
            if found := _end(text, tokens, number):
                end = len(text[:found].rstrip())
            elif closing := CODE_END.search(text, end):
                end = closing.start()
            else:
                continue
        marks += [(token.end(), number), (end, number)]
    parts, at = [], 0
    for place, number in sorted(marks):
        parts += [text[at:place], f"{BEFORE}{number}{AFTER}"]
        at = place
    marked = "".join([*parts, text[at:]])
    try:
        html = checked_html(marked, syntax)
    except BodyError:
        return ()
    code: set[int] = set()
    for element in CODE.finditer(nh3.clean(html, tags={"code", "pre"}, attributes={})):
        marks_in = Counter(MARKED.findall(element[0]))
        code |= {tokens[int(one)].start() for one, count in marks_in.items() if count == 2}
    return code


def _highlighted(text: str, tokens: list[re.Match[str]]) -> set[int]:
    """Return where passages begin that are in code as Liquid marks it."""
    blocks = HIGHLIGHTED.finditer(text)
    block = next(blocks, None)
    found = set()
    hidden = 0  # where the last passage ended that began outside code
    for number, token in enumerate(tokens):
        while block is not None and (block.end() <= token.start() or block.start() < hidden):
            block = next(blocks, None)
        if block is not None and block.start() < token.start():
            found.add(token.start())
        elif token.start() >= hidden:
            hidden = _end(text, tokens, number) or len(text)
    return found


def _end(text: str, tokens: list[re.Match[str]], number: int) -> int | None:
    """Return the end of the passage that begins with a token, or None."""
    token = tokens[number]
    kind = token.lastgroup or ""
    if kind == "block":
        return _block_end(tokens, number)
    if kind == "kramdown":
        return token.end() if token[0].endswith("/}") else _kramdown_end(text, token.end())
    found = ENDS[kind].search(text, token.end())
    return found.end() if found else None


def _kramdown_end(text: str, at: int) -> int | None:
    depth = 1
    for mark in NESTED_KRAMDOWN.finditer(text, at):
        depth += -1 if mark[0].startswith("{:/") else 1
        if depth == 0:
            return mark.end()
    return None


def _block_end(tokens: list[re.Match[str]], number: int) -> int | None:
    """Return the end of the block of a template, with all that begin in it."""
    names = [_block_name(tokens[number][0])]
    for token in tokens[number + 1 :]:
        name = _block_name(token[0]) if token.lastgroup in ("block", "end") else ""
        if token.lastgroup == "block" and (
            names[-1] not in ("comment", "doc") or name == names[-1]
        ):
            names.append(name)
        elif token.lastgroup == "end" and name == names[-1]:
            names.pop()
        if not names:
            return token.end()
    return None


def _block_name(tag: str) -> str:
    """Return the name of a block that a tag begins or ends."""
    found = BLOCK_NAME.search(tag)
    assert found is not None
    return found[0].lower() if tag.startswith("{%") else "shortcode"
