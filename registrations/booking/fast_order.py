"""Save an order with hand-written SQL if it has places of one ticket and nothing special.

Building statements takes the ORM several times longer than the database needs to run them, and meanwhile all
other orders wait for the locked rows of the last places. PostgreSQL saves the whole order in one statement;
SQLite, which has one writer at a time, in a few short ones. Nothing is decided here: a counter that would
exceed its limit violates a constraint, and then the order is saved or refused with the ORM, as every other
order. To remove this module, remove its calls in `save_order.py`, and the attempt in `order_limits.py`.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from django.db import (
    DEFAULT_DB_ALIAS,
    DataError,
    IntegrityError,
    connection,
    connections,
    models,
    transaction,
)

from convention import hooks
from convention.db.raw_sql import execute_statement
from convention.tasks.queue import make_waiting_task
from registrations.models import IdempotencyKey, Order, Registration
from registrations.questions.files import is_file_answer

from .prepared_order import PreparedOrder

# Counters are raised in the order in which all code locks them; `{after}` names the step before, so that
# PostgreSQL raises them in this order too. A check constraint of each table refuses more than its capacity;
# the capacity of a company's share is the ticket's, so that here -1 violates the constraint.
SHARE_SQL = """
    INSERT INTO registrations_companyshare AS share (ticket_id, company_id, reserved)
    VALUES (%(ticket)s, %(company)s, CASE WHEN %(places)s <= %(cap)s THEN %(places)s ELSE -1 END)
    ON CONFLICT (ticket_id, company_id) DO UPDATE SET reserved =
        CASE WHEN share.reserved + %(places)s <= %(cap)s THEN share.reserved + %(places)s ELSE -1 END
    RETURNING 1 AS done
"""
VOUCHER_SQL = """
    UPDATE registrations_voucher SET reserved = reserved + %(places)s {after}
    WHERE registrations_voucher.id = %(voucher)s RETURNING 1 AS done
"""
# The ticket may have been given another quota since it was loaded.
TICKET_SQL = """
    UPDATE registrations_ticket SET reserved = reserved + %(places)s {after}
    WHERE registrations_ticket.id = %(ticket)s AND quota_id IS NOT DISTINCT FROM %(quota)s RETURNING 1 AS done
"""
QUOTA_SQL = """
    UPDATE registrations_quota SET reserved = reserved + %(places)s {after}
    WHERE registrations_quota.id = %(quota)s RETURNING 1 AS done
"""
# The event may have been cancelled since it was loaded.
SEQUENCE_SQL = """
    UPDATE events_event SET sequence = sequence + 1 {after}
    WHERE events_event.id = %(event)s AND cancelled_at IS NULL RETURNING sequence
"""


class FastPathFailed(Exception):
    """The fast path violated a constraint; the current transaction has to be rolled back."""


class OrderShape(NamedTuple):
    """Everything that the text of the statements depends on."""

    place_count: int
    has_share: bool
    has_voucher: bool
    has_quota: bool
    has_key: bool

    @property
    def counters(self) -> dict[str, str]:
        """Return the statements that raise counters, by name, in the order of locks."""
        steps = {
            "share": SHARE_SQL if self.has_share else "",
            "voucher": VOUCHER_SQL if self.has_voucher else "",
            "ticket": TICKET_SQL,
            "quota": QUOTA_SQL if self.has_quota else "",
            "event": SEQUENCE_SQL,
        }
        return {name: sql for name, sql in steps.items() if sql}


def save_order_fast(prepared: PreparedOrder) -> bool:
    """Save an order of the usual kind; return False for any other, of which nothing is saved then.

    Raise FastPathFailed if stock is short, the event was cancelled, a row was deleted, or the key is known.
    """
    if not is_usual_order(prepared) or (task := make_waiting_task(hooks.send_order_mails)) is None:
        return False
    for registration in prepared.registrations:
        registration.update_search_columns()  # as `bulk_create` does
    first = prepared.registrations[0]
    shape = OrderShape(
        place_count=len(prepared.registrations),
        has_share=first.member_of_id is not None and first.ticket.company_cap is not None,
        has_voucher=first.voucher_id is not None,
        has_quota=first.ticket.quota_id is not None,
        has_key=prepared.idempotency_key is not None,
    )
    save = _save_in_one_statement if connection.vendor == "postgresql" else _save_in_short_statements
    try:
        save(prepared, shape, task)
    except (IntegrityError, DataError) as error:
        # SQLite may have given ids to rows that were rolled back.
        for row in (prepared.order, *prepared.registrations):
            row.pk, row._state.adding = None, True
        raise FastPathFailed from error
    return True


def is_usual_order(prepared: PreparedOrder) -> bool:
    """Return whether the order raises only the counters of one ticket, all of them for every place."""
    registrations = prepared.registrations
    if prepared.extra_items or prepared.addons or prepared.already_reserved or any(prepared.chosen_options):
        return False
    if any(
        is_file_answer(answer) for registration in registrations for answer in registration.answers.values()
    ):
        return False
    counted = {
        (registration.ticket_id, registration.voucher_id, registration.member_of_id)
        for registration in registrations
    }
    return len(counted) == 1 and all(registration.is_reserved for registration in registrations)


def _make_counter_values(prepared: PreparedOrder) -> dict[str, Any]:
    first = prepared.registrations[0]
    return {
        "places": len(prepared.registrations),
        "ticket": first.ticket_id,
        "quota": first.ticket.quota_id,
        "voucher": first.voucher_id,
        "company": first.member_of_id,
        "cap": first.ticket.company_cap,
        "event": prepared.order.event_id,
    }


def _save_in_one_statement(prepared: PreparedOrder, shape: OrderShape, task: models.Model) -> None:
    """Save on PostgreSQL."""
    order, registrations, values = prepared.order, prepared.registrations, _make_counter_values(prepared)
    rows: dict[str, models.Model] = {"new_order": order, "new_task": task}
    rows |= {f"registration_{number}": row for number, row in enumerate(registrations)}
    if prepared.idempotency_key:
        rows["new_key"] = prepared.idempotency_key
    for name, row in rows.items():
        values |= _make_insert_values(name, row)
    # Django's cursor would have psycopg parse the statement at each order, for its many values.
    [(_check, sequence, *ids)] = execute_statement(_build_statement(shape, type(task)), values).fetchall()
    for row, pk in zip([order, *registrations], ids, strict=True):
        _assign_saved_key(row, pk)
    for registration in registrations:
        registration.order, registration.sequence = order, sequence


@cache
def _build_statement(shape: OrderShape, task_model: type[models.Model]) -> str:
    """Return one statement that raises the counters and inserts order, registrations, key and task."""
    parts, after = [], ""
    for name, sql in shape.counters.items():
        parts.append(f"{name} AS ({sql.format(after=after)})")
        after = f"FROM {name}"
    to_order = {"order_id": "new_order.id"}
    names = [f"registration_{number}" for number in range(shape.place_count)]
    parts.append(f"new_order AS ({_build_insert('new_order', Order, source='event')} RETURNING id)")
    for name in names:
        given = tuple({**to_order, "sequence": "event.sequence"}.items())
        parts.append(
            f"{name} AS ({_build_insert(name, Registration, given, source='new_order, event')} RETURNING id)"
        )
    if shape.has_key:
        insert = _build_insert("new_key", IdempotencyKey, tuple(to_order.items()), source="new_order")
        parts.append(f"new_key AS ({insert})")
    arguments = "jsonb_build_object('args', jsonb_build_array(new_order.id), 'kwargs', '{}'::jsonb)"
    insert = _build_insert("new_task", task_model, (("args_kwargs", arguments),), source="new_order")
    parts.append(f"new_task AS ({insert})")
    rows = ["sequence FROM event", *(f"id FROM {name}" for name in ["new_order", *names])]
    values = ", ".join(f"(SELECT {row})" for row in rows)
    # If a counter's row is gone, the steps after it do nothing. Then the division fails the whole
    # statement, and takes back what was counted before.
    return f"WITH {', '.join(parts)} SELECT 1 / (SELECT count(*) FROM event), {values}"  # noqa: S608 (our names)


@transaction.atomic(savepoint=False)
def _save_in_short_statements(prepared: PreparedOrder, shape: OrderShape, task: Any) -> None:
    """Save on SQLite."""
    order, registrations, values = prepared.order, prepared.registrations, _make_counter_values(prepared)
    sequence = 0
    with connection.cursor() as cursor:
        for sql in shape.counters.values():
            cursor.execute(sql.format(after=""), values)
            row = cursor.fetchone()
            if row is None:
                raise IntegrityError("The row of a counter is gone.")
            sequence = row[0]
        _insert_rows(cursor, [order])
        for registration in registrations:
            registration.order, registration.sequence = order, sequence
        _insert_rows(cursor, registrations)
        if prepared.idempotency_key:
            prepared.idempotency_key.order = order
            _insert_rows(cursor, [prepared.idempotency_key])
        task.args_kwargs = {"args": [order.pk], "kwargs": {}}
        _insert_rows(cursor, [task])


def _insert_rows(cursor: Any, rows: Sequence[models.Model]) -> None:
    """Insert rows of one model, and set their ids."""
    values: dict[str, Any] = {}
    for number, row in enumerate(rows):
        values |= _make_insert_values(f"row{number}", row)
    model: type[models.Model] = type(rows[0])
    cursor.execute(_build_rows_insert(model, len(rows)), values)
    for row, (pk,) in zip(rows, cursor.fetchall(), strict=True):
        _assign_saved_key(row, pk)


@cache
def _build_rows_insert(model: type[models.Model], count: int) -> str:
    columns = [column for column, _field in _list_insert_fields(model)]
    rows = ["(" + ", ".join(f"%(row{n}_{column})s" for column in columns) + ")" for n in range(count)]
    target = f"{model._meta.db_table} ({', '.join(columns)})"
    return f"INSERT INTO {target} VALUES {', '.join(rows)} RETURNING id"  # noqa: S608 (our names)


def _assign_saved_key(row: models.Model, pk: Any) -> None:
    row.pk, row._state.adding = pk, False


@cache
def _build_insert(
    name: str, model: type[models.Model], given: tuple[tuple[str, str], ...] = (), *, source: str
) -> str:
    """Return an INSERT of the placeholders of `_make_insert_values`, or of `given` expressions by column."""
    values = {column: f"%({name}_{column})s" for column, _field in _list_insert_fields(model)} | dict(given)
    target = f"{model._meta.db_table} ({', '.join(values)})"
    return f"INSERT INTO {target} SELECT {', '.join(values.values())} FROM {source}"  # noqa: S608 (our names)


def _make_insert_values(name: str, row: models.Model) -> dict[str, Any]:
    """Return the values of all columns but an automatic id, by placeholder."""
    # `connection` looks up the thread's connection at each access.
    database = connections[DEFAULT_DB_ALIAS]
    return {
        f"{name}_{column}": field.get_db_prep_save(field.pre_save(row, add=True), database)
        for column, field in _list_insert_fields(type(row))
    }


@cache
def _list_insert_fields(model: type[models.Model]) -> list[tuple[str, Any]]:
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    return [(str(field.column), field) for field in fields]
