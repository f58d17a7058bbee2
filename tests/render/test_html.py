"""Pages for people: what stands on them, how large they are, colours to be read, templates of the
publisher's own."""

import os
import re
import shutil
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.build.files import MANIFEST
from feeds.config import Config, load_config
from feeds.config.site import Site, Theme
from feeds.documents.plans import by_week, first_monday
from feeds.documents.versions import Documents
from feeds.errors import ConfigError, RenderError
from feeds.ingest.ingesting import ingest, open_store
from feeds.model import Document, Feed
from feeds.render import collecting, html
from feeds.serve.app import create_app
from tests import hostile, make

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
HOUR = timedelta(hours=1)
# Of which templates are made, whole and broken ones.
PARTS = [
    *("{{", "}}", "{%", "%}", "{#", "#}", "(", ")", "[", "]", "{", "}", '"', "'", "|", ".", "~"),
    *("+", "*", "-", "/", "%", "=", "==", ",", ":", "if", "else", "for", "in", "is", "not", "set"),
    *("endif", "endfor", "endset", "block", "endblock", "macro", "endmacro", "call", "endcall"),
    *("include", "import", "from", "extends", "as", "with", "raw", "endraw", "filter", "self"),
    *("super()", "caller()", "loop", "namespace()", "site", "heading", "advice", "at", "title"),
    *("day", "month", "short", "inline", "upper", "safe", "tojson", "batch", "attr", "map"),
    *("'error.html'", "'feeds/error.html'", "'base.html'", "a", "b", "0", "1", "1.5", "none"),
    *("\ud800", "\0", "\n", "{{ site.", "{{ a }}", "{% if 1 %}", "{% endif %}", "{% block a %}"),
    *("{% for a in site %}", "{% endfor %}", "{% macro a() %}{{ a() }}{% endmacro %}", "{{ a() }}"),
]  # fmt: skip
LARGE = range(1, 81)


def page(config: Config, path: str = "all/index.html") -> str:
    """A page of a site, by a store that is opened now."""
    document = made(config, path)
    assert document is not None
    return document.content.decode()


def made(config: Config, path: str) -> Document | None:
    """A document of a site, by a store that is opened now."""
    with closing(open_store(config)) as source:
        ingest(config, source, make.NOW)
        return Documents(config, source).get(path, make.NOW)


class TestColours:
    @given(COLOURS)
    def test_any_accent_can_be_read_on_both_papers(self, colour: str) -> None:
        for paper, panel in (
            (html.LIGHT, html.LIGHT_PANEL),
            (html.DARK, html.DARK_PANEL),
        ):
            accent = html.readable(colour, paper, panel)
            assert html.contrast(accent, paper) >= 4.5
            assert html.contrast(accent, panel) >= 4.5
            assert html.contrast(html.written_on(accent), accent) >= 4.5

    @pytest.mark.parametrize("colour", ["#0b57a4", "#000000", "#8a1538"])
    def test_one_that_can_be_read_stays(self, colour: str) -> None:
        assert html.readable(colour, html.LIGHT, html.LIGHT_PANEL) == colour

    def test_contrast_is_that_of_the_standard(self) -> None:
        assert html.contrast("#000000", "#ffffff") == pytest.approx(21)
        assert html.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)

    def test_the_style_has_the_papers_that_are_counted_with(self) -> None:
        site = load_config(make.ROOT / "config.toml").site
        for name in ("pages.css", "feeds.css"):
            style = html.asset(name, site).decode()
            for paper in (html.LIGHT, html.DARK):
                assert f"--paper: {paper}" in style
            assert "ACCENT" not in style
        pages = html.asset("pages.css", site).decode()
        assert f"--panel: {html.LIGHT_PANEL}" in pages and f"--panel: {html.DARK_PANEL}" in pages
        inks = re.findall(r"--(?:ink|soft): (#\w{6})", pages)
        grounds = [(html.LIGHT, html.LIGHT_PANEL)] * 2 + [(html.DARK, html.DARK_PANEL)] * 2
        for ink, papers in zip(inks, grounds, strict=True):
            assert all(html.contrast(ink, paper) >= 4.5 for paper in papers)


class TestWeeks:
    def test_articles_are_counted_by_week_up_to_that_of_the_newest(self) -> None:
        first = first_monday(make.NOW)  # a Monday, at noon
        assert first == make.NOW - timedelta(weeks=51, hours=12)
        days = {
            first - HOUR: 9,
            first: 1,
            first + timedelta(days=6): 2,
            make.NOW - timedelta(hours=12): 4,
        }
        weeks = html.Weeks(first, by_week(days, first))
        assert (weeks.articles[0], weeks.articles[-1], sum(weeks.articles)) == (3, 4, 7)
        assert (weeks.most, weeks.fullest, weeks.last) == (
            4,
            make.NOW - timedelta(hours=12),
            weeks.fullest,
        )
        assert weeks.bars == "M1 100v-75h8v75zM511 100v-100h8v100z"

    @pytest.mark.parametrize(
        ("counts", "often"),
        [
            ((0, 70, 70), "about 10 a day"),
            ((7, 7), "about one a day"),
            ((3, 3), "about 3 a week"),
            ((1, 0, 1, 0), "about 2 a month"),
            ((1, *[0] * 50, 1), "now and then"),
            ((0, 1), "now and then"),
            ((70_000,) * 3, "about 10,000 a day"),
        ],
    )
    def test_how_often_there_is_one_is_said_in_words(
        self, counts: tuple[int, ...], often: str
    ) -> None:
        assert html.Weeks(make.NOW, counts).often == often

    def test_a_feed_of_the_year_1000_has_a_page(self, tmp_path: Path) -> None:
        old = make.record(1, publishedDateTime="1000-01-02T00:00:00Z")
        assert "2 Jan 1000<" in page(make.site(tmp_path, {"1.md": old}))


class TestSize:
    def test_a_page_shows_as_many_articles_as_fit_and_says_how_many_there_are(
        self, tmp_path: Path
    ) -> None:
        long = {
            f"{n}.html": hostile.case(n, "語" * 2000 + "<&>", "word " * 5000).record for n in LARGE
        }
        config = make.site(tmp_path, {**long}, "[feeds]\nlimit = 200\nmax_bytes = 99_000_000\n")
        shown = page(config)
        count = shown.count("<article")
        assert 10 < count < 80
        assert len(shown.encode()) <= html.MOST
        assert len(shown.encode()) > html.MOST - 5000
        assert f"The newest {count} of 80" in shown

    def test_one_article_stays_whatever_its_size(self, tmp_path: Path) -> None:
        links = ", ".join(
            f"{{title: R, webUrl: 'https://example.org/{'x' * 15_000}{n}'}}" for n in range(12)
        )
        records: dict[str, str | bytes] = {
            f"{n}.md": make.record(n, related=f"[{links}]") for n in (1, 2)
        }
        assert page(make.site(tmp_path, records)).count("<article") == 1

    def test_a_page_of_history_leads_to_what_it_has_no_room_for(self, tmp_path: Path) -> None:
        title = f'"{"語" * 300}"'
        long = {
            f"{n}.md": make.record(n, title=title, webUrl=f"https://example.org/{'x' * 900}{n}")
            for n in LARGE
        }
        config = make.site(tmp_path, {**long}, "[feeds]\nlimit = 2\n")
        shown = page(config, "archive/2026-11.html")
        assert len(shown.encode()) <= html.MOST
        left = re.search(r"(\d+) more of November 2026 are in", shown)
        assert left is not None
        assert int(left[1]) + shown.count("<li>") == 80
        assert '<a href="/archive/2026-11.rss">RSS</a>' in shown

    @pytest.mark.parametrize(
        ("text", "short"),
        [
            ("a few words", "a few words"),
            ("some more words, here", "some more words…"),
            ("x" * 30, "x" * 20 + "…"),
        ],
    )
    def test_a_text_is_cut_between_two_words(self, text: str, short: str) -> None:
        assert html._short(text, 20) == short


class TestShown:
    def test_topics_and_providers_lead_to_their_feeds_under_the_names_that_these_go_by(
        self, tmp_path: Path
    ) -> None:
        tables = '[topics.ai]\ntitle = "Thinking & machines"\naliases = ["A.I."]\n'
        config = make.site(tmp_path, {"1.md": make.record(1, topics="[A.I., Robots]")}, tables)
        shown = page(config)
        assert '<a href="/topics/ai/" dir="auto">Thinking &amp; machines</a>' in shown
        assert '<a href="/topics/robots/" dir="auto">Robots</a>' in shown
        assert '<a href="/providers/example.org/" dir="auto">Example</a>' in shown

    def test_what_has_no_feed_is_no_link(self, tmp_path: Path) -> None:
        config = make.site(
            tmp_path, {"1.md": make.record(1)}, '[feeds]\nkinds = []\nretired = ["topics/ai"]\n'
        )
        shown = page(config)
        assert "/topics/" not in shown and "/providers/" not in shown
        assert '<span dir="auto">Example</span>' in shown

    def test_of_a_withdrawn_article_nothing_is_left_but_that_it_was_there(
        self, tmp_path: Path
    ) -> None:
        record = make.record(1, excerpt="What was said.", title="What it was")
        config = make.site(
            tmp_path, {"1.md": record, "2.md": make.record(2)}, "[feeds]\nwithdrawn_days = 9\n"
        )
        assert "What it was" in page(config)
        make.write(
            config.records_folder / "1.md", record.replace("published: true", "published: false")
        )
        shown = page(config)
        assert "Withdrawn" in shown
        assert "What" not in shown.replace("What article 2 says.", "").replace("What is this?", "")

    def test_below_a_path_every_address_has_it(self, tmp_path: Path) -> None:
        config = make.site(tmp_path, {"1.md": make.record(1)})
        config.file.write_text(
            config.file.read_text().replace("feeds.example.org", "example.org/news")
        )
        config = load_config(config.file)
        for path in ("index.html", "all/index.html", "topics/ai/index.html"):
            found = re.findall(r'(?:href|src)="(/[^"]*)"', page(config, path))
            assert found
            assert all(address.startswith("/news/") for address in found)
        feed = made(config, "feed.rss")
        assert feed is not None
        assert b'<?xml-stylesheet type="text/css" href="/news/feeds.css"?>' in feed.content

    def test_the_footer_is_markdown_and_runs_nothing(self, tmp_path: Path) -> None:
        footer = 'footer = "By [us](https://example.org/) <script>alert(1)</script>"\n'
        shown = page(make.site(tmp_path, {"1.md": make.record(1)}, footer))
        assert 'By <a href="https://example.org/">us</a>' in shown
        assert "alert" not in shown

    def test_a_picture_that_counts_readers_is_none(self, tmp_path: Path) -> None:
        tiny = make.record(
            1, images="[{url: 'https://example.org/pixel.gif', width: 1, height: 1}]"
        )
        assert "<img" not in page(make.site(tmp_path, {"1.md": tiny}))

    @pytest.mark.parametrize("name", ["index.html", "all/index.html", "topics/ai/index.html"])
    def test_every_format_can_be_discovered(self, tmp_path: Path, name: str) -> None:
        config = make.site(tmp_path, {"1.md": make.record(1)})
        folder = "topics/ai/" if name.startswith("topics") else ""
        for extension, kind in {"rss": "rss+xml", "atom": "atom+xml", "json": "feed+json"}.items():
            link = f'type="application/{re.escape(kind)}" title="[^"]+" href="https://feeds.example.org/{folder}feed.{extension}"'
            assert re.search(f'<link rel="alternate" {link}>', page(config, name)), link


# Templates that raise, the line where they do, and what is said of it.
RAISING = [
    (
        "feed_html",
        "<h1>\n{{ nothing.of.the.kind }}",
        2,
        "UndefinedError: 'nothing' is undefined",
    ),
    ("feed_html", "\n\n{{ 1 // 0 }}", 3, "ZeroDivisionError: "),
    ("feed_html", "{% include 'no.html' %}", 1, "TemplateNotFound: no.html"),
    ("feed_html", "{{ feed.title + 1 }}", 1, "[A-Za-z]+Error: "),
    ("feed_html", "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", 1, "RecursionError: "),
    ("base_html", "{% block body %}{{ 1 // 0 }}{% endblock %}", 1, "ZeroDivisionError: "),
    ("article_html", "<p>\n{{ article.title.no() }}</p>", 2, "UndefinedError: "),
]


class TestLooks:
    """What a publisher sets in config.toml, or in templates."""

    @pytest.fixture
    def config(self, tmp_path: Path) -> Config:
        """A site."""
        return make.site(
            tmp_path, {"1.md": make.record(1), "2.md": make.record(2, topics="[Robots]")}
        )

    def other(self, config: Config, **files: str) -> Config:
        """The site with these templates."""
        for name, text in files.items():
            make.write(config.file.parent / "mine" / name.replace("_", "."), text)
        text = config.file.read_text()
        if "templates" not in text:
            config.file.write_text(text.replace("base_url", 'templates = "mine"\nbase_url'))
        return load_config(config.file)

    def test_looks_change_pages_and_no_byte_of_a_feed(self, config: Config) -> None:
        feed, style = made(config, "feed.rss"), made(config, "pages.css")
        text = 'accent = "#0B57A4"\nfooter = "Mine"\npictures = false\n'
        config.file.write_text(config.file.read_text() + text)
        assert made(load_config(config.file), "feed.rss") == feed
        changed = made(load_config(config.file), "pages.css")
        assert style is not None and changed is not None
        assert b"#0b57a4" in changed.content and b"#0b57a4" not in style.content
        assert "Mine" in page(load_config(config.file))

    @pytest.mark.parametrize(
        "accent", ["red", "#12", "#1234567", "rgb(0,0,0)", "#00000g", "#fff;}"]
    )
    def test_an_accent_that_is_no_colour_is_refused(self, config: Config, accent: str) -> None:
        config.file.write_text(f'{config.file.read_text()}accent = "{accent}"\n')
        with pytest.raises(ConfigError, match=r"site\.accent: expected a colour such as #c2410c"):
            load_config(config.file)

    def test_a_short_accent_is_the_long_one(self, config: Config) -> None:
        config.file.write_text(f'{config.file.read_text()}accent = "#0aF"\n')
        assert load_config(config.file).site.accent == "#00aaff"

    def test_a_template_stands_in_place_of_ours_and_may_extend_it(self, config: Config) -> None:
        base = '{% extends "feeds/base.html" %}{% block banner %}<header class="banner">The Daily</header>{% endblock %}'
        mine = self.other(
            config, base_html=base, article_html="<li>{{ article.title | upper }}</li>"
        )
        shown = page(mine)
        assert '<header class="banner">The Daily</header>' in shown
        assert "<li>ARTICLE 1</li><li>ARTICLE 2</li>" in shown
        assert "The Daily" in html.error_page(mine.site, "Nothing", "at all").decode()

    def test_a_template_that_changes_alters_the_pages_that_are_made_of_it(
        self, config: Config
    ) -> None:
        first = page(self.other(config, article_html="<li>One</li>"))
        second = page(self.other(config, article_html="<li>Two</li>"))
        assert first.replace("One", "Two") == second
        assert "<article" in page(
            self.other(config, article_html='{% extends "feeds/article.html" %}')
        )

    def test_the_next_build_publishes_it(self, config: Config) -> None:
        folder = config.file.parent
        self.other(config, article_html="<li>One</li>")
        make.invoke("build", cwd=folder)
        assert "0 written" in make.invoke("build", cwd=folder).stdout
        before = make.tree(config.output_folder)
        self.other(config, article_html="<li>Two</li>")
        make.invoke("build", cwd=folder)
        after = make.tree(config.output_folder)
        changed = {path for path in after if path != MANIFEST and before[path] != after[path]}
        assert changed == {path for path in after if path.endswith("/index.html")}

    def test_a_style_of_ones_own_is_published_in_the_colour_of_the_site(
        self, config: Config
    ) -> None:
        mine = self.other(config, pages_css="a { color: ACCENT-LIGHT; }", icon_svg="<svg/>")
        style, icon = made(mine, "pages.css"), made(mine, "icon.svg")
        assert style is not None and icon is not None
        assert style.content == b"a { color: #c0400c; }"
        assert icon.content == b"<svg/>"

    def test_a_template_with_a_syntax_error_is_reported_with_its_line(self, config: Config) -> None:
        mine = self.other(config, feed_html="<h1>\n{% if %}")
        with pytest.raises(
            RenderError, match=r"mine/feed\.html:2: expected a template of Jinja, got: "
        ):
            create_app(mine)
        done = make.invoke("build", cwd=config.file.parent, check=2)
        assert re.search(
            r"^feeds: mine/feed\.html:2: expected a template of Jinja", done.stderr, re.MULTILINE
        )

    @pytest.mark.parametrize(
        ("name", "text", "line", "said", "workers"),
        [
            *((*one, 0) for one in RAISING),
            *((*one, 2) for one in RAISING[:1]),
            *(pytest.param(*one, 2, marks=pytest.mark.soak) for one in RAISING[1:]),
        ],
    )
    def test_a_template_that_raises_gives_the_built_in_page_and_one_line(
        self,
        config: Config,
        caplog: pytest.LogCaptureFixture,
        name: str,
        text: str,
        line: int,
        said: str,
        workers: int,
    ) -> None:
        plain = made(config, "all/index.html")
        assert plain is not None
        config.file.write_text(f"{config.file.read_text()}[build]\nworkers = {workers}\n")
        mine = self.other(config, **{name: text})
        app = make.service(mine)
        for _ in range(2):
            response = app.test_client().get("/all/", headers={"Accept": "text/html"})
            assert (response.status_code, response.data) == (200, plain.content)
        make.close(app)  # or it would make the store again
        place = f"mine/{name.replace('_', '.')}:{line}"
        served = [record.message for record in caplog.records]
        assert len(served) == 1
        assert re.match(f"{re.escape(place)}: {said}", served[0]), served
        shutil.rmtree(config.store_file.parent)  # or the build would take what the service rendered
        if workers:
            reported = make.run("build", cwd=config.file.parent).stderr
        else:
            caplog.clear()
            make.invoke("build", cwd=config.file.parent)
            reported = "\n".join(record.message for record in caplog.records)
        assert reported.count(place) == 1, reported
        assert (mine.output_folder / "all" / "index.html").read_bytes() == plain.content

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('{{ site.templates.with_name("x").write_text("x") }}', "'templates' of 'Site'"),
            ('{{ site.parse_file("config.toml") }}', "'parse_file' of 'Site'"),
            ('{{ site.parse_raw("x", proto="pickle", allow_pickle=True) }}', "'parse_raw' of"),
            ("{{ at.__self__.templates }}", "'__self__' of 'method'"),
            ('{{ "".__class__.__mro__ }}', "'__class__' of 'str'"),
            ("{{ cycler.__init__.__globals__.os.getcwd() }}", "'__init__' of 'type'"),
            ("{{ title.__globals__ }}", "'__globals__' of 'function'"),
            ('{{ "{0.templates}".format(site) }}', "'templates' of 'Site'"),
            ('{{ site["templates"] }}', "'templates' of 'Site'"),
            ("{{ kinds.clear() }}", "'clear' of 'dict'"),
            ("{{ range(1000000) | length }}", "Range too big"),
            ('{% extends "feed.html" %}', "RecursionError: "),
            ("{% include '../../../etc/passwd' %}", "TemplateNotFound: "),
            ("{% include '/etc/passwd' %}", "TemplateNotFound: "),
            ("{% include '\x1b[2J' %}", "TemplateNotFound:  [2J"),
            (r'{{ "\ud800" }}', "UnicodeEncodeError: "),
        ],
    )
    def test_a_template_reaches_nothing_but_what_it_is_given(
        self, config: Config, caplog: pytest.LogCaptureFixture, text: str, said: str
    ) -> None:
        plain = page(config)
        mine = self.other(config, feed_html=text)
        before = make.tree(config.file.parent)
        make.invoke("build", cwd=config.file.parent)
        assert re.match(rf"mine/feed\.html(:1)?: .*{re.escape(said)}", caplog.records[0].message)
        assert (mine.output_folder / "all/index.html").read_text() == plain
        after = make.tree(config.file.parent)
        assert {path for path in after if not path.startswith(("public/", ".feeds/"))} == {
            path for path in before if not path.startswith(".feeds/")
        }

    @pytest.mark.parametrize(
        "text",
        [
            "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
            "{{ a" + ".a" * 20_000 + " }}",
            "{{ 1" + "|e" * 20_000 + " }}",
            "{{ " + "9" * 5000 + " }}",
            "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
            "{% for a in [1] %}" * 30 + "{% endfor %}" * 30,
        ],
    )
    def test_a_template_that_python_cannot_compile_is_reported(
        self, config: Config, text: str
    ) -> None:
        said = r"mine/feed\.html: expected a template of Jinja, got: [A-Z][A-Za-z]+Error: "
        with pytest.raises(RenderError, match=said):
            html.check(self.other(config, feed_html=text).site)
        done = make.invoke("build", cwd=config.file.parent, check=2)
        # Python 3.12 may report its own lack of depth first, without an end of line.
        ours = rf"^(Exception ignored in sys\.unraisablehook)?feeds: {said}"
        assert re.search(ours, done.stderr, re.MULTILINE)

    @given(st.lists(st.sampled_from(PARTS), max_size=30))
    def test_any_template_gives_a_page_or_is_reported(self, parts: list[str]) -> None:
        text = " ".join(parts)
        site = Site(templates=Path("mine")).with_theme(Theme((("error.html", text),)))
        with suppress(RenderError):
            html.check(site)
            with collecting():
                assert isinstance(html.error_page(site, "Nothing", "at all"), bytes)

    def test_an_error_page_that_raises_is_the_built_in_one(
        self, config: Config, caplog: pytest.LogCaptureFixture
    ) -> None:
        plain = make.service(config).test_client().get("/nothing", headers={"Accept": "text/html"})
        client = make.service(self.other(config, error_html="{{ 1 // 0 }}")).test_client()
        for _ in range(2):
            response = client.get("/nothing", headers={"Accept": "text/html"})
            assert (response.status_code, response.data) == (404, plain.data)
        assert [record.message.partition(": ")[0] for record in caplog.records] == [
            "mine/error.html:1"
        ]

    @pytest.mark.parametrize(
        ("files", "said"),
        [
            ({}, "expected a folder of templates, got: No such file or directory"),
            (
                {"logo.png": b"x"},
                r"expected templates, \*\.html, and pages\.css, .*, got 'logo\.png'",
            ),
            ({"feed.html": b"\xff"}, "expected files of UTF-8"),
            (
                {"more.html/x": b""},
                r"more\.html: expected a folder that can be read, got: a folder",
            ),
            (
                {"feed.html": b"x" * ((1 << 20) + 1)},
                r"feed\.html: expected at most 1 MiB, got: more",
            ),
        ],
        ids=["no_folder", "another_file", "no_text", "a_folder_in_it", "too_large"],
    )
    def test_a_folder_that_cannot_be_used_is_reported(
        self, config: Config, files: dict[str, bytes], said: str
    ) -> None:
        for name, content in files.items():
            make.write(config.file.parent / "mine" / name, content)
        config.file.write_text(
            config.file.read_text().replace("base_url", 'templates = "mine"\nbase_url')
        )
        with pytest.raises(ConfigError, match=f"site.templates: {said}"):
            load_config(config.file)

    @pytest.mark.parametrize(
        ("target", "said"),
        [
            ("/etc/hostname", "a file in the folder, got: a link that leaves it"),
            ("../secret", "a file in the folder, got: a link that leaves it"),
            # the words of Python before 3.13, and of the system
            ("pages.css", "a file .*, got: (a link in a circle|Too many levels of symbolic links)"),
            ("no.css", "a file that can be read, got: No such file or directory"),
            (None, "a file, got: a pipe, socket or device"),
        ],
    )
    def test_what_is_no_file_of_the_folder_is_not_read(
        self, config: Config, target: str | None, said: str
    ) -> None:
        make.write(config.file.parent / "secret", make.CANARY)
        file = config.file.parent / "mine/pages.css"
        file.parent.mkdir()
        if target is None:
            os.mkfifo(file)
        else:
            file.symlink_to(target)
        with pytest.raises(ConfigError, match=rf"site\.templates: pages\.css: expected {said}"):
            self.other(config)

    def test_a_link_within_the_folder_is_followed(self, config: Config) -> None:
        make.write(config.file.parent / "mine/..now/pages.css", "a {}")
        (config.file.parent / "mine/pages.css").symlink_to("..now/pages.css")
        assert self.other(config).site.theme.files == (("pages.css", "a {}"),)


def test_the_front_page_of_5000_feeds_and_the_pages_of_the_largest_are_small(
    corpora: make.Corpora, tmp_path: Path
) -> None:
    config = make.site(tmp_path, {}, f'[records]\npath = "{corpora.thousands() / "records"}"\n')
    with closing(open_store(config)) as source:
        ingest(config, source, make.NOW)
        documents = Documents(config, source)
        feeds = list(documents.feeds(make.NOW).values())
        assert len(feeds) > 5000
        front = documents.get("index.html", make.NOW)
        assert front is not None
        assert len(front.content) < 600_000
        assert front.content.count(b"<li><a href=") == len(feeds) - 1
        largest: list[Feed] = sorted(feeds, key=lambda feed: -feed.articles)[:20]
        for feed in largest:
            document = documents.get(f"{feed.key}/index.html", make.NOW)
            assert document is not None
            assert len(document.content) < 100_000
            assert document.content.count(b"<article") == min(50, feed.articles)
