"""`feeds init` and `feeds new`: from an empty folder to a site, as a new person would go."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from feeds.config import load_config
from feeds.records import read_record
from tests import make
from tests.serve.test_server import serving


def test_an_empty_folder_becomes_a_site_that_checks_builds_and_serves(tmp_path: Path) -> None:
    said = make.invoke(
        "init", "--title", "Tide & <co>", "--base-url", "https://feeds.tide.example/", cwd=tmp_path
    ).stdout
    assert said == (
        "Wrote config.toml\nWrote seeds/first.md\nWrote .gitignore\n\nNext:\n"
        '  feeds new "A title" --url https://example.org/a-title\n  feeds check\n  feeds serve\n'
    )
    assert make.invoke("check", cwd=tmp_path).stdout == ""
    make.invoke("build", cwd=tmp_path)
    assert "Our first article" in (tmp_path / "public/feed.json").read_text()
    config = load_config(tmp_path / "config.toml")
    assert (config.site.title, config.site.base_url) == (
        "Tide & <co>",
        "https://feeds.tide.example",
    )
    with serving(config) as service:
        assert service.get("/topics/beginnings/feed.rss").status_code == 200


def test_what_the_comments_of_a_new_config_show_is_good(tmp_path: Path) -> None:
    make.invoke("init", cwd=tmp_path)
    file = tmp_path / "config.toml"
    lines = file.read_text().splitlines()
    shown = [
        line.removeprefix("# ") if " = " in line or line.startswith("# [") else line
        for line in lines
    ]
    file.write_text("\n".join(shown))
    assert load_config(file).rules[0].key == "feeds/robots"


def test_a_folder_can_be_named(tmp_path: Path) -> None:
    said = make.invoke("init", "new/site", cwd=tmp_path).stdout
    assert "  cd new/site\n" in said
    make.invoke("check", cwd=tmp_path / "new/site")


def test_no_file_that_is_there_is_changed(tmp_path: Path) -> None:
    make.write(tmp_path / ".gitignore", "mine")
    make.write(tmp_path / "seeds/1.md", make.record(1))
    make.invoke("init", cwd=tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "mine"
    assert not (tmp_path / "seeds/first.md").exists()
    before = make.tree(tmp_path)
    refused = make.invoke("init", cwd=tmp_path, check=2)
    assert refused.stderr == "feeds: config.toml: expected none: `feeds init` changes no file\n"
    assert make.tree(tmp_path) == before


@pytest.mark.parametrize(
    "options",
    [
        ("--base-url", "feeds.example"),
        ("--title", "a\x07"),
        ("--title", "a" * 4097),
        ("--title", os.fsdecode(b"\xff")),
    ],
)
def test_a_wrong_option_is_reported_before_anything_is_written(
    tmp_path: Path, options: tuple[str, str]
) -> None:
    assert options[0] in make.invoke("init", *options, cwd=tmp_path, check=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_a_title_of_white_space_is_none(tmp_path: Path) -> None:
    make.invoke("init", "--title", "  ", cwd=tmp_path)
    assert load_config(tmp_path / "config.toml").site.title == "Our feeds"


@pytest.mark.parametrize("option", ["title", "--topic", "--provider"])
def test_a_record_of_what_is_no_text_is_not_begun(tmp_path: Path, option: str) -> None:
    config = make.site(tmp_path, {})
    options = ("A title", option) if option.startswith("--") else ()
    refused = make.invoke("new", *options, os.fsdecode(b"\xff"), cwd=tmp_path, check=2)
    assert "expected to write text, got what is no UTF-8" in refused.stderr
    assert list(config.records_folder.iterdir()) == []


def test_a_record_that_does_not_fit_the_disk_leaves_nothing(tmp_path: Path) -> None:
    config = make.site(tmp_path, {})
    code = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    code += "resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))\nfrom feeds.cli import main\n"
    code += "main(['new', 'A title', '--topic', 'Birds'], standalone_mode=False)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert "a-title.md: expected to write it, got: File too large" in done.stderr
    assert list(config.records_folder.iterdir()) == []


@pytest.mark.parametrize("target", ["nowhere.md", "../elsewhere.md"])
def test_a_new_record_is_not_written_through_a_link(tmp_path: Path, target: str) -> None:
    config = make.site(tmp_path, {})
    config.records_folder.mkdir(exist_ok=True)
    (config.records_folder / "a-title.md").symlink_to(target)
    refused = make.invoke("new", "A title", cwd=tmp_path, check=2)
    assert "a-title.md: expected to write it, got: File exists" in refused.stderr
    assert not (config.records_folder / target).exists()


TITLES = ['Herons: "back" # [1]', "東京", "no", "---", "a\\b\ttab", "é" * 300, "1984", "{x}", "- a"]


@pytest.mark.parametrize("title", TITLES)
def test_a_new_record_holds_any_title_and_is_hidden(tmp_path: Path, title: str) -> None:
    config = make.site(tmp_path, {})
    options = ("--url", "https://Tide.example/x", "--topic", "Birds", "--topic", "C#: a")
    said = make.invoke("new", *options, "--", title, cwd=tmp_path).stdout
    (file,) = config.records_folder.iterdir()
    assert said.startswith(f"Wrote seeds/{file.name}\n") and "`published: false`" in said
    reading = read_record(file.name, file.read_bytes(), make.NOW)
    assert (reading.unpublished, reading.faults) == (True, ())
    shown = read_record(
        "1.md", file.read_bytes().replace(b"published: false", b"published: true"), make.NOW
    ).article
    assert shown is not None
    assert (shown.title, shown.topics) == (" ".join(title.split()), ("Birds", "C#: a"))
    assert (shown.link, shown.provider.domain) == ("https://tide.example/x", "tide.example")


def test_a_new_record_can_be_read_whatever_yaml_forbids_in_its_title(tmp_path: Path) -> None:
    config = make.site(tmp_path, {})
    make.invoke("new", "--url", "https://tide.example/x", "a\x7fb\uffffc", cwd=tmp_path)
    (file,) = config.records_folder.iterdir()
    assert read_record(file.name, file.read_bytes(), make.NOW).faults == ()


def test_what_a_new_record_still_lacks_is_reported(tmp_path: Path) -> None:
    make.site(tmp_path, {})
    said = make.invoke("new", "A title", cwd=tmp_path).stdout.splitlines()
    assert said[1] == "Still to write, at line 3: webUrl, an http or https address"
    assert said[2].startswith("Still to write, at line 9: provider.domain, a host name")


def test_a_new_record_can_be_published_and_never_takes_the_place_of_another(tmp_path: Path) -> None:
    config = make.site(tmp_path, {})
    make.invoke("new", "A title", "--url", "https://a.example/", "--publish", cwd=tmp_path)
    before = (config.records_folder / "a-title.md").read_text()
    assert "published: true" in before
    refused = make.invoke("new", "A  title!", cwd=tmp_path, check=2).stderr
    assert refused.startswith("feeds: ") and "a-title.md: expected no such file" in refused
    assert (config.records_folder / "a-title.md").read_text() == before


@pytest.mark.parametrize("name", ["jekyll", "hugo", "docusaurus"])
def test_a_new_record_of_a_blog_has_the_keys_of_the_blog(name: str, tmp_path: Path) -> None:
    shutil.copytree(make.ROOT / "tests/sites" / name, tmp_path, dirs_exist_ok=True)
    config = load_config(tmp_path / "config.toml")
    before = set(config.records_folder.rglob("*.md"))
    said = make.invoke("new", "Night boats", "--topic", "Boats", cwd=tmp_path).stdout
    (file,) = set(config.records_folder.rglob("*.md")) - before
    keys = yaml.safe_load(file.read_text().split("---")[1])
    date = "publishDate" if name == "hugo" else "date"
    excerpt = "description"
    assert set(keys) == {"title", date, excerpt, "tags", "draft"}
    assert (keys["title"], keys["tags"], keys["draft"]) == ("Night boats", ["Boats"], True)
    assert (file.name == "night-boats.md") is (name != "jekyll" and name != "docusaurus")
    assert "`draft: true`" in said and "Still to write" not in said


def test_a_new_record_has_keys_within_keys(tmp_path: Path) -> None:
    mapping = '[records.fields]\ntitle = "seo.title"\npublished = { not = "hidden" }\n'
    mapping += 'provider = { domain = "from.host", name = { value = "X" } }\nexcerpt = ["seo.text", "text"]\n'
    config = make.site(tmp_path, {}, mapping)
    make.invoke("new", "Night boats", "--url", "https://a.example/", cwd=tmp_path)
    (file,) = config.records_folder.iterdir()
    keys = yaml.safe_load(file.read_text().split("---")[1])
    assert keys["seo"] == {"title": "Night boats", "text": ""}
    assert (keys["hidden"], keys["from"], "published" in keys) == (
        True,
        {"host": "a.example"},
        False,
    )
    reading = read_record("1.md", file.read_bytes(), make.NOW, config.records.fields)
    assert (reading.unpublished, reading.faults) == (True, ())
