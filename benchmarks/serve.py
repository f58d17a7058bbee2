#!/usr/bin/env python3
"""Compare `feeds serve` with nginx on the static tree of the same records, one worker each, on this
machine.

serve.py [--records 20000] [--seconds 3] [--connections 32] [--keep FOLDER] [--only speed|start|day]

Needs nginx and wrk. It prints requests per second, the ratio to nginx and the 99th percentile of
the latency, for 200, 304 and compressed answers, of one feed and of 2,000 feeds in Zipf order; the
same application without the fast path before Flask; the microseconds of processor time that a request
costs each server, which tell more than rates on a busy machine; the time from the command to the
first answer with a warm store; and the bytes that 2,000 readers take in a day. Both servers and wrk
share the processors, as they would on a small host. nginx holds files open and writes no log. Its
compressed answers are the .gz files beside the documents, since br is not in every nginx.
"""

import argparse
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).parent.parent
FEEDS = 2000
ROUNDS = 3
REQUESTS = 50_000  # in the order of which 2,000 feeds are asked for, over and over
CONFIG = """
[site]
title = "Benchmark"
base_url = "http://127.0.0.1:{port}"
[records]
path = "corpus/records"
[feeds]
archives = false
[server]
port = {port}
"""
NGINX = """
{user}worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  open_file_cache max=20000 inactive=600s; open_file_cache_valid 600s;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/public; gzip_static on; gzip_vary on;
           include {folder}/public/feeds.nginx.conf; }}
}}
"""
LUA = """
local lines = {}
for line in io.lines("%s") do
  local path, tag = line:match("^(%%S+) ?(.*)$")
  local headers = {Host = "127.0.0.1"}
  if "%s" ~= "" then headers["Accept-Encoding"] = "%s" end
  if tag ~= "" then headers["If-None-Match"] = tag end
  lines[#lines + 1] = wrk.format("GET", path, headers)
end
local at = 0
request = function() at = at %% #lines + 1; return lines[at] end
"""
# Serves what is behind the fast path: the same application through Flask's routing alone.
ALONE = """
import sys
from feeds.config import load_config
from feeds.serve import app, server
class Alone(app.FastPath):
    def __call__(self, environ, start_response):
        return self._live.served.behind(environ, start_response)
app.FastPath = Alone
server.serve(load_config("config.toml", port=int(sys.argv[1])))
"""


@dataclass(frozen=True)
class Run:
    """What wrk measured."""

    rate: float
    p99: str
    failed: str
    cost: float  # microseconds of processor time a request


@dataclass(frozen=True)
class Served:
    """A running server."""

    port: int
    process: "subprocess.Popen[bytes]"


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--keep", type=Path, help="a folder that is kept, and used again")
    parser.add_argument("--only", choices=("speed", "start", "day"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = prepared(options.keep or Path(temporary), options.records)
        if options.only in (None, "start"):
            start(folder)
        if options.only in (None, "speed"):
            speed(folder, options.seconds, options.connections)
        if options.only in (None, "day"):
            day(folder)


def prepared(folder: Path, records: int) -> Path:
    """A folder with records, a config, a warm store and a compressed static tree."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "corpus").exists():
        make = [
            sys.executable,
            ROOT / "benchmarks" / "make_corpus.py",
            folder / "corpus",
            str(records),
        ]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        (folder / "config.toml").write_text(CONFIG.format(port=free_port()))
    subprocess.run(
        [*command(), "build", "--compress"], cwd=folder, check=False, stdout=subprocess.DEVNULL
    )
    return folder


def command() -> list[str]:
    """The command `feeds` of this Python."""
    return [sys.executable, "-m", "feeds"]


def start(folder: Path) -> None:
    """The time from the command to the first answer."""
    times = []
    for _ in range(5):
        began = time.monotonic()
        with feeds(folder, [*command(), "serve"]):
            times.append(time.monotonic() - began)
    records = sum(len(files) for _, _, files in os.walk(folder / "corpus" / "records"))
    print(
        f"Start with a warm store of {records} records to the first answer of /feed.rss: ", end=""
    )
    print(f"{sorted(times)[len(times) // 2]:.2f} s (median of {len(times)}).\n")


def speed(folder: Path, seconds: int, connections: int) -> None:
    """Requests per second of nginx, of the service, and of the service without its fast path."""
    paths = zipf(folder)
    hot = paths[0]
    length = (folder / "public" / hot[1:]).stat().st_size
    print(
        f"`{hot}` is {length} bytes. wrk with {connections} connections, {seconds} s each, the median of {ROUNDS}.\n"
    )
    print(
        "| what | nginx | p99 | feeds serve | p99 | ratio | Flask alone | times Flask "
        "| µs nginx | µs feeds | µs Flask |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    alone = folder / "alone.py"
    alone.write_text(ALONE)
    port = free_port()
    flask = [sys.executable, str(alone), str(port)]
    with (
        nginx(folder) as one,
        feeds(folder, [*command(), "serve"]) as two,
        feeds(folder, flask, port) as three,
    ):
        for name, order in (("one feed", [hot]), (f"{FEEDS} feeds", ordered(paths))):
            for kind, coding, conditional in (
                ("200", "", False),
                ("304", "", True),
                ("compressed", "br, gzip", False),
            ):
                scripts = {
                    place: prepare(folder, place.port, order, coding, conditional)
                    for place in (one, two, three)
                }
                # In turns, so that what else the machine does meets all alike.
                runs = [
                    [wrk(place, script, seconds, connections) for place, script in scripts.items()]
                    for _ in range(ROUNDS)
                ]
                report(f"{kind}, {name}", *(middle(some) for some in zip(*runs, strict=True)))


def middle(runs: Sequence[Run]) -> Run:
    """The run of median rate, with every failure of all."""
    found = sorted(runs, key=lambda run: run.rate)[len(runs) // 2]
    cost = sorted(run.cost for run in runs)[len(runs) // 2]
    return Run(found.rate, found.p99, "".join(run.failed for run in runs), cost)


def processor_time(pid: int) -> float:
    """Seconds of processor time that a process and its children took so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(processor_time(int(child)) for child in children)


def report(what: str, nginx: Run, feeds: Run, flask: Run) -> None:
    """A line of the table."""
    ratio, times = feeds.rate / nginx.rate, feeds.rate / flask.rate
    print(
        f"| {what} | {nginx.rate:.0f}{nginx.failed} | {nginx.p99} | {feeds.rate:.0f}{feeds.failed} | {feeds.p99} "
        f"| {ratio:.2f} | {flask.rate:.0f}{flask.failed} | {times:.1f} "
        f"| {nginx.cost:.0f} | {feeds.cost:.0f} | {flask.cost:.0f} |",
        flush=True,
    )


def zipf(folder: Path) -> list[str]:
    """The addresses of 2,000 feeds, the one with most articles first."""
    tree = folder / "public"
    found = sorted(tree.rglob("feed.rss"), key=lambda file: (-file.stat().st_size, str(file)))
    every = ["/" + str(file.relative_to(tree)) for file in found]
    every += ["/" + str(file.relative_to(tree)) for file in sorted(tree.rglob("feed.atom"))]
    return every[:FEEDS]


def ordered(paths: list[str]) -> list[str]:
    """Requests for them, as often as their rank says."""
    some = random.Random(1)
    return some.choices(paths, [1 / (rank + 1) for rank in range(len(paths))], k=REQUESTS)


def prepare(folder: Path, port: int, order: list[str], coding: str, conditional: bool) -> Path:
    """Ask once for each address, so that it is known, and write the script for wrk."""
    tags = {}
    connection = HTTPConnection("127.0.0.1", port)
    for path in dict.fromkeys(order):
        connection.request("GET", path, headers={"Accept-Encoding": coding or "identity"})
        response = connection.getresponse()
        response.read()
        tags[path] = response.headers["ETag"]
    connection.close()
    requests = folder / f"requests-{port}"
    requests.write_text("".join(f"{path} {tags[path] if conditional else ''}\n" for path in order))
    script = folder / f"requests-{port}.lua"
    script.write_text(LUA % (requests, coding, coding))
    return script


def wrk(place: Served, script: Path, seconds: int, connections: int) -> Run:
    """Run wrk."""
    options = ["-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", str(script)]
    before, address = processor_time(place.process.pid), f"http://127.0.0.1:{place.port}/"
    done = subprocess.run(["wrk", *options, address], capture_output=True, text=True, check=True)
    taken = processor_time(place.process.pid) - before
    rate, p99, failed, requests = 0.0, "", "", 1
    for line in done.stdout.splitlines():
        words = line.split()
        if line.startswith("Requests/sec"):
            rate = float(words[-1])
        elif "requests in" in line:
            requests = int(words[0])
        elif words[:1] == ["99%"]:
            p99 = words[1]
        elif "Non-2xx" in line or "Socket errors" in line:
            failed = f" ({line.strip()})"
    return Run(rate, p99, failed, taken * 1e6 / requests)


@contextmanager
def nginx(folder: Path) -> Iterator[Served]:
    """nginx on the static tree."""
    port = free_port()
    user = "user root;\n" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port, user=user))
    program = "/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else "nginx"
    process = subprocess.Popen(
        [program, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "nginx.err"]
    )
    try:
        ready(port, "/index.html", process)
        yield Served(port, process)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def feeds(folder: Path, arguments: list[str], port: int | None = None) -> Iterator[Served]:
    """A service, once it has answered."""
    where = port or free_port()
    arguments = arguments if port else [*arguments, "--port", str(where)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(arguments, cwd=folder, stdout=subprocess.DEVNULL, env=environment)
    try:
        ready(where, "/feed.rss", process)
        yield Served(where, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def ready(port: int, path: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until it answers."""
    while process.poll() is None:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", path)
            connection.getresponse().read()
            connection.close()
            return
        except OSError:
            time.sleep(0.005)
    raise SystemExit("a server did not start")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return int(some.getsockname()[1])


READERS = 2000
EVERY = timedelta(minutes=30)
CODINGS = ((0.5, "gzip, deflate, br"), (0.8, "gzip"), (0.9, "zstd, br, gzip"), (1.0, None))


def day(folder: Path) -> None:
    """What 2,000 readers take in a day, asked in this process by a clock of its own."""
    from werkzeug.test import Client

    from feeds.config import load_config
    from feeds.serve.app import create_app

    some = random.Random(2)
    clock = [datetime(2025, 6, 1, tzinfo=UTC)]
    config = load_config(folder / "config.toml")
    config = config.model_copy(
        update={"store": config.store.model_copy(update={"url": "sqlite:///.day/store.sqlite"})}
    )
    client = Client(create_app(config, clock=lambda: clock[0]).wsgi_app)
    paths = [path for path in zipf(folder) if client.get(path).status_code == 200]
    asked = sent = plain = unchanged = 0
    readers, wholes = [], {}
    for _ in range(READERS):
        (path,) = some.choices(paths, [1 / (rank + 1) for rank in range(len(paths))])
        draw = some.random()
        coding = next(name for share, name in CODINGS if draw <= share)
        conditional = some.random() < 0.5
        readers.append([some.random(), path, coding, conditional, ""])
    for turn in range(int(timedelta(days=1) / EVERY)):
        for reader in sorted(readers, key=lambda reader: float(reader[0])):
            share, path, coding, conditional, tag = reader
            clock[0] = datetime(2025, 6, 1, tzinfo=UTC) + EVERY * (turn + share)
            headers = {"Accept-Encoding": coding} if coding else {}
            headers |= {"If-None-Match": tag} if conditional and tag else {}
            response = client.get(path, headers=headers)
            asked += 1
            sent += len(response.data) + len(str(response.headers))
            unchanged += response.status_code == 304
            reader[4] = response.headers["ETag"]
            if (path, reader[4]) not in wholes:
                whole = client.get(path)
                wholes[path, whole.headers["ETag"]] = len(whole.data) + len(str(whole.headers))
            plain += wholes[path, reader[4]]
    print(
        f"\nA day of {READERS} readers, each asking every {EVERY.seconds // 60} minutes: {asked} requests, {unchanged} "
        f"answered with 304; {sent / 1e6:.0f} MB sent, {plain / 1e6:.0f} MB by a plain server: "
        f"{plain / sent:.1f} times as much."
    )


if __name__ == "__main__":
    main()
