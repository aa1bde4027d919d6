"""A closed-loop load driver: N connections, each sends its next request after the response.

Raw sockets, since the driver shares the machine with the server it measures. Loopback only.
"""

import selectors
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field


@dataclass
class Result:
    """Seconds by request, statuses, and bodies if wanted."""

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    ends: list[tuple[float, int]] = field(default_factory=list)  # seconds since the start, status

    def until_last(self, status: int) -> float:
        """Return the seconds until the last response with that status."""
        return max((at for at, answered in self.ends if answered == status), default=0.0)

    @property
    def rate(self) -> float:
        """Return responses per second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Return the milliseconds within which that share of the requests was answered."""
        ordered = sorted(self.times)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def request(
    path: str, *, method: str = "GET", body: bytes = b"", headers: dict[str, str] | None = None
) -> bytes:
    """Return the bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept-Encoding: gzip"]
    said = {"Content-Type": "application/json", "Content-Length": len(body)} if body else {}
    lines += [f"{name}: {value}" for name, value in {**said, **(headers or {})}.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = b""
        self.started = 0.0

    def send(self, data: bytes) -> None:
        """Start the clock and send."""
        self.answer, self.started = b"", time.perf_counter()
        self.socket.sendall(data)

    def receive(self) -> int:
        """Read what is there; return the status once the response is complete, else 0."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise ConnectionError("The server closed the connection.")
        self.answer += data
        head, separator, body = self.answer.partition(b"\r\n\r\n")
        if not separator:
            return 0
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        whole = len(body) >= length if at >= 0 else body.endswith(b"0\r\n\r\n") or b" 304" in head[:13]
        return int(head[9:12]) if whole else 0


def get_status(_answer: bytes, status: int) -> int:
    """Return the status unchanged (the default `outcome` of `drive`)."""
    return status


def drive(
    port: int,
    requests: Iterable[bytes],
    *,
    connections: int = 8,
    outcome: Callable[[bytes, int], int] = get_status,
) -> Result:
    """Send all requests over so many connections and return the result.

    `outcome` returns the status to count, if the response's own does not say it.
    """
    result, queue = Result(), iter(requests)
    selector = selectors.DefaultSelector()
    began = time.perf_counter()
    for _index in range(connections):
        start_next(Connection(port), queue, selector)
    while selector.get_map():
        for key, _events in selector.select(timeout=60):
            connection: Connection = key.data
            status = connection.receive()
            if status:
                status = outcome(connection.answer, status)
                result.times.append(time.perf_counter() - connection.started)
                result.ends.append((time.perf_counter() - began, status))
                result.statuses[status] = result.statuses.get(status, 0) + 1
                selector.unregister(connection.socket)
                start_next(connection, queue, selector)
    result.seconds = time.perf_counter() - began
    return result


def start_next(connection: Connection, queue: Iterator[bytes], selector: selectors.BaseSelector) -> None:
    """Send the connection's next request, or close it if there is none."""
    data = next(queue, None)
    if data is None:
        connection.socket.close()
        return
    connection.send(data)
    selector.register(connection.socket, selectors.EVENT_READ, connection)
