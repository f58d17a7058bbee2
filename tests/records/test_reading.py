"""A record's bytes to an article: every key, every fault in its place, and what each fault
costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.model import Article, Image, Provider, Related, digest
from feeds.records import Cost, Reading, read_record
from tests import make

REAL = make.ROOT / "seeds" / "000_a1299d4afcb461ee.txt"
ADDRESS = "https://a.example/"


def read(text: str | bytes) -> Reading:
    return read_record("x.md", text if isinstance(text, bytes) else text.encode(), make.NOW)


def record(**keys: Any) -> Reading:
    return read(make.record(1, **keys))


def article(**keys: Any) -> Article:
    reading = record(**keys)
    assert reading.article is not None, reading.faults
    return reading.article


def reported(reading: Reading) -> list[str]:
    return [str(fault).removeprefix("x.md:") for fault in reading.faults]


def costs(reading: Reading) -> list[Cost]:
    return [fault.cost for fault in reading.faults]


def test_every_key_of_the_real_record_is_read() -> None:
    content = REAL.read_bytes()
    reading = read_record(REAL.name, content, make.NOW)
    web = (
        "https://thelensnola.org/2020/11/12/"
        "new-orleans-police-department-using-facial-recognition-despite-years-of-denial/"
    )
    nola = "www.nola.com/news/crime_police/article_9eda8846-25e1-11eb-9c95-4f11b10ed17a"
    police = Related(
        title="New Orleans police use facial recognition software, despite official assurances to the contrary",
        link=f"https://{nola}.html",
        provider=Provider("nola.com", "NOLA.com"),
    )
    again = Related(
        title="New Orleans police use facial recognition software, despite previous assurances to the contrary",
        link=police.link,
        provider=police.provider,
    )
    bears = Related(
        title="New A.I. Offers Facial Recognition for Grizzly Bears",
        link="https://www.smithsonianmag.com/smart-news/new-i-offers-facial-recognition-grizzly-bears-180976276/",
        provider=Provider("smithsonianmag.com", "Smithsonian Magazine"),
    )
    assert reading == Reading(
        path=REAL.name,
        digest=digest(content),
        article=Article(
            path=REAL.name,
            digest=digest(content),
            id=web,
            link=web,
            title="New Orleans Police Department using facial recognition despite years of denial",
            published=datetime(2020, 11, 12, 20, 49, tzinfo=UTC),
            provider=Provider("thelensnola.org", "The Lens"),
            excerpt="Explaining its previous denials, the department said that it doesn’t employ its own facial "
            "recognition software. Instead, it accesses the technology through state and federal partners. An ACLU "
            "lawyer said that was a ‘distinction without a difference.",
            category="news",
            topics=("Computer Vision", "AI"),
            images=(
                Image(
                    "https://i0.wp.com/thelensnola.org/wp-content/uploads/2020/11/DSC_8767-scaled.jpg"
                    "?fit=2560%2C1709&ssl=1",
                    2560,
                    1709,
                ),
            ),
            related=(police, again, bears),
            original_link=web,
            amp_link=web,
            cdn_amp_link=f"https://thelensnola-org.cdn.ampproject.org/c/s/{web.removeprefix('https://')}",
            quality=55.0,
            heat=85.0,
        ),
        faults=(),
    )


def test_the_secret_of_the_real_record_is_nowhere() -> None:
    content = REAL.read_bytes()
    secret = content.split(b"secured: ", 1)[1].decode().strip("-\n\" '")
    reading = repr(read_record(REAL.name, content, make.NOW))
    assert not any(secret[start : start + 8] in reading for start in range(0, len(secret) - 8, 4))


def test_four_keys_make_an_article() -> None:
    text = f"title: A\nwebUrl: {ADDRESS}\npublishedDateTime: 2020-01-02\nprovider: {{domain: A.example}}\n"
    assert read(text).article == Article(
        path="x.md",
        digest=digest(text),
        id=ADDRESS,
        link=ADDRESS,
        title="A",
        published=datetime(2020, 1, 2, tzinfo=UTC),
        provider=Provider("a.example", "a.example"),
    )


@pytest.mark.parametrize("key", ["title", "webUrl", "publishedDateTime", "provider"])
@pytest.mark.parametrize("value", [None, "", "''", "[]"], ids=["absent", "null", "empty", "list"])
def test_what_an_article_cannot_do_without(key: str, value: str | None) -> None:
    reading = record(**{key: value, "excerpt": None})
    assert (reading.article, reading.unpublished, reading.left_out) == (None, False, True)
    assert [(fault.key, fault.cost) for fault in reading.faults] == [(key, Cost.RECORD)]


def test_a_byte_order_mark_and_crlf_change_nothing_but_the_digest() -> None:
    text = make.record(1, body="One\nTwo\n")
    one, other = (
        read(text).article,
        read(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()).article,
    )
    assert one is not None
    assert other is not None
    assert one.digest != other.digest
    assert (one.title, one.body, one.topics) == (other.title, other.body, other.topics) == (
        "Article 1", "One\nTwo", ("AI",),
    )  # fmt: skip


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no mark", "byte order mark"])
@pytest.mark.parametrize(
    ("content", "place", "byte"),
    [
        (b"\xff", "1:1", "0xff"),
        (b"a: b\nc: \xff", "2:4", "0xff"),
        (b"a: b\r\nc: \xff", "2:4", "0xff"),
        ("é: é".encode() + b"\xc3", "1:5", "0xc3"),
        ("é\n€😀".encode() + b"\xa0", "2:3", "0xa0"),
        (b"\xed\xa0\x80", "1:1", "0xed"),
        (b"\xc0\xaf", "1:1", "0xc0"),
        (b"\xc3\xa9\xff", "1:2", "0xff"),
    ],
)
def test_a_byte_that_is_no_utf_8_has_its_place(
    mark: bytes, content: bytes, place: str, byte: str
) -> None:
    assert reported(read(mark + content)) == [f"{place}: expected UTF-8, got the byte {byte}"]


@given(
    st.binary(max_size=40),
    st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"---\n", b"\xef\xbb\xbf---\n"]),
)
def test_any_bytes_are_read_or_reported(content: bytes, before: bytes) -> None:
    reading = read(before + content)
    assert reading.article is None
    assert reading.faults or reading.unpublished


@given(st.dictionaries(st.sampled_from(["title", "webUrl", "published", "images", "related", "x", "<<"]), st.recursive(
    st.sampled_from(["", "~", "a", "'", "- ", "5", ADDRESS, "true", "!!int 5", "*a", "&a b"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.dictionaries(st.sampled_from(["url", "width", "title", "webUrl", "provider", "secured"]), inner, max_size=3)
        .map(lambda items: "{" + ", ".join(f"{key}: {item}" for key, item in items.items()) + "}"),
    ), max_leaves=6)))  # fmt: skip
def test_any_values_are_read_or_reported(keys: dict[str, str]) -> None:
    reading = record(**keys)
    assert (
        reading.article is not None
        or reading.unpublished
        or any(c is Cost.RECORD for c in costs(reading))
    )
    assert [(f.line, f.column) for f in reading.faults] == sorted(
        (f.line, f.column) for f in reading.faults
    )


def test_text_is_cleaned_once_here() -> None:
    made = article(
        title='"  Cafe\\u0301 \\x07 \\n two\\u2028lines\\uFFFE "',
        excerpt='"One\\x00\\r\\n\\n  two \\e[2J "',
        topics='["A\\tB", "A  B", "A\\u00a0B", "e\\u0301", "é"]',
        category='" N\\n N "',
        provider='{domain: " EXAMPLE.org. ", name: "T\\nL"}',
    )
    assert (made.title, made.excerpt) == ("Café two lines", "One\n\n  two [2J")
    assert (made.topics, made.category) == (("A B", "é"), "N N")
    assert made.provider == Provider("example.org", "T L")


def test_what_stands_after_the_fence_is_the_body() -> None:
    made = read(make.record(1, body="\n  One\r\n\r\n# Two\x0c \n\n")).article
    assert made is not None
    assert made.body == "One\n\n# Two"


def test_names_that_yaml_takes_for_something_else_stay_text() -> None:
    made = article(
        title="1984", topics="[NO, 2020-11-12, 1.5, yes, 0x1F]", category="on", excerpt="2020-11-12"
    )
    assert (made.title, made.category, made.excerpt) == ("1984", "on", "2020-11-12")
    assert made.topics == ("NO", "2020-11-12", "1.5", "yes", "0x1F")


@pytest.mark.parametrize("value", ["false", "False", "no", "NO", "off", "!!bool false"])
def test_an_unpublished_record_is_no_fault(value: str) -> None:
    reading = record(published=value)
    assert (reading.article, reading.unpublished, reading.left_out, reading.faults) == (
        None,
        True,
        False,
        (),
    )


@pytest.mark.parametrize("value", [None, "true", "yes", "On"])
def test_a_record_is_published_unless_it_says_no(value: str | None) -> None:
    assert (article(published=value).title, record(published=value).faults) == ("Article 1", ())


@pytest.mark.parametrize(
    "value",
    ['"true"', "'false'", "", "~", "1", "0", "nope", "tru", "[false]", "{a: b}", "2020-01-01"],
)
def test_anything_but_a_boolean_in_published_hides_the_record(value: str) -> None:
    reading = record(published=value)
    assert (reading.article, reading.unpublished) == (None, False)
    assert [(fault.key, fault.line, fault.expected, fault.cost) for fault in reading.faults] == [
        ("published", 7, "true or false, without quotes", Cost.RECORD)
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("publishd", "false"),
        ("publishd", "true"),
        ("publishd", "nope"),
        ("Published", "false"),
        ("PUBLISHED", "maybe"),
        ("publish", "false"),
        ("publihsed", "no"),
        ("pubished", "'false'"),
        ("published_", "false"),
        ("is-published", "false"),
        ("isPublished", "false"),
        ("unpublished", "true"),
        ('"published "', "false"),
        ('"published\\u200b"', "false"),
        ("рublished", "false"),
    ],
)
def test_a_likely_misspelling_of_published_hides_the_record(key: str, value: str) -> None:
    reading = record(published=None, **{key: value})
    assert (reading.article, reading.unpublished) == (None, False)
    assert [(fault.key, fault.cost) for fault in reading.faults] == [("published", Cost.RECORD)]


def test_published_without_a_blank_after_its_colon_hides_the_record() -> None:
    # In a flow mapping `published:false` is a key of YAML as a whole, and its value is null.
    flow = f"{{title: A, webUrl: '{ADDRESS}', publishedDateTime: 2020-01-01, provider: {{domain: a.example}}"
    assert read(f"{flow}}}").article is not None
    assert read(f'{flow}, "published":false}}').unpublished
    assert read(f"{flow}, published:false}}").article is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("publisher", "X"),
        ("publishers", "[X]"),
        ("publishedAt", "2020-01-01"),
        ("publishedBy", "X"),
        ("published_at", "2020-01-01"),
        ("public", "false"),
        ("polished", "X"),
    ],
)
def test_a_key_with_a_meaning_of_its_own_hides_nothing(key: str, value: str) -> None:
    assert article(published=None, **{key: value}).title == "Article 1"


def test_a_misspelling_beside_the_key_itself_hides_nothing() -> None:
    reading = record(published="true", publishd="false")
    assert (reading.article is not None, costs(reading)) == (True, [Cost.NOTHING])


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("titel", "title"),
        ("Title", "title"),
        ("web_url", "webUrl"),
        ("weburl", "webUrl"),
        ("topic", "topics"),
        ("image", "images"),
        ("updatedDatetime", "updatedDateTime"),
        ("excerp", "excerpt"),
        ("secure", "secured"),
    ],
)
def test_a_likely_misspelling_is_mentioned_and_costs_nothing(key: str, meant: str) -> None:
    reading = record(**{key: make.CANARY})
    assert reading.article is not None
    assert [(fault.key, fault.line, fault.cost) for fault in reading.faults] == [
        (meant, 10, Cost.NOTHING)
    ]
    assert make.CANARY not in repr(reading)


@pytest.mark.parametrize("key", ["author", "tags", "layout", "slug", "x", "''", "date", "~", "1"])
def test_unknown_keys_are_kept_out_of_the_way(key: str) -> None:
    assert record(**{key: "x"}).faults == ()


def test_a_key_is_quoted_on_one_line_without_control_characters() -> None:
    reading = record(published=None, **{'"publishd\\n\\e[2J"': "false", '"titel\\n\\e]0;"': "x"})
    assert len(reading.faults) == 2
    for line in reported(reading):
        assert line.isprintable()


def test_long_and_many_unknown_keys_are_looked_at_in_time() -> None:
    # Each was compared with each key that we know; this is here for its time, and for the memory it
    # leaves taken.
    many = "".join(f"pu{n:05}blishd: x\n" for n in range(20_000))
    started = datetime.now(UTC)
    read(make.record(1)[:-4] + many + "---\n")
    assert datetime.now(UTC) - started < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("keys", "faults", "changes"),
    [
        pytest.param({"images": "x"}, [("images", "9:9")], {}, id="images no list"),
        pytest.param({"images": "{url: x}"}, [("images", "9:9")], {}, id="images a mapping"),
        pytest.param(
            {"images": f"[{{url: {ADDRESS}1}}, {{url: 'ftp://x'}}, {{url: {ADDRESS}3}}]"},
            [("images[1].url", "9:44")],
            {"images": (Image(f"{ADDRESS}1"), Image(f"{ADDRESS}3"))},
            id="an image's address",
        ),
        pytest.param(
            {
                "images": f"[{{width: 5}}, x, ~, {{url: {ADDRESS}, width: wide, height: 5, isCached: 'true'}}]"
            },
            [
                ("images[0].url", "9:10"),
                ("images[1]", "9:22"),
                ("images[2]", "9:25"),
                ("images[3].width", "9:61"),
                ("images[3].isCached", "9:88"),
            ],
            {"images": (Image(ADDRESS, None, 5),)},
            id="an image's parts",
        ),
        pytest.param(
            {"images": f"[{{url: x, width: wide}}, {{url: {ADDRESS}, height: 0}}]"},
            [("images[0].url", "9:16"), ("images[0].width", "9:26"), ("images[1].height", "9:67")],
            {"images": (Image(ADDRESS),)},
            id="an image and its parts",
        ),
        pytest.param({"topics": "AI"}, [("topics", "8:9")], {"topics": ()}, id="topics no list"),
        pytest.param(
            {"topics": "[A, '', -, [B], ~, {c: d}, E]"},
            [
                ("topics[1]", "8:13"),
                ("topics[2]", "8:17"),
                ("topics[3]", "8:20"),
                ("topics[4]", "8:25"),
                ("topics[5]", "8:28"),
            ],
            {"topics": ("A", "E")},
            id="a topic",
        ),
        pytest.param(
            {"heat": "hot", "quality": "-1"},
            [("heat", "9:7"), ("quality", "10:10")],
            {},
            id="numbers",
        ),
        pytest.param({"excerpt": "[a]"}, [("excerpt", "5:10")], {"excerpt": ""}, id="excerpt"),
        pytest.param(
            {"category": "'- -'"}, [("category", "6:11")], {"category": None}, id="category"
        ),
        pytest.param(
            {"type": "{a: b}", "ampWebUrl": "x"},
            [("type", "9:7"), ("ampWebUrl", "10:12")],
            {},
            id="others",
        ),
        pytest.param(
            {"provider": "{domain: example.org, name: []}"},
            [("provider.name", "7:39")],
            {"provider": Provider("example.org", "example.org")},
            id="a provider's name",
        ),
        pytest.param(
            {
                "related": f"[{{title: '', webUrl: {ADDRESS}}}, {{title: B, webUrl: {ADDRESS}, heat: x, quality: x, "
                "provider: {domain: a b}, images: [{url: x}]}, 5]"
            },
            [
                ("related[0].title", "9:19"),
                ("related[1].quality", "9:109"),
                ("related[1].provider.domain", "9:131"),
                ("related[1].images[0].url", "9:152"),
                ("related[2]", "9:158"),
            ],
            {"related": (Related("B", ADDRESS),)},
            id="related",
        ),
        pytest.param(
            {
                "x": f"&x [{{url: {ADDRESS}, width: wide}}, {{url: no}}]",
                "images": "*x",
                "related": f"[{{title: B, webUrl: {ADDRESS}, images: *x}}]",
            },
            [
                ("images[0].width", "10:9"),
                ("images[1].url", "10:9"),
                ("related[0].images[0].width", "11:58"),
                ("related[0].images[1].url", "11:58"),
            ],
            {"images": (Image(ADDRESS),), "related": (Related("B", ADDRESS),)},
            id="a list shared through an alias",
        ),
    ],
)
def test_a_wrong_optional_part_costs_itself_alone(
    keys: dict[str, str], faults: list[tuple[str, str]], changes: dict[str, Any]
) -> None:
    given_keys = {"published": None, **keys}
    reading = record(**given_keys)
    found = [(fault.key, f"{fault.line}:{fault.column}") for fault in reading.faults]
    assert (reading.article is not None, set(costs(reading))) == (True, {Cost.PART})
    assert reading.article is not None
    base = article(published=None)
    expected = base._asdict() | changes
    expected["digest"] = reading.digest
    assert reading.article == Article(**expected)
    assert found == faults


def test_every_fault_is_reported_at_once_in_order_of_place() -> None:
    reading = record(
        title="",
        webUrl="ftp://example.org/1",
        publishedDateTime="soon",
        published='"yes"',
        provider="{name: [], domain: a b}",
        topics="[AI, ~]",
        heat="hot",
        images="[{url: x}]",
        titel="x",
    )
    assert [str(fault).replace("'titel'", "titel") for fault in reading.faults] == [
        "x.md:2:7: title: expected text, or an excerpt or a body, got nothing",
        "x.md:3:9: webUrl: expected an http or https address, got 'ftp://example.org/1'",
        "x.md:4:20: publishedDateTime: expected a date and time, such as 2026-11-23T09:30:00Z, got 'soon'",
        "x.md:7:12: published: expected true or false, without quotes, got 'yes'",
        "x.md:8:18: provider.name: expected text, got a list",
        "x.md:8:30: provider.domain: expected a host name, such as example.org, got 'a b'",
        "x.md:9:14: topics[1]: expected text, got nothing",
        "x.md:10:7: heat: expected a number of zero or more, without quotes, got 'hot'",
        "x.md:11:16: images[0].url: expected an http or https address, got 'x'",
        "x.md:12:8: title: expected this key, if it is meant, got titel",
    ]
    assert costs(reading) == [Cost.RECORD] * 4 + [Cost.PART, Cost.RECORD] + [Cost.PART] * 3 + [
        Cost.NOTHING
    ]


def test_flaws_of_the_yaml_and_of_the_values_are_reported_together() -> None:
    reading = record(title="!own A", heat="hot", webUrl="x")
    assert [(fault.line, fault.key) for fault in reading.faults] == [
        (2, "title"),
        (3, "webUrl"),
        (10, "heat"),
    ]


def test_a_missing_key_of_an_image_is_placed_at_the_image() -> None:
    assert reported(record(images="\n  - width: 5\n  - height: 6")) == [
        "11:5: images[0].url: expected an http or https address, got nothing",
        "12:5: images[1].url: expected an http or https address, got nothing",
    ]


def test_a_wrong_value_that_was_merged_in_is_placed_where_it_stands() -> None:
    assert reported(record(**{"<<": "{heat: hot}"})) == [
        "10:12: heat: expected a number of zero or more, without quotes, got 'hot'"
    ]


@pytest.mark.parametrize(
    "keys",
    [
        {"title": "[{C}]"},
        {"webUrl": "ftp://{C}"},
        {"publishedDateTime": "{C}"},
        {"published": "{C}"},
        {"provider": "{domain: 'a {C}'}"},
        {"provider": "{C}"},
        {"heat": "{C}"},
        {"topics": "{C}"},
        {"topics": "{{C}: {C}}"},
        {"images": "[{url: {C}, {C}: x}]"},
        {"related": "[{title: {C}}]"},
        {"titel{C}": "x"},
        {"{C}": "1", "'{C}'": "2"},
        {"x": "{{C}: {{C}: !own {C}}}"},
        {"x": "*{C}"},
        {"x": "&{C} [*{C}]"},
        {"x": "!{C} y"},
        {"x": "'{C}"},
        {"x": "{C}: {C}"},
        {"? [{C}]": "x"},
        {"excerpt": "\tx\n\t{C}: x"},
        {"published": None, "publishd{C}": "x"},
        {"published": "false", "heat": "{C}"},
        {"x": "{C}\x00"},
    ],
    ids=str,
)
def test_the_public_form_of_a_fault_has_no_word_of_the_record(keys: dict[str, str | None]) -> None:
    canary = {
        key.replace("{C}", make.CANARY): value and value.replace("{C}", make.CANARY)
        for key, value in keys.items()
    }
    for fault in record(**canary).faults:
        assert make.CANARY not in fault.public
        assert fault.public in str(fault)


def test_an_unpublished_record_stays_so_whatever_else_is_wrong_with_it() -> None:
    for keys in (
        {"title": "", "excerpt": None},
        {"webUrl": "x"},
        {"heat": "hot"},
        {"provider": None},
        {"x": "!own y"},
        {"publishd": "true"},
    ):
        reading = record(**{"published": "false", **keys})
        assert (reading.article, reading.unpublished, reading.left_out) == (None, True, False), keys
        assert reading.faults


def test_a_record_to_come_is_read_for_later() -> None:
    later = make.NOW + timedelta(days=1)
    assert article(publishedDateTime=later.isoformat()).published == later


def test_an_update_is_read() -> None:
    reading = record(updatedDateTime=make.NOW.isoformat())
    assert reading.article is not None
    assert (reading.article.updated, reading.faults) == (make.NOW, ())
    same = make.NOW - timedelta(hours=1)
    assert article(updatedDateTime=same.isoformat()).changed == same


def test_an_update_before_the_publication_is_ignored_and_reported() -> None:
    reading = record(updatedDateTime=(make.NOW - timedelta(hours=1, seconds=1)).isoformat())
    assert reading.article is not None
    assert reading.article.updated is None
    assert reported(reading) == [
        "10:18: updatedDateTime: expected a moment after publishedDateTime, got one before it"
    ]
    assert costs(reading) == [Cost.PART]


def test_an_update_to_come_is_reported_until_it_has_come() -> None:
    later = make.NOW + timedelta(microseconds=1)
    reading = record(updatedDateTime=later.isoformat())
    assert reading.article is not None
    # kept for then; what is shown until then, selection decides
    assert reading.article.updated == later
    assert reported(reading) == [
        "10:18: updatedDateTime: expected a moment that has passed, got one to come"
    ]
    assert [(fault.cost, fault.until) for fault in reading.faults] == [(Cost.PART, later)]
    content = make.record(1, updatedDateTime=later.isoformat()).encode()
    assert read_record("x.md", content, later).faults == ()


def test_an_update_that_is_no_date_is_dropped() -> None:
    reading = record(updatedDateTime="2020-02-30")
    assert (article(updatedDateTime="2020-02-30").updated, costs(reading)) == (None, [Cost.PART])


@pytest.mark.parametrize(
    "text", ["", "\n", "---\n---\n", "Only text.", "- a\n", "---\n- a\n---\n", "\x00", "%PDF-1.4"]
)
def test_what_is_no_record_has_one_fault(text: str) -> None:
    reading = read(text)
    assert (reading.article, reading.left_out, costs(reading)) == (None, True, [Cost.RECORD])


def test_secured_that_slipped_into_a_text_is_kept_in_the_file() -> None:
    slipped = f'"a\n  secured: {make.CANARY}"'
    for reading in (
        record(excerpt=slipped),
        record(title=slipped),
        read(make.record(1, body=f"secured: {make.CANARY}\n")),
    ):
        assert reading.faults
        assert make.CANARY not in repr(reading)
