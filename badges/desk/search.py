"""Search guests at the desk by name, company, e-mail or reference, or by either code of their badge.

Words match in any order and without accents, first those of names. A reference matches whole and alone: its
first letters would mix other people into a search for a name. The search runs in Python over a cached index:
it runs with each letter typed, and databases do not ignore accents in the same way.
"""

import datetime
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Count, Exists, Max, Min, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from badges.attendance.models import REASON_LABELS, VERDICT_LABELS, Presence
from badges.attendance.reports.headcount import list_main_checkpoints
from badges.attendance.scanning.batch_state import get_scan_state
from badges.attendance.scanning.lookup.short_codes import load_short_codes, parse_short_code
from badges.attendance.scanning.presence import choose_arrival
from badges.attendance.scanning.presence_store import filter_still_inside
from badges.attendance.scanning.verdict import ALREADY_IN, ScanFacts, Verdict, decide_verdict
from convention.codes.badge_codes import BADGE_PURPOSE, MalformedCode, SignedClaim, parse_badge_code
from convention.events.models import Event, EventKey
from convention.money import Money
from convention.text.normalize import matches_search_words, search_text, split_search_words
from registrations.billing.refund_summary import load_amounts_due
from registrations.models import Order, Registration

from .models import BadgePrint

MAX_GUESTS_SHOWN = 30
INDEX_CACHE_SECONDS = 60
# By the name of what is wrong with a scanned badge.
BADGE_PROBLEMS = {
    "forged": gettext_lazy("Not signed by the organizer: a damaged or forged badge."),
    "other_event": gettext_lazy("This badge is for another event."),
    "revoked": gettext_lazy("This badge is no longer valid: it was replaced or cancelled."),
}


@dataclass(frozen=True)
class DeskGuest:
    """A registration with arrival, last departure, whether it is inside, and what its order owes.

    `is_badge_printed` tells whether the desk printed the badge that is valid now.

    `order_size` counts the active registrations of its order, for all of which `amount_due` is owed.
    """

    registration: Registration
    arrived_at: datetime.datetime | None = None
    left_at: datetime.datetime | None = None
    is_inside: bool = False
    amount_due: Money | None = None
    order_size: int = 1
    has_conflict: bool = False
    is_badge_printed: bool = False

    @property
    def is_of_group_order(self) -> bool:
        return self.order_size > 1

    @property
    def is_paid_by_others(self) -> bool:
        """Return whether this guest's own part of a group's order is free."""
        # A pending place waits for the order's payment, whatever its own part.
        is_confirmed = self.registration.state == Registration.State.CONFIRMED
        return self.is_of_group_order and is_confirmed and not self.registration.full_price

    @property
    def payment_state(self) -> str:
        """Return `free`, `paid`, `to_invoice` (billed after the event) or `to_pay` (now).

        An order that was cancelled without a fee is `free`, also after a refund; so is a cancelled place, as
        what is left to pay of its order is for the other places.
        """
        if self.registration.cancelled_at or not self.registration.order.total or self.amount_due is None:
            return "free"
        if self.amount_due.amount <= 0:
            return "paid"
        return "to_invoice" if self.registration.order.payment == Order.Payment.INVOICE else "to_pay"

    @property
    def entry_verdict(self) -> Verdict:
        """Return the verdict of a check-in now, by what the desk shows of the guest; record nothing."""
        return decide_verdict(
            ScanFacts(registration_state=get_scan_state(self.registration), is_inside=self.is_inside)
        )

    @property
    def refusal(self) -> str:
        """Return in words why this guest, who is inside already or has no place, cannot be checked in."""
        return describe_refused_entry(self.entry_verdict)


class SearchEntry(NamedTuple):
    """The texts by which one registration is found, and its references in lower case."""

    registration_id: int
    name: str
    text: str
    references: list[str]


@dataclass(frozen=True)
class DeskSearchResult:
    """The guests to show, how many match in all, and what is wrong with the badge that was scanned."""

    guests: list[DeskGuest]
    total: int
    problem: str = ""


def describe_refused_entry(verdict: Verdict) -> str:
    """Return in words why an entry was not counted."""
    if verdict.verdict == ALREADY_IN:
        return _("Already inside")
    reason = REASON_LABELS.get(verdict.reason, verdict.reason) or VERDICT_LABELS[verdict.verdict]
    return _("Not checked in: %(reason)s") % {"reason": reason}


def find_guests(*, event: Event, query: str) -> DeskSearchResult:
    """Return the guests that match every word of the query, at most MAX_GUESTS_SHOWN, sorted by name.

    Those whose name matches come before those whose company or e-mail address does.

    The code of a badge, or its short code, finds its holder alone.
    """
    try:
        signed = parse_badge_code(query)
    except MalformedCode:
        found = _find_by_words(event, query)
        # Names first: many have eight letters, too, and signing all badges takes a moment.
        short_code = "" if found.total else parse_short_code(query)
        return _find_by_short_code(event, short_code) if short_code else found
    return _find_by_code(event, signed)


def _find_by_words(event: Event, query: str) -> DeskSearchResult:
    words = split_search_words(query)
    if not words:
        return DeskSearchResult([], 0)
    reference = words[0] if len(words) == 1 else ""
    by_name: list[int] = []
    by_other_text: list[int] = []
    for entry in get_search_index(event):
        if matches_search_words(words, entry.name):
            by_name.append(entry.registration_id)
        elif matches_search_words(words, entry.text) or reference in entry.references:
            by_other_text.append(entry.registration_id)
    matching_ids = by_name + by_other_text
    # All matches are counted, but only those that are shown are loaded.
    shown_ids = matching_ids[:MAX_GUESTS_SHOWN]
    guests = {guest.registration.pk: guest for guest in load_guests(event, shown_ids)}
    return DeskSearchResult([guests[pk] for pk in shown_ids if pk in guests], len(matching_ids))


def _find_by_code(event: Event, signed: SignedClaim) -> DeskSearchResult:
    claim = signed.claim
    key = EventKey.objects.filter(number=claim.key_number).first()
    if key is None or claim.purpose != BADGE_PURPOSE or not signed.is_signed_by(bytes(key.public_key)):
        return DeskSearchResult([], 0, str(BADGE_PROBLEMS["forged"]))
    if key.event_id != event.pk:
        return DeskSearchResult([], 0, str(BADGE_PROBLEMS["other_event"]))
    return _find_by_badge(event, claim.registration_reference, claim.badge_version)


def _find_by_short_code(event: Event, short_code: str) -> DeskSearchResult:
    badge = load_short_codes(event).get(short_code)
    return _find_by_badge(event, *badge) if badge else DeskSearchResult([], 0)


def _find_by_badge(event: Event, reference: str, badge_version: int) -> DeskSearchResult:
    rows = Registration.objects.filter(event=event, reference=reference)
    found = list(rows.values_list("pk", "badge_version"))
    is_current = [version for _pk, version in found] == [badge_version]
    problem = "" if is_current else str(BADGE_PROBLEMS["revoked"])
    return DeskSearchResult(load_guests(event, [pk for pk, _version in found]), len(found), problem)


def load_guests(event: Event, registration_ids: list[int]) -> list[DeskGuest]:
    """Return these registrations by name with all that the desk shows, in a fixed number of queries."""
    prints = BadgePrint.objects.filter(registration=OuterRef("pk"), badge_version=OuterRef("badge_version"))
    rows = Registration.objects.filter(pk__in=registration_ids).annotate(is_badge_printed=Exists(prints))
    guests = list(rows.select_related("ticket", "order", "staff_note").prefetch_related("addons__addon"))
    return _add_presences(event, guests, load_amounts_due([guest.order for guest in guests]))


def get_search_index(event: Event) -> list[SearchEntry]:
    """Return the searchable texts of every registration by name, cached until one changes."""
    # The event's sequence changes with each registration, so no entry needs to be deleted.
    key = f"desk.search:{event.pk}:{event.sequence}"
    return cache.get_or_set(key, lambda: _build_search_index(event), INDEX_CACHE_SECONDS) or []


def _build_search_index(event: Event) -> list[SearchEntry]:
    rows = Registration.objects.filter(event=event).values_list(
        "pk", "first_name", "last_name", "company", "email", "order__reference", "reference"
    )
    return [
        SearchEntry(
            pk,
            name=search_text(f"{first_name} {last_name}"),
            text=search_text(f"{first_name} {last_name} {company} {email}"),
            references=[reference.lower() for reference in references],
        )
        for pk, first_name, last_name, company, email, *references in rows
    ]


def _add_presences(
    event: Event, registrations: list[Registration], amounts: dict[int, Money]
) -> list[DeskGuest]:
    """Add amounts and sizes by order and the presences at the main checkpoints, in three queries."""
    presences = Presence.objects.filter(
        checkpoint__in=list_main_checkpoints(event), registration__in=registrations
    )
    rows = presences.order_by().values("registration")
    times = {
        row["registration"]: dict(row)
        for row in rows.annotate(
            came=Min("first_entered_at"),
            entered=Max("last_entered_at"),
            left=Max("last_left_at"),
            # Any non-NULL value means inside; both databases have Max, but not a common aggregate for
            # booleans.
            inside_pk=Max("pk", filter=filter_still_inside()),
            conflict_pk=Max("pk", filter=Q(has_conflict=True)),
        )
    }
    members = Registration.objects.active().filter(order__in=amounts).order_by()
    sizes = dict(members.values_list("order").annotate(size=Count("pk")))
    return [
        _make_guest(
            registration,
            times.get(registration.pk, {}),
            amounts.get(registration.order_id),
            sizes.get(registration.order_id, 1),
            zone=event.zone,
        )
        for registration in registrations
    ]


def _make_guest(
    registration: Registration,
    presence: dict[str, Any],
    amount_due: Money | None,
    order_size: int,
    *,
    zone: datetime.tzinfo,
) -> DeskGuest:
    return DeskGuest(
        registration,
        arrived_at=choose_arrival(presence.get("came"), presence.get("entered"), zone),
        left_at=presence.get("left"),
        is_inside=presence.get("inside_pk") is not None,
        amount_due=amount_due,
        order_size=order_size,
        has_conflict=presence.get("conflict_pk") is not None,
        # Annotated by load_guests.
        is_badge_printed=getattr(registration, "is_badge_printed", False),
    )
