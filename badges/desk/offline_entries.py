"""Apply what a desk device did offline: each entry once, in order, with an outcome that the device shows.

An entry that cannot be applied does not block later ones. An entry never overwrites what another desk changed
meanwhile: it becomes a conflict, which the staff resolves.
"""

import dataclasses
import datetime
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Max
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.errors import ConventionError, ServiceUnavailable
from convention.events.models import Event
from convention.money import Money
from registrations.attendee_identity import AttendeeIdentity
from registrations.booking.transfer import IDENTITY_FIELDS, would_transfer
from registrations.booking.walk_in import register_walk_in
from registrations.changes.correct import CORRECTABLE_FIELDS, Correction, correct_as_organizer
from registrations.changes.substitute import substitute_as_organizer
from registrations.models import Registration
from registrations.notes.staff_notes import write_staff_note
from registrations.order_request import RequestedPlace

from .badge_prints import find_last_print, print_badge
from .check_in import ScanNotRecorded, record_offline_scan
from .models import BadgePrint, DeskDevice, DeskEntry
from .payments import DESK_PAYMENT_PREFIX, MoreThanDue, explain_lost_place, invoice_later, take_payment
from .permissions import check_takes_payments, get_guest

if TYPE_CHECKING:
    from convention.club.models import Person

MAX_SENTENCE_LENGTH = 500
# A correction to another person's name is a transfer, too.
TRANSFERRING_KINDS = ("substitute", "correct")


@dataclass(frozen=True, kw_only=True)
class OfflineEntry:
    """One entry of a device's outbox: `reference` names the guest, `values` depend on the kind."""

    uid: uuid.UUID
    kind: str
    made_at: datetime.datetime
    is_time_uncertain: bool = False
    reference: str
    values: dict[str, Any] = field(default_factory=dict)


class ChangedMeanwhile(ConventionError):
    """Another desk changed the same fields since the device saw them."""

    kind = "changed-meanwhile"
    status = 409


@dataclass(frozen=True)
class EntryContext:
    """The device that made an entry, and the person who delivers it."""

    device: DeskDevice
    operator: "Person | None"

    @property
    def event(self) -> Event:
        return self.device.event


def apply_entries(
    *, device: DeskDevice, entries: list[OfflineEntry], operator: "Person | None"
) -> list[DeskEntry]:
    """Apply the entries that were not received before; return one stored entry for each, in order."""
    DeskDevice.objects.filter(pk=device.pk).update(seen_at=timezone.now())
    context = EntryContext(device, operator)
    return [_apply_once(context, entry) for entry in entries]


@transaction.atomic
def _apply_once(context: EntryContext, entry: OfflineEntry) -> DeskEntry:
    # Locked, so that two deliveries of the same entry wait for each other.
    DeskDevice.objects.select_for_update(no_key=True).get(pk=context.device.pk)
    if stored_entry := DeskEntry.objects.filter(event=context.event, uid=entry.uid).first():
        return stored_entry
    entry = _raise_to_predecessor(context.device, entry)
    state, sentence, registration = DeskEntry.State.DONE, "", None
    try:
        # A savepoint: the changes of a refused entry are rolled back, and the refusal is stored.
        with transaction.atomic():
            registration, sentence = APPLY_BY_KIND[entry.kind](context, entry)
    except ChangedMeanwhile as error:
        state, sentence = DeskEntry.State.CONFLICT, str(error)
    # Nothing is wrong with the entry: the device keeps it and sends it again.
    except ServiceUnavailable:
        raise
    except ConventionError as error:
        state, sentence = DeskEntry.State.REFUSED, describe_refusal(error)
    if state != DeskEntry.State.DONE:
        registration = _find_place_to_transfer(context.event, entry)
    if entry.kind == "walk_in":
        # Outside the savepoint: the badge of a refused walk-in was printed, too, and nobody else may get it.
        _bind_spare_badge(context.device, entry.reference)
    return DeskEntry.objects.create(
        event=context.event,
        device=context.device,
        registration=registration,
        uid=entry.uid,
        kind=entry.kind,
        made_at=entry.made_at,
        state=state,
        sentence=sentence[:MAX_SENTENCE_LENGTH],
    )


def _find_place_to_transfer(event: Event, entry: OfflineEntry) -> Registration | None:
    """Return the place that the entry would give to another person; None if it is no transfer."""
    if entry.kind not in TRANSFERRING_KINDS:
        return None
    guest = Registration.objects.filter(event=event, reference=entry.reference).first()
    new_attendee = AttendeeIdentity(**{name: entry.values[name] for name in IDENTITY_FIELDS})
    return guest if guest and would_transfer(guest, new_attendee) else None


def _check_attendee(context: EntryContext, guest: Registration, entry: OfflineEntry) -> None:
    """Raise ScanNotRecorded if the device took the guest for someone who did not get the place.

    The device learns only from the answer that a transfer was refused: a check-in that it made before that
    is of the person who should have got the place.
    """
    refused_transfers = context.device.entries.filter(
        registration=guest,
        kind__in=TRANSFERRING_KINDS,
        made_at__lte=entry.made_at,
        received_at__gte=entry.made_at,
    )
    if refused_transfers.exclude(state=DeskEntry.State.DONE).exists():
        raise ScanNotRecorded(
            _(
                "Not recorded: the place was not transferred to this person. Transfer it first, then "
                "check them in."
            )
        )


def _raise_to_predecessor(device: DeskDevice, entry: OfflineEntry) -> OfflineEntry:
    """Return the entry, not dated before those that its device made earlier and that were received."""
    # The order of the outbox is reliable, unlike the clock, whose offset is measured anew with each answer: a
    # check-in that follows a transfer within a second would be of the former attendee, and count for nobody.
    latest_at = device.entries.aggregate(latest=Max("made_at"))["latest"]
    if latest_at is None or latest_at <= entry.made_at:
        return entry
    return dataclasses.replace(entry, made_at=latest_at)


def _bind_spare_badge(device: DeskDevice, reference: str) -> None:
    spares = device.spare_badges.filter(reference=reference, bound_at__isnull=True)
    spares.update(bound_at=timezone.now())


def describe_refusal(error: ConventionError) -> str:
    """Return the error's sentence with those of its fields."""
    fields = getattr(error, "field_errors", {})
    return " ".join([str(error), *(sentence for sentences in fields.values() for sentence in sentences)])


type Outcome = tuple[Registration | None, str]


def _apply_check_in(context: EntryContext, entry: OfflineEntry) -> Outcome:
    guest = get_guest(context.event, entry.reference)
    if entry.kind == "check_in":
        _check_attendee(context, guest, entry)
    sentence = record_offline_scan(
        guest=guest, operator=context.operator, uid=entry.uid, at=entry.made_at,
        clock_offset_ms=None if entry.is_time_uncertain else 0, direction=entry.values["direction"],
        undoes=entry.values.get("undoes"), reason=entry.values.get("reason", ""),
    )  # fmt: skip
    return guest, sentence


def _apply_walk_in(context: EntryContext, entry: OfflineEntry) -> Outcome:
    if not context.device.spare_badges.filter(reference=entry.reference, bound_at__isnull=True).exists():
        raise ChangedMeanwhile(_("The badge of this walk-in belongs to someone else. Register them again."))
    names = ("first_name", "last_name", "company", "email", "ticket")
    guest = register_walk_in(
        event=context.event,
        place=RequestedPlace(**{name: entry.values[name] for name in names}),
        idempotency_key=str(entry.uid),
        language=entry.values.get("language") or translation.get_language() or "fr",
        reference=entry.reference,
    )
    return guest, ""


def _apply_note(context: EntryContext, entry: OfflineEntry) -> Outcome:
    guest = get_guest(context.event, entry.reference)
    note = getattr(guest, "staff_note", None)
    if (note.text if note else "") != entry.values["before"]["note"]:
        raise ChangedMeanwhile(_("Another desk has changed this note in the meantime."))
    write_staff_note(registration=guest, text=entry.values["note"], written_by=context.operator)
    return guest, ""


def _apply_correction(context: EntryContext, entry: OfflineEntry) -> Outcome:
    guest = get_guest(context.event, entry.reference)
    before = entry.values["before"]
    changed = {name: entry.values[name] for name in before if entry.values[name] != before[name]}
    if any(getattr(guest, name) != before[name] for name in changed):
        raise ChangedMeanwhile(_("Another desk has changed these details in the meantime."))
    values = {name: getattr(guest, name) for name in CORRECTABLE_FIELDS} | changed
    corrected = correct_as_organizer(registration=guest, correction=Correction(**values), at=entry.made_at)
    return corrected, _describe_transfer(guest, corrected)


def _describe_transfer(before: Registration, corrected: Registration) -> str:
    if corrected.badge_version == before.badge_version:
        return ""
    return _("The place was transferred to another person: badges printed earlier are no longer valid.")


def _apply_substitution(context: EntryContext, entry: OfflineEntry) -> Outcome:
    guest = get_guest(context.event, entry.reference)
    before = entry.values["before"]
    if any(getattr(guest, name) != before[name] for name in ("first_name", "last_name", "email")):
        raise ChangedMeanwhile(_("Another desk has changed these details in the meantime."))
    names = ("first_name", "last_name", "email")
    place = RequestedPlace(ticket="", **{name: entry.values[name] for name in names})
    substituted = substitute_as_organizer(
        registration=guest, new_attendee=place, company=entry.values["company"], at=entry.made_at
    )
    return substituted, ""


def _apply_print(context: EntryContext, entry: OfflineEntry) -> Outcome:
    guest = get_guest(context.event, entry.reference)
    reason = entry.values["reason"]
    # A reprint is the next version.
    expected_version = guest.badge_version + bool(reason)
    if entry.values["badge_version"] > expected_version:
        # The device counted on a transfer or a reprint that was refused.
        raise ChangedMeanwhile(
            _("Take this badge back: it is not valid, because the change before it was refused.")
        )
    if entry.values["badge_version"] != expected_version:
        raise ChangedMeanwhile(_("This badge was replaced in the meantime: print it again."))
    if not reason and find_last_print(guest):
        # Two desks printed the same badge without network: both badges carry the same code.
        return guest, _("This badge was also printed at another desk.")
    if reason and not find_last_print(guest):
        # The device printed the next version: the one before counts as printed.
        BadgePrint.objects.create(
            registration=guest, badge_version=guest.badge_version, printed_at=entry.made_at
        )
    printed = print_badge(registration=guest, printed_by=context.operator, reason=reason, at=entry.made_at)
    return printed, ""


def _apply_payment(context: EntryContext, entry: OfflineEntry) -> Outcome:
    guest = get_guest(context.event, entry.reference)
    check_takes_payments(context.operator or AnonymousUser(), context.event)
    try:
        take_payment(
            guest=guest,
            # The id of the entry: a payment that is sent twice is recorded once.
            external_id=f"{DESK_PAYMENT_PREFIX}{entry.uid}",
            received_on=entry.made_at.astimezone(context.event.zone).date(),
            **entry.values,
        )
    except MoreThanDue as error:
        amount, due = (Money(cents, guest.order.currency) for cents in (entry.values["amount"], error.due))
        raise ChangedMeanwhile(_describe_surplus(amount, due)) from error
    return guest, explain_lost_place(guest)


def _describe_surplus(amount: Money, due: Money) -> str:
    """Return why a payment was not recorded, and what the staff should do with the money."""
    if due.amount <= 0:
        sentence = _(
            "Nothing is due for this order, so the payment of %(amount)s was not recorded: refund it."
        )
    else:
        sentence = _(
            "Only %(due)s is due, so the payment of %(amount)s was not recorded. Refund the difference and "
            "enter the payment on the guest’s page."
        )
    return sentence % {"amount": amount, "due": due}


def _apply_invoice(context: EntryContext, entry: OfflineEntry) -> Outcome:
    guest = get_guest(context.event, entry.reference)
    check_takes_payments(context.operator or AnonymousUser(), context.event)
    order = invoice_later(guest=guest)
    if order.is_by_card:
        sentence = _("Order %(reference)s is already paid: it will not be invoiced.")
        raise ChangedMeanwhile(sentence % {"reference": order.reference})
    return guest, ""


def _apply_resolution(context: EntryContext, entry: OfflineEntry) -> Outcome:
    resolved = DeskEntry.objects.filter(event=context.event, uid=entry.values["entry"])
    resolved.filter(state__in=DeskEntry.UNRESOLVED_STATES).update(state=DeskEntry.State.RESOLVED)
    return None, ""


APPLY_BY_KIND: dict[str, Callable[[EntryContext, OfflineEntry], Outcome]] = {
    "check_in": _apply_check_in,
    "undo": _apply_check_in,
    "walk_in": _apply_walk_in,
    "note": _apply_note,
    "correct": _apply_correction,
    "substitute": _apply_substitution,
    "print": _apply_print,
    "payment": _apply_payment,
    "invoice": _apply_invoice,
    "resolve": _apply_resolution,
}
