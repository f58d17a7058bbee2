"""Ids of small groups of records, files and lines: each rule, and what holds for all of them."""

from collections.abc import Collection, Mapping
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from feeds.ids.assignment import Assignment, Group, IdInput, assign
from feeds.ids.ledger import Line
from feeds.urls import address_digest
from tests import make

ADDRESSES = [f"https://example.org/{n}" for n in "abc"]
A, B, C = ADDRESSES
DIGESTS = {address: address_digest(address) for address in ADDRESSES}
PATHS = ["1.md", "2.md", "3.md", "4.md"]


def record(path: str, address: str, hours: int = 0, **facts: object) -> IdInput:
    """A record that was published so many hours ago."""
    published = make.NOW - timedelta(hours=hours)
    return IdInput(path, address, DIGESTS[address], published, **facts)  # type: ignore[arg-type]


def line(id: str, address: str) -> Line:
    return Line(id, DIGESTS[address])


def assigned(
    *records: IdInput,
    held: Collection[str] = (),
    lines: Mapping[str, Line] | None = None,
) -> Assignment:
    return assign(Group({one.path: one for one in records}, held, lines or {}))


def ids(outcome: Assignment) -> dict[str, str]:
    return {path: one.id for path, one in outcome.ids.items()}


class TestAnIdIs:
    def test_that_of_the_record_before_all(self) -> None:
        one = record("1.md", A, given="urn:x", previous=(B,))
        assert ids(assigned(one, lines={"1.md": line(C, A)})) == {"1.md": "urn:x"}

    def test_that_of_the_line_for_its_path_before_its_previous_address(self) -> None:
        one = record("1.md", A, previous=(B,))
        assert ids(assigned(one, lines={"1.md": line(C, A)})) == {"1.md": C}

    def test_its_first_previous_address_before_its_address(self) -> None:
        assert ids(assigned(record("1.md", A, previous=(B, C)))) == {"1.md": B}

    def test_its_address(self) -> None:
        assert ids(assigned(record("1.md", A))) == {"1.md": A}

    def test_that_of_the_line_of_another_record_of_its_address(self) -> None:
        outcome = assigned(record("1.md", A), record("2.md", A), lines={"1.md": line(C, A)})
        assert (ids(outcome), outcome.left_out) == ({"1.md": C, "2.md": C}, {})


class TestALine:
    def test_moves_with_a_file_that_was_renamed(self) -> None:
        outcome = assigned(record("2.md", A), lines={"1.md": line(C, A)})
        assert (ids(outcome), outcome.lines) == ({"2.md": C}, {"2.md": line(C, A)})

    def test_stays_where_a_copy_takes_the_address_too(self) -> None:
        outcome = assigned(record("1.md", A), record("2.md", A), lines={"1.md": line(C, A)})
        assert outcome.lines == {"1.md": line(C, A)}

    def test_of_a_file_that_is_gone_waits_for_a_record_of_its_address(self) -> None:
        assert assigned(record("2.md", B), lines={"1.md": line(C, A)}).lines == {"1.md": line(C, A)}

    def test_of_a_file_that_is_gone_goes_when_another_article_has_its_id(self) -> None:
        assert assigned(record("2.md", C), lines={"1.md": line(C, A)}).lines == {}

    def test_goes_when_the_id_follows_from_the_record(self) -> None:
        assert assigned(record("1.md", A), lines={"1.md": line(A, A)}).lines == {}

    def test_that_decides_a_conflict_stays(self) -> None:
        other = record("2.md", B, hours=1, given=A)
        outcome = assigned(record("1.md", A), other, lines={"1.md": line(A, A)})
        assert outcome.lines == {"1.md": line(A, A)}
        assert outcome.left_out == {"2.md": "1.md"}

    def test_keeps_its_id_for_a_file_that_is_no_article_now(self) -> None:
        outcome = assigned(record("2.md", C), held=["1.md"], lines={"1.md": line(C, A)})
        assert outcome.left_out == {"2.md": "1.md"}


class TestOfTwoWithOneId:
    def test_the_ledger_decides(self) -> None:
        other = record("1.md", B, hours=9, given=C)
        outcome = assigned(other, record("2.md", A), lines={"2.md": line(C, A)})
        assert outcome.left_out == {"1.md": "2.md"}

    def test_then_the_earlier_publication(self) -> None:
        outcome = assigned(record("1.md", A, given="urn:x"), record("2.md", B, 1, given="urn:x"))
        assert outcome.left_out == {"1.md": "2.md"}

    def test_then_the_smaller_path(self) -> None:
        outcome = assigned(record("2.md", A, given="urn:x"), record("1.md", B, given="urn:x"))
        assert outcome.left_out == {"2.md": "1.md"}

    def test_a_newcomer_yields_to_the_article_that_it_comes_to(self) -> None:
        newcomer = record("2.md", A, hours=9)
        outcome = assigned(record("1.md", A), newcomer, lines={"2.md": line(B, B)})
        assert outcome.left_out == {"2.md": "1.md"}
        assert outcome.lines == {"2.md": line(B, B)}

    def test_a_newcomer_that_is_alone_is_at_home(self) -> None:
        outcome = assigned(record("2.md", A, hours=9), lines={"2.md": line(B, B)})
        assert outcome.lines == {"2.md": line(B, A)}


@st.composite
def groups(draw: st.DrawFn) -> Group:
    records, held, lines = {}, set(), {}
    names = st.sampled_from([*ADDRESSES, "urn:x"])
    for path in PATHS:
        kind = draw(st.sampled_from(["record", "record", "held", "gone"]))
        address, hours = draw(st.sampled_from(ADDRESSES)), draw(st.integers(0, 2))
        given, previous = draw(st.none() | st.none() | names), draw(st.lists(names, max_size=1))
        if kind == "record":
            records[path] = record(path, address, hours, given=given, previous=tuple(previous))
        elif kind == "held":
            held.add(path)
        if draw(st.booleans()):
            digest = draw(st.sampled_from(["", *DIGESTS.values()]))
            lines[path] = Line(draw(names), digest)
    if draw(st.booleans()):  # of a ledger that was keyed by addresses
        address = draw(st.sampled_from(ADDRESSES))
        lines[address] = line(draw(names), address)
    return Group(records, held, lines)


@given(groups())
def test_the_new_lines_lead_to_the_same_again(group: Group) -> None:
    once = assign(group)
    again = assign(group._replace(lines=once.lines))
    assert ids(again) == ids(once)
    assert again.lines == once.lines
    assert again.left_out.keys() == once.left_out.keys()


@given(groups())
def test_no_two_articles_share_an_id_and_none_has_two(group: Group) -> None:
    outcome = assign(group)
    shown = [group.records[path] for path in group.records.keys() - outcome.left_out.keys()]
    pairs = {(one.digest, outcome.ids[one.path].id) for one in shown}
    assert len(pairs) == len({address for address, _ in pairs}) == len({id for _, id in pairs})
