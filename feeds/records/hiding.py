"""Signs that a record is not for the public.  In doubt a record is hidden.  Pure: no file and no
clock is looked at.

In: the plain data of a front matter, its text, or the text of a file that cannot be read as a
record. Out: Signs: where they are and why they hide the record. Keys of other software count too,
whatever program the records were written for. Not here: the key `published` in its place, which
validation decides about, and what follows from a sign (reading).
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, tzinfo
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from typing import Any, NamedTuple

from feeds.records.faults import Cost
from feeds.records.keys import DATE, EXPIRY, KEYS, PROVIDER, PUBLISHED
from feeds.records.mapping import HIDING, Mapped
from feeds.records.plain_data import Path, Plain, key_text
from feeds.records.validation import Problem
from feeds.records.values import FALSE, TRUE, as_boolean, moment_or_none, normalized, words

EXPIRY_LETTERS, DATE_LETTERS = EXPIRY.casefold(), DATE.casefold()
LIKE, MUCH_LIKE = 0.8, 0.88  # the least ratios of two keys that are alike
LONGEST_TYPO = 40  # characters; a longer key is no misspelled one
LARGEST_DIFFERENCE = 3  # letters; no key of another length is so like that of the expiry


def likely_key(key: str) -> str | None:
    """Return the key of a record that an unknown one looks like, or None."""
    if len(key) > LONGEST_TYPO:
        return None
    letters, plain = _letters(key), _keys_by_letters()
    close = get_close_matches(letters, plain, n=1, cutoff=LIKE)
    return plain[close[0]] if close and letters != "publisher" else None


def likely_meant(key: str, value: Any, meant: str) -> bool:
    """Tell whether a key that we do not know is likely one that hides a record, misspelled.  Doubt
    hides the record.

    A key like it that holds a boolean surely is. Otherwise the slip must be small, and not a word
    of its own: `publisher`, `publishedAt`.
    """
    # `{published:false}`: without a blank, YAML takes that for a key as a whole
    if value is None and ":" in key:
        key, value = key.split(":", 1)
    letters = _letters(key)
    if 2 * min(len(letters), len(meant)) < LIKE * (len(letters) + len(meant)):
        return False  # no ratio of texts of such lengths is as high
    matcher = SequenceMatcher(None, letters, meant)
    if matcher.quick_ratio() < LIKE or (likeness := matcher.ratio()) < LIKE:
        return False
    if isinstance(value, str) and value.strip().capitalize() in TRUE | FALSE | {"0", "1", "Y", "N"}:
        return True
    compound = key.startswith(meant) and not key.removeprefix(meant)[:1].islower()
    return likeness >= MUCH_LIKE and not compound and letters not in ("publisher", "publishers")


def is_likely_expiry(key: str) -> bool:
    """Tell whether a key that is not known is likely the key of the expiry, misspelled."""
    letters = _letters(key)
    if letters.startswith("expir") and letters.endswith("datetime"):
        return True
    if abs(len(letters) - len(EXPIRY)) > LARGEST_DIFFERENCE:
        return False
    return SequenceMatcher(None, letters, EXPIRY.casefold()).ratio() >= MUCH_LIKE


@cache
def _keys_by_letters() -> dict[str, str]:
    return {_letters(known): known for known in KEYS}


def _letters(key: str) -> str:
    return "".join(character for character in key.casefold() if character.isalpha())


def problems_of_expiry(data: dict[str, Any], zone: tzinfo) -> list[Problem]:
    """Return what is wrong with the expiry of a record, if it is a date: not after publication it
    is never shown."""
    expires = moment_or_none(data.get(EXPIRY), zone)
    if expires is None or expires.year == 1 or expires == expiry_of(data, zone):
        return []
    return [
        Problem((EXPIRY,), f"a moment after {DATE}, or the record is never shown", "an earlier one")
    ]


def expiry_of(data: dict[str, Any], zone: tzinfo) -> datetime | None:
    """Return when a record expires; None where it does not say, or says something wrong, which is a
    fault.

    The year 1, the zero date of Hugo, says nothing.
    """
    expires, published = (
        moment_or_none(data.get(EXPIRY), zone),
        moment_or_none(data.get(DATE), zone),
    )
    if expires is None or expires.year == 1:
        return None
    return None if published is not None and expires <= published else expires


def is_in_doubt(problems: Sequence[Problem]) -> bool:
    """Tell whether a record is left out for what it says, or may say, of its expiry."""
    return any(one.cost is Cost.RECORD and EXPIRY in (*one.path[:1], one.named) for one in problems)


# All names are compared by their letters alone, in lower case: `expiry_date` is `expiryDate`.
# `headless` is Hugo's word for what has no page of its own.
HIDES_WHEN_TRUE = words(
    "private hidden embargoed expired headless eleventyexcludefromcollections"
) | set(HIDING)
STATUSES = words("status poststatus publicationstatus")
HIDING_STATUSES = words(
    "draft private pending hidden unlisted unpublished trash autodraft embargoed expired archived"
    " inreview pendingreview deleted withdrawn"
)
NOT_PUBLIC = HIDING_STATUSES | words("password protected internal restricted members none nobody")
PUBLIC = words("public everyone all world visible listed published true yes on")
STARTS = words(
    "embargo embargodate embargodatetime embargountil embargoeduntil publishdate publishon"
)
ENDS = words(
    "expirydate expirationdate expiration expiresat unpublishdate unpublishdatetime unpublishat"
    " unpublishon"
)
MAYBE_ENDS = words("expires expiry")  # dates, but perhaps how long something is kept
BUILDS = words("build")  # Hugo's `_build` or `build`, a mapping
# Where a key stands in a place of its own, in another value or in the body, only these are taken
# for signs: they are about publication whatever they stand in.  `hidden` below `cover` is about the
# cover.
ANYWHERE = {PUBLISHED, "publish", "unpublish", "unpublished", "draft", EXPIRY_LETTERS}

DEEPEST_SEARCH = 32
KNOWN = (
    HIDES_WHEN_TRUE
    | STATUSES
    | STARTS
    | ENDS
    | MAYBE_ENDS
    | BUILDS
    | words("visibility permalink listed")
)
MISSPELLED = (PUBLISHED, *HIDING, "private", "hidden")
# What looks like ASCII letters and is none, beyond accents and what Unicode itself calls
# compatible.
LOOK_ALIKE = str.maketrans(
    "авеһіјкӏмнорѕтԁԛԝухьѵɑαειοκρτυνıłøđħß", "abehijklmhopstdqwyxbvaaeiokptuvilodhb"
)


class Sign(NamedTuple):
    """One sign: the path of its key in the data, why it hides the record, and whether it is likely
    a slip.

    `reason` says nothing of the record's own words.
    """

    path: Path
    reason: str
    is_slip: bool = False


Limit = tuple[datetime, str] | None  # a moment, and the key that says it


class Signs:
    """The signs in the data of a record that hide it: `unpublished`, or `doubtful` where that is
    likely a slip.

    `start` is the moment before which a key of other software, such as `embargo`, hides it, `end`
    the one after.
    """

    def __init__(self, data: dict[str, Any], mapped: Mapped, now: datetime, zone: tzinfo) -> None:
        self.problems: list[Problem] = []
        self.unpublished = says_unpublished(mapped.data)
        self.doubtful = False
        own = KEYS | mapped.known
        self.expires = expiry_of(mapped.data, zone)
        start, end = _window(data, own, zone)
        self.start, self.end = start and start[0], end and end[0]
        if self.unpublished:
            return
        for sign in _signs(data, own):
            if sign.is_slip:
                self.doubtful = True
                what = f"{meant(str(sign.path[-1]))} as a key of the record, at the left margin"
                got = "it inside another value"
                self.problems.append(Problem(sign.path, what, got, named=key_text(sign.path)))
            else:
                self.unpublished = True
                self._note(sign.path, sign.reason)
        if start is not None and start[0] > now:
            self._note((start[1],), "this moment is still to come")
        if end is not None and end[0] <= now:
            self._note((end[1],), "this moment has passed")

    def _note(self, path: Path, reason: str) -> None:
        self.problems.append(Problem(path, reason, "", Cost.HIDDEN, named=key_text(path)))


def decides(problem: Problem) -> bool:
    """Tell whether what is wrong is a key that decides about publication."""
    return problem.cost is Cost.RECORD and (problem.named or key_text(problem.path)) in MISSPELLED


def says_unpublished(data: dict[str, Any]) -> bool:
    """Tell whether `published`, in data in our keys, is false."""
    try:
        return PUBLISHED in data and not as_boolean(data[PUBLISHED])
    except ValueError:
        return False


def _signs(data: dict[str, Any], own: Collection[str]) -> Iterator[Sign]:
    """Yield what hides a record, from its data.  `own` are the keys at the top that mean something
    else there."""
    for key, value in data.items():
        if key in own:
            if key == PROVIDER and isinstance(value, dict):
                yield from _inside(value, (key,), whole=True)
            else:
                yield from _below(value, (key,))
            continue
        name = letters(key)
        why = None if name in HIDING and key not in HIDING else reason(name, value)
        if why is not None:
            yield Sign((key,), why)
        else:
            yield from _below(value, (key,))


def _window(data: dict[str, Any], own: Collection[str], zone: tzinfo) -> tuple[Limit, Limit]:
    """Return from when on and until when keys of other software, such as `embargo` and
    `expiryDate`, let a record be public."""
    starts, ends = [], []
    for key, value in data.items():
        name = letters(key)
        if key in own or (moment := moment_or_none(value, zone)) is None:
            continue
        if name in STARTS:
            starts.append((moment, key))
        elif name in ENDS | MAYBE_ENDS and moment.year > 1:  # Hugo's zero date says nothing
            ends.append((moment, key))
    return max(starts, default=None), min(ends, default=None)


def may_be_later(written: Any, now: datetime, zone: tzinfo) -> bool:
    """Tell whether a date, as it is written, may be later than a moment.  As far as it can be read,
    it decides."""
    if (moment := moment_or_none(written, zone)) is not None:
        return moment > now
    text = str(written)[:40] if isinstance(written, str) else ""
    if any(int(year) > now.year for year in re.findall(r"(?<!\d)\d{4}(?!\d)", text)):
        return True
    parts = [int(part) for part in re.findall(r"\d+", text)[:3]]
    if not parts or len(str(parts[0])) != 4:
        return False
    return parts > [now.year, now.month, now.day][: len(parts)]


def letters(key: str) -> str:
    """Return the letters of a key, in lower case ASCII as far as they look like it."""
    return "".join(
        character
        for character in same_letters(key).casefold().translate(LOOK_ALIKE)
        if character.isalpha()
    )


def same_letters(text: str) -> str:
    """Return text without accents and without characters that do not show, compatible characters
    made the same."""
    if text.isascii():
        return text
    decomposed = normalized("NFKD", text)
    return "".join(
        [c for c in decomposed if c.isascii() or unicodedata.category(c) not in ("Cf", "Mn")]
    )


def reason(name: str, value: Any) -> str | None:
    """Return why a key with such letters hides the record, or None."""
    if name in HIDES_WHEN_TRUE:
        if value in ([], {}):
            return None
        return {True: "its value is true", None: "its value is not false"}.get(_truth(value))
    if name in STATUSES:
        every = [
            letters(one)
            for one in (value if isinstance(value, list) else [value])
            if isinstance(one, str)
        ]
        return next((f"this key says {says}" for says in every if says in HIDING_STATUSES), None)
    if name == "listed":
        return "its value is false" if _truth(value) is False else None
    if name == "visibility":
        return (
            None
            if isinstance(value, str) and value.strip().casefold() in PUBLIC
            else "its value is not public"
        )
    if name in STARTS | ENDS or (name in MAYBE_ENDS and _names_a_year(value)):
        return _reason_of_date(value)
    if name == "permalink":
        return (
            "Eleventy writes no page of it" if isinstance(value, Plain) and value in FALSE else None
        )
    if name in BUILDS and isinstance(value, dict):
        never = [key for key in ("render", "list") if _is_never(value.get(key))]
        return f"Hugo's {never[0]} is never" if never else None
    if name == "feed":
        excluded = value.get("excluded", value.get("exclude")) if isinstance(value, dict) else None
        if (isinstance(value, Plain) and value in FALSE) or _truth(excluded):
            return "it is left out of Jekyll's feed"
    return None


def _names_a_year(value: Any) -> bool:
    return (
        isinstance(value, str)
        and not value.strip().isdigit()
        and re.search(r"\b(?:19|20)\d\d\b", value) is not None
    )


def _reason_of_date(value: Any) -> str | None:
    if value is None or value == "" or moment_or_none(value) is not None or _truth(value) is False:
        return None
    return "its value is true" if _truth(value) else "its value is not a date"


def _is_never(value: Any) -> bool:
    return isinstance(value, str) and (
        value.strip().casefold() == "never" or (type(value) is Plain and value in FALSE)
    )


def _truth(value: Any) -> bool | None:
    """Return the boolean that a value means, with quotes or without; None where it is not clear."""
    word = value.strip().casefold() if isinstance(value, str) else ""
    if word in {"true", "yes", "on", "y", "1"}:
        return True
    return False if word in {"false", "no", "off", "n", "0"} else None


def _below(value: Any, path: Path, depth: int = 1) -> Iterator[Sign]:
    """Yield the signs in mappings below a value: a key of the record that was indented by a
    slip."""
    if depth > DEEPEST_SEARCH:
        return
    if isinstance(value, dict):
        yield from _inside(value, path, whole=False, depth=depth)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                yield from _below(item, (*path, index), depth + 1)


def _inside(mapping: dict[str, Any], path: Path, *, whole: bool, depth: int = 1) -> Iterator[Sign]:
    for key, value in mapping.items():
        name = letters(key)
        is_date = whole and name in STARTS | ENDS and value not in (None, "")
        if is_date or hides_from_inside(name, value) or (whole and reason(name, value) is not None):
            yield Sign((*path, key), "", is_slip=True)
        else:
            yield from _below(value, (*path, key), depth + 1)


def clearly_hides(name: str, value: Any) -> bool:
    """Tell whether a line of text, which may be prose, clearly says that a record is hidden."""
    if name in HIDES_WHEN_TRUE:
        return _truth(value) is True
    if name in ("permalink", "feed", "listed"):
        return isinstance(value, Plain) and value in FALSE
    says = letters(value) if isinstance(value, str) else ""
    return (name in STATUSES and says in HIDING_STATUSES) or (
        name == "visibility" and says in NOT_PUBLIC
    )


def hides_from_inside(name: str, value: Any) -> bool:
    """Tell whether a key that stands in another value means the record: elsewhere it may be a word
    of their own."""
    if name == EXPIRY_LETTERS:
        return value not in (None, "")
    if name in (PUBLISHED, "publish"):
        return _truth(value) is False or (value is None and name == PUBLISHED)
    return name in ANYWHERE and _truth(value) is True


def meant(key: str) -> str:
    """Return how a key that hides a record is written as a key of ours, where it is one."""
    return {PUBLISHED: PUBLISHED, EXPIRY_LETTERS: EXPIRY}.get(letters(key), key)


def may_mean_hidden(name: str, value: Any) -> bool:
    """Tell whether a line of a record that cannot be read may say that it is hidden."""
    if name != EXPIRY_LETTERS and (
        hides_from_inside(name, value) or reason(name, value) is not None
    ):
        return True
    if name in ("render", "list"):
        return _is_never(value)
    return name in ("excluded", "exclude") and _truth(value) is True


def is_known(key: str) -> bool:
    """Tell whether a key that is none of ours means something to us, in any way of writing."""
    return (name := letters(key)) in KNOWN and name not in HIDING


def likely_hiding(key: str, value: Any, names: Collection[str] = MISSPELLED) -> str | None:
    """Return the key, among `names`, that hides records and of which an unknown key is likely a
    slip."""
    if letters(key) in ("unpublish", "unpublished"):
        return PUBLISHED if PUBLISHED in names and _truth(value) is not False else None
    if key in HIDING or is_known(key):
        return None
    if EXPIRY in names and value not in (None, "") and is_likely_expiry(key):
        return EXPIRY
    return next((name for name in names if likely_meant(key, value, name)), None)
