"""Content codings (RFC 9110 §8.4.1): which one a client gets, and content in it.  Here alone is
what is compressed.

Not here: where coded content is kept (answers, static).
"""

import gzip
import re
import zlib
from functools import lru_cache

import brotli
import zstandard

IDENTITY = "identity"
# Of those that a client takes alike, the one that makes feeds smallest comes first.
CODINGS = ("br", "zstd", "gzip")
SUFFIXES = {"br": ".br", "gzip": ".gz"}  # of files beside a file, as servers look for them
LONGEST = 512  # characters of a header that is worth remembering; nobody asks for so many codings
MOST = 1024
# A request waits for these: about 2 ms for 120 KB. More effort makes feeds a tenth smaller at 5 to
# 50 times the cost.
BROTLI, ZSTANDARD, GZIP = 5, 9, 6
# A tree is made once and read for long; the highest quality of brotli would take 100 ms for 120 KB.
BROTLI_BEST, GZIP_BEST = 9, 9
_QVALUE = re.compile(r"(?:0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)")


def choose(accepted: str | None) -> str:
    """The coding for a client that sends this Accept-Encoding (RFC 9110 §12.5.3).

    The highest q-value wins. Identity comes last among equals, unless it is named before others by
    its q-value, and is what is left where nothing is acceptable. `*` alone says nothing of what a
    client can read: it gets gzip.
    """
    if accepted is None or len(accepted) > LONGEST:
        return IDENTITY
    return _choose(accepted)


@lru_cache(MOST)
def _choose(accepted: str) -> str:
    wanted: dict[str, float] = {}
    for part in accepted.lower().split(","):
        name, _, parameter = (piece.strip() for piece in part.partition(";"))
        quality = _quality(parameter)
        if name and quality is not None:
            wanted["gzip" if name == "x-gzip" else name] = quality
    rest = wanted.get("*", 0.0)
    offers = {coding: wanted.get(coding, rest if coding == "gzip" else 0.0) for coding in CODINGS}
    best = max(CODINGS, key=lambda coding: offers[coding])
    # acceptable though it is not named, and then the least of what is
    plain = wanted.get(IDENTITY, 0.0)
    return best if offers[best] > 0 and offers[best] >= plain else IDENTITY


def _quality(parameter: str) -> float | None:
    if not parameter:
        return 1.0
    name, _, value = (piece.strip() for piece in parameter.partition("="))
    return float(value) if name == "q" and _QVALUE.fullmatch(value) else None


def encode(content: bytes, coding: str) -> bytes:
    """Content in a coding, for an answer that somebody waits for.  Equal input gives equal
    bytes."""
    if coding == "br":
        return bytes(brotli.compress(content, mode=brotli.MODE_TEXT, quality=BROTLI))
    if coding == "zstd":
        return zstandard.ZstdCompressor(level=ZSTANDARD).compress(content)
    if coding == "gzip":
        return gzip.compress(content, GZIP, mtime=0)
    return content


def encode_best(content: bytes, coding: str) -> bytes:
    """Content in a coding of SUFFIXES, as small as it gets.  Equal input gives equal bytes."""
    if coding == "br":
        return bytes(brotli.compress(content, mode=brotli.MODE_TEXT, quality=BROTLI_BEST))
    return gzip.compress(content, GZIP_BEST, mtime=0)


def decoded(content: bytes, path: str) -> bytes | None:
    """Return what is in a file that lies beside a document in a coding of SUFFIXES; None where it
    is no such file."""
    try:
        if path.endswith(SUFFIXES["br"]):
            return bytes(brotli.decompress(content))
        if path.endswith(SUFFIXES["gzip"]):
            return gzip.decompress(content)
    except (brotli.error, OSError, EOFError, zlib.error):
        pass
    return None
