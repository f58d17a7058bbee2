"""Astro, Zola, Pelican, Hexo, Gatsby, Next and Nikola, as `feeds init` finds them, and folders that
are somebody's site."""

from pathlib import Path
from typing import NamedTuple

import feedparser
import pytest

from feeds.config import load_config
from tests import make

POST = "---\ntitle: Big Tide\ndate: 2024-05-01\ntags: [Sea]\ndescription: D\n---\nText.\n"


class Site(NamedTuple):
    """A site: its files, what is found of it, and the paths of the addresses of its posts."""

    generator: str
    files: dict[str, str]
    links: set[str]
    language: str = "en"
    config: str = "config.toml"


ASTRO = Site(
    "Astro",
    {
        "astro.config.mjs": "export default defineConfig({ site: 'https://s.example', base: '/b' });",
        "src/consts.ts": "export const SITE_TITLE = 'Tide';\nexport const SITE_DESCRIPTION = 'D';",
        "src/content/blog/First Post.md": POST.replace("date:", "pubDate:"),
        "src/content/blog/sub/second.mdx": POST.replace("date:", "pubDate:"),
        "src/content/blog/third.md": POST.replace("title:", "slug: own\ntitle:"),
        "src/content/blog/fourth.md": POST.replace(
            "title:", f"draft: true\nx: {make.CANARY}\ntitle:"
        ),
    },
    {"/b/blog/first-post/", "/b/blog/sub/second/", "/b/blog/own/"},
)
ZOLA = Site(
    "Zola",
    {
        "config.toml": 'base_url = "https://s.example"\ntitle = "Tide"\ndefault_language = "de"\n'
        "[languages.fr]\n",
        "content/blog/_index.md": "+++\ntitle = 'S'\n+++\n",
        "content/blog/2024-05-01-Big Tide.md": "+++\ntitle = 'A'\n[taxonomies]\ntags = ['Sea']\n+++\nx\n",
        "content/blog/a.fr.md": "+++\ntitle = 'A'\ndate = 2024-05-02\n+++\nx\n",
        "content/blog/b.md": "+++\ntitle = 'A'\ndate = 2024-05-02\npath = 'own/path'\n+++\nx\n",
        "content/blog/c.md": "+++\ntitle = 'A'\ndate = 2024-05-02\nslug = 'own'\n+++\nx\n",
        "content/blog/d.md": "+++\ntitle = 'A'\ndate = 2024-05-02\ndraft = true\n+++\nx\n",
        "content/blog/e/index.md": "+++\ntitle = 'A'\ndate = 2024-05-02\n+++\nx\n",
    },
    {"/blog/big-tide/", "/fr/blog/a/", "/own/path/", "/blog/own/", "/blog/e/"},
    language="de",
    config="feeds.toml",
)
PELICAN = Site(
    "Pelican",
    {
        "pelicanconf.py": "SITENAME = 'Tide'\nPATH = 'content'\nTIMEZONE = 'Europe/Rome'\n"
        "DEFAULT_LANG = 'it'\nARTICLE_URL = 'posts/{date:%Y}/{date:%m}/{slug}/'\n",
        "publishconf.py": "from pelicanconf import *\nSITEURL = 'https://s.example'\n",
        "content/a.md": "Title: Big Tide\nDate: 2024-05-01 10:20\nTags: Sea, Sky\n\nText.\n",
        "content/b.md": "Title: B\nDate: 2024-05-01\nSlug: own\n\nText.\n",
        "content/c.md": "Title: C\nDate: 2024-05-01\nStatus: draft\n\nText.\n",
        "content/pages/d.md": "Title: A page\nDate: 2024-05-01\n\nText.\n",
        "content/e.rst": "E\n###\n",
    },
    {"/posts/2024/05/big-tide/", "/posts/2024/05/own/"},
    language="it",
)
HEXO = Site(
    "Hexo",
    {
        "_config.yml": "title: Tide\nurl: https://s.example\nlanguage: [de, en]\ntimezone: ''\n",
        "source/_posts/big-tide.md": POST.replace("date: 2024-05-01", "date: 2024-05-01 08:00:00"),
        "source/_posts/sub/b.md": POST,
        "source/_drafts/c.md": POST,
    },
    {"/2024/05/01/big-tide/", "/2024/05/01/sub/b/"},
    language="de",
)
GATSBY = Site(
    "Gatsby",
    {
        "gatsby-config.js": "module.exports = { siteMetadata: { title: `Tide`, "
        "siteUrl: `https://s.example/`, description: `D` } };",
        "content/blog/hello-world/index.md": POST,
        "content/blog/b.md": POST.replace("title:", "slug: /own/\ntitle:"),
    },
    {"/hello-world/", "/own/"},
)
NEXT = Site(
    "Next",
    {
        "next.config.mjs": "export default {};",
        "data/siteMetadata.js": "const siteMetadata = { title: 'Tide', siteUrl: 'https://s.example',"
        " language: 'en-us' };",
        "data/blog/a.mdx": POST,
        "data/blog/nested/b.mdx": POST,
    },
    {"/blog/a", "/blog/nested/b"},
    language="en-us",
)
NIKOLA = Site(
    "Nikola",
    {
        "conf.py": 'BLOG_TITLE = "Tide"\nSITE_URL = "https://s.example/"\nDEFAULT_LANG = "en"\n'
        'POSTS = (\n    ("posts/*.md", "news", "post.tmpl"),\n)\n',
        "posts/a.md": POST,
        "posts/2024/b.md": POST.replace("title:", "slug: own\ntitle:"),
    },
    {"/news/a/", "/news/2024/own/"},
)
SITES = [ASTRO, ZOLA, PELICAN, HEXO, GATSBY, NEXT, NIKOLA]


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.generator)
def test_the_posts_of_a_site_are_published_as_they_are(site: Site, tmp_path: Path) -> None:
    for path, text in site.files.items():
        make.write(tmp_path / path, text)
    before = make.tree(tmp_path)
    said = make.invoke("init", cwd=tmp_path).stdout
    assert said.startswith(f"Found {site.generator}, by ") and "0 lack something." in said
    assert make.tree(tmp_path).keys() - before.keys() == {site.config}
    config = load_config(tmp_path / site.config)
    assert (config.site.title, config.site.language) == ("Tide", site.language)
    make.invoke("build", "--config", site.config, cwd=tmp_path)
    make.invoke("build", "--config", site.config, cwd=tmp_path)  # which reads no file of ours
    entries = feedparser.parse((config.output_folder / "feed.atom").read_bytes()).entries
    assert {entry.link for entry in entries} == {f"https://s.example{link}" for link in site.links}
    assert not (config.output_folder / "providers").exists()
    checked = make.invoke("check", "--config", site.config, cwd=tmp_path)
    assert " 0 with faults." in checked.stderr + checked.stdout
    outputs = make.tree(config.output_folder).values()
    assert not [one for one in outputs if make.CANARY.encode() in one]


BROKEN = ("", "[", "title: '{}'", "SITENAME = '{slug}'\nBLOG_TITLE = '{'\nPATH = '../x'", "\0")


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.generator)
@pytest.mark.parametrize("text", BROKEN)
def test_broken_settings_give_a_config_that_loads_or_none(
    site: Site, text: str, tmp_path: Path
) -> None:
    for path, whole in site.files.items():
        make.write(tmp_path / path, whole)
    make.write(tmp_path / next(iter(site.files)), text)
    before = make.tree(tmp_path)
    if make.invoke("init", cwd=tmp_path, check=None).returncode == 0:
        [config] = make.tree(tmp_path).keys() & {"config.toml", "feeds.toml"} - before.keys()
        load_config(tmp_path / config)
    else:
        assert make.tree(tmp_path) == before


@pytest.mark.parametrize(
    "name",
    ["package.json", "Gemfile", "mkdocs.yml", "index.html", "vite.config.ts", "_config.toml.bak"],
)
def test_no_sample_is_written_into_the_site_of_somebody(tmp_path: Path, name: str) -> None:
    make.write(tmp_path / name, "{}")
    make.write(tmp_path / "posts/a.md", POST)
    before = make.tree(tmp_path)
    refused = make.invoke("init", cwd=tmp_path, check=2).stderr
    assert f"got one with {name}, of a program that feeds does not know" in refused
    assert make.tree(tmp_path) == before
    make.invoke("init", "feeds", cwd=tmp_path)
    make.invoke("check", cwd=tmp_path / "feeds")


def test_a_folder_of_a_repository_is_no_site(tmp_path: Path) -> None:
    for name in ("README.md", "LICENSE", ".git/config", ".gitignore"):
        make.write(tmp_path / name, "x")
    make.invoke("init", cwd=tmp_path)
    assert (tmp_path / "seeds/first.md").is_file()
