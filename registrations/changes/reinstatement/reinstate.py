"""Reinstate a cancelled registration with its ticket, and its add-ons and seats as far as they are free."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.audit.record import record_action
from convention.club.permissions import find_member_by_email
from convention.errors import ConventionError
from convention.events.sequence import advance_sequence
from registrations.billing.cancellation import settle_reinstatement
from registrations.billing.charge_titles import make_addon_charge_key
from registrations.billing.receivables import find_stored_receivable
from registrations.booking.order_limits import refuse_second_registration
from registrations.changes.handover_text import has_own_mailbox
from registrations.inventory.stock import reserve_again
from registrations.invoices.ledger.charges import find_waived_items
from registrations.models import MailDelivery, Order, Registration, RegistrationAddon, SessionBooking
from registrations.models.deliveries import (
    list_cancellation_message_keys,
    make_private_message_key,
    make_reinstated_message_key,
)
from registrations.orders.deliveries import find_or_create_delivery
from registrations.sessions.booking import (
    SESSION_KEY_PREFIX,
    check_session_audience,
    check_session_bookable,
    check_session_conflicts,
    make_session_key,
    reserve_session_place,
)
from schedule.models import Session

from .objections import find_objection

REINSTATEMENT_VERB = "registration.reinstate"
RELATED_FIELDS = ("order", "event", "ticket", "person", "member_of", "voucher", "membership_pass__membership")


class ReinstatementRefused(ConventionError):
    """The registration cannot be reinstated; the sentence says why."""

    kind = "reinstatement-refused"
    status = 409


@dataclass(frozen=True, kw_only=True)
class Reinstatement:
    """The add-ons and sessions that a registration gets back or loses, and what is owed for it in cents.

    `lacks_membership` says that its ticket is for members and the attendee is none today.
    """

    addons: list[RegistrationAddon]
    lost_addons: list[RegistrationAddon]
    sessions: list[Session]
    lost_sessions: list[Session]
    owed_cents: int
    lacks_membership: bool = False


def preview_reinstatement(registration: Registration) -> Reinstatement:
    """Return what reinstating would restore; nothing is changed. Raise ReinstatementRefused."""
    if objection := find_objection(registration):
        raise ReinstatementRefused(objection)
    # Those that it still had when it was cancelled. One that was not paid yet ended with the registration.
    addons = [
        row
        for row in registration.addons.select_related("addon").prefetch_related("addon__tickets")
        if row.cancelled_at == registration.cancelled_at
    ]
    is_free = {row.pk: row.addon.remaining != 0 and not row.pay_by for row in addons}
    restored = [row for row in addons if is_free[row.pk]]
    sessions = _list_released_sessions(registration)
    lost_sessions = [session for session in sessions if not _can_book(registration, session)]
    ticket = registration.ticket
    return Reinstatement(
        addons=restored,
        lost_addons=[row for row in addons if not is_free[row.pk]],
        sessions=[session for session in sessions if session not in lost_sessions],
        lost_sessions=lost_sessions,
        owed_cents=_calculate_owed(registration, restored),
        lacks_membership=ticket.needs_member_verification
        and find_member_by_email(registration.email) is None,
    )


def find_lost_sessions(details: dict[str, Any]) -> QuerySet[Session]:
    """Return the sessions that the audit entry of a reinstatement names as not booked again."""
    keys = [key.removeprefix(SESSION_KEY_PREFIX) for key in details.get("lost_sessions", ())]
    return Session.objects.filter(pk__in=keys)


def _list_released_sessions(registration: Registration) -> list[Session]:
    """Return the sessions whose seats the cancellation released, in the order of ids, as they are locked."""
    bookings = SessionBooking.objects.filter(
        registration=registration, cancelled_at__gte=registration.cancelled_at
    )
    return list(Session.objects.filter(pk__in=bookings.values("session")).order_by("pk"))


def _can_book(registration: Registration, session: Session) -> bool:
    try:
        check_session_audience(registration, session)
        check_session_bookable(session)
    except ConventionError:
        return False
    return session.remaining != 0


def _calculate_owed(registration: Registration, addons: list[RegistrationAddon]) -> int:
    """Return the cents owed after the reinstatement; what the treasurer credited before stays credited."""
    receivable = find_stored_receivable(registration.order)
    waived = find_waived_items(receivable.charges.all()) if receivable else set()
    prices = [
        (registration.reference, registration.price),
        *((make_addon_charge_key(registration, row), row.price) for row in addons),
    ]
    return sum(cents for key, cents in prices if (key, cents) not in waived)


@transaction.atomic
def reinstate_and_notify(*, registration: Registration, reason: str = "") -> Reinstatement:
    """Reinstate as `reinstate_registration`, and e-mail the confirmation with the new badge."""
    reinstatement = reinstate_registration(registration=registration, reason=reason)
    registration = Registration.objects.select_related("order").get(pk=registration.pk)
    Registration.objects.filter(pk=registration.pk).update(confirmation_sent_at=None)
    if registration.is_private:
        # The buyer is notified of a private place once under this key.
        _archive_mails([f"buyer-{make_private_message_key(registration)}"])
    elif has_own_mailbox(registration):
        # Stored before a mail can fail. The task drops it if the attendee never got a mail about the place.
        find_or_create_delivery(
            registration.order,
            MailDelivery.Kind.CONFIRMATION,
            [registration],
            make_reinstated_message_key(registration),
        )
    hooks.send_order_mails.enqueue(registration.order_id)
    return reinstatement


@transaction.atomic
def reinstate_registration(*, registration: Registration, reason: str = "") -> Reinstatement:
    """Make a cancelled registration valid again, with a new badge, and return what was restored.

    The former badge stays void: scanners without a network may know only that it was revoked. Nobody is
    e-mailed. Raise ReinstatementRefused, also for a non-member's ticket for members without a reason; SoldOut
    or CompanyFull if the last place was taken meanwhile.
    """
    registration = _lock(registration)
    preview = preview_reinstatement(registration)
    if preview.lacks_membership and not reason.strip():
        raise ReinstatementRefused(describe_missing_membership(registration))
    if registration.person and registration.member_of:
        # Locks the member, so that they cannot register again at the same time.
        refuse_second_registration(registration, registration.person)
    _save_reinstatement(registration, preview.addons)
    settle_reinstatement(registration)
    # Sessions before stock: this is the lock order of bookings.
    sessions = [session for session in preview.sessions if _book_again(registration, session)]
    reserve_again([registration])
    # Or another cancellation would not be announced again.
    _archive_mails(list_cancellation_message_keys(registration))
    record_action(
        REINSTATEMENT_VERB,
        registration,
        event=registration.event,
        fields=["addons"] if preview.addons else [],
        reason=reason,
        details={
            "lost_addons": [row.addon.slug for row in preview.lost_addons],
            "lost_sessions": [
                make_session_key(session)
                for session in [*preview.sessions, *preview.lost_sessions]
                if session not in sessions
            ],
        },
    )
    # Last, because it locks the event's row; scanners and mails follow the sequence.
    sequence = advance_sequence(registration.event_id)
    Registration.objects.filter(pk=registration.pk).update(sequence=sequence)
    return Reinstatement(
        addons=preview.addons,
        lost_addons=preview.lost_addons,
        sessions=sessions,
        lost_sessions=[
            *preview.lost_sessions,
            *(session for session in preview.sessions if session not in sessions),
        ],
        owed_cents=preview.owed_cents,
        lacks_membership=preview.lacks_membership,
    )


def describe_missing_membership(registration: Registration) -> str:
    """Return that a reason is needed for giving a ticket for members to a non-member."""
    return _(
        "“%(ticket)s” is for members only, and the attendee is not a member today. Enter the reason."
    ) % {"ticket": registration.ticket.title}


def _lock(registration: Registration) -> Registration:
    """Return the registration, locked after its order."""
    Order.objects.locked_for_update().get(pk=registration.order_id)
    rows = Registration.objects.select_related(*RELATED_FIELDS).select_for_update(of=("self",))
    return rows.get(pk=registration.pk)


def _save_reinstatement(registration: Registration, addons: list[RegistrationAddon]) -> None:
    registration.cancelled_at, registration.cancellation_fee = None, 0
    registration.cancellation_sent_at, registration.is_cancelled_by_attendee = None, False
    # The cancellation has raised the version: the new badge is one more for the same attendee, whose link
    # stays valid.
    registration.reissue_count += 1
    # Not due again, unless the caller clears it.
    registration.confirmation_sent_at = registration.confirmation_sent_at or timezone.now()
    registration.save(
        update_fields=[
            "cancelled_at",
            "cancellation_fee",
            "cancellation_sent_at",
            "is_cancelled_by_attendee",
            "reissue_count",
            "confirmation_sent_at",
        ]
    )
    RegistrationAddon.objects.filter(pk__in=[row.pk for row in addons]).update(cancelled_at=None)


def _book_again(registration: Registration, session: Session) -> bool:
    """Book a seat again; return whether it was still possible."""
    try:
        with transaction.atomic():
            check_session_conflicts(registration, session)
            reserve_session_place(registration, session)
    except ConventionError:
        return False
    return True


def _archive_mails(message_keys: list[str]) -> None:
    """Rename these e-mails, so that new ones with the same keys become due."""
    for mail in MailDelivery.objects.filter(message_key__in=message_keys):
        mail.message_key = f"past-{mail.pk}-{mail.message_key}"
        mail.save(update_fields=["message_key"])
