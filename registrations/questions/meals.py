"""Numbers for a caterer: meals by diet, without names."""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.tables.downloads import TableSheet
from convention.text.dates import format_date_with_weekday
from registrations.models import Addon, Question, Registration, RegistrationAddon

from .answers import extract_texts
from .queries import load_questions

FREE_TEXT_KINDS = (Question.Kind.TEXT, Question.Kind.PARAGRAPH)


@dataclass(frozen=True)
class DietQuestions:
    """An event's diet questions, and the text questions that depend on a diet."""

    diet_questions: list[Question]
    text_questions: list[Question]

    @classmethod
    def from_questions(cls, questions: Iterable[Question]) -> "DietQuestions":
        questions = list(questions)
        diet_questions = [question for question in questions if question.kind == Question.Kind.DIET]
        options = {option.pk for question in diet_questions for option in question.list_options()}
        text_questions = [
            row for row in questions if row.kind in FREE_TEXT_KINDS and row.shown_after_option_id in options
        ]
        return cls(diet_questions, text_questions)


@dataclass
class MealCount:
    """Numbers of one meal: eaters, diets, and written notes without their authors."""

    title: str
    eater_count: int = 0
    no_diet_count: int = 0
    diet_counts: list[tuple[str, int]] = field(default_factory=list)
    note_counts: list[tuple[str, int]] = field(default_factory=list)


def count_meals(event: Event) -> list[MealCount]:
    """Return the numbers of each meal add-on; of a lunch per day if the event sells none."""
    diets = DietQuestions.from_questions(load_questions(event))
    answers = dict(
        Registration.objects.confirmed().filter(event=event).order_by().values_list("pk", "answers")
    )
    addons = list(event.addons.filter(kind=Addon.Kind.MEAL))
    if not addons:
        return [count_meal(_make_lunch_title(day), answers.values(), diets) for day in list_event_days(event)]
    eaters = find_eaters(addons, answers)
    return [count_meal(addon.title, [answers[pk] for pk in eaters[addon.pk]], diets) for addon in addons]


def find_eaters(addons: Sequence[Addon], answers: Mapping[int, Any]) -> dict[int, list[int]]:
    """Return the ids of registrations with each of these add-ons."""
    eaters: dict[int, list[int]] = {addon.pk: [] for addon in addons}
    # Read with one query and matched here: `answers` has the confirmed registrations already.
    booked = RegistrationAddon.objects.filter(addon__in=addons, cancelled_at__isnull=True).order_by()
    for addon, registration in booked.values_list("addon", "registration"):
        if registration in answers:
            eaters[addon].append(registration)
    return eaters


def list_event_days(event: Event) -> Iterator[datetime.date]:
    """Yield the event's days in its time zone."""
    first, last = (moment.astimezone(event.zone).date() for moment in (event.starts_at, event.ends_at))
    for number in range((last - first).days + 1):
        yield first + datetime.timedelta(days=number)


def _make_lunch_title(day: datetime.date) -> str:
    return _("Lunch, %(day)s") % {"day": format_date_with_weekday(day)}


def count_meal(title: str, answers: Iterable[Mapping[str, Any]], diets: DietQuestions) -> MealCount:
    """Return the numbers of one meal; an attendee with two diets counts in both."""
    meal, counts, notes = MealCount(title), Counter[tuple[str, str]](), Counter[str]()
    for person_answers in answers:
        diets_of_person = [
            (question.slug, slug)
            for question in diets.diet_questions
            for slug in extract_texts(person_answers.get(question.slug))
        ]
        meal.eater_count += 1
        meal.no_diet_count += not diets_of_person
        counts.update(diets_of_person)
        notes.update(
            person_answers[question.slug]
            for question in diets.text_questions
            if person_answers.get(question.slug)
        )
    meal.diet_counts = [
        (option.title, counts[question.slug, option.slug])
        for question in diets.diet_questions
        for option in question.list_options()
    ]
    # Equal notes are merged and sorted by number, so that their order says nothing about their authors.
    meal.note_counts = sorted(notes.items(), key=lambda note: (-note[1], note[0].casefold()))
    return meal


def list_meal_headings() -> list[str]:
    return [_("Meal"), _("Diet"), _("Number of people")]


def list_meal_rows(meals: Iterable[MealCount]) -> Iterator[list[Any]]:
    """Yield the cells below `list_meal_headings`."""
    for meal in meals:
        yield [meal.title, _("Total"), meal.eater_count]
        yield [meal.title, _("no diet specified"), meal.no_diet_count]
        for name, number in meal.diet_counts:
            yield [meal.title, name, number]
        for text, number in meal.note_counts:
            yield [meal.title, _("other: %(text)s") % {"text": text}, number]


def make_meal_sheet(event: Event) -> TableSheet:
    return TableSheet(_("Meals"), list_meal_headings(), list_meal_rows(count_meals(event)))
