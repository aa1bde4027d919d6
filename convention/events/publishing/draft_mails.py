"""E-mail the leads of a working group about a draft of a meeting that somebody else prepares for them."""

from django.conf import settings
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.club.permissions import get_leading_mandates
from convention.db.leases import hold_lease
from convention.events.models import Event
from convention.mail.messages import MailMessage, send_or_log


def queue_draft_mails(event: Event) -> int:
    """Queue an e-mail to each lead of the meeting's group; return how many."""
    person_ids = _find_leads(event)
    for person_id in person_ids:
        notify_lead_of_draft.enqueue(event.pk, person_id)
    return len(person_ids)


def queue_change_mails(event: Event) -> int:
    """Queue an e-mail about the changed draft to each lead of the group; return how many."""
    person_ids, changed_at = _find_leads(event), int(timezone.now().timestamp())
    for person_id in person_ids:
        notify_lead_of_draft.enqueue(event.pk, person_id, changed_at)
    return len(person_ids)


def _find_leads(event: Event) -> list[int]:
    mandates = get_leading_mandates().filter(group=event.group_id, person__email__isnull=False)
    # Somebody may be lead and deputy at once.
    return sorted(set(mandates.values_list("person", flat=True)))


@task()
def notify_lead_of_draft(event_id: int, person_id: int, changed_at: int = 0) -> None:
    """Ask a lead to check and publish the draft, unless it was published or deleted. Raise MailNotSent.

    `changed_at`, in seconds of the epoch, is when the draft changed after its first e-mail.
    """
    drafts = Event.objects.filter(visibility=Event.Visibility.DRAFT).select_related("group", "venue")
    event = drafts.filter(pk=event_id).first()
    person = Person.objects.filter(pk=person_id, is_active=True, email__isnull=False).first()
    if event is None or person is None:
        return
    # The queue runs a task again after a worker died: the lease keeps two workers from mailing at once.
    with hold_lease(f"meeting-draft:{event_id}:{person_id}"), translation.override(person.language):
        send_or_log(_build_message(event, person, changed_at))


def _build_message(event: Event, person: Person, changed_at: int) -> MailMessage:
    path = reverse("organize-event-publish", args=[event.slug])
    subject = _("A meeting to check and publish: %(event)s")
    message_key = f"meeting-draft-{event.pk}-{person.pk}"
    if changed_at:
        subject = _("Changed draft of a meeting: %(event)s")
        message_key = f"{message_key}-{changed_at}"
    return MailMessage(
        to=person.email or "",
        subject=subject % {"event": event.title},
        template="meeting_draft",
        recipient_name=person.first_name,
        context={"event": event, "url": f"{settings.SITE_URL}{path}", "is_change": bool(changed_at)},
        language=person.language,
        message_key=message_key,
        accent=event.accent,
    )
