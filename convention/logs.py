"""Log lines: for people in development, JSON in production; with the request's id, without personal data."""

import json
import logging
import re
from types import TracebackType

from .actor import current_actor

SECRETS = re.compile(r"(?<=/)[\w:.~-]{32,}|(?<=[Bb]earer )[\w.~+/-]+=*|(?<=#pair=)[\w-]+|cvn_[\w-]+")
QUERIES = re.compile(r"(?<=[\w/])\?[\w%.~-]+=\S*")
ADDRESSES = re.compile(r"[^\s<>()\[\]{}'\",;:=@]+@[\w.-]+\.\w+")
VALUES = re.compile(r"^(DETAIL|CONTEXT): .*$|(?<=Key )\(.*$", re.MULTILINE)

type ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def clean(text: str) -> str:
    """Without secrets of mailed links, query strings, mail addresses and what a database tells of a row."""
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
