"""Pages in a real browser, Chromium: found by search, followed, read by all, on a phone, in the
dark, without script.

No request leaves this machine: pictures of articles are answered here. Screenshots are written to
tests/screenshots/.
"""

import re
import shutil
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import feedparser
import pytest

from tests import asking, hostile, make
from tests.serve.test_server import Serving, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Request, Route

SCREENSHOTS = make.ROOT / "tests" / "screenshots"
AXE = make.ROOT / "tests" / "npm" / "node_modules" / "axe-core" / "axe.min.js"
TALLEST = 4000  # pixels of a screenshot
WIDTHS = {"wide": (1280, 900), "phone": (390, 844)}
LOOKS: dict[str, dict[str, Any]] = {
    f"{name}-{scheme}": {"color_scheme": scheme, "viewport": {"width": width, "height": height}}
    for name, (width, height) in WIDTHS.items()
    for scheme in ("light", "dark")
}
# No rule of a style sheet depends on width and colours at once: of the four, two show all of them.
DAILY = ("wide-light", "phone-dark")
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="800" height="600" fill="#8aa"/>'
    '<circle cx="560" cy="210" r="90" fill="#fff8"/></svg>'
)
HEBREW = "שלום עולם: חדשות היום"
RECORDS: dict[str, str | bytes] = {
    **{
        f"{n:02}.md": make.record(n * 9 * 24, topics="[Herons]", title=f"On herons, {n}")
        for n in range(1, 13)
    },
    "rtl.md": make.record(
        1, topics="[Hebrew]", title=f'"{HEBREW}"', excerpt=f'"{HEBREW}. {HEBREW}."'
    ),
    "ltr.md": make.record(2, topics="[Hebrew]", title='"Right to left, left to right"'),
}


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium, as Debian has it, for these tests alone: a thread waits for its end."""
    program = make.program("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        make.missing("playwright")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The example of the repository, and a feed with a history, served at the address that its
    feeds name."""
    folder = tmp_path_factory.mktemp("browser")
    config = make.site(
        folder, RECORDS, '[feeds]\nlimit = 8\n[[feed]]\nkey = "own"\ntitle = "Of our own"\n'
    )
    shutil.copytree(make.ROOT / "seeds", folder / "seeds" / "seeds")
    config.file.write_text(re.sub(r"base_url = .*\n", "", config.file.read_text()))
    with serving(config) as running:
        yield running


@pytest.fixture(scope="module")
def hostile_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A site of hostile records."""
    folder = tmp_path_factory.mktemp("hostile")
    config = make.site(folder, {f"{n}.html": case.record for n, case in enumerate(hostile.cases())})
    config.file.write_text(re.sub(r"base_url = .*\n", "", config.file.read_text()))
    with serving(config) as running:
        yield running


@contextmanager
def opened(browser: "Browser", **options: Any) -> Iterator["Page"]:
    """A page in a context of its own, which reaches this machine alone; what the console calls an
    error fails."""
    context: BrowserContext = browser.new_context(**options)
    asked: list[Request] = []
    said: list[str] = []

    def answer(route: "Route") -> None:
        if "//127.0.0.1:" in route.request.url:
            route.continue_()
            return
        asked.append(route.request)
        assert route.request.resource_type == "image", route.request.url
        route.fulfill(content_type="image/svg+xml", body=PICTURE)

    context.route("**/*", answer)
    page = context.new_page()
    page.on(
        "console", lambda message: said.append(message.text) if message.type == "error" else None
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    page.asked = asked  # type: ignore[attr-defined]
    try:
        yield page
        assert said == []
    finally:
        context.close()


def violations(page: "Page") -> list[str]:
    """What axe-core finds, as lines to be read."""
    if not AXE.is_file():
        make.missing("axe-core")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{one['id']}: {one['help']}: {node['html'][:200]}"
        for one in found
        for node in one["nodes"]
    ]


def shot(page: "Page", name: str) -> None:
    """A screenshot, to be looked at."""
    SCREENSHOTS.mkdir(exist_ok=True)
    # The whole page in view: what is far off is not drawn. Not page.screenshot, which waits for
    # ever where no HTML is.
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    page.set_viewport_size({"width": width, "height": min(height, TALLEST)})
    page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    taken = page.context.new_cdp_session(page).send("Page.captureScreenshot")
    (SCREENSHOTS / f"{name}.png").write_bytes(b64decode(taken["data"]))


def test_a_topic_is_found_followed_and_its_address_copied(
    browser: "Browser", served: Serving
) -> None:
    with opened(browser, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto(served.url)
        page.get_by_label("Find a feed").press_sequentially("computer VIS")
        names = page.locator(".kinds li:visible a")
        assert names.all_inner_texts() == ["Computer Vision"]
        assert page.locator(".found").inner_text() == "1 feed"
        page.keyboard.press("Enter")
        page.wait_for_url("**/topics/computer-vision/")
        assert page.get_by_role("heading", level=1).inner_text() == "Computer Vision"
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()
        address = page.evaluate("navigator.clipboard.readText()")
        assert address == page.get_by_label("or put this address").input_value()
        assert page.get_by_role("link", name="Subscribe").get_attribute("href") == f"feed:{address}"
        assert "copied" in page.locator(".told").inner_text()
        found = page.locator("link[rel=alternate]").evaluate_all(
            "links => links.map(one => [one.type, one.href])"
        )
        assert [kind for kind, _ in found] == [
            "application/rss+xml",
            "application/atom+xml",
            "application/feed+json",
        ]
        assert found[0][1] == address
        for _, href in found[:2]:
            parsed = feedparser.parse(asking.get(href).content)
            assert not parsed.bozo
            assert parsed.feed.title.startswith("Computer Vision")
            assert parsed.feed.link == page.url
        assert asking.get(found[2][1]).json()["home_page_url"] == page.url


def test_without_a_clipboard_the_address_is_copied_all_the_same(
    browser: "Browser", served: Serving
) -> None:
    with opened(browser) as page:
        page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        page.goto(f"{served.url}/topics/herons/")
        page.get_by_role("button", name="Copy").click()
        page.get_by_role("button", name="Copied").wait_for()


def test_thousands_of_feeds_are_filtered_as_one_types(
    browser: "Browser", corpora: make.Corpora, tmp_path: Path
) -> None:
    config = make.site(tmp_path, {}, f'[records]\npath = "{corpora.thousands() / "records"}"\n')
    with serving(config) as running, opened(browser) as page:
        page.goto(running.url)
        shot(page, "front-of-thousands")
        every = page.locator(".kinds li")
        assert every.count() > 5000
        search = page.get_by_label("Find a feed")
        for text in ("r", "ro", "robot", "robot mar", "ROBOT mar"):
            search.fill(text)
            names = every.evaluate_all(
                "some => some.filter(one => !one.hidden).map(one => one.firstChild.textContent)"
            )
            assert 0 < len(names) < every.count()
            assert page.locator(".found").inner_text().startswith(f"{len(names):,} feed")
            missed = every.evaluate_all(
                "some => some.filter(one => one.hidden).map(one => one.firstChild.textContent)"
            )
            assert not [
                name
                for name in missed
                if all(word in name.lower() for word in text.lower().split())
            ]
        search.fill("")
        read = "some => some.map(one => [Number(one.children[1].textContent), one.children[2].textContent])"
        for name, place in {"Most articles": 0, "Newest": 1}.items():
            page.get_by_role("button", name=name).click()
            facts = [fact[place] for fact in page.locator("#topics ~ ul li").evaluate_all(read)]
            assert facts == sorted(facts, reverse=True)
        page.get_by_role("button", name="By name").click()
        assert page.locator("#topics ~ ul li a").first.inner_text() == "AI"
        domain = page.locator("#providers ~ ul a").first.get_attribute("href") or ""
        # a provider is known by its domain, which is not in its name
        search.fill(domain.split("/")[1])
        assert page.locator(".kinds li:visible a").first.get_attribute("href") == domain


def test_a_search_without_a_hit_says_so_and_is_undone(browser: "Browser", served: Serving) -> None:
    with opened(browser) as page:
        page.goto(served.url)
        every = page.locator(".kinds li:visible").count()
        search = page.get_by_label("Find a feed")
        search.fill("nobody is called that")
        assert page.locator(".kinds section:visible").count() == 0
        assert page.locator(".found").inner_text() == "No feed is called that."
        search.fill("")
        assert page.locator(".kinds li:visible").count() == every > 20


def test_without_script_every_page_says_the_same(browser: "Browser", served: Serving) -> None:
    with opened(browser, java_script_enabled=False) as page:
        page.goto(served.url)
        assert page.locator(".kinds li:visible").count() > 20
        assert not page.get_by_label("Find a feed").is_visible()
        page.get_by_role("link", name="Computer Vision").click()
        assert page.locator(".articles article").count() > 1
        assert not page.locator("button").is_visible()
        assert page.get_by_label("or put this address").is_visible()
        details = page.locator(".what")
        assert not details.locator("ol").is_visible()
        details.locator("summary").click()
        assert details.locator("ol").is_visible()


PAGES = {
    "front": "/",
    "everything": "/all/",
    "topic": "/topics/computer-vision/",
    "history": "/topics/herons/",
    "month": "/topics/herons/archive/2026-10.html",
    "provider": "/providers/thelensnola.org/",
    "own": "/feeds/own/",
}


# Every day one page of each template in both looks, the others each in one of them.
IN_BOTH = ("front", "topic", "month")
LOOKED_AT = [
    pytest.param(
        name,
        look,
        id=f"{name}-{look}",
        marks=[]
        if look in (DAILY if name in IN_BOTH else DAILY[n % 2 : n % 2 + 1])
        else pytest.mark.soak,
    )
    for n, name in enumerate(PAGES)
    for look in LOOKS
]


@pytest.mark.parametrize(("name", "look"), LOOKED_AT)
def test_everybody_can_use_a_page(
    browser: "Browser",
    served: Serving,
    name: str,
    look: str,
) -> None:
    with opened(browser, **LOOKS[look]) as page:
        response = page.goto(served.url + PAGES[name])
        assert response is not None
        assert response.status == 200
        for details in page.locator("details").all():
            details.locator("summary").click()
        assert violations(page) == []
        assert (
            page.evaluate("document.documentElement.scrollWidth")
            <= LOOKS[look]["viewport"]["width"]
        )
        shot(page, f"{name}-{look}")


@pytest.mark.parametrize(
    "look", [pytest.param(one, marks=[] if one in DAILY else pytest.mark.soak) for one in LOOKS]
)
def test_everybody_can_use_pages_of_hostile_text(
    browser: "Browser", hostile_site: Serving, look: str
) -> None:
    with opened(browser, **LOOKS[look]) as page:
        for name, path in {"front": "/", "everything": "/all/"}.items():
            page.goto(hostile_site.url + path)
            assert violations(page) == []
            assert (
                page.evaluate("document.documentElement.scrollWidth")
                <= LOOKS[look]["viewport"]["width"]
            )
            shot(page, f"hostile-{name}-{look}")
        for link in page.locator(".tags a").all()[:5]:
            assert (
                asking.get(hostile_site.url + (link.get_attribute("href") or "")).status_code == 200
            )


def test_what_is_not_there_is_said_on_a_page(browser: "Browser", served: Serving) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{served.url}/topics/nothing-of-the-kind/")
    assert page.get_by_role("heading", level=1).inner_text() == "Nothing here"
    assert violations(page) == []
    page.get_by_role("link", name="All feeds").click()
    assert page.url == f"{served.url}/"
    context.close()


def test_only_pictures_of_articles_are_asked_for_elsewhere_late_and_without_a_word_of_where(
    browser: "Browser", served: Serving
) -> None:
    with opened(browser, viewport={"width": 390, "height": 300}) as page:
        page.goto(f"{served.url}/topics/computer-vision/")
        sources = page.locator("main img").evaluate_all("images => images.map(one => one.src)")
        asked = page.asked  # type: ignore[attr-defined]
        assert len(sources) > 1
        assert set(
            page.locator("main img").evaluate_all("images => images.map(one => one.loading)")
        ) == {"lazy"}
        for image in page.locator("main img").all():
            image.scroll_into_view_if_needed()
        page.wait_for_function(
            "[...document.querySelectorAll('main img')].every(one => one.complete)"
        )
        assert {one.url for one in asked} == set(sources)
        assert all("referer" not in one.all_headers() for one in asked)


def test_a_picture_that_is_gone_leaves_no_hole(browser: "Browser", served: Serving) -> None:
    context = browser.new_context()
    context.route(
        "**/*",
        lambda route: route.continue_() if "//127.0.0.1:" in route.request.url else route.abort(),
    )
    page = context.new_page()
    page.goto(f"{served.url}/providers/thelensnola.org/")
    page.locator(".articles img").wait_for(state="detached")
    assert page.locator(".pictured").count() == 0
    assert page.locator(".articles article").count() == 1
    context.close()


def test_with_pictures_off_nothing_is_asked_for_elsewhere(
    browser: "Browser", tmp_path: Path, served: Serving
) -> None:
    logo = 'logo = "https://example.org/logo.png"\npictures = false\n'
    pictured = make.record(1, images="[{url: 'https://example.org/1.png'}]")
    config = make.site(tmp_path, {"1.md": pictured}, logo)
    with serving(config) as running, opened(browser) as page:
        for path in ("/", "/all/", "/topics/ai/"):
            page.goto(running.url + path)
            assert page.locator("img").count() == 0
        assert page.asked == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["rss", "atom"])
def test_a_feed_that_is_opened_says_what_it_is(
    browser: "Browser", served: Serving, name: str
) -> None:
    for scheme in ("light", "dark"):
        with opened(browser, color_scheme=scheme) as page:
            response = page.goto(f"{served.url}/topics/computer-vision/feed.{name}")
            assert response is not None
            assert response.headers["content-type"] == "text/xml; charset=utf-8"
            said = page.evaluate("getComputedStyle(document.documentElement, '::before').content")
            assert "This is a feed" in said
            shown = page.evaluate(
                "[...document.querySelectorAll('title')].map(one => getComputedStyle(one).display)"
            )
            assert shown.count("block") > 1
            address = f"{served.url}/topics/computer-vision/"
            where = "link:not([*|rel])" if name == "rss" else "feed > link[rel=alternate]"
            link = page.locator("channel > link").first if name == "rss" else page.locator(where)
            assert address == (link.text_content() if name == "rss" else link.get_attribute("href"))
            assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == (
                "rgb(255, 253, 249)" if scheme == "light" else "rgb(23, 21, 19)"
            )
            shot(page, f"feed-{name}-{scheme}")


def test_all_can_be_done_by_keyboard(browser: "Browser", served: Serving) -> None:
    with opened(browser) as page:
        page.goto(f"{served.url}/topics/herons/")
        focused = "document.activeElement.textContent.trim() || document.activeElement.id"
        seen = []
        for _ in range(40):
            page.keyboard.press("Tab")
            seen.append(page.evaluate(focused))
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", seen
        assert seen[:5] == ["Skip to the content", "Test feeds", "Subscribe", "address", "Copy"]
        assert any(text.startswith("On herons") for text in seen)
        page.goto(f"{served.url}/topics/herons/")
        page.keyboard.press("Tab")
        assert page.get_by_role("link", name="Skip to the content").is_visible()
        page.keyboard.press("Enter")
        assert page.url.endswith("#main")


def test_a_time_is_shown_in_the_zone_of_the_reader(browser: "Browser", served: Serving) -> None:
    with opened(browser, timezone_id="Asia/Tokyo", locale="en-GB") as page:
        page.goto(f"{served.url}/topics/herons/")
        time = page.locator(".articles time").first
        moment = time.get_attribute("datetime") or ""
        assert moment == "2026-11-14T12:00:00Z"
        assert time.inner_text() == "14 Nov 2026"
        assert re.fullmatch(
            "Saturday,? 14 November 2026 at 21:00", time.get_attribute("title") or ""
        )


def test_text_runs_as_its_language_does(browser: "Browser", served: Serving) -> None:
    with opened(browser) as page:
        page.goto(f"{served.url}/topics/hebrew/")
        for text, direction in {HEBREW: "rtl", "Right to left, left to right": "ltr"}.items():
            found = page.get_by_role("heading", name=text).evaluate(
                "one => getComputedStyle(one).direction"
            )
            assert found == direction


def test_nothing_moves_for_who_wants_it_so(browser: "Browser", served: Serving) -> None:
    for motion, moves in {"reduce": False, "no-preference": True}.items():
        with opened(browser, reduced_motion=motion) as page:
            page.goto(f"{served.url}/all/")
            duration = page.locator(".button").evaluate(
                "one => getComputedStyle(one).transitionDuration"
            )
            assert (duration != "0s") is moves


def test_history_is_walked_from_page_to_page(browser: "Browser", served: Serving) -> None:
    with opened(browser) as page:
        page.goto(f"{served.url}/topics/herons/")
        with page.expect_navigation():
            page.get_by_role("navigation", name="Older articles").get_by_role("link").first.click()
        titles: set[str] = set()
        while True:
            titles |= set(page.locator(".archive li a").all_inner_texts())
            older = page.get_by_role("link", name="Older")
            if older.count() == 0:
                break
            with page.expect_navigation():
                older.click()
        assert {f"On herons, {n}" for n in range(1, 13)} <= titles


def test_related_coverage_is_folded(browser: "Browser", served: Serving) -> None:
    with opened(browser) as page:
        page.goto(f"{served.url}/providers/thelensnola.org/")
        related = page.locator(".related").first
        assert not related.get_by_role("link").first.is_visible()
        related.locator("summary").click()
        assert related.get_by_role("link").first.is_visible()
