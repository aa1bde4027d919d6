"""Collect what a desk device needs without network: guests, tickets, spare badges and the badge's design.

A device downloads only what changed. It sends the digests of the parts that it has, so that the server stores
nothing about what each device knows, and finds changes from any source.
"""

import base64
import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db.models import F
from django.utils import timezone, translation

from badges.attendance.models import Presence
from badges.attendance.reports.headcount import find_main_presences
from badges.attendance.scanning.batch_state import get_scan_state
from badges.attendance.scanning.numbering import number_changes
from badges.attendance.scanning.presence import ENTRY_LIFETIME, choose_arrival
from badges.attendance.scanning.snapshot_serializers import PublicKeyResponse
from badges.codes import BadgeHolder, make_short_code, sign_badge_token
from badges.printing.elements import DescribedDesign, Element, describe_outlined_names
from badges.printing.pdf import load_event_tickets
from convention.codes.badge_codes import build_code_address
from convention.events.models import Event, EventKey
from convention.events.signing_keys import get_signing_key
from registrations.billing.refund_summary import load_amounts_due
from registrations.invoices.models import Payment
from registrations.models import Registration, Ticket
from registrations.notes.models import StaffNote
from registrations.storefront.walk_in_forms import find_preselected_ticket

from .models import BadgePrint, DeskDevice, SpareBadge
from .offline_devices import lease_spare_badges
from .permissions import can_take_payments
from .search import DeskGuest

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

# 1,024 groups: with 10,000 guests a change sends ten others too, and all digests are 20 kB.
GROUP_PREFIX_LENGTH: Final = 2


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


def build_data_update(
    *, device: DeskDevice, reader: "RequestUser", known_digests: dict[str, str]
) -> dict[str, Any]:
    """Return the parts of the offline data that the device lacks, as JSON, with the digests of all.

    Parts are the setup, the spare badges and the groups of guests: see Desk.DataUpdate in types/desk.d.ts.
    The amounts that guests owe are only for a reader who may take payments.
    """
    event = device.event
    tickets = load_event_tickets(event)
    for ticket in tickets.values():
        # Saves a query for each, since a ticket's audience depends on its event.
        ticket.event = event
    codes = CodeDescriber.for_event(event, tickets)
    takes_payments = can_take_payments(reader, event)
    setup = describe_setup(device, codes, tickets) | {"takes_payments": takes_payments}
    # A code that was drawn stays valid only with the same key, address and design.
    sample = codes.describe("A" * 13, 1, next(iter(tickets))) if tickets else None
    # An event without tickets has no walk-ins.
    spares = [spare.reference for spare in lease_spare_badges(device=device)] if tickets else []
    groups = group_guests(event, reader)
    digests = {"setup": compute_digest(setup), "spares": compute_digest(spares, sample)}
    for name, guests in groups.items():
        digests[name] = compute_digest([description for _guest, description in guests], sample)
    changed = {name for name, digest in digests.items() if digest != known_digests.get(name)}
    return {
        "digests": digests,
        "setup": setup if "setup" in changed else None,
        "spares": list_spare_codes(spares, codes, tickets) if "spares" in changed else None,
        "guests": [
            description | codes.describe_codes(guest) | {"outlined_names": describe_names_to_draw(guest)}
            for name in sorted(changed & groups.keys())
            for guest, description in groups[name]
        ],
    }


def compute_digest(*contents: Any) -> str:
    """Return a short text that differs when the contents, which JSON can hold, differ."""
    text = json.dumps(contents, sort_keys=True, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.blake2b(text.encode(), digest_size=9).digest()).decode()


def describe_setup(device: DeskDevice, codes: "CodeDescriber", tickets: dict[int, Ticket]) -> dict[str, Any]:
    """Return the event, its tickets and the badge design as JSON: see Desk.Setup in types/desk.d.ts."""
    event = device.event
    preselected_ticket = find_preselected_ticket(list(tickets.values()))
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
                "price_cents": ticket.current_price.amount,
                "is_preselected": ticket == preselected_ticket,
                "needs_member": ticket.needs_member_verification,
            }
            for ticket in tickets.values()
        ],
        "currency": next((ticket.currency for ticket in tickets.values()), "EUR"),
        # Not the add-ons themselves: without network nobody knows how many are left.
        "has_addons": event.addons.exists(),
        "design": codes.design.describe(),
        "keys": PublicKeyResponse(event.keys.order_by("pk"), many=True).data,
    }


def list_spare_codes(
    references: list[str], codes: "CodeDescriber", tickets: dict[int, Ticket]
) -> list[dict[str, Any]]:
    """Return spare badges with their codes, which are drawn alike on the badges of all tickets."""
    return [
        {"reference": reference, "code": codes.describe(reference, 1, next(iter(tickets)))}
        for reference in references
    ]


def group_guests(event: Event, reader: "RequestUser") -> dict[str, list[tuple[Registration, dict[str, Any]]]]:
    """Return all guests with their descriptions, grouped by the beginning of their references.

    The number of queries does not depend on the number of guests.
    """
    rows = Registration.objects.filter(event=event).select_related("ticket", "order", "staff_note")
    guests = list(rows.prefetch_related("addons").order_by("reference"))
    orders = {guest.order_id: guest.order for guest in guests}.values()
    amounts = load_amounts_due(orders) if can_take_payments(reader, event) else {}
    order_sizes = Counter(guest.order_id for guest in guests if guest.is_active)
    presences = find_main_presences(event, [guest.pk for guest in guests])
    print_times = dict(
        BadgePrint.objects.filter(registration__event=event, badge_version=F("registration__badge_version"))
        .order_by("printed_at")
        .values_list("registration", "printed_at")
    )
    groups: dict[str, list[tuple[Registration, dict[str, Any]]]] = {}
    for guest in guests:
        guest.event = event
        printed_at = {"printed_at": at.isoformat() if (at := print_times.get(guest.pk)) else None}
        desk_guest = DeskGuest(
            guest, amount_due=amounts.get(guest.order_id), order_size=order_sizes[guest.order_id]
        )
        description = describe_guest(desk_guest, presences.get(guest.pk), printed_at)
        groups.setdefault(guest.reference[:GROUP_PREFIX_LENGTH], []).append((guest, description))
    return groups


def describe_guest(guest: DeskGuest, presence: Presence | None, values: dict[str, Any]) -> dict[str, Any]:
    """Return one guest as JSON, with `values` added."""
    registration = guest.registration
    note = getattr(registration, "staff_note", None)
    arrived_at = None
    if presence:
        zone = registration.event.zone
        arrived_at = choose_arrival(presence.first_entered_at, presence.last_entered_at, zone)
    # An attendee who left unscanned yesterday is not inside today.
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
        "scan_state": get_scan_state(registration),
        "badge_version": registration.badge_version,
        "note": note.text if note else "",
        "payment": "free" if guest.is_paid_by_others else guest.payment_state,
        "amount_due_cents": max(0, guest.amount_due.amount) if guest.amount_due else 0,
        "order_size": guest.order_size,
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

    def describe(self, reference: str, badge_version: int, ticket_id: int) -> dict[str, Any]:
        """Return a badge's code as JSON: see Desk.BadgeCode in types/desk.d.ts."""
        code = sign_code(reference, badge_version, self.key)
        return {
            "elements": self.design.describe_code(ticket_id, code),
            "short_code": make_short_code(code),
        }

    def describe_codes(self, registration: Registration) -> dict[str, Any]:
        """Return the code that is valid now, and the next one, for a reprint or a transfer.

        A pending place has one, too: its badge is printed once it is paid at the desk.
        """
        if not registration.is_active:
            return {"code": None, "next_code": None}
        reference, version = registration.reference, registration.badge_version
        return {
            "code": self.describe(reference, version, registration.ticket_id),
            "next_code": self.describe(reference, version + 1, registration.ticket_id),
        }


def describe_names_to_draw(registration: Registration) -> list[Element] | None:
    """Return the names on the badge as outlines; None where the browser has a font for them."""
    return describe_outlined_names(
        BadgeHolder(*(getattr(registration, field) for field in BadgeHolder._fields))
    )


def sign_code(reference: str, badge_version: int, key: EventKey) -> str:
    """Return the address in the QR of a badge, which may not be valid yet."""
    return build_code_address(sign_badge_token(reference, badge_version, key), settings.SITE_URL)


def describe_sync(
    device: DeskDevice, reader: "RequestUser", *, known_version: str, known_digests: dict[str, str]
) -> dict[str, Any]:
    """Return what changed in the data since the device last fetched them, or the order to erase them."""
    if not device.is_active():
        return describe_erasure()
    version = compute_data_version(device.event, reader)
    answer = {"erase": False, "version": version, "server_time": timezone.now().isoformat()}
    if version != known_version:
        # Leases spare badges, which does not change the version computed above.
        answer["data"] = build_data_update(device=device, reader=reader, known_digests=known_digests)
    return answer


def describe_erasure() -> dict[str, Any]:
    """Return the order to erase the data of a device that may not have them any more."""
    return {"erase": True, "server_time": timezone.now().isoformat()}
