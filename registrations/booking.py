"""Write an order whole or not at all; the counters that everybody waits for come last.

PostgreSQL does it in one statement, which is the fastest safe way measured: locks on the ticket and the
event are held for a moment only. SQLite has one writer at a time, who says as little as can be. What is
rarer goes step by step in a transaction.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any

from django.db import IntegrityError, connection, transaction

from convention import hooks
from convention.counters import Counted, give_back_to, take_from
from convention.events.models import Event
from convention.events.sequence import next_sequence
from convention.tasks import waiting_task

from .answer_files import claim_files, is_file
from .kept_sale import Outdated
from .models import (
    IdempotencyKey,
    Option,
    Order,
    Registration,
    RegistrationAddon,
    SaleMark,
    Ticket,
    Voucher,
)
from .models.quotas import NEVER_OVER
from .models.tickets import NEVER_OVERSOLD
from .models.vouchers import NEVER_OVERUSED
from .only_place import ONLY_PLACE
from .places import belongings, place_of, sold_out, take, take_share
from .statements import constraint_of, insert, insertion_from, kept_cursor, stored, values_of

SHORT = {NEVER_OVER, NEVER_OVERSOLD, NEVER_OVERUSED, "registrations_ticket_taken_check", ONLY_PLACE}
"""The constraints that refuse a statement whose counters are not conditional."""
FROM_ORDER = {"order_id": "ordered.id"}
FROM_COUNTERS = {"order_id": "ordered.id", "sequence": "raised.sequence"}
WITH_ARGUMENT = {
    "args_kwargs": "jsonb_build_object('args', jsonb_build_array(ordered.id), 'kwargs', '{}'::jsonb)"
}
PLACE = """
    UPDATE registrations_ticket SET taken = taken + %s
    WHERE id = %s AND (capacity IS NULL OR taken + %s <= capacity)
        AND quota_id IS NOT DISTINCT FROM %s {marked}
    RETURNING id, quota_id
"""
PORTION = """
    INSERT INTO registrations_companyshare AS share (ticket_id, company_id, taken)
    SELECT %s, %s, %s WHERE %s <= %s {after}
    ON CONFLICT (ticket_id, company_id) DO UPDATE SET taken = share.taken + EXCLUDED.taken
        WHERE share.taken + EXCLUDED.taken <= %s
    RETURNING id
"""
"""What the company takes of its places; nothing where it would have too many."""
CODED = "UPDATE registrations_voucher SET taken = taken + %s WHERE id = %s {after} RETURNING id"
PLACE_AFTER = """
    UPDATE registrations_ticket SET taken = CASE
        WHEN quota_id IS NOT DISTINCT FROM %s {marked} THEN taken + %s ELSE -1 END
    WHERE id = %s {after} RETURNING id, quota_id
"""
"""What a company or a code may have is counted before the place is, so that has no condition: where it is
short, or the ticket shares another quota by now, a constraint refuses the statement."""
MARKED = "AND EXISTS (SELECT 1 FROM registrations_salemark WHERE mark = %s)"
"""Where what is sold was kept from before: it is as it was when the statement begins."""
SHARED = """
    UPDATE registrations_quota SET taken = taken + %s FROM place
    WHERE registrations_quota.id = place.quota_id RETURNING registrations_quota.id
"""
"""Without a condition: too few are refused by the constraint, and with it the whole statement."""
RAISED = """
    UPDATE events_event SET sequence = sequence + 1
    WHERE id = %s AND EXISTS (SELECT 1 FROM place) {shared} RETURNING sequence
"""


@dataclass(frozen=True)
class Booking:
    """An order with its registrations and their add-ons, none stored yet, and the key it came with, if any.

    A sponsor's package may come without any registration.

    `besides` counts what else they take that can run out; `held` what is counted for them already, as a
    place offered to who waited. `options` are those that can run out, of each registration in turn. `mark` is
    that of what is sold, where it was kept from before: it must hold when the writing begins.
    """

    order: Order
    registrations: list[Registration]
    key: IdempotencyKey | None = None
    addons: list[RegistrationAddon] = field(default_factory=list)
    besides: Mapping[Counted, int] = field(default_factory=dict)
    held: Mapping[Ticket, int] = field(default_factory=dict)
    options: list[Counter[Option]] = field(default_factory=list)
    mark: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether there is one ticket, with its quota if any, and no other counter to raise."""
        tickets = {registration.ticket_id for registration in self.registrations}
        if self.besides or self.addons or self.held or len(tickets) != 1:
            return False
        if any(self.options) or any(map(is_file, self._answers())):
            return False
        counted = {(one.voucher_id, one.member_of_id) for one in self.registrations}
        return len(counted) == 1 and all(one.takes_place for one in self.registrations)

    @property
    def voucher_id(self) -> int | None:
        """The code that all places of a plain booking are taken with, if any."""
        return self.registrations[0].voucher_id

    @property
    def is_capped(self) -> bool:
        """Whether the places of a plain booking count for a company that may have so many."""
        first = self.registrations[0]
        return first.member_of_id is not None and first.ticket.company_cap is not None

    @property
    def is_of_member(self) -> bool:
        """Whether a member books the only place that they may have, of what was kept from before.

        The statement itself looks whether they have another one.
        """
        first = self.registrations[0]
        alone = len(self.registrations) == 1 and first.member_of_id is not None
        is_given = first.event.kind == Event.Kind.SITE_VISIT  # then more is looked at
        return bool(self.mark) and alone and first.person_id is not None and not is_given

    @property
    def wanted(self) -> Counter[Counted]:
        """All that is to be counted, but for companies' shares; who has no place yet takes nothing."""
        wanted = Counter[Counted](self.besides)
        for number, registration in enumerate(self.registrations):
            if registration.takes_place:
                wanted.update(*self.options[number : number + 1])
                chosen = [addon for addon in self.addons if addon.registration is registration]
                wanted += belongings(registration, chosen)
        return wanted - Counter[Counted](self.held)

    def _answers(self) -> Iterator[object]:
        return chain.from_iterable(r.answers.values() for r in self.registrations)


def write(booking: Booking) -> None:
    """Store a booking and queue its mail. Raises SoldOut, CompanyFull or Outdated; then nothing is stored."""
    for registration in booking.registrations:
        registration.make_findable()
    task = waiting_task(hooks.send_confirmation)
    if not task or not booking.is_plain:
        _write_in_steps(booking)
    elif connection.vendor == "postgresql":
        _write_at_once(booking, task)
    else:
        _write_alone(booking, task)


def write_at_once(booking: Booking) -> bool:
    """The same where one statement can, which also looks whether a member has another place; else nothing."""
    task = waiting_task(hooks.send_confirmation)
    if not (task and booking.is_of_member and booking.is_plain and connection.vendor == "postgresql"):
        return False
    booking.registrations[0].make_findable()
    _write_at_once(booking, task)
    return True


@transaction.atomic
def _write_in_steps(booking: Booking) -> None:
    order, registrations = booking.order, booking.registrations
    if booking.mark and not SaleMark.objects.filter(mark=booking.mark).exists():
        raise Outdated
    insert([order])
    for registration in registrations:
        registration.order = order
    if registrations:
        insert(registrations)
    RegistrationAddon.objects.bulk_create(booking.addons)
    for registration in registrations:
        if any(map(is_file, registration.answers.values())):
            claim_files(registration)
    if booking.key:
        booking.key.order = order
        booking.key.save()
    hooks.send_confirmation.enqueue(order.pk)
    shares = Counter((one.ticket, one.member_of) for one in registrations if one.member_of)
    for (ticket, company), places in sorted(shares.items(), key=place_of):
        take_share(ticket, company, places)
    take(booking.wanted)
    sequence = next_sequence(order.event_id)
    Registration.objects.filter(order=order).update(sequence=sequence)


@transaction.atomic
def _write_alone(booking: Booking, task: Any) -> None:
    """The same in as few words as can be, where one writer at a time is let in anyway."""
    order, registrations = booking.order, booking.registrations
    if not _takes_place(registrations[0].ticket, len(registrations), booking.mark):
        _refuse_or_go_on(booking, registrations[0].ticket)
        return
    _take_code_and_share(registrations)
    sequence = next_sequence(order.event_id)
    insert([order])
    for registration in registrations:
        registration.order, registration.sequence = order, sequence
    insert(registrations)
    if booking.key:
        booking.key.order = order
        insert([booking.key])
    task.args_kwargs = {"args": [order.pk], "kwargs": {}}
    insert([task])


def _takes_place(ticket: Ticket, places: int, mark: str) -> bool:
    """Take places, and those of the quota; False where there are none. Raises SoldOut for the quota."""
    with connection.cursor() as cursor:
        marks = [mark] if mark else []
        statement = PLACE.format(marked=MARKED if mark else "")
        cursor.execute(statement, [places, ticket.pk, places, ticket.quota_id, *marks])
        has_place = cursor.fetchone() is not None
    if has_place and ticket.quota and take_from({ticket.quota: places}):
        raise sold_out(ticket)
    return has_place


def _take_code_and_share(registrations: list[Registration]) -> None:
    """What a plain booking takes besides its places. Raises Spent or CompanyFull."""
    first, places = registrations[0], len(registrations)
    if first.voucher and take_from({first.voucher: places}):
        raise sold_out(first.voucher)
    if first.member_of:
        take_share(first.ticket, first.member_of, places)


def _counted(booking: Booking) -> list[Any]:
    """The values of the counters, in the order in which the statement raises them."""
    first, places = booking.registrations[0], len(booking.registrations)
    ticket, values, marks = first.ticket, list[Any](), [booking.mark] if booking.mark else []
    if booking.is_of_member:
        values += [first.person_id, first.event_id, ticket.pk]
    if booking.is_capped:
        most = ticket.company_cap
        values += [ticket.pk, first.member_of_id, places, places, most, most]
    if booking.voucher_id:
        values += [places, booking.voucher_id]
    if values:
        values += [ticket.quota_id, *marks, places, ticket.pk]
    else:
        values = [places, ticket.pk, places, ticket.quota_id, *marks]
    return [*values, places] if ticket.quota_id else values


def _write_at_once(booking: Booking, task: Any) -> None:
    """One statement; where it finds no place it stores nothing."""
    order, registrations = booking.order, booking.registrations
    ticket = registrations[0].ticket
    values = [*_counted(booking), order.event_id, *values_of(order)]
    for registration in registrations:
        values += values_of(registration, tuple(FROM_COUNTERS))
    if booking.key:
        values += values_of(booking.key, tuple(FROM_ORDER))
    values += values_of(task, tuple(WITH_ARGUMENT))
    shape = Shape.of(booking)
    # A repeated key or a full counter fails the statement: the caller’s transaction must survive that.
    within = connection.in_atomic_block and shape.may_fail
    statement = _statement(shape, type(task))  # type: ignore[arg-type] # hashable it is
    try:
        with transaction.atomic() if within else contextlib.nullcontext():
            row = _run(statement, values, booking)
    except IntegrityError as error:
        if constraint_of(error) not in SHORT:
            raise
        row = None
    if row is None:
        _refuse_or_go_on(booking, ticket)
        return
    stored(order, row[0])
    for registration, key in zip(registrations, row[1:], strict=True):
        registration.order = order
        stored(registration, key)


def _run(statement: str, values: list[Any], booking: Booking) -> tuple[Any, ...] | None:
    """The keys of what it stored; None where it found no place: then it counted nothing."""
    with kept_cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    # Where the ticket is there no more the code was counted before it, unless a company's share came first.
    if row is None and booking.voucher_id and not booking.is_capped:
        give_back_to({Voucher(pk=booking.voucher_id): len(booking.registrations)})
    return row


def _refuse_or_go_on(booking: Booking, ticket: Ticket) -> None:
    """Raises SoldOut; step by step where something else may be short, or another quota is shared by now.

    Raises Outdated where what is sold was kept: that never refuses.
    """
    if booking.mark:
        raise Outdated
    is_as_read = Ticket.objects.filter(pk=ticket.pk, quota=ticket.quota_id)
    if not (booking.voucher_id or booking.is_capped) and is_as_read.exists():
        raise sold_out(ticket)
    _write_in_steps(booking)


@dataclass(frozen=True)
class Shape:
    """What the statement depends on."""

    places: int
    with_quota: bool
    with_key: bool
    with_voucher: bool
    with_share: bool
    with_mark: bool
    with_member: bool

    @classmethod
    def of(cls, booking: Booking) -> "Shape":
        """That of a plain booking."""
        return cls(
            places=len(booking.registrations),
            with_quota=booking.registrations[0].ticket.quota_id is not None,
            with_key=booking.key is not None,
            with_voucher=booking.voucher_id is not None,
            with_share=booking.is_capped,
            with_mark=bool(booking.mark),
            with_member=booking.is_of_member,
        )

    @property
    def may_fail(self) -> bool:
        """Whether a constraint may refuse it."""
        return any((self.with_quota, self.with_key, self.with_voucher, self.with_share, self.with_member))


def _counters(shape: Shape) -> Iterator[str]:
    """The share, the code and the place, each raised where the one before was."""
    after = ""
    if shape.with_member:
        yield "alone AS (SELECT require_only_place(%s, %s, %s) AS is_so)"
        after = "AND (SELECT is_so FROM alone)"
    if shape.with_share:
        yield f"portion AS ({PORTION.format(after=after)})"
        after = "AND EXISTS (SELECT 1 FROM portion)"
    if shape.with_voucher:
        yield f"coded AS ({CODED.format(after=after)})"
        after = "AND EXISTS (SELECT 1 FROM coded)"
    place, marked = PLACE_AFTER if after else PLACE, MARKED if shape.with_mark else ""
    if shape.with_share and shape.with_voucher:  # a share whose code is there no more is not to be kept
        marked, after = f"{marked} {after}", ""
    yield f"place AS ({place.format(after=after, marked=marked)})"


@cache
def _statement(shape: Shape, task: Any) -> str:
    """Places, sequence, order, registrations, key and task in one go, each from what came before."""
    parts = list(_counters(shape))
    if shape.with_quota:
        parts.append(f"shared AS ({SHARED})")
    also = "AND EXISTS (SELECT 1 FROM shared)" if shape.with_quota else ""
    parts.append(f"raised AS ({RAISED.format(shared=also)})")
    parts.append(f"ordered AS ({insertion_from(Order, 'raised')} RETURNING id)")
    registration = insertion_from(Registration, "ordered, raised", **FROM_COUNTERS)
    names = [f"registered{number}" for number in range(shape.places)]
    parts += [f"{name} AS ({registration} RETURNING id)" for name in names]
    if shape.with_key:
        parts.append(f"keyed AS ({insertion_from(IdempotencyKey, 'ordered', **FROM_ORDER)})")
    parts.append(f"queued AS ({insertion_from(task, 'ordered', **WITH_ARGUMENT)})")
    ids = ", ".join(f"{name}.id" for name in ["ordered", *names])
    return "WITH " + ",\n".join(parts) + f"\nSELECT {ids} FROM {', '.join(['ordered', *names])}"
