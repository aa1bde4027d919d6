"""Write, publish and take back the debrief of a visit; add notes to it."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.doors import member_company
from convention.club.models import Person
from convention.errors import Closed, InvalidFields

from .agree_to_text import TextChanged
from .debrief_rules import Reader, Terms
from .models import Application, Debrief, DebriefNote, Visit
from .models.visits import hash_of
from .presence import were_there
from .standing import agreed_among

LONGEST_NOTE = 5_000
WORDS = {"text", "learned"}


def debrief_of(visit: Visit) -> Debrief:
    """The visit's debrief; where there is none, an empty one that is not kept."""
    found = Debrief.objects.filter(visit=visit).first() or Debrief(visit=visit)
    found.visit = visit
    return found


def terms_of(debrief: Debrief) -> Terms:
    """What the rules look at."""
    return Terms(
        published_at=debrief.published_at,
        approved_at=debrief.vendor_approved_at,
        embargo_until=debrief.visit.embargo_until,
        visible_from=debrief.visible_from,
        is_for_members=debrief.audience == Debrief.Audience.MEMBERS,
    )


def signatories(visit: Visit) -> list[Application]:
    """Those who were there and agreed to the text that counts; all who were there where there is no text."""
    there = [one for one in were_there(visit) if not (one.refused_at or one.host_refused_at)]
    agreed = agreed_among(there)
    return [one for one in there if one.pk in agreed]


def reader_of(visit: Visit, person: Person) -> Reader:
    """What the rules need to know of a person, today."""
    signed = any(one.person_id == person.pk for one in signatories(visit))
    return Reader(is_member=member_company(person) is not None, is_signatory=signed)


@transaction.atomic
def save_debrief(*, debrief: Debrief, changed: list[str]) -> Debrief:
    """Keep what was written; `changed` names the fields. Other words need the host's approval anew."""
    debrief.pk = debrief.pk or _stored(debrief).pk
    written = list(changed)
    if WORDS & {*changed}:
        debrief.vendor_approved_at = None
        written.append("vendor_approved_at")
    debrief.save(update_fields=written)
    record("debrief.change", debrief, event=debrief.visit.event, fields=changed)
    return debrief


def _stored(debrief: Debrief) -> Debrief:
    """The one row of its visit, made now; several who write first write into the same."""
    row, _made = Debrief.objects.get_or_create(visit=debrief.visit)
    return row


@transaction.atomic
def publish_debrief(*, debrief: Debrief) -> None:
    """Let those who were there read it, and its audience once it opens. Raises Closed, InvalidFields."""
    visit, now = debrief.visit, timezone.now()
    if visit.cancelled_at or visit.event.ends_at > now:
        raise Closed(_("A debrief is published once the visit is over."))
    if not debrief.text.strip():
        sentence = _("Write the debrief first: there is nothing to publish.")
        raise InvalidFields(sentence, {"text": [sentence]})
    Debrief.objects.filter(pk=debrief.pk, published_at__isnull=True).update(published_at=now)
    Visit.objects.filter(pk=visit.pk, debriefed_at__isnull=True).update(debriefed_at=now)
    record("debrief.publish", debrief, event=visit.event)


@transaction.atomic
def withdraw_debrief(*, debrief: Debrief) -> None:
    """Nobody reads it any more until it is published again."""
    Debrief.objects.filter(pk=debrief.pk).update(published_at=None)
    Visit.objects.filter(pk=debrief.visit_id).update(debriefed_at=None)
    record("debrief.withdraw", debrief, event=debrief.visit.event)


def words_of(debrief: Debrief) -> str:
    """What stands for its words: another one once they change (SHA-256)."""
    return hash_of(debrief.text, debrief.learned)


@transaction.atomic
def approve_debrief(*, debrief: Debrief, seen: str = "") -> None:
    """Note that the host approved the text as it stands: only then it leaves the group.

    `seen` stands for the words on the page (`words_of`). Raises TextChanged where others stand since.
    """
    stored = Debrief.objects.select_for_update().get(pk=debrief.pk)
    if seen and seen != words_of(stored):
        raise TextChanged(_("The debrief has changed since: ask the host about what it says now."))
    Debrief.objects.filter(pk=debrief.pk).update(vendor_approved_at=timezone.now())
    record("debrief.approve", debrief, event=debrief.visit.event)


@transaction.atomic
def add_note(*, debrief: Debrief, application: Application, text: str) -> DebriefNote:
    """Add what one of the group remembers. Raises InvalidFields."""
    text = text.strip()
    if not text or len(text) > LONGEST_NOTE:
        sentence = _("Write up to %(most)d characters.") % {"most": LONGEST_NOTE}
        raise InvalidFields(sentence, {"text": [sentence]})
    debrief = debrief if debrief.pk else _stored(debrief)
    note = DebriefNote.objects.create(debrief=debrief, application=application, text=text)
    record("debrief.note", note, event=debrief.visit.event)
    return note


@transaction.atomic
def remove_note(*, note: DebriefNote) -> None:
    """Take one's own note back."""
    record("debrief.note_remove", note, event=note.debrief.visit.event)
    note.delete()
