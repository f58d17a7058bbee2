"""Examine a site: find its feeds, examine each briefly and some of each format thoroughly.

In: an address. Out: every finding, in the order of addresses. Few requests run at once.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain

from feeds.doctor import contents, exchanges, site
from feeds.doctor.client import UNDECODABLE, Client, Response
from feeds.doctor.findings import Finding, Flaw
from feeds.doctor.reading import ParsedFeed, Unreadable, read
from feeds.doctor.site import Base, Listed

AT_ONCE = 4
THOROUGH = 3  # feeds of each format
MOST_PICTURES = 100
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Examined:
    """The addresses of the feeds that were examined, and the findings."""

    feeds: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Polled:
    """A response from the address of a feed; `feed` is None where it could not be parsed."""

    response: Response
    feed: ParsedFeed | None
    findings: list[Finding]


def examine(
    client: Client,
    address: str,
    now: Callable[[], datetime],
    *,
    public: str = "",
    images: bool = False,
    progress: Progress | None = None,
) -> Examined:
    """Examine the site, or the one feed, at an address.

    `public` is the public address of the site where `address` is not; `images` fetches pictures
    too. `progress` is called with the number of feeds polled and that of all.
    """
    examined = Examined()
    front = site.follow(client, address)
    asked = front.address.rstrip("/")
    base = Base(asked, (public or asked).rstrip("/"))
    if front.status != 200:
        kind = "unreachable" if front.failure else "status"
        examined.findings.append(Finding(kind, address, front.problem))
        return examined
    listed = _listed(client, base, front)
    feeds, findings = listed.feeds, listed.findings
    polled: dict[str, _Polled] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for on_page, of_page in pool.map(partial(site.on_page, client, base), listed.pages):
            feeds.update(dict.fromkeys(on_page))
            findings += of_page
        while new := [one for one in feeds if one not in polled]:
            found = pool.map(partial(_poll, client, base, now), new)
            for one, result in zip(new, found, strict=True):
                polled[one] = result
                if progress is not None:
                    progress(len(polled), len(feeds))
                if result.feed is not None:
                    others = site.by_headers(result.response)
                    feeds.update(dict.fromkeys(map(base.public_address, others)))
        chosen = _chosen(polled.values())
        more = [
            pool.map(partial(_examine_thoroughly, client), chosen),
            pool.map(partial(_examine_history, client, base), chosen),
        ]
        if images:
            pictures = dict.fromkeys(chain(*(_pictures(one.feed) for one in polled.values())))
            more.append(pool.map(partial(_examine_picture, client), [*pictures][:MOST_PICTURES]))
        findings += chain(*(one.findings for one in polled.values()), *chain(*more))
    examined.feeds = [base.asked_address(one) for one in feeds]
    findings += site.findings(client, base, examined.feeds)
    # Two rules may find the same: the first finding of a kind at an address stays.
    firsts: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        firsts.setdefault((finding.kind, finding.address), finding)
    examined.findings = [*firsts.values()]
    return examined


def _listed(client: Client, base: Base, front: Response) -> Listed:
    """Return the response itself where it is a feed, else the feeds that its page leads to."""
    try:
        read(front.body)
    except Unreadable as error:
        is_page = front.media_type in ("text/html", "application/xhtml+xml")
        if error.kind == "not-a-feed" and is_page:
            return site.listed(client, base, front)
    return Listed({base.public_address(front.address): None})


def _poll(client: Client, base: Base, now: Callable[[], datetime], public: str) -> _Polled:
    """Request a feed, and examine it briefly."""
    address = base.asked_address(public)
    response = site.follow(client, address)
    moment = now()
    feed, flaws = _parsed(base, response, moment)
    findings = _at(address, flaws)
    if response.status == 200:
        if response.address != address:
            findings.insert(0, Finding("redirect", address, f"to {response.address}"))
        findings += _at(response.address, exchanges.brief_flaws(client, response, feed, moment))
    return _Polled(response, feed, findings)


def _parsed(base: Base, response: Response, now: datetime) -> tuple[ParsedFeed | None, list[Flaw]]:
    """Return the feed in a response, or None, and its flaws."""
    if response.failure:
        kind = "bad-coding" if response.failure == UNDECODABLE else "unreachable"
        return None, [(kind, response.failure)]
    if response.status == 429:
        return None, [("limited", "")]
    if response.status != 200:
        return None, [("status", str(response.status))]
    try:
        feed = read(response.body)
    except Unreadable as error:
        return None, [(error.kind, error.detail)]
    own_address = base.public_address(response.address)
    return feed, [*contents.flaws(feed, own_address, len(response.body), now)]


def _chosen(polled: Iterable[_Polled]) -> list[_Polled]:
    """Return the first few feeds of each format."""
    counts: Counter[str] = Counter()
    chosen = []
    for one in polled:
        if one.feed is not None and counts[one.feed.format] < THOROUGH:
            counts[one.feed.format] += 1
            chosen.append(one)
    return chosen


def _examine_thoroughly(client: Client, polled: _Polled) -> list[Finding]:
    return _at(polled.response.address, exchanges.thorough_flaws(client, polled.response))


def _examine_history(client: Client, base: Base, polled: _Polled) -> list[Finding]:
    """Examine the page before the newest entries, if there is one (RFC 5005)."""
    previous = polled.feed.previous_page if polled.feed is not None else ""
    if not previous:
        return []
    response = site.follow(client, base.asked_address(previous))
    problem = "" if response.status == 200 else response.problem
    try:
        if not problem:
            read(response.body)
    except Unreadable as error:
        problem = error.detail
    return (
        [Finding("history", polled.response.address, f"{previous}: {problem}")] if problem else []
    )


def _pictures(feed: ParsedFeed | None) -> list[str]:
    return [] if feed is None else [one for entry in feed.entries for one in entry.pictures]


def _examine_picture(client: Client, address: str) -> list[Finding]:
    response = site.follow(client, address)
    if response.status == 200 and response.media_type.startswith("image/"):
        return []
    detail = response.failure or f"{response.status} {response.media_type}".strip()
    return [Finding("image", address, detail)]


def _at(address: str, flaws: Iterable[Flaw]) -> list[Finding]:
    return [Finding(kind, address, detail) for kind, detail in flaws]
