"""Load everything that an order needs to know of its event with one SQL statement.

A round trip costs as much as the query. Questions and a voucher's tickets come as JSON in the last columns of
each row.
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
from registrations.models import PriceStep, Question, QuestionOption, Quota, Ticket, Voucher

from .rows import adapt_time, list_columns, parse_row, prepared_cursor

CATALOG_MODELS: tuple[tuple[type[models.Model], str], ...] = (
    (Event, "e"), (Ticket, "t"), (Quota, "q"), (PriceStep, "s"),
)  # fmt: skip
# Other fields of a voucher's tickets are deferred.
VOUCHER_TICKET_FIELDS = ("position", "id", "slug", "name", "name_en")


@dataclass(frozen=True)
class EventCatalog:
    """An event with the requested tickets, the voucher of the code, and its questions.

    Each ticket comes with its quota and its current price step. `version` is that of the catalog when it was
    read, empty if none is known; `is_cached` tells that it was read for an earlier request.
    """

    event: Event
    tickets: list[Ticket] = field(default_factory=list)
    voucher: Voucher | None = None
    questions: list[Question] = field(default_factory=list)
    version: str = ""
    is_cached: bool = False


def query_catalog(slug: str, tickets: Collection[str] = (), code: str = "") -> EventCatalog | None:
    """Return the event at this address with its tickets of these slugs; None if there is no such event.

    `code` must be normalized (`normalize_code`).
    """
    codes = [code] if code else []
    with prepared_cursor() as cursor:
        statement = _build_statement(len(tickets), len(codes))
        cursor.execute(statement, [*tickets, adapt_time(timezone.now()), *codes, slug])
        rows = cursor.fetchall()
    if not rows:
        return None
    event, version = parse_row(Event, iter(rows[0])), rows[0][-1]
    # The last columns are questions, options, tickets of questions, and the version.
    questions = _parse_questions(event, *rows[0][-4:-1])
    voucher = _parse_voucher(event, rows[0]) if code else None
    return EventCatalog(event, list(_parse_tickets(rows, event)), voucher, questions, version or "")


def find_voucher(event: Event, code: str) -> Voucher | None:
    """Return the event's voucher of a normalized code, with its tickets."""
    catalog = query_catalog(event.slug, code=code) if code else None
    return catalog.voucher if catalog else None


def _parse_tickets(rows: Iterable[Sequence[Any]], event: Event) -> Iterator[Ticket]:
    """Yield the tickets of the rows, with event, quota and price step."""
    ticket_start, of_ticket, of_quota = (len(model._meta.concrete_fields) for model in (Event, Ticket, Quota))
    quota_start, step_start = ticket_start + of_ticket, ticket_start + of_ticket + of_quota
    for row in rows:
        if row[ticket_start] is None:
            continue
        ticket = parse_row(Ticket, islice(row, ticket_start, None))
        ticket.event = event
        if row[quota_start] is not None:
            ticket.quota = parse_row(Quota, islice(row, quota_start, None))
        ticket.loaded_price_steps = (
            [] if row[step_start] is None else [parse_row(PriceStep, islice(row, step_start, None))]
        )
        for step in ticket.loaded_price_steps:
            step.ticket = ticket
        yield ticket


def _parse_voucher(event: Event, row: Sequence[Any]) -> Voucher | None:
    voucher_start = sum(len(model._meta.concrete_fields) for model, _alias in CATALOG_MODELS)
    if row[voucher_start] is None:
        return None
    voucher = parse_row(Voucher, islice(row, voucher_start, None))
    voucher.event = event
    ticket_rows = sorted(_parse_json_rows(row[-5]))
    _set_prefetched(
        voucher,
        "tickets",
        Ticket,
        [parse_row(Ticket, iter(cells), VOUCHER_TICKET_FIELDS) for cells in ticket_rows],
    )
    return voucher


def _parse_questions(event: Event, *gathered: str | None) -> list[Question]:
    question_rows, option_rows, ticket_links = map(_parse_json_rows, gathered)
    questions = sorted((parse_row(Question, iter(cells)) for cells in question_rows), key=_position_key)
    options = sorted((parse_row(QuestionOption, iter(cells)) for cells in option_rows), key=_position_key)
    by_key = {option.pk: option for option in options}
    for question in questions:
        question.event, question.shown_after_option = event, by_key.get(question.shown_after_option_id or 0)
        own_options = [option for option in options if option.question_id == question.pk]
        for option in own_options:
            option.question = question
        _set_prefetched(question, "options", QuestionOption, own_options)
        tickets = [Ticket(pk=ticket) for of, ticket in ticket_links if of == question.pk]
        _set_prefetched(question, "tickets", Ticket, tickets)
    return questions


def _position_key(row: Question | QuestionOption) -> tuple[int, int]:
    return row.position, row.pk


def _parse_json_rows(gathered: str | None) -> list[list[Any]]:
    return json.loads(gathered) if gathered else []


def _set_prefetched(
    row: models.Model, name: str, model: type[models.Model], rows: Iterable[models.Model]
) -> None:
    """Set a prefetched relation, as `prefetch_related` would."""
    queryset: models.QuerySet[Any] = models.QuerySet(model)
    queryset._result_cache = list(rows)
    vars(row).setdefault("_prefetched_objects_cache", {})[name] = queryset


@cache
def _build_statement(tickets: int, codes: int) -> str:
    """Return the SQL for a number of tickets and codes.

    Its parameters are the tickets' slugs, the time, the code if any, and the event's slug.
    """
    # `IN (NULL)` matches nothing; `IN ()` is no SQL.
    placeholders = ", ".join(["%s"] * tickets) or "NULL"
    columns = [list_columns(model, alias) for model, alias in CATALOG_MODELS]
    voucher_join = ""
    if codes:
        voucher_join = "LEFT JOIN registrations_voucher v ON v.event_id = e.id AND v.code = %s"
        voucher_tickets = "registrations_voucher_tickets b ON b.ticket_id = a.id WHERE b.voucher_id = v.id"
        ticket_columns = ", ".join(f"a.{name}" for name in VOUCHER_TICKET_FIELDS)
        columns += [
            list_columns(Voucher, "v"),
            _make_json_column(ticket_columns, f"registrations_ticket a JOIN {voucher_tickets}"),
        ]
    question_join = "JOIN registrations_question b ON b.id = a.question_id WHERE b.event_id = e.id"
    columns += [
        _make_json_column(list_columns(Question, "a"), "registrations_question a WHERE a.event_id = e.id"),
        _make_json_column(
            list_columns(QuestionOption, "a"), f"registrations_questionoption a {question_join}"
        ),
        _make_json_column("a.question_id, a.ticket_id", f"registrations_question_tickets a {question_join}"),
        "(SELECT version FROM registrations_catalogversion)",
    ]
    return f"""SELECT {", ".join(columns)} FROM events_event e
        LEFT JOIN registrations_ticket t ON t.event_id = e.id AND t.slug IN ({placeholders})
        LEFT JOIN registrations_quota q ON q.id = t.quota_id
        LEFT JOIN registrations_pricestep s ON s.id = (
            SELECT id FROM registrations_pricestep
            WHERE ticket_id = t.id AND ends_at > %s ORDER BY ends_at LIMIT 1
        )
        {voucher_join} WHERE e.slug = %s"""  # noqa: S608 (our names)


def _make_json_column(names: str, source: str) -> str:
    """Return a column with all rows of `source` as a JSON array of arrays."""
    array, of_arrays = ("json_build_array", "json_agg")
    if connection.vendor == "sqlite":
        array, of_arrays = ("json_array", "json_group_array")
    return f"(SELECT CAST({of_arrays}({array}({names})) AS text) FROM {source})"  # noqa: S608 (our names)
