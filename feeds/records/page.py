"""The article in a page of a built site.  In: the bytes of a page, and a CSS selector. Out: the
HTML of the article's body, not yet clean.

Around the text of an article its page has what is of the page: its title again, navigation, forms,
links to headings. These go. Not here: where pages are (sources/built), and how HTML is cleaned
(markup).
"""

from functools import cache
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from feeds.records.markup import check_nesting

# Where an article's text is, the surest first (schema.org, microformats2, HTML).
SELECTORS = ("[itemprop~=articleBody]", ".e-content", "article", "main")
# In the last two of them, which are the page's own, are also the head and the foot of the article.
AROUND = "header, footer, nav, aside"
OF_PAGE = (
    "script, style, template, form, button, dialog, nav, [hidden],"
    " a.headerlink, a.header-anchor, a.heading-anchor, a.hash-link, a.anchor"
)


# What names the address of a page in it, which may be that of a copy elsewhere (RFC 6596).
NAMED_ADDRESSES = (("link[rel~=canonical]", "href"), ("meta[property='og:url']", "content"))
LOCAL = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # of a site built to be tried


class ArticleOfPage(NamedTuple):
    """The HTML of an article, and the address from which the addresses in it count."""

    html: str
    base: str


@cache
def is_selector(text: str) -> bool:
    """Tell whether a text is a CSS selector (Selectors Level 4) that can be used."""
    try:
        LexborHTMLParser("<p>").css_first(text)
    except SelectolaxError:
        return False
    return True


def article_in(page: bytes, address: str, selector: str, title: str) -> ArticleOfPage | None:
    """Return the article in the page at an address, or None where the selector finds nothing, or
    the page says that it is one of another host.

    Without a selector SELECTORS are tried in their order. `title` is that of the article, which
    feeds show themselves. Raises BodyError for a page that costs too much to parse.
    """
    html = page.decode("utf-8", "replace")
    check_nesting(html)
    tree = LexborHTMLParser(html)
    if _is_elsewhere(tree, address):
        return None
    for one in [selector] if selector else SELECTORS:
        if (article := tree.css_first(one)) is not None:
            _remove(article.css(OF_PAGE))
            if not selector and one in SELECTORS[2:]:
                _remove(article.css(AROUND))
            heading = article.css_first("h1")
            if heading is not None and _text(heading) == " ".join(title.split()):
                _remove([heading])
            return ArticleOfPage(article.inner_html or "", _base(tree, address))
    return None


def _base(tree: LexborHTMLParser, address: str) -> str:
    """Return the address from which relative ones count (HTML §2.4.3)."""
    node = tree.css_first("base[href]")
    href = (node.attributes["href"] or "").strip() if node is not None else ""
    try:
        base = urljoin(address, href)
        return base if urlsplit(base).scheme in ("http", "https") else address
    except ValueError:
        return address


def _is_elsewhere(tree: LexborHTMLParser, address: str) -> bool:
    """Tell whether the page names hosts, and not the one of this address."""
    named = set[str]()
    for selector, attribute in NAMED_ADDRESSES:
        for node in tree.css(selector):
            host = _host(node.attributes.get(attribute) or "")
            if host and host not in LOCAL:
                named.add(host)
    return bool(named) and _host(address) not in named


def _host(address: str) -> str:
    try:
        return (urlsplit(address.strip()).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _remove(nodes: list[LexborNode]) -> None:
    for node in nodes:
        if node.parent is not None:
            node.decompose(recursive=False)  # what is in it may be in the list


def _text(node: LexborNode) -> str:
    return " ".join(node.text().split())
