"""An article is gone at the second of its `expiryDateTime`: from every document, count and date,
served or built."""

import json
import re
from contextlib import ExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.build import hosts, static
from feeds.config import Config
from feeds.documents.http_messages import cache_control
from feeds.ingest.ingesting import ingest, open_store
from feeds.serve.app import create_app
from tests import make
from tests.serve.test_app import Clock, client_of, until

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
END = make.NOW + HOUR
WORD = make.CANARY + "Expired"


def written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def expiring(n: int = 1, end: datetime = END, **keys: str | None) -> str:
    """A record that expires, with a word in each of its texts."""
    fields: dict[str, str | None] = {
        "title": f"{WORD} title",
        "excerpt": WORD,
        "topics": f"[AI, {WORD} topic]",
        "category": f"{WORD} category",
        "webUrl": f"https://example.org/{WORD}",
        "expiryDateTime": written(end),
    }
    return make.record(n, body=f"{WORD} body\n", **{**fields, **keys})


def built(config: Config, now: datetime) -> dict[str, bytes]:
    """The tree that `feeds build` makes at a moment."""
    with closing(open_store(config)) as source:
        ingest(config, source, now)
        static.build(config, source, now)
    return make.tree(config.output_folder)


def holders(tree: dict[str, bytes], word: str = WORD) -> list[str]:
    """The files in whose name or text a word stands, in any case."""
    return [
        path
        for path, content in tree.items()
        if word.lower().encode() in path.lower().encode() + content.lower()
    ]


class TestTheService:
    """Asked at moments around the end of an article."""

    def test_an_article_is_gone_at_its_very_second(self, tmp_path: Path) -> None:
        clock = Clock()
        config = make.site(tmp_path, {"1.md": expiring(), "2.md": make.record(2)})
        client = client_of(config, clock)
        topic = f"/topics/{WORD.lower()}-topic/feed.rss"
        clock.now = END - timedelta(microseconds=1)
        before = client.get("/feed.atom")
        assert WORD in before.text
        assert client.get(topic).status_code == 200
        assert client.get("/healthz").get_json()["articles"] == 2
        clock.now = END
        until(client, "/feed.atom", lambda answer: answer.last_modified == END)
        after = client.get("/feed.atom", headers={"If-None-Match": before.headers["ETag"]})
        assert (after.status_code, after.last_modified) == (200, END)
        assert client.get(topic).status_code == 404
        assert client.get("/healthz").get_json()["articles"] == 1
        for path in (
            "/",
            "/feeds.opml",
            "/all/",
            *(f"/feed.{name}" for name in ("rss", "atom", "json")),
        ):
            answer = client.get(path)
            assert answer.status_code == 200
            assert WORD.lower() not in (answer.text + str(answer.headers)).lower()

    def test_dates_never_go_back_though_the_newest_article_is_gone(self, tmp_path: Path) -> None:
        clock = Clock()
        client = client_of(make.site(tmp_path, {"1.md": expiring(), "5.md": make.record(5)}), clock)
        first = client.get("/feed.json")
        clock.now = END
        until(client, "/feed.json", lambda then: then.last_modified == END)
        assert first.last_modified is not None and first.last_modified < END
        since = {"If-Modified-Since": first.headers["Last-Modified"]}
        assert client.get("/feed.json", headers=since).status_code == 200

    def test_headers_alone_shorten_before_it(self, tmp_path: Path) -> None:
        clock = Clock()
        records: dict[str, str | bytes] = {
            "1.md": expiring(3),
            "2.md": make.record(
                10, topics="[Other]", provider="{domain: other.example}", category="other"
            ),
        }
        client = client_of(make.site(tmp_path, records), clock)
        first = client.get("/topics/ai/feed.rss")
        for before, seconds in ((timedelta(minutes=59), 3540), (90.5 * SECOND, 91), (SECOND, 1)):
            clock.now = END - before
            for path, kept in (
                ("/topics/ai/feed.rss", seconds),
                ("/topics/ai/", seconds),
                ("/topics/other/feed.rss", 3600),
            ):
                answer = client.get(path)
                left = None if "other" in path else seconds
                assert answer.headers["Cache-Control"] == cache_control(kept, left)
            assert client.get("/topics/ai/feed.rss").headers["ETag"] == first.headers["ETag"]

    def test_no_cache_may_show_it_past_its_end_however_stale(self, tmp_path: Path) -> None:
        clock, end = Clock(), make.NOW + timedelta(days=50)
        client = client_of(
            make.site(tmp_path, {"1.md": expiring(3, end), "2.md": make.record(10)}), clock
        )
        for path in ("/topics/ai/feed.rss", "/topics/ai/", "/feed.json", "/", "/feeds.opml"):
            for before in (
                timedelta(days=40),
                *(timedelta(hours=n) for n in (300, 26, 23, 3, 1)),
                35 * SECOND,
                SECOND,
            ):
                clock.now = end - before
                said = client.get(path).headers["Cache-Control"]
                fresh, *stale = (int(count) for count in re.findall(r"=(\d+)", said))
                assert fresh + max(stale, default=0) <= before.total_seconds(), said
                assert bool(stale) is (fresh < before.total_seconds())

    @pytest.mark.parametrize("kind", ["expiry", "publication"])
    def test_headers_shorten_however_long_nothing_happened(self, tmp_path: Path, kind: str) -> None:
        clock, moment = Clock(), make.NOW + timedelta(days=3)
        last = (
            expiring(3, moment)
            if kind == "expiry"
            else make.record(1, publishedDateTime=written(moment))
        )
        client = client_of(make.site(tmp_path, {"1.md": make.record(2), "2.md": last}), clock)
        client.get("/feed.rss")
        clock.now = moment - 30 * SECOND
        said = cache_control(30, 30 if kind == "expiry" else None)
        assert client.get("/feed.rss").headers["Cache-Control"] == said
        assert client.get("/all/").headers["Cache-Control"] == said

    def test_headers_shorten_where_related_coverage_is_about_to_go(self, tmp_path: Path) -> None:
        clock = Clock()
        link = f"https://example.org/{WORD}"
        pointing = make.record(
            5, topics="[Other]", category="other", related=f"[{{title: X, webUrl: '{link}'}}]"
        )
        client = client_of(make.site(tmp_path, {"1.md": expiring(3), "2.md": pointing}), clock)
        clock.now = END - 10 * SECOND
        answer = client.get("/topics/other/feed.rss")
        assert link in answer.text
        assert answer.headers["Cache-Control"] == cache_control(10, 10)
        clock.now = END
        assert link not in client.get("/topics/other/feed.rss").text

    @pytest.mark.parametrize("kind", ["expiry", "publication"])
    def test_headers_shorten_where_another_record_of_the_address_is_about_to_show(
        self, tmp_path: Path, kind: str
    ) -> None:
        clock = Clock()
        shared = f"https://example.org/{WORD}"
        newer = expiring(3) if kind == "expiry" else make.record(-1, webUrl=shared, topics="[New]")
        older = make.record(5, webUrl=shared, topics="[Robots]", category="older")
        others = make.record(7, topics="[Robots]", category="older")
        client = client_of(
            make.site(tmp_path, {"1.md": newer, "2.md": older, "3.md": others}), clock
        )
        clock.now = END - 10 * SECOND
        before = client.get("/topics/robots/feed.rss")
        assert before.headers["Cache-Control"] == cache_control(
            10, 10 if kind == "expiry" else None
        )
        assert ("Article 5" in before.text) is (kind == "publication")
        clock.now = END
        until(
            client,
            "/topics/robots/feed.rss",
            lambda answer: ("Article 5" in answer.text) is (kind == "expiry"),
        )

    def test_it_comes_back_under_the_same_id_when_its_expiry_is_put_off(
        self, tmp_path: Path
    ) -> None:
        clock = Clock()
        config = make.site(tmp_path, {"1.md": expiring(), "2.md": make.record(2)})
        client = client_of(config, clock)
        id = feedparser.parse(client.get("/feed.atom").data).entries[0].id
        clock.now = END + HOUR
        assert WORD not in client.get("/feed.atom").text
        moved = expiring(end=END + 9 * HOUR, webUrl="https://example.org/moved")
        make.write(config.records_folder / "1.md", moved)
        clock.now += HOUR
        client = client_of(config, clock)
        assert feedparser.parse(client.get("/feed.atom").data).entries[0].id == id
        assert "https://example.org/moved" in client.get("/feed.atom").text

    def test_what_is_over_when_it_is_read_is_as_if_it_were_not_there(self, tmp_path: Path) -> None:
        clock = Clock()
        records: dict[str, str | bytes] = {"2.md": make.record(2), "3.md": make.record(3)}
        twin = client_of(make.site(tmp_path / "twin", records), clock)
        records["1.md"] = expiring(end=make.NOW)
        client = client_of(make.site(tmp_path / "site", records), clock)
        for path in (
            "/",
            "/feeds.opml",
            "/feed.rss",
            "/feed.atom",
            "/feed.json",
            "/all/",
            "/topics/ai/feed.rss",
        ):
            answer, other = client.get(path), twin.get(path)
            assert answer.data == other.data
            assert dict(answer.headers) == dict(other.headers)


class TestTheTree:
    """Built by `feeds build`."""

    @pytest.mark.parametrize("keeps_store", [True, False], ids=["kept_store", "lost_store"])
    def test_a_build_after_it_drops_the_article(self, tmp_path: Path, keeps_store: bool) -> None:
        config = make.site(
            tmp_path, {"1.md": expiring(), "2.md": make.record(2)}, "[feeds]\nlimit = 1\n"
        )
        before = built(config, make.NOW)
        assert holders(before)
        modified = (config.output_folder / "feed.rss").stat().st_mtime
        if not keeps_store:
            for file in config.store_file.parent.iterdir():
                file.unlink()
        assert holders(built(config, END)) == []
        assert (config.output_folder / "feed.rss").stat().st_mtime > modified
        assert not (config.output_folder / "topics" / f"{WORD.lower()}-topic").exists()

    def test_related_coverage_goes_with_the_article_that_it_points_to(self, tmp_path: Path) -> None:
        related = f"[{{title: X, webUrl: 'https://example.org/{WORD}'}}]"
        config = make.site(tmp_path, {"1.md": expiring(), "2.md": make.record(2, related=related)})
        assert holders(built(config, make.NOW))
        assert holders(built(config, END)) == []

    def test_history_and_feeds_of_the_publishers_own_lose_it_too(self, tmp_path: Path) -> None:
        records: dict[str, str | bytes] = {f"{n}.md": make.record(n) for n in range(1, 5)}
        records["0.md"] = expiring(0, heat="90")
        rule = '[[feed]]\nkey = "hot"\ntitle = "Hot"\nmin_heat = 80\n'
        config = make.site(tmp_path, records, f"[feeds]\nlimit = 1\n{rule}")
        for n in (-1, -2):  # newer ones, so that it is in the history alone
            make.write(config.records_folder / f"{n}.md", make.record(n))
        before = holders(built(config, make.NOW + 59 * SECOND))
        assert {"archive/2026-11.atom", "archive/2026-11.html", "feeds/hot/feed.rss"} <= set(before)
        assert holders(built(config, END)) == []
        assert not (config.output_folder / "feeds" / "hot").exists()


WITHDRAWN = "[feeds]\nwithdrawn_days = 3\n"


def is_withdrawn(atom: bytes, at: datetime = END) -> bool:
    """Whether a document says that the article was withdrawn at that moment, and nothing of it."""
    stone = f'<at:deleted-entry ref="https://example.org/{WORD}" when="{at.isoformat()}"/>'
    titles = [entry.title for entry in feedparser.parse(atom).entries]
    return stone.encode() in atom and "Withdrawn" in titles and f"{WORD} title".encode() not in atom


class TestWithdrawn:
    """What is left of an article that expired, where `feeds.withdrawn_days` asks for it."""

    @pytest.mark.parametrize("late", [0, 7], ids=["at_once", "days_later"])
    def test_it_is_withdrawn_as_of_its_expiry_whenever_that_is_noticed(
        self, tmp_path: Path, late: int
    ) -> None:
        config = make.site(
            tmp_path, {"1.md": expiring(), "2.md": make.record(2)}, "[feeds]\nwithdrawn_days = 9\n"
        )
        built(config, make.NOW)
        noticed = END + timedelta(days=late)
        assert is_withdrawn(built(config, noticed)["feed.atom"])
        assert is_withdrawn(built(config, END + timedelta(days=9) - SECOND)["feed.atom"])
        assert b"Withdrawn" not in built(config, END + timedelta(days=9))["feed.atom"]

    def test_a_lost_store_says_the_same(self, tmp_path: Path) -> None:
        config = make.site(tmp_path, {"1.md": expiring(), "2.md": make.record(2)}, WITHDRAWN)
        built(config, make.NOW)
        before = built(config, END + HOUR)
        for file in config.store_file.parent.iterdir():
            file.unlink()
        assert built(config, END + 2 * HOUR) == before
        assert is_withdrawn(before["feed.atom"])

    def test_the_service_says_so_at_that_second_and_a_build_after_it_the_same(
        self, tmp_path: Path
    ) -> None:
        clock = Clock()
        config = make.site(tmp_path, {"1.md": expiring(), "2.md": make.record(2)}, WITHDRAWN)
        client = client_of(config, clock)
        client.get("/feed.atom")
        clock.now = END
        answer = until(
            client,
            "/feed.atom",
            lambda answer: answer.last_modified == END and is_withdrawn(answer.data),
        )
        tree = built(config, END + HOUR)
        assert tree["feed.atom"] == answer.data
        assert (config.output_folder / "feed.atom").stat().st_mtime == END.timestamp()
        clock.now = END + timedelta(days=3)
        assert b"Withdrawn" not in client.get("/feed.atom").data

    def test_it_is_withdrawn_now_where_an_edit_dates_its_expiry_back(self, tmp_path: Path) -> None:
        config = make.site(tmp_path, {"1.md": expiring(3), "2.md": make.record(2)}, WITHDRAWN)
        built(config, make.NOW)
        make.write(config.records_folder / "1.md", expiring(3, make.NOW - HOUR))
        now = make.NOW + 60 * SECOND
        assert is_withdrawn(built(config, now)["feed.atom"], now)

    def test_what_was_over_when_it_was_first_read_leaves_nothing(self, tmp_path: Path) -> None:
        config = make.site(tmp_path, {"2.md": make.record(2)}, WITHDRAWN)
        built(config, make.NOW)
        make.write(config.records_folder / "1.md", expiring(3, make.NOW - HOUR))
        assert holders(built(config, make.NOW + HOUR)) == []
        assert not config.ledger_file.exists()

    def test_no_entry_is_left_where_another_record_of_its_address_shows(
        self, tmp_path: Path
    ) -> None:
        older = make.record(5, webUrl=f"https://example.org/{WORD}")
        config = make.site(tmp_path, {"1.md": expiring(), "2.md": older}, WITHDRAWN)
        assert f"{WORD} title".encode() in built(config, make.NOW)["feed.atom"]
        after = built(config, END)["feed.atom"]
        assert b"Article 5" in after and b"Withdrawn" not in after

    def test_it_is_itself_again_when_its_expiry_is_put_off(self, tmp_path: Path) -> None:
        config = make.site(tmp_path, {"1.md": expiring(), "2.md": make.record(2)}, WITHDRAWN)
        before = built(config, make.NOW)["feed.atom"]
        built(config, END)
        make.write(config.records_folder / "1.md", expiring(end=END + 9 * HOUR))
        assert built(config, END + HOUR)["feed.atom"] == before
        assert WORD not in config.ledger_file.read_text()

    def test_it_goes_although_the_ledger_cannot_be_written(self, tmp_path: Path) -> None:
        clock = Clock()
        config = make.site(tmp_path, {"1.md": expiring(), "2.md": make.record(2)}, WITHDRAWN)
        client = client_of(config, clock)
        assert WORD in client.get("/feed.atom").text
        config.ledger_file.mkdir()
        clock.now = END
        answer = client.get("/feed.atom")
        assert answer.status_code == 200
        assert WORD not in answer.text


MINUTES = st.integers(-3, 4).map(lambda n: make.NOW + n * HOUR)
RECORDS = st.lists(
    st.tuples(
        st.integers(1, 3),
        MINUTES,
        st.none() | MINUTES,
        st.sampled_from(["AI", "Robots"]),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=5,
)


def visible(
    records: list[tuple[int, datetime, datetime | None, str, int]], now: datetime
) -> set[int]:
    """The numbers of the records that show at a moment: of each address the newest that is
    published and not over."""
    newest: dict[int, tuple[datetime, int]] = {}
    for number, (address, published, expires, *_) in enumerate(records):
        if published <= now and (expires is None or (published < expires and now < expires)):
            newest[address] = max(newest.get(address, (published, -number)), (published, -number))
    return {-number for _, number in newest.values()}


@settings(max_examples=max(settings().max_examples // 10, 5), deadline=None)
@given(
    records=RECORDS,
    days=st.sampled_from([0, 1]),
    moments=st.lists(MINUTES, min_size=1, max_size=3, unique=True),
)
def test_the_service_answers_with_the_tree_whatever_expires(
    records: list[tuple[int, datetime, datetime | None, str, int]],
    days: int,
    moments: list[datetime],
) -> None:
    texts: dict[str, str | bytes] = {}
    for number, (address, published, expires, topic, other) in enumerate(records):
        texts[f"{number}.md"] = make.record(
            number,
            webUrl=f"https://example.org/{address}",
            publishedDateTime=written(published),
            expiryDateTime=None if expires is None else written(expires),
            topics=f"[{topic}]",
            related=f"[{{title: Other, webUrl: 'https://example.org/{other}'}}]",
        )
    config = f'[feeds]\nlimit = 2\nwithdrawn_days = {days}\nformats = ["atom"]\n'
    with TemporaryDirectory() as place, ExitStack() as ends:
        served, tree = (make.site(Path(place) / name, texts, config) for name in ("served", "tree"))
        clock = Clock(min(moments))
        app = create_app(served, clock=clock)
        ends.callback(make.close, app)  # before its folder goes
        client = app.test_client()
        for now in sorted(moments):
            clock.now = now
            files = built(tree, now)
            shown = {n for n in range(len(records)) if holders(files, f"Article {n}")}
            assert shown == visible(records, now)
            for path in files.keys() - {*hosts.PATHS, ".feeds-manifest"}:
                answer = client.get(make.asked(path))
                assert (path, answer.data) == (path, files[path])
                assert answer.last_modified is not None
                assert (
                    answer.last_modified.timestamp() == (tree.output_folder / path).stat().st_mtime
                )


class TestWhatIsSaid:
    """Logs, exit codes and lists."""

    def test_check_is_silent_about_what_is_over(self, tmp_path: Path) -> None:
        make.site(tmp_path, {"1.md": expiring(5, make.NOW), "2.md": make.record(2)})
        done = make.invoke("check", cwd=tmp_path)
        assert (done.stdout, done.stderr) == ("", "2 records, 0 with faults.\n")

    def test_a_build_says_nothing_of_what_is_over_though_something_in_it_is_wrong(
        self, tmp_path: Path
    ) -> None:
        records: dict[str, str | bytes] = {
            f"{WORD}-1.md": expiring(5, make.NOW, images="[{url: wrong}]"),
            f"{WORD}-2.md": expiring(5, make.NOW, title="[wrong]"),
            "2.md": make.record(2),
        }
        config = make.site(tmp_path, records)
        done = make.invoke("build", cwd=tmp_path)
        assert WORD not in done.stdout + done.stderr
        assert "0 left out" in done.stdout
        assert make.invoke("check", cwd=tmp_path, check=1).stdout.count(f"{WORD}-") == 2
        listed = json.loads(make.invoke("list", "--json", cwd=tmp_path).stdout)
        assert [feed["articles"] for feed in listed] == [1] * len(listed)
        assert config.store_file.exists()

    @pytest.mark.parametrize(
        ("changes", "key"),
        [
            ({"expiryDateTime": "2020-01-01"}, "1.md:"),
            ({"expiryDateTime": "soon"}, "1.md:"),
            ({}, ""),
        ],
        ids=["before_publication", "no_date", "none"],
    )
    def test_a_build_says_what_is_wrong_with_an_expiry(
        self, tmp_path: Path, changes: dict[str, Any], key: str
    ) -> None:
        config = make.site(
            tmp_path, {"1.md": expiring(5, make.NOW, **changes), "2.md": make.record(2)}
        )
        done = make.invoke("build", cwd=tmp_path, check=1 if key else 0)
        assert key in done.stderr and ("expiryDateTime: expected" in done.stderr) is bool(key)
        assert holders(make.tree(config.output_folder)) == []

    def test_what_is_left_out_for_one_that_expires_does_not_name_it(self, tmp_path: Path) -> None:
        records: dict[str, str | bytes] = {
            f"{WORD}.md": expiring(5, make.NOW + timedelta(days=36500), id="urn:x:1"),
            "2.md": make.record(2, id="urn:x:1"),
        }
        make.site(tmp_path, records)
        done = make.invoke("build", cwd=tmp_path, check=1)
        assert "2.md" in done.stderr and WORD not in done.stderr
        assert f"{WORD}.md" in make.invoke("check", cwd=tmp_path, check=1).stdout


class TestBroken:
    """A record that breaks while it says when it expires."""

    def test_its_last_good_version_goes_at_the_expiry_that_it_has_now(self, tmp_path: Path) -> None:
        config = make.site(tmp_path, {"1.md": expiring(end=END + 9 * HOUR), "2.md": make.record(2)})
        built(config, make.NOW)
        make.write(config.records_folder / "1.md", expiring(title="[wrong]"))
        assert holders(built(config, make.NOW + SECOND))
        assert holders(built(config, END - SECOND))
        assert holders(built(config, END)) == []

    def test_an_expiry_that_is_put_off_counts_once_it_is_whole(self, tmp_path: Path) -> None:
        config = make.site(tmp_path, {"1.md": expiring(), "2.md": make.record(2)})
        built(config, make.NOW)
        make.write(config.records_folder / "1.md", expiring(title="[wrong]", end=END + HOUR))
        assert holders(built(config, END)) == []
        make.write(config.records_folder / "1.md", expiring(end=END + HOUR))
        assert holders(built(config, END + SECOND))

    @pytest.mark.parametrize("end", ["soon", "2026-11-23T11:59:00Z", "2020-01-01"])
    def test_it_goes_at_once_where_its_expiry_is_over_or_wrong(
        self, tmp_path: Path, end: str
    ) -> None:
        config = make.site(tmp_path, {"1.md": expiring(), "2.md": make.record(2)})
        built(config, make.NOW)
        make.write(config.records_folder / "1.md", expiring(title="[wrong]", expiryDateTime=end))
        assert holders(built(config, make.NOW + SECOND)) == []
