"""Notify of a publication: one task, which queues one e-mail for each person.

Speakers are notified here; attendees by the hook `publication_notices`. Each e-mail is a task of its own, so
that a refused address or a restart does not repeat those of others.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.tasks import task
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention import hooks
from convention.events.models import Event
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.tasks.queue import enqueue_all
from convention.tasks.queue_names import MAIL_QUEUE
from schedule.models import ProgrammeAudience, ScheduleVersion, Session, Speaker

from .differences import SlotDifference
from .sentences import describe_change
from .timetables import compare_versions, find_previous_version

logger = logging.getLogger(__name__)

HAS_ADDRESS = ~Q(email="") | Q(person__email__isnull=False)


@task()
@transaction.atomic
def notify_publication(version_id: int) -> None:
    """Queue the e-mails of one publication."""
    version = ScheduleVersion.objects.select_related("event").filter(pk=version_id).first()
    if version is None:
        return
    # Also sessions of versions published since: each notice checks what its version changed.
    changed = Session.objects.filter(event=version.event_id, published_in__number__gte=version.number)
    speaker_ids = find_notified_speakers(changed)
    enqueue_all(notify_speaker, [(version.pk, speaker_id) for speaker_id in speaker_ids])
    for queue_notices in hooks.publication_notices.providers():
        queue_notices(version.pk)


def list_notified_changes(version: ScheduleVersion, session_ids: list[int]) -> list[SlotDifference]:
    """Return the changes of these sessions in a version that people are notified of."""
    differences = compare_versions(find_previous_version(version), version, session_ids=session_ids)
    changes = [change for change in differences.changes if change.is_notified]
    # An event's first version has no predecessor, though its sessions may have been public before.
    changed_ids = set(
        Session.objects.filter(
            published_in__number__gte=version.number, pk__in=[change.slot.session_id for change in changes]
        ).values_list("pk", flat=True)
    )
    return [change for change in changes if change.slot.session_id in changed_ids]


@task(queue_name=MAIL_QUEUE)
def notify_speaker(version_id: int, speaker_id: int) -> None:
    """Mail a speaker the changes of their sessions in a version."""
    version = ScheduleVersion.objects.select_related("event").filter(pk=version_id).first()
    speaker = Speaker.objects.select_related("person").filter(pk=speaker_id).first()
    if version is None or speaker is None:
        return
    session_ids = list(speaker.sessions.values_list("pk", flat=True))
    changes = list_notified_changes(version, session_ids)
    if not changes:
        return
    with translation.override(speaker.language):
        message = _write_speaker_mail(version, speaker, changes)
        try:
            send_mail_message(message)
        except MailRefused:
            # A refusal is final: a retry would be refused as well.
            logger.warning("The mail server refused the mail about the programme to speaker %s.", speaker.pk)


def _write_speaker_mail(
    version: ScheduleVersion, speaker: Speaker, changes: list[SlotDifference]
) -> MailMessage:
    event = version.event
    address = speaker.email or (speaker.person and speaker.person.email) or ""
    # Without a public session, the speaker has no page.
    has_page = speaker.sessions.published(audience=ProgrammeAudience.PUBLIC).exists()
    if has_page:
        path = reverse("speaker", args=[event.slug, speaker.guid])
    else:
        path = reverse("agenda", args=[event.slug])
    is_first = not event.schedule_versions.filter(number__lt=version.number).exists()
    if is_first:
        subject = _("The programme is published: %(event)s")
    else:
        subject = _("The programme has changed: %(event)s")
    return MailMessage(
        to=address,
        subject=subject % {"event": event.title},
        template="speaker_sessions_changed",
        recipient_name=speaker.name,
        context={
            "is_first": is_first,
            "has_page": has_page,
            "event": event,
            "speaker": speaker,
            "note": version.note,
            "changes": [(change.slot.title, describe_change(change, event.zone)) for change in changes],
            "url": settings.SITE_URL + path,
        },
        language=translation.get_language() or settings.LANGUAGE_CODE,
        message_key=f"schedule-version-{version.pk}-speaker-{speaker.pk}",
        accent=event.accent,
        reply_to=event.contact_email,
    )


@dataclass(frozen=True, slots=True)
class RecipientGroup:
    """How many people of one kind get an e-mail, and how many have no address."""

    label: str | Promise
    count: int
    without_address_count: int = 0


def find_recipients(event: Event, session_ids: Collection[int]) -> list[RecipientGroup]:
    """Return the groups of people affected by changes of these sessions, empty ones too."""
    speakers = Speaker.objects.filter(sessions__in=session_ids).distinct()
    reachable = speakers.filter(HAS_ADDRESS).count()
    groups = [RecipientGroup(gettext_lazy("Speakers"), reachable, speakers.count() - reachable)]
    for provider in hooks.publication_recipients.providers():
        groups += provider(event, session_ids)
    return groups


def find_notified_speakers(sessions: QuerySet[Session]) -> list[int]:
    """Return the speakers of these sessions who have an address: one query."""
    rows = Speaker.objects.filter(HAS_ADDRESS, sessions__in=sessions)
    return list(rows.order_by("pk").values_list("pk", flat=True).distinct())
