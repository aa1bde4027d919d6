"""Rules for each model: which rows go into a backup, with which columns blanked or encrypted.

Our models declare their rule as `BACKUP_RULE`; the rules of library models are listed here.
Without SECRET_KEY, nothing in the file may give access to anything (tests/convention/backup/test_secrets.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import Q


@dataclass(frozen=True)
class BackupRule:
    """`row_filter` chooses the rows; `blanked_columns` are saved as an empty text.

    `encrypted_columns` names text columns that are saved under SECRET_KEY, each with the function that makes
    a new value if a restore cannot decrypt the saved one.
    """

    row_filter: Q = field(default_factory=Q)
    blanked_columns: frozenset[str] = frozenset()
    encrypted_columns: Mapping[str, Callable[[], str]] = field(default_factory=dict)

    @property
    def excludes_all_rows(self) -> bool:
        """Return whether no row at all is saved."""
        return self.row_filter == NO_ROWS


NO_ROWS = Q(pk__in=[])
# The table is restored empty; its keys continue, so that no key is assigned twice.
EXCLUDED_FROM_BACKUP = BackupRule(row_filter=NO_ROWS)
ALL_ROWS_RULE = BackupRule()
LIBRARY_RULES = {
    "sessions.session": EXCLUDED_FROM_BACKUP,  # the key of a session signs in as its owner
    "usersessions.usersession": EXCLUDED_FROM_BACKUP,
    "account.emailconfirmation": EXCLUDED_FROM_BACKUP,
    "convention.lease": EXCLUDED_FROM_BACKUP,  # their processes are gone
    # Waiting tasks run after a restore. The traceback of a failed one may quote an address with its secret.
    "django_tasks_database.dbtaskresult": BackupRule(
        row_filter=Q(status__in=["READY", "RUNNING"]), blanked_columns=frozenset({"traceback"})
    ),
}


def get_backup_rule(model: type[models.Model]) -> BackupRule:
    """Return how the rows of a model are saved."""
    found: Any = LIBRARY_RULES.get(model._meta.label_lower) or getattr(model, "BACKUP_RULE", ALL_ROWS_RULE)
    assert isinstance(found, BackupRule)
    return found
