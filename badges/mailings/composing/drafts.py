"""Create, change, copy and delete drafts of mailings; a mailing that was sent is never changed."""

from dataclasses import dataclass, field

from django.db import transaction
from django.http import QueryDict
from django.utils.translation import gettext as _

from badges.mailings.models import TEXT_FIELDS, Mailing
from convention.audit.record import find_last_entry, record_action
from convention.club.models import Person
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event
from convention.text.dates import format_datetime
from convention.text.languages import LANGUAGE_CHOICES

from .placeholders import InvalidMailText, check_subject, check_text
from .segments import WAITING_LIST, Segment


class NotADraft(ConventionError):
    """The mailing was sent or scheduled, so it cannot be changed."""

    kind = "not-a-draft"
    status = 409


class DraftChangedMeanwhile(ConventionError):
    """Another organizer changed the draft; `current` is its present state."""

    kind = "changed-meanwhile"
    status = 409

    def __init__(self, current: Mailing) -> None:
        super().__init__(_describe_change(current))
        self.current = current


@dataclass(frozen=True, kw_only=True)
class MailingDraft:
    """The content of a form; `texts` by field name, such as `subject_fr`."""

    purpose: str = Mailing.Purpose.INFORMATION
    texts: dict[str, str] = field(default_factory=dict)
    segment: Segment = field(default_factory=Segment)


@transaction.atomic
def create_mailing(*, event: Event, draft: MailingDraft, author: Person | None) -> Mailing:
    """Create a draft. Raise InvalidFields."""
    mailing = Mailing(event=event, written_by=author)
    fields = _apply_draft(mailing, draft)
    mailing.save()
    record_action("mailing.write", mailing, event=event, fields=fields)
    return mailing


@transaction.atomic
def update_mailing(*, mailing: Mailing, draft: MailingDraft, seen_hash: str = "") -> Mailing:
    """Change a draft, unless its content differs from `seen_hash` (if given).

    Raise InvalidFields, NotADraft or DraftChangedMeanwhile.
    """
    mailing = lock_draft(mailing)
    # Before _apply_draft, which overwrites the instance.
    current_hash = mailing.content_hash
    fields = _apply_draft(mailing, draft)
    # Without a difference there is nothing to lose: two organizers typed the same.
    if fields and seen_hash and seen_hash != current_hash:
        # Loaded again, since `mailing` has the refused content by now.
        raise DraftChangedMeanwhile(lock_draft(mailing))
    # Never `send_at` and `due_at`: those belong to launch.py.
    mailing.save(update_fields=["purpose", "segment", *draft.texts])
    record_action("mailing.change", mailing, event=mailing.event, fields=fields)
    return mailing


def build_waiting_list_draft(query: QueryDict) -> MailingDraft | None:
    """Return an empty mailing to the waiting list that a link names, of all tickets or of some."""
    if query.get("states") != WAITING_LIST:
        return None
    return MailingDraft(segment=Segment(states=(WAITING_LIST,), tickets=tuple(query.getlist("tickets"))))


def copy_mailing(*, mailing: Mailing, author: Person | None) -> Mailing:
    """Create a draft with the same texts and segment. Raise InvalidFields."""
    texts = {name: getattr(mailing, name) for name in TEXT_FIELDS}
    draft = MailingDraft(purpose=mailing.purpose, texts=texts, segment=Segment.from_json(mailing.segment))
    return create_mailing(event=mailing.event, draft=draft, author=author)


@transaction.atomic
def delete_draft(*, mailing: Mailing) -> None:
    """Delete a draft. Raise NotADraft."""
    mailing = lock_draft(mailing)
    record_action("mailing.remove", mailing, event=mailing.event)
    mailing.delete()


def lock_draft(mailing: Mailing) -> Mailing:
    """Return the draft with its row locked. Raise NotADraft."""
    draft = Mailing.objects.select_for_update(of=("self",)).select_related("event").get(pk=mailing.pk)
    if not draft.is_draft:
        raise NotADraft(
            _(
                "This mailing has been sent or is about to be, so it can no longer be changed. "
                "Create a new one."
            )
        )
    return draft


def _describe_change(mailing: Mailing) -> str:
    last = find_last_entry("mailing.change", mailing, event=mailing.event.slug)
    if last is None or last.actor is None:
        change = _("Someone else changed this draft while you were editing it.")
    else:
        sentence = _("%(who)s changed this draft on %(when)s, while you were editing it.")
        change = sentence % {"who": last.actor, "when": format_datetime(last.created_at, mailing.event.zone)}
    rest = _("Nothing is lost: your version is still here, next to theirs.")
    return f"{change} {rest} {_('Choose what to keep, then save again.')}"


def _apply_draft(mailing: Mailing, draft: MailingDraft) -> list[str]:
    """Copy the draft into the mailing; return the names of the fields that differ."""
    validate_texts(draft.texts)
    if draft.segment.audience and draft.purpose != Mailing.Purpose.NEWS:
        sentence = _("An invitation is news: people must be able to unsubscribe. Choose “news”.")
        raise InvalidFields(sentence, {"purpose": [sentence]})
    new = {"purpose": draft.purpose, "segment": draft.segment.to_json(), **draft.texts}
    changed = [name for name, value in new.items() if getattr(mailing, name) != value]
    for name, value in new.items():
        setattr(mailing, name, value)
    return changed


def validate_texts(texts: dict[str, str]) -> None:
    """Raise InvalidFields for an unknown placeholder, or a language with only half of its texts."""
    errors = {name: [str(error)] for name, text in texts.items() if (error := _find_text_error(name, text))}
    for code, _name in LANGUAGE_CHOICES:
        subject, text = texts.get(f"subject_{code}", ""), texts.get(f"text_{code}", "")
        if text and not subject:
            errors.setdefault(f"subject_{code}", [_("Enter a subject too.")])
        if subject and not text:
            errors.setdefault(f"text_{code}", [_("Enter a text too.")])
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


def _find_text_error(name: str, text: str) -> InvalidMailText | None:
    check = check_subject if name.startswith("subject") else check_text
    try:
        check(text)
    except InvalidMailText as error:
        return error
    return None
