"""Elements of HTML that entries cannot show, made into such as they can.  In: HTML that is not yet
clean, and what makes an address absolute. Out: HTML, not yet clean.

What is embedded becomes a link to its own address. Pictures that a script would load have their
address, pictures without any go, and what stands by for browsers without scripts is as if there
were none. Sound and film can be played. What browsers do not show goes, and of math that stands
there twice the copy for screens.
Most bodies hold none of it: a regular expression finds that out. Not here: what HTML may hold, and
the bounds that are checked before it is parsed (markup).
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from feeds.records.values import words

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

Resolve = Callable[[str], str | None]  # an address made absolute; None where it is of no use

LAZY = {
    "srcset": ("data-srcset", "data-lazy-srcset"),
    "src": ("data-src", "data-lazy-src", "data-original", "data-lazy"),
}
# Each by itself is found several times as quickly as all at once.
SIGNS = (
    re.compile(
        r"<(?:iframe|embed|object|video|audio|noscript|noembed|noframes|math"
        r"|dialog|select|textarea)\b",
        re.IGNORECASE,
    ),
    re.compile(r"data-(?:lazy-)?(?:src|srcset|original|lazy)\s*="),
    re.compile(  # a picture without an address of the web
        r"<img\b(?![^<>]*?\ssrc\s*=\s*[\"']?\s*(?!(?!https?:)[a-z][a-z0-9+.-]*:)[^\s\"'>#])",
        re.IGNORECASE,
    ),
    re.compile(
        r"[\s/\"']hidden(?=[\s=/>])|\b(?:display|visibility)\s*:\s*(?:none|hidden|&)",
        re.IGNORECASE,
    ),
)
# An address on a line of its own, as WordPress embeds it.
LINE_SIGNS = (
    re.compile(r"\n[ \t]*https?://[^\s<>]+[ \t]*(?:\n|\Z|<br)"),
    re.compile(r"<p>\s*https?://[^\s<>]+\s*</p>"),
)
# In the style of an element that is not shown.
NO_DISPLAY = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE
)
NOT_SHOWN = "noembed, noframes, select, textarea, dialog:not([open])"
EMBEDDED = "iframe, embed, object"
ADDRESS_LINE = re.compile(r"^[ \t]*(https?://[^\s<>]+)[ \t]*$", re.MULTILINE)
FIRST_CANDIDATE = re.compile(r"[^\s,](?:\S*[^\s,])?")  # of a srcset
PHRASING = words("a abbr b cite dt em h1 h2 h3 h4 h5 h6 i label p q s small span strong summary u")
VERBATIM = words("a button code kbd pre samp script style textarea")


def readable(html: str, resolve: Resolve, *, has_embedded_lines: bool) -> str:
    """Return HTML in which all that an entry cannot show is something else.

    `has_embedded_lines`: an address on a line of its own is one to be embedded.
    """
    lines = f"\n{html}"
    has_lines = has_embedded_lines and any(sign.search(lines) for sign in LINE_SIGNS)
    if not has_lines and not any(sign.search(html) for sign in SIGNS):
        return html
    from selectolax.lexbor import LexborHTMLParser  # few sites need it

    tree = LexborHTMLParser(f"<body>{html}")
    body = tree.body
    assert body is not None
    for node in body.css("[hidden], [style]"):
        if _is_hidden(node):
            _remove(node)
    if body.css_first("math"):
        for copy in body.css("[aria-hidden=true]"):
            _remove(copy)
    for node in body.css("img, source, iframe, video, audio, embed"):
        _load(node)
    _show_alternatives(body, resolve)
    for node in body.css(NOT_SHOWN):
        _remove(node)
    for node in body.css(EMBEDDED):
        _link_embedded(tree, node, resolve)
    for node in body.css("video, audio"):
        node.attrs["controls"] = ""
    for node in body.css("img"):
        if not _has_address(node, resolve):
            _remove(node)
    if has_lines:
        _link_lines(tree, body, resolve)
    return body.inner_html or ""


def _remove(node: "LexborNode") -> None:
    if node.parent is not None:
        # What is in it is not freed: it may be in a list that is gone through.
        node.decompose(recursive=False)


def _is_hidden(node: "LexborNode") -> bool:
    attributes = node.attributes
    return "hidden" in attributes or bool(NO_DISPLAY.search(attributes.get("style") or ""))


def _load(node: "LexborNode") -> None:
    """Give an element the addresses that a script would give it."""
    attributes = node.attributes
    for name, lazy in LAZY.items():
        if address := next(filter(None, map(attributes.get, lazy)), None):
            node.attrs[name] = address
            # Readers that know one size alone would show what stands there for a while.
            if (
                name == "srcset"
                and node.tag == "img"
                and (found := FIRST_CANDIDATE.search(address))
            ):
                node.attrs["src"] = found[0]


def _show_alternatives(body: "LexborNode", resolve: Resolve) -> None:
    """Show what stands by for browsers without scripts, but no picture twice."""
    within = {node.mem_id for node in body.css("noscript img")}
    pictures = (node for node in body.css("img") if node.mem_id not in within)
    shown = {(_address(node, resolve) or "").partition("?")[0] for node in pictures}
    for node in body.css("noscript img, noscript iframe"):
        if _is_pixel(node) or (_address(node, resolve) or "").partition("?")[0] in shown:
            _remove(node)
    for node in body.css("noscript"):
        node.unwrap()


def _is_pixel(node: "LexborNode") -> bool:
    """Tell whether an element is there to count readers, and not to be seen."""
    return node.attributes.get("width") in ("0", "1") and node.attributes.get("height") in (
        "0",
        "1",
    )


def _address(node: "LexborNode", resolve: Resolve) -> str | None:
    said = (node.attributes.get(name) or "" for name in ("src", "data", "value"))
    # One that begins with `#` is a place in the article itself.
    found = (resolve(one) for one in said if not one.strip().startswith("#"))
    return next(filter(None, found), None)


def _link_embedded(tree: "LexborHTMLParser", node: "LexborNode", resolve: Resolve) -> None:
    """Put a link to what is embedded in its place, before what an object holds beside it."""
    inner = node.css(f"{EMBEDDED}, param[name=movie], param[name=src]")
    address = next(filter(None, (_address(one, resolve) for one in [node, *inner])), None)
    for one in inner:
        if one != node:
            _remove(one)
    if address and node.parent is not None and not _is_pixel(node):
        _insert_link(tree, node, address, node.attributes.get("title") or "")
    if node.tag == "object" and (not address or node.css_first("img")):
        node.unwrap()
    _remove(node)


def _insert_link(
    tree: "LexborHTMLParser", before: "LexborNode", address: str, title: str = ""
) -> None:
    """Insert a link with a title, or else the host of its address."""
    link = tree.create_node("a")
    link.attrs["href"] = address
    link.insert_child(title.strip() or urlsplit(address).hostname or address)
    if before.parent is not None and before.parent.tag not in PHRASING:
        paragraph = tree.create_node("p")
        paragraph.insert_child(link, move=True)
        link = paragraph
    elif before.prev is not None:
        before.insert_before(" ")
    before.insert_before(link, move=True)


def _has_address(picture: "LexborNode", resolve: Resolve) -> bool:
    """Tell whether a picture has an address; one that is in several sizes alone gets the first."""
    if _address(picture, resolve):
        return True
    is_within = picture.parent is not None and picture.parent.tag == "picture"
    source = picture.parent.css_first("source") if picture.parent and is_within else None
    for one in filter(None, (picture, source)):
        found = FIRST_CANDIDATE.search(one.attributes.get("srcset") or "")
        if found and resolve(found[0]):
            picture.attrs["src"] = found[0]
            return True
    return False


def _link_lines(tree: "LexborHTMLParser", body: "LexborNode", resolve: Resolve) -> None:
    """Make links of addresses that stand on lines of their own."""
    for node in list(body.traverse(include_text=True)):
        text = (node.text_content or "") if node.is_text_node else ""
        if "://" not in text or not ADDRESS_LINE.search(text) or _is_verbatim(node):
            continue
        for number, part in enumerate(ADDRESS_LINE.split(text)):
            if number % 2 and resolve(part):
                _insert_link(tree, node, part)
            elif part:
                node.insert_before(part)
        _remove(node)


def _is_verbatim(node: "LexborNode") -> bool:
    around = node.parent
    while around is not None and around.tag not in VERBATIM:
        around = around.parent
    return around is not None
