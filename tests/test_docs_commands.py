"""The commands in README.md and docs/: each is run as it stands there, or has a reason why it is
not."""

import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from feeds.config import load_config
from tests import make
from tests.importers.test_adopted import blog
from tests.serve.test_server import serving

PAGES = [make.ROOT / "README.md", *sorted((make.ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```\w*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = ("feeds", "make", ".venv/bin/python")

# Blocks that show what is wrong with what stands before them: each is run below, and must say what
# is shown.
FAULTY = {"README.md": "feeds check", "records.md": "feeds check", "config.md": "feeds build"}

# Sections whose commands are run below, one after the other, and must say what is shown.
PLAYED = {"start.md": ["A site"], "migrate.md": ["From Jekyll", "From Hugo", "From WordPress"]}

INSTALLS = "makes an environment from a registry, as the one in which the tests run was made"
MINUTES = (
    "takes minutes and a quiet machine; tests/test_benchmarks.py runs the program on a small corpus"
)
NOT_RUN = {
    "python3 -m venv ~/feeds": INSTALLS,
    "~/feeds/bin/pip install .": INSTALLS,
    'export PATH="$HOME/feeds/bin:$PATH"': INSTALLS,
    "make serve": INSTALLS + "; that make knows it is tested below",
    "make test": "runs this test; that make knows it is tested below",
    "make coverage": "runs this test",
    "feeds doctor https://feeds.example.org": "asks a public site; tests/doctor holds it against a served one",
    ".venv/bin/python benchmarks/build.py": MINUTES,
    ".venv/bin/python benchmarks/build.py --records 1000 --rounds 1": MINUTES,
    ".venv/bin/python benchmarks/growth.py --records 1000 3000 10000": MINUTES,
    ".venv/bin/python benchmarks/growth.py --plot docs/growth.svg --table docs/benchmarks.md": MINUTES,
    ".venv/bin/python benchmarks/reading.py": MINUTES,
    ".venv/bin/python benchmarks/serve.py": MINUTES,
    ".venv/bin/python benchmarks/serve.py --only speed --keep /tmp/serve": MINUTES,
    ".venv/bin/python benchmarks/live.py 100000 200": MINUTES,
}


def shown(text: str) -> Iterator[tuple[str, str]]:
    """The commands of a page with what they say: lines after `$` in fences, and indented ones
    without output."""
    for block in FENCED.findall(text):
        yield from re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    for line in re.findall(r"^    (.*)$", FENCED.sub("", text), re.MULTILINE):
        if line.startswith(tuple(f"{program} " for program in PROGRAMS)):
            yield re.split(r"\s+#", line)[0].strip(), ""


def section(page: str, heading: str) -> str:
    """A page from a heading on: to its end in start.md, whose steps follow each other, else to the
    next heading."""
    text = (make.ROOT / "docs" / page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2]
    return text if page == "start.md" else text.partition("\n## ")[0]


def faulty(page: str) -> tuple[str, str]:
    """The block of a page that shows what is wrong, and the last record in YAML before it."""
    text = next(one for one in PAGES if one.name == page).read_text(encoding="utf-8")
    [block] = [one for one in FENCED.findall(text) if one.startswith(f"$ {FAULTY[page]}\n")]
    records = re.findall(
        r"^```yaml\n(.*?)^```$", text.partition(block)[0], re.MULTILINE | re.DOTALL
    )
    return f"```\n{block}```\n", records[-1] if records else ""


def play(text: str, folder: Path, check: int = 0) -> int:
    """Run the commands of a text in a folder, hold what each says against what stands there, and
    count them."""
    count = 0
    for command, said in shown(text):
        program, *arguments = shlex.split(command)
        if program == "cd":
            folder = folder / arguments[0]
        elif arguments == ["serve"]:
            with serving(load_config(folder / "config.toml")) as service:
                assert service.get("/").status_code == 200
                assert (
                    re.sub(
                        r"(127\.0\.0\.1):\d+", r"\1:8000", service.out.read_text(encoding="utf-8")
                    )
                    == said
                )
        else:
            assert program == "feeds", command
            done = make.invoke(*arguments, cwd=folder, check=check)
            assert done.stdout + done.stderr == said, command
        count += 1
    return count


def test_the_five_minutes_go_as_described(tmp_path: Path) -> None:
    assert play(section("start.md", "A site"), tmp_path) == 6
    assert (tmp_path / "tidewater/public/topics/birds/feed.atom").is_file()


@pytest.mark.parametrize(("heading", "name"), [("From Jekyll", "jekyll"), ("From Hugo", "hugo")])
def test_a_blog_is_adopted_as_described(heading: str, name: str, tmp_path: Path) -> None:
    assert play(section("migrate.md", heading), blog(tmp_path / name, name)) == 3


def test_an_export_of_wordpress_is_imported_as_described(tmp_path: Path) -> None:
    shutil.copy(make.ROOT / "tests/importers/wordpress.xml", tmp_path)
    assert play(section("migrate.md", "From WordPress"), tmp_path) == 4


def test_the_ids_that_jekyll_gave_can_be_kept_by_the_described_line(tmp_path: Path) -> None:
    line = re.search(
        r"`(id = \{[^`]*)`", (make.ROOT / "docs/migrate.md").read_text(encoding="utf-8")
    )
    assert line is not None
    folder = blog(tmp_path / "jekyll", "jekyll")
    make.invoke("init", cwd=folder)
    config = folder / "config.toml"
    config.write_text(
        config.read_text().replace("[records.fields]\n", f"[records.fields]\n{line[1]}\n")
    )
    said = make.invoke("show", "all", "atom", cwd=folder).stdout
    assert "<id>https://harbour.example/2024/05/01/herons-are-back</id>" in said


def test_the_fault_shown_in_the_readme_is_what_check_says(tmp_path: Path) -> None:
    block, record = faulty("README.md")
    make.site(tmp_path, {"herons.md": record})
    assert make.invoke("check", cwd=tmp_path).stdout == ""
    make.site(tmp_path, {"herons.md": record.replace("2026-05-04T08:30:00Z", "'2026-13-04'")})
    assert play(block, tmp_path, check=1) == 1


def test_the_faults_shown_in_the_docs_are_what_check_says(tmp_path: Path) -> None:
    block, record = faulty("records.md")
    make.site(tmp_path, {"kelp.md": record})
    assert play(block, tmp_path, check=1) == 1


def test_the_errors_shown_in_the_docs_are_what_a_wrong_config_gives(tmp_path: Path) -> None:
    block, _ = faulty("config.md")
    (tmp_path / "config.toml").write_text(
        '[site]\ntitel = "x"\n[feeds]\nlimit = 0\n', encoding="utf-8"
    )
    assert play(block, tmp_path, check=2) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_is_run_or_says_why_it_is_not(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    played = [
        one for heading in PLAYED.get(page.name, ()) for one in shown(section(page.name, heading))
    ]
    if page.name in FAULTY:
        played += shown(faulty(page.name)[0])
    # a command stands in more than one place, and says other things
    left = Counter(shown(text)) - Counter(played)
    assert [command for command, _ in left if command not in NOT_RUN] == []


def test_no_reason_is_given_for_a_command_that_stands_nowhere() -> None:
    standing = {command for page in PAGES for command, _ in shown(page.read_text(encoding="utf-8"))}
    assert set(NOT_RUN) <= standing


@pytest.mark.parametrize("target", ["serve", "test", "soak", "docs", "format", "lock"])
def test_make_knows_its_targets(target: str) -> None:
    done = subprocess.run(
        [make.program("make"), "-n", target], cwd=make.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert ".venv/bin/" in done.stdout


def test_the_docs_are_a_site_whose_links_hold_and_which_asks_no_other_server(
    tmp_path: Path,
) -> None:
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "--site-dir",
        str(tmp_path),
    ]
    done = subprocess.run(command, cwd=make.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages = sorted(tmp_path.rglob("*.html"))
    assert len(pages) == len(PAGES)  # README.md is none of them, 404.html is one more
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for tag in re.findall(
            r"<(?:script|link|img|iframe|source|video|audio|object)\b[^>]*>", text
        ):
            assert not re.search(r"""(?:src|href|srcset|data)=["']?(?:https?:)?//""", tag), tag
    for style in tmp_path.rglob("*.css"):
        assert not re.search(
            r"(?:url\(|@import)\s*[\"']?(?:https?:)?//", style.read_text(encoding="utf-8")
        ), style
