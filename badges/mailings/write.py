"""Write: keep a mailing's subject, text and segment, as long as it was not sent; copy it; remove a draft."""

from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.last import last_entry
from convention.audit.record import record
from convention.club.models import Person
from convention.dates import say_moment
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event

from .models import LANGUAGES, TEXTS, Mailing
from .placeholders import BadText, check_subject, check_text
from .segments import Segment


class NotADraft(ConventionError):
    """What was sent, or is about to be, stays as it is."""

    kind = "not-a-draft"
    status = 409


class ChangedMeanwhile(ConventionError):
    """Someone else changed the draft; `current` is how it stands now."""

    kind = "changed-meanwhile"
    status = 409

    def __init__(self, current: Mailing) -> None:
        super().__init__(_say_meanwhile(current))
        self.current = current


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What an organizer wrote; texts by field name, such as `subject_fr`."""

    purpose: str = Mailing.Purpose.INFORMATION
    texts: dict[str, str] = field(default_factory=dict)
    segment: Segment = field(default_factory=Segment)


@transaction.atomic
def begin(*, event: Event, draft: Draft, by: Person | None) -> Mailing:
    """A new mailing, not sent. Raises InvalidFields."""
    mailing = Mailing(event=event, written_by=by)
    fields = _fill(mailing, draft)
    mailing.save()
    record("mailing.write", mailing, event=event, fields=fields)
    return mailing


@transaction.atomic
def rewrite(*, mailing: Mailing, draft: Draft, seen: str = "") -> Mailing:
    """Change a draft, unless it is another edition than the one `seen`, if named.

    Raises InvalidFields, NotADraft, ChangedMeanwhile.
    """
    mailing = locked_draft(mailing)
    edition = mailing.edition
    fields = _fill(mailing, draft)
    if fields and seen and seen != edition:
        raise ChangedMeanwhile(locked_draft(mailing))
    mailing.save(update_fields=["purpose", "segment", *draft.texts])
    record("mailing.change", mailing, event=mailing.event, fields=fields)
    return mailing


def copy(*, mailing: Mailing, by: Person | None) -> Mailing:
    """A new draft that says the same to the same choice of people. Raises InvalidFields."""
    texts = {name: getattr(mailing, name) for name in TEXTS}
    draft = Draft(purpose=mailing.purpose, texts=texts, segment=Segment.of(mailing.segment))
    return begin(event=mailing.event, draft=draft, by=by)


@transaction.atomic
def discard(*, mailing: Mailing) -> None:
    """Remove a draft. Raises NotADraft."""
    mailing = locked_draft(mailing)
    record("mailing.remove", mailing, event=mailing.event)
    mailing.delete()


def locked_draft(mailing: Mailing) -> Mailing:
    """The draft under its lock. Raises NotADraft."""
    found = Mailing.objects.select_for_update(of=("self",)).select_related("event").get(pk=mailing.pk)
    if not found.is_draft:
        raise NotADraft(
            _("This mailing was sent or is about to be: it is not changed any more. Write a new one.")
        )
    return found


def _say_meanwhile(mailing: Mailing) -> str:
    last = last_entry("mailing.change", mailing, event=mailing.event.slug)
    if last is None or last.actor is None:
        who = _("Someone else changed this draft while you were editing it.")
    else:
        said = _("%(who)s changed this draft on %(when)s, while you were editing it.")
        who = said % {"who": last.actor, "when": say_moment(last.at, mailing.event.zone)}
    rest = _("Nothing is lost: what you wrote is still here, what they wrote stands beside it.")
    return f"{who} {rest} {_('Decide, and save again.')}"


def _fill(mailing: Mailing, draft: Draft) -> list[str]:
    """Write the draft into the mailing; the names of what differs."""
    refuse_bad(draft.texts)
    new = {"purpose": draft.purpose, "segment": draft.segment.kept(), **draft.texts}
    changed = [name for name, value in new.items() if getattr(mailing, name) != value]
    for name, value in new.items():
        setattr(mailing, name, value)
    return changed


def refuse_bad(texts: dict[str, str]) -> None:
    """Raises InvalidFields: a placeholder is unknown, or half of a language is missing."""
    errors = {name: [str(error)] for name, text in texts.items() if (error := _error(name, text))}
    for code, _name in LANGUAGES:
        subject, text = texts.get(f"subject_{code}", ""), texts.get(f"text_{code}", "")
        if text and not subject:
            errors.setdefault(f"subject_{code}", [_("Write a subject too.")])
        if subject and not text:
            errors.setdefault(f"text_{code}", [_("Write a text too.")])
    if errors:
        raise InvalidFields(_("Some fields need another look."), errors)


def _error(name: str, text: str) -> BadText | None:
    check = check_subject if name.startswith("subject") else check_text
    try:
        check(text)
    except BadText as error:
        return error
    return None
