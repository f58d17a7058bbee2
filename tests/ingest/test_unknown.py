"""What cannot be read is unknown, not gone: what nobody may open, and folders of records that
emptied."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from feeds.config import Config
from tests import make
from tests.serve.test_server import serving

SAID = (
    "seeds: the files of {} of {} published articles cannot be found, so nothing is removed; if that is meant, "
    "`--allow-removal` or `records.allow_removal = true` in config.toml lets them go"
)
# capabilities by which root may read and write everything
WITHOUT = "-dac_override,-dac_read_search"


def obeying() -> list[str]:
    """How a command is started so that permissions bind it, whoever runs the tests."""
    if os.geteuid() != 0:
        return []
    command = [make.program("setpriv"), f"--bounding-set={WITHOUT}", f"--inh-caps={WITHOUT}"]
    if subprocess.run([*command, "true"], capture_output=True).returncode != 0:
        pytest.skip("nobody here is bound by permissions")
    return command


def run(*arguments: str, cwd: Path, check: int) -> subprocess.CompletedProcess[str]:
    """Run the command `feeds` as somebody whom permissions bind."""
    command = [*obeying(), sys.executable, "-m", "feeds", *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == check, f"{done.returncode}: {done.stdout}{done.stderr}"
    return done


@contextmanager
def forbidden(path: Path, mode: int = 0) -> Iterator[None]:
    """Let nobody read a file or folder for a while."""
    before = path.stat().st_mode
    path.chmod(mode)
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            path.chmod(before)


def records(numbers: Sequence[int]) -> dict[str, str | bytes]:
    """Records by path."""
    return {f"{n}.md": make.record(n) for n in numbers}


def titles(config: Config) -> set[str]:
    """The articles in the static tree, by number."""
    text = (config.output_folder / "feed.rss").read_text()
    return {n for n in map(str, range(1, 50)) if f"<title>Article {n}</title>" in text}


def forget(config: Config, numbers: Sequence[int]) -> None:
    """Delete the files of records."""
    for n in numbers:
        (config.records_folder / f"{n}.md").unlink()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site with records in folders below each other."""
    files = {"1.md": make.record(1), "sub/2.md": make.record(2), "sub/deep/3.md": make.record(3)}
    return make.site(tmp_path, dict(files))


class TestUnreadable:
    @pytest.mark.parametrize(
        "mode", [0o000, 0o400, 0o100], ids=["nothing", "names alone", "no names"]
    )
    def test_a_folder_that_may_not_be_read_keeps_its_articles_and_is_named(
        self, config: Config, mode: int
    ) -> None:
        make.invoke("build", cwd=config.file.parent, check=0)
        with forbidden(config.records_folder / "sub", mode):
            for _ in range(2):
                done = run("build", cwd=config.file.parent, check=1)
                assert (
                    "seeds/sub:1:1: expected a folder that can be read; its last good version stays"
                    in done.stderr
                )
                assert titles(config) == {"1", "2", "3"}
            make.write(config.records_folder / "1.md", make.record(1, published="false"))
            run("build", cwd=config.file.parent, check=1)
            assert titles(config) == {"2", "3"}
        done = make.invoke("build", cwd=config.file.parent, check=0)
        assert (done.stderr, titles(config)) == ("", {"2", "3"})

    def test_what_is_deleted_while_its_folder_may_not_be_read_goes_with_the_folder(
        self, config: Config
    ) -> None:
        make.invoke("build", cwd=config.file.parent, check=0)
        with forbidden(config.records_folder / "sub"):
            run("build", cwd=config.file.parent, check=1)
        shutil.rmtree(config.records_folder / "sub")
        make.invoke("build", cwd=config.file.parent, check=0)
        assert titles(config) == {"1"}

    def test_a_file_that_may_not_be_read_keeps_its_article_and_is_named(
        self, config: Config
    ) -> None:
        make.invoke("build", cwd=config.file.parent, check=0)
        file = config.records_folder / "sub" / "2.md"
        file.write_text(make.record(2, title="Another"))
        with forbidden(file):
            done = run("build", cwd=config.file.parent, check=1)
            assert (
                "seeds/sub/2.md:1:1: expected a file that can be read; its last good version stays"
                in done.stderr
            )
            assert titles(config) == {"1", "2", "3"}

    def test_a_file_behind_a_link_that_may_not_be_read_keeps_its_article(
        self, config: Config
    ) -> None:
        target = config.records_folder / ".kept" / "4.md"
        make.write(target, make.record(4))
        (config.records_folder / "4.md").symlink_to(".kept/4.md")
        make.invoke("build", cwd=config.file.parent, check=0)
        with forbidden(target.parent):
            run("build", cwd=config.file.parent, check=1)
            assert titles(config) == {"1", "2", "3", "4"}
        target.unlink()
        make.invoke("build", cwd=config.file.parent, check=1)
        assert titles(config) == {"1", "2", "3"}

    def test_a_service_keeps_what_it_has_and_goes_on_with_the_rest(self, config: Config) -> None:
        with serving(config, prefix=obeying()) as server:
            server.until("/feed.rss", lambda answer: "Article 3" in answer.text)
            with forbidden(config.records_folder / "sub"):
                server.until_said("seeds/sub:1:1: expected a folder that can be read")
                make.write(config.records_folder / "5.md", make.record(5))
                shown = server.until("/feed.rss", lambda answer: "Article 5" in answer.text)
                assert "Article 2" in shown.text and "Article 3" in shown.text
                (config.records_folder / "1.md").unlink()
                shown = server.until("/feed.rss", lambda answer: "Article 1<" not in answer.text)
                assert "Article 2" in shown.text and "Article 3" in shown.text
            make.write(config.records_folder / "sub" / "2.md", make.record(2, title="Readable"))
            server.until("/feed.rss", lambda answer: "Readable" in answer.text)


class TestEmptied:
    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        """A site of 40 articles that have not changed for long."""
        return make.site(tmp_path, records(range(1, 41)))

    def test_an_emptied_folder_ends_a_build_and_leaves_what_is_published(
        self, config: Config
    ) -> None:
        make.invoke("build", cwd=config.file.parent)
        before = make.tree(config.output_folder)
        forget(config, range(1, 41))
        for _ in range(2):
            done = make.invoke("build", cwd=config.file.parent, check=2)
            assert SAID.format(40, 40) in done.stderr
            assert make.tree(config.output_folder) == before
        make.invoke("build", "--allow-removal", cwd=config.file.parent)
        assert b"<item>" not in (config.output_folder / "feed.rss").read_bytes()

    def test_a_wrong_folder_ends_a_build_and_leaves_what_is_published(self, config: Config) -> None:
        make.invoke("build", cwd=config.file.parent)
        before = make.tree(config.output_folder)
        make.write(config.file.parent / "wrong" / "other.md", make.record(45))
        good = config.file.read_text()
        config.file.write_text(good + '[records]\npath = "wrong"\n')
        done = make.invoke("build", cwd=config.file.parent, check=2)
        assert SAID.format(40, 40).replace("seeds", "wrong") in done.stderr
        assert make.tree(config.output_folder) == before
        config.file.write_text(good)
        make.invoke("build", cwd=config.file.parent)
        assert make.tree(config.output_folder) == before
        config.file.write_text(good + '[records]\npath = "wrong"\nallow_removal = true\n')
        make.invoke("build", cwd=config.file.parent)
        assert titles(config) == {"45"}

    def test_another_folder_with_the_same_records_is_read_again(self, config: Config) -> None:
        """A file of the same path, size and time in another folder may say something else."""
        make.invoke("build", cwd=config.file.parent)
        shutil.copytree(config.records_folder, config.file.parent / "other")
        place = config.file.parent / "other" / "1.md"
        facts = place.stat()
        place.write_text(place.read_text().replace("Article 1", "Artikel 1"))
        os.utime(place, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        config.file.write_text(config.file.read_text() + '[records]\npath = "other"\n')
        make.invoke("build", cwd=config.file.parent)
        text = (config.output_folder / "feed.rss").read_text()
        assert "Artikel 1<" in text and "Article 1<" not in text and "Article 2<" in text

    @pytest.mark.parametrize(
        ("count", "gone", "check"),
        [(40, 20, 0), (40, 21, 2), (25, 20, 0), (25, 21, 2), (42, 21, 0)],
        ids=["half", "more than half", "twenty", "more than twenty", "half of more"],
    )
    def test_more_than_half_and_more_than_twenty_are_not_removed(
        self, tmp_path: Path, count: int, gone: int, check: int
    ) -> None:
        config = make.site(tmp_path / "own", records(range(1, count + 1)))
        make.invoke("build", cwd=config.file.parent)
        forget(config, range(1, gone + 1))
        make.invoke("build", cwd=config.file.parent, check=check)
        assert len(titles(config)) == (count if check else count - gone)

    def test_records_that_say_that_they_are_hidden_go_at_once_whatever_the_limit(
        self, config: Config
    ) -> None:
        make.invoke("build", cwd=config.file.parent)
        forget(config, range(1, 26))
        make.write(config.records_folder / "26.md", make.record(26, published="false"))
        make.write(config.records_folder / "27.md", make.record(27, publishedDateTime="2999-01-01"))
        make.invoke("build", cwd=config.file.parent, check=2)
        assert titles(config) == {str(n) for n in (*range(1, 26), *range(28, 41))}
        for n in range(28, 41):
            make.write(config.records_folder / f"{n}.md", make.record(n, published="false"))
        done = make.invoke("build", cwd=config.file.parent, check=2)
        assert SAID.format(25, 25) in done.stderr
        assert titles(config) == {str(n) for n in range(1, 26)}

    def test_all_records_may_be_hidden_at_once(self, config: Config) -> None:
        make.invoke("build", cwd=config.file.parent)
        for n in range(1, 41):
            make.write(config.records_folder / f"{n}.md", make.record(n, published="false"))
        make.invoke("build", cwd=config.file.parent)
        assert b"<item>" not in (config.output_folder / "feed.rss").read_bytes()

    def test_records_that_moved_are_found(self, config: Config) -> None:
        make.invoke("build", cwd=config.file.parent)
        config.records_folder.rename(config.file.parent / "away")
        config.records_folder.mkdir()
        (config.file.parent / "away").rename(config.records_folder / "2026")
        make.invoke("build", cwd=config.file.parent)
        assert len(titles(config)) == 40

    def test_records_that_come_back_are_as_if_nothing_had_been(self, config: Config) -> None:
        make.invoke("build", cwd=config.file.parent)
        before = make.tree(config.output_folder)
        config.records_folder.rename(config.file.parent / "away")
        config.records_folder.mkdir()
        make.invoke("build", cwd=config.file.parent, check=2)
        config.records_folder.rmdir()
        (config.file.parent / "away").rename(config.records_folder)
        done = make.invoke("build", cwd=config.file.parent)
        assert (done.stderr, make.tree(config.output_folder)) == ("", before)

    def test_a_service_keeps_what_it_has_until_it_may_let_it_go(self, config: Config) -> None:
        with serving(config) as server:
            server.until("/feed.rss", lambda answer: "Article 40" in answer.text)
            config.records_folder.rename(config.file.parent / "away")
            config.records_folder.mkdir()
            server.until_said(SAID.format(40, 40))
            assert "Article 40" in server.get("/feed.rss").text
            assert "the last good documents are served" in server.get("/healthz").text
            config.file.write_text(config.file.read_text() + "[records]\nallow_removal = true\n")
            server.until("/feed.rss", lambda answer: "<item>" not in answer.text)
            server.until("/healthz", lambda answer: '"ok"' in answer.text)

    def test_a_service_that_starts_keeps_what_it_has_unless_it_may_let_it_go(
        self, config: Config
    ) -> None:
        make.invoke("build", cwd=config.file.parent)
        forget(config, range(1, 41))
        with serving(config) as server:
            assert SAID.format(40, 40) in server.err.read_text()
            assert "Article 40" in server.get("/feed.rss").text
        with serving(config, "--allow-removal") as server:
            assert "<item>" not in server.get("/feed.rss").text
            assert "cannot be found" not in server.err.read_text()

    def test_a_service_lets_many_go_that_are_no_more_than_half(self, config: Config) -> None:
        with serving(config) as server:
            server.until("/feed.rss", lambda answer: "Article 40" in answer.text)
            for n in range(41, 91):
                make.write(config.records_folder / f"{n}.md", make.record(n))
            server.until("/healthz", lambda answer: '"articles": 90' in answer.text)
            forget(config, range(1, 31))
            server.until("/healthz", lambda answer: '"articles": 60' in answer.text)
