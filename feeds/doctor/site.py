"""Which feeds a site has, by its front page and its OPML list, and rules for a site as a whole."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from feeds.doctor.asking import OURS, READERS, Answer, Asker
from feeds.doctor.findings import Finding
from feeds.doctor.reading import MEDIA_TYPES, Unreadable, xml

FEED_TYPES = {own for own, *_ in MEDIA_TYPES.values()}
OPML_TYPES = {"text/x-opml", "application/opml+xml"}
MOST_REDIRECTS = 5
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a site is asked, and where it says that it is: not the same where it is tried out
    before it is public."""

    asked: str
    public: str

    def to_ask(self, address: str) -> str:
        """Where a public address of the site is asked."""
        below = address.removeprefix(self.public)
        return (
            self.asked + below if below != address and below[:1] in ("", "/", "?", "#") else address
        )

    def to_say(self, address: str) -> str:
        """What an address that was asked is called in documents."""
        below = address.removeprefix(self.asked)
        return (
            self.public + below
            if below != address and below[:1] in ("", "/", "?", "#")
            else address
        )


@dataclass(slots=True)
class Listed:
    """What a site lists: public addresses of feeds and of their pages, in the order in which they
    were found."""

    feeds: dict[str, None] = field(default_factory=dict)
    pages: dict[str, None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def joined(base: str, address: str) -> str:
    """An address in full; one that is none stays as it is, and will not be reached."""
    try:
        return urljoin(base, address)
    except ValueError:
        return address


def follow(asker: Asker, address: str) -> tuple[Answer, int]:
    """The answer at an address and the number of redirects on the way to it."""
    for count in range(MOST_REDIRECTS):
        answer = asker.ask(address)
        target = answer.header("Location")
        if answer.status not in (301, 302, 303, 307, 308) or not target:
            return answer, count
        address = joined(address, target)
    return Answer(address, 0, failure="redirects without an end"), MOST_REDIRECTS


def listed(asker: Asker, place: Place, answer: Answer) -> Listed:
    """The feeds that a page leads to, by itself and by the OPML list that it names or that lies
    beside it."""
    found = Listed()
    page = _links(answer, place)
    for address in page.feeds:
        found.feeds[address] = None
    if not page.feeds:
        found.findings.append(Finding("no-discovery", answer.address))
    lists = page.lists or [f"{place.public}/feeds.opml"]
    for address in lists:
        _from_list(asker, place, address, found, is_named=bool(page.lists))
    return found


def on_page(asker: Asker, place: Place, public: str) -> tuple[list[str], list[Finding]]:
    """The feeds that the page of a feed leads to, and what is wrong with it."""
    answer, _ = follow(asker, place.to_ask(public))
    if answer.status != 200:
        return [], [Finding("page", answer.address, str(answer.status or answer.failure))]
    feeds = _links(answer, place).feeds
    return feeds, [] if feeds else [Finding("no-discovery", answer.address)]


def by_headers(answer: Answer) -> Iterator[str]:
    """Other formats of a feed, by the Link headers of one (RFC 8288)."""
    for link in answer.header("Link").split(", <"):
        target, _, parameters = link.lstrip("< ").partition(">")
        if 'rel="alternate"' in parameters and any(kind in parameters for kind in FEED_TYPES):
            yield joined(answer.address, target)


def findings(asker: Asker, place: Place, feeds: Sequence[str]) -> Iterator[Finding]:
    """Rules for a site as a whole: robots.txt, what is not there, http without TLS."""
    parts = urlsplit(place.asked)
    if urlsplit(place.public).scheme == "http" and urlsplit(place.public).hostname not in LOCAL:
        yield Finding("insecure", place.public)
    origin = f"{parts.scheme}://{parts.netloc}/"
    robots = asker.ask(f"{origin}robots.txt")
    if robots.status == 200 and robots.media_type in ("text/plain", ""):
        # A feed elsewhere has a robots.txt of its own.
        yield from _robots(robots, [address for address in feeds if address.startswith(origin)])
    if len(feeds) < 2:  # below a feed there is no site
        return
    nothing = f"{place.asked}/topics/there-is-no-such-feed/feed.rss"
    if (got := asker.ask(nothing)).status == 200:
        yield Finding("soft-404", nothing, got.media_type)


def _robots(answer: Answer, feeds: Sequence[str]) -> Iterator[Finding]:
    rules = RobotFileParser()
    rules.parse(answer.body.decode("utf-8", "replace").splitlines())
    agents = ["*", OURS, *READERS.values()]
    for address in feeds:
        refused = [agent for agent in agents if not rules.can_fetch(agent, address)]
        if refused:
            who = (
                "everyone"
                if "*" in refused
                else ", ".join(agent.partition("/")[0] for agent in refused)
            )
            yield Finding("robots", address, f"for {who}")


def _from_list(asker: Asker, place: Place, address: str, found: Listed, *, is_named: bool) -> None:
    answer, _ = follow(asker, place.to_ask(address))
    if answer.status != 200:
        if is_named:
            found.findings.append(
                Finding("opml", answer.address, f"{answer.status or answer.failure}")
            )
        return
    try:
        root = xml(answer.body)
    except Unreadable as error:
        if is_named:
            found.findings.append(Finding("opml", answer.address, error.detail))
        return
    outlines = [
        one for one in root.iter("outline") if one.get("type") == "rss" or one.get("xmlUrl")
    ]
    addresses = [one.get("xmlUrl", "") for one in outlines]
    for page in (one.get("htmlUrl", "").partition("#")[0] for one in outlines):
        if page.startswith(f"{place.public}/") and page.rstrip("/") != place.public:
            found.pages[page] = None
    if root.tag != "opml" or not all(addresses):
        found.findings.append(
            Finding("opml", answer.address, "no OPML, or an outline without xmlUrl")
        )
    for one in addresses:
        if one:
            found.feeds[joined(place.to_say(answer.address), one)] = None


class _Page(HTMLParser):
    """The feeds and lists that a page names."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self.feeds: list[str] = []
        self.lists: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        kind, address = (
            said.get("type", "").lower(),
            joined(self._base, said.get("href", "").strip()),
        )
        if tag in ("link", "a") and said.get("href"):
            if kind in FEED_TYPES and (
                tag == "a" or "alternate" in said.get("rel", "").lower().split()
            ):
                self.feeds.append(address)
            elif kind in OPML_TYPES:
                self.lists.append(address)


def _links(answer: Answer, place: Place) -> _Page:
    page = _Page(place.to_say(answer.address))
    page.feed(answer.body.decode("utf-8", "replace"))
    page.lists = list(dict.fromkeys(page.lists))
    return page
