"""Collect what a desk device needs without network: guests, tickets, spare badges and the badge's design."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone, translation

from badges.attendance.models import Presence
from badges.attendance.reports.headcount import find_main_presences
from badges.attendance.scanning.numbering import number_changes
from badges.attendance.scanning.presence import ENTRY_LIFETIME
from badges.codes import sign_badge_token
from badges.printing.elements import DescribedDesign, Element
from badges.printing.pdf import load_event_tickets
from convention.codes.badge_codes import build_code_address
from convention.events.models import Event, EventKey
from convention.events.signing_keys import get_signing_key
from registrations.invoices.models import Payment
from registrations.models import Registration, Ticket

from .models import BadgePrint, DeskDevice, SpareBadge, StaffNote
from .offline_devices import lease_spare_badges
from .payments import load_amounts_due
from .permissions import can_take_payments
from .search import DeskGuest

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def compute_data_version(event: Event, reader: "RequestUser") -> str:
    """Return a text that changes whenever the data of a desk device may have changed for this reader."""
    # A note that is written advances the sequence; one that is erased does not.
    notes = StaffNote.objects.filter(registration__event=event)
    prints = BadgePrint.objects.filter(registration__event=event)
    payments = Payment.objects.filter(receivable__event=event)
    bound_spares = SpareBadge.objects.filter(device__event=event, bound_at__isnull=False)
    parts = (
        event.sequence, number_changes(event.pk), notes.count(), prints.count(), payments.count(),
        bound_spares.count(), event.addons.exists(), translation.get_language(),
        can_take_payments(reader, event),
    )  # fmt: skip
    return "-".join(map(str, parts))


def build_offline_data(*, device: DeskDevice, reader: "RequestUser") -> dict[str, Any]:
    """Return everything that the device stores, as JSON: see Desk.Data in types/desk.d.ts.

    The amounts that guests owe are only for a reader who may take payments.
    """
    event = device.event
    tickets = load_event_tickets(event)
    codes = CodeDescriber.for_event(event, tickets)
    return {
        "event": {
            "slug": event.slug,
            "title": event.title,
            "timezone": str(event.zone),
            "expires_at": device.expires_at.isoformat(),
        },
        "tickets": [
            {
                "slug": ticket.slug,
                "title": ticket.title,
                "price": str(ticket.current_price) if ticket.current_price.amount else "",
                "is_default": ticket.is_default,
            }
            for ticket in tickets.values()
        ],
        # Not the add-ons themselves: without network nobody knows how many are left.
        "has_addons": event.addons.exists(),
        "guests": list_offline_guests(event, codes, reader),
        "spares": list_spare_codes(device, codes, tickets),
        "design": codes.design.describe(),
    }


def list_spare_codes(
    device: DeskDevice, codes: "CodeDescriber", tickets: dict[int, Ticket]
) -> list[dict[str, Any]]:
    """Return the badges for walk-ins of a device; none where the event has no tickets."""
    if not tickets:
        return []
    # A code is drawn alike on the badges of all tickets.
    ticket_id = next(iter(tickets))
    return [
        {"reference": spare.reference, "code": codes.describe(spare.reference, 1, ticket_id)}
        for spare in lease_spare_badges(device=device)
    ]


def list_offline_guests(event: Event, codes: "CodeDescriber", reader: "RequestUser") -> list[dict[str, Any]]:
    """Return all guests of the event by name, in a fixed number of queries."""
    rows = Registration.objects.filter(event=event).select_related("ticket", "order", "staff_note")
    guests = list(rows)
    orders = {guest.order_id: guest.order for guest in guests}.values()
    amounts = load_amounts_due(orders) if can_take_payments(reader, event) else {}
    presences = find_main_presences(event, [guest.pk for guest in guests])
    printed = dict(
        BadgePrint.objects.filter(registration__event=event, badge_version=F("registration__badge_version"))
        .order_by("printed_at")
        .values_list("registration", "printed_at")
    )
    return [
        describe_guest(
            DeskGuest(guest, amount_due=amounts.get(guest.order_id)),
            presences.get(guest.pk),
            {"printed_at": at.isoformat() if (at := printed.get(guest.pk)) else None},
        )
        | codes.describe_both(guest)
        for guest in guests
    ]


def describe_guest(guest: DeskGuest, presence: Presence | None, values: dict[str, Any]) -> dict[str, Any]:
    """Return one guest as JSON, with `values` added."""
    registration = guest.registration
    note = getattr(registration, "staff_note", None)
    arrived_at = presence.first_entered_at if presence else None
    # Who left unscanned yesterday is not inside today.
    entered_at = presence.last_entered_at if presence and presence.is_inside else None
    is_inside = entered_at is not None and entered_at > timezone.now() - ENTRY_LIFETIME
    return {
        "reference": registration.reference,
        "order": registration.order.reference,
        "first_name": registration.first_name,
        "last_name": registration.last_name,
        "company": registration.company,
        "email": registration.email,
        "no_photo": registration.no_photo,
        "ticket": registration.ticket.slug,
        "state": registration.state,
        "badge_version": registration.badge_version,
        "note": note.text if note else "",
        "payment": guest.payment_state,
        "amount_due": str(guest.amount_due) if guest.amount_due and guest.amount_due.amount > 0 else "",
        "is_inside": is_inside,
        "arrived_at": arrived_at.isoformat() if arrived_at else None,
        **values,
    }


@dataclass(frozen=True)
class CodeDescriber:
    """Draws the codes of an event's badges as elements, signed by its key."""

    design: DescribedDesign
    key: EventKey

    @classmethod
    def for_event(cls, event: Event, tickets: dict[int, Ticket]) -> "CodeDescriber":
        key = get_signing_key(event)
        samples = sign_code("A" * 13, 1, key), sign_code("BBBBBBBBBBBBA", 2, key)
        return cls(DescribedDesign.for_event(event, tickets, samples), key)

    def describe(self, reference: str, badge_version: int, ticket_id: int) -> list[Element]:
        return self.design.describe_code(ticket_id, sign_code(reference, badge_version, self.key))

    def describe_both(self, registration: Registration) -> dict[str, Any]:
        """Return the code that is valid, and the one after it, for a reprint or a transfer."""
        if registration.confirmed_at is None or registration.cancelled_at is not None:
            return {"code": None, "next_code": None}
        reference, version = registration.reference, registration.badge_version
        return {
            "code": self.describe(reference, version, registration.ticket_id),
            "next_code": self.describe(reference, version + 1, registration.ticket_id),
        }


def sign_code(reference: str, badge_version: int, key: EventKey) -> str:
    """Return the address in the QR of a badge, which may not be valid yet."""
    return build_code_address(sign_badge_token(reference, badge_version, key), settings.SITE_URL)


def describe_sync(device: DeskDevice, known_version: str, reader: "RequestUser") -> dict[str, Any]:
    """Return the reader's data if the device has another version, or that it shall erase what it has."""
    if not device.is_active():
        return {"erase": True, "server_time": timezone.now().isoformat()}
    version = compute_data_version(device.event, reader)
    answer = {"erase": False, "version": version, "server_time": timezone.now().isoformat()}
    if version != known_version:
        answer["data"] = build_offline_data(device=device, reader=reader)
        # The spares were leased meanwhile, which changes nothing that the version counts.
    return answer
