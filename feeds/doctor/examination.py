"""The examination of a site: which feeds there are, each of them briefly, some of each format
thoroughly.

In: an address. Out: every finding, in the order of addresses. No more than a few requests run at
once.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain

from feeds.doctor import contents, exchanges, site
from feeds.doctor.asking import UNDECODABLE, Answer, Asker
from feeds.doctor.findings import Finding
from feeds.doctor.reading import Document, Unreadable, read
from feeds.doctor.site import Listed, Place

AT_ONCE = 4
THOROUGH = 3  # feeds of each format
MOST_PICTURES = 100
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Examined:
    """What came of it: the feeds that were asked for, and what is wrong."""

    feeds: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Fed:
    """A feed as it was answered, and as far as it could be read."""

    answer: Answer
    document: Document | None
    findings: tuple[Finding, ...]


def examine(
    asker: Asker,
    address: str,
    now: Callable[[], datetime],
    *,
    public: str = "",
    images: bool = False,
    progress: Progress | None = None,
) -> Examined:
    """Examine the site, or the one feed, at an address.  `public` is where it will be, when it is
    tried out elsewhere.

    `progress` is told how many feeds of how many were asked.
    """
    examined = Examined()
    front, _ = site.follow(asker, address)
    asked = front.address.rstrip("/")
    place = Place(asked, (public or asked).rstrip("/"))
    if front.status != 200:
        kind = "unreachable" if front.failure else "status"
        examined.findings.append(Finding(kind, address, front.failure or str(front.status)))
        return examined
    listed = _listed(asker, place, front)
    feeds, examined.findings = listed.feeds, listed.findings
    done: dict[str, _Fed] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for others, wrong in pool.map(partial(site.on_page, asker, place), listed.pages):
            feeds.update(dict.fromkeys(others))
            examined.findings += wrong
        while waiting := [one for one in feeds if one not in done]:
            for one, fed in zip(
                waiting, pool.map(partial(_feed, asker, place, now), waiting), strict=True
            ):
                done[one] = fed
                if progress is not None:
                    progress(len(done), len(feeds))
                if fed.document is not None:
                    feeds.update(
                        dict.fromkeys(place.to_say(other) for other in site.by_headers(fed.answer))
                    )
        chosen = _chosen(done.values())
        more = [
            pool.map(partial(_thoroughly, asker), chosen),
            pool.map(partial(_history, asker, place), chosen),
        ]
        if images:
            pictures = dict.fromkeys(
                one for fed in done.values() for one in _pictures(fed.document)
            )
            more.append(pool.map(partial(_picture, asker), [*pictures][:MOST_PICTURES]))
        for found in chain([fed.findings for fed in done.values()], *more):
            examined.findings += found
    examined.feeds = [place.to_ask(one) for one in feeds]
    examined.findings += site.findings(asker, place, examined.feeds)
    # What two rules saw of one feed is one finding, told as the first one saw it.
    first = {(finding.kind, finding.address): finding for finding in reversed(examined.findings)}
    examined.findings = [one for one in examined.findings if first[one.kind, one.address] is one]
    return examined


def _listed(asker: Asker, place: Place, front: Answer) -> Listed:
    """The feed that the answer itself is, or those to which the page leads."""
    try:
        read(front.body)
    except Unreadable as error:
        if error.kind == "not-a-feed" and front.media_type in (
            "text/html",
            "application/xhtml+xml",
        ):
            return site.listed(asker, place, front)
    return Listed({place.to_say(front.address): None})


def _feed(asker: Asker, place: Place, now: Callable[[], datetime], public: str) -> _Fed:
    address = place.to_ask(public)
    answer, redirects = site.follow(asker, address)
    found = []
    if redirects and answer.status == 200:
        found.append(Finding("redirect", address, f"to {answer.address}"))
    if answer.failure:
        kind = "bad-coding" if answer.failure == UNDECODABLE else "unreachable"
        return _Fed(answer, None, (*found, Finding(kind, address, answer.failure)))
    if answer.status == 429:
        return _Fed(answer, None, (*found, Finding("limited", address)))
    if answer.status != 200:
        return _Fed(answer, None, (*found, Finding("status", address, str(answer.status))))
    document = None
    moment = now()
    try:
        document = read(answer.body)
        expected = place.to_say(answer.address)
        found += contents.findings(document, address, expected, len(answer.body), moment)
    except Unreadable as error:
        found.append(Finding(error.kind, address, error.detail))
    found += exchanges.briefly(asker, answer, document, moment)
    return _Fed(answer, document, tuple(found))


def _chosen(feeds: Iterable[_Fed]) -> list[_Fed]:
    """Some of each format."""
    counts: Counter[str] = Counter()
    chosen = []
    for fed in feeds:
        if fed.document is not None and counts[fed.document.format] < THOROUGH:
            counts[fed.document.format] += 1
            chosen.append(fed)
    return chosen


def _thoroughly(asker: Asker, fed: _Fed) -> list[Finding]:
    return list(exchanges.thoroughly(asker, fed.answer))


def _history(asker: Asker, place: Place, fed: _Fed) -> list[Finding]:
    """Whether the page before the newest entries is there and can be read."""
    older = fed.document.older if fed.document is not None else ""
    if not older:
        return []
    answer, _ = site.follow(asker, place.to_ask(older))
    if answer.status != 200:
        return [
            Finding("history", fed.answer.address, f"{older}: {answer.status or answer.failure}")
        ]
    try:
        read(answer.body)
    except Unreadable as error:
        return [Finding("history", fed.answer.address, f"{older}: {error.detail}")]
    return []


def _pictures(document: Document | None) -> list[str]:
    return [] if document is None else [one for entry in document.entries for one in entry.pictures]


def _picture(asker: Asker, address: str) -> list[Finding]:
    answer, _ = site.follow(asker, address)
    if answer.status == 200 and answer.media_type.startswith("image/"):
        return []
    return [
        Finding("image", address, answer.failure or f"{answer.status} {answer.media_type}".strip())
    ]
