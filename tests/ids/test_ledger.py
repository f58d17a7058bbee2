"""What a ledger file may hold, and that anything else is an error that names the file."""

from pathlib import Path

import pytest

from feeds.errors import LedgerError
from feeds.ids.ledger import read_ledger


@pytest.mark.parametrize(
    "content",
    [
        b"[ids",
        b"\xff",
        b"a = " + b"9" * 5_000,
        b"a = " + b"[" * 3_000,
        b"[" + b".".join([b"a"] * 20_000) + b"]",
        b"ids = 3",
        b'[ids]\n"a" = 0x' + b"f" * 5_000,
        b'[ids]\n"a" = [1]',
        b'[withdrawn]\n"https://a.example/" = {}',
        b'[withdrawn."https://a.example/"]\nlink = "https://a.example/"\n'
        b"published = 9999-12-31T23:59:59-23:59\nat = 9999-12-31T23:59:59-23:59\nfeeds = {}",
        b'[patterns]\n"never" = "a"',
        b"[another]",
    ],
    ids=lambda content: repr(content[:20]),
)
def test_a_file_that_feeds_did_not_write_is_one_error(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ledger.toml"
    file.write_bytes(content)
    with pytest.raises(LedgerError, match=r"ledger\.toml: expected .* as feeds wrote "):
        read_ledger(file)
