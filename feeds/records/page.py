"""The article in a page of a built site.  In: the bytes of a page, and a CSS selector. Out: the
HTML of the article's body, not yet clean.

Around the text of an article its page has what is of the page: its title again, navigation, forms,
links to headings. These go. Not here: where pages are (sources/built), and how HTML is cleaned
(markup).
"""

from functools import cache

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


@cache
def is_selector(text: str) -> bool:
    """Tell whether a text is a CSS selector (Selectors Level 4) that can be used."""
    try:
        LexborHTMLParser("<p>").css_first(text)
    except SelectolaxError:
        return False
    return True


def article_in(page: bytes, selector: str, title: str) -> str | None:
    """Return the HTML of the article in a page, or None where the selector finds nothing.

    Without a selector SELECTORS are tried in their order. `title` is that of the article, which
    feeds show themselves. Raises BodyError for a page that costs too much to parse.
    """
    html = page.decode("utf-8", "replace")
    check_nesting(html)
    tree = LexborHTMLParser(html)
    for one in [selector] if selector else SELECTORS:
        if (article := tree.css_first(one)) is not None:
            _remove(article.css(OF_PAGE))
            if not selector and one in SELECTORS[2:]:
                _remove(article.css(AROUND))
            heading = article.css_first("h1")
            if heading is not None and _text(heading) == " ".join(title.split()):
                _remove([heading])
            return article.inner_html or ""
    return None


def _remove(nodes: list[LexborNode]) -> None:
    for node in nodes:
        if node.parent is not None:
            node.decompose(recursive=False)  # what is in it may be in the list


def _text(node: LexborNode) -> str:
    return " ".join(node.text().split())
