"""What Docusaurus, Eleventy and Hugo leave out of a site is in no feed either."""

import json
import subprocess
from pathlib import Path

import feedparser
import pytest

from tests import make

OPEN = "---\ntitle: Open\ndate: 2024-05-01\n---\n\nText.\n"
SECRET = f"---\ntitle: {make.CANARY}\ndate: 2024-05-02\n---\n\n{make.CANARY}\n"


def shown(folder: Path, output: str) -> list[str]:
    """The titles that the feeds of an adopted site show; none is of what is left out."""
    make.invoke("init", cwd=folder, check=None)  # a test may have done so
    make.invoke("build", cwd=folder)
    tree = make.tree(folder / output)
    assert not [path for path, content in tree.items() if make.CANARY.encode() in content]
    assert not [path for path in tree if make.CANARY.lower() in path.lower()]
    return [one.title for one in feedparser.parse(tree["feed.atom"]).entries]


def docusaurus(options: str) -> str:
    return (
        "export default { title: 'D', url: 'https://d.example', baseUrl: '/',\n"
        f"  presets: [['classic', {{ docs: false, blog: {{ {options} }} }}]] }};\n"
    )


@pytest.mark.parametrize(
    ("options", "path"),
    [
        ("", "_secret.md"),
        ("", "_drafts/2024-05-02-secret.mdx"),
        ("", "a/_b/c/secret.md"),
        ("", "secret.html"),
        ("", "secret.markdown"),
        ("exclude: ['secret.md']", "secret.md"),
        ('"exclude": ["drafts/**", `x`]', "drafts/a/secret.md"),
        ("exclude: ['**/*.{draft,wip}.md']", "a/secret.wip.md"),
        ("exclude: ['**/secret-*/**'], path: 'blog'", "2024/secret-one/index.md"),
        ("remarkPlugins: [[x, { a: { b: '}' } }]], exclude: ['./secret.md']", "secret.md"),
        ("include: ['*.md', 'news/**']", "drafts/secret.md"),
    ],
)
def test_what_docusaurus_leaves_out(options: str, path: str, tmp_path: Path) -> None:
    make.write(tmp_path / "docusaurus.config.ts", docusaurus(options))
    make.write(tmp_path / "blog/open.md", OPEN)
    make.write(tmp_path / "blog" / path, SECRET)
    assert shown(tmp_path, "static/feeds") == ["Open"]


@pytest.mark.parametrize("options", ["exclude: drafts()", "exclude: [...drafts, 'a']", "exclude"])
def test_nothing_is_read_where_docusaurus_computes_what_it_leaves_out(
    options: str, tmp_path: Path
) -> None:
    make.write(tmp_path / "docusaurus.config.ts", docusaurus(f"{options}, path: 'blog'"))
    make.write(tmp_path / "blog/secret.md", SECRET)
    said = make.invoke("init", cwd=tmp_path).stdout
    assert "`exclude` of the blog is computed" in said
    assert shown(tmp_path, "static/feeds") == []


def test_what_is_left_out_in_a_comment_of_docusaurus_is_shown(tmp_path: Path) -> None:
    options = "// exclude: ['open.md'],\n/* exclude: ['**'] */ path: 'blog'"
    make.write(tmp_path / "docusaurus.config.ts", docusaurus(options))
    make.write(tmp_path / "blog/open.md", OPEN)
    assert shown(tmp_path, "static/feeds") == ["Open"]


def test_the_blog_of_a_plugin_of_docusaurus_is_read(tmp_path: Path) -> None:
    plugin = (
        "export default { title: 'D', url: 'https://d.example', baseUrl: '/', plugins: [[\n"
        "  '@docusaurus/plugin-content-blog',\n"
        "  { id: 'n', path: 'news', routeBasePath: 'n', exclude: ['s*.md'] }]] };\n"
    )
    make.write(tmp_path / "docusaurus.config.ts", plugin)
    make.write(tmp_path / "news/open.md", OPEN)
    make.write(tmp_path / "news/secret.md", SECRET)
    assert "https://d.example/n/open\n" in make.invoke("init", cwd=tmp_path).stdout
    assert shown(tmp_path, "static/feeds") == ["Open"]


HIDDEN = json.dumps({"eleventyExcludeFromCollections": True})


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({".eleventyignore": "# a comment\n\n blog/secret.md \n"}, "secret.md"),
        ({".eleventyignore": "/blog/drafts/\n"}, "drafts/a/secret.md"),
        ({".eleventyignore": "**/secret*.md\n!blog/secret.md\n"}, "a/secret.md"),
        ({".eleventyignore": "*/secret.*\n"}, "secret.md"),
        ({".gitignore": "blog/wip\nnode_modules\n"}, "wip/secret.md"),
        ({"eleventy.config.js": "eleventyConfig.ignores.add('blog/secret.md')"}, "secret.md"),
        ({"eleventy.config.js": 'c.ignores.add( "./blog/drafts/**/*" )'}, "drafts/x/secret.md"),
        ({}, "node_modules/a/secret.md"),
        ({}, "secret.txt"),
        ({"blog/drafts/drafts.json": '{"permalink": false}'}, "drafts/secret.md"),
        ({"blog/drafts/drafts.11tydata.json": HIDDEN}, "drafts/a/secret.md"),
        ({"blog/drafts/drafts.11tydata.js": "export default { draft: true }"}, "drafts/secret.md"),
        ({"blog/secret.json": '{"permalink": false}'}, "secret.md"),
        ({"blog/secret.11tydata.cjs": "module.exports = { 'permalink': false }"}, "secret.md"),
    ],
)
def test_what_eleventy_leaves_out(files: dict[str, str], path: str, tmp_path: Path) -> None:
    make.write(tmp_path / "eleventy.config.js", "export default {}")
    for name, text in files.items():
        make.write(tmp_path / name, text)
    make.write(tmp_path / "blog/open.md", OPEN)
    make.write(tmp_path / "blog" / path, SECRET)
    assert shown(tmp_path, "feeds") == ["Open"]


def test_the_data_above_the_posts_of_eleventy_hide_them(tmp_path: Path) -> None:
    make.write(tmp_path / "eleventy.config.js", "export default {}")
    make.write(tmp_path / "content/content.json", '{"draft": true}')
    make.write(tmp_path / "content/blog/open.md", OPEN.replace("---\n\n", "draft: false\n---\n\n"))
    make.write(tmp_path / "content/blog/secret.md", SECRET)
    assert shown(tmp_path, "feeds") == ["Open"]


def test_what_git_ignores_is_read_where_eleventy_says_so(tmp_path: Path) -> None:
    make.write(tmp_path / "eleventy.config.js", "c.setUseGitIgnore(false);")
    make.write(tmp_path / ".gitignore", "blog\n")
    make.write(tmp_path / "blog/open.md", OPEN)
    assert shown(tmp_path, "feeds") == ["Open"]


def test_nothing_is_read_where_eleventy_computes_what_it_passes_over(tmp_path: Path) -> None:
    make.write(tmp_path / "eleventy.config.js", "c.ignores.add(`blog/${draft}.md`);")
    make.write(tmp_path / "blog/secret.md", SECRET)
    assert "ignores.add computes a path" in make.invoke("init", cwd=tmp_path).stdout
    assert shown(tmp_path, "feeds") == []


BASE = 'baseURL = "https://h.example/"\ntitle = "H"\n'
LANGUAGES = '[languages.en]\nweight = 1\n[languages.de]\nweight = 2\ncontentDir = "content/de"\n'
LANGUAGES = LANGUAGES.replace("weight = 1\n", 'weight = 1\ncontentDir = "content/en"\n')
CASCADE = "[[cascade]]\ndraft = true\n[cascade._target]\npath = '%s'\n"


@pytest.mark.parametrize(
    ("settings", "files", "path"),
    [
        ("ignoreFiles = ['\\.secret\\.md$']", {}, "posts/a.secret.md"),
        ("ignoreFiles = 'posts/drafts/'", {}, "posts/drafts/a/secret.md"),
        ("ignoreFiles = ['wip-.*-x']", {}, "posts/wip-a-x.md"),
        ('ignoreFiles = ["secret"]', {}, "posts/secret/index.md"),
        ("disableLanguages = ['de']\n[languages.en]\n[languages.de]", {}, "posts/a.de.md"),
        ("[languages.en]\nweight = 1\n[languages.de]\ndisabled = true", {}, "posts/a.de.md"),
        (f"disableLanguages = ['de']\n{LANGUAGES}", {}, "de/posts/a.md"),
        (CASCADE % "/**/secret/**", {}, "posts/secret/a.md"),
        (CASCADE % "/**/secret/**", {}, "posts/x/Secret/a.md"),
        (CASCADE % "{/x/**,/posts/*.secret.md}", {}, "posts/a.secret.md"),
        (CASCADE % "/posts/Secret.md", {}, "posts/secret.md"),
        (CASCADE % "/*/s?cret.md", {}, "posts/secret.md"),
        (
            "[[module.mounts]]\nsource = 'content'\ntarget = 'content'\n"
            "excludeFiles = ['posts/drafts/**', '*/secret.md']",
            {},
            "posts/secret.md",
        ),
        (
            "[[module.mounts]]\nsource = 'content'\ntarget = 'content'\nexcludeFiles = 'posts/d/**'",
            {},
            "posts/d/a/secret.md",
        ),
        (
            "[languages.en]\nweight = 1\n[languages.fr]\nweight = 2",
            {
                "posts/d/_index.fr.md": "---\ntitle: D\n---\n",
                "posts/d/_index.md": "---\ntitle: D\ncascade:\n  draft: true\n---\n",
            },
            "posts/d/a.md",
        ),
        ("", {}, "posts/secret.txt"),
        ("", {}, "posts/secret.json"),
    ],
)
def test_what_hugo_leaves_out(
    settings: str, files: dict[str, str], path: str, tmp_path: Path
) -> None:
    make.write(tmp_path / "hugo.toml", f"{BASE}{settings}\n")
    in_folders = "contentDir" in settings
    content = tmp_path / "content"
    for name, text in files.items():
        make.write(content / name, text)
    make.write(content / ("en/posts/open.md" if in_folders else "posts/open.md"), OPEN)
    make.write(content / path, SECRET)
    make.write(tmp_path / "layouts/_default/single.html", "{{ .Title }}")
    make.write(tmp_path / "layouts/_default/list.html", "{{ len .Pages }}")
    hugo = [make.program("hugo"), "--quiet", "--destination", "site"]
    subprocess.run(hugo, cwd=tmp_path, check=True, capture_output=True)
    site = make.tree(tmp_path / "site").items()
    pages = [name for name, text in site if make.CANARY.encode() in text and name.endswith("html")]
    assert pages == []
    assert shown(tmp_path, "static/feeds") == ["Open"]


def test_nothing_is_read_where_no_glob_says_what_hugo_ignores(tmp_path: Path) -> None:
    make.write(tmp_path / "hugo.toml", f"{BASE}ignoreFiles = ['(a|secret)\\.md']\n")
    make.write(tmp_path / "content/posts/secret.md", SECRET)
    assert "ignoreFiles has (a|secret)" in make.invoke("init", cwd=tmp_path).stdout
    assert shown(tmp_path, "static/feeds") == []


@pytest.mark.parametrize("text", ["/*", '\\"', "blog: {", "ignores.add('"])
@pytest.mark.parametrize("name", ["docusaurus.config.js", "eleventy.config.js"])
def test_no_script_takes_long(name: str, text: str, tmp_path: Path) -> None:
    make.write(tmp_path / name, text * (2**20 // len(text) - 1))
    make.write(tmp_path / "blog/open.md", OPEN)
    assert "Found " in make.invoke("init", cwd=tmp_path).stdout  # else it took hours


def test_too_many_patterns_leave_out_everything(tmp_path: Path) -> None:
    make.write(tmp_path / "eleventy.config.js", "export default {}")
    make.write(tmp_path / ".gitignore", "".join(f"blog/{n}\n" for n in range(2000)))
    make.write(tmp_path / "blog/1999/secret.md", SECRET)
    assert shown(tmp_path, "feeds") == []
