"""Rules for how a feed is answered: type, validators, freshness, codings, clock.  In: answers. Out:
findings.

Each asks what it needs. `briefly` is for every feed, `thoroughly`, with eight requests more, for
some of each format.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from feeds.doctor.asking import READERS, UNDECODABLE, Answer, Asker
from feeds.doctor.findings import Finding
from feeds.doctor.reading import MEDIA_TYPES, Document, Unreadable, read

SKEW = timedelta(minutes=2)
SMALL = 1400  # bytes that fit into one packet anyway
NEVER = '"a-tag-that-was-never-sent"'


class Limited(Exception):
    """The site wants to be asked no more."""


def briefly(
    asker: Asker, answer: Answer, document: Document | None, now: datetime
) -> Iterator[Finding]:
    """What its headers say, and whether it is answered with 304 when it is asked again as readers
    ask."""
    address = answer.address
    if document is not None:
        yield from _type(answer, document)
    if "Access-Control-Allow-Origin" not in answer.headers:
        yield Finding("cors", address)
    yield from _moments(answer, now)
    yield from _freshness(answer)
    if not answer.header("Content-Encoding") and len(answer.body) > SMALL:
        yield Finding("not-compressed", address, f"{len(answer.body):,} bytes")
    elif (
        answer.header("Content-Encoding") and "accept-encoding" not in answer.header("Vary").lower()
    ):
        yield Finding("no-vary", address)
    tag, modified = answer.header("ETag"), answer.header("Last-Modified")
    if not tag and not modified:
        yield Finding("no-validator", address)
        return
    sent = {"If_None_Match": tag} if tag else {}
    sent |= {"If_Modified_Since": modified} if modified else {}
    again = asker.ask(address, **sent)
    if again.status == 200:
        yield Finding(
            "etag-ignored" if tag else "date-ignored",
            address,
            "200, asked again with what was sent",
        )
    elif again.status == 304 and tag and _opaque(again.header("ETag")) != _opaque(tag):
        yield Finding("bare-304", address, again.header("ETag") or "no ETag")


def thoroughly(asker: Asker, answer: Answer) -> Iterator[Finding]:
    """What takes more requests: each validator alone, bytes and validators that move, codings,
    HEAD, other readers.

    It ends where the site sets a limit: what is seen behind one is no finding.
    """
    try:
        yield from _validators(asker, answer)
        yield from _codings(asker, answer)
        head = _asked(asker, answer.address, "HEAD")
        if (head.status, head.media_type) != (200, answer.media_type):
            yield Finding(
                "head", answer.address, f"{head.status or head.failure} {head.media_type}".strip()
            )
        yield from _walls(asker, answer)
    except Limited:
        yield Finding("limited", answer.address)


def _asked(asker: Asker, address: str, method: str = "GET", **headers: str) -> Answer:
    answer = asker.ask(address, method, **headers)
    if answer.status == 429:
        raise Limited
    return answer


def _validators(asker: Asker, answer: Answer) -> Iterator[Finding]:
    address = answer.address
    tag, modified = answer.header("ETag"), answer.header("Last-Modified")
    second = _asked(asker, address)
    if second.status == 200:
        names = ("ETag", "Last-Modified")
        if second.body != answer.body:
            yield Finding("body-moves", address)
        elif any(_opaque(second.header(name)) != _opaque(answer.header(name)) for name in names):
            yield Finding(
                "validator-moves", address, f"{tag or modified}, then {second.header('ETag')}"
            )
    if modified and _asked(asker, address, If_Modified_Since=modified).status == 200:
        yield Finding("date-ignored", address, f"200, asked since {modified}")
    if tag:
        weak = _asked(asker, address, If_None_Match=f"W/{tag.removeprefix('W/')}")
        if weak.status == 200:
            yield Finding("etag-ignored", address, "200, asked with the tag as a weak one")
        since = {"If_Modified_Since": modified} if modified else {}
        if _asked(asker, address, If_None_Match=NEVER, **since).status == 304:
            yield Finding("wrong-304", address)


def _type(answer: Answer, document: Document) -> Iterator[Finding]:
    if answer.media_type not in MEDIA_TYPES[document.format]:
        yield Finding("media-type", answer.address, answer.media_type or "none")
    said = re.search(r"charset\s*=\s*[\"']?([\w.-]+)", answer.header("Content-Type"), re.IGNORECASE)
    charset = said[1].lower() if said else document.encoding
    # RFC 7303 §3.2: what the header says outranks the document.
    if charset.replace("utf8", "utf-8") != document.encoding.replace("utf8", "utf-8"):
        yield Finding(
            "charset",
            answer.address,
            f"{charset} in the header, {document.encoding} in the document",
        )


def _moments(answer: Answer, now: datetime) -> Iterator[Finding]:
    date, modified = answer.moment("Date"), answer.moment("Last-Modified")
    if date is None:
        yield Finding("clock", answer.address, "no Date")
    elif abs(date - now) > SKEW:
        seconds = (date - now).total_seconds()
        yield Finding(
            "clock",
            answer.address,
            f"{abs(seconds):.0f} s {'ahead' if seconds > 0 else 'behind'} of here",
        )
    if modified is not None and modified > (date or now):
        yield Finding("future-modified", answer.address, answer.header("Last-Modified"))


def _freshness(answer: Answer) -> Iterator[Finding]:
    control, expires = answer.header("Cache-Control").lower(), answer.header("Expires")
    if "no-store" in control or (expires and answer.moment("Expires") is None):
        yield Finding(
            "no-cache", answer.address, control if "no-store" in control else f"Expires: {expires}"
        )
    elif "max-age" not in control and "no-cache" not in control and not expires:
        yield Finding("no-freshness", answer.address)


def _codings(asker: Asker, answer: Answer) -> Iterator[Finding]:
    for coding in ("identity", "gzip", "br"):
        got = _asked(asker, answer.address, Accept_Encoding=coding)
        if got.failure == UNDECODABLE:
            yield Finding("bad-coding", answer.address, f"asked for {coding}: {got.failure}")
        elif got.status == 200 and got.header("Content-Encoding") not in ("", coding):
            yield Finding(
                "bad-coding",
                answer.address,
                f"asked for {coding}, got {got.header('Content-Encoding')}",
            )
        elif got.status == 200 and got.body != answer.body:
            again = _asked(asker, answer.address)
            if again.body == answer.body:
                yield Finding("bad-coding", answer.address, f"other bytes in {coding}")


def _walls(asker: Asker, answer: Answer) -> Iterator[Finding]:
    for reader, agent in READERS.items():
        got = _asked(asker, answer.address, User_Agent=agent)
        if got.status != 200:
            yield Finding("bot-wall", answer.address, f"{reader} gets {got.status or got.failure}")
            continue
        try:
            read(got.body)
        except Unreadable as error:
            yield Finding("bot-wall", answer.address, f"{reader} gets {error.detail}")


def _opaque(tag: str) -> str:
    """A validator as it is compared weakly (RFC 9110 §8.8.3.2)."""
    return tag.removeprefix("W/")
