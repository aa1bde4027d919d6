"""Undo an import: cancel the registrations it created, restore those it changed.

Registrations with later events are skipped and reported: the attendee was notified, arrived, was changed or
billed. An undone registration is cancelled, not deleted, so that scanners learn that its badge is void.
Nobody is mailed about a cancellation, because nobody was mailed about the import. A place that returns to its
former attendee gets a new badge.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention import hooks
from convention.actor import current_actor
from convention.audit.record import build_audit_entry, record_action, record_actions
from convention.db.advisory_locks import acquire_advisory_lock
from convention.db.limited_stock import LimitedStock
from convention.errors import ConventionError
from convention.events.sequence import advance_sequence
from registrations.billing.receivables import sync_attendee_names, update_buyers
from registrations.inventory.stock import CompanyTicket, exchange_tickets, list_extra_items
from registrations.invoices.ledger.charges import withdraw_receivables
from registrations.models import (
    ImportedRow,
    ImportRun,
    MailDelivery,
    Order,
    PassQuota,
    Registration,
    RegistrationAddon,
    SessionBooking,
    Ticket,
    Voucher,
    WaitingEntry,
)
from registrations.models.deliveries import (
    handover_message_key,
    holder_message_key,
    make_buyer_message_key,
    make_private_message_key,
)
from registrations.questions.answers import count_limited_options
from registrations.questions.queries import load_questions

from .describe_changes import describe_for_history
from .save_import import BATCH_SIZE, lock_orders, snapshot_registration, update_order_totals
from .ticket_changes import find_billed_references

ARRIVED_OBJECTION = gettext_lazy("has already arrived")
NOTIFIED_OBJECTION = gettext_lazy("has received an e-mail")
BILLED_OBJECTION = gettext_lazy("has been invoiced or has paid")
BOOKED_OBJECTION = gettext_lazy("has booked sessions or is on a waiting list")
CHANGED_OBJECTION = gettext_lazy("registration changed since")
CONFIRMED_OBJECTION = gettext_lazy("registration confirmed by the list")
PURCHASE_ORDER_FIELD = "purchase_order"


class UndoRefused(ConventionError):
    """The import was undone already, changed nothing, or is too old."""

    kind = "cannot-undo"
    status = 409


@dataclass
class UndoResult:
    """The rows that are cancelled or restored, and the registrations skipped, each with a reason."""

    cancelled_rows: list[ImportedRow] = field(default_factory=list)
    restored_rows: list[ImportedRow] = field(default_factory=list)
    skipped_registrations: list[tuple[Registration, str]] = field(default_factory=list)

    def __str__(self) -> str:
        sentence = _("%(cancelled)d cancelled, %(restored)d restored, %(left)d not reverted.")
        return sentence % self._counts

    @property
    def preview_sentence(self) -> str:
        """Return in words what the undo would do."""
        sentence = _("To cancel: %(cancelled)d. To restore: %(restored)d. Cannot be reverted: %(left)d.")
        return sentence % self._counts

    @property
    def _counts(self) -> dict[str, int]:
        return {
            "cancelled": len(self.cancelled_rows),
            "restored": len(self.restored_rows),
            "left": len(self.skipped_registrations),
        }


@dataclass
class StockChanges:
    """Places and items to release and reserve, applied at once in lock order."""

    released_places: list[CompanyTicket] = field(default_factory=list)
    reserved_places: list[CompanyTicket] = field(default_factory=list)
    extra_items: Counter[LimitedStock] = field(default_factory=Counter)


def preview_undo(import_run: ImportRun) -> UndoResult:
    """Return what undoing the import would do now, in a fixed number of queries."""
    rows = import_run.rows.select_related(
        "registration__order", "registration__ticket", "registration__member_of"
    )
    return _classify_rows(import_run, list(rows))


@transaction.atomic
def undo_import(*, import_run: ImportRun) -> UndoResult:
    """Undo everything that can be undone, once.

    Raise UndoRefused, or SoldOut if a former place was booked by another person since.
    """
    # The lock of imports: an import and an undo of the same event must not overlap.
    acquire_advisory_lock(f"import:{import_run.event_id}")
    import_run = (
        ImportRun.objects.select_for_update(of=("self",)).select_related("event").get(pk=import_run.pk)
    )
    if not import_run.can_be_undone:
        raise UndoRefused(_("This import has already been undone, changed nothing, or is too old."))
    keys = sorted(import_run.rows.values_list("registration", flat=True))
    # Orders before registrations, as everywhere.
    lock_orders(keys)
    for batch in batched(keys, BATCH_SIZE, strict=False):
        list(
            Registration.objects.select_for_update(no_key=True)
            .filter(pk__in=batch)
            .order_by("pk")
            .values_list("pk")
        )
    # Classified again under the locks: the preview that the organizer saw may be out of date.
    result = preview_undo(import_run)
    import_run.undone_at, import_run.undone_by_id = timezone.now(), current_actor.get().person_id
    import_run.save(update_fields=["undone_at", "undone_by"])
    record_action("registration.undo_import", import_run, event=import_run.event)
    _record_in_histories(import_run, result)
    stock_changes = StockChanges()
    _cancel_new_registrations([row.registration for row in result.cancelled_rows], stock_changes)
    differences_cents = _restore_registrations(import_run, result.restored_rows, stock_changes)
    exchange_tickets(
        stock_changes.released_places, stock_changes.reserved_places, extra_items=stock_changes.extra_items
    )
    update_order_totals(differences_cents)
    _update_sequence(import_run, result)
    return result


def _record_in_histories(import_run: ImportRun, result: UndoResult) -> None:
    """Add an entry to the history of each registration that the undo cancels or restores."""
    event = import_run.event
    slugs = dict(event.tickets.values_list("pk", "slug"))
    record_actions(
        [
            *(
                build_audit_entry("registration.import_cancel", row.registration, event=event)
                for row in result.cancelled_rows
            ),
            *(
                build_audit_entry(
                    "registration.import_restore",
                    row.registration,
                    event=event,
                    **describe_for_history(row.values_after, row.values_before or {}, slugs),
                )
                for row in result.restored_rows
            ),
        ]
    )


def _classify_rows(import_run: ImportRun, imported_rows: list[ImportedRow]) -> UndoResult:
    later_events = _find_later_events(import_run, imported_rows)
    result = UndoResult()
    for row in imported_rows:
        if objection := _find_objection(row, later_events):
            result.skipped_registrations.append((row.registration, str(objection)))
        elif row.values_before is None:
            result.cancelled_rows.append(row)
        else:
            result.restored_rows.append(row)
    return result


def _find_objection(imported_row: ImportedRow, later_events: Mapping[int, object]) -> object:
    """Return why the row is skipped, or ""."""
    registration = imported_row.registration
    if imported_row.values_before is None and (registration.pk in later_events or registration.cancelled_at):
        return later_events.get(registration.pk, CHANGED_OBJECTION)
    current_values = snapshot_registration(registration)
    if registration.cancelled_at or any(
        current_values[name] != value for name, value in imported_row.values_after.items()
    ):
        return CHANGED_OBJECTION
    if imported_row.values_before is None:
        return ""
    # To undo a confirmation, the place would have to be held again, but the hold has ended.
    if "confirmed_at" in imported_row.values_before:
        return CONFIRMED_OBJECTION
    # Later events matter only where money or a ticket would change with them.
    return later_events.get(registration.pk, "") if "ticket_id" in imported_row.values_before else ""


def _find_later_events(import_run: ImportRun, imported_rows: Iterable[ImportedRow]) -> dict[int, object]:
    """Return a reason to skip, by registration id, for registrations with later events."""
    objections: dict[int, object] = {}
    for batch in batched(imported_rows, BATCH_SIZE, strict=False):
        objections.update(_iterate_later_events(batch, since=import_run.imported_at))
    return objections


def _iterate_later_events(
    imported_rows: Sequence[ImportedRow], *, since: datetime.datetime
) -> Iterator[tuple[int, object]]:
    registrations = {row.registration_id: row.registration for row in imported_rows}
    by_reference = defaultdict[str, list[int]](list)
    for pk, registration in registrations.items():
        by_reference[registration.order.reference].append(pk)
    # Ended bookings count too: they were announced to the attendee.
    for model, time_field in ((SessionBooking, "booked_at"), (WaitingEntry, "joined_at")):
        booked = model._default_manager.filter(
            registration__in=registrations, **{f"{time_field}__gt": since}
        ).order_by()
        yield from ((pk, BOOKED_OBJECTION) for pk in booked.values_list("registration", flat=True))
    yield from ((pk, NOTIFIED_OBJECTION) for pk in _iterate_notified_registrations(imported_rows, since))
    yield from (
        (pk, BILLED_OBJECTION)
        for reference in find_billed_references(by_reference)
        for pk in by_reference[reference]
    )
    arrived_ids = hooks.scanned_registrations.provider()(registrations)
    yield from ((pk, ARRIVED_OBJECTION) for pk in arrived_ids)


def _iterate_notified_registrations(
    imported_rows: Sequence[ImportedRow], since: datetime.datetime
) -> Iterator[int]:
    """Yield the registrations about which an e-mail was sent after the import, but for its own."""
    orders = {row.registration.order_id for row in imported_rows}
    deliveries = defaultdict[int, list[MailDelivery]](list)
    for delivery in MailDelivery.objects.filter(order__in=orders, queued_at__gt=since).order_by("pk"):
        deliveries[delivery.order_id].append(delivery)
    for row in imported_rows:
        registration = row.registration
        mails = [
            mail
            for mail in deliveries[registration.order_id]
            if mail.registration_id in (None, registration.pk)
        ]
        sent_at = registration.confirmation_sent_at
        # A place that the list gave to another person: the import itself has sent each reader one e-mail.
        if row.values_before is not None and "badge_version" in row.values_after:
            is_notified = len(mails) > len(_find_own_mails(registration, mails))
        else:
            is_notified = bool(mails) or (sent_at is not None and sent_at > since)
        if is_notified:
            yield registration.pk


def _find_own_mails(registration: Registration, mails: Iterable[MailDelivery]) -> set[str]:
    """Return the keys of those mails that announce the transfer by the list, each of them once.

    The buyer gets one of them: the order's confirmation only if no other mail names the new holder.
    """
    private_key = make_private_message_key(registration)
    buyer_keys = {handover_message_key(registration), make_buyer_message_key(registration)}
    keys = {mail.message_key for mail in mails}
    own_keys = keys & {holder_message_key(registration), private_key, *buyer_keys}
    if own_keys & buyer_keys:
        return own_keys
    confirmation_key = f"{MailDelivery.Kind.CONFIRMATION.value}-{registration.order.reference}"
    return own_keys | (keys & {confirmation_key})


def _cancel_new_registrations(registrations: list[Registration], stock_changes: StockChanges) -> None:
    """Cancel the created registrations in bulk, and release and withdraw what they held."""
    now = timezone.now()
    stock_changes.released_places += [
        (registration.ticket, registration.member_of) for registration in registrations
    ]
    stock_changes.extra_items.subtract(list_extra_items(registrations))
    for registration in registrations:
        # The mail counts as sent, so that none goes out.
        registration.cancelled_at, registration.cancellation_sent_at, registration.badge_version = (
            now,
            now,
            registration.badge_version + 1,
        )
    saved_fields = ["cancelled_at", "cancellation_sent_at", "badge_version"]
    Registration.objects.bulk_update(registrations, saved_fields, BATCH_SIZE)
    RegistrationAddon.objects.filter(registration__in=registrations, cancelled_at__isnull=True).update(
        cancelled_at=now
    )
    for batch in batched(registrations, BATCH_SIZE, strict=False):
        withdraw_receivables({registration.order.reference for registration in batch})


def _restore_registrations(
    import_run: ImportRun, imported_rows: list[ImportedRow], stock_changes: StockChanges
) -> Counter[int]:
    """Write the old values back, collect the stock changes, and return the price differences by order id."""
    changed, orders, field_names, differences_cents = [], {}, set[str](), Counter[int]()
    tickets = {ticket.pk: ticket for ticket in import_run.event.tickets.all()}
    questions = load_questions(import_run.event)
    for row in imported_rows:
        registration, old_values = row.registration, dict(row.values_before or {})
        # The only value of a snapshot that is a column of the order, not of the registration.
        if PURCHASE_ORDER_FIELD in old_values:
            registration.order.purchase_order = old_values.pop(PURCHASE_ORDER_FIELD)
            orders[registration.order_id] = registration.order
        if "ticket_id" in old_values:
            stock_changes.released_places.append((registration.ticket, registration.member_of))
            stock_changes.reserved_places.append(
                (_find_former_ticket(tickets, old_values), registration.member_of)
            )
        if "answers" in old_values:
            stock_changes.extra_items.update(count_limited_options(questions, old_values["answers"]))
            stock_changes.extra_items.subtract(count_limited_options(questions, registration.answers))
        stock_changes.extra_items.update(_iterate_former_discounts(old_values))
        differences_cents[registration.order_id] += (
            old_values.get("price", registration.price) - registration.price
        )
        # A restored version number could make the other attendee's badge valid again.
        if "badge_version" in old_values:
            old_values |= _next_badge_version(registration)
        elif registration.has_name and not _has_former_name(registration, old_values):
            # The badge with the removed name must not stay valid for the next one.
            old_values["badge_version"] = registration.badge_version + 1
        for name, value in old_values.items():
            setattr(registration, name, value)
        field_names |= old_values.keys()
        changed.append(registration)
    Order.objects.bulk_update(orders.values(), [PURCHASE_ORDER_FIELD], BATCH_SIZE)
    update_buyers(orders.values(), PURCHASE_ORDER_FIELD)
    _save_former_values(changed, field_names)
    return differences_cents


def _has_former_name(registration: Registration, old_values: Mapping[str, Any]) -> bool:
    return any(old_values.get(name, getattr(registration, name)) for name in ("first_name", "last_name"))


def _save_former_values(changed: list[Registration], field_names: set[str]) -> None:
    # `bulk_update` takes field names, the snapshot has column names.
    fields = sorted(name.removesuffix("_id") for name in field_names)
    if changed and fields:
        Registration.objects.bulk_update(changed, fields, BATCH_SIZE)
    if {"first_name", "last_name"} & field_names:
        sync_attendee_names(changed)


def _next_badge_version(registration: Registration) -> dict[str, Any]:
    """Return a new badge version for a former attendee who gets the place back; no version may repeat.

    The badge is mailed again where the other attendee's badge had been mailed.
    """
    if not registration.confirmation_sent_at:
        return {"badge_version": registration.badge_version + 1}
    hooks.send_order_mails.enqueue(registration.order_id)
    return {"badge_version": registration.badge_version + 1, "confirmation_sent_at": None}


def _find_former_ticket(tickets: Mapping[int, Ticket], old_values: Mapping[str, Any]) -> Ticket:
    if old_values["ticket_id"] not in tickets:
        raise UndoRefused(_("The ticket that people had before the list has been removed."))
    return tickets[old_values["ticket_id"]]


def _iterate_former_discounts(old_values: Mapping[str, Any]) -> Iterator[PassQuota | Voucher]:
    """Yield the membership pass and the voucher that the list took away."""
    if pk := old_values.get("membership_pass_id"):
        yield PassQuota.objects.get(pk=pk)
    if pk := old_values.get("voucher_id"):
        voucher = Voucher.objects.filter(pk=pk).first()
        if voucher is None:
            raise UndoRefused(_("A code that people had before the list has been removed."))
        yield voucher


def _update_sequence(import_run: ImportRun, result: UndoResult) -> None:
    """Stamp the rows with a new sequence number, so that scanners fetch them. Call it last."""
    keys = [row.registration_id for row in (*result.cancelled_rows, *result.restored_rows)]
    if not keys:
        return
    sequence = advance_sequence(import_run.event_id)
    for batch in batched(keys, BATCH_SIZE, strict=False):
        Registration.objects.filter(pk__in=batch).update(sequence=sequence)
