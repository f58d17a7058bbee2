"""What nobody may see shows nowhere: every output of every command, and every answer of the
service, is searched.

Each hidden text carries a word of its own. Two sites are made: one with hidden records among
visible ones, and its twin with the visible ones alone; nothing that is published may tell them
apart.
"""

import json
import re
import shutil
from collections.abc import Iterable
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest
from lxml import etree

from feeds.build import hosts
from feeds.config import Config, load_config
from feeds.render import xml
from feeds.urls import feed_key, web_address
from tests import make
from tests.documents.test_codings import DECODERS
from tests.serve.test_server import serving

SECURED, UNPUBLISHED, LATER, EXPIRED, BROKEN, OTHER = (
    make.CANARY + kind for kind in ("Secured", "Unpublished", "Later", "Expired", "Broken", "Other")
)
FORMATS = ("rss", "atom", "json")
NEVER = "2999-01-01T00:00:00Z"
OVER = "2026-11-23T11:30:00Z"


def everywhere(word: str, **keys: str | None) -> str:
    """A record with a word in every text that it can hold."""
    host = f"{word.lower()}.example"
    related = f'{{title: "{word} one", webUrl: "https://{host}/r", excerpt: "{word}", provider: {{domain: {host}}}}}'
    fields: dict[str, str | None] = {
        "title": f'"{word} title"',
        "webUrl": f'"https://{host}/{word}"',
        "originalUrl": f'"https://{host}/original"',
        "ampWebUrl": f'"https://{host}/amp"',
        "excerpt": f'"{word} excerpt"',
        "category": f'"{word} category"',
        "topics": f'["{word} topic", AI, "aI"]',
        "provider": f'{{name: "{word} name", domain: {host}}}',
        "type": word,
        "images": f'[{{url: "https://{host}/{word}.png"}}]',
        "related": f"[{related}]",
        "unknown": word,
        "heat": "95",
        "quality": "95",
        **keys,
    }
    return make.record(1, body=f"{word} body\n", **fields)


SECRETS = f"""\
secured: "{SECURED}Top"
'secured': {{deep: [{SECURED}Deep, {{secured: {SECURED}Deeper}}]}}
"""

# Coverage of the same matter, at an address of which no record says anything: it shows.
OPEN = "{title: Open coverage, webUrl: 'https://elsewhere.example/open', provider: {domain: elsewhere.example}}"

VISIBLE: dict[str, str | bytes] = {
    "1.md": make.record(
        1,
        topics="[AI, Lenses]",
        provider=f"{{name: Example, domain: example.org, secured: {SECURED}Provider}}",
        images=f"[{{url: 'https://example.org/1.png', secured: '{SECURED}Image'}}]",
        related=f"[{{title: Other, webUrl: 'https://example.org/other', secured: [{SECURED}Related]}}]",
        secured=f'|\n  {SECURED}Block\n  "{SECURED}Quoted": &{SECURED}Anchor x',
    ),
    "2.md": make.record(
        2,
        related=f"[{{title: '{OTHER}Related', webUrl: 'https://{UNPUBLISHED.lower()}.example/{UNPUBLISHED}'}}, "
        f"{{title: '{OTHER}Due', webUrl: 'https://{LATER.lower()}.example/{LATER}', excerpt: '{OTHER}'}}, {OPEN}, "
        f"{{title: '{OTHER}Wrong', webUrl: 'https://{BROKEN.lower()}.example/{BROKEN}', provider: {{name: {OTHER}, "
        f"domain: '{OTHER.lower()}.example'}}}}, "
        f"{{title: '{OTHER}Over', webUrl: 'https://{EXPIRED.lower()}.example/{EXPIRED}'}}, "
        f"{{title: '{OTHER}Part', webUrl: 'HTTPS://{UNPUBLISHED}.EXAMPLE/{UNPUBLISHED}#{OTHER}'}}]",
    ),
    "3.md": make.record(3, topics="[AI]", webUrl="https://example.org/shared"),
    # Wrong optional parts: they are dropped and reported, with secured inside.
    "4.md": make.record(
        4,
        images=f"[{{url: '{OTHER} no address', secured: {SECURED}Image}}, {{secured: {SECURED}Alone}}]",
        related=f"{{secured: {SECURED}Related, title: {OTHER}}}",
        updatedDateTime=f"'{OTHER}'",
    ),
}

# The same as it is to look: without a word of coverage that is a hidden record here.
TWIN = {**VISIBLE, "2.md": make.record(2, related=f"[{OPEN}]")}

HIDDEN: dict[str, str | bytes] = {
    f"{OTHER}File.md": everywhere(UNPUBLISHED, published="false", secured=SECURED),
    f"{OTHER}Folder/1.md": everywhere(
        UNPUBLISHED, published="no", publishedDateTime="2026-11-23T11:59:00Z"
    ),
    "unpublished-shared.md": make.record(
        0, published="false", webUrl="https://example.org/shared", topics="[aI]"
    ),
    "unpublished-1.md": make.record(
        5, published="false", topics="[aI, aI]", provider="{name: X, domain: example.org}"
    ),
    "unpublished-2.md": make.record(
        6, published="off", topics="[aI]", provider="{name: X, domain: example.org}"
    ),
    "unpublished-and-wrong.md": everywhere(
        UNPUBLISHED,
        published="FALSE",
        publishedDateTime=f"'{UNPUBLISHED} date'",
        images=UNPUBLISHED,
    ),
    f"{OTHER}Later.md": everywhere(
        LATER,
        publishedDateTime=NEVER,
        images=f"[{{url: '{LATER}'}}]",
        updatedDateTime=NEVER,
        secured=SECURED,
    ),
    "later-shared.md": make.record(
        0, publishedDateTime=NEVER, webUrl="https://example.org/shared", topics="[aI]"
    ),
    "later-1.md": make.record(
        5, publishedDateTime=NEVER, topics="[aI]", provider="{name: X, domain: example.org}"
    ),
    f"{OTHER}Expired.md": everywhere(
        EXPIRED, expiryDateTime=OVER, images=f"[{{url: '{EXPIRED}'}}]", secured=SECURED
    ),
    "expired-and-wrong.md": everywhere(EXPIRED, expiryDateTime=OVER, title=f"[{EXPIRED}]"),
    "expired-shared.md": make.record(
        2, expiryDateTime=OVER, webUrl="https://example.org/shared", topics="[aI]"
    ),
    "expired-1.md": make.record(
        5, expiryDateTime=OVER, topics="[aI]", provider="{name: X, domain: example.org}"
    ),
    "expiry-wrong.md": everywhere(BROKEN, expiryDateTime=f"'{BROKEN}'"),
    "expiry-too-soon.md": everywhere(BROKEN, expiryDateTime="2020-01-01"),
    "expiry-misspelled.md": everywhere(BROKEN, expiryDatetime=NEVER),
    "misspelled-1.md": everywhere(BROKEN, published=None, publishd="false"),
    "misspelled-2.md": everywhere(BROKEN, published=None, Published="'no'"),
    "no-boolean-1.md": everywhere(BROKEN, published="'false'"),
    "no-boolean-2.md": everywhere(BROKEN, published=f"[{BROKEN}]"),
    "no-boolean-3.md": everywhere(BROKEN, published=BROKEN),
    "wrong-title.md": everywhere(BROKEN, title=f"[{BROKEN}]"),
    "wrong-address.md": everywhere(BROKEN, webUrl=f"'{BROKEN}'"),
    "wrong-date.md": everywhere(BROKEN, publishedDateTime=f"'{BROKEN}'"),
    "wrong-domain.md": everywhere(
        BROKEN, provider=f"{{domain: '{BROKEN} {BROKEN}', secured: {SECURED}}}"
    ),
    "key-twice.md": everywhere(BROKEN, **{BROKEN: "1\n" + f"{BROKEN}: 2"}),
    "secured-twice.md": f"---\n{SECRETS}title: {BROKEN}\n---\n",
    "secured-unclosed.md": f'---\ntitle: {BROKEN}\nsecured: "{SECURED}\n  {SECURED}\n---\n',
    "secured-in-a-quotation.md": f'---\ntitle: "{BROKEN}\nsecured: "{SECURED}"\nwebUrl: x\n---\n',
    "secured-in-a-list.md": f"---\ntitle: {BROKEN}\nrelated: [{{secured: [{SECURED}, {{\n---\n",
    "secured-tagged.md": f"---\ntitle: {BROKEN}\nsecured: !!python/object:{SECURED} {SECURED}\n---\n",
    "secured-with-an-alias.md": f"---\nsecured: *{SECURED}\n---\n",
    "secured-anchored.md": f"---\nsecured: &{SECURED} {SECURED}\ntitle: *{SECURED}\n---\n",
    "secured-merged.md": everywhere(
        BROKEN, base=f"&base {{secured: {SECURED}}}", **{"<<": "*base", "title": "[]"}
    ),
    "secured-control.md": f"---\nsecured: '{SECURED}\x01{SECURED}'\n---\n",
    "secured-bytes.md": b"---\nsecured: '"
    + SECURED.encode()
    + b"\xff"
    + SECURED.encode()
    + b"'\n---\n",
    "secured-unfenced.md": f"---\ntitle: {BROKEN}\n{SECRETS}",
    "secured-as-a-list.yaml": f"- secured: {SECURED}\n- title: {BROKEN}\n",
    "secured-as-a-key.md": f"---\n? {{secured: {SECURED}}}\n: {BROKEN}\n---\n",
    "secured-in-two.yaml": f"title: {BROKEN}\n--- # {SECURED}\nsecured: {SECURED}\n",
    "secured-deep.md": "---\ndeep: "
    + "{a: " * 40
    + f"{{secured: {SECURED}}}"
    + "}" * 40
    + "\n---\n",
    "secured-huge.md": f"---\nsecured: '{SECURED}" + "x" * 1_100_000 + "'\n---\n",
    "tab.md": f"---\ntitle: {BROKEN}\n\tsecured: {SECURED}\n---\n",
    "directive.yaml": f"%{BROKEN}\n%YAML {BROKEN}\n---\nsecured: {SECURED}\n",
    "empty.md": "",
}

HIDDEN_KEYS = [
    feed_key(kind, f"{word} {name}")
    for word in (UNPUBLISHED, LATER, EXPIRED, BROKEN)
    for kind, name in (("topics", "topic"), ("categories", "category"))
] + [f"providers/{word.lower()}.example" for word in (UNPUBLISHED, LATER, EXPIRED, BROKEN)]

# Feeds of the publisher's own: hidden records match them all, and visible ones all but the last.
OWN = f"""
[[feed]]
key = "ours"
title = "Ours"
topics = ["AI", "{UNPUBLISHED} topic", "{LATER} topic", "{EXPIRED} topic"]
order = "heat"

[[feed]]
key = "latest"
title = "Latest"
limit = 2

[[feed]]
key = "theirs"
title = "{OTHER} theirs"
description = "{OTHER} description"
min_heat = 90
min_quality = 90
"""
HIDDEN_KEYS.append("feeds/theirs")


def found(word: str, *texts: str | bytes) -> list[str]:
    """Where a word stands in texts, whatever the case, with what stands around it."""
    places = []
    for text in texts:
        plain = (text if isinstance(text, str) else text.decode("utf-8", "replace")).casefold()
        at = plain.find(word.casefold())
        if at >= 0:
            places.append(plain[max(0, at - 40) : at + 80])
    return places


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The site with hidden records, built."""
    config = make.site(tmp_path_factory.mktemp("hidden"), {**VISIBLE, **HIDDEN}, OWN)
    make.invoke("build", cwd=config.file.parent, check=1)
    return config


@pytest.fixture(scope="module")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The same site without hidden records, built."""
    config = make.site(tmp_path_factory.mktemp("visible"), TWIN, OWN)
    make.invoke("build", cwd=config.file.parent, check=1)
    return config


@pytest.fixture(scope="module")
def keys(twin: Config) -> list[str]:
    """The keys of the feeds in which something is visible."""
    feeds = json.loads(make.invoke("list", "--json", cwd=twin.file.parent).stdout)
    return [feed["key"] for feed in feeds]


def test_every_hidden_record_is_left_out_and_every_visible_one_is_not(site: Config) -> None:
    (everything, *_) = json.loads(make.invoke("list", "--json", cwd=site.file.parent).stdout)
    assert (everything["key"], everything["articles"]) == ("all", len(VISIBLE))


def test_hidden_records_change_no_byte_name_or_date_of_the_static_tree(
    site: Config, twin: Config
) -> None:
    assert make.tree(site.output_folder) == make.tree(twin.output_folder)
    for path in make.tree(twin.output_folder):
        if path != ".feeds-manifest":
            assert (site.output_folder / path).stat().st_mtime_ns == (
                twin.output_folder / path
            ).stat().st_mtime_ns


def test_hidden_records_change_nothing_where_feeds_are_cut(tmp_path: Path) -> None:
    trees = []
    for name, records in {"hidden": {**VISIBLE, **HIDDEN}, "visible": TWIN}.items():
        config = make.site(tmp_path / name, records, f"[feeds]\nmax_bytes = 4000\n{OWN}")
        make.invoke("build", cwd=config.file.parent, check=1)
        trees.append(make.tree(config.output_folder))
        assert found(SECURED, *make.tree(config.store_file.parent).values()) == []
    assert trees[0] == trees[1]
    assert "archive/2026-11.atom" in trees[0]
    for path, content in trees[0].items():
        assert found(make.CANARY, path, content) == []


def test_the_static_tree_holds_no_hidden_word(site: Config) -> None:
    tree = make.tree(site.output_folder)
    pages = {
        "index.html",
        "all/index.html",
        "topics/ai/index.html",
        "providers/example.org/index.html",
    }
    assert tree.keys() > {"feeds.opml", *pages, *(f"feed.{name}" for name in FORMATS)}
    for path, content in tree.items():
        assert found(make.CANARY, path, content) == []


def coverage(document: bytes, name: str) -> tuple[list[str], list[str]]:
    """The addresses in the HTML of a document's entries, and those of its links to related
    coverage."""
    if name == "json":
        contents = [item["content_html"] for item in json.loads(document)["items"]]
        links = []
    else:
        root = etree.fromstring(document)
        tag = (
            "{http://www.w3.org/2005/Atom}content"
            if name == "atom"
            else f"{{{xml.CONTENT}}}encoded"
        )
        contents = [element.text or "" for element in root.iter(tag)]
        links = [
            element.get("href", "")
            for element in root.iter("{*}link")
            if element.get("rel") == "related"
        ]
    return re.findall(r'href="([^"]*)"', "".join(contents)), links


@pytest.mark.parametrize("name", FORMATS)
def test_related_coverage_shows_unless_it_is_hidden(site: Config, name: str) -> None:
    shown = ["https://example.org/other", "https://elsewhere.example/open"]
    in_contents, in_links = coverage(make.tree(site.output_folder)[f"feed.{name}"], name)
    assert in_contents == shown
    assert in_links == ([] if name == "json" else shown)


def test_related_coverage_on_a_page_is_that_of_the_feed(site: Config) -> None:
    page = make.tree(site.output_folder)["all/index.html"].decode()
    related = "".join(re.findall(r'<details class="related">.*?</details>', page, re.DOTALL))
    assert re.findall(r'href="([^"]*)"', related) == [
        "https://example.org/other",
        "https://elsewhere.example/open",
    ]


HOLDS_BACK: dict[str, dict[str, str | None]] = {
    "unpublished": {"published": "false"},
    "postponed": {"publishedDateTime": NEVER},
    "expired": {"expiryDateTime": OVER},
    "misspelled": {"published": None, "publised": "false"},
    "broken": {"title": "[broken]"},
    "unpublished_and_broken": {"published": "false", "publishedDateTime": "never"},
}
SAME, OTHERWISE = "https://{}.example/{}", "HTTPS://{}.Example:443/{}#part"


@pytest.mark.parametrize(
    ("hidden", "spelling"),
    [
        *(pytest.param(keys, SAME, id=f"{name}-same") for name, keys in HOLDS_BACK.items()),
        *(
            pytest.param(
                keys,
                OTHERWISE,
                id=f"{name}-other",
                marks=[] if name in ("unpublished", "broken") else pytest.mark.soak,
            )
            for name, keys in HOLDS_BACK.items()
        ),
    ],
)
def test_related_coverage_comes_and_goes_with_the_record_that_it_points_to(
    tmp_path: Path, hidden: dict[str, str | None], spelling: str
) -> None:
    address = spelling.format(OTHER, OTHER)
    excerpt = f"excerpt: {OTHER}, provider: {{name: {OTHER}, domain: {OTHER.lower()}.example}}"
    pointing = make.record(1, related=f"[{{title: {OTHER}, webUrl: '{address}', {excerpt}}}]")
    link = web_address(address)
    config = make.site(tmp_path, {"1.md": pointing, "2.md": everywhere(OTHER, **hidden)})
    # What merely broke stays as it last was.
    breaks = hidden == {"title": "[broken]"}
    for turn, changes in enumerate([hidden, {}, hidden]):
        shows = turn == 1 or (turn == 2 and breaks)
        make.write(config.records_folder / "2.md", everywhere(OTHER, **changes))
        done = make.invoke("build", cwd=tmp_path, check=None)
        tree = make.tree(config.output_folder)
        for name in FORMATS:
            in_contents, in_links = coverage(tree[f"feed.{name}"], name)
            assert (link in in_contents) is shows
            assert (link in in_links) is (shows and name != "json")
        if not shows:
            assert found(OTHER, done.stdout, done.stderr, *tree, *tree.values()) == []


@pytest.mark.parametrize("again", [False, True], ids=["at_first", "after_a_change"])
def test_a_build_says_no_hidden_word(site: Config, tmp_path: Path, again: bool) -> None:
    if again:
        shutil.copytree(site.file.parent, tmp_path, dirs_exist_ok=True)
        config = load_config(tmp_path / "config.toml")
        make.write(
            config.records_folder / "1.md", make.record(1, title="[wrong", secured=f"'{SECURED}")
        )
    else:
        config = make.site(tmp_path, {**VISIBLE, **HIDDEN}, OWN)
    done = make.run("build", cwd=tmp_path, check=1)
    assert found(make.CANARY, done.stdout, done.stderr) == []
    for path, content in make.tree(config.output_folder).items():
        assert found(make.CANARY, path, content) == []


def test_a_build_names_no_record_that_its_editor_holds_back(site: Config) -> None:
    said = make.invoke("build", cwd=site.file.parent, check=1).stderr
    named = {line.partition(":")[0].removeprefix("seeds/") for line in said.splitlines()[:-1]}
    for path in HIDDEN:
        assert (path in named) is not any(
            word in path for word in ("unpublished", "later", "expired", OTHER)
        )


def test_the_list_is_that_of_the_visible_alone(site: Config, twin: Config) -> None:
    for options in (["list"], ["list", "--json"]):
        done, visible = (make.invoke(*options, cwd=config.file.parent) for config in (site, twin))
        assert done.stdout == visible.stdout
        assert found(make.CANARY, done.stdout, done.stderr) == []


def test_feeds_of_the_publishers_own_count_the_visible_alone(site: Config) -> None:
    rows = json.loads(make.invoke("list", "--json", cwd=site.file.parent).stdout)
    counts = {row["key"]: row["articles"] for row in rows if row["kind"] == "feeds"}
    assert counts == {"feeds/ours": len(VISIBLE), "feeds/latest": len(VISIBLE)}


def test_every_document_shown_is_that_of_the_visible_alone(site: Config, keys: list[str]) -> None:
    tree = make.tree(site.output_folder)
    for key in keys:
        for name in FORMATS:
            done = make.invoke("show", key, name, cwd=site.file.parent)
            assert (
                done.stdout.encode()
                == tree["feed." + name if key == "all" else f"{key}/feed.{name}"]
            )
            assert done.stderr == ""


def test_a_hidden_feed_is_shown_as_one_that_never_was(site: Config) -> None:
    never = make.invoke("show", "topics/never", "rss", cwd=site.file.parent, check=2).stderr
    for key in HIDDEN_KEYS:
        done = make.invoke("show", key, "rss", cwd=site.file.parent, check=2)
        assert done.stdout == ""
        assert done.stderr == never.replace("topics/never", key)


def test_a_terminal_shows_no_hidden_word(site: Config, twin: Config) -> None:
    for arguments, check in (
        (["build"], 1),
        (["list"], 0),
        (["show", "all", "rss"], 0),
        (["show", "all", "json"], 0),
    ):
        shown = make.watched(*arguments, cwd=site.file.parent, columns=200, check=check)
        assert found(make.CANARY, shown, make.unstyled(shown)) == []
        if arguments[0] == "list":
            tables = (shown, make.watched(*arguments, cwd=twin.file.parent, columns=200))
            assert len({make.unstyled(one).partition("Feed  ")[2] for one in tables}) == 1


def test_a_shell_completes_the_keys_of_the_visible_alone(site: Config, keys: list[str]) -> None:
    folder = site.file.parent
    done = make.run(
        cwd=folder, _FEEDS_COMPLETE="zsh_complete", COMP_WORDS="feeds show ", COMP_CWORD="2"
    )
    assert [line for line in done.stdout.splitlines() if line in keys] == keys
    assert found(make.CANARY, done.stdout, done.stderr) == []


def test_an_examination_of_the_service_says_no_hidden_word(site: Config) -> None:
    with serving(site) as running:
        options = ("--base-url", site.site.base_url, "--json")
        done = make.invoke("doctor", running.url, *options, cwd=site.file.parent)
    assert json.loads(done.stdout) == []
    assert found(make.CANARY, done.stdout, done.stderr) == []


def test_check_says_no_secured_word(site: Config) -> None:
    done = make.run("check", cwd=site.file.parent, check=1)
    assert len(done.stdout.splitlines()) > 30
    assert found(SECURED, done.stdout, done.stderr) == []


def test_check_says_where_each_broken_record_is_wrong(site: Config) -> None:
    said = make.invoke("check", cwd=site.file.parent, check=1).stdout
    faulty = {
        line.partition(":")[0].removeprefix("seeds/")
        for line in said.splitlines()
        if line[:5] != "note:"
    }
    for path in HIDDEN:
        assert path in faulty or any(
            word in path for word in ("unpublished-", "later-", "expired-", OTHER)
        )


@pytest.mark.parametrize("word", [SECURED, UNPUBLISHED, BROKEN])
def test_the_store_holds_no_word_of_what_is_not_to_be_published(site: Config, word: str) -> None:
    store = make.tree(site.store_file.parent)
    assert "store.sqlite" in store
    # The record of a visible article may name the address of a hidden one as related.
    named = [
        f"https://{hidden.lower()}.example/{hidden}".encode() for hidden in (UNPUBLISHED, BROKEN)
    ]
    for content in store.values():
        for address in named:
            content = content.replace(address, b"")
        assert found(word, content) == []


def addresses(keys: list[str], tree: Iterable[str]) -> list[str]:
    """Every address worth asking: what there is, and what would be there if it were visible."""
    hidden = [f"/{key}/feed.{name}" for key in HIDDEN_KEYS for name in FORMATS]
    folders = [f"/{key}{end}" for key in (*HIDDEN_KEYS, *keys) for end in ("", "/", "/index.html")]
    odd = [
        "/",
        "/healthz",
        "/feeds.opml",
        "/feed.json",
        f"/{UNPUBLISHED}",
        f"/{OTHER}File.md",
        "/config.toml",
        "/%00",
    ]
    return [*(f"/{path}" for path in tree), *hidden, *folders, *odd]


def test_the_service_says_no_hidden_word(
    site: Config, twin: Config, keys: list[str], tmp_path: Path
) -> None:
    config = make.site(tmp_path, {**VISIBLE, **HIDDEN}, OWN)
    tree = make.tree(twin.output_folder)
    modified = {path: (twin.output_folder / path).stat().st_mtime for path in tree}
    with (
        serving(config) as running,
        httpx.Client(base_url=running.url, trust_env=False, timeout=make.LONGEST) as client,
    ):

        def ask(path: str, accept: str, method: str = "GET") -> httpx.Response:
            answer = client.request(method, path, headers={"Accept": accept})
            assert answer.status_code < 500
            assert found(make.CANARY, str(answer.headers), answer.content) == []
            return answer

        for path, content in tree.items():
            if path not in (".feeds-manifest", *hosts.PATHS):
                answer = ask(make.asked(path), "*/*")
                assert answer.content == content
                assert answer.headers["Last-Modified"] == formatdate(modified[path], usegmt=True)
        assert client.get("/healthz").json()["articles"] == len(VISIBLE)

        hidden = [f"/{key}/feed.{name}" for key in HIDDEN_KEYS for name in FORMATS]
        for accept in ("text/html", "application/json", "*/*"):
            never = ask("/topics/never/feed.rss", accept)
            for path in hidden:
                answer = ask(path, accept)
                assert (answer.status_code, answer.content) == (404, never.content)
                assert {**answer.headers, "date": ""} == {**never.headers, "date": ""}
        for path in addresses(keys, tree):
            for method in ("GET", "HEAD", "POST", "OPTIONS"):
                ask(path, "text/html", method)
            for coding in ("br", "gzip", "identity"):
                answer = client.get(path, headers={"Accept-Encoding": coding})
                assert found(make.CANARY, str(answer.headers), answer.content) == []

        # Changes while it runs are read, and reported, in the process that answers.
        for path, text in HIDDEN.items():
            more = b"\n" if isinstance(text, bytes) else "\n"
            make.write(config.records_folder / path, text + more)  # type: ignore[operator]
        make.write(
            config.records_folder / "new.md", f"---\ntitle: [{BROKEN}\nsecured: {SECURED}\n---\n"
        )
        make.write(config.records_folder / "new-visible.md", make.record(9, topics="[New]"))
        running.until("/topics/new/feed.rss", lambda answer: answer.status_code == 200)
        assert client.get("/healthz").json()["articles"] == len(VISIBLE) + 1
        for path in hidden:
            assert ask(path, "text/html").status_code == 404
        running.until_said("new.md:")
        assert running.stop() == 0
    said = running.out.read_text() + running.err.read_text()
    assert "new.md:" in said
    assert found(make.CANARY, said) == []
    assert found(SECURED, *make.tree(config.store_file.parent).values()) == []


def decoded(tree: dict[str, bytes]) -> dict[str, bytes]:
    """The files of a tree, those in a coding as what they hold."""
    codings = {".br": "br", ".gz": "gzip"}
    return {
        path: DECODERS[codings.get(Path(path).suffix, "identity")](content)
        for path, content in tree.items()
    }


@pytest.fixture(scope="module")
def shows_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site that shows both of its articles, built."""
    folder = tmp_path_factory.mktemp("shows_all")
    config = make.site(folder, {"1.md": make.record(1), "2.md": everywhere(OTHER)})
    make.invoke("build", "--compress", cwd=folder)
    for path in ("feed.rss", "feed.rss.br", "feed.rss.gz"):
        assert found(OTHER, decoded(make.tree(config.output_folder))[path])
    return folder


HOW = {
    "unpublished": True,
    "removed": True,
    "broken": True,
    "postponed": False,
    "misspelled": False,
    "expired": True,
    "expires wrongly": False,
    "expired and broken": False,
}


@pytest.mark.parametrize(
    ("how", "keeps_store"),
    [
        *(pytest.param(how, True, id=f"{how}-with_its_store") for how in HOW),
        *(
            pytest.param(
                how,
                False,
                id=f"{how}-without_its_store",
                marks=[] if is_daily else pytest.mark.soak,
            )
            for how, is_daily in HOW.items()
        ),
    ],
)
def test_what_is_taken_back_is_gone_from_every_output(
    shows_all: Path, tmp_path: Path, how: str, keeps_store: bool
) -> None:
    shutil.copytree(shows_all, tmp_path, dirs_exist_ok=True)
    config = load_config(tmp_path / "config.toml")
    file = config.records_folder / "2.md"
    if how == "removed":
        file.unlink()
    else:
        changes: dict[str, dict[str, str | None]] = {
            "unpublished": {"published": "false"},
            "broken": {"published": f"false\ntitle: [{OTHER}"},
            "postponed": {"publishedDateTime": NEVER},
            "misspelled": {"published": None, "publised": "false"},
            "expired": {"expiryDateTime": OVER},
            "expires wrongly": {"expiryDateTime": "soon"},
            "expired and broken": {"expiryDateTime": f"{OVER}\ntitle: [{OTHER}"},
        }
        make.write(file, everywhere(OTHER, **changes[how]))
    if not keeps_store:
        for some in config.store_file.parent.iterdir():
            some.unlink()
    done = make.invoke("build", "--compress", cwd=tmp_path, check=None)
    assert done.returncode == (
        0 if how in ("unpublished", "removed", "postponed", "expired") else 1
    )
    assert found(OTHER, done.stdout, done.stderr) == []
    for path, content in decoded(make.tree(config.output_folder)).items():
        assert found(OTHER, path, content) == []
    for command in (["list"], ["list", "--json"], *(["show", "all", name] for name in FORMATS)):
        assert found(OTHER, make.invoke(*command, cwd=tmp_path).stdout) == []
