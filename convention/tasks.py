"""Tasks named by a setting, so that a lower storey can start what a higher one does."""

from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


def enqueue(setting: str, *args: Any) -> None:
    """Queue the task whose dotted path stands in that setting, in the caller's transaction.

    Arguments are ids, never data: the queue is a table that others may read.
    """
    import_string(getattr(settings, setting)).enqueue(*args)
