"""Hostile text: what an editor, or a program that writes records, can put into one.

Out come records with such texts everywhere, and what a reader must get of each, said again without
the code of feeds.
"""

import html
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from html.parser import HTMLParser

from tests import make

TEXTS = (
    "<b>&amp;</b>",
    "]]>",
    "<![CDATA[x]]>",
    "<script>alert(1)</script>",
    "<?xml?>",
    "<!-- -->",
    "&lt;",
    "&nbsp;",
    "&#0;",
    "\"'",
    "שלום \u202eevil\u202c",
    "e\u0301",
    "\u0301",
    "🚀👩\u200d👩\u200d👧",
    "\x00",
    "\x07\x1b[31m",
    "\u2028",
    "\ufeff",
    "\uffff",
    "\U0001ffff",
    "\\",
    "{{ 7*7 }}",
    "</title></item></channel></rss>",
    "\r\n\t",
    "   ",
    "\x7f\x80\x85\x9f",
)
# UTF-8 read as Latin-1, as an editor who copied it did.
MISREAD = "Ã©"
# As an editor wrote it into a body, and what a person gets of it.
MARKUP = (
    "]]> <b>Bold</b>&copy; <script>alert(1)</script></description></item><!-- x --> <![CDATA[y]]>"
)
MARKUP_WORDS = ("]]>", "Bold", "©")
LONG = ("x" * 100_000, "<b>&amp;</b> " * 8_000, "word " * 20_000 + "]]>", "語" * 33_000)


def quoted(text: str) -> str:
    """A text as YAML that gives back every character of it."""
    plain = re.compile(r"[a-zA-Z0-9 ]")
    return '"' + "".join(x if plain.match(x) else f"\\U{ord(x):08X}" for x in text) + '"'


def cleaned(text: str) -> str:
    """A text as it is published: what is no text left out, Windows-1252 read as such, NFC, lines
    ending alike."""
    read = (
        x.encode("latin-1").decode("cp1252", "ignore") if "\x80" <= x <= "\x9f" else x for x in text
    )
    whole = "".join(
        x for x in read if x in "\t\n\r" or (x >= " " and x not in "\x7f\ufeff\ufffe\uffff")
    )
    return unicodedata.normalize("NFC", whole).replace("\r\n", "\n").replace("\r", "\n").strip()


def folded(text: str) -> str:
    """A cleaned text on one line."""
    return " ".join(cleaned(text).split())


@dataclass(frozen=True)
class Picture:
    """A picture of an article: its address, and its size in pixels if given."""

    url: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Content:
    """What a person gets of HTML: words, pictures and what is said in their place, where links
    lead."""

    words: tuple[str, ...]
    pictures: tuple[tuple[Picture, str], ...]
    links: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """An article as a reader has it; white space in its texts is folded.  None: it has no place for
    that."""

    id: str
    title: str
    link: str
    published: datetime
    updated: datetime | None
    categories: tuple[str, ...] | None
    author: str
    picture: Picture | None
    summary: str | None
    content: Content


class Page(HTMLParser):
    """HTML as it is shown."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text: list[str] = []
        self._pictures: list[tuple[Picture, str]] = []
        self._links: list[str] = []
        self.feed(text)
        self.close()

    def content(self) -> Content:
        """What a person gets of it."""
        return Content(
            tuple("".join(self._text).split()), tuple(self._pictures), tuple(self._links)
        )

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._text.append(" ")
        if tag == "img":
            size = (int(found[name]) if name in found else None for name in ("width", "height"))
            self._pictures.append((Picture(found["src"], *size), " ".join(found["alt"].split())))
        if tag == "a":
            self._links.append(found["href"])

    def handle_endtag(self, tag: str) -> None:
        self._text.append(" ")

    def handle_data(self, data: str) -> None:
        self._text.append(data)


@dataclass(frozen=True)
class Case:
    """A record, the text that is everywhere in it, and what a reader must get of it."""

    text: str
    record: str
    article: Shown


def case(n: int, text: str, long: str = "") -> Case:
    """The n-th of a row of records, each an hour older than the one before, with a text wherever a
    text can be.

    Every second has pictures, every third an update, every fourth related coverage. `long` is in
    excerpt and body only.
    """
    title, topic, name, related = (
        f"{word}{text}" for word in ("Title", "Topic", "Name", "Related")
    )
    excerpt, address = f"Excerpt {text} {long}", f"https://example.org/{n}?x=%3C1%3E&y='2'&z=%C3%BC"
    published = make.NOW - timedelta(hours=n)
    updated = published + timedelta(minutes=5 if n % 3 == 0 else 0)
    large = Picture(f"https://example.org/{n}.jpg?fit=1&x=2", 1200, 800)
    escaped = html.escape(text)
    body = (
        f'<div>{escaped}</div>\n{html.escape(long)} {MARKUP} <img src="/in%20body.png" alt="{escaped}">'
        f'<a href="/{n}/more?a=1&amp;b=2">more</a>\n'
    )
    words = [
        *cleaned(excerpt).split(),
        *cleaned(text).split(),
        *cleaned(long).split(),
        *MARKUP_WORDS,
        "more",
    ]
    pictures = [(Picture("https://example.org/in%20body.png"), folded(text))]
    links = [f"https://example.org/{n}/more?a=1&b=2"]
    keys: dict[str, str] = {}
    if n % 2 == 0:
        keys["images"] = (
            f"[{{url: 'https://example.org/{n}.png', width: 10, height: 10}}, "
            f'{{url: "{large.url}", width: 1200, height: 800, length: 77}}, {{url: "https://example.org/{n}/none"}}]'
        )
        pictures.insert(0, (large, folded(title)))
    if n % 3 == 0:
        keys["updatedDateTime"] = updated.isoformat()
    if n % 4 == 0:
        keys["related"] = (
            f"[{{title: {quoted(related)}, webUrl: 'https://example.net/{n}?a=1&b=2', "
            f"provider: {{domain: example.net, name: {quoted(name)}}}}}]"
        )
        words += f"{folded(related)} ({folded(name)})".split()
        links.append(f"https://example.net/{n}?a=1&b=2")
    record = make.record(
        n,
        title=quoted(title),
        webUrl=quoted(f"https://example.org/{n}?x=<1>&y='2'&z=ü"),
        excerpt=quoted(excerpt),
        topics=f"[{quoted(topic)}, 'a, b|c']",
        provider=f"{{domain: p{n}.example.org, name: {quoted(name)}}}",
        **keys,
        body=body,
    )
    article = Shown(
        id=address,
        title=folded(title),
        link=address,
        published=published,
        updated=updated,
        categories=("news", folded(topic), "a, b|c"),
        author=folded(name),
        picture=large if n % 2 == 0 else None,
        summary=folded(excerpt),
        content=Content(tuple(words), tuple(pictures), tuple(links)),
    )
    return Case(text or long, record, article)


@cache
def cases() -> tuple[Case, ...]:
    """Every text in a record of its own, one with all of them, and four with 100 KB of text."""
    texts = [
        *((text, "") for text in (*TEXTS, " ".join(TEXTS), MISREAD)),
        *(("", long) for long in LONG),
    ]
    return tuple(case(n, text, long) for n, (text, long) in enumerate(texts, start=1))
