"""Recurring work of registrations: lapsed places go back on sale; old keys and answers are removed."""

import datetime

from django.db.models import Q
from django.utils import timezone

from .answer_files import forget_unclaimed
from .keys import KEY_LASTS
from .models import UNDO_LASTS, AnswerFile, IdempotencyKey, ImportedRow, Question, Registration
from .places import release_lapsed, release_packages

KEYS_KEPT = 2 * KEY_LASTS
"""Well after the order that came with one is known no more."""
MOST_DAYS = 3650
"""No answer is kept for longer, whatever its question says."""


def lapsed_holds() -> None:
    """Give back what was held for a proof or a payment that did not come in time: places and packages."""
    now = timezone.now()
    release_packages(at=now)
    tickets = list(Registration.objects.lapsed(at=now).order_by().values_list("ticket", flat=True).distinct())
    if tickets:
        release_lapsed(tickets, at=now)


def unclaimed_files() -> None:
    """Remove files sent with registrations that were never finished."""
    forget_unclaimed()


def old_keys() -> None:
    """Idempotency keys that no longer count."""
    IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEYS_KEPT).delete()


def old_imports() -> None:
    """What imports wrote and what stood there before, once they can be undone no more."""
    ImportedRow.objects.filter(run__made_at__lt=timezone.now() - UNDO_LASTS).delete()
    ImportedRow.objects.filter(run__undone_at__isnull=False).delete()


def old_answers() -> int:
    """Answers, and the files sent in with them, whose time is over; and files that nobody finished with.

    How many answers went.
    """
    forget_unclaimed()
    today = timezone.now()
    over = (
        question
        for question in Question.objects.select_related("event").filter(event__ends_at__lt=today)
        if today - question.event.ends_at >= datetime.timedelta(days=min(question.retention_days, MOST_DAYS))
    )
    return sum(_forget_answers(question) for question in over)


def _forget_answers(question: Question) -> int:
    AnswerFile.objects.filter(question=question).delete()
    answered = Registration.objects.filter(event=question.event_id, answers__has_key=question.slug)
    rows = list(answered.only("pk", "answers"))
    for registration in rows:
        kept = {slug: value for slug, value in registration.answers.items() if slug != question.slug}
        Registration.objects.filter(pk=registration.pk).update(answers=kept)
    _forget_imported(question)
    return len(rows)


def _forget_imported(question: Question) -> None:
    """What a list said, or what stood there before: its undoing brings no answer back whose time is over."""
    answered = Q(before__answers__has_key=question.slug) | Q(after__answers__has_key=question.slug)
    for row in ImportedRow.objects.filter(answered, run__event=question.event_id):
        for side in (row.before, row.after):
            (side or {}).get("answers", {}).pop(question.slug, None)
        row.save(update_fields=["before", "after"])
