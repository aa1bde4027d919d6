"""Change an attendee's answers until the event has ended."""

from collections import Counter

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.limited_stock import LimitedStock, release_stock
from convention.errors import InvalidFields, NotOpenNow
from registrations.inventory.stock import exchange_items
from registrations.models import Question, Registration
from registrations.questions.answers import AnswerContext, GivenAnswers, check_answers, count_limited_options
from registrations.questions.files import can_store_files, claim_answer_files, load_file_names
from registrations.questions.queries import load_questions


@transaction.atomic
def save_answers(*, registration: Registration, given: GivenAnswers, reason: str = "") -> Registration:
    """Replace a registration's answers.

    Limited options are released and reserved by the difference. Raise InvalidFields, SoldOut, and NotOpenNow
    if the registration is not active or the event is over.
    """
    rows = Registration.objects.select_related("ticket", "event").select_for_update(of=("self",))
    registration = rows.get(pk=registration.pk)
    check_correctable(registration)
    questions, earlier_answers = load_questions(registration.event), registration.answers
    files = load_file_names(registration.event, [given], registration=registration)
    can_store = can_store_files(registration.event, questions)
    context = AnswerContext(
        answered_at=timezone.now(),
        file_names=files,
        earlier_answers=earlier_answers,
        can_store_files=can_store,
    )
    answers = check_answers(questions, registration.ticket, given, context)
    if answers.field_errors:
        errors: dict[str, list[str]] = {}
        for field, sentence in answers.field_errors:
            errors.setdefault(field, []).append(sentence)
        raise InvalidFields(_("Some fields need to be corrected."), errors)
    if answers.accepted != earlier_answers:
        # A released registration has no options reserved; they are reserved with its place if it is confirmed
        # late.
        if registration.occupies_place:
            _exchange_options(questions, earlier_answers, answers.accepted)
        registration.answers, registration.changed_at = answers.accepted, timezone.now()
        registration.save(update_fields=["answers", "changed_at"])
        claim_answer_files(registration)
        changed = sorted(
            slug
            for slug in {*earlier_answers, *answers.accepted}
            if earlier_answers.get(slug) != answers.accepted.get(slug)
        )
        record_action(
            "registration.answer", registration, event=registration.event, fields=changed, reason=reason
        )
    return registration


def check_correctable(registration: Registration) -> None:
    """Raise NotOpenNow for a cancelled or expired registration, and once the event is over."""
    check_active(registration)
    if registration.event.is_over():
        raise NotOpenNow(_("The event is over, so the registration can no longer be corrected."))


def check_active(registration: Registration) -> None:
    """Raise NotOpenNow for a cancelled or expired registration."""
    if registration.state in (Registration.State.CANCELLED, Registration.State.EXPIRED):
        raise NotOpenNow(_("This registration is no longer active, so it cannot be corrected."))


def _exchange_options(questions: list[Question], before: GivenAnswers, after: GivenAnswers) -> None:
    changes = Counter[LimitedStock](count_limited_options(questions, after))
    # The difference: an option chosen again is not touched.
    changes.subtract(count_limited_options(questions, before))
    exchange_items(changes)


def clear_answers(registration: Registration) -> None:
    """Remove the answers of a former holder and release their options. The caller saves the registration.

    Answers (a diet, a file) are personal data, which the new holder must not see.
    """
    if registration.answers:
        if registration.occupies_place:
            release_stock(count_limited_options(load_questions(registration.event), registration.answers))
        registration.answers = {}
        claim_answer_files(registration)
