"""Personal data of the audit trail: ids and names of fields, never a personal value."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from convention.personal_data import DataSubject, PersonalDataSource

from .models import AuditEntry


def _find_entries_about(subject: DataSubject) -> "QuerySet[Any]":
    """Return the entries about actions on the subject's rows, by any actor, and on records merged into it."""
    # A guest known by address alone has no id, and no entry names an address.
    labels = list[str]()
    pending = [subject.person_id] if subject.person_id else []
    while pending:
        label = f"club.person:{pending.pop()}"
        labels.append(label)
        # Entries never change: those about a merged record name its own id.
        merges = AuditEntry.objects.filter(verb__in=("person.merge", "person.claim"), subject=label)
        pending += [entry.details["merged_person"] for entry in merges if "merged_person" in entry.details]
    return AuditEntry.objects.filter(subject__in=labels)


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
