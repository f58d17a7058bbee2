"""A date and time as it is written to the moment that is meant, and the names of time zones.  Pure.

Not here: which keys hold dates (keys), nor which zone a site has (site).
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache

# A date and time as most are written, whose digits datetime reads by itself.
PLAIN_MOMENT = re.compile(
    r"[0-9]{4}-[01][0-9]-[0-3][0-9]T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:Z|[+-][0-2][0-9]:[0-5][0-9])"
)
MOMENT = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?"
    r"(?:[ \t]*(?:([Zz])|([+-])(\d\d?)(?::?([0-5]\d))?))?)?"
)


def read_moment(text: str, zone: tzinfo) -> datetime:
    """Return the moment of a date and time, in UTC.  Without an offset it is in the zone; a date
    alone is its midnight.

    Of a time that a change of clocks shows twice the first is meant. One that it leaves out is
    counted on from before the change, so that 02:30 is 03:30 (PEP 495, fold=0). Raises ValueError.
    """
    if PLAIN_MOMENT.fullmatch(text):
        try:
            moment = datetime.fromisoformat(text)
            return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
        except OverflowError as error:
            raise ValueError("too early or too late") from error
    match = MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError("no date and time")
    fraction, utc, sign, hours, minutes = match.groups()[6:]
    try:
        if utc or sign:
            offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
            zone = timezone(-offset if sign == "-" else offset)
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        micros = int((fraction or "").ljust(6, "0"))
        return datetime(year, month, day, hour, minute, second, micros, zone).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("too early or too late") from error


@cache
def time_zones() -> frozenset[str]:
    """Return the names in the IANA time zone database, as tzdata has them: machines differ in
    theirs."""
    from importlib.resources import files  # it takes as long as a small command

    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
