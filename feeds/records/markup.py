"""The HTML of a body, cleaned.  In: Markdown or HTML, which of them, and the address it belongs to.
Out: HTML within all bounds.

All HTML passes nh3, whatever wrote it, and every address in it becomes absolute against the
article's own: readers show it far from the page that it was written for. Nothing changes the text
after nh3: what may not be published is taken out before. Not here: how Markdown is read (markdown),
what is put in the place of what entries cannot show (embeds), what else they show (render/content).

A body is held to bounds before a library sees it: its text shows what would cost too much time or
memory. Every check is linear in the length of the text, and an ordinary body passes after a few
counts. HTML: nesting, open formatting elements, what a parser repeats of them, attributes.
"""

import re
from collections.abc import Collection
from functools import lru_cache, partial
from urllib.parse import unquote, urljoin

import nh3

from feeds.records.values import NOT_TEXT, WINDOWS, words
from feeds.urls import address_digest

HTML, COMMONMARK, FULL = "html", "commonmark", "full"  # the syntax of a body
HTML_SUFFIXES = (".html", ".htm")

MOST_BODY = 512 * 1024  # bytes of a body
MOST_EXPANDED = 2 * 1024 * 1024  # characters that reference links of Markdown repeat
MOST_OPEN = 200  # elements in each other, and formatting elements that are open at once
MOST_REPEATED = 200_000  # formatting elements that a parser opens again
MOST_REPEATED_TEXT = 4 * 1024 * 1024  # and the characters of their tags
MOST_ATTRIBUTES = 500  # of one tag
FEW_TAGS, SHORT = 400, 65_536  # what is safe whatever it holds

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


def syntax_of(path: str, dialect: str = FULL) -> str:
    """Return the syntax of the body of the record at a path: HTML, or a dialect of Markdown."""
    return HTML if path.lower().endswith(HTML_SUFFIXES) else dialect


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
MATH = words(
    "math maction menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom"
    " mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder"
    " munderover semantics"
)
MATH_ATTRIBUTES = words(
    "accent accentunder close columnalign columnspan display displaystyle fence form linethickness"
    " mathvariant open rowspan separator separators stretchy width"
)
ATTRIBUTES = {
    **nh3.ALLOWED_ATTRIBUTES,
    **{tag: set(names) for tag, names in MORE_TAGS.items()},
    "*": {"lang", "dir", "id"},
}
TAGS = nh3.ALLOWED_TAGS | MORE_TAGS.keys()
WITH_MATH = {**ATTRIBUTES, **{tag: set(MATH_ATTRIBUTES) for tag in MATH}}  # few bodies have it
# What these hold is no text to be read: the TeX of math is its source.
UNSEEN = set(words("script style annotation annotation-xml iframe noembed noframes noscript"))
ADDRESSES = {"href", "src", "poster", "cite"}
ROOT_OF_PICTURE = re.compile(r"""<img\b[^<>]*?\ssrc=["']/(?!/)""", re.IGNORECASE)
SCHEMES = ("http:", "https:")
LINK_SCHEMES = (*SCHEMES, "mailto:", "tel:", "sms:", "geo:", "ftp:", "magnet:", "xmpp:")
# The id of a footnote, or of a reference to one, as generators write them.
NOTE = re.compile(
    r"(?:user-content-|easy-|sd)?_?(?:fn|ftn|edn|footnote|endnote|cite_note|cite_ref|identifier)"
    r"(?:ref|back|sym|anc)?(?:[-_:.]|\d)[\w:.-]{0,100}",
    re.IGNORECASE,
)

REFERENCE = re.compile(r"&#(?:[xX]0*([0-9A-Fa-f]{1,6})|0*([0-9]{1,7}))(?![0-9A-Fa-f]);?")
MOST_PASSES = 3


def body_of(text: str, syntax: str = FULL) -> str:
    """Return a body's HTML, not yet clean."""
    if syntax == HTML:
        return text
    from feeds.records.markdown import render  # few sites of records alone have bodies

    return render(text, syntax)


@lru_cache(maxsize=1)  # a record is checked, and then its HTML is stored
def html_of(
    text: str, base: str, most: int = MOST_BODY, syntax: str = FULL, pictures: str = ""
) -> str:
    """Return a body's HTML, clean and of at most so many bytes.  Raises BodyError.

    Addresses of pictures that begin with a slash are below the path `pictures`.
    """
    from feeds.records.embeds import readable

    html = checked_html(text, syntax)
    if pictures:
        html = ROOT_OF_PICTURE.sub(rf"\g<0>{pictures.removeprefix('/')}/", html)
    resolve, has_lines = partial(_absolute, base=base), syntax != COMMONMARK
    return cleaned(readable(html, resolve, has_embedded_lines=has_lines), base, most)


def html_of_page(html: str, base: str, most: int) -> str:
    """Return HTML of a page, checked already, clean and of at most so many bytes.  Raises
    BodyError."""
    from feeds.records.embeds import readable

    resolve = partial(_absolute, base=base)
    return cleaned(readable(html, resolve, has_embedded_lines=False), base, most)


def checked_html(text: str, syntax: str = FULL) -> str:
    """Return a body's HTML, not yet clean, that nh3 can parse within bounds.  Raises BodyError."""
    if len(text) > MOST_BODY // 4 and len(text.encode()) > MOST_BODY:
        raise BodyError(f"at most {MOST_BODY:,} bytes")
    html = body_of(text, syntax)
    if len(html) > MOST_EXPANDED * 2:
        raise BodyError(f"at most {MOST_BODY:,} bytes")
    if len(html) > SHORT or html.count("<") > FEW_TAGS:
        check_nesting(html)
    return html


def flaw_of(text: str, base: str, most: int, syntax: str, pictures: str = "") -> str | None:
    """Return what is wrong with a body that `html_of` refuses."""
    try:
        if text:  # few sites of records alone need the libraries
            html_of(text, base, most, syntax, pictures)
    except BodyError as error:
        return error.expected
    return None


def cleaned(html: str, base: str, most: int = MOST_BODY) -> str:
    """Return HTML without anything that runs, styles or tracks, its addresses absolute against
    `base`.

    Raises BodyError where it comes to more than so many bytes.
    """
    left = most
    # Entries stand on one page: ids of footnotes are those of one entry alone.
    entry = address_digest(base)[:8] if "#" in html else ""

    def filtered(tag: str, attribute: str, value: str) -> str | None:
        nonlocal left
        if attribute not in ADDRESSES and attribute not in ("srcset", "id"):
            return value
        if left < 0:
            return None
        if attribute == "id":
            made = f"{value}-{entry}" if entry and NOTE.fullmatch(value) else None
        elif attribute == "srcset":
            made = _srcset(value, base, left)
        else:
            made = _absolute(value, base, LINK_SCHEMES if tag == "a" else SCHEMES)
            page, _, note = (made or "").partition("#")
            if note and NOTE.fullmatch(unquote(note)) and page == base.partition("#")[0]:
                made = f"{page}#{note}-{entry}"
        left -= len(made or "")
        return made

    has_math = "<math" in html
    # As the last step: text that is changed after it may become a tag.
    made = nh3.clean(
        _without_what_is_no_text(html),
        tags=TAGS | MATH if has_math else set(TAGS),
        attributes=WITH_MATH if has_math else ATTRIBUTES,
        attribute_filter=filtered,
        clean_content_tags=UNSEEN,
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


def _absolute(value: str, base: str, schemes: tuple[str, ...] = SCHEMES) -> str | None:
    try:
        address = urljoin(base, value.strip()) if value.strip() else ""
    except ValueError:
        return None
    return address if address.lower().startswith(schemes) else None


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
