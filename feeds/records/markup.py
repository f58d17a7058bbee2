"""The HTML of a body, cleaned.  In: Markdown or HTML, and the address it belongs to.  Out: HTML
within all bounds.

All HTML passes nh3, whatever wrote it, and every address in it becomes absolute against the
article's own: readers show it far from the page that it was written for. Nothing changes the text
after nh3: what may not be published is taken out before. Not here: what else an entry shows
(render/content).

A body is held to bounds before a library sees it: its text shows what would cost too much time or
memory. Every check is linear in the length of the text, and an ordinary body passes after a few
counts. Markdown: its length, its marks, the cells of its tables, what its reference links come to.
HTML: nesting, open formatting elements, what a parser repeats of them, attributes.
"""

import re
from collections.abc import Collection
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import nh3

from feeds.records.values import NOT_TEXT, WINDOWS, words

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
DELIMITERS = re.compile(r"^[ \t>*+0-9.)|:-]+$", re.MULTILINE)


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
VOID = words("area base br col embed hr img input keygen link meta param source track wbr")
# Their end is implied by the next of their kind, so that they do not pile up.
IMPLIED = words("p li dt dd option body head html frame frameset image")
FORMATTING = words("a b big code em font i nobr s small strike strong tt u")
# Their end tag also ends what is open in them, as far as nothing of BARRIERS is.
BLOCKS = words(
    "address article aside blockquote center details dialog dir div dl fieldset figcaption figure"
    " footer header hgroup main menu nav ol section summary ul"
)
BARRIERS = words(
    "applet button caption colgroup marquee math object select svg table tbody td template tfoot"
    " th thead tr"
)
# A part of a table ends what is open in the table when it begins. Only cells are counted as open:
# the others hold nothing but cells.
CELLS = ("td", "th", "caption")
TABLE_PARTS = (*CELLS, "tr", "tbody", "thead", "tfoot", "colgroup")
TABLE_BARRIERS = words("select template svg math")
RUBY = words("rb rp rt rtc")
# Between their tags is text, as a rule.
RAW = words("iframe noembed noframes noscript plaintext script style textarea title xmp")
# HTML that ends SVG and MathML around it; what else is in these is theirs, by whatever name.
BREAKOUT = words(
    "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li"
    " listing menu meta nobr ol p pre ruby s small span strong strike sub sup table tt u ul var"
)
FOREIGN = words(
    "animate circle clippath defs ellipse g line lineargradient mask path pattern polygon polyline"
    " radialgradient rect stop symbol use"
)


class BodyError(ValueError):
    """A body costs too much to render, or comes to too much.  `expected` says what it may be."""

    def __init__(self, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected


def _check_markdown(text: str) -> None:
    """Raise BodyError for a body of Markdown that costs too much to render."""
    if len(text) > MOST_MARKS and sum(map(text.count, MARKS)) > MOST_MARKS:
        raise BodyError(f"at most {MOST_MARKS:,} marks of Markdown")
    if text.count("|") * text.count("\n") > MOST_MARKS and _cells(text) > MOST_MARKS:
        raise BodyError(f"tables of at most {MOST_MARKS:,} cells")


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

    def check(self, html: str) -> None:
        """Raise BodyError for HTML that costs too much to parse."""
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
                raise BodyError(f"at most {MOST_ATTRIBUTES} attributes of a tag")
            else:
                self._start(name.lower(), rest, len(token[0]))
            if len(self._open) > MOST_OPEN:
                raise BodyError(f"at most {MOST_OPEN} HTML elements in each other")
            if len(self._formatting) > MOST_OPEN:
                raise BodyError(f"at most {MOST_OPEN} formatting elements open at once")
            if self._repeated > MOST_REPEATED or self._repeated_text > MOST_REPEATED_TEXT:
                raise BodyError("formatting elements that are closed")

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
                if self._close("table", TABLE_BARRIERS):
                    self._open.append("table")
                    if name not in CELLS:
                        return
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
            self._close(name, BARRIERS)
        elif name in CELLS:
            self._close(name, TABLE_BARRIERS | {"table"})
        elif name == "table":
            self._close(name, TABLE_BARRIERS)

    def _close(self, name: str, barriers: Collection[str]) -> bool:
        """Close the innermost element of that name and what is open in it, unless there is a
        barrier in it."""
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at] == name:
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


def check_nesting(html: str) -> None:
    """Raise BodyError for HTML that costs too much to parse."""
    _Nesting().check(html)


if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore

# What a body may hold beyond nh3's own list: pictures in several sizes, and sound and film to play.
MORE_TAGS = {
    "picture": set[str](),
    "source": {"src", "srcset", "sizes", "media", "type", "width", "height"},
    "video": {"src", "poster", "controls", "width", "height"},
    "audio": {"src", "controls"},
    "track": {"src", "kind", "srclang", "label"},
    "img": {"src", "srcset", "sizes", "alt", "title", "width", "height"},
    "a": {"href", "hreflang", "title"},
    "code": {"class"},
}
ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    **{tag: set(names) for tag, names in MORE_TAGS.items()},
    "*": {"lang", "dir"},
}
TAGS = nh3.ALLOWED_TAGS | MORE_TAGS.keys()
ADDRESSES = {"href", "src", "poster", "cite"}
SCHEMES = ("http:", "https:", "mailto:")

REFERENCE = re.compile(r"&#(?:[xX]0*([0-9A-Fa-f]{1,6})|0*([0-9]{1,7}))(?![0-9A-Fa-f]);?")
MOST_PASSES = 3


def is_html(text: str) -> bool:
    """Tell whether a body is HTML: it begins with a tag.  Any other is Markdown."""
    return text.startswith("<")


def body_of(text: str) -> str:
    """Return a body's HTML, not yet clean."""
    return text if is_html(text) else str(_markdown().render(text))


@lru_cache(maxsize=1)  # a record is checked, and then its HTML is stored
def html_of(text: str, base: str, most: int = MOST_BODY) -> str:
    """Return a body's HTML, clean and of at most so many bytes.  Raises BodyError."""
    return cleaned(checked_html(text), base, most)


def html_of_page(html: str, base: str, most: int) -> str:
    """Return HTML of a page, checked already, clean and of at most so many bytes.  Raises
    BodyError."""
    return cleaned(html, base, most)


def checked_html(text: str) -> str:
    """Return a body's HTML, not yet clean, that nh3 can parse within bounds.  Raises BodyError."""
    if len(text) > MOST_BODY // 4 and len(text.encode()) > MOST_BODY:
        raise BodyError(f"at most {MOST_BODY:,} bytes")
    if not is_html(text):
        _check_markdown(text)
    html = body_of(text)
    if len(html) > MOST_EXPANDED * 2:
        raise BodyError(f"at most {MOST_BODY:,} bytes")
    if len(html) > SHORT or html.count("<") > FEW_TAGS:
        check_nesting(html)
    return html


def flaw_of(text: str, base: str, most: int = MOST_BODY) -> str | None:
    """Return what is wrong with a body that `html_of` refuses."""
    try:
        if text:  # few sites of records alone need the libraries
            html_of(text, base, most)
    except BodyError as error:
        return error.expected
    return None


@cache
def _markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # loads slowly, and many sites have no bodies

    made = MarkdownIt("commonmark", {"html": True, "maxNesting": MOST_LEVELS}).enable(
        ["table", "strikethrough"]
    )
    made.core.ruler.before("inline", "bounds", _check_blocks)
    return made


def _check_blocks(state: "StateCore") -> None:
    """Raise BodyError where blocks are in each other too deeply, and before links come to too
    much."""
    containers = ("blockquote_open", "list_item_open", "bullet_list_open", "ordered_list_open")
    if any(token.level >= MOST_LEVELS - 1 and token.type in containers for token in state.tokens):
        raise BodyError(f"at most {MOST_LEVELS} levels of lists and quotations")
    references = state.env.get("references", {}).values()
    longest = max((len(one["href"]) + len(one["title"]) for one in references), default=0)
    if state.src.count("]") * longest > MOST_EXPANDED:
        raise BodyError(f"reference links that come to at most {MOST_EXPANDED:,} characters")


def cleaned(html: str, base: str, most: int = MOST_BODY) -> str:
    """Return HTML without anything that runs, styles or tracks, its addresses absolute against
    `base`.

    Raises BodyError where it comes to more than so many bytes.
    """
    left = most

    def absolute(_: str, attribute: str, value: str) -> str | None:
        nonlocal left
        if attribute not in ADDRESSES and attribute != "srcset":
            return value
        if left < 0:
            return None
        made = _srcset(value, base, left) if attribute == "srcset" else _absolute(value, base)
        left -= len(made or "")
        return made

    # As the last step: text that is changed after it may become a tag.
    made = nh3.clean(
        _without_what_is_no_text(html),
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        attribute_filter=absolute,
        link_rel=None,
    )
    if left < 0 or (len(made) > most // 4 and len(made.encode()) > most):
        raise BodyError(f"HTML of at most {most:,} bytes")
    return made.strip()


def _without_what_is_no_text(html: str) -> str:
    """Return HTML without the characters that XML forbids or no reader shows, written as such or as
    a reference.

    What is left may be such a reference in turn; where that goes on, what is left of them is shown
    as U+FFFD.
    """
    if not html.isprintable():
        html = NOT_TEXT.sub("", html).replace("\r\n", "\n").replace("\r", "\n")
    if "&#" not in html:
        return html
    for _ in range(MOST_PASSES):
        html, before = REFERENCE.sub(_without, html), html
        if html == before:
            return html
    return REFERENCE.sub(
        lambda found: found[0] if _without(found) == found[0] else "\N{REPLACEMENT CHARACTER}", html
    )


def _without(reference: re.Match[str]) -> str:
    """Return a character reference, or nothing where HTML makes of it what is no text."""
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    if code > 0x10FFFF or code == 0 or 0xD800 <= code < 0xE000:
        return reference[0]  # U+FFFD, says HTML
    if code == 0x0D:
        return "\n"
    character = chr(code)
    return "" if NOT_TEXT.match(WINDOWS.get(character) or character) else reference[0]


def _absolute(value: str, base: str) -> str | None:
    try:
        address = urljoin(base, value.strip())
    except ValueError:
        return None
    return address if address.lower().startswith(SCHEMES) else None


def _srcset(value: str, base: str, most: int) -> str | None:
    """Return each candidate of a srcset made absolute (HTML, "srcset attributes"): an address, then
    perhaps its size.

    It ends where it comes to more than so many characters.
    """
    candidates = []
    for candidate in re.finditer(r"[^\s,](?:\S*[^\s,])?(?:\s+[\d.]+[wx])?", value):
        if most < 0:
            break
        address, *size = candidate[0].split()
        if (made := _absolute(address, base)) is not None:
            candidates.append(" ".join([made, *size]))
            most -= len(candidates[-1])
    return ", ".join(candidates) or None
