"""Open, list and answer privacy requests; `erase.py` executes erasures."""

from functools import partial
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record_action
from convention.club.models import Person
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import InvalidFields, NotOpenNow
from convention.events.attention import AttentionItem
from convention.mail.messages import send_mail_message
from convention.text.email_addresses import normalize_email

from .mails import write_case_mail
from .models import PrivacyCase
from .permissions import can_answer_privacy_requests
from .subjects import find_subject_by_address

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


@transaction.atomic
def request_erasure(*, person: Person) -> PrivacyCase:
    """Open the person's own request to be erased, or return the open one. It is due in a month."""
    values = {"email": person.email or "", "language": translation.get_language() or person.language}
    case = _get_or_open_case(person, PrivacyCase.Kind.ERASURE, **values)
    record_action("privacy_request.create", case, fields=["kind"])
    return case


@transaction.atomic
def request_erasure_by_address(*, email: str) -> PrivacyCase:
    """Open the request of somebody who holds a link mailed to this address, or return the open one.

    The requester needs no account. Like any other request it is due in a month, and erases nothing by itself:
    those who answer it check who is asking. The address gets a confirmation.
    """
    values = {"email": email.strip(), "language": translation.get_language() or "fr"}
    person = find_subject_by_address(email).person
    case = _get_or_open_case(person, PrivacyCase.Kind.ERASURE, **values)
    record_action("privacy_request.create", case, fields=["kind", "email"])
    return case


@transaction.atomic
def record_request(*, email: str, kind: str, language: str, opened_by: Person) -> PrivacyCase:
    """Open a request that came by letter or e-mail, linked to the person with that address if known."""
    subject = find_subject_by_address(email)
    values = {"email": email.strip(), "language": language, "opened_by": opened_by}
    case = _get_or_open_case(subject.person, kind, **values)
    record_action("privacy_request.record", case, fields=["kind", "email"])
    return case


def _get_or_open_case(person: Person | None, kind: str, **values: object) -> PrivacyCase:
    """Return the open case of that person, or create one and send a mail; safe if called twice at once."""
    if person is None:
        # The unique constraint is for known persons only.
        acquire_advisory_lock(f"privacy-case:{kind}:{normalize_email(str(values['email']))}")
    cases = PrivacyCase.objects.unanswered().filter(kind=kind)
    own_cases = (
        cases.filter(person=person) if person else cases.filter(person=None, email__iexact=values["email"])
    )
    # A second request does not move the deadline of the first.
    if existing := own_cases.first():
        return existing
    try:
        with transaction.atomic():
            # In a savepoint: on PostgreSQL the error would otherwise end the caller's transaction.
            case: PrivacyCase = PrivacyCase.objects.create(person=person, kind=kind, **values)
    except IntegrityError:  # another request created it meanwhile (one_open_case_per_person)
        return own_cases.get()
    _notify_requester(case, "received")
    return case


@transaction.atomic
def withdraw_request(*, case: PrivacyCase) -> None:
    """Close the request for the person who made it. Raise NotOpenNow if it was answered."""
    _close_case(case, PrivacyCase.Answer.TAKEN_BACK, None)


@transaction.atomic
def refuse_request(*, case: PrivacyCase, answered_by: Person, reason: str) -> None:
    """Close the request and mail the reason. Raise InvalidFields without one, and NotOpenNow."""
    if not reason.strip():
        raise InvalidFields(
            _("Some fields need to be corrected."),
            {"reason": [_("Enter the reason. The person receives it by e-mail.")]},
        )
    answered_case = _close_case(case, PrivacyCase.Answer.REFUSED, answered_by, reason.strip()[:300])
    _notify_requester(answered_case, "refused")


@transaction.atomic
def complete_request(*, case: PrivacyCase, answered_by: Person) -> None:
    """Close a request whose data was given. Raise NotOpenNow if it was answered."""
    _notify_requester(_close_case(case, PrivacyCase.Answer.GIVEN, answered_by), "given")


def _close_case(case: PrivacyCase, answer: str, answered_by: Person | None, reason: str = "") -> PrivacyCase:
    # Read again under a lock, so that it is answered only once.
    case = PrivacyCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if case.answered_at:
        raise NotOpenNow(_("This request has already been answered."))
    case.answer, case.answered_at, case.answered_by, case.reason = answer, timezone.now(), answered_by, reason
    case.save()
    record_action("privacy.answer", case, fields=["answer"])
    return case


def _notify_requester(case: PrivacyCase, occasion: str) -> None:
    if case.email:
        message = write_case_mail(occasion, case.email, case.language, case=case)
        transaction.on_commit(partial(send_mail_message, message), robust=True)


def list_privacy_items(reader: "RequestUser") -> list[AttentionItem]:
    """Return how many unanswered requests are late or due within a week; none for other readers."""
    if not can_answer_privacy_requests(reader):
        return []
    cases, items = list(PrivacyCase.objects.unanswered()), []
    if late_count := sum(case.is_late for case in cases):
        text = ngettext(
            "%(count)s privacy request is late: answer it now.",
            "%(count)s privacy requests are late: answer them now.",
            late_count,
        )
        items.append(AttentionItem(text % {"count": late_count}, 2, "privacy"))
    if soon_count := sum(case.is_due_soon for case in cases):
        text = ngettext(
            "%(count)s privacy request has to be answered within a week.",
            "%(count)s privacy requests have to be answered within a week.",
            soon_count,
        )
        items.append(AttentionItem(text % {"count": soon_count}, 1, "privacy"))
    return items
