"""Personal data of the club's directory, declared for privacy requests."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.personal_data import DataSubject, PersonalDataSource, TranslatableText

from .directory_import.undo import delete_imported_values
from .merge_people.join_rows import join_columns, join_seats
from .models import (
    ClubRole,
    Company,
    CompanyContact,
    DirectoryImport,
    Employment,
    Mandate,
    Membership,
    Person,
    Seat,
)
from .periods import ONE_DAY
from .permissions import is_last_administrator

COUNTED_REASON = _("the number of people per company and group is kept, without names")


def _end_periods(rows: "QuerySet[Any]", _subject: DataSubject) -> None:
    """End open rows as of yesterday; delete rows that began today or later."""
    yesterday = timezone.localdate() - ONE_DAY
    # First: an end before the start would break the check constraint of periods.
    rows.filter(starts_on__gt=yesterday).delete()
    rows.filter(starts_on__lte=yesterday, ends_on__isnull=True).update(ends_on=yesterday)
    rows.filter(starts_on__lte=yesterday, ends_on__gt=yesterday).update(ends_on=yesterday)


def _end_employments(rows: "QuerySet[Any]", subject: DataSubject) -> None:
    """End the employments, and remove title and level."""
    rows.update(title="", level="")
    _end_periods(rows, subject)


def _anonymize_person(rows: "QuerySet[Any]", _subject: DataSubject) -> None:
    """Leave a row without name and sign-in, so that rows pointing to it can still be counted."""
    for person in rows:
        delete_imported_values(person)
        person.groups.clear()
        person.user_permissions.clear()
        person.set_unusable_password()
        person.email, person.first_name, person.last_name = None, "", ""
        person.claimed_email = person.phone = person.note = ""
        person.photo_consent, person.last_login = None, None
        person.is_active = person.is_staff = person.is_superuser = False
        # Also empties the columns for searching and sorting, which `update` would leave.
        person.save()


def check_last_administrator(subject: DataSubject) -> Iterator[TranslatableText]:
    """Yield an error if the subject is the club's last administrator."""
    # Without an administrator nobody could appoint another one.
    if subject.person_id and is_last_administrator(subject.person_id):
        yield _("This is the club’s last administrator: appoint another one first.")


PERSONAL_DATA = [
    PersonalDataSource(
        model=Person,
        name=_("directory entries"),
        purpose=_("to identify you, contact you and let you sign in"),
        person_columns=("pk",),
        address_columns=("email", "claimed_email"),
        hidden_columns=("password", "search", "sort_name"),
        name_columns=("first_name", "last_name"),
        erase_rows=_anonymize_person,
    ),
    PersonalDataSource(
        model=Employment,
        purpose=_("the company you work for"),
        person_columns=("person",),
        erase_rows=_end_employments,
        retention_reason=COUNTED_REASON,
        merge_rows=join_columns("company_id", filled=("title", "level")),
    ),
    PersonalDataSource(
        model=Seat,
        purpose=_("your seat as a member"),
        person_columns=("person",),
        erase_rows=_end_periods,
        retention_reason=COUNTED_REASON,
        merge_rows=join_seats,
    ),
    PersonalDataSource(
        model=CompanyContact,
        purpose=_("your role as a company’s contact"),
        person_columns=("person",),
        erase_rows=_end_periods,
        retention_reason=COUNTED_REASON,
        merge_rows=join_columns("company_id"),
    ),
    PersonalDataSource(
        model=ClubRole,
        purpose=_("your roles in the club"),
        person_columns=("person",),
        erase_rows=_end_periods,
        retention_reason=COUNTED_REASON,
        merge_rows=join_columns("role"),
    ),
    PersonalDataSource(
        model=Mandate,
        purpose=_("your mandates in working groups"),
        person_columns=("person",),
        erase_rows=_end_periods,
        retention_reason=COUNTED_REASON,
        merge_rows=join_columns("group_id", "role"),
    ),
    PersonalDataSource(
        model=Membership,
        purpose=_("your company’s memberships in which you are named"),
        actor_columns=("billing_contact", "representative"),
        exported_columns=("id", "company", "starts_on", "ends_on", "billing_contact", "representative"),
        retention_reason=_("the membership belongs to the company; your name is removed"),
    ),
    PersonalDataSource(
        model=DirectoryImport,
        purpose=_("directory imports you ran or undid"),
        actor_columns=("imported_by", "undone_by"),
        exported_columns=("id", "file_name", "imported_at", "undone_at"),
        retention_reason=_("imports are anonymized; only their history is kept"),
        leads_to_other_tables=False,
    ),
]
ERASURE_BLOCKERS = [check_last_administrator]
FREE_TEXT = {DirectoryImport: ("file_name", "mapping"), Person: ("note",), Company: ("note",)}
