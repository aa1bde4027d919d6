"""What doors ask about a person: each question once in a request, kept on the person whom the request brings.

Nobody else's answers are kept: a person read from the database is asked about anew every time.
"""

from collections.abc import Callable, Hashable
from typing import Any, Final

from .models import Person

KEPT: Final = "asked_of_doors"


def ask_once(person: Person) -> None:
    """From now on keep the answers about this person, as long as this object lives."""
    setattr(person, KEPT, {})


def ask_again(person: Person) -> None:
    """Forget the answers, where some are kept: the rights of this person have just changed."""
    if getattr(person, KEPT, None) is not None:
        ask_once(person)


def answer_about[T](person: Person, question: Hashable, ask: Callable[[], T]) -> T:
    """The answer that is kept of this person, else what `ask` finds."""
    answers: dict[Hashable, Any] | None = getattr(person, KEPT, None)
    if answers is None:
        return ask()
    if question not in answers:
        answers[question] = ask()
    answer: T = answers[question]
    return answer
