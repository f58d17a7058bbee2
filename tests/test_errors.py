"""Errors and the public names of the package."""

import feeds
from feeds import errors


def test_every_error_names_its_subject_and_has_one_base() -> None:
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.FeedsError)
    ]
    assert len(kinds) == 9
    for kind in kinds:
        error = kind("the subject", "expected this, got that")
        assert str(error) == "the subject: expected this, got that"
        assert (error.subject, error.problem) == ("the subject", "expected this, got that")


def test_the_promised_names_are_there() -> None:
    assert sorted(feeds.__all__) == feeds.__all__
    assert all(getattr(feeds, name).__name__ == name for name in feeds.__all__)


def test_no_other_name_is_made_up() -> None:
    assert not hasattr(feeds, "nothing_of_the_kind")
