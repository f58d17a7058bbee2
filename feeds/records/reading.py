"""A record's bytes to a Reading: the Article it holds, or why it holds none, and every fault with
its place.

Here meet the front matter (frontmatter, toml) and the rules of what it may say (validation, slips).
Files are opened elsewhere (folder).
"""

from codecs import BOM_UTF8
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from feeds.model import Article, address_digest, digest
from feeds.records import fields, frontmatter, hiding, keys, toml
from feeds.records.bounds import MOST_BODY
from feeds.records.expiry import expiry_of, is_in_doubt, problems_of_expiry
from feeds.records.fast_parser import read_article
from feeds.records.faults import Cost, Fault
from feeds.records.fields import Mapped
from feeds.records.file_names import is_aside
from feeds.records.hiding_text import hiding_lines, line_in_body, may_be_hidden
from feeds.records.key_typos import likely_key
from feeds.records.keys import ADDRESSES, KEYS, SECRET_KEY
from feeds.records.mapping import FieldMapping
from feeds.records.markup import flaw_of
from feeds.records.passages import visible
from feeds.records.plain_data import Path, Place, key_text
from feeds.records.validation import Problem, described, validate
from feeds.records.values import as_address, as_moment, clean, holds_secret

NAMES = frozenset(keys.every_name())
MOST_FAULTS = 100  # that are told of one record


class Reading(NamedTuple):
    """What reading one record came to.  No article and no fault: its editor does not publish it.

    `doubtful`: what can be read of a broken one says, or may say, that its editor takes it back, or
    dates it later. Of a record that is no article, `held` stands for its addresses, so that no
    other one may point to them, `due` is its publication and `expires` its expiry: before the one
    and after the other it is nobody's business that there is such a record.
    """

    path: str
    digest: str
    article: Article | None
    faults: tuple[Fault, ...]
    unpublished: bool = False
    doubtful: bool = False
    held: tuple[str, ...] = ()
    due: datetime | None = None
    expires: datetime | None = None

    @property
    def left_out(self) -> bool:
        """Whether a fault, and not its editor, keeps the record from being published."""
        return self.article is None and not self.unpublished


def read_record(
    path: str,
    content: bytes,
    now: datetime,
    mapping: FieldMapping | None = None,
    zone: tzinfo = UTC,
    most_html: int = MOST_BODY,
    liquid: bool | None = None,
) -> Reading:
    """Read the bytes of the record at `path`, relative to the records folder.  `now` tells a future
    update.

    `mapping` says where our keys are taken from; without one each is taken from itself. Dates
    without an offset are in the zone. A body whose HTML comes to more than `most_html` bytes is
    left out. `liquid` tells whether blocks of a template language act in code as well; unless it is
    given they do with a mapping.
    """
    digest_of_file = digest(content)
    try:
        text = content.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        good = error.object[: error.start].decode()
        place = (good.count("\n") + 1, len(good) - good.rfind("\n"))
        fault = Fault(path, *place, "", "UTF-8", f"the byte 0x{error.object[error.start]:02x}")
        doubtful = may_be_hidden(content, now, mapping, zone)
        return Reading(path, digest_of_file, None, (fault,), doubtful=doubtful)
    is_toml = toml.is_toml(text)
    if mapping is None and not is_toml and not liquid:
        source, body, _ = frontmatter.split(text)
        if not line_in_body(body, now, zone):
            plain = read_article(source, body, path, digest_of_file, now)
            if plain is not None and _has_sound_body(plain[0], most_html):
                return _reading_of(*plain)
    read = toml.read if is_toml else frontmatter.read
    front = read(text)
    faults = [
        Fault(path, *flaw.place, _known_key(flaw.path), flaw.expected, flaw.got)
        for flaw in front.flaws
    ]
    if front.data is None:
        doubtful = may_be_hidden(content, now, mapping, zone)
        return Reading(path, digest_of_file, None, tuple(faults), doubtful=doubtful)
    body = clean(front.body).strip()
    mapped = (
        Mapped(front.data) if mapping is None else fields.apply(mapping, front.data, path, zone)
    )
    if mapping is not None and is_aside(path):
        return Reading(path, digest_of_file, None, (), unpublished=True, held=_held(mapped.data))
    record, problems = validate(mapped.data, zone)
    problems = _with_lacking(problems, mapped)
    if record is not None:
        problems += _problems_of_update(record, now)
    problems += problems_of_expiry(mapped.data, zone)
    problems += _misspellings(front.data, mapped.known)
    signs = hiding.Signs(front.data, mapped, now, zone)
    problems += signs.problems
    hides = (
        signs.unpublished or signs.doubtful or any(hiding.decides(problem) for problem in problems)
    )
    lines = [] if hides else hiding_lines(text, front.body, front.data, now, zone)
    for line, got in lines:
        expected = f"{line.key} as a key of the record"
        faults.append(Fault(path, line.line, line.column, line.key, expected, got))
    if holds_secret(body):
        problems.append(Problem((), f"a body without the key {SECRET_KEY} in it", "", Cost.PART))
        body = ""
    body = visible(body, templates_in_code=mapping is not None if liquid is None else liquid)
    if body and record is not None and (flaw := flaw_of(body, record["link"], most_html)):
        faults.append(Fault(path, _line_of_body(text, front.body), 1, "body", flaw, cost=Cost.PART))
        body = ""
    if problems:
        places = read(text, with_places=True).places
        faults += [_fault(path, problem, mapped, places) for problem in problems]
    # What a mapping makes of a record follows from its path too.
    digest_of_article = digest_of_file if mapping is None else digest(digest_of_file, path)
    kept = (
        record is not None
        and not signs.unpublished
        and all(fault.cost is not Cost.RECORD for fault in faults)
    )
    article = (
        keys.article(path, digest_of_article, _with_signs(record, signs), body)
        if record is not None and kept
        else None
    )
    faults.sort(key=lambda fault: (fault.line, fault.column))
    if len(faults) > MOST_FAULTS:
        last = faults[MOST_FAULTS]
        faults[MOST_FAULTS:] = [
            replace(last, key="", expected=f"at most {MOST_FAULTS} faults", got=str(len(faults)))
        ]
    if article is not None:
        return Reading(path, digest_of_file, article, tuple(faults))
    doubtful = not signs.unpublished and (
        hides
        or bool(lines)
        or is_in_doubt(problems)
        or hiding.may_be_later(mapped.data.get(keys.DATE), now, zone)
        or (bool(front.flaws) and may_be_hidden(content, now, mapping, zone))
    )
    due = max(filter(None, [_due(mapped.data, zone), signs.start]), default=None)
    expires = min(filter(None, [expiry_of(mapped.data, zone), signs.end]), default=None)
    return Reading(
        path,
        digest_of_file,
        None,
        tuple(faults),
        signs.unpublished,
        doubtful,
        _held(mapped.data),
        due,
        expires,
    )


def refusal(path: str, place: tuple[int, int, str], winner: str) -> Fault:
    """The fault of a record that is left out since the one at `winner` has its id or address; `` is
    not named."""
    other = f", other than those of {winner}" if winner else ""
    return Fault(path, *place, f"an address and an id of its own{other}")


def place_of_identity(
    content: bytes, path: str, mapping: FieldMapping | None = None
) -> tuple[int, int, str]:
    """Line, column and key of what says which article a good record is: its `id`, else its
    webUrl."""
    text = content.removeprefix(BOM_UTF8).decode(errors="replace")
    read = toml.read if toml.is_toml(text) else frontmatter.read
    front = read(text, with_places=True)
    if front.data is None or () not in front.places:
        return 1, 1, keys.WEB_URL  # it is another text by now
    mapped = Mapped(front.data) if mapping is None else fields.apply(mapping, front.data, path)
    key = keys.ID if mapped.data.get(keys.ID) else keys.WEB_URL
    fault = _fault(path, Problem((key,), ""), mapped, front.places)
    return fault.line, fault.column, fault.key


def _fault(path: str, problem: Problem, mapped: Mapped, places: dict[Path, Place]) -> Fault:
    theirs = known = mapped.origin(problem.path)
    if known not in places and ("<<", *known) in places:
        known = ("<<", *known)
    while known not in places:
        known = known[:-1]
    line, column = places[known]
    key = problem.named or key_text(theirs)
    return Fault(
        path, line, column, key, problem.expected, problem.got, problem.cost, problem.until
    )


def _line_of_body(text: str, body: str) -> int:
    """The line at which a body begins, which is the end of its text."""
    return text.count("\n", 0, len(text) - len(body.lstrip())) + 1


def _known_key(path: Path) -> str:
    """A path as text where all of it is keys that we know: a word of an editor's own is no key to
    show."""
    return key_text(path) if all(isinstance(step, int) or step in NAMES for step in path) else ""


def _has_sound_body(article: Article, most_html: int) -> bool:
    return not article.body or flaw_of(article.body, article.link, most_html) is None


def _reading_of(article: Article, is_published: bool) -> Reading:
    """Return the reading of a record without a fault, which its editor may not publish."""
    if is_published:
        return Reading(article.path, article.digest, article, ())
    return Reading(
        article.path,
        article.digest,
        None,
        (),
        unpublished=True,
        held=_held_by(article),
        due=article.published,
        expires=article.expires,
    )


def _problems_of_update(record: dict[str, Any], now: datetime) -> list[Problem]:
    updated, path = record.get("updated"), (keys.UPDATED,)
    if updated is None:
        return []
    if updated < record["published"]:
        return [Problem(path, f"a moment after {keys.DATE}", "one before it", Cost.PART)]
    if updated > now:
        return [Problem(path, "a moment that has passed", "one to come", Cost.PART, until=updated)]
    return []


def _held_by(article: Article) -> tuple[str, ...]:
    links = (*(getattr(article, field) for field in ADDRESSES.values()), *article.previous)
    return tuple(dict.fromkeys([address_digest(link) for link in links if link is not None]))


def _held(data: dict[str, Any]) -> tuple[str, ...]:
    found = []
    for key in ADDRESSES:
        with suppress(ValueError):
            found.append(address_digest(as_address(data.get(key))))
    previous = data.get(keys.PREVIOUS)
    for address in previous if isinstance(previous, list) else ():
        with suppress(ValueError):
            found.append(address_digest(as_address(address)))
    return tuple(dict.fromkeys(found))


def _due(data: dict[str, Any], zone: tzinfo) -> datetime | None:
    try:
        return as_moment(data.get(keys.DATE), zone)
    except ValueError:
        return None


def _with_lacking(problems: list[Problem], mapped: Mapped) -> list[Problem]:
    """The problems, with what a template lacks in the place of what is missing for it."""
    if not mapped.lacking:
        return problems
    missing = {key_text(problem.path) for problem in problems if problem.got == "nothing"}
    found = [problem for problem in problems if key_text(problem.path) not in mapped.lacking]
    for key, expected in mapped.lacking.items():
        cost = Cost.RECORD if key in missing else Cost.PART
        found.append(Problem(tuple(key.split(".")), expected, "nothing", cost))
    return found


def _misspellings(data: dict[str, Any], known: frozenset[str]) -> list[Problem]:
    if data.keys() <= KEYS:
        return []
    problems: list[Problem] = []
    is_hidden = False
    absent = [name for name in (*hiding.SLIPPED, keys.EXPIRY) if name not in data]
    for key in sorted(data.keys() - KEYS - known):
        if len(problems) > MOST_FAULTS and is_hidden:
            break  # no more are reported, and the record is left out as it is
        hidden = hiding.likely_hiding(key, data[key], absent)
        if hidden:
            is_hidden, got = True, described(key)
            problems.append(
                Problem((key,), "this key, not one that looks like it", got, named=hidden)
            )
        elif known or hiding.is_known(key):  # with a mapping, other keys are their own
            continue
        elif len(problems) <= MOST_FAULTS and (meant := likely_key(key)):
            problems.append(
                Problem(
                    (key,), "this key, if it is meant", described(key), Cost.NOTHING, named=meant
                )
            )
    return problems


def _with_signs(record: dict[str, Any], signs: hiding.Signs) -> dict[str, Any]:
    """Return the fields of an article in the time in which keys of other software show it."""
    published, updated = record["published"], record.get("updated")
    if signs.start is not None:
        published = max(published, signs.start)
    if updated is not None and updated < published:
        updated = None
    expires = min(filter(None, [signs.expires, signs.end]), default=None)
    return {**record, "published": published, "updated": updated, "expires": expires}
