"""All that an order needs to know of its event, in one read: to ask costs as much as the answer.

Composed once (`statements.py` says why). What the event asks, and the tickets that a code names, come as JSON
at the end of the row.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any

from django.db import connection, models
from django.utils import timezone

from convention.events.models import Event

from .models import Option, PriceStep, Question, Quota, Ticket, Voucher
from .statements import adapted, columns, kept_cursor, row_of

SOLD: tuple[tuple[type[models.Model], str], ...] = (
    (Event, "e"), (Ticket, "t"), (Quota, "q"), (PriceStep, "s"),
)  # fmt: skip
NAMED_BY_CODE = ("position", "id", "slug", "name", "name_en")
"""What is read of the tickets that a code names; any other of their fields is asked for when it is wanted."""


@dataclass(frozen=True)
class OnSale:
    """An event and those of its tickets that were asked for, with the voucher of the code, if there is one.

    With each ticket come the quota that it shares and the price step that holds now. `mark` is that of all
    that was on sale when it was read (`sale_mark.py`), if there is one; what `is_kept` was read for somebody
    before.
    """

    event: Event
    tickets: list[Ticket] = field(default_factory=list)
    voucher: Voucher | None = None
    questions: list[Question] = field(default_factory=list)
    mark: str = ""
    is_kept: bool = False


def on_sale(slug: str, tickets: Collection[str] = (), code: str = "") -> OnSale | None:
    """The event with that address and its tickets that have one of these slugs; None where there is no event.

    The code is one as `code_typed` writes it.
    """
    codes = [code] if code else []
    with kept_cursor() as cursor:
        statement = _reading(len(tickets), len(codes))
        cursor.execute(statement, [*tickets, adapted(timezone.now()), *codes, slug])
        rows = cursor.fetchall()
    if not rows:
        return None
    event, mark = row_of(Event, iter(rows[0])), rows[0][-1]
    questions = _questions(event, *rows[0][-4:-1])
    voucher = _voucher(event, rows[0]) if code else None
    return OnSale(event, list(_tickets(rows, event)), voucher, questions, mark or "")


def voucher_named(event: Event, code: str) -> Voucher | None:
    """The event's voucher of that code, with the tickets that it holds for."""
    sold = on_sale(event.slug, code=code) if code else None
    return sold.voucher if sold else None


def _tickets(rows: Iterable[Sequence[Any]], event: Event) -> Iterator[Ticket]:
    """The tickets of the rows, each with what came along."""
    before, of_ticket, of_quota = (len(model._meta.concrete_fields) for model in (Event, Ticket, Quota))
    key, step_key = before + of_ticket, before + of_ticket + of_quota
    for row in rows:
        if row[before] is None:
            continue
        ticket = row_of(Ticket, islice(row, before, None))
        ticket.event = event
        if row[key] is not None:
            ticket.quota = row_of(Quota, islice(row, key, None))
        ticket.known_steps = [] if row[step_key] is None else [row_of(PriceStep, islice(row, step_key, None))]
        for step in ticket.known_steps:
            step.ticket = ticket
        yield ticket


def _voucher(event: Event, row: Sequence[Any]) -> Voucher | None:
    before = sum(len(model._meta.concrete_fields) for model, _alias in SOLD)
    if row[before] is None:
        return None
    voucher = row_of(Voucher, islice(row, before, None))
    voucher.event = event
    named = sorted(_arrays(row[-5]))
    _give(voucher, "tickets", Ticket, [row_of(Ticket, iter(cells), NAMED_BY_CODE) for cells in named])
    return voucher


def _questions(event: Event, *gathered: str | None) -> list[Question]:
    asked, chosen, asked_of = map(_arrays, gathered)
    questions = sorted((row_of(Question, iter(cells)) for cells in asked), key=_place)
    options = sorted((row_of(Option, iter(cells)) for cells in chosen), key=_place)
    by_key = {option.pk: option for option in options}
    for question in questions:
        question.event, question.shown_if = event, by_key.get(question.shown_if_id or 0)
        own = [option for option in options if option.question_id == question.pk]
        for option in own:
            option.question = question
        _give(question, "options", Option, own)
        tickets = [Ticket(pk=ticket) for of, ticket in asked_of if of == question.pk]
        _give(question, "tickets", Ticket, tickets)
    return questions


def _place(row: Question | Option) -> tuple[int, int]:
    return row.position, row.pk


def _arrays(gathered: str | None) -> list[list[Any]]:
    return json.loads(gathered) if gathered else []


def _give(row: models.Model, name: str, model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """As `prefetch_related` would: what was read is there without asking again."""
    found: models.QuerySet[Any] = models.QuerySet(model)
    found._result_cache = list(rows)
    vars(row).setdefault("_prefetched_objects_cache", {})[name] = found


@cache
def _reading(tickets: int, codes: int) -> str:
    """The statement; its marks are the tickets' slugs, the moment, the code if any, and the event's slug."""
    marks = ", ".join(["%s"] * tickets) or "NULL"
    read = [columns(model, alias) for model, alias in SOLD]
    coded = ""
    if codes:
        coded = "LEFT JOIN registrations_voucher v ON v.event_id = e.id AND v.code = %s"
        of_code = "registrations_voucher_tickets b ON b.ticket_id = a.id WHERE b.voucher_id = v.id"
        named = ", ".join(f"a.{name}" for name in NAMED_BY_CODE)
        read += [columns(Voucher, "v"), _gathered(named, f"registrations_ticket a JOIN {of_code}")]
    asked = "JOIN registrations_question b ON b.id = a.question_id WHERE b.event_id = e.id"
    read += [
        _gathered(columns(Question, "a"), "registrations_question a WHERE a.event_id = e.id"),
        _gathered(columns(Option, "a"), f"registrations_option a {asked}"),
        _gathered("a.question_id, a.ticket_id", f"registrations_question_tickets a {asked}"),
        "(SELECT mark FROM registrations_salemark)",
    ]
    return f"""SELECT {", ".join(read)} FROM events_event e
        LEFT JOIN registrations_ticket t ON t.event_id = e.id AND t.slug IN ({marks})
        LEFT JOIN registrations_quota q ON q.id = t.quota_id
        LEFT JOIN registrations_pricestep s ON s.id = (
            SELECT id FROM registrations_pricestep
            WHERE ticket_id = t.id AND until > %s ORDER BY until LIMIT 1
        )
        {coded} WHERE e.slug = %s"""  # noqa: S608 (our names)


def _gathered(names: str, source: str) -> str:
    """A column: all rows of a source as arrays of JSON, in one text."""
    array, of_arrays = ("json_build_array", "json_agg")
    if connection.vendor == "sqlite":
        array, of_arrays = ("json_array", "json_group_array")
    return f"(SELECT CAST({of_arrays}({array}({names})) AS text) FROM {source})"  # noqa: S608 (our names)
