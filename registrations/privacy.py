"""What registrations hold of people, for the privacy desk."""

import datetime
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.personal import Holding, Rule, Subject, Words, written_to
from convention.text import filed

from .agreements import agreements, refuse_photos
from .forget import old_answers
from .forget_people import (
    forget_buyers,
    forget_holders,
    forget_mentions,
    forget_waits,
    old_attendees,
    old_buyers,
    old_networks,
    old_people,
    old_waits,
)
from .models import (
    AnswerFile,
    Delivery,
    IdempotencyKey,
    ImportedRow,
    ImportRun,
    NotDuplicate,
    Order,
    Registration,
    RegistrationAddon,
    SessionSeat,
    SponsorLogo,
    Sponsorship,
    Voucher,
    WaitingEntry,
)

COUNTED = _("who came stays countable by ticket, company and day; no name is left")
THREE_YEARS = 3 * 365


def _theirs(rows: "QuerySet[Any]", subject: Subject) -> "QuerySet[Any]":
    """Their own places: an assistant’s address may stand on somebody else’s."""
    if not subject.person_id:
        return rows.filter(person__isnull=True)
    name = filed(f"{subject.person.last_name} {subject.person.first_name}")[:100]
    return rows.filter(Q(person=subject.person_id) | Q(person__isnull=True, sort_name__in={name, ""}))


def _others(rows: "QuerySet[Any]", subject: Subject) -> "QuerySet[Any]":
    return rows.exclude(pk__in=_theirs(rows, subject).values("pk"))


def _waits(rows: "QuerySet[Any]", subject: Subject) -> "QuerySet[Any]":
    """Their own waits: the address on one that was applied for may be somebody else’s by now."""
    return rows.exclude(pk__in=_waits_of_others(rows, subject).values("pk"))


def _waits_of_others(rows: "QuerySet[Any]", subject: Subject) -> "QuerySet[Any]":
    others = rows.filter(application__person__isnull=False)
    return others.exclude(application__person=subject.person_id) if subject.person_id else others


def _file(row: Any) -> Iterable[tuple[str, bytes]]:
    yield row.name, bytes(row.content)


def coming_places(subject: Subject) -> Iterator[Words]:
    """Places, orders and waits for events that are not over."""
    now = timezone.now()
    mine = written_to("email", subject) | written_to("order__email", subject)
    mine |= Q(person=subject.person_id) if subject.person_id else Q(pk__in=[])
    rows = Registration.objects.active().filter(mine, event__ends_at__gt=now).select_related("event")
    for title in sorted({row.event.title for row in rows}):
        yield _("A place at “%(event)s” stands: it is cancelled, or given to somebody else, first.") % {
            "event": title
        }
    waits = WaitingEntry.objects.standing().filter(written_to("email", subject), event__ends_at__gt=now)
    for title in sorted({wait.event.title for wait in waits.select_related("event")}):
        yield _("A wait for a place at “%(event)s” stands: it is ended first.") % {"event": title}


def _answers(_before: datetime.datetime) -> int:
    return old_answers()


HOLDINGS = [
    Holding(
        model=Registration,
        why=_("that you come, and what you answered"),
        people=("person",),
        addresses=("email",),
        only=_theirs,
        hides=("search", "sort_name"),
        forget=forget_holders,
        because=COUNTED,
    ),
    Holding(
        model=Registration,
        name=_("registrations of others"),
        why=_("other people’s places that carry your address"),
        addresses=("email",),
        only=_others,
        tells=("id", "reference", "event", "email"),
        forget=forget_mentions,
        leads=False,
    ),
    Holding(
        model=Order,
        why=_("what you ordered, for yourself or others"),
        addresses=("email",),
        hides=("secret",),
        forget=forget_buyers,
        because=COUNTED,
    ),
    Holding(
        model=RegistrationAddon,
        why=_("what goes with your place"),
        through=("registration",),
        because=COUNTED,
    ),
    Holding(model=SessionSeat, why=_("sessions that you booked"), through=("registration",), because=COUNTED),
    Holding(
        model=AnswerFile,
        why=_("files that you sent in"),
        through=("registration",),
        hides=("token",),
        files=_file,
        gone=True,
    ),
    Holding(
        model=Delivery,
        name=_("e-mails sent"),
        why=_("which e-mails were sent to you; the log keeps no address"),
        through=("registration", "order"),
        because=COUNTED,
    ),
    Holding(
        model=ImportRun,
        why=_("lists that you imported"),
        did=("person", "undone_by"),
        tells=("id", "event", "file_name", "made_at"),
        because=_("what was imported stays traceable; no name is left"),
        leads=False,
    ),
    Holding(
        model=ImportedRow,
        name=_("rows of imported lists"),
        why=_("what a list said of you, until its import can be undone no more"),
        through=("registration",),
        gone=True,
    ),
    Holding(
        model=NotDuplicate,
        name=_("pairs looked at"),
        why=_("that two registrations are not one person"),
        through=("one", "other"),
        did=("person",),
        tells=("id", "one", "other", "at"),
        because=COUNTED,
    ),
    Holding(
        model=Voucher,
        why=_("codes made for your address"),
        addresses=("for_address",),
        tells=("id", "event", "code", "label", "for_address"),
        empties=("for_address",),
        leads=False,
    ),
    Holding(
        model=WaitingEntry,
        why=_("that you wait for a place"),
        addresses=("email", "address"),
        only=_waits,
        through=("registration",),
        hides=("secret",),
        gone=True,
    ),
    Holding(
        model=WaitingEntry,
        name=_("waits of others"),
        why=_("other people’s waits that carry your address"),
        addresses=("email", "address"),
        only=_waits_of_others,
        tells=("id", "event", "email"),
        forget=forget_waits,
        leads=False,
    ),
    Holding(
        model=Sponsorship,
        why=_("that you are a sponsor’s contact"),
        through=("order",),
        tells=("id", "event", "name", "contact", "website", "created_at"),
        empties=("contact",),
        because=_("the sponsor is a company"),
        leads=False,
    ),
]
SILENT = {
    IdempotencyKey: "hashes, for a day",
    SponsorLogo: "a company's logo",
}
OBSTACLES = [coming_places]
AGREEMENTS = [agreements]
PHOTOS_REFUSED = [refuse_photos]
RETENTION = [
    Rule(
        slug="attendees",
        name=_("Who came"),
        since=_("after the end of the event"),
        days=THREE_YEARS,
        least=30,
        sweep=old_attendees,
    ),
    Rule(
        slug="buyers",
        name=_("Who ordered"),
        since=_("after the end of the event"),
        days=THREE_YEARS,
        least=90,
        sweep=old_buyers,
    ),
    Rule(
        slug="networks",
        name=_("Networks that orders came from"),
        since=_("after the order"),
        days=30,
        least=1,
        sweep=old_networks,
    ),
    Rule(
        slug="waiting",
        name=_("Who waited for a place"),
        since=_("after the end of the event"),
        days=365,
        least=1,
        sweep=old_waits,
    ),
    Rule(
        slug="answers",
        name=_("Answers and files"),
        since=_("after the event, as each question says"),
        days=0,
        sweep=_answers,
        is_fixed=True,
    ),
    Rule(
        slug="people",
        name=_("People without contact"),
        since=_("after the last job, role, registration or sign-in"),
        days=THREE_YEARS,
        least=365,
        sweep=old_people,
    ),
]
