"""Numbers of answers for organizers; only registrations that occupy a place count."""

from collections import Counter
from collections.abc import Sequence

from convention.events.models import Event
from registrations.models import Question, Registration, RegistrationQuerySet

from .answers import extract_texts, is_answer_given, select_open_questions


def filter_answering_registrations(question: Question) -> RegistrationQuerySet:
    """Return the registrations that occupy a place and answered the question."""
    rows: RegistrationQuerySet = Registration.objects.occupying_place().filter(event=question.event_id)
    return rows.filter(answers__has_key=question.slug)


def count_answers(questions: Sequence[Question]) -> list[int]:
    """Return how many answered each of an event's questions, in one query."""
    if not questions:
        return []
    rows = Registration.objects.occupying_place().filter(event=questions[0].event_id)
    counts: Counter[str] = Counter()
    for answers in rows.exclude(answers={}).order_by().values_list("answers", flat=True).iterator():
        counts.update(slug for slug, value in answers.items() if is_answer_given(value))
    return [counts[question.slug] for question in questions]


def find_incomplete_registrations(event: Event, questions: Sequence[Question]) -> list[int]:
    """Return the ids of registrations with open questions, in one query."""
    # Only such questions can be open; without any, the registrations need not be read.
    if not any(question.is_required or question.kind == Question.Kind.CONSENT for question in questions):
        return []
    tickets = {ticket.pk: ticket for ticket in event.tickets.all()}
    rows = Registration.objects.active().filter(event=event).order_by()
    return [
        pk
        for pk, ticket, answers in rows.values_list("pk", "ticket", "answers").iterator()
        if select_open_questions(questions, tickets[ticket], answers)
    ]


def count_option_choices(question: Question) -> Counter[str]:
    """Return how often each option is chosen, by slug."""
    answers = filter_answering_registrations(question).order_by().values_list("answers", flat=True)
    return Counter(slug for stored in answers.iterator() for slug in extract_texts(stored[question.slug]))


def tally_options(question: Question) -> list[tuple[str, int, int | None]]:
    """Return title, number of choices and capacity of each option."""
    if not question.has_options:
        return []
    choice_counts = count_option_choices(question)
    return [(option.title, choice_counts[option.slug], option.capacity) for option in question.list_options()]
