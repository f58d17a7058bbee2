"""Passages of a body that its author hides: comments, and what a template shows under a condition.
Pure.

Hidden are comments of HTML, kramdown, MDX, Liquid, Nunjucks and Hugo, processing instructions,
scripts and styles, and blocks of Liquid whose condition nobody knows here. What has no end hides
all that follows. Code keeps what it holds; where templates are run before Markdown is read, they
act in code as well. In doubt a passage is hidden: what looks like code is kept only where Markdown
itself makes code of it. In: the text of a body. Out: the text without these passages. Not here: how
a body is rendered (markup).
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from enum import IntEnum

import nh3

from feeds.records.markup import BodyError, checked_html, is_html

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

# In the place of a comment: Markdown parts paragraphs and lists there, and nothing is shown.
EMPTY = "<!---->"

CONTAINERS = re.compile(r"(?:[ \t]|>|[*+-][ \t]|[0-9]{1,9}[.)][ \t])*")
EDGE = re.compile(r"[ \t>]*[`~]*[ \t]*")
FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})[ \t]*$", re.MULTILINE)
INDENTED = re.compile(r"(?: {4}| {0,3}\t)[ \t]*\S")
MARK = "\ue0f0"  # in the place of what would hide, while Markdown is asked whether it is in code
LONGEST_PREFIX = 200
MOST_TRIES = 5  # to find the end of a block that begins in a comment


class Trust(IntEnum):
    """The kinds of code that are trusted to be code."""

    NOTHING = 0
    MARKED = 1  # by fences and backticks
    INDENTED = 2


def visible(text: str, templates_in_code: bool = False) -> str:
    """Return a body without the passages that its author hides.

    `templates_in_code`: a template language may act before Markdown is read, as in sites of Jekyll
    and Eleventy.
    """
    if not ("<" in text or "{" in text) or not OPENERS.search(text):
        return text
    if templates_in_code:
        text = _Scan(text, IN_TEMPLATE, Trust.NOTHING).run()
    templates = not templates_in_code
    tokens = (
        IN_HTML if is_html(_Scan(text, IN_HTML, Trust.NOTHING, templates).run()) else IN_MARKDOWN
    )
    for trust in (Trust.INDENTED, Trust.MARKED):
        scan = _Scan(text, tokens, trust, templates)
        shown = scan.run()
        if all(_is_code(marked) for marked in scan.marked()):
            return shown
    return _Scan(text, tokens, Trust.NOTHING, templates).run()


def _is_code(marked: str) -> bool:
    """Tell whether every mark in a body comes out in code."""
    if MARK not in marked:
        return True
    try:
        html = nh3.clean(checked_html(marked), tags={"code", "pre"}, attributes={})
    except BodyError:
        return False
    found = sum(
        code[0].count(MARK) for code in re.finditer(r"<(code|pre)>.*?</\1>", html, re.DOTALL)
    )
    return found == marked.count(MARK)


def _with_lines_marked(code: str) -> str:
    """Return code with a mark at the end of each line after the first, but for those that may be
    fences."""
    first, *lines = code.split("\n")
    return "\n".join([first, *(line if EDGE.fullmatch(line) else line + MARK for line in lines)])


class _Scan:
    """One way through a text, from its begin to its end."""

    def __init__(
        self, text: str, tokens: re.Pattern[str], trust: Trust, templates: bool = True
    ) -> None:
        """`templates`: whether the language of templates means anything here."""
        self._text = text
        self._tokens = tokens
        self._trust = trust
        self._templates = templates
        self._shown: list[str] = []
        self._code: set[int] = set()  # which of these are code
        self._line = ""  # how the line begins that is being shown
        self._no_code_before = 0
        self._no_template_before = 0
        self._first_html = text.find("<") if "<" in text else len(text)
        self._missing: set[str] = set()  # ends that the rest of the text has not
        self._tries = MOST_TRIES
        self._runs: defaultdict[int, list[int]] | None = None  # where backticks are, by how many
        self._line_end = -1

    def run(self) -> str:
        """Return the text that is shown."""
        text, at = self._text, 0
        while (found := self._tokens.search(text, at)) is not None:
            kind = found.lastgroup or ""
            self._show(text[at : found.start()])
            at, is_code = self._kept_end(found, kind)
            if at > found.start():
                self._show(text[found.start() : at], is_code)
                continue
            at = self._hidden_end(found, kind)
            if at < len(text) and kind in ("html", "instruction", "element"):
                self._show(EMPTY)
        self._show(text[at:])
        return _trimmed("".join(self._shown))

    def marked(self) -> Iterator[str]:
        """Return the text that is shown, with a mark for each thing in its code that would hide
        elsewhere.

        Once so, which changes nothing of what else it means, and once with marks on the lines of
        such code too.
        """
        marked = [
            OPENERS.sub(MARK, part) if at in self._code else part
            for at, part in enumerate(self._shown)
        ]
        yield _trimmed("".join(marked))
        lined = [
            _with_lines_marked(part) if at in self._code and MARK in part else part
            for at, part in enumerate(marked)
        ]
        yield _trimmed("".join(lined))

    def _show(self, part: str, is_code: bool = False) -> None:
        if is_code:
            self._code.add(len(self._shown))
        self._shown.append(part)
        begin, line_feed, rest = part.rpartition("\n")
        self._line = (rest if line_feed else self._line + begin + rest)[:LONGEST_PREFIX]

    def _kept_end(self, found: re.Match[str], kind: str) -> tuple[int, bool]:
        """Return the end of what is kept from here on, and whether it is code; the start where
        nothing is kept."""
        start = found.start()
        if kind in TEMPLATE_KINDS and (not self._templates or start < self._no_template_before):
            return found.end(), False
        if kind == "raw":
            if end := self._search("raw", RAW_END, found.end()):
                self._no_template_before = end.start()
            return found.end(), False
        if kind == "end":  # of nothing
            return found.end(), False
        if kind == "code" and self._trust:
            end = self._search(
                found["code"].lower(),
                re.compile(rf"</{found['code']}\s*>", re.IGNORECASE),
                found.end(),
            )
            return end.end() if end else found.end(), True
        if kind == "code":
            return found.end(), False
        if kind == "ticks":
            return self._ticks_end(found) if self._trust else found.end(), not self._is_sure_fence(
                found
            )
        if (
            self._tokens is IN_MARKDOWN
            and self._trust >= Trust.INDENTED
            and start >= self._no_code_before
        ):
            return self._indented_end(found, kind), True
        return start, False

    def _search(self, name: str, end: re.Pattern[str], at: int) -> re.Match[str] | None:
        """Return the next end of that name.  To look for what is missing takes as long as the text
        is, so it is done once."""
        if name in self._missing:
            return None
        if (found := end.search(self._text, at)) is None:
            self._missing.add(name)
        return found

    def _ticks_end(self, found: re.Match[str]) -> int:
        ticks, text = found[0], self._text
        if len(ticks) >= 3 and CONTAINERS.fullmatch(self._line) and self._is_fence(found):
            for fence in FENCE.finditer(text, found.end()):
                if fence[1][0] == ticks[0] and len(fence[1]) >= len(ticks):
                    return fence.end()
            return len(text)
        if ticks[0] == "~":
            return found.end()
        if self._runs is None:
            self._runs = defaultdict(list)
            for run in re.finditer("`+", text):
                self._runs[len(run[0])].append(run.start())
        if self._line_end < found.end():
            self._line_end = self._end_of_line(found.end())
        # On one line alone: what begins the next one may end the paragraph.
        same = self._runs[len(ticks)]
        close = bisect_left(same, found.end())
        return (
            same[close] + len(ticks)
            if close < len(same) and same[close] < self._line_end
            else found.end()
        )

    def _is_sure_fence(self, ticks: re.Match[str]) -> bool:
        """Tell whether ticks surely begin a block of code: at the start of a line, without HTML
        before."""
        is_alone = not self._line and (ticks.start() == 0 or self._shown[-1].endswith("\n\n"))
        if (
            len(ticks[0]) < 3
            or not is_alone
            or ticks.start() > self._first_html
            or not self._is_fence(ticks)
        ):
            return False
        # a table comes first
        return self._text.find("|", ticks.end(), self._end_of_line(ticks.end())) < 0

    def _is_fence(self, ticks: re.Match[str]) -> bool:
        return (
            ticks[0][0] == "~"
            or self._text.find("`", ticks.end(), self._end_of_line(ticks.end())) < 0
        )

    def _end_of_line(self, at: int) -> int:
        end = self._text.find("\n", at)
        return end if end >= 0 else len(self._text)

    def _indented_end(self, found: re.Match[str], kind: str) -> int:
        """Return the end of a passage that is all in one indented block of code; its start where it
        is in none."""
        start, text = found.start(), self._text
        first = text.rfind("\n", 0, start) + 1
        at = first
        while INDENTED.match(text, at) and at > 0:
            before = text.rfind("\n", 0, at - 1) + 1
            if not text[before:at].strip():
                break
            at = before
        end = text.find("\n\n", start)
        if not INDENTED.match(text, at) or not INDENTED.match(self._line + "x"):
            self._no_code_before = end if end >= 0 else len(text)
            return start
        end = first
        while end < len(text) and INDENTED.match(text, end):
            end = text.find("\n", end) + 1 or len(text)
        last = self._hidden_end(found, kind)
        return last if last <= end else start

    def _hidden_end(self, found: re.Match[str], kind: str) -> int:
        """Return the end of the passage that is hidden from here on."""
        text, at = self._text, found.end()
        if kind == "block":
            return self._blocks_end(found)
        if kind == "kramdown":
            return at if found[0].endswith("/}") else self._kramdown_end(at)
        if kind == "element":
            end = re.compile(rf"</{found['element']}\b[^<>]*>", re.IGNORECASE).search(text, at)
        else:
            end = ENDS[kind].search(text, at)
        if end is None:
            return len(text)
        if kind in ("html", "instruction") and self._templates:
            return self._template_end(at, end.end())
        return end.end()

    def _template_end(self, start: int, end: int) -> int:
        """Return the end of a comment, or of the block of a template that begins in it and ends
        after it."""
        text = self._text
        for inner in IN_TEMPLATE.finditer(text, start, end):
            if inner.lastgroup == "block" and self._tries > 0:
                self._tries -= 1
                if end < (after := self._blocks_end(inner)) < len(text):
                    # It may end in a comment.
                    closed = text.rfind("-->", start, after)
                    opened = text.find("<!--", closed, after)
                    close = ENDS["html"].search(text, after) if opened >= 0 else None
                    return (
                        len(text)
                        if opened >= 0 and close is None
                        else close.end()
                        if close
                        else after
                    )
        return end

    def _kramdown_end(self, at: int) -> int:
        depth = 1
        for mark in NESTED_KRAMDOWN.finditer(self._text, at):
            depth += -1 if mark[0].startswith("{:/") else 1
            if depth == 0:
                return mark.end()
        return len(self._text)

    def _blocks_end(self, first: re.Match[str]) -> int:
        """Return the end of the block of a template that begins here, with all that begin in it."""
        names, at = [_block_name(first[0])], first.end()
        while names:
            found = IN_TEMPLATE.search(self._text, at)
            if found is None:
                return len(self._text)
            at, kind = found.end(), found.lastgroup
            if kind == "raw" and (end := self._search("raw", RAW_END, at)):
                at = end.end()
            elif kind == "block" and (
                names[-1] not in ("comment", "doc") or _block_name(found[0]) == names[-1]
            ):
                names.append(_block_name(found[0]))
            elif kind == "end" and _block_name(found[0]) == names[-1]:
                names.pop()
        return at


def _block_name(tag: str) -> str:
    """Return the name of a block that a tag begins or ends."""
    found = BLOCK_NAME.search(tag)
    assert found is not None
    return found[0].lower() if tag.startswith("{%") else "shortcode"


def _trimmed(text: str) -> str:
    text = text.strip()
    while text.startswith(EMPTY):
        text = text.removeprefix(EMPTY).lstrip()
    return text
