"""Parse JSON files and read their values leniently."""

import datetime
import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from convention.errors import UnreadableFile

from .clean_values import value_to_text

# Numbers above are milliseconds since 1970; as seconds they would be later than the year 5000.
MIN_MILLISECONDS = 10**11


def parse_json(text: str) -> Any:
    """Return the content. Raise UnreadableFile for broken JSON."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableFile(
            _("This JSON file is damaged or incomplete (line %(line)s).") % {"line": error.lineno}
        ) from error
    # json raises ValueError itself for integers with too many digits.
    except (RecursionError, ValueError) as error:
        raise UnreadableFile(
            _("This JSON file is nested too deeply or contains numbers that are too large.")
        ) from error


def as_list(value: Any) -> list[Any]:
    """Return a list's items, [] for anything else."""
    return value if isinstance(value, list) else []


def as_objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in a list, or in the values of an object."""
    # Days, rooms or tracks may come as an object instead, keyed by number or name.
    items = list(value.values()) if isinstance(value, dict) else as_list(value)
    return [item for item in items if isinstance(item, dict)]


def read_moment_text(value: Any) -> str | None:
    """Return a moment as ISO text: a text as it is, a number as seconds or milliseconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return value_to_text(value)
    seconds = value / 1000 if abs(value) >= MIN_MILLISECONDS else value
    try:
        return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return None
