"""Every kind of finding, by name: how much it matters, what is wrong, and the remedy."""

from dataclasses import dataclass, field
from typing import Literal

Level = Literal["fault", "advice"]
LONGEST = 1_000  # characters of an address and of a detail in a report
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
    """A finding at an address, by the name of its kind, with what was seen there.

    Two of a kind at one address are equal: the same may be seen in several ways.
    """

    kind: str
    address: str
    detail: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Keep what a server wrote short, and fit to be written as UTF-8."""
        for name in ("address", "detail"):
            text = getattr(self, name)[:LONGEST].encode("utf-8", "replace").decode()
            object.__setattr__(self, name, text)

    @property
    def facts(self) -> Kind:
        """The kind itself."""
        return KINDS[self.kind]


# By name what is wrong, and the remedy.
FAULTS = {
    # Is there an answer?
    "unreachable": ("no answer", "check that the server runs, and its name, port and certificate"),
    "status": ("no feed at this address", "publish it there, or take it off the lists"),
    "unbounded": ("an answer without an end", "send less, and faster: readers have bounds too"),
    "private": ("leads into a private network", "lead to public addresses: readers cannot follow"),
    "bot-wall": ("a reader is turned away", "exempt the paths of feeds from bot protection"),
    "robots": ("robots.txt forbids feeds", "allow the paths of feeds for every User-agent"),
    # The headers of the answer.
    "media-type": ("a wrong media type", "serve .rss, .atom and .json as docs/http.md says"),
    "charset": ("charsets that disagree", "say charset=utf-8 in the header, and encode so"),
    "clock": ("a Date that is wrong", "set the clock of the server by NTP (or of this machine)"),
    "future-modified": ("Last-Modified to come", "send a past moment, or readers get nothing new"),
    # Can readers poll cheaply?
    "no-validator": ("no ETag, no Last-Modified", "send both, or each poll costs the whole feed"),
    "etag-ignored": ("If-None-Match is ignored", "answer 304 to the ETag sent, weak or strong"),
    "wrong-304": ("304 to an ETag never sent", "look at If-None-Match first (RFC 9110 §13.1.3)"),
    "validator-moves": ("other validators, same bytes", "make the ETag of the bytes alone"),
    "body-moves": ("other bytes each time", "take out what changes by itself, such as a time"),
    "bad-coding": ("a broken Content-Encoding", "send the coding asked for, and what it says"),
    # The document.
    "not-well-formed": ("not well-formed", "escape all text: one character costs the feed"),
    "doctype": ("a DOCTYPE", "take it out: readers refuse entities, which can grow without end"),
    "not-a-feed": ("no feed", "publish RSS 2.0, Atom or JSON Feed at this address"),
    "missing": ("something required is missing", "write what the format requires"),
    "no-id": ("entries without an id", "give each a guid or id that never changes"),
    "same-id": ("two entries with one id", "give each its own id: readers show one of them only"),
    "enclosure": ("enclosures that are not whole", "give one an item, with url, length and type"),
    "two-alternates": ("entries with two alternates", "keep one link rel=alternate for each"),
    "bad-date": ("dates that are none", "use RFC 822 in RSS, with four-digit years, else RFC 3339"),
    "relative": ("relative addresses", "write each in full: readers do not know the base"),
    "wrong-self": ("a self link to elsewhere", "set site.base_url to the public address"),
    "history": ("a broken history", "publish every page that prev-archive leads to (RFC 5005)"),
    "image": ("pictures that do not load", "correct or take out their addresses"),
    # The site.
    "page": ("a feed's page is not there", "publish it, or take its htmlUrl out of the list"),
    "opml": ("a broken OPML list", "publish OPML 2.0 with an xmlUrl for each feed"),
}
ADVICE = {
    "unfinished": ("not examined to the end", "examine the rest by the addresses of single feeds"),
    # Is there an answer?
    "limited": ("429 to this examination", "examine it later: nothing was found out"),
    "redirect": ("a listed address leads elsewhere", "list the address at which the feed lies"),
    "soft-404": ("200 where nothing is", "answer 404, or readers keep asking for what is gone"),
    "insecure": ("http without TLS", "publish under https, and lead http there by 301"),
    # The headers of the answer.
    "cors": ("closed to readers in browsers", "send Access-Control-Allow-Origin: * with feeds"),
    # Can readers poll cheaply?
    "date-ignored": ("If-Modified-Since is ignored", "answer 304 to the Last-Modified sent"),
    "bare-304": ("304 without its ETag", "send ETag and Cache-Control with a 304 as with a 200"),
    "no-cache": ("forbidden to be kept", "send Cache-Control: max-age=…, without no-store"),
    "no-freshness": ("nothing says how long it is fresh", "send Cache-Control: public, max-age=…"),
    "head": ("HEAD answers otherwise than GET", "answer HEAD with the same status and headers"),
    "not-compressed": ("sent uncompressed", "compress in the server, or `feeds build --compress`"),
    "no-vary": ("compressed without Vary", "send Vary: Accept-Encoding, or caches mix codings up"),
    # The document.
    "future-date": ("dates to come", "hold entries back until their moment"),
    "no-self": ("no self link", "link to the feed's own address, rel=self (feed_url in JSON Feed)"),
    "no-entries": ("no entries", "leave a feed unpublished until something is in it"),
    "too-large": ("larger than some readers take", "show fewer entries: feeds.max_bytes"),
    # The site.
    "no-discovery": ("a page that leads to no feed", 'add <link rel="alternate" type=…>'),
}

# The faults first.
KINDS = {name: Kind("fault", *texts) for name, texts in FAULTS.items()}
KINDS |= {name: Kind("advice", *texts) for name, texts in ADVICE.items()}
