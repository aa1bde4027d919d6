"""Receive request bodies on an event loop, within limits of size and time.

A slow sender occupies a connection here, never a thread. A body too large for memory goes to a temporary file
without a name (in `TMPDIR`), which is removed with the request.
"""

import asyncio
import contextlib
import io
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import IO, Any, Final, Protocol

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from convention.errors import ConventionError, ServiceUnavailable

# The key in the WSGI environ of the error with which the server refuses a request.
REFUSAL_KEY: Final = "convention.refusal"
# The longest pause between two pieces of a body: a phone that lost its network never continues.
MAX_PAUSE_SECONDS: Final = 15.0
# Time for every body; a large one gets more, by MIN_BYTES_PER_SECOND.
MIN_BODY_SECONDS: Final = 30.0
MIN_BYTES_PER_SECOND: Final = 16 * 1024
# A larger body goes to disk; a batch of 200 scans fits.
MAX_MEMORY_BYTES: Final = 64 * 1024
# For the large bodies of one process together, so that uploads cannot fill the disk.
MAX_DISK_BYTES: Final = 512 * 1024 * 1024


class BodyTooSlow(ConventionError):
    """The body did not arrive in time."""

    kind = "request-timeout"
    status = 408


class LengthRequired(ConventionError):
    """The request has a body and no Content-Length."""

    kind = "length-required"
    status = 411


class SenderDisconnected(Exception):
    """The connection ended before the body was complete; nobody waits for a response."""


class RequestHeaders(Protocol):
    """The headers of a request, by lower-case name."""

    def __contains__(self, name: str, /) -> bool: ...

    def get(self, name: str, /) -> Any:
        """Return the first value, or None."""


def max_body_bytes(content_type: str) -> int:
    """Return the size limit for a content type: only forms with files may be large."""
    has_files = content_type.partition(";")[0].strip().lower() == "multipart/form-data"
    return settings.UPLOAD_MAX_SIZE if has_files else settings.DATA_UPLOAD_MAX_MEMORY_SIZE


class BodyReceiver:
    """Receives the bodies of one process, and counts their disk space."""

    def __init__(self) -> None:
        # Changed on the event loop only, hence without a lock.
        self.disk_bytes = 0

    @contextlib.asynccontextmanager
    async def receive(
        self, pieces: AsyncIterable[bytes], headers: RequestHeaders
    ) -> AsyncIterator[IO[bytes]]:
        """Yield the complete body as a file, closed at the end of the block.

        `pieces` yields an empty piece if the connection broke. A body above its limit is read and dropped,
        and the file is empty: a client that still sends would not read the refusal.

        Raise LengthRequired, BodyTooSlow, ServiceUnavailable or SenderDisconnected.
        """
        # Without a length the size limit could only be enforced while storing the body.
        if "transfer-encoding" in headers:
            with contextlib.suppress(SenderDisconnected):  # the end of the body looks the same
                await read_body_pieces(pieces, settings.DATA_UPLOAD_MAX_MEMORY_SIZE, discard_piece)
            raise LengthRequired(_("The Content-Length header is missing. Send it with the body."))
        length = int(headers.get("content-length") or 0)
        max_bytes = max_body_bytes(headers.get("content-type") or "")
        if length > max_bytes:
            # A client that waits for 100-continue has sent nothing yet and can be refused at once.
            if length <= 2 * settings.UPLOAD_MAX_SIZE and "expect" not in headers:
                await read_body_pieces(pieces, length, discard_piece)
            yield io.BytesIO()
        elif length > MAX_MEMORY_BYTES:
            async with self._on_disk(pieces, length) as file:
                yield file
        else:
            memory = io.BytesIO()
            if length:
                await read_body_pieces(pieces, length, memory.write)
                memory.seek(0)
            yield memory

    @contextlib.asynccontextmanager
    async def _on_disk(self, pieces: AsyncIterable[bytes], length: int) -> AsyncIterator[IO[bytes]]:
        written = 0

        def write(piece: bytes) -> None:
            nonlocal written
            if self.disk_bytes + len(piece) > MAX_DISK_BYTES:
                raise ServiceUnavailable(
                    _("Too many files are being uploaded at the moment. Please try again shortly.")
                )
            file.write(piece)
            self.disk_bytes += len(piece)
            written += len(piece)

        # Without a name, so that the file is removed even if the process is killed.
        with tempfile.TemporaryFile() as file:
            try:
                await read_body_pieces(pieces, length, write)
                file.seek(0)
                yield file
            finally:
                self.disk_bytes -= written


def discard_piece(piece: bytes) -> None:
    """Drop a piece of a refused body."""


async def read_body_pieces(
    pieces: AsyncIterable[bytes], length: int, store_piece: Callable[[bytes], Any]
) -> None:
    """Pass each piece to `store_piece` until `length` bytes arrived.

    Raise BodyTooSlow or SenderDisconnected.
    """
    clock = asyncio.get_running_loop().time
    # Two limits: on each pause, and on the whole body at the slowest allowed rate.
    deadline = clock() + MIN_BODY_SECONDS + length / MIN_BYTES_PER_SECOND
    missing = length
    try:
        async with asyncio.timeout(MAX_PAUSE_SECONDS) as limit:
            async for piece in pieces:
                if not piece:
                    break
                store_piece(piece)
                missing -= len(piece)
                if missing <= 0:
                    return
                limit.reschedule(min(deadline, clock() + MAX_PAUSE_SECONDS))
    except TimeoutError:
        raise BodyTooSlow(_("The upload took too long. Please try again.")) from None
    raise SenderDisconnected
