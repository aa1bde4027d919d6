"""Run a parser in a child process, so that a crafted file cannot exhaust the server's threads or memory.

A process rather than a task of the worker, because the upload page shows at once what the file holds. It
costs half a second of processor time, most of it Python's start. A fork would be faster, but is not safe in a
server with threads.
"""

import logging
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from convention.errors import ConventionError, ServiceUnavailable, UnreadableFile
from convention.installed_apps import LAYERS

from .child_messages import ChildLimits, ChildReply

if TYPE_CHECKING:
    from .pictures import PictureRules

logger = logging.getLogger(__name__)

CHILD_COMMAND: Final = (sys.executable, "-m", "convention.parsing.child")
# A loaded machine gives a process a third of the time, so the deadline is a multiple of the CPU seconds.
DEADLINE_FACTOR: Final = 3
# Children of one server process at once, so that other threads stay free for requests.
MAX_PARSERS: Final = 2

_parser_slots = threading.BoundedSemaphore(MAX_PARSERS)


class FileTooDemanding(UnreadableFile):
    """The file takes more time or memory to read than the limits allow."""

    kind = "too-demanding"


def parse_in_child[T](parser: Callable[..., T], *args: Any, **options: Any) -> T:
    """Call `parser` in a child process and return its result.

    The parser is a function of a module that needs no apps, or a `partial` of one; arguments and result are
    pickled. `settings.PARSER_SECONDS` and `settings.PARSER_MEMORY_MB` limit it. Raise the parser's own
    ConventionError, FileTooDemanding beyond the limits, and ServiceUnavailable while too many other files are
    being read.
    """
    call = pickle.dumps((parser, args, options), pickle.HIGHEST_PROTOCOL)
    deadline = settings.PARSER_SECONDS * DEADLINE_FACTOR
    if not _parser_slots.acquire(timeout=deadline):
        raise ServiceUnavailable(_("Other files are being processed. Try again in a minute."))
    try:
        reply = run_child(pickle.dumps(get_child_limits()) + call, seconds=deadline)
    finally:
        _parser_slots.release()
    return unwrap_reply(reply)


def redraw_in_child[T](redraw: Callable[..., T], image_bytes: bytes, *args: Any, rules: "PictureRules") -> T:
    """Call a function that redraws a picture in a child process, as `parse_in_child` does."""
    try:
        return parse_in_child(redraw, image_bytes, *args)
    except FileTooDemanding as error:
        # Instead of the general sentence, which gives advice about tables.
        raise FileTooDemanding(str(rules.too_many_pixels)) from error


def get_child_limits() -> ChildLimits:
    """Return the limits from the settings and the current language."""
    paths = [Path(app.path) / "locale" for app in apps.get_app_configs() if app.name.startswith(LAYERS)]
    return ChildLimits(
        cpu_seconds=settings.PARSER_SECONDS,
        memory_bytes=settings.PARSER_MEMORY_MB * 1024 * 1024,
        language=get_language() or settings.LANGUAGE_CODE,
        locale_paths=[str(path) for path in (*settings.LOCALE_PATHS, *paths)],
    )


def run_child(child_input: bytes, *, seconds: float) -> ChildReply:
    """Run the child for at most `seconds` and return its reply. Raise FileTooDemanding if there is none."""
    with subprocess.Popen(  # noqa: S603 (the command is ours)
        CHILD_COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
        env={},  # a parser needs no secret
    ) as child:
        try:
            output, _errors = child.communicate(child_input, timeout=seconds)
        # The CPU limit does not end a child that sleeps or waits.
        except subprocess.TimeoutExpired:
            child.kill()
            output = b""
    if not output:
        logger.warning("A parser was ended (status %s).", child.returncode)
        raise make_too_demanding_error()
    reply: ChildReply = pickle.loads(output)  # noqa: S301 (written by our own child)
    return reply


def unwrap_reply(reply: ChildReply) -> Any:
    """Return the result, or raise the error that the child reported."""
    if reply.is_exhausted:
        raise make_too_demanding_error()
    if reply.error:
        raise rebuild_error(*reply.error)
    if reply.crash_traceback:
        raise RuntimeError(f"A parser failed.\n{reply.crash_traceback}")
    return reply.result


def rebuild_error(kind: type[ConventionError], attributes: dict[str, Any]) -> ConventionError:
    """Return the child's error without calling its constructor, whose arguments are not known."""
    # The sentence is already translated: the child ran in this request's language.
    error = kind.__new__(kind, attributes["sentence"])
    vars(error).update(attributes)
    return error


def make_too_demanding_error() -> FileTooDemanding:
    return FileTooDemanding(
        _(
            "This file takes too long or too much memory to read. Save it without formatting, "
            "or split it into several files."
        )
    )
