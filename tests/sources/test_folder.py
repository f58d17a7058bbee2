"""The records folder: which files are records, and that nothing else is ever opened, or waited
for."""

import os
import socket
from pathlib import Path

import pytest

from feeds.errors import ConfigError
from feeds.records import Fault
from feeds.records.frontmatter import LARGEST_RECORD
from feeds.sources.folder import (
    ScannedFile,
    printable,
    read_file,
    scan_folders,
    walk,
)
from tests import make


def paths(folder: Path) -> list[str]:
    return sorted(found.path for found in walk(folder))


def found(folder: Path, path: str) -> ScannedFile:
    return next(item for item in walk(folder) if item.path == path)


def read(folder: Path, path: str) -> bytes | str:
    content = read_file(folder, found(folder, path))
    return str(content) if isinstance(content, Fault) else content


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "seeds"
    place.mkdir()
    return place


@pytest.mark.parametrize("suffix", ["md", "markdown", "yaml", "yml", "txt", "MD", "Txt"])
@pytest.mark.parametrize("depth", [0, 1, 12])
def test_a_record_is_found_at_any_depth(folder: Path, suffix: str, depth: int) -> None:
    path = "a folder/" * depth + f"é.{suffix}"
    make.write(folder / path, "text")
    assert paths(folder) == [path]
    assert read(folder, path) == b"text"


@pytest.mark.parametrize(
    "path",
    [
        ".a.md",
        ".git/a.md",
        "a/.b/c.md",
        ".md",
        "a.js",
        "a",
        "md",
        "a.md~",
        "a.md.bak",
        "a.htm",
        "#a.md#",
    ],
)
def test_hidden_and_other_files_are_passed_over(folder: Path, path: str) -> None:
    make.write(folder / path, "text")
    assert paths(folder) == []


def test_a_folder_with_the_suffix_of_a_record_is_a_folder(folder: Path) -> None:
    make.write(folder / "a.md" / "b.md", "text")
    assert paths(folder) == ["a.md/b.md"]


def test_a_record_is_found_with_its_size_and_time(folder: Path) -> None:
    make.write(folder / "a.md", "text")
    os.utime(folder / "a.md", ns=(1, 1_600_000_000_123_456_789))
    assert found(folder, "a.md") == ScannedFile("a.md", 4, 1_600_000_000_123_456_789)


def test_a_link_is_found_with_the_size_and_time_of_what_it_points_to(folder: Path) -> None:
    make.write(folder / "a.md", "text")
    os.utime(folder / "a.md", ns=(1, 1_600_000_000_000_000_000))
    (folder / "b.md").symlink_to("a.md")
    assert found(folder, "b.md") == ScannedFile("b.md", 4, 1_600_000_000_000_000_000, is_link=True)


@pytest.mark.parametrize("target", ["a.md", "sub/../a.md", "data.bin", "{folder}/a.md"])
def test_a_link_to_a_file_in_the_folder_is_read(folder: Path, target: str) -> None:
    make.write(folder / "a.md", "text")
    make.write(folder / "data.bin", "text")
    (folder / "sub").mkdir()
    (folder / "b.md").symlink_to(target.format(folder=folder))
    assert read(folder, "b.md") == b"text"


def test_the_folder_itself_may_be_a_link(tmp_path: Path, folder: Path) -> None:
    make.write(folder / "a.md", "text")
    (folder / "b.md").symlink_to("a.md")
    (tmp_path / "link").symlink_to(folder)
    assert [read(tmp_path / "link", path) for path in ("a.md", "b.md")] == [b"text", b"text"]


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../secret.md", "out/secret.md", "../seeds-2/a.md", "chain.md"]
)
def test_a_link_that_leaves_the_folder_is_not_read(
    tmp_path: Path, folder: Path, target: str
) -> None:
    make.write(tmp_path / "secret.md", "secret")
    make.write(tmp_path / "seeds-2" / "a.md", "secret")
    (folder / "chain.md").symlink_to("../secret.md")
    (folder / "out").symlink_to(tmp_path)
    (folder / "b.md").symlink_to(target)
    assert (
        read(folder, "b.md")
        == "b.md:1:1: expected a file in the records folder, got a link that leaves it"
    )


def test_nothing_behind_a_link_to_a_folder_is_found(tmp_path: Path, folder: Path) -> None:
    make.write(tmp_path / "secret" / "a.md", "secret")
    make.write(folder / "sub" / "b.md", "text")
    (folder / "outside").symlink_to(tmp_path / "secret")
    (folder / "inside").symlink_to("sub")
    (folder / "sub" / "up").symlink_to(folder)
    assert paths(folder) == ["inside", "outside", "sub/b.md", "sub/up"]
    assert all(isinstance(read(folder, path), str) for path in ("inside", "outside", "sub/up"))


@pytest.mark.parametrize("target", ["gone.md", "gone/a.md", "../gone.md"])
def test_a_link_to_nothing_is_reported(folder: Path, target: str) -> None:
    (folder / "a.md").symlink_to(target)
    assert str(read(folder, "a.md")).startswith("a.md:1:1: expected ")


def test_links_in_a_circle_are_reported(folder: Path) -> None:
    (folder / "a.md").symlink_to("b.md")
    (folder / "b.md").symlink_to("a.md")
    (folder / "self.md").symlink_to("self.md")
    for path in ("a.md", "b.md", "self.md"):
        assert str(read(folder, path)).startswith(
            f"{path}:1:1: expected a file that can be read, got "
        )


def test_a_pipe_is_reported_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "a.md")
    (folder / "b.md").symlink_to("a.md")
    for path in ("a.md", "b.md"):
        assert str(read(folder, path)).startswith(f"{path}:1:1: expected a file, got ")


def test_a_socket_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)  # an address of this kind may be 107 bytes long
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("a.md")
        assert str(read(folder, "a.md")).startswith("a.md:1:1: expected a file")


def test_a_record_may_hold_a_mebibyte_and_no_byte_more(folder: Path) -> None:
    make.write(folder / "a.md", b"x" * LARGEST_RECORD)
    make.write(folder / "b.md", b"x" * (LARGEST_RECORD + 1))
    assert (LARGEST_RECORD, read(folder, "a.md")) == (1_048_576, b"x" * LARGEST_RECORD)
    assert read(folder, "b.md") == "b.md:1:1: expected at most 1 MiB, got more"


def test_a_huge_file_is_not_read_whole(folder: Path) -> None:
    with open(folder / "a.md", "wb") as file:
        file.truncate(1 << 40)
    assert read(folder, "a.md") == "a.md:1:1: expected at most 1 MiB, got more"


def test_an_empty_file_is_read(folder: Path) -> None:
    make.write(folder / "a.md", b"")
    assert read(folder, "a.md") == b""


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        pytest.param(b"a\xff.md", "a\\xff.md", id="not UTF-8"),
        pytest.param(b"a\nb.md", "a\\nb.md", id="line feed"),
        pytest.param(b"a\x1b[2Jb.md", "a\\x1b[2Jb.md", id="escape"),
        pytest.param(b"\x7f.md", "\\x7f.md", id="delete"),
        pytest.param("a\u202eb.md".encode(), "a\\u202eb.md", id="right to left"),
        pytest.param(b"\xff/\n/a.md", "\\xff/\\n/a.md", id="a folder"),
    ],
)
def test_a_file_name_that_no_terminal_should_see_is_reported_in_ascii(
    folder: Path, name: bytes, shown: str
) -> None:
    path = os.fsdecode(name)
    make.write(folder / path, "text")
    assert printable(path) == shown
    assert read(folder, path) == (
        f"{shown}:1:1: expected a file name in UTF-8 without control characters, got another"
    )


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a b.md", id="space"),
        pytest.param("ü.md", id="composed"),
        pytest.param("u\u0308.md", id="decomposed"),
        pytest.param("中文.md", id="Chinese"),
        pytest.param("😀.md", id="emoji"),
        pytest.param("'\"$(x);.md", id="shell"),
        pytest.param("a\\x01.md", id="backslash"),
        pytest.param("👩\u200d💻.md", id="emoji joined of two"),
        pytest.param("a\u00a0b.md", id="no-break space"),
        pytest.param("a\u202fb.md", id="narrow no-break space, as in screenshots of a Mac"),
    ],
)
def test_any_other_file_name_is_taken(folder: Path, name: str) -> None:
    make.write(folder / name, "text")
    assert read(folder, name) == b"text"


def test_a_bad_file_name_takes_no_good_one_along(tmp_path: Path) -> None:
    # Shown in ASCII, the first looks like the second, whatever order the folder lists them in.
    records = {
        name: make.record(n)
        for n, name in enumerate(("a\x01.md", "a\\x01.md", "b\\x02.md", "b\x02.md"), 1)
    }
    make.site(tmp_path, {**records})
    make.run("build", cwd=tmp_path, check=None)
    feed = (tmp_path / "public" / "feed.rss").read_text()
    assert [n for n in range(1, 5) if f"<link>https://example.org/{n}</link>" in feed] == [2, 3]


@pytest.mark.parametrize("name", ["gone", "a.md"])
def test_a_missing_folder_is_an_error_and_not_an_empty_one(tmp_path: Path, name: str) -> None:
    make.write(tmp_path / "a.md", "text")
    with pytest.raises(ConfigError, match="expected a folder of records, got: "):
        list(walk(tmp_path / name))


def test_an_empty_folder_has_no_records(folder: Path) -> None:
    assert paths(folder) == []


def test_a_file_that_goes_while_the_folder_is_read_takes_no_other_along(folder: Path) -> None:
    for n in range(10):
        make.write(folder / f"{n}.md", "text")
    walking = walk(folder)
    seen = [next(walking).path]
    going = next(f"{n}.md" for n in range(10) if f"{n}.md" not in seen)
    (folder / going).unlink()
    seen += [item.path for item in walking]
    assert set(seen) | {going} == {f"{n}.md" for n in range(10)}


def test_a_file_that_goes_before_it_is_read_is_reported(folder: Path) -> None:
    make.write(folder / "a.md", "text")
    item = found(folder, "a.md")
    (folder / "a.md").unlink()
    assert str(read_file(folder, item)) == (
        "a.md:1:1: expected a file that can be read, got No such file or directory"
    )


def test_a_file_that_becomes_a_link_before_it_is_read_is_not_followed(
    tmp_path: Path, folder: Path
) -> None:
    make.write(tmp_path / "secret.md", "secret")
    make.write(folder / "a.md", "text")
    item = found(folder, "a.md")
    (folder / "a.md").unlink()
    (folder / "a.md").symlink_to(tmp_path / "secret.md")
    assert isinstance(read_file(folder, item), Fault)


def test_a_folder_that_becomes_a_link_before_a_file_in_it_is_read_is_not_followed(
    tmp_path: Path, folder: Path
) -> None:
    make.write(tmp_path / "elsewhere" / "a.md", "secret")
    make.write(folder / "sub" / "a.md", "text")
    item = found(folder, "sub/a.md")
    (folder / "sub" / "a.md").unlink()
    (folder / "sub").rmdir()
    (folder / "sub").symlink_to(tmp_path / "elsewhere")
    assert isinstance(read_file(folder, item), Fault)


def test_files_of_many_folders_are_read_one_after_the_other(folder: Path) -> None:
    names = ["a.md", "b/c.md", "b/d.md", "b/e/f.md", "b/g.md", "h.md"]
    for name in names:
        make.write(folder / name, name)
    descriptors = os.listdir("/dev/fd")
    for name in (*names, *reversed(names)):
        assert read_file(folder, found(folder, name)) == name.encode()
    assert os.listdir("/dev/fd") == descriptors


def test_a_folder_that_becomes_a_link_while_files_of_it_are_read_is_not_followed(
    tmp_path: Path, folder: Path
) -> None:
    for name in ("a.md", "b.md"):
        make.write(tmp_path / "elsewhere" / name, "secret")
        make.write(folder / "sub" / name, "text")
    items = [found(folder, f"sub/{name}") for name in ("a.md", "b.md")]
    assert read_file(folder, items[0]) == b"text"
    (folder / "sub").rename(folder / "old")
    (folder / "sub").symlink_to(tmp_path / "elsewhere")
    assert isinstance(read_file(folder, items[1]), Fault)


def test_a_folder_that_another_takes_the_place_of_while_files_of_it_are_read_is_opened_again(
    folder: Path,
) -> None:
    for name in ("a.md", "b.md"):
        make.write(folder / "sub" / name, "text")
    items = [found(folder, f"sub/{name}") for name in ("a.md", "b.md")]
    assert read_file(folder, items[0]) == b"text"
    for name in ("a.md", "b.md"):
        (folder / "sub" / name).unlink()
    (folder / "sub").rmdir()
    make.write(folder / "sub" / "b.md", "another")
    assert read_file(folder, items[1]) == b"another"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_reported(folder: Path) -> None:
    make.write(folder / "a.md", "text")
    make.write(folder / "sub" / "b.md", "text")
    make.write(folder / "c.md", "text")
    (folder / "a.md").chmod(0)
    (folder / "sub").chmod(0)
    try:
        assert paths(folder) == ["a.md", "c.md", "sub"]
        assert (
            read(folder, "a.md")
            == "a.md:1:1: expected a file that can be read, got Permission denied"
        )
        assert (
            read(folder, "sub")
            == "sub:1:1: expected a file that can be read, got Permission denied"
        )
        assert read(folder, "c.md") == b"text"
    finally:
        (folder / "sub").chmod(0o755)


def test_what_is_below_a_folder_is_scanned_alone(folder: Path) -> None:
    for path in ("a.md", "x/b.md", "x/y/c.md", "z/d.md", "x/.hidden/e.md"):
        make.write(folder / path, "text")
    below = [file.path for one in scan_folders(folder, "x/") for file in one.files()]
    assert below == ["x/b.md", "x/y/c.md"]
