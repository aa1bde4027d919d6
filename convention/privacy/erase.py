"""Erase a person's names, addresses and answers; issued invoices, totals and hashes of lists stay."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.club.permissions import CLUB_ROLES_LOCK
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import ConventionError, NotOpenNow
from convention.mail.messages import send_mail_message
from convention.personal_data import DataSubject, PersonalDataSource
from convention.text.email_addresses import filter_by_email

from .find_data import FoundRows, SubjectData, add_known_names
from .mails import write_erasure_mail
from .models import PrivacyCase
from .redaction.mentions import find_mentions
from .redaction.redact_rows import (
    ErasedSubject,
    find_rows_about,
    has_namesake,
    make_wide_redactor,
    redact_subjects,
)
from .registry import describe_retained_documents, find_erasure_blockers, group_erased_tables
from .subjects import get_case_subject, get_subject

# By table: how many rows were `deleted`, `blanked`, `anonymized` or `required_by_law`.
type ErasureCounts = dict[str, dict[str, int]]


class ErasureBlocked(NotOpenNow):
    """Something has to be settled before the erasure, such as a registration, a debt or a visitor list."""

    kind = "not-settled"


@transaction.atomic
def execute_erasure(*, case: PrivacyCase, answered_by: Person | None = None) -> ErasureCounts:
    """Erase the person of a case, send them a last mail, and delete their address from the case.

    Return the counts by table. Raise ErasureBlocked with everything that has to be settled first, and
    NotOpenNow for a case that is closed or asks for something else.
    """
    acquire_advisory_lock(CLUB_ROLES_LOCK)
    # Locked: a second click must wait, then find the case answered.
    case = PrivacyCase.objects.select_for_update(of=("self",)).select_related("person").get(pk=case.pk)
    if case.answered_at or case.kind != PrivacyCase.Kind.ERASURE:
        raise NotOpenNow(_("This request has already been answered."))
    # Read before the rows are blanked: redaction and the last mail need them.
    subject, address, language = add_known_names(get_case_subject(case)), case.email, case.language
    with translation.override(language):
        case.retained = [str(sentence) for sentence in describe_retained_documents(subject)]
    other_cases = _find_other_cases(case, subject)
    erased, case.counts = erase_rows(subject)
    # After the rows: otherwise their own content would be taken for text that others wrote.
    redacted_count = redact_subjects([erased])
    case.mentions = [
        [mention.table, mention.column, mention.key]
        for mention in find_mentions(make_wide_redactor([erased]))
    ]
    has_data = bool(group_erased_tables(case.counts)) or redacted_count > 0
    case.answer = PrivacyCase.Answer.ERASED if has_data else PrivacyCase.Answer.NO_DATA
    # The address goes from the case too; the mail below uses the copy read above.
    case.email, case.person = "", subject.person
    case.answered_at, case.answered_by = timezone.now(), answered_by
    case.save()
    # The erasure answers them too, unless they were answered meanwhile.
    PrivacyCase.objects.unanswered().filter(pk__in=other_cases).update(
        answer=case.answer, answered_at=case.answered_at, answered_by=answered_by
    )
    if address:
        message = write_erasure_mail(address, language, case=case, redacted_count=redacted_count)
        # Not through the queue: its arguments are ids, and the row has no address any more. `robust`: a
        # failure to send must not look like a failed erasure.
        transaction.on_commit(partial(send_mail_message, message), robust=True)
    return dict(case.counts)


def _find_other_cases(case: PrivacyCase, subject: DataSubject) -> list[int]:
    """Return the ids of the other open requests of the same person or address."""
    others = PrivacyCase.objects.unanswered().exclude(pk=case.pk)
    same_person = others.filter(person=subject.person) if subject.person else others.none()
    # Their address is blanked with the rows: left open, they could not be answered any more.
    same_address = [
        row for address in subject.addresses for row in filter_by_email(others.filter(person=None), address)
    ]
    return [row.pk for row in (*same_person, *same_address)]


@transaction.atomic
def erase_people(*, people: Iterable[Person]) -> list[Person]:
    """Erase people after their retention period, without a mail; return those who were erased.

    People whose erasure is blocked are skipped. Free text is searched once for all.
    """
    acquire_advisory_lock(CLUB_ROLES_LOCK)
    erased, erased_people = [], []
    for person in people:
        try:
            with transaction.atomic():
                # A savepoint for each person: one whose erasure is blocked must not undo the others.
                # `is_automatic`: rows that match by name alone may be a namesake's, and nobody reviews them.
                subject = replace(add_known_names(get_subject(person)), is_automatic=True)
                erased_subject, counts = erase_rows(subject)
        # Blocked by something unsettled: the next run tries again.
        except ConventionError:
            continue
        PrivacyCase.objects.create(
            kind=PrivacyCase.Kind.ERASURE,
            person=person,
            answer=PrivacyCase.Answer.ERASED,
            answered_at=timezone.now(),
            counts=counts,
        )
        erased.append(erased_subject)
        erased_people.append(person)
    redact_subjects(erased)
    return erased_people


@transaction.atomic
def erase_subject(subject: DataSubject) -> ErasureCounts:
    """Erase a subject without a case. Raise ErasureBlocked."""
    acquire_advisory_lock(CLUB_ROLES_LOCK)
    erased, counts = erase_rows(add_known_names(subject))
    redact_subjects([erased])
    return counts


def erase_rows(subject: DataSubject) -> tuple[ErasedSubject, ErasureCounts]:
    """Delete or blank the rows of a subject; `redact_subjects` redacts the free text.

    Return what the redaction needs, and the counts by table. Raise ErasureBlocked. The caller holds
    CLUB_ROLES_LOCK: otherwise two erasures at once could each leave the other's subject as the last
    administrator.
    """
    if blockers := find_erasure_blockers(subject):
        raise ErasureBlocked(" ".join(str(sentence) for sentence in blockers))
    # All keys are collected before anything changes: blanking a name would hide rows that are found by it.
    tables = SubjectData(subject).tables_with_rows
    erased = ErasedSubject(subject, find_rows_about(tables), has_namesake(subject, tables))
    counts: ErasureCounts = {}
    for table in tables:
        table_counts = counts.setdefault(table.source.table_label, {})
        table_counts[table.source.erasure_action] = (
            table_counts.get(table.source.erasure_action, 0) + table.row_count
        )
    # The word "address" and not the address, which would stay in the trail for ever.
    record_action("person.erase", subject.person or "address", fields=sorted(counts))
    for table in tables:
        _apply_erasure(table, subject)
    # Deleted last, since other tables are found and blanked through these rows.
    for table in sorted(
        (table for table in tables if table.source.is_deleted_on_erasure), key=_get_deletion_order
    ):
        table.rows.delete()
    return erased, counts


def _apply_erasure(table: FoundRows, subject: DataSubject) -> None:
    source = table.source
    if source.erase_rows:
        source.erase_rows(table.rows, subject)
    if source.blanked_columns:
        _blank_columns(source, table.rows)


def _blank_columns(source: PersonalDataSource, rows: "QuerySet[Any]") -> None:
    fields = [source.model._meta.get_field(name) for name in source.blanked_columns]
    rows.update(**{field.name: get_blank_value(field) for field in fields})


def get_blank_value(field: Any) -> Any:
    """Return the empty value of a column."""
    if field.null:
        return None
    # An empty string is no list or dictionary, which readers of JSON columns expect.
    return field.get_default() if isinstance(field, models.JSONField) else ""


def _get_deletion_order(table: FoundRows) -> int:
    """Return a sort key that deletes dependent rows before the rows they point to."""
    return 0 if table.source.parent_columns else 1
