"""What a file's path says, and text as part of an address."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records.fields import address_part, is_aside, named
from feeds.urls import web_address

MAY_DAY = ("2024", "05", "01")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("title.md", ("title", "title", None)),
        ("a/b/title.markdown", ("a/b/title", "title", None)),
        ("2024-05-01-title.md", ("title", "title", MAY_DAY)),
        ("a/2024-05-01-title.md", ("a/title", "title", MAY_DAY)),
        ("2024/05/01/title.md", ("2024/05/01/title", "title", MAY_DAY)),
        ("2024-05-01-title/index.md", ("title", "title", MAY_DAY)),
        ("2024-5-1-title.md", ("title", "title", ("2024", "5", "1"))),
        ("2024-05-01.md", ("2024-05-01", "2024-05-01", MAY_DAY)),
        ("posts/trip/index.md", ("posts/trip", "trip", None)),
        ("index.md", ("index", "index", None)),
        ("2024-title.md", ("2024-title", "2024-title", None)),
        ("12024-05-01-title.md", ("12024-05-01-title", "12024-05-01-title", None)),
        ("v1.2.md", ("v1.2", "v1.2", None)),
    ],
)
def test_a_path_says_a_date_and_a_slug(path: str, said: tuple[str, str, object]) -> None:
    found = named(path)
    assert (found.path, found.slug, found.day) == said


@pytest.mark.parametrize(
    ("path", "aside"),
    [
        ("_index.md", True),
        ("a/_index.md", True),
        ("_drafts/a.md", True),
        ("a/_drafts/b/c.md", True),
        ("_posts/a.md", False),
        ("a_b.md", False),
    ],
)
def test_drafts_of_jekyll_and_files_with_an_underscore_are_no_posts(path: str, aside: bool) -> None:
    assert is_aside(path) is aside


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("title", "title"),
        ("/about/us/", "/about/us/"),
        ("//evil.example//x", "/evil.example/x"),
        ("../../etc/passwd", "etc/passwd"),
        ("a/./b/../c", "a/b/c"),
        ("%2e%2e/%2E./x", "x"),
        ("..", ""),
        ("/", ""),
        ("..\\..\\x", "..%5C..%5Cx"),
        ("a b\tc", "a-b-c"),
        ("a?b#c", "a%3Fb%23c"),
        ("caf%C3%A9 100%", "caf%C3%A9-100%25"),
        ("é <x>", "%C3%A9-%3Cx%3E"),
        ("a@b:8080", "a@b:8080"),
    ],
)
def test_text_in_an_address_cannot_lead_elsewhere(text: str, part: str) -> None:
    assert address_part(text) == part


@given(st.text())
def test_an_address_with_any_text_in_it_stays_on_its_site(text: str) -> None:
    part = address_part(text.encode("utf-8", "ignore").decode()).removeprefix("/")
    address = f"https://example.org/blog/{part}"
    assert web_address(address) == address
    assert not {"..", "."} & set(address.split("/"))
