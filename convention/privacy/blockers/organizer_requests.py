"""Ask the organizers of an event to settle what blocks an erasure there, such as an upcoming place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.models import AuditEntry
from convention.audit.record import RecordedRequest, make_subject_label, record_action
from convention.errors import NotFound, NotOpenNow
from convention.events.models import Event
from convention.personal_data import ErasureBlocker, EventBlocker, EventTask
from convention.privacy.find_data import add_known_addresses
from convention.privacy.models import PrivacyCase
from convention.privacy.registry import find_erasure_blockers
from convention.privacy.subjects import LINK_VERB, get_case_subject

from .mails import list_recipients, send_organizer_request

ASK_VERB: Final = "privacy_request.ask_organizers"


class NoOrganizer(NotOpenNow):
    """Nobody who could settle it has an e-mail address."""


class OrganizersAskedMeanwhile(NotOpenNow):
    """The organizers were asked since the reader opened the confirmation: a double click, or a colleague."""


@dataclass(frozen=True)
class OrganizerRequest(RecordedRequest):
    """One e-mail to the organizers of `event`, as the audit trail recorded it."""

    event: Event


@dataclass(frozen=True)
class BlockingEvent:
    """An event that blocks the erasure of a case, and the last e-mail to its organizers about it."""

    case: PrivacyCase
    event: Event
    blockers: list[EventBlocker]
    last_request: OrganizerRequest | None = None

    @property
    def tasks(self) -> list[EventTask]:
        return [task for blocker in self.blockers for task in blocker.tasks]

    @property
    def is_over_in_time(self) -> bool:
        """Return whether the erasure becomes possible by itself before its deadline, after the event."""
        return timezone.localdate(self.event.ends_at) < self.case.due_on


def list_organizer_requests(case: PrivacyCase) -> list[OrganizerRequest]:
    """Return the e-mails to organizers about this case, oldest first; without those of deleted events.

    Those from before the request was linked to another person were about other places, and are left out.
    """
    entries = AuditEntry.objects.filter(
        created_at__gte=case.requested_at, subject=make_subject_label(case), verb__in=(ASK_VERB, LINK_VERB)
    )
    asked: list[AuditEntry] = []
    for entry in entries.select_related("actor").order_by("created_at", "pk"):
        asked = [*asked, entry] if entry.verb == ASK_VERB else []
    events = {event.slug: event for event in Event.objects.filter(slug__in={entry.event for entry in asked})}
    return [OrganizerRequest(entry, events[entry.event]) for entry in asked if entry.event in events]


def group_by_event(
    case: PrivacyCase, blockers: Iterable[ErasureBlocker], requests: Iterable[OrganizerRequest]
) -> list[BlockingEvent]:
    """Return the blockers that are settled at an event, by event; those of other kinds are left out."""
    last_requests = {request.event: request for request in requests}
    grouped: dict[Event, list[EventBlocker]] = {}
    for blocker in blockers:
        if isinstance(blocker, EventBlocker):
            grouped.setdefault(blocker.event, []).append(blocker)
    return [BlockingEvent(case, event, found, last_requests.get(event)) for event, found in grouped.items()]


def get_blocking_event(case: PrivacyCase, slug: str) -> BlockingEvent:
    """Return what blocks the erasure at that event. Raise NotOpenNow for a closed case, and NotFound."""
    if case.answered_at:
        raise NotOpenNow(_("This request has already been answered."))
    is_erasure = case.kind == PrivacyCase.Kind.ERASURE
    blockers = find_erasure_blockers(add_known_addresses(get_case_subject(case))) if is_erasure else []
    for blocking_event in group_by_event(case, blockers, list_organizer_requests(case)):
        if blocking_event.event.slug == slug:
            return blocking_event
    raise NotFound(_("Nothing at this event blocks the erasure any more."))


@transaction.atomic
def ask_organizers(*, case: PrivacyCase, event_slug: str, last_entry_id: int | None) -> int:
    """E-mail the organizers of the event what they have to settle; return how many get the e-mail.

    `last_entry_id` is the last request to them that the reader has seen. Raise OrganizersAskedMeanwhile if
    there is a newer one, NoOrganizer, NotOpenNow for a closed case, and NotFound if nothing blocks it there.
    """
    # Locked: a second click waits, and then finds the first one's entry.
    case = PrivacyCase.objects.select_for_update(of=("self",)).select_related("person").get(pk=case.pk)
    blocking_event = get_blocking_event(case, event_slug)
    last_request = blocking_event.last_request
    if last_request and last_request.entry.pk != last_entry_id:
        raise OrganizersAskedMeanwhile(
            _("The organizers of “%(event)s” have just been asked. No second e-mail was sent.")
            % {"event": blocking_event.event.title}
        )
    recipients = list_recipients(blocking_event.event, case=case)
    if not recipients:
        raise NoOrganizer(
            _("Nobody else who organizes “%(event)s” has an e-mail address. Ask an administrator.")
            % {"event": blocking_event.event.title}
        )
    entry = record_action(ASK_VERB, case, event=blocking_event.event)
    for recipient in recipients:
        # By id: queued tasks must not store addresses.
        send_organizer_request.enqueue(entry.pk, case.pk, blocking_event.event.pk, recipient.person_id)
    return len(recipients)
