"""What the club's own tables hold of people, for the privacy desk."""

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.personal import Holding, Subject, Words

from .models import (
    ClubRole,
    CompanyContact,
    DirectoryImport,
    Employment,
    Mandate,
    Membership,
    Person,
    Seat,
)
from .periods import ONE_DAY

COUNTED = _("how many people a company and a group had stays countable; no name is left")


def _end(rows: "QuerySet[Any]", _subject: Subject) -> None:
    """What holds today ends with yesterday; what began today, or later, is taken back."""
    yesterday = timezone.localdate() - ONE_DAY
    rows.filter(starts_on__gt=yesterday).delete()
    rows.filter(starts_on__lte=yesterday, ends_on__isnull=True).update(ends_on=yesterday)
    rows.filter(starts_on__lte=yesterday, ends_on__gt=yesterday).update(ends_on=yesterday)


def _end_nameless(rows: "QuerySet[Any]", subject: Subject) -> None:
    """The same, and what the person did there is nobody's business any more."""
    rows.update(title="", level="")
    _end(rows, subject)


def _forget_person(rows: "QuerySet[Any]", _subject: Subject) -> None:
    """Leave a number without a name, that opens nothing: what points to it stays countable."""
    for person in rows:
        _forget_in_imports(person)
        person.groups.clear()
        person.user_permissions.clear()
        person.set_unusable_password()
        person.email, person.first_name, person.last_name = None, "", ""
        person.claimed_email = ""
        person.photo_consent, person.last_login = None, None
        person.is_active = person.is_staff = person.is_superuser = False
        person.save()


def _forget_in_imports(person: Person) -> None:
    """What an import wrote of them, and what stood there before: it cannot be undone for them any more."""
    jobs = map(str, person.employments.values_list("pk", flat=True))
    theirs = [("person", str(person.pk)), *(("employment", key) for key in jobs)]
    for run in DirectoryImport.objects.exclude(before={}):
        for kind, key in theirs:
            for values in (run.before, run.after):
                values.get(kind, {}).pop(key, None)
        run.save(update_fields=["before", "after"])


def last_administrator(subject: Subject) -> Iterator[Words]:
    """The club never loses its last administrator."""
    rows = ClubRole.objects.open().filter(role=ClubRole.Role.ADMINISTRATOR, person__is_active=True)
    holders = set(rows.values_list("person", flat=True))
    if holders == {subject.person_id}:
        yield _("This is the club’s last administrator: appoint another one first.")


HOLDINGS = [
    Holding(
        model=Person,
        why=_("to know who you are and to let you sign in"),
        people=("pk",),
        addresses=("email", "claimed_email"),
        hides=("password", "search", "sort_name"),
        names=("first_name", "last_name"),
        forget=_forget_person,
    ),
    Holding(
        model=Employment,
        why=_("for which company you act"),
        people=("person",),
        forget=_end_nameless,
        because=COUNTED,
    ),
    Holding(model=Seat, why=_("what makes you a member"), people=("person",), forget=_end, because=COUNTED),
    Holding(
        model=CompanyContact,
        why=_("that you register colleagues and give seats"),
        people=("person",),
        forget=_end,
        because=COUNTED,
    ),
    Holding(
        model=ClubRole, why=_("what you do for the club"), people=("person",), forget=_end, because=COUNTED
    ),
    Holding(
        model=Mandate, why=_("what you do for a group"), people=("person",), forget=_end, because=COUNTED
    ),
    Holding(
        model=Membership,
        why=_("that you stand for your company"),
        did=("billing_contact", "representative"),
        tells=("id", "company", "starts_on", "ends_on", "billing_contact", "representative"),
        because=_("the membership is the company’s; no name is left"),
    ),
    Holding(
        model=DirectoryImport,
        why=_("lists of the directory that you imported or took back"),
        did=("person", "undone_by"),
        tells=("id", "file_name", "made_at", "undone_at"),
        because=_("what was imported stays traceable; no name is left"),
        leads=False,
    ),
]
OBSTACLES = [last_administrator]
FREE_TEXT = {DirectoryImport: ("file_name", "mapping")}
