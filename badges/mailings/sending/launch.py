"""Launch a mailing now or at a given time; cancel it, and resume it after a fault."""

import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.mailings.composing.audience import build_audience
from badges.mailings.composing.drafts import lock_draft
from badges.mailings.models import Mailing
from convention.audit.record import record_action
from convention.errors import ConventionError
from convention.events.models import Event
from convention.text.languages import LANGUAGE_CHOICES

from .run import TAKEOVER_DELAY, run_mailing


class MailingNotReady(ConventionError):
    kind = "not-ready"


class MailingNotActive(ConventionError):
    """There is nothing to cancel or to resume."""

    kind = "not-under-way"
    status = 409


@transaction.atomic
def launch_mailing(*, mailing: Mailing, seen_hash: str = "") -> Mailing:
    """Send the mailing now, unless its content differs from `seen_hash` (if given).

    Raise NotADraft or MailingNotReady.
    """
    mailing = _lock_ready_draft(mailing, seen_hash)
    now = timezone.now()
    # Not `now`: the task is enqueued below, and the periodic job must not enqueue a second one.
    mailing.send_at, mailing.due_at = now, now + TAKEOVER_DELAY
    mailing.save(update_fields=["send_at", "due_at"])
    record_action("mailing.send", mailing, event=mailing.event)
    run_mailing.enqueue(mailing.pk)
    return mailing


@transaction.atomic
def schedule_mailing(*, mailing: Mailing, at: datetime.datetime, seen_hash: str = "") -> Mailing:
    """Send the mailing at that time, to the attendees that its segment selects then.

    Raise NotADraft or MailingNotReady, as `launch_mailing`.
    """
    if at <= timezone.now():
        raise MailingNotReady(_("Choose a time in the future, or send now."))
    mailing = _lock_ready_draft(mailing, seen_hash)
    mailing.send_at = mailing.due_at = at
    mailing.save(update_fields=["send_at", "due_at"])
    record_action("mailing.schedule", mailing, event=mailing.event, fields=["send_at"])
    return mailing


def _lock_ready_draft(mailing: Mailing, seen_hash: str) -> Mailing:
    mailing = lock_draft(mailing)
    if seen_hash and seen_hash != mailing.content_hash:
        raise MailingNotReady(
            _("Someone has changed this draft since you opened it. Review it, then send it.")
        )
    if not mailing.languages:
        raise MailingNotReady(_("Enter a subject and a text first."))
    if mailing.is_invitation and mailing.event.visibility == Event.Visibility.DRAFT:
        raise MailingNotReady(_("Publish the event first: the people you invite cannot see its page yet."))
    languages = build_audience(mailing).language_counts
    if not languages:
        raise MailingNotReady(_("No recipients match: choose other criteria."))
    # Recipients who read a language without a text would be left out silently.
    for code, name in LANGUAGE_CHOICES:
        if code not in mailing.languages and code in languages:
            raise MailingNotReady(_describe_missing_language(str(name), languages[code]))
    return mailing


def _describe_missing_language(language: str, count: int) -> str:
    return ngettext(
        "%(count)d recipient uses another language. Add the text in this language too: %(language)s.",
        "%(count)d recipients use another language. Add the text in this language too: %(language)s.",
        count,
    ) % {"count": count, "language": language}


@transaction.atomic
def cancel_mailing(*, mailing: Mailing) -> Mailing:
    """Stop sending; a mailing that is only scheduled becomes a draft again. Raise MailingNotActive."""
    mailing = _lock_active_mailing(mailing)
    # Nobody got it yet, so it may still be changed and sent later. Not a reminder: if its draft were deleted,
    # the periodic job would create and send it once more.
    if mailing.started_at is None and mailing.reminder_days is None:
        mailing.send_at = mailing.due_at = None
    else:
        mailing.cancelled_at = timezone.now()
    mailing.save(update_fields=["send_at", "due_at", "cancelled_at"])
    record_action("mailing.cancel", mailing, event=mailing.event)
    return mailing


@transaction.atomic
def resume_mailing(*, mailing: Mailing) -> Mailing:
    """Continue at once after a fault, with the waiting recipients. Raise MailingNotActive."""
    mailing = _lock_active_mailing(mailing)
    mailing.faults, mailing.fault, mailing.due_at = 0, "", timezone.now() + TAKEOVER_DELAY
    mailing.save(update_fields=["faults", "fault", "due_at"])
    record_action("mailing.resume", mailing, event=mailing.event)
    run_mailing.enqueue(mailing.pk)
    return mailing


def _lock_active_mailing(mailing: Mailing) -> Mailing:
    rows = Mailing.objects.active().select_for_update(of=("self",)).select_related("event")
    found = rows.filter(pk=mailing.pk).first()
    if found is None:
        raise MailingNotActive(_("This mailing is not in progress."))
    return found
