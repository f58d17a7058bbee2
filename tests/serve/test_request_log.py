"""What was asked and answered: lines and counts."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from feeds.serve.metrics import ROWS, Metrics, make_file
from feeds.serve.request_log import Observed
from tests import make
from tests.serve.test_app import Clock, records


def lines_of(tmp_path: Path, *, addresses: bool = False) -> tuple[Client, list[dict[str, Any]]]:
    """A client of a service that is watched, and the lines that it wrote."""
    lines: list[dict[str, Any]] = []
    app = make.service(make.site(tmp_path, records()), Clock()).wsgi_app

    def write(line: bytes) -> None:
        assert line.endswith(b"\n")
        assert line.count(b"\n") == 1
        lines.append(json.loads(line))

    return Client(Observed(app, None, write, addresses=addresses)), lines


def test_a_line_tells_what_was_asked_and_answered_and_no_address(tmp_path: Path) -> None:
    client, lines = lines_of(tmp_path)
    environ = {"REMOTE_ADDR": "192.0.2.1"}
    first = client.get(
        "/feed.rss",
        headers={"Accept-Encoding": "br", "User-Agent": "reader/1"},
        environ_base=environ,
    )
    client.get("/feed.rss", headers={"If-None-Match": first.headers["ETag"]}, environ_base=environ)
    client.head("/nothing", environ_base=environ)
    facts = [
        {name: line.get(name) for name in ("method", "path", "status", "coding", "conditional")}
        for line in lines
    ]
    assert facts == [
        {"method": "GET", "path": "/feed.rss", "status": 200, "coding": "br", "conditional": False},
        {"method": "GET", "path": "/feed.rss", "status": 304, "coding": None, "conditional": True},
        {"method": "HEAD", "path": "/nothing", "status": 404, "coding": None, "conditional": False},
    ]
    assert [line["bytes"] for line in lines] == [len(first.data), 0, 0]
    assert lines[0]["agent"] == "reader/1"
    assert all(
        re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines
    )
    assert "192.0.2.1" not in repr(lines)


def test_below_a_path_a_line_has_the_whole_one_whoever_answered(tmp_path: Path) -> None:
    config = make.site(tmp_path, records())
    config.file.write_text(
        config.file.read_text().replace("feeds.example.org", "feeds.example.org/news")
    )
    lines: list[dict[str, Any]] = []
    app = make.service(config.file, Clock()).wsgi_app
    client = Client(Observed(app, None, lambda line: lines.append(json.loads(line))))
    for path in ("/news/feed.rss", "/news/feed.rss", "/news/nothing", "/elsewhere"):
        client.get(path)
    assert [line["path"] for line in lines] == [
        "/news/feed.rss",
        "/news/feed.rss",
        "/news/nothing",
        "/elsewhere",
    ]
    assert client.get("/elsewhere").headers["X-Content-Type-Options"] == "nosniff"


def test_a_line_has_the_address_when_it_is_asked_for(tmp_path: Path) -> None:
    client, lines = lines_of(tmp_path, addresses=True)
    client.get("/feed.rss", environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert lines[0]["address"] == "192.0.2.1"


def test_hostile_words_stay_on_their_line(tmp_path: Path) -> None:
    client, lines = lines_of(tmp_path)
    client.get("/%0a%22%e6%9d%b1", headers={"User-Agent": '\x1b[2J"x' + "y" * 5000})
    assert lines[0]["path"] == '/\n"東'
    assert len(lines[0]["agent"]) == 512


@pytest.fixture
def counts() -> Any:
    """A file of metrics."""
    file = make_file()
    yield file
    file.unlink()


def numbers(text: str) -> dict[str, float]:
    """The samples of a text of metrics."""
    samples = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in samples}


def test_the_counts_of_all_workers_are_summed_and_outlast_them(counts: Path) -> None:
    for _ in range(3):  # as workers come and go
        worker = Metrics(counts)
        worker.count(200, 1000, 0.0004)
        worker.count(304, 0, 0.02)
        worker.count(418, 5, 9)
    found = numbers(Metrics(counts).text())
    assert (
        found['feeds_requests_total{status="200"}']
        == found['feeds_requests_total{status="304"}']
        == 3
    )
    assert found['feeds_requests_total{status="other"}'] == 3
    assert found["feeds_sent_bytes_total"] == 3 * 1005
    assert found['feeds_request_seconds_bucket{le="0.0005"}'] == 3
    assert found['feeds_request_seconds_bucket{le="0.05"}'] == 6
    assert (
        found['feeds_request_seconds_bucket{le="+Inf"}']
        == found["feeds_request_seconds_count"]
        == 9
    )
    assert found["feeds_request_seconds_sum"] == pytest.approx(3 * 9.0204)


def test_more_restarts_than_there_are_rows_lose_no_count(counts: Path) -> None:
    Metrics(counts).count(200, 1, 0)
    for _ in range(ROWS):
        last = Metrics(counts)
    last.count(200, 1, 0)
    assert numbers(last.text())['feeds_requests_total{status="200"}'] == 2


def test_metrics_are_given_at_their_address_and_not_counted(counts: Path, tmp_path: Path) -> None:
    app = make.service(make.site(tmp_path, records()), Clock()).wsgi_app
    client = Client(Observed(app, Metrics(counts), None))
    client.get("/feed.rss")
    for _ in range(2):
        response = client.get("/metrics")
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert numbers(response.text)["feeds_request_seconds_count"] == 1
    assert Client(app).get("/metrics").status_code == 404
