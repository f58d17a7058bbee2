"""`feeds init` in a folder that somebody else made: whatever lies in it, nothing is written outside,
nothing is changed, no file is waited for, and a config that is written can be loaded."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.config import load_config
from tests import hostile, make
from tests.ingest.test_unknown import forbidden, run

SETTINGS = [
    *("_config.yml", "_config.yaml", "hugo.toml", "config.toml", "config/_default/hugo.yaml"),
    *("hugo.json", ".eleventy.js", "eleventy.config.ts", "package.json", "docusaurus.config.ts"),
    *("_data/metadata.json", "_data/site.js", "src/_data/meta.json", "posts/posts.11tydata.js"),
    *("astro.config.mjs", "src/consts.ts", "gatsby-config.js", "next.config.mjs", "zola.toml"),
    *("pelicanconf.py", "publishconf.py", "conf.py", "config/_default/permalinks.toml"),
]
POSTS = ["_posts/2024-05-01-a.md", "content/posts/a.md", "blog/a.md", "posts/a.md", "src/blog/a.md"]
POSTS += ["src/content/blog/a.md", "content/blog/a.md"]
KEYS = [
    *("title", "url", "baseURL", "baseurl", "baseUrl", "permalink", "description", "tagline"),
    *("lang", "languageCode", "locale", "author", "timezone", "timeZone", "contentDir", "input"),
    *("path", "routeBasePath", "blog", "permalinks.posts", "permalinks.page.posts", "uglyURLs"),
    *("site", "siteUrl", "base", "base_url", "default_language", "languages", "collections_dir"),
    *("source_dir", "public_dir", "destination", "publishDir", "output", "pathPrefix", "posts"),
    *("defaultContentLanguage", "new_post_name", "SITENAME", "SITEURL", "PATH", "ARTICLE_URL"),
    *("source", "exclude", "limit_posts", "collections.posts.permalink"),
    *("BLOG_TITLE", "SITE_URL", "TIMEZONE", "DEFAULT_LANG", "SITE_TITLE", "OUTPUT_PATH"),
]
TEXTS = [
    *hostile.TEXTS,
    *("", "..", "/", "../..", "/etc", "a/../../..", "x" * 300, "x/" * 3000, "{slug}", "a{b", "}"),
    *(":title", ":year/:title", "/:a/:slug/", "https://a.example", "https://a.example/x/"),
    *("http://[", "http://[::1]", "https://a.example/{x}", "https://a.example?q#f", "//a.example"),
    *("https://u:p@a.example", "https://a.example:99999", "https://A b", "https://\x07", "ftp://a"),
    *("posts", "blog", "src", "content", "date", "pretty", "en", "de_DE.UTF-8", "Europe/Berlin"),
    *('"""', "'''", "${x}", "`", "\\u0022\n[store]\nurl='x'", "a\u200db", "\xad", "no", "1", "[a]"),
]
NESTED = ["[" * 100_000, "{" * 100_000, '{"a":' * 100_000, "a." * 3000 + "a = 1", "- " * 5000]
BOMB = "a: &a [x, x]\n" + "".join(
    f"{b}: &{b} [*{a}, *{a}]\n"
    for a, b in zip("abcdefghijklmnopqrstuvwxy", "bcdefghijklmnopqrstuvwxyz", strict=True)
)
TRIED = [
    *("_config.yml", "hugo.toml", ".eleventy.js", "docusaurus.config.ts", "zola.toml", "conf.py"),
    *("astro.config.mjs", "gatsby-config.js", "next.config.mjs", "pelicanconf.py"),
]
VALUES = st.sampled_from(TEXTS) | st.text(max_size=20)


def settings(name: str, values: dict[str, str]) -> str:
    """A settings file of that name with these values."""
    if name.endswith(("js", "ts")):
        blog = ", ".join(f"{key}: {json.dumps(text)}" for key, text in values.items())
        return f"export default {{ {blog}, presets: [{{ blog: {{ {blog} }} }}] }}\n"
    if name.endswith("json"):
        return json.dumps({**values, "devDependencies": {"@11ty/eleventy": "3"}})
    sign = " = " if name.endswith(("toml", "py")) else ": "
    lines = (f"{key}{sign}{json.dumps(text)}\n" for key, text in values.items() if "." not in key)
    return "".join(lines)


def state(folder: Path) -> dict[str, tuple[int, bytes | str]]:
    """Every file, link and folder below a folder, as it is."""
    found: dict[str, tuple[int, bytes | str]] = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(place, name)
            status = os.lstat(path)
            link = os.readlink(path) if os.path.islink(path) else ""
            content = Path(path).read_bytes() if not link and os.path.isfile(path) else link
            found[os.path.relpath(path, folder)] = (status.st_mode, content)
    return found


def init(folder: Path) -> tuple[int, str]:
    """Run `feeds init` in the folder `site` of a folder; return its exit code and what it said.

    Nothing may change but what is new in `site`, and a config that is written must load.
    """
    before = state(folder)
    done = make.invoke("init", cwd=folder / "site", check=None)
    after = state(folder)
    assert done.returncode in (0, 2)
    assert {path: after.get(path) for path in before} == before
    new = {path for path in after.keys() - before.keys()}
    assert new <= {f"site/{name}" for name in MAY_BE_NEW}
    if done.returncode == 0:
        name = "feeds.toml" if "--config feeds.toml" in done.stdout else "config.toml"
        load_config(folder / "site" / name)
    else:
        assert new == set() and done.stderr.startswith("feeds: ") and done.stderr.count("\n") == 1
    return done.returncode, done.stdout + done.stderr


MAY_BE_NEW = ("config.toml", "feeds.toml", "seeds", "seeds/first.md", ".gitignore")


@given(
    st.dictionaries(
        st.sampled_from(SETTINGS), st.dictionaries(st.sampled_from(KEYS), VALUES), max_size=3
    ),
    st.sets(st.sampled_from(POSTS), max_size=3),
)
def test_any_settings_give_a_config_that_loads_or_one_message(
    files: dict[str, dict[str, str]], posts: set[str]
) -> None:
    with TemporaryDirectory() as name:
        site = Path(name) / "site"
        site.mkdir()
        for file, values in files.items():
            make.write(site / file, settings(file, values).encode("utf-8", "replace"))
        for path in posts:
            make.write(site / path, "---\ntitle: A\npermalink: /a/\n---\n")
        init(Path(name))


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", TRIED)
def test_a_text_in_every_setting(tmp_path: Path, name: str, text: str) -> None:
    make.write(tmp_path / "site" / name, settings(name, dict.fromkeys(KEYS, text)))
    init(tmp_path)


@pytest.mark.parametrize("content", [*NESTED, BOMB, "\0", "\ud800", "\ufefftitle: a", "1" * 5000])
@pytest.mark.parametrize("name", SETTINGS)
def test_settings_that_cannot_be_read_are_as_none(tmp_path: Path, name: str, content: str) -> None:
    make.write(tmp_path / "site" / name, content.encode("utf-8", "surrogatepass"))
    init(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1", "utf-8-sig"])
@pytest.mark.parametrize("name", SETTINGS)
def test_settings_in_any_encoding(tmp_path: Path, name: str, encoding: str) -> None:
    text = settings(name, {"title": "é", "url": "https://a.example"})
    make.write(tmp_path / "site" / name, text.encode(encoding))
    init(tmp_path)


def test_a_byte_order_mark_is_no_part_of_the_settings(tmp_path: Path) -> None:
    make.write(tmp_path / "site/_config.yml", "\ufefftitle: Harbour\n")
    assert "title       Harbour" in init(tmp_path)[1]


@pytest.mark.parametrize("kind", ["fifo", "zero", "circle", "outside", "folder"])
@pytest.mark.parametrize("name", [*SETTINGS, *POSTS, "blog/blog.11tydata.js", ".gitignore"])
def test_what_is_no_file_of_the_folder_is_neither_read_nor_waited_for(
    tmp_path: Path, name: str, kind: str
) -> None:
    make.write(tmp_path / "secret", f"title: {make.CANARY}\n")
    make.write(tmp_path / "site/blog/b.md", "---\ntitle: A\n---\n")
    file = tmp_path / "site" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    if kind == "fifo":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to(
            {"zero": "/dev/zero", "circle": str(file), "outside": str(tmp_path / "secret")}[kind]
        )
    if "_data" in name or "11ty" in name:
        make.write(tmp_path / "site/eleventy.config.js", "input: '.'")
    assert make.CANARY not in init(tmp_path)[1]


@pytest.mark.parametrize("name", ["_config.yml", "package.json", "hugo.toml", "blog/big.md"])
def test_no_large_file_is_read(tmp_path: Path, name: str) -> None:
    make.write(tmp_path / "site/eleventy.config.js", "input: '.'")
    (tmp_path / "site/blog").mkdir()
    with (tmp_path / "site" / name).open("wb") as file:
        file.truncate(4 << 30)
    code = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))\n"
    code += "from feeds.cli import main; main(['init'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "site", capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("_config.yml", "_posts"),
        ("hugo.toml", "content"),
        ("docusaurus.config.ts", "blog"),
    ],
)
@pytest.mark.parametrize("target", ["/etc", "../elsewhere"])
def test_posts_that_lie_elsewhere_are_not_taken(
    tmp_path: Path, name: str, link: str, target: str
) -> None:
    make.write(tmp_path / "elsewhere/posts/a.md", f"---\ntitle: {make.CANARY}\n---\n")
    make.write(tmp_path / "site" / name, "")
    (tmp_path / "site" / link).symlink_to(target)
    code, said = init(tmp_path)
    assert code == 2 and make.CANARY not in said
    assert said.startswith(f"feeds: {name}: expected the posts of ")


def test_a_link_within_the_folder_is_followed(tmp_path: Path) -> None:
    make.write(tmp_path / "site/hugo.toml", "")
    make.write(tmp_path / "site/notes/posts/a.md", "---\ntitle: A\n---\n")
    (tmp_path / "site/content").symlink_to("notes")
    code, said = init(tmp_path)
    assert code == 0 and "1 file in content/posts/" in said


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", os.fsdecode(b"\xff"), "{slug}", '"', "\\"])
def test_any_name_of_a_folder(tmp_path: Path, name: str) -> None:
    make.write(tmp_path / "site/hugo.toml", 'baseURL = "https://a.example/"\n')
    make.write(tmp_path / "site/content" / name / "a.md", "---\ntitle: A\n---\n")
    assert "\x1b" not in init(tmp_path)[1]


@pytest.mark.parametrize("name", ["config.toml", "seeds", ".gitignore"])
@pytest.mark.parametrize("target", ["../outside", "../there", "seeds", "."])
def test_nothing_is_written_through_a_link(tmp_path: Path, name: str, target: str) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / name).symlink_to(target)
    init(tmp_path)
    assert not (tmp_path / "outside").exists() and not list((tmp_path / "there").iterdir())


@pytest.mark.parametrize("path", ["_posts", "_config.yml", "blog", "content"])
def test_what_may_not_be_read_is_reported_or_passed_over(tmp_path: Path, path: str) -> None:
    make.write(tmp_path / "_config.yml", "title: A\n")
    for name in POSTS:
        make.write(tmp_path / name, "---\ntitle: A\n---\n")
    with forbidden(tmp_path / path):
        run("init", cwd=tmp_path, check=2 if path == "_posts" else 0)
    load_config(tmp_path / "config.toml")
