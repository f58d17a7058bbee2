"""A server on loopback that writes whatever bytes a test gives it."""

import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\n"


@dataclass(frozen=True)
class Server:
    """A server that runs: its address, the request lines that came, and their heads."""

    address: str
    requests: list[str] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)


def feed(extra: str = "") -> bytes:
    """Return a small feed with some more in its channel."""
    return (
        '<rss version="2.0"><channel><title>t</title><link>https://example.org/</link>'
        f"<description>d</description>{extra}</channel></rss>"
    ).encode()


def answer(body: bytes, **headers: str) -> bytes:
    """Return a whole answer with a body; a Content-Type given takes the place of that of a feed."""
    start = HEAD.partition(b"Content-Type")[0] if "Content_Type" in headers else HEAD
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
    head = start + "".join(lines).encode("utf-8", "surrogateescape")
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


@contextmanager
def hostile(
    written: Callable[[str], bytes | Iterable[bytes]],
    *,
    host: str = "127.0.0.1",
    hold: bool = False,
    drop: bool = False,
) -> Iterator[Server]:
    """Run a server that writes this for a path, and closes the connection.

    With `hold` it first waits until the client has gone: nothing more comes, and no end either.
    With `drop` it waits for the next request on the connection, and closes it without an answer.
    """

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            head = b"".join(iter(self.rfile.readline, b"\r\n"))
            line = head.partition(b"\r\n")[0].decode("latin-1")
            server.requests.append(line)
            server.heads.append(head)
            data = written(line.split(" ")[1])
            with suppress(OSError):
                for chunk in [data] if isinstance(data, bytes) else data:
                    self.wfile.write(chunk)
                while (hold or drop) and self.connection.recv(1024) and not drop:
                    pass

        def finish(self) -> None:
            with suppress(OSError):
                super().finish()

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

    with Listener((host, 0), Handler) as listener:
        server = Server(f"http://{host}:{listener.server_address[1]}")
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()
