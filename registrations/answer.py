"""Answer: change what somebody answered to the organizer's questions, as long as the event has not ended."""

from collections import Counter

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.counters import Counted, give_back_to
from convention.errors import Closed, InvalidFields

from .answer_files import claim_files, files_named, takes_files
from .answers import Around, Given, limited_options, read
from .models import Question, Registration
from .places import take
from .questions import questions_of


@transaction.atomic
def answer(*, registration: Registration, given: Given, reason: str = "") -> Registration:
    """Keep these answers instead of the earlier ones.

    What is no longer chosen is free for others, and what is newly chosen is taken, or nothing changes.
    Raises InvalidFields, SoldOut, and Closed where the registration no longer stands or the event is over.
    """
    rows = Registration.objects.select_related("ticket", "event").select_for_update(of=("self",))
    registration = rows.get(pk=registration.pk)
    if registration.state in (Registration.State.CANCELLED, Registration.State.EXPIRED):
        raise Closed(_("This registration no longer stands, so it cannot be corrected."))
    if registration.event.ends_at <= timezone.now():
        raise Closed(_("The event is over; there is nothing left to correct."))
    questions, before = questions_of(registration.event), registration.answers
    files = files_named(registration.event, [given], of=registration)
    takes = takes_files(registration.event, questions)
    around = Around(at=timezone.now(), files=files, before=before, takes_files=takes)
    answers = read(questions, registration.ticket, given, around)
    if answers.wrong:
        found: dict[str, list[str]] = {}
        for field, sentence in answers.wrong:
            found.setdefault(field, []).append(sentence)
        raise InvalidFields(_("Some fields need another look."), found)
    if answers.kept != before:
        if registration.counts:
            _exchange(questions, before, answers.kept)
        registration.answers, registration.changed_at = answers.kept, timezone.now()
        registration.save(update_fields=["answers", "changed_at"])
        claim_files(registration)
        changed = sorted(
            slug for slug in {*before, *answers.kept} if before.get(slug) != answers.kept.get(slug)
        )
        record("registration.answer", registration, event=registration.event, fields=changed, reason=reason)
    return registration


def _exchange(questions: list[Question], before: Given, after: Given) -> None:
    was, will = limited_options(questions, before), limited_options(questions, after)
    give_back_to(was - will)
    take(Counter[Counted](will - was))


def drop_answers(registration: Registration) -> None:
    """Somebody else comes: what the former holder answered is gone, and what they chose is free.

    The caller stores the registration.
    """
    if registration.answers:
        if registration.counts:
            give_back_to(limited_options(questions_of(registration.event), registration.answers))
        registration.answers = {}
        claim_files(registration)
