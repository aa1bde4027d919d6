"""Open, list and answer privacy requests; `erase.py` executes erasures."""

from functools import partial
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.models import AuditEntry
from convention.audit.record import make_subject_label, record_action
from convention.club.models import Person
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import InvalidFields, NotFound, NotOpenNow
from convention.events.attention import AttentionItem
from convention.mail.messages import send_mail_message
from convention.text.email_addresses import normalize_email

from .blockers.progress import list_unblocked_items
from .export import export_personal_data
from .find_data import SubjectData, add_known_addresses, add_known_names
from .mails import write_case_mail
from .models import PrivacyCase, PrivacyCaseQuerySet
from .permissions import can_answer_privacy_requests
from .registry import find_erasure_blockers
from .subjects import LINK_VERB, find_known_holder, find_subject_by_address, get_case_subject

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

# The trail names the request, too: a download for another request of the person is no answer to this one.
EXPORT_VERB = "privacy_request.export"


class AnswerOutdated(NotOpenNow):
    """The answer is no longer true: data was stored or deleted meanwhile."""


class DataNotDownloaded(NotOpenNow):
    """Nobody has downloaded the data that the answer says was sent."""


class PersonHasOpenCase(NotOpenNow):
    """The person has another open request of the same type."""


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
    values = {"email": email.strip(), "language": language, "opened_by": opened_by}
    case = _get_or_open_case(find_known_holder(email), kind, **values)
    record_action("privacy_request.record", case, fields=["kind", "email"])
    return case


def find_open_request(*, email: str, kind: str) -> PrivacyCase | None:
    """Return the open request that `record_request` would return instead of a new one."""
    return _list_open_cases(find_known_holder(email), kind, email.strip()).first()


def _list_open_cases(person: Person | None, kind: str, email: str) -> PrivacyCaseQuerySet:
    cases = PrivacyCase.objects.unanswered().filter(kind=kind)
    return cases.filter(person=person) if person else cases.filter(person=None, email__iexact=email)


def _get_or_open_case(person: Person | None, kind: str, **values: object) -> PrivacyCase:
    """Return the open case of that person, or create one and send a mail; safe if called twice at once."""
    if person is None:
        # The unique constraint is for known persons only.
        acquire_advisory_lock(f"privacy-case:{kind}:{normalize_email(str(values['email']))}")
    own_cases = _list_open_cases(person, kind, str(values["email"]))
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
    answered_case = _close_case(case, PrivacyCase.Answer.REFUSED, answered_by, reason=reason.strip()[:300])
    _notify_requester(answered_case, "refused")


@transaction.atomic
def complete_request(*, case: PrivacyCase, answered_by: Person, answer: str) -> None:
    """Close a request for access: its data was given (GIVEN), or none is stored (NO_DATA), and mail that.

    Raise NotOpenNow if it was answered or asks for an erasure, AnswerOutdated, and DataNotDownloaded.
    """
    if case.kind != PrivacyCase.Kind.ACCESS:
        raise NotOpenNow(_("This request asks for an erasure."))
    subject = add_known_names(get_case_subject(case))
    true_answer = (
        PrivacyCase.Answer.GIVEN if SubjectData(subject).has_stored_data else PrivacyCase.Answer.NO_DATA
    )
    if answer != true_answer:
        raise AnswerOutdated(_("The stored data has changed meanwhile. Check it and answer again."))
    # The lock in `_close_case` tells of an answered request first.
    if answer == PrivacyCase.Answer.GIVEN and case.answered_at is None and not list_downloads(case):
        raise DataNotDownloaded(
            _(
                "The data has not been downloaded yet. Download it and send it to the person, then mark the "
                "request as answered."
            )
        )
    _notify_requester(_close_case(case, answer, answered_by, person=subject.person), answer)


@transaction.atomic
def export_case(*, case: PrivacyCase) -> bytes:
    """Return the data that the request is about as a ZIP file, and record the download.

    Raise NotOpenNow if the request was closed without giving data, and NotFound if none is stored.
    """
    if not case.can_be_exported:
        raise NotOpenNow(_("This request has already been answered."))
    subject = add_known_names(get_case_subject(case))
    if not SubjectData(subject).has_stored_data:
        raise NotFound(_("No data is stored under this address."))
    content = export_personal_data(subject=subject)
    record_action(EXPORT_VERB, case)
    return content


def list_downloads(case: PrivacyCase) -> list[AuditEntry]:
    """Return the downloads of the request's data, oldest first, each with the person who made it.

    Without those from before the request was linked to another person: they were about other data.
    """
    entries = AuditEntry.objects.filter(
        created_at__gte=case.requested_at, subject=make_subject_label(case), verb__in=(EXPORT_VERB, LINK_VERB)
    )
    downloads: list[AuditEntry] = []
    for entry in entries.select_related("actor").order_by("created_at", "pk"):
        downloads = [*downloads, entry] if entry.verb == EXPORT_VERB else []
    return downloads


@transaction.atomic
def link_case(*, case: PrivacyCase, person: Person | None) -> None:
    """Link a recorded request to the person who sent it from an unknown address; None ends the link.

    The person's main address gets a mail, so that nobody's data is asked for behind their back. Raise
    NotOpenNow for a request that was answered or that the person sent themselves, and PersonHasOpenCase.
    """
    case = PrivacyCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if case.answered_at:
        raise NotOpenNow(_("This request has already been answered."))
    if not can_be_linked(case) or (person and person.is_erased):
        raise NotOpenNow(_("This request cannot be linked to another person."))
    # A second click sends no second mail.
    if case.person == person:
        return
    case.person = person
    try:
        # In a savepoint: on PostgreSQL the error would otherwise end the caller's transaction.
        with transaction.atomic():
            case.save(update_fields=["person"])
    except IntegrityError:  # one_open_case_per_person
        raise PersonHasOpenCase(
            _("This person has another open request of this type. Answer that one.")
        ) from None
    record_action(LINK_VERB, case, fields=["person"])
    if person and person.email:
        message = write_case_mail("linked", person.email, person.language, case=case)
        transaction.on_commit(partial(send_mail_message, message), robust=True)


def can_be_linked(case: PrivacyCase) -> bool:
    """Return whether those who answer the request choose its person: the address alone does not tell."""
    return not case.answered_at and case.is_recorded and find_known_holder(case.email) is None


def _close_case(
    case: PrivacyCase,
    answer: str,
    answered_by: Person | None,
    *,
    reason: str = "",
    person: Person | None = None,
) -> PrivacyCase:
    # Read again under a lock, so that it is answered only once.
    case = PrivacyCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if case.answered_at:
        raise NotOpenNow(_("This request has already been answered."))
    case.answer, case.answered_at, case.answered_by, case.reason = answer, timezone.now(), answered_by, reason
    # The mail then speaks of the person, not of an address alone.
    case.person = case.person or person
    case.save()
    record_action("privacy.answer", case, fields=["answer"])
    return case


def _notify_requester(case: PrivacyCase, occasion: str) -> None:
    if case.email:
        paragraphs = _explain_blockers(case) if occasion == "received" else []
        message = write_case_mail(occasion, case.email, case.language, case=case, paragraphs=paragraphs)
        transaction.on_commit(partial(send_mail_message, message), robust=True)


def _explain_blockers(case: PrivacyCase) -> list[str]:
    """Return why the erasure has to wait, in the language of the case; [] if nothing blocks it."""
    if case.kind != PrivacyCase.Kind.ERASURE:
        return []
    with translation.override(case.language):
        blockers = find_erasure_blockers(add_known_addresses(get_case_subject(case)))
        if not blockers:
            return []
        opening = _("Your data cannot be erased yet. This has to be settled first:")
        closing = _(
            "Settle it yourself if you can. Otherwise the club takes care of it, or waits until the event is "
            "over."
        )
        return [opening, *map(str, blockers), closing]


def list_privacy_items(reader: "RequestUser") -> list[AttentionItem]:
    """Return how many open requests are late, due within a week or unblocked; none for other readers."""
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
    return [*items, *list_unblocked_items()]
