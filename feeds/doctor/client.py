"""Send one request as a reader does.  Redirects are returned, not followed.

In: an address and headers. Out: a Response; one without an answer says why. Whatever the server
sends, it costs no more memory and time than `Bounds` says, and leads into no other network.
"""

import gzip
import io
import math
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from itertools import count
from typing import Any, Self

import anyio
import brotli
import httpx
from anyio.from_thread import start_blocking_portal

from feeds import __version__
from feeds.doctor.reading import Unreadable

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
# RFC 6052 §2.1: the addresses by which hosts with IPv6 alone reach those of IPv4.
NAT64 = IPv6Network("64:ff9b::/96")
CONNECTS = "connection.connect_tcp.started"  # httpcore's name for the event


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that servers may cost an examination.  A bound that is met becomes a finding."""

    body_bytes: int = 8 * 1024 * 1024  # of one body, as it is sent and decoded
    idle_seconds: float = 15.0  # for a connection, and between two bytes
    response_seconds: float = 60.0  # from a request to the last byte of the response
    redirects: int = 5  # from one address
    requests: int = 10_000  # in all
    seconds: float = 900.0  # in all


class Exhausted(Exception):
    """The examination has cost as much as it may in all."""


@dataclass(frozen=True, slots=True)
class Response:
    """The response from an address.

    Where there was none, `status` is 0 and `failure` says why; `kind` is that of its finding.
    """

    address: str
    status: int
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    body: bytes = b""
    failure: str = ""
    kind: str = "status"

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

    def content(self) -> bytes:
        """Return the body of a 200.  Raises Unreadable."""
        if self.status == 200:
            return self.body
        raise Unreadable("limited" if self.status == 429 else self.kind, self.problem)

    def date(self, name: str) -> datetime | None:
        """Return the date in a header; None where it is missing or no date."""
        try:
            moment = parsedate_to_datetime(self.header(name))
        except (TypeError, ValueError, ArithmeticError, LookupError):
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def network(address: str) -> str:
    """Return the network of an IP address: `public`, or the kind of those that are not."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        in_nat64 = IPv4Address(ip.packed[12:]) if ip in NAT64 else None
        ip = ip.ipv4_mapped or ip.sixtofour or in_nat64 or ip
    if ip.is_global and not ip.is_multicast and not ip.is_reserved:
        return "public"
    return "loopback" if ip.is_loopback else "link-local" if ip.is_link_local else "private"


class Client:
    """Send requests within bounds.  Safe for threads; use it with `with`.

    The first connection is to the site itself. Later ones lead to public networks or its own, as
    `network_of` says.
    """

    def __init__(
        self,
        bounds: Bounds = Bounds(),
        clock: Callable[[], float] = time.monotonic,
        network_of: Callable[[str], str] = network,
    ) -> None:
        self.bounds = bounds
        self._clock = clock
        self._deadline = clock() + bounds.seconds
        self._network_of = network_of
        self._allowed: set[str] = set()
        self._requests = count(1)
        self._exits = ExitStack()

    def __enter__(self) -> Self:
        # Readers keep no cookies.
        no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))
        client = httpx.AsyncClient(
            timeout=self.bounds.idle_seconds,
            limits=httpx.Limits(max_connections=8),
            cookies=no_cookies,
            trust_env=False,
        )
        # Only asynchronous requests can be given a time in all. They run in a thread of their own.
        self._portal = self._exits.enter_context(start_blocking_portal())
        self._client = self._exits.enter_context(self._portal.wrap_async_context_manager(client))
        return self

    def __exit__(self, *exception: Any) -> None:
        self._exits.__exit__(*exception)

    @contextmanager
    def ending_requests(self) -> Iterator[None]:
        """End all requests where an exception leaves the block, such as that of Ctrl-C.

        Their threads need not be waited for then.
        """
        try:
            yield
        except BaseException:
            self._deadline = -math.inf
            self._portal.call(self._client.aclose)
            raise

    def check_time(self) -> None:
        """Raise Exhausted where the examination has taken as long as it may."""
        if self._clock() > self._deadline:
            raise Exhausted(f"{self.bounds.seconds:g} seconds have passed")

    def request(self, address: str, method: str = "GET", **headers: str) -> Response:
        """Send one request; `_` in the name of a header stands for a hyphen.

        Empty headers are left out. gzip and brotli are accepted unless the headers say otherwise.
        Raises Exhausted.
        """
        self.check_time()
        if next(self._requests) > self.bounds.requests:
            raise Exhausted(f"{self.bounds.requests:,} requests were sent")
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        sent = {"User-Agent": OURS, "Accept": "*/*", "Accept-Encoding": "gzip, br", **named}
        kind = "unreachable"
        try:
            response, body = self._portal.call(self._exchange, method, address, sent)
            decoded = self._decoded(body, response.headers.get("Content-Encoding", ""))
            return Response(address, response.status_code, response.headers, decoded)
        except Unreadable as error:
            kind, failure = error.kind, error.detail
        except TimeoutError:
            seconds = f"{self.bounds.response_seconds:g} seconds"
            kind, failure = "unbounded", f"no whole answer in {seconds}; not read further"
        except httpx.TimeoutException:
            failure = f"nothing for {self.bounds.idle_seconds:g} seconds; not waited for longer"
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            failure = str(error) or type(error).__name__
        except UnicodeError:  # the host is no valid name
            failure = "no address"
        return Response(address, 0, failure=failure, kind=kind)

    async def _exchange(
        self, method: str, address: str, headers: dict[str, str]
    ) -> tuple[httpx.Response, bytes]:
        """Return a response and its body as it was sent.

        A server may close a connection that is kept just when a request comes: such a request is
        sent again (RFC 9112 §9.3.1).
        """
        encoded = {name.encode(): value.encode() for name, value in headers.items()}
        with anyio.fail_after(self.bounds.response_seconds):
            while True:
                is_new = False

                async def trace(event: str, info: dict[str, Any]) -> None:
                    nonlocal is_new
                    is_new = is_new or event == CONNECTS
                    await self._check_network(event, info)

                request = self._client.build_request(
                    method, address, headers=encoded, extensions={"trace": trace}
                )
                try:
                    return await self._response(request)
                except (httpx.NetworkError, httpx.RemoteProtocolError):
                    if is_new:
                        raise

    async def _response(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        response = await self._client.send(request, stream=True)
        try:
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > self.bounds.body_bytes:
                    raise self._too_large()
            return response, bytes(body)
        finally:
            await response.aclose()

    async def _check_network(self, event: str, info: dict[str, Any]) -> None:
        """Raise Unreadable before a connection into a network that is not allowed, and after it.

        A name may lead elsewhere when it is looked up again, and to several networks: the address
        that is connected to decides, before anything is sent there.
        """
        stream = info.get("return_value")
        if event == CONNECTS:
            if info["port"] > 65535:
                raise Unreadable("unreachable", "no address")
            found = await anyio.getaddrinfo(info["host"], info["port"], type=socket.SOCK_STREAM)
            addresses = [sockaddr[0] for *_, sockaddr in found]
        elif event == "connection.connect_tcp.complete" and stream is not None:
            addresses = [stream.get_extra_info("server_addr")[0]]
            if not self._allowed:
                self._allowed = {"public", self._network_of(addresses[0])}
        else:
            return
        networks = [self._network_of(address) for address in addresses]
        if self._allowed and self._allowed.isdisjoint(networks):
            if stream is not None:
                await stream.aclose()
            detail = f"{addresses[0]} is {networks[0]}; nothing was sent there"
            raise Unreadable("private", detail)

    def _decoded(self, body: bytes, coding: str) -> bytes:
        """Decode a body in one of the codings that are asked for.  Raises Unreadable."""
        most = self.bounds.body_bytes
        try:
            match coding.strip().lower() if body else "":
                case "" | "identity":
                    decoded = body
                case "gzip" | "x-gzip":
                    decoded = gzip.GzipFile(fileobj=io.BytesIO(body)).read(most + 1)
                case "br":
                    decompressor = brotli.Decompressor()
                    decoded = decompressor.process(body, output_buffer_limit=most + 1)
                    if len(decoded) <= most and not decompressor.is_finished():
                        raise EOFError
                case _:
                    raise Unreadable("bad-coding", f"{coding}, which was not asked for")
        except (OSError, EOFError, zlib.error, brotli.error):
            raise Unreadable("bad-coding", UNDECODABLE) from None
        if len(decoded) > most:
            raise self._too_large()
        return decoded

    def _too_large(self) -> Unreadable:
        mebibytes = f"{self.bounds.body_bytes / (1 << 20):,.0f} MiB"
        detail = f"the body is larger than {mebibytes} decoded; not read further"
        return Unreadable("unbounded", detail)
