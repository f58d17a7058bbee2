"""Requests over loopback, each on a connection of its own, so that any worker may take it."""

import ssl
from typing import Any

import httpx

from tests.make import LONGEST

# Nothing is encrypted here. A client that is given no context reads every certificate of the machine, which takes as long as
# twenty requests.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def client(**options: Any) -> httpx.Client:
    """Return a client that keeps its connections, and asks nobody but the address that it is given."""
    return httpx.Client(trust_env=False, timeout=LONGEST, verify=NO_CERTIFICATES, **options)


# It keeps no connection, so nothing is open between two requests.
_ALONE = client(limits=httpx.Limits(max_keepalive_connections=0, max_connections=None))


def get(url: str, **headers: str) -> httpx.Response:
    """Return the answer to one GET."""
    return _ALONE.get(url, headers=headers)


def head(url: str, **headers: str) -> httpx.Response:
    """Return the answer to one HEAD."""
    return _ALONE.head(url, headers=headers)
