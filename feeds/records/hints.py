"""Guess what an editor meant: a hint beside a fault, which quotes no more than the fault does."""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from feeds.records.faults import Cost, Fault
from feeds.records.values import FALSE, TRUE

FILE = re.compile(r"[^/]*\.(?:jpe?g|png|gif|webp|avif|svg|html?|md|pdf)", re.IGNORECASE)
NUMBERS = ("whole number", "number of zero")
OTHER_ORDER = re.compile(r"(\d\d?)[./-](\d\d?)[./-](\d{4})\b.*")
DAY = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)\b.*")
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
    match = DAY.fullmatch(said)
    if match is None:
        return ""
    if not 1 <= int(match[2]) <= 12:
        return "months go from 01 to 12"
    return "there is no such day or time" if 1 <= int(match[3]) <= 31 else "days go from 01 to 31"


def _said(fault: Fault) -> str:
    return fault.got[1:-1] if fault.got[:1] in "'\"" else fault.got
