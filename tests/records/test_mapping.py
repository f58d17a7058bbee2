"""[records.fields] to a FieldMapping: every form, and every fault of it named."""

import tomllib

import pytest

from feeds.records.keys import KEYS
from feeds.records.mapping import (
    OURS,
    Constant,
    FieldMapping,
    MappingError,
    Template,
    TheirKey,
    read_mapping,
)


def mapping(text: str) -> FieldMapping | None:
    return read_mapping(tomllib.loads(text))


def fields(text: str) -> dict[str, object]:
    found = mapping(text)
    assert found is not None
    return dict(found.fields)


def test_every_form_is_read() -> None:
    assert fields(
        """
        title = "seo.title"
        excerpt = ["description", { value = "None" }]
        quality = { value = 40 }
        published = { not = "hidden" }
        webUrl = { template = "https://example.org/{year}/{.meta.url}.html" }
        """
    ) == {
        "title": (TheirKey(("seo", "title")),),
        "excerpt": (TheirKey(("description",)), Constant("None")),
        "quality": (Constant("40"),),
        "published": (TheirKey(("hidden",), negated=True),),
        "webUrl": (
            Template(
                ("https://example.org/", "/", ".html"),
                ("year", TheirKey(("meta", "url"))),
                is_address=True,
            ),
        ),
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        'title = "title"',
        'title = ["title"]\ntopics = "topics"',
        'provider = "provider"',
        'provider = { domain = "provider.domain", name = ["provider.name"] }',
        "\n".join(f'{key} = "{key}"' for key in OURS),
    ],
)
def test_a_mapping_of_keys_to_themselves_is_none(text: str) -> None:
    assert mapping(text) is None


def test_every_key_of_a_record_can_be_mapped() -> None:
    assert KEYS - {"secured"} == OURS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('titel = "x"', "records.fields.titel: expected no such key"),
        ('secured = "x"', "records.fields.secured: expected no such key"),
        ('title = "secured"', "records.fields.title: expected a key other than secured"),
        ('title = "a.secured.b"', "records.fields.title: expected a key other than secured"),
        (
            'title = { template = "{.a.secured}" }',
            "records.fields.title: expected a key other than secured",
        ),
        (
            'provider = { name = "secured" , domain = "d"}',
            "records.fields.provider.name: expected a key other than sec",
        ),
        (
            'published = { not = "secured" }',
            "records.fields.published: expected a key other than secured",
        ),
        ('title = ["x", "secured"]', "records.fields.title: expected a key other than secured"),
        (
            "images = { value = [{ secured = 1 }] }",
            "records.fields.images: expected no key secured in a value",
        ),
        (
            'title = ""',
            "records.fields.title: expected a key of theirs, such as \"seo.title\", got ''",
        ),
        ('title = "a..b"', "records.fields.title: expected a key of theirs"),
        (
            'webUrl = "https://example.org/{slug}"',
            "records.fields.webUrl: expected a key of theirs",
        ),
        (
            "title = 3",
            "records.fields.title: expected a key of theirs, a list of them, { value = … } or",
        ),
        ("title = []", "records.fields.title: expected a key of theirs, a list of them"),
        ('title = [["a"]]', "records.fields.title: expected a key of theirs, a list of them"),
        (
            "title = { value = 'a', template = 'b' }",
            "records.fields.title: expected a key of theirs, a list of them",
        ),
        (
            "title = { template = 3 }",
            "records.fields.title: expected a key of theirs, a list of them",
        ),
        (
            'published = { template = "{slug}" }',
            "records.fields.published: expected a key of theirs, a list of them",
        ),
        (
            'title = { not = "x" }',
            'records.fields.title: expected { not = "…" } for published alone',
        ),
        (
            'title = { template = "{yaer}" }',
            "records.fields.title: expected {year}, {month}, {day}, {slug}, {path} or",
        ),
        (
            'title = { template = "{a" }',
            "records.fields.title: expected a template whose { and } enclose parts",
        ),
        (
            'title = { template = "}{" }',
            "records.fields.title: expected a template whose { and } enclose parts",
        ),
        (
            'webUrl = { template = "{.url}" }',
            "records.fields.webUrl: expected a template that begins with https://",
        ),
        (
            'webUrl = { template = "https://{.a}/" }',
            "records.fields.webUrl: expected a template that begins with",
        ),
        (
            'webUrl = { template = "https://a.example{.a}" }',
            "records.fields.webUrl: expected a template that begins",
        ),
        (
            'images = { template = "https://{.a}/" }',
            "records.fields.images: expected a template that begins with",
        ),
        (
            "quality = { value = 'x' }",
            "records.fields.quality: expected a number of zero or more, without quotes, got",
        ),
        (
            "published = { value = 'no' }",
            "records.fields.published: expected true or false, without quotes, got 'no'",
        ),
        (
            "provider = { value = {} }",
            "records.fields.provider.domain: expected a host name, such as example.org, got",
        ),
        (
            "provider = { value = { domain = 'a b' } }",
            "records.fields.provider.domain: expected a host name",
        ),
        (
            "provider = { domain = { value = 'a b' } }",
            "records.fields.provider.domain: expected a host name",
        ),
        ("provider = { domian = 'a' }", "records.fields.provider.domian: expected no such key"),
        ("topics = { value = 'a' }", "records.fields.topics: expected a list, got 'a'"),
    ],
)
def test_a_fault_names_its_key(text: str, said: str) -> None:
    with pytest.raises(MappingError) as caught:
        mapping(text)
    assert str(caught.value).startswith(said)


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(MappingError) as caught:
        mapping('a = "x"\ntitle = 3\nexcerpt = "secured"')
    assert [fault.partition(":")[0] for fault in str(caught.value).split("; ")] == [
        "records.fields.a",
        "records.fields.title",
        "records.fields.excerpt",
    ]


def test_the_digest_tells_any_two_mappings_apart() -> None:
    texts = [
        'title = "a"',
        'title = ["a", "b"]',
        'title = ["b", "a"]',
        'title = { value = "a" }',
        "heat = { value = 1 }",
    ]
    found = [mapping(text) for text in texts]
    assert len({one.digest for one in found if one is not None}) == len(texts)
