"""Forget people: whoever came stays countable, by ticket, company, day and scans; no name is left."""

import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from convention.addresses import folded
from convention.club.models import ClubRole, CompanyContact, Employment, Person, Seat
from convention.events.models import EventRole
from convention.jobs.models import Job
from convention.personal import Subject
from convention.privacy.erase import erase_quietly

from .models import AnswerFile, Order, Registration, WaitingEntry

MOST_AT_ONCE = 500
EMPTY = {"first_name": "", "last_name": "", "email": "", "answers": {}}
BILLING = ("name", "street", "postcode", "city", "country")


def forget_holders(rows: "QuerySet[Any]", _subject: Subject | None = None) -> None:
    """Empty the names, addresses and answers; ticket, price, company, dates and scans stay."""
    found = list(rows)
    for registration in found:
        for name, value in EMPTY.items():
            setattr(registration, name, value)
    Registration.objects.bulk_update(found, list(EMPTY), batch_size=500)
    keys = [registration.pk for registration in found]
    AnswerFile.objects.filter(registration__in=keys).delete()
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
        registration.email = ""
    Registration.objects.bulk_update(found, ["email"], batch_size=500)


def forget_waits(rows: "QuerySet[Any]", _subject: Subject) -> None:
    """Somebody else's wait that carries this address: the address alone goes, and the wait stays."""
    found = list(rows)
    for entry in found:
        entry.email, entry.address = "", f"#{entry.pk}"
    WaitingEntry.objects.bulk_update(found, ["email", "address"], batch_size=500)


def forget_buyers(rows: "QuerySet[Any]", _subject: Subject | None = None) -> None:
    """Empty the address and whom to bill; what was invoiced stands on the invoice."""
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
    gone = 0
    for person in quiet_people(before)[:MOST_AT_ONCE]:
        gone += erase_quietly(person=person)
    return gone


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
