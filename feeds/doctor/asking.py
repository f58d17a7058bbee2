"""One request as a reader makes it, and its answer with what matters of it.  Redirects are told,
not followed.

In: an address and headers. Out: an Answer, also where there is none: why. Bodies are bounded.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

import httpx

from feeds import __version__

LARGEST = 32 * 1024 * 1024
PATIENCE = 15.0  # seconds
OURS = f"feeds-doctor/{__version__}"
# As five readers name themselves; the walls before servers of feeds know browsers.
READERS = {
    "FreshRSS": "FreshRSS/1.27.0 (Linux; https://freshrss.org)",
    "miniflux": "Mozilla/5.0 (compatible; Miniflux/2.2.13; +https://miniflux.app)",
    "NetNewsWire": "NetNewsWire (RSS Reader; https://netnewswire.com/)",
    "newsboat": "newsboat/2.36 (Linux x86_64)",
    "feedparser": "feedparser/6.0.11 +https://github.com/kurtmckee/feedparser/",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `status` 0 and `failure` where nothing did."""

    address: str
    status: int
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    body: bytes = b""
    failure: str = ""

    def header(self, name: str) -> str:
        """A header, or nothing."""
        return str(self.headers.get(name, ""))

    @property
    def media_type(self) -> str:
        """The media type alone, in small letters."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    def moment(self, name: str) -> datetime | None:
        """A header that is a date, or None where it is none."""
        try:
            moment = parsedate_to_datetime(self.header(name))
        except (TypeError, ValueError):
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


class Asker:
    """Asks, and waits so many seconds for an answer; safe for threads.  Leave it at last."""

    def __init__(self, patience: float = PATIENCE) -> None:
        limits = httpx.Limits(max_connections=8)
        self._client = httpx.Client(
            timeout=patience, follow_redirects=False, limits=limits, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, address: str, method: str = "GET", **headers: str) -> Answer:
        """Ask once; in the names of headers `_` stands for a hyphen.  Codings are welcome unless
        they say otherwise."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        asked = {"User-Agent": OURS, "Accept": "*/*", "Accept-Encoding": "gzip, br", **named}
        try:
            with self._client.stream(method, address, headers=asked) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > LARGEST:
                        return Answer(address, 0, failure=f"more than {LARGEST >> 20} MiB")
                return Answer(address, response.status_code, response.headers, bytes(body))
        except httpx.DecodingError:
            return Answer(address, 0, failure=UNDECODABLE)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Answer(address, 0, failure=str(error) or type(error).__name__)
        except UnicodeError:  # a host that is no name
            return Answer(address, 0, failure="no address")


UNDECODABLE = "a body that is not in the coding that its Content-Encoding says"
