"""Signs that a record is not for the public.  In doubt a record is hidden.  Pure: no file and no
clock is looked at.

In: the plain data of a front matter, its text, or the text of a file that cannot be read as a
record. Out: Signs: where they are and why they hide the record. Keys of other software count too,
whatever program the records were written for. Not here: the key `published` in its place, which
validation decides about, and what follows from a sign (reading).
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from datetime import datetime, tzinfo
from difflib import SequenceMatcher, get_close_matches
from functools import cache
from typing import Any

from feeds.records.faults import Cost
from feeds.records.keys import DATE, EXPIRY, KEYS, PROVIDER, PUBLISHED
from feeds.records.mapping import HIDING, Mapped
from feeds.records.plain_data import Path, key_text
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
    name, known = letters(key), _keys_by_letters()
    close = get_close_matches(name, known, n=1, cutoff=LIKE)
    return known[close[0]] if close and name != "publisher" else None


def likely_meant(key: str, value: Any, meant: str) -> bool:
    """Tell whether a key that we do not know is likely one that hides a record, misspelled.  Doubt
    hides the record.

    A key like it that holds a boolean surely is. Otherwise the slip must be small, and not a word
    of its own: `publisher`, `publishedAt`.
    """
    # `{published:false}`: without a blank, YAML takes that for a key as a whole
    if value is None and ":" in key:
        key, value = key.split(":", 1)
    name = letters(key)
    if 2 * min(len(name), len(meant)) < LIKE * (len(name) + len(meant)):
        return False  # no ratio of texts of such lengths is as high
    matcher = SequenceMatcher(None, name, meant)
    if matcher.quick_ratio() < LIKE or (likeness := matcher.ratio()) < LIKE:
        return False
    if isinstance(value, str) and value.strip().capitalize() in TRUE | FALSE | {"0", "1", "Y", "N"}:
        return True
    compound = key.startswith(meant) and not key.removeprefix(meant)[:1].islower()
    return likeness >= MUCH_LIKE and not compound and name not in ("publisher", "publishers")


def is_likely_expiry(key: str) -> bool:
    """Tell whether a key that is not known is likely the key of the expiry, misspelled."""
    name = letters(key)
    if name.startswith("expir") and name.endswith("datetime"):
        return True
    if abs(len(name) - len(EXPIRY)) > LARGEST_DIFFERENCE:
        return False
    return SequenceMatcher(None, name, EXPIRY_LETTERS).ratio() >= MUCH_LIKE


@cache
def _keys_by_letters() -> dict[str, str]:
    return {letters(known): known for known in KEYS}


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
HIDES_WHEN_FALSE = words("listed permalink feed")
MAYBE_ENDS = words("expires expiry")  # dates, but perhaps how long something is kept
BUILDS = words("build")  # Hugo's `_build` or `build`, a mapping
ANYWHERE = {PUBLISHED, "publish", "unpublish", "unpublished", "draft", EXPIRY_LETTERS}

KNOWN = (
    HIDES_WHEN_TRUE
    | HIDES_WHEN_FALSE
    | STATUSES
    | STARTS
    | ENDS
    | MAYBE_ENDS
    | BUILDS
    | {"visibility"}
)
# What a key says clearly, as the beginning of a reason.
SAYS_TRUE, SAYS_FALSE, SAYS = "its value is true", "its value is false", "this key says"
MISSPELLED = (PUBLISHED, *HIDING, "private", "hidden")
# What looks like ASCII letters and is none, beyond accents and what Unicode itself calls
# compatible.
LOOK_ALIKE = str.maketrans(
    "авеһіјкӏмнорѕтԁԛԝухьѵɑαειοκρτυνıłøđħß", "abehijklmhopstdqwyxbvaaeiokptuvilodhb"
)


Limit = tuple[datetime, str] | None  # a moment, and the key that says it


class Signs:
    """The signs in the data of a record that hide it: `unpublished`, or `doubtful` where that is
    likely a slip.

    `start` is the moment before which a key of other software, such as `embargo`, hides it;
    `expires` the one from which on it, or the key of ours, does.
    """

    def __init__(self, data: dict[str, Any], mapped: Mapped, now: datetime, zone: tzinfo) -> None:
        self.problems: list[Problem] = []
        self.unpublished = says_unpublished(mapped.data)
        self.doubtful = False
        own = KEYS | mapped.known
        start, end = _window(data, own, zone)
        self.start = start and start[0]
        self.expires = min(
            filter(None, [self._expiry(mapped.data, zone), end and end[0]]), default=None
        )
        if self.unpublished:
            return
        for key, value in data.items():
            name = letters(key)
            is_other = key not in own and (name not in HIDING or key in HIDING)
            if is_other and (why := reason(name, value)) is not None:
                self.unpublished = True
                self._note(key, why)
            else:
                self._add_slips(key, value)
        if start is not None and start[0] > now:
            self._note(start[1], "this moment is still to come")
        if end is not None and end[0] <= now:
            self._note(end[1], "this moment has passed")

    def _expiry(self, data: dict[str, Any], zone: tzinfo) -> datetime | None:
        """Return when a record expires by its own key.  The year 1, the zero date of Hugo, says
        nothing."""
        expires, published = (moment_or_none(data.get(key), zone) for key in (EXPIRY, DATE))
        if expires is None or expires.year == 1:
            return None
        if published is None or expires > published:
            return expires
        expected = f"a moment after {DATE}, or the record is never shown"
        self.problems.append(Problem((EXPIRY,), expected, "an earlier one"))
        return None

    def _note(self, key: str, why: str) -> None:
        self.problems.append(Problem((key,), why, "", Cost.HIDDEN, named=key))

    def _add_slips(self, key: str, value: Any) -> None:
        """Add the keys below a value that mean the record: they were indented by a slip."""
        for path, inner in _below(value, (key,)):
            name, is_of_provider = letters(str(path[-1])), key == PROVIDER and len(path) == 2
            if hides_anywhere(name, inner) or (is_of_provider and is_sign(name, inner)):
                self.doubtful = True
                what = f"{meant(str(path[-1]))} as a key of the record, at the left margin"
                got = "it inside another value"
                self.problems.append(Problem(path, what, got, named=key_text(path)))


def decides(problem: Problem) -> bool:
    """Tell whether what is wrong is a key that decides about publication."""
    name = problem.named or key_text(problem.path[:1])
    return problem.cost is Cost.RECORD and name in (*MISSPELLED, EXPIRY)


def says_unpublished(data: dict[str, Any]) -> bool:
    """Tell whether `published`, in data in our keys, is false."""
    try:
        return PUBLISHED in data and not as_boolean(data[PUBLISHED])
    except ValueError:
        return False


def _below(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Yield each key below a value, by its path, with what it says."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _below(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), item
            yield from _below(item, (*path, key))


def _window(data: dict[str, Any], own: Collection[str], zone: tzinfo) -> tuple[Limit, Limit]:
    """Return from when on and until when keys of other software, such as `embargo` and
    `expiryDate`, let a record be public."""
    starts, ends = [], []
    for key, value in data.items():
        name = letters(key)
        if key in own or name not in STARTS | ENDS | MAYBE_ENDS:
            continue
        if (moment := moment_or_none(value, zone)) is None:
            continue
        if name in STARTS:
            starts.append((moment, key))
        elif moment.year > 1:  # Hugo's zero date says nothing
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
    if key.isascii() and key.isalpha():
        return key.lower()  # as nearly every key
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
    said = truth(value)
    if name in HIDES_WHEN_TRUE:
        if said is None and value not in ([], {}):
            return "its value is not false"
        return SAYS_TRUE if said else None
    if name in HIDES_WHEN_FALSE and said is False:
        return SAYS_FALSE
    if name in STATUSES:
        every = map(_word, value if isinstance(value, list) else [value])
        return next((f"{SAYS} {says}" for says in every if says in HIDING_STATUSES), None)
    if name == "visibility" and (says := _word(value)) not in PUBLIC:
        return f"{SAYS} {says}" if says in NOT_PUBLIC else "its value is not public"
    if name in STARTS | ENDS or (name in MAYBE_ENDS and _names_a_year(value)):
        if said is False or value in (None, "") or moment_or_none(value) is not None:
            return None
        return SAYS_TRUE if said else "its value is not a date"
    if name in BUILDS and isinstance(value, dict):
        never = [key for key in ("render", "list") if is_never(value.get(key))]
        return f"Hugo's {never[0]} is never" if never else None
    if name == "feed" and isinstance(value, dict):
        excluded = truth(value.get("excluded", value.get("exclude")))
        return "it is left out of Jekyll's feed" if excluded else None
    return None


def is_sign(name: str, value: Any) -> bool:
    """Tell whether a key with such letters hides the record, now or at a moment."""
    has_date = name in STARTS | ENDS and value not in (None, "")
    return has_date or reason(name, value) is not None


def hides_clearly(name: str, value: Any) -> bool:
    """Tell whether a line of text, which may be prose, clearly says that a record is hidden."""
    return (reason(name, value) or "").startswith((SAYS_TRUE, SAYS_FALSE, SAYS))


def hides_anywhere(name: str, value: Any) -> bool:
    """Tell whether a key hides the record wherever it stands, such as in another value.  Other keys
    are about what they stand in: `hidden` below `cover` is about the cover."""
    if name == EXPIRY_LETTERS:
        return value not in (None, "")
    if name in (PUBLISHED, "publish"):
        return truth(value) is False or (value is None and name == PUBLISHED)
    return name in ANYWHERE and truth(value) is True


def _word(value: Any) -> str:
    return letters(value) if isinstance(value, str) else ""


def _names_a_year(value: Any) -> bool:
    return (
        isinstance(value, str)
        and not value.strip().isdigit()
        and re.search(r"\b(?:19|20)\d\d\b", value) is not None
    )


def is_never(value: Any) -> bool:
    """Tell whether a value is Hugo's `never`, or false."""
    return _word(value) == "never" or truth(value) is False


def truth(value: Any) -> bool | None:
    """Return the boolean that a value means, with quotes or without; None where it is not clear."""
    word = value.strip().casefold() if isinstance(value, str) else ""
    if word in {"true", "yes", "on", "y", "1"}:
        return True
    return False if word in {"false", "no", "off", "n", "0"} else None


def meant(key: str) -> str:
    """Return how a key that hides a record is written as a key of ours, where it is one."""
    return {PUBLISHED: PUBLISHED, EXPIRY_LETTERS: EXPIRY}.get(letters(key), key)


def is_known(key: str) -> bool:
    """Tell whether a key that is none of ours means something to us, in any way of writing."""
    return (name := letters(key)) in KNOWN and name not in HIDING


def likely_hiding(key: str, value: Any, names: Collection[str] = MISSPELLED) -> str | None:
    """Return the key, among `names`, that hides records and of which an unknown key is likely a
    slip."""
    if letters(key) in ("unpublish", "unpublished"):
        return PUBLISHED if PUBLISHED in names and truth(value) is not False else None
    if key in HIDING or is_known(key):
        return None
    if EXPIRY in names and value not in (None, "") and is_likely_expiry(key):
        return EXPIRY
    return next((name for name in names if likely_meant(key, value, name)), None)
