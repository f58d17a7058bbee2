"""Files that give a server of static files what the service knows: media types, redirects, what is
gone.

`_headers` and `_redirects` are for Netlify, Cloudflare Pages and those who read the same syntax,
`feeds.nginx.conf` is for nginx, and the pages are for all of them. They follow from the config
alone, and the service itself answers 404 for them. Not here: what moved and what is gone
(config/feeds).
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

from feeds.config import Config
from feeds.documents.http_messages import (
    ALWAYS,
    FETCH_DEST,
    FOR_BROWSERS,
    OF_PAGES,
    cache_control,
    is_styled,
)
from feeds.documents.plans import ASSETS, FEED_STYLE, HTML, LISTS, OPML, Plan
from feeds.model import digest
from feeds.records import jsonschema
from feeds.render import format_named
from feeds.store.rows import EPOCH
from feeds.urls import BELOW, INDEX, canonical, feed_folder, feed_path

BROWSERS = "@feeds_browsers"
KEPT = "public, max-age=300"  # of a redirect, which config.toml may take back
HEADERS, REDIRECTS = "_headers", "_redirects"
NGINX, CADDY = "feeds.nginx.conf", "feeds.caddyfile"
RULES = (HEADERS, REDIRECTS, NGINX, CADDY)
PAGES = {"404.html": 404, "410.html": 410}
PATHS = (*PAGES, *RULES)
TEXT = "text/plain; charset=utf-8"
ASSET_TYPES = {name.rpartition(".")[2]: kind for name, kind in {**ASSETS, **FEED_STYLE}.items()}


def plans(config: Config) -> Iterator[Plan]:
    """Plan each of these files, as a document is planned."""
    from feeds.render import html

    for path, status in PAGES.items():
        content = html.error_page(config.site, *html.ADVICE[status])
        yield _plan(path, HTML, content)
    for path, lines in {
        HEADERS: _headers(config),
        REDIRECTS: _redirects(config),
        NGINX: _nginx(config),
        CADDY: _caddy(config),
    }.items():
        yield _plan(path, TEXT, "".join(f"{line}\n" for line in lines).encode())


def _plan(path: str, media_type: str, content: bytes) -> Plan:
    return Plan(path, media_type, digest(content), EPOCH, lambda: content)


def _headers(config: Config) -> Iterator[str]:
    root = _root(config)
    types = {f"*.{extension}": media_type for extension, media_type in _types(config).items()}
    copies = _types_of_copies(config)
    for pattern, media_type in {"": HTML, "*/": HTML, **types, **copies}.items():
        yield f"{root}/{pattern}"
        yield f"  Content-Type: {media_type}"
        for name, value in _always(media_type, config):
            yield f"  {name}: {value}"


def _types_of_copies(config: Config) -> dict[str, str]:
    """Return the media type of each copy whose name does not tell it."""
    types = _types(config)
    endings = {old: path.rpartition(".")[2] for old, path in config.copies.items()}
    return {old: types[ending] for old, ending in endings.items() if not old.endswith(f".{ending}")}


def _redirects(config: Config) -> Iterator[str]:
    """Rules without a pattern first: Cloudflare takes 2,000 of them, and 100 with one."""
    root, names = _root(config), config.names
    moved = sorted(names.redirects.items())
    for key, current in moved:
        folder = config.site.address(feed_folder(current))
        for path in (key, f"{key}/", f"{key}/{INDEX}"):
            yield f"{root}/{path} {folder} 301"
        for name in config.feeds.formats:
            address = config.site.address(feed_path(current, name))
            yield f"{root}/{feed_path(key, name)} {address} 301"
    for old, path in sorted(config.moved_paths.items()):
        for asked in (old, f"{old}/"):
            yield f"{root}/{asked} {config.site.address(canonical(path))} 301"
    for key in sorted(names.retired):
        yield f"{root}/{key} {root}/410.html 410"
    for key, current in moved:
        yield f"{root}/{key}/* {config.site.address(current)}/:splat 301"
    for key in sorted(names.retired):
        yield f"{root}/{key}/* {root}/410.html 410"


def _nginx(config: Config) -> Iterator[str]:
    root, names = unquote(urlsplit(config.site.base_url).path), config.names
    at, moved_for = re.escape(root), f'add_header Cache-Control "{KEPT}"'
    yield "# Inside a server block, after its root: include this file. docs/http.md tells more."
    yield from _location(f"~ {_quoted(f'^{at}/{_hidden(RULES)}$')}", ["return 404"])
    for extension, media_type in _types(config).items():
        pattern = _quoted(rf"^{at}/.*[.]{extension}$")
        yield from _location(f"~ {pattern}", _served(media_type, root, config))
    for old, media_type in _types_of_copies(config).items():
        yield from _location(f"= {_quoted(f'{root}/{old}')}", _served(media_type, root, config))
    if config.feeds.pages:
        shown = [*_typed(FOR_BROWSERS, config), f'add_header Vary "{FETCH_DEST}"', "etag on"]
        yield from _location(BROWSERS, shown)
    for path in PAGES:
        yield from _location(f"= {_quoted(f'{root}/{path}')}", ["internal", *_typed(HTML, config)])
    for key, current in sorted(names.redirects.items()):
        folder = _target(config.site.address(feed_folder(current)))
        yield from _location(f"= {_quoted(f'{root}/{key}')}", [moved_for, f'return 301 "{folder}"'])
        moves = {"(?:index[.]html)?": folder, f"({BELOW})": f"{folder}$1"}
        rules = [
            f'rewrite {_quoted(f"^{at}/{re.escape(key)}/{below}$")} "{target}?" permanent'
            for below, target in moves.items()
        ]
        yield from _location(f"^~ {_quoted(f'{root}/{key}/')}", [moved_for, *rules, "return 404"])
    for old, path in sorted(config.moved_paths.items()):
        address = _target(config.site.address(canonical(path)))
        for asked in (old, f"{old}/"):
            yield from _location(
                f"= {_quoted(f'{root}/{asked}')}", [moved_for, f'return 301 "{address}"']
            )
    for key in sorted(names.retired):
        gone = [f"error_page 410 {_quoted(f'{root}/410.html')}", "return 410"]
        yield from _location(f"= {_quoted(f'{root}/{key}')}", gone)
        yield from _location(f"^~ {_quoted(f'{root}/{key}/')}", gone)


def _served(media_type: str, root: str, config: Config) -> list[str]:
    """Return the directives of nginx for files of a type."""
    served = [
        *_typed(media_type, config),
        "etag on",
        f"error_page 404 {_quoted(f'{root}/404.html')}",
    ]
    if config.feeds.pages and is_styled(media_type):
        # An `if` may hold a `return` and little else: what is returned leads to another type for
        # the same file.
        served += [f'add_header Vary "{FETCH_DEST}"', f"error_page 418 = {BROWSERS}"]
        served.append("if ($http_sec_fetch_dest = document) { return 418; }")
    return served


def _hidden(names: Iterable[str]) -> str:
    """Return the pattern of files that are for servers, or for builds."""
    return f"(?:{'|'.join(map(re.escape, names))}|[.]feeds-[a-z]+)"


def _caddy(config: Config) -> Iterator[str]:
    root, names = unquote(urlsplit(config.site.base_url).path), config.names
    at = re.escape(root)
    yield "# Inside a site block, after its root: import this file. docs/http.md tells more."
    yield "route {"
    moved = {}
    for key, current in names.redirects.items():
        folder = feed_folder(current)
        moved[f"{re.escape(key)}(?:/(?:index[.]html)?)?"] = folder
        moved[f"{re.escape(key)}/({BELOW})"] = f"{folder}{{re.feeds.1}}"
    for old, path in config.moved_paths.items():
        moved[f"{re.escape(old)}/?"] = canonical(path)
    for below, path in sorted(moved.items()):
        address = config.site.address(path)
        actions = [f'header Cache-Control "{KEPT}"', f'redir "{address}" 301']
        yield from _caddy_matching(f"{at}/{below}", actions)
    absent = [_hidden(PATHS), *(f"{re.escape(key)}/.*" for key in sorted(names.redirects))]
    yield from _caddy_matching(f"{at}/(?:{'|'.join(absent)})", ["error 404"])
    if names.retired:
        gone = "|".join(re.escape(key) for key in sorted(names.retired))
        yield from _caddy_matching(f"{at}/(?:{gone})(?:/.*)?", ["error 410"])
    types = {f".*[.]{extension}": kind for extension, kind in _types(config).items()}
    copies = {re.escape(old): kind for old, kind in _types_of_copies(config).items()}
    for below, media_type in {"(?:.*/)?": HTML, **types, **copies}.items():
        headers = [("Content-Type", media_type), *_always(media_type, config)]
        actions = [f'header {name} "{value}"' for name, value in headers]
        if config.feeds.pages and is_styled(media_type):
            opened = f"@opened header {FETCH_DEST} document"
            actions += [f"header +Vary {FETCH_DEST}", opened]
            actions.append(f'header @opened Content-Type "{FOR_BROWSERS}"')
        yield from _caddy_matching(f"{at}/{below}", actions)
    yield "}"
    yield "handle_errors {"
    for path, status in PAGES.items():
        yield f"    @{status} expression `{{err.status_code}} == {status}`"
        yield f"    handle @{status} {{"
        yield f"        rewrite * {_quoted_by_caddy(f'{root}/{path}')}"
        yield f'        header Content-Type "{HTML}"'
        yield "        file_server"
        yield "    }"
    yield "}"


def _caddy_matching(pattern: str, actions: Iterable[str]) -> Iterator[str]:
    """Yield what Caddy does where a pattern matches the whole path."""
    name = f"@feeds_{digest(pattern)[:8]}"
    yield f"    {name} path_regexp feeds {_quoted_by_caddy(f'^{pattern}$')}"
    yield f"    route {name} {{"
    yield from (f"        {action}" for action in actions)
    yield "    }"


def _quoted_by_caddy(text: str) -> str:
    """Return a token of a Caddyfile, in which a backslash stands for itself."""
    escaped = text.replace('"', '\\"')
    return f'"{escaped}"'


def _location(matching: str, directives: Iterable[str]) -> Iterator[str]:
    yield f"location {matching} {{"
    yield from (
        f"    {directive}{'' if directive.endswith('}') else ';'}" for directive in directives
    )
    yield "}"


def _typed(media_type: str, config: Config) -> list[str]:
    # An empty table, so that the default is what every file here is.
    added = [f'add_header {name} "{value}"' for name, value in _always(media_type, config)]
    return ["types { }", f'default_type "{media_type}"', *added]


def _always(media_type: str, config: Config) -> Iterator[tuple[str, str]]:
    # The rules follow from the config alone, so that those of the fastest feed hold for all.
    yield "Cache-Control", cache_control(config.feeds.fastest * 60)
    yield from ALWAYS
    yield from OF_PAGES if media_type == HTML else ()


def _types(config: Config) -> dict[str, str]:
    """Return the media type of each kind of document, by the end of its name."""
    formats: dict[str, str] = {name: format_named(name).MEDIA_TYPE for name in config.feeds.formats}
    others = {"opml": LISTS[OPML], "schema": jsonschema.MEDIA_TYPE, **ASSET_TYPES}
    return {"html": HTML, **formats, **others}


def _root(config: Config) -> str:
    """Return the path of the site's address, without what is a pattern in the rules."""
    return urlsplit(config.site.base_url).path.replace("*", "%2A").replace(":", "%3A")


def _quoted(text: str) -> str:
    """Return a word of nginx's config."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _target(address: str) -> str:
    # In an address to lead to, nginx takes a dollar sign for the start of a variable, and has no
    # escape for it.
    return address.replace("$", "%24")
