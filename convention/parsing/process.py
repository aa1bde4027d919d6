"""Run a parser in a process of its own: a crafted file costs the server neither a thread nor its memory.

A process rather than a task of the worker, because the page that takes a file shows at once what it holds. It
costs half a second of processor time, most of it Python's start. A fork would be quicker, but is not safe
in a server with threads.
"""

import logging
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from convention.errors import ConventionError, Unavailable, Unreadable

from .messages import Frame, Reply

logger = logging.getLogger(__name__)

COMMAND: Final = (sys.executable, "-m", "convention.parsing.child")
DEADLINE_FACTOR: Final = 3
"""A machine under load gives a process a third of the time: the deadline is so many times the CPU seconds."""
OWN_PACKAGES: Final = ("convention", "schedule", "registrations", "badges")
MAX_PARSERS: Final = 2
"""As many of a server process run at once: its other threads answer meanwhile."""

_free_places = threading.BoundedSemaphore(MAX_PARSERS)


class TooDemanding(Unreadable):
    """A file that takes more time or memory to read than any honest one."""

    kind = "too-demanding"


def parse[T](parser: Callable[..., T], *args: Any, **options: Any) -> T:
    """Call `parser` in a process of its own and return its result.

    The parser is a function of a module that needs no apps, or a `partial` of one; what it takes and returns
    is pickled. `settings.PARSER_SECONDS` and `settings.PARSER_MEMORY_MB` limit it. Raises the parser's own
    ConventionError, TooDemanding beyond the limits, and Unavailable while too many other files are read.
    """
    call = pickle.dumps((parser, args, options), pickle.HIGHEST_PROTOCOL)
    deadline = settings.PARSER_SECONDS * DEADLINE_FACTOR
    if not _free_places.acquire(timeout=deadline):
        raise Unavailable(_("Other files are being read. Try again in a minute."))
    try:
        reply = run_child(pickle.dumps(current_frame()) + call, seconds=deadline)
    finally:
        _free_places.release()
    return result_of(reply)


def current_frame() -> Frame:
    """Return the limits by the settings, and the language of the moment."""
    own = [Path(app.path) / "locale" for app in apps.get_app_configs() if app.name.startswith(OWN_PACKAGES)]
    return Frame(
        cpu_seconds=settings.PARSER_SECONDS,
        memory_bytes=settings.PARSER_MEMORY_MB * 1024 * 1024,
        language=get_language() or settings.LANGUAGE_CODE,
        locale_paths=[str(path) for path in (*settings.LOCALE_PATHS, *own)],
    )


def run_child(given: bytes, *, seconds: float) -> Reply:
    """Run the child for at most so many seconds and return its reply. Raises TooDemanding without one."""
    with subprocess.Popen(  # noqa: S603 (the command is ours)
        COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
        env={},  # a parser needs no secret
    ) as child:
        try:
            written, _errors = child.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            written = b""
    if not written:
        logger.warning("A parser was ended (status %s).", child.returncode)
        raise too_demanding()
    reply: Reply = pickle.loads(written)  # noqa: S301 (written by our own child)
    return reply


def result_of(reply: Reply) -> Any:
    """Return the result, or raise the error that the child reported."""
    if reply.is_exhausted:
        raise too_demanding()
    if reply.error:
        raise rebuilt(*reply.error)
    if reply.crash:
        raise RuntimeError(f"A parser failed.\n{reply.crash}")
    return reply.result


def rebuilt(kind: type[ConventionError], attributes: dict[str, Any]) -> ConventionError:
    """Return the child's error as it was there, whatever its constructor takes."""
    error = kind.__new__(kind, attributes["sentence"])
    vars(error).update(attributes)
    return error


def too_demanding() -> TooDemanding:
    """Return the error for a file beyond the limits."""
    return TooDemanding(
        _(
            "Reading this file takes too long or too much memory. Save it again without formatting, or split "
            "it into several files."
        )
    )
