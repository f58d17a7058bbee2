"""Every kind of finding, by name: how much it matters, what is wrong, and the remedy."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["fault", "advice"]
Flaw = tuple[str, str]  # the name of a kind, and what was seen: a finding without its address


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding.  A `fault` costs readers something now, an `advice` is what other sites do
    better."""

    level: Level
    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding at an address, by the name of its kind, with what was seen there."""

    kind: str
    address: str
    detail: str = ""

    @property
    def facts(self) -> Kind:
        """The kind itself."""
        return KINDS[self.kind]


# By name what is wrong, and the remedy.
FAULTS = {
    # Is there an answer?
    "unreachable": (
        "no answer",
        "see whether the server runs, and whether name, port and certificate are right",
    ),
    "status": (
        "no feed at this address",
        "publish it there, or take the address off the list that names it",
    ),
    "bot-wall": (
        "a reader is turned away",
        "exempt the paths of feeds from bot protection and challenges",
    ),
    "robots": ("robots.txt forbids feeds", "allow the paths of feeds for every User-agent"),
    # The headers of the answer.
    "media-type": (
        "a wrong media type",
        "serve .rss, .atom and .json with their types; docs/http.md has rules",
    ),
    "charset": (
        "charsets that disagree",
        "say charset=utf-8 in the header, and encode the document so",
    ),
    "clock": ("a Date that is wrong", "set the clock of the server by NTP (or of this machine)"),
    "future-modified": (
        "Last-Modified to come",
        "readers ask since then and get nothing new: send a past moment",
    ),
    # Can readers poll cheaply?
    "no-validator": ("no ETag, no Last-Modified", "send both, or each poll costs the whole feed"),
    "etag-ignored": (
        "If-None-Match is ignored",
        "answer 304 to the ETag that was sent, weak or strong",
    ),
    "wrong-304": (
        "304 to an ETag never sent",
        "If-None-Match outranks If-Modified-Since (RFC 9110 §13.1.3)",
    ),
    "validator-moves": (
        "other validators, same bytes",
        "make the ETag of the bytes: servers behind one name differ",
    ),
    "body-moves": (
        "other bytes each time",
        "take what changes by itself out of the feed, such as the build's time",
    ),
    "bad-coding": (
        "a broken Content-Encoding",
        "send only a coding that was asked for, and what it says",
    ),
    # The document.
    "not-well-formed": (
        "not well-formed",
        "one such character costs the whole feed: escape what text holds",
    ),
    "doctype": (
        "a DOCTYPE",
        "take it out: readers refuse entities, since these can grow without end",
    ),
    "not-a-feed": ("no feed", "publish RSS 2.0, Atom or JSON Feed at this address"),
    "missing": (
        "something required is missing",
        "write what RSS 2.0, RFC 4287 or JSON Feed 1.1 require",
    ),
    "no-id": ("entries without an id", "give each a guid or id that never changes"),
    "same-id": ("two entries with one id", "readers show one of them only: an id for each"),
    "enclosure": (
        "enclosures that are not whole",
        "one for each item, with url, length in bytes, and type",
    ),
    "two-alternates": (
        "entries with two alternates",
        "one link rel=alternate; an enclosure has a rel of its own",
    ),
    "bad-date": (
        "dates that are none",
        "RFC 822 with four digits for the year in RSS, RFC 3339 elsewhere",
    ),
    "relative": (
        "relative addresses",
        "write each address in full: readers do not know what it is relative to",
    ),
    "wrong-self": (
        "a self link to elsewhere",
        "set site.base_url to the public address: readers may move there",
    ),
    "history": ("a broken history", "publish every page that prev-archive leads to (RFC 5005)"),
    "image": ("pictures that do not load", "mend or take out their addresses"),
    # The site.
    "page": (
        "a feed's page is not there",
        "publish the page that the list names, or take htmlUrl out of it",
    ),
    "opml": ("a broken OPML list", "publish OPML 2.0 with an xmlUrl for each feed"),
}
ADVICE = {
    # Is there an answer?
    "limited": (
        "429 to this examination",
        "nothing was found out about it; a reader needs two or three in a row",
    ),
    "redirect": ("a listed address leads elsewhere", "list the address at which the feed lies"),
    "soft-404": (
        "200 where nothing is",
        "answer 404, or readers keep asking for feeds that are gone",
    ),
    "insecure": ("http without TLS", "publish under https, and lead http there by 301"),
    # The headers of the answer.
    "cors": ("closed to readers in browsers", "send Access-Control-Allow-Origin: * with feeds"),
    # Can readers poll cheaply?
    "date-ignored": (
        "If-Modified-Since is ignored",
        "answer 304 to the Last-Modified that was sent",
    ),
    "bare-304": ("304 without its ETag", "send ETag and Cache-Control with a 304 as with a 200"),
    "no-cache": (
        "forbidden to be kept",
        "send Cache-Control: max-age=…, no Expires: 0 and no no-store",
    ),
    "no-freshness": ("nothing says how long it is fresh", "send Cache-Control: public, max-age=…"),
    "head": ("HEAD answers otherwise than GET", "answer HEAD with the same status and headers"),
    "not-compressed": (
        "sent uncompressed",
        "compress feeds: gzip in the server, or `feeds build --compress`",
    ),
    "no-vary": ("compressed without Vary", "send Vary: Accept-Encoding, or caches mix codings up"),
    # The document.
    "future-date": (
        "dates to come",
        "hold entries back until their moment: readers show them first, or not",
    ),
    "no-self": (
        "no self link",
        "link to the feed's own address with rel=self (feed_url in JSON Feed)",
    ),
    "no-entries": ("no entries", "leave a feed unpublished until something is in it"),
    "too-large": (
        "larger than some readers take",
        "show fewer entries: feeds.max_bytes, with history in archives",
    ),
    # The site.
    "no-discovery": (
        "a page that leads to no feed",
        'have <link rel="alternate" type="application/…"> in it',
    ),
}

# The faults first.
KINDS = {name: Kind("fault", *texts) for name, texts in FAULTS.items()}
KINDS |= {name: Kind("advice", *texts) for name, texts in ADVICE.items()}
