"""Recognize the errors that a merge of two people causes in a request at the same moment."""

import sqlite3
from typing import Final

from django.contrib.auth import get_user_model

POSTGRESQL_FOREIGN_KEY_VIOLATION: Final = "23503"
# In the names of the constraints that refer to people; Django shortens long names at both ends of this.
PERSON_KEY: Final = "_fk_club_pers"


def is_missing_person(error: BaseException | None) -> bool:
    """Return whether the row of a person that the request has read before is gone.

    SQLite does not tell which row is missing: there, any missing row counts.
    """
    # By name: a save with `update_fields` of a deleted row, such as the time of the last sign-in.
    if isinstance(error, get_user_model().NotUpdated):
        return True
    cause = error.__cause__ if error else None
    if getattr(cause, "sqlstate", None) == POSTGRESQL_FOREIGN_KEY_VIOLATION:
        return PERSON_KEY in (cause.diag.constraint_name or "")  # type: ignore[union-attr]  # of psycopg
    return getattr(cause, "sqlite_errorcode", None) == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY
