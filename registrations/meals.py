"""What a caterer must know: how many eat which meal, by diet. Numbers alone, never a name."""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from convention.dates import say_weekday
from convention.downloads import Sheet
from convention.events.models import Event

from .answers import texts_of
from .models import Addon, Question, Registration, RegistrationAddon
from .questions import questions_of

WRITTEN = (Question.Kind.TEXT, Question.Kind.PARAGRAPH)


@dataclass(frozen=True)
class Diets:
    """The questions that matter to a caterer: those of diet, and those that ask more after one."""

    chosen: list[Question]
    written: list[Question]

    @classmethod
    def of(cls, questions: Iterable[Question]) -> "Diets":
        """Out of an event's questions."""
        questions = list(questions)
        chosen = [question for question in questions if question.kind == Question.Kind.DIET]
        options = {option.pk for question in chosen for option in question.options.all()}
        follow = [one for one in questions if one.kind in WRITTEN and one.shown_if_id in options]
        return cls(chosen, follow)


@dataclass
class Meal:
    """One meal: how many eat it, how many of them by diet, and what else they wrote, without whose it is."""

    title: str
    eaters: int = 0
    without: int = 0
    diets: list[tuple[str, int]] = field(default_factory=list)
    notes: list[tuple[str, int]] = field(default_factory=list)


def meals_of(event: Event) -> list[Meal]:
    """Each meal that can be taken; lunch on each day for everybody where the event sells none."""
    diets = Diets.of(questions_of(event))
    answers = dict(
        Registration.objects.confirmed().filter(event=event).order_by().values_list("pk", "answers")
    )
    addons = list(event.addons.filter(kind=Addon.Kind.MEAL))
    if not addons:
        return [count(_lunch(day), answers.values(), diets) for day in days_of(event)]
    eaters = eaters_of(addons, answers)
    return [count(addon.title, [answers[pk] for pk in eaters[addon.pk]], diets) for addon in addons]


def eaters_of(addons: Sequence[Addon], known: Mapping[int, Any]) -> dict[int, list[int]]:
    """Who of these registrations takes which of these add-ons."""
    found: dict[int, list[int]] = {addon.pk: [] for addon in addons}
    chosen = RegistrationAddon.objects.filter(addon__in=addons, cancelled_at__isnull=True).order_by()
    for addon, registration in chosen.values_list("addon", "registration"):
        if registration in known:
            found[addon].append(registration)
    return found


def days_of(event: Event) -> Iterator[datetime.date]:
    """The days of an event by its own clocks."""
    first, last = (moment.astimezone(event.zone).date() for moment in (event.starts_at, event.ends_at))
    for number in range((last - first).days + 1):
        yield first + datetime.timedelta(days=number)


def _lunch(day: datetime.date) -> str:
    return _("Lunch, %(day)s") % {"day": say_weekday(day)}


def count(title: str, answers: Iterable[Mapping[str, Any]], diets: Diets) -> Meal:
    """The numbers of one meal; whoever has two diets counts in both."""
    meal, chosen, notes = Meal(title), Counter[tuple[str, str]](), Counter[str]()
    for kept in answers:
        named = [(one.slug, slug) for one in diets.chosen for slug in texts_of(kept.get(one.slug))]
        meal.eaters += 1
        meal.without += not named
        chosen.update(named)
        notes.update(kept[one.slug] for one in diets.written if kept.get(one.slug))
    meal.diets = [
        (option.title, chosen[one.slug, option.slug]) for one in diets.chosen for option in one.options.all()
    ]
    meal.notes = sorted(notes.items(), key=lambda note: (-note[1], note[0].casefold()))
    return meal


def header() -> list[str]:
    """The headings of the file."""
    return [_("Meal"), _("Diet"), _("Number of people")]


def rows_of(meals: Iterable[Meal]) -> Iterator[list[Any]]:
    """The cells of each meal, under `header`."""
    for meal in meals:
        yield [meal.title, _("all"), meal.eaters]
        yield [meal.title, _("no diet named"), meal.without]
        for name, number in meal.diets:
            yield [meal.title, name, number]
        for text, number in meal.notes:
            yield [meal.title, _("written: %(text)s") % {"text": text}, number]


def sheet_of(event: Event) -> Sheet:
    """The numbers, to download."""
    return Sheet(_("Meals"), header(), rows_of(meals_of(event)))
