"""The budget of whole answers: who hammers without validators waits, and nobody else does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from feeds.publish import budget
from feeds.publish.budget import BURST, Budget


class Limited:
    """A budget of one answer a minute before an application that always answers, and a clock for it."""

    def __init__(self, proxies: int = 0) -> None:
        self.now = 1000.0
        self.budget = Budget(self._answer, 60, proxies, lambda: self.now)
        self.client = Client(self.budget)

    def _answer(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"whole"]

    def get(
        self, path: str = "/feed.rss", method: str = "GET", address: str = "192.0.2.1", **headers: str
    ) -> TestResponse:
        """A request from an address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.open(path, method=method, headers=named, environ_base={"REMOTE_ADDR": address})

    def spend(self, **who: str) -> None:
        """Take all that there is at once."""
        for _ in range(BURST):
            assert self.get(**who).status_code == 200
        assert self.get(**who).status_code == 429


def test_after_a_burst_a_client_without_validators_waits_and_is_told_how_long() -> None:
    limited = Limited()
    limited.spend()
    response = limited.get()
    assert response.headers["Retry-After"] == "60"
    assert response.headers["Cache-Control"] == "no-store"
    limited.now += 59
    assert limited.get().headers["Retry-After"] == "1"
    limited.now += 1
    assert limited.get().status_code == 200
    refused = limited.get()
    assert refused.status_code == 429
    assert (refused.headers["Access-Control-Allow-Origin"], refused.headers["X-Content-Type-Options"]) == (
        "*",
        "nosniff",
    )
    limited.now += 3600 * 24
    limited.spend()  # never more than the burst


def test_nobody_else_waits() -> None:
    limited = Limited()
    limited.spend()
    assert limited.get(address="192.0.2.2").status_code == 200
    assert limited.get(User_Agent="another reader behind the same address").status_code == 200
    assert limited.get(path="/topics/ai/feed.rss").status_code == 200
    assert limited.get(method="HEAD").status_code == 200
    for path in ("/healthz", "/news/healthz", "/metrics"):
        for _ in range(2 * BURST):
            assert limited.get(path=path).status_code == 200


@pytest.mark.parametrize("header", ["If_None_Match", "If_Modified_Since"])
def test_who_says_which_version_it_holds_is_never_refused_and_starts_anew(header: str) -> None:
    limited = Limited()
    limited.spend()
    for _ in range(5 * BURST):
        assert limited.get(**{header: '"some"'}).status_code == 200
    limited.spend()


def test_a_household_of_ipv6_is_one_client() -> None:
    limited = Limited()
    limited.spend(address="2001:db8:1:2::1")
    assert limited.get(address="2001:db8:1:2:ffff::9").status_code == 429
    assert limited.get(address="2001:db8:1:3::1").status_code == 200


def test_behind_a_proxy_a_client_is_known_by_what_the_proxy_says() -> None:
    limited = Limited(proxies=1)
    limited.spend(X_Forwarded_For="203.0.113.1")
    assert limited.get(X_Forwarded_For="203.0.113.2").status_code == 200
    # What the client itself put before is not believed.
    assert limited.get(X_Forwarded_For="198.51.100.7, 203.0.113.1").status_code == 429
    without = Limited()
    without.spend(X_Forwarded_For="203.0.113.1")
    assert without.get(X_Forwarded_For="203.0.113.2").status_code == 429


def test_only_so_many_clients_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MOST", 50)
    limited = Limited()
    for number in range(500):
        limited.get(path=f"/{number}")
        assert len(limited.budget._left) <= 50


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_header_makes_it_fail(forwarded: str, agent: str) -> None:
    limited = Limited(proxies=1)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_X_FORWARDED_FOR": forwarded, "HTTP_USER_AGENT": agent}
    assert limited.budget(environ, lambda status, headers: None) == [b"whole"]


def test_no_address_is_kept() -> None:
    limited = Limited()
    limited.get(address="192.0.2.1", User_Agent="reader")
    assert all(len(key) == 16 for key in limited.budget._left)
    assert "192.0.2.1" not in repr(vars(limited.budget))
