"""How long it takes from a saved record to the new bytes over HTTP, on a collection of any size.

python benchmarks/live.py 100000 200      records, and how many are published one after the other

Starts `feeds serve` on a corpus of its own, saves a record on a random topic, and asks for that
topic's feed on one connection until the record is in it. Prints the time in milliseconds: median,
95th and 99th percentile, longest. Also how long the service took from its start, with a warm store,
to its first answer.
"""

import argparse
import http.client
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
FEEDS = [sys.executable, "-m", "feeds"]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("records", type=int)
    parser.add_argument("edits", type=int)
    parser.add_argument("--folder", type=Path, help="where the site is, or is made; kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        measure(options.folder or Path(place), options.records, options.edits)


def measure(place: Path, records: int, edits: int) -> None:
    """Make the site where it is not there yet, and publish records into it."""
    if not (place / "config.toml").exists():
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, HERE / "make_corpus.py", place, str(records)], check=True)
        (place / "config.toml").write_text('[records]\npath = "records"\n', encoding="utf-8")
    subprocess.run(
        [*FEEDS, "list"],
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    listed = subprocess.run(
        [*FEEDS, "list", "--json"], cwd=place, capture_output=True, text=True, check=False
    ).stdout
    names = [row["name"] for row in json.loads(listed) if row["kind"] == "topics"]
    slugs = {row["name"]: row["key"] for row in json.loads(listed) if row["kind"] == "topics"}
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        port = some.getsockname()[1]
    started = time.perf_counter()
    serving = subprocess.Popen(
        [*FEEDS, "serve", "--port", str(port)], cwd=place, stdout=subprocess.DEVNULL
    )
    made: list[Path] = []
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            try:
                ask(connection, "/topics/none/feed.json")
                break
            except OSError:
                connection.close()
                time.sleep(0.005)
        print(f"{records} records; first answer after {time.perf_counter() - started:.2f} s")
        time.sleep(3)
        chance = random.Random(7)
        times = sorted(
            publish(place, connection, n, name, slugs[name], made)
            for n, name in enumerate(chance.choices(names, k=edits))
        )
        at = {"median": 0.5, "p95": 0.95, "p99": 0.99}
        percentiles = [
            f"{name} {times[min(int(share * len(times)), len(times) - 1)]:.1f}"
            for name, share in at.items()
        ]
        print(f"{edits} records published: {', '.join(percentiles)}, longest {times[-1]:.1f} ms")
    finally:
        serving.terminate()
        serving.wait()
        for file in made:
            file.unlink(missing_ok=True)


def publish(
    place: Path,
    connection: http.client.HTTPConnection,
    n: int,
    topic: str,
    key: str,
    made: list[Path],
) -> float:
    """Save a record, and return after how many milliseconds it was in the feed of its topic."""
    file = place / "records" / f"live-{n}.md"
    address = f"https://live.example/{n}"
    moment = datetime.now(UTC).isoformat()
    text = f"---\ntitle: Live {n}\nwebUrl: {address}\npublishedDateTime: {moment}\ntopics: [{json.dumps(topic)}]\n"
    aside = file.with_suffix(".tmp")
    aside.write_text(f"{text}provider: {{domain: live.example}}\n---\n", encoding="utf-8")
    made.append(file)
    aside.replace(file)
    saved = time.perf_counter()
    while address.encode() not in ask(connection, f"/{key}/feed.json"):
        assert time.perf_counter() - saved < 60, key
        time.sleep(0.001)
    return (time.perf_counter() - saved) * 1000


def ask(connection: http.client.HTTPConnection, path: str) -> bytes:
    """The body of an answer."""
    connection.request("GET", path)
    return connection.getresponse().read()


if __name__ == "__main__":
    main()
