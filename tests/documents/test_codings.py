"""Content codings: which one a client gets, and that content comes back out of each."""

import gzip

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feeds.documents import http_messages

DECODERS = {
    "identity": bytes,
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": lambda content: zstandard.ZstdDecompressor().decompress(content),
}


@pytest.mark.parametrize(
    "accepted, coding",
    [
        pytest.param(None, "identity", id="nothing_said"),
        pytest.param("", "identity", id="empty"),
        pytest.param("gzip", "gzip", id="gzip"),
        pytest.param("gzip, deflate", "gzip", id="curl"),
        pytest.param("gzip, deflate, br", "br", id="feedparser"),
        pytest.param("gzip, deflate, br, zstd", "br", id="browser"),
        pytest.param("zstd, gzip", "zstd", id="zstd_is_smaller_than_gzip"),
        pytest.param("deflate", "identity", id="one_that_is_not_offered"),
        pytest.param("compress, x-gzip", "gzip", id="old_name_of_gzip"),
        pytest.param("GZIP;Q=1", "gzip", id="capitals"),
        pytest.param("br;q=0.5, gzip;q=0.8", "gzip", id="q_decides"),
        pytest.param("br ; q=0.50 ,\tgzip ; q=0.49", "br", id="white_space"),
        pytest.param("br;q=0, gzip;q=0.001", "gzip", id="q_0_is_never"),
        pytest.param("br;q=0, gzip;q=0, zstd;q=0", "identity", id="all_forbidden"),
        pytest.param("identity", "identity", id="identity"),
        pytest.param("identity, gzip;q=0.5", "identity", id="identity_before_gzip"),
        pytest.param("identity;q=0.5, gzip;q=0.4", "identity", id="identity_by_its_q"),
        pytest.param("identity;q=0.5, gzip", "gzip", id="gzip_before_identity"),
        pytest.param("gzip, identity", "gzip", id="both_alike"),
        pytest.param("gzip;q=0.2", "gzip", id="identity_is_last_unless_named"),
        pytest.param("identity;q=0", "identity", id="nothing_is_left"),
        pytest.param("identity;q=0, br", "br", id="identity_forbidden"),
        pytest.param("*", "gzip", id="anything"),
        pytest.param("*;q=0", "identity", id="nothing_at_all"),
        pytest.param("gzip;q=0, *", "identity", id="anything_but_gzip"),
        pytest.param("br, *;q=0", "br", id="br_alone"),
        pytest.param("br;q=2", "identity", id="q_above_1"),
        pytest.param("br;q=0.1234, gzip", "gzip", id="q_too_long"),
        pytest.param("br;level=5, gzip", "gzip", id="parameter_that_is_no_q"),
        pytest.param("br;q=, gzip;q", "identity", id="q_without_a_value"),
        pytest.param(",,;;q=1,", "identity", id="nonsense"),
        pytest.param("gzip, " * 1000, "identity", id="longer_than_anyone_asks_for"),
    ],
)
def test_the_coding_is_what_the_client_prefers(accepted: str | None, coding: str) -> None:
    assert http_messages.choose(accepted) == coding


@given(st.text(max_size=60))
def test_no_header_makes_it_fail(accepted: str) -> None:
    assert http_messages.choose(accepted) in (http_messages.IDENTITY, *http_messages.CODINGS)


@pytest.mark.parametrize("coding", DECODERS)
@given(st.binary(max_size=2000))
def test_content_comes_back_and_equal_content_gives_equal_bytes(
    coding: str, content: bytes
) -> None:
    encoded = http_messages.encode(content, coding)
    assert DECODERS[coding](encoded) == content
    assert http_messages.encode(content, coding) == encoded


@pytest.mark.parametrize("coding", http_messages.SUFFIXES)
def test_the_best_is_no_larger(coding: str) -> None:
    content = b"<item><title>What a feed repeats in each of its items</title></item>" * 200
    best = http_messages.encode_best(content, coding)
    assert DECODERS[coding](best) == content
    assert len(best) <= len(http_messages.encode(content, coding)) < len(content) / 10
    assert http_messages.encode_best(content, coding) == best
