"""How the rows of each model go into a backup: which of them, which columns empty, which encrypted.

A model of ours says it itself, as its attribute `BACKUP_RULE`; those of libraries, and of what lies below,
are named here. To whoever reads the file alone, without SECRET_KEY, nothing in it must open anything
(tests/convention/backup/test_secrets.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import Q


@dataclass(frozen=True)
class BackupRule:
    """`only` chooses the rows; `emptied` columns are saved as an empty text.

    `encrypted` names columns of text that are saved under SECRET_KEY, with the function that makes another
    value where a restore cannot decrypt the one that was saved.
    """

    only: Q = field(default_factory=Q)
    emptied: frozenset[str] = frozenset()
    encrypted: Mapping[str, Callable[[], str]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Whether no row at all is saved."""
        return self.only == NOTHING


NOTHING = Q(pk__in=[])
LEFT_OUT = BackupRule(only=NOTHING)
"""The table is restored empty; its numbering goes on, so that no number is given twice."""
PLAIN = BackupRule()
NAMED_HERE = {
    "sessions.session": LEFT_OUT,  # whoever holds a session's key is signed in
    "usersessions.usersession": LEFT_OUT,
    "account.emailconfirmation": LEFT_OUT,
    "convention.lease": LEFT_OUT,  # the processes that hold them are gone
    # What waits is done after a restore. An error's traceback may quote an address with its secret.
    "django_tasks_database.dbtaskresult": BackupRule(
        only=Q(status__in=["READY", "RUNNING"]), emptied=frozenset({"traceback"})
    ),
}


def rule_of(model: type[models.Model]) -> BackupRule:
    """Return how the rows of a model are saved."""
    found: Any = NAMED_HERE.get(model._meta.label_lower) or getattr(model, "BACKUP_RULE", PLAIN)
    assert isinstance(found, BackupRule)
    return found
