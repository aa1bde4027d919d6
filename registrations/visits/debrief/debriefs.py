"""Write, publish and withdraw the debrief of a visit; add notes to it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.club.permissions import get_member_company
from convention.errors import InvalidFields, NotOpenNow
from registrations.visits.applications.confidentiality import TextChanged
from registrations.visits.applications.state import find_agreed_ids, list_present_visitors
from registrations.visits.models import Application, Debrief, DebriefNote, Visit
from registrations.visits.models.visits import hash_texts

from .rules import DebriefReader, DebriefTerms

MAX_NOTE_LENGTH = 5_000
# The host approves these texts only; audience and date may change without a new approval.
APPROVED_TEXT_FIELDS = {"text", "lessons_learned"}


def get_debrief(visit: Visit) -> Debrief:
    """Return the debrief of a visit, or a new unsaved one."""
    debrief = Debrief.objects.filter(visit=visit).first() or Debrief(visit=visit)
    debrief.visit = visit
    return debrief


def get_debrief_terms(debrief: Debrief) -> DebriefTerms:
    """Return the facts about a debrief that `rules.py` decides on."""
    return DebriefTerms(
        published_at=debrief.published_at,
        approved_at=debrief.host_approved_at,
        embargo_until=debrief.visit.embargo_until,
        visible_from=debrief.visible_from,
        is_for_members=debrief.audience == Debrief.Audience.MEMBERS,
    )


def list_signatories(visit: Visit) -> list[Application]:
    """Return the applications of those who were present and accepted the current confidentiality terms."""
    present = [
        application
        for application in list_present_visitors(visit)
        if not (application.refused_at or application.host_refused_at)
    ]
    # The current version: a new text has to be accepted before the debrief can be read again.
    agreed = find_agreed_ids(present)
    return [application for application in present if application.pk in agreed]


def get_debrief_reader(visit: Visit, person: Person) -> DebriefReader:
    """Return the facts about a person that `rules.py` decides on."""
    is_signatory = any(application.person_id == person.pk for application in list_signatories(visit))
    return DebriefReader(is_member=get_member_company(person) is not None, is_signatory=is_signatory)


@transaction.atomic
def save_debrief(*, debrief: Debrief, changed: list[str]) -> Debrief:
    """Save the fields named in `changed`. A changed text withdraws the host's approval."""
    # The form may contain an unsaved debrief while another editor has saved one.
    debrief.pk = debrief.pk or _get_or_create_debrief(debrief).pk
    update_fields = list(changed)
    if APPROVED_TEXT_FIELDS & {*changed}:
        debrief.host_approved_at = None
        update_fields.append("host_approved_at")
    # Only these columns: a concurrent publication or approval must not be overwritten.
    debrief.save(update_fields=update_fields)
    record_action("debrief.change", debrief, event=debrief.visit.event, fields=changed)
    return debrief


def _get_or_create_debrief(debrief: Debrief) -> Debrief:
    """Return the saved debrief of the visit; concurrent first writers share one row."""
    row, _created = Debrief.objects.get_or_create(visit=debrief.visit)
    return row


@transaction.atomic
def publish_debrief(*, debrief: Debrief) -> None:
    """Publish the debrief to those who were present, and to its audience once it opens.

    Raise NotOpenNow before the end of the visit, InvalidFields without a text.
    """
    visit, now = debrief.visit, timezone.now()
    if visit.cancelled_at or not visit.event.is_over(at=now):
        raise NotOpenNow(_("The debrief can be published once the visit is over."))
    if not debrief.text.strip():
        sentence = _("There is nothing to publish yet. Enter the debrief first.")
        raise InvalidFields(sentence, {"text": [sentence]})
    # Conditional, so that publishing again keeps the first date.
    Debrief.objects.filter(pk=debrief.pk, published_at__isnull=True).update(published_at=now)
    Visit.objects.filter(pk=visit.pk, debriefed_at__isnull=True).update(debriefed_at=now)
    record_action("debrief.publish", debrief, event=visit.event)


@transaction.atomic
def withdraw_debrief(*, debrief: Debrief) -> None:
    """Hide the debrief from everybody until it is published again."""
    Debrief.objects.filter(pk=debrief.pk).update(published_at=None)
    Visit.objects.filter(pk=debrief.visit_id).update(debriefed_at=None)
    record_action("debrief.withdraw", debrief, event=debrief.visit.event)


def hash_debrief(debrief: Debrief) -> str:
    """Return the SHA-256 hash of the texts, to notice that they changed."""
    return hash_texts(debrief.text, debrief.lessons_learned)


@transaction.atomic
def approve_debrief(*, debrief: Debrief, seen_hash: str = "") -> None:
    """Record that the host approved the text; until then only those who were present read it.

    `seen_hash` is `hash_debrief` of the text on the page. Raise TextChanged if the text has changed since.
    """
    # Locked, so that the text cannot change between the comparison and the approval.
    stored = Debrief.objects.select_for_update().get(pk=debrief.pk)
    if seen_hash and seen_hash != hash_debrief(stored):
        raise TextChanged(
            _("The debrief has changed in the meantime. Ask the host to approve the current text.")
        )
    Debrief.objects.filter(pk=debrief.pk).update(host_approved_at=timezone.now())
    record_action("debrief.approve", debrief, event=debrief.visit.event)


@transaction.atomic
def add_note(*, debrief: Debrief, application: Application, text: str) -> DebriefNote:
    """Add a note by a visitor who was present. Raise InvalidFields if it is empty or too long."""
    text = text.strip()
    if not text or len(text) > MAX_NOTE_LENGTH:
        sentence = _("Enter at most %(most)d characters.") % {"most": MAX_NOTE_LENGTH}
        raise InvalidFields(sentence, {"text": [sentence]})
    debrief = debrief if debrief.pk else _get_or_create_debrief(debrief)
    note = DebriefNote.objects.create(debrief=debrief, application=application, text=text)
    record_action("debrief.note", note, event=debrief.visit.event)
    return note


@transaction.atomic
def remove_note(*, note: DebriefNote) -> None:
    # Before the deletion, while the note has an id to record.
    record_action("debrief.note_remove", note, event=note.debrief.visit.event)
    note.delete()
