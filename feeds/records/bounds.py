"""Bounds on bodies, checked before a library sees them: their text shows what would cost too much
time or memory.

Every check is linear in the length of the text, and an ordinary body passes after a few counts.
Markdown: its length, its marks, the cells of its tables, what its reference links come to. HTML:
nesting, open formatting elements, what a parser repeats of them, attributes. In: Markdown or HTML.
Out: what is expected of it, or None. Not here: how long the rendered HTML is (markup).
"""

import re
from collections.abc import Collection

LARGEST_RECORD = 1024 * 1024  # bytes of a file
# Bytes of a larger file that are searched for what hides it.
MOST_SEARCHED = LARGEST_RECORD + LARGEST_RECORD // 2
MOST_BODY = 512 * 1024  # bytes of a body
# of Markdown's elements in each other, each list being two: markdown-it drops what is deeper
MOST_LEVELS = 20
MOST_MARKS = 30_000  # characters that mean something to Markdown, the cells of tables among them
MOST_EXPANDED = 2 * 1024 * 1024  # characters that reference links repeat
MOST_OPEN = 200  # elements in each other, and formatting elements that are open at once
MOST_REPEATED = 200_000  # formatting elements that a parser opens again
MOST_REPEATED_TEXT = 4 * 1024 * 1024  # and the characters of their tags
MOST_ATTRIBUTES = 500  # of one tag
FEW_TAGS, SHORT = 400, 65_536  # what is safe whatever it holds

MARKS = "\n*_`[]!<&|~\\:#-+>"
BLANK = re.compile(r"\n[ \t]*\n")
# The begin of a line that may be in many lists and quotations: each has a character at least.
DEEP = re.compile(
    r"\n(?!-+\n|\*+\n)(?=[ \t0-9]*[>*+.)-])(?:[ \t>*+.)0-9-]{19}|(?:[ >*+.)0-9-]*\t){3})"
)
DELIMITERS = re.compile(r"^[ \t>*+0-9.)|:-]+$", re.MULTILINE)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# As HTML's tokenizer takes a text apart: a comment, what is taken for one, or a tag with its
# attributes.
_space = r"\t\n\f\r "
_value = rf"(?:\"[^\"]*\"|'[^']*'|[^{_space}>\"'][^{_space}>]*)"
_attribute = rf"[^{_space}/>][^{_space}/>=]*(?:[{_space}]*=[{_space}]*{_value}?)?"
ATTRIBUTE = re.compile(_attribute)
TOKEN = re.compile(
    rf"<!--(?:-?>|.*?(?:--!?>|\Z))|<[!?][^>]*|</[^A-Za-z][^>]*"
    rf"|<(/?)([A-Za-z][^{_space}/>]*)((?:[{_space}/]+|{_attribute})*+)",
    re.DOTALL,
)
VOID = _words("area base br col embed hr img input keygen link meta param source track wbr")
# Their end is implied by the next of their kind, so that they do not pile up.
IMPLIED = _words("p li dt dd option body head html frame frameset image")
FORMATTING = _words("a b big code em font i nobr s small strike strong tt u")
# Their end tag also ends what is open in them, as far as nothing of BARRIERS is.
BLOCKS = _words(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure"
    " footer header hgroup main menu nav ol section summary ul"
)
BARRIERS = _words(
    "applet button caption colgroup marquee math object select svg table tbody td template tfoot"
    " th thead tr"
)
# What a part of a table ends when it begins, within the same table.
CELLS, ROWS = ("td", "th"), ("td", "th", "tr")
SECTIONS = ("tbody", "thead", "tfoot", "caption", "colgroup")
TABLE_PARTS = {
    **dict.fromkeys(CELLS, CELLS),
    "tr": ROWS,
    **dict.fromkeys(SECTIONS, (*ROWS, *SECTIONS)),
}
TABLE_BARRIERS = _words("select template svg math")
RUBY = _words("rb rp rt rtc")
# Between their tags is text, as a rule.
RAW = _words("iframe noembed noframes noscript plaintext script style textarea title xmp")
# HTML that ends SVG and MathML around it; what else is in these is theirs, by whatever name.
BREAKOUT = _words(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li"
    " listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var"
)
FOREIGN = _words(
    "animate circle clippath defs ellipse g line lineargradient mask path pattern polygon polyline"
    " radialgradient rect stop symbol use"
)


def markdown_flaw(text: str) -> str | None:
    """Return what is wrong with a body of Markdown that costs too much to render, or None."""
    if len(text) > MOST_BODY // 4 and len(text.encode()) > MOST_BODY:
        return f"at most {MOST_BODY:,} bytes"
    if len(text) > MOST_MARKS and sum(map(text.count, MARKS)) > MOST_MARKS:
        return f"at most {MOST_MARKS:,} marks of Markdown"
    if (
        (bars := text.count("|"))
        and bars * text.count("\n") > MOST_MARKS
        and _cells(text) > MOST_MARKS
    ):
        return f"tables of at most {MOST_MARKS:,} cells"
    return None


def may_be_deep(text: str) -> bool:
    """Tell whether lists and quotations may be nested more deeply than Markdown is rendered."""
    return DEEP.search(f"\n{text}\n") is not None


def references_flaw(text: str, longest: int) -> str | None:
    """Return what is wrong with the references of Markdown whose longest link definition has so
    many characters."""
    if text.count("]") * longest > MOST_EXPANDED:
        return f"reference links that come to at most {MOST_EXPANDED:,} characters"
    return None


def html_flaw(html: str) -> str | None:
    """Return what is wrong with HTML that costs too much to parse, or None."""
    if len(html) > MOST_EXPANDED * 2:
        return f"at most {MOST_BODY:,} bytes"
    if len(html) <= SHORT and html.count("<") <= FEW_TAGS:
        return None
    return _Nesting().flaw(html)


def _cells(text: str) -> int:
    """Return how many cells tables can have at most: rows that lack some are filled up."""
    total = 0
    for block in BLANK.split(text):
        columns = max((line[0].count("|") + 1 for line in DELIMITERS.finditer(block)), default=0)
        total += columns * (block.count("\n") + 1)
    return total


class _Nesting:
    """The elements that an HTML parser has open: never many fewer than it has, and no more where
    tags are paired.

    It does as the parser does where that closes elements, as far as this is certain, and else keeps
    them open.
    """

    def __init__(self) -> None:
        self._open: list[str] = []
        # name, elements around it, characters of its tag
        self._formatting: list[tuple[str, int, int]] = []
        self._formatting_text = 0
        self._repeated = self._repeated_text = 0
        self._raw = ""  # the element whose content may be text
        self._is_foreign = False  # certainly within SVG or MathML

    def flaw(self, html: str) -> str | None:
        """Return what is wrong with the HTML, or None."""
        for token in TOKEN.finditer(html):
            end, name, rest = token.groups()
            if name is None:
                if token[0].startswith("<![CDATA[") and self._in_foreign():
                    self._raw = "plaintext"  # where it ends depends on what is around it
                continue
            self._repeated += len(self._formatting)
            self._repeated_text += self._formatting_text
            if end:
                self._end(name.lower())
            elif (
                len(rest) > MOST_ATTRIBUTES
                and sum(1 for _ in ATTRIBUTE.finditer(rest)) > MOST_ATTRIBUTES
            ):
                return f"at most {MOST_ATTRIBUTES} attributes of a tag"
            else:
                self._start(name.lower(), rest, len(token[0]))
            if len(self._open) > MOST_OPEN:
                return f"at most {MOST_OPEN} HTML elements in each other"
            if len(self._formatting) > MOST_OPEN:
                return f"at most {MOST_OPEN} formatting elements open at once"
            if self._repeated > MOST_REPEATED or self._repeated_text > MOST_REPEATED_TEXT:
                return "formatting elements that are closed"
        return None

    def _in_foreign(self) -> bool:
        return "svg" in self._open or "math" in self._open

    def _start(self, name: str, rest: str, length: int) -> None:
        of_html = name in BREAKOUT or not self._in_foreign()
        if of_html and (name in VOID or name in IMPLIED):
            self._is_foreign = False
        elif of_html and name in FORMATTING:
            self._is_foreign = False
            if name in ("a", "nobr"):
                self._end_formatting(name)
            self._formatting.append((name, len(self._open), length))
            self._formatting_text += length
        elif name in ("svg", "math"):
            if not rest.endswith("/"):
                self._open.append(name)
                self._is_foreign = True
        else:
            self._is_foreign = self._is_foreign and name in FOREIGN
            if self._is_foreign and rest.endswith("/"):
                return  # HTML itself does not know `<x/>`
            if name in TABLE_PARTS and "template" not in self._open:
                if "table" not in self._open:
                    return  # the parser passes over it
                while self._close(TABLE_PARTS[name], TABLE_BARRIERS | {"table"}):
                    pass
            if name in RAW and not self._raw:
                self._raw = name
            self._open.append(name)

    def _end(self, name: str) -> None:
        if self._raw:
            if name != self._raw:
                return
            self._raw = ""
        if name == "ruby":
            while self._open and self._open[-1] in RUBY:
                self._open.pop()
        if name in FORMATTING and not self._in_foreign():
            self._end_formatting(name)
        elif self._open and self._open[-1] == name:
            self._open.pop()
            self._is_foreign = self._is_foreign and name not in ("svg", "math")
        elif name in BLOCKS:
            self._close((name,), BARRIERS)
        elif name in TABLE_PARTS:
            self._close((name,), TABLE_BARRIERS | {"table"})
        elif name == "table":
            self._close((name,), TABLE_BARRIERS)

    def _close(self, names: Collection[str], barriers: Collection[str]) -> bool:
        """Close the innermost element of these names and what is open in it, unless there is a
        barrier in it."""
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at] in names:
                del self._open[at:]
                return True
            if self._open[at] in barriers:
                break
        return False

    def _end_formatting(self, name: str) -> None:
        for at in range(len(self._formatting) - 1, -1, -1):
            known, around, length = self._formatting[at]
            if known == name:
                if BARRIERS.isdisjoint(self._open[around:]):
                    del self._formatting[at]
                    self._formatting_text -= length
                break
