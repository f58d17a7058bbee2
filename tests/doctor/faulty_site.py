"""A small site on loopback that does all that readers want, but for what a test breaks."""

import gzip
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NEWS = "Something was seen at the harbour, and here it is told at some length. " * 30
MODIFIED = "Wed, 06 May 2026 07:08:09 GMT"
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/"><channel>
<title>Harbour</title><link>SITE/</link><description>News of it</description>
<atom:link rel="self" href="SITE/feed.rss" type="application/rss+xml"/>
<lastBuildDate>Wed, 06 May 2026 07:08:09 +0000</lastBuildDate>
<item><title>Herons</title><link>https://example.org/herons</link><guid>https://example.org/herons</guid>
<pubDate>Wed, 06 May 2026 07:08:09 +0000</pubDate><description>NEWS</description>
<media:content url="SITE/heron.png" medium="image"/>
<enclosure url="SITE/heron.png" length="7" type="image/png"/></item>
<item><title>Boats</title><link>https://example.org/boats</link><guid isPermaLink="false">tag:boats</guid>
<pubDate>Tue, 05 May 2026 07:08:09 +0000</pubDate></item>
</channel></rss>
"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><id>SITE/feed.atom</id><title>Harbour</title>
<updated>2026-05-06T07:08:09Z</updated><author><name>Harbour</name></author>
<link rel="self" href="SITE/feed.atom"/><link href="SITE/"/>
<link rel="prev-archive" href="SITE/archive/2026-04.atom"/>
<entry><id>https://example.org/herons</id><title>Herons</title><updated>2026-05-06T07:08:09Z</updated>
<link href="https://example.org/herons"/><content type="html">NEWS</content></entry></feed>
"""
JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "Harbour", "feed_url": "SITE/feed.json",
"items": [{"id": "1", "url": "https://example.org/herons", "content_text": "NEWS",
"date_published": "2026-05-06T07:08:09Z"}]}
"""
PAGE = """<!doctype html><title>Harbour</title>
<link rel="alternate" type="application/atom+xml" href="/feed.atom">
<a href="feeds.opml" type="text/x-opml">All</a>
"""
OPML = """<?xml version="1.0"?><opml version="2.0"><head/><body><outline text="News">
<outline type="rss" text="Harbour" xmlUrl="SITE/feed.rss" htmlUrl="SITE/news/"/></outline></body></opml>
"""
NEWS_PAGE = """<!doctype html><title>News</title><link rel="alternate" type="application/feed+json" href="../feed.json">"""
ARCHIVE = ATOM.replace("feed.atom", "archive/2026-04.atom").replace("prev-archive", "current")
PAGES = {
    "/": (PAGE, "text/html; charset=utf-8"),
    "/news/": (NEWS_PAGE, "text/html; charset=utf-8"),
    "/feeds.opml": (OPML, "text/x-opml; charset=utf-8"),
    "/feed.rss": (RSS, "application/rss+xml; charset=utf-8"),
    "/feed.atom": (ATOM, "application/atom+xml; charset=utf-8"),
    "/feed.json": (JSON, "application/feed+json; charset=utf-8"),
    "/archive/2026-04.atom": (ARCHIVE, "application/atom+xml; charset=utf-8"),
    "/robots.txt": ("User-agent: *\nDisallow: /admin\n", "text/plain; charset=utf-8"),
    "/heron.png": ("picture", "image/png"),
}


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    headers: dict[str, str]
    number: int


@dataclass(frozen=True)
class Reply:
    """An answer on its way."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    def named(self, **headers: str | None) -> "Reply":
        """The same with other headers; None takes one out."""
        named = {
            **self.headers,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return replace(
            self, headers={name: value for name, value in named.items() if value is not None}
        )


@dataclass(frozen=True)
class Broken:
    """What is broken: in a page's text before anything else, or in an answer at last; and what the
    site has more: pages with their media types, by path."""

    text: Callable[[str, str], str] = lambda path, text: text
    answer: Callable[[Asked, Reply], Reply] = lambda asked, reply: reply
    more: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def answered(asked: Asked, site: str, broken: Broken) -> Reply:
    """What the site answers: right, but for what is broken."""
    pages = {**PAGES, **broken.more}
    if asked.path not in pages:
        return broken.answer(asked, Reply(404, b"nothing", {"Content-Type": "text/plain"}))
    text, kind = pages[asked.path]
    text = broken.text(asked.path, text).replace("SITE", site).replace("NEWS", NEWS)
    body = text.encode()
    tag = f'"{sha256(body).hexdigest()[:16]}"'
    headers = {"ETag": tag, "Last-Modified": MODIFIED, "Cache-Control": "public, max-age=300"}
    headers |= {
        "Access-Control-Allow-Origin": "*",
        "Vary": "Accept-Encoding",
        "Date": formatdate(usegmt=True),
    }
    known, since = asked.headers.get("If-None-Match"), asked.headers.get("If-Modified-Since")
    fresh = known.removeprefix("W/") == tag if known else since == MODIFIED
    reply = (
        Reply(304, b"", headers) if fresh else Reply(200, body, {**headers, "Content-Type": kind})
    )
    if reply.status == 200 and "gzip" in asked.headers.get("Accept-Encoding", ""):
        reply = replace(reply, body=gzip.compress(reply.body, mtime=0)).named(
            Content_Encoding="gzip"
        )
    return broken.answer(asked, reply)


@contextmanager
def site(broken: Broken | None = None) -> Iterator[str]:
    """Run the site on a free port of loopback, and give back its address."""
    count = iter(range(1_000_000))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one piece: a second one would wait until the first has arrived

        def do_GET(self) -> None:
            asked = Asked(self.command, self.path, dict(self.headers.items()), next(count))
            reply = answered(asked, f"http://{self.headers['Host']}", broken or Broken())
            self.send_response_only(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_HEAD = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
