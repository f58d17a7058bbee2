"""Hold names, docstrings and comments to plain modern English.

Messages to users are strings, and no matter of these tests.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.make import ROOT

# Words that are wrong in every sense, as patterns of all their forms, and what to say instead.
# A word that is right in some sense (look, mark, room, draft, tell) is no matter for a list.
WRONG = {
    r"afresh|anew": "again; rebuild, recompute",
    r"amiss": "wrong",
    r"aright": "correctly",
    r"edition(s|ed)?": "document version",
    r"heed(s|ed|ing)?": "follow, respect",
    r"hither(to)?|thither|whither": "here, there, where",
    r"homes": "memberships",
    r"lest": "so that … not",
    r"mend(s|ed|ing)?": "fix, correct, repair",
    r"mint(s|ed|ing)?": "assign an id",
    r"naught|nought": "nothing, zero",
    r"rhythms?": "update frequency",
    r"settl(e|es|ed|ing|ement)": "refresh visibility; apply; end",
    r"shel(f|ves)": "response cache",
    r"stencils?": "compiled template",
    r"stir(s|red|ring)?": "refresh",
    r"tall(y|ies|ied)": "count",
    r"thence|whence": "from there, from where",
    r"told": "passed, given, reported, known",
    r"upcoming": "scheduled",
}

# How a docstring begins that names something instead of stating what is done.
NOUN_CLAUSE = re.compile(
    r"(What|Whatever|Whether|Who|Whoever|Whom|Whose|Which|Whichever|How|That|Where|When|Why)\b"
)

LONGEST_LINE = 100

PACKAGE = ROOT / "feeds"
Said = tuple[int, str]  # a line, and what is written there


def modules_below(folder: Path) -> list[Path]:
    """Return the modules below a folder, without this one."""
    return [file for file in sorted(folder.rglob("*.py")) if file != Path(__file__)]


MODULES = modules_below(PACKAGE)
TESTS = [*modules_below(ROOT / "tests"), *modules_below(ROOT / "benchmarks")]


def short(file: Path) -> str:
    """Return the path of a file below the root."""
    return str(file.relative_to(ROOT))


def docstrings(tree: ast.Module) -> Iterator[Said]:
    """Yield each docstring of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text


def comments(source: str) -> Iterator[Said]:
    """Yield each comment of a module."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def names(tree: ast.Module) -> Iterator[Said]:
    """Yield each name that a module defines: functions, classes, arguments and variables."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id if isinstance(node, ast.Name) else node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.lineno, node.asname
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.lineno, node.name


def words_of(text: str) -> list[str]:
    """Return the words of a text or a name in small letters: `Told` and `told` of `ToldOnce`."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text)]


def wrong_words(texts: list[Said]) -> list[str]:
    """Return a line for each wrong word in some texts."""
    return [
        f"line {line}: {word!r}; say: {instead}"
        for line, text in texts
        for word in words_of(text)
        for wrong, instead in WRONG.items()
        if re.fullmatch(wrong, word)
    ]


@pytest.mark.parametrize("file", MODULES, ids=short)
def test_names_docstrings_and_comments_have_no_wrong_word(file: Path) -> None:
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source)
    path = (1, "_".join(file.relative_to(PACKAGE).with_suffix("").parts))
    found = [path, *names(tree), *docstrings(tree), *comments(source)]
    assert wrong_words(found) == []


@pytest.mark.parametrize("file", TESTS, ids=short)
def test_names_and_docstrings_of_tests_have_no_wrong_word(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    path = (1, "_".join(file.relative_to(ROOT).with_suffix("").parts))
    assert wrong_words([path, *names(tree), *docstrings(tree)]) == []


@pytest.mark.parametrize("file", MODULES, ids=short)
def test_docstrings_are_statements(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert [one for one in docstrings(tree) if NOUN_CLAUSE.match(one[1])] == []


@pytest.mark.parametrize("file", MODULES, ids=short)
def test_no_line_is_too_long(file: Path) -> None:
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    assert [number for number, line in lines if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("was_told", ["was", "told"]),
        ("ToldOnce", ["told", "once"]),
        ("MOST_SETTLED", ["most", "settled"]),
        ("HTMLMender, mended!", ["html", "mender", "mended"]),
    ],
)
def test_names_are_split_into_words(text: str, words: list[str]) -> None:
    assert words_of(text) == words
