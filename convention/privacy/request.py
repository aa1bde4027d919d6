"""Ask the privacy desk: by oneself, or by a letter that the desk notes; and answer without erasing."""

from functools import partial

from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person
from convention.errors import Closed, InvalidFields
from convention.mail import send

from .letters import letter
from .models import Case
from .subjects import subject_at


@transaction.atomic
def ask_to_be_forgotten(*, person: Person) -> Case:
    """One's own request, once: the desk has a month, and the person is told that it came in."""
    values = {"email": person.email or "", "language": translation.get_language() or person.language}
    case = _opened(person, Case.Kind.ERASURE, **values)
    record("privacy.ask", case, fields=["kind"])
    return case


@transaction.atomic
def note_request(*, email: str, kind: str, language: str, by: Person) -> Case:
    """What somebody asked by letter or mail; with the person whom the club knows by that address."""
    subject = subject_at(email)
    values = {"email": email.strip(), "language": language, "opened_by": by}
    case = _opened(subject.person, kind, **values)
    record("privacy.note", case, fields=["kind", "email"])
    return case


def _opened(person: Person | None, kind: str, **values: object) -> Case:
    """The open case of that person, or a new one with a letter; two at once make one."""
    known = Case.objects.open().filter(kind=kind)
    mine = known.filter(person=person) if person else known.filter(person=None, email__iexact=values["email"])
    if found := mine.first():
        return found
    try:
        with transaction.atomic():
            case: Case = Case.objects.create(person=person, kind=kind, **values)
    except IntegrityError:
        return mine.get()
    _tell(case, "received")
    return case


@transaction.atomic
def take_back(*, case: Case) -> None:
    """Whoever asked no longer wants it. Raises Closed."""
    _answer(case, Case.Answer.TAKEN_BACK, None)


@transaction.atomic
def refuse(*, case: Case, by: Person, reason: str) -> None:
    """Say why not, in a letter. Raises InvalidFields without a reason, and Closed."""
    if not reason.strip():
        raise InvalidFields(
            _("Some fields need another look."), {"reason": [_("Say why: the person is told.")]}
        )
    answered = _answer(case, Case.Answer.REFUSED, by, reason.strip()[:300])
    _tell(answered, "refused")


@transaction.atomic
def answered(*, case: Case, by: Person) -> None:
    """What was asked for was given, such as the export. Raises Closed."""
    _tell(_answer(case, Case.Answer.GIVEN, by), "given")


def _answer(case: Case, answer: str, by: Person | None, reason: str = "") -> Case:
    case = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if case.answered_at:
        raise Closed(_("This request was answered already."))
    case.answer, case.answered_at, case.answered_by, case.reason = answer, timezone.now(), by, reason
    case.save()
    record("privacy.answer", case, fields=["answer"])
    return case


def _tell(case: Case, occasion: str) -> None:
    if case.email:
        written = letter(occasion, case.email, case.language, case=case)
        transaction.on_commit(partial(send, written), robust=True)
