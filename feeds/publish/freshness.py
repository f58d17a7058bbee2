"""How long an answer may be kept, as headers: one number of seconds, and what follows from it (RFC 9111, RFC 5861)."""

LASTING = 24  # times as long as it is fresh, an answer may stand in for a server that fails


def cache_control(seconds: int) -> str:
    """Fresh for that long, for as long again while a cache asks anew, and much longer while the server fails."""
    return f"public, max-age={seconds}, stale-while-revalidate={seconds}, stale-if-error={seconds * LASTING}"
