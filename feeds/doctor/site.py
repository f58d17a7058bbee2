"""Find the feeds of a site by its front page and its OPML list, and rules for a whole site."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from lxml import etree

from feeds.doctor.client import OURS, READERS, Client, Response
from feeds.doctor.findings import Finding
from feeds.doctor.reading import MEDIA_TYPES, ONE_TREE, Unreadable, xml

FEED_TYPES = {own for own, *_ in MEDIA_TYPES.values()}
OPML_TYPES = {"text/x-opml", "application/opml+xml"}
ROBOTS_BYTES = 500 * 1024  # RFC 9309 §2.5: crawlers need not read more
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
    for _ in range(client.bounds.redirects + 1):
        response = client.request(address)
        target = response.header("Location")
        if response.status not in (301, 302, 303, 307, 308) or not target:
            return response
        address = joined(address, target)
    failure = f"more than {client.bounds.redirects} redirects; not followed further"
    return Response(address, 0, failure=failure, kind="unbounded")


def listed(client: Client, base: Base, response: Response) -> Listed:
    """Return the feeds that a page links to, and those of its OPML list, or of `feeds.opml`."""
    feeds, lists = _links(response, base)
    found = Listed(dict.fromkeys(feeds))
    if not feeds:
        found.findings.append(Finding("no-discovery", response.address))
    for address in dict.fromkeys(lists) or [f"{base.public}/feeds.opml"]:
        found.findings += _read_list(client, base, address, found, is_named=bool(lists))
    return found


def on_page(client: Client, base: Base, public: str) -> tuple[list[str], list[Finding]]:
    """Return the feeds that the page of a feed links to, and the findings about the page."""
    response = follow(client, base.asked_address(public))
    if response.status != 200:
        return [], [Finding("page", response.address, response.problem)]
    feeds, _ = _links(response, base)
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
        own = [address for address in feeds if address.startswith(origin)]
        yield from _robots(client, robots, own)
    elif robots.failure:
        yield Finding(robots.kind, robots.address, robots.failure)
    if len(feeds) < 2:  # a single feed was examined, and no site
        return
    missing = f"{base.asked}/topics/there-is-no-such-feed/feed.rss"
    response = client.request(missing)
    if response.status == 200:
        yield Finding("soft-404", missing, response.media_type)
    elif response.failure:
        yield Finding(response.kind, missing, response.failure)


def _robots(client: Client, response: Response, feeds: Sequence[str]) -> Iterator[Finding]:
    if len(response.body) > ROBOTS_BYTES:
        detail = f"larger than {ROBOTS_BYTES >> 10} KiB; not read further"
        yield Finding("unbounded", response.address, detail)
    rules = RobotFileParser()
    agents = {"*": "everyone"}
    agents |= {agent: agent.partition("/")[0] for agent in (OURS, *READERS.values())}
    try:
        rules.parse(response.body[:ROBOTS_BYTES].decode("utf-8", "replace").splitlines())
        for address in feeds:
            client.check_time()
            closed = [name for agent, name in agents.items() if not rules.can_fetch(agent, address)]
            if closed:
                names = "everyone" if "everyone" in closed else ", ".join(closed)
                yield Finding("robots", address, f"for {names}")
    except ValueError as error:  # the standard library raises it for a path of `//[`
        yield Finding("robots", response.address, f"cannot be read: {error}")


def _read_list(
    client: Client, base: Base, address: str, found: Listed, *, is_named: bool
) -> list[Finding]:
    """Add the feeds and pages of an OPML list, and return the findings about the list.

    A list that no page names (`is_named`) may be missing.
    """
    response = follow(client, base.asked_address(address))
    try:
        root = xml(response.content())
    except Unreadable as error:
        return [Finding("opml", response.address, error.detail)] if is_named else []
    outlines = [
        one for one in root.iter("outline") if one.get("xmlUrl") or one.get("type") == "rss"
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


def _links(response: Response, base: Base) -> tuple[list[str], list[str]]:
    """Return the public addresses of the feeds and of the OPML lists that a page links to."""
    feeds: list[str] = []
    lists: list[str] = []
    with ONE_TREE:
        page = etree.HTML(response.body, etree.HTMLParser(encoding="utf-8"))
        for link in () if page is None else page.iter("a", "link"):
            media_type = link.get("type", "").lower()
            is_alternate = link.tag == "a" or "alternate" in link.get("rel", "").lower().split()
            if media_type in OPML_TYPES or (media_type in FEED_TYPES and is_alternate):
                found = lists if media_type in OPML_TYPES else feeds
                target = link.get("href", "").strip()
                found.append(joined(base.public_address(response.address), target))
    return feeds, lists
