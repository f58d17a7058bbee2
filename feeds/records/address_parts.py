"""Parts of addresses as generators of sites make them: of dates, of names, of patterns.  Pure.

`date_parts` has what a date gives, and MODIFIERS change the text of a part. PATTERNS turn an
address in the language of a generator, such as `/:year/:title/`, into one of our templates. Not
here: which parts a template has (mapping), and what a record gives for them (fields).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import unquote_plus

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LONGEST_PATTERN = 1000  # characters of a pattern in a record
# Characters besides letters and digits that stay in an address of Jekyll, and in one of Hugo.
KEPT_BY_JEKYLL = "._~!$&'()+,;=@"
KEPT_BY_HUGO = "./\\_#+~-@"


def date_parts(moment: datetime) -> dict[str, str]:
    """Return the parts of a date by their names, which are those of Jekyll where it has them."""
    month, day, iso = MONTHS[moment.month - 1], DAYS[moment.weekday()], moment.isocalendar()
    day_of_year = moment.timetuple().tm_yday
    return {
        "year": f"{moment.year:04}",
        "month": f"{moment.month:02}",
        "day": f"{moment.day:02}",
        "hour": f"{moment.hour:02}",
        "minute": f"{moment.minute:02}",
        "second": f"{moment.second:02}",
        "short_year": f"{moment.year % 100:02}",
        "i_month": str(moment.month),
        "short_month": month[:3],
        "long_month": month,
        "i_day": str(moment.day),
        "short_day": day[:3],
        "long_day": day,
        "y_day": f"{day_of_year:03}",
        "i_y_day": str(day_of_year),
        "week": f"{iso.week:02}",
        "w_year": f"{iso.year:04}",
        "w_day": str(iso.weekday),
        "weekday": str(iso.weekday % 7),
    }


DATE_PARTS = frozenset(date_parts(datetime(1, 1, 1, tzinfo=UTC)))


def _is_kept(character: str, others: str) -> bool:
    kind = unicodedata.category(character)
    return kind[0] in "LM" or kind == "Nd" or character in others


def _hyphenated(text: str, others: str = "") -> str:
    """Return text with a hyphen for each row of characters that are not kept (Utils.slugify)."""
    kept = "".join(one if _is_kept(one, others) else "\0" for one in text)
    return re.sub("^-|-$", "", re.sub("\0+", "-", kept))


def full_lower(text: str) -> str:
    """Return text in lower case as Ruby has it: a character may become several."""
    return "".join(map(str.lower, text))


def lower(text: str) -> str:
    """Return text in lower case as Go has it: each character becomes one."""
    return "".join(one.lower()[0] for one in text)


def unaccented(text: str) -> str:
    """Return text without its accents."""
    marked = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", re.sub(r"[^\x00-\x7f]", _without_mark, marked))


def _without_mark(match: re.Match[str]) -> str:
    return "" if unicodedata.category(match[0]) == "Mn" else match[0]


def as_is(text: str) -> str:
    """Return text in which a percent sign means itself."""
    return text.replace("%", "%25")


def undotted(text: str) -> str:
    """Return a path in an address of Jekyll (Document.cleaned_relative_path)."""
    return text.rstrip(".")


def pretty(text: str) -> str:
    """Return text as `:title` of Jekyll (UrlDrop)."""
    return _hyphenated(text, KEPT_BY_JEKYLL)


def sanitized(path: str) -> str:
    """Return the path of an address as Jekyll has it in the end (URL.sanitize_url)."""
    return re.sub("/{2,}", "/", path.replace("..", "/").replace("./", ""))


def slug(text: str) -> str:
    """Return text as `:slug` of Jekyll."""
    return full_lower(_hyphenated(text))


def ascii_slug(text: str) -> str:
    """Return text in ASCII letters, digits and hyphens, as `slugify` of Eleventy."""
    words = unaccented(text.replace("&", " and ")).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", words.replace("'", "")).strip("-")


def _sanitized(text: str) -> str:
    """Return text as Hugo has it in a path, but for capitals (PathSpec.UnicodeSanitize)."""
    kept: list[str] = []
    is_after_space = False
    for place, one in enumerate(text):
        is_escape = one == "%" and re.match("[0-9a-fA-F]{2}", text[place + 1 : place + 3])
        if _is_kept(one, KEPT_BY_HUGO) or is_escape:
            kept += ["-", one] if is_after_space and one != "-" else [one]
            is_after_space = False
        elif one.isspace() and kept and kept[-1] != "-":
            is_after_space = True
    return "".join(kept)


def hugo(text: str) -> str:
    """Return text as Hugo has it after a slash in the path of a page, but for capitals."""
    return _sanitized(f"/{text}/")[1:-1]


def hugo_token(text: str) -> str:
    """Return text as Hugo has it in a permalink, which is unquoted as a whole: a fragment without
    text goes, as in `C#`."""
    made = unquote_plus(_sanitized(text))
    return hugo(made[:-1] if made.find("#") == len(made) - 1 else made)


def hugo_url(text: str) -> str:
    """Return the key `url` of Hugo: a folder, unless it names a file."""
    return text if "." in text.rpartition("/")[2] or text.endswith("/") else f"{text}/"


def relative(text: str) -> str:
    """Return a path that does not begin with a slash; nothing of another."""
    return "" if text.startswith("/") else text


MODIFIERS: dict[str, Callable[[str], str]] = {
    "as_is": as_is,
    "docusaurus": as_is,  # it is in the path that a date stands anywhere
    "undotted": undotted,
    "lower": lower,
    "unaccented": unaccented,
    "pretty": pretty,
    "slug": slug,
    "ascii": ascii_slug,
    "hugo": hugo,
    "hugo_token": hugo_token,
    "hugo_url": hugo_url,
    "relative": relative,
}

# Some of the parts of a path, as Hugo has it: one, or those from one up to another.
SLICE = re.compile(r"(first|last|\d{1,3})|(first|\d{0,3}|last):(last|\d{0,3})")


def part_of_path(path: str, which: str) -> str:
    """Return the parts of a path that a slice names, joined again (permalinks.go, toSliceFunc)."""
    parts, match = path.split("/"), SLICE.fullmatch(which)
    assert match is not None
    last = len(parts) - 1 or None  # of a single part none is the last
    places = {"": 0, "first": 0, "last": last}
    one, low, high = match.groups()
    start = places[one or low or ""] if (one or low or "") in places else int(one or low)
    if start is None:
        return ""
    if one:
        return "/".join(parts[start : start + 1])
    end = last if high == "last" else int(high) if high else None
    return "/".join(parts[start:end])


JEKYLL_WORDS = {
    **{name: f"{{{name}}}" for name in DATE_PARTS},
    "title": "{slug|pretty}",
    "slug": "{slug|slug}",
    "name": "{name|slug}",
    "path": "{file|undotted|as_is}",
    "categories": "{categories|as_is}",
    "slugified_categories": "{slugified_categories}",
    "collection": "posts",
    "output_ext": "{output_ext}",
}
ELEVENTY_WORDS = {
    "page.fileSlug": "{stem|as_is}",
    "page.filePathStem": "{path|as_is}",
    "title|slugify": "{title|ascii}",
    "title|slug": "{title|ascii}",
    "page.fileSlug|slugify": "{stem|ascii}",
    "page.fileSlug|slug": "{stem|ascii}",
}


def literal(text: str) -> str:
    """Return a text as it stands in a template, in which braces enclose parts."""
    return text.replace("{", "%7B").replace("}", "%7D")


WORD = r":([A-Za-z_]+|[0-9]+)(?:\[[^\]]*\])?"
JEKYLL_WORD = ":([a-z_]+)"


def words_filled(pattern: str, words: Mapping[str, str], word: str = WORD) -> tuple[str, list[str]]:
    """Return the template of a pattern, in which each `:word` is replaced by its part, and the
    words that have none."""
    unknown: list[str] = []

    def part(match: re.Match[str]) -> str:
        name = match[1]
        if name not in words and name.endswith("_"):  # as in `:year_:month`
            return part_of(name[:-1], match[0][:-1]) + "_"
        return part_of(name, match[0])

    def part_of(name: str, written: str) -> str:
        if name not in words:
            unknown.append(written)
        return words.get(name, "")

    filled = re.sub(word, part, literal(pattern))
    return re.sub(r"/{2,}", "/", f"/{filled}"), unknown


def jekyll_template(pattern: str) -> tuple[str, list[str]]:
    """Return the template of a permalink of Jekyll, and the words that no template can say."""
    return words_filled(pattern, JEKYLL_WORDS, JEKYLL_WORD)


def eleventy_template(pattern: str) -> tuple[str, list[str]]:
    """Return the template of a permalink or a path of Eleventy, in Nunjucks or Liquid, and what of
    it no template can say.  `a/a` and `a/index.html` are `a`."""
    pattern = re.sub(r"(^|/)index\.html$", r"\1", pattern)
    pattern = re.sub(r"(^|/)([^/]+)/\2$", r"\1\2", pattern)
    unknown: list[str] = []

    def part(match: re.Match[str]) -> str:
        name = re.sub(r"\s+", "", match[1] or "?")
        if name not in ELEVENTY_WORDS:
            unknown.append(match[0])
        return ELEVENTY_WORDS.get(name, "")

    pieces = re.split(r"(\{\{[^{}]*\}\}|\{%[^{}]*%\})", pattern)
    made = (
        re.sub(r"\{\{-?([^{}]*?)-?\}\}|\{%.*", part, piece) if number % 2 else literal(piece)
        for number, piece in enumerate(pieces)
    )
    return "".join(made), unknown


PATTERNS = {"jekyll": jekyll_template, "eleventy": eleventy_template}
