"""Hooks: let a lower layer call functions of higher layers without importing them.

The lower package calls the providers of a hook defined here (`hooks.event_guards.providers()`); each higher
app registers its functions by dotted path in `AppConfig.ready()`. A path is imported when it is first needed.
"""

import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from django.tasks import Task

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Hook:
    """Any number of providers, in the order in which they were registered."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def register(self, path: str) -> None:
        """Add a provider by its dotted path."""
        if path not in self.paths:
            self.paths.append(path)

    def providers(self) -> list[Any]:
        """Import and return the providers."""
        # Imported at the first call: registering must not import higher layers while apps load.
        return [import_string(path) for path in self.paths]


class SingleHook(Hook):
    """A hook with exactly one provider."""

    def provider(self) -> Any:
        """Import and return the provider. Raise ImproperlyConfigured unless there is exactly one."""
        if len(self.paths) != 1:
            raise ImproperlyConfigured(f"A hook needs one provider, and has {self.paths}.")
        return import_string(self.paths[0])


class TaskHook(SingleHook):
    """A background task of a higher layer."""

    @cached_property
    def task(self) -> "Task[..., Any]":
        task: Task[..., Any] = self.provider()
        return task

    def enqueue(self, *args: int | str) -> None:
        """Queue the task in the caller's transaction; pass ids, never data: others may read the queue."""
        self.task.enqueue(*args)

    def enqueue_after(self, delay: datetime.timedelta, *args: int | str) -> None:
        """Queue the task like `enqueue`, to run after `delay`."""
        task = self.task.using(run_after=timezone.now() + delay) if delay else self.task
        task.enqueue(*args)


class NamedHook:
    """Providers by name."""

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}

    def register(self, name: str, path: str) -> None:
        """Add a provider under a name."""
        self.paths[name] = path

    def provider(self, name: str) -> Any:
        """Import and return the provider of that name. Raise KeyError."""
        return import_string(self.paths[name])


class PeriodicHook:
    """Functions without arguments that some worker runs once per interval."""

    def __init__(self) -> None:
        self.intervals: dict[str, float] = {}

    def register(self, path: str, *, seconds: float) -> None:
        """Add a function that is safe to run again at any time, and its interval."""
        self.intervals[path] = seconds


periodic_jobs = PeriodicHook()

# Background jobs that a person starts and watches (convention/jobs/), and the function that starts one.
job_kinds = NamedHook()
start_job = SingleHook()
# By kind of job: the JobPage (convention/jobs/job_queue.py) from which organizers start such jobs.
job_pages = NamedHook()

# (event id): lock the rows that follow changes of the event and are locked before its row elsewhere, too.
event_locks = Hook()
# (stored, changed, person) -> errors by field: changes of an event that are not allowed.
event_guards = Hook()
# (stored, changed) -> sentences for the organizer on what changed with it: called in the transaction in
# which the settings of an event were saved.
event_change_listeners = Hook()
# (stored, changed) -> sentences on what saving new dates would do at once; the organizer confirms them first.
date_change_effects = Hook()
# (event) -> ReadinessItems (convention/events/publishing/publish.py): what is ready or missing before its
# publication.
event_readiness = Hook()
# (event) -> sentences on why the draft cannot be deleted.
event_deletion_obstacles = Hook()
# (event) -> sentences on what becomes of its attendees if the published event becomes a draft.
unpublication_effects = Hook()
# (event) -> CancellationEffects (convention/events/publishing/cancel_event.py): what cancelling the event
# would do, and the refunds to choose from.
event_cancellation_effects = Hook()
# (EventCancellation): called in the transaction in which the event was cancelled, with its row locked.
event_cancellation_listeners = Hook()
# (event): called in the transaction in which its cancellation was undone.
event_restoration_listeners = Hook()
# () -> PublicPages (convention/web/routing.py) for the site map, the most important first.
public_pages = Hook()
# (EventCopy) -> None (convention/events/publishing/copy_event.py): copy the app’s settings into the copy.
event_copiers = Hook()
# (event) -> None, while an event of a kind is created: add the rows that such an event starts with.
event_starters = Hook()
# (company, day) -> errors by field: why a company cannot be merged into another.
company_guards = Hook()
# (group, person) -> GroupMeetings (convention/events/club_hooks.py): its meetings that the person may see.
group_meetings = Hook()
# (event ids) -> how many confirmed registrations each has, by event id; events without any are missing.
registration_counts = SingleHook()
# (group, reader, at=) -> GroupParticipants (registrations/organizer/group_participants.py) in its last
# meetings that the reader organizes.
group_participants = SingleHook()
# (group, person) -> the address of the page to add a meeting of the group; "" for those who may not.
new_meeting_page = SingleHook()
# (person, reader) -> Participations (convention/events/club_hooks.py): the person's registrations and
# applications whose pages the reader may open.
person_participations = Hook()
# (person=): the account was closed; end sessions and API tokens.
end_access = SingleHook()
# (person_id=) -> how many API tokens were revoked: a role of the club ended.
revoke_tokens = SingleHook()
# (person=, former_email=): an address was entered, changed or taken back in the directory; end what the
# former one, if any, gave access to.
replace_address = SingleHook()
# (survivor, duplicate) -> MergeObstacles (convention/club/merge_people/obstacles.py): why two people of the
# directory cannot be merged yet.
person_merge_guards = Hook()
# (survivor=, duplicate=) -> labels of the tables of all apps in which rows of the duplicate became the
# survivor’s.
move_person_rows = SingleHook()
# (person) -> RowCounts (convention/club/merge_people/compare.py): what higher apps store about the person.
count_person_rows = SingleHook()
# (person=, addresses=, added_by=) -> None: after a merge, store these as other addresses of the person.
add_addresses = SingleHook()
# (person=, address=) -> None: an address of the person, not the main one, was removed in the directory; end
# what it gave access to.
remove_address = SingleHook()
# () -> a subquery of the ids of people who have or had a role that the club's app does not know.
person_roles = Hook()
# (addresses, normalized) -> those that unsubscribed from the club's news.
news_unsubscriptions = SingleHook()
# (people, since) -> ids of those who took part in something since then.
person_uses = Hook()
# (memberships) -> ids of those of these memberships whose dues were invoiced.
membership_uses = Hook()
# Dictionaries of downloadable tables of an event: name -> function of the event.
event_downloads = Hook()
# (person, events) -> by event id, a link to the person's registration (registrations/permissions.py).
registration_links = SingleHook()
# By “bookings” or “favourites”: (event ids, session ids or None for all) -> sets of attendees by session id.
# Attendees are identified by strings, the same in both.
session_audiences = NamedHook()
# () -> names, help texts and values by label for /metrics.
metrics = Hook()
# (reference) -> the receivable of that reference, or None.
receivable_sources = Hook()
# () -> a subquery of the references of orders that await a payment or a verification.
pending_references = Hook()
# (receivable) -> labels of its charges in the active language, by id.
charge_labels = SingleHook()

# (events) -> until when people can apply for their places, by event id; without those that take none.
application_deadlines = SingleHook()
# (event ids) -> when each was cancelled.
cancelled_events = SingleHook()
# (registration ids) -> those that were scanned.
scanned_registrations = SingleHook()
# (events) -> first entry and last exit by event id and registration id.
registration_presence = SingleHook()
# (registration) -> RegistrationAttendance (badges/desk/arrivals.py): what its page says of arrival and scans.
registration_attendance = SingleHook()
# (event) -> EarlierInvitation (badges/mailings/sending/log.py): the last e-mail that invited all members, or
# None.
members_invitation = SingleHook()
# (event, at=) -> DeskReports (badges/attendance/scanning/device_state/silence.py): the browsers at the desk
# that may work offline.
desk_reports = SingleHook()
# (event, DeskReports, window=) -> by desk id and direction, the scans of each in this time before it was last
# seen.
desk_scan_counts = SingleHook()
# () -> None: end the access of all paired devices.
revoke_devices = SingleHook()
# (people, as ids) -> None, in the transaction in which their roles or accounts were ended: revoke the devices
# that depended on them, so that it is known until when they could scan.
revoke_devices_without_role = SingleHook()
# (event, session ids) -> RecipientGroups (schedule/versions/notices.py): who would be notified if these
# sessions were published with another time, room or state.
publication_recipients = Hook()
# (version id) -> None, within the task of a publication: queue its notices.
publication_notices = Hook()
# (version id, session ids) -> None, in the transaction of a publication that notifies nobody: treat these
# changes as notified.
silent_publication = Hook()
# (rooms) -> sentences on what takes place in these rooms, shown before they are removed.
room_uses = Hook()
# (event, rooms, person) -> None, before these rooms are deleted.
room_removal = Hook()
# (session) -> whether its slot in the draft was freed: a speaker declined it.
declined_sessions = Hook()
# (personal agenda, person) -> None: a signed-in person chose a session in it.
agenda_used = Hook()
# (event, personal agenda or None, person or None) -> ids of the sessions booked by the agenda's attendee or
# by the person.
booked_sessions = Hook()
# (event, personal agenda or None, person or None) -> sentences on the waiting lists of sessions on which they
# are, and on seats offered to them, by session id.
awaited_sessions = Hook()
# (personal agenda) -> the person whose agenda it is; None for an agenda that is nobody's.
agenda_owners = Hook()
# (event) -> the address of the page where attendees give feedback on sessions; "" unless it is open.
feedback_page = Hook()
# (event) -> whether attendees can download certificates of attendance.
certificate_page = Hook()
# (event, request) -> addresses where this visitor can give feedback, by session id.
feedback_addresses = Hook()
# (registration): called in the transaction in which another person gets the place, with the row locked and
# not saved yet, to forget what is known of the former attendee: notes, presence, identities.
transfer_listeners = Hook()
# (receivable): called in the transaction in which payments, refunds or charges of a receivable changed.
balance_changes = Hook()
# (refund): called in the transaction in which it is requested; also for counter-entries, which move no money.
refund_requests = Hook()
# (payment): the name and IBAN that a transfer came from, or "".
payer_account = SingleHook()
# (first_day, last_day) -> a sentence about the bank lines that are not in the accountant's entries, or "".
unbooked_bank_lines = SingleHook()
# (order, registrations): called in the transaction in which these, held until then, were confirmed.
confirmation_listeners = Hook()
# (former, ride): called in the transaction in which a visit's ride changed; `former` has the old values.
ride_change_listeners = Hook()
# (registrations): called in the transaction in which these were cancelled.
cancellation_listeners = Hook()
# (registrations, as a queryset) -> by id, what scanners show of their badges: `note`, `to_pay`.
badge_remarks = SingleHook()
# (registrations) -> OpenSteps (registrations/orders/open_steps.py) by registration id: what attendees still
# have to do.
attendee_steps = Hook()
# (registration, former_link_version=) -> whether its attendee is e-mailed a link: called in the transaction
# in which their address is corrected; the former version is lower where that voided their link.
address_corrections = Hook()
# (registration=): called in the transaction in which a place gets a new attendee, or its attendee an address.
attendee_invitations = Hook()
# (registrations) -> the QR symbol of each valid badge as SVG, by registration id.
badge_symbols = Hook()
# (event, request) -> the address where this visitor books seats in sessions; "" for strangers.
booking_address = Hook()
# (speakers) -> summaries of the feedback on their sessions (badges/feedback/summaries.py), by speaker id.
speaker_feedback = Hook()
# (quotation, reader) -> the address at which this reader orders what it names; "" for the public one.
quotation_order_pages = Hook()
# Rules of events whose places are given on application.
application_rules = SingleHook()
# Label and URL name of a page for organizers that prints more than the programme.
print_pages = Hook()
# (event) -> sponsors' logos for the printed programme.
printed_logos = SingleHook()
# (reference) -> None: confirm an order before the `invoice` command issues its invoice.
confirm_reference = SingleHook()

# (order id): send all mails of an order that are due, also after it was changed or cancelled.
send_order_mails = TaskHook()
send_cancellation = TaskHook()
send_refund = TaskHook()
confirm_payment = TaskHook()
# (payment id): e-mail that it was received, unless another e-mail says so.
acknowledge_payment = TaskHook()
# (receivable id): the treasurer credited something, so that what was paid may be enough now.
confirm_credited = TaskHook()
notify_unplaced = TaskHook()
notify_sponsor = TaskHook()
