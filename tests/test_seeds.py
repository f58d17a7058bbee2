"""The seeds: records that each show a feature, sound as they stand, and nothing of what they hold
back."""

import re
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from feeds.model import Article
from feeds.records import Reading, frontmatter, read_record
from feeds.sources.folder import read_file, walk
from feeds.taxonomies import feeds_of
from tests import make

SEEDS = make.ROOT / "seeds"
CONTENT = {
    found.path: read_file(SEEDS, found)
    for found in sorted(walk(SEEDS), key=lambda found: found.path)
}
TEXT = {path: content.decode() for path, content in CONTENT.items() if isinstance(content, bytes)}
REAL = "000_a1299d4afcb461ee.txt"


def reading(path: str) -> Reading:
    """What a seed says."""
    return read_record(path, TEXT[path].encode(), make.NOW)


ARTICLES = {path: article for path in TEXT if (article := reading(path).article) is not None}
UNPUBLISHED = [path for path in TEXT if reading(path).unpublished]
FUTURE = [
    path
    for path, article in ARTICLES.items()
    if article.published > datetime(2090, 1, 1, tzinfo=UTC)
]
HIDDEN = [*UNPUBLISHED, *FUTURE]
SEEN = {path: article for path, article in ARTICLES.items() if path not in FUTURE}


def hidden_article(path: str) -> Article:
    """A hidden seed as the article that it would be."""
    text = TEXT[path].replace("published: false", "published: true")
    article = read_record(path, text.encode(), make.NOW).article
    assert article is not None
    return article


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built copy of the repository's own site."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(make.ROOT / "config.toml", folder)
    shutil.copytree(SEEDS, folder / "seeds")
    make.invoke("build", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def said(site: Path) -> dict[str, str]:
    """All that the site's commands put out: the files of its tree, and what they print."""
    texts = {path: content.decode() for path, content in make.tree(site / "public").items()}
    for arguments in (
        ("build",),
        ("list",),
        ("list", "--json"),
        ("show", "all", "rss"),
        ("show", "all", "atom"),
    ):
        done = make.invoke(*arguments, cwd=site)
        texts[" ".join(arguments)] = done.stdout + done.stderr
    return texts


def test_every_seed_is_without_fault(site: Path) -> None:
    done = make.invoke("check", cwd=site)
    assert done.stdout == ""
    assert done.stderr == f"{len(CONTENT)} records, 0 with faults.\n"


@pytest.mark.parametrize("path", [path for path in TEXT if path != REAL])
def test_a_seed_says_which_feature_it_shows(path: str) -> None:
    assert re.search(r"^# Shows: ", frontmatter.split(TEXT[path])[0], re.MULTILINE)


@pytest.mark.parametrize("path", [path for path in TEXT if path != REAL])
def test_a_seed_points_to_domains_made_for_examples(path: str) -> None:
    for host in re.findall(r"https?://([^/\"]+)", TEXT[path]):
        assert re.search(r"(^|\.)example(\.org)?(:443)?$", host.lower()), host


def test_seeds_have_several_topics_and_providers_some_of_them_those_of_the_real_record() -> None:
    real = ARTICLES[REAL]
    others = [article for path, article in SEEN.items() if path != REAL]
    assert len({article.provider.domain for article in others}) >= 5
    assert len({topic for article in others for topic in article.topics}) >= 8
    assert set(real.topics) <= {topic for article in others for topic in article.topics}


def test_seeds_have_all_four_categories() -> None:
    assert {article.category for article in SEEN.values()} == {
        "news",
        "research",
        "opinion",
        "video",
    }


def test_a_seed_is_unpublished() -> None:
    assert len(UNPUBLISHED) == 1


def test_a_seed_is_still_to_come() -> None:
    assert len(FUTURE) == 1


def test_two_seeds_share_a_web_address_and_the_newer_is_published(site: Path) -> None:
    [(shared, count)] = [
        item for item in Counter(article.id for article in SEEN.values()).items() if item[1] > 1
    ]
    older, newer = sorted(
        (article for article in SEEN.values() if article.id == shared),
        key=lambda article: article.published,
    )
    assert count == 2
    assert older.link != newer.link, "they spell the address differently"
    feed = (site / "public/feed.rss").read_text(encoding="utf-8")
    assert newer.title in feed
    assert older.title not in feed
    lost = set(older.topics) - {
        topic for article in SEEN.values() if article is not older for topic in article.topics
    }
    assert lost, "a topic that the older alone has"
    for topic in lost:
        assert not (site / "public/topics" / topic.lower()).exists()


def test_a_seed_has_title_excerpt_topics_and_provider_in_other_scripts() -> None:
    [article] = [
        article for article in SEEN.values() if re.search("[\u4e00-\u9fff]", article.title)
    ]
    assert re.search("[\U0001f000-\U0001faff]", article.title)
    assert not article.excerpt.isascii()
    assert not article.provider.name.isascii()
    assert article.provider.domain.startswith("xn--")
    assert any(re.search("[\u0600-\u06ff]", topic) for topic in article.topics)


def test_a_seed_has_no_image_and_the_others_have_sizes() -> None:
    assert [path for path, article in SEEN.items() if not article.images] == ["slow-maps.yml"]
    assert all(
        image.width and image.height for article in SEEN.values() for image in article.images
    )


def test_related_coverage_is_of_another_seed_of_an_unpublished_one_and_of_elsewhere() -> None:
    links = {
        item.link for path, article in SEEN.items() if path != REAL for item in article.related
    }
    seen = {article.link for article in SEEN.values()}
    unpublished = {hidden_article(path).link for path in UNPUBLISHED}
    assert links & seen
    assert links & unpublished
    assert links - seen - unpublished


def test_a_seed_was_updated() -> None:
    assert [path for path, article in SEEN.items() if article.updated is not None] == [
        "ferry-forecast.md"
    ]


def test_a_topic_is_spelled_in_two_ways_and_is_one_feed(site: Path) -> None:
    spellings = {
        topic for article in SEEN.values() for topic in article.topics if topic.casefold() == "ai"
    }
    assert spellings == {"AI", "ai"}
    feed = (site / "public/topics/ai/feed.rss").read_text(encoding="utf-8")
    assert "In praise of maps" in feed
    assert ">ai</category>" not in feed


def test_topics_that_differ_in_signs_alone_are_feeds_of_their_own(site: Path) -> None:
    assert any({"C", "C#", "C++"} <= set(article.topics) for article in SEEN.values())
    assert (
        len(
            [
                folder
                for folder in (site / "public/topics").iterdir()
                if re.match(r"c(-[0-9a-f]{8})?$", folder.name)
            ]
        )
        == 3
    )


def test_a_seed_is_plain_yaml_and_one_has_a_body_and_one_is_in_a_folder() -> None:
    assert "---" not in TEXT["glass-eye.yaml"]
    assert ARTICLES["herons.md"].body.startswith("The ferries left in **2019**.")
    assert [path for path in TEXT if "/" in path] == ["2024/kites.markdown"]


def test_seeds_have_every_kind_of_file() -> None:
    assert {Path(path).suffix for path in TEXT} == {".md", ".markdown", ".txt", ".yaml", ".yml"}


def test_a_date_has_an_offset_and_another_is_a_date_alone() -> None:
    assert "publishedDateTime: 2024-10-05T18:30:00+02:00\n" in TEXT["2024/kites.markdown"]
    assert ARTICLES["2024/kites.markdown"].published == datetime(2024, 10, 5, 16, 30, tzinfo=UTC)
    assert "publishedDateTime: 2026-03-01\n" in TEXT["slow-maps.yml"]
    assert ARTICLES["slow-maps.yml"].published == datetime(2026, 3, 1, tzinfo=UTC)


def test_the_config_has_a_feed_of_its_own_the_hottest_first(site: Path) -> None:
    feed = (site / "public/feeds/hot-in-ai/feed.rss").read_text(encoding="utf-8")
    assert re.findall(r"<item><title>(.+?)</title>", feed) == [
        "New Orleans Police Department using facial recognition despite years of denial",
        "Lantern bridge to close until autumn",
        "Ferry timetable is now a forecast",
    ]


def test_what_is_seen_is_in_the_feed_of_everything(site: Path) -> None:
    entries = (site / "public/feed.rss").read_text(encoding="utf-8").count("<item>")
    assert entries == len({article.id for article in SEEN.values()})


@pytest.mark.parametrize("path", HIDDEN)
def test_nothing_of_a_hidden_seed_is_put_out(path: str, said: dict[str, str]) -> None:
    article = hidden_article(path)
    seen = {key for other in SEEN.values() for key in feeds_of(other)}
    own = {key: name for key, name in feeds_of(article).items() if key not in seen}
    assert any(key.startswith("topics/") for key in own), "a topic that it alone has"
    assert any(key.startswith("providers/") for key in own), "a provider that it alone has"
    canaries = [
        article.title,
        article.excerpt,
        article.link,
        article.provider.name,
        path,
        *own,
        *own.values(),
    ]
    for place, text in said.items():
        for canary in canaries:
            assert canary not in text, place
            assert canary not in place


def test_no_secret_of_a_seed_leaves_it(site: Path, said: dict[str, str]) -> None:
    secrets = re.findall(r'^secured: "(.+)"$', "\n".join(TEXT.values()), re.MULTILINE)
    assert len(secrets) >= 3
    texts = [
        *said.values(),
        *(content.decode("latin-1") for content in make.tree(site / ".feeds").values()),
    ]
    for secret in secrets:
        for part in secret.split(";"):
            assert not any(part in text for text in texts)
