"""Guess what an editor meant: a hint beside a fault, which quotes no more than the fault does."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches

from feeds.records.faults import Cost, Fault
from feeds.records.values import FALSE, TRUE

FILE = re.compile(r"[^/]*\.(?:jpe?g|png|gif|webp|avif|svg|html?|md|pdf)", re.IGNORECASE)
NUMBERS = ("whole number", "number of zero")
OTHER_ORDER = re.compile(r"(\d\d?)[./-](\d\d?)[./-](\d{4})\b.*")
TIME = re.compile(r"[Tt ](\d\d?)[:.](\d\d)(?:[:.](\d\d))?(?: ?([A-Za-z]{2}))?", re.ASCII)
DAY = re.compile(r"(\d{4})[-/.](\d\d?)[-/.](\d\d?)(?!\d).*", re.ASCII)
HOST = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?=[/?#:]|$)\S*", re.IGNORECASE)


def hint(fault: Fault, beside: Iterable[Fault] = ()) -> str:
    """Return how to correct a fault, or nothing; `beside` are the other faults of the record."""
    if fault.cost is Cost.HIDDEN:
        return ""
    key = re.sub(r"^.*[.\]]", "", fault.key)
    if fault.cost is Cost.NOTHING:
        return f"did you mean {key}?"
    if slip := slip_of(fault, beside):
        return f"line {slip.line} has {_said(slip)}: did you mean {key}?"
    if fault.expected.startswith("this key"):
        return f"did you mean {key}?"
    return (
        _of_value(_said(fault), fault.expected)
        if fault.got[:1] in "'\"" and "…" not in fault.got
        else ""
    )


def slip_of(fault: Fault, beside: Iterable[Fault]) -> Fault | None:
    """Return the note of a key that looks like the missing one of this fault."""
    if fault.got != "nothing":
        return None
    return next(
        (other for other in beside if other.cost is Cost.NOTHING and other.key == fault.key), None
    )


def _of_value(said: str, expected: str) -> str:
    if expected.startswith("true or false"):
        close = get_close_matches(said.lower(), {word.lower() for word in TRUE | FALSE}, n=1)
        if close and close[0] == said.lower():
            return f"without quotes: {close[0]}"
        return f"did you mean {close[0]}?" if close else ""
    if any(number in expected for number in NUMBERS):
        return f"without quotes: {said}" if re.fullmatch(r"\d+(\.\d+)?", said) else ""
    if expected.startswith("a date and time"):
        return _of_date(said)
    if expected.startswith("an http or https address"):
        address = said.removeprefix("//")
        return (
            f"did you mean https://{address}?"
            if HOST.fullmatch(address) and not FILE.fullmatch(address)
            else ""
        )
    if expected.startswith("a host name"):
        host = re.sub(r"^\w+://", "", said).partition("/")[0]
        return f"did you mean {host}?" if host != said and HOST.fullmatch(host) else ""
    return ""


def _of_date(said: str) -> str:
    if match := OTHER_ORDER.fullmatch(said):
        date = f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}"
        return f"year first: {date}, if the day comes first here"
    if re.fullmatch(r"\d{10}(\d{3})?", said, re.ASCII):
        meant = datetime.fromtimestamp(int(said[:10]), UTC)
        return f"in seconds since 1970 that is {meant:%Y-%m-%dT%H:%M:%SZ}"
    with suppress(ValueError):
        return f"did you mean {_day_of_year(said)}?"
    if re.fullmatch(r"\d{4}-\d\d?", said):
        return f"with a day, such as {said}-01"
    match = DAY.fullmatch(said)
    if match is None:
        return ""
    if not 1 <= int(match[2]) <= 12:
        return "months go from 01 to 12"
    if not 1 <= int(match[3]) <= 31:
        return "days go from 01 to 31"
    time = TIME.search(said)
    if time is None:
        return "there is no such day or time"
    if "." in time[0]:
        return "a time has colons, such as 10:30"
    if int(time[1]) > 23:
        return "hours go from 00 to 23"
    if int(time[2]) > 59 or int(time[3] or 0) > 59:
        return "minutes and seconds go from 00 to 59"
    zone = "a zone is an offset such as +02:00, UTC, or a name such as Europe/Berlin"
    return zone if time[4] else "there is no such day or time"


def _day_of_year(said: str) -> date:
    """Return the day of a date without hyphens, in weeks, or by its number in the year."""
    if re.fullmatch(r"\d{4}-\d{3}", said, re.ASCII):
        return date(int(said[:4]), 1, 1) + timedelta(days=int(said[5:]) - 1)
    if re.fullmatch(r"\d{8}|\d{4}-?W.*", said, re.ASCII):
        return date.fromisoformat(said)
    raise ValueError(said)


def _said(fault: Fault) -> str:
    return fault.got[1:-1] if fault.got[:1] in "'\"" else fault.got
