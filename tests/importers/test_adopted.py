"""Folders of other generators, as `feeds init` finds them: what it says, and what is built by the
config it writes."""

import shutil
import tomllib
from pathlib import Path

import feedparser
import pytest

from feeds.config import load_config
from feeds.importers import recognise
from tests import make
from tests.test_sites import BUILT, FEEDS, SITES

SETTINGS = {
    "jekyll": {
        "_config.yml": 'title: Harbour Notes\nurl: "https://harbour.example"\nbaseurl: ""\nlang: en\n'
        "permalink: /:year/:month/:day/:title:output_ext\nauthor:\n  name: The harbour master\nplugins: [jekyll-feed]\n"
    },
    "hugo": {
        "config.toml": 'baseURL = "https://fieldwork.example/"\nlanguageCode = "en-us"\ntitle = "Fieldwork"\n'
    },
    "docusaurus": {
        "blog/authors.yml": "ines:\n  name: Ines\n  socials:\n    x: ines\n",
        "blog/tags.yml": "release:\n  label: release\n",
        "docusaurus.config.ts": "import {themes} from 'prism-react-renderer';\nconst config: Config = {\n"
        "  title: 'Kelp', tagline: \"Faster, and smaller\",\n  url: 'https://kelp.example',\n  baseUrl: '/',\n"
        "  i18n: {defaultLocale: 'en', locales: ['en']},\n"
        "  presets: [['classic', {docs: {path: 'docs'}, "
        "blog: {showReadingTime: true, feedOptions: {type: ['rss']}}}]],\n};\n",
    },
}
FOUND = {"jekyll": ("Jekyll", "_config.yml"), "hugo": ("Hugo", "config.toml")}
FOUND["docusaurus"] = ("Docusaurus", "docusaurus.config.ts")
OUTPUTS = {"jekyll": "feeds", "hugo": "static/feeds", "docusaurus": "static/feeds"}


def blog(folder: Path, name: str) -> Path:
    """A blog as its owner has it: with the settings of its generator, and without a config of
    ours."""
    shutil.copytree(SITES / name, folder)
    (folder / "config.toml").unlink()
    for path, text in SETTINGS[name].items():
        make.write(folder / path, text)
    return folder


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_blog_is_recognised_and_published_as_it_is(name: str, tmp_path: Path) -> None:
    folder = blog(tmp_path / name, name)
    before = make.tree(folder)
    said = make.invoke("init", cwd=folder).stdout
    generator, settings = FOUND[name]
    assert said.startswith(f"Found {generator}, by {settings}:\n")
    config = "feeds.toml" if name == "hugo" else "config.toml"  # Hugo's own is called so
    assert f"Wrote {config}\n" in said
    assert "0 lack something." in said
    assert any(f"to compare with the site's own: {link}\n" in said for link, *_ in BUILT[name])
    after = make.tree(folder)
    assert {path: after[path] for path in before} == before
    assert after.keys() - before.keys() == {config}
    make.invoke("build", "--config", config, cwd=folder)
    public = folder / OUTPUTS[name]
    entries = feedparser.parse((public / "feed.atom").read_bytes()).entries
    facts = [(one.link, one.title, [tag.term for tag in one.get("tags", [])]) for one in entries]
    assert facts == [(link, title, topics) for link, title, _, topics, _ in BUILT[name]]
    folders = {str(file.parent.relative_to(public)) for file in public.rglob("feed.atom")}
    assert sorted("all" if folder == "." else folder for folder in folders) == [
        one for one in FEEDS[name].split() if not one.startswith("providers/")
    ]
    assert not [path for path, content in make.tree(public).items() if b"canary" in content.lower()]
    assert make.CANARY.lower() not in said.lower()


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_what_is_known_of_the_site_is_in_the_config(name: str, tmp_path: Path) -> None:
    folder = blog(tmp_path / name, name)
    make.invoke("init", cwd=folder)
    config = load_config(folder / ("feeds.toml" if name == "hugo" else "config.toml"))
    titles = {"jekyll": "Harbour Notes", "hugo": "Fieldwork", "docusaurus": "Kelp"}
    assert config.site.title == titles[name]
    assert (
        config.site.base_url
        == f"{BUILT[name][0][0].split('/', 3)[0]}//{BUILT[name][0][0].split('/')[2]}/feeds"
    )
    assert config.site.language == {"jekyll": "en", "hugo": "en-us", "docusaurus": "en"}[name]
    assert config.site.author == ("The harbour master" if name == "jekyll" else None)
    assert config.site.description == ("Faster, and smaller" if name == "docusaurus" else None)


POST = "---\ntitle: A post\ndate: 2024-05-01\ntags: [posts, Birds]\n---\nText.\n"


def eleventy(folder: Path, source: str, files: dict[str, str]) -> Path:
    """A folder of Eleventy."""
    make.write(folder / "eleventy.config.js", source)
    for path, text in files.items():
        make.write(folder / path, text)
    return folder


@pytest.mark.parametrize(
    ("source", "post", "link"),
    [
        ("export default function (c) {}", "blog/first.md", "https://eleven.example/blog/first/"),
        (
            "export const config = { dir: { input: 'content' } };",
            "content/blog/a/b.md",
            "https://eleven.example/blog/a/b/",
        ),
        (
            "module.exports = { dir: { input: './src/' } };",
            "src/posts/2024-05-01-x.md",
            "https://eleven.example/posts/2024-05-01-x/",
        ),
    ],
)
def test_eleventy_is_recognised_wherever_its_posts_are(
    tmp_path: Path, source: str, post: str, link: str
) -> None:
    data = "export default {\n\ttitle: \"Eleven\",\n\turl: 'https://eleven.example/',\n\tauthor: {name: 'E'}\n}\n"
    folder = eleventy(tmp_path, source, {post: POST, "_data/metadata.js": data})
    said = make.invoke("init", cwd=folder).stdout
    assert said.startswith("Found Eleventy, by eleventy.config.js:\n")
    assert f"to compare with the site's own: {link}\n" in said
    assert 'addPassthroughCopy("feeds")' in said
    assert load_config(folder / "config.toml").site.title == "Eleven"


@pytest.mark.parametrize(
    ("permalink", "link"),
    [
        ("/x/", "/x/"),
        ("/x/index.html", "/x/"),
        ("x.html", "/x.html"),
        ("/{{ page.fileSlug }}/", "/foo/"),
        ("/{{ page.filePathStem }}.html", "/foo.html"),
        ("/news/{{ title | slugify }}/index.html", "/news/a-post/"),
        ("", "/blog/2024-05-01-foo/"),
    ],
)
def test_permalinks_of_eleventy_are_followed(tmp_path: Path, permalink: str, link: str) -> None:
    own = POST.replace("title", f'permalink: "{permalink}"\ntitle') if permalink else POST
    said = make.invoke("init", cwd=eleventy(tmp_path, "", {"blog/2024-05-01-foo.md": own})).stdout
    assert f"own: https://example.org{link}\n" in said


def test_a_permalink_of_eleventy_that_is_computed_is_a_fault_and_no_other_address(
    tmp_path: Path,
) -> None:
    for number, code in enumerate(("{{ page.date | year }}", "{% if a %}b{% endif %}", "{{ x }}")):
        text = POST.replace("title", f'permalink: "/{code}/"\ntitle')
        said = make.invoke(
            "init", cwd=eleventy(tmp_path / str(number), "", {"blog/a.md": text})
        ).stdout
        assert "webUrl: expected a permalink in words that feeds knows" in said
        assert "own:" not in said


@pytest.mark.parametrize(
    ("settings", "folder", "is_shown"),
    [("eleventy.config.js", "blog", False), ("_config.yml", "_posts", True)],
)
def test_a_permalink_that_is_false_hides_a_post_but_in_jekyll(
    tmp_path: Path, settings: str, folder: str, is_shown: bool
) -> None:
    make.write(tmp_path / settings, "")
    text = POST.replace("title: A post", f"permalink: false\ntitle: {make.CANARY}")
    make.write(tmp_path / folder / "2024-05-01-a.md", text)
    make.invoke("init", cwd=tmp_path)
    make.invoke("build", cwd=tmp_path)
    entries = feedparser.parse((tmp_path / "feeds/feed.atom").read_bytes()).entries
    found = [entry.link for entry in entries]
    assert found == (["https://example.org/2024/05/01/a.html"] if is_shown else [])


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("blog.json", '{"permalink": "/n/{{ page.fileSlug }}/"}'),
        ("blog.11tydata.json", '{"permalink": "/n/{{ page.fileSlug }}/index.html"}'),
        ("blog.11tydata.js", 'module.exports = { permalink: "/n/{{ page.fileSlug }}/" };'),
    ],
)
def test_the_permalink_of_a_data_file_of_eleventy_is_followed(
    tmp_path: Path, name: str, data: str
) -> None:
    files = {"blog/2024-05-01-foo.md": POST, f"blog/{name}": data, "blog/foo/foo.md": POST}
    assert (
        "own: https://example.org/n/foo/\n"
        in make.invoke("init", cwd=eleventy(tmp_path, "", files)).stdout
    )


def test_a_file_of_eleventy_in_a_folder_of_its_name_is_the_folder(tmp_path: Path) -> None:
    said = make.invoke("init", cwd=eleventy(tmp_path, "", {"blog/foo/foo.md": POST})).stdout
    assert "own: https://example.org/blog/foo/\n" in said


DOCUSAURUS = (
    "export default {title: 'K', url: 'https://k.example', baseUrl: '/docs/', "
    "presets: [['classic', {blog: {}}]]};"
)


@pytest.mark.parametrize(
    ("path", "keys", "link"),
    [
        ("2024-05-01-x.md", "", "/docs/blog/2024/05/01/x"),
        ("2024-5-1-x.md", "", "/docs/blog/2024/5/1/x"),
        ("2024-05-01-x.md", "date: 2024-06-07\n", "/docs/blog/2024/05/01/x"),
        ("2024-05-01-x/index.md", "", "/docs/blog/2024/05/01/x"),
        ("sub/2024-05-01-X y.md", "", "/docs/blog/2024/05/01/sub/X%20y"),
        ("2024/05/01/sub/x.md", "", "/docs/blog/2024/05/01/sub/x"),
        ("2024/05-01-x.md", "", "/docs/blog/2024/05/01/x"),
        ("2024-05-01-trip/part.md", "", "/docs/blog/2024/05/01/trip/part"),
        ("sub/a2024-05-01x.mdx", "", "/docs/blog/2024/05/01/sub/ax"),
        ("2023-05-01/2024-05-01-x.md", "", "/docs/blog/2024/05/01/2023-05-01/x"),
        ("plain.md", "date: 2024-06-07T10:00\n", "/docs/blog/plain"),
        ("a/b/index.md", "date: 2024-06-07\n", "/docs/blog/a/b"),
        ("2024-05-01-x.md", "slug: /own/slug\n", "/docs/blog/own/slug"),
        ("2024-05-01-x.md", "slug: own\n", "/docs/blog/own"),
    ],
)
def test_addresses_of_docusaurus_are_followed(
    tmp_path: Path, path: str, keys: str, link: str
) -> None:
    make.write(tmp_path / "docusaurus.config.js", DOCUSAURUS)
    make.write(tmp_path / "blog" / path, f"---\ntitle: A post\n{keys}---\nText.\n")
    assert f"own: https://k.example{link}\n" in make.invoke("init", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("permalink", "link"),
    [
        ("pretty", "https://j.example/blog/2024/05/01/a-post/"),
        ("date", "https://j.example/blog/2024/05/01/a-post.html"),
        ("none", "https://j.example/blog/a-post.html"),
        ("/:year/:title", "https://j.example/blog/2024/a-post"),
    ],
)
def test_permalinks_of_jekyll_are_followed(tmp_path: Path, permalink: str, link: str) -> None:
    make.write(
        tmp_path / "_config.yml",
        f"url: https://j.example\nbaseurl: /blog\npermalink: {permalink}\n",
    )
    make.write(tmp_path / "_posts/2024-05-01-a-post.md", POST)
    assert f"own: {link}\n" in make.invoke("init", cwd=tmp_path).stdout
    assert load_config(tmp_path / "config.toml").records.baseurl == "/blog"


def test_permalinks_that_no_template_can_say_are_reported(tmp_path: Path) -> None:
    make.write(tmp_path / "_config.yml", "url: https://j.example\npermalink: /:season/:title/\n")
    make.write(tmp_path / "_posts/2024-05-01-a-post.md", POST)
    assert (
        "permalink has :season, which no template can say"
        in make.invoke("init", cwd=tmp_path).stdout
    )


@pytest.mark.parametrize(
    ("settings", "link"),
    [
        ("", "https://h.example/posts/2024/x/"),
        ("uglyURLs = true\n", "https://h.example/posts/2024/x.html"),
        ('[permalinks]\nposts = "/:year/:month/:slug/"\n', "https://h.example/2024/05/a-post/"),
        (
            '[permalinks.page]\nposts = "/:sections/:contentbasename/"\n',
            "https://h.example/posts/x/",
        ),
    ],
)
def test_permalinks_of_hugo_are_followed(tmp_path: Path, settings: str, link: str) -> None:
    make.write(tmp_path / "hugo.toml", f'baseURL = "https://h.example"\n{settings}')
    make.write(tmp_path / "content/posts/2024/x.md", POST)
    make.write(tmp_path / "content/about.md", POST)
    assert f"own: {link}\n" in make.invoke("init", cwd=tmp_path).stdout


HOSTILE = 'title: "A \\"b\\" \\\\ ]]> \\u0007 \\x7f"\nurl: "not an address"\nlang: en_US.UTF-8\ndescription: [1]\n'


def test_the_notes_let_jekyll_leave_out_the_config_that_was_written(tmp_path: Path) -> None:
    folder = blog(tmp_path / "jekyll", "jekyll")
    make.write(folder / "config.toml", "[of]\nanother = 'program'\n")
    said = make.invoke("init", cwd=folder).stdout
    assert "Wrote feeds.toml\n" in said
    assert "exclude: [feeds.toml, ledger.toml]\n" in said


def test_settings_that_are_broken_or_hostile_still_give_a_config(tmp_path: Path) -> None:
    for number, text in enumerate((HOSTILE, "a: [", "\0", "- x\n")):
        folder = tmp_path / str(number)
        make.write(folder / "_config.yml", text)
        make.write(folder / "_posts/2024-05-01-a-post.md", POST)
        said = make.invoke("init", cwd=folder).stdout
        assert "replace https://example.org in the config" in said
        tomllib.loads((folder / "config.toml").read_text(encoding="utf-8"))
        load_config(folder / "config.toml")


def test_a_folder_of_nobody_is_not_recognised(tmp_path: Path) -> None:
    make.site(tmp_path, {"1.md": make.record(1)})
    assert recognise(tmp_path) is None
    assert recognise(make.ROOT) is None
    assert recognise(tmp_path / "nowhere") is None


@pytest.mark.parametrize(
    "keys",
    [
        "date: 2024-05-01\nexpiryDate: 2024-06-01",
        "date: 2024-05-01\nexpirydate: 2024-06-01T00:00:00Z",
        "date: 2024-05-01\nunpublishdate: 2024-06-01",
        "date: 2024-05-01\npublishDate: 2099-05-01",
        "date: 2024-05-01\npublishdate: 2099-05-01",
        "date: 2024-05-01\npubdate: 2099-05-01",
        "date: 2099-05-01",
        "publishDate: 2024-05-01\nexpiryDate: 2024-04-01",
        "date: 2024-05-01\nexpiryDate: someday",
    ],
)
def test_a_post_of_hugo_is_gone_when_it_expires_and_not_there_before_its_publication(
    tmp_path: Path, keys: str
) -> None:
    make.write(tmp_path / "hugo.toml", 'baseURL = "https://h.example"\n')
    make.write(
        tmp_path / "content/posts/shown.md",
        "---\ntitle: Shown\ndate: 2099-05-01\npublishDate: 2024-05-01\n---\n",
    )
    make.write(
        tmp_path / "content/posts/here.md",
        POST.replace("date: 2024-05-01", "date: 2024-05-01\nexpiryDate: 2099-01-01"),
    )
    make.write(
        tmp_path / "content/posts/hidden.md",
        f"---\ntitle: {make.CANARY}\ntags: [{make.CANARY}]\n{keys}\n---\n",
    )
    assert make.CANARY not in make.invoke("init", cwd=tmp_path).stdout
    make.invoke("build", cwd=tmp_path, check=None)
    tree = make.tree(tmp_path / "static/feeds")
    assert [entry.title for entry in feedparser.parse(tree["feed.atom"]).entries] == [
        "A post",
        "Shown",
    ]
    assert not [
        path for path, content in tree.items() if make.CANARY.encode() in path.encode() + content
    ]


def test_addresses_of_docusaurus_end_as_it_says(tmp_path: Path) -> None:
    settings = DOCUSAURUS.replace("title:", "trailingSlash: true, title:")
    make.write(tmp_path / "docusaurus.config.js", settings)
    make.write(tmp_path / "blog/2024-05-01-x.md", POST)
    said = make.invoke("init", cwd=tmp_path).stdout
    assert "own: https://k.example/docs/blog/2024/05/01/x/\n" in said


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("site.yaml", "title: Eleven\nurl: https://e.example\nlang: fr\n"),
        (
            "metadata.cjs",
            "module.exports = {title: 'Eleven', url: 'https://e.example/', language: 'fr'}",
        ),
        ("meta.toml", "title = 'Eleven'\nurl = 'https://e.example'\nlocale = 'fr'\n"),
    ],
)
def test_eleventy_is_read_wherever_its_data_are(tmp_path: Path, name: str, data: str) -> None:
    source = "export default { pathPrefix: '/sub/' }"
    said = make.invoke(
        "init", cwd=eleventy(tmp_path, source, {"blog/a.md": POST, f"_data/{name}": data})
    ).stdout
    assert "own: https://e.example/sub/blog/a/\n" in said
    site = load_config(tmp_path / "config.toml").site
    assert (site.title, site.language) == ("Eleven", "fr")


def test_pictures_of_docusaurus_are_below_its_base(tmp_path: Path) -> None:
    make.write(tmp_path / "docusaurus.config.js", DOCUSAURUS)
    body = "![a](/img/a.png) ![b](./b.png) ![c](//c.example/c.png) <img alt='d' src='/img/d.png'/>"
    body += "\n\n[x](/x)\n\n    ![code](/img/a.png)\n"
    make.write(
        tmp_path / "blog/2024-05-01-x.md", f"---\ntitle: A\nimage: /img/e.png\n---\n\n{body}"
    )
    make.invoke("init", cwd=tmp_path)
    make.invoke("build", cwd=tmp_path)
    [entry] = feedparser.parse((tmp_path / "static/feeds/feed.atom").read_bytes()).entries
    content = entry.content[0].value
    base = "https://k.example/docs/"
    for path in (f"{base}img/a.png", f"{base}img/d.png", f"{base}blog/2024/05/01/b.png"):
        assert f'src="{path}"' in content
    assert 'src="https://c.example/c.png"' in content and "![code](/img/a.png)" in content
    assert entry.media_content[0]["url"] == f"{base}img/e.png"
    assert load_config(tmp_path / "config.toml").records.baseurl == "/docs"


def test_the_addresses_that_a_built_site_has_are_counted(tmp_path: Path) -> None:
    make.write(tmp_path / "hugo.toml", 'baseURL = "https://h.example/sub/"\n')
    for name in ("a", "b", "c"):
        make.write(tmp_path / f"content/posts/{name}.md", POST)
    assert "addresses are in" not in make.invoke("init", cwd=tmp_path).stdout
    make.write(tmp_path / "public/posts/a/index.html", "<p>A</p>")
    make.write(tmp_path / "public/posts/b.html", "<p>B</p>")
    (tmp_path / "config.toml").unlink()
    said = make.invoke("init", cwd=tmp_path).stdout
    assert "2 of 3 addresses are in public/\n" in said
    assert "  not there: https://h.example/sub/posts/c/\n" in said and "records.built" not in said
    make.write(tmp_path / "public/posts/c/index.html", "<p>C</p>")
    (tmp_path / "config.toml").unlink()
    said = make.invoke("init", cwd=tmp_path).stdout
    assert '3 of 3 addresses are in public/\n  records.built = "public" takes' in said


def test_ids_stay_under_another_pattern_where_the_comment_in_the_config_is_followed(
    tmp_path: Path,
) -> None:
    make.write(tmp_path / "_config.yml", "url: https://j.example\n")
    make.write(tmp_path / "_posts/2024-05-01-a-post.md", POST)
    make.write(
        tmp_path / "_posts/2024-05-02-own.md", POST.replace("title", "permalink: /own/\ntitle")
    )
    make.invoke("init", cwd=tmp_path)
    make.invoke("build", cwd=tmp_path)

    def articles() -> dict[str, str]:
        feed = feedparser.parse((tmp_path / "feeds/feed.atom").read_bytes())
        return {entry.link: entry.id for entry in feed.entries}

    before = articles()
    file = tmp_path / "config.toml"
    text = file.read_text()
    start = text.index("webUrl = [")
    patterns = text[start : text.index("]\n", start) + 2]
    comment = text[text.index("[records.fields]") : start].splitlines()[1:]
    assert comment and all(line.startswith("# ") for line in comment)
    assert 'id = { template = "…" }, or a list of these.' in comment[-1]
    changed = patterns.replace("/{year}/", "/posts/{year}/") + patterns.replace("webUrl", "id")
    file.write_text(text.replace(patterns, changed))
    shutil.rmtree(tmp_path / ".feeds")
    shutil.rmtree(tmp_path / "feeds")
    make.invoke("build", cwd=tmp_path)
    after = articles()
    assert after.keys() - before.keys() == {"https://j.example/posts/2024/05/01/a-post.html"}
    assert sorted(after.values()) == sorted(before.values()) == sorted(before)
