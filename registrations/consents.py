"""Consents given with a registration, shown and withdrawn on a person's own privacy page."""

import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.dateparse import parse_datetime

from convention.audit.record import record_action
from convention.events.sequence import advance_sequence
from convention.personal_data import Agreement, DataSubject

from .models import ConsentText, Question, Registration
from .questions.answers import is_answer_given, withdraw_consent


def list_registration_agreements(subject: DataSubject) -> list[Agreement]:
    """Return the consents given with the person's registrations; required ones cannot be withdrawn here."""
    if not subject.person_id:
        return []
    # By person, not by address: an address can be typed by others, and withdrawing needs the account.
    own_registrations = Registration.objects.filter(Q(person=subject.person_id), cancelled_at__isnull=True)
    rows = list(own_registrations.exclude(answers={}).select_related("event"))
    consent_questions = Question.objects.filter(
        event__in={row.event_id for row in rows}, kind=Question.Kind.CONSENT
    )
    texts = {
        (text.question_id, text.version): text
        for text in ConsentText.objects.filter(question__in=consent_questions)
    }
    questions = list(consent_questions.order_by("position", "pk"))
    return [
        _make_agreement(row, question, texts)
        for row in rows
        for question in questions
        if question.event_id == row.event_id and is_answer_given(row.answers.get(question.slug))
    ]


def _make_agreement(
    row: Registration, question: Question, texts: dict[tuple[int, int], ConsentText]
) -> Agreement:
    answer = row.answers[question.slug]
    consent_text = texts.get((question.pk, answer.get("version", 0)))
    # The text of the version that was agreed to, not the current one.
    uses_english = translation.get_language() == "en" and consent_text and consent_text.text_en
    title = consent_text and (consent_text.text_en if uses_english else consent_text.text)
    return Agreement(
        key=f"registration-{row.pk}-{question.slug}",
        title=f"{row.event.title} · {title or question.title}",
        text=consent_text.help if consent_text else question.explanation,
        version=answer.get("version", 1),
        given_at=_parse_time(answer.get("at")),
        is_outdated=answer.get("version") != question.version,
        withdraw_consent=None
        if question.is_required
        else partial(withdraw_registration_consent, registration=row, question=question),
    )


def _parse_time(text: Any) -> datetime.datetime:
    return (parse_datetime(text) if isinstance(text, str) else None) or timezone.now()


@transaction.atomic
def withdraw_registration_consent(*, registration: Registration, question: Question) -> None:
    """Withdraw a consent; the answer still records that it was given."""
    row = Registration.objects.select_for_update(of=("self",)).get(pk=registration.pk)
    answer = row.answers.get(question.slug)
    # Withdrawn or deleted meanwhile, as by a second click.
    if not is_answer_given(answer):
        return
    row.answers = {**row.answers, question.slug: withdraw_consent(answer, at=timezone.now())}
    row.save(update_fields=["answers"])
    record_action("consent.withdraw", row, event=registration.event, fields=[question.slug])


@transaction.atomic
def apply_photo_refusal(subject: DataSubject) -> None:
    """Mark the person's badges of current and coming events: no photographs."""
    rows = Registration.objects.filter(
        person=subject.person_id, no_photo=False, event__ends_at__gt=timezone.now()
    )
    # In the order of events, whose rows are locked by `advance_sequence`, so that nothing deadlocks.
    for row in rows.order_by("event", "pk"):
        row.no_photo, row.sequence = True, advance_sequence(row.event_id)
        row.save(update_fields=["no_photo", "sequence"])
        record_action("registration.correct", row, fields=["no_photo"])
