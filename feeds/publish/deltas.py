"""What changed since a version that a client holds: feed deltas (RFC 3229, with the `feed` instance manipulation).

Programs send `A-IM: feed` on behalf of others that do not take the answer, so that only those named in config.toml get
it, and 200 is the answer wherever there is doubt. Not here: which versions are known (answers).
"""

import re
from collections.abc import Iterable, Iterator

KEPT_VERSIONS = 16  # of each document, the newest that were served
BYTES = 16  # hex digits of an entry's recipe that tell it from others in one feed
TAG = re.compile(r'(?:W/)?"([^"]*)"')
CODING = re.compile(r"-(?:gzip|br|zstd|deflate)$")
VARY = "Accept-Encoding, A-IM, If-None-Match, User-Agent"


def asked(instances: str | None, agent: str | None, takers: Iterable[str]) -> bool:
    """Whether a client asks for a delta, and is one of those that take it: their names begin a User-Agent."""
    if not instances or not agent or not agent.startswith(tuple(takers)):
        return False
    names = (part.partition(";") for part in instances.split(","))
    return any(name.strip().lower() == "feed" and not _never(rest) for name, _, rest in names)


def _never(parameters: str) -> bool:
    return re.fullmatch(r"\s*q\s*=\s*0(?:\.0*)?\s*", parameters) is not None


def headers(base: str) -> dict[str, str]:
    """The headers of a delta to the version with that tag, beside those of the whole document."""
    # Caches that do not know RFC 3229 keep out (§10.5, §10.8.3).
    return {"IM": "feed", "Delta-Base": base, "Vary": VARY, "Cache-Control": "no-store, im"}


def held(tags: str) -> Iterator[tuple[str, str]]:
    """The tags of an If-None-Match: as they are sent, and as ours would be."""
    for found in TAG.finditer(tags):
        yield found.group(0), CODING.sub("", found.group(1))


def packed(recipes: Iterable[str]) -> bytes:
    """The entries of a version, small: versions are kept for every document in memory."""
    return b"".join(bytes.fromhex(recipe[:BYTES]) for recipe in recipes)


def unseen(recipes: Iterable[str], version: bytes) -> tuple[str, ...]:
    """Those recipes that a version had not."""
    width = BYTES // 2
    seen = {version[at : at + width] for at in range(0, len(version), width)}
    return tuple(recipe for recipe in recipes if bytes.fromhex(recipe[:BYTES]) not in seen)
