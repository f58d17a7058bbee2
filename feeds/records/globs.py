"""The one grammar of globs: `*` and `?` stand for no slash, `**/` for any folders or none, `**` for
anything, `[ab]` for one of these characters and `[!ab]` for another one.  Pure.

In: a glob. Out: a regular expression, or the globs that say the same of a folder. Not here: with
what a glob is compared (sources.folder, mapping).
"""

import re
from collections.abc import Iterator

TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[[!^]?\]?[^\]]*\]|.", re.DOTALL)
WILD = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def regex(glob: str) -> str:
    """Return the regular expression of a glob."""
    return "".join(WILD.get(token) or _one(token) for token in TOKEN.findall(glob))


def _one(token: str) -> str:
    """Return the expression of a character, or of one of several."""
    if len(token) == 1:
        return re.escape(token)
    is_other = token[1] in "!^"
    among = re.sub(r"[\\\[\]^&~|]|--", r"\\\g<0>", token[2 if is_other else 1 : -1])
    one = f"(?!/)[{'^' if is_other else ''}{among}]"
    try:
        re.compile(one)
    except re.error:  # a range that ends before it begins: it stands for itself
        return re.escape(token)
    return one


def escape(text: str) -> str:
    """Return the glob of a text that stands for itself."""
    return re.sub(r"[*?[]", r"[\g<0>]", text)


BRACES = re.compile(r"\{([^{}]*)\}")
LONGEST, MOST_STARS, MOST_BRACES, MOST_COMMAS = 255, 4, 2, 20  # of a glob of others

Tokens = tuple[str, ...]


def is_usual(glob: str) -> bool:
    """Tell whether a glob of others is short enough that to take it apart costs little."""
    is_short = len(glob) <= LONGEST and len(re.findall(r"\*+", glob)) <= MOST_STARS
    return is_short and glob.count("{") <= MOST_BRACES and glob.count(",") <= MOST_COMMAS


def alternatives(glob: str) -> list[str]:
    """Return the globs that a usual glob with `{a,b}` stands for."""
    if (braces := BRACES.search(glob)) is None:
        return [glob]
    before, after_it = glob[: braces.start()], glob[braces.end() :]
    each = [alternatives(f"{before}{one}{after_it}") for one in braces[1].split(",")]
    return [glob for globs in each for glob in globs]


def below(glob: str, folder: str) -> list[str]:
    """Return the globs that say of paths in a folder what a glob says of paths from the top: `**`
    alone where it finds the folder, or one above it."""
    folders = folder.split("/") if folder else []
    above = ["/".join(folders[:number]) for number in range(1, len(folders) + 1)]
    if any(re.fullmatch(regex(glob), path, re.DOTALL) for path in above):
        return ["**"]
    rests = after(tuple(TOKEN.findall(glob)), "".join(f"{one}/" for one in folders))
    return ["".join(rest) for rest in sorted(rests) if rest]


def after(tokens: Tokens, text: str) -> set[Tokens]:
    """Return what is left of a glob after each way in which it begins with a text."""
    ways = {tokens}
    for character in text:
        ways = {rest for way in ways for rest in _after_one(way, character)}
    return ways


def _after_one(tokens: Tokens, character: str) -> Iterator[Tokens]:
    if not tokens:
        return
    first, rest = tokens[0], tokens[1:]
    if first == "**/":
        yield from _after_one(rest, character)
        yield from _after_one(("**", "/", *rest), character)
    elif first in ("*", "**"):
        if first == "**" or character != "/":
            yield tokens
        yield from _after_one(rest, character)
    elif re.fullmatch(regex(first), character):
        yield rest
