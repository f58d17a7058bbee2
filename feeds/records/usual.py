"""Records as nearly all are, straight to Articles: where every value is plain, nothing is to be
checked or cleaned.

What is plain is told of all values of a kind at once. Nothing is ever wrong here: of a record with
anything else in it validation decides and tells. tests/records/test_usual.py holds that both make
the same of it. In: YAML. Out: an Article, and whether it is published, or None. Not here: what a
record may hold (shape), and how its lines are read (lines).
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from feeds.model import Article, Image, Provider, Related
from feeds.records.lines import Pick, numbered, parted, picking
from feeds.records.moments import USUAL_MOMENT
from feeds.records.passages import visible
from feeds.records.plain import SECRET_KEY, Plain
from feeds.records.shape import LONGEST_LINE, LONGEST_NAME, MOST_ITEMS, stands
from feeds.records.text import clean
from feeds.records.validation import validate
from feeds.urls import PLAIN_ADDRESS, identity

TEXT, NAME, ADDRESS, DOMAIN, MOMENT, NUMBER, PIXELS, FLAG = range(8)
SAMPLES = {
    **dict.fromkeys((TEXT, NAME), "x"),
    ADDRESS: "https://example.org/",
    DOMAIN: "example.org",
    MOMENT: "2026-11-23T09:30:00Z",
    **dict.fromkeys((NUMBER, PIXELS), Plain("1")),
    FLAG: Plain("true"),
}
PROVIDER = {"domain": DOMAIN, "name": TEXT}
IMAGE = {"url": ADDRESS, "width": PIXELS, "height": PIXELS, "isCached": FLAG, "length": PIXELS}
RELATED = {
    "title": TEXT,
    "excerpt": TEXT,
    "type": TEXT,
    "quality": NUMBER,
    "provider": PROVIDER,
    "images": [IMAGE],
    "webUrl": ADDRESS,
    "ampWebUrl": ADDRESS,
    "cdnAmpWebUrl": ADDRESS,
    "publishedDateTime": MOMENT,
}
RECORD = {
    "title": TEXT,
    "excerpt": TEXT,
    "type": TEXT,
    "category": NAME,
    "topics": [NAME],
    "webUrl": ADDRESS,
    "originalUrl": ADDRESS,
    "ampWebUrl": ADDRESS,
    "cdnAmpWebUrl": ADDRESS,
    "publishedDateTime": MOMENT,
    "updatedDateTime": MOMENT,
    "expiryDateTime": MOMENT,
    "quality": NUMBER,
    "heat": NUMBER,
    "published": FLAG,
    "provider": PROVIDER,
    "images": [IMAGE],
    "related": [RELATED],
}


def _all(*patterns: str) -> re.Pattern[str]:
    """Values that each end a line, all of one kind and then all of the next, with an empty line
    between two kinds."""
    return re.compile(r"\n".join(rf"(?:(?>{pattern})\n)*" for pattern in patterns))


_host = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){1,3}"
SAID = _all(PLAIN_ADDRESS.pattern, _host, USUAL_MOMENT.pattern)
WRITTEN = _all(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", r"[1-9][0-9]{0,8}", "true|false")


@dataclass(frozen=True, slots=True)
class _Form:
    """Where the values of a record stand, by kind and by what they are.

    After the last stand None, for what is absent, and an empty text, which parts two kinds.
    """

    texts: Pick
    names: Pick
    said: Pick  # all of kinds that may stand in quotes, as SAID has them
    written: Pick  # and of those that may not
    moments: Pick
    published: int | None
    # title, webUrl, three moments, domain, name, excerpt, category, other addresses, quality, heat
    facts: Pick
    topics: Pick
    images: tuple[Pick, ...]
    related: tuple[Pick, ...]


def usual_article(
    source: str, body: str, path: str, mark: str, now: datetime
) -> tuple[Article, bool] | None:
    """What would be the article of the record of that digest, with that body, and whether its
    editor publishes it.

    None where it is to be read with more care.
    """
    if (parts := parted(source)) is None or (body and SECRET_KEY in (body := clean(body).strip())):
        return None
    between, raw = parts
    try:
        form = _form(between)
    except ValueError:
        return None
    if form is None:
        return None
    values: list[Any] = [value[1:-1] if value[0] in "\"'" else value for value in raw]
    values += None, ""
    raw += "", ""
    if not _are_plain(form, values, raw) or (moments := _moments(form.moments(values))) is None:
        return None
    is_published = form.published is None or values[form.published] == "true"
    title, link, at, changed, until, *others = form.facts(values)
    domain, name, excerpt, category, original, amp, cdn, quality, heat = others
    published, updated = moments[at], None if changed is None else moments[changed]
    if updated is not None and not published <= updated <= now:
        return None
    expires = None if until is None else moments[until]
    if expires is not None and expires <= published:
        return None
    article = Article(
        path,
        mark,
        identity(link),
        link,
        title,
        published,
        Provider(domain, name or domain),
        updated,
        excerpt or "",
        visible(body),
        category,
        tuple(dict.fromkeys(form.topics(values))),
        tuple([_image(*pick(values)) for pick in form.images]),
        tuple([_related(*pick(values)) for pick in form.related]),
        original,
        amp,
        cdn,
        None if quality is None else float(quality),
        None if heat is None else float(heat),
        expires=expires,
    )
    return article, is_published


def _are_plain(form: _Form, values: list[Any], raw: list[Any]) -> bool:
    """Whether every value is what its kind is as a rule.  What must stand without quotes is looked
    at as written."""
    if max(map(len, raw)) > LONGEST_LINE:
        return False
    names = form.names(values)
    # Two blanks follow each other where a text has them, and where it begins or ends with one, or
    # is empty.
    text = " ".join(["", *form.texts(values), *names, ""])
    if (
        "  " in text
        or not stands(text)
        or not all([name[0].isalnum() and len(name) <= LONGEST_NAME for name in names])
    ):
        return False
    said = "\n".join(form.said(values))
    return (
        SAID.fullmatch(said) is not None
        and SECRET_KEY not in said
        and WRITTEN.fullmatch("\n".join(form.written(raw))) is not None
    )


def _moments(written: Iterable[str]) -> dict[str, datetime] | None:
    try:
        found = {text: datetime.fromisoformat(text) for text in written}
        return {
            text: one if one.tzinfo is UTC else one.astimezone(UTC) for text, one in found.items()
        }
    except (ValueError, OverflowError):
        return None


def _image(url: str, *sizes: str | None) -> Image:
    return Image(url, *[None if size is None else int(size) for size in sizes])


def _related(title: str, link: str, domain: str | None, name: str | None) -> Related:
    return Related(title, link, None if domain is None else Provider(domain, name or domain))


@lru_cache(maxsize=500)
def _form(between: str) -> _Form | None:
    """The form of a record; None of one that has another key, or that validation finds fault with
    whatever it says.

    Raises ValueError where only a parser can tell, as `numbered` does: nothing is kept that may be
    a value after all.
    """
    data = numbered(between)
    kinds: defaultdict[int, list[int]] = defaultdict(list)
    absent = between.count("\0")
    end = absent + 1

    def at(item: dict[str, Any], *keys: str) -> list[int]:
        return [absent if item.get(key) is None else int(item[key]) for key in keys]

    def provider(item: dict[str, Any]) -> list[int]:
        own = item.get("provider")
        return [absent, absent] if own is None else [int(own["domain"]), *at(own, "name")]

    if any(
        isinstance(data.get(key), list) and len(data[key]) > most
        for key, most in MOST_ITEMS.items()
    ):
        return None
    try:
        _sort(data, RECORD, kinds)
        # a key that is required is not there, or says nothing
        if validate(_sample(data, RECORD))[1]:
            return None
        first = [int(data[key]) for key in ("title", "webUrl", "publishedDateTime")]
        others = (
            "excerpt",
            "category",
            "originalUrl",
            "ampWebUrl",
            "cdnAmpWebUrl",
            "quality",
            "heat",
        )
        images = [
            [int(item["url"]), *at(item, "width", "height", "length")]
            for item in data.get("images") or ()
        ]
        related = [
            [int(item["title"]), int(item["webUrl"]), *provider(item)]
            for item in data.get("related") or ()
        ]
        return _Form(
            picking(kinds[TEXT]),
            picking(kinds[NAME]),
            picking([*kinds[ADDRESS], end, *kinds[DOMAIN], end, *kinds[MOMENT], end]),
            picking([*kinds[NUMBER], end, *kinds[PIXELS], end, *kinds[FLAG], end]),
            picking(kinds[MOMENT]),
            None if data.get("published") is None else int(data["published"]),
            picking(
                [
                    *first,
                    *at(data, "updatedDateTime", "expiryDateTime"),
                    int(data["provider"]["domain"]),
                    *provider(data)[1:],
                    *at(data, *others),
                ]
            ),
            picking([int(item) for item in data.get("topics") or ()]),
            tuple(map(picking, images)),
            tuple(map(picking, related)),
        )
    except (KeyError, TypeError, ValueError):  # a key is another, or is not there, or says nothing
        return None


def _sample(item: Any, what: Any) -> Any:
    """The same data with a good value of its kind in each place where there is one."""
    if isinstance(what, dict) and isinstance(item, dict):
        return {key: _sample(one, what[key]) for key, one in item.items()}
    if isinstance(what, list) and isinstance(item, list):
        return [_sample(one, what[0]) for one in item]
    return None if item is None else SAMPLES[what]


def _sort(item: Any, what: Any, kinds: defaultdict[int, list[int]]) -> None:
    """Sort the places of values by what they are.  Raises ValueError where there is something
    else."""
    if isinstance(what, int) and isinstance(item, Plain):
        kinds[what].append(int(item))
    elif isinstance(what, list) and isinstance(item, list):
        for one in item:
            _sort(one, what[0], kinds)
    elif isinstance(what, dict) and isinstance(item, dict):
        for key, one in item.items():
            if key not in what:
                raise ValueError("another key")
            if one is not None:
                _sort(one, what[key], kinds)
    else:
        raise ValueError("another form")
