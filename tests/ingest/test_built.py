"""Bodies taken from the pages of a built site, by `records.built`."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from feeds.config import Config
from feeds.errors import ConfigError
from tests import make
from tests.build.test_static import built
from tests.serve.test_server import serving

PAGE = (
    "<!doctype html><html><body><nav>Menu</nav><article><h1>{title}</h1>{inner}</article>"
    "<footer>Imprint</footer></body></html>"
)
BODY = "*What the source says* {{< shortcode >}}"


def page(config: Config, path: str, inner: str, title: str = "Article 1") -> None:
    """Write a page of the built site."""
    make.write(config.file.parent / "site" / path, PAGE.format(title=title, inner=inner))


def site(folder: Path, more: str = "", **records: str) -> Config:
    """Return a site of a record or more, whose bodies come from a folder `site`."""
    texts: dict[str, str | bytes] = {"1.md": make.record(1, body=BODY), **records}
    (folder / "site").mkdir(parents=True)
    return make.site(folder, texts, f'[records]\nbuilt = "site"\n{more}')


def feed(config: Config, name: str = "feed.atom") -> str:
    """Return a feed as the tree has it after a build."""
    built(config)
    return (config.output_folder / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ["1/index.html", "1.html"])
def test_the_body_is_that_of_the_page_at_the_address(tmp_path: Path, path: str) -> None:
    config = site(tmp_path)
    page(config, path, '<p>Rendered, with a <a href="../x/">link</a>.</p>')
    text = feed(config)
    assert 'Rendered, with a &lt;a href="https://example.org/x/"&gt;link&lt;/a&gt;.' in text
    assert "source says" not in text and "Menu" not in text and "Imprint" not in text
    assert text.count("Article 1") == 1


def test_a_site_below_a_path_of_its_host_is_built_without_it(tmp_path: Path) -> None:
    address = "https://example.org/repository/posts/one/"
    config = site(tmp_path, **{"1.md": make.record(1, webUrl=address)})
    page(config, "posts/one/index.html", "<p>Rendered.</p>")
    assert "Rendered." in feed(config)


def test_a_page_in_another_language_stands_in_for_none(tmp_path: Path) -> None:
    address = "https://example.org/de/one/"
    config = site(tmp_path, **{"1.md": make.record(1, webUrl=address)})
    page(config, "one/index.html", "<p>In English.</p>")
    page(config, "de/two/index.html", "<p>Ein anderer.</p>")
    assert "In English." not in feed(config)


def test_a_page_that_changes_changes_the_feed(tmp_path: Path) -> None:
    config = site(tmp_path)
    page(config, "1.html", "<p>Before.</p>")
    assert "Before." in feed(config)
    page(config, "1.html", "<p>Now it is another.</p>")
    text = feed(config)
    assert "Now it is another." in text and "Before." not in text


def test_a_service_follows_the_pages(tmp_path: Path) -> None:
    config = site(tmp_path)
    page(config, "1.html", "<p>Before.</p>")
    with serving(config) as server:
        assert "Before." in server.get("/feed.atom").text
        page(config, "1.html", "<p>Now it is another.</p>")
        server.until("/feed.atom", lambda answer: "Now it is another." in answer.text)


def test_without_a_page_the_entry_carries_its_excerpt_with_a_warning(tmp_path: Path) -> None:
    config = site(tmp_path)
    done = make.invoke("check", cwd=tmp_path, check=1)
    assert done.stdout == (
        "seeds/1.md:1:1: webUrl: expected a page of the built site at this address, with an"
        " article in it\n"
    )
    text = feed(config)
    assert "What article 1 says." in text and "source says" not in text


def test_without_page_and_excerpt_the_entry_carries_what_its_text_begins_with(
    tmp_path: Path,
) -> None:
    text = "{{< shortcode >}}\n\nThe *first* paragraph.\n\nThe second."
    config = site(tmp_path, **{"1.md": make.record(1, excerpt=None, body=text)})
    found = feed(config, "feed.rss")
    assert "<description>The first paragraph.</description>" in found and "second" not in found


def test_relative_addresses_count_from_the_folder_of_a_page_or_from_its_base(
    tmp_path: Path,
) -> None:
    config = site(tmp_path)
    page(config, "1/index.html", '<p><img src="a.png"></p>')
    assert "https://example.org/1/a.png" in feed(config)
    page(config, "1/index.html", '<p><img src="a.png"></p></article><base href="/b/">')
    assert "https://example.org/b/a.png" in feed(config)


def test_a_page_of_another_host_stands_in_for_none(tmp_path: Path) -> None:
    address = "https://elsewhere.example/1/"
    config = site(tmp_path, **{"1.md": make.record(1, webUrl=address)})
    own = '<link rel="canonical" href="https://example.org/1/">'
    page(config, "1/index.html", f"{own}<p>Ours.</p>")
    text = feed(config)
    assert "Ours." not in text and "What article 1 says." in text


def test_an_article_that_is_not_yet_due_needs_no_page(tmp_path: Path) -> None:
    later = f"{make.NOW + timedelta(days=3650):%Y-%m-%d}"
    site(tmp_path, **{"1.md": make.record(1, publishedDateTime=later)})
    assert make.invoke("check", cwd=tmp_path).stdout == ""


def test_a_page_of_a_hidden_record_is_not_published(tmp_path: Path) -> None:
    config = site(tmp_path, **{"2.md": make.record(2, published="false")})
    page(config, "1.html", "<p>Rendered.</p>")
    page(config, "2.html", f"<p>{make.CANARY}</p>")
    feed(config)
    assert not any(make.CANARY.encode() in one for one in make.tree(config.output_folder).values())


def test_a_page_is_cleaned_and_held_to_bounds(tmp_path: Path) -> None:
    config = site(tmp_path)
    page(config, "1.html", '<p onclick="x()">Text.</p><script>alert(1)</script><style>p{}</style>')
    assert "&lt;p&gt;Text.&lt;/p&gt;</content>" in feed(config)
    page(config, "1.html", "<div>" * 100_000)
    assert "1.md:1:1: webUrl: expected a page of the built site with at most" in (
        make.invoke("check", cwd=tmp_path, check=1).stdout
    )


def test_no_page_is_read_from_elsewhere(tmp_path: Path) -> None:
    address = "https://example.org/%2e%2e/secret"
    config = site(tmp_path, **{"1.md": make.record(1, webUrl=address)})
    make.write(tmp_path / "secret.html", PAGE.format(title="", inner=make.CANARY))
    os.symlink(tmp_path / "secret.html", tmp_path / "site" / "secret.html")
    assert make.CANARY not in feed(config)


def test_a_selector_says_where_the_article_is(tmp_path: Path) -> None:
    config = site(tmp_path, 'select = ".text"\n')
    page(config, "1.html", '<p>Not this.</p><div class="text"><p>This.</p></div>')
    text = feed(config)
    assert "This." in text and "Not this." not in text


def test_without_an_excerpt_it_is_the_first_paragraph_of_the_page(tmp_path: Path) -> None:
    config = site(tmp_path, **{"1.md": make.record(1, excerpt=None)})
    page(config, "1.html", "<p>The first paragraph.</p><p>The second.</p>")
    assert "<description>The first paragraph.</description>" in feed(config, "feed.rss")


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ('built = "public"', "records.built: expected another folder than output.path"),
        ('built = "site"\nselect = "a >"', "records.select: expected a CSS selector"),
    ],
)
def test_what_cannot_be_is_a_fault_of_the_config(tmp_path: Path, keys: str, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        make.site(tmp_path, {}, f"[records]\n{keys}\n")


def test_a_site_that_is_not_built_ends_a_build(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1)}, '[records]\nbuilt = "site"\n')
    assert "build the site first" in make.invoke("build", cwd=tmp_path, check=2).stderr
