"""Lines of a record that its editor may be shown: none of `secured`, whatever is wrong around
it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records.quoting import quotable
from tests import make
from tests.test_canaries import HIDDEN, SECURED, VISIBLE

SECRET = "CanaryOfASecret"


def shown(text: str | bytes) -> str:
    """All that may be shown."""
    content = text.encode() if isinstance(text, str) else text
    return "\n".join(f"{number} {line}" for number, line in quotable(content).items())


def test_a_sound_record_shows_all_but_the_lines_of_its_secret() -> None:
    text = f"---\ntitle: a\nsecured:\n  deep: [{SECRET},\n    {SECRET}]\nwebUrl: b\nother: |\n  x\n---\nBody\n"
    assert shown(text) == "1 ---\n2 title: a\n6 webUrl: b\n7 other: |\n8   x\n9 ---\n10 Body\n11 "


def test_a_block_ends_where_the_next_key_begins() -> None:
    text = f"title: a\nsecured: |\n  {SECRET}\n\n  {SECRET}\nwebUrl: b\n"
    assert shown(text) == "1 title: a\n6 webUrl: b\n7 "


@pytest.mark.parametrize(
    "text",
    [
        f"---\ntitle: a: b\nsecured: {SECRET}\n{SECRET}: x\n---\n",
        f'---\ntitle: "open\nsecured: {SECRET}\n---\n{SECRET}\n',
        f"+++\ntitle = 'a'\nsecured = '''\n{SECRET}\n'''\n+++\n",
        f"+++\n[secured]\na = '{SECRET}'\nb = 3 x\n+++\n",
        f"---\ntitle: a\nsecure: {SECRET}\n---\n",
        f"---\ntitle: a\nSecured: {SECRET}\n---\n",
        f"---\ntitle: a\n---\nsecured: {SECRET}\n{SECRET}\n",
        f"---\ntitle: |\n  b\n  secured: {SECRET}\n  {SECRET}\n---\n",
        f'---\n"secur\\x65d": {SECRET}\n---\n',
        f'---\n"secur\\x65d": {SECRET}\ntitle: a: b\n---\n',
        f"---\ntitle: a: b\nsecu\u200bred: {SECRET}\n---\n",
        f"---\ntitle: a: b\nｓecured: {SECRET}\n---\n",
        f"---\n# secured: {SECRET}\ntitle: a\n---\n",
        f"---\nprovider: {{name: x, secured: {SECRET}}}\ntitle: [\n---\n",
    ],
)
def test_a_secret_is_not_shown_wherever_it_stands(text: str) -> None:
    assert SECRET not in shown(text)
    assert SECRET not in shown(text.replace("\n", "\r\n"))
    for coding in ("utf-16", "utf-16-le"):
        assert SECRET not in shown(text.encode(coding)).replace("\0", "")


@pytest.mark.parametrize(
    "path", [path for path, text in (HIDDEN | VISIBLE).items() if SECURED in str(text)]
)
def test_no_secret_of_the_canaries_is_shown(path: str) -> None:
    assert SECURED not in shown((HIDDEN | VISIBLE)[path])


def test_a_comment_about_a_secret_hides_itself_alone() -> None:
    assert shown("# secured is dropped\ntitle: a\n") == "2 title: a\n3 "


def test_a_secret_of_which_one_line_is_a_comment_is_not_shown() -> None:
    # The second line is the value of the key before the comment.
    text = f"---\n::\n#secured: '{SECRET}\n\n  {SECRET}'\ntitle: a\n---\n"
    assert shown(text).splitlines() == ["1 ---", "2 ::", "6 title: a", "7 ---", "8 "]


@given(
    st.lists(
        st.sampled_from(
            ["{", "}", "[", "]", '"', "'", ":", "\n", "  ", "- ", "a", "|\n", "&a ", "*a", "#"]
        )
    )
)
def test_no_slip_before_or_around_a_secret_shows_it(pieces: list[str]) -> None:
    slip = "".join(pieces)
    for text in (
        f"---\n{slip}\nsecured: {SECRET}\ntitle: a\n---\n",
        f"---\n{slip}secured: '{SECRET}\n  {SECRET}'\ntitle: a\n---\n",
        make.record(1, excerpt=slip, secured=f"|\n  {SECRET}\n\n  {SECRET}"),
    ):
        assert SECRET not in shown(text)
