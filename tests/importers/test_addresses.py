"""Addresses of posts, with the generators themselves as oracles: whole trees, of several settings
each, by the config that `feeds init` writes."""

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest

from feeds.urls import web_address
from tests import make

UTC = {**os.environ, "TZ": "UTC"}
BASE = "https://site.example/sub"


def write(folder: Path, posts: dict[str, str]) -> None:
    """Write posts by their paths: the lines of their front matter."""
    for path, lines in posts.items():
        make.write(folder / path, f"---\n{lines}\n---\nText.\n")


def published(folder: Path, *, config: str = "config.toml") -> set[str]:
    """What `feeds init` and `feeds build` make of a folder: the paths of the articles' addresses."""
    make.invoke("init", cwd=folder)
    file = folder / config
    file.write_text(file.read_text() + "limit = 1000\n")  # of [feeds]
    make.invoke("build", "--config", config, cwd=folder)
    [found] = [path for path in folder.rglob("feed.json") if path.parent.name == "feeds"]
    return {item["url"].removeprefix(BASE) for item in json.loads(found.read_bytes())["items"]}


def cleaned(addresses: list[str]) -> set[str]:
    """Addresses of a generator as they are asked for."""
    return {web_address(BASE + one).removeprefix(BASE) for one in addresses}


def differences(ours: set[str], theirs: set[str]) -> tuple[list[str], list[str]]:
    """The addresses that only feeds has, and those that only the generator has."""
    return sorted(ours - theirs), sorted(theirs - ours)


JEKYLL = {
    "_posts/2024-05-01-Plain Title & co.md": "title: A",
    "_posts/2024-5-2-unpadded.md": "title: A",
    "_posts/2024-05-04-dots..in.v1..md": "title: A",
    "_posts/2024-05-05-words.md": "title: A\ncategories: Big News",
    "_posts/2024-05-06-list.md": "title: A\ncategories: [Big News, a/b, É té, Big News]\ncategory: Solo",
    "_posts/2024-05-07-one.md": "title: A\ncategory: Sea Life",
    "_posts/2024-05-08-slug.md": "title: A\nslug: 'My Slug_x.y: z'",
    "_posts/sub/deep/2024-05-09-sub.md": "title: A",
    "_posts/2024-05-10-late.md": "title: A\ndate: 2024-05-09 23:30:00 -0700",
    "_posts/2024-05-11-naive.md": "title: A\ndate: 2024-05-11 23:30:00",
    "_posts/2024-05-12-own.md": "title: A\npermalink: /:categories/x/:i_day-:i_month_/:short_year/"
    ":title:output_ext\ncategories: q r",
    "_posts/2024-05-13-own.md": "title: A\npermalink: /a b/é/c.html",
    "_posts/2024-05-14-own.md": "title: A\npermalink: noslash",
    "_posts/2024-05-15-own.md": "title: A\npermalink: pretty",
    "_posts/2024-05-16-été_à.md": "title: A",
    "_posts/2024-05-17-a--b__c.md": "title: A",
    "_posts/2024-05-18-%41%zz+plus~til.md": "title: A",
    "_posts/2024-05-19-x.html": "title: A",
    "_posts/2024-05-21-!we(ird),;=@'q'.md": "title: A",
    "_posts/2024-05-23-large.md": "title: A\nslug: İ ΑΣ\ncategories: [İ, ΑΣ]",
    "_posts/2024-05-24-none.md": "title: A\ncategories:\ncategory: ''",
    "_posts/news/2024-05-26-default.md": "title: A\ncategories: own",
    "_posts/news/2024-05-27-default.md": "title: A\npermalink: /mine/",
    "_posts/secret/2024-05-28-hidden.md": f"title: {make.CANARY}",
    "_posts/2024-12-30-week.md": "title: A\ndate: 2024-12-30T10:11:12+02:00",
    "_posts/undated.md": "title: No post\ndate: 2024-05-01",
    "_drafts/2024-05-01-draft.md": f"title: {make.CANARY}",
}
ELSEWHERE = {
    "fr/_posts/2024-05-22-fr.md": "title: A",
    "fr/News/_posts/x/2024-05-23-deep.md": "title: A\ncategories: [News, z]",
    "2024-05-01-page.md": "title: No post\ndate: 2024-05-01",
    "about.md": "title: No post\ndate: 2024-05-01",
    "_layouts/post.html": "a: [",
}
HIDDEN = 'defaults: [{scope: {path: "_posts/secret"}, values: {published: false}}'
JEKYLL_SETTINGS = {
    "the default, in a zone": "timezone: Europe/Berlin\n%s]\n",
    "pretty, with defaults": "timezone: America/New_York\npermalink: pretty\n%s,"
    '{scope: {path: "", type: posts}, values: {categories: [all], author: x}},'
    '{scope: {path: "_posts/news"}, values: {categories: News, permalink: "/n/:categories/:title/"}}]\n',
    "by week": "permalink: weekdate\n%s]\n",
    "by day of the year": "permalink: ordinal\ntimezone: UTC\n%s]\n",
    "every word": "permalink: /:slugified_categories/:name/:slug/:collection/:path/:year-:i_month-:i_day-:hour"
    ":minute:second/:short_month/:long_month/:short_year/:w_year/:w_day/:short_day/:long_day/:y_day\n%s]\n",
    "of the collection": "permalink: none\ncollections: {posts: {permalink: '/p/:year_:month/:title.html'}}\n%s]\n",
    "none": "permalink: none\n%s]\n",
}


SEVERAL = JEKYLL | ELSEWHERE


@pytest.mark.parametrize(
    ("name", "posts"),
    [
        *(pytest.param(name, SEVERAL, id=f"{name}, several folders") for name in JEKYLL_SETTINGS),
        # every day a few settings of one folder, since several have all of its posts
        *(
            pytest.param(name, JEKYLL, id=name, marks=[] if n < 3 else pytest.mark.soak)
            for n, name in enumerate(JEKYLL_SETTINGS)
        ),
    ],
)
def test_addresses_are_those_of_jekyll(name: str, posts: dict[str, str], tmp_path: Path) -> None:
    jekyll = make.program("jekyll")
    write(tmp_path, posts)
    settings = (
        f"title: J\nurl: https://site.example\nbaseurl: /sub\n{JEKYLL_SETTINGS[name] % HIDDEN}"
    )
    make.write(tmp_path / "_config.yml", settings)
    make.write(
        tmp_path / "urls.json",
        '---\n---\n[{% for post in site.posts %}{{ post.url | jsonify }},{% endfor %}"/"]\n',
    )
    subprocess.run([jekyll, "build", "-q"], cwd=tmp_path, check=True, env=UTC)
    theirs = json.loads((tmp_path / "_site/urls.json").read_text())[:-1]
    (tmp_path / "urls.json").unlink()
    assert differences(published(tmp_path), cleaned(theirs)) == ([], [])
    checked = make.invoke("check", cwd=tmp_path)
    assert " 0 with faults." in checked.stdout + checked.stderr
    outputs = make.tree(tmp_path / "feeds").values()
    assert not [one for one in outputs if make.CANARY.encode() in one]


HUGO = {
    "2024-05-01-Dated.md": "title: Dated one\ndate: 2024-05-01",
    "My  Two   Spaces_and-_dash.md": "title: S p\ndate: 2024-05-02T23:30:00-07:00",
    "c++ & c, 100%25 %zz.md": "title: 'C++ & C, 100% \"q\" (paren), [b] {c} a/b ~t @x é ÅÄ ß İ'\n"
    "date: 2024-05-03T01:00:00+09:00",
    "slug.md": "title: Slugged\nslug: 'Given Slug/with slash & Co'\ndate: 2024-01-09\npublishDate: 2024-02-10",
    "url.md": "title: U\nurl: 'Some/Path With Space/É'\ndate: 2024-01-09",
    "url2.md": "title: U\nurl: /abs/X.html\ndate: 2024-01-09",
    "url3.md": "title: U\nurl: /abs/dir/\ndate: 2024-01-09",
    "url4.md": "title: U\nurl: /abs/noext\ndate: 2024-01-09",
    "trip/index.md": "title: Trip bundle\ndate: 2024-03-03",
    "trip/resource.md": f"title: {make.CANARY}\ndate: 2024-03-03",
    "trip/deep/resource.md": f"title: {make.CANARY}\ndate: 2024-03-03",
    "trip2/index.md": "title: Trip bundle two\nslug: sLug\ndate: 2024-03-03",
    "2024/Sub/In Sub.md": "title: 'In sub: one'\ndate: 2024-03-04",
    "2024/Sub/b/index.md": "title: In sub bundle\ndate: 2024-03-04",
    "published.md": "title: Publication only\npublishDate: 2024-02-10",
    "modified.md": "title: Change only\nlastmod: 2024-02-11",
    "v1.2.md": "title: V1.2\ndate: 2024-03-05",
    " (blank) +1.md": "title: Blank\ndate: 2024-03-05",
    "Föhn & Ölpest.md": "title: Ä\ndate: 2024-03-06",
    "x.fr.md": "title: Fr\ndate: 2024-03-07",
    "x.en.md": "title: X\ndate: 2024-03-07",
    "h.html": "title: HTML\ndate: 2024-03-08",
    "sharp.md": "title: 'Intro to C#'\ndate: 2024-03-09",
    "sharps.md": "title: '# and #'\ndate: 2024-03-09",
    "plus +.md": "title: 'A +'\ndate: 2024-03-09",
    "named c#.md": "title: C\ndate: 2024-03-09\nslug: 'c#'",
    "untitled.md": "date: 2024-03-10",
}
HUGO_SETTINGS = {
    "the default": "",
    "ugly, with capitals": "disablePathToLower = true\nuglyURLs = true\n",
    "ugly in one section": "[uglyURLs]\nposts = true\n",
    "by day and title": "[permalinks]\nposts = '/:year/:month/:day/:slug/'\n",
    "by words": "removePathAccents = true\n"
    "[permalinks]\nposts = '/:sections/:yearday-:weekday-:weekdayname-:monthname/Notes/:title'\n",
    "by slug or file": "[permalinks]\nposts = '/:section/:slugorfilename.html'\n",
    "in a zone": "timeZone = 'America/New_York'\n[permalinks]\nposts = '/:year-:month-:day/:filename/'\n",
    "ugly permalinks": "uglyURLs = true\n[permalinks]\nposts = '/:year/:filename/'\n",
    "layouts of Go": "[permalinks]\nposts = '/:2006/:01/:02/:Jan/:January/:Mon/:06/:2/:1/:15/:title/'\n",
    "two languages": "defaultContentLanguage = 'en'\n[languages.en]\n[languages.fr]\n",
    "a folder for each language": "defaultContentLanguage = 'fr'\ndefaultContentLanguageInSubdir = true\n"
    "[permalinks]\nposts = '/:year/:slug/'\n[languages.en]\n[languages.fr]\n",
    "one language in a folder": "defaultContentLanguageInSubdir = true\n",
    "no default sections": "[permalinks]\nnotes = '/:year/:slug/'\n",
    "dates of names": "[frontmatter]\ndate = [':filename', ':default']\n",
    "dates and slugs of names": "[frontmatter]\ndate = [':filename', ':default']\n"
    "[permalinks]\nposts = '/:year/:month/:slug/'\n",
    "names with dates": "[frontmatter]\ndate = [':filename', ':default']\n"
    "[permalinks]\nposts = '/:year/:filename/'\n",
}


def of_hugo(folder: Path, below: str = "") -> set[str]:
    """The addresses of the pages of a folder that Hugo publishes, of one section alone."""
    every, *hidden = (
        subprocess.run(
            [make.program("hugo"), "list", kind],
            cwd=folder,
            check=True,
            env=UTC,
            capture_output=True,
            text=True,
        ).stdout
        for kind in ("all", "drafts", "future", "expired")
    )
    left_out = {line.partition(",")[0] for one in hidden for line in one.splitlines()}
    pages = csv.DictReader(line for line in every.splitlines() if "," in line)
    # It does not quote what begins a fragment elsewhere.
    paths = [
        page["permalink"].removeprefix(BASE).replace("#", "%23")
        for page in pages
        if below in page["path"] and page["path"] not in left_out
    ]
    return cleaned(paths)


@pytest.mark.parametrize("name", HUGO_SETTINGS)
def test_addresses_are_those_of_hugo(name: str, tmp_path: Path) -> None:
    write(tmp_path / "content/posts", HUGO)
    write(tmp_path / "content/notes", {"n.md": "title: Note\ndate: 2024-03-05"})
    settings = f'title = "F"\nbaseURL = "{BASE}/"\n{HUGO_SETTINGS[name]}'
    make.write(tmp_path / "hugo.toml", settings)
    assert differences(published(tmp_path), of_hugo(tmp_path, "content/posts/")) == ([], [])


def test_addresses_are_those_of_hugo_where_each_language_has_a_folder(tmp_path: Path) -> None:
    posts = {"x.md": "title: X\ndate: 2024-03-05", "a/Y.md": "title: Y\ndate: 2024-03-05"}
    for language in ("de", "pt-br"):
        write(tmp_path / f"content/{language}/posts", posts)
        write(tmp_path / f"content/{language}", {"about.md": "title: A\ndate: 2024-03-05"})
    settings = "defaultContentLanguage = 'de'\n[languages.de]\ncontentDir = 'content/de'\n"
    settings += "[languages.pt-BR]\ncontentDir = 'content/pt-br'\n"
    make.write(tmp_path / "hugo.toml", f'title = "F"\nbaseURL = "{BASE}/"\n{settings}')
    assert differences(published(tmp_path), of_hugo(tmp_path, "/posts/")) == ([], [])


SECTIONS = [
    *(
        ":sections",
        ":section",
        ":sections[first]",
        ":sections[0]",
        ":sections[1]",
        ":sections[last]",
    ),
    *(":sections[1:]", ":sections[:1]", ":sections[0:2]", ":sections[1:last]", ":sections[:last]"),
    *(":sections[last:]", ":sections[-1]", ":sections[1]/:sections[last]", ":sections[2:3]"),
]
FOLDERS = ("Old News", "Old News/sub", "plain/deep", "plain/deep/er")  # that are sections


@pytest.mark.parametrize(
    ("sections", "in_folders"),
    [
        *(pytest.param(one, False, id=one) for one in SECTIONS),
        # every day a few where each language has a folder
        *(
            pytest.param(
                one, True, id=f"{one} by language", marks=[pytest.mark.soak] if n % 4 else []
            )
            for n, one in enumerate(SECTIONS)
        ),
    ],
)
def test_sections_of_hugo_are_folders_with_an_index(
    sections: str, in_folders: bool, tmp_path: Path
) -> None:
    settings = f'title = "F"\nbaseURL = "{BASE}/"\n'
    if in_folders:
        settings += "[languages.en]\ncontentDir = 'content/en'\n"
        settings += "[languages.de]\ncontentDir = 'content/de'\n"
        make.write(tmp_path / "content/de/_index.md", "---\ntitle: H\n---\n")
    root = tmp_path / ("content/en/posts" if in_folders else "content/posts")
    write(root, {f"{name}/_index.md": "title: S" for name in FOLDERS})
    paths = ["a", "plain/d", "plain/x/h", "plain/deep/e", "plain/deep/er/f"]
    paths += [f"Old News/{path}" for path in ("b", "sub/c", "bundle/index", "nosec/g")]
    write(root, {f"{path}.md": "title: A\ndate: 2024-03-05" for path in paths})
    make.write(tmp_path / "config/_default/hugo.toml", settings)
    make.write(
        tmp_path / "config/_default/permalinks.yaml", f"posts: /:year/{sections}/:filename/\n"
    )
    ours, theirs = published(tmp_path), of_hugo(tmp_path, "posts/")
    assert differences(ours, theirs) == ([], [])
    assert len(ours) == len(paths)


def test_init_says_which_sections_of_hugo_it_cannot_tell(tmp_path: Path) -> None:
    write(tmp_path / "content/posts", {"a.md": "title: T\ndate: 2024-03-05"})
    make.write(
        tmp_path / "hugo.toml",
        f'title = "F"\nbaseURL = "{BASE}/"\n[permalinks]\nposts = "/:sections[x]/:filename/"\n',
    )
    said = make.invoke("init", cwd=tmp_path).stdout
    assert "has :sections[x], which no template can say" in said


CASCADES = {
    "content/_index.md": "title: S\ncascade:\n  slug: of-all\n  _target: {kind: page}",
    "content/posts/a.md": "title: A\ndate: 2024-03-05",
    "content/posts/old/_index.md": "title: S\ncascade:\n  draft: true",
    "content/posts/old/b.md": f"title: {make.CANARY}\ndate: 2024-03-05\nslug: b",
    "content/posts/old/c.md": "title: C\ndate: 2024-03-05\ndraft: false\nslug: own",
    "content/posts/past/_index.md": "title: S\ncascade:\n- _target: {path: '/posts/past/**', kind: page}"
    "\n  draft: true\n- _target: {kind: section}\n  slug: of-sections",
    "content/posts/past/d.md": f"title: {make.CANARY}\ndate: 2024-03-05\nslug: d",
    "content/posts/past/e.md": "title: E\ndate: 2024-03-05\ndraft: false\nslug: e",
    "content/notes/_index.md": "title: S\ncascade:\n  draft: true",
}
DATES = {
    "content/posts/a.md": f"title: {make.CANARY}\ndate: 2024-03-05\nuntil: 2024-04-01",
    "content/posts/b.md": f"title: B {make.CANARY}\ndate: 2024-03-05\nembargoed: 2100-01-01",
    "content/posts/c.md": "title: C\nwritten: 2023-03-05\ndate: 2024-01-01\nuntil: 2100-01-01",
    "content/posts/d.md": "title: D\ndate: 2024-03-05",
}
DATES_OF_KEYS = """[permalinks]
posts = "/:year/:title/"
[frontmatter]
date = ["written", ":default"]
publishDate = ["embargoed", ":default"]
expiryDate = ["until"]
"""


@pytest.mark.parametrize(
    ("posts", "settings", "number"),
    [
        (CASCADES, "", 3),
        (CASCADES, "[[cascade]]\ndraft = true\n[cascade._target]\nkind = 'page'\n", 2),
        (DATES, DATES_OF_KEYS, 2),
    ],
)
def test_values_of_cascades_and_dates_of_other_keys_hold_for_posts_of_hugo(
    posts: dict[str, str], settings: str, number: int, tmp_path: Path
) -> None:
    write(tmp_path, posts)
    make.write(tmp_path / "hugo.toml", f'title = "F"\nbaseURL = "{BASE}/"\n{settings}')
    ours = published(tmp_path)
    assert differences(ours, of_hugo(tmp_path, "content/posts/")) == ([], [])
    assert len(ours) == number
    outputs = make.tree(tmp_path / "static/feeds").values()
    assert not [one for one in outputs if make.CANARY.encode() in one]


def test_init_says_which_sections_of_hugo_are_left_out(tmp_path: Path) -> None:
    paths = ("posts/a.md", "posts/b.md", "news/c.md", "_index.md", "empty/_index.md")
    write(tmp_path / "content", {path: "title: T\ndate: 2024-03-05" for path in paths})
    make.write(tmp_path / "hugo.toml", f'title = "F"\nbaseURL = "{BASE}/"\n')
    said = make.invoke("init", cwd=tmp_path).stdout
    assert "one section is read; left out: content/news/ (1 files)." in said


def test_addresses_are_those_of_hugo_without_sections(tmp_path: Path) -> None:
    write(
        tmp_path / "content",
        {"A b.md": "title: A\ndate: 2024-03-05", "c/index.md": "title: C\ndate: 2024-03-06"},
    )
    make.write(tmp_path / "hugo.yaml", f"title: F\nbaseURL: {BASE}/\n")
    assert differences(published(tmp_path), of_hugo(tmp_path, "content/")) == ([], [])
