"""Receive the body of a request on an event loop, within limits of size and time.

A slow sender costs a connection here, never a thread. A body too large to be kept in memory goes to a
temporary file without a name (in `TMPDIR`), which ends with the request.
"""

import asyncio
import contextlib
import io
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Callable
from typing import IO, Any, Final, Protocol

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from .errors import ConventionError, Unavailable

REFUSAL_KEY: Final = "convention.refusal"
"""Where the WSGI environment holds the error for which the server refuses a request."""
SILENCE_SECONDS: Final = 15.0
"""The longest pause between two pieces of a body: a phone that lost its network never goes on."""
BODY_SECONDS: Final = 30.0
"""Time for every body; a large one gets more, by SLOWEST_BYTES_PER_SECOND."""
SLOWEST_BYTES_PER_SECOND: Final = 16 * 1024
MEMORY_BYTES: Final = 64 * 1024
"""Kept in memory of one body: a batch of 200 scans has about as much."""
MAX_DISK_BYTES: Final = 512 * 1024 * 1024
"""The large bodies of one process together, so that uploads cannot fill the disk."""


class BodyTooSlow(ConventionError):
    """The body did not arrive in time."""

    kind = "request-timeout"
    status = 408


class LengthRequired(ConventionError):
    """The body comes without its length."""

    kind = "length-required"
    status = 411


class SenderGone(Exception):
    """The connection ended before the body did: nobody waits for an answer."""


class Headers(Protocol):
    """The headers of a request, by lower-case name."""

    def __contains__(self, name: str, /) -> bool: ...

    def get(self, name: str, /) -> Any:
        """Return the first value, None where there is none."""


def max_body_bytes(content_type: str) -> int:
    """Return how large a body of this content type may be: only forms with files may be large."""
    has_files = content_type.partition(";")[0].strip().lower() == "multipart/form-data"
    return settings.UPLOAD_MAX_SIZE if has_files else settings.DATA_UPLOAD_MAX_MEMORY_SIZE


class BodyReceiver:
    """Receives the bodies of one process, and counts what they take on disk."""

    def __init__(self) -> None:
        self.disk_bytes = 0

    @contextlib.asynccontextmanager
    async def receive(self, pieces: AsyncIterable[bytes], headers: Headers) -> AsyncIterator[IO[bytes]]:
        """Give the complete body as a file, closed at the end of the block.

        `pieces` yields an empty piece where the connection broke off. A body above its limit is read and
        dropped, and the file is empty: a client that still sends would not hear the refusal.

        Raises LengthRequired, BodyTooSlow, Unavailable, or SenderGone.
        """
        if "transfer-encoding" in headers:
            with contextlib.suppress(SenderGone):  # its end looks the same
                await read_pieces(pieces, settings.DATA_UPLOAD_MAX_MEMORY_SIZE, drop)
            raise LengthRequired(_("The body needs its length: send Content-Length."))
        length = int(headers.get("content-length") or 0)
        max_bytes = max_body_bytes(headers.get("content-type") or "")
        if length > max_bytes:
            if length <= 2 * settings.UPLOAD_MAX_SIZE and "expect" not in headers:
                await read_pieces(pieces, length, drop)
            yield io.BytesIO()
        elif length > MEMORY_BYTES:
            async with self._on_disk(pieces, length) as file:
                yield file
        else:
            memory = io.BytesIO()
            if length:
                await read_pieces(pieces, length, memory.write)
                memory.seek(0)
            yield memory

    @contextlib.asynccontextmanager
    async def _on_disk(self, pieces: AsyncIterable[bytes], length: int) -> AsyncIterator[IO[bytes]]:
        written = 0

        def write(piece: bytes) -> None:
            nonlocal written
            if self.disk_bytes + len(piece) > MAX_DISK_BYTES:
                raise Unavailable(_("Too many files are being sent just now. Please try again in a moment."))
            file.write(piece)
            self.disk_bytes += len(piece)
            written += len(piece)

        with tempfile.TemporaryFile() as file:
            try:
                await read_pieces(pieces, length, write)
                file.seek(0)
                yield file
            finally:
                self.disk_bytes -= written


def drop(piece: bytes) -> None:
    """Forget a piece."""


async def read_pieces(pieces: AsyncIterable[bytes], length: int, keep: Callable[[bytes], Any]) -> None:
    """Hand each piece to `keep` until `length` bytes are there. Raises BodyTooSlow or SenderGone."""
    clock = asyncio.get_running_loop().time
    end = clock() + BODY_SECONDS + length / SLOWEST_BYTES_PER_SECOND
    missing = length
    try:
        async with asyncio.timeout(SILENCE_SECONDS) as limit:
            async for piece in pieces:
                if not piece:
                    break
                keep(piece)
                missing -= len(piece)
                if missing <= 0:
                    return
                limit.reschedule(min(end, clock() + SILENCE_SECONDS))
    except TimeoutError:
        raise BodyTooSlow(_("What you sent arrived too slowly. Please try again.")) from None
    raise SenderGone
