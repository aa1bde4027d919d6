"""Undo an import as a whole: who it made loses the place, who it changed is as before.

What happened since is never undone: whoever was told, came, was changed by somebody else or is billed
stays as they are, and is named. A place that is taken back is cancelled, so that its badge opens nothing on
any phone; nobody gets a mail, since nobody ever got one. Whose place went to another person gets a new badge.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention import hooks
from convention.actor import current_actor
from convention.audit.record import record
from convention.counters import Counted
from convention.errors import ConventionError
from convention.events.sequence import next_sequence
from convention.turns import take_turn

from .answers import limited_options
from .bill import follow_names, follow_orders
from .import_write import BATCH, bill_anew, lock_orders, remembered
from .invoices.models import Invoice, Payment
from .invoices.owe import withdraw_together
from .models import (
    Delivery,
    ImportedRow,
    ImportRun,
    Order,
    Passes,
    Registration,
    RegistrationAddon,
    SessionSeat,
    Ticket,
    Voucher,
    WaitingEntry,
)
from .places import Seat, exchange, taken_besides
from .questions import questions_of

CAME = gettext_lazy("came already")
TOLD = gettext_lazy("got an e-mail")
BILLED = gettext_lazy("is billed or has paid")
BOOKED = gettext_lazy("booked sessions or waits")
CHANGED = gettext_lazy("was changed since")
CONFIRMED = gettext_lazy("was confirmed by the list")
ORDER_FIELD = "purchase_order"


class CannotUndo(ConventionError):
    """It was undone, changed nothing, or is too long ago."""

    kind = "cannot-undo"
    status = 409


@dataclass
class Undone:
    """What undoing does, or would do: whom it takes back, whom it restores, and who is left, with why."""

    cancelled: list[ImportedRow] = field(default_factory=list)
    restored: list[ImportedRow] = field(default_factory=list)
    left: list[tuple[Registration, str]] = field(default_factory=list)

    def __str__(self) -> str:
        return _("%(cancelled)d cancelled, %(restored)d restored, %(left)d left as they are.") % {
            "cancelled": len(self.cancelled),
            "restored": len(self.restored),
            "left": len(self.left),
        }


@dataclass
class Moves:
    """What undoing gives back and takes again, counted all at once in the order of locks."""

    given_up: list[Seat] = field(default_factory=list)
    wanted: list[Seat] = field(default_factory=list)
    besides: Counter[Counted] = field(default_factory=Counter)


def foresee(run: ImportRun) -> Undone:
    """What undoing the import would do now; a fixed number of queries."""
    rows = run.rows.select_related("registration__order", "registration__ticket", "registration__member_of")
    return _sorted(run, list(rows))


@transaction.atomic
def undo_import(*, run: ImportRun) -> Undone:
    """Undo once, all that can be. Raises CannotUndo, or SoldOut where a former place is given out."""
    take_turn(f"import:{run.event_id}")
    run = ImportRun.objects.select_for_update(of=("self",)).select_related("event").get(pk=run.pk)
    if not run.may_be_undone:
        raise CannotUndo(_("This import was undone already, changed nothing, or is too long ago."))
    keys = sorted(run.rows.values_list("registration", flat=True))
    lock_orders(keys)
    for batch in batched(keys, BATCH, strict=False):
        list(
            Registration.objects.select_for_update(no_key=True)
            .filter(pk__in=batch)
            .order_by("pk")
            .values_list("pk")
        )
    done = foresee(run)
    run.undone_at, run.undone_by_id = timezone.now(), current_actor.get().person_id
    run.save(update_fields=["undone_at", "undone_by"])
    record("registration.undo_import", run, event=run.event)
    moves = Moves()
    _take_back([row.registration for row in done.cancelled], moves)
    more = _restore(run, done.restored, moves)
    exchange(moves.given_up, moves.wanted, besides=moves.besides)
    bill_anew(more)
    _stamp(run, done)
    return done


def _sorted(run: ImportRun, rows: list[ImportedRow]) -> Undone:
    since = _since(rows)
    done = Undone()
    for row in rows:
        if why := _objection(row, since):
            done.left.append((row.registration, str(why)))
        elif row.before is None:
            done.cancelled.append(row)
        else:
            done.restored.append(row)
    return done


def _objection(row: ImportedRow, since: Mapping[int, object]) -> object:
    """Why the row is left as it is; empty where it is not."""
    one = row.registration
    if row.before is None and (one.pk in since or one.cancelled_at):
        return since.get(one.pk, CHANGED)
    now = remembered(one)
    if one.cancelled_at or any(now[name] != value for name, value in row.after.items()):
        return CHANGED
    if row.before is None:
        return ""
    if "confirmed_at" in row.before:
        return CONFIRMED
    return since.get(one.pk, "") if "ticket_id" in row.before else ""


def _since(rows: Iterable[ImportedRow]) -> dict[int, object]:
    """What happened to these registrations since, by id; the last reason found stands."""
    found: dict[int, object] = {}
    for batch in batched(rows, BATCH, strict=False):
        people = {row.registration_id: row.registration for row in batch}
        found.update(_happened(people))
    return found


def _happened(people: Mapping[int, Registration]) -> Iterator[tuple[int, object]]:
    orders = {one.order_id: pk for pk, one in people.items()}
    by_reference = {one.order.reference: pk for pk, one in people.items()}
    for model in (SessionSeat, WaitingEntry):
        booked = model._default_manager.filter(registration__in=people).order_by()
        yield from ((pk, BOOKED) for pk in booked.values_list("registration", flat=True))
    told = Delivery.objects.filter(order__in=orders).order_by().values_list("order", flat=True)
    yield from ((orders[order], TOLD) for order in told)
    yield from ((pk, TOLD) for pk, one in people.items() if one.confirmation_sent_at)
    for paper in (Invoice, Payment):
        billed = paper._default_manager.filter(receivable__reference__in=by_reference).order_by()
        names = billed.values_list("receivable__reference", flat=True)
        yield from ((by_reference[reference], BILLED) for reference in names)
    came = hooks.scanned_registrations.provider()(people)
    yield from ((pk, CAME) for pk in came)


def _take_back(registrations: list[Registration], moves: Moves) -> None:
    """Cancel in bulk: places and what goes with them are free, badges open nothing, nothing is owed."""
    now = timezone.now()
    moves.given_up += [(one.ticket, one.member_of) for one in registrations]
    moves.besides.subtract(taken_besides(registrations))
    for one in registrations:
        one.cancelled_at, one.cancellation_sent_at, one.generation = now, now, one.generation + 1
    written = ["cancelled_at", "cancellation_sent_at", "generation"]
    Registration.objects.bulk_update(registrations, written, BATCH)
    RegistrationAddon.objects.filter(registration__in=registrations, cancelled_at__isnull=True).update(
        cancelled_at=now
    )
    for batch in batched(registrations, BATCH, strict=False):
        withdraw_together({one.order.reference for one in batch})


def _restore(run: ImportRun, rows: list[ImportedRow], moves: Moves) -> Counter[int]:
    """Write the former values, and note the places that move back; how much more each order costs."""
    changed, orders, written, more = [], {}, set[str](), Counter[int]()
    tickets = {ticket.pk: ticket for ticket in run.event.tickets.all()}
    questions = questions_of(run.event)
    for row in rows:
        one, before = row.registration, dict(row.before or {})
        if ORDER_FIELD in before:
            one.order.purchase_order = before.pop(ORDER_FIELD)
            orders[one.order_id] = one.order
        if "ticket_id" in before:
            moves.given_up.append((one.ticket, one.member_of))
            moves.wanted.append((_former(tickets, before), one.member_of))
        if "answers" in before:
            moves.besides.update(limited_options(questions, before["answers"]))
            moves.besides.subtract(limited_options(questions, one.answers))
        moves.besides.update(_lowered_by(before))
        more[one.order_id] += before.get("price", one.price) - one.price
        if "generation" in before:
            before |= _next_version(one)
        for name, value in before.items():
            setattr(one, name, value)
        written |= before.keys()
        changed.append(one)
    Order.objects.bulk_update(orders.values(), [ORDER_FIELD], BATCH)
    follow_orders(orders.values(), ORDER_FIELD)
    _write_former_values(changed, written)
    return more


def _write_former_values(changed: list[Registration], written: set[str]) -> None:
    fields = sorted(name.removesuffix("_id") for name in written)
    if changed and fields:
        Registration.objects.bulk_update(changed, fields, BATCH)
    if {"first_name", "last_name"} & written:
        follow_names(changed)


def _next_version(one: Registration) -> dict[str, Any]:
    """Return the badge version of a holder who is back: a new one, since no number may come twice.

    Whoever was told of the other holder's badge gets this one.
    """
    if not one.confirmation_sent_at:
        return {"generation": one.generation + 1}
    hooks.send_confirmation.enqueue(one.order_id)
    return {"generation": one.generation + 1, "confirmation_sent_at": None}


def _former(tickets: Mapping[int, Ticket], before: Mapping[str, Any]) -> Ticket:
    if before["ticket_id"] not in tickets:
        raise CannotUndo(_("A ticket that the list moved people from was removed."))
    return tickets[before["ticket_id"]]


def _lowered_by(before: Mapping[str, Any]) -> Iterator[Passes | Voucher]:
    """The passes and the code that the list took away."""
    if pk := before.get("membership_pass_id"):
        yield Passes.objects.get(pk=pk)
    if pk := before.get("voucher_id"):
        voucher = Voucher.objects.filter(pk=pk).first()
        if voucher is None:
            raise CannotUndo(_("A code that people had before the list was removed."))
        yield voucher


def _stamp(run: ImportRun, done: Undone) -> None:
    """Tell scanners, last in the transaction."""
    keys = [row.registration_id for row in (*done.cancelled, *done.restored)]
    if not keys:
        return
    sequence = next_sequence(run.event_id)
    for batch in batched(keys, BATCH, strict=False):
        Registration.objects.filter(pk__in=batch).update(sequence=sequence)
