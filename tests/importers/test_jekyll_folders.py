"""Which files of a site are posts, with Jekyll itself as the oracle: whole trees, of several
settings each, by the config that `feeds init` writes."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from feeds.config import load_config
from tests import make
from tests.importers.test_addresses import UTC, cleaned, differences, write

# One post of a name of its own in each folder.
FOLDERS = (
    *("_posts", "_posts/private", "_posts/private-not", "_posts/2019", "_posts/s/2019"),
    *("private/_posts", "s/private/_posts", "s/private/q/_posts", "s/t/private/_posts"),
    *("privateer/_posts", "a.d/vendor/bundle/_posts", "vendor/_posts", "vendor/bundle/_posts"),
    *("node_modules/x/_posts", "s/node_modules/_posts", "s/feeds/_posts", "out/_posts"),
    *("_posts/_u", "_posts/s/_u", "_posts/#h", "_posts/s/#h", "_posts/~t", "_posts/t~"),
    *("_posts/d.", "d./_posts", "t~/_posts", "_u/_posts", "#h/_posts", "~t/_posts", "s/_u/_posts"),
    *("_posts/_posts", "_posts/s/_posts", "_posts/2024-05-01-dir", "2024-05-01-x.md/_posts"),
    *("_drafts/_posts", "s", "_notes", "col/_posts", "col/x/_posts", "col/x/private/_posts"),
    *("col/_notes", "s/x[1]/_posts", "s/x1/_posts", "s/X/_posts", "col/_posts/y"),
)
NO_POSTS = ("_posts/2024-05-01-dir/file.md", "_posts/2024-05-01-data.yml", "_posts/undated.md")
ONE = ("_posts", "_posts/private", "_posts/s/2019", "_posts/2019", "_posts/_u", "_posts/s/_u")


def site(folder: Path, settings: str, folders: tuple[str, ...] = FOLDERS, source: str = "") -> None:
    """A site with a post in each folder."""
    posts = {f"{one}/2024-05-01-n{n:02}.md": f"title: N{n}" for n, one in enumerate(folders)}
    posts |= dict.fromkeys(NO_POSTS, "title: No post\ndate: 2024-05-01")
    write(folder / source, posts)
    make.write(folder / "_config.yml", f"title: J\nurl: https://site.example\n{settings}")


def of_jekyll(folder: Path, source: str = "") -> set[str]:
    """The addresses of the posts that Jekyll publishes, and what it makes of their key `v`."""
    page = '---\n---\n[{% for post in site.posts %}{{ post.url | jsonify }},{% endfor %}"/"]\n'
    make.write(folder / source / "urls.json", page)
    subprocess.run([make.program("jekyll"), "build", "-q"], cwd=folder, check=True, env=UTC)
    (folder / source / "urls.json").unlink()
    file = next(folder.rglob("urls.json"), None)
    return cleaned(json.loads(file.read_text())[:-1]) if file else set()


def ours(folder: Path, source: str = "") -> set[str]:
    """The addresses that feeds publishes."""
    make.invoke("init", cwd=folder)
    config = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(config + "limit = 1000\n")  # of [feeds]
    make.invoke("build", cwd=folder, check=None)  # a blank category is a fault of its own
    outputs = make.tree(folder / source / "feeds")
    assert not [path for path, one in outputs.items() if make.CANARY.encode() in one]
    items = json.loads(outputs["feed.json"])["items"]
    return {item["url"].removeprefix("https://site.example") for item in items}


EXCLUDED = [
    *("[private]", "[private/]", "[/private]", "[./private]", '["**/private"]', '["*/private"]'),
    *('["*.md"]', '["s/*"]', '["s/*/"]', "[_posts/2019, _posts/p]", "[_po]", '["s/[pt]*"]'),
    *('["*private"]', '["*/private/"]', '["*/private/*"]', "[s/private/_posts]", '["?/private"]'),
    *(
        '["*n07.md", "*.gemspec"]',
        '["s/x[1]"]',
        '["s/x\\\\[1]", col*]',
        "[col, '2024', '[']",
        "['*']",
    ),
    *("[]\ndestination: out", "[]\ninclude: [.x]"),
]


def some(every: list[str], share: int) -> list[Any]:
    """All of some settings, of which only a share is tried every day."""
    return [
        pytest.param(one, marks=[pytest.mark.soak] if number % share else [])
        for number, one in enumerate(every)
    ]


@pytest.mark.parametrize("excluded", some(EXCLUDED, 5))
def test_posts_are_those_of_jekyll(excluded: str, tmp_path: Path) -> None:
    site(tmp_path, f"exclude: {excluded}\n")
    theirs = of_jekyll(tmp_path)
    assert differences(ours(tmp_path), theirs) == ([], [])


@pytest.mark.parametrize("excluded", some(EXCLUDED, 6))
def test_posts_of_one_folder_are_those_of_jekyll(excluded: str, tmp_path: Path) -> None:
    site(tmp_path, f"exclude: {excluded}\n", ONE)
    theirs = of_jekyll(tmp_path)
    assert differences(ours(tmp_path), theirs) == ([], [])
    assert load_config(tmp_path / "config.toml").records.path == Path("_posts")


@pytest.mark.parametrize(
    "settings",
    [
        *("col", "col\nexclude: [col/x]", "col\nexclude: ['*/x']", "col\nexclude: ['*/private']"),
        *("_col", "./col", "col/", "s/private", "s\nexclude: [s/x, s/p]", "col\nexclude: [co]"),
        *("d.", "s\nexclude: ['s/?/*']"),
    ],
)
def test_posts_are_those_of_jekyll_in_a_folder_of_collections(
    settings: str, tmp_path: Path
) -> None:
    site(tmp_path, f"collections_dir: {settings}\n")
    write(tmp_path, {"_col/_posts/2024-05-01-a.md": "title: A"})
    theirs = of_jekyll(tmp_path)
    if settings == "col/":
        theirs = set()  # Jekyll takes those of folders within it, by chance
    assert differences(ours(tmp_path), theirs) == ([], [])


@pytest.mark.parametrize(
    "settings",
    [
        *("src", "./src/", "source", "src\nexclude: [private]", "src\nexclude: ['*/private']"),
        *("src\ncollections_dir: s", "src\ndestination: src/out", "a/b"),
    ],
)
@pytest.mark.parametrize("folders", [FOLDERS, ONE], ids=["several folders", "one folder"])
def test_posts_are_those_of_jekyll_in_another_source(
    settings: str, folders: tuple[str, ...], tmp_path: Path
) -> None:
    source = settings.partition("\n")[0].strip("./")
    site(tmp_path, f"source: {settings}\n", folders, source)
    write(tmp_path, {"_posts/2024-05-01-not-here.md": f"title: {make.CANARY}"})
    if "collections_dir" in settings:
        write(tmp_path / source, {"s/_posts/2024-05-01-here.md": "title: Here"})
    theirs = of_jekyll(tmp_path, source)
    assert differences(ours(tmp_path, source), theirs) == ([], [])


SCOPES = [
    *("_posts/private", "/_posts/private", "_posts/*", "_posts/*/2019", "*/private", "**/private"),
    *("_posts/**", "_posts/**/2019", "_posts/{private,2019}/*", "_posts/s*", "*/_posts", "s"),
    *("**/*n02.md", "_posts/[s]*", "_posts/s*/", "_posts/private?", "*/*/_posts", "_posts/s/"),
    *(
        "./_posts/s",
        "_posts/*-not",
        "*/private",
        "_p",
        "s/x[1]",
        "**/x\\\\[1]*",
        "**",
        "s/*/private/_posts",
    ),
]


@pytest.mark.parametrize("folders", [FOLDERS, ONE], ids=["several folders", "one folder"])
@pytest.mark.parametrize("scope", some(SCOPES, 6))
def test_scopes_of_defaults_are_read_as_jekyll_does(
    scope: str, folders: tuple[str, ...], tmp_path: Path
) -> None:
    default = f'defaults: [{{scope: {{path: "{scope}"}}, values: {{published: false}}}}]\n'
    site(tmp_path, default, folders)
    theirs = of_jekyll(tmp_path)
    assert differences(ours(tmp_path), theirs) == ([], [])


@pytest.mark.parametrize(
    "scope", ["_posts/x", "col/_posts", "*/_posts", "*/x", "col/*/_posts", "x", "**/private"]
)
def test_scopes_of_defaults_are_below_a_folder_of_collections(scope: str, tmp_path: Path) -> None:
    default = f'defaults: [{{scope: {{path: "{scope}"}}, values: {{published: false}}}}]\n'
    site(tmp_path, f"collections_dir: col\n{default}")
    theirs = of_jekyll(tmp_path)
    assert differences(ours(tmp_path), theirs) == ([], [])


def test_init_says_which_settings_of_jekyll_it_does_not_follow(tmp_path: Path) -> None:
    site(tmp_path, "future: true\nunpublished: false\nexclude: ['*']\n", ONE)
    said = make.invoke("init", cwd=tmp_path).stdout
    assert "has future: feeds publishes nothing that is hidden or to come.\n" in said
    assert "leaves out all posts, by exclude or collections_dir.\n" in said


def test_no_more_posts_are_published_than_those_of_jekyll(tmp_path: Path) -> None:
    posts = {f"_posts/2024-05-0{n}-n.md": f"title: N{n}\ntags: [t{n}]" for n in range(3, 8)}
    old = f"title: {make.CANARY}\ntags: [{make.CANARY}]\ncategories: [{make.CANARY}]"
    posts |= {f"_posts/2024-05-0{n}-n.md": old for n in (1, 2)}
    write(tmp_path, posts)
    make.write(tmp_path / "_config.yml", "title: J\nurl: https://site.example\nlimit_posts: 5\n")
    theirs = of_jekyll(tmp_path)
    make.invoke("init", cwd=tmp_path)
    make.invoke("build", cwd=tmp_path)
    outputs = make.tree(tmp_path / "feeds")
    items = json.loads(outputs["feed.json"])["items"]
    assert {one["url"].removeprefix("https://site.example") for one in items} == theirs
    assert not [path for path, one in outputs.items() if make.CANARY.encode() in one]
    assert not [path for path in outputs if make.CANARY in path]


def test_a_post_that_is_added_later_is_left_out_too(tmp_path: Path) -> None:
    site(tmp_path, "exclude: [_posts/private, drafts]\n")
    ours(tmp_path)
    paths = ("_posts/private/2024-05-02-a.md", "drafts/_posts/2024-05-02-b.md", "_u/_posts/c.md")
    write(tmp_path, dict.fromkeys(paths, f"title: {make.CANARY}"))
    make.invoke("build", cwd=tmp_path)
    outputs = make.tree(tmp_path / "feeds").values()
    assert not [one for one in outputs if make.CANARY.encode() in one]


SLUGS = ('""', "x.", "", "false", '" "', "'---'", "..x", "a../b", "x./")
CATEGORIES = (
    *('["a.", "b "]', '["b ", "a."]', '[" "]', '["..", x]', '["C#", "C#2#"]', "[2024, true]"),
    *('"a, b"', '["a/", "/b"]', '["...", "./."]', "['50%', '%41', 'a+b&c']", "['']"),
)
PERMALINKS = (
    *('""', "/a/../b/./c...d/:title", '"..x"', "/a./:title./", '"/.:title"', "", "false", "~"),
    *("/:year:title/b:day", "/x/:title/../../y", "./:slug", "/:title."),
    *("/:title..html", "/q/:i_day_:title_", "/a:/b:2/c", "/pre:categories/x", "/:Year/:titleX"),
)
ODD = {
    **{
        f"_posts/{name}.md": "title: A"
        for name in ("24-06-01-a", "99-5-1-b", "69-5-1-c", "10-11-12-d")
    },
    **{
        f"_posts/2024-05-01-{end}": "title: A"
        for end in ("t.txt", "m.mdx", "U.MD", "H.HTML", "h.html")
    },
    "_posts/2024-06-02-.md": "title: A",
    "_posts/2024-06-03-a.v1.2...md": "title: A",
    "_posts/2024-06-04-2024-06-05-b.md": "title: A",
    "_posts/2024-06-05-index.md": "title: A",
    "_posts/x/y/2024-06-06-c.en.md": "title: A",
    "my_posts/_posts/2024-06-07-a.md": "title: A",
    "my_posts/_posts/2024-06-08-b.md": "title: A\npermalink: /p/:path",
    "a_postsb/c/_posts/d/2024-06-09-c.md": "title: A\npermalink: /p/:categories/:path",
    "_posts/s/_posts/2024-06-10-d.md": "title: A\npermalink: /p/:categories/:path",
    "_posts/2024-08-28-c.md": "title: A\ncategory: 'a b, c'",
    "_posts/2024-08-29-c.md": "title: A\ncategory: [a b, c]\ncategories: d c",
}
for key, values in {"slug": SLUGS, "categories": CATEGORIES, "permalink": PERMALINKS}.items():
    for n, value in enumerate(values, 1):
        ODD[f"_posts/2024-07-{n:02}-of-{key}.md"] = f"title: A\n{key}: {value}"
ODD_SETTINGS = {
    "the default": "timezone: Asia/Tokyo\n",
    "pretty": "permalink: pretty\ntimezone: America/New_York\n",
    "without an end": "permalink: /:categories./:year/:title\n",
    "slugs": "permalink: /./:slug../:slugified_categories/:path:output_ext\n",
    "of the collection": "permalink: date\ncollections: {posts: {permalink: pretty/:title}}\n",
    "by defaults": "defaults: [{scope: {type: posts}, values: {permalink: '/d/:title./:categories/', slug: of.}}]\n",
}


@pytest.mark.parametrize("name", ODD_SETTINGS)
def test_odd_addresses_are_those_of_jekyll(name: str, tmp_path: Path) -> None:
    write(tmp_path, ODD)
    make.write(
        tmp_path / "_config.yml", f"title: J\nurl: https://site.example\n{ODD_SETTINGS[name]}"
    )
    theirs = of_jekyll(tmp_path)
    assert differences(ours(tmp_path), theirs) == ([], [])


TAGS = (
    *("tag: one two\ntags: three four", "tag: [one two, x]\ntags: [three, four]"),
    *("tag:\ntags: three four", "tags: four five", "tags: [a, A b, a]", "tag: x"),
)


def test_tags_and_what_defaults_add_are_those_of_jekyll(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            f"_posts/2024-05-{n:02}-n.md": f"title: N{n}\n{tags}\nimage: {{alt: Alt}}"
            for n, tags in enumerate(TAGS, 1)
        },
    )
    defaults = 'defaults: [{scope: {path: ""}, values: {image: {path: /a.png}, tags: of all}}]\n'
    make.write(tmp_path / "_config.yml", f"title: J\nurl: https://site.example\n{defaults}")
    page = "{{ post.title }}: {{ post.tags | uniq | jsonify }} {{ post.image | jsonify }}"
    make.write(
        tmp_path / "of.txt", f"---\n---\n{{% for post in site.posts %}}{page}\n{{% endfor %}}"
    )
    subprocess.run([make.program("jekyll"), "build", "-q"], cwd=tmp_path, check=True, env=UTC)
    theirs = (tmp_path / "_site/of.txt").read_text().strip().splitlines()
    make.invoke("init", cwd=tmp_path)
    make.invoke("build", cwd=tmp_path)
    items = json.loads((tmp_path / "feeds/feed.json").read_text())["items"]
    picture = '{"path":"/a.png","alt":"Alt"}'
    assert [
        f"{one['title']}: {json.dumps(one.get('tags', []), separators=(',', ':'))} {picture}"
        for one in items
    ] == theirs
    assert {one["image"] for one in items} == {"https://site.example/a.png"}


@pytest.mark.parametrize(
    "settings",
    [
        *(
            "exclude: a text",
            "exclude: {a: b}",
            "exclude: ['a  b']",
            "exclude: ['" + "*a" * 40 + "']",
        ),
        *(
            "exclude: ['" + "x" * 300 + "']",
            'exclude: ["a\\x07b"]',
            "exclude: [[a], {b: c}, null, 5]",
        ),
        *("exclude: ['[z-a]', '[', '\\', '[!]']", "collections_dir: [a]", "limit_posts: 99999999"),
        'defaults: [{scope: {path: "' + "{a,b}" * 40 + '*"}, values: {published: false}}]',
        'defaults: [{scope: {path: "*' + "a*" * 90 + '"}, values: {published: false}}]',
        "defaults: [{scope: {path: '**/[z-a]*\\'}, values: {published: false}}]",
    ],
)
def test_settings_that_are_odd_give_a_config_that_loads(settings: str, tmp_path: Path) -> None:
    site(tmp_path, f"{settings}\n")
    make.invoke("init", cwd=tmp_path)
    make.invoke("build", cwd=tmp_path)


@pytest.mark.parametrize("source", ["..", "/etc", "a/../..", "link"])
def test_a_source_elsewhere_is_refused(source: str, tmp_path: Path) -> None:
    (tmp_path / "site/sub").mkdir(parents=True)
    (tmp_path / "site/link").symlink_to(tmp_path)
    write(tmp_path, {"_posts/2024-05-01-a.md": f"title: {make.CANARY}"})
    make.write(tmp_path / "site/_config.yml", f"source: {source}\n")
    refused = make.invoke("init", cwd=tmp_path / "site", check=2)
    assert "expected the posts of Jekyll in its folder, got a path out of it" in refused.stderr


def test_a_scope_that_follows_a_longer_one_shows_no_post_that_jekyll_hides(tmp_path: Path) -> None:
    scopes = {"_posts/private": "v: 1", "": "published: false", "_posts/": "published: true"}
    tables = [f'{{scope: {{path: "{path}"}}, values: {{{one}}}}}' for path, one in scopes.items()]
    site(tmp_path, f"defaults: [{', '.join(tables)}]\n", ONE)
    theirs = of_jekyll(tmp_path)
    assert ours(tmp_path) <= theirs


def test_a_new_record_of_a_whole_site_is_a_post(tmp_path: Path) -> None:
    site(tmp_path, "", ("_posts", "fr/_posts", "fr/_posts/x", "fr/_posts/y"))
    make.write(tmp_path / "fr/_posts/2024-05-02-more.md", "---\ntitle: A\n---\nText.\n")
    make.invoke("init", cwd=tmp_path)
    said = make.invoke("new", "Night boats", "--publish", cwd=tmp_path).stdout
    assert said.startswith("Wrote fr/_posts/") and said.split("\n")[0].endswith("-night-boats.md")
    assert "night-boats" in "".join(ours_built(tmp_path))


def ours_built(folder: Path) -> set[str]:
    """The addresses that feeds publishes by the config that is there."""
    make.invoke("build", cwd=folder)
    items = json.loads((folder / "feeds/feed.json").read_text())["items"]
    return {item["url"] for item in items}
