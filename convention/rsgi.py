"""The application that granian serves: `granian --interface rsgi convention.rsgi:application`.

The site is a WSGI application, run by a few threads. granian's own WSGI interface reads request bodies in
these threads and without a deadline, so that eight stalled uploads stop two processes of four threads each.
Here a body is received on the event loop (`web/request_body.py`) before a thread is taken. This serves as
many pages a second as granian's WSGI and 90 % of the scans. Of the servers that receive bodies like this too,
waitress serves a third fewer scans and has no https, and ASGI servers run Django several times slower.

- A health check has its own thread and never waits behind pages.
- If all threads wait for something, no request waits forever: after MAX_WAIT_SECONDS the answer is 503.
- A slow client occupies no thread: granian gets the complete response, or the name of the file to send. A
  streamed response is collected in memory, since granian's RSGI would buffer it without limit anyway.
"""

import asyncio
import contextlib
import io
import resource
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, Final

from django.core.files import File
from django.utils.translation import gettext_lazy as _
from granian.rsgi import HTTPProtocol, Scope

from .db.wait_budget import wait_budget
from .errors import ConventionError, ServiceUnavailable
from .web.request_body import REFUSAL_KEY, BodyReceiver, SenderDisconnected
from .wsgi import application as wsgi_application

type Environ = dict[str, Any]

# Requests that one process handles at once; each thread keeps a database connection.
MAX_THREADS: Final = 4
# Time that a request waits for a thread and for database locks, together.
MAX_WAIT_SECONDS: Final = 20.0
PROBE_PATHS: Final = ("/healthz", "/readyz", "/metrics")
MAX_OPEN_FILES: Final = 16384
BASE_ENVIRON: Final[Environ] = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}


class SentFile:
    """An open file that the server sends itself: the `wsgi.file_wrapper` of PEP 3333."""

    def __init__(self, file: IO[bytes], block_size: int = 64 * 1024) -> None:
        self.file, self.block_size = file, block_size

    @property
    def path(self) -> str:
        """Return the file's path; "" if it has no name, is not on this disk or was partly read."""
        if isinstance(self.file, io.BufferedReader | File) and self.file.tell() == 0:
            # A Django storage elsewhere than on the disk has names and no paths.
            with contextlib.suppress(NotImplementedError):
                path = getattr(self.file, "path", self.file.name)
                return path if isinstance(path, str) else ""
        return ""

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(self.block_size), b"")

    def close(self) -> None:
        """Close the file, and with it Django's response."""
        self.file.close()


class RsgiApplication:
    """Runs a WSGI application in threads, for RSGI requests."""

    def __init__(self, wsgi_app: Callable[..., Any]) -> None:
        self.wsgi_app = wsgi_app
        self.body_receiver = BodyReceiver()
        self.page_threads = ThreadPoolExecutor(MAX_THREADS, "page")
        # Separate, so that a refusal does not wait for the busy threads that caused it.
        self.refusal_threads = ThreadPoolExecutor(1, "refusal")
        self.probe_threads = {path: ThreadPoolExecutor(1, path.strip("/")) for path in PROBE_PATHS}

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Raise the limit of open files: many systems allow only 1,024 per process by default."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        new_limit = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, new_limit), hard))

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        """Receive the body, then respond."""
        environ = make_environ(scope)
        try:
            async with self.body_receiver.receive(protocol, scope.headers) as body:
                environ["wsgi.input"] = body
                await self._answer(environ, protocol)
        except ConventionError as refusal:
            await self._refuse(environ, protocol, refusal)
        except SenderDisconnected:
            protocol.response_empty(400, [])

    async def _answer(self, environ: Environ, protocol: HTTPProtocol) -> None:
        threads = self.probe_threads.get(environ["PATH_INFO"], self.page_threads)
        job = threads.submit(self._respond, environ, protocol, time.monotonic())
        # Cancels only a job that no thread has started.
        timer = asyncio.get_running_loop().call_later(MAX_WAIT_SECONDS, job.cancel)
        try:
            await asyncio.wrap_future(job)
        except asyncio.CancelledError:  # no thread was free in time; a running job is never cancelled
            raise ServiceUnavailable(
                _("The site is very busy at the moment. Please try again shortly.")
            ) from None
        finally:
            timer.cancel()

    async def _refuse(self, environ: Environ, protocol: HTTPProtocol, refusal: ConventionError) -> None:
        """Let the site render a refusal, so that it looks and is logged like any other response."""
        environ |= {REFUSAL_KEY: refusal, "wsgi.input": io.BytesIO()}
        job = self.refusal_threads.submit(self._respond, environ, protocol, time.monotonic())
        await asyncio.wrap_future(job)

    def _respond(self, environ: Environ, protocol: HTTPProtocol, queued_at: float) -> None:
        """Run the application in this thread."""
        start_calls: list[tuple[int, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_error: object) -> None:
            start_calls.append((int(status[:3]), headers))

        # The time in the queue counts too, so that a request never takes longer than the limit.
        with wait_budget(MAX_WAIT_SECONDS - (time.monotonic() - queued_at)):
            content = self.wsgi_app(environ, start_response)
            try:
                status, headers = start_calls[-1]
                if isinstance(content, SentFile) and (path := content.path):
                    protocol.response_file(status, headers, path)
                else:
                    protocol.response_bytes(status, headers, b"".join(content))
            finally:
                if close := getattr(content, "close", None):
                    close()


def make_environ(scope: Scope) -> Environ:
    """Return the WSGI environ of a request, without its body.

    Headers with an underscore are dropped: WSGI could not tell `X_Forwarded_For` from `X-Forwarded-For`.
    """
    # From the right: an IPv6 address contains colons.
    server, _colon, port = scope.server.rpartition(":")
    environ = BASE_ENVIRON | {
        "REQUEST_METHOD": scope.method,
        # WSGI expects the bytes of the path as Latin-1.
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "SERVER_NAME": server.strip("[]"),
        "SERVER_PORT": port,
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.errors": sys.stderr,
        "wsgi.file_wrapper": SentFile,
    }
    for name, value in scope.headers.items():
        if "_" not in name:
            key = wsgi_header_key(name)
            # Repeated headers are joined by commas, but cookies contain commas.
            separator = ";" if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{separator}{value}" if key in environ else value
    environ.setdefault("HTTP_HOST", scope.authority or "")
    return environ


def wsgi_header_key(header: str) -> str:
    """Return the environ key of a header."""
    key = header.upper().replace("-", "_")
    return key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"


application = RsgiApplication(wsgi_application)
