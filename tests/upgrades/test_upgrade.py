"""The first run after an upgrade: what an older store knows is kept, and what is hidden now is
named.

fa7396d.tar.xz and 75bae28.tar.xz are sites as these commits left them, made by make_older.py.
"""

import re
import sqlite3
import tarfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest

from feeds.config import Config, load_config
from tests import make
from tests.ingest.test_unknown import SAID, forbidden, run
from tests.serve.test_server import serving

COMMITS = ("fa7396d", "75bae28")
NOW_A_DRAFT = '[records.fields]\npublished = { not = "draft" }\n'
NOW_INTERNAL = '[records.fields]\npublished = { not = "internal" }\n'
NAMED = "seeds/draft.md: published until feeds or its config changed, and hidden now: "


def site_of(commit: str, folder: Path) -> Config:
    """The site as a commit left it, as if it had always been in this folder."""
    with tarfile.open(Path(__file__).parent / f"{commit}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    config = load_config(folder / "config.toml")
    with closing(sqlite3.connect(config.store_file)) as connection:
        records = str(config.records_folder)
        connection.execute("UPDATE facts SET value = ? WHERE name = 'folder'", [records])
        connection.commit()
    return config


@pytest.fixture(params=COMMITS)
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    """The site as each of the commits left it."""
    return site_of(request.param, tmp_path)


def of_other_code(config: Config) -> None:
    """Have a store look as if other code had made it."""
    with closing(sqlite3.connect(config.store_file)) as connection:
        connection.execute("UPDATE facts SET value = 'of other code' WHERE name = 'fingerprint'")
        connection.commit()


def ids(config: Config, path: str) -> dict[str, str]:
    """The ids of a document's entries, by title."""
    entries = feedparser.parse((config.output_folder / path).read_bytes()).entries
    return {entry.title: entry.id for entry in entries}


class TestWhatIsKept:
    def test_a_build_keeps_ids_dates_and_last_good_versions(self, older: Config) -> None:
        before = {path: older.output_folder / path for path in make.tree(older.output_folder)}
        known = {path: (file.read_bytes(), file.stat().st_mtime) for path, file in before.items()}
        for file in before.values():
            file.unlink()  # what the tree itself tells of dates
        make.invoke("build", cwd=older.file.parent, check=1)
        assert ids(older, "feed.atom")["Article 6"] == "https://example.org/6"
        assert ids(older, "topics/last-good/feed.atom") == {"Article 5": "https://example.org/5"}
        assert ids(older, "topics/withdrawn-topic/feed.atom") == {
            "Withdrawn": "https://example.org/9"
        }
        edited = older.output_folder / "topics" / "edited" / "feed.rss"
        content, modified = known["topics/edited/feed.rss"]
        if edited.read_bytes() == content:
            assert edited.stat().st_mtime == modified
        assert edited.stat().st_mtime >= modified
        assert make.CANARY not in "".join(
            file.read_text() for file in older.output_folder.rglob("feed.*")
        )

    def test_a_build_gives_each_entry_its_id_and_each_equal_document_its_date(
        self, tmp_path: Path
    ) -> None:
        older = site_of("75bae28", tmp_path)
        before = {path: older.output_folder / path for path in make.tree(older.output_folder)}
        known = {path: (file.read_bytes(), file.stat().st_mtime) for path, file in before.items()}
        feeds = [path for path in before if path.endswith("feed.atom")]
        ids_before = {path: ids(older, path) for path in feeds}
        for file in before.values():
            file.unlink()  # what the tree itself tells of dates
        make.invoke("build", cwd=older.file.parent, check=1)
        assert {path: ids(older, path) for path in feeds} == ids_before
        same = {path for path, file in before.items() if file.read_bytes() == known[path][0]}
        assert "topics/withdrawn-topic/feed.rss" in same
        dates = {path: before[path].stat().st_mtime for path in same if Path(path).stem == "feed"}
        assert dates == {path: known[path][1] for path in dates}

    def test_a_service_keeps_ids_dates_and_last_good_versions(self, older: Config) -> None:
        edited = older.output_folder / "topics" / "edited" / "feed.rss"
        client = make.service(older, lambda: datetime.now(UTC)).test_client()
        answer = client.get("/topics/edited/feed.rss")
        if answer.data == edited.read_bytes():
            assert answer.headers["Last-Modified"] == "Mon, 23 Nov 2026 13:00:00 GMT"
        assert "https://example.org/5" in client.get("/topics/last-good/feed.atom").text
        assert "<id>https://example.org/6</id>" in client.get("/feed.atom").text

    def test_an_edit_during_the_upgrade_keeps_the_id(self, older: Config) -> None:
        make.write(
            older.records_folder / "3.md", make.record(3, webUrl="https://example.org/elsewhere")
        )
        make.invoke("build", cwd=older.file.parent, check=1)
        assert ids(older, "feed.atom")["Article 3"] == "https://example.org/3"

    @pytest.mark.parametrize(
        "change",
        [
            "ALTER TABLE records ADD COLUMN mood TEXT",
            "ALTER TABLE records DROP COLUMN heat",
            "ALTER TABLE files ADD COLUMN mood TEXT NOT NULL DEFAULT 'good'",
            "DROP TABLE documents",
        ],
    )
    def test_a_store_of_another_shape_is_read_as_far_as_it_goes(
        self, older: Config, change: str
    ) -> None:
        with closing(sqlite3.connect(older.store_file)) as connection:
            connection.execute(change)
            connection.commit()
        make.invoke("build", cwd=older.file.parent, check=1)
        assert ids(older, "topics/last-good/feed.atom") == {"Article 5": "https://example.org/5"}

    @pytest.mark.parametrize(
        "change", ["DROP TABLE files", "UPDATE records SET article = '[]'", "DROP TABLE records"]
    )
    def test_a_store_that_cannot_be_understood_is_built_again(
        self, older: Config, change: str
    ) -> None:
        with closing(sqlite3.connect(older.store_file)) as connection:
            connection.execute(change)
            connection.commit()
        make.invoke("build", cwd=older.file.parent, check=1)
        assert ids(older, "feed.atom")["Article 6"] == "https://example.org/6"
        assert not (older.output_folder / "topics" / "last-good").exists()

    def test_what_cannot_be_read_during_an_upgrade_stays(self, older: Config) -> None:
        with forbidden(older.records_folder / "sub"):
            run("build", cwd=older.file.parent, check=1)
            assert ids(older, "topics/sub/feed.atom") == {"Article 4": "https://example.org/4"}

    def test_an_emptied_folder_during_an_upgrade_leaves_what_is_published(
        self, tmp_path: Path
    ) -> None:
        config = make.site(tmp_path, {f"{n}.md": make.record(n) for n in range(1, 41)})
        make.invoke("build", cwd=tmp_path)
        before = make.tree(config.output_folder)
        of_other_code(config)
        for n in range(1, 41):
            (config.records_folder / f"{n}.md").unlink()
        done = make.invoke("build", cwd=tmp_path, check=2)
        assert SAID.format(40, 40) in done.stderr
        assert make.tree(config.output_folder) == before
        client = make.service(config, lambda: datetime.now(UTC)).test_client()
        assert "Article 40" in client.get("/feed.rss").text

    def test_the_store_is_as_one_that_is_built_from_nothing(self, tmp_path: Path) -> None:
        records: dict[str, str | bytes] = {
            f"{n}.md": make.record(n, topics=f"[T{n % 3}]") for n in range(1, 30)
        }
        config = make.site(tmp_path, records)
        make.invoke("build", cwd=tmp_path)
        before = make.tree(config.output_folder)
        of_other_code(config)
        make.write(config.records_folder / "1.md", make.record(1, published="false"))
        make.invoke("build", cwd=tmp_path)
        make.write(config.records_folder / "1.md", records["1.md"])
        make.invoke("build", cwd=tmp_path)
        after = make.tree(config.output_folder)
        assert {
            path
            for path in after
            if path.endswith((".rss", ".json")) and after[path] != before[path]
        } == set()


class TestWhatIsHiddenNow:
    @pytest.fixture
    def older(self, tmp_path: Path) -> Config:
        """The site of the commit for which drafts were public."""
        return site_of("fa7396d", tmp_path)

    @pytest.fixture
    def hiding(self, older: Config) -> Config:
        """The older site, under a config by which a draft that was public is one."""
        for name in ("hidden.md", "withdrawn.md"):
            (older.records_folder / name).unlink()
        older.file.write_text(older.file.read_text() + NOW_A_DRAFT)
        return older

    def test_a_build_names_each_once_with_the_reason(self, hiding: Config) -> None:
        for times in (1, 0):
            done = make.invoke("build", cwd=hiding.file.parent, check=1)
            assert done.stderr.count(NAMED) == times
        assert ids(hiding, "topics/drafts/feed.atom") == {"Withdrawn": "https://example.org/7"}

    def test_what_this_version_hides_is_named_under_the_same_config(self, older: Config) -> None:
        said = make.invoke("build", cwd=older.file.parent, check=1).stderr
        assert re.search(
            re.escape(NAMED) + r"\d+:\d+: draft: the record is hidden: its value is true", said
        ), said
        assert said.count("published until") == 1
        tree = make.tree(older.output_folder)
        assert not any(
            b"Article 7" in content or b"Article 8" in content for content in tree.values()
        )

    def test_a_check_names_each_once_before_a_build_and_after(self, hiding: Config) -> None:
        for command, times in (
            ("check", 1),
            ("check", 0),
            ("build", 1),
            ("check", 0),
            ("build", 0),
        ):
            assert (
                make.invoke(command, cwd=hiding.file.parent, check=1).stderr.count(NAMED) == times
            ), command

    def test_a_check_without_a_store_makes_none(self, hiding: Config) -> None:
        for file in hiding.store_file.parent.iterdir():
            file.unlink()
        hiding.store_file.parent.rmdir()
        make.invoke("check", cwd=hiding.file.parent, check=1)
        assert not hiding.store_file.parent.exists()

    def test_a_service_names_each_once_in_its_log(self, hiding: Config) -> None:
        make.invoke("build", cwd=hiding.file.parent, check=1)
        with serving(hiding, "--workers", "2") as server:
            server.until_said(NAMED)
            assert "Article 7" not in server.get("/topics/drafts/feed.rss").text
            assert server.err.read_text().count(NAMED) == 1
        with serving(hiding) as server:
            assert NAMED not in server.err.read_text()

    def test_what_other_servers_run_names_each_once(self, hiding: Config) -> None:
        code = "import feeds, logging; logging.basicConfig(); feeds.create_app('config.toml')"
        for times in (1, 0):
            done = make.run_python(code, cwd=hiding.file.parent)
            assert done.stderr.count(NAMED) == times

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (make.record(7, internal="true"), "the record says that it is not published"),
            (make.record(7, internal="perhaps"), r"\d+:\d+: internal: expected true or false"),
        ],
        ids=["hidden", "left out"],
    )
    def test_the_reason_is_that_of_the_reading(
        self, tmp_path: Path, text: str, reason: str
    ) -> None:
        config = make.site(tmp_path, {"1.md": make.record(1), "draft.md": text})
        make.invoke("build", cwd=tmp_path)
        config.file.write_text(config.file.read_text() + NOW_INTERNAL)
        done = make.invoke("build", cwd=tmp_path, check=None)
        assert re.search(re.escape(NAMED) + reason, done.stderr), done.stderr

    def test_what_an_editor_hid_is_not_named(self, hiding: Config) -> None:
        text = (hiding.records_folder / "draft.md").read_text()
        (hiding.records_folder / "draft.md").write_text(f"{text}\nAnother body.\n")
        assert NAMED not in make.invoke("build", cwd=hiding.file.parent, check=1).stderr

    def test_what_is_hidden_now_goes_at_once_however_many_there_are(self, tmp_path: Path) -> None:
        config = make.site(
            tmp_path, {f"{n}.md": make.record(n, internal="true") for n in range(1, 41)}
        )
        make.invoke("build", cwd=tmp_path)
        config.file.write_text(config.file.read_text() + NOW_INTERNAL)
        done = make.invoke("build", cwd=tmp_path)
        assert len(re.findall(r"seeds/\d+\.md: published until", done.stderr)) == 40
        assert b"<item>" not in (config.output_folder / "feed.rss").read_bytes()
