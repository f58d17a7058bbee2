"""What is said of names: which are one feed, where it lies and lay, and what cannot be."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.config.feeds import Names, Naming, Tables, names_of, problems
from feeds.errors import ConfigError
from feeds.model import Feed, Provider
from feeds.taxonomies import TAXONOMIES, feeds_of
from feeds.urls import feed_key
from tests import make

TABLES = {
    "topics": {
        "ai": Naming(
            title="AI",
            description="All on AI.",
            image="https://e.org/ai.png",
            aliases=("A.I.", "Artificial Intelligence"),
            previous=("robo-brains",),
        ),
        "ml": Naming(title="Machine Learning", content="full"),
        "c-8a0b3d20": Naming(description="On C#."),
    },
    "providers": {
        "e.org": Naming(title="The E", aliases=("www.E.org.", "é.org"), previous=("old.e.org",))
    },
    "categories": {"news": Naming(aliases=("Neuigkeiten",))},
}
NAMES = names_of(TABLES, ("topics/blockchain", "providers/gone.org", "feeds/hot-in-ai"))


def feed(key: str, name: str) -> Feed:
    """A feed with an article in it."""
    return Feed(key, name, 1, make.NOW)


@pytest.mark.parametrize(
    ("topics", "keys"),
    [
        (("AI", "ai", "A.I.", "a.i.", "artificial-intelligence"), {"topics/ai": "AI"}),
        (("ARTIFICIAL  Intelligence",), {"topics/ai": "ARTIFICIAL  Intelligence"}),
        (("Robo brains",), {"topics/ai": "Robo brains"}),
        (("machine-learning", "ML"), {"topics/ml": "machine-learning"}),
        (
            ("C", "C#", "C++"),
            {"topics/c": "C", "topics/c-8a0b3d20": "C#", "topics/c-f4dc9948": "C++"},
        ),
        (("Blockchain",), {"topics/blockchain": "Blockchain"}),
        (("News",), {"topics/news": "News"}),
    ],
)
def test_names_that_are_one_topic_have_one_feed(
    topics: tuple[str, ...], keys: dict[str, str]
) -> None:
    article = make.article(topics=topics, category=None, provider=Provider("x.org", "X"))
    assert NAMES.feeds(article) == {**keys, "providers/x.org": "X"}


@pytest.mark.parametrize("domain", ["e.org", "www.e.org", "xn--9ca.org", "old.e.org"])
def test_domains_that_are_one_provider_have_one_feed(domain: str) -> None:
    article = make.article(topics=(), category="neuigkeiten", provider=Provider(domain, "E"))
    assert NAMES.feeds(article) == {"providers/e.org": "E", "categories/news": "neuigkeiten"}


@given(st.lists(st.text(min_size=1), max_size=4), st.text(min_size=1))
def test_names_of_which_nothing_is_said_keep_their_feeds(topics: list[str], category: str) -> None:
    article = make.article(topics=tuple(topics), category=category)
    assert Names().feeds(article) == feeds_of(article)


def test_a_feed_is_shown_as_it_is_named_and_otherwise_as_it_is_spelled() -> None:
    named = NAMES.named(feed("topics/ai", "a.i."))
    assert (named.name, named.description, named.image) == (
        "AI",
        "All on AI.",
        "https://e.org/ai.png",
    )
    named = NAMES.named(feed("topics/c-8a0b3d20", "C#"))
    assert (named.name, named.description, named.image, named.content) == (
        "C#",
        "On C#.",
        "",
        "full",
    )
    summary = feed("categories/news", "News")._replace(content="summary")
    assert NAMES.named(summary) == summary
    assert NAMES.named(summary._replace(key="topics/ml")).content == "full"
    assert NAMES.named(feed("topics/x", "X")) == feed("topics/x", "X")


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("topics/robo-brains/feed.rss", "topics/ai/feed.rss"),
        ("topics/robo-brains/feed.json", "topics/ai/feed.json"),
        ("topics/robo-brains/archive/2020-11.atom", "topics/ai/archive/2020-11.atom"),
        ("topics/robo-brains", "topics/ai/"),
        ("topics/robo-brains/", "topics/ai/"),
        ("topics/robo-brains/index.html", "topics/ai/"),
        ("topics/artificial-intelligence/feed.rss", "topics/ai/feed.rss"),
        ("topics/a-i-751d4856/feed.rss", "topics/ai/feed.rss"),
        ("topics/machine-learning/feed.rss", "topics/ml/feed.rss"),
        ("providers/www.e.org/feed.rss", "providers/e.org/feed.rss"),
        ("providers/old.e.org/feed.rss", "providers/e.org/feed.rss"),
        *(
            (path, None)
            for path in ("topics/ai/feed.rss", "topics/ml", "topics", "", "feed.rss", "index.html")
        ),
        *(
            (path, None)
            for path in ("categories/robo-brains/feed.rss", "topics/robo-brains-2/feed.rss")
        ),
        *((path, None) for path in ("topics/Robo-brains/feed.rss", "topics//robo-brains/feed.rss")),
        *(
            (f"topics/robo-brains/{odd}", None)
            for odd in ("/feed.rss", "feed.rss\n", "a b", "é", "a?b", "a//b", "%0d")
        ),
    ],
)
def test_what_moved_has_one_place_and_all_else_did_not_move(path: str, target: str | None) -> None:
    assert NAMES.moved(path) == target


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        *(
            (f"topics/blockchain{end}", True)
            for end in ("", "/", "/feed.rss", "/index.html", "/archive/2020-11.atom")
        ),
        *(
            (f"feeds/hot-in-ai{end}", True)
            for end in ("", "/", "/feed.rss", "/archive/2020-11.atom")
        ),
        ("providers/gone.org/feed.atom", True),
        *(
            (path, False)
            for path in (
                "",
                "feed.rss",
                "topics",
                "topics/blockchains/feed.rss",
                "topics/ai/feed.rss",
            )
        ),
        *(
            (path, False)
            for path in ("categories/blockchain/feed.rss", "feeds/hot-in-ai-2/feed.rss")
        ),
    ],
)
def test_what_is_retired_is_gone_with_all_below_it(path: str, gone: bool) -> None:
    assert NAMES.gone(path) is gone


def topics(**tables: dict[str, Any]) -> dict[str, dict[str, Naming]]:
    """Tables of topics."""
    return {"topics": {name.replace("_", "-"): Naming(**said) for name, said in tables.items()}}


@pytest.mark.parametrize(
    ("tables", "retired", "expected"),
    [
        pytest.param(
            topics(ai={"aliases": ("A.I.",)}, ml={"aliases": ("a.i.",)}),
            (),
            [
                "topics.ml.aliases: expected what no other table has, got 'a.i.', as topics.ai.aliases has"
            ],
            id="one alias in two topics",
        ),
        pytest.param(
            topics(ai={"title": "Machine learning"}, ml={"title": "Machine-Learning"}),
            (),
            [
                "topics.ml.title: expected what no other table has, got 'Machine-Learning', as topics.ai.title has"
            ],
            id="one title in two topics",
        ),
        pytest.param(
            topics(ai={"aliases": ("ML",)}, ml={}),
            (),
            ["topics.ai.aliases: expected what no other table has, got 'ML', as topics.ml has"],
            id="an alias that is another topic",
        ),
        pytest.param(
            topics(ai={"previous": ("ml",)}, ml={}),
            (),
            ["topics.ai.previous: expected what no other table has, got 'ml', as topics.ml has"],
            id="a former slug that is live",
        ),
        pytest.param(
            topics(ai={"previous": ("ai",)}),
            (),
            ["topics.ai.previous: expected what it was before, got 'ai', as it is now"],
            id="a former slug that is its own",
        ),
        pytest.param(
            topics(ai={"previous": ("brains",)}, ml={"previous": ("brains",)}),
            (),
            [
                "topics.ml.previous: expected what no other table has, got 'brains', as topics.ai.previous has"
            ],
            id="a former slug of two",
        ),
        pytest.param(
            {"providers": {"E.org": Naming(), "e.org": Naming()}},
            (),
            [
                "providers.e.org: expected what no other table has, got 'e.org', as providers.E.org has"
            ],
            id="one domain in two tables",
        ),
        pytest.param(
            topics(ai={"previous": ("brains",)}),
            ("topics/ai", "topics/brains"),
            [
                "feeds.retired: expected the key of a feed that is no more, got 'topics/ai', as topics.ai has",
                "feeds.retired: expected the key of a feed that is no more, got 'topics/brains', "
                "as topics.ai.previous has",
            ],
            id="retired and live",
        ),
        pytest.param(
            {},
            (
                "all",
                "topics",
                "topics/A",
                "/x",
                "topics/a/b",
                "providers/E.org",
                "",
                "x y",
                "other/x",
                "a.rss",
            ),
            [
                f"feeds.retired: expected keys such as topics/ai, got {key!r}"
                for key in (
                    "all",
                    "topics",
                    "topics/A",
                    "/x",
                    "topics/a/b",
                    "providers/E.org",
                    "",
                    "x y",
                    "other/x",
                )
            ]
            + ["feeds.retired: expected keys such as topics/ai, got 'a.rss'"],
            id="keys that are none",
        ),
    ],
)
def test_what_cannot_be_is_named(
    tables: dict[str, dict[str, Naming]], retired: tuple[str, ...], expected: list[str]
) -> None:
    assert list(problems(tables, retired)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[topics.'A.I.']", "topics.A.I.: expected a slug such as computer-vision, got 'A.I.'"),
        ("[topics.'c#']", "topics.c#: expected a slug such as computer-vision, got 'c#'"),
        (
            "[topics.ai]\nprevious = ['ki', 'künstlich']",
            "topics.ai.previous[1]: expected a slug such as computer-vision, got 'künstlich'",
        ),
        (
            f"[topics.ai]\nprevious = ['{'a' * 65}']",
            f"topics.ai.previous[0]: expected a slug such as computer-vision, got '{'a' * 65}'",
        ),
        ("[topics.ai]\ntitle = '--'", "topics.ai.title: expected a name, got '--'"),
        ("[topics.ai]\naliases = ['-']", "topics.ai.aliases[0]: expected a name, got '-'"),
        (
            "[providers.'E/']",
            "providers.E/: expected a domain such as example.org, got 'E/'",
        ),
        (
            "[providers.'e.org']\naliases = ['no host']",
            "providers.e.org.aliases[0]: expected a domain such as example.org, got 'no host'",
        ),
    ],
)
def test_a_text_that_can_lead_to_no_feed_is_named(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make.site(tmp_path, {}, text)
    assert expected in str(caught.value)


def test_what_can_be_is_no_problem() -> None:
    retired = ("topics/blockchain", "providers/gone.org", "categories/ai", "feeds/hot-in-ai")
    assert is_sound(TABLES, retired)
    assert is_sound({})
    same = topics(ai={"title": "AI", "aliases": ("ai", "Brains"), "previous": ("brains",)})
    assert is_sound(same)


def is_sound(tables: Tables, retired: tuple[str, ...] = ()) -> bool:
    """Whether each text in the tables leads to a feed, and none to two."""
    try:
        return not list(problems(tables, retired))
    except ValueError:
        return False


words = st.sampled_from(
    ["AI", "A.I.", "ml", "Machine Learning", "C#", "c-8a0b3d20", "brains", "-", "e.org", "é"]
)
said = st.builds(
    Naming,
    title=st.none() | words,
    aliases=st.lists(words, max_size=2).map(tuple),
    previous=st.lists(words, max_size=2).map(tuple),
)


@given(st.dictionaries(words, said, max_size=3), words)
def test_tables_without_a_problem_move_nothing_twice_and_nothing_that_is_there(
    tables: dict[str, Naming], word: str
) -> None:
    for kind in TAXONOMIES:
        if not is_sound({kind: tables}):
            continue
        names = names_of({kind: tables}, ())
        assert names == names_of({kind: dict(reversed(tables.items()))}, ())
        assert names.redirects.keys().isdisjoint({*names.namings, *names.redirects.values()})
        if kind != "providers" and word != "-":
            current = names.current_key(feed_key(kind, word))
            assert names.moved(f"{current}/feed.rss") is None


def test_the_digest_tells_what_decides_where_articles_are_and_nothing_else() -> None:
    def of(**said: Any) -> str:
        return names_of(topics(ai=said), ()).digest

    assert (
        of() == of(description="Other", image="https://e.org/", content="summary") == Names().digest
    )
    assert of() == of(title="AI")
    assert len({of(), of(aliases=("A.I.",)), of(previous=("a",)), of(title="Brains")}) == 4
