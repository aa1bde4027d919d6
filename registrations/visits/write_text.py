"""Write the text of confidentiality: each change is a version, and asks everybody again."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person
from convention.errors import Closed, InvalidFields

from .life import locked_row
from .models import Application, NdaText, Visit
from .models.visits import hash_of
from .tell_applicant import tell_applicant


@transaction.atomic
def write_text(*, visit: Visit, text: str, text_en: str = "", by: Person | None = None) -> NdaText:
    """Keep a new version, which alone counts from now on, and ask whoever has a place to agree to it.

    Raises Closed once the visit is over, InvalidFields where nothing is said or nothing changed.
    """
    visit = locked_row(visit)
    if visit.event.ends_at <= timezone.now():
        raise Closed(_("The visit is over: what was agreed to stays as it is."))
    text, text_en = _tidy(text), _tidy(text_en)
    latest = visit.nda_texts.first()
    _refuse(latest, text, text_en)
    number = latest.number + 1 if latest else 1
    made = NdaText.objects.create(visit=visit, number=number, text=text, text_en=text_en, written_by=by)
    record("visit.write_text", made, event=visit.event, fields=["text"])
    for pk in Application.objects.confirmed().filter(visit=visit).values_list("pk", flat=True):
        tell_applicant.enqueue(pk)
    return made


def _tidy(text: str) -> str:
    """Lines end alike, whatever wrote them, so that the same words have the same hash."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _refuse(latest: NdaText | None, text: str, text_en: str) -> None:
    if not text:
        raise InvalidFields(_("Some fields need another look."), {"text": [_("Write the text.")]})
    if latest and latest.hash == hash_of(text, text_en):
        sentence = _("Nothing has changed: this is the version that counts already.")
        raise InvalidFields(_("Some fields need another look."), {"text": [sentence]})
