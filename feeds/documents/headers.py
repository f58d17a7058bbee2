"""Headers that follow from nothing but the kind of response, for the service and for the rules beside
a static tree."""

LASTING = 24  # times as long as it is fresh, a response may stand in for a server that fails
# Feeds are for everybody's programs, also for those in browsers (fetch.spec.whatwg.org, CORS
# protocol).
ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Access-Control-Allow-Origin", "*"),
    ("Access-Control-Expose-Headers", "ETag, Link"),
)
PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"),
    ("Access-Control-Allow-Headers", "If-None-Match, If-Modified-Since"),
    ("Access-Control-Max-Age", "86400"),
)
# Pages have the style and the script that lie beside them, show pictures of any host, and run
# nothing else.
PAGE = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src http: https:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    ("Referrer-Policy", "no-referrer"),
)


def cache_control(seconds: int, until_expiry: int | None = None) -> str:
    """Return how long a response is fresh, for as long again while a cache asks again, and much
    longer while the server fails.

    One number, and what follows from it (RFC 9111 §5.2.2.1, RFC 5861). None of it lasts longer than
    `until_expiry`, the seconds until an article expires, so that no cache shows it then.
    """
    said, rest = f"public, max-age={seconds}", seconds * LASTING
    if until_expiry is not None:
        rest = min(rest, until_expiry - seconds)
    if rest > 0:
        said += f", stale-while-revalidate={min(seconds, rest)}, stale-if-error={rest}"
    return said
