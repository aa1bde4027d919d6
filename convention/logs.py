"""Log lines: for people in development, JSON in production; with the request's id, without personal data."""

import json
import logging
import re

from .actor import current_actor

SECRETS = re.compile(r"(?<=/)[\w:.~-]{32,}")


def said(record: logging.LogRecord) -> str:
    """The message, its paths without the secrets of mailed links and calendars."""
    return SECRETS.sub("***", record.getMessage())


class Lines(logging.Formatter):
    """One readable line."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the library's name)
        """The line without secrets."""
        record.message = said(record)
        return super().formatMessage(record)


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """Render the record; an exception's traceback goes into `error`."""
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": said(record),
            "request": current_actor.get().request_id,
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
