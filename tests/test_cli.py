"""The command `feeds` as people and scripts meet it: output, exit codes, help."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import feeds
from feeds import store
from tests import make
from tests.build.test_static import pages, workers_of

COMMANDS = (
    "init",
    "new",
    "check",
    "build",
    "serve",
    "list",
    "show",
    "doctor",
    "schema",
    "completion",
)
WITHOUT_CONFIG = ("init", "schema", "completion")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site with two articles, one record that is left out and one that its editor does not
    publish."""
    records: dict[str, str | bytes] = {
        "1.md": make.record(1, topics="[AI, Computer Vision]"),
        "2.md": make.record(2, topics="[ai]", images="[{url: nowhere}]"),
        "bad.md": make.record(3, title=None, excerpt=None),
        "hidden.md": make.record(4, published="false", title=make.CANARY),
    }
    make.site(tmp_path, records)
    return tmp_path


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(command: str, tmp_path: Path) -> None:
    text = make.invoke(command, "--help", cwd=tmp_path).stdout
    assert "Example" in text
    assert "--config PATH" in text or command in WITHOUT_CONFIG


def test_help_names_every_command_and_gives_examples(tmp_path: Path) -> None:
    text = make.run("--help", cwd=tmp_path).stdout
    assert all(f"  {command} " in text for command in COMMANDS)
    assert "feeds show topics/ai atom" in text


def test_the_version_is_one_number_everywhere(tmp_path: Path) -> None:
    assert feeds.__version__ in make.invoke("--version", cwd=tmp_path).stdout
    changelog = (make.ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{feeds.__version__}]" in changelog or "## [Unreleased]" in changelog


def test_help_loads_no_library_but_click(tmp_path: Path) -> None:
    code = (
        "import sys; from feeds.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "libraries = ('sqlalchemy', 'pydantic', 'flask', 'lxml', 'yaml', 'rich', 'granian', 'jinja2', 'httpx')\n"
        "print([name for name in libraries if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_build_says_what_it_did_and_what_was_left_out(folder: Path) -> None:
    done = make.invoke("build", cwd=folder, check=1)
    assert (
        done.stdout
        == "4 records: 4 read, 1 left out. 33 files in public: 33 written, 0 kept, 0 deleted.\n"
    )
    assert done.stderr.splitlines() == [
        "seeds/2.md:10:16: images[0].url: expected an http or https address",
        "seeds/bad.md:2:1: title: expected text, or an excerpt or a body",
        "2 faults; `feeds check` tells more.",
    ]


def test_build_reports_again_what_it_did_not_read_again(folder: Path) -> None:
    make.invoke("build", cwd=folder, check=1)
    assert "seeds/bad.md:2:1: title" in make.invoke("build", cwd=folder, check=1).stderr


STOPPED = "feeds: stopped before it was done; run it again\n"


def stopped(
    cwd: Path, is_time: Callable[[subprocess.Popen[str]], bool]
) -> tuple[str, str, int, list[int]]:
    """What `feeds build` says, its exit code and its workers, when Ctrl-C comes once it is time."""
    command, pipe = [sys.executable, "-m", "feeds", "build"], subprocess.PIPE
    process = subprocess.Popen(
        command,
        cwd=cwd,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
        preexec_fn=make.accept_ctrl_c,
    )
    deadline = time.monotonic() + make.LONGEST
    while not is_time(process):
        assert process.poll() is None and time.monotonic() < deadline
    workers = workers_of(process)
    os.killpg(process.pid, signal.SIGINT)
    return *process.communicate(timeout=make.LONGEST), process.returncode, workers


def is_alive(process: int) -> bool:
    """Whether a process runs."""
    with suppress(ProcessLookupError):
        os.kill(process, 0)
        return True
    return False


def opened_by(process: subprocess.Popen[str]) -> Iterator[Path]:
    """The files and folders that a process has open."""
    for item in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(OSError):
            yield item.readlink()


def test_ctrl_c_while_records_are_read_is_one_line_and_a_code_of_its_own(tmp_path: Path) -> None:
    records = {f"{n}.md": make.record(n, body="Text. " * 2000) for n in range(300)}
    alone, config = (
        make.site(tmp_path / name, dict(records), "[build]\nworkers = 2\n")
        for name in ("alone", "site")
    )
    *done, workers = stopped(config.file.parent, lambda process: len(workers_of(process)) == 2)
    assert done == ["", STOPPED, 130]
    assert not any(map(is_alive, workers))
    for site in (alone, config):
        make.invoke("build", cwd=site.file.parent)
    assert pages(config.output_folder) == pages(alone.output_folder)


def test_ctrl_c_before_a_document_is_written_is_one_line_and_a_code_of_its_own(
    tmp_path: Path,
) -> None:
    config = make.site(tmp_path, {"1.md": make.record(1)})
    config.output_folder.mkdir()
    with store.alone(config.output_folder):
        *done, workers = stopped(
            tmp_path, lambda process: config.output_folder in opened_by(process)
        )
    assert (done, workers) == (["", STOPPED, 130], [])
    assert make.tree(config.output_folder) == {}


@pytest.mark.parametrize(
    "text", ["", "base_url = 'http://127.0.0.1:8000'\n"], ids=["left out", "written out"]
)
def test_build_says_when_addresses_are_of_this_machine_alone(tmp_path: Path, text: str) -> None:
    config = make.site(tmp_path, {"1.md": make.record(1)})
    config.file.write_text(f"[site]\ntitle = 'Test feeds'\n{text}")
    done = make.invoke("build", cwd=tmp_path)
    assert (
        done.stderr
        == "Every address begins with http://127.0.0.1:8000: site.base_url names the public one.\n"
    )
    assert (
        done.stdout
        == "1 record: 1 read, 0 left out. 29 files in public: 29 written, 0 kept, 0 deleted.\n"
    )


def test_build_says_nothing_of_a_public_address(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1)})
    assert make.invoke("build", cwd=tmp_path).stderr == ""


def test_check_reports_what_was_got_and_ends_with_1(folder: Path) -> None:
    done = make.invoke("check", cwd=folder, check=1)
    assert done.stdout.splitlines() == [
        "seeds/2.md:10:16: images[0].url: expected an http or https address, got 'nowhere'",
        "seeds/bad.md:2:1: title: expected text, or an excerpt or a body, got nothing",
    ]
    assert done.stderr == "4 records, 2 with faults.\n"


def test_check_is_silent_and_ends_with_0_when_all_is_well(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1)})
    assert make.invoke("check", cwd=tmp_path).stdout == ""


def test_check_mentions_a_likely_misspelling_without_calling_it_a_fault(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1, topcis="[a]", layout="post")})
    done = make.invoke("check", cwd=tmp_path)
    assert (
        done.stdout
        == "note: seeds/1.md:10:9: topics: expected this key, if it is meant, got 'topcis'\n"
    )


def test_list_as_json_is_one_array_of_objects(folder: Path) -> None:
    rows = json.loads(make.invoke("list", "--json", cwd=folder).stdout)
    assert [row["key"] for row in rows] == [
        "all",
        "topics/ai",
        "topics/computer-vision",
        "providers/example.org",
        "categories/news",
    ]
    assert rows[1] == {
        "key": "topics/ai",
        "kind": "topics",
        "name": "AI",
        "slug": "ai",
        "articles": 2,
        "updated": "2026-11-23T11:00:00Z",
        "urls": {
            "rss": "https://feeds.example.org/topics/ai/feed.rss",
            "atom": "https://feeds.example.org/topics/ai/feed.atom",
            "json": "https://feeds.example.org/topics/ai/feed.json",
        },
    }
    assert rows[0]["name"] == "Test feeds"
    assert all(row.keys() == rows[1].keys() for row in rows)


def test_feeds_of_the_publishers_own_are_listed_and_shown(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1, heat="80", quality="80")}, make.OWN)
    rows = json.loads(make.invoke("list", "--json", cwd=tmp_path).stdout)
    assert [row["key"] for row in rows][:3] == ["all", "feeds/hot", "feeds/good"]
    assert rows[2] == {
        "key": "feeds/good",
        "kind": "feeds",
        "name": "Good",
        "slug": "good",
        "articles": 1,
        "updated": "2026-11-23T11:00:00Z",
        "urls": {"atom": "https://feeds.example.org/feeds/good/feed.atom"},
    }
    assert (
        "<title>Good · Test feeds</title>"
        in make.invoke("show", "feeds/good", "atom", cwd=tmp_path).stdout
    )
    refused = make.invoke("show", "feeds/good", "rss", cwd=tmp_path, check=2)
    assert refused.stderr == "feeds: rss: expected one of the formats of feeds/good: atom\n"
    nothing = make.invoke("show", "feeds/nothing", "rss", cwd=tmp_path, check=2)
    assert nothing.stderr.startswith(
        "feeds: feeds/nothing: expected the key of a feed with a visible article"
    )


def test_list_counts_more_than_a_document_shows(tmp_path: Path) -> None:
    make.site(tmp_path, {f"{n}.md": make.record(n) for n in range(1, 8)}, "[feeds]\nlimit = 3\n")
    assert json.loads(make.invoke("list", "--json", cwd=tmp_path).stdout)[0]["articles"] == 7
    assert make.invoke("show", "all", "rss", cwd=tmp_path).stdout.count("<item>") == 3
    assert len(json.loads(make.invoke("show", "all", "json", cwd=tmp_path).stdout)["items"]) == 3


def test_a_list_of_no_articles_has_the_feeds_of_the_site(tmp_path: Path) -> None:
    make.site(tmp_path, {})
    (row,) = json.loads(make.invoke("list", "--json", cwd=tmp_path).stdout)
    assert (row["key"], row["articles"]) == ("all", 0)
    assert "0 articles\n" in make.invoke("list", cwd=tmp_path).stdout


def test_show_prints_what_build_writes(folder: Path) -> None:
    make.invoke("build", cwd=folder, check=1)
    paths = {
        "all": "feed.rss",
        "topics/ai": "topics/ai/feed.atom",
        "categories/news": "categories/news/feed.json",
    }
    for key, path in paths.items():
        shown = make.invoke("show", key, path.rpartition(".")[2], cwd=folder).stdout
        assert shown == (folder / "public" / path).read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "topics/nowhere", "rss"), "topics/nowhere: expected the key of a feed"),
        (("show", "all", "pdf"), "pdf: expected one of the formats rss, atom, json"),
        (("build", "--config", "nowhere.toml"), "nowhere.toml: expected a file"),
        (("nonsense",), "No such command"),
        (("serve", "--port", "x"), "not a valid integer"),
    ],
    ids=["unknown_key", "unknown_format", "no_config", "no_such_command", "no_port"],
)
def test_wrong_use_ends_with_2_and_one_message(
    folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = make.invoke(*arguments, cwd=folder, check=2)
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_config_elsewhere_rules_the_paths(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    make.invoke("build", "--config", str(folder / "config.toml"), cwd=elsewhere, check=1)
    assert (folder / "public/feed.rss").is_file()
    assert not list(elsewhere.iterdir())


def test_a_piped_build_prints_no_bar(folder: Path) -> None:
    assert "\x1b" not in make.run("build", cwd=folder, check=1).stderr


def test_a_watched_build_shows_bars_with_rate_and_count(tmp_path: Path) -> None:
    # Records are counted by batches of a hundred: it takes two of them to know a rate.
    make.site(tmp_path, {f"{n}.md": make.record(n) for n in range(300)})
    shown = make.watched("build", cwd=tmp_path)
    assert "Reading" in shown and "Writing" in shown
    assert "300/300" in shown
    assert "records/s" in shown and "documents/s" in shown
    assert "300 records: 300 read" in shown


def test_a_dumb_terminal_gets_no_bar(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1)})
    assert make.watched("build", cwd=tmp_path, TERM="dumb") == make.unstyled(
        "1 record: 1 read, 0 left out. 29 files in public: 29 written, 0 kept, 0 deleted.\n"
    )


def test_a_watched_build_of_many_faults_tells_the_first(tmp_path: Path) -> None:
    make.site(
        tmp_path, {f"{n:02}.md": make.record(n, title=None, excerpt=None) for n in range(1, 41)}
    )
    shown = make.unstyled(make.watched("build", cwd=tmp_path, check=1))
    assert shown.count(": title: expected text") == 20
    assert "… and 20 more." in shown
    assert make.invoke("build", cwd=tmp_path, check=1).stderr.count(": title: expected text") == 40


def test_a_watched_list_is_a_table_with_the_weeks_as_bars(tmp_path: Path) -> None:
    weeks = [0, 0, 0, 2, 5]
    records: dict[str, str | bytes] = {}
    for n, week in enumerate(weeks):
        moment = (datetime.now(UTC) - timedelta(days=7 * week, hours=1)).strftime(
            "%Y-%m-%dT%H:%M:%SZ"
        )
        records[f"{n}.md"] = make.record(n, publishedDateTime=moment, topics=r'["AI [red] \e[31m"]')
    make.site(tmp_path, records)
    for columns in (80, 120):
        lines = make.unstyled(make.watched("list", cwd=tmp_path, columns=columns)).splitlines()
        (row,) = (line for line in lines if "topics/ai" in line)
        assert "▃  ▃ █" in row
        assert "AI [red] [31m" in row
        assert row.rstrip().endswith("1 hour")
        assert re.search(r" 5 {8}▃", row)
        assert [line for line in lines if len(line) > columns] == []
    assert "\x1b" not in make.run("list", cwd=tmp_path).stdout


def test_a_watched_document_is_laid_out_and_a_piped_one_is_not(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1, title='"Ships & <shores>"')})
    for name, line in {
        "rss": "      <title>Ships &amp; &lt;shores&gt;</title>",
        "json": '      "title": ',
    }.items():
        shown = make.watched("show", "all", name, cwd=tmp_path, columns=120)
        assert "\x1b[" in shown
        assert any(text.startswith(line) for text in make.unstyled(shown).splitlines())
        assert "\x1b[3" not in make.watched("show", "all", name, cwd=tmp_path, NO_COLOR="1")
        assert make.invoke("show", "all", name, cwd=tmp_path).stdout.count("\n") < 5


def test_a_key_that_is_nearly_right_gets_a_suggestion(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1)})
    assert (
        "did you mean topics/ai?"
        in make.invoke("show", "topic/ai", "rss", cwd=tmp_path, check=2).stderr
    )


def test_a_watched_config_error_shows_its_line_and_no_line_of_the_store(tmp_path: Path) -> None:
    text = '[site]\ntitel = "x"\n[store]\nurl = "postgresql://me:Passw0rd@host/db"\nurk = 1\n'
    (tmp_path / "config.toml").write_text(text)
    shown = make.watched("build", cwd=tmp_path, check=2)
    assert '2 | titel = "x"\n  | ^^^^^\n' in make.unstyled(shown)
    assert "config.toml:5:1" in shown
    (tmp_path / "config.toml").write_text(text.replace("\nurk", " x\nurk"))
    assert "config.toml:4:" in (broken := make.watched("build", cwd=tmp_path, check=2))
    assert "Passw0rd" not in shown + broken


@pytest.mark.parametrize("command", ["build", "check", "list", "show all rss", "new Title"])
def test_a_command_warns_once_of_a_removed_key_of_config_toml(command: str, tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1)}, "[server]\ndeltas = []\n")
    done = make.invoke(*command.split(), cwd=tmp_path)
    warning = "config.toml:5:10: server.deltas: this key no longer does anything and can be deleted; every feed is sent whole"
    assert done.stderr.splitlines().count(warning) == 1
    assert "server.deltas" not in done.stdout


class TestCompletion:
    @pytest.fixture
    def built(self, folder: Path) -> Path:
        make.invoke("build", cwd=folder, check=1)
        return folder

    def completed(self, folder: Path, *words: str) -> list[str]:
        """What bash is offered after these words."""
        count = str(len(words) - 1)
        done = make.run(
            cwd=folder,
            _FEEDS_COMPLETE="bash_complete",
            COMP_WORDS=" ".join(words),
            COMP_CWORD=count,
        )
        return [line.partition(",")[2] for line in done.stdout.splitlines() if line]

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_each_shell_gets_its_script(self, shell: str, tmp_path: Path) -> None:
        assert (
            f"_FEEDS_COMPLETE={shell}_complete"
            in make.invoke("completion", shell, cwd=tmp_path).stdout
        )

    def test_bash_takes_the_script(self, tmp_path: Path) -> None:
        script = make.run("completion", "bash", cwd=tmp_path).stdout
        done = subprocess.run(
            ["bash", "-c", f"{script}\ncomplete -p feeds"],
            capture_output=True,
            text=True,
            check=True,
        )
        assert "feeds" in done.stdout

    def test_commands_keys_and_formats_are_offered(self, built: Path) -> None:
        assert "show" in self.completed(built, "feeds", "sh")
        assert self.completed(built, "feeds", "show", "topics/") == [
            "topics/ai",
            "topics/computer-vision",
        ]
        assert self.completed(built, "feeds", "show", "all", "") == ["rss", "atom", "json"]

    def test_a_removed_key_of_config_toml_writes_nothing_into_the_line_that_is_typed(
        self, built: Path
    ) -> None:
        make.write(
            built / "config.toml", (built / "config.toml").read_text() + "[server]\ndeltas = []\n"
        )
        words = {
            "_FEEDS_COMPLETE": "bash_complete",
            "COMP_WORDS": "feeds show all ",
            "COMP_CWORD": "3",
        }
        done = make.run(cwd=built, check=0, **words)
        assert "atom" in done.stdout and done.stderr == ""

    def test_nothing_is_offered_and_nothing_made_where_nothing_was_built(
        self, folder: Path
    ) -> None:
        before = make.tree(folder)
        assert self.completed(folder, "feeds", "show", "t") == []
        assert make.tree(folder) == before
        assert self.completed(folder / "seeds", "feeds", "show", "t") == []
