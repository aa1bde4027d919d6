"""What was answered, added up for organizers; only those who hold a place count."""

from collections import Counter
from collections.abc import Sequence

from django.db.models import Q

from convention.events.models import Event

from .answers import is_given, still_open, texts_of
from .models import Question, Registration, RegistrationQuerySet


def standing(question: Question) -> RegistrationQuerySet:
    """The registrations that answered it and hold a place."""
    held = Q(confirmed_at__isnull=False) | Q(held_until__isnull=False)
    rows: RegistrationQuerySet = Registration.objects.filter(held, event=question.event_id)
    return rows.filter(cancelled_at__isnull=True, answers__has_key=question.slug)


def answered(questions: Sequence[Question]) -> list[int]:
    """How many answered each of the event's questions, in one read."""
    if not questions:
        return []
    held = Q(confirmed_at__isnull=False) | Q(held_until__isnull=False)
    rows = Registration.objects.filter(held, event=questions[0].event_id, cancelled_at__isnull=True)
    counts: Counter[str] = Counter()
    for kept in rows.exclude(answers={}).order_by().values_list("answers", flat=True).iterator():
        counts.update(slug for slug, value in kept.items() if is_given(value))
    return [counts[question.slug] for question in questions]


def lacking(event: Event, questions: Sequence[Question]) -> list[int]:
    """Who holds a place and has something still to answer: the keys of their registrations, in one read."""
    if not any(one.is_required or one.kind == Question.Kind.CONSENT for one in questions):
        return []
    tickets = {ticket.pk: ticket for ticket in event.tickets.all()}
    rows = Registration.objects.active().filter(event=event).order_by()
    return [
        pk
        for pk, ticket, kept in rows.values_list("pk", "ticket", "answers").iterator()
        if still_open(questions, tickets[ticket], kept)
    ]


def times_chosen(question: Question) -> Counter[str]:
    """How often each option is chosen, by its slug."""
    answers = standing(question).order_by().values_list("answers", flat=True)
    return Counter(slug for kept in answers.iterator() for slug in texts_of(kept[question.slug]))


def tally(question: Question) -> list[tuple[str, int, int | None]]:
    """Each option with how often it is chosen and how many places it has."""
    if not question.has_options:
        return []
    times = times_chosen(question)
    return [(option.title, times[option.slug], option.capacity) for option in question.options.all()]
