"""Queries for questions and options, apart from the decisions about them in `answers.py`."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, F, OuterRef

from convention.db.compiled_query import PLACEHOLDER_ID, CompiledQuery
from convention.db.limited_stock import LimitedStock
from convention.events.models import Event
from registrations.models import Question, QuestionOption, Registration, Ticket

from .answers import count_limited_options


def load_questions(event: Event) -> list[Question]:
    """Return an event's questions in order, with tickets and options, in at most three queries."""
    questions: list[Any] = QUESTIONS_QUERY.all(event.pk)
    has_options = any(question.has_options for question in questions)
    options = OPTIONS_QUERY.all(event.pk) if has_options else []
    has_tickets = any(question.has_tickets for question in questions)
    tickets = QUESTION_TICKETS_QUERY.all(event.pk) if has_tickets else []
    for question in questions:
        question.loaded_options = [option for option in options if option.question_id == question.pk]
        question.loaded_tickets = [
            ticket for ticket in tickets if vars(ticket)["asked_question_id"] == question.pk
        ]
    return questions


# Compiled, because every order runs them, and building a query takes longer than running it.
QUESTIONS_QUERY = CompiledQuery(
    lambda event: (
        Question.objects.filter(event=event)
        .select_related("shown_after_option")
        .annotate(has_tickets=Exists(Question.tickets.through.objects.filter(question=OuterRef("pk"))))
    ),
    PLACEHOLDER_ID,
)
OPTIONS_QUERY = CompiledQuery(
    lambda event: QuestionOption.objects.filter(question__event=event), PLACEHOLDER_ID
)
QUESTION_TICKETS_QUERY = CompiledQuery(
    lambda event: Ticket.objects.filter(questions__event=event).annotate(
        asked_question_id=F("questions__pk")
    ),
    PLACEHOLDER_ID,
)


def count_chosen_options(registrations: Iterable[Registration]) -> Counter[LimitedStock]:
    """Return how often registrations of one event choose each option with limited places."""
    counted: Counter[LimitedStock] = Counter()
    answered = [registration for registration in registrations if registration.answers]
    questions = load_questions(answered[0].event) if answered else []
    for registration in answered:
        counted.update(count_limited_options(questions, registration.answers))
    return counted
