"""Answer HTTP requests for documents.

app: the fast path, and Flask behind it.  response_cache: what is in memory.  freshness: when that
is no longer good.  live: keep it fresh.  server: granian.
"""

from collections.abc import Callable, Iterable
from typing import Any

# of WSGI (PEP 3333)
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
