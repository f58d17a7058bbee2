"""A record's bytes to a Reading: the Article it holds, or why it holds none, and every fault with
its place.

Here meet the front matter (frontmatter) and the rules of what it may say (validation, hiding).
Files are opened elsewhere (folder).
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from feeds.model import Article, digest
from feeds.records import frontmatter, hiding, keys
from feeds.records.faults import Cost, Fault
from feeds.records.frontmatter import (
    has_front_matter,
    is_readme,
    is_unfenced,
    read_article,
)
from feeds.records.hiding import likely_key
from feeds.records.hiding_text import hiding_lines, line_in_body, may_be_hidden
from feeds.records.keys import ADDRESSES, KEYS, SECRET_KEY
from feeds.records.mapping import FieldMapping, Mapped
from feeds.records.markup import (
    FULL,
    HTML,
    MOST_BODY,
    BodyError,
    flaw_of,
    html_of,
    syntax_of,
)
from feeds.records.passages import visible
from feeds.records.plain_data import FrontMatter, Path, Place, key_text
from feeds.records.validation import Problem, described, validate
from feeds.records.values import LONGEST_TEXT, as_address, clean, holds_secret, moment_or_none
from feeds.urls import address_digest

NAMES = {SECRET_KEY, *keys.every_name()}
MOST_FAULTS = 100  # that are reported of one record
# The first line of a body, without the attributes behind it.
HEADING = re.compile(
    r"#[ \t]+([^\n{]*[^\s{#])[ \t]*#*(?:[ \t]*\{:?[ \t]*[#.][^\n}]*\})?[ \t]*(?:\n|\Z)"
)
FIRST_YEAR = 1000  # an earlier one is a slip, or the zero date of a program


class Reading(NamedTuple):
    """The result of reading one record.  No article and no fault: its editor does not publish it.

    `aside`: the file is no record. `doubtful`: a broken record says, or may say, that its editor
    takes it back or dates it later. Of a record that is no article, `held` stands for its
    addresses, to which no other record may point; `due` is its publication and `expires` its
    expiry: before the one and after the other nothing may show that there is such a record.
    `templates`: something in a template language was left out of the body.
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
    aside: bool = False
    templates: bool = False

    @property
    def left_out(self) -> bool:
        """Tell whether a fault, and not its editor, keeps the record from being published."""
        return self.article is None and not self.unpublished


class _BodyRules(NamedTuple):
    """Rules for the body of the record at a path: its syntax, whether blocks of a template
    language act in code as well, the most bytes of its HTML, the path of the site in addresses, and
    the one of pictures.  `is_mapped`: the record is in the keys of another publisher."""

    path: str
    syntax: str
    liquid: bool
    most_html: int
    baseurl: str
    pictures: str
    is_mapped: bool

    def shown(self, source: str) -> tuple[str, bool]:
        """Return what is shown of a body, and whether something in a template language was left
        out of it."""
        text = visible(clean(source).strip(), self.liquid, self.syntax)
        if not text or (self.syntax == HTML and not self.is_mapped):
            return text, False
        from feeds.records.templates import without_templates  # few sites have bodies

        liquid, baseurl = self.liquid, self.baseurl
        return without_templates(text, self.syntax, self.path, acts_in_code=liquid, baseurl=baseurl)

    def without_title(self, body: str, title: str) -> str:
        """Return a body without a heading at its begin that is the title of the article."""
        if self.syntax == HTML or not body.startswith("# "):
            return body
        line, _, rest = body.partition("\n")
        return rest if " ".join(line.strip("# \t").split()) == title else body

    def flaw(self, body: str, link: str) -> str | None:
        """Return what is wrong with a body that cannot be rendered."""
        return flaw_of(body, link, self.most_html, self.syntax, self.pictures)

    def with_excerpt(self, article: Article, source: str) -> Article:
        """Return an article whose record gives it no excerpt with what its body begins with: what
        its author marked as the summary in the source, else the first paragraph."""
        if article.excerpt or not article.body:
            return article
        from feeds.records.summary import before_more, first_words  # few sites need it

        marked = before_more(source)
        start = self.shown(marked)[0] if marked else ""
        try:
            html = html_of(
                start or article.body, article.link, self.most_html, self.syntax, self.pictures
            )
        except BodyError:  # a part may cost more than the whole, such as a tag that stays open
            return article
        text = first_words(html, whole=bool(start))
        return article._replace(excerpt=text[:LONGEST_TEXT])


def read_record(
    path: str,
    content: bytes,
    now: datetime,
    mapping: FieldMapping | None = None,
    zone: tzinfo = UTC,
    most_html: int = MOST_BODY,
    liquid: bool | None = None,
    dialect: str = FULL,
    baseurl: str = "",
    *,
    with_body: bool = True,
) -> Reading:
    """Read the bytes of the record at `path`, relative to the records folder.  `now` shows a future
    update.

    `mapping` says where our keys are taken from; without one each is taken from itself. Dates
    without an offset are in the zone. A body whose HTML comes to more than `most_html` bytes is
    left out. `liquid` tells whether blocks of a template language act in code as well; unless it is
    given they do with a mapping. `dialect` is that of Markdown, `baseurl` the path of the site in
    addresses that a template makes. Without its body nothing of a record is rendered: all else is
    read the same.
    """
    file_digest, syntax = digest(content), syntax_of(path, dialect)
    try:
        text = content.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        good = error.object[: error.start].decode()
        place = (good.count("\n") + 1, len(good) - good.rfind("\n"))
        fault = Fault(path, *place, "", "UTF-8", f"the byte 0x{error.object[error.start]:02x}")
        doubtful = may_be_hidden(content, now, mapping, zone)
        return Reading(path, file_digest, None, (fault,), doubtful=doubtful)
    acts_in_code = mapping is not None if liquid is None else liquid
    pictures = mapping.pictures if mapping is not None else ""
    rules = _BodyRules(
        path, syntax, acts_in_code, most_html, baseurl, pictures, mapping is not None
    )
    if mapping is None and not liquid and not frontmatter.is_toml(text):
        source, body, _ = frontmatter.split(text)
        if not line_in_body(body, now, zone):
            body = body if with_body else ""
            plain = read_article(source, body, path, file_digest, now, syntax)
            if plain is not None:
                article, is_published = plain
                body_shown = rules.without_title(article.body, article.title)
                if body_shown != article.body:
                    article = article._replace(body=body_shown)
                if rules.flaw(article.body, article.link) is None:
                    return _reading_of(rules.with_excerpt(article, body), is_published)
    return _read_fully(content, text, now, mapping, zone, rules, with_body)


def _read_fully(
    content: bytes,
    text: str,
    now: datetime,
    mapping: FieldMapping | None,
    zone: tzinfo,
    rules: _BodyRules,
    with_body: bool,
) -> Reading:
    path, file_digest = rules.path, digest(content)
    if mapping is None and not has_front_matter(text) and _needs_front_matter(path):
        return Reading(path, file_digest, None, (), unpublished=True, aside=True)
    front = _front(text, path, mapping)
    faults = [
        Fault(path, *flaw.place, _known_key(flaw.path), flaw.expected, flaw.got)
        for flaw in front.flaws
    ]
    if front.data is None:
        doubtful = may_be_hidden(content, now, mapping, zone)
        return Reading(path, file_digest, None, tuple(faults), doubtful=doubtful)
    mapped = _mapped(mapping, front.data, path, zone)
    if _is_aside(path, text, mapped, mapping):
        held = _held(_addresses(mapped.data))
        return Reading(path, file_digest, None, (), unpublished=True, held=held, aside=True)
    body = clean(front.body).strip()
    if mapping is not None and not mapped.data.get(keys.TITLE):
        body = _take_heading(mapped, path, body)
    record, problems = validate(mapped.data, zone)
    problems = _with_lacking(problems, mapped)
    problems += _problems_of_dates(record, now)
    problems += _misspellings(mapped.theirs, mapped.known)
    signs = hiding.Signs(mapped.theirs, mapped, now, zone)
    problems += signs.problems
    hides = signs.unpublished or signs.doubtful or any(map(hiding.decides, problems))
    lines = [] if hides else hiding_lines(text, front.body, mapped.theirs, now, zone)
    for line, got in lines:
        expected = f"{line.key} as a key of the record"
        faults.append(Fault(path, line.line, line.column, line.key, expected, got))
    if holds_secret(body):
        problems.append(Problem((), f"a body without the key {SECRET_KEY} in it", "", Cost.PART))
        body = ""
    source = body
    body, is_cut = rules.shown(source) if with_body else ("", False)
    if body and record is not None:
        body = rules.without_title(body, record.get("title", ""))
        if flaw := rules.flaw(body, record["link"]):
            place = (_line_of_body(text, front.body), 1)
            faults.append(Fault(path, *place, "body", flaw, cost=Cost.PART))
            body = ""
    had_body = bool(body if with_body else source)
    problems += _problems_of_title(record or mapped.data, problems, had_body)
    if problems:
        places = _front(text, path, mapping, with_places=True).places
        faults += [_fault(path, problem, mapped, places) for problem in problems]
    reported = _reported(faults)
    is_good = all(fault.cost is not Cost.RECORD for fault in faults)
    if record is not None and is_good and not signs.unpublished:
        # What a mapping makes of a record follows from its path too.
        article_digest = file_digest if mapping is None else digest(file_digest, path)
        article = keys.article(path, article_digest, _with_signs(record, signs), body)
        article = rules.with_excerpt(article, source)
        return Reading(path, file_digest, article, reported, templates=is_cut)
    doubtful = not signs.unpublished and (
        hides
        or bool(lines)
        or hiding.may_be_later(mapped.data.get(keys.DATE), now, zone)
        or (bool(front.flaws) and may_be_hidden(content, now, mapping, zone))
    )
    dated = moment_or_none(mapped.data.get(keys.DATE), zone)
    return Reading(
        path,
        file_digest,
        None,
        reported,
        signs.unpublished,
        doubtful,
        _held(_addresses(mapped.data)),
        due=max(filter(None, [dated, signs.start]), default=None),
        expires=signs.expires,
    )


def without_article(reading: Reading, fault: Fault) -> Reading:
    """Return a reading of which a fault costs the article, if it has one, or may have: what the
    record says of its publication holds."""
    if reading.unpublished:
        return reading
    faults = (*reading.faults, fault)
    if reading.article is not None:
        back = _reading_of(reading.article, is_published=False)
        reading = back._replace(digest=reading.digest, unpublished=False)
    return reading._replace(faults=faults)


def _needs_front_matter(path: str) -> bool:
    return path.lower().endswith(".html") or is_readme(path)


def _front(
    text: str, path: str, mapping: FieldMapping | None, *, with_places: bool = False
) -> FrontMatter:
    unfenced = mapping is not None and is_unfenced(path)
    return frontmatter.read(text, with_places=with_places, unfenced=unfenced)


def _mapped(
    mapping: FieldMapping | None, data: dict[str, Any], path: str, zone: tzinfo = UTC
) -> Mapped:
    """Return the data of a record in our keys."""
    if mapping is None:
        return Mapped(data, theirs=data)
    from feeds.records import fields  # few sites need it

    return fields.apply(mapping, data, path, zone)


def _take_heading(mapped: Mapped, path: str, body: str) -> str:
    """Give a post without a title the heading that its body begins with, and return the rest."""
    heading = HEADING.match(body)
    if heading is None or path.lower().endswith(".html") or holds_secret(heading[1]):
        return body
    if visible(heading[0]).strip() != heading[0].strip():
        return body  # what it hides may go on below it
    from feeds.records.plain_text import excerpt_text

    mapped.data[keys.TITLE] = excerpt_text(heading[1])
    return body[heading.end() :].lstrip("\n")


def _is_aside(path: str, text: str, mapped: Mapped, mapping: FieldMapping | None) -> bool:
    """Tell whether a file is no record: no post of a blog, or data in JSON of something else."""
    if mapping is None:
        is_ours = mapped.data.keys() & {keys.WEB_URL, keys.DATE}
        return path.lower().endswith(".json") and not is_ours
    from feeds.records import fields

    return fields.is_aside(path) or fields.is_no_post(path, text, mapped, mapping)


def _reported(faults: list[Fault]) -> tuple[Fault, ...]:
    """Return the faults that are reported, in the order of their places."""
    found = sorted(faults, key=lambda fault: (fault.line, fault.column))
    if len(found) > MOST_FAULTS:
        expected, got = f"at most {MOST_FAULTS} faults", str(len(found))
        found[MOST_FAULTS:] = [replace(found[MOST_FAULTS], key="", expected=expected, got=got)]
    return tuple(found)


def refusal(path: str, place: tuple[int, int, str], winner: str) -> Fault:
    """Return the fault of a record that is left out since the one at `winner` has its id or
    address; `` is not named."""
    other = f", other than those of {winner}" if winner else ""
    return Fault(path, *place, f"an address and an id of its own{other}")


def place_of_identity(
    content: bytes, path: str, mapping: FieldMapping | None = None
) -> tuple[int, int, str]:
    """Return line, column and key of what says which article a good record is: its `id`, else its
    webUrl."""
    text = content.removeprefix(BOM_UTF8).decode(errors="replace")
    front = _front(text, path, mapping, with_places=True)
    if front.data is None or () not in front.places:
        return 1, 1, keys.WEB_URL  # it is another text by now
    mapped = _mapped(mapping, front.data, path)
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
    """Return the line at which a body begins, which is the end of its text."""
    return text.count("\n", 0, len(text) - len(body.lstrip())) + 1


def _known_key(path: Path) -> str:
    """Return a path as text where all of it is keys that we know: a word of an editor's own is no
    key to show."""
    return key_text(path) if all(isinstance(step, int) or step in NAMES for step in path) else ""


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
        held=_held([*(getattr(article, one) for one in ADDRESSES.values()), *article.previous]),
        due=article.published,
        expires=article.expires,
    )


def _problems_of_dates(record: dict[str, Any] | None, now: datetime) -> list[Problem]:
    updated, path = (record or {}).get("updated"), (keys.UPDATED,)
    if record is not None and record["published"].year < FIRST_YEAR:
        got = f"the year {record['published'].year}"
        return [Problem((keys.DATE,), f"a date after the year {FIRST_YEAR}", got)]
    if record is None or updated is None:
        return []
    if updated < record["published"]:
        return [Problem(path, f"a moment after {keys.DATE}", "one before it", Cost.PART)]
    if updated > now:
        return [Problem(path, "a moment that has passed", "one to come", Cost.PART, until=updated)]
    return []


def _problems_of_title(
    said: dict[str, Any], problems: list[Problem], has_body: bool
) -> list[Problem]:
    """A record may do without a title where it has text, and where no key looks like it."""
    if any(problem.path == (keys.TITLE,) for problem in problems):
        return []
    is_misspelled = any(problem.named == keys.TITLE for problem in problems)
    if said.get(keys.TITLE) or ((said.get(keys.EXCERPT) or has_body) and not is_misspelled):
        return []
    return [Problem((keys.TITLE,), "text, or an excerpt or a body", "nothing")]


def _held(addresses: Iterable[Any]) -> tuple[str, ...]:
    found = []
    for address in addresses:
        with suppress(ValueError):
            found.append(address_digest(as_address(address)))
    return tuple(dict.fromkeys(found))


def _addresses(data: dict[str, Any]) -> list[Any]:
    previous = data.get(keys.PREVIOUS)
    return [*map(data.get, ADDRESSES), *(previous if isinstance(previous, list) else ())]


def _with_lacking(problems: list[Problem], mapped: Mapped) -> list[Problem]:
    """Return the problems, with what a template lacks in the place of what is missing for it."""
    if not mapped.lacking:
        return problems
    missing = {key_text(problem.path) for problem in problems if problem.got == "nothing"}
    found = [problem for problem in problems if key_text(problem.path) not in mapped.lacking]
    for key, expected in mapped.lacking.items():
        if not expected:
            continue
        cost = Cost.RECORD if key in missing else Cost.PART
        found.append(Problem(tuple(key.split(".")), expected, "nothing", cost))
    return found


def _misspellings(data: dict[str, Any], known: frozenset[str]) -> list[Problem]:
    if data.keys() <= KEYS:
        return []
    problems: list[Problem] = []
    is_hidden = False
    absent = [name for name in (*hiding.MISSPELLED, keys.EXPIRY) if name not in data]
    for key in sorted(data.keys() - KEYS - known):
        if len(problems) > MOST_FAULTS and is_hidden:
            break  # no more are reported, and the record is left out as it is
        hidden = hiding.likely_hiding(key, data[key], absent)
        if hidden:
            is_hidden, got = True, described(key)
            expected = "this key, not one that looks like it"
            problems.append(Problem((key,), expected, got, named=hidden))
        elif known or hiding.is_known(key):  # with a mapping, other keys are their own
            continue
        elif len(problems) <= MOST_FAULTS and (meant := likely_key(key)):
            expected, got = "this key, if it is meant", described(key)
            problems.append(Problem((key,), expected, got, Cost.NOTHING, named=meant))
    return problems


def _with_signs(record: dict[str, Any], signs: hiding.Signs) -> dict[str, Any]:
    """Return the fields of an article in the time in which keys of other software show it."""
    published, updated = record["published"], record.get("updated")
    if signs.start is not None:
        published = max(published, signs.start)
    if updated is not None and updated < published:
        updated = None
    return {**record, "published": published, "updated": updated, "expires": signs.expires}
