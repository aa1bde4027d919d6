"""What registrations hold of people, for the privacy desk."""

import datetime
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.personal import Holding, Rule, Subject, Words, written_to

from .agreements import agreements, refuse_photos
from .data_subject import (
    invoices_naming,
    lines_naming,
    orders_billed_to,
    other_addresses,
    own_registrations,
    receivables_billed_to,
    theirs,
)
from .draft_store import remove_old_drafts
from .forget import old_answers
from .forget_people import (
    BILLING,
    expired_orders,
    forget_buyers,
    forget_holders,
    forget_mentions,
    forget_waits,
    old_attendees,
    old_buyers,
    old_holds,
    old_networks,
    old_people,
    old_waits,
)
from .invoices.models import Line, Receivable
from .invoices.privacy import BY_LAW, blank_buyers
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
    RegistrationDraft,
    SessionSeat,
    SponsorLogo,
    Sponsorship,
    Voucher,
    WaitingEntry,
)

BILLING_COLUMNS = tuple(f"billing_{name}" for name in BILLING)
COUNTED = _("who came stays countable by ticket, company and day; no name is left")
THREE_YEARS = 3 * 365


def _others(rows: "QuerySet[Any]", subject: Subject) -> "QuerySet[Any]":
    return rows.exclude(pk__in=theirs(rows, subject).values("pk")).exclude(
        pk__in=own_registrations(subject).values("pk")
    )


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


def open_balance(subject: Subject) -> Iterator[Words]:
    """Name what is owed, or owed back; an order that was never confirmed owes nothing."""
    rows = Receivable.objects.filter(written_to("email", subject)).with_balance()
    expired = expired_orders(timezone.now()).values("reference")
    for receivable in rows.filter(~Q(due=0)).exclude(reference__in=expired):
        yield _("Order %(reference)s is not settled: it is paid, credited or given back first.") % {
            "reference": receivable.reference
        }


def _answers(_before: datetime.datetime) -> int:
    return old_answers()


HOLDINGS = [
    Holding(
        model=Registration,
        why=_("that you come, and what you answered"),
        people=("person",),
        addresses=("email",),
        only=theirs,
        finds=own_registrations,
        hides=("search", "sort_name"),
        names=("first_name", "last_name"),
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
        forget=forget_buyers,
        because=COUNTED,
    ),
    Holding(
        model=Line,
        name=_("lines of invoices that name you"),
        why=_("what was invoiced for your place, to whoever ordered it"),
        finds=lines_naming,
        tells=("id", "invoice", "description", "amount"),
        by_law=True,
        because=BY_LAW,
        leads=False,
    ),
    Holding(
        model=Order,
        name=_("orders of others billed to you"),
        why=_("orders of others for you that name you as the buyer"),
        finds=orders_billed_to,
        tells=("id", "reference", "event", *BILLING_COLUMNS),
        empties=BILLING_COLUMNS,
        leads=False,
    ),
    Holding(
        model=Receivable,
        name=_("what others owe in your name"),
        why=_("orders of others for you that name you as the buyer"),
        finds=receivables_billed_to,
        tells=("id", "reference", "event", "name", "street", "postcode", "city"),
        forget=blank_buyers,
        leads=False,
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
        hides=("public_id",),
        names=("first_name", "last_name"),
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
OBSTACLES = [coming_places, open_balance]
OWN_ADDRESSES = [other_addresses]
LEGAL_RETENTION = [invoices_naming]
TRANSIENT_TEXT = {RegistrationDraft: ("content",)}
FREE_TEXT = {
    AnswerFile: ("name",),
    Delivery: ("answer",),
    ImportRun: ("file_name", "mapping"),
    Registration: ("answers",),
    Voucher: ("label",),
}
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
        slug="expired-orders",
        name=_("Orders that were never confirmed"),
        since=_("after the time to confirm or to pay ended"),
        days=90,
        least=30,
        sweep=old_holds,
    ),
    Rule(
        slug="drafts",
        name=_("Half-filled registration forms"),
        since=_("after something was typed last"),
        days=7,
        least=1,
        sweep=remove_old_drafts,
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
