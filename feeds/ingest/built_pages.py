"""Articles whose bodies are taken from the pages of a built site.  In: the reading of a record.
Out: the same with what the page at its address holds, or with a fault.

Title, dates and topics stay those of the record. Not here: where pages are (sources/built), and
what is an article in one (records/page).
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from feeds.config import Config
from feeds.model import Article, digest
from feeds.records import Cost, Fault, Reading
from feeds.records.keys import WEB_URL
from feeds.records.markup import BodyError, html_of_page
from feeds.records.page import article_in
from feeds.records.summary import first_words
from feeds.sources.built import page_at


def with_page(
    config: Config, built: Path, read: Callable[..., Reading], now: datetime, *, with_html: bool
) -> Reading:
    """Return the reading of a record whose article has the body, and if it has none the excerpt,
    of its page.  `read` reads the record, `with_body` or without.

    What cannot be taken from the page is a fault, but for an article that is not yet due: a
    generator may leave it out. The entry carries its excerpt then.
    """
    reading = read(with_body=False)
    article = reading.article
    if article is None:
        return reading
    try:
        html = _html(config, built, article)
    except BodyError as error:
        html, expected = None, f"a page of the built site with {error.expected}"
    else:
        expected = "a page of the built site at this address, with an article in it"
    if html is None:
        if not article.excerpt:
            whole = read(with_body=True).article
            article = article._replace(excerpt=whole.excerpt if whole is not None else "")
        fault = Fault(article.path, 1, 1, WEB_URL, expected, cost=Cost.PART)
        faults = (*reading.faults, fault) if article.is_current(now) else reading.faults
        return reading._replace(article=article._replace(html=""), faults=faults)
    article = article._replace(
        digest=digest(article.digest, html),  # the page may change while the record does not
        html=html if with_html else "",
        excerpt=article.excerpt or first_words(html),
    )
    return reading._replace(article=article)


def _html(config: Config, built: Path, article: Article) -> str | None:
    page = page_at(built, article.link)
    if page is None:
        return None
    found = article_in(page.content, page.address, config.records.select, article.title)
    if found is None:
        return None
    return html_of_page(found.html, found.base, config.feeds.max_entry_bytes)
