"""Versions of the confidentiality terms, and each visitor's acceptance of the version they read."""

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.text.normalize import normalize_whitespace
from registrations.visits.models import Application, NdaAcceptance, NdaText, Visit
from registrations.visits.models.visits import hash_texts
from registrations.visits.preconditions import ApplicationEnded, check_not_cancelled, lock_visit_row

from .notifications import notify_applicant


class TextChanged(ConventionError):
    """The text was replaced after the page was shown."""

    kind = "text-changed"
    status = 409


@transaction.atomic
def accept_nda_text(*, application: Application, text_hash: str, name: str) -> NdaAcceptance:
    """Accept the version with this SHA-256 hash under `name`; accepting twice changes nothing.

    Raise TextChanged if another version is current, InvalidFields without a name, ApplicationEnded, or
    NotOpenNow after the visit.
    """
    visit = application.visit
    check_not_cancelled(visit)
    if visit.event.is_over():
        raise NotOpenNow(_("The visit is over."))
    if not Application.objects.still_valid().filter(pk=application.pk).exists():
        raise ApplicationEnded(_("This application has ended, so there is nothing to accept."))
    # The first by `Meta.ordering` is the highest number.
    latest = NdaText.objects.filter(visit=visit).first()
    # The form carries the hash of the text that was on the page: nobody accepts words they have not read.
    if latest is None or latest.hash != text_hash:
        raise TextChanged(_("The text has changed in the meantime. Read it again, then accept it."))
    if not (name := normalize_whitespace(name)):
        raise InvalidFields(
            _("Some fields need to be corrected."), {"name": [_("Enter your first and last name.")]}
        )
    # The unique constraint makes a double click harmless, and the first signature is the one that counts.
    acceptance, is_new = NdaAcceptance.objects.get_or_create(
        application=application, nda=latest, defaults={"name": name[:300], "hash": latest.hash}
    )
    if is_new:
        record_action("visit.agree_to_text", acceptance, event=visit.event, fields=["accepted_at"])
    return acceptance


@transaction.atomic
def save_nda_text(*, visit: Visit, text: str, text_en: str = "", author: Person | None = None) -> NdaText:
    """Save a new current version, and ask everybody with a place to accept it.

    Raise NotOpenNow after the visit, InvalidFields if the text is empty or unchanged.
    """
    # The row lock serializes authors, so that two versions never get the same number.
    visit = lock_visit_row(visit)
    if visit.event.is_over():
        raise NotOpenNow(_("The visit is over, so the text can no longer be changed."))
    text, text_en = _normalize_lines(text), _normalize_lines(text_en)
    latest = visit.nda_texts.first()
    _check_new_text(latest, text, text_en)
    number = latest.number + 1 if latest else 1
    version = NdaText.objects.create(
        visit=visit, number=number, text=text, text_en=text_en, written_by=author
    )
    record_action("visit.write_text", version, event=visit.event, fields=["text"])
    # Acceptances are bound to the hash of one version: everybody has to accept this one too.
    for pk in Application.objects.confirmed().filter(visit=visit).values_list("pk", flat=True):
        notify_applicant.enqueue(pk)
    return version


def _normalize_lines(text: str) -> str:
    """Return the text with uniform line ends, so that the same words always have the same hash."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _check_new_text(latest: NdaText | None, text: str, text_en: str) -> None:
    if not text:
        raise InvalidFields(_("Some fields need to be corrected."), {"text": [_("Enter the text.")]})
    if latest and latest.hash == hash_texts(text, text_en):
        sentence = _("Nothing has changed: this is already the current version.")
        raise InvalidFields(_("Some fields need to be corrected."), {"text": [sentence]})
