"""Options that registrations have chosen and that can run out."""

from collections import Counter
from collections.abc import Iterable

from convention.counters import Counted

from .answers import limited_options
from .models import Registration
from .questions import questions_of


def options_of(registrations: Iterable[Registration]) -> Counter[Counted]:
    """How often these registrations of one event chose each option that can run out."""
    counted: Counter[Counted] = Counter()
    answered = [registration for registration in registrations if registration.answers]
    questions = questions_of(answered[0].event) if answered else []
    for registration in answered:
        counted.update(limited_options(questions, registration.answers))
    return counted
