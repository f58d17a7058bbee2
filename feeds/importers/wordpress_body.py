"""The content of a post of WordPress as HTML.

In: content as an export has it, and the pictures of attachments. Out: HTML in which shortcodes of
WordPress itself are elements, addresses alone on a line are links, and lines of the classic editor
are paragraphs. Other shortcodes are taken out. All of it is linear in the length of the content.
Not here: cleaning (records/markup).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import NamedTuple
from urllib.parse import urlsplit

BLOCK_COMMENT = re.compile(r"<!--\s*/?wp:[^<]*?-->")
SHORTCODE = re.compile(r"\[(/?)([A-Za-z][\w-]{0,40})(?![\w-])([^\[\]]*)\]")
ATTRIBUTE = re.compile(r"""(?<![\w-])([\w-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'/]+))""")
ADDRESS = re.compile(r"https?://[^\s<>\"'\[\]]{3,2000}")
LINE_OF_ADDRESS = re.compile(r"(?m)^[ \t]*(https?://[^\s<>\"'\[\]]{3,2000})[ \t]*$")
PREFORMATTED = re.compile(r"(<pre\b(?:(?!<pre\b).)*?</pre>)", re.DOTALL | re.IGNORECASE)
PICTURE_OF_CAPTION = re.compile(r"\s*((?:<a\b[^<>]*>\s*)?<img\b[^<>]*>(?:\s*</a>)?)", re.IGNORECASE)
SOURCE = re.compile(r"""<img\b[^<>]*?\ssrc=["']([^"'<>]*)""", re.IGNORECASE)
SIZE = re.compile(r"-(?:\d+x\d+|scaled)(?=\.\w+$)")
# The elements that are no part of a paragraph (wpautop).
BLOCK = re.compile(
    r"<!--|</?(?:address|area|article|aside|audio|blockquote|caption|col|colgroup|dd|details|div|dl"
    r"|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hgroup|hr|legend|li|map|menu|nav|ol"
    r"|p|pre|section|style|summary|table|tbody|td|tfoot|th|thead|tr|ul|video)\b",
    re.IGNORECASE,
)
CODE = ("code", "sourcecode", "source")
MEDIA = {
    "audio": ("src", "mp3", "m4a", "ogg", "wav", "flac"),
    "video": ("src", "mp4", "m4v", "webm", "ogv", "flv"),
}
ENCLOSING = ("caption", "wp_caption", "embed", *CODE)


class Picture(NamedTuple):
    """A picture that is attached to a post."""

    url: str
    alt: str


class Body(NamedTuple):
    """The HTML of a post; `left` tells whether shortcodes were taken out of it."""

    html: str
    left: bool


def body_of(content: str, pictures: Mapping[str, Picture], own: Iterable[str]) -> Body:
    """Return content as HTML.  `pictures` are attachments by number, `own` the numbers of those
    that belong to the post."""
    is_classic = BLOCK_COMMENT.search(content) is None
    shortcodes = _Shortcodes(BLOCK_COMMENT.sub("", content), pictures, own)
    parts = PREFORMATTED.split("".join(shortcodes.replaced()).strip())
    made = [part if n % 2 else _text(part, is_classic) for n, part in enumerate(parts)]
    html = ("\n" if is_classic else "").join(made).strip()
    return Body(html if not html or BLOCK.match(html) else f"<div>{html}</div>", shortcodes.left)


def enclosure(text: str) -> str:
    """Return the enclosure of a podcast, its address, length and type in lines, as HTML."""
    address, _, more = text.strip().partition("\n")
    kind = more.strip().rpartition("\n")[2].partition("/")[0]
    if not ADDRESS.fullmatch(address.strip()):
        return ""
    return _media(kind, address.strip()) if kind in MEDIA else _link(address.strip())


def shows_later(html: str, address: str) -> bool:
    """Tell whether a picture is in HTML, perhaps in another size, but not the first one there."""
    found = [SIZE.sub("", source) for source in SOURCE.findall(html)]
    wanted = SIZE.sub("", address)
    return wanted in found and found[0] != wanted


def _text(text: str, is_classic: bool) -> str:
    linked = LINE_OF_ADDRESS.sub(lambda match: f"\n\n{_link(match[1])}\n\n", text)
    if not is_classic:
        return linked
    chunks = (chunk.strip() for chunk in re.split(r"\n\s*\n", linked))
    return "\n".join(
        chunk if BLOCK.match(chunk) else "<p>{}</p>".format(chunk.replace("\n", "<br>\n"))
        for chunk in chunks
        if chunk
    )


def _link(address: str) -> str:
    try:
        host = (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        host = ""
    label = host or address
    return f'<p><a href="{escape(address)}">{escape(label, quote=False)}</a></p>'


def _media(kind: str, address: str) -> str:
    return f'<p><{kind} controls src="{escape(address)}"></{kind}></p>'


class _Shortcodes:
    """The shortcodes of a text, each replaced by what it shows."""

    def __init__(self, text: str, pictures: Mapping[str, Picture], own: Iterable[str]) -> None:
        self._text, self._pictures = text, pictures
        self._unshown = dict.fromkeys(own)  # pictures of the post that no gallery has shown
        self._shown: set[str] = set()
        self._codes = list(SHORTCODE.finditer(text))
        self._closed = {code[2].lower() for code in self._codes if code[1]}
        self.left = False

    def replaced(self) -> Iterator[str]:
        """Yield the text in pieces."""
        ends = self._ends()
        at = 0
        for code, end in zip(self._codes, ends, strict=True):
            is_escaped = self._text[code.start() - 1 : code.start()] == "["
            if code.start() < at or is_escaped:
                continue  # within what an earlier one encloses, or in brackets that show it
            shown = self._shown_by(code, end)
            if shown is None:
                continue
            yield self._text[at : code.start()]
            yield shown
            at = end.end() if end is not None else code.end()
        yield self._text[at:]

    def _ends(self) -> list[re.Match[str] | None]:
        """Return for each shortcode the one that closes it, where it encloses text."""
        ends: list[re.Match[str] | None] = []
        closing: dict[str, re.Match[str]] = {}
        for code in reversed(self._codes):
            name = code[2].lower()
            ends.append(closing.get(name) if name in ENCLOSING and not code[1] else None)
            if code[1]:
                closing[name] = code
        return ends[::-1]

    def _shown_by(self, code: re.Match[str], end: re.Match[str] | None) -> str | None:
        """Return what a shortcode shows; None for text in brackets that is none."""
        name, rest = code[2].lower(), code[3]
        inner = self._text[code.end() : end.start()] if end is not None else ""
        values = {key.lower(): a or b or c for key, a, b, c in ATTRIBUTE.findall(rest)}
        if name in CODE and end is not None:
            plain = inner.strip("\r\n").replace("<", "&lt;").replace(">", "&gt;")
            return f"\n\n<pre><code>{plain}</code></pre>\n\n"
        if name in ("caption", "wp_caption") and end is not None:
            return _figure(inner, values.get("caption", ""))
        if name == "gallery":
            return self._gallery(values.get("ids") or values.get("include"))
        if name in MEDIA and (found := next(filter(None, map(values.get, MEDIA[name])), "")):
            return f"\n\n{_media(name, found)}\n\n"
        if not code[1] and (address := ADDRESS.search(inner if name == "embed" else rest)):
            is_of_address = name in ("embed", "youtube", "vimeo", "soundcloud", "wpvideo")
            if is_of_address or "url" in values or "src" in values:
                return f"\n\n{_link(address[0])}\n\n"
        is_known = name in (*ENCLOSING, *MEDIA, "playlist")
        if values or is_known or rest.strip() == "/" or name in self._closed:
            self.left |= name not in ENCLOSING
            return ""
        return None

    def _gallery(self, numbers: str | None) -> str:
        chosen = re.findall(r"\d{1,20}", numbers) if numbers else list(self._unshown)
        images = []
        for number in chosen:
            picture = self._pictures.get(number)
            if picture is not None and number not in self._shown:
                self._shown.add(number)  # once, so that no post grows beyond its pictures
                self._unshown.pop(number, None)
                alt = escape(picture.alt)
                images.append(f'<figure><img src="{escape(picture.url)}" alt="{alt}"></figure>')
        return f"\n\n<figure>{''.join(images)}</figure>\n\n" if images else ""


def _figure(inner: str, caption: str) -> str:
    """Return a picture with its caption, which follows it or is an attribute."""
    match = PICTURE_OF_CAPTION.match(inner)
    if match is None:
        return inner
    text = inner[match.end() :].strip() or caption
    label = f"<figcaption>{text}</figcaption>" if text else ""
    return f"\n\n<figure>{match[1]}{label}</figure>\n\n"
