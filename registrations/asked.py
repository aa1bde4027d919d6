"""The questions of an event as an order needs them: one read, composed once (`statements.py` says why)."""

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Any

from django.db import connection

from convention.events.models import Event

from .models import Option, Question, Ticket
from .statements import columns, give, kept_cursor, row_of


def questions_asked(event: Event) -> list[Question]:
    """All of the event's questions in order, with their options and, by their keys alone, their tickets."""
    with kept_cursor() as cursor:
        cursor.execute(_reading(), [event.pk])
        rows = cursor.fetchall()
    questions: dict[int, Question] = {}
    options: dict[int, Option] = {}
    for row in rows:
        question = questions.get(row[0]) or _question(row, event)
        questions[question.pk] = question
        options |= {option.pk: option for option in _option(row, question)}
    for question in questions.values():
        question.shown_if = options.get(question.shown_if_id or 0)
        give(
            question,
            "options",
            Option,
            [option for option in options.values() if option.question is question],
        )
    return list(questions.values())


def _question(row: Sequence[Any], event: Event) -> Question:
    question = row_of(Question, iter(row))
    question.event = event
    give(question, "tickets", Ticket, [Ticket(pk=int(key)) for key in (row[-1] or "").split(",") if key])
    return question


def _option(row: Sequence[Any], question: Question) -> Iterator[Option]:
    before = len(Question._meta.concrete_fields)
    if row[before] is not None:
        option = row_of(Option, islice(row, before, None))
        option.question = question
        yield option


@cache
def _reading() -> str:
    joined = "string_agg(t.ticket_id::text, ',')"
    if connection.vendor == "sqlite":
        joined = "group_concat(t.ticket_id)"
    return f"""SELECT {columns(Question, "a")}, {columns(Option, "o")},
        (SELECT {joined} FROM registrations_question_tickets t WHERE t.question_id = a.id)
        FROM registrations_question a
        LEFT JOIN registrations_option o ON o.question_id = a.id
        WHERE a.event_id = %s ORDER BY a.position, a.id, o.position, o.id"""  # noqa: S608 (names of our own tables and columns)
