"""Launch: send a mailing now or at a time; cancel it, and resume it after a fault."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.audit.record import record
from convention.errors import ConventionError

from .audience import audience_of
from .models import LANGUAGES, Mailing
from .run import SILENCE, run_mailing
from .write import locked_draft


class NotReady(ConventionError):
    """It cannot be sent as it is."""

    kind = "not-ready"


class NotUnderWay(ConventionError):
    """There is nothing to cancel or to resume."""

    kind = "not-under-way"
    status = 409


@transaction.atomic
def launch(*, mailing: Mailing, seen: str = "") -> Mailing:
    """Send it now, unless it is another edition than the one `seen`, if named. Raises NotADraft, NotReady."""
    mailing = _ready(mailing, seen)
    now = timezone.now()
    mailing.send_at, mailing.due_at = now, now + SILENCE
    mailing.save(update_fields=["send_at", "due_at"])
    record("mailing.send", mailing, event=mailing.event)
    run_mailing.enqueue(mailing.pk)
    return mailing


@transaction.atomic
def schedule(*, mailing: Mailing, at: datetime.datetime, seen: str = "") -> Mailing:
    """Send it at that time, to whoever the segment holds then; as `launch`. Raises NotADraft, NotReady."""
    if at <= timezone.now():
        raise NotReady(_("This time is past: choose a later one, or send now."))
    mailing = _ready(mailing, seen)
    mailing.send_at = mailing.due_at = at
    mailing.save(update_fields=["send_at", "due_at"])
    record("mailing.schedule", mailing, event=mailing.event, fields=["send_at"])
    return mailing


def _ready(mailing: Mailing, seen: str) -> Mailing:
    mailing = locked_draft(mailing)
    if seen and seen != mailing.edition:
        raise NotReady(
            _("Somebody changed this draft since you opened its page: look at it again, then send it.")
        )
    if not mailing.languages:
        raise NotReady(_("Write a subject and a text first."))
    languages = audience_of(mailing).languages
    if not languages:
        raise NotReady(_("Nobody would get it: choose other recipients."))
    for code, name in LANGUAGES:
        if code not in mailing.languages and code in languages:
            raise NotReady(_missing(str(name), languages[code]))
    return mailing


def _missing(language: str, count: int) -> str:
    return ngettext(
        "%(count)d recipient reads another language: write the text in this one too: %(language)s.",
        "%(count)d recipients read another language: write the text in this one too: %(language)s.",
        count,
    ) % {"count": count, "language": language}


@transaction.atomic
def cancel(*, mailing: Mailing) -> Mailing:
    """Send no more of it; what was sent stays sent. A scheduled one is a draft again. Raises NotUnderWay."""
    mailing = _locked(mailing)
    if mailing.started_at is None:
        mailing.send_at = mailing.due_at = None
    else:
        mailing.cancelled_at = timezone.now()
    mailing.save(update_fields=["send_at", "due_at", "cancelled_at"])
    record("mailing.cancel", mailing, event=mailing.event)
    return mailing


@transaction.atomic
def resume(*, mailing: Mailing) -> Mailing:
    """Go on at once after a fault, with those who wait. Raises NotUnderWay."""
    mailing = _locked(mailing)
    mailing.faults, mailing.fault, mailing.due_at = 0, "", timezone.now() + SILENCE
    mailing.save(update_fields=["faults", "fault", "due_at"])
    record("mailing.resume", mailing, event=mailing.event)
    run_mailing.enqueue(mailing.pk)
    return mailing


def _locked(mailing: Mailing) -> Mailing:
    rows = Mailing.objects.under_way().select_for_update(of=("self",)).select_related("event")
    found = rows.filter(pk=mailing.pk).first()
    if found is None:
        raise NotUnderWay(_("This mailing is not under way."))
    return found
