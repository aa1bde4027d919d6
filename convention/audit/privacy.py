"""Personal data of the audit trail: ids and names of fields, never a personal value."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from convention.personal_data import DataSubject, PersonalDataSource

from .models import AuditEntry


def _find_entries_about(subject: DataSubject) -> "QuerySet[Any]":
    """Return the entries about actions on the subject's rows, by any actor."""
    label = f"club.person:{subject.person_id}"
    # A guest known by address alone has no id, and no entry names an address.
    return AuditEntry.objects.filter(Q(subject=label) if subject.person_id else Q(pk__in=[]))


PERSONAL_DATA = [
    PersonalDataSource(
        model=AuditEntry,
        purpose=_("the log of actions by you or about you: field names only, never their values"),
        actor_columns=("actor",),
        exported_columns=("id", "created_at", "channel", "verb", "event", "subject", "fields", "details"),
        find_more_rows=_find_entries_about,
        retention_reason=_(
            "entries identify people by a number only; names are removed from the reasons given"
        ),
    ),
]
FREE_TEXT = {AuditEntry: ("reason",)}
