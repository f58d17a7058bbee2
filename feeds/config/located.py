"""What is wrong in config.toml, each at its line.  Pure.  In: what was said of keys, and the text
of the file.

Not here: what may stand in it (config), nor how it is shown (cli).
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
    """Each `key: what is wrong` with its place in the TOML, in the order of the file."""
    known = {key_text(path): place for path, place in places(source).items() if path}
    lines = source.split("\n")
    found = []
    for text in texts:
        key = text.partition(": ")[0]
        place = _place(key, known)
        if place and NO_SUCH_KEY in text:
            last = key.rpartition(".")[2]
            at = lines[place[0] - 1].find(last)
            place = (place[0], at + 1) if at >= 0 else place
        found.append(ConfigFault(text, *(place or (0, 0))))
    return tuple(sorted(found, key=lambda fault: (fault.line or len(lines), fault.column)))


def broken(error: tomllib.TOMLDecodeError, source: str) -> ConfigFault:
    """The fault of a file that is no TOML."""
    said, _, where = str(error).partition(" (at ")
    numbers = re.fullmatch(r"line (\d+), column (\d+)\)", where)
    line, column = (
        (int(numbers[1]), int(numbers[2])) if numbers else (source.rstrip().count("\n") + 1, 1)
    )
    return ConfigFault(
        f"expected TOML, got: {error if not where else said[:1].lower() + said[1:]}", line, column
    )


def without_passwords(source: str) -> str:
    """The text with no line in it that may hold a password: those about the store are empty."""
    table, lines = "", []
    for line in source.split("\n"):
        if header := HEADER.match(line):
            table = header[1].strip("\"'")
        lines.append("" if table == "store" or PRIVATE.search(line) else line)
    return "\n".join(lines)


def _place(key: str, known: dict[str, Place]) -> Place | None:
    """Where a key stands, or what it would stand in."""
    while key and key not in known:
        key = re.sub(r"(\.[^.\[]*|\[\d+\]|^[^.\[]*)$", "", key)
    return known.get(key)
