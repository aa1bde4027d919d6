"""Cancel a registration and put its attendee on another event's waiting list, in one transaction."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.permissions import find_member_by_email
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import ConventionError
from convention.events.models import Event
from convention.text.email_addresses import normalize_email
from registrations.billing.refund_rules import decide_terms_for_due, load_refund_terms
from registrations.billing.refund_summary import summarize_refund
from registrations.billing.refund_terms import RefundTerms
from registrations.booking.join_waiting_list import WaitingRequest, add_to_ticket_list
from registrations.models import Registration, Ticket, WaitingEntry
from registrations.shared_quotas import find_tickets_sharing_quota
from registrations.waiting_list.offers import is_available, load_waiting_facts, lock_wanted_item
from registrations.waiting_list.policy import find_offer_objection

from .cancel import check_cancellable, lock_and_cancel

# Two moves in opposite directions would lock the tickets of both events in opposite orders.
MOVE_LOCK = "registrations:move"
# Stored in the audit trail, so it never changes.
MOVE_VERB: Final = "registration.move"
# Unlike a company's limit, which other people's cancellations lift, these last while the attendee waits.
LASTING_OBJECTIONS: Final = frozenset(
    {WaitingEntry.SkipReason.NOT_A_MEMBER, WaitingEntry.SkipReason.HAS_PLACE}
)


class MoveRefused(ConventionError):
    """The registration cannot be moved to this list, or not on the stated terms."""

    kind = "move-refused"
    status = 409


@dataclass(frozen=True)
class MovePreview:
    """The fee and the refund of the cancellation, and the state of the waiting list.

    `objection` says why no place would be offered to this attendee for now; "" if one would.
    """

    fee_cents: int
    sentences: list[str]
    waiting_count: int
    objection: str
    is_offered_at_once: bool


def list_tickets_to_wait_for(events: Iterable[Event]) -> list[Ticket]:
    """Return the tickets of these events whose waiting lists are open, by event.

    Places of site visits are given on application, so that nobody can be put on their lists.
    """
    now = timezone.now()
    rows = Ticket.objects.filter(event__in=events, event__ends_at__gt=now, is_public=True)
    tickets = rows.exclude(event__kind=Event.Kind.SITE_VISIT).select_related("event", "quota")
    return [
        ticket
        for ticket in tickets.order_by("event__starts_at", "event", "pk")
        if is_available(ticket, at=now)
    ]


def find_tickets_for_members_only(
    registration: Registration, tickets: Collection[Ticket]
) -> frozenset[Ticket]:
    """Return those of these tickets that the attendee cannot have, not being a member."""
    if find_member_by_email(_make_request(registration).email):
        return frozenset()
    return frozenset(ticket for ticket in tickets if ticket.needs_member_verification)


def preview_move(registration: Registration, ticket: Ticket) -> MovePreview:
    """Return what moving the registration to the ticket's list would come to; nothing is changed.

    Raise MoveRefused if the attendee cannot wait there, else what `cancel_registration` raises.
    """
    check_cancellable(registration)
    request = _make_request(registration)
    _check_request(request, ticket)
    # Tickets of one quota share one list.
    tickets = find_tickets_sharing_quota([ticket.pk]).order_by()
    waiting_count = WaitingEntry.objects.awaiting_offer().filter(ticket__in=tickets).count()
    objection = _find_objection(request, ticket)
    return MovePreview(
        fee_cents=load_refund_terms(registration, at=timezone.now()).cancellation_fee,
        sentences=summarize_refund(registration),
        waiting_count=waiting_count,
        objection=str(WaitingEntry.SkipReason(objection).label) if objection else "",
        is_offered_at_once=ticket.remaining != 0 and not waiting_count and not objection,
    )


@transaction.atomic
def move_to_waiting_list(
    *, registration: Registration, ticket: Ticket, expected_fee_cents: int, reason: str = ""
) -> WaitingEntry:
    """Cancel by the refund rules and put the attendee on the ticket's list; both or neither.

    Raise MoveRefused unless the ticket is another event's, the attendee can have it, has a name and an
    address that does not wait there yet, and the cancellation fee is `expected_fee_cents`; else what
    `cancel_registration` and `add_to_ticket_list` raise.
    """
    acquire_advisory_lock(MOVE_LOCK)
    if ticket.event_id == registration.event_id:
        raise MoveRefused(_("Choose a ticket of another event."))
    now = timezone.now()

    def get_terms(locked: Registration, due_cents: int) -> RefundTerms:
        terms = decide_terms_for_due(locked, due_cents, at=now)
        if terms.cancellation_fee != expected_fee_cents:
            raise MoveRefused(_("The refund has changed in the meantime. Check it again."))
        return terms

    cancelled = lock_and_cancel(registration, get_terms, reason)
    request = _make_request(cancelled)
    # Under the ticket's lock: for an address that waits already, `add_to_ticket_list` adds no entry.
    lock_wanted_item(Ticket, ticket.pk)
    _check_request(request, ticket)
    entry = add_to_ticket_list(ticket=ticket, request=request, reason=reason)
    details = {"event": ticket.event.slug}
    record_action(MOVE_VERB, cancelled, event=cancelled.event, reason=reason, details=details)
    return entry


def _check_request(request: WaitingRequest, ticket: Ticket) -> None:
    """Raise MoveRefused for an attendee who cannot wait for the ticket.

    That is one without a name or an address, one whose address waits already, and one to whom no place could
    ever be offered. Attendees without an address share the buyer's.
    """
    if not (request.first_name and request.last_name and request.email):
        raise MoveRefused(_("Enter the attendee’s name and e-mail address first."))
    address = normalize_email(request.email)
    if WaitingEntry.objects.active().filter(ticket=ticket, address=address).exists():
        raise MoveRefused(
            _("%(email)s is already on this waiting list. Give the attendee their own address first.")
            % {"email": request.email}
        )
    if (objection := _find_objection(request, ticket)) in LASTING_OBJECTIONS:
        raise MoveRefused(
            _("No place can be offered to %(email)s: %(reason)s. Choose another ticket.")
            % {"email": request.email, "reason": WaitingEntry.SkipReason(objection).label}
        )


def _find_objection(request: WaitingRequest, ticket: Ticket) -> str:
    entry = WaitingEntry(event=ticket.event, ticket=ticket, email=request.email)
    return find_offer_objection(load_waiting_facts(entry, ticket))


def _make_request(registration: Registration) -> WaitingRequest:
    return WaitingRequest(
        first_name=registration.first_name,
        last_name=registration.last_name,
        # The offer goes to the attendee; to the buyer if the attendee has no address.
        email=registration.email or registration.order.email,
        company=registration.company,
        language=registration.mail_language,
    )
