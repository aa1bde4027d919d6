"""Logging: readable lines in development, JSON in production, with request ids and without personal data."""

import json
import logging
import re
import sys
from types import TracebackType
from typing import Any

from .actor import current_actor

# In this order: long parts of a path (secrets of links), bearer tokens, pairing codes, API tokens.
SECRET_PATTERN = re.compile(r"(?<=/)[\w:.~-]{32,}|(?<=[Bb]earer )[\w.~+/-]+=*|(?<=#pair=)[\w-]+|cvn_[\w-]+")
QUERY_PATTERN = re.compile(r"(?<=[\w/])\?[\w%.~-]+=\S*")
# Possessive (`++`) and only from the beginning of a word: a long line without "@" must not be searched
# again from each of its letters.
ADDRESS_PATTERN = re.compile(r"(?<![^\s<>()\[\]{}'\",;:=@])[^\s<>()\[\]{}'\",;:=@]++@[\w.-]*\w")
# PostgreSQL quotes the values of a row that breaks a constraint.
ROW_VALUE_PATTERN = re.compile(r"^(DETAIL|CONTEXT): .*$|(?<=Key )\(.*$", re.MULTILINE)

# Longer messages are cut: visitors can cause messages of any length.
MAX_MESSAGE_CHARS = 20_000

# The message about a refused request quotes what a stranger sent.
MAX_REFUSAL_CHARS = 160

type ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def redact_log_text(text: str) -> str:
    """Replace secrets of links, query strings, e-mail addresses and values of rows; shorten long texts."""
    text = (
        text
        if len(text) <= MAX_MESSAGE_CHARS
        else f"{text[: MAX_MESSAGE_CHARS // 2]} ... {text[-MAX_MESSAGE_CHARS // 2 :]}"
    )
    # Secrets first: later patterns could otherwise split them.
    return ADDRESS_PATTERN.sub(
        "***", ROW_VALUE_PATTERN.sub("***", QUERY_PATTERN.sub("?***", SECRET_PATTERN.sub("***", text)))
    )


class LineFormatter(logging.Formatter):
    """Formats one readable line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the library's name)
        record.message = redact_log_text(record.getMessage())
        return super().formatMessage(record)


class JsonLineFormatter(logging.Formatter):
    """Formats one JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Format the record; an exception's traceback goes into `error`."""
        actor = current_actor.get()
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact_log_text(record.getMessage()),
            "request": actor.request_id,
            "person": actor.person_id,
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 (the library's name)
        return redact_log_text(super().formatException(ei))


class ShortRefusalFilter(logging.Filter):
    """Shorten the errors with traceback that Django logs when it answers 400.

    An unexpected Host header, too many fields and the like are the sender's fault: a scan of the internet for
    open servers would fill the log with tracebacks.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record of `django.security` in place; let every record pass."""
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.msg, record.args = record.getMessage()[:MAX_REFUSAL_CHARS], ()
        return True


def build_logging_config(*, mode: str, level: str) -> dict[str, Any]:
    """Return the LOGGING setting for a mode and a level."""
    production = mode == "production"
    # In development warnings go to the terminal with their source line.
    logging.captureWarnings(production)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": JsonLineFormatter if production else LineFormatter}},
        "filters": {"short_refusals": {"()": ShortRefusalFilter}},
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
            # Wrong requests (404 and the like) are not logged: under load they would fill the log.
            "django.request": {"level": "ERROR"},
            "fido2": {"level": "WARNING"},  # logs each passkey at INFO
            # One line for each request, and which request queued which task: in production only.
            "convention.access": {"level": level if production else "WARNING"},
            "django.tasks": {"level": {"INFO": "DEBUG" if production else "WARNING"}.get(level, level)},
            "factur-x": {"level": "WARNING"},  # logs each step of each invoice at INFO
        },
    }
