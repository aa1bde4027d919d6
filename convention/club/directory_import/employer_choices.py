"""Choices on people of a list who work at another company, made in the preview of an import."""

import datetime
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from django.db.models import BigIntegerField
from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.text.dates import format_date
from convention.text.normalize import casefold_text


class EmployerOutcome(Enum):
    """The outcome for the row of somebody who works at another company."""

    REFUSE = "refuse"
    LEAVE_OUT = "leave-out"
    RECORD = "record"


@dataclass(frozen=True)
class EmployerChoice:
    """The outcome for the row that names a person at a company, as the list writes it."""

    person_id: int
    listed_company: str
    outcome: EmployerOutcome

    def encode(self) -> str:
        """Return the choice as text, for a form or the payload of a job."""
        return json.dumps([self.person_id, self.listed_company, self.outcome.value])


@dataclass(frozen=True)
class EmployerChoices:
    """The choices that were made, and the outcome for everybody else."""

    choices: tuple[EmployerChoice, ...] = ()
    undecided: EmployerOutcome = EmployerOutcome.REFUSE

    @cached_property
    def _outcomes(self) -> dict[tuple[int, str], EmployerOutcome]:
        return {
            (choice.person_id, casefold_text(choice.listed_company)): choice.outcome
            for choice in self.choices
        }

    def get_outcome(self, person_id: int, listed_company: str) -> EmployerOutcome:
        return self._outcomes.get((person_id, casefold_text(listed_company)), self.undecided)


@dataclass(frozen=True)
class EmployerConflict:
    """A row that names somebody at another company than the one they work at.

    `can_record` is whether the list can record the change; `first_day` is that of the new employment, None
    while it is not known.
    """

    person: Person
    listed_company: str
    outcome: EmployerOutcome
    former_companies: str = ""
    first_day: datetime.date | None = None
    can_record: bool = False

    def __str__(self) -> str:
        values = {"name": self.person, "former": self.former_companies, "company": self.listed_company}
        if not self.former_companies:
            return _("%(name)s, %(company)s") % values
        return _("%(name)s works at %(former)s; the list says %(company)s") % values

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Return the possible outcomes, encoded, with their labels."""
        labels = [(EmployerOutcome.LEAVE_OUT, _("Leave this row out"))]
        if self.can_record:
            labels.append((EmployerOutcome.RECORD, self._describe_change()))
        return [(self._encode(outcome), label) for outcome, label in labels]

    def _describe_change(self) -> str:
        if self.first_day is None:
            return _("Record the change of employer")
        sentence = _("Record the change of employer on %(day)s")
        return sentence % {"day": format_date(self.first_day)}

    @property
    def selected(self) -> str:
        """Return the outcome as one of `choices`."""
        return self._encode(self.outcome)

    def _encode(self, outcome: EmployerOutcome) -> str:
        return EmployerChoice(self.person.pk, self.listed_company, outcome).encode()


def load_chosen_conflicts(choices: Iterable[EmployerChoice]) -> Iterator[EmployerConflict]:
    """Yield what was chosen, for a list whose other errors hide the preview; skip people who are gone."""
    choices = list(choices)
    people = Person.objects.in_bulk({choice.person_id for choice in choices})
    for choice in choices:
        if person := people.get(choice.person_id):
            yield EmployerConflict(person, choice.listed_company, choice.outcome, can_record=True)


def decode_employer_choices(texts: Iterable[str]) -> tuple[EmployerChoice, ...]:
    """Return the choices; skip texts that `encode` did not make."""
    return tuple(choice for choice in map(_decode, texts) if choice)


def _decode(text: str) -> EmployerChoice | None:
    try:
        match json.loads(text):
            case [int(person_id), str(company), str(outcome)] if 0 < person_id <= BigIntegerField.MAX_BIGINT:
                # Refuse lone surrogates, which JSON can escape and no page can show.
                company.encode()
                return EmployerChoice(person_id, company, EmployerOutcome(outcome))
    # Deeply nested brackets exhaust the stack.
    except (ValueError, RecursionError):
        pass
    return None
