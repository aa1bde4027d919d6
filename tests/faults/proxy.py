"""A small TCP proxy that cuts a response after so many bytes, when the server has sent all of it."""

import contextlib
import re
import socket
import threading

LENGTH = re.compile(rb"(?i)content-length: *(\d+)")


class CuttingProxy:
    """`cut_after` is the number of bytes of the response to pass on; None: all."""

    def __init__(self, port: int) -> None:
        self.target = ("127.0.0.1", port)
        self.cut_after: int | None = None
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=self.listener.accept()[:1], daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """Serve one request per connection, as our test's client makes them."""
        with client, socket.create_connection(self.target) as server, contextlib.suppress(OSError):
            server.sendall(whole_message(client))
            answer = whole_message(server)
            client.sendall(answer if self.cut_after is None else answer[: self.cut_after])


def whole_message(source: socket.socket) -> bytes:
    """Return head and body, by the announced length."""
    read = b""
    while b"\r\n\r\n" not in read and (piece := source.recv(65536)):
        read += piece
    head, _, body = read.partition(b"\r\n\r\n")
    found = LENGTH.search(head)
    missing = (int(found.group(1)) if found else 0) - len(body)
    while missing > 0 and (piece := source.recv(65536)):
        read, missing = read + piece, missing - len(piece)
    return read
