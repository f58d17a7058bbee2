"""YAML to plain data by libyaml's parser, through PyYAML's events.  In: YAML.  Out: data, flaws and
places.

The data is built here, because a deeply nested text crashes the composer of PyYAML's C loader,
which recurses in C without a limit, and because it is quicker (docs/decisions.md). Only the core of
YAML is taken: mappings, sequences, scalars, anchors, `<<`.
"""

import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml import CSafeLoader

from feeds.records.plain_data import (
    DEEPEST,
    MOST_NODES,
    NULLS,
    SECRET_KEY,
    Flaw,
    FrontMatter,
    Lines,
    PageLinks,
    Path,
    Plain,
)

SWALLOWED = re.compile(rf"^[ \t]*[\"']?{SECRET_KEY}[\"']?[ \t]*:", re.MULTILINE)
SAFE_TAGS = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "map", "seq")
}

EXPLAINED = {
    "mapping values are not allowed in this context": "a second colon in a line;"
    " text with a colon stands in quotes",
    "character that cannot start any token": "text that begins with a reserved character;"
    " such text stands in quotes",
}


def read(source: str, body: str, before: int, with_places: bool) -> FrontMatter:
    """Read the YAML of a record, which begins after that many lines and ends before the body."""
    builder = _Builder(source, before, with_places)
    data = builder.document()
    return FrontMatter(data, body, tuple(builder.flaws), builder.places, tuple(builder.secret))


class _Stop(Exception):
    """No sense can be made of what follows."""


class _Builder:
    """Builds data from libyaml's events."""

    def __init__(self, source: str, lines_before: int, with_places: bool) -> None:
        self.flaws: list[Flaw] = []
        self.places: dict[Path, PageLinks] = {}
        self.secret: list[tuple[int, int]] = []
        self._source = source
        self._before = lines_before
        self._lines = Lines(source, lines_before)
        self._with_places = with_places
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: set[str] = set()
        self._nodes = 0
        self._skipped: list[tuple[int, int]] = []
        self._next: Callable[[], Any]

    def document(self) -> dict[str, Any] | None:
        """Return the one mapping in the source, or None with a flaw that says why there is none."""
        try:
            self._next = CSafeLoader(self._source).get_event
            self._next()  # the stream starts
            if not isinstance(self._next(), yaml.DocumentStartEvent):
                self.flaws.append(Flaw((self._before + 1, 1), (), "a YAML mapping", "nothing"))
                return None
            start = self._next()
            if type(start) is not yaml.MappingStartEvent:
                raise self._stop(start, "a YAML mapping", "something else")
            data: dict[str, Any] = self._build(start, (), 0)
            self._next()  # the document ends
            self._check_swallowed()
            after = self._next()
            if not isinstance(after, yaml.StreamEndEvent):
                raise self._stop(
                    after,
                    "one YAML document, or --- on the first line",
                    "another after it",
                )
        except _Stop:
            return None
        except yaml.reader.ReaderError as error:
            # libyaml counts bytes here, and characters everywhere else.
            before = self._source.encode()[: error.position].decode(errors="ignore")
            place = self._lines.place(len(before))
            self.flaws.append(
                Flaw(place, (), "YAML", f"a character it does not allow, U+{error.character:04X}")
            )
            return None
        except yaml.YAMLError as error:
            self.flaws.append(self._broken(error))
            return None
        return data

    def _check_swallowed(self) -> None:
        """A line that reads like the secret key but is none: by a slip it is part of something that
        would be shown."""
        for match in SWALLOWED.finditer(self._source):
            if not any(start <= match.end() - 1 <= end for start, end in self._skipped):
                line, _ = self._lines.place(match.start())
                expected = f"{SECRET_KEY} as a key of its own"
                self.flaws.append(Flaw((line, 1), (), expected, "it inside another value"))

    def _broken(self, error: yaml.YAMLError) -> Flaw:
        where = getattr(error, "problem_mark", None)
        if "quoted scalar" in (getattr(error, "context", None) or ""):
            # Where the quotation begins, not where the file ends.
            where = error.context_mark  # type: ignore[attr-defined]
        line, column = (where.line + 1, where.column + 1) if where else (1, 1)
        place = (self._before + line, column)
        problem = str(getattr(error, "problem", None) or "something else").removeprefix("found ")
        return Flaw(place, (), "YAML", EXPLAINED.get(problem, problem))

    def _place(self, event: Any) -> PageLinks:
        return self._lines.place(event.start_mark.index)

    def _stop(self, event: Any, expected: str, got: str, path: Path = ()) -> _Stop:
        self.flaws.append(Flaw(self._place(event), path, expected, got))
        return _Stop()

    def _build(self, event: Any, path: Path, depth: int) -> Any:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise self._stop(event, f"at most {MOST_NODES} values", "more", path)
        kind = type(event)
        if self._with_places and path not in self.places:
            self.places[path] = self._place(event)
        if kind is yaml.AliasEvent:
            return self._alias(event)
        self._check_tag(event, path)
        before = self._nodes
        if event.anchor:
            self._open.add(event.anchor)
        value: Any
        if kind is yaml.ScalarEvent:
            plain = event.implicit[0] or (
                event.tag is not None and event.tag != "tag:yaml.org,2002:str"
            )
            value = (
                event.value if not plain else None if event.value in NULLS else Plain(event.value)
            )
        elif depth >= DEEPEST:
            raise self._stop(event, f"at most {DEEPEST} levels", "more", path)
        elif kind is yaml.MappingStartEvent:
            value = self._mapping(path, depth)
        else:
            value = self._sequence(path, depth)
        if event.anchor:
            self._open.discard(event.anchor)
            self._anchors[event.anchor] = (value, self._nodes - before + 1)
        return value

    def _check_tag(self, event: Any, path: Path) -> None:
        if event.tag is not None and event.tag != "!" and event.tag not in SAFE_TAGS:
            self.flaws.append(
                Flaw(self._place(event), path, "a value without a tag of its own", "a tag")
            )

    def _skip(self, path: Path, key: Any) -> None:
        """Pass over one value.  Nothing of it is kept, so that no alias can bring it back
        either."""
        depth, start = 0, key.start_mark.index
        while True:
            event = self._next()
            if type(event) in (yaml.MappingEndEvent, yaml.SequenceEndEvent):
                depth -= 1
            elif type(event) is not yaml.AliasEvent:
                self._check_tag(event, path)
                depth += type(event) is not yaml.ScalarEvent
                if depth > DEEPEST:  # libyaml's own time grows with the square of the depth
                    raise self._stop(event, f"at most {DEEPEST} levels", "more", path)
            if depth == 0:
                self._skipped.append((start, event.start_mark.index))
                if self._with_places:
                    last, column = self._lines.place(event.end_mark.index)
                    self.secret.append((self._lines.place(start)[0], last - (column == 1)))
                return

    def _alias(self, event: Any) -> Any:
        if event.anchor in self._open:
            raise self._stop(
                event,
                "an alias to something complete",
                "an alias to what it stands in",
            )
        if event.anchor not in self._anchors:
            raise self._stop(event, "an alias to an anchor before it", "one without")
        value, weight = self._anchors[event.anchor]
        self._nodes += weight
        if self._nodes > MOST_NODES:
            raise self._stop(event, f"at most {MOST_NODES} values", "aliases that stand for more")
        return value

    def _sequence(self, path: Path, depth: int) -> list[Any]:
        values: list[Any] = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            values.append(self._build(event, (*path, len(values)), depth + 1))
        return values

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        seen: set[str] = set()
        while type(event := self._next()) is not yaml.MappingEndEvent:
            if type(event) is not yaml.ScalarEvent:
                raise self._stop(event, "a key that is text", "something else", path)
            self._check_tag(event, path)
            key = event.value
            if key in seen:
                self.flaws.append(
                    Flaw(self._place(event), (*path, key), "a key once", "the key again")
                )
            seen.add(key)
            if key == SECRET_KEY:
                self._skip((*path, key), event)
                continue
            value = self._build(self._next(), (*path, key), depth + 1)
            if key == "<<" and event.implicit[0]:
                for base in reversed(value if isinstance(value, list) else [value]):
                    merged.update(base if isinstance(base, dict) else {})
            else:
                values[key] = value
        return {**merged, **values} if merged else values
