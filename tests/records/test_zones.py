"""Dates without an offset are in the time zone of the site, wherever they stand, and so are the
days in addresses."""

import json
import shutil
import subprocess
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import feedparser
import pytest

from feeds.errors import ConfigError
from feeds.records import Reading, read_mapping, read_record
from feeds.records.values import as_moment
from tests import make

NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
BLOG = """
webUrl = { template = "https://example.org/{year}/{month}/{day}/{slug}/" }
publishedDateTime = "date"
updatedDateTime = "changed"
provider = { value = { domain = "example.org" } }
"""
JEKYLL = BLOG.replace('"date"', '{ utc = "date" }')


def read(
    matter: str, *, fields: str = BLOG, path: str = "a.md", zone: ZoneInfo = BERLIN
) -> Reading:
    content = f"---\ntitle: A\n{matter}\n---\n".encode()
    return read_record(path, content, make.NOW, read_mapping(tomllib.loads(fields)), zone)


def link_and_moment(reading: Reading) -> tuple[str, str]:
    """The path of its address, and when it was published."""
    assert reading.article is not None, reading.faults
    return reading.article.link.removeprefix(
        "https://example.org/"
    ), f"{reading.article.published:%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-05-04 10:30", BERLIN, "2026-05-04 08:30"),
        ("2026-05-04T10:30:00.5", BERLIN, "2026-05-04 08:30"),
        ("2026-01-04T10:30:00", BERLIN, "2026-01-04 09:30"),
        ("2026-05-04", BERLIN, "2026-05-03 22:00"),
        ("2026-05-04", NEW_YORK, "2026-05-04 04:00"),
        ("2026-05-04T10:30:00Z", BERLIN, "2026-05-04 10:30"),
        ("2026-05-04T10:30:00-07:00", BERLIN, "2026-05-04 17:30"),
        ("2026-05-04 10:30 +0000", BERLIN, "2026-05-04 10:30"),
        ("2026-03-29 02:30", BERLIN, "2026-03-29 01:30"),  # left out by the change of clocks: 03:30
        ("2026-10-25 02:30", BERLIN, "2026-10-25 00:30"),  # shown twice: the first
        # whose midnight is left out
        ("2026-09-06", ZoneInfo("America/Santiago"), "2026-09-06 04:00"),
        ("1850-01-01", BERLIN, "1849-12-31 23:06"),  # local mean time
    ],
)
def test_a_date_without_an_offset_is_in_the_zone(text: str, zone: ZoneInfo, expected: str) -> None:
    moment = as_moment(text, zone)
    assert f"{moment:%Y-%m-%d %H:%M}" == expected
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(("text", "zone"), [("0001-01-01", BERLIN), ("9999-12-31T23:00", NEW_YORK)])
def test_what_the_zone_moves_out_of_time_is_no_date(text: str, zone: ZoneInfo) -> None:
    with pytest.raises(ValueError, match="a date and time"):
        as_moment(text, zone)


@pytest.mark.parametrize(
    ("matter", "path", "zone", "expected"),
    [
        ("date: 2026-05-04 00:30", "a.md", BERLIN, ("2026/05/04/a/", "2026-05-03 22:30")),
        ("date: 2026-05-03T22:30:00Z", "a.md", BERLIN, ("2026/05/04/a/", "2026-05-03 22:30")),
        (
            "date: 2026-05-04 00:30:00 +0200",
            "a.md",
            NEW_YORK,
            ("2026/05/03/a/", "2026-05-03 22:30"),
        ),
        ("date: 2026-12-31T23:30:00-07:00", "a.md", BERLIN, ("2027/01/01/a/", "2027-01-01 06:30")),
        ("", "2026-05-04-a.md", BERLIN, ("2026/05/04/a/", "2026-05-03 22:00")),
        ("", "2026-05-04-a.md", NEW_YORK, ("2026/05/04/a/", "2026-05-04 04:00")),
    ],
)
def test_the_day_of_an_address_is_that_of_the_zone(
    matter: str, path: str, zone: ZoneInfo, expected: tuple[str, str]
) -> None:
    assert link_and_moment(read(matter, path=path, zone=zone)) == expected


def test_a_date_that_is_none_is_reported_of_the_date_alone() -> None:
    assert [str(fault) for fault in read("date: 2026-13-04").faults] == [
        "a.md:3:7: date: expected a date and time, such as 2026-11-23T09:30:00Z, got '2026-13-04'"
    ]


def test_a_local_date_of_toml_is_in_the_zone() -> None:
    content = b"+++\ntitle = 'A'\ndate = 2026-05-04 00:30:00\n+++\n"
    reading = read_record("a.md", content, make.NOW, read_mapping(tomllib.loads(BLOG)), BERLIN)
    assert link_and_moment(reading) == ("2026/05/04/a/", "2026-05-03 22:30")


def test_an_update_is_in_the_zone_too() -> None:
    reading = read("date: 2026-05-04T12:00:00Z\nchanged: 2026-05-04 13:00", zone=NEW_YORK)
    assert reading.article is not None
    assert reading.article.updated == datetime(2026, 5, 4, 17, tzinfo=UTC)
    (fault,) = read("date: 2026-05-04T12:00:00Z\nchanged: 2026-05-04 13:00", zone=BERLIN).faults
    assert "after publishedDateTime" in fault.expected


@pytest.mark.parametrize(
    ("matter", "moment"),
    [
        ("date: 2026-05-04 10:30:00", "2026-05-04 10:30"),
        ("date: 2026-05-04T10:30:00.5", "2026-05-04 10:30"),
        ("date: '2026-05-04 10:30:00'", "2026-05-04 08:30"),
        ("date: 2026-05-04 10:30", "2026-05-04 08:30"),
        ("date: 2026-05-04", "2026-05-03 22:00"),
        ("date: 2026-05-04 10:30:00 +0200", "2026-05-04 08:30"),
        ("date: 2026-05-04 10:30:00 Z", "2026-05-04 10:30"),
    ],
)
def test_times_of_yaml_can_be_in_utc_as_ruby_has_them(matter: str, moment: str) -> None:
    assert link_and_moment(read(matter, fields=JEKYLL)) == ("2026/05/04/a/", moment)


def test_only_dates_can_be_in_utc() -> None:
    with pytest.raises(
        ValueError, match=r'records.fields.title: expected \{ utc = "…" \} for dates alone'
    ):
        read_mapping({"title": {"utc": "title"}})


def shown(folder: Path) -> dict[str, tuple[str, str]]:
    """The id and date of each entry, by its title."""
    entries = feedparser.parse((folder / "public" / "feed.atom").read_bytes()).entries
    return {entry.title: (entry.id, entry.published[:16].replace("T", " ")) for entry in entries}


def test_a_record_is_due_when_its_zone_says_so_and_a_change_of_the_zone_reads_all_again(
    tmp_path: Path,
) -> None:
    texts: dict[str, str | bytes] = {
        "1.md": make.record(1, publishedDateTime="2026-05-04 10:30"),
        "2.md": make.record(2, publishedDateTime="9999-12-31"),
        "3.md": make.record(3, publishedDateTime="2026-05-04"),
        "4.md": make.record(4, publishedDateTime="2026-05-04T10:30:00Z"),
    }
    before: dict[str, str] = {}
    for zone, first, third in (
        (None, "2026-05-04 10:30", "2026-05-04 00:00"),
        ("America/New_York", "2026-05-04 14:30", "2026-05-04 04:00"),
        ("Asia/Tokyo", "2026-05-04 01:30", "2026-05-03 15:00"),
    ):
        make.site(tmp_path, texts, f'timezone = "{zone}"\n' if zone else "")
        make.invoke("build", cwd=tmp_path)
        found = shown(tmp_path)
        assert {title: moment for title, (_, moment) in found.items()} == {
            "Article 1": first,
            "Article 3": third,
            "Article 4": "2026-05-04 10:30",
        }
        ids = {title: id for title, (id, _) in found.items()}
        before = before or ids
        assert ids == before
    assert not (tmp_path / "ledger.toml").exists()


def test_a_zone_is_known_on_a_machine_that_has_none(tmp_path: Path) -> None:
    make.site(
        tmp_path,
        {"1.md": make.record(1, publishedDateTime="2026-05-04 10:30")},
        'timezone = "Europe/Berlin"\n',
    )
    make.run("build", cwd=tmp_path, PYTHONTZPATH="")
    assert shown(tmp_path)["Article 1"][1] == "2026-05-04 08:30"


@pytest.mark.parametrize(
    "name", ["Europe/Berln", "europe/berlin", "localtime", "", "../x", "/etc/localtime", "CEST"]
)
def test_an_unknown_zone_is_reported_at_its_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make.site(tmp_path, {}, f'timezone = "{name}"\n')
    (fault,) = caught.value.faults
    assert fault.text.startswith(
        "site.timezone: expected the name of a time zone such as Europe/Berlin"
    )
    assert fault.text.endswith(f"got {name!r}")
    assert (fault.line, fault.column) == (4, 12)


def test_the_zone_that_was_likely_meant_is_reported(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\(did you mean Europe/Vienna\?\), got 'Europe/Viena'"):
        make.site(tmp_path, {}, 'timezone = "Europe/Viena"\n')


DATES = {
    "a": "2026-05-04 00:30:00 +0200",
    "b": "2026-05-03 22:30:00 +0000",
    "c": "2026-05-04",
    "d": "2026-05-04 23:30:00 -0700",
    "e": "2026-05-04 00:30:00",
    "f": "2026-03-29 02:30:00",
    "g": "'2026-03-29 02:30:00'",  # a time that Berlin left out, and one that New York did
    "k": "'2026-03-08 02:30:00'",
    "h": "2026-05-04 00:30",
    "i": "2026-05-04 00:30:00Z",
}


def published(folder: Path, name: str) -> dict[str, tuple[str, datetime]]:
    """The address and moment of each post, by title, as `feeds init` and `feeds build` publish
    them."""
    make.invoke("init", cwd=folder)
    make.invoke("build", "--config", name, cwd=folder)
    feed = min(folder.rglob("feed.json"), key=lambda file: len(file.parts))  # of everything
    found = {}
    for item in json.loads(feed.read_text())["items"]:
        found[item["title"]] = item["url"], datetime.fromisoformat(item["date_published"])
    return found


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", ""])
def test_addresses_and_moments_are_those_of_jekyll(tmp_path: Path, zone: str) -> None:
    jekyll = make.program("jekyll")
    make.write(
        tmp_path / "_config.yml",
        "url: https://tide.example\n" + (f"timezone: {zone}\n" if zone else ""),
    )
    for name, date in DATES.items():
        make.write(
            tmp_path / "_posts" / f"2026-05-04-{name}.md",
            f"---\ntitle: {name}\ndate: {date}\n---\nx\n",
        )
    make.write(tmp_path / "_posts" / "2026-05-05-z.md", "---\ntitle: z\n---\nx\n")
    line = "{{post.title}} {{site.url}}{{post.url}} {{post.date | date_to_xmlschema}}"
    make.write(
        tmp_path / "list.txt", "---\n---\n{% for post in site.posts %}" + line + "\n{% endfor %}"
    )
    subprocess.run(
        [jekyll, "build", "--quiet"],
        cwd=tmp_path,
        check=True,
        env={"PATH": "/usr/bin:/bin", "TZ": "UTC"},
    )
    lines = [
        line.split() for line in (tmp_path / "_site" / "list.txt").read_text().splitlines() if line
    ]
    theirs = {title: (address, datetime.fromisoformat(moment)) for title, address, moment in lines}
    shutil.rmtree(tmp_path / "_site")
    (tmp_path / "list.txt").unlink()
    assert len(theirs) == len(DATES) + 1
    assert published(tmp_path, "config.toml") == theirs


@pytest.mark.parametrize("zone", ["Europe/Berlin", ""])
def test_moments_are_those_of_hugo(tmp_path: Path, zone: str) -> None:
    hugo = make.program("hugo")
    make.write(
        tmp_path / "hugo.toml",
        'baseURL = "https://tide.example/"\n' + (f'timeZone = "{zone}"\n' if zone else ""),
    )
    dates = {name: date for name, date in DATES.items() if name != "h"}  # Hugo does not read it
    for name, date in dates.items():
        make.write(
            tmp_path / "content" / "posts" / f"{name}.md",
            f"---\ntitle: {name}\ndate: {date}\n---\nx\n",
        )
    line = '{{ .Title }} {{ .Permalink }} {{ .Date.UTC.Format "2006-01-02T15:04:05+00:00" | safeHTML }}'
    make.write(
        tmp_path / "layouts" / "index.html", "{{ range .Site.RegularPages }}" + line + "\n{{ end }}"
    )
    make.write(tmp_path / "layouts" / "_default" / "single.html", "x")
    subprocess.run([hugo, "--quiet", "--destination", tmp_path / "site"], cwd=tmp_path, check=True)
    lines = [
        line.split() for line in (tmp_path / "site" / "index.html").read_text().splitlines() if line
    ]
    theirs = {title: (address, datetime.fromisoformat(moment)) for title, address, moment in lines}
    shutil.rmtree(tmp_path / "site")
    assert len(theirs) == len(dates)
    assert published(tmp_path, "config.toml") == theirs
