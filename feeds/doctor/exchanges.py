"""Rules for HTTP: media type, validators, freshness, codings, clock.

In: the first response from a feed; each rule sends the further requests that it needs. Out: flaws.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from feeds.doctor.client import READERS, Client, Response
from feeds.doctor.findings import Flaw
from feeds.doctor.reading import MEDIA_TYPES, ParsedFeed, Unreadable, read

SKEW = timedelta(minutes=2)
SMALL = 1400  # bytes that fit into one packet uncompressed
NEVER_SENT = '"a-tag-that-was-never-sent"'


def brief_flaws(
    client: Client, response: Response, feed: ParsedFeed | None, now: datetime
) -> Iterator[Flaw]:
    """Yield the flaws of a response's headers, and of one conditional request.

    `feed` is None where the body could not be parsed.
    """
    if feed is not None:
        yield from _type(response, feed)
    if "Access-Control-Allow-Origin" not in response.headers:
        yield "cors", ""
    yield from _clock(response, now)
    yield from _freshness(response)
    if not response.header("Content-Encoding"):
        if len(response.body) > SMALL:
            yield "not-compressed", f"{len(response.body):,} bytes"
    elif "accept-encoding" not in response.header("Vary").lower():
        yield "no-vary", ""
    tag, modified = response.header("ETag"), response.header("Last-Modified")
    if not tag and not modified:
        yield "no-validator", ""
        return
    again = client.request(response.address, If_None_Match=tag, If_Modified_Since=modified)
    if again.status == 200:
        kind = "etag-ignored" if tag else "date-ignored"
        yield kind, "200, asked again with what was sent"
    elif again.failure:
        yield again.kind, again.failure
    elif again.status == 304 and tag and _opaque_tag(again) != _opaque_tag(response):
        yield "bare-304", again.header("ETag") or "no ETag"


def thorough_flaws(client: Client, address: str) -> Iterator[Flaw]:
    """Yield the flaws that a dozen further requests show.

    They try each validator alone, stable bytes and validators, codings, HEAD and user agents. A
    site that limits requests ends them, since its further responses say nothing.
    """
    try:
        response = _request(client, address)
        response.content()
        yield from _validators(client, response)
        yield from _codings(client, response)
        head = _request(client, address, "HEAD")
        if (head.status, head.media_type) != (200, response.media_type):
            yield "head", f"{head.problem} {head.media_type}".strip()
        yield from _user_agents(client, response)
    except Unreadable as error:
        yield error.kind, error.detail


def _request(client: Client, address: str, method: str = "GET", **headers: str) -> Response:
    """Send a request.  Raises Unreadable where no further one is worth it."""
    response = client.request(address, method, **headers)
    if response.status == 429 or (response.failure and response.kind != "bad-coding"):
        response.content()
    return response


def _validators(client: Client, response: Response) -> Iterator[Flaw]:
    address = response.address
    tag, modified = response.header("ETag"), response.header("Last-Modified")
    second = _request(client, address)
    moved = (_opaque_tag(second), second.header("Last-Modified"))
    if second.status == 200 and second.body != response.body:
        yield "body-moves", ""
    elif second.status == 200 and moved != (_opaque_tag(response), modified):
        yield "validator-moves", f"{tag or modified}, then {second.header('ETag')}"
    if modified and _request(client, address, If_Modified_Since=modified).status == 200:
        yield "date-ignored", f"200, asked since {modified}"
    if tag:
        weak = f"W/{_opaque_tag(response)}"
        if _request(client, address, If_None_Match=weak).status == 200:
            yield "etag-ignored", "200, asked with the tag as a weak one"
        never_sent = {"If_None_Match": NEVER_SENT, "If_Modified_Since": modified}
        if _request(client, address, **never_sent).status == 304:
            yield "wrong-304", ""


def _type(response: Response, feed: ParsedFeed) -> Iterator[Flaw]:
    if response.media_type not in MEDIA_TYPES[feed.format]:
        yield "media-type", response.media_type or "none"
    content_type = response.header("Content-Type")
    declared = re.search(r"charset\s*=\s*[\"']?([\w.-]+)", content_type, re.IGNORECASE)
    # RFC 7303 §3.2: the charset of the header outranks that of the document.
    charset = declared[1].lower() if declared else feed.encoding
    if charset.replace("utf8", "utf-8") != feed.encoding.replace("utf8", "utf-8"):
        yield "charset", f"{charset} in the header, {feed.encoding} in the document"


def _clock(response: Response, now: datetime) -> Iterator[Flaw]:
    date, modified = response.date("Date"), response.date("Last-Modified")
    if date is None:
        yield "clock", "no Date"
    elif abs(date - now) > SKEW:
        seconds = (date - now).total_seconds()
        yield "clock", f"{abs(seconds):.0f} s {'ahead' if seconds > 0 else 'behind'} of here"
    if modified is not None and modified > (date or now):
        yield "future-modified", response.header("Last-Modified")


def _freshness(response: Response) -> Iterator[Flaw]:
    control, expires = response.header("Cache-Control").lower(), response.header("Expires")
    if "no-store" in control:
        yield "no-cache", control
    elif expires and response.date("Expires") is None:
        yield "no-cache", f"Expires: {expires}"
    elif "max-age" not in control and "no-cache" not in control and not expires:
        yield "no-freshness", ""


def _codings(client: Client, response: Response) -> Iterator[Flaw]:
    for coding in ("identity", "gzip", "br"):
        coded = _request(client, response.address, Accept_Encoding=coding)
        if coded.failure:
            yield "bad-coding", f"asked for {coding}: {coded.failure}"
        elif coded.status == 200 and coded.header("Content-Encoding") not in ("", coding):
            yield "bad-coding", f"asked for {coding}, got {coded.header('Content-Encoding')}"
        elif coded.status == 200 and coded.body != response.body:
            has_changed = _request(client, response.address).body != response.body
            if not has_changed:
                yield "bad-coding", f"other bytes in {coding}"


def _user_agents(client: Client, response: Response) -> Iterator[Flaw]:
    for reader, agent in READERS.items():
        try:
            read(client.request(response.address, User_Agent=agent).content())
        except Unreadable as error:
            if error.kind == "limited":
                raise
            yield "bot-wall", f"{reader} gets {error.detail}"


def _opaque_tag(response: Response) -> str:
    """Return the entity tag for weak comparison (RFC 9110 §8.8.3.2)."""
    return response.header("ETag").removeprefix("W/")
