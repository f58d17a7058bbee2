"""Find the feeds of a site by its front page and its OPML list, and rules for a whole site."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from feeds.doctor.client import OURS, READERS, Client, Response
from feeds.doctor.findings import Finding
from feeds.doctor.reading import MEDIA_TYPES, Unreadable, xml

FEED_TYPES = {own for own, *_ in MEDIA_TYPES.values()}
OPML_TYPES = {"text/x-opml", "application/opml+xml"}
MOST_REDIRECTS = 5
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Base:
    """The base address to which requests go, and the public one, which documents name.

    They differ while a site is tried out before it is public.
    """

    asked: str
    public: str

    def asked_address(self, public: str) -> str:
        """Return the address to request for a public address."""
        return _moved(public, self.public, self.asked)

    def public_address(self, asked: str) -> str:
        """Return the public address for one that was requested."""
        return _moved(asked, self.asked, self.public)


def _moved(address: str, base: str, to: str) -> str:
    """Return an address below one base as that below another; others stay."""
    below = address.removeprefix(base)
    return to + below if below != address and below[:1] in ("", "/", "?", "#") else address


@dataclass(slots=True)
class Listed:
    """The public addresses of feeds and of their pages that a site lists, in order."""

    feeds: dict[str, None] = field(default_factory=dict)
    pages: dict[str, None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def joined(base: str, address: str) -> str:
    """Return an absolute address; an invalid one stays as it is, and will fail when requested."""
    try:
        return urljoin(base, address)
    except ValueError:
        return address


def follow(client: Client, address: str) -> Response:
    """Return the response at the end of redirects."""
    for _ in range(MOST_REDIRECTS):
        response = client.request(address)
        target = response.header("Location")
        if response.status not in (301, 302, 303, 307, 308) or not target:
            return response
        address = joined(address, target)
    return Response(address, 0, failure="redirects without an end")


def listed(client: Client, base: Base, response: Response) -> Listed:
    """Return the feeds that a page links to, and those of its OPML list, or of `feeds.opml`."""
    page = _Links(response, base)
    found = Listed(dict.fromkeys(page.feeds))
    if not page.feeds:
        found.findings.append(Finding("no-discovery", response.address))
    for address in dict.fromkeys(page.lists) or [f"{base.public}/feeds.opml"]:
        found.findings += _read_list(client, base, address, found, is_named=bool(page.lists))
    return found


def on_page(client: Client, base: Base, public: str) -> tuple[list[str], list[Finding]]:
    """Return the feeds that the page of a feed links to, and the findings about the page."""
    response = follow(client, base.asked_address(public))
    if response.status != 200:
        return [], [Finding("page", response.address, response.problem)]
    feeds = _Links(response, base).feeds
    return feeds, [] if feeds else [Finding("no-discovery", response.address)]


def by_headers(response: Response) -> Iterator[str]:
    """Yield the addresses of other formats of a feed from its Link headers (RFC 8288)."""
    for link in response.header("Link").split(", <"):
        target, _, parameters = link.lstrip("< ").partition(">")
        if 'rel="alternate"' in parameters and any(kind in parameters for kind in FEED_TYPES):
            yield joined(response.address, target)


def findings(client: Client, base: Base, feeds: Sequence[str]) -> Iterator[Finding]:
    """Yield the findings about a whole site: robots.txt, missing pages, http without TLS."""
    public = urlsplit(base.public)
    if public.scheme == "http" and public.hostname not in LOCAL:
        yield Finding("insecure", base.public)
    parts = urlsplit(base.asked)
    origin = f"{parts.scheme}://{parts.netloc}/"
    robots = client.request(f"{origin}robots.txt")
    if robots.status == 200 and robots.media_type in ("text/plain", ""):
        # A feed on another host has a robots.txt of its own.
        yield from _robots(robots, [address for address in feeds if address.startswith(origin)])
    if len(feeds) < 2:  # a single feed was examined, and no site
        return
    missing = f"{base.asked}/topics/there-is-no-such-feed/feed.rss"
    response = client.request(missing)
    if response.status == 200:
        yield Finding("soft-404", missing, response.media_type)


def _robots(response: Response, feeds: Sequence[str]) -> Iterator[Finding]:
    rules = RobotFileParser()
    rules.parse(response.body.decode("utf-8", "replace").splitlines())
    agents = {"*": "everyone"}
    agents |= {agent: agent.partition("/")[0] for agent in (OURS, *READERS.values())}
    for address in feeds:
        forbidden = [name for agent, name in agents.items() if not rules.can_fetch(agent, address)]
        if forbidden:
            names = "everyone" if "everyone" in forbidden else ", ".join(forbidden)
            yield Finding("robots", address, f"for {names}")


def _read_list(
    client: Client, base: Base, address: str, found: Listed, *, is_named: bool
) -> list[Finding]:
    """Add the feeds and pages of an OPML list, and return the findings about the list.

    A list that no page names (`is_named`) may be missing.
    """
    response = follow(client, base.asked_address(address))
    try:
        if response.status != 200:
            raise Unreadable("opml", response.problem)
        root = xml(response.body)
    except Unreadable as error:
        return [Finding("opml", response.address, error.detail)] if is_named else []
    outlines = [
        one for one in root.iter("outline") if one.get("type") == "rss" or one.get("xmlUrl")
    ]
    for outline in outlines:
        page = outline.get("htmlUrl", "").partition("#")[0]
        if page.startswith(f"{base.public}/") and page.rstrip("/") != base.public:
            found.pages[page] = None
        if feed := outline.get("xmlUrl", ""):
            found.feeds[joined(base.public_address(response.address), feed)] = None
    if root.tag == "opml" and all(outline.get("xmlUrl") for outline in outlines):
        return []
    return [Finding("opml", response.address, "no OPML, or an outline without xmlUrl")]


class _Links(HTMLParser):
    """The feeds and OPML lists that a page links to."""

    def __init__(self, response: Response, base: Base) -> None:
        super().__init__()
        self._base = base.public_address(response.address)
        self.feeds: list[str] = []
        self.lists: list[str] = []
        self.feed(response.body.decode("utf-8", "replace"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in ("link", "a") or not values.get("href"):
            return
        media_type = values.get("type", "").lower()
        address = joined(self._base, values["href"].strip())
        is_alternate = tag == "a" or "alternate" in values.get("rel", "").lower().split()
        if media_type in FEED_TYPES and is_alternate:
            self.feeds.append(address)
        elif media_type in OPML_TYPES:
            self.lists.append(address)
