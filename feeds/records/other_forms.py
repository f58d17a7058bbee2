"""Front matter in other forms than YAML and TOML between their own fences, to the same plain data.

In: text. Out: a FrontMatter: of JSON, in braces or between `---json` and `---`; of YAML or TOML
between `---yaml` or `---toml` and `---`; of a file of a blog also that of header lines, as Pelican
has them, or of none at all. `secured` is dropped here too, at any depth.
"""

import json
import re

from feeds.records import full_parser, toml
from feeds.records.frontmatter import END, NAMED_FENCE, split
from feeds.records.plain_data import (
    DEEPEST,
    MOST_NODES,
    Flaw,
    FrontMatter,
    Lines,
    Path,
    Place,
    Plain,
    plain,
)

DECODER = json.JSONDecoder(parse_int=Plain, parse_float=Plain, parse_constant=Plain)
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]++')
HEADER = re.compile(r"([A-Za-z][\w-]{0,40}):(?!\S)(.*)")
EXPECTED = ("title", "date")  # one of them is in the headers of every post


def read(text: str, *, with_places: bool) -> FrontMatter:
    """Read a text that begins with a named fence or with an object of JSON."""
    fence = NAMED_FENCE.match(text)
    if fence is None:
        start = text.index("{")
        found, end = _json(text, start)
        if found.data is None:
            # It may be YAML, of which JSON is a part.
            yaml, body, before = split(text)
            other = full_parser.read(yaml, body, before, with_places)
            return found if other.data is None else other
        return FrontMatter(found.data, text[end:], found.flaws, found.places)
    language, before = fence[1].lower(), text.count("\n", 0, fence.end())
    closing = END.search(text, fence.end() - 1)
    if closing is None:
        expected = "a line --- that ends the front matter"
        return _broken((text.count("\n") + 1, 1), expected, "nothing")
    source, body = text[fence.end() : closing.start() + 1], text[closing.end() :]
    if language in ("yaml", "yml"):
        return full_parser.read(source, body, before, with_places)
    if language == "toml":
        return toml.read_source(source, body, before, with_places)
    if language != "json":
        return _broken((before, 1), "front matter in YAML, TOML or JSON", "another language")
    inside = text[: closing.start() + 1]
    found, end = _json(inside, fence.end())
    if found.data is not None and inside[end:].strip():
        return _broken(Lines(text, 0).place(end), "a line --- after the object", "more")
    return FrontMatter(found.data, body, found.flaws, found.places)


def read_unfenced(text: str) -> FrontMatter:
    """Read a file of a blog without a fence: header lines and a body, or a body alone."""
    found = dict[str, list[str]]()
    places: dict[Path, Place] = {(): (1, 1)}
    flaws: list[Flaw] = []
    at, key = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        said = line.strip()
        if header := HEADER.match(line):
            key = header[1].lower()
            place = (number, header.end(1) + 2 + len(header[2]) - len(header[2].lstrip()))
            if key in found:
                flaws.append(Flaw(place, (key,), "a key once", "the key again"))
            found[key] = [header[2].strip()]
            places[(key,)] = place
        elif key and said and line.startswith(("    ", "\t")):
            found[key].append(said)
        else:
            break
        at += len(line) + 1
    if not found.keys() & {*EXPECTED}:
        return FrontMatter({}, text, (), {(): (1, 1)})
    data = {name: Plain("\n".join(lines).strip()) for name, lines in found.items()}
    return FrontMatter(data, text[at:], tuple(flaws), places)


def _broken(place: Place, expected: str, got: str) -> FrontMatter:
    return FrontMatter(None, "", (Flaw(place, (), expected, got),), {})


def _json(text: str, start: int) -> tuple[FrontMatter, int]:
    """Read the object of JSON at a place in a text, and return where it ends."""
    lines = Lines(text, 0)
    start += len(text[start:]) - len(text[start:].lstrip())
    try:
        value, end = DECODER.raw_decode(text, start)
        data = plain(value)
        if not isinstance(data, dict):
            return _broken(lines.place(start), "an object of JSON", "something else"), start
        json.dumps(data, ensure_ascii=False).encode()
    except RecursionError:
        return _broken(lines.place(start), f"at most {DEEPEST} levels", "more"), start
    except UnicodeEncodeError:
        return _broken(lines.place(start), "JSON", "half of a character"), start
    except json.JSONDecodeError as error:
        got = error.msg[:1].lower() + error.msg[1:]
        return _broken(lines.place(error.pos), "JSON", got.removesuffix(" at")), start
    places, flaws = _places(text, start, end)
    return FrontMatter(data, "", tuple(flaws), places), end


def _places(text: str, start: int, end: int) -> tuple[dict[Path, Place], list[Flaw]]:
    """Return where each value of sound JSON stands, and what is wrong with its keys."""
    lines, flaws = Lines(text, 0), list[Flaw]()
    places: dict[Path, Place] = {}
    steps: list[str | int | None] = []  # into each open container; None where a key comes next
    for token in TOKEN.finditer(text, start, end):
        word, place = token[0], lines.place(token.start())
        if word == ":":
            continue
        if word in ("}", "]"):
            steps.pop()
        elif word == ",":
            last = steps[-1]
            steps[-1] = last + 1 if isinstance(last, int) else None
        elif steps and steps[-1] is None:
            steps[-1] = json.loads(word)
            if (path := _path(steps)) in places:
                flaws.append(Flaw(place, path, "a key once", "the key again"))
        else:
            places[_path(steps)] = place
            if len(places) > MOST_NODES:
                return places, [Flaw(place, (), f"at most {MOST_NODES} values", "more")]
            if word in ("{", "["):
                steps.append(None if word == "{" else 0)
    return places, flaws


def _path(steps: list[str | int | None]) -> Path:
    return tuple(step for step in steps if step is not None)
