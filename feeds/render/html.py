"""Pages for people: the front page, the pages of a feed and of its history, and error pages.

In: what a page shows. Out: its bytes. Templates are Jinja2: one of the publisher's theme outranks
ours, and ours takes its place where it raises. Entries are rendered one by one, as in every format,
and joined into pages. Colours are made lighter
or darker until their contrast is enough (WCAG 2.2). No clock: dates on a page come from the
articles.
"""

import traceback
from collections.abc import Iterable, Sequence
from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any

import jinja2
from markupsafe import Markup

from feeds.config.site import ASSETS, Site, Theme
from feeds.errors import RenderError
from feeds.formats import FORMATS
from feeds.model import Feed, Image
from feeds.render import Style, content, format_named, media_type_of, report
from feeds.render.compiled import EntryInput
from feeds.selection.archive import Page
from feeds.taxonomies import PROVIDERS, TAXONOMIES
from feeds.urls import EVERYTHING, archive_path, feed_path

NAME = "html"
MEDIA_TYPE = "text/html; charset=utf-8"
BETWEEN = b""
MOST = 100_000  # bytes of a feed's page; one article stays in any case
LONGEST_TITLE, LONGEST_EXCERPT, MOST_RELATED = 240, 320, 12
LONGEST_FAULT = 240  # characters of a template's error in the log
ENOUGH = 4.6  # a little more than 4.5, since colours are rounded
LIGHTNESSES = 100  # that are tried
LIGHT, DARK = "#fffdf9", "#171513"  # the backgrounds of the two schemes, as in templates/pages.css
LIGHT_PANEL, DARK_PANEL = "#f5f1ea", "#211e1b"
QUIET = 4  # a bar of full height stands for this many articles a week at least
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
ADVICE = {
    404: (
        "Nothing here",
        "No feed has this address. It may be misspelled, or nothing is published in it.",
    ),
    405: ("Only for reading", "This address answers GET and HEAD."),
    410: (
        "Gone for good",
        "This feed is no more, and no other took its place. It can be unsubscribed from.",
    ),
}


# The globals of every template.
KNOWN: dict[str, Any] = {
    "title": content.title,
    "subtitle": content.subtitle,
    "image": content.image,
    "kinds": content.KINDS,
    "headings": content.HEADINGS,
    "everything": EVERYTHING,
    "path": feed_path,
    "by_domain": [prefix for prefix, taxonomy in TAXONOMIES.items() if taxonomy.by_domain],
    "longest_title": LONGEST_TITLE,
    "longest_excerpt": LONGEST_EXCERPT,
    "papers": (LIGHT, DARK),
}

Line = tuple[datetime, bytes]  # an entry, and when its article was published


@dataclass(frozen=True, slots=True)
class Weeks:
    """The number of articles of a feed in each of some weeks, and when the first week begins."""

    first: datetime
    articles: tuple[int, ...]

    @property
    def last(self) -> datetime:
        """The beginning of the last week."""
        return self.first + timedelta(weeks=len(self.articles) - 1)

    @property
    def most(self) -> int:
        """The number of articles of the fullest week."""
        return max(self.articles)

    @property
    def fullest(self) -> datetime:
        """The beginning of the fullest week, the latest if there are several."""
        return self.first + timedelta(
            weeks=max(range(len(self.articles)), key=lambda at: (self.articles[at], at))
        )

    @property
    def bars(self) -> str:
        """An SVG path with a bar for each week, 10 wide and up to 100 high."""
        full = max(self.most, QUIET)
        heights = [
            (at, max(2, round(100 * count / full)))
            for at, count in enumerate(self.articles)
            if count
        ]
        return "".join(f"M{at * 10 + 1} 100v-{height}h8v{height}z" for at, height in heights)

    @property
    def often(self) -> str:
        """The update frequency in words, counted from the first of these weeks with an article."""
        counts = self.articles[next((at for at, count in enumerate(self.articles) if count), 0) :]
        a_week = sum(counts) / len(counts)
        for span, weeks in {"day": 1 / 7, "week": 1.0, "month": 4.35}.items():
            if (number := round(a_week * weeks)) >= 1 and sum(counts) > 1:
                return f"about {number:,} a {span}" if number > 1 else f"about one a {span}"
        return "now and then"


def entry(given: EntryInput, site: Site, style: Style) -> bytes:
    """Return one article: as an item with picture and excerpt, or as a line if not `whole`."""
    article = given.article
    lead = content.lead_image(article) if site.pictures else None
    provider = PROVIDERS.key_of(article.provider)
    facts: dict[str, Any] = {
        "article": article,
        "provider": provider,
        "has_page": provider in dict(style.feeds),
        "picture": _small(lead),
        "feeds": [one for one in style.feeds if one[0] != provider],
        "related": article.related[:MOST_RELATED],
    }
    return _rendered(site, "article.html" if style.whole else "line.html", **facts)


def feed_page(
    feed: Feed, site: Site, entries: Sequence[bytes], weeks: Weeks, history: Sequence[Page]
) -> bytes:
    """Return the page of a feed with its newest articles, as many as fit.

    `history` lists the pages of its history, oldest first.
    """
    months = {page.name[:7]: archive_path(feed.key, page.name, NAME) for page in history}
    years = [
        (year, [(MONTHS[int(month[5:]) - 1][:3], months[month]) for month in some])
        for year, some in groupby(sorted(months, reverse=True), key=lambda month: month[:4])
    ]

    def made(some: Sequence[bytes]) -> bytes:
        facts: dict[str, Any] = {"feed": feed, "weeks": weeks, "years": years, "shown": len(some)}
        return _rendered(site, "feed.html", entries=_joined(some), **facts, **_formats(feed))

    return _fitting(entries, made)


def archive_page(
    feed: Feed,
    site: Site,
    page: Page,
    entries: Sequence[Line],
    older: Page | None,
    newer: Page | None,
) -> bytes:
    """Return a page of a feed's history, day by day, newest first."""
    paths = [
        None if other is None else archive_path(feed.key, other.name, NAME)
        for other in (older, newer)
    ]

    def made(some: Sequence[Line]) -> bytes:
        by_day = groupby(some, key=lambda line: line[0].date())
        days = [(day, _joined(entry for _, entry in found)) for day, found in by_day]
        left = len(entries) - len(some)
        facts: dict[str, Any] = {
            "feed": feed,
            "page": page,
            "days": days,
            "older": paths[0],
            "newer": paths[1],
        }
        raw = [
            (format_named(name).LABEL, site.local(archive_path(feed.key, page.name, name)))
            for name in feed.formats
        ]
        return _rendered(
            site, "archive.html", left=left, raw=raw, shown=len(some), **facts, **_formats(feed)
        )

    return _fitting(entries, made)


def front_page(feeds: Iterable[Feed], site: Site) -> bytes:
    """Return the page of all feeds by kind, each with its number of articles and newest date."""
    groups = [(kind, list(some)) for kind, some in groupby(feeds, key=lambda feed: feed.kind)]
    whole = groups.pop(0)[1][0] if groups else None
    facts = {"feed": whole, "groups": groups, "count": sum(len(some) for _, some in groups)}
    return _rendered(site, "index.html", **facts, **(_formats(whole) if whole else {}))


def error_page(site: Site, heading: str, advice: str) -> bytes:
    """Return the page that a browser gets with an error status."""
    return _rendered(site, "error.html", heading=heading, advice=advice)


def asset(name: str, site: Site) -> bytes:
    """Return a file that pages need, a style, a script or the icon, in the site's colour."""
    text = dict(site.theme.files).get(name)
    if text is None:
        source = _environment(site.theme).loader
        assert source is not None
        text = source.get_source(_environment(site.theme), f"feeds/{name}")[0]
    light = readable(site.accent, LIGHT, LIGHT_PANEL)
    dark = readable(site.accent, DARK, DARK_PANEL)
    values = {
        "LIGHT": light,
        "ON-LIGHT": written_on(light),
        "DARK": dark,
        "ON-DARK": written_on(dark),
    }
    for place, colour in values.items():
        text = text.replace(f"ACCENT-{place}", colour)
    return text.encode()


def check(site: Site) -> None:
    """Raise RenderError where a template of the publisher has a syntax error."""
    for name, _ in site.theme.files:
        if name not in ASSETS:
            try:
                _environment(site.theme).get_template(name)
            except jinja2.TemplateError as error:
                raise _no_template(site, name, error) from error


def _fitting(entries: Sequence[Any], made: Any) -> bytes:
    """Return the page of the first entries, as many as fit."""
    page: bytes = made(entries)
    while len(page) > MOST and len(entries) > 1:
        sizes = [len(one if isinstance(one, bytes) else one[1]) for one in entries]
        excess, kept = len(page) - MOST, len(entries)
        while excess > 0 and kept > 1:
            kept -= 1
            excess -= sizes[kept]
        entries = entries[:kept]
        page = made(entries)
    return page


def _formats(feed: Feed) -> dict[str, Any]:
    """Return what a page says of the formats of its feed; the first is the one to subscribe to."""
    return {
        "formats": [
            (format_named(name).LABEL, feed_path(feed.key, name), media_type_of(name))
            for name in feed.formats
        ]
    }


def _small(image: Image | None) -> Image | None:
    """Return a picture, or None for a tiny one, which counts visits and shows nothing."""
    tiny = image is not None and 0 < min(image.width or 99, image.height or 99) < 16
    return None if tiny else image


def _joined(entries: Iterable[bytes]) -> Markup:
    return Markup(b"".join(entries).decode())


def _rendered(site: Site, name: str, **facts: Any) -> bytes:
    """Render a template.  Where the publisher's raises, report that and render ours."""
    try:
        return _filled(site, site.theme, name, facts)
    except jinja2.TemplateSyntaxError as error:
        raise _no_template(site, name, error) from error
    except Exception as error:  # a template may raise anything
        place = _place(site, error)
        if place is None:
            raise
        message = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST_FAULT]
        report(f"{place}: {message}; what feeds itself would show is shown instead")
    return _filled(site, Theme(), name, facts)


def _filled(site: Site, theme: Theme, name: str, facts: dict[str, Any]) -> bytes:
    text: str = _environment(theme).get_template(name).render(site=site, at=site.local, **facts)
    return text.encode()


def _place(site: Site, error: BaseException) -> str | None:
    """Return file and line of the publisher's template that raised an error; None for ours."""
    names, found = {name for name, _ in site.theme.files}, None
    for frame, line in traceback.walk_tb(error.__traceback__):
        if (name := frame.f_code.co_filename) in names:
            found = f"{site.templates}/{name}:{line}"
    return found


def _no_template(site: Site, name: str, error: jinja2.TemplateError) -> RenderError:
    line = getattr(error, "lineno", None)
    place = f"{site.templates}/{getattr(error, 'name', None) or name}" + (
        f":{line}" if line else ""
    )
    return RenderError(place, f"expected a template of Jinja, got: {error.message}")


@lru_cache(8)
def _environment(theme: Theme) -> jinja2.Environment:
    ours = jinja2.PackageLoader("feeds.render")
    # A template of the publisher extends ours as `feeds/NAME`.
    files = dict(theme.files)

    def load(name: str) -> tuple[str, str, None] | None:
        # Jinja2 names this file in errors.
        return (files[name], name, None) if name in files else None

    loader: jinja2.BaseLoader = jinja2.ChoiceLoader(
        [jinja2.FunctionLoader(load), ours, jinja2.PrefixLoader({"feeds": ours})]
    )
    made = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(KNOWN, labels={name: format_named(name).LABEL for name in FORMATS})
    made.filters.update(day=_day, month=_month, short=_short, moment=_moment, inline=_inline)
    return made


def _day(moment: date) -> str:
    return f"{moment.day} {MONTHS[moment.month - 1][:3]} {moment.year}"


def _month(page: Page) -> str:
    """Return the title of a page of history: a month, a day or an hour."""
    start = page.start
    named = f"{MONTHS[start.month - 1]} {start.year}"
    return {
        7: named,
        10: f"{start.day} {named}",
        13: f"{start.day} {named}, {start.hour:02}:00 UTC",
    }[len(page.name)]


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _short(text: str, most: int) -> str:
    """Cut a text that is too long, between two content."""
    plain = " ".join(text.split())
    if len(plain) <= most:
        return plain
    words = plain[:most].rpartition(" ")[0].rstrip(" ,;:.–-")
    return (words if len(words) > most // 2 else plain[:most]) + "…"


def _inline(text: str, site: Site) -> Markup:
    """Return a line of Markdown as HTML, cleaned as the bodies of articles are."""
    return Markup(content.cleaned(content.body_of(text), site.address("")))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio, 1 to 21, of two colours, as `#rrggbb`."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def readable(colour: str, *backgrounds: str) -> str:
    """Return the colour, made lighter or darker until it is readable on these backgrounds.

    The backgrounds are all light or all dark.
    """
    hue, lightness, saturation = rgb_to_hls(*_parts(colour))
    end = 0.0 if _luminance(backgrounds[0]) > 0.5 else 1.0
    for step in range(LIGHTNESSES + 1):
        lighter = lightness + (end - lightness) * step / LIGHTNESSES
        found = _hex(hls_to_rgb(hue, lighter, saturation))
        if all(contrast(found, background) >= ENOUGH for background in backgrounds):
            return found
    return "#000000" if end == 0.0 else "#ffffff"


def written_on(colour: str) -> str:
    """Return black or white, whichever is more readable on a colour."""
    return max("#ffffff", "#000000", key=lambda ink: contrast(ink, colour))


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _hex(parts: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)


def _luminance(colour: str) -> float:
    red, green, blue = (
        x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in _parts(colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
