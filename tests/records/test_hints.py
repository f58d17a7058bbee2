"""Hints beside faults: what an editor likely meant."""

from typing import Any

import pytest

from feeds.records import read_record
from feeds.records.hints import hint
from tests import make


@pytest.mark.parametrize(
    ("changes", "key", "advice"),
    [
        ({"webUrl": "kelp.example/maps"}, "webUrl", "did you mean https://kelp.example/maps?"),
        ({"webUrl": "//kelp.example"}, "webUrl", "did you mean https://kelp.example?"),
        ({"images": "[{url: kelp.jpg}]"}, "images[0].url", ""),
        ({"publishedDateTime": "2026-13-04"}, "publishedDateTime", "months go from 01 to 12"),
        ({"publishedDateTime": "2026-12-32"}, "publishedDateTime", "days go from 01 to 31"),
        ({"publishedDateTime": "2026-02-30"}, "publishedDateTime", "there is no such day or time"),
        (
            {"publishedDateTime": "4.5.2026"},
            "publishedDateTime",
            "year first: 2026-05-04, if the day comes first here",
        ),
        *(
            ({"publishedDateTime": written}, "publishedDateTime", advice)
            for written, advice in {
                "soon": "",
                "1777890600": "in seconds since 1970 that is 2026-05-04T10:30:00Z",
                "1777890600000": "in seconds since 1970 that is 2026-05-04T10:30:00Z",
                "20260504": "did you mean 2026-05-04?",
                "2026-W19-1": "did you mean 2026-05-04?",
                "2026-124": "did you mean 2026-05-04?",
                "2026-05": "with a day, such as 2026-05-01",
                "2026-05-04 10.30": "a time has colons, such as 10:30",
                "2026-05-04T24:00:00": "hours go from 00 to 23",
                "2026-05-04T10:30:60Z": "minutes and seconds go from 00 to 59",
                "2026-05-04 10:30 BST": "a zone is an offset such as +02:00, UTC, or a name",
                "2026/13/04": "months go from 01 to 12",
            }.items()
        ),
        ({"published": "ture"}, "published", "did you mean true?"),
        ({"published": "'false'"}, "published", "without quotes: false"),
        ({"published": "maybe"}, "published", ""),
        ({"published": None, "publishd": "false"}, "published", "did you mean published?"),
        ({"quality": "'60'"}, "quality", "without quotes: 60"),
        ({"quality": "high"}, "quality", ""),
        (
            {"provider": "{domain: 'https://kelp.example/x'}"},
            "provider.domain",
            "did you mean kelp.example?",
        ),
        ({"provider": "{domain: a b}"}, "provider.domain", ""),
        (
            {"publishedDateTime": None, "publishDateTime": "2026-05-04"},
            "publishedDateTime",
            "line 9 has publishDateTime",
        ),
        ({"title": None, "excerpt": None}, "title", ""),
        ({"topics": None, "topic": "[a]"}, "topics", "did you mean topics?"),
    ],
)
def test_a_fault_has_its_hint(changes: dict[str, Any], key: str, advice: str) -> None:
    faults = read_record("1.md", make.record(1, **changes).encode(), make.NOW).faults
    (fault, *_) = (fault for fault in faults if fault.key == key)
    assert hint(fault, faults).startswith(advice) and bool(hint(fault, faults)) is bool(advice)
