"""Forget people: whoever came stays countable, by ticket, company, day and scans; no name is left."""

import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from convention.addresses import folded
from convention.club.models import ClubRole, CompanyContact, Employment, Person, Seat
from convention.events.models import EventRole
from convention.jobs.models import Job
from convention.personal import Subject
from convention.privacy.erase import erase_quietly
from convention.privacy.redact import Redactor

from .bill import follow_names
from .invoices.models import Invoice, Payment, Receivable
from .invoices.owe import withdraw_together
from .invoices.privacy import blank_buyers
from .models import AnswerFile, Delivery, Order, Registration, Sponsorship, WaitingEntry

MOST_AT_ONCE = 500
EMPTY = {"first_name": "", "last_name": "", "email": "", "answers": {}, "issued_to": {}}
BILLING = ("name", "street", "postcode", "city", "country")


def forget_holders(rows: "QuerySet[Any]", subject: Subject | None = None) -> None:
    """Empty the names, addresses and answers; ticket, price, company, dates and scans stay.

    A company that is called after the subject loses the name.
    """
    found, redactor = list(rows), Redactor(subject or Subject())
    for registration in found:
        registration.company = redactor.text(registration.company)
        for name, value in EMPTY.items():
            setattr(registration, name, value)
    Registration.objects.bulk_update(found, [*EMPTY, "company"], batch_size=500)
    keys = [registration.pk for registration in found]
    AnswerFile.objects.filter(registration__in=keys).delete()
    Delivery.objects.filter(registration__in=keys).exclude(answer="").update(answer="")
    follow_names(Registration.objects.filter(pk__in=keys).select_related("order"))
    rows.model.objects.filter(pk__in=keys).update(generation=F("generation") + 1)
    forget_lists({registration.event_id for registration in found})


def forget_lists(events: set[int]) -> None:
    """Files that jobs of these events made name whoever comes: they go before their week is over."""
    for job in (
        Job.objects.filter(event__in=events, finished_at__isnull=False).exclude(file="").defer("given")
    ):
        job.file.delete(save=True)


def forget_mentions(rows: "QuerySet[Any]", _subject: Subject) -> None:
    """Somebody else's place that carries this address: the address alone goes."""
    found = list(rows)
    for registration in found:
        registration.email, registration.issued_to = "", {}
    Registration.objects.bulk_update(found, ["email", "issued_to"], batch_size=500)


def forget_waits(rows: "QuerySet[Any]", _subject: Subject) -> None:
    """Somebody else's wait that carries this address: the address alone goes, and the wait stays."""
    found = list(rows)
    for entry in found:
        entry.email, entry.address = "", f"#{entry.pk}"
    WaitingEntry.objects.bulk_update(found, ["email", "address"], batch_size=500)


def forget_buyers(rows: "QuerySet[Any]", subject: Subject | None = None) -> None:
    """Empty the address and whom to bill; what was invoiced stands on the invoice.

    An order that was never confirmed is owed no longer.
    """
    expired = expired_orders(timezone.now()).filter(pk__in=rows.values("pk"))
    withdraw_together(list(expired.values_list("reference", flat=True)))
    redactor = Redactor(subject or Subject())
    for pk, company in rows.exclude(company="").values_list("pk", "company") if subject else ():
        if redactor.finds(company):
            Order.objects.filter(pk=pk).update(company=redactor.text(company))
    rows.update(email="", purchase_order="", network="", **{f"billing_{name}": "" for name in BILLING})


@transaction.atomic
def old_attendees(before: datetime.datetime) -> int:
    """Who came to events that ended before then; how many."""
    named = ~Q(first_name="", last_name="", email="") | ~Q(answers={})
    rows = Registration.objects.filter(named, event__ends_at__lt=before).order_by("pk")
    keys = list(rows.values_list("pk", flat=True)[:MOST_AT_ONCE])
    forget_holders(Registration.objects.filter(pk__in=keys))
    return len(keys)


@transaction.atomic
def old_buyers(before: datetime.datetime) -> int:
    """Who ordered for events that ended before then; how many."""
    rows = Order.objects.filter(event__ends_at__lt=before).exclude(email="", billing_name="")
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    forget_buyers(Order.objects.filter(pk__in=keys))
    return len(keys)


def expired_orders(before: datetime.datetime) -> "QuerySet[Order]":
    """Return the orders that were never confirmed, whose hold ended before then, and that involve no money.

    Nothing was paid or invoiced for them, and no place or package of them was ever confirmed or is held.
    """
    places = Registration.objects.filter(order=OuterRef("pk"))
    alive = Q(confirmed_at__isnull=False) | Q(held_until__gte=before) | Q(held_until=None, cancelled_at=None)
    packages = Sponsorship.objects.filter(order=OuterRef("pk"))
    money = [
        Exists(model.objects.filter(receivable__reference=OuterRef("reference")))
        for model in (Invoice, Payment)
    ]
    rows = Order.objects.filter(Exists(places), created_at__lt=before)
    return rows.exclude(Exists(places.filter(alive)) | Exists(packages) | money[0] | money[1])


@transaction.atomic
def old_holds(before: datetime.datetime) -> int:
    """Remove names from orders that were never confirmed, whose hold ended before then; how many."""
    named = expired_orders(before).exclude(email="", billing_name="").order_by("pk")
    orders = dict(named.values_list("pk", "reference")[:MOST_AT_ONCE])
    forget_holders(Registration.objects.filter(order__in=orders))
    withdraw_together(orders.values())
    blank_buyers(Receivable.objects.filter(reference__in=orders.values()))
    forget_buyers(Order.objects.filter(pk__in=orders))
    return len(orders)


def old_networks(before: datetime.datetime) -> int:
    """Empty the networks that orders came from before then; return how many."""
    return Order.objects.filter(created_at__lt=before).exclude(network="").update(network="")


def old_waits(before: datetime.datetime) -> int:
    """Who waited for a place at events that ended before then; how many."""
    rows = WaitingEntry.objects.filter(event__ends_at__lt=before)
    count = rows.count()
    rows.delete()
    return count


def old_people(before: datetime.datetime) -> int:
    """People without job, seat, role or registration since then, who did not sign in either; how many."""
    return len(erase_quietly(people=quiet_people(before)[:MOST_AT_ONCE]))


def quiet_people(before: datetime.datetime) -> list[Person]:
    """Whom the club had no contact with since then."""
    day = before.date()
    lasting = Q(ends_on__isnull=True) | Q(ends_on__gte=day)
    recent = Registration.objects.filter(event__ends_at__gte=before)
    busy = Q(pk__in=recent.exclude(person=None).values("person"))
    for model in (Employment, Seat, CompanyContact, ClubRole, EventRole):
        busy |= Q(pk__in=model.objects.filter(lasting).values("person"))
    seen = Q(last_login__gte=before) | Q(date_joined__gte=before)
    rows = Person.objects.filter(is_active=True, is_staff=False, is_superuser=False)
    written = {folded(address) for address in recent.exclude(email="").values_list("email", flat=True)}
    quiet = rows.exclude(busy).exclude(seen).order_by("pk")
    return [person for person in quiet.iterator() if folded(person.email or "") not in written]
