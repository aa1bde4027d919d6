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
            server.sendall(read_message(client))
            answer = read_message(server)
            client.sendall(answer if self.cut_after is None else answer[: self.cut_after])


def read_message(source: socket.socket) -> bytes:
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


class LossyProxy:
    """A TCP proxy that passes requests on, and loses the answers while it has a fault.

    `fault` is "cut" (the connection ends in place of the answer), "silent" (no answer ever comes) or None.
    """

    def __init__(self, port: int) -> None:
        self.target = ("127.0.0.1", port)
        self.fault: str | None = None
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                server = socket.create_connection(self.target)
                for pump in (self._pass_requests, self._pass_answers):
                    threading.Thread(target=pump, args=(client, server), daemon=True).start()

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := client.recv(65536):
                server.sendall(piece)
        end_connection(server)

    def _pass_answers(self, client: socket.socket, server: socket.socket) -> None:
        with server, client, contextlib.suppress(OSError):
            while piece := server.recv(65536):
                if self.fault is None:
                    client.sendall(piece)
                    continue
                if self.fault == "cut":
                    break
            end_connection(client)
            end_connection(server)


def end_connection(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
