"""Markdown to HTML, not yet clean.  In: the text of a body, and its dialect.

CommonMark with tables and strikethrough is the plain dialect. The full one, which is the default,
adds what generators understand beyond it: footnotes, definition and task lists, bare addresses as
links, admonitions, attribute lists, which are taken away, and math, which stays the TeX that it is.
A body without a sign of these takes the plain parser, which is quicker. Not here: what its HTML may
hold (markup).
"""

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from feeds.records.markup import FULL, MOST_EXPANDED, BodyError
from feeds.records.values import words

if TYPE_CHECKING:
    from linkify_it import LinkifyIt
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererHTML
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_core import StateCore
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

# of Markdown's elements in each other, each list being two: markdown-it drops what is deeper
MOST_LEVELS = 20
MOST_MARKS = 30_000  # characters that mean something to Markdown, the cells of tables among them
MOST_SEARCHED = 10_000_000  # characters, a paragraph once for each of its addresses
MOST_ADDRESSES = 10_000  # that become links
MOST_NOTES = 50  # footnotes within a paragraph, each perhaps in another
MOST_LONG_LABELS = 20  # of footnotes

MARKS = "\n*_`[]!<&|~\\:#-+>"
MORE_MARKS = "${^"  # that mean something to the full dialect alone
ADMONITION_TITLE = {
    "admonition_title_open": "<p><strong>",
    "admonition_title_close": "</strong></p>\n",
}
BLANK = re.compile(r"\n[ \t]*\n")
DELIMITERS = re.compile(r"^[ \t>*+0-9.)|:-]+$", re.MULTILINE)
LONG_LABEL = re.compile(r"\[\^(?=[^\s\]]{100})")

# One of these is in whatever the full dialect reads otherwise than CommonMark: a character, and
# what to look for where there is one. Each by itself is found several times as quickly.
SIGNS = {
    "$": re.compile(r"\$"),
    "^": re.compile(r"\[\^|\^\["),
    "{": re.compile(r"\{[ ]?[:#.]|[)\]`*_]\{"),
    "\\": re.compile(r"\\[(\[]"),
    "!": re.compile(r"!(?:!!|(?<=\[!))"),
    "?": re.compile(r"\?\?\?"),
    "]": re.compile(r"\[[ xX]\][ \t]"),
    ":": re.compile(r":::"),
    "/": re.compile(
        r"://(?<![<\"'=]ftp://)(?<![<\"'=]http://)(?<![<\"'=]https://)"
        r"(?<!\]\(ftp://)(?<!\]\(http://)(?<!\]\(https://)"
    ),
    ".": re.compile(r"www\."),
    "\n": re.compile(r"\n[ \t>]*[:~][ \t]"),
}
# `$5 and $10` is no math: it neither begins nor ends with white space, and no digit follows.
MATH = re.compile(
    r"\$\$(?:[^$\\]|\\.|\$(?!\$))++\$\$|\$(?![\s$])(?:[^$\\]|\\.)*+(?<!\s)\$(?!\d)"
    r"|\\\((?:[^\\]|\\[^()])*+\\\)",
    re.DOTALL,
)
_name = r"[\w:-][\w:.-]*+"
_sure = rf"(?:[#.]{_name}|{_name}=(?:\"[^\"\n]*+\"|'[^'\n]*+'|{_name}%?))"
_more = rf"(?:[ ]+(?:{_sure}|{_name}))*+[ ]*"
# Of kramdown, where a name alone is one too, or of others.
ATTRIBUTES = re.compile(rf"\{{(?:(::?)[ ]*/?(?:{_sure}|{_name})?{_more}/?|[ ]*{_sure}{_more})\}}")
CLOSING = tuple(")]`*_~>")  # what an attribute list follows directly
ALERT = re.compile(r"\[!([A-Za-z][\w-]*)\][+-]?(?![^ \t\n])[ \t]*([^\n]*)\n?")
CONTAINER = re.compile(r"[ ]*\{?\.?([A-Za-z][\w-]*)[^}\[\] ]*\}?(?:[ ]*\[(.*)\]|[ ]+(.*?))?[ :]*")
MATH_ENDS = {"$$": "$$", "\\[": "\\]"}
NESTED = words(
    "blockquote_open list_item_open bullet_list_open ordered_list_open dl_open dd_open"
    " admonition_open container_admonition_open footnote_reference_open"
)
ANYWHERE: "RuleOptionsType" = {"alt": ["paragraph", "reference", "blockquote", "list"]}


def render(text: str, dialect: str = FULL) -> str:
    """Return the HTML of Markdown.  Raises BodyError where it costs too much."""
    if dialect == FULL and any(one in text and sign.search(text) for one, sign in SIGNS.items()):
        _check(text, MARKS + MORE_MARKS)
        return str(_full_parser().render(text))
    _check(text, MARKS)
    return str(_parser().render(text))


def _check(text: str, marks: str) -> None:
    """Raise BodyError for a body that costs too much to render."""
    if len(text) > MOST_MARKS and sum(map(text.count, marks)) > MOST_MARKS:
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


def _made() -> "MarkdownIt":
    from markdown_it import MarkdownIt  # loads slowly, and many sites have no bodies

    made = MarkdownIt("commonmark", {"html": True, "maxNesting": MOST_LEVELS})
    made.enable(["table", "strikethrough"])
    made.core.ruler.before("inline", "bounds", _check_blocks)
    # Every link is one: where it may lead is decided when HTML is cleaned.
    made.validateLink = lambda _: True  # type: ignore[assignment, method-assign]
    return made


_parser = cache(_made)


@cache
def _full_parser() -> "MarkdownIt":
    from mdit_py_plugins.admon import admon_plugin
    from mdit_py_plugins.container import container_plugin
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    made = _made()
    made.options.update({"linkify": True, "tasklists": True})
    made.enable("linkify")
    made.linkify = _link_finder()
    made.use(footnote_plugin).use(deflist_plugin)
    made.use(admon_plugin, _render_quotation)
    made.block.ruler.at("admonition", _admonition, ANYWHERE)
    made.use(container_plugin, "admonition", validate=_is_container, render=_render_quotation)
    made.core.ruler.after("bounds", "paragraphs", _check_paragraphs)
    made.core.ruler.after("bounds", "labels", _label_quotations)
    made.block.ruler.before("fence", "math_block", _math_block, ANYWHERE)
    made.block.ruler.before("fence", "attributes", _attribute_line, ANYWHERE)
    made.inline.ruler.before("escape", "math", _math)
    made.inline.ruler.before("escape", "attributes", _attribute_list)
    made.add_render_rule("list_item_open", _render_item)
    made.add_render_rule("math_block", _render_math)
    return made


def _check_blocks(state: "StateCore") -> None:
    """Raise BodyError where blocks are in each other too deeply, and before links come to too
    much."""
    if any(token.level >= MOST_LEVELS - 1 and token.type in NESTED for token in state.tokens):
        raise BodyError(f"at most {MOST_LEVELS} levels of lists and quotations")
    references = state.env.get("references", {}).values()
    longest = max((len(one["href"]) + len(one["title"]) for one in references), default=0)
    if state.src.count("]") * longest > MOST_EXPANDED:
        raise BodyError(f"reference links that come to at most {MOST_EXPANDED:,} characters")


def _check_paragraphs(state: "StateCore") -> None:
    """Raise BodyError where addresses and notes would have a paragraph searched too often."""
    addresses = searched = 0
    for text in (token.content for token in state.tokens if token.type == "inline"):
        notes = text.count("^[")  # each is parsed again, with those in it
        searched += len(text) * (text.count("://") + 20 * notes)
        for word in text.lower().split() if "." in text else ():
            found = word.count("://") + word.count("www.")
            addresses += found
            searched += 20 * len(word) * found  # each may go to the end of the word
        if notes > MOST_NOTES or searched > MOST_SEARCHED or addresses > MOST_ADDRESSES:
            raise BodyError("fewer addresses and notes in a paragraph")
    if sum(1 for _ in LONG_LABEL.finditer(state.src)) > MOST_LONG_LABELS:
        raise BodyError("footnotes with short labels")


def _link_finder() -> "LinkifyIt":
    """Return what finds bare addresses: those with a scheme or `www.`, since README.md is none."""
    from linkify_it import LinkifyIt

    def validate(self: Any, text: str, at: int) -> int:
        rest = self.re["src_host_port_strict"] + self.re["src_path"]
        found = re.compile(rf"(?=[^\s/]+\.){rest}", re.IGNORECASE).match(text, at)
        return len(found[0]) if found else 0

    def normalize(_: Any, link: Any) -> None:
        link.url = f"http://{link.url}"

    made = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
    made.pretest = lambda text: "://" in text or "www." in text.lower()
    made.add("//", None).add("mailto:", None)
    return made.add("www.", {"validate": validate, "normalize": normalize})


def _admonition(state: "StateBlock", first: int, last: int, silent: bool) -> bool:
    """Take an admonition.  `!!! Nice work` with nothing indented below it is a sentence."""
    from mdit_py_plugins.admon.index import admonition

    title = _line(state, first).lstrip("!?+ ")
    if " " in title and '"' not in title:
        below = next((one for one in range(first + 1, last) if _line(state, one)), None)
        if below is None or state.sCount[below] < state.blkIndent + 4:
            return False
    return admonition(state, first, last, silent)


def _label_quotations(state: "StateCore") -> None:
    """Give containers their title, and quotations that begin with `[!NOTE]` theirs."""
    made: list[Token] = []
    for number, token in enumerate(state.tokens):
        before = made[-2].type if len(made) > 1 else ""
        if token.type == "container_admonition_open" and (found := CONTAINER.fullmatch(token.info)):
            made += [token, *_title(found[2] or found[3] or found[1].capitalize())]
        elif (token.type, before) == ("inline", "blockquote_open") and (
            found := ALERT.match(token.content)
        ):
            paragraph = made.pop()
            token.content = token.content[found.end() :]
            paragraph.hidden = state.tokens[number + 1].hidden = not token.content
            made += [*_title(found[2] or found[1].capitalize()), paragraph, token]
        else:
            made.append(token)
    state.tokens = made


def _title(text: str) -> list["Token"]:
    from markdown_it.token import Token

    inline = Token("inline", "", 0, content=text, children=[])
    return [
        Token("admonition_title_open", "p", 1),
        inline,
        Token("admonition_title_close", "p", -1),
    ]


def _is_container(after: str, _: str) -> bool:
    return CONTAINER.fullmatch(after) is not None


def _render_quotation(
    renderer: "RendererHTML", tokens: Sequence["Token"], at: int, options: Any, env: Any
) -> str:
    """Return the tag of an admonition, which is a quotation, or of its title."""
    token = tokens[at]
    if token.type in ADMONITION_TITLE:
        return ADMONITION_TITLE[token.type]
    token.tag, token.attrs = "blockquote", {}
    return renderer.renderToken(tokens, at, options, env)


def _render_item(
    renderer: "RendererHTML", tokens: Sequence["Token"], at: int, options: Any, env: Any
) -> str:
    """Return the tag of an item of a list, and its box as a character: entries have no forms."""
    tag, is_done = renderer.renderToken(tokens, at, options, env), tokens[at].meta.get("checked")
    return tag if is_done is None else tag + ("☑ " if is_done else "☐ ")


def _render_math(renderer: "RendererHTML", tokens: Sequence["Token"], at: int, *_: Any) -> str:
    return f"<p>{escape(tokens[at].content, quote=False)}</p>\n"


def _math_block(state: "StateBlock", first: int, last: int, silent: bool) -> bool:
    """Take lines from `$$` to `$$`, or from `\\[` to `\\]`, as they are: with blank ones among them
    where these stand alone."""
    if state.is_code_block(first):
        return False
    at, rest = first, _line(state, first)
    mark, rest = rest[:2], rest[2:]
    is_alone = not rest
    if mark not in MATH_ENDS or (rest and mark != "$$"):
        return False
    while not rest.endswith(MATH_ENDS[mark]):
        at += 1
        if mark in rest or at >= last or (rest and state.sCount[at] < state.blkIndent):
            return False
        rest = _line(state, at)
        if not rest and not is_alone:
            return False
    if not silent:
        state.line = at + 1
        token = state.push("math_block", "", 0)
        token.content = state.getLines(first, state.line, state.blkIndent, False).strip()
    return True


def _attribute_line(state: "StateBlock", first: int, last: int, silent: bool) -> bool:
    """Take a line of attributes away, or the end of a container that has ended."""
    line = _line(state, first)
    is_one = line.startswith("{") and ATTRIBUTES.fullmatch(line) is not None
    if state.is_code_block(first) or not (is_one or (line and not line.strip(":") and line[2:])):
        return False
    if not silent:
        state.line = first + 1
    return True


def _line(state: "StateBlock", number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()


def _math(state: "StateInline", silent: bool) -> bool:
    """Take math as it is: what it holds is no emphasis, no link and no escape."""
    if state.src[state.pos] not in "$\\":
        return False
    found = MATH.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        token = state.push("text_special", "", 0)
        token.content = token.markup = found[0]
        token.info = "math"
    state.pos = found.end()
    return True


def _attribute_list(state: "StateInline", silent: bool) -> bool:
    """Take attributes away: after an element, or at the end of a line."""
    at = state.pos
    if state.src[at] != "{":
        return False
    found = ATTRIBUTES.match(state.src, at, state.posMax)
    if found is None:
        return False
    is_after = at > 0 and state.src.startswith(CLOSING, at - 1)
    is_last = found[0][1:].lstrip()[0] in "#." and state.src[found.end() : found.end() + 1] in "\n"
    if not (is_after or is_last or found[1]):
        return False
    if not silent:
        state.pending = state.pending.rstrip(" ")
    state.pos = found.end()
    return True
