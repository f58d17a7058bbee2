"""What feedgen made once of a shape, with other words in it: to the byte as feedgen makes it, several times as quick.

Entries of one shape (so many topics, pictures, links) differ in their words alone, and so do the heads of feeds. Of
each shape feedgen renders a stand-in, whose words are marks: where marks come out are the holes of a stencil, and how
they come out tells how words are written there. The first of each shape is rendered both ways. Where that is not the
same to the byte, and where no stand-in can be made, feedgen renders each; tests/render/test_joined.py holds all that.
Not here: any word of a format (rss, atom), and what is kept of what was rendered (pipeline).
"""

import re
from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from itertools import chain
from operator import itemgetter
from typing import NamedTuple, TypeVar

from feeds.model import EVERYTHING, IMAGE_TYPES, Article, Feed, Image, Provider, Related, image_type
from feeds.render import Place, Style
from feeds.render.written import Words
from feeds.site import Site

MOST_KNOWN = 2000  # stencils, of one to four kilobytes each
BEGIN, END = "\ue000", "\ue001"  # of a mark; for private use, and hardly ever in what is published
PICTURE = "x://x/"  # before a mark that is the address of one
NUMBER = 10_000_000  # and nine times as much, plus a count, are marks of numbers
YEAR = 1907
MARK = re.compile(
    # What none of them begins with is passed over at one look.
    rf"(?=[x{BEGIN}19A-Z])"
    rf"({PICTURE}{BEGIN}[^{END}]*{END}(?:\.(?:{'|'.join(IMAGE_TYPES)})\b)?|{BEGIN}[^{END}]*{END}|[19]0000\d\d\d"
    rf"|{YEAR}-\d\d-\d\dT01:01:01\+00:00|[A-Z]\w\w, \d\d \w\w\w {YEAR} 01:01:01 \+0000)"
)
ENDINGS = {kind: ending for ending, kind in IMAGE_TYPES.items()}
CUT = b"\0"  # stands in no document


class Told:
    """An article, and the HTML that its entry carries, if any; and what every format makes of it alike, once."""

    __slots__ = ("_shape", "_written", "article", "html")

    def __init__(self, article: Article, html: str = "") -> None:
        self.article = article
        self.html = html
        self._shape: tuple[Hashable | None] | None = None
        self._written: list[str] | None = None

    @property
    def shape(self) -> Hashable | None:
        """All that its entry goes by beside its words; None of what is rare."""
        if self._shape is None:
            self._shape = (_shape_of_entry(self),)
        return self._shape[0]

    @property
    def written(self) -> list[str]:
        """Its words as they are written."""
        if self._written is None:
            self._written = _words_of_entry(self).written()
        return self._written


class Placed(NamedTuple):
    """A feed, when it was last updated, and where its document stands."""

    feed: Feed
    updated: datetime
    place: Place

    @property
    def written(self) -> list[str]:
        """Its words as they are written."""
        return _words_of_frame(self).written()


Subject = TypeVar("Subject", Told, Placed)


class Stencil(NamedTuple):
    """A text with holes: its pieces, and what picks pieces and words as they are written, in turn, out of both."""

    pieces: list[str]
    pick: Callable[[list[str]], tuple[str, ...]]

    def filled(self, written: list[str]) -> bytes:
        """The text with these words in it."""
        return "".join(self.pick(self.pieces + written)).encode()


_known: dict[Hashable, Stencil | None] = {}


def known() -> list[Stencil | None]:
    """The stencils that there are, None of each shape that has none."""
    return list(_known.values())


def forget() -> None:
    """Forget every stencil."""
    _known.clear()


def entry(render: Callable[[Told], bytes], told: Told, site: Site, style: Style) -> bytes:
    """What `render` makes of an article for this site in this style, which is all that it goes by."""
    if told.shape is None:
        return render(told)
    key = (render.__module__, site, style.source, style.amp, told.shape)
    return _rendered(key, render, told, _stand_in_entry)


def frame(render: Callable[[Placed], tuple[bytes, bytes]], placed: Placed, site: Site) -> tuple[bytes, bytes]:
    """What `render` makes of a feed for this site: what stands before its entries, and after them."""
    feed, place = placed.feed, placed.place
    kind = (feed.key == EVERYTHING, feed.kind, feed.name == "", feed.description == "", feed.image == "", feed.page)
    known = [address is None for address in (place.previous, place.next, place.current)]
    key = (render.__module__, site, *kind, *known, place.complete, place.withdrawn, place.rhythm)

    def joined(placed: Placed) -> bytes:
        return CUT.join(render(placed))

    head, _, tail = _rendered(key, joined, placed, _stand_in_frame).partition(CUT)
    return head, tail


def _rendered(
    key: Hashable, render: Callable[[Subject], bytes], subject: Subject, stand_in: Callable[[Subject], Subject]
) -> bytes:
    if (stencil := _known.get(key)) is not None:
        return stencil.filled(subject.written)
    made = render(subject)
    if key not in _known:
        other = stand_in(subject)
        cut = _cut(render(other).decode(), other.written)
        if len(_known) >= MOST_KNOWN:
            _known.clear()
        _known[key] = cut if cut is not None and cut.filled(subject.written) == made else None
    return made


def _shape_of_entry(told: Told) -> Hashable | None:
    article, html = told.article, told.html
    images = article.images
    if article.withdrawn or (len(images) > 1 and len(set(images)) < len(images)):
        return None
    lead = max(images, key=_area, default=None)
    facts = [
        (one is lead, image_type(one.url), one.width is None, one.height is None, one.length is None) for one in images
    ]
    own = article.id == article.address
    if own and article.id != article.link:
        return None
    has = (article.excerpt != "", html != "", article.amp_link is not None, own)
    return *has, len(article.topics), len(article.related), *facts


def _words_of_entry(told: Told) -> Words:
    article, images = told.article, told.article.images
    numbers = [number for image in images for number in (image.width, image.height, image.length)]
    texts = [article.link, article.id, article.title, article.excerpt, told.html, article.amp_link]
    texts += (article.provider.name, article.provider.domain, *article.topics, *[image.url for image in images])
    for item in article.related:
        texts += (item.link, item.title)
    return Words((article.published, article.changed), numbers, texts)


def _stand_in_entry(told: Told) -> Told:
    article, marks = told.article, _Marks()
    link = marks.text()
    lead = max(article.images, key=_area, default=None)
    images = []
    for image in article.images:
        kind = image_type(image.url)
        width, height, length = (
            None if number is None else marks.number(9 if image is lead else 1)
            for number in (image.width, image.height, image.length)
        )
        url = f"{PICTURE}{marks.text()}" + (f".{ENDINGS[kind]}" if kind else "")
        images.append(Image(url, width, height, length))
    other = article._replace(
        id=link if article.id == article.link else marks.text(),
        link=link,
        title=marks.text(),
        excerpt=marks.text() if article.excerpt else "",
        published=marks.moment(),
        updated=marks.moment(),
        provider=Provider(marks.text(), marks.text()),
        topics=tuple(marks.text() for _ in article.topics),
        images=tuple(images),
        related=tuple(Related(marks.text(), marks.text()) for _ in article.related),
        amp_link=None if article.amp_link is None else marks.text(),
    )
    return Told(other, marks.text() if told.html else "")


def _words_of_frame(placed: Placed) -> Words:
    feed, place = placed.feed, placed.place
    texts = [feed.name, feed.slug, feed.description, feed.image]
    return Words((placed.updated,), (), [*texts, place.itself, place.previous, place.next, place.current])


def _stand_in_frame(placed: Placed) -> Placed:
    feed, place, marks = placed.feed, placed.place, _Marks()
    other = feed._replace(
        key=feed.key if feed.key == EVERYTHING else f"{feed.kind}/{marks.text()}",
        name=marks.text() if feed.name else "",
        description=marks.text() if feed.description else "",
        image=marks.text() if feed.image else "",
    )
    before, after, current = (
        None if address is None else marks.text() for address in (place.previous, place.next, place.current)
    )
    there = place._replace(itself=marks.text(), previous=before, next=after, current=current)
    return Placed(other, marks.moment(), there)


class _Marks:
    """Words of which none is part of another, and that come out otherwise wherever words are escaped otherwise."""

    def __init__(self) -> None:
        self._count = 0

    def text(self) -> str:
        self._count += 1
        return f'{BEGIN}{self._count:04}&"{END}'

    def number(self, first: int) -> int:
        self._count += 1
        return first * NUMBER + self._count

    def moment(self) -> datetime:
        self._count += 1
        return datetime(YEAR, 1, 1, 1, 1, 1, tzinfo=UTC) + timedelta(days=self._count % 365)


def _cut(document: str, written: list[str]) -> Stencil | None:
    """The stencil of a document that holds these marks; None where one came out in a way that is not known here."""
    places: dict[str, int] = {}
    for place, mark in enumerate(written):
        places.setdefault(mark, place)
    parts = MARK.split(document)
    pieces, found = parts[::2], parts[1::2]
    if not found or not all(mark in places for mark in found):
        return None
    after = [0, *chain.from_iterable((len(pieces) + places[mark], at) for at, mark in enumerate(found, start=1))]
    return Stencil(pieces, itemgetter(*after))


def _area(image: Image) -> int:
    return (image.width or 0) * (image.height or 0)
