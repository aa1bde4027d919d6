"""Retention rules of registrations: erase old attendees, buyers, answers and people without contact."""

import datetime

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from convention.club.addresses.own_addresses import find_verified_owners
from convention.club.models import ClubRole, CompanyContact, Employment, Person, Seat
from convention.events.models import EventRole
from convention.privacy.erase import erase_people
from convention.text.email_addresses import normalize_email

from .erasure import erase_attendees, erase_buyers, get_expired_orders
from .invoices.ledger.charges import withdraw_receivables
from .invoices.models.documents import Receivable
from .invoices.privacy import blank_buyers
from .models import (
    AnswerFile,
    ImportedRow,
    Order,
    Question,
    Registration,
    TransferNotice,
    WaitingEntry,
)
from .models.questions import MAX_RETENTION_DAYS
from .questions.files import remove_unclaimed_files


def delete_old_answers() -> int:
    """Delete answers and files after the period of their question; return how many answers."""
    remove_unclaimed_files()
    now = timezone.now()
    expired = (
        question
        for question in Question.objects.select_related("event").filter(event__ends_at__lt=now)
        if now - question.event.ends_at
        >= datetime.timedelta(days=min(question.retention_days, MAX_RETENTION_DAYS))
    )
    return sum(_delete_answers(question) for question in expired)


def _delete_answers(question: Question) -> int:
    AnswerFile.objects.filter(question=question).delete()
    registrations = Registration.objects.filter(event=question.event_id, answers__has_key=question.slug)
    rows = list(registrations.only("pk", "answers"))
    for registration in rows:
        # Row by row with `update`: only this column is written, and no search column is computed again.
        remaining = {slug: value for slug, value in registration.answers.items() if slug != question.slug}
        Registration.objects.filter(pk=registration.pk).update(answers=remaining)
    _delete_imported_answers(question)
    return len(rows)


def _delete_imported_answers(question: Question) -> None:
    """Delete the answers in stored import rows, so that undoing an import cannot restore them."""
    answered = Q(values_before__answers__has_key=question.slug) | Q(
        values_after__answers__has_key=question.slug
    )
    for row in ImportedRow.objects.filter(answered, run__event=question.event_id):
        for side in (row.values_before, row.values_after):
            (side or {}).get("answers", {}).pop(question.slug, None)
        row.save(update_fields=["values_before", "values_after"])


MAX_ROWS_PER_RUN = 500


@transaction.atomic
def erase_old_attendees(before: datetime.datetime) -> int:
    """Erase the attendees of events that ended before `before`, at most MAX_ROWS_PER_RUN; return how many."""
    has_personal_data = ~Q(first_name="", last_name="", email="") | ~Q(answers={})
    rows = Registration.objects.filter(has_personal_data, event__ends_at__lt=before).order_by("pk")
    # The others follow in the next run: a longer transaction would block other writers.
    keys = list(rows.values_list("pk", flat=True)[:MAX_ROWS_PER_RUN])
    erase_attendees(Registration.objects.filter(pk__in=keys))
    return len(keys)


@transaction.atomic
def erase_old_buyers(before: datetime.datetime) -> int:
    """Erase the buyers of events that ended before `before`, at most MAX_ROWS_PER_RUN; return how many."""
    rows = Order.objects.filter(event__ends_at__lt=before).exclude(email="", billing_name="")
    # A list of ids: the erasure changes the columns that this query filters by.
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:MAX_ROWS_PER_RUN])
    erase_buyers(Order.objects.filter(pk__in=keys))
    return len(keys)


@transaction.atomic
def erase_old_expired_orders(before: datetime.datetime) -> int:
    """Erase orders that were never confirmed and whose hold ended before `before`; return how many."""
    orders_with_names = get_expired_orders(before).exclude(email="", billing_name="").order_by("pk")
    orders = dict(orders_with_names.values_list("pk", "reference")[:MAX_ROWS_PER_RUN])
    erase_attendees(Registration.objects.filter(order__in=orders))
    withdraw_receivables(orders.values())
    blank_buyers(Receivable.objects.filter(reference__in=orders.values()))
    erase_buyers(Order.objects.filter(pk__in=orders))
    return len(orders)


def clear_old_networks(before: datetime.datetime) -> int:
    """Delete the network addresses of orders created before `before`; return how many."""
    return Order.objects.filter(created_at__lt=before).exclude(network="").update(network="")


def delete_old_transfer_notices(before: datetime.datetime) -> int:
    """Delete notices of transfers before `before` that could not be sent; return how many."""
    count, _by_model = TransferNotice.objects.filter(created_at__lt=before).delete()
    return count


def delete_old_waiting_entries(before: datetime.datetime) -> int:
    """Delete the waiting lists of events that ended before `before`; return how many entries."""
    rows = WaitingEntry.objects.filter(event__ends_at__lt=before)
    # `delete` counts rows of other tables as well.
    count = rows.count()
    rows.delete()
    return count


def erase_inactive_people(before: datetime.datetime) -> int:
    """Erase people without contact since `before`, at most MAX_ROWS_PER_RUN; return how many."""
    return len(erase_people(people=find_inactive_people(before)[:MAX_ROWS_PER_RUN]))


def find_inactive_people(before: datetime.datetime) -> list[Person]:
    """Return people without employment, seat, role, registration or sign-in since `before`.

    This includes people whose account is closed, but not people who were erased.
    """
    day = before.date()
    lasting = Q(ends_on__isnull=True) | Q(ends_on__gte=day)
    recent = Registration.objects.filter(event__ends_at__gte=before)
    is_active = Q(pk__in=recent.exclude(person=None).values("person"))
    for model in (Employment, Seat, CompanyContact, ClubRole, EventRole):
        is_active |= Q(pk__in=model.objects.filter(lasting).values("person"))
    has_signed_in = Q(last_login__gte=before) | Q(date_joined__gte=before)
    rows = Person.objects.filter(is_staff=False, is_superuser=False)
    # An erased person is inactive, and has neither address nor name.
    rows = rows.exclude(is_active=False, email=None, first_name="", last_name="")
    recent_addresses = {
        normalize_email(address) for address in recent.exclude(email="").values_list("email", flat=True)
    }
    # Compared in Python: a database folds other characters than `normalize_email`.
    inactive = rows.exclude(is_active).exclude(has_signed_in).order_by("pk")
    recent_owners = find_verified_owners(recent_addresses)
    return [
        person
        for person in inactive.iterator()
        if normalize_email(person.email or "") not in recent_addresses and person.pk not in recent_owners
    ]
