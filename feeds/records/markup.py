"""The HTML of a body, cleaned.  In: Markdown or HTML, and the address it belongs to.  Out: HTML
within all bounds.

All HTML passes nh3, whatever wrote it, and every address in it becomes absolute against the
article's own: readers show it far from the page that it was written for. Nothing changes the text
after nh3: what may not be published is taken out before. Not here: what else an entry shows
(render/content).
"""

import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import nh3

from feeds.records.bounds import (
    MOST_BODY,
    MOST_LEVELS,
    html_flaw,
    markdown_flaw,
    may_be_deep,
    references_flaw,
)
from feeds.records.text import NOT_TEXT, WINDOWS

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
# How many characters of HTML a character may come to, at the most.
GROWTH = {"\n": 30, "<": 30, ">": 40, "|": 15, "`": 8, "*": 6, "_": 6, "~": 5, '"': 5, "&": 4}
MANY_DELIMITERS = 100  # of one paragraph: fewer cannot nest deeply
MOST_PASSES = 3


class BodyError(ValueError):
    """A body costs too much to render, or comes to too much.  `expected` says what it may be."""

    def __init__(self, expected: str) -> None:
        super().__init__(f"expected {expected}")
        self.expected = expected


def is_html(text: str) -> bool:
    """Tell whether a body is HTML: it begins with a tag.  Any other is Markdown."""
    return text.startswith("<")


def body_of(text: str) -> str:
    """Return a body's HTML, not yet clean."""
    return text if is_html(text) else str(_markdown().render(text))


def html_of(text: str, base: str, most: int = MOST_BODY) -> str:
    """Return a body's HTML, clean and of at most so many bytes.  Raises BodyError."""
    return cleaned(checked_html(text), base, most)


def checked_html(text: str) -> str:
    """Return a body's HTML, not yet clean, that nh3 can parse within bounds.  Raises BodyError."""
    if len(text) > MOST_BODY // 4 and len(text.encode()) > MOST_BODY:
        raise BodyError(f"at most {MOST_BODY:,} bytes")
    if not is_html(text) and (flaw := markdown_flaw(text)):
        raise BodyError(flaw)
    html = body_of(text)
    # Of Markdown alone no deep HTML is made.
    if ("<" in text or not _has_few_delimiters(text)) and (flaw := html_flaw(html)):
        raise BodyError(flaw)
    return html


def flaw_of(text: str, base: str, most: int = MOST_BODY) -> str | None:
    """Return what is wrong with a body that `html_of` refuses.  It is rendered only where its text
    does not tell."""
    try:
        if _is_safe(text, base, most):
            return None
        html_of(text, base, most)
    except BodyError as error:
        return error.expected
    return None


def _is_safe(text: str, base: str, most: int) -> bool:
    """Tell whether a body's text shows that its HTML is within bounds.  Raises BodyError where it
    is not."""
    if len(text) > MOST_BODY // 4 and len(text.encode()) > MOST_BODY:
        raise BodyError(f"at most {MOST_BODY:,} bytes")
    of_html = is_html(text)
    if not of_html and (flaw := markdown_flaw(text)):
        raise BodyError(flaw)
    if flaw := html_flaw(text):
        if of_html:
            raise BodyError(flaw)
        return False
    if not of_html and may_be_deep(text):
        return False
    addresses = text.count("](")
    if "<" in text:
        addresses += text.count("=")
    if "srcset" in text.lower():
        addresses += text.count(",")
    if "]:" in text:
        addresses += text.count("]")
        longest = max(map(len, text.split("\n\n")))
        if text.count("]") * longest > most // 2:
            return False
    length = len(text) if text.isascii() else 4 * len(text)
    bound = (
        length
        + sum(text.count(mark) * size for mark, size in GROWTH.items())
        + addresses * (len(base) + 20)
    )
    if bound > most:
        return False
    return of_html or _has_few_delimiters(text)


def _has_few_delimiters(text: str) -> bool:
    """Tell whether no paragraph of Markdown has enough emphasis to nest it deeply."""
    if sum(map(text.count, "*_~")) <= MANY_DELIMITERS:
        return True
    return max(sum(map(block.count, "*_~")) for block in text.split("\n\n")) <= MANY_DELIMITERS


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
    if longest and (flaw := references_flaw(state.src, longest)):
        raise BodyError(flaw)


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
