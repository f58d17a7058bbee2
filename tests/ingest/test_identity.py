"""Ids through edits: of one record at a time, with the store kept and lost, in the real files of a
site."""

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.build import static
from feeds.config import Config, load_config
from feeds.errors import LedgerError
from feeds.ids.ledger import read_ledger
from feeds.ingest.ingesting import ingest, open_store
from feeds.records import place_of_identity
from tests import make

CONFIG = '[feeds]\nformats = ["atom", "rss", "json"]\nlimit = 100\n'


def build(config: Config, *, fresh: bool = False, now: datetime = make.NOW) -> None:
    """`feeds build`, perhaps without a store from before."""
    if fresh:
        shutil.rmtree(config.store_file.parent, ignore_errors=True)
    source = open_store(config)
    try:
        ingest(config, source, now)
        static.build(config, source, now)
    finally:
        source.close()


def entries(config: Config) -> dict[str, str]:
    """The id of each entry by its title, as feedparser has them, the same in Atom and RSS."""
    found = [
        feedparser.parse((config.output_folder / f"feed.{name}").read_bytes())
        for name in ("atom", "rss")
    ]
    atom, rss = ({entry.title: entry.id for entry in feed.entries} for feed in found)
    assert atom == rss
    return atom


def faults(config: Config) -> list[str]:
    """What `feeds build` says."""
    done = make.invoke("build", cwd=config.file.parent, check=None)
    return [line for line in done.stderr.splitlines() if line.startswith("seeds/")]


def kept(config: Config) -> dict[str, str]:
    """The ids that the ledger keeps, by path."""
    return {path: line.id for path, line in read_ledger(config.ledger_file)[0].lines.items()}


def put(config: Config, path: str, **keys: Any) -> None:
    make.write(config.records_folder / path, make.record(**keys))


def site(tmp_path: Path, count: int = 3, config: str = CONFIG) -> Config:
    return make.site(tmp_path, {f"{n}.md": make.record(n) for n in range(1, count + 1)}, config)


@pytest.mark.parametrize("fresh", [False, True], ids=["kept store", "lost store"])
class TestAnEdit:
    def test_of_the_address_leaves_the_id(self, tmp_path: Path, fresh: bool) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "1.md", webUrl="https://elsewhere.example/new")
        build(config)
        build(config, fresh=fresh)
        assert entries(config)["Article 1"] == "https://example.org/1"
        assert kept(config) == {"1.md": "https://example.org/1"}
        put(config, "1.md", webUrl="https://elsewhere.example/newer", title="Another title")
        build(config)  # both at once, but published when it was
        build(config, fresh=fresh)
        assert entries(config)["Another title"] == "https://example.org/1"
        assert kept(config) == {"1.md": "https://example.org/1"}
        put(config, "1.md", title="Another title")
        build(config)
        build(config, fresh=fresh)
        assert entries(config)["Another title"] == "https://example.org/1"
        assert not kept(config), "the id follows from the record again"

    def test_of_the_file_name_leaves_the_id(self, tmp_path: Path, fresh: bool) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "1.md", webUrl="https://elsewhere.example/new")
        build(config)
        (config.records_folder / "1.md").rename(config.records_folder / "0-moved.md")
        build(config, fresh=fresh)
        assert entries(config)["Article 1"] == "https://example.org/1"

    def test_that_tells_of_earlier_addresses_needs_no_store(
        self, tmp_path: Path, fresh: bool
    ) -> None:
        config = site(tmp_path)
        build(config)
        previous = "[https://example.org/1, https://example.org/one]"
        put(config, "1.md", webUrl="https://example.org/uno", previousUrls=previous)
        build(config, fresh=fresh)
        assert entries(config)["Article 1"] == "https://example.org/1"
        assert not config.ledger_file.exists()

    def test_that_tells_of_earlier_addresses_late_leaves_the_id(
        self, tmp_path: Path, fresh: bool
    ) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "1.md", previousUrls="[https://example.org/zero]")
        build(config)
        build(config, fresh=fresh)
        assert entries(config)["Article 1"] == "https://example.org/1"

    def test_to_another_article_is_a_new_entry(self, tmp_path: Path, fresh: bool) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "1.md", n=9, title="Fresh news")
        build(config, fresh=fresh)
        assert entries(config)["Fresh news"] == "https://example.org/9"
        assert not config.ledger_file.exists()

    def test_of_a_copy_leaves_the_first_its_id(self, tmp_path: Path, fresh: bool) -> None:
        config = site(tmp_path)
        build(config)
        (config.records_folder / "0.md").write_text(make.record(1))
        put(config, "1.md", webUrl="https://example.org/one", title="Article 1 b")
        build(config, fresh=fresh)
        assert entries(config)["Article 1"] == "https://example.org/1"
        assert entries(config)["Article 1 b"] == "https://example.org/one"


PATTERN = '[records.fields]\nwebUrl = {{ template = "https://example.org/{}/{{slug}}" }}\n'


class TestANewAddressPattern:
    """Records without addresses of their own, which a pattern of config.toml gives them."""

    def site(self, tmp_path: Path, config: str, **keys: Any) -> Config:
        records: dict[str, str | bytes] = {f"{n}.md": make.record(n, **keys) for n in (1, 2, 3)}
        return make.site(tmp_path, records, CONFIG + config)

    def changed(self, config: Config, pattern: str) -> Config:
        return make.site(config.file.parent, {}, CONFIG + PATTERN.format(pattern))

    def expected(self, pattern: str) -> dict[str, str]:
        return {f"https://example.org/{pattern}/{n}": f"Article {n}" for n in (1, 2, 3)}

    @pytest.mark.parametrize("fresh", [False, True], ids=["kept store", "lost store"])
    def test_leaves_all_ids_and_writes_one_line(self, tmp_path: Path, fresh: bool) -> None:
        config = self.site(tmp_path, PATTERN.format("old"), webUrl=None)
        build(config)
        config = self.changed(config, "new")
        build(config)
        build(config, fresh=fresh)
        assert same_from_nothing(config) == self.expected("old")
        atom = (config.output_folder / "feed.atom").read_text()
        assert 'href="https://example.org/new/1"' in atom
        ledger, _ = read_ledger(config.ledger_file)
        assert (len(ledger.patterns), ledger.lines) == (1, {})

    def test_does_not_count_for_articles_that_are_published_later(self, tmp_path: Path) -> None:
        config = self.site(tmp_path, PATTERN.format("old"), webUrl=None)
        build(config)
        config = self.changed(config, "new")
        build(config)
        put(config, "4.md", n=4, webUrl=None, publishedDateTime="2026-11-23T12:00:01Z")
        for fresh in (False, True):
            build(config, fresh=fresh, now=make.NOW + timedelta(seconds=1))
            found = {id: title for title, id in entries(config).items()}
            assert found == {**self.expected("old"), "https://example.org/new/4": "Article 4"}

    def test_may_be_followed_by_others_and_the_first_again(self, tmp_path: Path) -> None:
        config = self.site(tmp_path, PATTERN.format("old"), webUrl=None)
        build(config)
        for pattern in ("new", "newer", "old"):
            config = self.changed(config, pattern)
            assert same_from_nothing(config) == self.expected("old")

    def test_may_take_the_place_of_addresses_in_records(self, tmp_path: Path) -> None:
        config = self.site(tmp_path, "")
        build(config)
        config = self.changed(config, "new")
        assert same_from_nothing(config) == ids(1, 2, 3)

    def test_that_somebody_else_noted_counts_at_once(self, tmp_path: Path) -> None:
        config = self.site(tmp_path, PATTERN.format("new"), webUrl=None)
        build(config)
        config.ledger_file.write_text(
            '[patterns]\n"2026-11-23T12:00:00Z" = { template = "https://example.org/old/{slug}" }\n'
        )
        assert same_from_nothing(config) == self.expected("old")

    @pytest.mark.parametrize("pattern", ["{path}/", "new/{path}/", "{slug}/"])
    @pytest.mark.parametrize(("before", "now"), [("a/b", "a"), ("a", "a/b"), ("a/b", "./a")])
    def test_leaves_all_ids_when_the_records_folder_is_another_too(
        self, tmp_path: Path, before: str, now: str, pattern: str
    ) -> None:
        def config(folder: str, pattern: str) -> Config:
            template = f'{{ template = "https://example.org/{pattern}" }}'
            path = f"[records]\npath = '{folder}'\n[records.fields]\nwebUrl = {template}\n"
            return make.site(tmp_path, {}, CONFIG + path)

        for n in (1, 2, 3):
            make.write(tmp_path / "a/b" / f"{n}.md", make.record(n, webUrl=None))
        build(config(before, "old/{path}/"))
        known = entries(config(before, "old/{path}/"))
        ledger = config(now, pattern).ledger_file
        assert same_from_nothing(config(now, pattern)) == {id: one for one, id in known.items()}
        assert read_ledger(ledger)[0].lines == {}

    def test_leaves_the_old_address_of_a_hidden_record_hidden(self, tmp_path: Path) -> None:
        config = self.site(tmp_path, PATTERN.format("old"), webUrl=None)
        build(config)
        config = self.changed(config, "new")
        build(config)
        put(config, "1.md", webUrl=None, published="false")
        related = "[{title: Other, webUrl: 'https://example.org/old/1'}]"
        put(config, "2.md", n=2, webUrl=None, related=related)
        build(config)
        assert b"https://example.org/old/1" not in (config.output_folder / "feed.atom").read_bytes()


class TestALostStore:
    """A new address pattern where neither store nor ledger knows the ids that readers know."""

    @pytest.fixture(params=["json", "atom", "rss"])
    def config(self, request: pytest.FixtureRequest, tmp_path: Path) -> Config:
        formats = f'[feeds]\nformats = ["{request.param}"]\n'
        records: dict[str, str | bytes] = {f"{n}.md": make.record(n, webUrl=None) for n in (1, 2)}
        config = make.site(tmp_path, records, formats + PATTERN.format("old"))
        assert make.invoke("build", cwd=tmp_path).stderr == ""
        shutil.rmtree(config.store_file.parent)
        make.site(tmp_path, {"3.md": make.record(3, webUrl=None)}, formats + PATTERN.format("new"))
        return config

    def test_is_reported_with_the_remedy(self, config: Config) -> None:
        folder = config.file.parent
        said = make.invoke("build", cwd=folder).stderr
        assert said.startswith("warning: 2 articles have another id than in the last build")
        assert '`id = { template = "…" }`' in said and "`previousUrls`" in said
        assert make.invoke("build", cwd=folder).stderr == ""

    def test_is_no_matter_with_the_remedy(self, config: Config) -> None:
        text = config.file.read_text()
        old = 'id = { template = "https://example.org/old/{slug}" }\n'
        config.file.write_text(text + old)
        assert make.invoke("build", cwd=config.file.parent).stderr == ""

    def test_with_the_same_pattern_is_no_matter(self, config: Config) -> None:
        config.file.write_text(config.file.read_text().replace("/new/", "/old/"))
        assert make.invoke("build", cwd=config.file.parent).stderr == ""

    def test_a_tree_that_is_damaged_says_nothing(self, config: Config) -> None:
        (feed,) = (config.output_folder / f"feed.{config.feeds.formats[0]}",)
        feed.write_bytes(b"<x")
        assert "another id" not in make.invoke("build", cwd=config.file.parent, check=None).stderr


def test_an_id_of_the_record_is_the_id_of_the_entry(tmp_path: Path) -> None:
    config = site(tmp_path)
    put(config, "1.md", id="tag:example.org,2026:one")
    build(config)
    assert entries(config)["Article 1"] == "tag:example.org,2026:one"
    rss = (config.output_folder / "feed.rss").read_text()
    assert '<guid isPermaLink="false">tag:example.org,2026:one</guid>' in rss
    put(
        config, "1.md", id="tag:example.org,2026:one", webUrl="https://example.org/one", title="New"
    )
    build(config, fresh=True)
    assert entries(config)["New"] == "tag:example.org,2026:one"


@pytest.mark.parametrize(
    "value", ["one", '"no scheme"', "[a]", '"http://x y"', "5", f"tag:{'x' * 2000}"]
)
def test_an_id_that_is_none_costs_the_record(tmp_path: Path, value: str) -> None:
    config = site(tmp_path)
    put(config, "1.md", id=value)
    [fault] = faults(config)
    assert re.match(r"seeds/1.md:\d+:5: id: expected an address or another IRI", fault)
    assert "Article 1" not in entries(config)


def test_an_address_is_no_id_before_it_was_shown(tmp_path: Path) -> None:
    config = site(tmp_path)
    build(config)
    put(
        config,
        "1.md",
        publishedDateTime="2026-12-01",
        webUrl=f"https://example.org/{make.CANARY}",
        title="Soon",
    )
    build(config)
    put(
        config,
        "1.md",
        publishedDateTime="2026-12-01",
        webUrl="https://example.org/soon",
        title="Soon",
    )
    build(config)
    assert make.CANARY not in (
        config.ledger_file.read_text() if config.ledger_file.exists() else ""
    )
    source = open_store(config)
    ingest(config, source, make.NOW)
    source.close()
    assert b"CanaryThat" not in config.store_file.read_bytes()


class TestRefused:
    """No two articles share an id, and no article has two: the record that would is left out, both
    files named."""

    def test_a_record_that_moves_to_the_address_of_another(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "2.md", n=2, webUrl="https://example.org/1")
        expected = [
            "seeds/2.md:3:9: webUrl: expected an address and an id of its own, other than those of 1.md"
        ]
        for fresh in (False, True):
            build(config, fresh=fresh)
            assert faults(config) == expected
            assert entries(config) == {f"Article {n}": f"https://example.org/{n}" for n in (1, 3)}
        (config.records_folder / "1.md").unlink()
        for fresh in (False, True):
            build(config, fresh=fresh)
            assert faults(config) == []
            assert entries(config)["Article 2"] == "https://example.org/2"

    def test_and_it_is_back_when_it_moves_back(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        build(config)
        before = make.tree(config.output_folder / "topics")
        put(config, "2.md", n=2, webUrl="https://example.org/1")
        build(config)
        put(config, "2.md", n=2)
        build(config)
        assert kept(config) == {}
        assert make.tree(config.output_folder / "topics") == before

    def test_a_new_record_at_an_address_that_is_the_id_of_another(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "1.md", webUrl="https://example.org/one")
        build(config)
        put(
            config,
            "0.md",
            webUrl="https://example.org/1",
            title="Another",
            publishedDateTime="2020-01-01",
        )
        for fresh in (False, True):
            build(config, fresh=fresh)
            assert faults(config) == [
                "seeds/0.md:3:9: webUrl: expected an address and an id of its own, other than those of 1.md"
            ]
            assert entries(config)["Article 1"] == "https://example.org/1"
        done = make.invoke("check", cwd=tmp_path, check=1)
        assert (
            "seeds/0.md:3:9: webUrl: expected an address and an id of its own, other than those of 1.md"
            in done.stdout
        )

    def test_also_when_the_other_is_held_back_now_and_then_nothing_names_it_in_public(
        self, tmp_path: Path
    ) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "1.md", webUrl="https://example.org/one")
        build(config)
        put(config, "1.md", webUrl="https://example.org/one", published="false")
        put(config, "0.md", webUrl="https://example.org/1", title="Another")
        assert faults(config) == [
            "seeds/0.md:3:9: webUrl: expected an address and an id of its own"
        ]
        assert "other than those of 1.md" in make.invoke("check", cwd=tmp_path, check=1).stdout
        (config.records_folder / "1.md").unlink()
        assert faults(config) == []
        assert entries(config)["Another"] == "https://example.org/1"

    def test_an_id_that_two_records_give(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        put(config, "1.md", id="urn:x:1")
        put(config, "2.md", n=2, id="urn:x:1")  # published an hour before
        assert faults(config) == [
            "seeds/1.md:10:5: id: expected an address and an id of its own, other than those of 2.md"
        ]
        assert "1.md:10:5: id: expected" in make.invoke("check", cwd=tmp_path, check=1).stdout

    def test_the_address_of_what_is_refused_is_not_pointed_to(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        related = "[{title: Other, webUrl: 'https://example.org/9'}]"
        put(config, "1.md", id="urn:x:1", webUrl="https://example.org/9")
        put(config, "2.md", n=2, id="urn:x:1")
        put(config, "3.md", n=3, related=related)
        build(config)
        assert b"https://example.org/9" not in (config.output_folder / "feed.atom").read_bytes()


class TestLedger:
    def test_there_is_none_without_need(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        build(config)
        assert not config.ledger_file.exists()

    def test_one_that_was_pulled_counts_at_once(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        build(config)
        config.ledger_file.write_text(
            '[ids]\n"https://example.org/1" = "https://example.org/first"\n'
        )
        build(config)
        assert entries(config)["Article 1"] == "https://example.org/first"
        config.ledger_file.unlink()
        build(config)
        assert entries(config)["Article 1"] == "https://example.org/1"

    def test_one_in_conflict_is_reported_and_nothing_is_lost(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        build(config)
        config.ledger_file.write_text("<<<<<<< HEAD\n[ids]\n")
        done = make.invoke("build", cwd=tmp_path, check=2)
        assert "ledger.toml: expected TOML as feeds wrote it" in done.stderr
        assert config.ledger_file.read_text() == "<<<<<<< HEAD\n[ids]\n"

    @pytest.mark.parametrize(
        "text", ["[idz]", "ids = 3", "[ids]\na = 3", "[withdrawn]\na = {}", "[withdrawn]\na = 1"]
    )
    def test_one_of_another_shape_is_reported(self, tmp_path: Path, text: str) -> None:
        config = site(tmp_path)
        config.ledger_file.write_text(text)
        assert (
            "ledger.toml: expected [ids], [patterns] and"
            in make.invoke("build", cwd=tmp_path, check=2).stderr
        )

    def test_one_that_cannot_be_written_changes_nothing(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "1.md", webUrl="https://example.org/one")
        (tmp_path / ".ledger.toml.aside").mkdir()
        assert (
            "ledger.toml: expected to write" in make.invoke("build", cwd=tmp_path, check=2).stderr
        )
        (tmp_path / ".ledger.toml.aside").rmdir()
        build(config)
        assert entries(config)["Article 1"] == "https://example.org/1"

    def test_it_may_lie_elsewhere(self, tmp_path: Path) -> None:
        config = site(tmp_path, config=CONFIG + '[records]\nledger = "kept/ids.toml"\n')
        (tmp_path / "kept").mkdir()
        build(config)
        put(config, "1.md", webUrl="https://example.org/one")
        build(config)
        assert "https://example.org/1" in (tmp_path / "kept" / "ids.toml").read_text()


EDITS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from(
            [
                "webUrl",
                "title",
                "publishedDateTime",
                "path",
                "previousUrls",
                "body",
                "lose the store",
            ]
        ),
        st.integers(0, 4),
    ),
    max_size=6,
)


@settings(max_examples=settings().max_examples // 10)
@given(edits=EDITS)
def test_no_edit_gives_an_article_another_id(
    tmp_path_factory: pytest.TempPathFactory, edits: Any
) -> None:
    """The oracle: who is edited stays who it was, unless it goes where another is or was."""
    config = site(tmp_path_factory.mktemp("edits"))
    build(config)
    states: dict[int, dict[str, Any]] = {n: {"n": n, "path": f"{n}.md"} for n in (1, 2, 3)}
    for n, key, value in edits:
        state, fresh = states[n], key == "lose the store"
        if key == "path":
            (config.records_folder / state["path"]).rename(
                config.records_folder / f"{n}-{value}.md"
            )
            state["path"] = f"{n}-{value}.md"
        elif key == "webUrl":
            state["webUrl"] = f"https://example.org/{n}-{value}"
        elif key == "title":
            state["title"] = f"Article {n} {value}"
        elif key == "publishedDateTime":
            state["publishedDateTime"] = f"2026-10-0{value + 1}"
        elif key == "previousUrls":
            state["previousUrls"] = f"[https://example.org/{n}-was-{value}]"
        elif key == "body":
            state["body"] = f"Body {value}"
        keys = {name: part for name, part in state.items() if name != "path"}
        make.write(config.records_folder / state["path"], make.record(**keys))
        build(config, fresh=fresh)
        found = entries(config)
        titles = {
            state.get("title", f"Article {n}"): f"https://example.org/{n}"
            for n, state in states.items()
        }
        assert found == titles
    kept = make.tree(config.output_folder)
    build(config, fresh=True)
    after = make.tree(config.output_folder)
    assert {path: after[path] for path in after if path[0] != "."} == {
        path: kept[path] for path in kept if path[0] != "."
    }


def test_the_config_of_the_repository_keeps_its_ledger_beside_it() -> None:
    config = load_config(make.ROOT / "config.toml")
    assert config.ledger_file == make.ROOT / "ledger.toml"


def titles_by_id(config: Config, *, fresh: bool) -> dict[str, str]:
    """What is published once more, perhaps from nothing but records and ledger."""
    build(config, fresh=fresh)
    return {id: title for title, id in entries(config).items()}


def same_from_nothing(config: Config) -> dict[str, str]:
    """The entries by id, which are the same with the store and without, and leave the ledger as it
    is."""
    kept = titles_by_id(config, fresh=False)
    text = config.ledger_file.read_text() if config.ledger_file.exists() else ""
    assert titles_by_id(config, fresh=True) == kept
    assert (config.ledger_file.read_text() if config.ledger_file.exists() else "") == text
    return kept


def ids(*numbers: int) -> dict[str, str]:
    return {f"https://example.org/{n}": f"Article {n}" for n in numbers}


class TestSeveralAtOnce:
    def test_files_are_numbered_again(self, tmp_path: Path) -> None:
        config = site(tmp_path, 0)
        for n in (1, 2, 3):
            put(config, f"{n}.md", n=n, publishedDateTime="2026-11-01")
        build(config)
        (config.records_folder / "2.md").unlink()
        (config.records_folder / "1.md").rename(config.records_folder / "2.md")
        assert same_from_nothing(config) == ids(1, 3)

    def test_one_makes_room_for_another_that_was_refused(self, tmp_path: Path) -> None:
        config = site(tmp_path, 2)
        build(config)
        put(config, "2.md", n=2, webUrl="https://example.org/1")
        build(config)
        put(config, "1.md", webUrl="https://example.org/one")
        assert same_from_nothing(config) == ids(1, 2)
        assert faults(config) == []

    @pytest.mark.parametrize(
        "places", [{1: 2, 2: 3}, {1: 2, 2: 1}, {1: 2, 2: 3, 3: 1}], ids=["chain", "swap", "ring"]
    )
    def test_addresses_are_handed_on(self, tmp_path: Path, places: dict[int, int]) -> None:
        config = site(tmp_path)
        build(config)
        if 3 not in places:
            (config.records_folder / "3.md").unlink()
        for n, place in places.items():
            put(config, f"{n}.md", n=n, webUrl=f"https://example.org/{place}")
        assert same_from_nothing(config) == ids(*places)

    def test_a_refused_one_and_the_one_it_is_refused_for_are_touched_together(
        self, tmp_path: Path
    ) -> None:
        config = site(tmp_path, 0)
        put(config, "a.md", n=5)
        put(config, "b.md", n=1)
        build(config)
        put(config, "a.md", n=5, webUrl="https://example.org/1")
        build(config)
        put(config, "a.md", n=5, webUrl="https://example.org/1", excerpt="x")
        put(config, "b.md", n=1, excerpt="y")
        assert same_from_nothing(config) == ids(1)

    def test_all_move_to_another_host(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        build(config)
        for n in (1, 2, 3):
            put(config, f"{n}.md", n=n, webUrl=f"https://elsewhere.example/{n}")
        assert same_from_nothing(config) == ids(1, 2, 3)


class TestPreviousAddresses:
    def test_only_the_last_one_is_given(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "1.md", webUrl="https://example.org/b")
        build(config)
        put(config, "1.md", webUrl="https://example.org/c", previousUrls="[https://example.org/b]")
        assert same_from_nothing(config) == ids(1, 2, 3)

    def test_only_the_last_one_is_given_and_the_store_is_lost(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "1.md", webUrl="https://example.org/b")
        build(config)
        put(config, "1.md", webUrl="https://example.org/c", previousUrls="[https://example.org/b]")
        build(config, fresh=True)
        assert same_from_nothing(config) == ids(1, 2, 3)

    def test_one_is_reported_at_whose_address_a_stranger_is(self, tmp_path: Path) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "2.md", n=2, webUrl="https://example.org/1")
        build(config)
        put(config, "1.md", previousUrls="[https://example.org/5]")
        assert same_from_nothing(config) == ids(1, 3)
        put(config, "2.md", n=2, published="false")
        assert same_from_nothing(config) == ids(1, 3)

    @pytest.mark.parametrize("alive", [False, True])
    def test_they_touch_what_the_ledger_knows_of_another(self, tmp_path: Path, alive: bool) -> None:
        config = site(tmp_path)
        build(config)
        put(config, "1.md", webUrl="https://example.org/x")
        build(config)
        if not alive:
            (config.records_folder / "1.md").unlink()
        put(config, "3.md", n=3, previousUrls="[https://example.org/x]")
        assert same_from_nothing(config) == ids(*((1, 2, 3) if alive else (2, 3)))


def test_what_was_pulled_counts_although_the_record_changed_too(tmp_path: Path) -> None:
    config = site(tmp_path)
    build(config)
    config.ledger_file.write_text('[ids]\n"https://example.org/1" = "https://example.org/first"\n')
    put(config, "1.md", body="Another body.")
    assert "https://example.org/first" in same_from_nothing(config)


def test_the_address_of_what_is_not_due_yet_is_not_in_the_ledger(tmp_path: Path) -> None:
    config = site(tmp_path)
    build(config)
    put(config, "1.md", webUrl=f"https://example.org/{make.CANARY}", publishedDateTime="2030-01-01")
    build(config)
    assert make.CANARY not in config.ledger_file.read_text()
    put(config, "1.md", webUrl=f"https://example.org/{make.CANARY}")
    assert same_from_nothing(config) == ids(1, 2, 3)


def test_one_that_is_overwritten_each_day_is_another_article_each_day(tmp_path: Path) -> None:
    config = site(tmp_path, 0)
    for day in (1, 2):
        title = f"News of {day}"
        put(
            config,
            "latest.md",
            title=title,
            webUrl=f"https://example.org/day{day}",
            publishedDateTime="2026-11-01",
        )
        build(config)
    assert entries(config) == {"News of 2": "https://example.org/day2"}


def test_a_record_that_is_cut_while_it_is_refused_does_no_harm(tmp_path: Path) -> None:
    for content in (b"", b"---\n", b"\xff\xfe", b"---\n[1]\n---\n"):
        assert place_of_identity(content, "1.md") == (1, 1, "webUrl")


WITHDRAWN = """[withdrawn."urn:x"]
link = "http://a.org/"
published = 2026-01-01T00:00:00Z
at = 2026-01-01T00:00:00Z
feeds = {"topics/a" = "A"}
"""


@pytest.mark.parametrize(
    ("sound", "hostile"),
    [
        ("http://a.org/", ""),
        ("http://a.org/", "javascript:x"),
        ("http://a.org/", "http://[::1"),
        ("at = 2026-01-01T00:00:00Z", "at = 9999-12-31T00:00:00Z"),
        ("at = 2026-01-01T00:00:00Z", "at = 0001-01-01T00:00:00+14:00"),
        ("at = 2026-01-01T00:00:00Z", "at = 2026-01-01T00:00:00"),
        ('{"topics/a" = "A"}', "{}"),
        ("topics/a", "topics/../../x"),
        ("topics/a", "topics"),
        ("topics/a", "all"),
        ('"A"', '""'),
        ("feeds =", "quality = 1e400\nfeeds ="),
        ("urn:x", "x"),
        ("urn:x", ""),
    ],
)
def test_hostile_words_in_the_ledger_are_reported(tmp_path: Path, sound: str, hostile: str) -> None:
    file = tmp_path / "ledger.toml"
    file.write_text(WITHDRAWN)
    assert read_ledger(file)[0].withdrawn.keys() == {"urn:x"}
    file.write_text(WITHDRAWN.replace(sound, hostile, 1))
    with pytest.raises(LedgerError, match=r"ledger.toml: expected \[ids\], \[patterns\] and"):
        read_ledger(file)
