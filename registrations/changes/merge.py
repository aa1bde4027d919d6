"""Merge a duplicate registration into the one that survives."""

from collections import Counter
from collections.abc import Collection

from django.db import transaction
from django.db.models import F, Q
from django.tasks import task
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.limited_stock import LimitedStock
from convention.errors import NotOpenNow
from convention.events.sequence import advance_sequence
from convention.money import Money
from convention.text.email_addresses import is_same_email
from registrations.application_rules import get_application_rules
from registrations.billing.receivables import (
    calculate_amount_retained,
    sync_attendee_names,
    sync_existing_receivable,
)
from registrations.inventory.stock import exchange_tickets, list_extra_items
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models.documents import Refund
from registrations.models import (
    AgendaLink,
    Order,
    Registration,
    RegistrationQuerySet,
    SessionBooking,
    WaitingEntry,
)
from registrations.notes.staff_notes import copy_staff_note
from registrations.questions.answers import count_limited_options, merge_answers
from registrations.questions.files import is_file_answer
from registrations.questions.queries import load_questions
from registrations.sessions.booking import (
    get_attendee_audience,
    list_session_bookings,
    release_all_session_places,
)
from schedule.programme.neighbours import find_conflicting_sessions

# Fields that the survivor may take over. Its ticket, price and order never change.
MERGEABLE_FIELDS = ("first_name", "last_name", "email", "company", "no_photo", "answers")


def list_merged_registrations(registration: Registration) -> list[tuple[Registration, Money]]:
    """Return the registrations that were merged into this one, with what was paid for their orders."""
    merged = list(registration.merged.select_related("order", "ticket").order_by("pk"))
    return [(other, calculate_paid_amount(other)) for other in merged]


def calculate_paid_amount(registration: Registration) -> Money:
    """Return what was paid for the registration's order and not refunded."""
    return Money(calculate_amount_retained(registration.order), registration.order.currency)


class MergeRefused(NotOpenNow):
    """The two registrations cannot be merged."""

    kind = "cannot-merge"


@transaction.atomic
def merge_registrations(
    *, survivor: Registration, duplicate: Registration, copied_fields: Collection[str], reason: str = ""
) -> None:
    """Merge `duplicate` into `survivor`, which takes over `copied_fields`.

    Session bookings and waiting list entries move too, and the note for staff is copied. The caller merges
    the presences, in the same transaction. Raise MergeRefused or SoldOut.
    """
    list(
        Order.objects.locked_for_update()
        .filter(pk__in=[survivor.order_id, duplicate.order_id])
        .values_list("pk")
    )
    # Earlier duplicates of the duplicate too, since they will refer to the survivor.
    is_involved = Q(pk__in=[survivor.pk, duplicate.pk]) | Q(merged_into=duplicate.pk)
    rows = Registration.objects.select_for_update(of=("self",), no_key=True).filter(is_involved)
    locked = {
        row.pk: row for row in rows.select_related("event", "order", "ticket", "member_of").order_by("pk")
    }
    survivor, duplicate = locked[survivor.pk], locked[duplicate.pk]
    check_mergeable(survivor, duplicate)
    # What was received for the duplicate stays owed there: a merge moves no money.
    price_cents = duplicate.full_price - duplicate.unpaid_addon_cents
    owed_cents = price_cents if calculate_amount_retained(duplicate.order) else 0
    # First move what the survivor can use, then release the rest.
    _transfer_session_bookings(survivor, duplicate)
    _transfer_waiting_entries(survivor, duplicate)
    copy_staff_note(survivor=survivor, duplicate=duplicate)
    release_all_session_places(duplicate)
    old_answers = survivor.answers
    _copy_fields(survivor, duplicate, copied_fields)
    _release_stock(survivor, duplicate, old_answers)
    _cancel_merged(survivor, duplicate, owed_cents)
    sync_existing_receivable(duplicate.order)
    for registration in (survivor, duplicate):
        record_action(
            "registration.merge",
            registration,
            event=survivor.event,
            fields=sorted(copied_fields),
            reason=reason,
        )
    sequence = advance_sequence(survivor.event_id)
    Registration.objects.filter(pk__in=[survivor.pk, duplicate.pk]).update(sequence=sequence)


def check_mergeable(survivor: Registration, duplicate: Registration) -> None:
    """Raise MergeRefused unless both are active registrations of one event and `survivor` is confirmed.

    Where places are given on application, the registration with the application must survive.
    """
    if survivor.pk == duplicate.pk or survivor.event_id != duplicate.event_id:
        raise MergeRefused(_("Choose two registrations of this event."))
    if survivor.state != Registration.State.CONFIRMED:
        raise MergeRefused(_("Only a confirmed registration can be kept, and this one is not confirmed."))
    if not duplicate.is_active:
        raise MergeRefused(_("The other registration is no longer active, so there is nothing to merge."))
    rules = get_application_rules(survivor.event)
    # Otherwise the registration with the application would be cancelled, and the application lost with it.
    if rules and rules.has_active_application(duplicate) and not rules.has_active_application(survivor):
        raise MergeRefused(_("Keep the place from the application, and merge the other one into it."))


def _transfer_session_bookings(survivor: Registration, duplicate: Registration) -> None:
    """Move the duplicate's session bookings that do not conflict with the survivor's, and its agendas."""
    own_sessions = [session_booking.session for session_booking in list_session_bookings(survivor)]
    audience = get_attendee_audience(survivor)
    for session_booking in list_session_bookings(duplicate):
        session = session_booking.session
        is_transferable = session not in own_sessions and session.is_visible_to(audience)
        if is_transferable and not find_conflicting_sessions(session, own_sessions):
            SessionBooking.objects.filter(pk=session_booking.pk).update(registration=survivor)
            own_sessions.append(session)
    AgendaLink.objects.filter(registration=duplicate).update(registration=survivor)


def _transfer_waiting_entries(survivor: Registration, duplicate: Registration) -> None:
    """Move the duplicate's waiting list entries, with their offers, for sessions the survivor lacks."""
    booked_ids = [session_booking.session_id for session_booking in list_session_bookings(survivor)]
    waiting_ids = (
        WaitingEntry.objects.active().filter(registration=survivor).values_list("session", flat=True)
    )
    entries = WaitingEntry.objects.active().filter(registration=duplicate)
    entries.exclude(session__in=[*booked_ids, *waiting_ids]).update(registration=survivor)


def _copy_fields(survivor: Registration, duplicate: Registration, copied_fields: Collection[str]) -> None:
    """Copy the chosen fields; uploaded files stay with the duplicate, whose rows they refer to."""
    fields = [name for name in MERGEABLE_FIELDS if name in copied_fields]
    for name in fields:
        if name == "answers":
            own_answers, now = survivor.answers, timezone.now()
            other_answers = {
                slug: value for slug, value in duplicate.answers.items() if not is_file_answer(value)
            }
            survivor.answers = own_answers | {
                slug: merge_answers(own_answers.get(slug), other_answers[slug], at=now)
                for slug in other_answers
            }
        else:
            setattr(survivor, name, getattr(duplicate, name))
    # The address identifies the person in the club's directory.
    if survivor.person_id is None and "email" in copied_fields:
        survivor.person_id = duplicate.person_id
        fields.append("person")
    if duplicate.is_private and is_same_email(survivor.email, duplicate.email):
        survivor.is_private = True  # a member confirmed the duplicate, so no other buyer may open either
    if fields or survivor.is_private:
        survivor.issued_to = {}  # merging states that both names are one person's, so no transfer follows
        survivor.save(update_fields=[*fields, "issued_to", "is_private"])
    if {"first_name", "last_name"} & {*fields}:
        sync_attendee_names([survivor])


def _release_stock(survivor: Registration, duplicate: Registration, old_answers: dict[str, object]) -> None:
    """Release the duplicate's place, and account for the survivor's changed options."""
    questions, change = load_questions(survivor.event), Counter[LimitedStock]()
    change.update(count_limited_options(questions, survivor.answers))
    change.subtract(count_limited_options(questions, old_answers))
    if duplicate.occupies_place:
        change.subtract(list_extra_items([duplicate]))
    # One call for everything, so that all rows are locked in one order.
    exchange_tickets(
        [(duplicate.ticket, duplicate.member_of)] if duplicate.occupies_place else [], [], extra_items=change
    )


def _cancel_merged(survivor: Registration, duplicate: Registration, owed_cents: int) -> None:
    """Cancel the duplicate; `owed_cents` stay owed for it where money was received."""
    now = timezone.now()
    duplicate.cancellation_fee = owed_cents
    # Counts as mailed: the person still attends, and must not read that their place was cancelled.
    duplicate.cancelled_at = duplicate.cancellation_sent_at = now
    duplicate.badge_version, duplicate.merged_into = duplicate.badge_version + 1, survivor
    written_fields = [
        "cancellation_fee",
        "cancelled_at",
        "cancellation_sent_at",
        "badge_version",
        "merged_into",
    ]
    duplicate.save(update_fields=written_fields)
    # Chains are flattened, so that a page needs one query to list what was merged.
    duplicate.merged.update(merged_into=survivor)
    duplicate.addons.filter(cancelled_at__isnull=True).update(cancelled_at=now)


def queue_release_of_merged(refund: Refund) -> None:
    """Queue the end of what is owed for merged duplicates, if the refund's order has any."""
    if _list_charged_duplicates(refund).exists():
        # A task, since the order is locked before its receivable, which the caller has locked.
        release_merged_charges.enqueue(refund.pk)


def _list_charged_duplicates(refund: Refund) -> RegistrationQuerySet:
    rows: RegistrationQuerySet = Registration.objects.filter(
        order__reference=refund.receivable.reference, merged_into__isnull=False, cancellation_fee__gt=0
    )
    return rows.order_by("pk")


@task()
@transaction.atomic
def release_merged_charges(refund_id: int) -> None:
    """Stop owing for merged duplicates what was refunded: a place that nobody has is not paid again."""
    refund = Refund.objects.active().select_related("receivable").filter(pk=refund_id).first()
    order = refund and Order.objects.locked_for_update().filter(reference=refund.receivable.reference).first()
    if not refund or not order:
        return
    # Not more than became due by it: a refund for another place of the order has lowered what is owed too.
    left = min(refund.amount, compute_balance(refund.receivable).amount_due)
    for duplicate in _list_charged_duplicates(refund):
        released = max(0, min(left, duplicate.cancellation_fee))
        Registration.objects.filter(pk=duplicate.pk).update(cancellation_fee=F("cancellation_fee") - released)
        left -= released
    sync_existing_receivable(order)
