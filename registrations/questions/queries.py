"""Queries for questions and options, apart from the decisions about them in `answers.py`."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Prefetch

from convention.db.compiled_query import PLACEHOLDER_ID, CompiledQuery
from convention.db.limited_stock import LimitedStock
from convention.events.models import Event
from registrations.models import Question, Registration, Ticket

from .answers import count_limited_options


def load_questions(event: Event) -> list[Question]:
    """Return an event's questions in order, with tickets and options, in three queries."""
    rows = Question.objects.filter(event=event).select_related("shown_after_option")
    tickets = Prefetch("tickets", Ticket.objects.only("pk", "slug", "name", "name_en", "event"))
    return list(rows.prefetch_related(tickets, "options"))


def has_questions(event: Event) -> bool:
    """Return whether an event has questions; cheaper than to load them, for the rush of orders."""
    return QUESTIONS_QUERY.exists(event.pk)


QUESTIONS_QUERY = CompiledQuery(lambda event: Question.objects.filter(event=event), PLACEHOLDER_ID)


def count_chosen_options(registrations: Iterable[Registration]) -> Counter[LimitedStock]:
    """Return how often registrations of one event choose each option with limited places."""
    counted: Counter[LimitedStock] = Counter()
    answered = [registration for registration in registrations if registration.answers]
    questions = load_questions(answered[0].event) if answered else []
    for registration in answered:
        counted.update(count_limited_options(questions, registration.answers))
    return counted
