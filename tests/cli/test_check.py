"""`feeds check` as an editor, an editor's program and CI meet it."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests import make
from tests.test_canaries import HIDDEN, OWN, SECURED, UNPUBLISHED, VISIBLE, found

KELP = """\
---
titel: "東京 and \\e]0;owned\\a maps"
webUrl: "kelp.example/maps"
publishedDateTime: 2026-13-04
published: ture
provider: {name: Kelp, domain: "https://kelp.example/"}
images:
  - url: "https://kelp.example/kelp.jpg"
    width: "1600"
---
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make.site(tmp_path, {"1.md": make.record(1), "kelp.md": KELP})
    return tmp_path


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What a person sees of a check of such a folder."""
    folder = tmp_path_factory.mktemp("kelp")
    make.site(folder, {"1.md": make.record(1), "kelp.md": KELP})
    return make.unstyled(make.watched("check", cwd=folder, check=1))


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with secured words, which no test changes."""
    folder = tmp_path_factory.mktemp("secured")
    make.site(folder, {**VISIBLE, **HIDDEN}, OWN)
    return folder


def test_a_fault_is_shown_with_its_line_a_mark_under_the_value_and_a_hint(shown: str) -> None:
    assert (
        "error: webUrl: expected an http or https address\\n"
        " --> seeds/kelp.md:3:9\\n"
        "  |\\n"
        '3 | webUrl: "kelp.example/maps"\\n'
        "  |         ^^^^^^^^^^^^^^^^^^^\\n"
        "  = the record is left out\\n"
        "  = hint: did you mean https://kelp.example/maps?\\n"
    ).replace("\\n", "\n") in shown
    docs = (make.ROOT / "docs/commands.md").read_text(encoding="utf-8")
    assert docs.partition("```text\nerror: ")[2].partition("```")[0] in shown
    assert '9 |     width: "1600"\n  |            ^^^^^^\n  = this part is left out' in shown
    assert '6 | provider: {name: Kelp, domain: "https://kelp.example/"}\n' in shown
    assert "  |                                ^^^^^^^^^^^^^^^^^^^^^^^\n" in shown
    assert "2 records, 1 with faults: 5 errors, 1 warning." in shown


def test_a_key_that_is_missing_is_shown_where_it_is_misspelled_and_only_there(shown: str) -> None:
    assert "  | ^^^^^\n  = the record is left out\n  = hint: did you mean title?\n" in shown
    assert shown.count("titel:") == 1


def test_the_summary_leads_to_where_a_fault_is_shown(folder: Path) -> None:
    text = make.record(2).replace("publishedDateTime:", "publishDateTime:")
    make.write(folder / "seeds/2.md", text)
    place = f"seeds/2.md:{text[: text.index('publishDateTime')].count(chr(10)) + 1}:1"
    make.write(folder / "seeds/kelp.md", KELP.replace("2026-13-04", "2026-11-04"))
    shown = make.unstyled(make.watched("check", cwd=folder, columns=120, check=1))
    assert f" --> {place}\n" in shown
    (row,) = (line for line in shown.splitlines() if line.startswith("1  publishedDateTime: "))
    assert row.split()[-1] == place


def test_a_line_cannot_steer_the_terminal(folder: Path) -> None:
    make.write(folder / "seeds/2.md", make.record(2, quality="'\x1b]0;owned\x07 \u202eabc'"))
    shown = make.watched("check", cwd=folder, check=1)
    assert "\x1b]0;" not in shown and "\x07" not in shown and "\u202e" not in shown


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_long_line_is_cut_around_the_value(tmp_path: Path, columns: int) -> None:
    images = ", ".join(f"{{url: 'https://example.org/東京-{n}.png', width: 3}}" for n in range(50))
    long = f"[{images}, {{url: nowhere}}, {images}] # {'long ' * 20_000}"
    make.site(tmp_path, {"1.md": make.record(1, images=long)})
    lines = make.unstyled(
        make.watched("check", cwd=tmp_path, columns=columns, check=1)
    ).splitlines()
    (at,) = (number for number, line in enumerate(lines) if "nowhere" in line and "|" in line)
    from rich.cells import cell_len

    assert cell_len(lines[at]) <= columns
    start = lines[at + 1].index("^^^^^^^")
    assert cell_len(lines[at][: lines[at].index("nowhere")]) == start


def test_thousands_of_faults_stay_readable(tmp_path: Path) -> None:
    config = make.site(tmp_path, {})
    for n in range(1000):
        bad = make.record(n, title=None, excerpt=None, webUrl="nowhere", quality="'3'", heat="x")
        make.write(config.records_folder / f"{n:04}.md", bad)
    shown = make.unstyled(make.watched("check", cwd=tmp_path, check=1))
    assert len(shown.splitlines()) < 150
    assert "… and 3988 more faults like these; --all shows them." in shown
    for key in ("title", "webUrl", "quality", "heat"):
        (row,) = (line for line in shown.splitlines() if line.startswith(f"1,000  {key}: "))
        assert "in 1000 records" in row and "seeds/0000.md:" in row
    assert "1000 records, 1000 with faults: 2000 errors, 2000 warnings." in shown
    for n in range(100, 1000):
        (config.records_folder / f"{n:04}.md").unlink()
    every = make.invoke("check", "--format", "text", "--all", cwd=tmp_path, check=1).stdout
    assert every.count("-->") == 400
    assert len(make.invoke("check", cwd=tmp_path, check=1).stdout.splitlines()) == 400


def test_all_is_well_in_one_line(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1)})
    assert make.unstyled(make.watched("check", cwd=tmp_path)) == "1 record, none with faults.\n"


def test_json_is_one_array_of_what_a_program_needs(folder: Path) -> None:
    found = json.loads(make.invoke("check", "--format", "json", cwd=folder, check=1).stdout)
    assert {"path", "line", "column", "level", "key", "expected", "got", "hint"} == set(found[0])
    assert {
        "path": "seeds/kelp.md",
        "line": 5,
        "column": 12,
        "level": "error",
        "key": "published",
        "expected": "true or false, without quotes",
        "got": "'ture'",
        "hint": "did you mean true?",
    } in found
    make.write(folder / "seeds/kelp.md", make.record(2))
    assert json.loads(make.invoke("check", "--format", "json", cwd=folder).stdout) == []


def test_github_gets_annotations_that_hold_any_text(folder: Path) -> None:
    make.write(folder / "seeds/a,b:c.md", make.record(2, category="'-'", images="['50% of\n  it']"))
    lines = make.invoke("check", "--format", "github", cwd=folder, check=1).stdout.splitlines()
    assert all(
        re.fullmatch(r"::(error|warning|notice) file=[^:]+,line=\d+,col=\d+,title=[^:,]+::.+", x)
        for x in lines
    )
    assert any("file=seeds/a%2Cb%3Ac.md,line=" in line for line in lines)
    assert any("50%25 of" in line for line in lines)


def test_paths_lead_from_where_the_command_runs(tmp_path: Path) -> None:
    make.site(tmp_path / "blog", {"1.md": make.record(1, title=None, excerpt=None)})
    done = make.invoke("check", "--config", "blog/config.toml", cwd=tmp_path, check=1)
    assert done.stdout.startswith("blog/seeds/1.md:2:1: title")


@pytest.mark.parametrize("form", ["text", "lines", "json", "github"])
def test_no_format_shows_a_word_that_is_secured(secured: Path, form: str) -> None:
    options = ["--all"] if form == "text" else []
    done = make.invoke("check", "--format", form, *options, cwd=secured, check=1)
    assert found(SECURED, done.stdout, done.stderr) == []
    # an editor sees what is not published yet
    assert form != "text" or found(UNPUBLISHED, done.stdout) != []


def test_a_record_that_goes_meanwhile_is_shown_without_its_line(folder: Path) -> None:
    shutil.copy(folder / "seeds/kelp.md", folder / "seeds/kelp\x07.md")
    assert "kelp\\x07.md" in make.unstyled(make.watched("check", cwd=folder, check=1))


@pytest.mark.parametrize(
    ("provider", "key"),
    [
        ('{ domain = { value = "a.example" }, name = ["authors.0.name", "x"] }', "authors.0.name"),
        ('"Author"', "Author"),
        ('{ domain = { value = "a.example" }, name = "site" }', ""),
        ('{ value = { domain = "a.example" } }', ""),
    ],
)
def test_a_provider_that_is_taken_from_an_author_is_warned_of(
    tmp_path: Path, provider: str, key: str
) -> None:
    post = "---\ntitle: A\nwebUrl: https://a.example/\npublishedDateTime: 2026-01-01\n---\n"
    make.site(tmp_path, {"a.md": post}, f"[records.fields]\nprovider = {provider}\n")
    said = make.invoke("check", cwd=tmp_path, check=None).stderr
    warning = f"warning: config.toml: records.fields.provider: {key} is who wrote an article"
    assert (warning in said) is bool(key)
    assert ("warning" in said) is bool(key)


def test_posts_with_shortcodes_that_were_left_out_are_counted(tmp_path: Path) -> None:
    records: dict[str, str | bytes] = {
        "1.md": make.record(1, body="{{< notice >}}a"),
        "2.md": make.record(2, body="{{< youtube A >}}"),
        "3.md": make.record(3, body="{{ a }}", published="false"),
        "4.md": make.record(4, body="{{ a }}", publishedDateTime="2100-01-01T00:00:00Z"),
    }
    make.site(tmp_path, records)
    said = make.invoke("build", cwd=tmp_path).stderr
    assert "1 post uses shortcodes that were left out." in said
    # what is not due is told to its editor alone
    said = make.invoke("check", cwd=tmp_path).stderr
    assert "2 posts use shortcodes that were left out." in said
