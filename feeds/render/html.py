"""Pages for people: the front page, the pages of a feed and of its history, and error pages.

In: what a page shows. Out: its bytes. Templates are Jinja2: one of the publisher's theme outranks
ours, and ours takes its place where it raises. Entries are rendered one by one, as in every format,
and joined into pages. Colours are made lighter
or darker until their contrast is enough (WCAG 2.2). No clock: dates on a page come from the
articles.
"""

import traceback
from bisect import bisect_right
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from feeds.config.site import ASSETS, Site, Theme
from feeds.errors import RenderError
from feeds.formats import FORMATS
from feeds.model import Feed, Image
from feeds.records.markup import COMMONMARK
from feeds.render import Style, content, format_named, media_type_of, report
from feeds.render.compiled import EntryInput
from feeds.selection.archive import Page
from feeds.taxonomies import PROVIDERS, TAXONOMIES
from feeds.urls import EVERYTHING, archive_path, feed_path

NAME = "html"
TEMPLATES = Path(__file__).with_name("templates")
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
NO_ADVICE = "The request could not be answered."
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
    412: ("Not as expected", NO_ADVICE),
    503: ("Not now", NO_ADVICE),
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

# What templates may know of a site: neither a path, nor what pydantic lends to it, which reads
# files.
SITE_FACTS = {*Site.model_fields, "address", "local"} - {"templates"}

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
    if given.heading:
        article = article._replace(title=given.heading)
    lead = content.lead_image(article) if site.pictures else None
    provider = PROVIDERS.key_of(article.provider)
    return _rendered(
        site,
        "article.html" if style.whole else "line.html",
        article=article,
        provider=provider,
        has_page=provider in dict(style.feeds),
        picture=_small(lead),
        feeds=[one for one in style.feeds if one[0] != provider],
        related=article.related[:MOST_RELATED],
    )


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
        facts = {"entries": _joined(some), "shown": len(some), "formats": _formats(feed)}
        return _rendered(site, "feed.html", feed=feed, weeks=weeks, years=years, **facts)

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
    raw = [
        (format_named(name).LABEL, site.local(archive_path(feed.key, page.name, name)))
        for name in feed.formats
    ]

    def made(some: Sequence[Line]) -> bytes:
        by_day = groupby(some, key=lambda line: line[0].date())
        return _rendered(
            site,
            "archive.html",
            feed=feed,
            page=page,
            days=[(day, _joined(entry for _, entry in found)) for day, found in by_day],
            older=older and archive_path(feed.key, older.name, NAME),
            newer=newer and archive_path(feed.key, newer.name, NAME),
            left=len(entries) - len(some),
            raw=raw,
            shown=len(some),
            formats=_formats(feed),
        )

    return _fitting(entries, made)


def front_page(feeds: Iterable[Feed], site: Site) -> bytes:
    """Return the page of all feeds by kind, each with its number of articles and newest date."""
    groups = [(kind, list(some)) for kind, some in groupby(feeds, key=lambda feed: feed.kind)]
    whole = groups.pop(0)[1][0] if groups else None
    facts: dict[str, Any] = {"formats": _formats(whole)} if whole else {}
    count = sum(len(some) for _, some in groups)
    return _rendered(site, "index.html", feed=whole, groups=groups, count=count, **facts)


def error_page(site: Site, heading: str, advice: str) -> bytes:
    """Return the page that a browser gets with an error status."""
    return _rendered(site, "error.html", heading=heading, advice=advice)


def asset(name: str, site: Site) -> bytes:
    """Return a file that pages need, a style, a script or the icon, in the site's colour."""
    text = dict(site.theme.files).get(name)
    if text is None:
        text = (TEMPLATES / name).read_text(encoding="utf-8")
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
    """Raise RenderError where a template of the publisher cannot be compiled."""
    for name, _ in site.theme.files:
        if name not in ASSETS:
            _template(site, name)


def _fitting(entries: Sequence[Any], made: Callable[[Sequence[Any]], bytes]) -> bytes:
    """Return the page of the first entries, as many as fit."""
    page = made(entries)
    if len(page) <= MOST:
        return page
    counts = range(1, len(entries))
    fit = bisect_right(counts, MOST, key=lambda count: len(made(entries[:count])))
    return made(entries[: max(1, fit)])


def _formats(feed: Feed) -> list[tuple[str, str, str]]:
    """Return what a page says of the formats of its feed; the first is the one to subscribe to."""
    return [
        (format_named(name).LABEL, feed_path(feed.key, name), media_type_of(name))
        for name in feed.formats
    ]


def _small(image: Image | None) -> Image | None:
    """Return a picture, or None for a tiny one, which counts visits and shows nothing."""
    tiny = image is not None and 0 < min(image.width or 99, image.height or 99) < 16
    return None if tiny else image


def _joined(entries: Iterable[bytes]) -> Markup:
    return Markup(b"".join(entries).decode())


def _rendered(site: Site, name: str, **facts: Any) -> bytes:
    """Render a template.  Where the publisher's raises, report that and render ours."""
    template = _template(site, name)
    try:
        return _filled(template, site, facts)
    except jinja2.TemplateSyntaxError as error:  # of one that it includes
        raise _no_template(site, name, error) from error
    except Exception as error:  # a template may raise anything
        if not site.theme.files:
            raise
        place = _place(site, name, error)
        report(f"{place}: {_said(error)}; what feeds itself would show is shown instead")
    return _filled(_environment(Theme()).get_template(name), site, facts)


def _template(site: Site, name: str) -> jinja2.Template:
    try:
        return _environment(site.theme).get_template(name)
    except Exception as error:  # Python itself compiles it, and may raise anything
        raise _no_template(site, name, error) from error


def _filled(template: jinja2.Template, site: Site, facts: dict[str, Any]) -> bytes:
    return template.render(site=site, at=site.local, **facts).encode()


def _place(site: Site, name: str, error: BaseException) -> str:
    """Return file and line of the publisher's template that raised an error.

    Without a line it is the template that was to be rendered.
    """
    names, found = {name for name, _ in site.theme.files}, f"{site.templates}/{name}"
    for frame, line in traceback.walk_tb(error.__traceback__):
        if (file := frame.f_code.co_filename) in names:
            found = f"{site.templates}/{file}:{line}"
    return found


def _said(error: BaseException) -> str:
    message = " ".join(f"{type(error).__name__}: {error}".split())
    return "".join(c if c.isprintable() else " " for c in message[:LONGEST_FAULT])


def _no_template(site: Site, name: str, error: Exception) -> RenderError:
    if isinstance(error, jinja2.TemplateSyntaxError):
        name, message = f"{error.name or name}:{error.lineno}", error.message
    else:
        message = _said(error)
    return RenderError(f"{site.templates}/{name}", f"expected a template of Jinja, got: {message}")


class _Environment(jinja2.Environment):
    """Our templates.  Their globals are a dict: each rendering copies them, which takes long for
    the ChainMap of Jinja2."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """Return the globals of a template."""
        return {**self.globals, **(d or {})}


class _Sandbox(_Environment, ImmutableSandboxedEnvironment):
    """The publisher's templates, of which none reads or writes a file, or changes a value."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Return False for what leads out of the values that templates are given."""
        is_given = not isinstance(obj, Site) or attr in SITE_FACTS
        return is_given and super().is_safe_attribute(obj, attr, value)


@lru_cache(8)
def _environment(theme: Theme) -> jinja2.Environment:
    ours = jinja2.FileSystemLoader(TEMPLATES)
    # A template of the publisher extends ours as `feeds/NAME`.
    files = dict(theme.files)

    def load(name: str) -> tuple[str, str, None] | None:
        # Jinja2 names this file in errors.
        return (files[name], name, None) if name in files else None

    loader: jinja2.BaseLoader = jinja2.ChoiceLoader(
        [jinja2.FunctionLoader(load), ours, jinja2.PrefixLoader({"feeds": ours})]
    )
    kind = _Sandbox if theme.files else _Environment
    made = kind(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        auto_reload=False,
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
    return Markup(content.cleaned(content.body_of(text, COMMONMARK), site.address("")))


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
