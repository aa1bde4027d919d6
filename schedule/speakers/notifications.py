"""Notify the organizers when a speaker declines a session."""

import logging

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention import hooks
from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from schedule.editing.draft_slots import load_state
from schedule.models import SessionSpeaker

logger = logging.getLogger(__name__)


@task()
def notify_declined(appearance_id: int) -> None:
    """Free the slot of a session that nobody can give, and mail the event's contact, if still declined."""
    with hold_lease(f"speaker-declined:{appearance_id}"):
        rows = SessionSpeaker.objects.select_related("session__room", "speaker__event__venue")
        appearance = rows.filter(pk=appearance_id, declined_at__isnull=False).first()
        if appearance is None:
            return
        # Not in decline_session, which locks the appearance: the draft has to be locked before it.
        for free_session in hooks.declined_sessions.providers():
            free_session(appearance.session)
        if not appearance.speaker.event.contact_email:
            return
        try:
            send_mail_message(write_declined_mail(appearance))
        except MailRefused:
            # Final: the list of speakers shows the answer too.
            logger.warning("The mail server refused the notice about the appearance %s.", appearance.pk)


def write_declined_mail(appearance: SessionSpeaker) -> MailMessage:
    """Return the mail in the site's language, since the contact address belongs to no account."""
    event, speaker, language = appearance.speaker.event, appearance.speaker, settings.LANGUAGE_CODE
    assert appearance.declined_at
    with translation.override(language):
        path = reverse("organize-speaker", args=[event.slug, speaker.pk])
        return MailMessage(
            to=event.contact_email,
            subject=_("%(name)s has declined “%(title)s”")
            % {"name": speaker.name, "title": appearance.session.title[:100]},
            template="speaker_declined",
            context={
                "event": event,
                "speaker": speaker,
                "session": appearance.session,
                "is_placed": load_state(appearance.session) is not None,
                "url": settings.SITE_URL + path,
            },
            language=language,
            # With the time: an answer given again later is another mail, a retry is not.
            message_key=f"speaker-declined-{appearance.pk}-{appearance.declined_at:%Y%m%d%H%M%S}",
            accent=event.accent,
        )
