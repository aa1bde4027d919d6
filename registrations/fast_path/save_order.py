"""Save an order completely or not at all; the counters that everybody waits for are raised last.

PostgreSQL does it in one statement, the fastest safe way measured: locks on ticket and event are held for a
moment only. SQLite has one writer at a time, so that a few short statements are enough. Rarer orders are
saved step by step in a transaction.
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
from convention.db.limited_stock import LimitedStock, release_stock, reserve_stock
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.tasks.queue import make_waiting_task
from registrations.inventory.stock import (
    company_ticket_sort_key,
    list_stock_items,
    make_sold_out_error,
    reserve_company_share,
    reserve_items,
)
from registrations.models import (
    CatalogVersion,
    IdempotencyKey,
    Order,
    QuestionOption,
    Registration,
    RegistrationAddon,
    Ticket,
    Voucher,
)
from registrations.models.quotas import QUOTA_CAPACITY_CONSTRAINT
from registrations.models.tickets import TICKET_CAPACITY_CONSTRAINT
from registrations.models.vouchers import VOUCHER_CAPACITY_CONSTRAINT
from registrations.questions.files import claim_answer_files, is_file_answer

from .member_limit_function import MEMBER_LIMIT_CONSTRAINT
from .rows import (
    build_insert_select,
    get_constraint_name,
    insert_rows,
    list_insert_values,
    prepared_cursor,
    set_saved,
)
from .sale_cache import StaleCache

# Constraints that refuse the statement when an unconditional counter is short.
STOCK_CONSTRAINTS = {
    QUOTA_CAPACITY_CONSTRAINT,
    TICKET_CAPACITY_CONSTRAINT,
    VOUCHER_CAPACITY_CONSTRAINT,
    "registrations_ticket_reserved_check",
    MEMBER_LIMIT_CONSTRAINT,
}
COLUMNS_FROM_ORDER = {"order_id": "new_order.id"}
COLUMNS_FROM_COUNTERS = {"order_id": "new_order.id", "sequence": "new_sequence.sequence"}
TASK_ARGUMENT_COLUMN = {
    "args_kwargs": "jsonb_build_object('args', jsonb_build_array(new_order.id), 'kwargs', '{}'::jsonb)"
}
TICKET_CTE = """
    UPDATE registrations_ticket SET reserved = reserved + %s
    WHERE id = %s AND (capacity IS NULL OR reserved + %s <= capacity)
        AND quota_id IS NOT DISTINCT FROM %s {version_check}
    RETURNING id, quota_id
"""
# Returns no row if the company would have more than its cap.
COMPANY_SHARE_CTE = """
    INSERT INTO registrations_companyshare AS share (ticket_id, company_id, reserved)
    SELECT %s, %s, %s WHERE %s <= %s {condition}
    ON CONFLICT (ticket_id, company_id) DO UPDATE SET reserved = share.reserved + EXCLUDED.reserved
        WHERE share.reserved + EXCLUDED.reserved <= %s
    RETURNING id
"""
VOUCHER_CTE = (
    "UPDATE registrations_voucher SET reserved = reserved + %s WHERE id = %s {condition} RETURNING id"
)
# Company share and voucher are counted before the ticket, so that this may not be conditional: if the ticket
# is short, or has another quota by now, -1 violates a constraint and fails the whole statement.
UNCONDITIONAL_TICKET_CTE = """
    UPDATE registrations_ticket SET reserved = CASE
        WHEN quota_id IS NOT DISTINCT FROM %s {version_check} THEN reserved + %s ELSE -1 END
    WHERE id = %s {condition} RETURNING id, quota_id
"""
# A cached catalog must still be current when the statement begins.
VERSION_CHECK = "AND EXISTS (SELECT 1 FROM registrations_catalogversion WHERE version = %s)"
# Unconditional: if too few are left the constraint fails the whole statement.
QUOTA_CTE = """
    UPDATE registrations_quota SET reserved = reserved + %s FROM reserved_ticket
    WHERE registrations_quota.id = reserved_ticket.quota_id RETURNING registrations_quota.id
"""
SEQUENCE_CTE = """
    UPDATE events_event SET sequence = sequence + 1
    WHERE id = %s AND EXISTS (SELECT 1 FROM reserved_ticket) {quota_condition} RETURNING sequence
"""


@dataclass(frozen=True)
class OrderBooking:
    """An unsaved order with registrations and add-ons, and its idempotency key, if any.

    - `extra_items` is further stock to reserve, such as passes and packages.
    - `already_reserved` is what is reserved for the order before, such as an offered place.
    - `chosen_options` are the limited options of each registration, in order.
    - `catalog_version` is the version of a cached catalog; it must still be current when the order is saved.

    A sponsor's order may have no registration.
    """

    order: Order
    registrations: list[Registration]
    idempotency_key: IdempotencyKey | None = None
    addons: list[RegistrationAddon] = field(default_factory=list)
    extra_items: Mapping[LimitedStock, int] = field(default_factory=dict)
    already_reserved: Mapping[Ticket, int] = field(default_factory=dict)
    chosen_options: list[Counter[QuestionOption]] = field(default_factory=list)
    catalog_version: str = ""

    @property
    def fits_one_statement(self) -> bool:
        """Return whether it raises only the counters of one ticket: quota, voucher and company share."""
        tickets = {registration.ticket_id for registration in self.registrations}
        if self.extra_items or self.addons or self.already_reserved or len(tickets) != 1:
            return False
        if any(self.chosen_options) or any(map(is_file_answer, self._list_answers())):
            return False
        counted = {(one.voucher_id, one.member_of_id) for one in self.registrations}
        return len(counted) == 1 and all(one.is_reserved for one in self.registrations)

    @property
    def voucher_id(self) -> int | None:
        """Return the voucher that all registrations use, if the order fits one statement."""
        return self.registrations[0].voucher_id

    @property
    def has_company_cap(self) -> bool:
        """Return whether the registrations count towards a company's cap, if the order fits one statement."""
        first = self.registrations[0]
        return first.member_of_id is not None and first.ticket.company_cap is not None

    @property
    def is_single_member_place(self) -> bool:
        """Return whether a member books their only possible place from a cached catalog.

        The statement itself then checks that they have no other.
        """
        first = self.registrations[0]
        alone = len(self.registrations) == 1 and first.member_of_id is not None
        is_given = first.event.kind == Event.Kind.SITE_VISIT  # has rules of its own
        return bool(self.catalog_version) and alone and first.person_id is not None and not is_given

    @property
    def required_items(self) -> Counter[LimitedStock]:
        """Return the stock to reserve, without company shares; registrations without a hold need none."""
        items = Counter[LimitedStock](self.extra_items)
        for number, registration in enumerate(self.registrations):
            if registration.is_reserved:
                items.update(*self.chosen_options[number : number + 1])
                chosen = [addon for addon in self.addons if addon.registration is registration]
                items += list_stock_items(registration, chosen)
        return items - Counter[LimitedStock](self.already_reserved)

    def _list_answers(self) -> Iterator[object]:
        return chain.from_iterable(r.answers.values() for r in self.registrations)


def save_order(booking: OrderBooking) -> None:
    """Save a booking and queue its mail.

    Raises SoldOut, CompanyFull, or StaleCache if the catalog was cached; then nothing is saved.
    """
    for registration in booking.registrations:
        registration.update_search_columns()
    task = make_waiting_task(hooks.send_confirmation)
    if not task or not booking.fits_one_statement:
        _save_stepwise(booking)
    elif connection.vendor == "postgresql":
        _save_single_statement(booking, task)
    else:
        _save_on_sqlite(booking, task)


def save_member_order(booking: OrderBooking) -> bool:
    """The same where one statement can, which also looks whether a member has another place; else nothing."""
    task = make_waiting_task(hooks.send_confirmation)
    if not (
        task
        and booking.is_single_member_place
        and booking.fits_one_statement
        and connection.vendor == "postgresql"
    ):
        return False
    booking.registrations[0].update_search_columns()
    _save_single_statement(booking, task)
    return True


@transaction.atomic
def _save_stepwise(booking: OrderBooking) -> None:
    order, registrations = booking.order, booking.registrations
    if (
        booking.catalog_version
        and not CatalogVersion.objects.filter(version=booking.catalog_version).exists()
    ):
        raise StaleCache
    insert_rows([order])
    for registration in registrations:
        registration.order = order
    if registrations:
        insert_rows(registrations)
    RegistrationAddon.objects.bulk_create(booking.addons)
    for registration in registrations:
        if any(map(is_file_answer, registration.answers.values())):
            claim_answer_files(registration)
    if booking.idempotency_key:
        booking.idempotency_key.order = order
        booking.idempotency_key.save()
    hooks.send_confirmation.enqueue(order.pk)
    shares = Counter((one.ticket, one.member_of) for one in registrations if one.member_of)
    for (ticket, company), places in sorted(shares.items(), key=company_ticket_sort_key):
        reserve_company_share(ticket, company, places)
    reserve_items(booking.required_items)
    sequence = advance_sequence(order.event_id)
    Registration.objects.filter(order=order).update(sequence=sequence)


@transaction.atomic
def _save_on_sqlite(booking: OrderBooking, task: Any) -> None:
    """Save in as few statements as possible; SQLite lets one writer in at a time anyway."""
    order, registrations = booking.order, booking.registrations
    if not _reserve_ticket(registrations[0].ticket, len(registrations), booking.catalog_version):
        _refuse_or_save_stepwise(booking, registrations[0].ticket)
        return
    _reserve_voucher_and_share(registrations)
    sequence = advance_sequence(order.event_id)
    insert_rows([order])
    for registration in registrations:
        registration.order, registration.sequence = order, sequence
    insert_rows(registrations)
    if booking.idempotency_key:
        booking.idempotency_key.order = order
        insert_rows([booking.idempotency_key])
    task.args_kwargs = {"args": [order.pk], "kwargs": {}}
    insert_rows([task])


def _reserve_ticket(ticket: Ticket, places: int, catalog_version: str) -> bool:
    """Reserve places of a ticket and its quota; return False if the ticket has too few.

    Raises SoldOut if the quota has too few.
    """
    with connection.cursor() as cursor:
        version_values = [catalog_version] if catalog_version else []
        statement = TICKET_CTE.format(version_check=VERSION_CHECK if catalog_version else "")
        cursor.execute(statement, [places, ticket.pk, places, ticket.quota_id, *version_values])
        has_place = cursor.fetchone() is not None
    if has_place and ticket.quota and reserve_stock({ticket.quota: places}):
        raise make_sold_out_error(ticket)
    return has_place


def _reserve_voucher_and_share(registrations: list[Registration]) -> None:
    """Reserve the voucher's uses and the company's share. Raises VoucherExhausted or CompanyFull."""
    first, places = registrations[0], len(registrations)
    if first.voucher and reserve_stock({first.voucher: places}):
        raise make_sold_out_error(first.voucher)
    if first.member_of:
        reserve_company_share(first.ticket, first.member_of, places)


def _list_counter_values(booking: OrderBooking) -> list[Any]:
    """Return the parameters of the counter CTEs, in the order of `_build_counter_ctes`."""
    first, places = booking.registrations[0], len(booking.registrations)
    ticket, values, version_values = (
        first.ticket,
        list[Any](),
        [booking.catalog_version] if booking.catalog_version else [],
    )
    if booking.is_single_member_place:
        values += [first.person_id, first.event_id, ticket.pk]
    if booking.has_company_cap:
        company_cap = ticket.company_cap
        values += [ticket.pk, first.member_of_id, places, places, company_cap, company_cap]
    if booking.voucher_id:
        values += [places, booking.voucher_id]
    if values:  # UNCONDITIONAL_TICKET_CTE has its parameters in another order
        values += [ticket.quota_id, *version_values, places, ticket.pk]
    else:
        values = [places, ticket.pk, places, ticket.quota_id, *version_values]
    return [*values, places] if ticket.quota_id else values


def _save_single_statement(booking: OrderBooking, task: Any) -> None:
    """Save in one statement; if it finds no place, it saves nothing."""
    order, registrations = booking.order, booking.registrations
    ticket = registrations[0].ticket
    values = [*_list_counter_values(booking), order.event_id, *list_insert_values(order)]
    for registration in registrations:
        values += list_insert_values(registration, tuple(COLUMNS_FROM_COUNTERS))
    if booking.idempotency_key:
        values += list_insert_values(booking.idempotency_key, tuple(COLUMNS_FROM_ORDER))
    values += list_insert_values(task, tuple(TASK_ARGUMENT_COLUMN))
    shape = StatementShape.from_booking(booking)
    # A repeated key or a full counter fails the statement; a savepoint lets the caller's transaction go on.
    needs_savepoint = connection.in_atomic_block and shape.can_violate_constraint
    statement = _build_statement(shape, type(task))  # type: ignore[arg-type] # hashable it is
    try:
        with transaction.atomic() if needs_savepoint else contextlib.nullcontext():
            row = _execute_statement(statement, values, booking)
    except IntegrityError as error:
        if get_constraint_name(error) not in STOCK_CONSTRAINTS:
            raise
        row = None
    if row is None:
        _refuse_or_save_stepwise(booking, ticket)
        return
    set_saved(order, row[0])
    for registration, key in zip(registrations, row[1:], strict=True):
        registration.order = order
        set_saved(registration, key)


def _execute_statement(statement: str, values: list[Any], booking: OrderBooking) -> tuple[Any, ...] | None:
    """Return the ids of the saved rows; None if there was no place, with all counters as before."""
    with prepared_cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    # If the ticket was deleted, the voucher was counted before that showed, unless a share came first.
    if row is None and booking.voucher_id and not booking.has_company_cap:
        release_stock({Voucher(pk=booking.voucher_id): len(booking.registrations)})
    return row


def _refuse_or_save_stepwise(booking: OrderBooking, ticket: Ticket) -> None:
    """Raise SoldOut, or try step by step if something else may have failed the statement.

    That is a used-up voucher or share, or a ticket that has another quota by now. Raises StaleCache for a
    cached catalog, which never refuses.
    """
    if booking.catalog_version:
        raise StaleCache
    is_as_read = Ticket.objects.filter(pk=ticket.pk, quota=ticket.quota_id)
    if not (booking.voucher_id or booking.has_company_cap) and is_as_read.exists():
        raise make_sold_out_error(ticket)
    _save_stepwise(booking)


@dataclass(frozen=True)
class StatementShape:
    """Everything that the text of the statement depends on."""

    place_count: int
    has_quota: bool
    has_idempotency_key: bool
    has_voucher: bool
    has_company_share: bool
    has_version_check: bool
    has_member_check: bool

    @classmethod
    def from_booking(cls, booking: OrderBooking) -> "StatementShape":
        """Return the shape of a booking that fits one statement."""
        return cls(
            place_count=len(booking.registrations),
            has_quota=booking.registrations[0].ticket.quota_id is not None,
            has_idempotency_key=booking.idempotency_key is not None,
            has_voucher=booking.voucher_id is not None,
            has_company_share=booking.has_company_cap,
            has_version_check=bool(booking.catalog_version),
            has_member_check=booking.is_single_member_place,
        )

    @property
    def can_violate_constraint(self) -> bool:
        return any(
            (
                self.has_quota,
                self.has_idempotency_key,
                self.has_voucher,
                self.has_company_share,
                self.has_member_check,
            )
        )


def _build_counter_ctes(shape: StatementShape) -> Iterator[str]:
    """Yield the CTEs of member check, company share, voucher and ticket; each needs the one before."""
    condition = ""
    if shape.has_member_check:
        yield "member_check AS (SELECT require_single_place(%s, %s, %s) AS is_allowed)"
        condition = "AND (SELECT is_allowed FROM member_check)"
    if shape.has_company_share:
        yield f"company_share AS ({COMPANY_SHARE_CTE.format(condition=condition)})"
        condition = "AND EXISTS (SELECT 1 FROM company_share)"
    if shape.has_voucher:
        yield f"used_voucher AS ({VOUCHER_CTE.format(condition=condition)})"
        condition = "AND EXISTS (SELECT 1 FROM used_voucher)"
    ticket_cte, version_check = (
        UNCONDITIONAL_TICKET_CTE if condition else TICKET_CTE,
        VERSION_CHECK if shape.has_version_check else "",
    )
    if shape.has_company_share and shape.has_voucher:  # a deleted voucher must fail the share, too
        version_check, condition = f"{version_check} {condition}", ""
    yield f"reserved_ticket AS ({ticket_cte.format(condition=condition, version_check=version_check)})"


# Cached: there are few shapes, and building the text takes longer than running it.
@cache
def _build_statement(shape: StatementShape, task: Any) -> str:
    """Return the SQL that raises counters and saves order, registrations, key and task."""
    parts = list(_build_counter_ctes(shape))
    if shape.has_quota:
        parts.append(f"reserved_quota AS ({QUOTA_CTE})")
    quota_condition = "AND EXISTS (SELECT 1 FROM reserved_quota)" if shape.has_quota else ""
    parts.append(f"new_sequence AS ({SEQUENCE_CTE.format(quota_condition=quota_condition)})")
    parts.append(f"new_order AS ({build_insert_select(Order, 'new_sequence')} RETURNING id)")
    registration = build_insert_select(Registration, "new_order, new_sequence", **COLUMNS_FROM_COUNTERS)
    names = [f"registration_{number}" for number in range(shape.place_count)]
    parts += [f"{name} AS ({registration} RETURNING id)" for name in names]
    if shape.has_idempotency_key:
        parts.append(f"new_key AS ({build_insert_select(IdempotencyKey, 'new_order', **COLUMNS_FROM_ORDER)})")
    parts.append(f"new_task AS ({build_insert_select(task, 'new_order', **TASK_ARGUMENT_COLUMN)})")
    ids = ", ".join(f"{name}.id" for name in ["new_order", *names])
    return "WITH " + ",\n".join(parts) + f"\nSELECT {ids} FROM {', '.join(['new_order', *names])}"
