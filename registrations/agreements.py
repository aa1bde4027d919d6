"""What people agreed to when they registered: seen and taken back on one's own page of privacy."""

import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime

from convention.audit.record import record
from convention.events.sequence import next_sequence
from convention.personal import Agreement, Subject

from .answers import is_given, taken_back
from .models import ConsentText, Question, Registration


def agreements(subject: Subject) -> list[Agreement]:
    """Consents given with a registration; one that is no condition of the place is taken back here."""
    if not subject.person_id:
        return []
    mine = Registration.objects.filter(Q(person=subject.person_id), cancelled_at__isnull=True)
    rows = list(mine.exclude(answers={}).select_related("event"))
    asked = Question.objects.filter(event__in={row.event_id for row in rows}, kind=Question.Kind.CONSENT)
    texts = {
        (text.question_id, text.version): text for text in ConsentText.objects.filter(question__in=asked)
    }
    questions = list(asked.order_by("position", "pk"))
    return [
        _agreement(row, question, texts)
        for row in rows
        for question in questions
        if question.event_id == row.event_id and is_given(row.answers.get(question.slug))
    ]


def _agreement(row: Registration, question: Question, texts: dict[tuple[int, int], ConsentText]) -> Agreement:
    kept = row.answers[question.slug]
    said = texts.get((question.pk, kept.get("version", 0)))
    english = translation.get_language() == "en" and said and said.text_en
    words = said and (said.text_en if english else said.text)
    return Agreement(
        key=f"registration-{row.pk}-{question.slug}",
        title=f"{row.event.title} : {words or question.title}",
        text=said.help if said else question.explanation,
        version=kept.get("version", 1),
        given_at=_moment(kept.get("at")),
        is_outdated=kept.get("version") != question.version,
        withdraw=None if question.is_required else partial(take_back, registration=row, question=question),
    )


def _moment(said: Any) -> datetime.datetime:
    return (parse_datetime(said) if isinstance(said, str) else None) or timezone.now()


@transaction.atomic
def take_back(*, registration: Registration, question: Question) -> None:
    """Withdraw a consent that was given with a registration, at any time; that it was given stays proven."""
    row = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
    given = row.answers.get(question.slug)
    if not is_given(given):  # taken back, or gone, in the meantime
        return
    row.answers = {**row.answers, question.slug: taken_back(given, at=timezone.now())}
    row.save(update_fields=["answers"])
    record("consent.withdraw", row, event=registration.event, fields=[question.slug])


@transaction.atomic
def refuse_photos(subject: Subject) -> None:
    """Who no longer agrees to be photographed gets the mark on the badges of events that are not over."""
    rows = Registration.objects.filter(
        person=subject.person_id, no_photo=False, event__ends_at__gt=timezone.now()
    )
    for row in rows.order_by("event", "pk"):
        row.no_photo, row.sequence = True, next_sequence(row.event_id)
        row.save(update_fields=["no_photo", "sequence"])
        record("registration.correct", row, fields=["no_photo"])
