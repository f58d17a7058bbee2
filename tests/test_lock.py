"""requirements.lock: what pyproject.toml asks for, in versions whose files are known by their digests.

Not here: whether it can be installed, for which a registry is needed.
"""

import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests import make

LOCK = make.ROOT / "requirements.lock"
PROJECT = tomllib.loads((make.ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def locked() -> dict[str, tuple[str, list[str]]]:
    """Return the version of each package that is locked, and its digests."""
    text = LOCK.read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, tuple[str, list[str]]] = {}
    for line in text.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement, *digests = re.split(r"\s+--hash=", line)
            (exactly,) = Requirement(requirement).specifier
            assert exactly.operator == "==", line
            name = canonicalize_name(Requirement(requirement).name)
            assert name not in found, line
            found[name] = exactly.version, digests
    return found


def needs(name: str, version: str) -> Iterator[Requirement]:
    """Yield what a package needs here, as far as that version of it is installed."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return
    for text in (found.requires or []) if found.version == version else []:
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement


ASKED = [*PROJECT["project"]["dependencies"], *PROJECT["build-system"]["requires"]]


@pytest.mark.parametrize("text", ASKED)
def test_what_the_project_asks_for_is_locked_in_a_version_that_will_do(text: str) -> None:
    version, _ = locked()[canonicalize_name(Requirement(text).name)]
    assert Requirement(text).specifier.contains(version)


def test_what_the_locked_packages_need_is_locked_too() -> None:
    found = locked()
    for name, (version, _) in found.items():
        for needed in needs(name, version):
            other, _ = found[canonicalize_name(needed.name)]
            assert needed.specifier.contains(other, prereleases=True), (name, str(needed))


def test_each_package_is_locked_by_digests() -> None:
    for name, (_, digests) in locked().items():
        assert digests, name
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in digests), name


def test_the_lock_names_no_index_and_no_machine() -> None:
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        assert not re.search(r"://|@|(?<!\S)/|index|trusted|find-links", line), line
        assert line.startswith(("    --hash=", "    #", "#")) or "==" in line, line
