"""The article in a page of a built site."""

import pytest

from feeds.records.page import article_in, is_selector

ADDRESS = "https://example.org/a/"
AROUND = (
    "<!doctype html><html><head><title>A title · Site</title></head><body>"
    "<nav>Menu</nav><main><article>{}</article><p>Comments</p></main></body></html>"
)


def found(inner: str, selector: str = "", title: str = "A title") -> str | None:
    """Return what is found in a page, without white space around it."""
    article = article_in(AROUND.format(inner).encode(), ADDRESS, selector, title)
    return None if article is None else article.html.strip()


@pytest.mark.parametrize(
    "inner",
    [
        '<h1>A title</h1><div itemprop="articleBody"><p>Text.</p></div><p>Tags</p>',
        '<h1>A title</h1><div class="post-content e-content"><p>Text.</p></div>',
        "<header><h1>A title</h1><p>1 May</p></header><p>Text.</p><footer>Tags</footer>",
        "<h1>A\n title</h1><p>Text.</p>",
        '<p>Text.</p><script>alert("x")</script><form><button>Like</button></form>',
        "<p>Text.</p><p hidden>Not shown.</p><template><p>Nor this.</p></template>",
        '<p>Text.<a class="headerlink" href="#x">¶</a></p>',
    ],
)
def test_what_is_of_the_page_is_not_of_the_article(inner: str) -> None:
    assert found(inner) == "<p>Text.</p>"


def test_a_selector_of_the_publisher_finds_what_it_says() -> None:
    inner = '<div class="body"><header>Kept</header><p>Text.</p></div>'
    assert found(inner, ".body") == "<header>Kept</header><p>Text.</p>"
    assert found(inner, ".other") is None


def test_a_page_without_an_article_or_a_main_has_none() -> None:
    for page in (b"<p>Text.</p>", b"", b"\xff\xfe\x00"):
        assert article_in(page, ADDRESS, "", "A title") is None


@pytest.mark.parametrize(
    ("head", "base"),
    [
        ("", ADDRESS),
        ('<base href="/other/">', "https://example.org/other/"),
        ('<base target="_blank">', ADDRESS),
        ('<base href="https://cdn.example/x/"><base href="/no/">', "https://cdn.example/x/"),
        ('<base href="javascript:alert(1)">', ADDRESS),
        ('<base href="https://[::1">', ADDRESS),
    ],
)
def test_addresses_count_from_the_base_of_a_page(head: str, base: str) -> None:
    page = f"<html><head>{head}</head><article>Text.</article></html>"
    article = article_in(page.encode(), ADDRESS, "", "A title")
    assert article is not None and article.base == base


@pytest.mark.parametrize(
    ("head", "is_found"),
    [
        ('<link rel="canonical" href="https://example.org/other/">', True),
        ('<link rel="canonical" href="https://www.example.org/">', True),
        ('<link rel="canonical" href="/a/">', True),
        ('<link rel="canonical" href="http://localhost:4000/a/">', True),
        ('<link rel="canonical" href="https://elsewhere.example/a/">', False),
        ('<meta property="og:url" content="https://elsewhere.example/a/">', False),
        (  # published there first
            '<link rel="canonical" href="https://elsewhere.example/a/">'
            '<meta property="og:url" content="https://example.org/a/">',
            True,
        ),
    ],
)
def test_a_page_of_another_host_is_not_that_of_an_article(head: str, is_found: bool) -> None:
    page = f"<html><head>{head}</head><article>Text.</article></html>"
    assert (article_in(page.encode(), ADDRESS, "", "A title") is not None) == is_found


def test_another_heading_than_the_title_stays() -> None:
    assert found("<h1>Another</h1><p>Text.</p>") == "<h1>Another</h1><p>Text.</p>"


@pytest.mark.parametrize("text", ["article", ".e-content", "main > div:nth-child(2)", "#a, #b"])
def test_a_selector_is_known(text: str) -> None:
    assert is_selector(text)


@pytest.mark.parametrize("text", ["", "a >", "div[", "::x"])
def test_no_selector_is_known(text: str) -> None:
    assert not is_selector(text)
