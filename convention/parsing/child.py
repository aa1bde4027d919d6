"""The process in which one parser runs: `python -m convention.parsing.child`, started by `process.parse`.

It reads a `Frame` and the call from stdin, each a pickle, and writes a `Reply` to stdout.
"""

import contextlib
import os
import pickle
import resource
import sys
import traceback
from typing import Final

import django
from django.conf import settings
from django.utils import translation

from convention.errors import ConventionError

from .messages import Frame, Reply

MAX_REPLY_BYTES: Final = 128 * 1024 * 1024
"""The parent holds the reply in its own memory, where no limit protects it."""


def main() -> None:
    """Answer the call that is written on stdin."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out:
        sys.stdout = sys.stderr  # a library that prints must not spoil the reply
        frame: Frame = pickle.load(sys.stdin.buffer)  # noqa: S301 (written by our own parent)
        limit_process(frame)
        configure_django(frame)
        with translation.override(frame.language):
            out.write(pickle_reply(answer_call()))


def limit_process(frame: Frame) -> None:
    """Apply the limits; a system that does not know one of them goes without it."""
    for kind, most in (
        (resource.RLIMIT_CPU, frame.cpu_seconds),
        (resource.RLIMIT_AS, frame.memory_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (most, most))


def configure_django(frame: Frame) -> None:
    """Set up as much of Django as translated sentences need."""
    settings.configure(LANGUAGE_CODE=frame.language, LOCALE_PATHS=frame.locale_paths)
    django.setup()


def answer_call() -> Reply:
    """Make the call and return its outcome."""
    try:
        parser, args, options = pickle.load(sys.stdin.buffer)  # noqa: S301 (written by our own parent)
        return Reply(result=parser(*args, **options))
    except ConventionError as error:
        return Reply(error=(type(error), vars(error) | {"sentence": str(error)}))
    except (MemoryError, RecursionError):
        return Reply(is_exhausted=True)
    except Exception:
        return Reply(crash=traceback.format_exc())


def pickle_reply(reply: Reply) -> bytes:
    """Return the reply as bytes; one that is too large counts as exhausted."""
    try:
        written = pickle.dumps(reply, pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        written = b""
    if written and len(written) <= MAX_REPLY_BYTES:
        return written
    return pickle.dumps(Reply(is_exhausted=True))


if __name__ == "__main__":
    main()
