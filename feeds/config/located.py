"""The place in config.toml of each thing that is wrong in it.  Pure.

In: messages that begin with a key, and the text of the file. Not here: what may stand in the file
(config), and how faults are shown (cli).
"""

import re
import tomllib
from collections.abc import Iterable

from feeds.errors import ConfigFault
from feeds.records.plain_data import Place, key_text
from feeds.records.toml import places

NO_SUCH_KEY = "expected no such key"
HEADER = re.compile(r"^\s*\[+\s*([^\]]*?)\s*\]+")
PRIVATE = re.compile(r"^\s*[\"']?store[\"']?\s*[.=]|://[^/\s\"']*@")


def located(texts: Iterable[str], source: str) -> tuple[ConfigFault, ...]:
    """Return each `key: what is wrong` with its place in the TOML, in the order of the file."""
    known = {key_text(path): place for path, place in places(source).items() if path}
    lines = source.split("\n")
    found = []
    for text in texts:
        key = text.partition(": ")[0]
        place = _place(key, known)
        if place and NO_SUCH_KEY in text:
            column = lines[place[0] - 1].find(key.rpartition(".")[2]) + 1
            place = (place[0], column or place[1])
        found.append(ConfigFault(text, *(place or (0, 0))))
    return tuple(sorted(found, key=lambda fault: (fault.line or len(lines), fault.column)))


def broken(error: tomllib.TOMLDecodeError, source: str) -> ConfigFault:
    """Return the fault of a file that is no TOML."""
    problem, _, where = str(error).partition(" (at ")
    numbers = re.fullmatch(r"line (\d+), column (\d+)\)", where)
    place = (int(numbers[1]), int(numbers[2])) if numbers else (source.rstrip().count("\n") + 1, 1)
    return ConfigFault(f"expected TOML, got: {problem[:1].lower()}{problem[1:]}", *place)


def without_passwords(source: str) -> str:
    """Return the text without its lines about the store, which may hold a password."""
    table, lines = "", []
    for line in source.split("\n"):
        if header := HEADER.match(line):
            table = header[1].strip("\"'")
        lines.append("" if table == "store" or PRIVATE.search(line) else line)
    return "\n".join(lines)


def _place(key: str, known: dict[str, Place]) -> Place | None:
    """Return the place of a key, or of the table that it would stand in."""
    while key and key not in known:
        key = re.sub(r"(\.[^.\[]*|\[\d+\]|^[^.\[]*)$", "", key)
    return known.get(key)
