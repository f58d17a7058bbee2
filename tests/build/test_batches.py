"""How documents are split into batches: those of the same time together."""

from hypothesis import given
from hypothesis import strategies as st

from feeds.build.static import BATCH, by_time
from feeds.urls import archive_path, feed_path

KEYS = st.sampled_from(["all", "topics/ai", "topics/food", "providers/example.org"])
PAGES = st.sampled_from(["2026-10", "2026-11-03", "2026-11-04T10", "2026-11"])
NAMES = st.sampled_from(["rss", "json"])
NEWEST = st.builds(feed_path, KEYS, NAMES)
PATHS = st.lists(NEWEST | st.builds(archive_path, KEYS, PAGES, NAMES), unique=True)


@given(PATHS)
def test_each_document_of_a_feed_is_in_one_batch(paths: list[str]) -> None:
    batches = list(by_time(["index.html", *paths, "feeds.opml"]))
    assert sorted(path for batch in batches for path in batch) == sorted(paths)
    assert all(batches)


@given(PATHS)
def test_a_batch_is_of_one_month_or_of_the_newest_articles(paths: list[str]) -> None:
    for batch in by_time(paths):
        assert len({path.partition("archive/")[2][:7] for path in batch}) == 1


def test_a_long_month_is_several_batches() -> None:
    paths = [archive_path(f"topics/t{n}", "2026-11", "rss") for n in range(BATCH + 1)]
    assert [len(batch) for batch in by_time(paths)] == [BATCH, 1]
