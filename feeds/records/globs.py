"""The one grammar of globs: `*` and `?` stand for no slash, `**/` for any folders or none, `**` for
anything, `[ab]` for one of these characters and `[!ab]` for another one.  Pure.

In: a glob. Out: a regular expression. Not here: with what a glob is compared (sources.folder,
mapping).
"""

import re

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
    among = re.sub(r"[\\\[\]^&~|]", r"\\\g<0>", token[2 if is_other else 1 : -1])
    one = f"(?!/)[{'^' if is_other else ''}{among}]"
    try:
        re.compile(one)
    except re.error:  # a range that ends before it begins: it stands for itself
        return re.escape(token)
    return one


def escape(text: str) -> str:
    """Return the glob of a text that stands for itself."""
    return re.sub(r"[*?[]", r"[\g<0>]", text)
