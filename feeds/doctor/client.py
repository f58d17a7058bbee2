"""Send one request as a reader does.  Redirects are returned, not followed.

In: an address and headers. Out: a Response; one without an answer says why. Bodies are bounded.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Self

import httpx

from feeds import __version__

LARGEST = 32 * 1024 * 1024
TIMEOUT = 15.0  # seconds
OURS = f"feeds-doctor/{__version__}"
UNDECODABLE = "a body that is not in the coding that its Content-Encoding says"
# The user agents of five readers: bot protection lets browsers pass, and may turn these away.
READERS = {
    "FreshRSS": "FreshRSS/1.27.0 (Linux; https://freshrss.org)",
    "miniflux": "Mozilla/5.0 (compatible; Miniflux/2.2.13; +https://miniflux.app)",
    "NetNewsWire": "NetNewsWire (RSS Reader; https://netnewswire.com/)",
    "newsboat": "newsboat/2.36 (Linux x86_64)",
    "feedparser": "feedparser/6.0.11 +https://github.com/kurtmckee/feedparser/",
}


@dataclass(frozen=True, slots=True)
class Response:
    """The response from an address; `status` 0 and a `failure` where there was none."""

    address: str
    status: int
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    body: bytes = b""
    failure: str = ""

    def header(self, name: str) -> str:
        """Return a header; empty where it is missing."""
        return str(self.headers.get(name, ""))

    @property
    def media_type(self) -> str:
        """The media type without parameters, in lower case."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    @property
    def problem(self) -> str:
        """The failure, or the status."""
        return self.failure or str(self.status)

    def date(self, name: str) -> datetime | None:
        """Return the date in a header; None where it is missing or no date."""
        try:
            moment = parsedate_to_datetime(self.header(name))
        except (TypeError, ValueError):
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


class Client:
    """Send requests, with a timeout in seconds.  Safe for threads; close it with `with`."""

    def __init__(self, timeout: float = TIMEOUT) -> None:
        limits = httpx.Limits(max_connections=8)
        self._client = httpx.Client(
            timeout=timeout, follow_redirects=False, limits=limits, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def request(self, address: str, method: str = "GET", **headers: str) -> Response:
        """Send one request; `_` in the name of a header stands for a hyphen.

        gzip and brotli are accepted unless the headers say otherwise.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"User-Agent": OURS, "Accept": "*/*", "Accept-Encoding": "gzip, br", **named}
        try:
            with self._client.stream(method, address, headers=sent) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > LARGEST:
                        return Response(address, 0, failure=f"more than {LARGEST >> 20} MiB")
                return Response(address, response.status_code, response.headers, bytes(body))
        except httpx.DecodingError:
            return Response(address, 0, failure=UNDECODABLE)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Response(address, 0, failure=str(error) or type(error).__name__)
        except UnicodeError:  # the host is not a valid name
            return Response(address, 0, failure="no address")
