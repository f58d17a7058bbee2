"""Dates as other programs and people write them: with the name of a month, a day or a zone, with
slashes or dots.  Pure.

In: text. Out: the same in ISO 8601, or nothing where that would be a guess, as between day and
month. Not here: ISO 8601 itself (values).
"""

import re
from contextlib import suppress
from datetime import date, datetime
from zoneinfo import ZoneInfo

from feeds.records.values import time_zones

LONGEST = 100  # characters
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
# In hours: those of RFC 2822 §4.3, and others that mean one zone alone. BST and IST mean several.
NAMES_OF_ZONES = {
    -10: "HST",
    -9: "AKST",
    -8: "PST AKDT",
    -7: "PDT MST",
    -6: "MDT CST",
    -5: "CDT EST",
    -4: "EDT",
    0: "Z UT UTC GMT WET",
    1: "WEST CET",
    2: "CEST EET SAST",
    3: "EEST MSK",
    8: "AWST HKT SGT",
    9: "JST KST",
    10: "AEST",
    11: "AEDT",
    12: "NZST",
    13: "NZDT",
}
ZONES = {name: hours for hours, names in NAMES_OF_ZONES.items() for name in names.split()}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAME_OF_DAY = rf"(?P<weekday>{'|'.join(DAYS)})[a-z]*\.?,? "
WEEKDAY = f"(?:{NAME_OF_DAY})?"
DAY = r"(?P<day>\d\d?)"
MONTH = r"(?P<month>[a-z]{3,9})\.?"
YEAR = r"(?P<year>\d{4})"
TIME = r"(?P<hour>\d\d?)(?P<rest>:\d\d(?::\d\d(?:[.,]\d+)?)?)(?: ?(?P<half>[ap])\.?m\.?(?![a-z]))?"
# What follows an offset, such as CEST or (Central European Summer Time), says the same again.
ZONE = (
    r" ?(?:(?:utc|gmt)?(?P<offset>[+\u2212-]\d\d?:?(?:[0-5]\d)?)(?: [a-z]{1,5}| \([a-z ]+\))?"
    r"|(?P<zone>[a-z][\w/+-]*))"
)
THEN = rf"(?:,? (?:at )?{TIME}(?:{ZONE})?)?"
FORMS = [
    re.compile(form, re.ASCII | re.IGNORECASE)
    for form in (
        rf"{YEAR}([-/.])(?P<month>\d\d?)\2{DAY}(?:(?:T|,? (?:at )?){TIME}(?:{ZONE})?)?",
        rf"{YEAR}([ -]){MONTH}\2{DAY}(?:st|nd|rd|th)?{THEN}",
        rf"{WEEKDAY}{DAY}(?:st|nd|rd|th)?[ -]{MONTH},?[ -]{YEAR}{THEN}",
        # a year of two digits (RFC 5322 §4.3): the name of the day tells which number is the day
        rf"{NAME_OF_DAY}{DAY}[ -]{MONTH}[ -](?P<year>\d\d){THEN}",
        rf"{WEEKDAY}{MONTH} {DAY}(?:st|nd|rd|th)?,? {YEAR}{THEN}",
        rf"{WEEKDAY}{MONTH} {DAY} {TIME}(?:{ZONE})? {YEAR}",
    )
]


def as_iso(text: str) -> str:
    """Return a date in ISO 8601, with its time and offset where it has them; else nothing."""
    if len(text) > LONGEST:
        return ""
    said = " ".join(text.split())
    match = next(filter(None, (form.fullmatch(said) for form in FORMS)), None)
    with suppress(ValueError, OverflowError):  # there is no such month, hour, day or zone
        return _iso(match.groupdict()) if match else ""
    return ""


def _iso(parts: dict[str, str | None]) -> str:
    year, month, number = parts["year"] or "", _month(parts["month"] or ""), int(parts["day"] or 0)
    if len(year) == 2:
        year = f"{'20' if year < '50' else '19'}{year}"
        if DAYS[date(int(year), month, number).weekday()] != (parts["weekday"] or "").lower():
            raise ValueError(year)
    day = f"{year}-{month:02}-{number:02}"
    if parts["hour"] is None:
        return day
    moment = f"{day}T{_hour(int(parts['hour']), parts['half']):02}{parts['rest']}"
    return f"{moment}{parts['offset'] or _offset(moment, parts['zone'])}"


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    return [name.startswith(text.lower()) for name in MONTHS].index(True) + 1


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half in "pP" else 0)


def _offset(moment: str, zone: str | None) -> str:
    """Return the offset of a zone at a moment of its own."""
    if zone is None:
        return ""
    if zone.upper() in ZONES:
        return f"{ZONES[zone.upper()]:+03}:00"
    if zone not in time_zones():
        raise ValueError(zone)
    return f"{datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)):%z}"[:5]
