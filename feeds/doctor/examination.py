"""Examine a site: find its feeds, examine each briefly and some of each format thoroughly.

In: an address. Out: every finding, in the order of addresses. Few requests run at once.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain

from feeds.doctor import contents, exchanges, site
from feeds.doctor.client import Client, Exhausted, Response
from feeds.doctor.findings import Finding, Flaw
from feeds.doctor.reading import MEDIA_TYPES, Unreadable, read
from feeds.doctor.site import Base, Listed

AT_ONCE = 4
THOROUGH = 3  # feeds of each format
MOST_PICTURES = 100
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Examined:
    """The addresses of the feeds that were examined, and the findings."""

    feeds: list[str]
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class _Polled:
    """A feed that was polled, at the end of redirects; empty but for findings where it is none.

    `others` are the public addresses of its other formats.
    """

    address: str
    findings: list[Finding]
    format: str = ""
    previous_page: str = ""
    pictures: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


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
    findings: dict[Finding, None] = {}
    feeds: list[str] = []
    try:
        front = site.follow(client, address)
        if front.status != 200:
            return Examined([], [Finding(front.kind, address, front.problem)])
        asked = front.address.rstrip("/")
        base = Base(asked, (public or asked).rstrip("/"))
        examination = _Examination(client, base, now, images, progress, feeds)
        # What was found stays, should the examination be exhausted.
        for finding in examination.findings(front):
            findings.setdefault(finding)
    except Exhausted as error:
        findings.setdefault(Finding("unfinished", address, f"{error}; not examined further"))
    return Examined(feeds, [*findings])


@dataclass(frozen=True, slots=True)
class _Examination:
    """An examination under way; `feeds` are the addresses of those polled so far."""

    client: Client
    base: Base
    now: Callable[[], datetime]
    images: bool
    progress: Progress | None
    feeds: list[str]

    def findings(self, front: Response) -> Iterator[Finding]:
        """Yield every finding about the site with this front page, or about this feed."""
        listed = self._listed(front)
        yield from listed.findings
        feeds = listed.feeds
        chosen: dict[str, list[_Polled]] = {name: [] for name in MEDIA_TYPES}
        pictures: dict[str, None] = {}
        with ThreadPoolExecutor(AT_ONCE) as pool, self.client.ending_requests():
            for on_page, of_page in pool.map(
                partial(site.on_page, self.client, self.base), listed.pages
            ):
                feeds.update(dict.fromkeys(on_page))
                yield from of_page
            # A feed may lead to others, though not to more than can be asked for.
            while new := [*feeds][len(self.feeds) : self.client.bounds.requests]:
                for address, polled in zip(new, pool.map(self._poll, new), strict=True):
                    self.feeds.append(self.base.asked_address(address))
                    if len(feeds) < self.client.bounds.requests:
                        feeds.update(dict.fromkeys(polled.others))
                    if self.progress is not None:
                        self.progress(len(self.feeds), len(feeds))
                    yield from polled.findings
                    if len(pictures) <= MOST_PICTURES:
                        pictures.update(dict.fromkeys(polled.pictures))
                    if polled.format and len(chosen[polled.format]) < THOROUGH:
                        chosen[polled.format].append(polled)
            for found in pool.map(self._examine_thoroughly, chain(*chosen.values())):
                yield from found
            for found in pool.map(self._examine_picture, [*pictures][:MOST_PICTURES]):
                yield from found
        if len(pictures) > MOST_PICTURES:
            detail = f"more than {MOST_PICTURES} pictures; the others were not fetched"
            yield Finding("unfinished", self.base.asked, detail)
        yield from site.findings(self.client, self.base, self.feeds)

    def _listed(self, front: Response) -> Listed:
        """Return the response itself where it is a feed, else the feeds that its page leads to."""
        try:
            read(front.body)
        except Unreadable as error:
            is_page = front.media_type in ("text/html", "application/xhtml+xml")
            if error.kind == "not-a-feed" and is_page:
                return site.listed(self.client, self.base, front)
        return Listed({self.base.public_address(front.address): None})

    def _poll(self, public: str) -> _Polled:
        """Request a feed, and examine it briefly."""
        address = self.base.asked_address(public)
        response = site.follow(self.client, address)
        moment = self.now()
        findings = []
        if response.status == 200 and response.address != address:
            findings.append(Finding("redirect", address, f"to {response.address}"))
        feed = None
        try:
            feed = read(response.content())
        except Unreadable as error:
            findings.append(Finding(error.kind, address, error.detail))
        else:
            own_address = self.base.public_address(response.address)
            findings += _at(address, contents.flaws(feed, own_address, len(response.body), moment))
        if response.status == 200:
            flaws = exchanges.brief_flaws(self.client, response, feed, moment)
            findings += _at(response.address, flaws)
        if feed is None:
            return _Polled(response.address, findings)
        pictures = chain(*(entry.pictures for entry in feed.entries)) if self.images else ()
        return _Polled(
            response.address,
            findings,
            feed.format,
            feed.previous_page,
            pictures=tuple(dict.fromkeys(pictures))[: MOST_PICTURES + 1],
            others=tuple(map(self.base.public_address, site.by_headers(response))),
        )

    def _examine_thoroughly(self, polled: _Polled) -> list[Finding]:
        """Examine a feed in every way, and the page before its newest entries (RFC 5005)."""
        findings = _at(polled.address, exchanges.thorough_flaws(self.client, polled.address))
        try:
            if polled.previous_page:
                previous = self.base.asked_address(polled.previous_page)
                read(site.follow(self.client, previous).content())
        except Unreadable as error:
            detail = f"{polled.previous_page}: {error.detail}"
            findings.append(Finding("history", polled.address, detail))
        return findings

    def _examine_picture(self, address: str) -> list[Finding]:
        response = site.follow(self.client, address)
        if response.status == 200 and response.media_type.startswith("image/"):
            return []
        return [Finding("image", address, f"{response.problem} {response.media_type}".strip())]


def _at(address: str, flaws: Iterable[Flaw]) -> list[Finding]:
    return [Finding(kind, address, detail) for kind, detail in flaws]
