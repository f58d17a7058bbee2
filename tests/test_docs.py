"""The docs name every key that there is, and no key that there is not."""

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from feeds.config import REMOVED_KEYS, Config, load_config
from feeds.config.feeds import Naming
from feeds.records.keys import IMAGE, OF_PROVIDER, RECORD, RELATED, Key
from feeds.taxonomies import TAXONOMIES
from tests import make

DOCS = make.ROOT / "docs"


def sections() -> dict[str, type[BaseModel]]:
    """The sections of config.toml, by name."""
    types = {
        name: field.annotation for name, field in Config.model_fields.items() if name != "file"
    }
    # A tuple of a model is an array of tables, [[feed]].
    models = {name: (get_args(kind) or (kind,))[0] for name, kind in types.items()}
    return {
        name: kind
        for name, kind in models.items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }


SETTINGS = [(section, key) for section, model in sections().items() for key in model.model_fields]


def as_documented(default: Any) -> str:
    """A default as a table shows it: as TOML writes it, `none`, or that there is none and a value
    is required."""
    if default is PydanticUndefined:
        return "required"
    if default in (None, ""):
        return "none"
    value = str(default) if isinstance(default, Path) else default
    # text, whole numbers and lists of text look the same in JSON and TOML
    return f"`{json.dumps(value)}`"


def table(text: str, heading: str) -> dict[str, list[str]]:
    """The rows of the table with this first heading, by each key that their first cell names; the
    other cells."""
    found: dict[str, list[str]] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"| {heading} |"):
            next(lines)
            break
    for line in lines:
        if not line.startswith("|"):
            break
        first, *others = (cell.strip() for cell in line.strip("|").split("|"))
        found.update({key: others for key in re.findall(r"`(\w+)`", first)})
    return found


def settings_of(section: str) -> dict[str, list[str]]:
    """The rows of docs/config.md below the heading of a section."""
    parts = re.split(
        r"^## \[\[?(\w+)\]\]?$",
        (DOCS / "config.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    return table(dict(zip(parts[1::2], parts[2::2], strict=True))[section], "key")


@pytest.mark.parametrize(("section", "key"), SETTINGS, ids=[".".join(names) for names in SETTINGS])
def test_a_config_key_is_documented_with_its_default(section: str, key: str) -> None:
    default = sections()[section].model_fields[key].get_default(call_default_factory=True)
    assert settings_of(section)[key][0] == as_documented(default)


@pytest.mark.parametrize("section", sections())
def test_no_config_key_is_documented_that_there_is_not(section: str) -> None:
    assert set(settings_of(section)) == set(sections()[section].model_fields)


def test_a_removed_config_key_is_documented_as_one() -> None:
    text = (DOCS / "config.md").read_text(encoding="utf-8")
    (removed,) = re.findall(r"no longer does anything.*?Delete it", text, re.DOTALL)
    assert set(re.findall(r"`(\w+)\.(\w+)`", removed)) == set(REMOVED_KEYS)
    assert not REMOVED_KEYS.keys() & set(SETTINGS)


def test_the_keys_of_a_name_are_documented_with_their_defaults() -> None:
    text = (DOCS / "config.md").read_text(encoding="utf-8")
    documented = {key: cells[0] for key, cells in table(text, "key of a name").items()}
    fields = Naming.model_fields
    assert documented == {key: as_documented(field.get_default()) for key, field in fields.items()}
    assert all(f"[{kind}." in text for kind in TAXONOMIES)


def test_the_config_of_the_repository_names_documented_keys_alone() -> None:
    load_config(make.ROOT / "config.toml")
    data = tomllib.loads((make.ROOT / "config.toml").read_text(encoding="utf-8"))
    for section, values in data.items():
        for one in values if isinstance(values, list) else [values]:
            assert set(one) <= set(settings_of(section))


def test_the_own_feed_shown_in_the_docs_is_a_good_one(tmp_path: Path) -> None:
    text = (DOCS / "config.md").read_text(encoding="utf-8").partition("\n## [[feed]]\n")[2]
    shown = re.search(r"```toml\n(.*?)```", text, re.DOTALL)
    assert shown is not None
    [rule] = make.site(tmp_path, {}, shown[1]).rules
    assert rule.any_of == (("topics/ai", "topics/computer-vision"),)
    assert rule.none_of == ("providers/example.org",)


def key_table(heading: str, keys: Sequence[Key], places: Sequence[str]) -> str:
    """The table of keys as docs/records.md has it; `places` are the columns that say where a value
    is shown."""
    columns = [heading, "required", "type", *places]
    rows = [columns]
    for key in keys:
        shown = [key.rss, key.atom][: len(places)]
        required = "yes" if key.required else ""
        rows.append([f"`{key.name}`", required, key.type.name + key.note, *shown])
    first, *others = [f"| {' | '.join(row)} |\n".replace("|  |", "| |") for row in rows]
    return "".join([first, "|---" * len(columns), "|\n", *others])


@pytest.mark.parametrize(
    ("heading", "keys", "places"),
    [
        ("key", RECORD, ["in RSS", "in Atom"]),
        ("key of `provider`", OF_PROVIDER.keys, ["becomes"]),
        ("key of an image", IMAGE.keys, ["becomes, in `media:content`"]),
        ("key of a related item", RELATED.keys, []),
    ],
)
def test_the_tables_of_record_keys_are_those_of_the_code(
    heading: str, keys: Sequence[Key], places: Sequence[str]
) -> None:
    assert key_table(heading, keys, places) in (DOCS / "records.md").read_text(encoding="utf-8")


def test_secured_is_documented() -> None:
    assert "secured" in table((DOCS / "records.md").read_text(encoding="utf-8"), "key")


@pytest.mark.parametrize(
    "place",
    [make.ROOT / "README.md", make.ROOT / "SECURITY.md", *sorted(DOCS.glob("*.md"))],
    ids=lambda place: place.name,
)
def test_a_link_between_docs_leads_to_a_file(place: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#)([^)#\s]+)", place.read_text(encoding="utf-8")):
        assert (place.parent / target).is_file(), target


def test_each_promise_about_security_names_tests_that_hold_it() -> None:
    text = (make.ROOT / "SECURITY.md").read_text(encoding="utf-8")
    rows = [line.split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10
    for promise, holders in rows:
        tests = re.findall(r"`([^`]+)`", holders)
        assert tests, promise
        assert all((make.ROOT / test).is_file() for test in tests), holders


def test_links_from_security_lead_to_headings() -> None:
    text = (make.ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for page, anchor in re.findall(r"\]\(([\w/.]+)#([\w-]+)\)", text):
        headings = re.findall(r"^#+ (.*)$", (make.ROOT / page).read_text(encoding="utf-8"), re.M)
        assert anchor in [re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings]


def test_the_same_versions_of_python_are_named_everywhere() -> None:
    classifiers = tomllib.loads((make.ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]["classifiers"]
    versions = [
        text.rpartition(" ")[2] for text in classifiers if re.search(r":: Python :: 3\.", text)
    ]
    assert len(versions) > 1
    *others, last = versions
    assert f"Python {', '.join(others)} or {last} " in (make.ROOT / "README.md").read_text(
        encoding="utf-8"
    )
    assert f"for version in {' '.join(versions)};" in (make.ROOT / ".ci" / "run").read_text(
        encoding="utf-8"
    )


def test_the_map_names_every_room() -> None:
    text = (DOCS / "contributing.md").read_text(encoding="utf-8")
    rooms = {path.name for path in (make.ROOT / "feeds").iterdir() if path.is_dir()}
    assert set(re.findall(r"^\| `(\w+)/`", text, re.M)) == rooms - {"__pycache__"}


def test_what_formats_are_said_to_hold_stands_in_feeds(tmp_path: Path) -> None:
    golden = {
        case: (make.ROOT / "tests" / "golden" / case / "record.md").read_text()
        for case in ("real", "body")
    }
    records = {f"{case}.md": text for case, text in golden.items()} | {"other.md": make.record(7)}
    keys = {
        "images": "[{url: 'https://example.org/large.jpg', width: 900, height: 600, length: 12345, alt: Words},"
        " {url: 'https://example.org/large-300x200.jpg'}]",
        "related": "[{webUrl: 'https://other.example/1', title: 'Elsewhere', provider: {domain: other.example}}]",
        "originalUrl": "https://example.org/original",
    }
    records["whole.md"] = make.record(8, body="Words.", **keys)
    config = make.site(
        tmp_path, dict(records), 'hubs = ["https://hub.example/"]\n[feeds]\nlimit = 1\n'
    )
    make.run("build", cwd=tmp_path, check=None)
    files = make.tree(config.output_folder)
    endings = {"rss": ".rss", "atom": ".atom", "json": ".json"}
    texts = {
        name: b"".join(some for path, some in files.items() if path.endswith(end))
        for name, end in endings.items()
    }
    tables = (DOCS / "formats.md").read_text().split("## An entry")[1]
    rows = [line.split("|")[1:-1] for line in tables.splitlines() if line.startswith("|")]
    assert len(rows) > 20
    for _, *cells in rows:
        for name, cell in zip(endings, cells, strict=True):
            for word in re.findall(r"`([^`]+)`", cell):
                wanted = word if "=" in word else f'"{word}":' if name == "json" else f"<{word}"
                assert wanted.encode() in texts[name], (name, word)
