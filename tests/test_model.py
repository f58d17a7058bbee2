"""Values: when an article changed, and digests."""

from hypothesis import assume, given
from hypothesis import strategies as st

from feeds.model import digest
from tests import make


def test_an_article_changed_when_it_was_updated_or_else_published() -> None:
    article = make.article()
    assert article.changed == article.published
    assert make.article(updated=make.NOW).changed == make.NOW


@given(st.lists(st.one_of(st.text(), st.binary())), st.lists(st.one_of(st.text(), st.binary())))
def test_where_a_part_ends_counts_in_a_digest(
    one: list[str | bytes], other: list[str | bytes]
) -> None:
    def raw(parts: list[str | bytes]) -> list[bytes]:
        return [part if isinstance(part, bytes) else part.encode() for part in parts]

    assume(raw(one) != raw(other))
    assert digest(*one) != digest(*other)
