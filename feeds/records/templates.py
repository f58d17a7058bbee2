"""The tags of template languages in a body: Liquid, Go templates and shortcodes, MDX.  Pure.

In: the text of a body, without what its author hides. Out: the text with what is simple done as the
generator does it, and without the rest; whether anything was left out for that. Code keeps what it
holds. Not here: which passages nobody may see, and what is code (passages).
"""

import re
from collections.abc import Sequence
from html import escape
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from feeds.records.markdown import MATH
from feeds.records.markup import FULL, HTML, TAGS
from feeds.records.passages import EMPTY, in_code
from feeds.records.plain_text import excerpt_text

# No tag begins in another, and none ends in the next paragraph.
_inside = r"(?!\{\{|\{%|\n[ \t]*\n)."
_shortcode = r"\{\{[<%](?P<shortcode>(?:(?![>%]\}\})" + _inside + r")*+)[>%]\}\}"
# Neither TeX nor an object of JavaScript as the value of an attribute.
_begin = r"(?<![\\^_])\{\{(?!(?<==\{\{)\s*[\w'\"]+\s*:)"
_text = r"\"[^\"\n}]*+\"|'[^'\n}]*+'"
_output = _begin + rf"(?P<output>(?:{_text}|(?!\}}\}}){_inside})*+)\}}\}}"
_liquid = r"\{%(?P<liquid>(?:(?!%\})" + _inside + r")*+)%\}"
TOKENS = re.compile(f"{_shortcode}|{_output}|{_liquid}", re.DOTALL)
ARGUMENTS = re.compile(
    r"(?:([\w-]+)[ ]*=[ ]*)?(?:\"([^\"]*)\"|'([^']*)'|`([^`]*)`|([^\s\"'`=,|]+))"
)
# What is escaped begins no math: so the search takes no square of time.
MATH_OR_ESCAPE = re.compile(rf"\\[^(]|{MATH.pattern}", re.DOTALL)
RAW = ("raw", "verbatim")
RAW_TAG = re.compile(r"\{%[-~+]?\s*(?:end)?(?:raw|verbatim)\s*[-~+]?%\}")
PAIRED = (*RAW, "highlight")
LINKS = {
    "gist": "https://gist.github.com/{}",
    "instagram": "https://www.instagram.com/p/{}",
    "tweet": "https://x.com/{}",
    "vimeo": "https://vimeo.com/{}",
    "x": "https://x.com/{}",
    "youtube": "https://www.youtube.com/watch?v={}",
}
POSTS = ("tweet", "x")
FIGURES = ("figure", "image", "img")
REFERENCES = ("ref", "relref")
OF_THE_SITE = re.compile(r"(?:relative|absolute)_url|(?:rel|abs)URL|url|prepend:\s*site\.baseurl")
LITERAL = re.compile(r"\s*(?:\"([^\"]*)\"|'([^']*)')\s*")

_braces = r"\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*+\})*+\})*+\}"
# Elements of MDX, and those of HTML with an expression for an attribute.
JSX = (
    r"</?(?P<element>[A-Z][\w.]*|[a-z]\w*(?=[^<>]*=\{))(?:\s+(?:[\w:-]+(?:=(?:\"[^\"]*\"|'[^']*'"
    rf"|{_braces}))?|{_braces}))*+\s*/?>"
)
MODULE = (
    r"^(?:import\s+(?:[^'\"\n;{}]*(?:\{[^{}'\"]*\})?\s*from\s*)?['\"][^'\"\n]+['\"];?[ \t]*$"
    r"|(?P<export>export)\s+(?:(?:const|let|var)\s+[^\n=]+=|(?:default\s+)?(?:async\s+)?function\b"
    r"|(?:default\s+)?class\b|default\s+(?:[\w.]+;?$|[({\[])|\{|\*)[^\n]*)"
)
PARAGRAPH = re.compile(r"(?:\n(?![ \t]*$)[^\n]*)*+", re.MULTILINE)  # to its end
CONTENTS = (  # where kramdown and others put a table of contents
    r"^(?:[*+-]|1\.)[ \t]+[^\n]*\n\{:[ \t]*toc[^}\n]*\}[ \t]*$"
    r"|^\[{1,2}_?(?:TOC|toc)_?\]{1,2}[ \t]*$"
)
# Of WordPress: an address that is to be embedded.
EMBED = r"\[embed[^\[\]\n]*\]\s*(?P<address>https?://[^\s\[\]<>()]+)\s*\[/embed\]"
OF_MDX = re.compile(
    rf"(?P<module>{MODULE})|(?P<jsx>{JSX})|(?P<contents>{CONTENTS})|(?P<embed>{EMBED})",
    re.MULTILINE,
)
BRACKETS = re.compile(r"[({\[]|[)}\]]")
EXPRESSIONS = re.compile(
    r"^[ \t]*\{(?:[^{}\n]|\{[^{}\n]*+\})*+\}[ \t]*$"
    r"|\{(?:'[^'\n]*'|\"[^\"\n]*\"|(?<![\w\\^_}$]\{)[A-Za-z_]\w*(?:\.\w+)*+)\}",
    re.MULTILINE,
)
BRACED = re.compile(rf"\s(?:([\w:-]+)=)?({_braces})")
LITERALS = ("src", "href", "alt", "title")  # attributes of which a text in braces is of use
QUOTED = re.compile(r"[\"'`]([^\"'`]*)[\"'`]")
# One of these is in a body that says something in a template language.
SIGNS = ("{{", "{%", "\nimport ", "\nexport ", "{:toc", "{: toc", "TOC]", "toc]", "={", "[/embed]")
ELEMENT = re.compile(r"<[A-Z]")


class Template(NamedTuple):
    """A tag of a template: its name, what follows it, with and without a name."""

    name: str
    values: list[str]
    named: dict[str, str]


def has_templates(text: str) -> bool:
    """Tell whether a body may say something in a template language."""
    begins = text.startswith(("import ", "export "))
    return begins or any(sign in text for sign in SIGNS) or ELEMENT.search(text) is not None


def without_templates(
    text: str, syntax: str, path: str, *, acts_in_code: bool, baseurl: str = ""
) -> tuple[str, bool]:
    """Return a body as its generator would show it, as far as that is simple, and whether anything
    was left out.

    `acts_in_code`: a template is run before Markdown is read. `baseurl` is the path of the site.
    """
    text, is_left_out = _filled(text, syntax, acts_in_code, baseurl)
    if syntax == HTML:
        return text, is_left_out
    text, is_mdx = _without(text, syntax, OF_MDX)
    if is_mdx or path.lower().endswith(".mdx"):
        text, _ = _without(text, syntax, EXPRESSIONS)
    return text.strip(), is_left_out or is_mdx


def _without(text: str, syntax: str, pattern: re.Pattern[str]) -> tuple[str, bool]:
    """Return a text without what is MDX outside code, and whether a module or an element was."""
    found = pattern.finditer(text)
    tokens = [one for one in found if not _is_html(one) or "{" in one[0]]
    code = in_code(text, tokens, syntax) if tokens else ()
    shown, at, is_mdx, may_go_on = [], 0, False, True
    for token in tokens:
        if token.start() in code or token.start() < at:
            continue
        shown.append(text[at : token.start()])
        at = token.end()
        if _is_html(token):
            shown.append(BRACED.sub(_attribute, token[0]))
        if token.groupdict().get("export"):
            end = _end_of_brackets(text, token.start()) if may_go_on else None
            may_go_on = end is not None  # else each export would be gone through to the end
            rest = PARAGRAPH.match(text, max(at, end or 0))
            at = rest.end() if rest else at
        if address := token.groupdict().get("address"):
            shown.append(f"[{urlsplit(address).hostname or address}](<{address}>)")
        is_mdx = is_mdx or token.lastgroup not in ("contents", "embed")
    return "".join([*shown, text[at:]]), is_mdx


def _end_of_brackets(text: str, at: int) -> int | None:
    """Return the end of the line in which all brackets of a statement are closed; None where they
    are not."""
    end, depth = _end_of_line(text, at), 0
    for bracket in BRACKETS.finditer(text, at):
        if depth == 0 and bracket.start() >= end:
            break
        depth += 1 if bracket[0] in "({[" else -1
        end = max(end, bracket.end())
    return None if depth else _end_of_line(text, end)


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _is_html(token: re.Match[str]) -> bool:
    element = token.groupdict().get("element")
    if element is None or element.lower() not in TAGS:
        return False
    return element.islower() or "{" not in token[0]


def _attribute(braced: re.Match[str]) -> str:
    """Return an attribute of HTML for one of JSX, if it holds a text: `require("a.png")`."""
    text = QUOTED.search(braced[2]) if braced[1] in LITERALS else None
    return f' {braced[1]}="{escape(text[1])}"' if text else ""


def _filled(text: str, syntax: str, acts_in_code: bool, baseurl: str) -> tuple[str, bool]:
    """Return a text with what its tags stand for, and whether any of them was left out."""
    tokens = list(TOKENS.finditer(text))
    if not tokens:
        return text, False
    code = in_code(text, tokens, syntax)
    if not acts_in_code and syntax == FULL:
        code = {*code, *_in_math(text, tokens)}
    tags = [_template(token) for token in tokens]
    last = {tag.name: number for number, tag in enumerate(tags)}
    shown: list[str] = []
    at, is_left_out = 0, False
    for number, (token, tag) in enumerate(zip(tokens, tags, strict=True)):
        is_escaped = tag.name.startswith("/*")
        stays = token.start() in code and not (acts_in_code and tag.name in RAW) and not is_escaped
        if token.start() < at or stays:
            continue
        shown.append(text[at : token.start()])
        at = token.end()
        ends = (f"end{tag.name}", f"/{tag.name}")
        if tag.name in PAIRED and any(last.get(end, -1) > number for end in ends):
            end = next(n for n in range(number + 1, len(tags)) if tags[n].name in ends)
            inner = text[at : tokens[end].start()]
            shown.append(inner if tag.name in RAW else _code(inner, tag.values))
            at = tokens[end].end()
        elif is_escaped:
            shown.append(re.sub(r"/\*|\*/", "", token[0]))
        elif token["output"] is not None:
            made = _written(token["output"], baseurl)
            shown.append(made or "")
            is_left_out = is_left_out or made is None
        else:
            made = _made(tag, baseurl)
            shown.append(made or "")
            is_left_out = is_left_out or (made is None and not tag.name.startswith(("/", "end")))
    return "".join([*shown, text[at:]]), is_left_out


def _in_math(text: str, tokens: Sequence[re.Match[str]]) -> set[int]:
    """Return where tokens begin that are braces of TeX."""
    spans = (one.span() for one in MATH_OR_ESCAPE.finditer(text) if len(one[0]) > 2)
    found = set[int]()
    start = end = 0
    for token in tokens:
        while end <= token.start() and (span := next(spans, None)):
            start, end = span
        if start < token.start() < end and token["output"] is not None:
            found.add(token.start())
    return found


def _template(token: re.Match[str]) -> Template:
    inside = (token["shortcode"] or token["liquid"] or "").strip(" \t\n-~+")
    name, _, rest = inside.partition(" ")
    if name == "include":
        name, _, rest = rest.strip().partition(" ")
        name = name.rpartition("/")[2].removesuffix(".html")
    values, named = [], {}
    for found in ARGUMENTS.finditer(rest):
        value = next((part for part in found.groups()[1:] if part is not None), "")
        if found[1]:
            named[found[1]] = value
        else:
            values.append(value)
    return Template(name.strip(), values, named)


def _made(tag: Template, baseurl: str) -> str | None:
    """Return what a tag stands for, or None where that is not known here."""
    value = next(iter((*tag.values, *tag.named.values())), "")
    if tag.name in FIGURES and (address := tag.named.get("src") or next(iter(tag.values), "")):
        return _figure(tag, address)
    if value.startswith(("https://", "http://")) and tag.name in (*LINKS, "embed"):
        return _link(value)
    if tag.name in LINKS and value:
        known = tag.named.get("id", tag.values[-1] if tag.values else value)
        parts = tag.values[:2] if tag.name == "gist" and tag.values else [known]
        if tag.name in POSTS:
            parts = [tag.named.get("user", "i"), "status", known]
        return _link(LINKS[tag.name].format(quote("/".join(parts))))
    if tag.name in REFERENCES and value:
        return _reference(tag.named.get("path", value), baseurl)
    return None


def _link(address: str) -> str:
    return f'<a href="{escape(address)}">{escape(address.split("/")[2])}</a>'


def _figure(tag: Template, address: str) -> str:
    caption = excerpt_text(tag.named.get("caption") or tag.named.get("title") or "")
    alt = tag.named.get("alt") or caption
    below = f"<figcaption>{escape(caption, quote=False)}</figcaption>" if caption else ""
    return f'<figure><img src="{escape(address)}" alt="{escape(alt)}">{below}</figure>'


def _reference(path: str, baseurl: str) -> str:
    """Return the address of another page as Hugo makes it by default: a folder of its name."""
    page, mark, part = path.partition("#")
    page = re.sub(r"(?:(?:^|/)_?index)?\.(?:md|html)$", "", page)
    if page:
        page = f"{baseurl}/{page.strip('/')}/" if "/" in page else f"../{page}/"
    return page + mark + part


def _written(inside: str, baseurl: str) -> str | None:
    """Return what an output stands for: an address of the site, or the text that it is."""
    value, *filters = inside.strip(" \t\n-").split("|")
    if value.strip() in ("site.baseurl", ".Site.BaseURL", "site.BaseURL") and not filters:
        return baseurl
    if value.strip() == "site.url" and not filters:
        return ""
    literal = LITERAL.fullmatch(value)
    if literal is None:
        return None
    text = literal[1] or literal[2] or ""
    if any(OF_THE_SITE.fullmatch(one.strip()) for one in filters):
        return f"{baseurl}/{text.lstrip('/')}" if "://" not in text else text
    return text


def _code(inner: str, values: Sequence[str]) -> str:
    language = re.sub(r"[^\w+#.-]", "", values[0]) if values else ""
    named = f' class="language-{language}"' if language else ""
    code = escape(RAW_TAG.sub("", inner).replace(EMPTY, "").strip("\n"), quote=False)
    return f"<pre><code{named}>{code}\n</code></pre>\n"
