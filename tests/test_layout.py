"""The layout as data: a module imports only from rooms before its own, and one library has one
room."""

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.make import ROOT

PACKAGE = ROOT / "feeds"

# Rooms in the order in which data passes them.
ROOMS = [
    "errors",
    "urls",
    "model",
    "taxonomies",
    "formats",
    "executor",
    "records",
    "sources",
    "config",
    "importers",
    "ids",
    "store",
    "selection",
    "render",
    "ingest",
    "documents",
    "build",
    "serve",
    "doctor",
    "cli",
    "__main__",
]

# Which modules may import a third-party library, or `sqlite3`; `cli.*` is a whole room.
LIBRARIES = {
    "anyio": {"doctor.client"},
    "brotli": {"doctor.client", "documents.http_messages"},
    "click": {"cli.*"},
    "feedgen": {"render.xml"},
    "flask": {"serve.app"},
    "granian": {"serve.server"},
    "httpx": {"doctor.client"},
    "idna": {"urls"},
    "jinja2": {"render.html"},
    "lxml": {"doctor.site", "render.xml"},
    "linkify_it": {"records.markdown"},
    "markdown_it": {"records.markdown"},
    "mdit_py_plugins": {"records.markdown"},
    "markupsafe": {"render.html"},
    "nh3": {"records.markup", "records.passages"},
    "pydantic": {"config.*"},
    "pydantic_core": {"config.*", "store.rows"},
    "rich": {"cli.*"},
    "selectolax": {"records.embeds", "records.page"},
    "sqlalchemy": {"store.*"},
    "sqlite3": {"store.*"},
    "watchfiles": {"serve.live"},
    "werkzeug": {"serve.app"},
    "yaml": {"records.full_parser"},
    "zstandard": {"documents.http_messages"},
}

MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(file: Path) -> str:
    """`records.values` for feeds/records/shape.py, `records` for the room itself."""
    return ".".join(file.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def imports_of(file: Path) -> Iterator[str]:
    """The full name of every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    "file", [file for file in MODULES if name_of(file) != "__init__"], ids=name_of
)
def test_a_module_imports_only_from_rooms_before_its_own(file: Path) -> None:
    own = ROOMS.index(name_of(file).partition(".")[0])
    for imported in imports_of(file):
        if imported.startswith("feeds.") and imported.split(".")[1] != "__version__":
            assert ROOMS.index(imported.split(".")[1]) <= own, f"{imported} comes later"


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_a_library_has_one_room(file: Path) -> None:
    room = name_of(file).partition(".")[0]
    for imported in imports_of(file):
        library = imported.partition(".")[0]
        if library == "feeds" or library in sys.stdlib_module_names - LIBRARIES.keys():
            continue
        assert library in LIBRARIES, f"{library} is not known here: which room is it for?"
        assert {name_of(file), f"{room}.*"} & LIBRARIES[library], f"{library} is not for {file}"


def test_every_room_is_in_the_order() -> None:
    assert {name_of(file).partition(".")[0] for file in MODULES} - {"__init__"} == set(ROOMS)


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_a_module_says_what_it_holds(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", MODULES, ids=name_of)
def test_everything_public_says_what_it_does(file: Path) -> None:
    for node in public_definitions(ast.parse(file.read_text(encoding="utf-8"))):
        assert ast.get_docstring(node), f"{node.name} has no docstring"


def test_pytest_passes_over_no_folder_of_tests(pytestconfig: pytest.Config) -> None:
    passed_over = pytestconfig.getini("norecursedirs")
    for file in (ROOT / "tests").rglob("test_*.py"):
        folders = file.relative_to(ROOT).parent.parts
        assert not any(fnmatch(name, pattern) for name in folders for pattern in passed_over), file


def public_definitions(node: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Functions, classes and methods without an underscore, not those inside a function."""
    for inner in node.body:
        if isinstance(inner, ast.FunctionDef | ast.ClassDef) and not inner.name.startswith("_"):
            yield inner
            if isinstance(inner, ast.ClassDef):
                yield from public_definitions(inner)
