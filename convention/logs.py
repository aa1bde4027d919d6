"""Log lines: for people in development, JSON in production; with the request's id, without personal data."""

import json
import logging
import re
import sys
from types import TracebackType
from typing import Any

from .actor import current_actor

SECRETS = re.compile(r"(?<=/)[\w:.~-]{32,}|(?<=[Bb]earer )[\w.~+/-]+=*|(?<=#pair=)[\w-]+|cvn_[\w-]+")
QUERIES = re.compile(r"(?<=[\w/])\?[\w%.~-]+=\S*")
ADDRESSES = re.compile(r"(?<![^\s<>()\[\]{}'\",;:=@])[^\s<>()\[\]{}'\",;:=@]++@[\w.-]*\w")
VALUES = re.compile(r"^(DETAIL|CONTEXT): .*$|(?<=Key )\(.*$", re.MULTILINE)

LONGEST = 20_000
"""Characters of one message; the rest says nothing new, and a visitor may have chosen it."""

REFUSAL_LENGTH = 160
"""Characters of the message about a request that was refused: it quotes what a stranger sent."""

type ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def clean(text: str) -> str:
    """Without secrets of mailed links, query strings, mail addresses and what a database tells of a row."""
    text = text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} ... {text[-LONGEST // 2 :]}"
    return ADDRESSES.sub("***", VALUES.sub("***", QUERIES.sub("?***", SECRETS.sub("***", text))))


class Lines(logging.Formatter):
    """One readable line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the library's name)
        """The line without secrets."""
        record.message = clean(record.getMessage())
        return super().formatMessage(record)


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Render the record; an exception's traceback goes into `error`."""
        actor = current_actor.get()
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": clean(record.getMessage()),
            "request": actor.request_id,
            "person": actor.person_id,
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 (the library's name)
        """Where it failed and why, without the data it failed on."""
        return clean(super().formatException(ei))


class ShortRefusals(logging.Filter):
    """Make one short line of what Django logs as an error with a traceback when it answers 400.

    A strange Host header, too many fields and the like are the sender's: a scan of the internet for open
    servers would fill the log with tracebacks.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record of `django.security` in place; let every record pass."""
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.msg, record.args = record.getMessage()[:REFUSAL_LENGTH], ()
        return True


def configuration(*, mode: str, level: str) -> dict[str, Any]:
    """Where lines go and how much is told; what libraries warn of is a line like any other."""
    production = mode == "production"
    logging.captureWarnings(production)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": JsonLines if production else Lines}},
        "filters": {"short_refusals": {"()": ShortRefusals}},
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": "line",
                "filters": ["short_refusals"],
                "stream": sys.stderr,
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # What a visitor asked wrongly is answered, not logged: a rush would fill the log.
            "django.request": {"level": "ERROR"},
            "fido2": {"level": "WARNING"},  # names each passkey
            # One line for each request, and which request queued which task: in production only.
            "convention.access": {"level": level if production else "WARNING"},
            "django.tasks": {"level": "DEBUG" if production and level == "INFO" else level},
        },
    }
