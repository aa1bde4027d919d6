"""The child process that runs one parser: `python -m convention.parsing.child`, started by `process.py`.

It reads a `ChildLimits` and the call from stdin, each a pickle, and writes a `ChildReply` to stdout.
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

from .child_messages import ChildLimits, ChildReply

# The parent reads the reply into its own memory, which has no limit.
MAX_REPLY_BYTES: Final = 128 * 1024 * 1024


def answer_parent() -> None:
    """Read the call from stdin, make it and write the reply."""
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as out:
        sys.stdout = sys.stderr  # a library that prints must not corrupt the reply
        limits: ChildLimits = pickle.load(sys.stdin.buffer)  # noqa: S301 (written by our own parent)
        limit_process(limits)
        configure_django(limits)
        with translation.override(limits.language):
            out.write(pickle_reply(make_call()))


def limit_process(limits: ChildLimits) -> None:
    """Apply the limits that this system supports."""
    for kind, maximum in (
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (maximum, maximum))


def configure_django(limits: ChildLimits) -> None:
    """Set up the part of Django that translated sentences need."""
    settings.configure(LANGUAGE_CODE=limits.language, LOCALE_PATHS=limits.locale_paths)
    django.setup()


def make_call() -> ChildReply:
    """Make the call and return its outcome."""
    try:
        parser, args, options = pickle.load(sys.stdin.buffer)  # noqa: S301 (written by our own parent)
        return ChildReply(result=parser(*args, **options))
    except ConventionError as error:
        # As text, since a lazy translation would be pickled and translated later.
        return ChildReply(error=(type(error), vars(error) | {"sentence": str(error)}))
    except (MemoryError, RecursionError):
        return ChildReply(is_exhausted=True)
    except Exception:
        return ChildReply(crash_traceback=traceback.format_exc())


def pickle_reply(reply: ChildReply) -> bytes:
    """Return the pickled reply; one that is too large counts as exhausted."""
    try:
        pickled_reply = pickle.dumps(reply, pickle.HIGHEST_PROTOCOL)
    except MemoryError:
        pickled_reply = b""
    if pickled_reply and len(pickled_reply) <= MAX_REPLY_BYTES:
        return pickled_reply
    return pickle.dumps(ChildReply(is_exhausted=True))


if __name__ == "__main__":
    answer_parent()
