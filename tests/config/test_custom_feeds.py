"""Rules: the table [[feed]] of config.toml, in names, to what selection asks for, in keys."""

from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from feeds.config.feeds import Rule
from feeds.taxonomies import feeds_of
from tests import make


def rules(folder: Path, text: str) -> tuple[Rule, ...]:
    """The rules of a config with these tables."""
    return make.site(folder, {}, text).rules


def test_a_feed_with_a_key_and_a_title_is_of_everything(tmp_path: Path) -> None:
    assert rules(tmp_path, '[[feed]]\nkey = "a"\ntitle = "A"\n') == (
        Rule("feeds/a", "A", 50, ("rss", "atom", "json")),
    )


def test_names_become_the_keys_that_articles_carry(tmp_path: Path) -> None:
    text = """
[[feed]]
key = "hot-in-ai"
title = "  Hot in   AI "
description = "Hot."
topics = ["A I", "COMPUTER-VISION", "C++"]
providers = ["Example.ORG", "zwölf.example"]
categories = ["News"]
exclude = ["topics/politics", "providers/xn--zwlf-6qa.example", "categories/c-deadbeef"]
min_quality = 50
min_heat = 70.5
order = "heat"
limit = 20
formats = ["atom"]
"""
    [article_keys] = [feeds_of(make.article(topics=("a i", "Computer Vision", "c++")))]
    assert rules(tmp_path, text) == (
        Rule(
            key="feeds/hot-in-ai",
            name="Hot in AI",
            limit=20,
            formats=("atom",),
            description="Hot.",
            any_of=(
                tuple(key for key in article_keys if key.startswith("topics/")),
                ("providers/example.org", "providers/xn--zwlf-6qa.example"),
                ("categories/news",),
            ),
            none_of=("topics/politics", "providers/xn--zwlf-6qa.example", "categories/c-deadbeef"),
            min_quality=50,
            min_heat=70.5,
            order="heat",
        ),
    )


def test_what_a_feed_does_not_say_is_as_for_all_feeds(tmp_path: Path) -> None:
    own = '[[feed]]\nkey = "b"\ntitle = "B"\n[[feed]]\nkey = "a"\ntitle = "A"\nlimit = 9\n'
    first, second = rules(tmp_path, f'[feeds]\nlimit = 7\nformats = ["atom"]\n{own}')
    assert (first.key, first.limit, first.formats) == ("feeds/b", 7, ("atom",))
    assert (second.key, second.limit, second.formats) == ("feeds/a", 9, ("atom",))


def test_a_rule_cannot_change(tmp_path: Path) -> None:
    [rule] = rules(tmp_path, '[[feed]]\nkey = "a"\ntitle = "A"\n')
    with pytest.raises(FrozenInstanceError):
        setattr(rule, "limit", 3)  # noqa: B010 - mypy knows better than to allow it
